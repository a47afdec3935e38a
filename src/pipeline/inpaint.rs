//! What models that were trained to fill holes are told beside the noisy latent: the mask, and what lies around it.
//! As diffusers has it (`StableDiffusionInpaintPipeline` with a U-Net of nine channels, `FluxFillPipeline`).

use std::time::Duration;

use ndarray::Zip;

use super::beside::Channels;
use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::render::Scene;

/// From so much coverage on a pixel is filled.
const COVERED: f32 = 0.5;

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
/// As [`Encoder::encode`]; [`Status::Internal`] for a hole that is not as large as the paint.
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
    let (tall, wide) = (height / rows.max(1), width / columns.max(1));
    // Of each cell one pixel.
    let plane = move |(below, beyond): (usize, usize)| {
        (0..rows * columns).map(move |at| match scene.hole {
            Some(hole) => {
                f32::from(hole[(at / columns * tall + below, at % columns * wide + beyond)] >= COVERED)
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
