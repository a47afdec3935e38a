//! The weights of an `.onnx` file that a LoRA changes: found by the path of the module that uses them, and the file's graph
//! with a branch beside each. What a LoRA adds to a matrix is the product of two thin ones, so the network can add it up
//! itself, `x·W + (x·down)·up`, and the thin ones be inputs: they change from one run to the next, and nothing is read again.

mod find;
mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::models::onnx_file::{damaged, unreadable};
use find::Finder;
pub use find::kernels::{Kernel, kernels};

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
    /// By module, whose path has underscores for slashes and dots; in order, for the same file to be made of it each time.
    by_module: BTreeMap<String, Found>,
    /// Those of which nothing says whose they are.
    nobodys: usize,
    table: Option<Table>,
    inside: Vec<Inside>,
    /// The graph in the file: its field, and what is in it.
    graph: (Range<u64>, Range<u64>),
    length: u64,
}

/// What the names of branches' inputs begin with.
pub const BRANCH: &str = "lora/";

/// The inputs of a module's branch: what it looks through, and what it makes of that.
pub fn inputs(module: &str) -> [String; 2] {
    ["down", "up"].map(|half| format!("{BRANCH}{module}/{half}"))
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
                let ((found, nobodys), table) = (finder.found(), finder.table());
                let (path, by_module) = (path.to_path_buf(), found.into_iter().collect());
                let inside = finder.inside;
                Ok(Weights { path, by_module, nobodys, table, inside, graph, length })
            }
            _ => Err(damaged(path)),
        }
    }

    /// Has the export lost the names by which a weight's layer is found? Other exporters leave a few without, too.
    pub fn lacks_names(&self) -> bool {
        self.nobodys > 0 && self.nobodys >= self.by_module.len() / 3
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

/// TensorProto.DataType.
const FLOAT: u64 = 1;
const FLOAT16: u64 = 10;
const BOOL: u64 = 9;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
