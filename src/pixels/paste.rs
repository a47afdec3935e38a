//! The model's picture → the host's pixels: scale, blend by the mask, set the alpha.

use ndarray::s;

use super::colour::{self, Rgba, Transfer};
use super::mask::Outside;
use super::resample::{Filter, Taps, resample};
use super::snapshot::Snapshot;
use super::spread::{Cover, Paper};
use super::{Encoding, Format, Picture, Rows, three, with_constant, zeroed};
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
/// it by the host. Where the weight is 0 the bytes are exactly the paint's, or exactly 0.
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
    let mut parts = Vec::new();
    let mut rest = &mut out[..];
    for band in budget::bands(rect.height as usize, rect.area() as usize) {
        let (now, later) = std::mem::take(&mut rest).split_at_mut(band.len() * row_bytes);
        rest = later;
        parts.push((band, now));
    }
    let paper = source.paper.map(|(_, paper)| Paper::new(paper, Transfer::of(format.encoding())));
    budget::run(parts, |(band, out)| {
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
            let target = &mut out[(row - first) * row_bytes..][..row_bytes];
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
mod tests {
    use super::*;
    use crate::canvas::Canvas;
    use crate::pixels::mask::{Coverage, Mask};
    use crate::pixels::{AlphaKind, Depth, ImageView};
    use ndarray::Array3;

    const OPAQUE: Blend<'static> = Blend { weights: None, outside: Outside::Paint, alpha: Alpha::Opaque };
    const FOLLOWS: Blend<'static> = Blend { alpha: Alpha::FollowPaint, ..OPAQUE };

    fn noise_canvas(format: Format, w: i32, h: i32) -> (Snapshot, Vec<u8>) {
        let rect = Rect::new(0, 0, w, h);
        let bpp = format.bytes_per_pixel();
        let mut state = 1u32;
        let data: Vec<u8> = (0..(w * h) as usize * bpp)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let mut canvas = Canvas::new(rect, format, 1).unwrap();
        canvas.update(&ImageView::new(format, rect, w as usize * bpp, &data).unwrap(), rect, 1).unwrap();
        (canvas.snapshot(), data)
    }

    fn at_full_size(picture: &Picture) -> Source<'_> {
        Source { picture, scale: 1.0, origin: (0, 0), paper: None }
    }

    fn pasted(picture: &Picture, paint: &Snapshot, blend: Blend<'_>) -> Vec<u8> {
        paste(&at_full_size(picture), paint.bounds(), paint, blend, &Cancel::new()).unwrap()
    }

    #[test]
    fn outside_the_mask_the_bytes_are_those_of_the_push_in_every_format() {
        let canvas = Rect::new(0, 0, 90, 70);
        for format in Format::ALL {
            let (paint, data) = noise_canvas(format, 90, 70);
            let hole = Rect::new(20, 20, 30, 30);
            let mask = Mask::new(canvas, Coverage::new(hole, 30, &[255; 900])).unwrap();
            let picture = Array3::from_elem((3, 80, 96), 0.5);
            let weights = mask.weights(canvas, 3, &Cancel::new()).unwrap();
            let out = pasted(&picture, &paint, Blend { weights: Some(&weights), ..OPAQUE });
            let bpp = format.bytes_per_pixel();
            let mut inside_changed = 0;
            for y in 0..70 {
                for x in 0..90 {
                    let at = (y * 90 + x) * bpp;
                    let inside = (20..50).contains(&x) && (20..50).contains(&y);
                    if inside {
                        inside_changed += usize::from(out[at..at + bpp] != data[at..at + bpp]);
                    } else {
                        assert_eq!(out[at..at + bpp], data[at..at + bpp], "{format:?} {x} {y}");
                    }
                }
            }
            assert!(inside_changed > 700, "{format:?} {inside_changed}");
        }
    }

    #[test]
    fn an_enlarged_ramp_has_no_seam_where_bands_meet() {
        // As large as it takes for several bands.
        let canvas = Rect::new(0, 0, 900, 2400);
        let paint = Canvas::new(canvas, Format::RgbaF32, 1).unwrap().snapshot();
        let picture = Array3::from_shape_fn((3, 304, 120), |(_, y, _)| 0.2 + 0.6 * y as f32 / 300.0);
        let source = Source { picture: &picture, scale: 0.125, origin: (0, 0), paper: None };
        let out = paste(&source, canvas, &paint, OPAQUE, &Cancel::new()).unwrap();
        let value = |y: usize| colour::load(Format::RgbaF32, &out[(y * 900 + 20) * 16..])[0];
        let steps: Vec<f32> = (0..2399).map(|y| value(y + 1) - value(y)).collect();
        let mean = steps[100..2300].iter().sum::<f32>() / 2200.0;
        for (y, step) in steps.iter().enumerate().take(2300).skip(100) {
            assert!((step - mean).abs() < 0.25 * mean, "row {y}: {step} against {mean}");
        }
    }

    /// The centre of what stands out from `ground` in a row of values, in pixels.
    fn centre(values: &[f32], ground: f32) -> f32 {
        let (mut sum, mut weighed) = (0.0, 0.0);
        for (x, v) in values.iter().enumerate() {
            sum += v - ground;
            weighed += (v - ground) * (x as f32 + 0.5);
        }
        weighed / sum
    }

    #[test]
    fn dots_and_ramps_come_back_where_they_were_at_every_level() {
        let (w, h) = (240i32, 160i32);
        for scale in [1.0, 0.5, 0.5f64.sqrt(), 0.125, 3.0] {
            for (x, y) in [(60, 50), (121, 77), (170, 110)] {
                let canvas = Rect::new(0, 0, w, h);
                let mut data = vec![0u8; (w * h * 16) as usize];
                for (i, pixel) in data.chunks_exact_mut(16).enumerate() {
                    let (px, py) = (i as i32 % w, i as i32 / w);
                    let dot = f32::from(u8::from((px - x).abs() < 8 && (py - y).abs() < 8));
                    colour::store(Format::RgbaF32, [dot, px as f32 / w as f32, 0.0, 1.0], pixel);
                }
                let mut kept = Canvas::new(canvas, Format::RgbaF32, 1).unwrap();
                let view = ImageView::new(Format::RgbaF32, canvas, w as usize * 16, &data).unwrap();
                kept.update(&view, canvas, 1).unwrap();
                // A window that begins somewhere on the level.
                let origin = ((11.0 * scale) as i64, (5.0 * scale) as i64);
                let columns = origin.0..(f64::from(w) * scale).ceil() as i64 + 3;
                let rows = origin.1..(f64::from(h) * scale).ceil() as i64 + 3;
                let seen = super::super::read::picture(
                    &kept.snapshot(),
                    scale,
                    [columns, rows],
                    [1.0; 3],
                    &Cancel::new(),
                );
                let source = Source { picture: &seen.unwrap(), scale, origin, paper: None };
                let rect = Rect::new(16, 10, w - 20, h - 16);
                let out = paste(&source, rect, &kept.snapshot(), OPAQUE, &Cancel::new()).unwrap();
                let row = |y: i32, c: usize| -> Vec<f32> {
                    let start = ((y - rect.y) * rect.width) as usize * 16;
                    let pixels = out[start..].chunks_exact(16).take(rect.width as usize);
                    pixels.map(|p| colour::load(Format::RgbaF32, p)[c]).collect()
                };
                let across = centre(&row(y, 0), 0.0) + rect.x as f32;
                // The dot's pixels are x − 7 to x + 7.
                // Half a pixel of the canvas, or a tenth of one of the level where that is coarse.
                let near = 0.5f32.max(0.1 / scale as f32);
                assert!((across - (x as f32 + 0.5)).abs() < near, "{scale}: {across} for {x}");
                let down: Vec<f32> =
                    (rect.y..rect.y + rect.height).map(|y| row(y, 0)[(x - rect.x) as usize]).collect();
                let down = centre(&down, 0.0) + rect.y as f32;
                assert!((down - (y as f32 + 0.5)).abs() < near, "{scale}: {down} for {y}");
                for (i, v) in row(80, 1).iter().enumerate().take(200).skip(8) {
                    let place = v * w as f32 - rect.x as f32;
                    assert!((place - i as f32).abs() < 0.5, "{scale}: the ramp at {i} is that of {place}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_in_the_paint_never_reaches_a_frame_where_the_picture_is_whole() {
        let bounds = Rect::new(0, 0, 8, 8);
        for format in [Format::RgbaF32, Format::RgbaF32Linear, Format::RgbaF16] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let bpp = format.bytes_per_pixel();
                let mut data = vec![0; 64 * bpp];
                for pixel in data.chunks_exact_mut(bpp) {
                    colour::store(format, [bad, bad, 0.5, 1.0], pixel);
                }
                let mut kept = Canvas::new(bounds, format, 1).unwrap();
                kept.update(&ImageView::new(format, bounds, 8 * bpp, &data).unwrap(), bounds, 1).unwrap();
                let picture = Array3::from_elem((3, 8, 8), 0.25);
                for weight in [1.0, 0.5, 1e-6] {
                    let weights = [weight; 64];
                    for blend in [FOLLOWS, Blend { weights: Some(&weights), ..FOLLOWS }] {
                        for outside in [Outside::Paint, Outside::Transparent] {
                            let out = pasted(&picture, &kept.snapshot(), Blend { outside, ..blend });
                            let pixel = colour::load(format, &out);
                            assert!(
                                pixel.iter().all(|v| v.is_finite()),
                                "{format:?} {bad} {weight}: {pixel:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn alpha_is_opaque_or_follows_the_paint() {
        let (paint, data) = noise_canvas(Format::Bgra8, 64, 64);
        let picture = Array3::from_elem((3, 64, 64), 1.0);
        let opaque = pasted(&picture, &paint, OPAQUE);
        assert!(opaque.iter().all(|v| *v == 255));
        let follows = pasted(&picture, &paint, FOLLOWS);
        for (o, i) in follows.chunks_exact(4).zip(data.chunks_exact(4)) {
            assert_eq!((o[0], o[3]), (255, i[3]));
        }
    }

    /// Opaque paint of one colour, a picture of another, a mask in the middle and its weights.
    fn flat(format: Format) -> (Snapshot, Picture, Vec<f32>) {
        let canvas = Rect::new(0, 0, 64, 64);
        let bpp = format.bytes_per_pixel();
        let mut data = vec![0; 64 * 64 * bpp];
        for pixel in data.chunks_exact_mut(bpp) {
            colour::store(format, [0.8, 0.5, 0.2, 1.0], pixel);
        }
        let mut kept = Canvas::new(canvas, format, 1).unwrap();
        kept.update(&ImageView::new(format, canvas, 64 * bpp, &data).unwrap(), canvas, 1).unwrap();
        let mask = Mask::new(canvas, Coverage::new(Rect::new(16, 16, 32, 32), 32, &[200; 1024])).unwrap();
        let picture = Array3::from_shape_fn((3, 64, 64), |(c, ..)| [0.1, 0.5, 0.9][c]);
        (kept.snapshot(), picture, mask.weights(canvas, 6, &Cancel::new()).unwrap())
    }

    #[test]
    fn a_transparent_outside_laid_over_the_paint_is_the_same_picture_in_every_format() {
        for format in Format::ALL.into_iter().filter(|f| f.has_alpha()) {
            let (paint, picture, weights) = flat(format);
            let inside = Blend { weights: Some(&weights), ..OPAQUE };
            let over = Blend { outside: Outside::Transparent, ..inside };
            let replaced = pasted(&picture, &paint, inside);
            let laid = pasted(&picture, &paint, over);
            let bpp = format.bytes_per_pixel();
            let near = if format.depth() == Depth::U8 { 0.01 } else { 0.002 };
            for (i, (replaced, laid)) in replaced.chunks(bpp).zip(laid.chunks(bpp)).enumerate() {
                if weights[i] == 0.0 {
                    assert!(laid.iter().all(|b| *b == 0), "{format:?}");
                    continue;
                }
                let below =
                    colour::load(format, paint.spans(i as i32 / 64, i as i32 % 64, 1).next().unwrap());
                let (wanted, top) = (colour::load(format, replaced), colour::load(format, laid));
                assert!((top[3] - weights[i]).abs() < near);
                for c in 0..3 {
                    let seen = top[c] * top[3] + below[c] * (1.0 - top[3]);
                    assert!((seen - wanted[c]).abs() < near, "{format:?} {i}: {seen} for {}", wanted[c]);
                }
            }
        }
    }

    #[test]
    fn linear_formats_blend_in_light() {
        for format in Format::ALL.into_iter().filter(|f| f.encoding() == Encoding::Linear) {
            let (paint, picture, _) = flat(format);
            let half = vec![0.5; 64 * 64];
            let out = pasted(&picture, &paint, Blend { weights: Some(&half), ..OPAQUE });
            let pixel = colour::load(format, &out);
            for (c, (below, seen)) in [(0.8, 0.1), (0.5, 0.5), (0.2, 0.9)].into_iter().enumerate() {
                let light = (below + colour::decode(seen)) / 2.0;
                assert!((pixel[c] - light).abs() < 0.004, "{format:?}: {} for {light}", pixel[c]);
            }
        }
    }

    #[test]
    fn at_strength_0_the_paint_is_whole_inside_and_fades_to_nothing_where_outside_is_transparent() {
        let rect = Rect::new(0, 0, 64, 64);
        for format in Format::ALL.into_iter().filter(|f| f.has_alpha()) {
            let (paint, _, weights) = flat(format);
            let bpp = format.bytes_per_pixel();
            let bytes: Vec<u8> = (0..64).flat_map(|y| paint.spans(y, 0, 64)).flatten().copied().collect();
            let masked = Blend { weights: Some(&weights), ..OPAQUE };
            assert!(paint_alone(rect, &paint, masked, &Cancel::new()).unwrap() == bytes, "{format:?}");
            let over = Blend { outside: Outside::Transparent, ..masked };
            let thin = paint_alone(rect, &paint, over, &Cancel::new()).unwrap();
            for (i, pixel) in thin.chunks(bpp).enumerate() {
                let [r, g, b, a] = colour::load(format, pixel);
                let of_paint = colour::load(format, &bytes[..bpp]);
                assert!((a - weights[i]).abs() < 0.003, "{format:?}");
                let same = |of_paint: f32, v: f32| match format.alpha() {
                    AlphaKind::Premultiplied => ((of_paint - v) * a).abs() < 0.003,
                    _ => of_paint == v,
                };
                assert!(match weights[i] > 0.0 {
                    true => of_paint.into_iter().zip([r, g, b]).all(|(of_paint, v)| same(of_paint, v)),
                    false => pixel.iter().all(|v| *v == 0),
                });
            }
            let whole = Blend { weights: Some(&[1.0; 64 * 64]), ..over };
            assert!(paint_alone(rect, &paint, whole, &Cancel::new()).unwrap() == bytes, "{format:?}");
        }
    }

    #[test]
    fn a_cancel_ends_it() {
        let (paint, picture, _) = flat(Format::Rgba8);
        let cancel = Cancel::new();
        cancel.cancel();
        let bounds = paint.bounds();
        assert!(paste(&at_full_size(&picture), bounds, &paint, OPAQUE, &cancel).unwrap_err().is_cancelled());
        assert!(paint_alone(bounds, &paint, OPAQUE, &cancel).unwrap_err().is_cancelled());
    }
}
