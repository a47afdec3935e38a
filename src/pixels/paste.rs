//! The model's picture → the host's pixels: scale, blend by the mask, set the alpha.

use fast_image_resize::{FilterType, Resizer};
use ndarray::s;

use super::colour::{self, Rgba, Transfer};
use super::mask::Outside;
use super::read::resize_plane;
use super::{Format, with_constant, zeroed};
use crate::cancel::Cancel;
use crate::canvas::Snapshot;
use crate::error::Result;
use crate::region::{Placement, Rect};
use crate::render::Picture;

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

/// Rows that are scaled at a time: bounds memory on large canvases.
const STRIP: usize = 512;

/// The pixels of `placement.rect` in the paint's format, rows packed, with `picture` laid over the paint, or to be
/// laid over it by the host. Where the weight is 0 the bytes are exactly the paint's, or exactly 0.
/// A cancel ends it between two rows, with [`crate::error::Status::Cancelled`].
pub fn paste(
    picture: &Picture,
    placement: &Placement,
    paint: &Snapshot,
    blend: Blend<'_>,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let rect = placement.rect;
    let (w, h) = (rect.width as usize, rect.height as usize);
    let format = paint.format();
    let bpp = format.bytes_per_pixel();
    let mut out = zeroed(w * h * bpp)?;
    let mut resizer = Resizer::new();
    for top in (0..h).step_by(STRIP) {
        let rows = STRIP.min(h - top);
        cancel.check()?;
        let strip = scaled_strip(&mut resizer, picture, placement, top, rows)?;
        let plane = w * rows;
        for y in 0..rows {
            cancel.check()?;
            let below = paint.row(rect.y + (top + y) as i32, rect.x, rect.width);
            let target = &mut out[(top + y) * w * bpp..][..w * bpp];
            let colours = [0, 1, 2].map(|c| &strip[c * plane + y * w..][..w]);
            let weights = blend.row(top + y, w);
            with_constant!(format, FORMAT => {
                let pixels = pixels(FORMAT, target, below, weights);
                match blend.outside {
                    Outside::Paint => replace_row(FORMAT, colours, blend.alpha, pixels),
                    Outside::Transparent => overlay_row(FORMAT, colours, blend.alpha, pixels),
                }
            });
        }
    }
    Ok(out)
}

/// What strength 0 shows in `rect`: the paint's bytes, thinned out to nothing by the weights where outside is
/// transparent. Cancels as [`paste`] does.
pub fn paint_alone(rect: Rect, paint: &Snapshot, blend: Blend<'_>, cancel: &Cancel) -> Result<Vec<u8>> {
    let format = paint.format();
    let row = rect.width as usize * format.bytes_per_pixel();
    let mut out = zeroed(row * rect.height as usize)?;
    for (y, target) in out.chunks_exact_mut(row).enumerate() {
        cancel.check()?;
        let below = paint.row(rect.y + y as i32, rect.x, rect.width);
        let weights = blend.row(y, rect.width as usize);
        if weights.is_none() || blend.outside == Outside::Paint {
            target.copy_from_slice(below);
            continue;
        }
        for (_, target, paint, weight) in pixels(format, target, below, weights) {
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

/// Three planes, `rows` rows of the rectangle from `top` on.
fn scaled_strip(
    resizer: &mut Resizer,
    picture: &Picture,
    placement: &Placement,
    top: usize,
    rows: usize,
) -> Result<Vec<f32>> {
    let (sw, sh) = placement.scaled;
    let (w, h) = (placement.rect.width as usize, placement.rect.height as usize);
    let mut strip = vec![0.0; 3 * w * rows];
    for (c, plane) in strip.chunks_exact_mut(w * rows).enumerate() {
        if (w, h) == (sw, sh) {
            for (y, row) in plane.chunks_exact_mut(w).enumerate() {
                let source = picture.slice(s![c, top + y, ..w]);
                row.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
            }
            continue;
        }
        // Catmull-Rom looks two rows up and down: give it those, then cut them off again.
        let scale = sh as f64 / h as f64;
        let first = ((top as f64 * scale).floor() as usize).saturating_sub(3);
        let last = (((top + rows) as f64 * scale).ceil() as usize + 3).min(sh);
        let source: Vec<f32> = picture.slice(s![c, first..last, ..sw]).iter().copied().collect();
        let offset = top as f64 * scale - first as f64;
        // Rounding must not carry the part beyond the last row.
        let height = (rows as f64 * scale).min((last - first) as f64 - offset);
        let part = (0.0, offset, sw as f64, height);
        let from = (sw, last - first);
        resize_plane(resizer, &source, from, part, (w, rows), FilterType::CatmullRom, plane)?;
    }
    Ok(strip)
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
    colours: [&[f32]; 3],
    alpha: Alpha,
    pixels: impl Iterator<Item = (usize, &'a mut [u8], &'a [u8], f32)>,
) {
    let transfer = Transfer::of(format.encoding());
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
            let mut channels = [r, g, b].into_iter().zip(rgb).map(|(p, v)| (p * keep + v * show) / total);
            [(); 3].map(|()| channels.next().unwrap_or(0.0))
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
    colours: [&[f32]; 3],
    alpha: Alpha,
    pixels: impl Iterator<Item = (usize, &'a mut [u8], &'a [u8], f32)>,
) {
    let transfer = Transfer::of(format.encoding());
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
    use crate::pixels::{Depth, Encoding, ImageView};
    use crate::region::place;
    use crate::render::Geometry;
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
        canvas.update(&ImageView::new(format, rect, w as usize * bpp, &data).unwrap(), rect, 1);
        (canvas.snapshot(), data)
    }

    fn geometry(native: u32) -> Geometry {
        Geometry { native, multiple: 16, cell: 8, fixed: None }
    }

    #[test]
    fn outside_the_mask_the_bytes_are_those_of_the_push_in_every_format() {
        let canvas = Rect::new(0, 0, 90, 70);
        for format in Format::ALL {
            let (paint, data) = noise_canvas(format, 90, 70);
            let hole = Rect::new(20, 20, 30, 30);
            let mask = Mask::new(canvas, Coverage::new(hole, 30, &[255; 900])).unwrap();
            let placement = place(canvas, canvas, geometry(64), 0);
            let picture = Array3::from_elem((3, placement.padded.1, placement.padded.0), 0.5);
            let weights = mask.weights(placement.rect, 3);
            let out = paste(
                &picture,
                &placement,
                &paint,
                Blend { weights: Some(&weights), ..OPAQUE },
                &Cancel::new(),
            )
            .unwrap();
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
    fn strips_of_a_tall_enlargement_have_no_seam() {
        let canvas = Rect::new(0, 0, 40, 1500);
        let (paint, _) = noise_canvas(Format::RgbaF32, 40, 1500);
        let placement = place(canvas, canvas, geometry(64), 0);
        assert_ne!(placement.scaled.1, 1500);
        let picture = Array3::from_shape_fn((3, placement.padded.1, placement.padded.0), |(_, y, _)| {
            0.2 + 0.6 * y as f32 / placement.scaled.1 as f32
        });
        let out = paste(&picture, &placement, &paint, OPAQUE, &Cancel::new()).unwrap();
        let value = |y: usize| colour::load(Format::RgbaF32, &out[(y * 40 + 20) * 16..])[0];
        let steps: Vec<f32> = (0..1499).map(|y| value(y + 1) - value(y)).collect();
        let mean = steps[100..1400].iter().sum::<f32>() / 1300.0;
        for (y, step) in steps.iter().enumerate().take(1400).skip(100) {
            assert!((step - mean).abs() < 0.25 * mean, "row {y}: {step} against {mean}");
        }
    }

    #[test]
    fn alpha_is_opaque_or_follows_the_paint() {
        let canvas = Rect::new(0, 0, 64, 64);
        let (paint, data) = noise_canvas(Format::Bgra8, 64, 64);
        let placement = place(canvas, canvas, geometry(64), 0);
        let picture = Array3::from_elem((3, 64, 64), 1.0);
        let opaque = paste(&picture, &placement, &paint, OPAQUE, &Cancel::new()).unwrap();
        assert!(opaque.iter().all(|v| *v == 255));
        let follows = paste(&picture, &placement, &paint, FOLLOWS, &Cancel::new()).unwrap();
        for (o, i) in follows.chunks_exact(4).zip(data.chunks_exact(4)) {
            assert_eq!((o[0], o[3]), (255, i[3]));
        }
    }
    /// Opaque paint of one colour, a picture of another, a mask in the middle and its weights.
    fn flat(format: Format) -> (Snapshot, Placement, Picture, Vec<f32>) {
        let canvas = Rect::new(0, 0, 64, 64);
        let bpp = format.bytes_per_pixel();
        let mut data = vec![0; 64 * 64 * bpp];
        for pixel in data.chunks_exact_mut(bpp) {
            colour::store(format, [0.8, 0.5, 0.2, 1.0], pixel);
        }
        let mut kept = Canvas::new(canvas, format, 1).unwrap();
        kept.update(&ImageView::new(format, canvas, 64 * bpp, &data).unwrap(), canvas, 1);
        let mask = Mask::new(canvas, Coverage::new(Rect::new(16, 16, 32, 32), 32, &[200; 1024])).unwrap();
        let placement = place(canvas, canvas, geometry(64), 0);
        let picture = Array3::from_shape_fn((3, 64, 64), |(c, ..)| [0.1, 0.5, 0.9][c]);
        (kept.snapshot(), placement, picture, mask.weights(canvas, 6))
    }

    #[test]
    fn a_transparent_outside_laid_over_the_paint_is_the_same_picture_in_every_format() {
        for format in Format::ALL {
            let (paint, placement, picture, weights) = flat(format);
            let inside = Blend { weights: Some(&weights), ..OPAQUE };
            let over = Blend { outside: Outside::Transparent, ..inside };
            let replaced = paste(&picture, &placement, &paint, inside, &Cancel::new()).unwrap();
            let laid = paste(&picture, &placement, &paint, over, &Cancel::new()).unwrap();
            let bpp = format.bytes_per_pixel();
            let near = if format.depth() == Depth::U8 { 0.01 } else { 0.002 };
            for (i, (replaced, laid)) in replaced.chunks(bpp).zip(laid.chunks(bpp)).enumerate() {
                if weights[i] == 0.0 {
                    assert!(laid.iter().all(|b| *b == 0), "{format:?}");
                    continue;
                }
                let below = colour::load(format, paint.row(i as i32 / 64, i as i32 % 64, 1));
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
            let (paint, placement, picture, _) = flat(format);
            let half = vec![0.5; 64 * 64];
            let out =
                paste(&picture, &placement, &paint, Blend { weights: Some(&half), ..OPAQUE }, &Cancel::new())
                    .unwrap();
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
        for format in Format::ALL {
            let (paint, _, _, weights) = flat(format);
            let bpp = format.bytes_per_pixel();
            let bytes: Vec<u8> = (0..64).flat_map(|y| paint.row(y, 0, 64)).copied().collect();
            let masked = Blend { weights: Some(&weights), ..OPAQUE };
            assert!(paint_alone(rect, &paint, masked, &Cancel::new()).unwrap() == bytes, "{format:?}");
            let over = Blend { outside: Outside::Transparent, ..masked };
            let thin = paint_alone(rect, &paint, over, &Cancel::new()).unwrap();
            for (i, pixel) in thin.chunks(bpp).enumerate() {
                let [r, g, b, a] = colour::load(format, pixel);
                let of_paint = colour::load(format, &bytes[..bpp]);
                assert!((a - weights[i]).abs() < 0.003, "{format:?}");
                assert!(if weights[i] > 0.0 {
                    [r, g, b] == of_paint[..3]
                } else {
                    pixel.iter().all(|v| *v == 0)
                });
            }
            let whole = Blend { weights: Some(&[1.0; 64 * 64]), ..over };
            assert!(paint_alone(rect, &paint, whole, &Cancel::new()).unwrap() == bytes, "{format:?}");
        }
    }

    #[test]
    fn a_cancel_ends_it() {
        let (paint, placement, picture, _) = flat(Format::Rgba8);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(paste(&picture, &placement, &paint, OPAQUE, &cancel).unwrap_err().is_cancelled());
        assert!(paint_alone(placement.rect, &paint, OPAQUE, &cancel).unwrap_err().is_cancelled());
    }
}
