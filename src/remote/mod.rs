//! The renderer in a process of its own: what a model, a driver or a runtime does there cannot take the painting with
//! it, and its memory comes back when it rests.
//!
//! The seam of [`crate::render`] is what crosses: [`Remote`] is a renderer in the host's process that speaks to
//! `scumble-worker` ([`serve`]) over a socket that only the two have; pictures go through shared memory ([`area`]). What the
//! system has for both is `system`: on Linux and on Windows, so far.
//!
//! On Linux programs can share a worker (`house`): it has a conversation with each, holds each model once, and renders one
//! job at a time, by turns. It ends with its last host; where it dies, or hangs, it does so for all, and each starts or
//! joins the next.

mod area;
mod ask;
mod child;
mod halt;
mod house;
mod link;
mod message;
mod renderer;
mod serve;
mod socket;
#[cfg_attr(windows, path = "windows/mod.rs")]
#[cfg_attr(not(windows), path = "linux/mod.rs")]
mod system;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use crate::pipeline::LoadOptions;

pub use renderer::Remote;
pub use serve::main;

/// How long a renderer may have nothing to do before it gives its memory back.
pub const IDLE: Duration = Duration::from_secs(60);
/// How long it may say nothing, and have none of the processor's time either, while it loads or renders, before it is taken
/// for hung.
pub const SILENCE: Duration = Duration::from_secs(300);

/// How to run a renderer in a process of its own.
#[derive(Debug, Clone)]
pub struct Options {
    pub load: LoadOptions,
    /// The program, instead of searching.
    pub worker: Option<PathBuf>,
    /// It ends when it has had nothing to do for so long; the next job starts it again.
    pub idle: Duration,
    /// It is ended when it was asked for something and has neither said anything nor worked for so long.
    pub silence: Duration,
    /// Whether other programs may have it too.
    pub sharing: Sharing,
}

/// Who has a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sharing {
    /// This program alone.
    #[default]
    Alone,
    /// All of the user's programs that share one with the same device, threads and ONNX Runtime.
    Shared,
    /// The same, met in this folder instead of the user's own.
    In(PathBuf),
}

impl Options {
    pub fn new(load: LoadOptions) -> Options {
        Options { load, worker: None, idle: IDLE, silence: SILENCE, sharing: Sharing::Alone }
    }
}
