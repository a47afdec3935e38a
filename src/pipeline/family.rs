//! What one family of models does its own way: from what is asked for to what its network is conditioned on. A new
//! family is one file that has this, and a line in `load.rs`.

use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::Result;
use crate::pipeline::scheduler::Rule;
use crate::render::Scene;

/// The part of a loaded model between the latents. Time inside the runtime is added to `spent`; a cancel ends every call.
pub trait Family: Send {
    /// Whether a negative prompt can have an effect.
    fn takes_negative(&self) -> bool;

    /// What the predictions that follow are conditioned on; by [`Rule::Whole`] prompts are read as diffusers does.
    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<()>;

    /// What the network predicts for `sample` of the shape `[channels, height, width]`.
    fn predict(
        &mut self,
        sample: &[f32],
        shape: [usize; 3],
        timestep: f32,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>>;
}
