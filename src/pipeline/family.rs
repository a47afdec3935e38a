//! What one family of models does its own way: from what is asked for to what its network is conditioned on. A new
//! family is one file that has this, and a line in `load.rs`.

use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::Result;
use crate::pipeline::denoise::{Conditioning, Denoiser, Noisy};
use crate::pipeline::inpaint::Mask;
use crate::pipeline::reference::{EncodedReferences, ReferenceInput};
use crate::pipeline::scheduler::Rule;
use crate::pipeline::text::TextEncoder;
use crate::render::{Latent, Scene};

/// A family's parts of a loaded model.
pub struct Loaded {
    pub family: Box<dyn Family>,
    pub network: Denoiser,
}

/// The part of a loaded model around its denoising network. Time inside the runtime is added to `spent`; a cancel ends
/// every call.
pub trait Family: Send {
    /// What the predictions of one job are conditioned on; by [`Rule::Whole`] prompts are read as diffusers does.
    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning>;

    /// Adds what the network is shown of the paint beside the noisy latent, and of reference pictures.
    fn show(
        &self,
        conditioning: Conditioning,
        _paint: &Latent,
        _references: &EncodedReferences,
    ) -> Conditioning {
        conditioning
    }

    /// How it looks at reference pictures, if it does.
    fn reference_input(&self) -> Option<ReferenceInput> {
        None
    }

    /// How it is told where the hole is that it is to fill, if it was made for that.
    fn mask(&self) -> Mask {
        Mask::ByCell
    }

    /// Does a negative prompt change anything where there is guidance?
    fn hears_negative(&self) -> bool {
        true
    }

    /// The text encoder that fills its prompts up to some hundred tokens, of a family that can do without.
    fn fills_up(&mut self) -> Option<&mut TextEncoder> {
        None
    }

    /// What the network predicts for a latent of the shape `[channels, height, width]`, in that shape.
    fn predict(
        &self,
        network: &mut Denoiser,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        network.predict(conditioning, noisy, cancel, spent)
    }

    /// The text encoders that a LoRA may change.
    fn encoders(&mut self) -> &mut [TextEncoder] {
        &mut []
    }
}
