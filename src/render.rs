//! The seam between the live loop and whatever makes the picture: what a renderer is asked, what it answers.
//!
//! [`crate::pipeline::Pipeline`] is the real one; the live loop's tests drive a stub with a settable step time.

use std::time::Duration;

use ndarray::{Array3, Array4};

use crate::cancel::Cancel;
use crate::error::Result;

/// An RGB picture, `[3, height, width]`, sRGB-encoded, 0..1.
pub type Picture = Array3<f32>;

/// What sizes a model can take, in pixels of its own picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Side of the square that the model was trained on (512 for SD 1.x, SD-Turbo; 256 for the default model).
    pub native: u32,
    /// Width and height must be multiples of this (64 for SD: 8 of the VAE times 8 of the U-Net).
    pub multiple: u32,
    /// Pixels per latent cell (8 for SD): noise is anchored to this grid.
    pub cell: u32,
    /// Width and height, where the export is traced to one size.
    pub fixed: Option<(u32, u32)>,
}

/// Settings that a model recommends for itself; used wherever the host leaves a setting to the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    pub steps: u32,
    pub strength: f32,
    pub guidance: f32,
}

/// What there is to say about a loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Short name, e.g. the folder's.
    pub name: String,
    /// One sentence for a model picker.
    pub description: String,
    /// Where it runs: `cpu`, `cuda`, …
    pub device: String,
    pub geometry: Geometry,
    pub defaults: Defaults,
}

/// All that one picture is made from. Same request, same picture.
pub struct Request<'a> {
    /// The paint, composited over paper, `[3, h, w]`, both sides a multiple of [`Geometry::multiple`]
    /// (or exactly [`Geometry::fixed`]).
    pub picture: &'a Picture,
    /// Equal keys promise equal `picture`s: the renderer may keep the encoding.
    pub picture_key: u64,
    /// Latent cell of the canvas-wide grid that the picture's top-left cell is: (column, row). Anchors noise.
    pub cell_origin: (i64, i64),
    pub prompt: &'a str,
    /// Used only while `guidance` > 1.
    pub negative: &'a str,
    /// 0 < strength ≤ 1.
    pub strength: f32,
    /// ≥ 1.
    pub steps: u32,
    pub guidance: f32,
    pub seed: u64,
    /// Given noise instead of the seeded: `[draws, C, h, w]` in the order in which diffusers draws.
    pub noise: Option<&'a Array4<f32>>,
}

/// What the live loop wants after a step that was not the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStep {
    Continue,
    /// Decode the present estimate, hand it to [`Watch::preview`], go on.
    Preview,
    /// The same, then end with [`Outcome::GaveWay`].
    PreviewThenStop,
    /// End with [`Outcome::GaveWay`].
    Stop,
}

/// The live loop's view of a job while it runs. Called on the worker thread.
pub trait Watch {
    /// `step` of `of` denoising steps are done (1 ≤ step < of).
    fn after_step(&mut self, step: u32, of: u32) -> AfterStep;
    fn preview(&mut self, picture: Picture, step: u32, of: u32, phases: Phases);
}

/// Time spent so far in a job, by phase. `runtime` is the part of the sum inside ONNX Runtime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    pub text: Duration,
    pub encode: Duration,
    pub denoise: Duration,
    pub decode: Duration,
    pub runtime: Duration,
}

pub enum Outcome {
    /// The final picture, of the request's size, and how many steps were run.
    Finished {
        picture: Picture,
        steps: u32,
        phases: Phases,
    },
    GaveWay,
}

pub trait Renderer: Send {
    fn info(&self) -> ModelInfo;
    /// Makes one picture. A cancelled job ends with [`crate::error::Status::Cancelled`].
    fn render(&mut self, request: &Request<'_>, cancel: &Cancel, watch: &mut dyn Watch) -> Result<Outcome>;
}
