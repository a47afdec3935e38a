//! What one ControlNet says in a step.

use std::time::Duration;

use super::{Control, Net, residuals};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::models::component::Feed;
use crate::pipeline::denoise::{Conditioning, Denoiser, Noisy};
use crate::pipeline::residual::Numbers;

/// The input by which some exports scale what they say.
const SCALE: &str = "conditioning_scale";

/// Who hears it.
pub struct Ear<'a> {
    pub network: &'a Denoiser,
    /// Does nobody else speak in this step?
    pub alone: bool,
}

/// By place the shape for one latent, and the numbers of all.
pub type Said = Vec<(Vec<usize>, Numbers)>;

impl Net {
    /// What it says, and what that is still to be multiplied by: on a device it says the whole of it, where it can, and
    /// what it says stays there.
    pub fn said(
        &mut self,
        control: &Control<'_>,
        to: &Ear<'_>,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<(Said, f32)> {
        let latents = conditioning.latents();
        let batch = self.network.input("sample").and_then(|port| port.fixed(0));
        let per_run = batch.unwrap_or(latents).clamp(1, latents.max(1));
        let can_scale = self.network.input(SCALE).is_some();
        let whole =
            per_run == latents && to.network.takes_at_once(latents) && self.speaks_as_heard(to.network);
        let stays = whole && to.alone && self.network.keeps() && to.network.keeps();
        let stays = stays && (can_scale || control.scale == 1.0);
        // Elsewhere it is scaled outside: not every export can.
        let (inside, outside) = if stays { (control.scale, 1.0) } else { (1.0, control.scale) };
        let picture = control.picture.as_standard_layout();
        let (channels, height, width) = picture.dim();
        let outputs: Vec<&str> = self.outputs.iter().map(String::as_str).collect();
        let mut all: Said = Vec::new();
        for first in (0..latents).step_by(per_run) {
            let count = per_run.min(latents - first);
            let given = conditioning.given(&(first..first + count)).unwrap_or_default();
            let samples = noisy.sample.repeat(count);
            let pictures = picture.as_slice().unwrap_or_default().repeat(count);
            let shape = [&[count], noisy.shape].concat();
            let seen = [count, channels, height, width];
            let mut feeds = vec![
                ("sample", Feed::Floats(&shape, &samples)),
                ("timestep", Feed::Number(noisy.timestep)),
                ("controlnet_cond", Feed::Floats(&seen, &pictures)),
            ];
            if can_scale {
                feeds.push((SCALE, Feed::Number(inside)));
            }
            // It need not be told all that the U-Net is.
            let known = given.iter().filter(|(name, ..)| self.network.input(name).is_some());
            feeds.extend(known.map(|(name, shape, part)| (*name, Feed::Floats(shape, part))));
            let made = self.network.make(&feeds, &outputs, stays, cancel, spent)?;
            for (place, made) in made.into_iter().enumerate() {
                let shape = made.shape().get(1..).unwrap_or_default().to_vec();
                if whole {
                    all.push((shape, Numbers::Made(made)));
                    continue;
                }
                let numbers = made.numbers()?;
                match all.get_mut(place) {
                    Some((_, Numbers::Own(so_far))) => so_far.extend_from_slice(&numbers),
                    _ => all.push((shape, Numbers::Own(numbers.into_owned()))),
                }
            }
        }
        Ok((all, outside))
    }

    /// Are its numbers of the type that the U-Net takes?
    fn speaks_as_heard(&self, listening: &Denoiser) -> bool {
        let heard = residuals(listening.inputs());
        residuals(self.network.outputs())
            .iter()
            .zip(heard)
            .all(|((_, said), (_, heard))| said.element == heard.element)
    }
}
