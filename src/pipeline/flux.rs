//! FLUX.1, schnell and dev and what was made of them: T5 for the words, CLIP for the whole prompt in one vector, a
//! transformer that is given patches of 2 × 2 latent cells and their places. Guidance is built in.
//! img2img as diffusers has it (`FluxImg2ImgPipeline`); Depth and Canny, Fill, Redux and Kontext as
//! `FluxControlImg2ImgPipeline`, `FluxFillPipeline`, `FluxPriorReduxPipeline` and `FluxKontextInpaintPipeline` with a white mask
//! have it: compared, picture by picture, in `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Conditioning, Denoiser, Noisy};
use super::family::{Family, Loaded};
use super::inpaint::Mask;
use super::reference::{EncodedReferences, ReferenceInput};
use super::scheduler::Rule;
use super::text::TextEncoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::render::{Latent, Scene};

/// Tokens that T5 makes: more for models that are told a guidance (dev), as their makers have it.
const TOKENS: usize = 256;
const TOKENS_GUIDED: usize = 512;
/// Cells a side of a patch.
const PATCH: usize = 2;
/// A place has three numbers: which picture (Kontext sees a second), row, column.
const AXES: usize = 3;
const WORDS: &str = "encoder_hidden_states";

struct Flux {
    clip: TextEncoder,
    t5: TextEncoder,
    /// Is it told a guidance?
    guided: bool,
    /// Kontext: does it see the paint, or another picture, behind its own?
    looks_at_paint: bool,
    /// Redux: does it read pictures behind the words?
    reads_pictures: bool,
    /// Numbers of a token of words, where the network says.
    width: Option<usize>,
    cell: usize,
}

/// Puts a model together; `encoders` in the order of the folder's: CLIP, T5.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs.
pub fn load(network: Component, encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let inputs =
        ["hidden_states", "timestep", "encoder_hidden_states", "pooled_projections", "img_ids", "txt_ids"];
    let outputs = ["out_hidden_states", "noise_pred", "out_sample"];
    let network = Denoiser::new(network, "transformer", &inputs, &outputs, true)?;
    let Ok([clip, mut t5]) = <[TextEncoder; 2]>::try_from(encoders) else {
        return Err(Error::new(Status::Internal, "FLUX.1 has two text encoders; choose another model."));
    };
    let guided = network.has("guidance");
    let usual = if guided { TOKENS_GUIDED } else { TOKENS };
    t5.read(network.fixed(inputs[2], 1).unwrap_or(usual));
    let reads_pictures = folder.image_embedder.is_some() && network.takes_any_length();
    if folder.image_embedder.is_some() && !reads_pictures {
        return Err(network.unsupported(
            "it reads a fixed number of tokens, and FLUX.1 Redux (image_embedder) adds some; export it anew, or take \
             image_encoder and image_embedder out of the folder",
        ));
    }
    let (looks_at_paint, width) = (folder.looks_at_paint, network.fixed(inputs[2], 2));
    let cell = folder.cell as usize;
    let family = Flux { clip, t5, guided, looks_at_paint, reads_pictures, width, cell };
    Ok(Loaded { family: Box::new(family), network })
}

impl Family for Flux {
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
        let pooled = self.clip.encode(prompt, rule, cancel, spent)?.pooled.clone();
        let text = self.t5.encode(prompt, rule, cancel, spent)?;
        let mut half = vec![
            (WORDS, vec![text.tokens, text.width], text.data.clone()),
            ("pooled_projections", vec![pooled.len()], pooled),
        ];
        if self.guided {
            half.push(("guidance", vec![], vec![guidance]));
        }
        Ok(network.condition(vec![half], guidance)?.with_unread([text.unread.clone()]))
    }

    fn show(
        &self,
        mut conditioning: Conditioning,
        paint: &Latent,
        references: &EncodedReferences,
    ) -> Conditioning {
        let mut places = places(0, paint);
        let numbers = |latent: &Latent| latent.iter().copied().collect::<Vec<f32>>();
        if self.looks_at_paint {
            let seen = references.encoded.first().map_or(paint, |one| &*one.numbers);
            places.extend(self::places(1, seen));
            let (channels, height, width) = seen.dim();
            conditioning = conditioning.with_beside(pack(&numbers(seen), [channels, height, width]));
        } else {
            for one in &references.encoded {
                let scaled: Vec<f32> = one.numbers.iter().map(|number| number * one.scale).collect();
                conditioning = conditioning.with_tokens(WORDS, &scaled);
            }
        }
        let words = conditioning.tokens(WORDS);
        conditioning.with_places("img_ids", AXES, places).with_places("txt_ids", AXES, vec![0; words * AXES])
    }

    fn reference_input(&self) -> Option<ReferenceInput> {
        match (self.looks_at_paint, self.reads_pictures) {
            // diffusers' pipeline knows one.
            (true, _) => Some(ReferenceInput::Latents { cell: self.cell * PATCH, most: 1 }),
            (false, true) => Some(ReferenceInput::Tokens { width: self.width }),
            (false, false) => None,
        }
    }

    fn mask(&self) -> Mask {
        Mask::ByPixel
    }

    fn fills_up(&mut self) -> Option<&mut TextEncoder> {
        Some(&mut self.t5)
    }

    fn predict(
        &self,
        network: &mut Denoiser,
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let shape @ [channels, height, width] = noisy.sides()?;
        let more = noisy.channels.len() / (height * width).max(1);
        let tokens = [(height / PATCH) * (width / PATCH), channels * PATCH * PATCH];
        let packed = Noisy {
            sample: &pack(noisy.sample, shape),
            shape: &tokens,
            timestep: noisy.level(),
            residuals: noisy.residuals,
            channels: &pack(noisy.channels, [more, height, width]),
            inside: noisy.inside,
            crop: noisy.crop,
        };
        let predicted = network.predict(conditioning, &packed, cancel, spent)?;
        Ok(unpack(&predicted, shape))
    }
}

/// Row and column of each patch, after the picture's number.
fn places(picture: i64, latent: &Latent) -> Vec<i64> {
    let (_, height, width) = latent.dim();
    let row = |y| (0..width / PATCH).flat_map(move |x| [picture, y as i64, x as i64]);
    (0..height / PATCH).flat_map(row).collect()
}

/// For each number of a packed latent, patch by patch, where it lies in `[channels, height, width]`: in a patch the channel
/// changes last.
fn order([channels, height, width]: [usize; 3]) -> impl Iterator<Item = usize> {
    let cells = move |y: usize, x: usize| {
        (0..channels).flat_map(move |c| {
            (0..PATCH * PATCH).map(move |i| (c * height + y + i / PATCH) * width + x + i % PATCH)
        })
    };
    let rows = (0..height / PATCH).map(|y| y * PATCH);
    rows.flat_map(move |y| (0..width / PATCH).flat_map(move |x| cells(y, x * PATCH)))
}

fn pack(latent: &[f32], shape: [usize; 3]) -> Vec<f32> {
    order(shape).map(|place| latent.get(place).copied().unwrap_or_default()).collect()
}

fn unpack(packed: &[f32], shape: [usize; 3]) -> Vec<f32> {
    let mut latent = vec![0.0; shape.iter().product()];
    for (value, place) in packed.iter().zip(order(shape)) {
        if let Some(cell) = latent.get_mut(place) {
            *cell = *value;
        }
    }
    latent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_packed_channel_by_channel() {
        let shape = [2, 2, 4];
        let latent: Vec<f32> = (0..16).map(|i| i as f32).collect();
        let packed = pack(&latent, shape);
        assert_eq!(packed[..8], [0.0, 1.0, 4.0, 5.0, 8.0, 9.0, 12.0, 13.0]);
        assert_eq!(packed[8..], [2.0, 3.0, 6.0, 7.0, 10.0, 11.0, 14.0, 15.0]);
        assert_eq!(unpack(&packed, shape), latent);
        assert_eq!(places(1, &Latent::zeros((16, 4, 5))), [1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1]);
    }
}
