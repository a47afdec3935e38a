//! The model's picture → the host's pixels: scale, blend by the mask, set the alpha.

use ndarray::s;

use super::bands::banded;
use super::colour::{self, Rgba, Transfer};
use super::mask::Outside;
use super::resample::{Filter, Taps, resample};
use super::snapshot::Snapshot;
use super::spread::{Cover, Paper};
use super::{AlphaKind, Encoding, Format, Picture, Rows, three, with_constant, zeroed};
use crate::budget;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::region::Rect;

/// What a frame's alpha is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Alpha {
    Opaque = 0,
    /// The alpha of the paint below.
    FollowPaint = 1,
}

/// How much of a picture is shown where, and as what.
#[derive(Clone, Copy)]
pub struct Blend<'a> {
    /// One a pixel of the rectangle, 0..1; `None` shows the picture everywhere.
    pub weights: Option<&'a [f32]>,
    pub outside: Outside,
    pub alpha: Alpha,
}

impl<'a> Blend<'a> {
    /// The weights of a row of `width` pixels.
    fn row(&self, y: usize, width: usize) -> Option<&'a [f32]> {
        self.weights.map(|all| &all[y * width..][..width])
    }
}

/// A picture of the model, and which pixels of a level it shows.
#[derive(Clone)]
pub struct Source<'a> {
    pub picture: &'a Picture,
    /// Pixels of the level per pixel of the canvas.
    pub scale: f64,
    /// The picture's first column and row on the level.
    pub origin: (i64, i64),
    /// What of it is paper that must not be shown: the picture's cover, and the paper (sRGB-encoded, 0..1).
    pub paper: Option<(&'a Cover, [f32; 3])>,
}

/// The pixels of `rect` in the paint's format, rows packed, with the picture laid over the paint, or to be laid over
/// it by the host. Where the weight is 0 the bytes are exactly the paint's (but for padding, which is 255), or exactly 0.
///
/// # Errors
/// [`crate::error::Status::Cancelled`] between two rows, [`crate::error::Status::Memory`].
pub fn paste(
    source: &Source<'_>,
    rect: Rect,
    paint: &Snapshot,
    blend: Blend<'_>,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let (_, height, width) = source.picture.dim();
    let (x, y) = source.origin;
    let out_per_source = 1.0 / source.scale;
    let taps =
        |out, at: i64, side: usize| Taps::new(Filter::CatmullRom, out, out_per_source, at..at + side as i64);
    let across = taps(rect.x.into()..rect.right(), x, width);
    let down = taps(rect.y.into()..rect.bottom(), y, height);
    let seen = across.source();
    let (left, seen) = ((seen.start - x) as usize, (seen.end - seen.start) as usize);
    let (format, space) = (paint.format(), paint.space());
    let w = rect.width as usize;
    let row_bytes = w * format.bytes_per_pixel();
    let mut out = zeroed(row_bytes * rect.height as usize)?;
    let parts = banded([&mut out[..]], rect.height as usize, rect.area() as usize);
    let paper = source.paper.map(|(_, paper)| Paper::new(paper, Transfer::of(format.encoding())));
    budget::run(parts, |(band, mut out)| {
        let first = band.start;
        let mut below = vec![0; row_bytes];
        let mut own = vec![0.0; if paper.is_some() || !space.is_srgb() { 3 * w } else { 0 }];
        let load = |row: i64, planes: &mut [f32]| {
            cancel.check()?;
            for (c, plane) in planes.chunks_exact_mut(seen).enumerate() {
                let part = s![c % 3, (row - y) as usize, left..left + seen];
                let from = match source.paper {
                    Some((cover, _)) if c == 3 => cover.slice(part),
                    _ => source.picture.slice(part),
                };
                plane.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
            Ok(())
        };
        resample(&across, &down, 3 + usize::from(paper.is_some()), band, load, |row, planes| {
            paint.read_row(rect.y + row as i32, rect.x, &mut below);
            let target = &mut out[0][(row - first) * row_bytes..][..row_bytes];
            if let Some(paper) = paper {
                take_out(paper, planes, &mut own);
            } else if !space.is_srgb() {
                own.copy_from_slice(planes);
            }
            if !space.is_srgb() {
                space.of_srgb(format.encoding(), three(&mut own, w));
            }
            let planes = if own.is_empty() { planes } else { &own };
            let colours = [0, 1, 2].map(|c| &planes[c * w..][..w]);
            let weights = blend.row(row, w);
            with_constant!(format, FORMAT => {
                let pixels = pixels(FORMAT, target, &below, weights);
                let (own, none) = (Transfer::of(FORMAT.encoding()), Transfer::of(Encoding::Srgb));
                match (blend.outside, space.is_srgb()) {
                    (Outside::Paint, true) => replace_row(FORMAT, own, colours, blend.alpha, pixels),
                    (Outside::Paint, false) => replace_row(FORMAT, none, colours, blend.alpha, pixels),
                    (Outside::Transparent, true) => overlay_row(FORMAT, own, colours, blend.alpha, pixels),
                    (Outside::Transparent, false) => overlay_row(FORMAT, none, colours, blend.alpha, pixels),
                }
            });
            fill_padding(format, target);
        })
    })?;
    Ok(out)
}

/// Three planes of colours without paper, of three with it and their cover.
fn take_out(paper: Paper, planes: &[f32], bare: &mut [f32]) {
    let width = planes.len() / 4;
    let (mixed, cover) = planes.split_at(3 * width);
    for (c, (out, mixed)) in bare.chunks_exact_mut(width).zip(mixed.chunks_exact(width)).enumerate() {
        for ((out, mixed), cover) in out.iter_mut().zip(mixed).zip(cover) {
            *out = paper.taken_out(c, *mixed, *cover);
        }
    }
}

/// What strength 0 shows in `rect`: the paint's bytes, thinned out to nothing by the weights where outside is
/// transparent. Cancels as [`paste`] does.
pub fn paint_alone(rect: Rect, paint: &Snapshot, blend: Blend<'_>, cancel: &Cancel) -> Result<Vec<u8>> {
    let format = paint.format();
    let row = rect.width as usize * format.bytes_per_pixel();
    let mut out = zeroed(row * rect.height as usize)?;
    let mut below = zeroed(row)?;
    for (y, target) in out.chunks_exact_mut(row).enumerate() {
        cancel.check()?;
        let weights = blend.row(y, rect.width as usize);
        if weights.is_none() || blend.outside == Outside::Paint {
            paint.read_row(rect.y + y as i32, rect.x, target);
            fill_padding(format, target);
            continue;
        }
        paint.read_row(rect.y + y as i32, rect.x, &mut below);
        for (_, target, paint, weight) in pixels(format, target, &below, weights) {
            if weight >= 1.0 {
                target.copy_from_slice(paint);
            } else if weight > 0.0 {
                let [r, g, b, a] = colour::load(format, paint);
                colour::store(format, [r, g, b, colour::unit(a) * weight], target);
            }
        }
    }
    Ok(out)
}

/// What says nothing is 255 in a frame, whatever it is in the paint.
fn fill_padding(format: Format, row: &mut [u8]) {
    if format.alpha() == AlphaKind::Padding {
        row.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    }
}

/// Number, target, paint and weight of each pixel of a row.
#[inline(always)]
fn pixels<'a>(
    format: Format,
    out: &'a mut [u8],
    below: &'a [u8],
    weights: Option<&'a [f32]>,
) -> impl Iterator<Item = (usize, &'a mut [u8], &'a [u8], f32)> {
    let bpp = format.bytes_per_pixel();
    let pairs = out.chunks_exact_mut(bpp).zip(below.chunks_exact(bpp)).enumerate();
    pairs.map(move |(x, (target, paint))| (x, target, paint, weights.map_or(1.0, |w| w[x])))
}

/// The picture's colour at `x` in the format's encoding.
#[inline(always)]
fn colour_at(transfer: Transfer, colours: [&[f32]; 3], x: usize) -> [f32; 3] {
    colours.map(|plane| transfer.of_srgb(colour::unit(plane[x])))
}

/// Pixels that take the paint's place.
#[inline(always)]
fn replace_row<'a>(
    format: Format,
    transfer: Transfer,
    colours: [&[f32]; 3],
    alpha: Alpha,
    pixels: impl Iterator<Item = (usize, &'a mut [u8], &'a [u8], f32)>,
) {
    for (x, target, paint, weight) in pixels {
        if weight <= 0.0 {
            target.copy_from_slice(paint);
            continue;
        }
        let rgb = colour_at(transfer, colours, x);
        if weight >= 1.0 && alpha == Alpha::Opaque {
            colour::store(format, [rgb[0], rgb[1], rgb[2], 1.0], target);
            continue;
        }
        let [r, g, b, paint_alpha] = colour::load(format, paint);
        let paint_alpha = colour::unit(paint_alpha);
        let own_alpha = if alpha == Alpha::Opaque { 1.0 } else { paint_alpha };
        // Premultiplied, so that the hidden colour of transparent paint does not bleed in.
        let (keep, show) = ((1.0 - weight) * paint_alpha, weight * own_alpha);
        let total = keep + show;
        let mixed = if total > 0.0 {
            let mix = |paint: f32, shown: f32| match paint.is_finite() && keep > 0.0 {
                true => (paint * keep + shown * show) / total,
                // Neither what has no share nor what is no number.
                false => shown,
            };
            [mix(r, rgb[0]), mix(g, rgb[1]), mix(b, rgb[2])]
        } else {
            rgb
        };
        colour::store(format, [mixed[0], mixed[1], mixed[2], total], target);
    }
}

/// Pixels that are laid over the paint by the host; the target is zeroed.
#[inline(always)]
fn overlay_row<'a>(
    format: Format,
    transfer: Transfer,
    colours: [&[f32]; 3],
    alpha: Alpha,
    pixels: impl Iterator<Item = (usize, &'a mut [u8], &'a [u8], f32)>,
) {
    for (x, target, paint, weight) in pixels.filter(|(.., weight)| *weight > 0.0) {
        let [r, g, b] = colour_at(transfer, colours, x);
        let own_alpha = match alpha {
            Alpha::Opaque => 1.0,
            Alpha::FollowPaint => colour::unit(colour::load(format, paint)[3]),
        };
        let pixel: Rgba = [r, g, b, weight * own_alpha];
        colour::store(format, pixel, target);
    }
}

#[cfg(test)]
mod tests;
