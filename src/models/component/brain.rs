//! Networks that compute in bfloat16, for which ONNX Runtime has no kernels on a processor (MatMul, Conv, Add: 1.32): the same graph in
//! 32 bits. Its weights stay as they are, in the file or beside it, behind a cast.

use std::cell::RefCell;

use half::bf16;

use crate::models::wire::{Edit, Field, Walk, edited, number, put_bytes, put_number, text, walked};

/// TensorProto.DataType.
const FLOAT: u64 = 1;
const BFLOAT16: u64 = 16;

/// `None` where nothing in it is of bfloat16, and for what is no model.
pub(super) fn in_floats(model: &[u8]) -> Option<Vec<u8>> {
    edited(model, 7, &graph).ok()?
}

/// GraphProto: 1 = node, 5 = initializer, 11 = input, 12 = output, 13 = value_info.
fn graph(graph: &[u8]) -> Walk<Option<Vec<u8>>> {
    let casts = RefCell::new(Vec::new());
    let weight = |tensor: &[u8]| -> Walk<Option<Vec<u8>>> {
        let (BFLOAT16, Some(name)) = (number(tensor, 2)?, text(tensor, 8)?) else { return Ok(None) };
        let stored = format!("{name}/bfloat16");
        put_bytes(&mut casts.borrow_mut(), 1, &cast(&stored, &name));
        edited(tensor, 8, &|_| Ok(Some(stored.clone().into_bytes())))
    };
    let made = one_by_one(
        graph,
        &[
            &|graph| edited(graph, 5, &weight),
            &|graph| edited(graph, 1, &node),
            &|graph| edited(graph, 11, &port),
            &|graph| edited(graph, 12, &port),
            &|graph| edited(graph, 13, &port),
        ],
    )?;
    Ok(made.map(|made| [casts.into_inner(), made].concat()))
}

/// ValueInfoProto: 2 = type; in that 1 = tensor_type; in that 1 = elem_type.
fn port(port: &[u8]) -> Walk<Option<Vec<u8>>> {
    edited(port, 2, &|kind| edited(kind, 1, &|tensor| renumbered(tensor, 1)))
}

/// NodeProto: 5 = attribute; AttributeProto: 1 = name, 3 = i, 5 = t, 6 = g.
fn node(node: &[u8]) -> Walk<Option<Vec<u8>>> {
    edited(node, 5, &|attribute| {
        let is_type = text(attribute, 1)?.is_some_and(|name| ["to", "dtype"].contains(&name.as_str()));
        one_by_one(
            attribute,
            &[
                &|attribute| if is_type { renumbered(attribute, 3) } else { Ok(None) },
                &|attribute| edited(attribute, 5, &constant),
                &|attribute| edited(attribute, 6, &graph),
            ],
        )
    })
}

/// TensorProto: 2 = data_type, 9 = raw_data.
fn constant(tensor: &[u8]) -> Walk<Option<Vec<u8>>> {
    if number(tensor, 2)? != BFLOAT16 {
        return Ok(None);
    }
    let wide = |raw: &[u8]| {
        let numbers = raw.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32());
        Ok(Some(numbers.flat_map(f32::to_le_bytes).collect()))
    };
    one_by_one(tensor, &[&|tensor| edited(tensor, 9, &wide), &|tensor| renumbered(tensor, 2)])
}

/// NodeProto: 1 = input, 2 = output, 4 = op_type, 5 = attribute; AttributeProto: 1 = name, 3 = i, 20 = type (2: INT).
fn cast(from: &str, to: &str) -> Vec<u8> {
    let mut attribute = Vec::new();
    put_bytes(&mut attribute, 1, b"to");
    put_number(&mut attribute, 3, FLOAT);
    put_number(&mut attribute, 20, 2);
    let mut node = Vec::new();
    put_bytes(&mut node, 1, from.as_bytes());
    put_bytes(&mut node, 2, to.as_bytes());
    put_bytes(&mut node, 4, b"Cast");
    put_bytes(&mut node, 5, &attribute);
    node
}

fn one_by_one(message: &[u8], edits: &[Edit<'_>]) -> Walk<Option<Vec<u8>>> {
    let mut made: Option<Vec<u8>> = None;
    for edit in edits {
        made = edit(made.as_deref().unwrap_or(message))?.or(made);
    }
    Ok(made)
}

/// A message with FLOAT in the place of BFLOAT16 in a field.
fn renumbered(message: &[u8], field: u64) -> Walk<Option<Vec<u8>>> {
    let mut made = None;
    walked(message, |walker, begin, found| {
        if let (number, &Field::Number(BFLOAT16)) = found
            && number == field
            && made.is_none()
        {
            let mut changed = message.get(..begin as usize).unwrap_or_default().to_vec();
            put_number(&mut changed, field, FLOAT);
            changed.extend_from_slice(message.get(walker.at as usize..).unwrap_or_default());
            made = Some(changed);
        }
        Ok(())
    })?;
    Ok(made)
}
