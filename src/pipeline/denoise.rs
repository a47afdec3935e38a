//! The U-Net: what it thinks of a noisy latent, with and without guidance.

use std::sync::Arc;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::folder::Folder;
use crate::pipeline::text::Embedding;

pub struct Unet {
    network: Component,
    output: String,
    /// Numbers in the guidance embedding of a distilled model.
    guidance_width: Option<usize>,
    /// SDXL: numbers that say how large the picture is; 0 without.
    sizes: usize,
    /// Latents in one run, where the export is fixed to a number.
    batch: Option<usize>,
    conditioning: Conditioning,
}

/// What one of the predictions that guidance is made of is conditioned on.
pub struct Half {
    pub text: Arc<Embedding>,
    /// As many as [`Unet::sizes`].
    pub sizes: Vec<f32>,
}

/// What the steps of one job have in common besides the latent, for each latent in a run.
#[derive(Default)]
struct Conditioning {
    latents: usize,
    /// How far to go from the first prediction to the second and beyond; None without guidance.
    guidance: Option<f32>,
    /// Name of the input, shape for one latent, numbers of all.
    inputs: Vec<(&'static str, Vec<usize>, Vec<f32>)>,
}

impl Unet {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs than Stable Diffusion's.
    pub fn new(network: Component, folder: &Folder, xl: bool) -> Result<Self> {
        let wanted = ["sample", "timestep", "encoder_hidden_states", "text_embeds", "time_ids"];
        for wanted in &wanted[..if xl { 5 } else { 3 }] {
            if network.input(wanted).is_none() {
                return Err(network.unsupported(&format!("it has no input called \"{wanted}\"")));
            }
        }
        if !xl && network.input("time_ids").is_some() {
            return Err(Error::new(
                Status::ModelMissing,
                format!(
                    "The model in {} is of the kind Stable Diffusion XL and lacks its text_encoder_2; download the \
                     whole model.",
                    folder.path.display()
                ),
            ));
        }
        // The width that distilled models of Stable Diffusion have, where nothing says.
        const WIDTH: usize = 256;
        let guidance_width = network
            .input("timestep_cond")
            .map(|port| port.fixed(1).or(folder.guidance_width.map(|width| width as usize)).unwrap_or(WIDTH));
        // SDXL's, where the export does not say.
        const SIZES: usize = 6;
        let sizes = network.input("time_ids").map_or(0, |port| port.fixed(1).unwrap_or(SIZES));
        if xl && sizes != 5 && sizes != SIZES {
            return Err(network.unsupported(&format!("it wants {sizes} numbers for the picture's size")));
        }
        let batch = network
            .input("sample")
            .and_then(|port| port.fixed(0))
            .or(network.input("encoder_hidden_states").and_then(|port| port.fixed(0)));
        if batch.is_some_and(|batch| batch != 1 && batch != 2) {
            return Err(network.unsupported(&format!("it wants {} latents in one run", batch.unwrap_or(0))));
        }
        let output = network.output(&["out_sample", "noise_pred", "sample"], 4)?.name.clone();
        Ok(Unet { network, output, guidance_width, sizes, batch, conditioning: Conditioning::default() })
    }

    /// Width and height in latent cells, where the network is fixed to one.
    pub fn fixed(&self) -> (Option<usize>, Option<usize>) {
        let port = self.network.input("sample");
        (port.and_then(|p| p.fixed(3)), port.and_then(|p| p.fixed(2)))
    }

    /// Does it take embeddings of any number of tokens?
    pub fn takes_any_length(&self) -> bool {
        self.network.input("encoder_hidden_states").is_some_and(|port| port.fixed(1).is_none())
    }

    /// Is the guidance built in, so that a second run for the negative prompt is not needed?
    pub fn is_guidance_distilled(&self) -> bool {
        self.guidance_width.is_some()
    }

    /// SDXL: how many numbers it wants for the picture's size.
    pub fn sizes(&self) -> usize {
        self.sizes
    }

    /// What the predictions that follow are conditioned on: the prompt and, with guidance, the negative prompt.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the embeddings are not as wide as the U-Net wants.
    pub fn condition(&mut self, halves: &[Half], guidance: f32) -> Result<()> {
        let Some(prompt) = halves.first() else {
            return Err(Error::new(
                Status::Internal,
                "The engine asked for a picture of nothing; change the prompt.",
            ));
        };
        self.check_width("encoder_hidden_states", 2, prompt.text.width)?;
        let negative = halves.get(1);
        // A network fixed to two latents gets the prompt twice if there is no guidance.
        let latents = match negative {
            Some(negative) => vec![negative, prompt],
            None if self.batch == Some(2) => vec![prompt, prompt],
            None => vec![prompt],
        };
        let all = |part: fn(&Half) -> &[f32]| latents.iter().flat_map(|half| part(half)).copied().collect();
        let shape = vec![prompt.text.tokens, prompt.text.width];
        let mut inputs = vec![("encoder_hidden_states", shape, all(|half| &half.text.data))];
        if let Some(width) = self.guidance_width {
            let embedding = guidance_embedding(guidance, width);
            inputs.push(("timestep_cond", vec![width], embedding.repeat(latents.len())));
        }
        if self.sizes > 0 {
            self.check_width("text_embeds", 1, prompt.text.pooled.len())?;
            inputs.push(("text_embeds", vec![prompt.text.pooled.len()], all(|half| &half.text.pooled)));
            inputs.push(("time_ids", vec![self.sizes], all(|half| &half.sizes)));
        }
        self.conditioning =
            Conditioning { latents: latents.len(), guidance: negative.map(|_| guidance), inputs };
        Ok(())
    }

    /// Does what the text encoders make fit an input that wants so many numbers?
    fn check_width(&self, input: &str, axis: usize, width: usize) -> Result<()> {
        match self.network.input(input).and_then(|port| port.fixed(axis)) {
            Some(wanted) if wanted != width => Err(Error::new(
                Status::ModelBroken,
                format!(
                    "The text encoder and the U-Net are from different models ({width} numbers in {input} instead \
                     of {wanted}); download the model again."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What the network predicts for `sample` of the shape `[channels, height, width]`.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::Inference`] if the prediction has another shape.
    pub fn predict(
        &mut self,
        sample: &[f32],
        shape: [usize; 3],
        timestep: f32,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let latents = self.conditioning.latents;
        let per_run = self.batch.unwrap_or(latents).min(latents).max(1);
        let mut predicted = Vec::with_capacity(latents * sample.len());
        for first in (0..latents).step_by(per_run) {
            predicted.extend(self.run(sample, shape, timestep, first, per_run, cancel, spent)?);
        }
        let Some(guidance) = self.conditioning.guidance else {
            predicted.truncate(sample.len());
            return Ok(predicted);
        };
        // Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022).
        let (without, with) = predicted.split_at(sample.len());
        Ok(without.iter().zip(with).map(|(without, with)| without + guidance * (with - without)).collect())
    }

    /// One run for the latents `first` to `first + count`.
    #[allow(clippy::too_many_arguments)]
    fn run(
        &mut self,
        sample: &[f32],
        [channels, height, width]: [usize; 3],
        timestep: f32,
        first: usize,
        count: usize,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let copies;
        let samples = if count == 1 {
            sample
        } else {
            copies = sample.repeat(count);
            &copies
        };
        let sample_shape = [count, channels, height, width];
        let mut feeds =
            vec![("sample", Feed::Floats(&sample_shape, samples)), ("timestep", Feed::Number(timestep))];
        let given = self.conditioning.inputs.iter().map(|(name, shape, numbers)| {
            let size: usize = shape.iter().product();
            let part = numbers.get(first * size..(first + count) * size);
            let part = part.ok_or_else(|| wrong_shape(&[numbers.len()]))?;
            Ok((*name, [&[count], shape.as_slice()].concat(), part))
        });
        let given: Vec<(&str, Vec<usize>, &[f32])> = given.collect::<Result<_>>()?;
        feeds.extend(given.iter().map(|(name, shape, part)| (*name, Feed::Floats(shape, part))));
        let output = self.network.run(&feeds, &self.output, cancel, spent)?;
        if output.shape() != sample_shape {
            return Err(wrong_shape(output.shape()));
        }
        Ok(output.into_raw_vec_and_offset().0)
    }
}

fn wrong_shape(shape: &[usize]) -> Error {
    Error::new(
        Status::Inference,
        format!("The U-Net's prediction has the shape {shape:?}, not its input's; try another model."),
    )
}

/// The embedding of a guidance scale for distilled models: sines, then cosines, of (guidance − 1) · 1000 at
/// falling frequencies (diffusers' `get_guidance_scale_embedding`, after google-research/vdm).
fn guidance_embedding(guidance: f32, width: usize) -> Vec<f32> {
    let scaled = (guidance - 1.0) * 1000.0;
    let half = width / 2;
    let fall = 10_000f32.ln() / half.saturating_sub(1).max(1) as f32;
    let angles: Vec<f32> = (0..half).map(|i| scaled * (i as f32 * -fall).exp()).collect();
    let mut embedding: Vec<f32> =
        angles.iter().map(|a| a.sin()).chain(angles.iter().map(|a| a.cos())).collect();
    embedding.resize(width, 0.0);
    embedding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guidance_embedding_is_sines_then_cosines() {
        assert_eq!(guidance_embedding(1.0, 4), [0.0, 0.0, 1.0, 1.0]);
        let embedding = guidance_embedding(8.5, 5);
        assert_eq!(embedding.len(), 5);
        assert!((embedding[0] - 7500f32.sin()).abs() < 1e-6);
        assert!((embedding[3] - 0.75f32.cos()).abs() < 1e-4);
        assert_eq!(embedding[4], 0.0);
        assert_eq!(guidance_embedding(2.0, 0), [0.0; 0]);
        assert!(guidance_embedding(2.0, 2).iter().all(|v| v.is_finite()));
    }
}
