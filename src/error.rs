//! One error type for the whole engine: a stable status number and a sentence for the person painting.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call failed. The numbers are the C ABI's (`SCUMBLE_ERROR_*`) and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(i32)]
pub enum Status {
    /// A required pointer was NULL.
    NullPointer = -1,
    /// `struct_size` is not one this library knows, or its unknown tail is not zero.
    StructSize = -2,
    /// A string is not UTF-8, or is longer than 1 MiB.
    Text = -3,
    /// A rectangle or canvas is empty, negative, too large, or lies outside the canvas.
    Rect = -4,
    /// A stride is too short, or the buffer ends before the last row does.
    Buffer = -5,
    /// A pixel format that this library does not know.
    Format = -6,
    /// A setting is out of its range, or two settings do not go together.
    Setting = -7,
    /// The library failed inside (a panic was caught); the session is closed for good.
    Internal = -8,
    /// ONNX Runtime was not found, or is too old.
    Runtime = -9,
    /// The asked-for device is not there.
    Device = -10,
    /// The model folder is missing or lacks a file.
    ModelMissing = -11,
    /// A file of the model cannot be read as what it should be.
    ModelBroken = -12,
    /// The model is whole, but of a kind that this version cannot run.
    ModelUnsupported = -13,
    /// ONNX Runtime failed while it ran the model.
    Inference = -14,
    /// Not enough memory.
    Memory = -15,
    /// The job was cancelled. Never crosses the ABI as an error.
    Cancelled = -16,
    /// The renderer's own process cannot be started, is of another version, or does not stay alive.
    Worker = -17,
    /// The renderer's own process has ended; what it was at is tried again.
    WorkerDied = -18,
    /// The network, or who answers at its other end.
    Network = -19,
    /// Terms must be agreed to elsewhere, an access token is missing or refused, or something between lets nobody through.
    Access = -20,
    /// The disk is full, or does not let a file be read or written.
    Disk = -21,
    /// What was to be got is not there, is not what was published, or is in another program's hands.
    Download = -22,
}

/// What failed, where, and what to do: one sentence, fit to be shown to a painter as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    pub status: Status,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Error { status, message: message.into() }
    }

    /// Shorthand for a setting out of range.
    pub fn setting(message: impl Into<String>) -> Self {
        Error::new(Status::Setting, message)
    }

    pub fn is_cancelled(&self) -> bool {
        self.status == Status::Cancelled
    }
}

/// What an error of the operating system means, without the number that it ends with.
pub fn plain(error: impl fmt::Display) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
