//! What CLIP sees in a picture: how IP-Adapters are told of it. Pictures are made ready as transformers'
//! `CLIPImageProcessor` does it.

use std::sync::Arc;
use std::time::Duration;

use ndarray::Array3;

use super::eyes::{Eyes, vectors};
use super::taking::last_but_one;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::pixels::pillow::{self, Filter};
use crate::render::Picture;

/// Side of the pictures that CLIP was trained on.
const SIDE: usize = 224;
/// CLIP's colours.
const MEAN: [f32; 3] = [0.48145466, 0.4578275, 0.40821073];
const DEVIATION: [f32; 3] = [0.26862954, 0.261_302_6, 0.275_777_1];
/// A picture that is longer is looked at in its middle alone.
const LONGEST: usize = 16;

/// What a U-Net wants to be told of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingShape {
    /// The state of every part of the picture, rather than all of it in one vector (IP-Adapter Plus)?
    pub parts: bool,
    /// How many of them, where the export says.
    pub count: Option<usize>,
    /// Numbers of one vector, where the export says.
    pub width: Option<usize>,
    /// Does it hear what of a picture is taken over?
    pub aspects: bool,
}

pub struct ImageEncoder {
    eyes: Eyes,
    output: String,
    wanted: EmbeddingShape,
    /// What it sees in no picture.
    nothing: Option<Arc<Array3<f32>>>,
}

impl ImageEncoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs and outputs, or one that is not square;
    /// [`Status::ModelBroken`] for one that tells other numbers than the U-Net wants.
    pub fn new(network: Component, wanted: EmbeddingShape) -> Result<Self> {
        let eyes = Eyes::new(network, SIDE)?;
        let network = eyes.network();
        let output = match wanted.parts {
            true => last_but_one(network)?,
            false => network.output(&["image_embeds"], 2)?.name.clone(),
        };
        let width = network
            .outputs()
            .iter()
            .find(|port| port.name == output)
            .and_then(|port| port.fixed(port.shape.len() - 1));
        if let (Some(tells), Some(wants)) = (width, wanted.width)
            && tells != wants
        {
            return Err(Error::new(
                Status::ModelBroken,
                format!(
                    "The image encoder {} tells {tells} numbers of a picture, and the U-Net wants {wants}; use the encoder \
                     that the IP-Adapter was made with.",
                    network.path().display()
                ),
            ));
        }
        Ok(ImageEncoder { eyes, output, wanted, nothing: None })
    }

    /// What the U-Net wants to be told.
    pub fn wanted(&self) -> EmbeddingShape {
        self.wanted
    }

    /// What it sees in a picture: `[1, parts, width]`.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn encode(
        &mut self,
        picture: &Picture,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Array3<f32>>> {
        let picture = ready(picture, self.eyes.side())?;
        self.run(picture.as_slice().unwrap_or_default(), cancel, spent)
    }

    /// What stands for no picture, in guidance's other half: zeros, or what it sees where it is shown zeros.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn negative(&mut self, cancel: &Cancel, spent: &mut Duration) -> Result<Option<Arc<Array3<f32>>>> {
        if self.wanted.parts && self.nothing.is_none() {
            let square = self.eyes.side() * self.eyes.side();
            self.nothing = Some(self.run(&vec![0.0; 3 * square], cancel, spent)?);
        }
        Ok(self.nothing.clone())
    }

    fn run(&mut self, pixels: &[f32], cancel: &Cancel, spent: &mut Duration) -> Result<Arc<Array3<f32>>> {
        let told = self.eyes.see(pixels, &self.output, cancel, spent)?;
        let network = self.eyes.network();
        let (parts, width) = match (told.shape(), self.wanted.parts) {
            (&[1, width], false) => (1, width),
            (&[1, parts, width], true) => (parts, width),
            (shape, _) => {
                return Err(network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
            }
        };
        if self.wanted.width.is_some_and(|wanted| wanted != width) {
            return Err(network.unsupported(&format!("it tells {width} numbers of a picture")));
        }
        vectors((parts, width), told)
    }
}

/// The middle of a picture, `side` pixels wide and high, in CLIP's numbers.
fn ready(picture: &Picture, side: usize) -> Result<Picture> {
    let (_, height, width) = picture.dim();
    let short = height.min(width);
    let most = short.saturating_mul(LONGEST);
    let cut;
    let mut picture = picture;
    if height.max(width) > most {
        cut = pillow::middle(picture, (width.min(most), height.min(most)));
        picture = &cut;
    }
    let (_, height, width) = picture.dim();
    let scaled = |length: usize| if length == short { side } else { side * length / short.max(1) };
    let mut seen = pillow::middle(
        &pillow::resized(picture, (scaled(width), scaled(height)), Filter::Bicubic)?,
        (side, side),
    );
    for (mut plane, (mean, deviation)) in seen.outer_iter_mut().zip(MEAN.into_iter().zip(DEVIATION)) {
        plane.mapv_inplace(|value| (value - mean) / deviation);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_any_shape_becomes_a_square() {
        for (width, height) in [(1, 1), (224, 224), (300, 200), (3, 4000), (16384, 1)] {
            let ready = ready(&Picture::from_elem((3, height, width), 1.0), 24).unwrap();
            assert_eq!(ready.dim(), (3, 24, 24), "{width} × {height}");
            for (plane, (mean, deviation)) in ready.outer_iter().zip(MEAN.into_iter().zip(DEVIATION)) {
                assert!(plane.iter().all(|value| (value - (1.0 - mean) / deviation).abs() < 1e-6));
            }
        }
    }
}
