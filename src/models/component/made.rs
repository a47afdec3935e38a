//! What a network has made, where it lies: in memory, or in that of a device.

use std::borrow::Cow;

use ort::value::DynValue;

use super::numbers::numbers;
use crate::error::{Error, Result, Status};

/// An output, as ONNX Runtime left it.
pub struct Made(pub(super) DynValue);

impl Made {
    /// Its sizes, the batch first.
    pub fn shape(&self) -> Vec<usize> {
        let sizes = self.0.dtype().tensor_shape().into_iter().flat_map(|shape| shape.iter());
        sizes.map(|&size| usize::try_from(size).unwrap_or(0)).collect()
    }

    /// All its numbers, row by row, where they lie if they are `f32`.
    ///
    /// # Errors
    /// [`Status::Inference`] for what is no tensor of floats in this process's memory.
    pub fn numbers(&self) -> Result<Cow<'_, [f32]>> {
        numbers(&self.0).map(|(_, numbers)| numbers).map_err(|error| {
            let why = error.message();
            Error::new(
                Status::Inference,
                format!("What a network made cannot be read ({why}); choose another export of the model."),
            )
        })
    }

    /// The same to be changed in place; `None` where they are other than `f32`, or lie in a device's memory.
    pub fn numbers_mut(&mut self) -> Option<&mut [f32]> {
        self.0.try_extract_tensor_mut::<f32>().ok().map(|(_, numbers)| numbers)
    }
}
