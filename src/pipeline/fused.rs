//! ControlNets in the U-Net's own graph: what diffusers' `convert_stable_diffusion_controlnet_to_onnx.py` writes.

use ndarray::Array3;

use super::denoise::Denoiser;
use crate::error::Result;
use crate::render::{Control, Picture, Scene};
use crate::steps::StepRange;

/// `[nets, batch, 3, height, width]`: the control pictures, 0..1.
pub const PICTURES: &str = "controlnet_conds";
/// `[nets, 1]`: how strongly each is heard.
pub const SCALES: &str = "conditioning_scales";

/// Is there a ControlNet in this network?
///
/// # Errors
/// [`crate::error::Status::ModelUnsupported`] for several, and for one that cannot be scaled.
pub fn is_in(network: &Denoiser) -> Result<bool> {
    if !network.has(PICTURES) {
        return Ok(false);
    }
    let nets = network.fixed(PICTURES, 0).or(network.fixed(SCALES, 0)).unwrap_or(1);
    if nets != 1 {
        return Err(network.unsupported(&format!(
            "{nets} ControlNets lie in it, and one is read; export it with one, or with the ControlNets beside it"
        )));
    }
    if !network.has(SCALES) {
        return Err(network.unsupported(&format!(
            "a ControlNet lies in it that cannot be turned off: it has no input called \"{SCALES}\""
        )));
    }
    Ok(true)
}

/// What the ControlNet reads in a job.
pub struct Inside {
    picture: Picture,
    scale: f32,
    steps: StepRange,
}

impl Inside {
    /// Without a control it is shown black, and not heard.
    pub fn new(scene: &Scene<'_>, control: Option<&Control<'_>>) -> Inside {
        match control {
            Some(Control { picture, scale, steps, .. }) => {
                Inside { picture: (*picture).clone(), scale: *scale, steps: *steps }
            }
            None => {
                let picture = Array3::zeros(scene.paint.raw_dim());
                Inside { picture, scale: 0.0, steps: StepRange::ALL }
            }
        }
    }

    /// The picture, and how strongly it is heard in a step, which of how many.
    pub fn in_step(&self, step: (usize, usize)) -> (&Picture, f32) {
        (&self.picture, if self.steps.holds(step) { self.scale } else { 0.0 })
    }
}
