//! Stable Diffusion 1 and 2, SD-Turbo and latent consistency models: CLIP's text encoder (or one like it) and a U-Net.
//! img2img as diffusers has it (`StableDiffusionImg2ImgPipeline`, `LatentConsistencyModelImg2ImgPipeline`): compared,
//! picture by picture, in `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Conditioning, Denoiser};
use super::family::{Family, Loaded};
use super::reference::{EncodedReferences, ReferenceInput};
use super::scheduler::Rule;
use super::text::TextEncoder;
use super::texts::Texts;
use super::unet::{self, Told};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::render::{Latent, Scene};

struct StableDiffusion {
    texts: Texts,
    told: Told,
}

/// Puts a model together.
///
/// # Errors
/// As [`unet::of`].
pub fn load(network: Component, encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let (network, told) = unet::of(network, folder, false)?;
    let texts = Texts::read_by(encoders, &network);
    Ok(Loaded { family: Box::new(StableDiffusion { texts, told }), network })
}

impl Family for StableDiffusion {
    fn encoders(&mut self) -> &mut [TextEncoder] {
        self.texts.encoders()
    }

    fn reference_input(&self) -> Option<ReferenceInput> {
        self.told.reference_input()
    }

    fn show(&self, conditioning: Conditioning, _: &Latent, references: &EncodedReferences) -> Conditioning {
        self.told.show(conditioning, references)
    }

    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning> {
        let (prompt, negative) = scene.words();
        let prompts = [prompt, negative];
        let prompts = &prompts[..1 + usize::from(network.guides(guidance))];
        let texts = self.texts.encode(prompts, rule, cancel, spent)?;
        let half = |text| self.told.half(text, Vec::new(), guidance);
        let conditioning = network.condition(texts.iter().map(|text| half(text)).collect(), guidance)?;
        Ok(conditioning.with_unread(texts.iter().map(|text| text.unread.clone())))
    }
}
