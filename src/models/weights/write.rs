//! A `ModelProto` with branches beside its weights, written from the file's own: what is not changed is copied as it is.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;

use super::{BOOL, Inside, Site, Table, Use, WORDS, Weights, inputs, unreadable};
use crate::error::{Error, Result, Status};
use crate::models::wire::{Walker, put_bytes, put_number, put_varint};

/// Weights in the file itself that are larger are not copied with the graph.
const MOST_COPIED: u64 = 4 << 10;

impl Weights {
    /// The model's file with a branch beside each weight of `modules`, whose halves are [`inputs`]: `[in, rank]` and
    /// `[rank, out]`, of convolutions `[rank, in, h, w]` and `[out, rank, 1, 1]`; with `words` also with [`WORDS`], where it has a
    /// table of them. Large weights are not in it; it says that they are in the file.
    ///
    /// # Errors
    /// [`Status::Memory`], [`Status::ModelBroken`] where the file has changed meanwhile.
    pub fn with_branches(&self, modules: &BTreeSet<String>, words: bool) -> Result<Vec<u8>> {
        let file = File::open(&self.path).map_err(|e| unreadable(&self.path, e))?;
        let mut walker = Walker::new(file);
        let table = self.table.as_ref().filter(|_| words);
        self.rewritten(modules, table, &mut walker).map_err(|error| match error.kind() {
            std::io::ErrorKind::OutOfMemory => {
                Error::new(Status::Memory, "There is not enough memory to change the model by a LoRA.")
            }
            _ => unreadable(&self.path, error),
        })
    }

    fn rewritten(
        &self,
        modules: &BTreeSet<String>,
        table: Option<&Table>,
        walker: &mut Walker,
    ) -> std::io::Result<Vec<u8>> {
        // What comes in the place of which part of the file.
        let mut edits: Vec<(Range<u64>, Vec<u8>)> = Vec::new();
        let mut ports = Vec::new();
        for (module, weight) in self.changeable().filter(|(module, _)| modules.contains(*module)) {
            let [down, up] = inputs(module);
            let (down_shape, up_shape) = weight.halves();
            put_bytes(&mut ports, 11, &port(&down, weight.element.number(), &down_shape));
            put_bytes(&mut ports, 11, &port(&up, weight.element.number(), &up_shape));
            for site in &weight.sites {
                edits.push((site.field.clone(), site.with_branch(weight.usage, [&down, &up], walker)?));
            }
        }
        if let Some(table) = table {
            let [which, what] = WORDS;
            let shape = [Some(1), None, Some(1)];
            put_bytes(&mut ports, 11, &port(which, BOOL, &shape));
            put_bytes(
                &mut ports,
                11,
                &port(what, table.element.number(), &[Some(1), None, Some(table.width)]),
            );
            let [alone, ..] = table.site.names();
            let mut nodes = table.site.renamed(walker)?;
            put_bytes(&mut nodes, 1, &node("Where", &[which, what, &alone], &table.site.made));
            edits.push((table.site.field.clone(), nodes));
        }
        let location = self.path.file_name().and_then(|name| name.to_str());
        for inside in self.inside.iter().filter(|inside| inside.bytes.end - inside.bytes.start > MOST_COPIED)
        {
            if let Some(location) = location {
                edits.push((inside.field.clone(), inside.said_to_be_in(location)));
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        let (field, graph) = &self.graph;
        edits.push((graph.end..graph.end, ports));
        let gone: u64 = edits.iter().map(|(range, _)| range.end - range.start).sum();
        let come: u64 = edits.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let mut bytes = Vec::new();
        let length = usize::try_from(self.length - gone + come).unwrap_or(usize::MAX);
        bytes.try_reserve(length).map_err(|_| std::io::Error::from(std::io::ErrorKind::OutOfMemory))?;
        walker.copy(0, field.start, &mut bytes)?;
        put_varint(&mut bytes, 7 << 3 | 2);
        put_varint(&mut bytes, graph.end - graph.start - gone + come);
        let mut at = graph.start;
        for (range, instead) in &edits {
            // Two modules cannot have made the same.
            if range.start < at {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
            walker.copy(at, range.start, &mut bytes)?;
            bytes.extend_from_slice(instead);
            at = range.end;
        }
        walker.copy(at, self.length, &mut bytes)?;
        Ok(bytes)
    }
}

impl Site {
    /// What its node makes alone, and what is made on the way of a branch.
    fn names(&self) -> [String; 3] {
        ["alone", "through", "added"].map(|what| format!("{}/lora/{what}", self.made))
    }

    /// The node, what it makes under another name.
    fn renamed(&self, walker: &mut Walker) -> std::io::Result<Vec<u8>> {
        let [alone, ..] = self.names();
        let mut before = Vec::new();
        walker.copy(self.field.start, self.output.start, &mut before)?;
        // Without its tag and length, which come anew.
        let mut content = before.split_off(message_begin(&before));
        put_bytes(&mut content, 2, alone.as_bytes());
        walker.copy(self.output.end, self.field.end, &mut content)?;
        let mut nodes = Vec::new();
        put_bytes(&mut nodes, 1, &content);
        Ok(nodes)
    }

    /// The node that makes what is added to, and the branch's nodes.
    fn with_branch(
        &self,
        usage: Use,
        [down, up]: [&str; 2],
        walker: &mut Walker,
    ) -> std::io::Result<Vec<u8>> {
        let [alone, through, added] = self.names();
        let mut nodes = self.renamed(walker)?;
        let mut attributes = Vec::new();
        let operator = match usage {
            Use::Kernel => "Conv",
            Use::Transposed | Use::AsIs => "MatMul",
        };
        if usage == Use::Kernel {
            for range in &self.attributes {
                walker.copy(range.start, range.end, &mut attributes)?;
            }
        }
        let mut first = node(operator, &[&self.seen, down], &through);
        first.extend(attributes);
        put_bytes(&mut nodes, 1, &first);
        put_bytes(&mut nodes, 1, &node(operator, &[&through, up], &added));
        put_bytes(&mut nodes, 1, &node("Add", &[&alone, &added], &self.made));
        Ok(nodes)
    }
}

/// Where a length-delimited field's content begins.
fn message_begin(field: &[u8]) -> usize {
    let after = |from: usize| {
        field.iter().skip(from).position(|byte| byte & 0x80 == 0).map_or(from, |n| from + n + 1)
    };
    after(after(0))
}

/// NodeProto: 1 = input, 2 = output, 3 = name, 4 = op_type.
fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let mut node = Vec::new();
    inputs.iter().for_each(|input| put_bytes(&mut node, 1, input.as_bytes()));
    put_bytes(&mut node, 2, output.as_bytes());
    put_bytes(&mut node, 3, output.as_bytes());
    put_bytes(&mut node, 4, operator.as_bytes());
    node
}

/// ValueInfoProto: 1 = name, 2 = type; in that 1 = tensor_type; in that 1 = elem_type, 2 = shape; in that 1 = dim; in that
/// 1 = dim_value, 2 = dim_param.
fn port(name: &str, element: u64, shape: &[Option<usize>]) -> Vec<u8> {
    let mut dims = Vec::new();
    for side in shape {
        let mut dim = Vec::new();
        match side {
            Some(side) => put_number(&mut dim, 1, *side as u64),
            None => put_bytes(&mut dim, 2, format!("{name}/rank").as_bytes()),
        }
        put_bytes(&mut dims, 1, &dim);
    }
    let mut tensor = Vec::new();
    put_number(&mut tensor, 1, element);
    put_bytes(&mut tensor, 2, &dims);
    let (mut kind, mut port) = (Vec::new(), Vec::new());
    put_bytes(&mut kind, 1, &tensor);
    put_bytes(&mut port, 1, name.as_bytes());
    put_bytes(&mut port, 2, &kind);
    port
}

impl Inside {
    /// TensorProto: 1 = dims, 2 = data_type, 8 = name, 13 = external_data, 14 = data_location.
    fn said_to_be_in(&self, location: &str) -> Vec<u8> {
        let mut tensor = Vec::new();
        self.shape.iter().for_each(|side| put_number(&mut tensor, 1, *side as u64));
        put_number(&mut tensor, 2, self.element.number());
        put_bytes(&mut tensor, 8, self.name.as_bytes());
        let (offset, length) = (self.bytes.start, self.bytes.end - self.bytes.start);
        let entries = [
            ("location", location.to_owned()),
            ("offset", offset.to_string()),
            ("length", length.to_string()),
        ];
        for (key, value) in entries {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, key.as_bytes());
            put_bytes(&mut entry, 2, value.as_bytes());
            put_bytes(&mut tensor, 13, &entry);
        }
        put_number(&mut tensor, 14, 1);
        let mut field = Vec::new();
        put_bytes(&mut field, 5, &tensor);
        field
    }
}
