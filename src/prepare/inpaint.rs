//! What ControlNets for inpainting are shown: the paint, and −1 where it is to be filled, as diffusers' documentation of
//! `StableDiffusionControlNetInpaintPipeline` makes it of a picture and its mask (`make_inpaint_condition`).

use ndarray::Array2;

use crate::error::Result;
use crate::pixels::{Picture, over};

/// Covered by more than so much, a pixel is to be filled.
const COVERED: f32 = 0.5;

/// The paint, RGB, 0..1, and −1 in all channels where `hole` covers it; `hole` is as large, 0..1.
///
/// # Errors
/// [`crate::error::Status::Internal`] for a hole that is not as large as the paint.
pub fn around_hole(paint: &Picture, hole: &Array2<f32>) -> Result<Picture> {
    let mut shown = paint.clone();
    over::put(&mut shown, -1.0, hole, |covered| covered > COVERED)?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn what_is_covered_by_more_than_half_is_less_than_black() {
        let paint = Picture::from_shape_fn((3, 2, 2), |(c, y, x)| (c + 2 * y + x) as f32 / 6.0);
        let hole = Array2::from_shape_vec((2, 2), vec![0.0, 0.5, 0.51, 1.0]).unwrap();
        let shown = around_hole(&paint, &hole).unwrap();
        for channel in 0..3 {
            let at = |y, x| shown[(channel, y, x)];
            assert_eq!((at(0, 0), at(0, 1)), (paint[(channel, 0, 0)], paint[(channel, 0, 1)]));
            assert_eq!((at(1, 0), at(1, 1)), (-1.0, -1.0));
        }
        assert_eq!(around_hole(&paint, &Array2::zeros((2, 3))).unwrap_err().status, Status::Internal);
    }
}
