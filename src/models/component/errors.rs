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
