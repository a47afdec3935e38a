//! Scumble's engine: a layer that a diffusion model keeps re-rendering from the painted layers below it.
//!
//! One stroke travels down this list and comes back up as a frame; nothing calls upwards.

pub mod error;

pub mod cancel;
pub mod models;
pub mod noise;
pub mod pipeline;
pub mod render;
