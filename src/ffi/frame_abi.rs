//! The types of frames, as C sees them.

use std::sync::Arc;

use super::abi::ScumbleRect;
use crate::frame::Frame;

/// The picture at one moment, and what of it is new; immutable. Opaque.
pub struct ScumbleFrame {
    pub(super) frame: Arc<Frame>,
}

/// What is known about a frame. Set `struct_size` with `scumble_frame_info_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleFrameInfo {
    /// Set by `scumble_frame_info_init`.
    pub struct_size: u32,
    /// Bits: SCUMBLE_FRAME_PREVIEW or SCUMBLE_FRAME_FINAL; with it SCUMBLE_FRAME_STALE, SCUMBLE_FRAME_CURRENT, or not.
    /// Test them with `&`.
    pub flags: u32,
    /// Number of the frame in its session; rises. The next poll names it.
    pub seq: u64,
    /// The newest push or change of settings, mask or noise that the newest patch shows: one count for them all, as
    /// the calls tell it. Never falls.
    pub revision: u64,
    /// The rectangle around all that differs from the frame that poll was told of, empty (zeros) where nothing does;
    /// `scumble_frame_rects` is finer.
    pub rect: ScumbleRect,
    /// What the whole picture covers: the canvas, or the rectangle around a mask. Elsewhere it is transparent (zero
    /// bytes).
    pub covers: ScumbleRect,
    /// Size of the canvas that the picture is of.
    pub canvas_width: i32,
    pub canvas_height: i32,
    /// The format of the push that the frame shows, one of SCUMBLE_FORMAT_*; its colour space is that push's too.
    pub format: i32,
    /// How the newest patch was rendered, one of SCUMBLE_TIER_*.
    pub tier: u32,
    /// How many rectangles `scumble_frame_rects` has; 0 where a picture was finished that the host has already.
    pub rect_count: u32,
    /// Steps that the newest patch has seen, of `steps`; both 0 where strength is 0.
    pub step: u32,
    pub steps: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Microseconds from the push (or change of settings) to the frame.
    pub since_push_us: u64,
    /// Microseconds from the start of its job to the frame.
    pub since_start_us: u64,
    /// Microseconds by phase: prompt, encoding the paint, denoising, decoding; then reading and pasting pixels;
    /// then the part of it all that ONNX Runtime ran. All are counted from the start of the job: those of a FINAL
    /// frame include what the job's previews took.
    pub text_us: u64,
    pub encode_us: u64,
    pub denoise_us: u64,
    pub decode_us: u64,
    pub pixels_us: u64,
    pub runtime_us: u64,
}

/// The picture of all that is shown in the model's own pixels: for a host that scales it itself. Set `struct_size` with
/// `scumble_overview_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleOverview {
    /// Set by `scumble_overview_init`.
    pub struct_size: u32,
    /// Its size in its own pixels; 0 where there is none: ScumbleParams.overview was 0, or strength is 0.
    pub width: u32,
    pub height: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// The rectangle that it covers, in pixels of the canvas; it may reach beyond it.
    pub left: f64,
    pub top: f64,
    pub covers_width: f64,
    pub covers_height: f64,
}
