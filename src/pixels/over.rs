//! One picture over another, where masks are white.

use ndarray::{Array2, Axis, Zip};

use super::Picture;
use crate::error::{Error, Result, Status};

/// By pixel, 0..1, how much of a picture a mask covers: the mean of its three channels.
pub fn coverage(mask: &Picture) -> Array2<f32> {
    mask.mean_axis(Axis(0)).unwrap_or_default().mapv(|v| v.clamp(0.0, 1.0))
}

/// How much several cover together; `None` where they are none, or cover nothing.
pub fn together(masks: impl Iterator<Item = Array2<f32>>) -> Option<Array2<f32>> {
    let all = masks.reduce(|mut all, own| {
        Zip::from(&mut all).and(&own).for_each(|all: &mut f32, own| *all = (*all + own).min(1.0));
        all
    });
    all.filter(|all| all.iter().any(|covered| *covered > 0.0))
}

/// `over` where it covers, softly where that is between; where it is 0 `beneath`, to the last bit. All of one size.
pub fn laid_over(mut beneath: Picture, over: &Picture, covered: &Array2<f32>) -> Picture {
    for (mut beneath, over) in beneath.outer_iter_mut().zip(over.outer_iter()) {
        Zip::from(&mut beneath).and(&over).and(covered).for_each(|beneath, over, covered| {
            if *covered > 0.0 {
                *beneath += (over - *beneath) * covered;
            }
        });
    }
    beneath
}

/// Puts `value` into all channels where what a hole covers of a pixel `is_covered`.
///
/// # Errors
/// [`Status::Internal`] for a hole that is not as large as the picture.
pub fn put(
    picture: &mut Picture,
    value: f32,
    hole: &Array2<f32>,
    is_covered: impl Fn(f32) -> bool,
) -> Result<()> {
    let (_, height, width) = picture.dim();
    if hole.dim() != (height, width) {
        return Err(Error::new(
            Status::Internal,
            format!(
                "The mask has the shape {:?} beside a picture of {width} × {height}; paint on.",
                hole.dim()
            ),
        ));
    }
    for mut plane in picture.outer_iter_mut() {
        Zip::from(&mut plane).and(hole).for_each(|pixel, covered| {
            if is_covered(*covered) {
                *pixel = value;
            }
        });
    }
    Ok(())
}
