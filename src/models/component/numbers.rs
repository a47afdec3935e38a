//! Numbers on their way into a network and out of it: element types, ranks, and how near two results are.

use std::borrow::Cow;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn};
use ort::session::SessionInputValue;
use ort::value::{DynValue, Tensor, TensorElementType, TensorRef};

use super::{Feed, Port};

/// The feed in the type and rank that the port declares; None if there is no such conversion. What is to be bound is `owned`:
/// `ort` would make a copy of numbers that are lent, and waits for itself where it does (2.0.0-rc.15).
pub(super) fn value<'a>(
    feed: &Feed<'a>,
    port: &Port,
    owned: bool,
) -> ort::Result<Option<SessionInputValue<'a>>> {
    use TensorElementType as T;
    Ok(Some(match (feed, port.element) {
        (Feed::Floats(shape, data), T::Float32) if owned => {
            Tensor::from_array((shape.to_vec(), data.to_vec()))?.into()
        }
        (Feed::Ids(shape, ids), T::Int64) if owned => {
            Tensor::from_array((shape.to_vec(), ids.to_vec()))?.into()
        }
        (Feed::Floats(shape, data), T::Float32) => {
            TensorRef::from_array_view((shape.to_vec(), *data))?.into()
        }
        (Feed::Floats(shape, data), T::Float16) => {
            let mut halves = vec![f16::ZERO; data.len()];
            halves.convert_from_f32_slice(data);
            Tensor::from_array((shape.to_vec(), halves))?.into()
        }
        (Feed::Floats(shape, data), T::Bfloat16) => {
            let mut halves = vec![bf16::ZERO; data.len()];
            halves.convert_from_f32_slice(data);
            Tensor::from_array((shape.to_vec(), halves))?.into()
        }
        (Feed::Floats(shape, data), T::Float64) => {
            let doubles: Vec<f64> = data.iter().map(|&v| f64::from(v)).collect();
            Tensor::from_array((shape.to_vec(), doubles))?.into()
        }
        (Feed::Ids(shape, ids), T::Int64) => TensorRef::from_array_view((shape.to_vec(), *ids))?.into(),
        (Feed::Ids(shape, ids), T::Int32) => {
            let ids: Vec<i32> = ids.iter().map(|&id| i32::try_from(id).unwrap_or(i32::MAX)).collect();
            Tensor::from_array((shape.to_vec(), ids))?.into()
        }
        // Places of tokens, in exports that count with them.
        (Feed::Ids(shape, ids), T::Float32) => {
            let numbers: Vec<f32> = ids.iter().map(|&id| id as f32).collect();
            Tensor::from_array((shape.to_vec(), numbers))?.into()
        }
        (Feed::Ids(shape, ids), T::Float16) => {
            let numbers: Vec<f16> = ids.iter().map(|&id| f16::from_f32(id as f32)).collect();
            Tensor::from_array((shape.to_vec(), numbers))?.into()
        }
        (Feed::Ids(shape, ids), T::Bfloat16) => {
            let numbers: Vec<bf16> = ids.iter().map(|&id| bf16::from_f32(id as f32)).collect();
            Tensor::from_array((shape.to_vec(), numbers))?.into()
        }
        (Feed::Number(number), element) => {
            // A rank of one is a list with one entry for the whole batch; the graph spreads it.
            let shape = vec![1usize; port.shape.len()];
            match element {
                T::Float32 => Tensor::from_array((shape, vec![*number]))?.into(),
                T::Float16 => Tensor::from_array((shape, vec![f16::from_f32(*number)]))?.into(),
                T::Bfloat16 => Tensor::from_array((shape, vec![bf16::from_f32(*number)]))?.into(),
                T::Float64 => Tensor::from_array((shape, vec![f64::from(*number)]))?.into(),
                // Truncated, as diffusers' ONNX pipelines do with fractional timesteps.
                T::Int64 => Tensor::from_array((shape, vec![*number as i64]))?.into(),
                T::Int32 => Tensor::from_array((shape, vec![*number as i32]))?.into(),
                _ => return Ok(None),
            }
        }
        (Feed::Made(made), element) if made.0.dtype().tensor_type() == Some(element) => (&made.0).into(),
        _ => return Ok(None),
    }))
}

/// A result's shape, and its numbers as `f32`.
pub(super) fn numbers(value: &DynValue) -> ort::Result<(Vec<usize>, Cow<'_, [f32]>)> {
    let (shape, numbers): (_, Cow<'_, [f32]>) = match value.dtype().tensor_type() {
        Some(TensorElementType::Float16) => {
            let (shape, halves) = value.try_extract_tensor::<f16>()?;
            let mut numbers = vec![0.0; halves.len()];
            halves.convert_to_f32_slice(&mut numbers);
            (shape, numbers.into())
        }
        Some(TensorElementType::Bfloat16) => {
            let (shape, halves) = value.try_extract_tensor::<bf16>()?;
            let mut numbers = vec![0.0; halves.len()];
            halves.convert_to_f32_slice(&mut numbers);
            (shape, numbers.into())
        }
        Some(TensorElementType::Float64) => {
            let (shape, doubles) = value.try_extract_tensor::<f64>()?;
            (shape, doubles.iter().map(|&v| v as f32).collect())
        }
        _ => {
            let (shape, numbers) = value.try_extract_tensor::<f32>()?;
            (shape, numbers.into())
        }
    };
    Ok((shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect(), numbers))
}

/// A result as `f32`.
pub(super) fn floats(value: &DynValue) -> ort::Result<ArrayD<f32>> {
    let (shape, numbers) = numbers(value)?;
    ArrayD::from_shape_vec(IxDyn(&shape), numbers.into_owned()).map_err(|e| ort::Error::new(e.to_string()))
}

/// Whether numbers of less precision keep 40 dB to the right ones, by the range of these.
pub(super) fn is_near(made: &ArrayD<f32>, right: &ArrayD<f32>) -> bool {
    const LEAST: f64 = 1e4;
    let (low, high) =
        right.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let errors = made.iter().zip(right).map(|(made, right)| f64::from(made - right).powi(2));
    let error = errors.sum::<f64>() / right.len().max(1) as f64;
    // Not a number is near nothing.
    made.shape() == right.shape() && error * LEAST <= f64::from(high - low).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_within_forty_decibels_of_the_right_numbers_range() {
        let right = ArrayD::from_shape_fn(IxDyn(&[4, 25]), |at| at[1] as f32);
        let off = |by: f32| right.mapv(|v| v + by);
        assert!(is_near(&right, &right) && is_near(&off(0.2), &right), "0.2 of 24 is 41.6 dB");
        assert!(!is_near(&off(0.25), &right), "0.25 of 24 is 39.6 dB");
        assert!(!is_near(&right.mapv(|v| if v == 3.0 { f32::NAN } else { v }), &right));
        assert!(!is_near(&ArrayD::zeros(IxDyn(&[25, 4])), &right));
    }
}
