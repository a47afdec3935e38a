//! The weights of an `.onnx` file that a LoRA changes: found by the path of the module that uses them, and the file's graph
//! with a branch beside each. What a LoRA adds to a matrix is the product of two thin ones, so the network can add it up
//! itself, `x·W + (x·down)·up`, and the thin ones be inputs: they change from one run to the next, and nothing is read again.

mod find;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Status, plain};
use crate::models::wire::{Walker, put_bytes, put_number, put_varint};
use find::Finder;

/// Weights in the file itself that are larger are not copied with the graph.
const MOST_COPIED: u64 = 4 << 10;

/// How a node uses its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `[in, out]`.
    Transposed,
    /// `[out, in]`.
    AsIs,
    /// `[out, in, h, w]`, of a convolution.
    Kernel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    F32,
    F16,
}

impl Element {
    /// By its number in TensorProto.DataType.
    fn of(number: u64) -> Option<Element> {
        match number {
            FLOAT => Some(Element::F32),
            FLOAT16 => Some(Element::F16),
            _ => None,
        }
    }

    fn number(self) -> u64 {
        match self {
            Element::F32 => FLOAT,
            Element::F16 => FLOAT16,
        }
    }
}

/// Where a branch begins and where it is added.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Site {
    /// What the weight's node looks at.
    seen: String,
    /// What comes of it, with its bias.
    made: String,
    /// The node that makes that, and in it the field that says so.
    field: Range<u64>,
    output: Range<u64>,
    /// The weight's node's attributes.
    attributes: Vec<Range<u64>>,
}

/// One that can be added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    /// As which it is used.
    pub element: Element,
    pub usage: Use,
    sites: Vec<Site>,
}

/// What a module has for a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Weight(Weight),
    /// One that cannot be changed, and why: the end of "its weights …".
    Fixed(&'static str),
}

/// A text encoder's table of words, and where what is looked up in it can be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Numbers of a word's vector.
    pub width: usize,
    pub element: Element,
    rows: usize,
    site: Site,
}

/// The inputs by which words' vectors are replaced: where, `[1, tokens, 1]` of truth values, and by what, `[1, tokens, width]`.
pub const WORDS: [&str; 2] = ["words/which", "words/what"];

/// A weight whose bytes are in the file itself.
struct Inside {
    name: String,
    shape: Vec<usize>,
    element: Element,
    bytes: Range<u64>,
    field: Range<u64>,
}

/// The weights of a file's matrices and convolutions.
pub struct Weights {
    path: PathBuf,
    /// By module, whose path has underscores for slashes and dots.
    by_module: HashMap<String, Found>,
    table: Option<Table>,
    inside: Vec<Inside>,
    /// The graph in the file: its field, and what is in it.
    graph: (Range<u64>, Range<u64>),
    length: u64,
}

/// The inputs of a module's branch: what it looks through, and what it makes of that.
pub fn inputs(module: &str) -> [String; 2] {
    ["down", "up"].map(|half| format!("lora/{module}/{half}"))
}

impl Weights {
    /// # Errors
    /// [`Status::ModelMissing`], [`Status::ModelBroken`].
    pub fn of(path: &Path) -> Result<Weights> {
        let file = File::open(path).map_err(|e| unreadable(path, e))?;
        let length = file.metadata().map_err(|e| unreadable(path, e))?.len();
        let mut finder = Finder::new(file);
        match (finder.model(length), finder.graph.take()) {
            (Ok(()), Some(graph)) => {
                let (by_module, table) = (finder.found(), finder.table());
                let inside = finder.inside;
                Ok(Weights { path: path.to_path_buf(), by_module, table, inside, graph, length })
            }
            _ => Err(Error::new(
                Status::ModelBroken,
                format!("{} is damaged or not an ONNX file; download it again.", path.display()),
            )),
        }
    }

    /// A module's name as the file has it, and what it has.
    pub fn get(&self, module: &str) -> Option<(&str, &Found)> {
        self.by_module.get_key_value(module).map(|(module, found)| (module.as_str(), found))
    }

    /// Its table of words, if it has one that can be seen.
    pub fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// Those that can be added to.
    pub fn changeable(&self) -> impl Iterator<Item = (&str, &Weight)> {
        self.by_module.iter().filter_map(|(module, found)| match found {
            Found::Weight(weight) => Some((module.as_str(), weight)),
            Found::Fixed(_) => None,
        })
    }

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

impl Weight {
    /// The shapes of a branch's halves; None is the rank.
    fn halves(&self) -> (Vec<Option<usize>>, Vec<Option<usize>>) {
        let side = |at: usize| self.shape.get(at).copied().unwrap_or(1);
        let inputs = self.shape.iter().skip(1).map(|side| Some(*side));
        match self.usage {
            Use::Transposed => (vec![Some(side(0)), None], vec![None, Some(side(1))]),
            Use::AsIs => (vec![Some(side(1)), None], vec![None, Some(side(0))]),
            Use::Kernel => {
                let up = [Some(side(0)), None].into_iter().chain(vec![Some(1); self.shape.len().max(2) - 2]);
                ([None].into_iter().chain(inputs).collect(), up.collect())
            }
        }
    }

    /// The same with a rank.
    pub fn halves_of(&self, rank: usize) -> [Vec<usize>; 2] {
        let (down, up) = self.halves();
        [down, up].map(|shape| shape.into_iter().map(|side| side.unwrap_or(rank)).collect())
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

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let status = match error.kind() {
        std::io::ErrorKind::NotFound => Status::ModelMissing,
        _ => Status::ModelBroken,
    };
    let why = plain(error);
    Error::new(status, format!("{} cannot be read ({why}); check the model's folder.", path.display()))
}

/// TensorProto.DataType.
const FLOAT: u64 = 1;
const FLOAT16: u64 = 10;
const BOOL: u64 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny").join(name).join("model.onnx")
    }

    fn weight<'a>(weights: &'a Weights, module: &str) -> &'a Weight {
        match weights.get(module) {
            Some((_, Found::Weight(weight))) => weight,
            other => panic!("{module}: {other:?}"),
        }
    }

    #[test]
    fn weights_are_found_by_the_path_of_who_uses_them() {
        let weights = Weights::of(&tiny("sd15/unet")).unwrap();
        let query = weight(&weights, "down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k");
        assert_eq!((query.usage, query.shape.len()), (Use::Transposed, 2));
        assert_eq!(query.halves_of(3), [vec![query.shape[0], 3], vec![3, query.shape[1]]]);
        let conv = weight(&weights, "conv_in");
        assert_eq!((conv.usage, conv.shape[1..].to_vec()), (Use::Kernel, vec![4, 3, 3]));
        assert_eq!(conv.halves_of(2), [vec![2, 4, 3, 3], vec![conv.shape[0], 2, 1, 1]]);
        assert_eq!(weights.get("nowhere"), None);
        let half = Weights::of(&tiny("turbo/unet")).unwrap();
        assert_eq!(weight(&half, "conv_in").element, Element::F16);
    }

    #[test]
    fn a_model_with_branches_has_what_it_had_and_what_they_need() {
        let path = tiny("sd15/unet");
        let weights = Weights::of(&path).unwrap();
        let all: BTreeSet<String> = weights.changeable().map(|(module, _)| module.to_owned()).collect();
        assert!(all.len() > 60, "{}", all.len());
        let copy = std::env::temp_dir().join(format!("scumble-{}-branches.onnx", std::process::id()));
        for modules in [BTreeSet::new(), BTreeSet::from(["conv_in".to_owned()]), all] {
            std::fs::write(&copy, weights.with_branches(&modules, true).unwrap()).unwrap();
            let after = Weights::of(&copy).unwrap();
            for (module, before) in weights.changeable() {
                let after = weight(&after, module);
                assert_eq!(
                    (&before.name, &before.shape, before.usage),
                    (&after.name, &after.shape, after.usage)
                );
                let branched = after.sites[0].made.ends_with("/lora/alone");
                assert_eq!(branched, modules.contains(module), "{module}");
            }
        }
        std::fs::remove_file(copy).unwrap();
    }
}
