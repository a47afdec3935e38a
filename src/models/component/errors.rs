//! What ONNX Runtime says of a network that does not load or run, in a painter's words.

use std::path::Path;

use ort::error::ErrorCode;

use crate::error::{Error, Status};
use crate::models::device::{Device, Kind};
use crate::models::runtime::{one_line, out_of_memory};

pub(super) fn worth_a_second_try(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::NoSuchFile
            | ErrorCode::InvalidProtobuf
            | ErrorCode::NotImplemented
            | ErrorCode::ModelLoadCanceled
            | ErrorCode::InvalidGraph
    )
}

/// Whether it may be the type of numbers that it does not know.
pub(super) fn lacks_type(error: &ort::Error) -> bool {
    let codes = [ErrorCode::NotImplemented, ErrorCode::InvalidGraph, ErrorCode::GenericFailure];
    codes.contains(&error.code()) && !out_of_memory(error.message())
}

pub(super) fn load_error(name: &str, path: &Path, device: Device, error: &ort::Error) -> Error {
    // ONNX Runtime begins with the path, which the sentence has already.
    let detail = one_line(error.message());
    let detail = detail.split_once(" failed:").map_or(detail.as_str(), |(_, rest)| rest);
    let file = path.display();
    if lacks_half(detail) {
        return no_half(name, path, device);
    }
    let (status, message) = match error.code() {
        _ if is_full(device, detail) => (
            Status::Device,
            format!(
                "The graphics card ({device}) has not enough memory for the {name} in {file}; choose a smaller model, or the \
                 device cpu."
            ),
        ),
        _ if out_of_memory(detail) => (
            Status::Memory,
            format!("There is not enough memory for the {name} in {file}; choose a smaller model."),
        ),
        ErrorCode::NoSuchFile => (
            Status::ModelMissing,
            format!("A file of the {name} in {file} is missing ({detail}); download the model again."),
        ),
        _ if detail.contains("IR version") || detail.contains("under development and support") => (
            Status::ModelUnsupported,
            format!(
                "The {name} in {file} is newer than this ONNX Runtime ({}); update ONNX Runtime.",
                // Before it stands where in ONNX Runtime's source that was found.
                detail.rsplit(") ").next().unwrap_or(detail)
            ),
        ),
        ErrorCode::NotImplemented => (
            Status::ModelUnsupported,
            format!(
                "The {name} in {file} was exported for another device than {device} ({detail}); choose another \
                 export of the model."
            ),
        ),
        ErrorCode::ExecutionProviderFailure | ErrorCode::DeviceReset => (
            Status::Device,
            format!(
                "The device {device} does not take the {name} in {file} ({detail}); choose the device cpu."
            ),
        ),
        _ => (
            Status::ModelBroken,
            format!(
                "The {name} in {file} cannot be loaded ({detail}); download it again or choose another export."
            ),
        ),
    };
    Error::new(status, message)
}

/// What became of a run on `device`.
pub(super) fn failed(name: &str, path: &Path, device: Device, error: &ort::Error) -> Error {
    let detail = one_line(error.message());
    let file = path.display();
    if lacks_half(&detail) {
        return no_half(name, path, device);
    }
    if is_full(device, &detail) {
        return Error::new(
            Status::Device,
            format!(
                "The graphics card ({device}) has not enough memory to run the {name}; render at a smaller size, close other \
                 programs that use it, or choose the device cpu ({detail})."
            ),
        );
    }
    if out_of_memory(&detail) {
        return Error::new(
            Status::Memory,
            format!("There is not enough memory to run the {name}; render at a smaller size ({detail})."),
        );
    }
    // What was fed is the engine's fault or the model's, wherever it runs.
    let fed = error.code() == ErrorCode::InvalidArgument;
    match device.kind == Kind::Cpu || fed {
        true => Error::new(
            Status::Inference,
            format!("ONNX Runtime failed in the {name} of {file} ({detail}); try another model."),
        ),
        false => lost(name, device, &detail),
    }
}

/// Whether it is a graphics card's own memory that is full: the processor may do then. What C++ cannot allocate is the
/// computer's, and so is what OpenVINO runs out of on a processor.
fn is_full(device: Device, detail: &str) -> bool {
    let is_card = match device.kind {
        Kind::Cpu => false,
        Kind::OpenVino => detail.contains("GPU"),
        _ => true,
    };
    is_card && out_of_memory(detail) && !detail.contains("bad_alloc")
}

/// The device stopped computing, or was never able to.
pub(super) fn lost(name: &str, device: Device, detail: &str) -> Error {
    Error::new(
        Status::Device,
        format!(
            "The device {device} failed in the {name} ({detail}); load the model again, or choose the device cpu."
        ),
    )
}

/// WebGPU says so when it first meets such a number, which may be in the first run.
fn lacks_half(detail: &str) -> bool {
    detail.contains("requires f16") || detail.contains("does not support fp16")
}

/// The sentence about a card without 16-bit floats.
pub(crate) fn no_half(name: &str, path: &Path, device: Device) -> Error {
    Error::new(
        Status::Device,
        format!(
            "The graphics card ({device}) has no 16-bit floats, which the {name} in {} needs; choose a model in full \
             precision (fp32), or the device cpu.",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cards_memory_is_the_cards_and_the_computers_is_not() {
        const FULL: &str = "Failed to allocate memory for requested buffer of size 4294967296";
        let (card, path) = (Device::first(Kind::Cuda), Path::new("unet/model.onnx"));
        for (device, detail, status, told) in [
            (card, FULL, Status::Device, "The graphics card (cuda) has not enough memory"),
            (
                card,
                "CUDA failure 2: out of memory",
                Status::Device,
                "The graphics card (cuda) has not enough memory",
            ),
            (card, "std::bad_alloc", Status::Memory, "There is not enough memory"),
            (Device::CPU, FULL, Status::Memory, "There is not enough memory"),
            (Device::first(Kind::OpenVino), FULL, Status::Memory, "There is not enough memory"),
            (card, "CUDA failure 700: an illegal access", Status::Device, "choose the device cpu"),
        ] {
            let error = ort::Error::new(detail);
            let run = failed("unet", path, device, &error);
            assert!(run.status == status && run.message.contains(told), "{run}");
            if detail != "CUDA failure 700: an illegal access" {
                let load = load_error("unet", path, device, &error);
                assert!(load.status == status && load.message.contains(told), "{load}");
            }
        }
    }
}
