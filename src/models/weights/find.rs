//! Which weights a `ModelProto` (onnx/onnx.proto3) has, and which nodes of which module use each.

pub mod kernels;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::ops::Range;

use super::{Element, Found, Inside, Site, Table, Use, Weight};
use crate::models::wire::{Damage, Field, Walk, Walker};

const ROUNDED: &str = "are rounded to 8 bits or fewer, or to bfloat16, and cannot be changed";
const SHARED: &str = "are shared by several of its modules and cannot be changed";
const ODD: &str = "are used in a way that LoRAs do not know (in groups, or turned)";
const SIDES: &str = "have sides that no weight of their kind has, and cannot be changed";
const FUSED: &str = "were merged or moved when it was optimised, and cannot be changed";

/// No weight that LoRAs change has more numbers, and no word's vector; what a damaged file says may be anything.
const MOST_NUMBERS: usize = 1 << 28;
const MOST_WIDTH: usize = 1 << 16;

struct Tensor {
    shape: Vec<usize>,
    element: Option<Element>,
}

impl Tensor {
    /// Has it the sides of a weight that is used so?
    fn suits(&self, usage: Use) -> bool {
        let sides = if usage == Use::Kernel { 3..=5 } else { 2..=2 };
        let numbers = self.shape.iter().try_fold(1, |all: usize, side| all.checked_mul(*side));
        sides.contains(&self.shape.len()) && numbers.is_some_and(|all| (1..=MOST_NUMBERS).contains(&all))
    }
}

#[derive(Default)]
struct Node {
    name: String,
    operator: String,
    inputs: Vec<String>,
    output: String,
    /// Its field in the file, and in that the output's and those of its attributes.
    field: Range<u64>,
    output_field: Range<u64>,
    attributes: Vec<Range<u64>>,
    /// Attributes that are one whole number: a Gemm's `transB`, a Cast's `to`.
    numbers: Vec<(String, u64)>,
}

impl Node {
    fn number(&self, attribute: &str) -> Option<u64> {
        self.numbers.iter().find(|(name, _)| name == attribute).map(|(_, number)| *number)
    }
}

/// Collects what the walk meets.
pub struct Finder {
    walker: Walker,
    nodes: Vec<Node>,
    tensors: HashMap<String, Tensor>,
    /// Weights that are in the file itself.
    pub inside: Vec<Inside>,
    /// Its field, and what is in it.
    pub graph: Option<(Range<u64>, Range<u64>)>,
}

impl Finder {
    pub fn new(file: File) -> Self {
        let (nodes, tensors, inside) = (Vec::new(), HashMap::new(), Vec::new());
        Finder { walker: Walker::new(file), nodes, tensors, inside, graph: None }
    }

    /// ModelProto: 7 = graph.
    pub fn model(&mut self, end: u64) -> Walk<()> {
        while self.walker.at < end {
            let begin = self.walker.at;
            match self.walker.field(end)? {
                (7, Field::Until(graph)) if self.graph.is_none() => {
                    self.graph = Some((begin..graph, self.walker.at..graph));
                    self.in_graph(graph)?;
                }
                (7, _) => return Err(Damage::NotOnnx),
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// GraphProto: 1 = node, 5 = initializer.
    fn in_graph(&mut self, end: u64) -> Walk<()> {
        while self.walker.at < end {
            let begin = self.walker.at;
            match self.walker.field(end)? {
                (1, Field::Until(node)) => self.node(begin, node)?,
                (5, Field::Until(tensor)) => self.tensor(begin, tensor)?,
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// NodeProto: 1 = input, 2 = output, 3 = name, 4 = op_type, 5 = attribute.
    fn node(&mut self, begin: u64, end: u64) -> Walk<()> {
        let mut node = Node { field: begin..end, ..Node::default() };
        while self.walker.at < end {
            let begin = self.walker.at;
            match self.walker.field(end)? {
                (1, Field::Until(text)) => node.inputs.push(self.walker.text(text)?),
                (2, Field::Until(text)) if node.output.is_empty() => {
                    node.output = self.walker.text(text)?;
                    node.output_field = begin..text;
                }
                (3, Field::Until(text)) => node.name = self.walker.text(text)?,
                (4, Field::Until(text)) => node.operator = self.walker.text(text)?,
                (5, Field::Until(attribute)) => {
                    node.attributes.push(begin..attribute);
                    node.numbers.extend(self.attribute(attribute)?);
                }
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        self.nodes.push(node);
        Ok(())
    }

    /// AttributeProto: 1 = name, 3 = i.
    fn attribute(&mut self, end: u64) -> Walk<Option<(String, u64)>> {
        let (mut name, mut set) = (String::new(), None);
        while self.walker.at < end {
            match self.walker.field(end)? {
                (1, Field::Until(text)) => name = self.walker.text(text)?,
                (3, Field::Number(number)) => set = Some(number),
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        Ok(set.map(|number| (name, number)))
    }

    /// TensorProto: 1 = dims (one by one, or packed), 2 = data_type, 8 = name, 9 = raw_data.
    fn tensor(&mut self, begin: u64, end: u64) -> Walk<()> {
        let (mut shape, mut element, mut name, mut inside) = (Vec::new(), None, String::new(), None);
        let side = |side: u64| usize::try_from(side).map_err(|_| Damage::NotOnnx);
        while self.walker.at < end {
            match self.walker.field(end)? {
                (1, Field::Number(number)) => shape.push(side(number)?),
                (1, Field::Until(packed)) => {
                    while self.walker.at < packed {
                        shape.push(side(self.walker.varint(packed)?)?);
                    }
                }
                (2, Field::Number(number)) => element = Element::of(number),
                (9, Field::Until(next)) => {
                    inside = Some(self.walker.at..next);
                    self.walker.skip_to(next)?;
                }
                (8, Field::Until(text)) => name = self.walker.text(text)?,
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        if let (Some(bytes), Some(element)) = (inside, element) {
            let (name, shape) = (name.clone(), shape.clone());
            self.inside.push(Inside { name, shape, element, bytes, field: begin..end });
        }
        self.tensors.insert(name, Tensor { shape, element });
        Ok(())
    }

    /// By module what it has; and how many weights there are of which nothing says whose they are.
    pub fn found(&self) -> (HashMap<String, Found>, usize) {
        let made_by: HashMap<&str, &Node> =
            self.nodes.iter().map(|node| (node.output.as_str(), node)).collect();
        let mut read_by: HashMap<&str, Vec<&Node>> = HashMap::new();
        for node in &self.nodes {
            node.inputs.iter().for_each(|input| read_by.entry(input).or_default().push(node));
        }
        let mut found: HashMap<String, Found> = HashMap::new();
        // Who uses a weight.
        let mut users: HashMap<&str, String> = HashMap::new();
        let mut shared: Vec<String> = Vec::new();
        let mut nobodys: HashSet<&str> = HashSet::new();
        for node in &self.nodes {
            let usage = match node.operator.as_str() {
                "MatMul" => Some(Use::Transposed),
                "Gemm" if node.number("transA").unwrap_or(0) != 0 => None,
                "Gemm" if node.number("transB").unwrap_or(0) == 0 => Some(Use::Transposed),
                "Gemm" => Some(Use::AsIs),
                "Conv" if node.number("group").unwrap_or(1) != 1 => None,
                "Conv" => Some(Use::Kernel),
                other if is_rounding(other) || is_fused(other) => None,
                _ => continue,
            };
            let (Some(seen), Some(input)) = (node.inputs.first(), node.inputs.get(1)) else { continue };
            let Source { name, rounded, cast } = source(input, &made_by);
            let turned = made_by.get(name).filter(|node| node.operator == "Transpose");
            let turned =
                turned.and_then(|node| node.inputs.first()).map(|input| source(input, &made_by).name);
            let Some((name, tensor)) = self.tensors.get_key_value(turned.unwrap_or(name)) else { continue };
            let Some(module) = module(&node.name, name) else {
                if usage.is_none_or(|usage| tensor.suits(usage)) {
                    nobodys.insert(name);
                }
                continue;
            };
            let element = cast.map_or(tensor.element, Element::of).filter(|_| tensor.element.is_some());
            let what = match (usage, element) {
                (None, _) if is_fused(&node.operator) => Found::Fixed(FUSED),
                (None, _) if ["Gemm", "Conv"].contains(&node.operator.as_str()) => Found::Fixed(ODD),
                (Some(_), _) if turned.is_some() && !rounded => Found::Fixed(ODD),
                (Some(usage), Some(_)) if !rounded && !tensor.suits(usage) => Found::Fixed(SIDES),
                (Some(usage), Some(element)) if !rounded => {
                    // A matrix and its bias stay side by side: ONNX Runtime makes one of them.
                    let readers = read_by.get(node.output.as_str()).map_or(&[][..], Vec::as_slice);
                    let is_bias = |input: &String| self.tensors.contains_key(source(input, &made_by).name);
                    let last = match readers {
                        [only] if only.operator == "Add" && only.inputs.iter().any(is_bias) => only,
                        _ => node,
                    };
                    let site = Site {
                        seen: seen.clone(),
                        made: last.output.clone(),
                        field: last.field.clone(),
                        output: last.output_field.clone(),
                        attributes: node.attributes.clone(),
                    };
                    let (name, shape) = (name.clone(), tensor.shape.clone());
                    Found::Weight(Weight { name, shape, element, usage, sites: vec![site] })
                }
                _ => Found::Fixed(ROUNDED),
            };
            if let Some(other) = users.insert(name, module.clone())
                && other != module
            {
                shared.extend([other, module.clone()]);
            }
            match (found.get_mut(&module), what) {
                // One that is used more than once.
                (Some(Found::Weight(known)), Found::Weight(more)) if known.name == more.name => {
                    known.sites.extend(more.sites);
                }
                (Some(_), _) => {}
                (None, what) => drop(found.insert(module, what)),
            }
        }
        for module in shared {
            found.insert(module, Found::Fixed(SHARED));
        }
        (found, nobodys.len())
    }

    /// The largest table in which rows are looked up: of a text encoder's two, places being the other, that of its words.
    pub fn table(&self) -> Option<Table> {
        let made_by: HashMap<&str, &Node> =
            self.nodes.iter().map(|node| (node.output.as_str(), node)).collect();
        let tables = self.nodes.iter().filter(|node| node.operator == "Gather").filter_map(|node| {
            let Source { name, rounded, cast } = source(node.inputs.first()?, &made_by);
            let tensor = self.tensors.get(name)?;
            let &[rows, width] = tensor.shape.as_slice() else { return None };
            let own = tensor.element.filter(|_| !rounded)?;
            let element = cast.map_or(Some(own), Element::of)?;
            let site = Site {
                seen: String::new(),
                made: node.output.clone(),
                field: node.field.clone(),
                output: node.output_field.clone(),
                attributes: Vec::new(),
            };
            Some(Table { width, element, rows, site })
        });
        tables.max_by_key(|table| table.rows).filter(|table| (1..=MOST_WIDTH).contains(&table.width))
    }
}

/// Where an input comes from.
struct Source<'a> {
    name: &'a str,
    /// Is it stored in 8 bits or fewer?
    rounded: bool,
    /// What it is cast to at last.
    cast: Option<u64>,
}

/// Equal weights are written once and handed on; some are stored with fewer digits than they are used with.
fn source<'a>(input: &'a str, made_by: &HashMap<&str, &'a Node>) -> Source<'a> {
    let mut source = Source { name: input, rounded: false, cast: None };
    // A ring is no graph; it must not be one here either.
    for _ in 0..8 {
        match made_by.get(source.name) {
            Some(node) if ["Identity", "Cast", "DequantizeLinear"].contains(&node.operator.as_str()) => {
                source.rounded |= node.operator == "DequantizeLinear";
                source.cast = source.cast.or_else(|| node.number("to"));
                source.name = node.inputs.first().map_or("", String::as_str);
            }
            _ => break,
        }
    }
    source
}

fn is_rounding(operator: &str) -> bool {
    ["MatMulNBits", "MatMulInteger", "DynamicQuantizeMatMul", "ConvInteger", "QLinearMatMul", "QLinearConv"]
        .contains(&operator)
}

fn is_fused(operator: &str) -> bool {
    ["FusedConv", "NhwcConv", "FusedMatMul", "FusedGemm", "Attention", "MultiHeadAttention"]
        .contains(&operator)
}

/// The module of a node (`/down_blocks.0/…/to_q/MatMul`), or of a weight that has kept its name.
fn module(node: &str, weight: &str) -> Option<String> {
    let path = match node.rsplit_once('/') {
        Some((path, _)) if !path.is_empty() => path.trim_start_matches('/'),
        _ => weight.strip_suffix(".weight")?,
    };
    Some(path.replace(['/', '.'], "_"))
}

#[cfg(test)]
mod tests;
