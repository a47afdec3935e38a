//! FLUX.2 klein: a language model (Qwen 3) for the words, and a transformer that looks at the paint itself beside the noisy
//! picture. Below strength 1 it starts from the noised paint, at 1 from noise alone; it sees the paint either way, and further
//! pictures of any size.
//! As diffusers has it (`Flux2KleinInpaintPipeline` with a white mask): compared, picture by picture, in `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Conditioning, Denoiser, Noisy};
use super::family::{Family, Loaded};
use super::reference::{EncodedReferences, ReferenceInput};
use super::scheduler::Rule;
use super::text::{Telling, TextEncoder};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::render::{Latent, Scene};

/// Tokens of a prompt with padding, which the network looks at.
const TOKENS: usize = 512;
const BEFORE: &str = "<|im_start|>user\n";
/// An answer begins, before which nothing was thought.
const AFTER: &str = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";
/// The states of the language model that are looked at.
pub const STATES: [u32; 3] = [9, 18, 27];
/// Numbers of a place: which picture, row, column, place in the text.
const AXES: usize = 4;
/// The picture that is made is 0, and those that are looked at follow in such steps.
const BETWEEN: i64 = 10;

struct Flux2Klein {
    text: TextEncoder,
    cell: usize,
}

/// Puts a model together.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs.
pub fn load(network: Component, encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let inputs = ["hidden_states", "timestep", "encoder_hidden_states", "img_ids", "txt_ids"];
    let outputs = ["out_hidden_states", "noise_pred", "out_sample"];
    let network = Denoiser::new(network, "transformer", &inputs, &outputs, folder.distilled)?;
    let Ok([mut text]) = <[TextEncoder; 1]>::try_from(encoders) else {
        return Err(Error::new(Status::Internal, "FLUX.2 klein has one text encoder; choose another model."));
    };
    let tokens = network.fixed(inputs[2], 1).unwrap_or(TOKENS);
    text.tell(Telling { before: BEFORE.into(), after: AFTER.into(), tokens, padded: true });
    Ok(Loaded { family: Box::new(Flux2Klein { text, cell: folder.cell as usize }), network })
}

impl Family for Flux2Klein {
    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning> {
        let (prompt, _) = scene.words();
        // The other half of guidance is no prompt at all, whatever is not wanted.
        let prompts = [prompt, ""];
        let mut halves = Vec::new();
        let (mut tokens, mut unread) = (0, Vec::new());
        for prompt in &prompts[..1 + usize::from(network.guides(guidance))] {
            let text = self.text.encode(prompt, rule, cancel, spent)?;
            tokens = text.tokens;
            unread.push(text.unread.clone());
            halves.push(vec![("encoder_hidden_states", vec![tokens, text.width], text.data.clone())]);
        }
        let text = (0..tokens as i64).flat_map(|place| [0, 0, 0, place]).collect();
        let conditioning = network.condition(halves, guidance)?.with_unread(unread);
        Ok(conditioning.with_places("txt_ids", AXES, text))
    }

    fn show(
        &self,
        conditioning: Conditioning,
        paint: &Latent,
        references: &EncodedReferences,
    ) -> Conditioning {
        let seen: Vec<&Latent> =
            [paint].into_iter().chain(references.encoded.iter().map(|one| &*one.numbers)).collect();
        let mut places = places(0, paint);
        for (latent, number) in seen.iter().zip(1..) {
            places.extend(self::places(number * BETWEEN, latent));
        }
        let tokens = |latent: &&Latent| pack(latent.as_slice().unwrap_or_default(), latent.dim().0);
        let beside = seen.iter().flat_map(tokens).collect();
        conditioning.with_beside(beside).with_places("img_ids", AXES, places)
    }

    fn reference_input(&self) -> Option<ReferenceInput> {
        Some(ReferenceInput::Latents { cell: self.cell, most: usize::MAX })
    }

    fn hears_negative(&self) -> bool {
        false
    }

    fn fills_up(&mut self) -> Option<&mut TextEncoder> {
        Some(&mut self.text)
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
        let packed = Noisy {
            sample: &pack(noisy.sample, channels),
            shape: &[height * width, channels],
            timestep: noisy.level(),
            residuals: noisy.residuals,
            channels: noisy.channels,
            inside: noisy.inside,
            crop: noisy.crop,
        };
        let predicted = network.predict(conditioning, &packed, cancel, spent)?;
        Ok(pack(&predicted, height * width))
    }
}

/// Where the cells of a picture lie.
fn places(picture: i64, latent: &Latent) -> Vec<i64> {
    let (_, rows, columns) = latent.dim();
    let row = |y: i64| (0..columns as i64).flat_map(move |x| [picture, y, x, 0]);
    (0..rows as i64).flat_map(row).collect()
}

/// Columns of a table become rows: of a latent in channels its cells, and back.
fn pack(table: &[f32], rows: usize) -> Vec<f32> {
    let columns = table.len() / rows.max(1);
    (0..columns).flat_map(|x| (0..rows).filter_map(move |y| table.get(y * columns + x))).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latent_is_packed_cell_by_cell() {
        let latent = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        let packed = pack(&latent, 2);
        assert_eq!(packed, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
        assert_eq!(pack(&packed, 3), latent);
        assert!(pack(&[], 2).is_empty() && pack(&latent, 0).is_empty());
    }
}
