//! What models that were trained to fill holes are told beside the noisy latent: the mask, and what lies around it.
//! As diffusers has it (`StableDiffusionInpaintPipeline` with a U-Net of nine channels, `FluxFillPipeline`).

use std::time::Duration;

use super::beside::Channels;
use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::over;
use crate::render::Scene;

/// From so much coverage on a pixel is filled.
const COVERED: f32 = 0.5;

fn is_filled(covered: f32) -> bool {
    covered >= COVERED
}

/// How a network is told where the hole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// One channel, of each cell's first pixel, before the latent of what lies around: U-Nets.
    ByCell,
    /// A channel for each pixel of a cell, behind the latent: FLUX.1 Fill.
    ByPixel,
}

/// The mask, and the latent of the paint with mid-grey in the place of what is to be filled.
///
/// # Errors
/// As [`Encoder::encode`]; [`crate::error::Status::Internal`] for a hole that is not as large as the paint.
pub fn beside(
    scene: &Scene<'_>,
    mask: Mask,
    encoder: &mut Encoder,
    cancel: &Cancel,
    spent: &mut Duration,
) -> Result<Channels> {
    const GREY: f32 = 0.5;
    let (_, height, width) = scene.paint.dim();
    let mut around = scene.paint.clone();
    match scene.hole {
        None => around.fill(GREY),
        Some(hole) => over::put(&mut around, GREY, hole, is_filled)?,
    }
    let latent = encoder.encode(&around, cancel, spent)?;
    let (_, rows, columns) = latent.dim();
    let (tall, wide) = (height / rows.max(1), width / columns.max(1));
    // Of each cell one pixel.
    let plane = move |(below, beyond): (usize, usize)| {
        (0..rows * columns).map(move |at| match scene.hole {
            Some(hole) => {
                f32::from(is_filled(hole[(at / columns * tall + below, at % columns * wide + beyond)]))
            }
            None => 1.0,
        })
    };
    let around = latent.iter().copied();
    Ok(Channels::always(match mask {
        Mask::ByCell => plane((0, 0)).chain(around).collect(),
        Mask::ByPixel => {
            let pixels = (0..tall).flat_map(|below| (0..wide).map(move |beyond| (below, beyond)));
            around.chain(pixels.flat_map(plane)).collect()
        }
    }))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::render::Picture;

    /// As diffusers has it, which keeps what is covered by less. (ControlNets for inpainting are shown a half.)
    #[test]
    fn what_is_covered_by_half_is_filled() {
        let mut paint = Picture::from_elem((3, 1, 3), 0.25);
        let hole = Array2::from_shape_vec((1, 3), vec![0.49, 0.5, 0.51]).unwrap();
        over::put(&mut paint, 0.5, &hole, is_filled).unwrap();
        for plane in paint.outer_iter() {
            assert_eq!(plane.as_slice().unwrap(), [0.25, 0.5, 0.5]);
        }
        assert!(over::put(&mut paint, 0.5, &Array2::zeros((1, 2)), is_filled).is_err());
    }
}
