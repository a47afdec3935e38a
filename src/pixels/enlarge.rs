//! A finer level's pixels from a coarser level's.

use std::ops::Range;

use ndarray::s;

use super::resample::{Filter, Taps, resample};
use super::{Picture, blank_picture};
use crate::error::Error;

/// The pixels `columns` × `rows` of a level that is `ratio` times as fine as the one that `coarse` hands out pixels of.
/// `limits` are the columns and rows that there are of the coarser level; beyond them its edge is repeated.
///
/// # Errors
/// What `coarse` meets, [`crate::error::Status::Memory`].
pub fn enlarge<E: From<Error>>(
    [columns, rows]: [Range<i64>; 2],
    ratio: f64,
    limits: &[Range<i64>; 2],
    coarse: impl FnOnce([Range<i64>; 2]) -> Result<Picture, E>,
) -> Result<Picture, E> {
    let across = Taps::new(Filter::CatmullRom, columns, ratio, limits[0].clone());
    let down = Taps::new(Filter::CatmullRom, rows, ratio, limits[1].clone());
    let top = down.source().start;
    let coarse = coarse([across.source(), down.source()])?;
    let width = coarse.dim().2;
    let mut fine = blank_picture(down.len(), across.len())?;
    let load = |row: i64, planes: &mut [f32]| {
        for (c, plane) in planes.chunks_exact_mut(width).enumerate() {
            let from = coarse.slice(s![c, (row - top) as usize, ..]);
            plane.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    };
    resample(&across, &down, 3, 0..down.len(), load, |row, planes| {
        for (c, plane) in planes.chunks_exact(across.len()).enumerate() {
            let mut to = fine.slice_mut(s![c, row, ..]);
            to.iter_mut().zip(plane).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
        }
    })?;
    Ok(fine)
}
