//! The network that denoises, a U-Net or a transformer: what it thinks of a noisy latent, with and without guidance.

use std::ops::Range;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed, Port};
pub use crate::pipeline::conditioning::{Conditioning, Half};
use crate::pipeline::fused;
pub use crate::pipeline::noisy::Noisy;
use crate::pipeline::unet;

pub struct Denoiser {
    network: Component,
    /// `U-Net`, `transformer`: for messages.
    title: &'static str,
    /// The input that takes the latent.
    latent: &'static str,
    output: String,
    /// Latents in one run, where the export is fixed to a number.
    batch: Option<usize>,
    /// Is guidance built in, so that a second run for the negative prompt is not needed?
    distilled: bool,
}

impl Denoiser {
    /// `inputs` are those that it must have, the latent's first.
    ///
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs and outputs.
    pub fn new(
        network: Component,
        title: &'static str,
        inputs: &[&'static str],
        outputs: &[&str],
        distilled: bool,
    ) -> Result<Self> {
        for wanted in inputs {
            if network.input(wanted).is_none() {
                return Err(network.unsupported(&format!("it has no input called \"{wanted}\"")));
            }
        }
        let latent = inputs.first().copied().unwrap_or_default();
        let port = network.input(latent);
        let rank = port.map_or(0, |port| port.shape.len());
        let batch = port
            .and_then(|port| port.fixed(0))
            .or(network.input("encoder_hidden_states").and_then(|port| port.fixed(0)));
        if batch.is_some_and(|batch| batch != 1 && batch != 2) {
            return Err(network.unsupported(&format!("it wants {} latents in one run", batch.unwrap_or(0))));
        }
        let output = network.output(outputs, rank)?.name.clone();
        Ok(Denoiser { network, title, latent, output, batch, distilled })
    }

    /// The network itself, to change its weights.
    pub fn component(&mut self) -> &mut Component {
        &mut self.network
    }

    /// The error for a network that is none of its family.
    pub fn unsupported(&self, why: &str) -> Error {
        self.network.unsupported(why)
    }

    /// Its inputs, as the export declares them.
    pub fn inputs(&self) -> &[Port] {
        self.network.inputs()
    }

    pub fn has(&self, input: &str) -> bool {
        self.network.input(input).is_some()
    }

    /// Size of a dimension of an input, where the export is fixed to one.
    pub fn fixed(&self, input: &str, axis: usize) -> Option<usize> {
        self.network.input(input).and_then(|port| port.fixed(axis))
    }

    /// Dimensions of the latent that it takes, with the batch.
    pub fn rank(&self) -> usize {
        self.network.input(self.latent).map_or(0, |port| port.shape.len())
    }

    /// Width and height in latent cells, where the network is fixed to one and sees the latent as a picture.
    pub fn fixed_size(&self) -> (Option<usize>, Option<usize>) {
        match self.rank() {
            // Some have a place for frames, of which there is one.
            rank @ (4 | 5) => (self.fixed(self.latent, rank - 1), self.fixed(self.latent, rank - 2)),
            _ => (None, None),
        }
    }

    /// Numbers that it takes of one place of a latent; None where the export does not say.
    pub fn sees(&self) -> Option<usize> {
        let port = self.network.input(self.latent)?;
        match port.shape.len() {
            3 => port.fixed(2),
            4 | 5 => port.fixed(1),
            _ => None,
        }
    }

    /// Is the guidance built in?
    pub fn is_guidance_distilled(&self) -> bool {
        self.distilled
    }

    /// Does so much guidance want the negative prompt?
    pub fn guides(&self, guidance: f32) -> bool {
        guidance > 1.0 && !self.distilled
    }

    /// Does it take so many latents in one run?
    pub fn takes_at_once(&self, latents: usize) -> bool {
        self.batch.is_none_or(|batch| batch == latents)
    }

    /// Does it keep what it is fed on a device? See [`Component::keeps`].
    pub fn keeps(&self) -> bool {
        self.network.keeps()
    }

    /// Does it take embeddings of any number of tokens?
    pub fn takes_any_length(&self) -> bool {
        self.fixed("encoder_hidden_states", 1).is_none()
    }

    /// What predictions are conditioned on: the prompt and, with guidance, the negative prompt.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if what the text encoders make is not as wide as the network wants.
    pub fn condition(&self, halves: Vec<Half>, guidance: f32) -> Result<Conditioning> {
        let mut halves = halves.into_iter();
        let Some(prompt) = halves.next() else {
            return Err(Error::new(
                Status::Internal,
                "The engine asked for a picture of nothing; change the prompt.",
            ));
        };
        for (input, shape, _) in &prompt {
            let width = shape.last().copied().unwrap_or(1);
            if let Some(wanted) = self.fixed(input, shape.len()).filter(|wanted| *wanted != width) {
                return Err(Error::new(
                    Status::ModelBroken,
                    format!(
                        "The text encoder and the {} are from different models ({width} numbers in {input} instead \
                         of {wanted}); download the model again.",
                        self.title
                    ),
                ));
            }
        }
        let negative = halves.next();
        let guidance = negative.is_some().then_some(guidance);
        // A network fixed to two latents gets the prompt twice if there is no guidance.
        let first = negative.or_else(|| (self.batch == Some(2)).then(|| prompt.clone()));
        let latents = 1 + usize::from(first.is_some());
        let mut inputs = first.unwrap_or_default();
        match inputs.is_empty() {
            true => inputs = prompt,
            false => inputs.iter_mut().zip(prompt).for_each(|(all, own)| all.2.extend(own.2)),
        }
        let (beside, places, unread) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Conditioning { latents, guidance, paint: None, inputs, beside, places, negative: None, unread })
    }

    /// What the network predicts, in the latent's shape.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::Inference`] if the prediction has another shape.
    pub fn predict(
        &mut self,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let (latents, size) = (conditioning.latents, noisy.sample.len());
        let per_run = self.batch.unwrap_or(latents).min(latents).max(1);
        let mut predicted = Vec::with_capacity(latents * size);
        while predicted.len() < latents * size {
            let next = predicted.len() / size.max(1);
            let first = next.min(latents - per_run);
            let made = self.run(conditioning, noisy, first..first + per_run, cancel, spent)?;
            predicted.extend_from_slice(made.get((next - first) * size..).unwrap_or_default());
        }
        let Some(guidance) = conditioning.guidance else {
            predicted.truncate(size);
            return Ok(predicted);
        };
        if let Some(negative) = &conditioning.negative {
            predicted.truncate(size);
            predicted.splice(..0, self.predict(negative, noisy, cancel, spent)?);
        }
        if let Some(paint) = conditioning.paint {
            let mut parts = predicted.chunks_exact(size.max(1));
            let (Some(blind), Some(without), Some(with)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(self.wrong_shape(&[latents]));
            };
            let all = blind.iter().zip(without).zip(with);
            return Ok(all
                .map(|((blind, without), with)| {
                    blind + guidance * (with - without) + paint * (without - blind)
                })
                .collect());
        }
        // Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022).
        let (without, with) = predicted.split_at(size);
        Ok(without.iter().zip(with).map(|(without, with)| without + guidance * (with - without)).collect())
    }

    /// One run for some of the latents.
    fn run(
        &mut self,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        latents: Range<usize>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let count = latents.len();
        let copies;
        let beside = &conditioning.beside;
        let is_blind = |latent: usize| conditioning.paint.is_some() && latent == 0;
        let (sample, mut seen) = noisy.with_channels(is_blind(latents.start));
        let samples = if count == 1 && beside.is_empty() {
            &*sample
        } else {
            let all = latents.clone().map(|latent| noisy.with_channels(is_blind(latent)).0);
            copies = all.flat_map(|sample| [&*sample, beside].concat()).collect::<Vec<f32>>();
            &copies
        };
        let shape = [&[count], noisy.shape].concat();
        if let [places, rest @ ..] = &mut seen[..] {
            *places += beside.len() / rest.iter().product::<usize>().max(1);
        }
        seen.insert(0, count);
        let mut feeds =
            vec![(self.latent, Feed::Floats(&seen, samples)), ("timestep", Feed::Number(noisy.timestep))];
        let given = conditioning.given(&latents).ok_or_else(|| self.wrong_shape(&[count]))?;
        // The U-Net that listens to ControlNets need not look at pictures.
        let known = given.iter().filter(|(name, ..)| self.has(name));
        feeds.extend(known.map(|(name, shape, part)| (*name, Feed::Floats(shape, part))));
        let (crops, of_crops) = (noisy.crop.repeat(count), [count, noisy.crop.len()]);
        if self.has(unet::CROP) {
            feeds.push((unet::CROP, Feed::Floats(&of_crops, &crops)));
        }
        let (pictures, scale);
        if let Some((picture, heard)) = noisy.inside {
            let (colours, height, width) = picture.dim();
            let repeated = picture.iter().copied().collect::<Vec<f32>>().repeat(count);
            (pictures, scale) = (([1, count, colours, height, width], repeated), [heard]);
            feeds.push((fused::PICTURES, Feed::Floats(&pictures.0, &pictures.1)));
            feeds.push((fused::SCALES, Feed::Floats(&[1, 1], &scale)));
        }
        let shapes: Vec<Vec<usize>> =
            noisy.residuals.iter().map(|residual| [&[count], residual.shape.as_slice()].concat()).collect();
        for (residual, shape) in noisy.residuals.iter().zip(&shapes) {
            let part = residual.feed(&latents, shape).ok_or_else(|| self.wrong_shape(&residual.shape))?;
            feeds.push((residual.input.as_str(), part));
        }
        let places: Vec<_> = conditioning
            .places
            .iter()
            .map(|(name, width, places)| {
                let rows = places.len() / (*width).max(1);
                // Older exports have a place for the batch here too.
                let deep = self.network.input(name).is_some_and(|port| port.shape.len() == 3);
                (*name, if deep { vec![1, rows, *width] } else { vec![rows, *width] }, places)
            })
            .collect();
        feeds.extend(places.iter().map(|(name, shape, places)| (*name, Feed::Ids(shape, places))));
        let output = self.network.run(&feeds, &self.output, cancel, spent)?;
        // Some exports leave out the batch where it is one.
        if output.shape() == shape || (count == 1 && shape.get(1..) == Some(output.shape())) {
            return Ok(output.into_raw_vec_and_offset().0);
        }
        if output.shape() != seen {
            return Err(self.wrong_shape(output.shape()));
        }
        // It says something about what lies beside, too.
        let (own, all) = (noisy.sample.len(), noisy.sample.len() + beside.len());
        let predicted = output.into_raw_vec_and_offset().0;
        Ok(predicted.chunks_exact(all.max(1)).flat_map(|latent| &latent[..own]).copied().collect())
    }

    fn wrong_shape(&self, shape: &[usize]) -> Error {
        Error::new(
            Status::Inference,
            format!(
                "The {}'s prediction has the shape {shape:?}, not its input's; try another model.",
                self.title
            ),
        )
    }
}
