//! The structs that cross the ABI, field by field. Fields are only ever appended.

use std::ffi::{c_char, c_void};

pub use super::frame_abi::*;

/// A loaded model and its worker thread; shared by any number of sessions. Opaque.
pub struct ScumbleEngine {
    pub(super) engine: crate::engine::Engine,
    /// Backs the strings that `scumble_engine_info` hands out.
    pub(super) words: super::handed::Words,
}

/// One live layer. Opaque.
pub struct ScumbleSession {
    pub(super) session: crate::session::Session,
    pub(super) last_error: super::errors::Sentence,
}

/// How to make an engine. Fill it with `scumble_engine_options_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleEngineOptions {
    /// Set by `scumble_engine_options_init`.
    pub struct_size: u32,
    /// Threads that one ONNX Runtime operator may use, at most 1024; 0 = physical cores less one, at least one.
    pub intra_threads: u32,
    /// Folder of the model, UTF-8 like all paths; NULL = the default model that comes with the library.
    pub model_dir: *const c_char,
    /// "auto" (the best graphics card that takes the model, else the CPU), "cpu", "webgpu", "cuda", "tensorrt-rtx",
    /// "openvino", "directml", "coreml" or "migraphx"; a second card with ":1" and so on; NULL = "auto".
    pub device: *const c_char,
    /// The ONNX Runtime library, or a folder with it; NULL = searched (see FILES).
    pub runtime: *const c_char,
    /// Sampler to use instead of the model's: "euler", "euler_a", "lcm", "tcd", "ddim", "pndm", "dpm++" (DPM-Solver++ 2M),
    /// "dpm++_single" (2S), "dpm++_sde", "dpm++_single_sde", "heun", "lms", "unipc", "deis", "kdpm2" or "kdpm2_a"; all
    /// but euler_a, lcm, tcd, ddim and pndm also with "_karras" after them, for Karras' noise levels; NULL = the model's.
    pub scheduler: *const c_char,
    /// Where the model runs, one of SCUMBLE_PROCESS_*.
    pub process: u32,
    /// With a process of its own: milliseconds without work after which it ends, which gives all its memory back; the
    /// next push starts it again. 0 = 60000.
    pub idle_ms: u32,
    /// With a process of its own: milliseconds without a sign of life after which it is taken for hung and ended, while
    /// it loads or renders; twelve times as many where it has the processor's time all the while, as in one long run of a
    /// large network. 0 = 300000.
    pub hang_ms: u32,
    /// 1 = LoRAs are to be expected: the model is loaded with room for them, so that the first costs no more than another;
    /// the load uses no kept graph, and a step has a little more to compute. 0 = only if there are some in `loras` in the
    /// user's folder. Since ABI 1.11.
    pub loras: u32,
    /// With a process of its own: its program; NULL = what the environment variable SCUMBLE_WORKER names, else
    /// `scumble-worker` beside this library.
    pub worker: *const c_char,
}

/// What is known about an engine. Set `struct_size` with `scumble_engine_info_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleEngineInfo {
    /// Set by `scumble_engine_info_init`.
    pub struct_size: u32,
    /// One of SCUMBLE_ENGINE_*.
    pub state: u32,
    /// 0..1 while loading, 1 when ready.
    pub progress: f32,
    /// 0, or the SCUMBLE_ERROR_* that loading ended with.
    pub error: i32,
    /// What is being loaded, or why loading failed, as a sentence; "" when ready; never NULL. Like all strings
    /// here it is owned by the engine and valid until `scumble_engine_release`.
    pub message: *const c_char,
    /// Name, description (one sentence) and device of the model; empty until it is ready.
    pub model_name: *const c_char,
    pub model_description: *const c_char,
    pub device: *const c_char,
    /// Side of the square that the model was trained on, in pixels; 0 until ready, like the rest.
    pub native_side: u32,
    /// What the model recommends for itself.
    pub default_steps: u32,
    pub default_strength: f32,
    pub default_guidance: f32,
    /// ONNX Runtime as it runs the model, or is loaded in this process, e.g. "ONNX Runtime 1.32.0 (/path/libonnxruntime.so.1.32.0)"; ""
    /// until it is.
    pub runtime: *const c_char,
    /// With the device "auto": which one was chosen and why, as a sentence; else "". It changes when a device that was chosen
    /// fails while it renders, and the CPU goes on.
    pub device_note: *const c_char,
    /// Of a model that changes the paint as it is told, its own ScumbleParams.paint_guidance; 0 of all others.
    pub default_paint_guidance: f32,
    /// Reserved, 0.
    pub reserved: u32,
}

/// The settings of a session. Fill it with `scumble_params_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleParams {
    /// Set by `scumble_params_init`.
    pub struct_size: u32,
    /// Denoising steps, 1..200; 0 = the model's own number.
    pub steps: u32,
    /// What the picture shows, UTF-8, at most 1 MiB; NULL = "".
    pub prompt: *const c_char,
    /// What it must not show; used while guidance is above 1; NULL = "".
    pub negative: *const c_char,
    /// 0 = the paint itself, 1 = the paint says nothing; -1 = the model's own.
    pub strength: f32,
    /// How strictly the prompt is followed, 0..100 (up to 1 = off); -1 = the model's own.
    pub guidance: f32,
    /// Same seed, settings and pixels: same picture.
    pub seed: u64,
    /// One of SCUMBLE_PREVIEW_*.
    pub preview: u32,
    /// One of SCUMBLE_ALPHA_*.
    pub alpha: u32,
    /// sRGB red, green, blue that show through transparent paint; the fourth byte is reserved, 0.
    pub paper: [u8; 4],
    /// Width of the fade inside a mask's edge, in canvas pixels, at most 1024; 0 = a hard edge.
    pub mask_softness: u32,
    /// Side of the square whose area is rendered, 64..4096; 0 = the model's native size.
    pub resolution: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Sampler instead of the engine's, by its short name (ScumbleEngineOptions.scheduler); NULL = the engine's. A
    /// change loads nothing.
    pub sampler: *const c_char,
    /// How far down the settled picture goes on a canvas larger than the model's size: 0 = to 1:1, n = to 1/√2ⁿ of
    /// it, at most 8.
    pub finest: u32,
    /// Milliseconds without a change after which the settled picture is made, at most 10000.
    pub settle_delay_ms: u32,
    /// How much of the coarser picture is made anew on the way down to 1:1, 0.05..0.9; 0 = the model's own, 0.35 where it
    /// says nothing.
    pub refine_strength: f32,
    /// Steps of the settled picture, 1..200; 0 = as many as while painting.
    pub settled_steps: u32,
    /// Where the LoRAs lie that the prompt names as `<lora:NAME:0.8>` or `<lora:NAME:TEXT:0.8>` (that of the text encoders
    /// first), which are taken out of its words; NULL = `loras` in the user's folder. A name that no file has is told by poll.
    pub lora_folder: *const c_char,
    /// How far a model that changes the paint as it is told (InstructPix2Pix) goes from what it would make without the
    /// paint, 1..20; 0 = the model's own. Others do without.
    pub paint_guidance: f32,
    /// 1: frames have the picture in the model's own pixels too (`scumble_frame_overview`); else 0.
    pub overview: u32,
}

/// A rectangle of canvas pixels; x to the right, y down.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ScumbleRect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

/// Pixels of the paint, borrowed for the call. Fill it with `scumble_image_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleImage {
    /// Set by `scumble_image_init`.
    pub struct_size: u32,
    /// One of SCUMBLE_FORMAT_*.
    pub format: i32,
    /// Size of the whole canvas, 1..16384 each.
    pub canvas_width: i32,
    pub canvas_height: i32,
    /// Where on the canvas these pixels lie; the whole canvas or a part of it, not empty.
    pub rect: ScumbleRect,
    /// Bytes from one row to the one below it; negative where the bottom row comes first in memory.
    pub stride: isize,
    /// Bytes of all rows, from the first in memory: at least |stride| · (height − 1) + a row.
    pub byte_length: usize,
    /// The top-left pixel; needs no alignment.
    pub pixels: *const c_void,
    /// The colour space of the pixels, one of SCUMBLE_SPACE_*, if there is no profile.
    pub space: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Bytes of `profile`, at most 4 MiB.
    pub profile_length: usize,
    /// An ICC profile of RGB colours, which is the colour space of the pixels; NULL: as `space` says, which is else 0.
    pub profile: *const c_void,
}

/// Coverage of a live layer, borrowed for the call. Fill it with `scumble_mask_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleMask {
    /// Set by `scumble_mask_init`.
    pub struct_size: u32,
    /// What frames have where the mask is 0, one of SCUMBLE_OUTSIDE_*.
    pub outside: u32,
    /// Size of the whole canvas, 1..16384 each.
    pub canvas_width: i32,
    pub canvas_height: i32,
    /// Where on the canvas the coverage lies; outside it is 0.
    pub rect: ScumbleRect,
    /// As in ScumbleImage.
    pub stride: isize,
    /// As in ScumbleImage.
    pub byte_length: usize,
    /// One byte a pixel: 255 shows the rendering, 0 keeps the paint: its exact bytes, or zero bytes, as `outside`
    /// says.
    pub coverage: *const u8,
}

/// What steers pictures besides paint and words. Fill it with `scumble_condition_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleCondition {
    /// Set by `scumble_condition_init`.
    pub struct_size: u32,
    /// One of SCUMBLE_CONDITION_*.
    pub kind: u32,
    /// The ControlNet: its folder, or its .onnx file; since ABI 1.14 NULL or "" for the control that the model's own network reads
    /// (`own_control` of `scumble_engine_conditions`). The LoRA: its .safetensors file.
    pub file: *const c_char,
    /// How much a ControlNet says, 0..10; 0 = nothing. A region's weight against others of its rank that it overlaps and,
    /// below 1, what lies beneath it, 0..10; 0 = none. How much of a LoRA's changes to the U-Net, -10..10; 0 = none. How much is taken
    /// of a reference, 0..10; 0 = nothing; where `scumble_engine_conditions` notes that the model does not weigh them, all else
    /// is all.
    pub scale: f32,
    /// The part of the denoising steps in which it acts, 0..1, 0 being before the first and 1 after the last: in a step that
    /// lies in it whole. In the others the picture is made as if it were not there, and where none lies in it, it is off. Until
    /// ABI 1.15 a control's alone; a LoRA's changes to the text encoders count for all steps.
    pub start: f32,
    pub end: f32,
    /// What is made of a control's picture before its ControlNet reads it, one of SCUMBLE_PREPARE_*; else 0.
    pub prepare: u32,
    /// How much of a LoRA's changes to the text encoders, -10..10; 0 = none.
    pub text_scale: f32,
    /// Which region lies over which: where they overlap, one covers those of smaller ranks, as paint does, by its mask times
    /// its weight; those of one rank are mixed by their weights. Else 0.
    pub rank: u32,
    /// UTF-8: what a region shows; NULL = nothing.
    pub prompt: *const c_char,
    /// UTF-8: what a region must not show; NULL or empty = what the picture must not.
    pub negative: *const c_char,
    /// What of a reference is taken over, one of SCUMBLE_ASPECT_*; else 0. A model that does not tell them apart takes it whole, and
    /// frames say so. ABI 1.16.
    pub aspect: u32,
    /// Reserved, 0.
    pub reserved: u32,
}

/// Counts of a session. Set `struct_size` with `scumble_stats_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleStats {
    /// Set by `scumble_stats_init`.
    pub struct_size: u32,
    /// 1 while a job of this session waits (also for the model, while it is being loaded) or runs, else 0.
    pub busy: u32,
    /// Jobs that the worker has taken.
    pub jobs_started: u64,
    /// Waiting jobs whose place a newer push or setting took.
    pub jobs_replaced: u64,
    /// Frames published, previews among them; also those that no poll has seen.
    pub frames: u64,
}

/// A list as it was when it was made. Opaque.
pub struct ScumbleList {
    pub(super) entries: Vec<super::list::Entry>,
}

/// One entry of a list. Set `struct_size` with `scumble_entry_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleEntry {
    /// Set by `scumble_entry_init`.
    pub struct_size: u32,
    /// 1 if it can be used here, else 0: `note` says why not.
    pub usable: u32,
    /// What the library calls it: the model's folder, the device, the sampler, the field of ScumbleParams. Like all
    /// strings here never NULL, UTF-8, and valid until `scumble_list_release`.
    pub name: *const c_char,
    /// What an artist calls it.
    pub title: *const c_char,
    /// A sentence about it, or why it cannot be used; "" where there is nothing to say.
    pub note: *const c_char,
    /// Of a setting: its range, and what `scumble_params_init` gives. A value outside the range is left to the model,
    /// or to the library. 0 in other lists.
    pub least: f64,
    pub most: f64,
    pub initial: f64,
    /// Of a device: bytes of its own memory; of a model or an annotator that can be got: bytes that it takes while it runs;
    /// 0 where that is not known, and in other lists.
    pub memory: u64,
    /// Of what can be got (SCUMBLE_LIST_CATALOGUE, SCUMBLE_LIST_RUNTIMES, SCUMBLE_LIST_ANNOTATORS; `usable` is then 1 unless it will not run well on
    /// this machine, and `note` says how it will and why; in other lists all of this is 0 and ""): bytes of the download, or
    /// of what is here; about right where they are not known.
    pub bytes: u64,
    /// … bytes that have arrived.
    pub arrived: u64,
    /// … one of SCUMBLE_OFFER_*.
    pub offer: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// … what it is good at: a sentence.
    pub good_at: *const c_char,
    /// … its licences in plain words, a line each, the strictest first: "MIT: Free for every use …".
    pub licence: *const c_char,
    /// … the addresses of the licences' texts, a line each, in the same order.
    pub licence_url: *const c_char,
    /// … its folder, if it is here.
    pub folder: *const c_char,
}

/// Something that is got in the background: a model, or ONNX Runtime. Opaque.
pub struct ScumbleDownload {
    pub(super) job: std::sync::Arc<scumble_hub::job::Job>,
    /// Backs the strings that `scumble_download_poll` hands out.
    pub(super) words: super::handed::Words,
}

/// What is to be got. Fill it with `scumble_download_options_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleDownloadOptions {
    /// Set by `scumble_download_options_init`.
    pub struct_size: u32,
    /// One of SCUMBLE_WANT_*.
    pub kind: u32,
    /// Its name.
    pub name: *const c_char,
    /// Of a model that a repository has in several: "fp32", "fp16", "int8", "q4" and the like; NULL = the most exact.
    pub precision: *const c_char,
    /// Branch, tag or commit of a repository; NULL = the catalogue's, else "main".
    pub revision: *const c_char,
    /// 1: also where parts are missing that painting needs, which another folder may have (`parts` in scumble.json).
    pub anyway: u32,
    /// 1: the user has read the licence and agrees; 0: the download waits for `scumble_download_agree`.
    pub agreed: u32,
}

/// How far a download is. Set `struct_size` with `scumble_download_info_init` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScumbleDownloadInfo {
    /// Set by `scumble_download_info_init`.
    pub struct_size: u32,
    /// One of SCUMBLE_DOWNLOAD_*.
    pub state: u32,
    /// 0, or the SCUMBLE_ERROR_* that it failed with.
    pub error: i32,
    /// How many files are done, of how many.
    pub files_done: u32,
    pub files: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Bytes that are here, those of an earlier try among them.
    pub bytes_done: u64,
    /// Bytes of all; 0 while they are not known.
    pub bytes: u64,
    /// Why it failed, what holds it up, or, when it is done, what was kept of the user's own files, in sentences; "" where there
    /// is nothing to say. Like all strings here never NULL,
    /// owned by the download and valid until `scumble_download_release`.
    pub message: *const c_char,
    /// What it is; "" until it is known.
    pub title: *const c_char,
    /// The file in hand.
    pub file: *const c_char,
    /// As in ScumbleEntry; "" until they are known.
    pub licence: *const c_char,
    pub licence_url: *const c_char,
    /// What was chosen among several forms, and what could not be asked: sentences, a line each.
    pub remarks: *const c_char,
    /// The model's folder, or ONNX Runtime's, when it is done; else "".
    pub folder: *const c_char,
}
