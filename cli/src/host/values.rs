//! What goes in and comes out of the ABI, as plain values.

use std::path::{Path, PathBuf};

use scumble::ffi::abi::ScumbleRect;
use scumble::ffi::constants::{SCUMBLE_ERROR_INTERNAL, SCUMBLE_ERROR_SETTING, SCUMBLE_ERROR_WORKER_DIED};
use scumble::prepare::Prepare;
use scumble::render::Aspect;
use scumble::steps::StepRange;

/// A failed call or a failed job: the ABI's number and its sentence.
#[derive(Debug, Clone)]
pub struct Fault {
    pub status: i32,
    pub message: String,
}

impl Fault {
    pub fn is_setting(&self) -> bool {
        self.status == SCUMBLE_ERROR_SETTING
    }

    /// The engine's process has ended, and what it was at is rendered again.
    pub fn passes(&self) -> bool {
        self.status == SCUMBLE_ERROR_WORKER_DIED
    }

    /// After this the layer answers nothing but errors.
    pub fn closes_the_layer(&self) -> bool {
        self.status == SCUMBLE_ERROR_INTERNAL
    }

    /// What this host finds wrong by itself before it calls.
    pub(super) fn own(status: i32, message: impl Into<String>) -> Self {
        Fault { status, message: message.into() }
    }
}

pub struct Options<'a> {
    pub model: Option<&'a Path>,
    pub device: Option<&'a str>,
    pub threads: u32,
    pub runtime: Option<&'a Path>,
    pub scheduler: Option<&'a str>,
    pub own_process: bool,
    pub loras: bool,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    pub description: String,
    pub device: String,
    /// Why there, where the engine chose; else empty.
    pub device_note: String,
    pub native_side: u32,
    pub steps: u32,
    pub strength: f32,
    pub guidance: f32,
}

#[derive(Debug, Clone)]
pub enum State {
    Loading { progress: f32, what: String },
    Ready(Model),
    Failed(Fault),
}

/// When estimates are shown before a picture is finished.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    Off,
    GiveWay,
    EachStep,
}

/// `None` leaves a setting to the model, or to the library.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    pub prompt: String,
    pub negative: String,
    pub strength: Option<f32>,
    pub steps: Option<u32>,
    pub guidance: Option<f32>,
    pub paint_guidance: Option<f32>,
    pub seed: u64,
    pub preview: Option<Preview>,
    pub alpha_follows: bool,
    pub paper: [u8; 3],
    pub resolution: u32,
    /// Pixels over which a mask's edge fades inwards; None: as the library sets it.
    pub mask_softness: Option<u32>,
    /// Where the LoRAs lie that the prompt names; None: in the user's folder.
    pub lora_folder: Option<PathBuf>,
}

/// A rectangle of canvas pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Rect {
    pub(super) fn raw(self) -> ScumbleRect {
        ScumbleRect { x: self.x, y: self.y, width: self.width, height: self.height }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Eight,
    Sixteen,
}

impl Depth {
    pub fn bytes_per_pixel(self) -> usize {
        match self {
            Depth::Eight => 4,
            Depth::Sixteen => 8,
        }
    }
}

/// A whole RGBA canvas, packed rows.
#[derive(Clone, Copy)]
pub struct Canvas<'a> {
    pub width: u32,
    pub height: u32,
    pub depth: Depth,
    pub pixels: &'a [u8],
}

impl Canvas<'_> {
    pub(super) fn stride(&self) -> usize {
        self.width as usize * self.depth.bytes_per_pixel()
    }

    pub(super) fn rect(&self) -> ScumbleRect {
        ScumbleRect { x: 0, y: 0, width: self.width as i32, height: self.height as i32 }
    }
}

/// What a ControlNet reads a picture with.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a> {
    pub model: &'a Path,
    pub scale: f32,
    pub steps: StepRange,
    /// What is made of the picture first.
    pub prepare: Prepare,
}

/// Words in a part of the picture.
pub struct Region<'a> {
    pub prompt: &'a str,
    pub weight: f32,
    pub rank: u32,
    pub steps: StepRange,
}

/// A LoRA, and how much of it: of what changes the U-Net, and the text encoders.
pub struct Lora<'a> {
    pub file: &'a Path,
    pub scale: f32,
    pub text: f32,
    pub steps: StepRange,
}

/// How much is taken of a reference picture.
pub struct Reference {
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    pub jobs_started: u64,
    pub jobs_replaced: u64,
}

/// What a host needs to know of a frame; times in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct FrameInfo {
    pub seq: u64,
    pub revision: u64,
    pub preview: bool,
    pub finished: bool,
    pub stale: bool,
    pub step: u32,
    pub since_start: u64,
    pub text: u64,
    pub encode: u64,
    pub denoise: u64,
    pub decode: u64,
    pub pixels: u64,
    pub runtime: u64,
}
