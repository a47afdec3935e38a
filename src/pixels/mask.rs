//! Where the live layer may differ from the paint: 8-bit coverage, softened inside its edge.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, Axis};
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_128;

use super::resample::{Filter, Taps, resample};
use super::{blank, filled, zeroed};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::recent::Recent;
use crate::region::Rect;

/// What frames have where a mask is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u32)]
pub enum Outside {
    /// The paint's exact bytes: the frame takes the paint's place.
    #[default]
    Paint = 0,
    /// Zero bytes: the frame is laid over the paint.
    Transparent = 1,
}

/// Coverage as a host hands it over, row after row, `stride` bytes apart, the top one first or last; outside `rect` it is
/// 0.
#[derive(Clone, Copy)]
pub struct Coverage<'a> {
    pub rect: Rect,
    pub stride: usize,
    pub bottom_up: bool,
    pub bytes: &'a [u8],
    pub outside: Outside,
}

impl<'a> Coverage<'a> {
    /// With the paint outside.
    pub fn new(rect: Rect, stride: usize, bytes: &'a [u8]) -> Self {
        Coverage { rect, stride, bottom_up: false, bytes, outside: Outside::Paint }
    }
}

/// Coverage over a canvas, 0 = what [`Outside`] says, 255 = show the rendering.
///
/// Only the part that is not 0 is kept, so that a small mask costs little on a large canvas, and equal coverage is
/// equal however it was given.
pub struct Mask {
    canvas: Rect,
    /// What lies under `bounds`, row after row.
    coverage: Vec<u8>,
    bounds: Option<Rect>,
    outside: Outside,
    /// Of all of the above.
    hash: u128,
    /// What was last said of windows.
    windows: Mutex<Recent<Seen, Arc<Array2<f32>>>>,
}

/// A scale's bits, columns and rows.
type Seen = (u64, [Range<i64>; 2]);

/// So many windows are remembered: all tiles of a large canvas.
const WINDOWS: usize = 256;

impl PartialEq for Mask {
    fn eq(&self, other: &Mask) -> bool {
        self.hash == other.hash
    }
}

impl Mask {
    /// The caller has checked that the coverage lies on the canvas and its bytes suffice.
    pub fn new(canvas: Rect, coverage: Coverage<'_>) -> Result<Self> {
        let Coverage { rect, stride, bottom_up, bytes, outside } = coverage;
        let row = |y: i32| {
            let above = if bottom_up { rect.y + rect.height - 1 - y } else { y - rect.y };
            &bytes[above as usize * stride..][..rect.width as usize]
        };
        let bounds = covered_bounds(rect, row);
        let mut kept = Vec::new();
        if let Some(b) = bounds {
            kept = zeroed(b.width as usize * b.height as usize)?;
            for (to, y) in kept.chunks_exact_mut(b.width as usize).zip(b.y..) {
                to.copy_from_slice(&row(y)[(b.x - rect.x) as usize..][..b.width as usize]);
            }
        }
        let place = format!("{canvas:?} {bounds:?} {outside:?}");
        let hash = xxh3_128(&kept) ^ xxh3_128(place.as_bytes()).rotate_left(1);
        let windows = Mutex::new(Recent::new(WINDOWS));
        Ok(Mask { canvas, coverage: kept, bounds, outside, hash, windows })
    }

    pub fn canvas(&self) -> Rect {
        self.canvas
    }

    /// Equal masks have equal ones.
    pub fn hash(&self) -> u128 {
        self.hash
    }

    pub fn outside(&self) -> Outside {
        self.outside
    }

    /// Writes the coverage 0..1 of the pixels from (x, y) on.
    fn row(&self, y: i32, x: i32, out: &mut [f32]) {
        out.fill(0.0);
        let row = Rect::new(x, y, out.len() as i32, 1);
        let Some((bounds, part)) = self.bounds.and_then(|b| Some((b, b.intersect(row)?))) else { return };
        let start = (y - bounds.y) as usize * bounds.width as usize + (part.x - bounds.x) as usize;
        let covered = &self.coverage[start..start + part.width as usize];
        for (out, c) in out[(part.x - x) as usize..].iter_mut().zip(covered) {
            *out = f32::from(*c) / 255.0;
        }
    }

    /// The same as [`Mask::cells`], remembered by window.
    ///
    /// # Errors
    /// As [`Mask::cells`].
    pub fn window(
        &self,
        scale: f64,
        [columns, rows]: [Range<i64>; 2],
        cancel: &Cancel,
    ) -> Result<Arc<Array2<f32>>> {
        let key = (scale.to_bits(), [columns.clone(), rows.clone()]);
        if let Some(known) = self.windows.lock().get(&key) {
            return Ok(known);
        }
        let cells = Arc::new(self.cells(scale, [columns, rows], cancel)?);
        self.windows.lock().put(key, cells.clone());
        Ok(cells)
    }

    /// The mean coverage, 0..1, of each cell of `columns` × `rows` where a canvas pixel is `scale` cells. Beyond the
    /// canvas its edge is repeated.
    pub fn cells(
        &self,
        scale: f64,
        [columns, rows]: [Range<i64>; 2],
        cancel: &Cancel,
    ) -> Result<Array2<f32>> {
        let across = Taps::new(Filter::Box, columns, scale, 0..self.canvas.right());
        let down = Taps::new(Filter::Box, rows, scale, 0..self.canvas.bottom());
        let left = across.source().start as i32;
        let mut cells = blank(1, down.len(), across.len())?.remove_axis(Axis(0));
        let load = |y: i64, row: &mut [f32]| {
            cancel.check()?;
            self.row(y as i32, left, row);
            Ok(())
        };
        resample(&across, &down, 1, 0..down.len(), load, |row, values| {
            cells.row_mut(row).iter_mut().zip(values).for_each(|(cell, v)| *cell = v.clamp(0.0, 1.0));
        })?;
        Ok(cells)
    }

    /// The smallest rectangle that holds all that is not 0; `None` where the mask keeps everything.
    pub fn bounds(&self) -> Option<Rect> {
        self.bounds
    }

    /// Blend weights 0..1 of the pixels of `rect`, row after row: the coverage, fading to 0 over `softness`
    /// pixels towards what is kept. The fade lies inside: where the coverage is 0 the weight is 0.
    ///
    /// Distance: two-pass 3-4 chamfer (Borgefors, "Distance transformations in digital images", 1986).
    ///
    /// # Errors
    /// [`crate::error::Status::Cancelled`] between two rows, [`crate::error::Status::Memory`].
    pub fn weights(&self, rect: Rect, softness: u32, cancel: &Cancel) -> Result<Vec<f32>> {
        let width = rect.width as usize;
        let mut weights = filled(width * rect.height as usize, 0.0)?;
        for (row, y) in weights.chunks_exact_mut(width).zip(rect.y..) {
            cancel.check()?;
            self.row(y, rect.x, row);
        }
        if softness == 0 {
            return Ok(weights);
        }
        // Distances reach beyond `rect` by the fade's width, so that a cut rectangle fades like the whole.
        let Some(wide) = rect.inflate_within(softness as i32 + 1, self.canvas) else { return Ok(weights) };
        // Up to 3 × 1025: fits.
        let far = (3 * (softness + 1)).min(u16::MAX.into()) as u16;
        let stride = wide.width as usize;
        let mut distance = filled(stride * wide.height as usize, 0u16)?;
        let mut coverage = filled(stride, 0.0)?;
        for (row, y) in distance.chunks_exact_mut(stride).zip(wide.y..) {
            cancel.check()?;
            self.row(y, wide.x, &mut coverage);
            row.iter_mut().zip(&coverage).for_each(|(d, c)| *d = if *c == 0.0 { 0 } else { far });
        }
        chamfer(&mut distance, stride, cancel)?;
        let reach = f32::from(far);
        for (row, out) in weights.chunks_exact_mut(width).enumerate() {
            let start = (row + (rect.y - wide.y) as usize) * stride + (rect.x - wide.x) as usize;
            for (weight, d) in out.iter_mut().zip(&distance[start..]) {
                *weight *= (f32::from(*d) / reach).min(1.0);
            }
        }
        Ok(weights)
    }
}

/// The smallest rectangle in `rect` that holds all that is not 0; `row` gives the coverage of row y of `rect`.
fn covered_bounds<'a>(rect: Rect, row: impl Fn(i32) -> &'a [u8]) -> Option<Rect> {
    let (mut left, mut right, mut rows) = (usize::MAX, 0, None);
    for y in rect.y..rect.y + rect.height {
        let row = row(y);
        let (Some(first), Some(last)) = (row.iter().position(|c| *c != 0), row.iter().rposition(|c| *c != 0))
        else {
            continue;
        };
        left = left.min(first);
        right = right.max(last + 1);
        rows = Some((rows.map_or(y, |(top, _)| top), y + 1));
    }
    let (top, bottom) = rows?;
    Some(Rect::new(rect.x + left as i32, top, (right - left) as i32, bottom - top))
}

fn chamfer(distance: &mut [u16], width: usize, cancel: &Cancel) -> Result<()> {
    let height = distance.len() / width;
    let mut relax = |x: usize, y: usize, neighbours: [(isize, isize, u16); 4]| {
        for (dx, dy, cost) in neighbours {
            let (nx, ny) = (x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
            if nx < width && ny < height {
                let through = distance[ny * width + nx].saturating_add(cost);
                let here = &mut distance[y * width + x];
                *here = (*here).min(through);
            }
        }
    };
    for y in 0..height {
        cancel.check()?;
        for x in 0..width {
            relax(x, y, [(-1, 0, 3), (0, -1, 3), (-1, -1, 4), (1, -1, 4)]);
        }
    }
    for y in (0..height).rev() {
        cancel.check()?;
        for x in (0..width).rev() {
            relax(x, y, [(1, 0, 3), (0, 1, 3), (1, 1, 4), (-1, 1, 4)]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fade_lies_inside_and_the_far_inside_is_whole() {
        let canvas = Rect::new(0, 0, 60, 40);
        let rect = Rect::new(10, 5, 40, 30);
        let mask = Mask::new(canvas, Coverage::new(rect, 40, &[255; 40 * 30])).unwrap();
        assert_eq!(mask.bounds(), Some(rect));
        let weights = mask.weights(canvas, 4, &Cancel::new()).unwrap();
        let at = |x: usize, y: usize| weights[y * 60 + x];
        assert_eq!((at(9, 20), at(50, 20), at(30, 4)), (0.0, 0.0, 0.0));
        assert!(at(10, 20) > 0.0 && at(10, 20) < 0.3);
        assert!(at(11, 20) > at(10, 20));
        assert_eq!(at(14, 20), 1.0);
        let part = mask.weights(Rect::new(8, 18, 10, 4), 4, &Cancel::new()).unwrap();
        for x in 0..10 {
            assert_eq!(part[2 * 10 + x], at(8 + x, 20), "a cut rectangle has the same weights");
        }
        assert_eq!(mask.weights(canvas, 0, &Cancel::new()).unwrap()[20 * 60 + 10], 1.0);
    }

    #[test]
    fn equal_coverage_is_equal_however_it_was_given_and_only_what_covers_is_kept() {
        let canvas = Rect::new(0, 0, 16384, 16384);
        let small = Mask::new(canvas, Coverage::new(Rect::new(100, 200, 3, 2), 3, &[9; 6])).unwrap();
        let mut wide = vec![0; 10 * 7];
        for at in [2 * 10 + 1, 2 * 10 + 2, 2 * 10 + 3, 3 * 10 + 1, 3 * 10 + 2, 3 * 10 + 3] {
            wide[at] = 9;
        }
        let clear =
            Coverage { outside: Outside::Transparent, ..Coverage::new(Rect::new(99, 198, 8, 7), 10, &wide) };
        let large = Mask::new(canvas, Coverage::new(Rect::new(99, 198, 8, 7), 10, &wide)).unwrap();
        assert!(small == large && large.coverage.len() == 6);
        assert!(Mask::new(canvas, clear).unwrap() != large, "what is outside is part of it");
        assert_eq!(large.bounds(), Some(Rect::new(100, 200, 3, 2)));
        let weights = large.weights(Rect::new(98, 199, 6, 4), 0, &Cancel::new()).unwrap();
        let covered: Vec<usize> = (0..weights.len()).filter(|i| weights[*i] > 0.0).collect();
        assert_eq!(covered, [8, 9, 10, 14, 15, 16]);
    }

    #[test]
    fn a_mask_that_reaches_the_canvas_edge_does_not_fade_there() {
        let canvas = Rect::new(0, 0, 20, 20);
        let mask = |coverage| Mask::new(canvas, Coverage::new(canvas, 20, coverage)).unwrap();
        assert!(mask(&[255; 400]).weights(canvas, 5, &Cancel::new()).unwrap().iter().all(|w| *w == 1.0));
        assert_eq!(mask(&[0; 400]).bounds(), None);
    }

    #[test]
    fn a_cancel_ends_it_and_cells_are_means() {
        let canvas = Rect::new(0, 0, 40, 24);
        let mask = Mask::new(canvas, Coverage::new(Rect::new(4, 0, 16, 24), 16, &[255; 384])).unwrap();
        let cancel = Cancel::new();
        let cells = mask.cells(0.125, [0..6, 0..3], &cancel).unwrap();
        assert_eq!(cells.row(1).to_vec(), [0.5, 1.0, 0.5, 0.0, 0.0, 0.0]);
        let part = mask.cells(0.125, [1..3, 1..2], &cancel).unwrap();
        assert_eq!(part.row(0).to_vec(), [1.0, 0.5]);
        cancel.cancel();
        assert!(mask.weights(canvas, 3, &cancel).unwrap_err().is_cancelled());
        assert!(mask.cells(0.125, [0..6, 0..3], &cancel).unwrap_err().is_cancelled());
    }
}
