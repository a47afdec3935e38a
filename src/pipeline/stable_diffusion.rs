//! Stable Diffusion 1 and 2, SD-Turbo and latent consistency models: CLIP's text encoder (or one like it) and a U-Net.
//! img2img as diffusers has it (`StableDiffusionImg2ImgPipeline`, `LatentConsistencyModelImg2ImgPipeline`): compared,
//! picture by picture, in `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Half, Unet};
use super::family::Family;
use super::scheduler::Rule;
use super::texts::Texts;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::render::Scene;

pub struct StableDiffusion {
    pub texts: Texts,
    pub unet: Unet,
}

impl Family for StableDiffusion {
    fn takes_negative(&self) -> bool {
        !self.unet.is_guidance_distilled()
    }

    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<()> {
        let (prompt, negative) = scene.words();
        let guided = guidance > 1.0 && self.takes_negative();
        let prompts = if guided { vec![prompt, negative] } else { vec![prompt] };
        let texts = self.texts.encode(&prompts, rule, cancel, spent)?;
        let halves: Vec<Half> = texts.into_iter().map(|text| Half { text, sizes: Vec::new() }).collect();
        self.unet.condition(&halves, guidance)
    }

    fn predict(
        &mut self,
        sample: &[f32],
        shape: [usize; 3],
        timestep: f32,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        self.unet.predict(sample, shape, timestep, cancel, spent)
    }
}
