//! Networks with fewer bits, as people share them: each loads, and its picture is as near to that of 32 bits as its bits allow.

use std::cell::RefCell;

use half::bf16;
use scumble::models::wire::{Edit, Field, Walk, Walker, edited, put_bytes, put_number};
use scumble::render::Renderer;

use crate::support::*;

/// TensorProto.DataType.
const FLOAT: u64 = 1;
const BFLOAT16: u64 = 16;
/// Smaller weights may be shapes, which are looked at before a network runs.
const LEAST: usize = 64;

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

/// NodeProto: 1 = input, 2 = output, 4 = op_type, 5 = attribute; AttributeProto: 1 = name, 3 = i, 20 = type (2 = INT).
fn cast(from: &str, to: &str, element: u64) -> Vec<u8> {
    let attribute = message(|attribute| {
        put_bytes(attribute, 1, b"to");
        put_number(attribute, 3, element);
        put_number(attribute, 20, 2);
    });
    let node = message(|node| {
        put_bytes(node, 1, from.as_bytes());
        put_bytes(node, 2, to.as_bytes());
        put_bytes(node, 4, b"Cast");
        put_bytes(node, 5, &attribute);
    });
    message(|graph| put_bytes(graph, 1, &node))
}

/// The fields of a message: each number, with what it is where it is one, and its content where it has some.
fn fields(message: &[u8]) -> Walk<Vec<(u64, u64, &[u8])>> {
    let (mut found, end) = (Vec::new(), message.len() as u64);
    let mut walker = Walker::new(std::io::Cursor::new(message));
    while walker.at < end {
        match walker.field(end)? {
            (field, Field::Until(next)) => {
                found.push((field, 0, &message[walker.at as usize..next as usize]));
                walker.skip_to(next)?;
            }
            (field, Field::Number(number)) => found.push((field, number, &[][..])),
            (field, Field::Skipped) => found.push((field, 0, &[][..])),
        }
    }
    Ok(found)
}

fn text(message: &[u8], field: u64) -> String {
    let fields = fields(message).ok().unwrap();
    let found = fields.iter().find(|(number, ..)| *number == field);
    String::from_utf8(found.map_or(&[][..], |(.., content)| content).to_vec()).unwrap()
}

/// A weight of 32 bits in 16. TensorProto: 1 = dims, 2 = data_type, 8 = name, 9 = raw_data.
fn halved(tensor: &[u8], suffix: &str) -> Option<(String, Vec<u8>)> {
    let fields = fields(tensor).ok()?;
    let is_float = fields.iter().any(|(field, number, _)| (*field, *number) == (2, FLOAT));
    let raw = fields.iter().find(|(field, ..)| *field == 9).map(|(.., raw)| *raw)?;
    if !is_float || raw.len() < 4 * LEAST {
        return None;
    }
    let numbers = raw.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    let raw: Vec<u8> = numbers.flat_map(|number| bf16::from_f32(number).to_le_bytes()).collect();
    let name = text(tensor, 8);
    let halved = message(|halved| {
        for (_, side, packed) in fields.iter().filter(|(field, ..)| *field == 1) {
            match packed {
                [] => put_number(halved, 1, *side),
                packed => put_bytes(halved, 1, packed),
            }
        }
        put_number(halved, 2, BFLOAT16);
        put_bytes(halved, 8, format!("{name}{suffix}").as_bytes());
        put_bytes(halved, 9, &raw);
    });
    Some((name, halved))
}

/// An input or output of 32 bits in 16. ValueInfoProto: 1 = name, 2 = type; in that 1 = tensor_type; in that 1 = elem_type.
fn port(port: &[u8]) -> Walk<Option<Vec<u8>>> {
    edited(port, 2, &|kind| {
        edited(kind, 1, &|tensor| {
            let is_float = fields(tensor)?.iter().any(|(field, number, _)| (*field, *number) == (1, FLOAT));
            Ok(is_float.then(|| {
                message(|changed| {
                    put_number(changed, 1, BFLOAT16);
                    for (field, _, content) in fields(tensor).ok().unwrap().iter().filter(|(f, ..)| *f != 1) {
                        put_bytes(changed, *field, content);
                    }
                })
            }))
        })
    })
}

/// A network whose weights, inputs and outputs are in bfloat16: what is between is computed in 32 bits, as ONNX Runtime can on
/// the processor. Inputs and outputs that are not floats stay.
fn in_bfloat16(model: &[u8]) -> Walk<Vec<u8>> {
    let count = RefCell::new(0);
    let changed = edited(model, 7, &|graph| {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut ends: Vec<String> = Vec::new();
        for (field, _, content) in fields(graph)? {
            if [11, 12].contains(&field) && port(content)?.is_some() {
                let name = text(content, 1);
                let float = format!("{name}_float");
                match field {
                    11 => before.extend(cast(&name, &float, FLOAT)),
                    _ => after.extend(cast(&float, &name, BFLOAT16)),
                }
                ends.push(name);
            }
        }
        *count.borrow_mut() += ends.len();
        let weights = RefCell::new(Vec::new());
        let graph = edited(graph, 5, &|tensor| {
            Ok(halved(tensor, "_bfloat16").map(|(name, halved)| {
                weights.borrow_mut().extend(cast(&format!("{name}_bfloat16"), &name, FLOAT));
                halved
            }))
        })?
        .unwrap_or_else(|| graph.to_vec());
        let renamed = |name: &[u8]| -> Walk<Option<Vec<u8>>> {
            let own = String::from_utf8_lossy(name);
            Ok(ends.iter().any(|end| *end == own).then(|| format!("{own}_float").into_bytes()))
        };
        let either = |changed: Option<Vec<u8>>, was: &[u8]| changed.unwrap_or_else(|| was.to_vec());
        let graph = either(
            edited(&graph, 1, &|node| {
                let inputs = either(edited(node, 1, &renamed)?, node);
                Ok(Some(either(edited(&inputs, 2, &renamed)?, &inputs)))
            })?,
            &graph,
        );
        let graph = either(edited(&graph, 11, &port)?, &graph);
        let graph = either(edited(&graph, 12, &port)?, &graph);
        Ok(Some([weights.into_inner(), before, graph, after].concat()))
    })?;
    assert!(*count.borrow() > 1, "it has no floats at its ends");
    Ok(changed.unwrap())
}

/// A network that computes in bfloat16, as exporters write one that is in it: no ONNX Runtime does so on a processor.
fn by_bfloat16(model: &[u8]) -> Walk<Vec<u8>> {
    let attribute = |attribute: &[u8]| -> Walk<Option<Vec<u8>>> {
        let to_float = text(attribute, 1) == "to"
            && fields(attribute)?.iter().any(|(field, number, _)| (*field, *number) == (3, FLOAT));
        Ok(to_float.then(|| {
            message(|changed| {
                put_bytes(changed, 1, b"to");
                put_number(changed, 3, BFLOAT16);
                put_number(changed, 20, 2);
            })
        }))
    };
    let changed = edited(model, 7, &|graph| {
        let mut graph = graph.to_vec();
        let node = |node: &[u8]| edited(node, 5, &attribute);
        let weight = |tensor: &[u8]| Ok(halved(tensor, "").map(|(_, halved)| halved));
        for (field, edit) in [(5, &weight as Edit<'_>), (1, &node), (11, &port), (12, &port), (13, &port)] {
            graph = edited(&graph, field, edit)?.unwrap_or(graph);
        }
        Ok(Some(graph))
    })?;
    Ok(changed.unwrap())
}

/// Brings one network of a model to bfloat16.
fn round(model: &Scratch, network: &str, how: fn(&[u8]) -> Walk<Vec<u8>>) {
    let file = model.0.join(network);
    let bytes = std::fs::read(&file).unwrap();
    let rounded = how(&bytes).ok().unwrap_or_else(|| panic!("{network}"));
    assert!(rounded.len() < bytes.len(), "{network}: its weights were not rounded");
    std::fs::write(file, rounded).unwrap();
}

/// The picture of a model, some of whose networks were changed, against its own.
fn nearness(name: &str, networks: &[&str], how: fn(&[u8]) -> Walk<Vec<u8>>) -> f64 {
    let model = Scratch::copy_of(name, "bfloat16");
    for network in networks.iter().map(|network| format!("{network}/model.onnx")) {
        if model.0.join(&network).exists() {
            round(&model, &network, how);
        }
    }
    let cell = load(&tiny(name)).unwrap().info().geometry.cell as usize;
    let picture = grey(64, 64);
    let asked = Request { cell, strength: 0.7, ..request(&picture) };
    let [right, rounded] =
        [tiny(name), model.0.clone()].map(|folder| asked.finish(&mut load(&folder).unwrap()).0);
    assert_ne!(right, rounded, "{name}");
    psnr(&right, &rounded)
}

#[test]
fn networks_in_bfloat16_make_the_picture() {
    let whole = ["unet", "transformer", "vae_encoder", "vae_decoder"];
    let words = ["text_encoder", "unet", "transformer"];
    for (name, networks) in
        [("sd15", &words[..]), ("sd3", &words), ("flux-dev", &words), ("sd3", &whole), ("z-image", &whole)]
    {
        let near = nearness(name, networks, in_bfloat16);
        println!("{name} with {networks:?} in bfloat16 but for what is computed: {near:.1} dB");
        assert!(near >= 40.0, "{name}, {networks:?}: {near:.1} dB");
    }
    for (name, networks) in [("sd15", &["unet"][..]), ("sd3", &words), ("flux-dev", &words)] {
        let near = nearness(name, networks, by_bfloat16);
        println!(
            "{name} with {networks:?} that compute in bfloat16, which are read in 32 bits: {near:.1} dB"
        );
        assert!(near >= 40.0, "{name}, {networks:?}: {near:.1} dB");
    }
}

/// As models/export/export.py writes them (tests/golden/precisions.py).
#[test]
fn networks_in_fewer_bits_make_nearly_the_picture() {
    let picture = grey(64, 64);
    let asked = Request { strength: 0.7, ..request(&picture) };
    let right = asked.finish(&mut load(&tiny("sd3")).unwrap()).0;
    for (precision, operator, least) in
        [("fp16", "Cast", 60.0), ("int8", "MatMulInteger", 35.0), ("int4", "MatMulNBits", 20.0)]
    {
        let model = Scratch::copy_of("sd3", &format!("precision-{precision}"));
        let file = root().join("tests/golden/precisions").join(format!("{precision}.onnx"));
        let network = std::fs::read(&file).unwrap();
        assert!(network.windows(operator.len()).any(|part| part == operator.as_bytes()), "{precision}");
        model.write("transformer/model.onnx", network);
        let made = asked.finish(&mut load(&model.0).unwrap()).0;
        let near = psnr(&right, &made);
        println!("{precision}: {near:.1} dB");
        assert!(near >= least && made != right, "{precision}: {near:.1} dB");
    }
}
