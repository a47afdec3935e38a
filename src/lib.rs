//! Scumble's engine: a layer that a diffusion model keeps re-rendering from the painted layers below it.
//!
//! One stroke travels down this list and comes back up as a frame; nothing calls upwards.

pub mod ffi;

// The way down: what the host hands over.
pub mod session;
mod desk;
pub mod canvas;
pub mod conditions;
pub mod prepare;
mod shown;
pub mod lora_words;
pub mod region;
pub mod pixels;
pub mod job;
pub mod slot;

// The worker: one thread takes a job, runs it, publishes frames.
pub mod engine;
pub mod worker;
mod thread;
mod around;
mod asked;
mod blocks;
mod drift;
mod fade;
mod focus;
mod live;
mod seen;
mod settle;
mod show;
mod span;
mod work;
mod heap;
mod memory;
pub mod render;
#[cfg(any(target_os = "linux", windows))]
pub mod remote;
pub mod policy;
pub mod steps;
pub mod pipeline;
pub mod models;
pub mod noise;
pub mod budget;

// The way back: patches are laid on the picture, frames tell what of it is new.
pub mod picture;
pub mod tiles;
pub mod frame;
pub mod overview;
mod wake;

// Everyone's.
pub mod grid;
pub mod model;
pub mod cancel;
pub mod error;
#[cfg_attr(windows, allow(dead_code))]
mod leaving;
mod journal;
mod recent;
pub mod places;

// A panic must not cross the ABI: ffi/guard.rs catches it, which needs unwinding.
#[cfg(panic = "abort")]
compile_error!("Scumble cannot be built with panic=abort: a panic would take the painting program with it.");
