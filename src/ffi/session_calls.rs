//! Exported functions of sessions: read, push, poll, show are a host's four verbs.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::time::Duration;

use ndarray::Array4;

use super::abi::*;
use super::calls::{hand_out, release, to_rect};
use super::constants::*;
use super::errors::Sentence;
use super::guard::*;
use crate::error::{Error, Result, Status};
use crate::job::{Params, Preview};
use crate::pixels::mask::{Coverage, Outside};
use crate::pixels::paste::Alpha;
use crate::pixels::space::{MAX_PROFILE, Space};
use crate::pixels::{Format, ImageView};
use crate::region::Rect;
use crate::session::{Polled, Pushed, Session};

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
    })
}

/// Hands over paint, as one change: the whole canvas or parts of it (what lies outside the images stays as it was
/// pushed before). `images` are `image_count` structs, one behind the other, of one canvas size, format and colour space;
/// where they overlap, the last one counts. The pixels are compared with those and copied where they differ; nothing is
/// kept of the host's memory. A canvas whose size, format or colour space is new starts transparent, and so does its picture.
/// `touched` are `touched_count` rectangles (canvas coordinates, they may reach beyond the images) outside which
/// nothing has changed since the last push, so that less is compared; none of them, or empty ones, say that nothing
/// has. NULL compares all of the images.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL: frames of this revision or a later one show the push),
/// SCUMBLE_UNCHANGED (shown already, or a running or waiting job will show it; also after an error that poll
/// told, until something changes), SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_RECT,
/// SCUMBLE_ERROR_BUFFER (also: no image), SCUMBLE_ERROR_FORMAT, SCUMBLE_ERROR_MEMORY, SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_push(
    session: *mut ScumbleSession,
    images: *const ScumbleImage,
    image_count: u32,
    touched: *const ScumbleRect,
    touched_count: u32,
    revision: *mut u64,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(images.cast_mut(), "images")?;
            let (mut views, mut spaces) = (Vec::new(), Vec::new());
            let mut canvas = (0, 0);
            let mut next = images;
            for _ in 0..image_count {
                let image = read_struct(next, "images")?;
                // The caller's structs are as long as it says, which may be more or less than ours.
                next = next.byte_add(image.struct_size as usize);
                let bounds = Rect::canvas(image.canvas_width, image.canvas_height)?;
                if !views.is_empty() && canvas != (bounds.width, bounds.height) {
                    return Err(Error::new(
                        Status::Rect,
                        "The images of one push are of different canvases.",
                    ));
                }
                canvas = (bounds.width, bounds.height);
                views.push(view_of(&image, bounds)?);
                spaces.push(space_of(&session.session, &image)?);
            }
            let views = views.into_iter().zip(&spaces).map(|(view, space)| view.in_space(space));
            let views = views.collect::<Result<Vec<_>>>()?;
            let mut rects = Vec::new();
            for at in 0..if touched.is_null() { 0 } else { touched_count } {
                rects.push(to_rect(touched.add(at as usize).read_unaligned()));
            }
            let touched = (!touched.is_null()).then_some(&rects[..]);
            tell(session.session.push(canvas.0, canvas.1, &views, touched)?, revision)
        })
    }
}

/// The pixels of an image, which lie on the canvas `bounds`.
pub(super) unsafe fn view_of<'a>(image: &ScumbleImage, bounds: Rect) -> Result<ImageView<'a>> {
    let format = Format::from_number(image.format)?;
    let rect = to_rect(image.rect);
    rect.check_on(bounds, "image")?;
    // SAFETY: as the caller of the exported function promised.
    let bytes = unsafe { borrowed(image.pixels.cast(), image.byte_length, "images->pixels") }?;
    ImageView::new(format, rect, image.stride, bytes)
}

pub(super) unsafe fn space_of(session: &Session, image: &ScumbleImage) -> Result<Space> {
    let wrong = |why: &str| Err(Error::new(Status::Format, why));
    if image.reserved != 0 {
        return wrong("A reserved field of the image is not 0; the host must call its _init first.");
    }
    if image.profile.is_null() {
        return Space::from_number(image.space);
    }
    if image.space != SCUMBLE_SPACE_SRGB {
        return wrong(
            "The image has a colour profile and names a colour space too; the host must give one of them.",
        );
    }
    // Too long a one is told before it is read.
    let length = image.profile_length.min(MAX_PROFILE + 1);
    // SAFETY: not NULL, and as long as the caller of the exported function promised.
    let profile = unsafe { borrowed(image.profile.cast(), length, "images->profile") }?;
    session.space_of(profile)
}

/// The host's bytes for the time of the call.
unsafe fn borrowed<'a>(pointer: *const u8, length: usize, what: &str) -> Result<&'a [u8]> {
    check_out(pointer.cast_mut(), what)?;
    // No allocation can be larger; a wild length must not become a slice.
    let length = length.min(isize::MAX as usize);
    // SAFETY: not NULL, readable for `length` as the caller promised.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// Limits the live layer to where the mask is not 0; `mask` NULL lifts the limit. The mask is copied and stays
/// until it is replaced or a canvas of another size is pushed (also if it was set before the first push). Frames
/// then cover the rectangle that holds the mask; where the mask is 0 they have the paint's exact bytes, or zero bytes, as
/// mask->outside says. A mask that differs in `outside` alone is a new one.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL), SCUMBLE_UNCHANGED, SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_RECT (also for a canvas of another size than the pushed one's),
/// SCUMBLE_ERROR_BUFFER, SCUMBLE_ERROR_SETTING (outside), SCUMBLE_ERROR_MEMORY, SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_set_mask(
    session: *mut ScumbleSession,
    mask: *const ScumbleMask,
    revision: *mut u64,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            if mask.is_null() {
                return tell(session.session.set_mask(0, 0, None)?, revision);
            }
            let mask = read_struct(mask, "mask")?;
            let outside = match mask.outside {
                SCUMBLE_OUTSIDE_PAINT => Outside::Paint,
                SCUMBLE_OUTSIDE_TRANSPARENT => Outside::Transparent,
                other => {
                    return Err(Error::setting(format!(
                        "The mask's outside is {other}; use one of SCUMBLE_OUTSIDE_*."
                    )));
                }
            };
            let bytes = borrowed(mask.coverage, mask.byte_length, "mask->coverage")?;
            let coverage = Coverage { rect: to_rect(mask.rect), stride: mask.stride, bytes, outside };
            tell(session.session.set_mask(mask.canvas_width, mask.canvas_height, Some(coverage))?, revision)
        })
    }
}

/// Gives the noise instead of drawing it from the seed: float32 `[draws][channels][height][width]` of the latent,
/// in the order in which diffusers draws (the img2img noise, then one per stochastic step). For comparing with
/// other implementations; `values` NULL goes back to the seed. Noise that does not fit the model is told by poll.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL), SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_RECT,
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
            let values: Vec<f32> = (0..count).map(|at| values.add(at).read_unaligned()).collect();
            let shape = sizes.map(|s| s as usize);
            let noise =
                Array4::from_shape_vec(shape, values).map_err(|e| Error::new(Status::Rect, e.to_string()))?;
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
/// something changes. What stays is told by each poll: why there is no model (until then the host may ask
/// `scumble_engine_info` for SCUMBLE_ENGINE_FAILED), and SCUMBLE_ERROR_INTERNAL of a session that is closed for good. A
/// host tells the user, releases the session, and makes a new one when the user asks for it.
/// Returns SCUMBLE_OK (and `*frame`, owned by the caller: release it), SCUMBLE_NO_FRAME, SCUMBLE_LOADING (no frame,
/// and the model is not ready), SCUMBLE_ERROR_NULL, or what loading or rendering met: SCUMBLE_ERROR_SETTING,
/// _RECT, _RUNTIME, _DEVICE, _MODEL_MISSING, _MODEL_BROKEN, _MODEL_UNSUPPORTED, _INFERENCE, _MEMORY, _INTERNAL.
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

/// Closes a live layer; returns at once: its running job is interrupted and not waited for. Frames that were handed
/// out live on. NULL does nothing.
/// [host-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_release(session: *mut ScumbleSession) {
    // SAFETY: as the caller promised.
    unsafe { release(session) };
}
