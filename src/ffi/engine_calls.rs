//! Exported functions: the version, and engines. Sessions are in `session_calls`, frames in `frame_calls`.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::c_char;
use std::path::Path;
use std::sync::LazyLock;

use super::abi::*;
use super::constants::*;
use super::guard::*;
use super::handed::{Words, release};
use super::layout::Sized32;
use super::library;
use super::loading::loading;
use crate::engine::{Engine, LoadState};
use crate::error::Result;

/// The ABI's version: SCUMBLE_ABI_MAJOR in the upper 16 bits, SCUMBLE_ABI_MINOR in the lower. Before it calls anything
/// else a host asks `scumble_abi_fits(scumble_abi_version())`.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_abi_version() -> u32 {
    SCUMBLE_ABI_MAJOR << 16 | SCUMBLE_ABI_MINOR
}

/// The library's version, e.g. "0.1.0". Never NULL, valid for good.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The folder of the default model, which `model_dir` NULL stands for: an absolute path, UTF-8, as SCUMBLE_LIST_MODELS names
/// it; "" where none is found. Never NULL, valid for good.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_default_model() -> *const c_char {
    static FOUND: LazyLock<Words> = LazyLock::new(Words::default);
    let mut found = c"".as_ptr();
    guard(|| {
        if let Some(folder) = library::default_model().ok().as_deref().and_then(Path::to_str) {
            found = FOUND.keep(folder);
        }
        Ok(SCUMBLE_OK)
    });
    found
}

/// Sets the struct's size, `size` being its sizeof, and initial values: the default model on the best device.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_options_init(options: *mut ScumbleEngineOptions, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(options, size, "options") }
}

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_info_init(info: *mut ScumbleEngineInfo, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(info, size, "info") }
}

/// Makes an engine and starts to load the model in the background; returns at once. What goes wrong while
/// loading (no model, no ONNX Runtime, no such device or scheduler) is told by `scumble_engine_info`, and by every
/// poll of its sessions, until they are released: an engine that failed stays so, and another is to be made.
/// `options` may be NULL for the default model on the best device.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL (engine), SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_TEXT,
/// SCUMBLE_ERROR_SETTING (intra_threads, process, loras), SCUMBLE_ERROR_MODEL_MISSING (no default model found),
/// SCUMBLE_ERROR_MEMORY, SCUMBLE_ERROR_INTERNAL.
/// On success `*engine` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_create(
    options: *const ScumbleEngineOptions,
    engine: *mut *mut ScumbleEngine,
) -> i32 {
    guard(|| {
        check_out(engine, "engine")?;
        crate::journal::begin();
        // SAFETY: as the caller promised, here and below.
        let options = unsafe { engine_options(options) }?;
        let loaded = Engine::with(unsafe { loading(&options) }?)?;
        let made = Box::new(ScumbleEngine { engine: loaded, words: Words::default() });
        unsafe { write_out(engine, Box::into_raw(made)) };
        Ok(SCUMBLE_OK)
    })
}

unsafe fn engine_options(options: *const ScumbleEngineOptions) -> Result<ScumbleEngineOptions> {
    if options.is_null() {
        return Ok(ScumbleEngineOptions::initial());
    }
    // SAFETY: as the caller promised.
    unsafe { read_struct(options, "options") }
}

/// Tells how far the engine is, and about its model.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_info(
    engine: *const ScumbleEngine,
    info: *mut ScumbleEngineInfo,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let engine = unsafe { reference(engine, "engine") }?;
        let words = &engine.words;
        let mut told = ScumbleEngineInfo::initial();
        if let Some(runtime) = crate::models::runtime::loaded() {
            told.runtime = words.keep(&runtime.description());
        }
        match engine.engine.state() {
            LoadState::Loading { progress, what } => {
                told.state = SCUMBLE_ENGINE_LOADING;
                told.progress = progress;
                told.message = words.keep(&what);
            }
            LoadState::Failed(error) => {
                told.state = SCUMBLE_ENGINE_FAILED;
                told.error = error.status as i32;
                told.message = words.keep(&error.message);
            }
            LoadState::Ready(model) => {
                told.state = SCUMBLE_ENGINE_READY;
                told.progress = 1.0;
                if !model.runtime.is_empty() {
                    told.runtime = words.keep(&model.runtime);
                }
                told.model_name = words.keep(&model.name);
                told.model_description = words.keep(&model.description);
                told.device = words.keep(&model.device);
                told.device_note = words.keep(&model.device_note);
                told.native_side = model.geometry.native;
                told.default_steps = model.defaults.steps;
                told.default_strength = model.defaults.strength;
                told.default_guidance = model.defaults.guidance;
                let model = engine.engine.capabilities().and_then(|model| model.paint_guidance);
                told.default_paint_guidance = model.unwrap_or(0.0);
            }
        }
        unsafe { write_struct(info, told, "info") }?;
        Ok(SCUMBLE_OK)
    })
}

/// Gives up the caller's hold on an engine; returns at once. The model goes when the engine and all its sessions are
/// released: that last release interrupts a running load or job, and the worker ends by itself (commonly within
/// milliseconds). NULL does nothing.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_release(engine: *mut ScumbleEngine) {
    // SAFETY: as the caller promised.
    unsafe { release(engine) };
}
