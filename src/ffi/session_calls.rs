//! Exported functions of sessions: read, push, poll, show are a host's four verbs. What hands pixels over is in
//! `paint_calls`.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::{c_char, c_void};
use std::time::Duration;

use ndarray::Array4;

use super::abi::*;
use super::constants::*;
use super::errors::{Sentence, write_text};
use super::guard::*;
use super::handed::{hand_out, release};
use super::layout::Sized32;
use crate::error::{Error, Result, Status};
use crate::job::{Params, Preview};
use crate::pixels::filled;
use crate::pixels::paste::Alpha;
use crate::session::{Polled, Pushed};

/// Runs a call on a session, which keeps its error; a panic closes the session for good.
pub(super) unsafe fn on_session(
    session: *const ScumbleSession,
    body: impl FnOnce(&ScumbleSession) -> Result<i32>,
) -> i32 {
    // SAFETY: the caller promised NULL or a live session.
    let session = unsafe { reference(session, "session") };
    match session {
        Ok(session) => guard_or(
            |why| {
                session.last_error.keep(&why);
                session.session.close(why);
            },
            || body(session).inspect_err(|why| session.last_error.keep(why)),
        ),
        Err(error) => guard(|| Err(error)),
    }
}

/// Status and revision of a push or a change of settings.
pub(super) unsafe fn tell(pushed: Pushed, revision: *mut u64) -> Result<i32> {
    match pushed {
        Pushed::Unchanged => Ok(SCUMBLE_UNCHANGED),
        Pushed::Revision(number) => {
            if !revision.is_null() {
                // SAFETY: not NULL, writable as the caller promised.
                unsafe { write_out(revision, number) };
            }
            Ok(SCUMBLE_OK)
        }
    }
}

/// Sets the struct's size, `size` being its sizeof, and initial values: no prompt, the model's own strength,
/// steps and guidance, seed 0, previews after each step, opaque frames, white paper, a mask's edge 8 pixels soft, a
/// settled picture down to 1:1 after 300 ms.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_params_init(params: *mut ScumbleParams, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(params, size, "params") }
}

/// Sets the struct's size, `size` being its sizeof; all else is 0 and must be filled.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_image_init(image: *mut ScumbleImage, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(image, size, "image") }
}

/// Sets the struct's size, `size` being its sizeof; all else is 0 and must be filled.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_mask_init(mask: *mut ScumbleMask, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(mask, size, "mask") }
}

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_stats_init(stats: *mut ScumbleStats, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(stats, size, "stats") }
}

/// Makes a live layer on an engine, which it keeps alive. The model need not be loaded yet.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL.
/// On success `*session` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_create(
    engine: *const ScumbleEngine,
    session: *mut *mut ScumbleSession,
) -> i32 {
    guard(|| {
        check_out(session, "session")?;
        // SAFETY: as the caller promised, here and below.
        let engine = unsafe { reference(engine, "engine") }?;
        let made =
            Box::new(ScumbleSession { session: engine.engine.session(), last_error: Sentence::default() });
        unsafe { write_out(session, Box::into_raw(made)) };
        Ok(SCUMBLE_OK)
    })
}

/// Replaces all settings. They are copied. Before the first push there is nothing to render with them, and they
/// wait for it.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL), SCUMBLE_UNCHANGED, SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_TEXT, SCUMBLE_ERROR_SETTING, SCUMBLE_ERROR_INTERNAL.
/// Whether strength × steps makes a step depends on the model: if it does not, poll tells, once.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_set_params(
    session: *mut ScumbleSession,
    params: *const ScumbleParams,
    revision: *mut u64,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            let params = to_params(&read_struct(params, "params")?)?;
            tell(session.session.set_params(params)?, revision)
        })
    }
}

unsafe fn to_params(params: &ScumbleParams) -> Result<Params> {
    // -1 leaves a setting to the model; any other number, also NaN, must stand its check.
    let own = |v: f32| (v != -1.0).then_some(v);
    let preview = match params.preview {
        SCUMBLE_PREVIEW_OFF => Preview::Off,
        SCUMBLE_PREVIEW_GIVE_WAY => Preview::GiveWay,
        SCUMBLE_PREVIEW_EACH_STEP => Preview::EachStep,
        other => return Err(Error::setting(format!("Preview is {other}; use one of SCUMBLE_PREVIEW_*."))),
    };
    let alpha = match params.alpha {
        SCUMBLE_ALPHA_OPAQUE => Alpha::Opaque,
        SCUMBLE_ALPHA_FOLLOW_PAINT => Alpha::FollowPaint,
        other => return Err(Error::setting(format!("Alpha is {other}; use one of SCUMBLE_ALPHA_*."))),
    };
    let overview = match params.overview {
        0 => false,
        1 => true,
        other => return Err(Error::setting(format!("Overview is {other}; use 0 or 1."))),
    };
    // Reserved fields must be 0 today, so that they can mean something tomorrow.
    if params.reserved != 0 || params.paper[3] != 0 {
        return Err(Error::setting(
            "A reserved field of the params is not 0; the host must call its _init first.",
        ));
    }
    let [r, g, b, _] = params.paper;
    Ok(Params {
        // SAFETY: the caller of the exported function promised NUL-terminated strings.
        prompt: unsafe { text(params.prompt, "prompt") }?.unwrap_or("").to_owned(),
        negative: unsafe { text(params.negative, "negative") }?.unwrap_or("").to_owned(),
        // SAFETY: as above.
        lora_folder: unsafe { path(params.lora_folder, "lora_folder") }?,
        strength: own(params.strength),
        steps: (params.steps != 0).then_some(params.steps),
        guidance: own(params.guidance),
        seed: params.seed,
        preview,
        alpha,
        paper: [r, g, b],
        mask_softness: params.mask_softness,
        resolution: params.resolution,
        // SAFETY: as above.
        sampler: unsafe { text(params.sampler, "sampler") }?.map(str::to_owned),
        finest: params.finest,
        settle_delay: params.settle_delay_ms,
        refine_strength: (params.refine_strength != 0.0).then_some(params.refine_strength),
        settled_steps: (params.settled_steps != 0).then_some(params.settled_steps),
        paint_guidance: (params.paint_guidance != 0.0).then_some(params.paint_guidance),
        overview,
    })
}

/// Gives the noise instead of drawing it from the seed: float32 `[draws][channels][height][width]` of the latent,
/// in the order in which diffusers draws (the img2img noise, then one per stochastic step). For comparing with
/// other implementations; `values` NULL goes back to the seed. Noise that does not fit the model is told by poll.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL), SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_RECT, SCUMBLE_ERROR_MEMORY,
/// SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_set_noise(
    session: *mut ScumbleSession,
    values: *const f32,
    draws: u32,
    channels: u32,
    height: u32,
    width: u32,
    revision: *mut u64,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            if values.is_null() {
                return tell(session.session.set_noise(None)?, revision);
            }
            let sizes = [draws, channels, height, width];
            let count = sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s as usize));
            let count = count.filter(|n| (1..=1 << 28).contains(n)).ok_or_else(|| {
                Error::new(
                    Status::Rect,
                    format!("Noise of size {sizes:?} is empty or too large; give the latent's size."),
                )
            })?;
            // Not a slice: the host's floats need no alignment.
            let mut copied = filled(count, 0.0f32)?;
            copied.iter_mut().enumerate().for_each(|(at, to)| *to = values.add(at).read_unaligned());
            let shape = sizes.map(|s| s as usize);
            let noise =
                Array4::from_shape_vec(shape, copied).map_err(|e| Error::new(Status::Rect, e.to_string()))?;
            tell(session.session.set_noise(Some(noise))?, revision)
        })
    }
}

/// Hands out all of the picture that is newer than the frame `after_seq`, the last one that the host has laid down;
/// 0 = the host has nothing: the whole picture. The host lays the frame's rectangles down, in any order, and is done:
/// patches of which no poll has been told yet come together in one frame, and none is lost. After another canvas
/// size, format or colour space the frame is of the new canvas, all of it. Cheap: tiles are shared, not copied; hosts call it
/// from a timer.
/// An error here is the worker's. That of a failed job is told once: the session lives on and tries again when
/// something changes, but for SCUMBLE_ERROR_WORKER_DIED: then it tries again by itself. What stays is told by each poll: why there is no model (until then the host may ask
/// `scumble_engine_info` for SCUMBLE_ENGINE_FAILED), and SCUMBLE_ERROR_INTERNAL of a session that is closed for good. A
/// host tells the user, releases the session, and makes a new one when the user asks for it.
/// Returns SCUMBLE_OK (and `*frame`, owned by the caller: release it), SCUMBLE_NO_FRAME, SCUMBLE_LOADING (no frame,
/// and the model is not ready), SCUMBLE_ERROR_NULL, or what loading or rendering met: SCUMBLE_ERROR_SETTING,
/// _RECT, _RUNTIME, _DEVICE, _MODEL_MISSING, _MODEL_BROKEN, _MODEL_UNSUPPORTED, _INFERENCE, _MEMORY, _WORKER, _WORKER_DIED,
/// _INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_poll(
    session: *mut ScumbleSession,
    after_seq: u64,
    frame: *mut *mut ScumbleFrame,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(frame, "frame")?;
            match session.session.poll(after_seq)? {
                Polled::Frame(newest) => {
                    write_out(frame, hand_out(newest));
                    Ok(SCUMBLE_OK)
                }
                Polled::Nothing => Ok(SCUMBLE_NO_FRAME),
                Polled::Loading => Ok(SCUMBLE_LOADING),
            }
        })
    }
}

/// Tells a descriptor that a host's event loop can watch instead of polling from a timer: it is readable when poll has
/// something that it has not told yet (also that there will be no model), and poll empties it. It is the session's, the same
/// each time, until the session is released: the host neither reads nor writes nor closes it. On Unix; on Windows see
/// scumble_session_wake_event.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_SETTING (Windows), SCUMBLE_ERROR_MEMORY, SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_wake_fd(session: *mut ScumbleSession, fd: *mut i32) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(fd, "fd")?;
            write_out(fd, session.session.wake_descriptor()?);
            Ok(SCUMBLE_OK)
        })
    }
}

/// The same on Windows: tells the HANDLE of a manual-reset event that is set when poll has something that it has not told
/// yet; poll resets it. For WaitForSingleObject, MsgWaitForMultipleObjects, QWinEventNotifier and the like, in as many
/// threads as wait. It is the session's, the same each time, until the session is released: wait for it no longer by
/// then; the host neither sets nor resets nor closes it. Elsewhere see scumble_session_wake_fd.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_SETTING (not Windows), SCUMBLE_ERROR_MEMORY,
/// SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_wake_event(
    session: *mut ScumbleSession,
    event: *mut *mut c_void,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(event, "event")?;
            write_out(event, session.session.wake_event()?);
            Ok(SCUMBLE_OK)
        })
    }
}

/// Waits until nothing of this session waits or runs (also for the model, if it is still being loaded), then poll
/// tells what came of it. For tests and batch work; an interactive host polls.
/// Returns SCUMBLE_OK, SCUMBLE_TIMEOUT, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_wait(session: *mut ScumbleSession, timeout_ms: u32) -> i32 {
    // SAFETY: as the caller promised.
    unsafe {
        on_session(session, |session| {
            let done = session.session.wait(Duration::from_millis(u64::from(timeout_ms)))?;
            Ok(if done { SCUMBLE_OK } else { SCUMBLE_TIMEOUT })
        })
    }
}

/// Ends the running job and drops the waiting one; returns at once. Nothing of them appears afterwards; frames
/// that were there stay. What the jobs owed is rendered after the next push (also an identical one) or change of
/// settings. Not while another thread releases the session.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_cancel(session: *const ScumbleSession) -> i32 {
    // SAFETY: as the caller promised.
    unsafe {
        on_session(session, |session| {
            session.session.cancel();
            Ok(SCUMBLE_OK)
        })
    }
}

/// Tells the session's counts, and whether it is at work.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_stats(
    session: *const ScumbleSession,
    stats: *mut ScumbleStats,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            let counts = session.session.stats();
            let told = ScumbleStats {
                busy: u32::from(session.session.busy()),
                jobs_started: counts.jobs_started,
                jobs_replaced: counts.jobs_replaced,
                frames: counts.frames,
                ..ScumbleStats::initial()
            };
            write_struct(stats, told, "stats")?;
            Ok(SCUMBLE_OK)
        })
    }
}

/// Copies what the picture that is being made has to wait for, as a sentence for the user, English, UTF-8: that a network
/// is read for the first LoRA, ControlNet or annotator, or again after a rest; "" where nothing holds it up. A host asks
/// while poll has no frame. At most `length` bytes are written, a NUL among them; what is longer is cut. Since ABI 1.15.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_BUFFER (`length` is 0).
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_doing(
    session: *const ScumbleSession,
    buffer: *mut c_char,
    length: usize,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(buffer, "buffer")?;
            write_text(&session.session.doing(), buffer, length)?;
            Ok(SCUMBLE_OK)
        })
    }
}

/// Closes a live layer; returns at once: its running job is interrupted and not waited for. Frames that were handed
/// out live on. NULL does nothing.
/// [host-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_release(session: *mut ScumbleSession) {
    // SAFETY: as the caller promised.
    unsafe { release(session) };
}
