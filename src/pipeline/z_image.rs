//! Z-Image and Z-Image-Turbo: a language model (Qwen 3) for the words, a transformer that takes captions of any length.
//! img2img as diffusers has it (`ZImageImg2ImgPipeline`): compared, picture by picture, in `tests/pipeline`.

use std::cell::Cell;
use std::time::Duration;

use super::denoise::{Conditioning, Denoiser, Half, Noisy};
use super::family::{Family, Loaded};
use super::scheduler::Rule;
use super::text::{Telling, TextEncoder};
use super::unread::Unread;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::render::Scene;

/// Tokens of a prompt at most, with what is said around it.
const TOKENS: usize = 512;
const BEFORE: &str = "<|im_start|>user\n";
/// An answer begins, which the model may think about first.
const AFTER: &str = "<|im_end|>\n<|im_start|>assistant\n";
const TEXT: &str = "encoder_hidden_states";
/// Captions are filled up to a multiple of so many tokens, in the graph or outside.
const MULTIPLE: usize = 32;
/// The network is told how much of the picture is there already, not a timestep of so many.
const TRAIN_STEPS: f32 = 1000.0;

struct ZImage {
    text: TextEncoder,
    /// Has the latent a place for frames?
    frames: bool,
    /// Must captions be filled up before the network sees them? Nothing says so but a run that fails.
    fills_up: Cell<bool>,
}

/// Puts a model together.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs.
pub fn load(network: Component, encoders: Vec<TextEncoder>) -> Result<Loaded> {
    let inputs = ["hidden_states", "timestep", TEXT];
    // The last is the first export's for the web.
    let outputs = ["out_hidden_states", "noise_pred", "out_sample", "unified_results"];
    let network = Denoiser::new(network, "transformer", &inputs, &outputs, false)?;
    let Ok([mut text]) = <[TextEncoder; 1]>::try_from(encoders) else {
        return Err(Error::new(Status::Internal, "Z-Image has one text encoder; choose another model."));
    };
    text.tell(Telling { before: BEFORE.into(), after: AFTER.into(), tokens: TOKENS, padded: false });
    let family = ZImage { text, frames: network.rank() == 5, fills_up: Cell::new(false) };
    Ok(Loaded { family: Box::new(family), network })
}

impl Family for ZImage {
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
        let (half, of_prompt) = self.half(prompt, rule, cancel, spent)?;
        let mut unread = vec![of_prompt];
        let wanted = network.condition(vec![half], guidance)?;
        // Prompts have their own numbers of tokens. Guidance counts from the prompt on, so 0 is none.
        let conditioning = match guidance > 0.0 {
            true => {
                let (negative, of_negative) = self.half(negative, rule, cancel, spent)?;
                unread.push(of_negative);
                wanted.away_from(network.condition(vec![negative], guidance)?, guidance + 1.0)
            }
            false => wanted,
        };
        let conditioning = conditioning.with_unread(unread);
        Ok(match self.fills_up.get() {
            true => conditioning.filled_up(TEXT, MULTIPLE),
            false => conditioning,
        })
    }

    fn predict(
        &self,
        network: &mut Denoiser,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let &[channels, height, width] = noisy.shape else {
            return Err(Error::new(Status::Internal, "A latent is no picture; choose another model."));
        };
        let framed = [channels, 1, height, width];
        let told = Noisy {
            shape: if self.frames { &framed } else { noisy.shape },
            timestep: 1.0 - noisy.timestep / TRAIN_STEPS,
            ..*noisy
        };
        let mut predicted = network.predict(conditioning, &told, cancel, spent);
        if let Err(error) = &predicted
            && error.status == Status::Inference
            && !self.fills_up.get()
        {
            predicted = network.predict(&conditioning.filled_up(TEXT, MULTIPLE), &told, cancel, spent);
            self.fills_up.set(predicted.is_ok());
        }
        // It tells the way from noise to the picture.
        let mut predicted = predicted?;
        predicted.iter_mut().for_each(|value| *value = -*value);
        Ok(predicted)
    }
}

impl ZImage {
    /// And what of the prompt is not in it.
    fn half(
        &mut self,
        prompt: &str,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<(Half, Option<Unread>)> {
        let text = self.text.encode(prompt, rule, cancel, spent)?;
        let tokens = text.used.min(text.tokens);
        let data = text.data.get(..tokens * text.width).unwrap_or_default().to_vec();
        Ok((vec![(TEXT, vec![tokens, text.width], data)], text.unread.clone()))
    }
}
