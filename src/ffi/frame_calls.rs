//! Exported functions of frames: what a poll handed out.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::abi::*;
use super::constants::*;
use super::errors::write_text;
use super::guard::*;
use super::handed::{from_rect, release, to_rect};
use super::layout::Sized32;
use crate::error::{Error, Status};
use crate::frame::{Frame, Kind};
use crate::overview;
use crate::region::Rect;
use crate::render::Tier;

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_info_init(info: *mut ScumbleFrameInfo, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(info, size, "info") }
}

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_overview_init(info: *mut ScumbleOverview, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(info, size, "info") }
}

/// Tells all about a frame.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_info(frame: *const ScumbleFrame, info: *mut ScumbleFrameInfo) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let frame = &unsafe { reference(frame, "frame") }?.frame;
        unsafe { write_struct(info, frame_info(frame), "info") }?;
        Ok(SCUMBLE_OK)
    })
}

fn frame_info(frame: &Frame) -> ScumbleFrameInfo {
    let us = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
    let kind = match frame.kind {
        Kind::Preview => SCUMBLE_FRAME_PREVIEW,
        Kind::Final => SCUMBLE_FRAME_FINAL,
    };
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    ScumbleFrameInfo {
        flags: kind | flag(frame.stale, SCUMBLE_FRAME_STALE) | flag(frame.current, SCUMBLE_FRAME_CURRENT),
        seq: frame.seq,
        revision: frame.revision,
        rect: from_rect(frame.rect),
        covers: from_rect(frame.covers),
        canvas_width: frame.canvas().width,
        canvas_height: frame.canvas().height,
        format: frame.format() as i32,
        tier: match frame.tier {
            Tier::Live => SCUMBLE_TIER_LIVE,
            Tier::Settled => SCUMBLE_TIER_SETTLED,
        },
        rect_count: frame.rects.len() as u32,
        step: frame.step,
        steps: frame.steps,
        since_push_us: us(frame.since_push),
        since_start_us: us(frame.since_start),
        text_us: us(frame.phases.text),
        encode_us: us(frame.phases.encode),
        denoise_us: us(frame.phases.denoise),
        decode_us: us(frame.phases.decode),
        pixels_us: us(frame.pixel_work),
        runtime_us: us(frame.phases.runtime),
        ..ScumbleFrameInfo::initial()
    }
}

/// Tells which rectangles of the canvas differ from the frame that poll was told of: not empty, without overlap,
/// on the canvas. Outside them nothing has changed. Writes the first `count`; ScumbleFrameInfo.rect_count are there.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_BUFFER (`count` is above rect_count).
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_rects(
    frame: *const ScumbleFrame,
    rects: *mut ScumbleRect,
    count: u32,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let frame = &unsafe { reference(frame, "frame") }?.frame;
        check_out(rects, "rects")?;
        let told = frame.rects.get(..count as usize).ok_or_else(|| {
            Error::new(
                Status::Buffer,
                format!("The host asked for {count} rectangles of a frame that has {}.", frame.rects.len()),
            )
        })?;
        for (at, rect) in told.iter().enumerate() {
            unsafe { write_out(rects.add(at), from_rect(*rect)) };
        }
        Ok(SCUMBLE_OK)
    })
}

/// Copies the part of the picture that lies inside `rect` (canvas coordinates; any, not only one of the frame's) to
/// the host's memory, where the top-left of `rect` is at `pixels`. Nothing is converted: the bytes are in the
/// frame's own format (ScumbleFrameInfo.format), and zero where the picture covers nothing. What of `rect` is off
/// the canvas stays as it is. `stride` and `byte_length` are as in ScumbleImage; `pixels` is where the top-left pixel
/// goes.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_RECT, SCUMBLE_ERROR_BUFFER.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_copy(
    frame: *const ScumbleFrame,
    rect: *const ScumbleRect,
    pixels: *mut c_void,
    stride: isize,
    byte_length: usize,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let frame = &unsafe { reference(frame, "frame") }?.frame;
        check_out(rect.cast_mut(), "rect")?;
        check_out(pixels, "pixels")?;
        let rect = to_rect(unsafe { rect.read_unaligned() });
        if rect.is_empty() {
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The rectangle to copy is {} × {} pixels; both must be above 0.",
                    rect.width, rect.height
                ),
            ));
        }
        let bpp = frame.format().bytes_per_pixel();
        crate::pixels::check_buffer(rect, bpp, stride.unsigned_abs(), byte_length, "target")?;
        // SAFETY: check_buffer has shown that the rows of `rect` end within `byte_length`.
        unsafe { frame.tiles.copy_to(rect, pixels.cast(), stride) };
        Ok(SCUMBLE_OK)
    })
}

/// Tells the size and place of the picture in the model's own pixels, and copies it if `pixels` is not NULL: rows of
/// RGBA, 8 bits a channel, sRGB, opaque, whatever the canvas's format is. It is as the model made it: not cut to a mask, not
/// laid over the paint, and on canvases larger than the model without what is rendered finer (a frame's own pixels have
/// that). Its left edge is `left` on the canvas, its right edge left + covers_width, and so from top to bottom.
/// `stride` and `byte_length` are as in ScumbleImage; both are ignored where `pixels` is NULL.
/// Returns SCUMBLE_OK, SCUMBLE_NO_FRAME (there is none; `info` has zeros), SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_BUFFER (`info` tells what there is).
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_overview(
    frame: *const ScumbleFrame,
    info: *mut ScumbleOverview,
    pixels: *mut c_void,
    stride: isize,
    byte_length: usize,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let frame = &unsafe { reference(frame, "frame") }?.frame;
        let Some(made) = &frame.overview else {
            unsafe { write_struct(info, ScumbleOverview::initial(), "info") }?;
            return Ok(SCUMBLE_NO_FRAME);
        };
        let [left, top, covers_width, covers_height] = made.covers();
        let (width, height) = (made.width as u32, made.height as u32);
        let told = ScumbleOverview {
            width,
            height,
            left,
            top,
            covers_width,
            covers_height,
            ..ScumbleOverview::initial()
        };
        unsafe { write_struct(info, told, "info") }?;
        if !pixels.is_null() {
            let rect = Rect::new(0, 0, width as i32, height as i32);
            let channels = overview::CHANNELS;
            crate::pixels::check_buffer(rect, channels, stride.unsigned_abs(), byte_length, "target")?;
            for (y, row) in made.pixels.chunks_exact(made.width * channels).enumerate() {
                // SAFETY: check_buffer has shown that all rows end within `byte_length`.
                unsafe {
                    let to = pixels.cast::<u8>().offset(y as isize * stride);
                    std::ptr::copy_nonoverlapping(row.as_ptr(), to, row.len());
                }
            }
        }
        Ok(SCUMBLE_OK)
    })
}

/// Copies what the picture does not show of what was asked for, in sentences for the user, English, UTF-8: that a prompt is
/// longer than the model reads, and from which words on it has no effect. "" where there is nothing to say. At most `length`
/// bytes are written, a NUL among them; what is longer is cut. Since ABI 1.13.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_BUFFER (`length` is 0).
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_note(
    frame: *const ScumbleFrame,
    buffer: *mut c_char,
    length: usize,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let frame = &unsafe { reference(frame, "frame") }?.frame;
        check_out(buffer, "buffer")?;
        unsafe { write_text(&frame.note, buffer, length) }?;
        Ok(SCUMBLE_OK)
    })
}

/// Gives a frame back. NULL does nothing.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_frame_release(frame: *mut ScumbleFrame) {
    // SAFETY: as the caller promised.
    unsafe { release(frame) };
}
