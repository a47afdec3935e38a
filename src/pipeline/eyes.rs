//! Networks that look at a picture, CLIP's and SigLIP's image encoders: it is shown to them as a square of the side that they
//! were made for.

use std::sync::Arc;
use std::time::Duration;

use ndarray::{Array3, ArrayD};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};

/// No encoder looks at larger ones.
const LARGEST_SIDE: usize = 2048;
const INPUT: &str = "pixel_values";

pub struct Eyes {
    network: Component,
    side: usize,
}

impl Eyes {
    /// `usual` is the side of the pictures that its kind was trained on, where the export takes any.
    ///
    /// # Errors
    /// [`Status::ModelUnsupported`] for a network with other inputs, or one that is not square.
    pub fn new(network: Component, usual: usize) -> Result<Eyes> {
        let Some(port) = network.input(INPUT).filter(|port| port.shape.len() == 4) else {
            return Err(network.unsupported(&format!("it has no input called \"{INPUT}\" for a picture")));
        };
        let sides = [port.fixed(2), port.fixed(3)];
        let Some(side) = side(sides, usual) else {
            let [height, width] = sides.map(|side| side.map_or("any".into(), |side| side.to_string()));
            return Err(network.unsupported(&format!(
                "it looks at pictures of {width} × {height}, and only squares of 1 to {LARGEST_SIDE} are known"
            )));
        };
        Ok(Eyes { network, side })
    }

    pub fn network(&self) -> &Component {
        &self.network
    }

    /// Pixels of the square.
    pub fn side(&self) -> usize {
        self.side
    }

    /// What it sees in a square of three colours, in its own numbers.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn see(
        &mut self,
        pixels: &[f32],
        output: &str,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<ArrayD<f32>> {
        let shape = [1, 3, self.side, self.side];
        self.network.run(&[(INPUT, Feed::Floats(&shape, pixels))], output, cancel, spent)
    }
}

/// So many vectors of a picture, for everybody who is told of it: `[1, count, width]`.
///
/// # Errors
/// [`Status::Internal`] where there are not so many numbers.
pub fn vectors((count, width): (usize, usize), numbers: ArrayD<f32>) -> Result<Arc<Array3<f32>>> {
    let vectors = Array3::from_shape_vec((1, count, width), numbers.into_raw_vec_and_offset().0);
    vectors.map(Arc::new).map_err(|e| Error::new(Status::Internal, e.to_string()))
}

/// The side of the squares that it looks at, by the height and width that the export says; `None` where there is none, or one
/// that nobody has memory for.
fn side([height, width]: [Option<usize>; 2], usual: usize) -> Option<usize> {
    let side = height.or(width).unwrap_or(usual);
    let square = width.is_none_or(|width| width == side);
    (square && (1..=LARGEST_SIDE).contains(&side)).then_some(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_one_and_within_reason() {
        for (height, width, expected) in [
            (None, None, Some(224)),
            (Some(336), None, Some(336)),
            (None, Some(336), Some(336)),
            (Some(24), Some(24), Some(24)),
            (Some(24), Some(25), None),
            (None, Some(0), None),
            (Some(0), Some(0), None),
            (Some(1_000_000), Some(1_000_000), None),
            (None, Some(usize::MAX), None),
        ] {
            assert_eq!(side([height, width], 224), expected, "{height:?} × {width:?}");
        }
    }
}
