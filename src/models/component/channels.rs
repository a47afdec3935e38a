//! Convolutions over 6, 9, 15, … channels (a multiple of three, of more than three, and not of four) that make a multiple of four, as
//! the first of a U-Net for inpainting does: ONNX Runtime's WebGPU (1.27) computes them wrongly, and all others rightly (3 to 96 channels
//! tried, one by one). The same graph, with channels of zeros beside them up to a multiple of four.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::io::Cursor;
use std::path::Path;

use crate::models::weights::{Kernel, kernels};
use crate::models::wire::{Field, Walk, Walker, edited, put_bytes, put_number};

/// How many channels each weight of such a convolution lacks, by name. What weighs in the file is not read.
pub(super) fn lacking(path: &Path) -> HashMap<String, usize> {
    kernels(path).into_iter().map(|(name, kernel)| (name, lacks(kernel))).filter(|(_, n)| *n > 0).collect()
}

/// 0 of one that is computed rightly. A file may say any size.
fn lacks(kernel: Kernel) -> usize {
    let Kernel { read, made } = kernel;
    if read > 3 && read % 3 == 0 && made % 4 == 0 { (4 - read % 4) % 4 } else { 0 }
}

/// `None` where no convolution reads one of these, and for what is no model.
pub(super) fn in_fours(model: &[u8], lacking: &HashMap<String, usize>) -> Option<Vec<u8>> {
    edited(model, 7, &|graph| widened(graph, lacking)).ok()?
}

/// GraphProto: 1 = node, 5 = initializer.
fn widened(graph: &[u8], lacking: &HashMap<String, usize>) -> Walk<Option<Vec<u8>>> {
    let end = graph.len() as u64;
    let part = |from: u64, until: u64| graph.get(from as usize..until as usize).unwrap_or_default();
    let mut walker = Walker::new(Cursor::new(graph));
    let (mut made, mut copied, mut numbers) = (Vec::new(), 0, BTreeSet::new());
    let mut looked_at = HashMap::new();
    while walker.at < end {
        let begin = walker.at;
        let (number, Field::Until(next)) = walker.field(end)? else { continue };
        if number == 1
            && let Some(Widened { nodes, seen, channels }) =
                convolution(part(walker.at, next), lacking, &looked_at)?
        {
            looked_at.insert(seen, channels);
            made.extend_from_slice(part(copied, begin));
            nodes.iter().for_each(|node| put_bytes(&mut made, 1, node));
            numbers.insert(channels);
            copied = next;
        }
        walker.skip_to(next)?;
    }
    if copied == 0 {
        return Ok(None);
    }
    made.extend_from_slice(part(copied, end));
    numbers.iter().for_each(|&channels| put_bytes(&mut made, 5, &zeros(channels)));
    Ok(Some(made))
}

/// A convolution that is given more channels.
struct Widened {
    /// Those that widen what it looks at and its weight, and its own.
    nodes: [Vec<u8>; 3],
    /// What it looked at.
    seen: String,
    channels: usize,
}

/// A LoRA's branch beside such a convolution looks at the same (`looked_at`), and is fed its weight.
/// NodeProto: 1 = input, 2 = output, 4 = op_type.
fn convolution(
    node: &[u8],
    lacking: &HashMap<String, usize>,
    looked_at: &HashMap<String, usize>,
) -> Walk<Option<Widened>> {
    let (mut inputs, mut output, mut operator) = (Vec::new(), String::new(), String::new());
    let end = node.len() as u64;
    let mut walker = Walker::new(Cursor::new(node));
    while walker.at < end {
        match walker.field(end)? {
            (1, Field::Until(next)) => inputs.push(walker.text(next)?),
            (2, Field::Until(next)) => output = walker.text(next)?,
            (4, Field::Until(next)) => operator = walker.text(next)?,
            (_, Field::Until(next)) => walker.skip_to(next)?,
            _ => {}
        }
    }
    let [seen, weight, ..] = inputs.as_slice() else { return Ok(None) };
    let channels = lacking.get(weight).or_else(|| looked_at.get(seen));
    let (Some(&channels), "Conv") = (channels, operator.as_str()) else { return Ok(None) };
    let [wide_seen, wide_weight] = [seen, weight].map(|name| format!("{name}/in fours/{output}"));
    let before = [padded(seen, &wide_seen, channels), padded(weight, &wide_weight, channels)];
    let place = Cell::new(0);
    let node = edited(node, 1, &|_| {
        place.set(place.get() + 1);
        Ok(match place.get() {
            1 => Some(wide_seen.clone().into_bytes()),
            2 => Some(wide_weight.clone().into_bytes()),
            _ => None,
        })
    })?;
    let [wide_seen, wide_weight] = before;
    Ok(node.map(|node| Widened { nodes: [wide_seen, wide_weight, node], seen: seen.clone(), channels }))
}

/// NodeProto, as above: a Pad, with zeros if nothing else is said.
fn padded(from: &str, to: &str, channels: usize) -> Vec<u8> {
    let mut node = Vec::new();
    put_bytes(&mut node, 1, from.as_bytes());
    put_bytes(&mut node, 1, pads(channels).as_bytes());
    put_bytes(&mut node, 2, to.as_bytes());
    put_bytes(&mut node, 4, b"Pad");
    node
}

fn pads(channels: usize) -> String {
    format!("channels of zeros/{channels}")
}

/// What a Pad reads of a tensor of four dimensions: how many before and behind, in each.
/// TensorProto: 1 = dims, 2 = data_type (7: INT64), 8 = name, 9 = raw_data.
fn zeros(channels: usize) -> Vec<u8> {
    let numbers = [0, 0, 0, 0, 0, channels as i64, 0, 0];
    let mut tensor = Vec::new();
    put_number(&mut tensor, 1, numbers.len() as u64);
    put_number(&mut tensor, 2, 7);
    put_bytes(&mut tensor, 8, pads(channels).as_bytes());
    put_bytes(&mut tensor, 9, &numbers.map(i64::to_le_bytes).concat());
    tensor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_filled_up_to_fours_where_they_come_in_threes_and_make_fours() {
        let lack = |read, made| lacks(Kernel { read, made });
        assert_eq!([6, 9, 15, 18, 33].map(|read| lack(read, 320)), [2, 3, 1, 2, 3]);
        assert_eq!([0, 3, 4, 5, 7, 8, 10, 12, 24, 96].map(|read| lack(read, 320)), [0; 10]);
        assert_eq!(lack(9, 6), 0);
        assert_eq!(lack(usize::MAX, usize::MAX - 3), 1, "what a damaged file says");
    }
}
