//! The U-Net: what it thinks of a noisy latent, with and without guidance.

use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::folder::Folder;
use crate::noise;
use crate::pipeline::text::Embedding;
use crate::render::Request;

pub struct Unet {
    network: Component,
    output: String,
    /// Numbers in the guidance embedding of a distilled model.
    guidance_width: Option<usize>,
    /// Latents in one run, where the export is fixed to a number.
    batch: Option<usize>,
}

/// What the steps of one job have in common besides the latent.
pub struct Conditioning {
    /// Embeddings one after the other: with guidance the negative prompt's first.
    embeddings: Vec<f32>,
    tokens: usize,
    width: usize,
    /// How far to go from the negative prompt's prediction to the prompt's and beyond; None without guidance.
    guidance: Option<f32>,
    /// `timestep_cond`, once per latent in a run.
    guidance_embedding: Vec<f32>,
}

impl Unet {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs than Stable Diffusion's.
    pub fn new(network: Component, folder: &Folder) -> Result<Self> {
        for wanted in ["sample", "timestep", "encoder_hidden_states"] {
            if network.input(wanted).is_none() {
                return Err(network.unsupported(&format!("it has no input called \"{wanted}\"")));
            }
        }
        // The width that distilled models of Stable Diffusion have, where nothing says.
        const WIDTH: usize = 256;
        let guidance_width = network
            .input("timestep_cond")
            .map(|port| port.fixed(1).or(folder.guidance_width.map(|width| width as usize)).unwrap_or(WIDTH));
        let batch = network
            .input("sample")
            .and_then(|port| port.fixed(0))
            .or(network.input("encoder_hidden_states").and_then(|port| port.fixed(0)));
        if batch.is_some_and(|batch| batch != 1 && batch != 2) {
            return Err(network.unsupported(&format!("it wants {} latents in one run", batch.unwrap_or(0))));
        }
        let output = network.output(&["out_sample", "noise_pred", "sample"], 4)?.name.clone();
        Ok(Unet { network, output, guidance_width, batch })
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

    /// Puts prompt, negative prompt (only with guidance) and guidance together.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the embeddings are not as wide as the U-Net wants.
    pub fn condition(
        &self,
        prompt: &Embedding,
        negative: Option<&Embedding>,
        guidance: f32,
    ) -> Result<Conditioning> {
        let (tokens, width) = (prompt.tokens, prompt.width);
        let wanted = self.network.input("encoder_hidden_states").and_then(|port| port.fixed(2));
        if wanted.is_some_and(|wanted| wanted != width) {
            return Err(Error::new(
                Status::ModelBroken,
                format!(
                    "The text encoder and the U-Net are from different models ({width} numbers per token \
                     instead of {}); download the model again.",
                    wanted.unwrap_or(0)
                ),
            ));
        }
        // A network fixed to two latents gets the prompt twice if there is no guidance.
        let copies = if self.batch == Some(2) || negative.is_some() { 2 } else { 1 };
        let first = negative.filter(|negative| negative.data.len() == prompt.data.len()).unwrap_or(prompt);
        let mut embeddings = Vec::with_capacity(copies * prompt.data.len());
        if copies == 2 {
            embeddings.extend_from_slice(&first.data);
        }
        embeddings.extend_from_slice(&prompt.data);
        let embedding =
            self.guidance_width.map(|width| guidance_embedding(guidance, width)).unwrap_or_default();
        Ok(Conditioning {
            embeddings,
            tokens,
            width,
            guidance: negative.map(|_| guidance),
            guidance_embedding: embedding.repeat(copies),
        })
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
        conditioning: &Conditioning,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let latents = conditioning.embeddings.len() / (conditioning.tokens * conditioning.width).max(1);
        let per_run = self.batch.unwrap_or(latents).min(latents).max(1);
        let mut predicted = Vec::with_capacity(latents * sample.len());
        for first in (0..latents).step_by(per_run) {
            predicted.extend(self.run(
                sample,
                shape,
                timestep,
                conditioning,
                first,
                per_run,
                cancel,
                spent,
            )?);
        }
        let Some(guidance) = conditioning.guidance else {
            predicted.truncate(sample.len());
            return Ok(predicted);
        };
        // Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022).
        let (without, with) = predicted.split_at(sample.len());
        Ok(without.iter().zip(with).map(|(without, with)| without + guidance * (with - without)).collect())
    }

    /// One run for the latents `first` to `first + count` of the conditioning.
    #[allow(clippy::too_many_arguments)]
    fn run(
        &mut self,
        sample: &[f32],
        [channels, height, width]: [usize; 3],
        timestep: f32,
        conditioning: &Conditioning,
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
        let part = |all: &'_ [f32], size: usize| -> Result<std::ops::Range<usize>> {
            let range = first * size..(first + count) * size;
            all.get(range.clone()).map(|_| range).ok_or_else(|| wrong_shape(&[all.len()]))
        };
        let embeddings = part(&conditioning.embeddings, conditioning.tokens * conditioning.width)?;
        let guidance_width = self.guidance_width.unwrap_or(0);
        let guidance = part(&conditioning.guidance_embedding, guidance_width)?;
        let sample_shape = [count, channels, height, width];
        let embedding_shape = [count, conditioning.tokens, conditioning.width];
        let guidance_shape = [count, guidance_width];
        let mut feeds = vec![
            ("sample", Feed::Floats(&sample_shape, samples)),
            ("timestep", Feed::Number(timestep)),
            ("encoder_hidden_states", Feed::Floats(&embedding_shape, &conditioning.embeddings[embeddings])),
        ];
        if guidance_width > 0 {
            feeds.push((
                "timestep_cond",
                Feed::Floats(&guidance_shape, &conditioning.guidance_embedding[guidance]),
            ));
        }
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

/// The noise of one job: given, or by seed and place on the canvas.
pub struct NoiseSource<'a> {
    request: &'a Request<'a>,
    draw: u32,
}

impl<'a> NoiseSource<'a> {
    pub fn new(request: &'a Request<'a>) -> Self {
        NoiseSource { request, draw: 0 }
    }

    /// The next draw: first the one that the picture starts with, then one per step that wants one. Seeded noise is
    /// that of `number`: 0 for the start, then 1 + the step of the whole schedule.
    ///
    /// # Errors
    /// [`Status::Setting`] if noise is given, and it has another shape or too few draws.
    pub fn next(&mut self, [channels, height, width]: [usize; 3], number: u32) -> Result<Vec<f32>> {
        let draw = self.draw;
        self.draw += 1;
        let Some(given) = self.request.noise else {
            let request = self.request;
            let noise = noise::normal(request.seed, number, request.cell_origin, channels, height, width);
            return Ok(noise.into_raw_vec_and_offset().0);
        };
        let (draws, c, h, w) = given.dim();
        if (c, h, w) != (channels, height, width) {
            return Err(Error::setting(format!(
                "The given noise has the shape [{draws}, {c}, {h}, {w}] and must be [draws, {channels}, \
                 {height}, {width}]; make it again for this picture."
            )));
        }
        if draw as usize >= draws {
            return Err(Error::setting(format!(
                "The given noise has {draws} draws and this job needs more; give one more per step."
            )));
        }
        Ok(given.index_axis(ndarray::Axis(0), draw as usize).iter().copied().collect())
    }
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
