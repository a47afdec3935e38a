//! Paint → the model's picture: composite over paper, scale.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::Array3;

use super::bands::banded;
use super::colour::{self, Rgba, Transfer};
use super::resample::{Filter, Taps, resample};
use super::spread::{Cover, Paper, RADIUS, over_paper};
use super::{AlphaKind, Depth, Encoding, Format, Picture, Rows, blank, three, with_constant};
use crate::budget;
use crate::cancel::Cancel;
use crate::error::Result;

/// The pixels `columns` × `rows` of a level at which a canvas pixel is `scale` pixels, over `paper` (sRGB-encoded
/// RGB, 0..1), as the model wants them. Beyond the canvas its edge is repeated.
///
/// Scaled are the sRGB-encoded values, not light: the pictures that models were trained on were scaled so, and the
/// thin dark lines of a drawing stay what they look like.
///
/// # Errors
/// [`crate::error::Status::Cancelled`] between two rows, [`crate::error::Status::Memory`].
pub fn picture(
    paint: &dyn Rows,
    scale: f64,
    pixels: [Range<i64>; 2],
    paper: [f32; 3],
    cancel: &Cancel,
) -> Result<Picture> {
    let paper = paint.space().colour_of_srgb(paint.format().encoding(), paper);
    scaled(paint, scale, pixels, 3, cancel, |bytes, planes| decode(paint, paper, bytes, planes))
}

/// The same for paint whose alpha the frame keeps: what it is spread over (see [`spread`]) and, where any of it is
/// transparent, the picture's cover. `given` is a cover to use instead of the paint's own.
///
/// # Errors
/// As [`picture`].
pub fn spread(
    paint: &dyn Rows,
    scale: f64,
    pixels: [Range<i64>; 2],
    paper: [f32; 3],
    given: Option<&Cover>,
    cancel: &Cancel,
) -> Result<(Picture, Option<Cover>)> {
    let encoding = paint.format().encoding();
    let encoded = paint.space().colour_of_srgb(encoding, paper);
    let transparent = AtomicBool::new(false);
    let opaque = scaled(paint, scale, pixels.clone(), 3, cancel, |bytes, planes| {
        if transparent.load(Ordering::Relaxed) {
            return;
        }
        if with_constant!(paint.format(), FORMAT => !is_opaque(FORMAT, bytes)) {
            transparent.store(true, Ordering::Relaxed);
        }
        decode(paint, encoded, bytes, planes);
    })?;
    if !transparent.into_inner() {
        return Ok((opaque, None));
    }
    let more = |range: &Range<i64>| range.start - RADIUS as i64..range.end + RADIUS as i64;
    let wide = [more(&pixels[0]), more(&pixels[1])];
    let planes = scaled(paint, scale, wide, 4, cancel, |bytes, planes| premultiplied(paint, bytes, planes))?;
    let (picture, cover) = over_paper(&planes, Paper::new(paper, Transfer::of(encoding)), given, cancel)?;
    Ok((picture, Some(cover)))
}

/// One plane of a level's pixels from what `ink` makes of each pixel of the paint: straight sRGB-encoded red, green, blue and
/// alpha, 0..1.
///
/// # Errors
/// As [`picture`].
pub(crate) fn inked(
    paint: &dyn Rows,
    scale: f64,
    pixels: [Range<i64>; 2],
    cancel: &Cancel,
    ink: impl Fn([f32; 4]) -> f32 + Sync,
) -> Result<Array3<f32>> {
    scaled(paint, scale, pixels, 1, cancel, |bytes, plane| {
        let width = plane.len();
        let mut planes = vec![0.0; 4 * width];
        straight(paint, bytes, &mut planes);
        for (x, out) in plane.iter_mut().enumerate() {
            *out = ink([0, 1, 2, 3].map(|channel| planes[channel * width + x]));
        }
    })
}

/// How many canvas pixels beyond its own a level's pixel depends on.
pub fn reach(scale: f64, spread: bool) -> i32 {
    let spread = if spread { RADIUS as f64 } else { 0.0 };
    ((2.0 + spread) / scale).ceil() as i32 + 1
}

/// Planes of a level's pixels from what `decode` makes of rows of the paint: three of colours, 0..1, or four, in which
/// scaling may go beyond that, so that colour and alpha do it alike.
fn scaled(
    paint: &dyn Rows,
    scale: f64,
    [columns, rows]: [Range<i64>; 2],
    count: usize,
    cancel: &Cancel,
    decode: impl Fn(&[u8], &mut [f32]) + Sync,
) -> Result<Array3<f32>> {
    let filter = if scale < 1.0 { Filter::Hamming } else { Filter::CatmullRom };
    let bounds = paint.bounds();
    let across = Taps::new(filter, columns, scale, 0..bounds.right());
    let down = Taps::new(filter, rows, scale, 0..bounds.bottom());
    let (width, height) = (across.len(), down.len());
    let mut out = blank(count, height, width)?;
    let seen = across.source();
    let (left, seen) = (seen.start as i32, (seen.end - seen.start) as usize);
    let Some(values) = out.as_slice_mut() else { return Ok(out) };
    let work = seen * (down.source().end - down.source().start) as usize;
    let parts = banded(values.chunks_exact_mut(height * width), height, work);
    budget::run(parts, |(band, mut planes)| {
        let mut bytes = vec![0; seen * paint.format().bytes_per_pixel()];
        let load = |y: i64, planes: &mut [f32]| {
            cancel.check()?;
            paint.read_row(y as i32, left, &mut bytes);
            decode(&bytes, planes);
            Ok(())
        };
        let first = band.start;
        resample(&across, &down, count, band, load, |row, values| {
            for (plane, values) in planes.iter_mut().zip(values.chunks_exact(width)) {
                let out = &mut plane[(row - first) * width..][..width];
                match count {
                    3 => out.iter_mut().zip(values).for_each(|(out, v)| *out = v.clamp(0.0, 1.0)),
                    _ => out.copy_from_slice(values),
                }
            }
        })
    })?;
    Ok(out)
}

/// A row of pixels over `paper` (as the paint is coded) as three planes, sRGB-encoded.
fn decode(paint: &dyn Rows, paper: [f32; 3], row: &[u8], planes: &mut [f32]) {
    let (format, space) = (paint.format(), paint.space());
    if space.is_srgb() {
        with_constant!(format, FORMAT => decode_row(FORMAT, Transfer::of(FORMAT.encoding()), paper, row, planes));
    } else {
        with_constant!(format, FORMAT => decode_row(FORMAT, Transfer::of(Encoding::Srgb), paper, row, planes));
        let width = planes.len() / 3;
        space.to_srgb(format.encoding(), three(planes, width));
    }
}

/// The same, each value on its way through `transfer`.
#[inline(always)]
fn decode_row(format: Format, transfer: Transfer, paper: [f32; 3], row: &[u8], planes: &mut [f32]) {
    let bpp = format.bytes_per_pixel();
    let (red, rest) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    for (((red, green), blue), pixel) in red.iter_mut().zip(green).zip(blue).zip(row.chunks_exact(bpp)) {
        [*red, *green, *blue] =
            composite(format, colour::load(format, pixel), paper).map(|v| transfer.to_srgb(v));
    }
}

/// A row of pixels as four planes: sRGB-encoded red, green and blue times alpha, and alpha.
fn premultiplied(paint: &dyn Rows, row: &[u8], planes: &mut [f32]) {
    straight(paint, row, planes);
    let width = planes.len() / 4;
    let (colours, alpha) = planes.split_at_mut(3 * width);
    for plane in colours.chunks_exact_mut(width) {
        plane.iter_mut().zip(&*alpha).for_each(|(v, alpha)| *v *= alpha);
    }
}

/// A row of pixels as four planes: sRGB-encoded red, green and blue, and alpha.
pub(crate) fn straight(paint: &dyn Rows, row: &[u8], planes: &mut [f32]) {
    let (format, space, width) = (paint.format(), paint.space(), planes.len() / 4);
    if space.is_srgb() {
        with_constant!(format, FORMAT => straight_row(FORMAT, Transfer::of(FORMAT.encoding()), row, planes));
    } else {
        with_constant!(format, FORMAT => straight_row(FORMAT, Transfer::of(Encoding::Srgb), row, planes));
        space.to_srgb(format.encoding(), three(planes, width));
    }
}

#[inline(always)]
fn straight_row(format: Format, transfer: Transfer, row: &[u8], planes: &mut [f32]) {
    let width = planes.len() / 4;
    for (x, pixel) in row.chunks_exact(format.bytes_per_pixel()).enumerate() {
        let [r, g, b, a] = bounded(format, colour::load(format, pixel));
        for (c, v) in [r, g, b].into_iter().enumerate() {
            planes[c * width + x] = transfer.to_srgb(v);
        }
        planes[3 * width + x] = a;
    }
}

#[inline(always)]
fn is_opaque(format: Format, row: &[u8]) -> bool {
    row.chunks_exact(format.bytes_per_pixel()).all(|pixel| colour::load(format, pixel)[3] >= 1.0)
}

/// 0..1: whole numbers cannot be anything else, unless they are divided by alpha.
#[inline(always)]
fn bounded(format: Format, pixel: Rgba) -> Rgba {
    match format.depth() {
        Depth::U8 | Depth::U16 if format.alpha() != AlphaKind::Premultiplied => pixel,
        Depth::U8 | Depth::U16 | Depth::F16 | Depth::F32 => pixel.map(colour::unit),
    }
}

/// Straight-alpha paint of `format` over an opaque paper in its encoding.
#[inline(always)]
fn composite(format: Format, pixel: Rgba, paper: [f32; 3]) -> [f32; 3] {
    let [r, g, b, a] = bounded(format, pixel);
    if a >= 1.0 {
        return [r, g, b];
    }
    let over = |paint: f32, paper: f32| paint * a + paper * (1.0 - a);
    [over(r, paper[0]), over(g, paper[1]), over(b, paper[2])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Canvas;
    use crate::pixels::ImageView;
    use crate::pixels::snapshot::Snapshot;
    use crate::region::Rect;

    fn snapshot(format: Format, w: i32, h: i32, pixel: impl Fn(i32, i32) -> Rgba) -> Snapshot {
        let rect = Rect::new(0, 0, w, h);
        let bpp = format.bytes_per_pixel();
        let mut data = vec![0; (w * h) as usize * bpp];
        for (i, bytes) in data.chunks_exact_mut(bpp).enumerate() {
            colour::store(format, pixel(i as i32 % w, i as i32 / w), bytes);
        }
        let mut canvas = Canvas::new(rect, format, 1).unwrap();
        canvas.update(&ImageView::new(format, rect, w as usize * bpp, &data).unwrap(), rect, 1).unwrap();
        canvas.snapshot()
    }

    fn seen(paint: &Snapshot, scale: f64, width: i64, height: i64, paper: [f32; 3]) -> Picture {
        picture(paint, scale, [0..width, 0..height], paper, &Cancel::new()).unwrap()
    }

    #[test]
    fn transparent_paint_shows_the_paper_in_every_format() {
        for format in Format::ALL.into_iter().filter(|f| f.has_alpha()) {
            let paint = snapshot(format, 64, 64, |x, _| if x < 32 { [1.0, 0.0, 0.0, 1.0] } else { [0.0; 4] });
            let p = seen(&paint, 1.0, 64, 64, [0.2, 0.5, 0.9]);
            assert_eq!(p.dim(), (3, 64, 64));
            for (c, (left, right)) in [(1.0, 0.2), (0.0, 0.5), (0.0, 0.9)].into_iter().enumerate() {
                assert!((p[(c, 5, 5)] - left).abs() < 1e-5, "{format:?}");
                assert!((p[(c, 5, 40)] - right).abs() < 1e-5, "{format:?}");
            }
        }
    }

    #[test]
    fn half_transparent_paint_is_blended_in_its_formats_encoding() {
        for format in Format::ALL.into_iter().filter(|f| f.has_alpha()) {
            let paint = snapshot(format, 64, 64, |_, _| [1.0, 1.0, 1.0, 0.5]);
            let p = seen(&paint, 1.0, 64, 64, [0.0; 3]);
            let half = if format.encoding() == Encoding::Linear { colour::encode(0.5) } else { 0.5 };
            assert!((p[(1, 9, 9)] - half).abs() < 0.003, "{format:?}: {}", p[(1, 9, 9)]);
        }
    }

    #[test]
    fn scaling_keeps_flat_colours_and_means_and_beyond_the_canvas_its_edge_is_repeated() {
        let paint =
            snapshot(Format::RgbaF32, 450, 310, |x, y| [x as f32 / 449.0, y as f32 / 309.0, 0.25, 1.0]);
        for scale in [0.125, 0.5f64.sqrt() / 2.0, 0.73, 1.0, 3.0] {
            let (w, h) = ((450.0 * scale).ceil() as i64, (310.0 * scale).ceil() as i64);
            let p = seen(&paint, scale, w + 9, h + 9, [1.0; 3]);
            let part = p.slice(ndarray::s![.., ..h as usize, ..w as usize]);
            for (c, mean) in [0.5, 0.5, 0.25].into_iter().enumerate() {
                let found = part.index_axis(ndarray::Axis(0), c).mean().unwrap();
                assert!((found - mean).abs() < 0.01, "{scale}: {found}");
            }
            let (last, beyond) = (p[(0, 3, w as usize - 1)], p[(0, 3, w as usize + 8)]);
            assert!(
                (last - beyond).abs() < 0.02 && (p[(2, h as usize + 8, 0)] - 0.25).abs() < 1e-5,
                "{scale}"
            );
        }
    }

    #[test]
    fn a_part_is_the_whole_to_the_last_bit() {
        let paint = snapshot(Format::Rgba8, 300, 200, |x, y| {
            let v = (x * 7919 + y * 104_729) % 256;
            [v as f32 / 255.0, 0.5, 0.1, 1.0]
        });
        for scale in [0.125, 0.5f64.sqrt(), 1.0, 3.0] {
            let (w, h) = ((300.0 * scale) as i64, (200.0 * scale) as i64);
            let whole = seen(&paint, scale, w, h, [1.0; 3]);
            let (left, top) = (w / 3, h / 4);
            let part = picture(&paint, scale, [left..w, top..h / 2], [1.0; 3], &Cancel::new()).unwrap();
            let same = whole.slice(ndarray::s![.., top as usize..(h / 2) as usize, left as usize..]);
            assert_eq!(part, same, "{scale}");
        }
    }

    #[test]
    fn a_one_pixel_canvas_becomes_a_flat_picture() {
        let paint = snapshot(Format::Bgra8, 1, 1, |_, _| [0.0, 1.0, 0.0, 1.0]);
        let p = seen(&paint, 8.0, 16, 16, [1.0; 3]);
        assert!(p.index_axis(ndarray::Axis(0), 1).iter().all(|v| *v == 1.0));
    }

    #[test]
    fn not_a_number_in_the_paint_does_not_reach_the_model() {
        let paint = snapshot(Format::RgbaF32, 64, 64, |_, _| [f32::NAN, f32::INFINITY, -3.0, f32::NAN]);
        let p = seen(&paint, 0.7, 40, 40, [0.5; 3]);
        assert!(p.iter().all(|v| (0.0..=1.0).contains(v)));
    }

    #[test]
    fn a_cancel_ends_it() {
        let paint = snapshot(Format::Rgba8, 64, 64, |_, _| [0.5; 4]);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(picture(&paint, 1.0, [0..64, 0..64], [1.0; 3], &cancel).unwrap_err().is_cancelled());
    }
}
