//! Stable Diffusion 1 and 2, SD-Turbo and latent consistency models: CLIP's text encoder (or one like it), a U-Net,
//! a variational autoencoder. img2img as diffusers has it (`StableDiffusionImg2ImgPipeline`,
//! `LatentConsistencyModelImg2ImgPipeline`): compared, picture by picture, in `tests/pipeline`.

use std::sync::Arc;
use std::time::Duration;

use ndarray::ArrayView3;

use super::denoise::{Conditioning, Unet};
use super::family::Family;
use super::recent::Recent;
use super::scheduler::{self, Rule, Schedule, Scheduler};
use super::text::TextEncoder;
use super::vae::{Decoder, Encoder};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::model::{Capabilities, ModelInfo};
use crate::models::config::Config;
use crate::models::folder::Kind;
use crate::render::{Condition, Latent, Picture};

/// Samplers that are kept ready.
const KEPT: usize = 4;

pub struct StableDiffusion {
    info: ModelInfo,
    kind: Kind,
    scheduler: Config,
    /// Taken where a job asks for none.
    own: Option<String>,
    /// By name; `None` is the model's own.
    samplers: Recent<Option<String>, Arc<Scheduler>>,
    text: TextEncoder,
    unet: Unet,
    encoder: Encoder,
    decoder: Decoder,
    conditioning: Option<Conditioning>,
}

impl StableDiffusion {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        info: ModelInfo,
        kind: Kind,
        scheduler: Config,
        own: Option<String>,
        text: TextEncoder,
        unet: Unet,
        encoder: Encoder,
        decoder: Decoder,
    ) -> Self {
        let samplers = Recent::new(KEPT);
        StableDiffusion {
            info,
            kind,
            scheduler,
            own,
            samplers,
            text,
            unet,
            encoder,
            decoder,
            conditioning: None,
        }
    }
}

/// The sampler of this name with the model's own settings; `None` is the model's own.
///
/// # Errors
/// As [`Scheduler::new`].
pub fn sampler(config: &Config, kind: Option<Kind>, name: Option<&str>) -> Result<Scheduler> {
    let scheduler = Scheduler::new(config, name)?;
    Ok(match kind {
        Some(Kind::LatentConsistency) => scheduler,
        _ => scheduler.for_stable_diffusion(),
    })
}

impl Family for StableDiffusion {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { samplers: scheduler::list(), negative: !self.unet.is_guidance_distilled() }
    }

    fn schedule(
        &mut self,
        sampler: Option<&str>,
        steps: u32,
        strength: f32,
        rule: Rule,
    ) -> Result<Box<dyn Schedule>> {
        let name = sampler.map(str::to_owned).or_else(|| self.own.clone());
        let scheduler = match self.samplers.get(&name) {
            Some(known) => known,
            None => {
                let made = Arc::new(self::sampler(&self.scheduler, Some(self.kind), name.as_deref())?);
                self.samplers.put(name, made.clone());
                made
            }
        };
        scheduler.plan(self.kind, steps, strength, rule)
    }

    fn condition(
        &mut self,
        conditions: &[Condition<'_>],
        guidance: f32,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<()> {
        let (mut prompt, mut negative) = ("", "");
        for condition in conditions {
            match condition {
                Condition::Prompt(text) => prompt = text,
                Condition::Negative(text) => negative = text,
            }
        }
        let guided = guidance > 1.0 && !self.unet.is_guidance_distilled();
        let mut encode = |text: &str| match rule {
            Rule::Whole => self.text.encode_plainly(text, cancel, spent),
            Rule::Continuous => self.text.encode(text, cancel, spent),
        };
        let mut prompt = encode(prompt)?;
        let mut negative = if guided { Some(encode(negative)?) } else { None };
        if let Some(other) = negative.take() {
            let [first, second] = self.text.of_equal_length([prompt, other], cancel, spent)?;
            (prompt, negative) = (first, Some(second));
        }
        self.conditioning = Some(self.unet.condition(&prompt, negative.as_deref(), guidance)?);
        Ok(())
    }

    fn encode(&mut self, picture: &Picture, cancel: &Cancel, spent: &mut Duration) -> Result<Arc<Latent>> {
        self.encoder.encode(picture, cancel, spent)
    }

    fn predict(
        &mut self,
        sample: &[f32],
        shape: [usize; 3],
        timestep: f32,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let conditioning = self.conditioning.as_ref().ok_or_else(|| {
            Error::new(Status::Internal, "The engine asked for a picture of nothing; change the prompt.")
        })?;
        self.unet.predict(sample, shape, timestep, conditioning, cancel, spent)
    }

    fn decode(
        &mut self,
        latent: &[f32],
        shape: [usize; 3],
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Picture> {
        let latent =
            ArrayView3::from_shape(shape, latent).map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        self.decoder.decode(latent, cancel, spent)
    }
}
