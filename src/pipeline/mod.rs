//! Pictures out of pictures: encode, denoise, decode.
//!
//! [`Pipeline`] is img2img as diffusers has it (`StableDiffusionImg2ImgPipeline`,
//! `LatentConsistencyModelImg2ImgPipeline`): compared, picture by picture, in `tests/pipeline.rs`.

mod denoise;
mod load;
mod prompt;
mod recent;
pub mod scheduler;
mod text;
mod tokenizer;
mod vae;

use std::time::Instant;

use ndarray::ArrayView3;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::folder::Kind;
use crate::render::{AfterStep, Geometry, ModelInfo, Outcome, Phases, Picture, Renderer, Request, Watch};
use denoise::{NoiseSource, Unet};
use scheduler::{Rule, Scheduler, Step};
use text::TextEncoder;
use vae::{Decoder, Encoder};

pub use load::LoadOptions;

/// A loaded model.
pub struct Pipeline {
    info: ModelInfo,
    kind: Kind,
    scheduler: Scheduler,
    text: TextEncoder,
    unet: Unet,
    encoder: Encoder,
    decoder: Decoder,
}

impl Renderer for Pipeline {
    fn info(&self) -> ModelInfo {
        self.info.clone()
    }

    /// # Errors
    /// [`Status::Setting`] for settings that do not go together, [`Status::Rect`] for a picture of a size
    /// that the model cannot take, [`Status::Cancelled`], [`Status::Inference`], [`Status::Memory`].
    fn render(&mut self, request: &Request<'_>, cancel: &Cancel, watch: &mut dyn Watch) -> Result<Outcome> {
        cancel.check()?;
        check_size(request.picture, &self.info.geometry)?;
        if !request.guidance.is_finite() {
            return Err(Error::setting("Guidance must be a number; change guidance."));
        }
        // Given noise is there to compare with diffusers, whose steps are whole.
        let rule = if request.noise.is_some() { Rule::Whole } else { Rule::Continuous };
        let mut plan = self.scheduler.plan(self.kind, request.steps, request.strength, rule)?;
        let mut phases = Phases::default();

        let start = Instant::now();
        let guided = request.guidance > 1.0 && !self.unet.is_guidance_distilled();
        let mut encode = |text: &str| match rule {
            Rule::Whole => self.text.encode_plainly(text, cancel, &mut phases.runtime),
            Rule::Continuous => self.text.encode(text, cancel, &mut phases.runtime),
        };
        let mut prompt = encode(request.prompt)?;
        let mut negative = if guided { Some(encode(request.negative)?) } else { None };
        if let Some(other) = negative.take() {
            let level = self.text.of_equal_length([prompt, other], cancel, &mut phases.runtime)?;
            let [first, second] = level;
            (prompt, negative) = (first, Some(second));
        }
        let conditioning = self.unet.condition(&prompt, negative.as_deref(), request.guidance)?;
        phases.text = start.elapsed();

        let start = Instant::now();
        let (picture, key) = (request.picture, request.picture_key);
        let latent = self.encoder.encode(picture, key, cancel, &mut phases.runtime)?;
        phases.encode = start.elapsed();

        let (channels, height, width) = latent.dim();
        let shape = [channels, height, width];
        let mut noise = NoiseSource::new(request);
        let mut start = Instant::now();
        let first = noise.next(shape, 0)?;
        let mut sample = plan.add_noise(latent.as_slice().unwrap_or_default(), &first);
        let timesteps = plan.timesteps().to_vec();
        let steps = timesteps.len();
        for (i, timestep) in timesteps.into_iter().enumerate() {
            cancel.check()?;
            let shown = plan.scale_model_input(i, &sample);
            let spent = &mut phases.runtime;
            let predicted = self.unet.predict(&shown, shape, timestep, &conditioning, cancel, spent)?;
            let drawn = match plan.needs_noise(i) {
                true => noise.next(shape, 1 + (plan.first() + i) as u32)?,
                false => Vec::new(),
            };
            let Step { sample: next, estimate } = plan.step(i, &predicted, &sample, &drawn);
            sample = next;
            phases.denoise += start.elapsed();
            start = Instant::now();
            let (step, of) = (i as u32 + 1, steps as u32);
            if step < of {
                let after = watch.after_step(step, of);
                if matches!(after, AfterStep::Preview | AfterStep::PreviewThenStop) {
                    let picture = self.decode(&estimate, shape, cancel, &mut phases)?;
                    watch.preview(picture, step, of, phases);
                }
                if matches!(after, AfterStep::Stop | AfterStep::PreviewThenStop) {
                    return Ok(Outcome::GaveWay);
                }
                // Neither the preview nor what the watcher does with it is denoising.
                start = Instant::now();
            }
        }
        let picture = self.decode(&sample, shape, cancel, &mut phases)?;
        Ok(Outcome::Finished { picture, steps: steps as u32, phases })
    }
}

impl Pipeline {
    fn decode(
        &mut self,
        latent: &[f32],
        shape: [usize; 3],
        cancel: &Cancel,
        phases: &mut Phases,
    ) -> Result<Picture> {
        cancel.check()?;
        let start = Instant::now();
        let latent =
            ArrayView3::from_shape(shape, latent).map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        let picture = self.decoder.decode(latent, cancel, &mut phases.runtime)?;
        phases.decode += start.elapsed();
        Ok(picture)
    }

    /// Runs every network once on the smallest picture: the first stroke is not slower than the others then,
    /// and a model whose parts do not fit together shows when it is loaded.
    fn try_out(&mut self, cancel: &Cancel) -> Result<()> {
        let Geometry { multiple, fixed, .. } = self.info.geometry;
        // A fixed size may take seconds; that is not worth it.
        const SMALL: u32 = 256;
        let (width, height) = fixed.unwrap_or((multiple, multiple));
        if width > SMALL || height > SMALL {
            return Ok(());
        }
        let picture = Picture::from_elem((3, height as usize, width as usize), 0.5);
        let request = Request {
            picture: &picture,
            picture_key: 0,
            cell_origin: (0, 0),
            prompt: "",
            negative: "",
            strength: 1.0,
            steps: 1,
            guidance: self.info.defaults.guidance,
            seed: 0,
            noise: None,
        };
        let outcome = self.render(&request, cancel, &mut Unwatched);
        // Its key is not one of the caller's.
        self.encoder.forget();
        outcome.map(drop)
    }
}

struct Unwatched;

impl Watch for Unwatched {
    fn after_step(&mut self, _step: u32, _of: u32) -> AfterStep {
        AfterStep::Continue
    }

    fn preview(&mut self, _picture: Picture, _step: u32, _of: u32, _phases: Phases) {}
}

fn check_size(picture: &Picture, geometry: &Geometry) -> Result<()> {
    let (channels, height, width) = picture.dim();
    let multiple = geometry.multiple.max(1) as usize;
    let fits = match geometry.fixed {
        Some((w, h)) => (width, height) == (w as usize, h as usize),
        None => width > 0 && height > 0 && width % multiple == 0 && height % multiple == 0,
    };
    if fits && channels == 3 {
        return Ok(());
    }
    let wanted = match geometry.fixed {
        Some((w, h)) => format!("exactly {w} × {h} pixels"),
        None => format!("sides that are multiples of {multiple} pixels"),
    };
    Err(Error::new(
        Status::Rect,
        format!("The model takes pictures of {wanted}, not {width} × {height}; change the picture's size."),
    ))
}
