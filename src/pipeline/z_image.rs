//! Z-Image and Z-Image-Turbo: a language model (Qwen 3) for the words, a transformer that takes captions of any length.
//! img2img as diffusers has it (`ZImageImg2ImgPipeline`): compared, picture by picture, in `tests/pipeline`.

use std::borrow::Cow;
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
            true => conditioning.filled_up(TEXT, MULTIPLE).into_owned(),
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
        let [channels, height, width] = noisy.sides()?;
        let framed = [channels, 1, height, width];
        let told = Noisy {
            shape: if self.frames { &framed } else { noisy.shape },
            // How much of the picture is there already.
            timestep: 1.0 - noisy.level(),
            ..*noisy
        };
        // Steps that follow have the conditioning that the first one failed with.
        let wanted = match self.fills_up.get() {
            true => conditioning.filled_up(TEXT, MULTIPLE),
            false => Cow::Borrowed(conditioning),
        };
        let mut predicted = network.predict(&wanted, &told, cancel, spent);
        if let Err(error) = &predicted
            && may_be_length(error)
            && let Cow::Owned(filled) = wanted.filled_up(TEXT, MULTIPLE)
        {
            predicted = network.predict(&filled, &told, cancel, spent);
            self.fills_up.set(predicted.is_ok());
        }
        // It tells the way from noise to the picture.
        let mut predicted = predicted?;
        predicted.iter_mut().for_each(|value| *value = -*value);
        Ok(predicted)
    }
}

/// Whether it may be the caption's length that a run has failed by: on a graphics card that looks like any other failure.
fn may_be_length(error: &Error) -> bool {
    !error.is_cancelled() && error.status != Status::Memory
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::models::folder::Folder;
    use crate::pipeline::LoadOptions;
    use crate::pipeline::load::Loading;
    use crate::pipeline::taking::Taking;

    /// A model of this kind that nobody has tried out, as one of a fixed size is.
    fn untried(name: &str) -> Loaded {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny").join(name);
        let (folder, cancel) = (Folder::open(&path).unwrap(), Cancel::new());
        let loading = Loading::on_cpu(&LoadOptions::default()).unwrap();
        let words = &folder.texts[0];
        let text = loading.component(words.name, &words.network, &cancel).unwrap();
        let text = TextEncoder::new(words, text, Taking::LastButOne).unwrap();
        load(loading.component("transformer", &folder.network, &cancel).unwrap(), vec![text]).unwrap()
    }

    #[test]
    fn captions_are_filled_up_in_each_step_once_one_has_failed_without() {
        let Loaded { family, mut network } = untried("z-image-web");
        let (cancel, spent, latent) = (Cancel::new(), &mut Duration::default(), vec![0.5; 16 * 8 * 8]);
        let width = network.fixed(TEXT, 2).unwrap_or(32);
        let mut of = |tokens: usize| {
            let half = vec![(TEXT, vec![tokens, width], vec![0.25; tokens * width])];
            let conditioning = network.condition(vec![half], 0.0).unwrap();
            let noisy = Noisy {
                sample: &latent,
                shape: &[16, 8, 8],
                timestep: 500.0,
                residuals: &[],
                channels: &[],
                inside: None,
                crop: [0.0, 0.0, 1.0, 1.0],
            };
            family.predict(&mut network, &conditioning, &noisy, &cancel, spent).unwrap()
        };
        let first = of(9);
        assert_eq!(of(9), first, "the second step has the same conditioning");
        assert_eq!(of(32), first, "the last token is repeated");
    }

    #[test]
    fn a_card_that_fails_may_have_been_shown_a_caption_of_a_wrong_length() {
        let error = |status| Error::new(status, "x");
        for (status, expected) in [
            (Status::Inference, true),
            (Status::Device, true),
            (Status::Memory, false),
            (Status::Cancelled, false),
        ] {
            assert_eq!(may_be_length(&error(status)), expected, "{status:?}");
        }
    }
}
