//! Exported functions that hand pixels over: paint and mask.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use super::abi::*;
use super::constants::*;
use super::guard::*;
use super::handed::to_rect;
use super::session_calls::{on_session, tell};
use crate::error::{Error, Result, Status};
use crate::pixels::mask::{Coverage, Outside};
use crate::pixels::space::{MAX_PROFILE, Space};
use crate::pixels::{Format, ImageView, check_buffer};
use crate::region::Rect;
use crate::session::Session;

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
                Format::from_number(image.format)?;
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

/// The pixels of an image, which must lie on the canvas `bounds`.
pub(super) unsafe fn view_of<'a>(image: &ScumbleImage, bounds: Rect) -> Result<ImageView<'a>> {
    let format = Format::from_number(image.format)?;
    let rect = to_rect(image.rect);
    rect.check_on(bounds, "image")?;
    check_out(image.pixels.cast_mut(), "images->pixels")?;
    let rows = Rows { rect, each: format.bytes_per_pixel(), stride: image.stride };
    // SAFETY: as the caller of the exported function promised.
    let bytes = unsafe { rows.borrowed(image.pixels.cast(), image.byte_length, "image") }?;
    let view = ImageView::new(format, rect, image.stride.unsigned_abs(), bytes)?;
    Ok(view.bottom_up(image.stride < 0))
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

/// How the rows of a host's pixels lie in its memory.
struct Rows {
    /// Not empty.
    rect: Rect,
    /// Bytes of a pixel.
    each: usize,
    /// From a row to the one below it.
    stride: isize,
}

impl Rows {
    /// All rows, the first in memory first; `top` is the top one.
    unsafe fn borrowed<'a>(&self, top: *const u8, length: usize, what: &str) -> Result<&'a [u8]> {
        let apart = self.stride.unsigned_abs();
        check_buffer(self.rect, self.each, apart, length, what)?;
        let above = if self.stride < 0 { apart * (self.rect.height as usize - 1) } else { 0 };
        // SAFETY: as the caller of the exported function promised, whose buffer was found to be long enough.
        unsafe { borrowed(top.wrapping_sub(above), length, what) }
    }
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
            check_out(mask.coverage.cast_mut(), "mask->coverage")?;
            let (rect, bottom_up) = (to_rect(mask.rect), mask.stride < 0);
            let bounds = Rect::canvas(mask.canvas_width, mask.canvas_height)?;
            rect.check_on(bounds, "mask")?;
            let rows = Rows { rect, each: 1, stride: mask.stride };
            let bytes = rows.borrowed(mask.coverage, mask.byte_length, "mask")?;
            let stride = mask.stride.unsigned_abs();
            let coverage = Coverage { rect, stride, bottom_up, bytes, outside };
            tell(session.session.set_mask(mask.canvas_width, mask.canvas_height, Some(coverage))?, revision)
        })
    }
}
