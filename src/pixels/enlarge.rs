//! A finer level's pixels from a coarser level's.

use std::ops::Range;

use ndarray::{Array3, s};

use super::blank;
use super::resample::{Filter, Taps, resample};
use crate::error::Error;

/// The pixels `columns` × `rows` of a level that is `ratio` times as fine as the one that `coarse` hands out pixels of.
/// `limits` are the columns and rows that there are of the coarser level; beyond them its edge is repeated. Any number of
/// planes, 0..1.
///
/// # Errors
/// What `coarse` meets, [`crate::error::Status::Memory`].
pub fn enlarge<E: From<Error>>(
    [columns, rows]: [Range<i64>; 2],
    ratio: f64,
    limits: &[Range<i64>; 2],
    coarse: impl FnOnce([Range<i64>; 2]) -> Result<Array3<f32>, E>,
) -> Result<Array3<f32>, E> {
    let across = Taps::new(Filter::CatmullRom, columns, ratio, limits[0].clone());
    let down = Taps::new(Filter::CatmullRom, rows, ratio, limits[1].clone());
    let top = down.source().start;
    let coarse = coarse([across.source(), down.source()])?;
    let (planes, _, width) = coarse.dim();
    let mut fine = blank(planes, down.len(), across.len())?;
    let load = |row: i64, planes: &mut [f32]| {
        for (c, plane) in planes.chunks_exact_mut(width).enumerate() {
            let from = coarse.slice(s![c, (row - top) as usize, ..]);
            plane.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    };
    resample(&across, &down, planes, 0..down.len(), load, |row, planes| {
        for (c, plane) in planes.chunks_exact(across.len()).enumerate() {
            let mut to = fine.slice_mut(s![c, row, ..]);
            to.iter_mut().zip(plane).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
        }
    })?;
    Ok(fine)
}
