//! What there is to say about a model, whoever runs it and wherever.

use serde::{Deserialize, Serialize};

/// What sizes a model can take, in pixels of its own picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Geometry {
    /// Side of the square that the model was trained on (512 for SD 1.x, SD-Turbo).
    pub native: u32,
    /// Width and height must be multiples of this (64 for SD: 8 of the VAE times 8 of the U-Net).
    pub multiple: u32,
    /// Pixels per latent cell (8 for SD).
    pub cell: u32,
    /// Width and height, where the export is traced to one size.
    pub fixed: Option<(u32, u32)>,
}

/// Settings that a model recommends for itself; used wherever the host leaves a setting to the model.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Defaults {
    pub steps: u32,
    pub strength: f32,
    pub guidance: f32,
    /// How much of the coarser picture is made anew on each level of a canvas that is larger than the model's, 0.05..0.9;
    /// `None`: finer levels do the model's pictures no good, and they are scaled up.
    pub refine: Option<f32>,
    /// How far around a change the last of a live picture's steps looks at least, in the model's pixels; farther where all steps
    /// together stay below three eighths of the whole's. 0: no farther than the others.
    pub context: u32,
}

/// [`Defaults::refine`] of a model that says nothing of it.
pub const REFINE_STRENGTH: f32 = 0.35;

/// What there is to say about a loaded model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Short name, e.g. the folder's.
    pub name: String,
    /// One sentence for a model picker.
    pub description: String,
    /// Where it runs: `cpu`, `cuda`, …
    pub device: String,
    /// Why there, as a sentence, where that was left to the engine (`auto`); else empty.
    pub device_note: String,
    /// What runs it, by version and file; empty where that is not known.
    pub runtime: String,
    pub geometry: Geometry,
    pub defaults: Defaults,
}

/// What a renderer can take.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// Names of the samplers that a job may ask for.
    pub samplers: Vec<String>,
    /// Whether a negative prompt can have an effect.
    pub negative: bool,
    /// Whether the model was trained to fill holes, and is told where they are.
    pub inpaints: bool,
    /// Why control pictures cannot be taken, as a sentence; `None`: they can.
    pub no_control: Option<String>,
    /// Whether the network reads one control picture itself, and takes no ControlNet beside it.
    pub own_control: bool,
    /// The same of LoRAs.
    pub no_lora: Option<String>,
    /// The same of reference pictures.
    pub no_reference: Option<String>,
    /// Whether more or less can be taken of a reference picture; else it is seen or not.
    pub weighs_references: bool,
    /// Why style and layout of a reference are not told apart, as a sentence; `None`: they are.
    pub no_aspects: Option<String>,
    /// Of a model that changes the paint as it is told: how closely it keeps to it by itself.
    pub paint_guidance: Option<f32>,
}
