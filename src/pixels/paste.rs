//! The model's picture → the host's pixels: scale, blend by the mask, set the alpha.

use fast_image_resize::{FilterType, Resizer};
use ndarray::s;

use super::read::resize_plane;
use super::{Format, colour, zeroed};
use crate::canvas::Snapshot;
use crate::error::Result;
use crate::region::Placement;
use crate::render::Picture;

/// What a frame's alpha is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Alpha {
    Opaque = 0,
    /// The alpha of the paint below.
    FollowPaint = 1,
}

/// Rows that are scaled at a time: bounds memory on large canvases.
const STRIP: usize = 512;

/// The pixels of `placement.rect` in the paint's format, rows packed, with `picture` laid over the paint.
/// `weights`, one a pixel of the rectangle, say how much of it: 0 keeps the paint's exact bytes.
pub fn paste(
    picture: &Picture,
    placement: &Placement,
    paint: &Snapshot,
    weights: Option<&[f32]>,
    alpha: Alpha,
) -> Result<Vec<u8>> {
    let rect = placement.rect;
    let (w, h) = (rect.width as usize, rect.height as usize);
    let format = paint.format();
    let bpp = format.bytes_per_pixel();
    let mut out = zeroed(w * h * bpp)?;
    let mut resizer = Resizer::new();
    for top in (0..h).step_by(STRIP) {
        let rows = STRIP.min(h - top);
        let strip = scaled_strip(&mut resizer, picture, placement, top, rows)?;
        let plane = w * rows;
        for y in 0..rows {
            let below = paint.row(rect.y + (top + y) as i32, rect.x, rect.width);
            let target = &mut out[(top + y) * w * bpp..][..w * bpp];
            let colours = [0, 1, 2].map(|c| &strip[c * plane + y * w..][..w]);
            let weights = weights.map(|all| &all[(top + y) * w..][..w]);
            write_row(format, colours, below, weights, alpha, target);
        }
    }
    Ok(out)
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

fn write_row(
    format: Format,
    colours: [&[f32]; 3],
    below: &[u8],
    weights: Option<&[f32]>,
    alpha: Alpha,
    out: &mut [u8],
) {
    let bpp = format.bytes_per_pixel();
    for (x, (target, paint)) in out.chunks_exact_mut(bpp).zip(below.chunks_exact(bpp)).enumerate() {
        let weight = weights.map_or(1.0, |w| w[x]);
        if weight <= 0.0 {
            target.copy_from_slice(paint);
            continue;
        }
        let rgb = colours.map(|plane| colour::unit(plane[x]));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Canvas;
    use crate::pixels::{ImageView, mask::Mask};
    use crate::region::{Rect, place};
    use crate::render::Geometry;
    use ndarray::Array3;

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
        for number in 1..=6 {
            let format = Format::from_number(number).unwrap();
            let (paint, data) = noise_canvas(format, 90, 70);
            let hole = Rect::new(20, 20, 30, 30);
            let mask = Mask::new(canvas, hole, 30, &[255; 900]).unwrap();
            let placement = place(canvas, canvas, geometry(64), 0);
            let picture = Array3::from_elem((3, placement.padded.1, placement.padded.0), 0.5);
            let weights = mask.weights(placement.rect, 3);
            let out = paste(&picture, &placement, &paint, Some(&weights), Alpha::Opaque).unwrap();
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
        let out = paste(&picture, &placement, &paint, None, Alpha::Opaque).unwrap();
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
        let opaque = paste(&picture, &placement, &paint, None, Alpha::Opaque).unwrap();
        assert!(opaque.iter().all(|v| *v == 255));
        let follows = paste(&picture, &placement, &paint, None, Alpha::FollowPaint).unwrap();
        for (o, i) in follows.chunks_exact(4).zip(data.chunks_exact(4)) {
            assert_eq!((o[0], o[3]), (255, i[3]));
        }
    }
}
