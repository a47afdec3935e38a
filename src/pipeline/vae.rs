//! Pictures to latents and back.

use std::sync::Arc;
use std::time::Duration;

use ndarray::{Array3, ArrayView3};
use xxhash_rust::xxh3::xxh3_128;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::numbers::Autoencoder;
use crate::recent::Recent;
use crate::render::{Latent, Picture};

/// Encodings that are kept. A prompt or a slider changes more often than the paint does.
const KEPT: usize = 6;

pub struct Encoder {
    network: Component,
    input: String,
    output: String,
    numbers: Autoencoder,
    /// By what the picture is.
    kept: Recent<(u128, usize, usize), Arc<Latent>>,
}

impl Encoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network that does not take one picture.
    pub fn new(network: Component, numbers: Autoencoder) -> Result<Self> {
        let input = only_input(&network)?;
        let output = network.output(&["latent_parameters", "latent_sample", "latent_dist"], 4)?.name.clone();
        Ok(Encoder { network, input, output, numbers, kept: Recent::new(KEPT) })
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
        let (channels, height, width) = picture.dim();
        let key = picture.as_slice().map_or(0, |values| xxh3_128(bytemuck::cast_slice(values)));
        if let Some(latent) = self.kept.get(&(key, height, width)) {
            return Ok(latent);
        }
        // The network wants −1..1.
        let pixels: Vec<f32> = picture.iter().map(|value| value * 2.0 - 1.0).collect();
        let feeds = [(self.input.as_str(), Feed::Floats(&[1, channels, height, width], &pixels))];
        let encoded = self.network.run(&feeds, &self.output, cancel, spent)?;
        let wanted = self.numbers.channels;
        let shape = encoded.shape().to_vec();
        let [1, given, height_in_cells, width_in_cells] = shape[..] else {
            return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
        };
        // Mean and log-variance one after the other, or a latent as it is.
        if given != wanted && given != 2 * wanted {
            return Err(self.network.unsupported(&format!("it makes {given} channels instead of {wanted}")));
        }
        let mut data = encoded.into_raw_vec_and_offset().0;
        data.truncate(wanted * height_in_cells * width_in_cells);
        if data.iter().any(|value| !value.is_finite()) {
            return Err(overflows("vae_encoder"));
        }
        let (scaling, shift) = (self.numbers.scaling, self.numbers.shift);
        data.iter_mut().for_each(|value| *value = (*value - shift) * scaling);
        let latent = Array3::from_shape_vec((wanted, height_in_cells, width_in_cells), data)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        let latent = Arc::new(latent);
        self.kept.put((key, height, width), Arc::clone(&latent));
        Ok(latent)
    }
}

pub struct Decoder {
    network: Component,
    input: String,
    output: String,
    numbers: Autoencoder,
}

impl Decoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network that does not take one latent.
    pub fn new(network: Component, numbers: Autoencoder) -> Result<Self> {
        let input = only_input(&network)?;
        let output = network.output(&["sample"], 4)?.name.clone();
        Ok(Decoder { network, input, output, numbers })
    }

    /// Width and height in latent cells, where the network is fixed to one.
    pub fn fixed(&self) -> (Option<usize>, Option<usize>) {
        let port = self.network.input(&self.input);
        (port.and_then(|p| p.fixed(3)), port.and_then(|p| p.fixed(2)))
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
        let scaled: Vec<f32> = latent.iter().map(|value| value / scaling + shift).collect();
        let feeds = [(self.input.as_str(), Feed::Floats(&[1, channels, height, width], &scaled))];
        let decoded = self.network.run(&feeds, &self.output, cancel, spent)?;
        let shape = decoded.shape().to_vec();
        let [1, 3, height, width] = shape[..] else {
            return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
        };
        let mut data = decoded.into_raw_vec_and_offset().0;
        if data.iter().any(|value| !value.is_finite()) {
            return Err(overflows("vae_decoder"));
        }
        data.iter_mut().for_each(|value| *value = (*value * 0.5 + 0.5).clamp(0.0, 1.0));
        Array3::from_shape_vec((3, height, width), data)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))
    }
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
