//! What models that were trained to fill holes are told beside the noisy latent: the mask, and what lies around it.
//! As diffusers has it (`StableDiffusionInpaintPipeline` with a U-Net of nine channels).

use std::time::Duration;

use ndarray::Zip;

use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::render::Scene;

/// From so much coverage on a pixel is filled.
const COVERED: f32 = 0.5;

/// The mask by cell, then the latent of the paint with mid-grey in the place of what is to be filled.
///
/// # Errors
/// As [`Encoder::encode`]; [`Status::Internal`] for a hole that is not as large as the paint.
pub fn beside(
    scene: &Scene<'_>,
    encoder: &mut Encoder,
    cancel: &Cancel,
    spent: &mut Duration,
) -> Result<Vec<f32>> {
    const GREY: f32 = 0.5;
    let (_, height, width) = scene.paint.dim();
    let mut around = scene.paint.clone();
    match scene.hole {
        None => around.fill(GREY),
        Some(hole) if hole.dim() == (height, width) => {
            for mut plane in around.outer_iter_mut() {
                Zip::from(&mut plane).and(hole).for_each(|value, hole| {
                    if *hole >= COVERED {
                        *value = GREY;
                    }
                });
            }
        }
        Some(hole) => {
            return Err(Error::new(
                Status::Internal,
                format!(
                    "The mask has the shape {:?} beside a picture of {width} × {height}; paint on.",
                    hole.dim()
                ),
            ));
        }
    }
    let latent = encoder.encode(&around, cancel, spent)?;
    let (_, rows, columns) = latent.dim();
    // A cell is what its first pixel is.
    let cell = |y: usize, x: usize| match scene.hole {
        Some(hole) => f32::from(hole[(y * height / rows, x * width / columns)] >= COVERED),
        None => 1.0,
    };
    let mask = (0..rows * columns).map(|at| cell(at / columns, at % columns));
    Ok(mask.chain(latent.iter().copied()).collect())
}
