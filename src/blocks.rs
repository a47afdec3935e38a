//! Parts of a level that the same tiles show, and how much of each tile is in them.

use std::ops::Range;

use ndarray::s;

use crate::grid::{Axis, Tiles};
use crate::memory::Stored;
use crate::pixels::Picture;

/// A tile's column and row.
pub(crate) type Place = (usize, usize);

/// How far pasting looks beyond what it pastes, in the level's pixels.
const MARGIN: i64 = 3;

/// Columns and rows that the same tiles show.
pub(crate) type Block = [Range<i64>; 2];

pub(crate) fn size(range: &Range<i64>) -> usize {
    (range.end - range.start) as usize
}

/// A block with what pasting looks at around it.
pub(crate) fn around(tiles: &Tiles, block: &Block) -> Block {
    let limits = reach(tiles);
    [0, 1].map(|axis: usize| {
        (block[axis].start - MARGIN).max(limits[axis].start)..(block[axis].end + MARGIN).min(limits[axis].end)
    })
}

/// A tile's shares in columns and rows of pixels, 0 where it shows none.
pub(crate) fn shares(tiles: &Tiles, (column, row): Place, [columns, rows]: &Block) -> (Vec<f32>, Vec<f32>) {
    let of =
        |axis: &Axis, index, pixels: &Range<i64>| pixels.clone().map(|at| axis.share(index, at)).collect();
    (of(&tiles.columns, column, columns), of(&tiles.rows, row, rows))
}

/// Adds a tile's part of `pixels` to their picture, by its shares.
pub(crate) fn add(
    picture: &mut Picture,
    tile: &Stored,
    tiles: &Tiles,
    (column, row): Place,
    [columns, rows]: &[Range<i64>; 2],
) {
    let (down, shares_down) = overlap(&tiles.rows, row, rows);
    let (across, shares_across) = overlap(&tiles.columns, column, columns);
    let own = (tiles.columns.pixels(column).start, tiles.rows.pixels(row).start);
    let (left, width) = ((across.start - own.0) as usize, size(&across));
    for c in 0..3 {
        for (y, share) in down.clone().zip(&shares_down) {
            let from = tile.row(c, (y - own.1) as usize, left..left + width);
            let at = (across.start - columns.start) as usize;
            let mut to = picture.slice_mut(s![c, (y - rows.start) as usize, at..at + width]);
            for ((to, v), across) in to.iter_mut().zip(from).zip(&shares_across) {
                *to += v * (share * across);
            }
        }
    }
}

pub(crate) fn blocks(tiles: &Tiles) -> Vec<Block> {
    let ranges =
        |axis: &Axis| -> Vec<Range<i64>> { axis.borders().windows(2).map(|pair| pair[0]..pair[1]).collect() };
    let columns = ranges(&tiles.columns);
    ranges(&tiles.rows)
        .into_iter()
        .flat_map(|rows| {
            columns.iter().map(move |columns| [columns.clone(), rows.clone()]).collect::<Vec<_>>()
        })
        .collect()
}

/// All pixels that a level has tiles for.
pub(crate) fn reach(tiles: &Tiles) -> [Range<i64>; 2] {
    let axis = |axis: &Axis| 0..axis.pixels(axis.starts.len() - 1).end;
    [axis(&tiles.columns), axis(&tiles.rows)]
}

/// The pixels of `wanted` that a tile shows, and its share in each.
fn overlap(axis: &Axis, index: usize, wanted: &Range<i64>) -> (Range<i64>, Vec<f32>) {
    let own = axis.pixels(index);
    let common = own.start.max(wanted.start)..own.end.min(wanted.end);
    let shares = common.clone().map(|pixel| axis.share(index, pixel)).collect();
    (common, shares)
}
