//! Pictures to latents and back.

use std::sync::Arc;
use std::time::Duration;

use ndarray::{Array3, ArrayView3};
use xxhash_rust::xxh3::xxh3_128;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::numbers::{Autoencoder, Patches};
use crate::recent::Recent;
use crate::render::{Latent, Picture};

/// Encodings that are kept. A prompt or a slider changes more often than the paint does.
const KEPT: usize = 6;

pub struct Encoder {
    network: Component,
    input: String,
    output: String,
    numbers: Autoencoder,
    /// Of the autoencoder that the model itself came with.
    own: Autoencoder,
    /// By what the picture is.
    kept: Recent<(u128, usize, usize), Arc<Latent>>,
}

impl Encoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network that does not take one picture.
    pub fn new(network: Component, numbers: Autoencoder, own: Autoencoder) -> Result<Self> {
        let input = only_input(&network)?;
        let output = network.output(&["latent_parameters", "latent_sample", "latent_dist"], 4)?.name.clone();
        Ok(Encoder { network, input, output, numbers, own, kept: Recent::new(KEPT) })
    }

    /// Width and height in pixels, where the network is fixed to one.
    pub fn fixed(&self) -> (Option<usize>, Option<usize>) {
        let port = self.network.input(&self.input);
        (port.and_then(|p| p.fixed(3)), port.and_then(|p| p.fixed(2)))
    }

    /// The latent of `picture`, from memory where it was encoded lately. Where
    /// the network gives a distribution, its mean is taken: the same paint gives the same latent.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn encode(
        &mut self,
        picture: &Picture,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Latent>> {
        let (_, height, width) = picture.dim();
        let key = picture.as_slice().map_or(0, |values| xxh3_128(bytemuck::cast_slice(values)));
        if let Some(latent) = self.kept.get(&(key, height, width)) {
            return Ok(latent);
        }
        let latent = self.encode_anew(picture, cancel, spent)?;
        self.kept.put((key, height, width), Arc::clone(&latent));
        Ok(latent)
    }

    /// A latent as the model's own autoencoder makes it, without the numbers that bring it to noise's.
    pub fn unscaled(&self, latent: &Latent) -> Vec<f32> {
        latent.iter().map(|value| value / self.own.scaling + self.own.shift).collect()
    }

    /// The same for a picture that somebody else keeps what it came to.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn encode_anew(
        &mut self,
        picture: &Picture,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Latent>> {
        let (channels, height, width) = picture.dim();
        // The network wants −1..1.
        let pixels: Vec<f32> = picture.iter().map(|value| value * 2.0 - 1.0).collect();
        let feeds = [(self.input.as_str(), Feed::Floats(&[1, channels, height, width], &pixels))];
        let encoded = self.network.run(&feeds, &self.output, cancel, spent)?;
        let wanted = self.numbers.channels;
        let shape = encoded.shape().to_vec();
        let [1, given, height_in_cells, width_in_cells] = shape[..] else {
            return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
        };
        let mut data = encoded.into_raw_vec_and_offset().0;
        let (height_in_cells, width_in_cells) = match &self.numbers.patches {
            // Mean and log-variance one after the other, or a latent as it is; cells that are to be put together.
            Some(patches) if given == wanted / PATCH || given == 2 * wanted / PATCH => {
                data = fold(&data, [wanted / PATCH, height_in_cells, width_in_cells], patches);
                (height_in_cells / SIDE, width_in_cells / SIDE)
            }
            _ if given == wanted || given == 2 * wanted && !self.numbers.patched => {
                (height_in_cells, width_in_cells)
            }
            None if self.numbers.patched && (given == wanted / PATCH || given == 2 * wanted / PATCH) => {
                return Err(self.network.unsupported(NO_NORM));
            }
            _ => {
                return Err(self
                    .network
                    .unsupported(&format!("it makes {given} channels instead of {wanted}")));
            }
        };
        data.truncate(wanted * height_in_cells * width_in_cells);
        if data.iter().any(|value| !value.is_finite()) {
            return Err(overflows("vae_encoder"));
        }
        let (scaling, shift) = (self.numbers.scaling, self.numbers.shift);
        data.iter_mut().for_each(|value| *value = (*value - shift) * scaling);
        let latent = Array3::from_shape_vec((wanted, height_in_cells, width_in_cells), data)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        Ok(Arc::new(latent))
    }
}

pub struct Decoder {
    network: Component,
    input: String,
    output: String,
    numbers: Autoencoder,
    /// How cells are taken out of patches, where the export does not do it.
    patches: Option<Patches>,
}

impl Decoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network that does not take one latent.
    pub fn new(network: Component, numbers: Autoencoder) -> Result<Self> {
        let input = only_input(&network)?;
        let output = network.output(&["sample"], 4)?.name.clone();
        let channels = network.input(&input).and_then(|port| port.fixed(1));
        let patches = match channels.map(|channels| channels == numbers.channels) {
            Some(false) if numbers.patched && numbers.patches.is_none() => {
                return Err(network.unsupported(NO_NORM));
            }
            // ONNX Runtime's quickest convolutions run on too few channels without a word.
            Some(false) if !numbers.patched => {
                let (takes, wanted) = (channels.unwrap_or_default(), numbers.channels);
                return Err(
                    network.unsupported(&format!("it takes latents of {takes} channels instead of {wanted}"))
                );
            }
            Some(true) => None,
            // Who says what the norm is does not have it inside.
            Some(false) | None => numbers.patches.clone(),
        };
        Ok(Decoder { network, input, output, numbers, patches })
    }

    /// Width and height in latent cells, where the network is fixed to one.
    pub fn fixed(&self) -> (Option<usize>, Option<usize>) {
        let port = self.network.input(&self.input);
        let cells = if self.patches.is_some() { SIDE } else { 1 };
        let side = |axis: usize| port.and_then(|p| p.fixed(axis)).map(|side| side / cells);
        (side(3), side(2))
    }

    /// Runs it once on a latent of `width` × `height` cells that says nothing.
    ///
    /// # Errors
    /// As [`Decoder::decode`]; [`Status::ModelUnsupported`] if a cell does not become `cell` × `cell` pixels.
    pub fn try_out(&mut self, (width, height): (usize, usize), cell: usize, cancel: &Cancel) -> Result<()> {
        let (w, h) = self.fixed();
        if w.is_some_and(|w| w != width) || h.is_some_and(|h| h != height) {
            return Err(self
                .network
                .unsupported("it makes pictures of one size alone, which is not the model's"));
        }
        let latent = Latent::zeros((self.numbers.channels, height, width));
        let (_, down, across) = self.decode(latent.view(), cancel, &mut Duration::default())?.dim();
        if (across, down) == (width * cell, height * cell) {
            return Ok(());
        }
        Err(self.network.unsupported(&format!(
            "it makes {across} × {down} pixels of {width} × {height} cells, which are {cell} pixels wide"
        )))
    }

    /// The picture of `latent`, 0..1.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::Inference`] if the numbers are no picture.
    pub fn decode(
        &mut self,
        latent: ArrayView3<'_, f32>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Picture> {
        let (channels, height, width) = latent.dim();
        let (scaling, shift) = (self.numbers.scaling, self.numbers.shift);
        if latent.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(
                Status::Inference,
                "The model made numbers that are no picture; lower guidance, or choose an fp32 export of the \
                 model.",
            ));
        }
        let mut scaled: Vec<f32> = latent.iter().map(|value| value / scaling + shift).collect();
        let mut shape = [1, channels, height, width];
        if let Some(patches) = &self.patches {
            shape = [1, channels / PATCH, height * SIDE, width * SIDE];
            scaled = unfold(&scaled, [channels / PATCH, height * SIDE, width * SIDE], patches);
        }
        let feeds = [(self.input.as_str(), Feed::Floats(&shape, &scaled))];
        let decoded = self.network.make(&feeds, &[&self.output], false, cancel, spent)?;
        let Some(decoded) = decoded.first() else { return Err(self.network.unsupported("it makes nothing")) };
        let shape = decoded.shape();
        let [1, 3, height, width] = shape[..] else {
            return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
        };
        let made = decoded.numbers()?;
        if made.iter().any(|value| !value.is_finite()) {
            return Err(overflows("vae_decoder"));
        }
        // Out of the runtime's memory in one go: a large picture's pages are written once.
        let data = made.iter().map(|value| (value * 0.5 + 0.5).clamp(0.0, 1.0)).collect();
        Array3::from_shape_vec((3, height, width), data)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))
    }
}

/// Cells of a patch, and of its side.
const PATCH: usize = SIDE * SIDE;
const SIDE: usize = 2;
const NO_NORM: &str = "it leaves the norm of latents to whoever uses it, and nothing says what that is: its config.json \
    needs latents_mean and latents_std, 128 numbers each (the mean, and the root of the variance and 0.0001, of the \
    original's batch norm)";

/// For each number of a latent in patches where it lies in `[channels, height, width]`: one of the cells after the other
/// becomes a channel.
fn order([channels, height, width]: [usize; 3]) -> impl Iterator<Item = usize> {
    let cell = move |channel: usize, y: usize, x: usize| (channel * height + y) * width + x;
    (0..channels * PATCH).flat_map(move |patch| {
        let (channel, dy, dx) = (patch / PATCH, patch % PATCH / SIDE, patch % SIDE);
        (0..height / SIDE)
            .flat_map(move |y| (0..width / SIDE).map(move |x| cell(channel, y * SIDE + dy, x * SIDE + dx)))
    })
}

/// The mean and deviation of each number of a latent in patches.
fn norms(patches: &Patches, patches_in_all: usize) -> impl Iterator<Item = (f32, f32)> + '_ {
    let rows = patches.mean.iter().zip(&patches.deviation);
    rows.flat_map(move |(mean, deviation)| std::iter::repeat_n((*mean, *deviation), patches_in_all))
}

/// Cells into patches, with the family's norm.
fn fold(latent: &[f32], shape: [usize; 3], patches: &Patches) -> Vec<f32> {
    let norms = norms(patches, (shape[1] / SIDE) * (shape[2] / SIDE));
    let values = order(shape).map(|place| latent.get(place).copied().unwrap_or_default());
    values.zip(norms).map(|(value, (mean, deviation))| (value - mean) / deviation).collect()
}

/// And back.
fn unfold(folded: &[f32], shape: [usize; 3], patches: &Patches) -> Vec<f32> {
    let mut latent = vec![0.0; shape.iter().product()];
    let norms = norms(patches, (shape[1] / SIDE) * (shape[2] / SIDE));
    for ((value, (mean, deviation)), place) in folded.iter().zip(norms).zip(order(shape)) {
        if let Some(cell) = latent.get_mut(place) {
            *cell = value * deviation + mean;
        }
    }
    latent
}

/// Half precision is too narrow for some autoencoders, SDXL's first of all.
fn overflows(part: &str) -> Error {
    Error::new(
        Status::Inference,
        format!(
            "The model's {part} made numbers that are no picture, as SDXL's does in half precision; name a folder \
             with a better one (an fp32 export, or sdxl-vae-fp16-fix) in the model's scumble.json: \
             {{\"parts\": {{\"{part}\": \"../OTHER MODEL\"}}}}."
        ),
    )
}

/// The name of the input that takes a picture or latent.
fn only_input(network: &Component) -> Result<String> {
    let port = network.inputs().iter().find(|port| port.shape.len() == 4);
    port.map(|port| port.name.clone()).ok_or_else(|| network.unsupported("it does not take a picture"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_channels_of_patches() {
        let latent: Vec<f32> = (0..16).map(|i| i as f32).collect();
        let patches = Patches { mean: vec![1.0; 8], deviation: vec![2.0; 8] };
        let folded = fold(&latent, [2, 2, 4], &patches);
        let plain: Vec<f32> = folded.iter().map(|value| value * 2.0 + 1.0).collect();
        assert_eq!(plain[..8], [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
        assert_eq!(unfold(&folded, [2, 2, 4], &patches), latent);
    }
}
