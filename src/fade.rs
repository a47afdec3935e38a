//! A patch that goes over into what is shown around it. On canvases larger than the model what is shown around a change
//! has settled, finer and a little other in tone than the picture that is made of the change while the hand moves: side
//! by side both would show where the patch ends.

use std::ops::Range;

use ndarray::{Array2, Zip};

use crate::error::{Error, Result};
use crate::pixels::Picture;
use crate::pixels::enlarge::enlarge;
use crate::region::Rect;
use crate::span::cut;
use crate::tiles::Tiles;
use crate::work::Work;

/// Canvas pixels of a patch that is faded at the canvas' own scale. A larger one takes longer than a look is worth.
const MOST: u64 = 1 << 20;

/// How much of the patch `rect` is shown at each pixel of a level: all of it where `changed`, nothing at the patch's
/// edge, but for where that is the canvas'.
pub(crate) fn fade(
    scale: f64,
    [columns, rows]: &[Range<i64>; 2],
    changed: Rect,
    rect: Rect,
    canvas: Rect,
) -> Array2<f32> {
    let along = |pixels: &Range<i64>, changed: [i64; 2], rect: [i64; 2], canvas: [i64; 2]| -> Vec<f32> {
        let part = |at: f64, side: usize| {
            let (inner, outer) = (changed[side], rect[side]);
            let beyond = (at - inner as f64) * (outer - inner).signum() as f64;
            if beyond <= 0.0 || outer == canvas[side] {
                return 1.0;
            }
            (1.0 - beyond / (outer - inner).abs() as f64).max(0.0) as f32
        };
        let middles = pixels.clone().map(|at| (at as f64 + 0.5) / scale);
        middles.map(|at| part(at, 0).min(part(at, 1))).collect()
    };
    let sides = |rect: Rect| [[rect.x.into(), rect.right()], [rect.y.into(), rect.bottom()]];
    let ([changed_across, changed_down], [rect_across, rect_down]) = (sides(changed), sides(rect));
    let [canvas_across, canvas_down] = sides(canvas);
    let across = along(columns, changed_across, rect_across, canvas_across);
    let down = along(rows, changed_down, rect_down, canvas_down);
    Array2::from_shape_fn((down.len(), across.len()), |(y, x)| down[y] * across[x])
}

/// Goes over from `before` to `picture`, by the weight of the latter.
pub(crate) fn mix(picture: &mut Picture, before: &Picture, weights: &Array2<f32>) {
    for (mut picture, before) in picture.outer_iter_mut().zip(before.outer_iter()) {
        let values = Zip::from(&mut picture).and(&before).and(weights);
        values.for_each(|value, before, weight| *value = before + (*value - before) * weight);
    }
}

/// What is shown where a patch of the overview is to come, in canvas pixels.
pub(crate) struct Faded {
    pixels: [Range<i64>; 2],
    before: Picture,
    weights: Array2<f32>,
}

impl Faded {
    /// `None` where the patch is shown as it is: no finer picture is around it, a mask's soft edge is, or it is large.
    pub fn new(work: &Work<'_>, shown: &Tiles, changed: Rect, rect: Rect) -> Result<Option<Faded>> {
        if work.refinements().is_empty() || work.job.mask.is_some() || rect.area() > MOST {
            return Ok(None);
        }
        let pixels = [rect.x.into()..rect.right(), rect.y.into()..rect.bottom()];
        let (before, cover) = work.read(shown, 1.0, pixels.clone(), None)?;
        let weights = fade(1.0, &pixels, changed, rect, work.job.paint.bounds());
        Ok(cover.is_none().then_some(Faded { pixels, before, weights }))
    }

    /// The patch out of a picture of the pixels `limits` of a level of this scale, and where it lies on the canvas.
    pub fn patch(
        &self,
        picture: &Picture,
        scale: f64,
        limits: &[Range<i64>; 2],
    ) -> Result<(Picture, (i64, i64))> {
        let part = |part: [Range<i64>; 2]| Ok::<_, Error>(cut(picture, &part, limits));
        let mut patch = enlarge(self.pixels.clone(), 1.0 / scale, limits, part)?;
        mix(&mut patch, &self.before, &self.weights);
        Ok((patch, (self.pixels[0].start, self.pixels[1].start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_all_there_where_something_has_changed_and_gone_at_its_edge() {
        let canvas = Rect::new(0, 0, 400, 300);
        for scale in [1.0, 0.5, 1.0 / std::f64::consts::SQRT_2] {
            let (changed, rect) = (Rect::new(150, 100, 40, 60), Rect::new(100, 60, 160, 140));
            let side = |length: i32| 0..(f64::from(length) * scale) as i64;
            let weights = fade(scale, &[side(400), side(300)], changed, rect, canvas);
            for ((y, x), weight) in weights.indexed_iter() {
                let middle = |at: usize| ((at as f64 + 0.5) / scale).floor() as i32;
                let pixel = Rect::new(middle(x), middle(y), 1, 1);
                assert!((0.0..=1.0).contains(weight));
                if changed.contains(pixel) {
                    assert_eq!(*weight, 1.0, "{pixel:?}");
                } else if !rect.contains(pixel) {
                    assert_eq!(*weight, 0.0, "{pixel:?}");
                }
            }
            let steps = weights.windows((1, 2)).into_iter().map(|pair| (pair[(0, 0)] - pair[(0, 1)]).abs());
            let steepest = steps.fold(0.0, f32::max);
            assert!(steepest <= 1.05 / (50.0 * scale as f32), "no edge: {steepest}");
        }
    }

    #[test]
    fn at_the_edge_of_the_canvas_nothing_is_left_of_before() {
        let canvas = Rect::new(0, 0, 100, 100);
        let weights =
            fade(1.0, &[0..100, 0..100], Rect::new(10, 10, 20, 20), Rect::new(0, 0, 60, 60), canvas);
        assert_eq!((weights[(0, 0)], weights[(20, 0)], weights[(0, 20)]), (1.0, 1.0, 1.0));
        assert!(weights[(20, 59)] < 0.05 && weights[(59, 20)] < 0.05);
    }
}
