//! Stable Diffusion 3 and 3.5: two CLIP encoders side by side and T5 after them (or zeros in its place), a transformer.
//! img2img as diffusers has it (`StableDiffusion3Img2ImgPipeline`): compared, picture by picture, in `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Conditioning, Denoiser, Half};
use super::embedding::Embedding;
use super::family::{Family, Loaded};
use super::scheduler::Rule;
use super::text::TextEncoder;
use super::texts::Texts;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::folder::{Folder, Reader};
use crate::models::numbers::entry;
use crate::render::Scene;

/// Tokens that CLIP reads, and T5 beside it.
const CLIP_TOKENS: usize = 77;
const T5_TOKENS: usize = 256;
/// Numbers of a token, where nothing says: those of T5 XXL.
const WIDTH: u32 = 4096;

struct StableDiffusion3 {
    clips: Texts,
    t5: Option<TextEncoder>,
    /// Tokens that T5 makes, or that zeros stand for.
    t5_tokens: usize,
    /// Numbers of a token, to which CLIP's are filled up.
    width: usize,
    /// How many pixels a side may have: patches that the network has places for.
    longest: Option<usize>,
}

/// Puts a model together; `encoders` in the order of the folder's.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs, [`Status::ModelBroken`] for a configuration that cannot be.
pub fn load(network: Component, mut encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let inputs = ["hidden_states", "timestep", "encoder_hidden_states", "pooled_projections"];
    let outputs = ["out_hidden_states", "noise_pred", "out_sample"];
    let network = Denoiser::new(network, "transformer", &inputs, &outputs, false)?;
    let mut t5 = match folder.texts.last() {
        Some(words) if words.reader == Reader::T5 => encoders.pop(),
        _ => None,
    };
    let t5_tokens = match network.fixed(inputs[2], 1) {
        Some(all) => all.saturating_sub(CLIP_TOKENS),
        None => T5_TOKENS,
    };
    let t5_tokens = t5.as_mut().map_or(t5_tokens, |t5| t5.read(t5_tokens));
    let config = folder.config.as_ref();
    let told = entry(config, "joint_attention_dim")?.unwrap_or(WIDTH) as usize;
    let places = entry(config, "pos_embed_max_size")?;
    let family = StableDiffusion3 {
        clips: Texts::read_by(encoders, &network),
        t5,
        t5_tokens,
        width: network.fixed(inputs[2], 2).unwrap_or(told),
        longest: places.map(|places| places.saturating_mul(folder.cells_multiple * folder.cell) as usize),
    };
    Ok(Loaded { family: Box::new(family), network })
}

impl Family for StableDiffusion3 {
    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning> {
        self.check_size(scene)?;
        let (prompt, negative) = scene.words();
        let prompts = [prompt, negative];
        let prompts = &prompts[..1 + usize::from(network.guides(guidance))];
        let clips = self.clips.encode(prompts, rule, cancel, spent)?;
        let (mut halves, mut unread) = (Vec::with_capacity(prompts.len()), Vec::new());
        for (prompt, clip) in prompts.iter().zip(&clips) {
            let t5 = match &mut self.t5 {
                Some(t5) => Some(t5.encode(prompt, rule, cancel, spent)?),
                None => None,
            };
            halves.push(self.half(clip, t5.as_deref())?);
            // Where there is T5, it is the one that reads descriptions.
            unread.push(t5.as_ref().unwrap_or(clip).unread.clone());
        }
        Ok(network.condition(halves, guidance)?.with_unread(unread))
    }

    fn fills_up(&mut self) -> Option<&mut TextEncoder> {
        self.t5.as_mut()
    }
}

impl StableDiffusion3 {
    fn check_size(&self, scene: &Scene<'_>) -> Result<()> {
        let (_, height, width) = scene.paint.dim();
        match self.longest {
            Some(longest) if width.max(height) > longest => Err(Error::new(
                Status::Rect,
                format!(
                    "The model takes pictures of at most {longest} pixels a side, not {width} × {height}; render \
                     at a smaller size."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// CLIP's tokens, filled up with zeros, then T5's.
    fn half(&self, clip: &Embedding, t5: Option<&Embedding>) -> Result<Half> {
        for (name, given, fits) in [
            ("CLIP", clip.width, clip.width <= self.width),
            ("T5", t5.map_or(0, |t5| t5.width), t5.is_none_or(|t5| t5.width == self.width)),
        ] {
            if !fits {
                return Err(Error::new(
                    Status::ModelBroken,
                    format!(
                        "The {name} text encoder and the transformer are from different models ({given} numbers a \
                         token beside {}); download the model again.",
                        self.width
                    ),
                ));
            }
        }
        let tokens = clip.tokens + t5.map_or(self.t5_tokens, |t5| t5.tokens);
        let mut text = vec![0.0; tokens * self.width];
        let mut rows = text.chunks_exact_mut(self.width);
        for (row, token) in rows.by_ref().zip(clip.data.chunks_exact(clip.width.max(1))) {
            row[..clip.width].copy_from_slice(token);
        }
        if let Some(t5) = t5 {
            text.truncate(clip.tokens * self.width);
            text.extend_from_slice(&t5.data);
        }
        let pooled = clip.pooled.clone();
        Ok(vec![
            ("encoder_hidden_states", vec![tokens, self.width], text),
            ("pooled_projections", vec![pooled.len()], pooled),
        ])
    }
}
