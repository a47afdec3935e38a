//! Numbers of the C ABI. A number that was ever published keeps its meaning for good.

use crate::error::Status;
use crate::job::Preview;
use crate::pixels::Format;
use crate::pixels::mask::Outside;
use crate::pixels::paste::Alpha;
use crate::pixels::space::Named;
use crate::prepare::Prepare;
use crate::render::Aspect;

/// Version of the ABI that this header describes, to be compared with `scumble_abi_version()` first of all, by
/// `scumble_abi_fits`. A library of another major number is another library (and has another soname).
pub const SCUMBLE_ABI_MAJOR: u32 = 1;
/// Counts what was added under one major number: a library with a larger one has all of this header, and more.
pub const SCUMBLE_ABI_MINOR: u32 = 16;

/// Done.
pub const SCUMBLE_OK: i32 = 0;
/// Nothing wrong: nothing that the live layer shows has changed, so no job was made.
pub const SCUMBLE_UNCHANGED: i32 = 1;
/// Nothing wrong: there is no frame newer than the one named.
pub const SCUMBLE_NO_FRAME: i32 = 2;
/// Nothing wrong: there is no frame yet because the model is still being loaded.
pub const SCUMBLE_LOADING: i32 = 3;
/// Nothing wrong: the time was up before the work was done.
pub const SCUMBLE_TIMEOUT: i32 = 4;

/// Nothing wrong: the list has no such entry, the log no further line.
pub const SCUMBLE_END: i32 = 5;

/// A required pointer was NULL.
pub const SCUMBLE_ERROR_NULL: i32 = -1;
/// `struct_size` is too small, or the struct's unknown tail is not zero.
pub const SCUMBLE_ERROR_STRUCT_SIZE: i32 = -2;
/// A string is not valid UTF-8, or is longer than 1 MiB.
pub const SCUMBLE_ERROR_TEXT: i32 = -3;
/// A rectangle or canvas is empty, negative, too large or off the canvas.
pub const SCUMBLE_ERROR_RECT: i32 = -4;
/// A stride is too short, or the buffer ends before its last row does.
pub const SCUMBLE_ERROR_BUFFER: i32 = -5;
/// Not one of SCUMBLE_FORMAT_*, or a colour space that cannot be used.
pub const SCUMBLE_ERROR_FORMAT: i32 = -6;
/// A setting is out of range, or two settings do not go together.
pub const SCUMBLE_ERROR_SETTING: i32 = -7;
/// The library failed inside; the host lives on. If each call on a session returns this, it is closed for good.
pub const SCUMBLE_ERROR_INTERNAL: i32 = -8;
/// ONNX Runtime was not found, or is too old.
pub const SCUMBLE_ERROR_RUNTIME: i32 = -9;
/// The asked-for device is not there.
pub const SCUMBLE_ERROR_DEVICE: i32 = -10;
/// The model folder is missing, or a file in it is.
pub const SCUMBLE_ERROR_MODEL_MISSING: i32 = -11;
/// A file of the model cannot be read as what it should be.
pub const SCUMBLE_ERROR_MODEL_BROKEN: i32 = -12;
/// The model is of a kind that this version cannot run.
pub const SCUMBLE_ERROR_MODEL_UNSUPPORTED: i32 = -13;
/// ONNX Runtime failed while it ran the model.
pub const SCUMBLE_ERROR_INFERENCE: i32 = -14;
/// Not enough memory.
pub const SCUMBLE_ERROR_MEMORY: i32 = -15;
/// The engine's own process (SCUMBLE_PROCESS_OWN) cannot be started, is of another version, or ended each time that it was
/// tried with what is to be rendered; nothing more is tried until something changes.
pub const SCUMBLE_ERROR_WORKER: i32 = -17;
/// The engine's own process has ended; it is started anew, and what it was at is rendered again.
pub const SCUMBLE_ERROR_WORKER_DIED: i32 = -18;
/// The network, or who answers at its other end, does not do as it should; what has arrived is kept, so try again later.
pub const SCUMBLE_ERROR_NETWORK: i32 = -19;
/// What is to be got is given only to those who agree to its terms on its page, or who have an access token; or something between
/// (a proxy, a firewall) refuses it.
pub const SCUMBLE_ERROR_ACCESS: i32 = -20;
/// The disk is full, or a file or folder on it cannot be read or written.
pub const SCUMBLE_ERROR_DISK: i32 = -21;
/// What is to be got is not there, is not what was published, or is in another program's hands.
pub const SCUMBLE_ERROR_DOWNLOAD: i32 = -22;

/// 8 bits a channel, in memory R, G, B, A; sRGB-encoded; straight alpha (as in all formats that do not say otherwise).
pub const SCUMBLE_FORMAT_RGBA8: i32 = 1;
/// 8 bits a channel, in memory B, G, R, A (Krita's 8-bit RGBA).
pub const SCUMBLE_FORMAT_BGRA8: i32 = 2;
/// 16 bits a channel, native endian, 65535 = 1.0, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBA16: i32 = 3;
/// 16 bits a channel, in memory B, G, R, A (Krita's 16-bit RGBA).
pub const SCUMBLE_FORMAT_BGRA16: i32 = 4;
/// 32-bit float a channel, sRGB-encoded, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF32: i32 = 5;
/// 32-bit float a channel, linear light with sRGB primaries, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF32_LINEAR: i32 = 6;
/// 8 bits a channel, red, green and blue in linear light, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBA8_LINEAR: i32 = 7;
/// 8 bits a channel, red, green and blue in linear light, in memory B, G, R, A.
pub const SCUMBLE_FORMAT_BGRA8_LINEAR: i32 = 8;
/// 16 bits a channel, native endian, red, green and blue in linear light, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBA16_LINEAR: i32 = 9;
/// 16 bits a channel, native endian, red, green and blue in linear light, in memory B, G, R, A.
pub const SCUMBLE_FORMAT_BGRA16_LINEAR: i32 = 10;
/// 16-bit (half) float a channel, native endian, sRGB-encoded, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF16: i32 = 11;
/// 16-bit (half) float a channel, native endian, linear light with sRGB primaries, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF16_LINEAR: i32 = 12;
/// 8 bits a channel, sRGB-encoded, colours multiplied by alpha, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBA8_PREMULTIPLIED: i32 = 13;
/// 8 bits a channel, sRGB-encoded, colours multiplied by alpha, in memory B, G, R, A (Cairo's and Qt's ARGB32 on
/// little-endian machines).
pub const SCUMBLE_FORMAT_BGRA8_PREMULTIPLIED: i32 = 14;
/// 16 bits a channel, native endian, sRGB-encoded, colours multiplied by alpha, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBA16_PREMULTIPLIED: i32 = 15;
/// 16-bit (half) float a channel, linear light, colours multiplied by alpha, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF16_LINEAR_PREMULTIPLIED: i32 = 16;
/// 32-bit float a channel, linear light, colours multiplied by alpha, in memory R, G, B, A.
pub const SCUMBLE_FORMAT_RGBAF32_LINEAR_PREMULTIPLIED: i32 = 17;
/// 8 bits a channel, sRGB-encoded, no alpha, in memory R, G, B.
pub const SCUMBLE_FORMAT_RGB8: i32 = 18;
/// 8 bits a channel, sRGB-encoded, no alpha, in memory B, G, R.
pub const SCUMBLE_FORMAT_BGR8: i32 = 19;
/// 8 bits a channel, sRGB-encoded, no alpha, in memory R, G, B and a byte that says nothing (255 in frames).
pub const SCUMBLE_FORMAT_RGBX8: i32 = 20;
/// 8 bits a channel, sRGB-encoded, no alpha, in memory B, G, R and a byte that says nothing (255 in frames; Cairo's RGB24).
pub const SCUMBLE_FORMAT_BGRX8: i32 = 21;
/// 16 bits a channel, native endian, sRGB-encoded, no alpha, in memory R, G, B.
pub const SCUMBLE_FORMAT_RGB16: i32 = 22;
/// 32-bit float a channel, linear light, no alpha, in memory R, G, B.
pub const SCUMBLE_FORMAT_RGBF32_LINEAR: i32 = 23;

/// sRGB.
pub const SCUMBLE_SPACE_SRGB: u32 = 0;
/// Display P3, with sRGB's curve.
pub const SCUMBLE_SPACE_DISPLAY_P3: u32 = 1;
/// Adobe RGB (1998).
pub const SCUMBLE_SPACE_ADOBE_RGB: u32 = 2;
/// Rec. 2020, with the curve of Rec. 709.
pub const SCUMBLE_SPACE_REC2020: u32 = 3;
/// ProPhoto RGB, with a power of 1.8.
pub const SCUMBLE_SPACE_PROPHOTO: u32 = 4;

/// Show finished pictures only.
pub const SCUMBLE_PREVIEW_OFF: u32 = 0;
/// Show an estimate only when a job gives way to something newer.
pub const SCUMBLE_PREVIEW_GIVE_WAY: u32 = 1;
/// Show an estimate after each step but the last (the default).
pub const SCUMBLE_PREVIEW_EACH_STEP: u32 = 2;

/// Rendered pixels are opaque. (Where a mask is 0 its `outside` decides; at strength 0 there is nothing rendered,
/// and frames have the paint's bytes, alpha among them.)
pub const SCUMBLE_ALPHA_OPAQUE: u32 = 0;
/// Rendered pixels have the alpha of the paint, and their own colour without the paper's: laid over anything, they show no
/// rim.
pub const SCUMBLE_ALPHA_FOLLOW_PAINT: u32 = 1;

/// Where a mask is 0 frames have the paint's exact bytes, and its edge is blended: the frame takes the paint's place
/// (the default).
pub const SCUMBLE_OUTSIDE_PAINT: u32 = 0;
/// Where a mask is 0 the bytes of frames are 0. Elsewhere they have the rendering's colour, unblended, and its alpha
/// (SCUMBLE_ALPHA_*) times the mask's weight, which is the coverage with its soft edge: laid over opaque paint the
/// frame looks as with SCUMBLE_OUTSIDE_PAINT. At strength 0 the paint's colour and alpha are the rendering's.
pub const SCUMBLE_OUTSIDE_TRANSPARENT: u32 = 1;

/// More is to come for the frame's revision: it is an estimate after some of the steps, or a part.
pub const SCUMBLE_FRAME_PREVIEW: u32 = 1;
/// The whole picture is finished.
pub const SCUMBLE_FRAME_FINAL: u32 = 2;
/// Something newer was already waiting when the newest patch was laid.
pub const SCUMBLE_FRAME_STALE: u32 = 4;
/// Finished, and nothing newer was pushed or set when the frame was handed out: nothing more will come until
/// something changes.
pub const SCUMBLE_FRAME_CURRENT: u32 = 8;

/// The newest patch was rendered while the hand moves; it comes close to the settled picture.
pub const SCUMBLE_TIER_LIVE: u32 = 0;
/// The newest patch is a function of pixels, settings, model and seed alone.
pub const SCUMBLE_TIER_SETTLED: u32 = 1;

/// The model is being loaded.
pub const SCUMBLE_ENGINE_LOADING: u32 = 0;
/// The model is ready.
pub const SCUMBLE_ENGINE_READY: u32 = 1;
/// The model could not be loaded; `scumble_engine_info` says why.
pub const SCUMBLE_ENGINE_FAILED: u32 = 2;

/// As SCUMBLE_PROCESS_OWN where such a process can be started, else as SCUMBLE_PROCESS_HOST (the default). With the
/// environment variable SCUMBLE_SHARE_WORKER at 1 as SCUMBLE_PROCESS_SHARED.
pub const SCUMBLE_PROCESS_AUTO: u32 = 0;
/// The model runs in a process of its own, `scumble-worker`: a fault of a driver or a runtime ends that one alone, and
/// its memory comes back when there is nothing to do. On Linux and Windows.
pub const SCUMBLE_PROCESS_OWN: u32 = 1;
/// The model runs in the host's process.
pub const SCUMBLE_PROCESS_HOST: u32 = 2;
/// As SCUMBLE_PROCESS_AUTO, and the process is the same for all programs of this user that ask for that and for the same
/// device, threads and ONNX Runtime: a model that several of them have is loaded once, and they render by turns. It
/// outlives the host that started it, and ends with the last that has work for it. On Linux; where it cannot be shared,
/// also for want of XDG_RUNTIME_DIR, the host has one alone, and the engine's `device_note` says why. (ABI 1.10.)
pub const SCUMBLE_PROCESS_SHARED: u32 = 3;

/// Folders with models, around the default one: the user's, the installation's, the system's.
pub const SCUMBLE_LIST_MODELS: u32 = 1;
/// Devices that models may run on, each tried out: it may take a second. Loads ONNX Runtime, for good, if no engine has.
pub const SCUMBLE_LIST_DEVICES: u32 = 2;
/// Samplers.
pub const SCUMBLE_LIST_SAMPLERS: u32 = 3;
/// The settings of ScumbleParams that are numbers, with their ranges.
pub const SCUMBLE_LIST_SETTINGS: u32 = 4;

/// Models that can be got by `scumble_download_start`, and those that were got by it or by `scumble models`. Nobody is asked.
pub const SCUMBLE_LIST_CATALOGUE: u32 = 5;
/// Builds of ONNX Runtime for this system that can be got by `scumble_download_start`: the plain one first, then those for
/// graphics cards. Nobody is asked, and no driver loaded.
pub const SCUMBLE_LIST_RUNTIMES: u32 = 6;
/// Annotators that can be got by `scumble_download_start`: networks that make control pictures (SCUMBLE_PREPARE_DEPTH,
/// SCUMBLE_PREPARE_SOFT_EDGES, SCUMBLE_PREPARE_POSE), no models. Nobody is asked. ABI 1.8.
pub const SCUMBLE_LIST_ANNOTATORS: u32 = 7;

/// Nothing of it is here.
pub const SCUMBLE_OFFER_ABSENT: u32 = 0;
/// A part of it has arrived, or something of it is damaged or missing by now: a download goes on from there.
pub const SCUMBLE_OFFER_PARTIAL: u32 = 1;
/// It is here, whole.
pub const SCUMBLE_OFFER_INSTALLED: u32 = 2;

/// A model: what SCUMBLE_LIST_CATALOGUE calls it, or OWNER/NAME of any repository of the hub that has one in ONNX form.
pub const SCUMBLE_WANT_MODEL: u32 = 1;
/// A build of ONNX Runtime, by its name in SCUMBLE_LIST_RUNTIMES; it takes the place of the one that was got before.
pub const SCUMBLE_WANT_RUNTIME: u32 = 2;
/// An annotator, by its name in SCUMBLE_LIST_ANNOTATORS; it is found from the next picture on. ABI 1.8.
pub const SCUMBLE_WANT_ANNOTATOR: u32 = 3;

/// It is asked what there is to be got.
pub const SCUMBLE_DOWNLOAD_ASKING: u32 = 0;
/// It waits for `scumble_download_agree`: title, size and licences are known.
pub const SCUMBLE_DOWNLOAD_TERMS: u32 = 1;
/// Another program is getting the same; this goes on when that one is done.
pub const SCUMBLE_DOWNLOAD_WAITING: u32 = 2;
/// Bytes arrive.
pub const SCUMBLE_DOWNLOAD_LOADING: u32 = 3;
/// It is here, whole and checked, in `folder`.
pub const SCUMBLE_DOWNLOAD_DONE: u32 = 4;
/// It failed; `error` and `message` say why. What has arrived is kept.
pub const SCUMBLE_DOWNLOAD_FAILED: u32 = 5;
/// It was cancelled. What has arrived is kept.
pub const SCUMBLE_DOWNLOAD_CANCELLED: u32 = 6;

/// A picture that a ControlNet reads: lines, depths, poses that the rendering follows.
pub const SCUMBLE_CONDITION_CONTROL: u32 = 1;
/// A file of changes to the model's weights: a style, a subject that it has learnt. It has no picture.
pub const SCUMBLE_CONDITION_LORA: u32 = 2;
/// Other words where its picture is white, softly where it is grey; on canvases of the model's size the rendering
/// beyond all regions is the same as without them.
pub const SCUMBLE_CONDITION_REGION: u32 = 3;
/// A picture whose style, structure or subject the rendering takes over: a photograph, a mood board, another painting. It has
/// a size of its own and no place on the canvas.
pub const SCUMBLE_CONDITION_REFERENCE: u32 = 4;

/// All of a reference is taken over, its subject, too.
pub const SCUMBLE_ASPECT_ALL: u32 = 0;
/// How it is painted: colours, material, mood; where `aspects` of `scumble_engine_conditions` is usable. ABI 1.16.
pub const SCUMBLE_ASPECT_STYLE: u32 = 1;
/// Where things are in it; so, too.
pub const SCUMBLE_ASPECT_LAYOUT: u32 = 2;

/// A control picture goes to the ControlNet as it is; what is transparent is black.
pub const SCUMBLE_PREPARE_AS_IS: u32 = 0;
/// Drawn lines, light or dark or coloured, on paper or on transparency, become white on black; what is white on black stays.
/// While nothing is drawn the control says nothing, and `scumble_session_conditions` tells so.
pub const SCUMBLE_PREPARE_DRAWN: u32 = 1;
/// Of a painting or photograph the lines that somebody would draw of it, white on black; what is transparent is white paper.
pub const SCUMBLE_PREPARE_LINES: u32 = 2;
/// Of a painting or photograph the edges that Canny's detector finds, white on black; what is transparent is white paper.
pub const SCUMBLE_PREPARE_CANNY: u32 = 3;
/// Blurred, for ControlNets that make detail of it (tile); what is transparent is black.
pub const SCUMBLE_PREPARE_BLUR: u32 = 4;
/// Of a painting or photograph how far away things are, white is near, as a network sees it (an annotator, e.g. Depth Anything):
/// that in the folder `annotator` of the ControlNet's own folder, else `annotators/depth` beside the user's folder of models, else
/// the first in `annotators` that was got for it (SCUMBLE_WANT_ANNOTATOR). It is shown the whole picture, once for as long as that rests; what is transparent is white paper. Where it lies in neither,
/// poll tells. ABI 1.6.
pub const SCUMBLE_PREPARE_DEPTH: u32 = 5;
/// The same of soft edges, white on black (e.g. HED, PiDiNet): `annotators/soft-edges`. ABI 1.6.
pub const SCUMBLE_PREPARE_SOFT_EDGES: u32 = 6;
/// The same of how people stand (a network of trt_pose's form), drawn in OpenPose's colours on black: `annotators/pose`. ABI 1.9.
pub const SCUMBLE_PREPARE_POSE: u32 = 7;
/// For ControlNets for inpainting: the control has no picture, it is shown the paint, and -1 where the mask covers it by more than
/// half. Without a mask it says nothing, and `scumble_session_conditions` tells so. ABI 1.16.
pub const SCUMBLE_PREPARE_INPAINT: u32 = 8;

/// Something failed.
pub const SCUMBLE_LOG_ERROR: u32 = 1;
/// Something is not as it should be (what is kept at first, with errors).
pub const SCUMBLE_LOG_WARNING: u32 = 2;
/// What the library does.
pub const SCUMBLE_LOG_INFO: u32 = 3;
/// The same at length.
pub const SCUMBLE_LOG_DEBUG: u32 = 4;

// cbindgen reads literals only; the engine's own numbers are these.
const _: () = {
    assert!(SCUMBLE_ERROR_NULL == Status::NullPointer as i32);
    assert!(SCUMBLE_ERROR_STRUCT_SIZE == Status::StructSize as i32);
    assert!(SCUMBLE_ERROR_TEXT == Status::Text as i32);
    assert!(SCUMBLE_ERROR_RECT == Status::Rect as i32);
    assert!(SCUMBLE_ERROR_BUFFER == Status::Buffer as i32);
    assert!(SCUMBLE_ERROR_FORMAT == Status::Format as i32);
    assert!(SCUMBLE_ERROR_SETTING == Status::Setting as i32);
    assert!(SCUMBLE_ERROR_INTERNAL == Status::Internal as i32);
    assert!(SCUMBLE_ERROR_RUNTIME == Status::Runtime as i32);
    assert!(SCUMBLE_ERROR_DEVICE == Status::Device as i32);
    assert!(SCUMBLE_ERROR_MODEL_MISSING == Status::ModelMissing as i32);
    assert!(SCUMBLE_ERROR_MODEL_BROKEN == Status::ModelBroken as i32);
    assert!(SCUMBLE_ERROR_MODEL_UNSUPPORTED == Status::ModelUnsupported as i32);
    assert!(SCUMBLE_ERROR_INFERENCE == Status::Inference as i32);
    assert!(SCUMBLE_ERROR_MEMORY == Status::Memory as i32);
    assert!(SCUMBLE_ERROR_WORKER == Status::Worker as i32);
    assert!(SCUMBLE_ERROR_WORKER_DIED == Status::WorkerDied as i32);
    assert!(SCUMBLE_ERROR_NETWORK == Status::Network as i32);
    assert!(SCUMBLE_ERROR_ACCESS == Status::Access as i32);
    assert!(SCUMBLE_ERROR_DISK == Status::Disk as i32);
    assert!(SCUMBLE_ERROR_DOWNLOAD == Status::Download as i32);
    assert!(SCUMBLE_FORMAT_RGBA8 == Format::Rgba8 as i32);
    assert!(SCUMBLE_FORMAT_BGRA8 == Format::Bgra8 as i32);
    assert!(SCUMBLE_FORMAT_RGBA16 == Format::Rgba16 as i32);
    assert!(SCUMBLE_FORMAT_BGRA16 == Format::Bgra16 as i32);
    assert!(SCUMBLE_FORMAT_RGBAF32 == Format::RgbaF32 as i32);
    assert!(SCUMBLE_FORMAT_RGBAF32_LINEAR == Format::RgbaF32Linear as i32);
    assert!(SCUMBLE_FORMAT_RGBA8_LINEAR == Format::Rgba8Linear as i32);
    assert!(SCUMBLE_FORMAT_BGRA8_LINEAR == Format::Bgra8Linear as i32);
    assert!(SCUMBLE_FORMAT_RGBA16_LINEAR == Format::Rgba16Linear as i32);
    assert!(SCUMBLE_FORMAT_BGRA16_LINEAR == Format::Bgra16Linear as i32);
    assert!(SCUMBLE_FORMAT_RGBAF16 == Format::RgbaF16 as i32);
    assert!(SCUMBLE_FORMAT_RGBAF16_LINEAR == Format::RgbaF16Linear as i32);
    assert!(SCUMBLE_SPACE_SRGB == Named::Srgb as u32);
    assert!(SCUMBLE_SPACE_DISPLAY_P3 == Named::DisplayP3 as u32);
    assert!(SCUMBLE_SPACE_ADOBE_RGB == Named::AdobeRgb as u32);
    assert!(SCUMBLE_SPACE_REC2020 == Named::Rec2020 as u32);
    assert!(SCUMBLE_SPACE_PROPHOTO == Named::ProPhoto as u32);
    assert!(SCUMBLE_PREVIEW_OFF == Preview::Off as u32);
    assert!(SCUMBLE_PREVIEW_GIVE_WAY == Preview::GiveWay as u32);
    assert!(SCUMBLE_PREVIEW_EACH_STEP == Preview::EachStep as u32);
    assert!(SCUMBLE_ALPHA_OPAQUE == Alpha::Opaque as u32);
    assert!(SCUMBLE_ALPHA_FOLLOW_PAINT == Alpha::FollowPaint as u32);
    assert!(SCUMBLE_OUTSIDE_PAINT == Outside::Paint as u32);
    assert!(SCUMBLE_OUTSIDE_TRANSPARENT == Outside::Transparent as u32);
    assert!(SCUMBLE_ASPECT_ALL == Aspect::All as u32);
    assert!(SCUMBLE_ASPECT_STYLE == Aspect::Style as u32);
    assert!(SCUMBLE_ASPECT_LAYOUT == Aspect::Layout as u32);
    assert!(SCUMBLE_PREPARE_AS_IS == Prepare::AsIs as u32);
    assert!(SCUMBLE_PREPARE_DRAWN == Prepare::Drawn as u32);
    assert!(SCUMBLE_PREPARE_LINES == Prepare::Lines as u32);
    assert!(SCUMBLE_PREPARE_CANNY == Prepare::Canny as u32);
    assert!(SCUMBLE_PREPARE_BLUR == Prepare::Blur as u32);
    assert!(SCUMBLE_PREPARE_DEPTH == Prepare::Depth as u32);
    assert!(SCUMBLE_PREPARE_SOFT_EDGES == Prepare::SoftEdges as u32);
    assert!(SCUMBLE_PREPARE_POSE == Prepare::Pose as u32);
    assert!(SCUMBLE_PREPARE_INPAINT == Prepare::Inpaint as u32);
};
