//! What one family of models does its own way. A new family is one file that has this, and a line in `load.rs`.

use std::sync::Arc;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::Result;
use crate::model::{Capabilities, ModelInfo};
use crate::pipeline::scheduler::{Rule, Schedule};
use crate::render::{Condition, Latent, Picture};

/// The networks of a loaded model. Time inside the runtime is added to `spent`; a cancel ends every call.
pub trait Family: Send {
    fn info(&self) -> &ModelInfo;

    fn capabilities(&self) -> Capabilities;

    /// The steps of one job.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for a sampler that is not known, or settings that leave nothing to do.
    fn schedule(
        &mut self,
        sampler: Option<&str>,
        steps: u32,
        strength: f32,
        rule: Rule,
    ) -> Result<Box<dyn Schedule>>;

    /// What the predictions that follow are conditioned on; by [`Rule::Whole`] prompts are read as diffusers does.
    fn condition(
        &mut self,
        conditions: &[Condition<'_>],
        guidance: f32,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<()>;

    fn encode(&mut self, picture: &Picture, cancel: &Cancel, spent: &mut Duration) -> Result<Arc<Latent>>;

    /// What the network predicts for `sample` of the shape `[channels, height, width]`.
    fn predict(
        &mut self,
        sample: &[f32],
        shape: [usize; 3],
        timestep: f32,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>>;

    fn decode(
        &mut self,
        latent: &[f32],
        shape: [usize; 3],
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Picture>;
}
