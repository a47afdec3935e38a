//! What convolutions look at.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use super::{Finder, Node, source};

/// How many channels a convolution reads, and how many it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    pub read: usize,
    pub made: usize,
}

/// The weights `[made, read, h, w]` of a file's convolutions that are in no groups, by the names that their nodes call them.
/// Nothing of what is no model, or cut short: who reads it as a model says so.
pub fn kernels(path: &Path) -> HashMap<String, Kernel> {
    let Ok(file) = File::open(path) else { return HashMap::new() };
    let Ok(length) = file.metadata().map(|data| data.len()) else { return HashMap::new() };
    let mut finder = Finder::new(file);
    match finder.model(length) {
        Ok(()) => finder.kernels(),
        Err(_) => HashMap::new(),
    }
}

impl Finder {
    fn kernels(&self) -> HashMap<String, Kernel> {
        let made_by: HashMap<&str, &Node> =
            self.nodes.iter().map(|node| (node.output.as_str(), node)).collect();
        let whole = |node: &&Node| node.operator == "Conv" && node.number("group").unwrap_or(1) == 1;
        let convolutions = self.nodes.iter().filter(whole);
        let read = convolutions.filter_map(|node| {
            let weight = node.inputs.get(1)?;
            match self.tensors.get(source(weight, &made_by).name)?.shape.as_slice() {
                &[made, read, _, _] => Some((weight.clone(), Kernel { read, made })),
                _ => None,
            }
        });
        read.collect()
    }
}
