//! What CLIP sees in a picture: how IP-Adapters are told of it. Pictures are made ready as transformers'
//! `CLIPImageProcessor` does it.

use std::sync::Arc;
use std::time::Duration;

use ndarray::Array3;

use super::taking::last_but_one;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::pixels::pillow::{self, Filter};
use crate::render::Picture;

/// Side of the pictures that CLIP was trained on, where the export takes any.
const SIDE: usize = 224;
/// No encoder looks at larger ones.
const LARGEST_SIDE: usize = 2048;
/// CLIP's colours.
const MEAN: [f32; 3] = [0.48145466, 0.4578275, 0.40821073];
const DEVIATION: [f32; 3] = [0.26862954, 0.261_302_6, 0.275_777_1];
const INPUT: &str = "pixel_values";
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
    network: Component,
    output: String,
    wanted: EmbeddingShape,
    side: usize,
    /// What it sees in no picture.
    nothing: Option<Arc<Array3<f32>>>,
}

impl ImageEncoder {
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs and outputs, or one that is not square;
    /// [`Status::ModelBroken`] for one that tells other numbers than the U-Net wants.
    pub fn new(network: Component, wanted: EmbeddingShape) -> Result<Self> {
        let Some(port) = network.input(INPUT).filter(|port| port.shape.len() == 4) else {
            return Err(network.unsupported(&format!("it has no input called \"{INPUT}\" for a picture")));
        };
        let sides = [port.fixed(2), port.fixed(3)];
        let Some(side) = side(sides) else {
            let [height, width] = sides.map(|side| side.map_or("any".into(), |side| side.to_string()));
            return Err(network.unsupported(&format!(
                "it looks at pictures of {width} × {height}, and only squares of 1 to {LARGEST_SIDE} are known"
            )));
        };
        let output = match wanted.parts {
            true => last_but_one(&network)?,
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
        Ok(ImageEncoder { network, output, wanted, side, nothing: None })
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
        let picture = ready(picture, self.side)?;
        self.run(picture.as_slice().unwrap_or_default(), cancel, spent)
    }

    /// What stands for no picture, in guidance's other half: zeros, or what it sees where it is shown zeros.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn negative(&mut self, cancel: &Cancel, spent: &mut Duration) -> Result<Option<Arc<Array3<f32>>>> {
        if self.wanted.parts && self.nothing.is_none() {
            self.nothing = Some(self.run(&vec![0.0; 3 * self.side * self.side], cancel, spent)?);
        }
        Ok(self.nothing.clone())
    }

    fn run(&mut self, pixels: &[f32], cancel: &Cancel, spent: &mut Duration) -> Result<Arc<Array3<f32>>> {
        let shape = [1, 3, self.side, self.side];
        let told = self.network.run(&[(INPUT, Feed::Floats(&shape, pixels))], &self.output, cancel, spent)?;
        let (parts, width) = match (told.shape(), self.wanted.parts) {
            (&[1, width], false) => (1, width),
            (&[1, parts, width], true) => (parts, width),
            (shape, _) => {
                return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
            }
        };
        if self.wanted.width.is_some_and(|wanted| wanted != width) {
            return Err(self.network.unsupported(&format!("it tells {width} numbers of a picture")));
        }
        let numbers = told.into_raw_vec_and_offset().0;
        let told = Array3::from_shape_vec((1, parts, width), numbers);
        told.map(Arc::new).map_err(|e| Error::new(Status::Internal, e.to_string()))
    }
}

/// The side of the squares that it looks at, by the height and width that the export says; `None` where there is none, or one
/// that nobody has memory for.
fn side([height, width]: [Option<usize>; 2]) -> Option<usize> {
    let side = height.or(width).unwrap_or(SIDE);
    let square = width.is_none_or(|width| width == side);
    (square && (1..=LARGEST_SIDE).contains(&side)).then_some(side)
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
    fn a_side_is_one_and_within_reason() {
        for (height, width, expected) in [
            (None, None, Some(SIDE)),
            (Some(336), None, Some(336)),
            (None, Some(336), Some(336)),
            (Some(24), Some(24), Some(24)),
            (Some(24), Some(25), None),
            (None, Some(0), None),
            (Some(0), Some(0), None),
            (Some(1_000_000), Some(1_000_000), None),
            (None, Some(usize::MAX), None),
        ] {
            assert_eq!(side([height, width]), expected, "{height:?} × {width:?}");
        }
    }

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
