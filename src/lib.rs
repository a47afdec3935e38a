//! Scumble's engine: a layer that a diffusion model keeps re-rendering from the painted layers below it.
//!
//! One stroke travels down this list and comes back up as a frame; nothing calls upwards.

pub mod ffi;

// The way down: what the host hands over.
pub mod session;
mod desk;
pub mod canvas;
pub mod region;
pub mod pixels;
pub mod job;
pub mod slot;

// The worker: one thread takes a job, runs it, publishes frames.
pub mod engine;
pub mod worker;
mod live;
mod settle;
mod show;
mod memory;
pub mod render;
pub mod policy;
pub mod pipeline;
pub mod models;
pub mod noise;
pub mod budget;

// The way back.
pub mod frame;

// Everyone's.
pub mod grid;
pub mod model;
pub mod cancel;
pub mod error;
pub mod places;
