//! Paint → the model's picture: composite over paper, scale, pad.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::{Array3, s};

use super::colour::{self, Rgba, Transfer};
use super::{Depth, Format, with_constant};
use crate::cancel::Cancel;
use crate::canvas::Snapshot;
use crate::error::{Error, Result, Status};
use crate::region::Placement;
use crate::render::Picture;

/// The paint under `placement.rect` over `paper` (sRGB-encoded RGB, 0..1), as the model wants it: scaled to
/// `placement.scaled`, then padded to `placement.padded` by repeating the last column and row.
/// A cancel ends it between two rows, with [`Status::Cancelled`].
pub fn picture(paint: &Snapshot, placement: &Placement, paper: [f32; 3], cancel: &Cancel) -> Result<Picture> {
    let rect = placement.rect;
    let (sw, sh) = placement.scaled;
    let (pw, ph) = placement.padded;
    // A whole-number box average first: bounded memory on large canvases, and each byte is read once.
    let factor = (rect.width as usize / sw).min(rect.height as usize / sh).max(1);
    let reduced = reduce(paint, placement, paper, factor, cancel)?;
    let size = (rect.width as f64 / factor as f64, rect.height as f64 / factor as f64);
    let mut out = Array3::zeros((3, ph, pw));
    if reduced.dim() == (3, sh, sw) && size == (sw as f64, sh as f64) {
        out.slice_mut(s![.., ..sh, ..sw]).assign(&reduced);
    } else {
        let mut resizer = Resizer::new();
        let mut plane = vec![0.0; sw * sh];
        for channel in 0..3 {
            cancel.check()?;
            let whole = (0.0, 0.0, size.0, size.1);
            let source = reduced.slice(s![channel, .., ..]);
            let source = source.as_slice().unwrap_or_default();
            let from = (reduced.dim().2, reduced.dim().1);
            resize_plane(&mut resizer, source, from, whole, (sw, sh), FilterType::Hamming, &mut plane)?;
            let plane = ndarray::ArrayView2::from_shape((sh, sw), &plane)
                .map_err(|e| Error::new(Status::Internal, e.to_string()))?;
            out.slice_mut(s![channel, ..sh, ..sw]).assign(&plane);
        }
    }
    pad(&mut out, sw, sh);
    Ok(out)
}

/// Repeats the last column and row of the top-left `w × h` over the rest.
fn pad(picture: &mut Picture, w: usize, h: usize) {
    let (channels, height, width) = picture.dim();
    for c in 0..channels {
        for y in 0..h {
            let last = picture[(c, y, w - 1)];
            picture.slice_mut(s![c, y, w..width]).fill(last);
        }
        for y in h..height {
            let (above, mut below) = picture.multi_slice_mut((s![c, h - 1, ..], s![c, y, ..]));
            below.assign(&above);
        }
    }
}

/// The rectangle composited and averaged over blocks of `factor`² pixels (cut at the right and bottom).
fn reduce(
    paint: &Snapshot,
    placement: &Placement,
    paper: [f32; 3],
    factor: usize,
    cancel: &Cancel,
) -> Result<Picture> {
    let rect = placement.rect;
    let (w, h) = (rect.width as usize, rect.height as usize);
    let (rw, rh) = (w.div_ceil(factor), h.div_ceil(factor));
    let mut out = Array3::<f32>::zeros((3, rh, rw));
    let transfer = Transfer::of(paint.format().encoding());
    let paper = paper.map(|v| transfer.of_srgb(v));
    let plane = rh * rw;
    let Some(values) = out.as_slice_mut() else { return Ok(out) };
    let (red, rest) = values.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    for y in 0..h {
        cancel.check()?;
        let row = paint.row(rect.y + y as i32, rect.x, rect.width);
        let blocks = (y / factor) * rw..(y / factor + 1) * rw;
        let sums = [&mut red[blocks.clone()], &mut green[blocks.clone()], &mut blue[blocks]];
        with_constant!(paint.format(), FORMAT => add_row(FORMAT, paper, row, factor, sums));
    }
    if factor > 1 {
        for ((_, y, x), v) in out.indexed_iter_mut() {
            *v /= (factor.min(h - y * factor) * factor.min(w - x * factor)) as f32;
        }
    }
    Ok(out)
}

/// Adds a row of pixels over `paper` (in the format's encoding) to sums over blocks of `factor` pixels.
#[inline(always)]
fn add_row(format: Format, paper: [f32; 3], row: &[u8], factor: usize, sums: [&mut [f32]; 3]) {
    let transfer = Transfer::of(format.encoding());
    let bpp = format.bytes_per_pixel();
    let seen = |pixel| composite(format, colour::load(format, pixel), paper).map(|v| transfer.to_srgb(v));
    let [red, green, blue] = sums;
    let sums = red.iter_mut().zip(green).zip(blue);
    if factor == 1 {
        for (((red, green), blue), pixel) in sums.zip(row.chunks_exact(bpp)) {
            [*red, *green, *blue] = seen(pixel);
        }
        return;
    }
    for (((red, green), blue), pixels) in sums.zip(row.chunks(bpp * factor)) {
        let mut sum = [0.0f32; 3];
        for pixel in pixels.chunks_exact(bpp) {
            for (s, v) in sum.iter_mut().zip(seen(pixel)) {
                *s += v;
            }
        }
        *red += sum[0];
        *green += sum[1];
        *blue += sum[2];
    }
}

/// Straight-alpha paint of `format` over an opaque paper in its encoding.
#[inline(always)]
fn composite(format: Format, pixel: Rgba, paper: [f32; 3]) -> [f32; 3] {
    // Whole numbers cannot be anything but 0..1.
    let [r, g, b, a] = match format.depth() {
        Depth::U8 | Depth::U16 => pixel,
        Depth::F16 | Depth::F32 => pixel.map(colour::unit),
    };
    if a >= 1.0 {
        return [r, g, b];
    }
    let over = |paint: f32, paper: f32| paint * a + paper * (1.0 - a);
    [over(r, paper[0]), over(g, paper[1]), over(b, paper[2])]
}

/// Resizes the part (left, top, width, height) of one float plane into `out`, which is all of the target.
/// `from` and `to` are (width, height).
pub(super) fn resize_plane(
    resizer: &mut Resizer,
    plane: &[f32],
    from: (usize, usize),
    part: (f64, f64, f64, f64),
    to: (usize, usize),
    filter: FilterType,
    out: &mut [f32],
) -> Result<()> {
    let fail =
        |e: &dyn std::fmt::Display| Error::new(Status::Internal, format!("Scaling the picture failed: {e}."));
    let size = |(w, h): (usize, usize)| (w as u32, h as u32);
    let ((fw, fh), (tw, th)) = (size(from), size(to));
    let source =
        TypedImageRef::<F32>::from_buffer(fw, fh, bytemuck::cast_slice(plane)).map_err(|e| fail(&e))?;
    let bytes = bytemuck::cast_slice_mut(out);
    let mut target = TypedImage::<F32>::from_buffer(tw, th, bytes).map_err(|e| fail(&e))?;
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(part.0, part.1, part.2, part.3);
    resizer.resize_typed(&source, &mut target, &options).map_err(|e| fail(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Canvas;
    use crate::pixels::{Encoding, ImageView};
    use crate::region::{Rect, place};
    use crate::render::Geometry;

    const TINY: Geometry = Geometry { native: 64, multiple: 16, cell: 8, fixed: None };

    fn snapshot(format: Format, w: i32, h: i32, pixel: impl Fn(i32, i32) -> Rgba) -> Snapshot {
        let rect = Rect::new(0, 0, w, h);
        let bpp = format.bytes_per_pixel();
        let mut data = vec![0; (w * h) as usize * bpp];
        for (i, bytes) in data.chunks_exact_mut(bpp).enumerate() {
            colour::store(format, pixel(i as i32 % w, i as i32 / w), bytes);
        }
        let mut canvas = Canvas::new(rect, format, 1).unwrap();
        canvas.update(&ImageView::new(format, rect, w as usize * bpp, &data).unwrap(), rect, 1);
        canvas.snapshot()
    }

    fn whole(snapshot: &Snapshot) -> Placement {
        place(snapshot.bounds(), snapshot.bounds(), TINY, 0)
    }

    #[test]
    fn transparent_paint_shows_the_paper_in_every_format() {
        for format in Format::ALL {
            let paint = snapshot(format, 64, 64, |x, _| if x < 32 { [1.0, 0.0, 0.0, 1.0] } else { [0.0; 4] });
            let p = picture(&paint, &whole(&paint), [0.2, 0.5, 0.9], &Cancel::new()).unwrap();
            assert_eq!(p.dim(), (3, 64, 64));
            for (c, (left, right)) in [(1.0, 0.2), (0.0, 0.5), (0.0, 0.9)].into_iter().enumerate() {
                assert!((p[(c, 5, 5)] - left).abs() < 1e-5, "{format:?}");
                assert!((p[(c, 5, 40)] - right).abs() < 1e-5, "{format:?}");
            }
        }
    }

    #[test]
    fn half_transparent_paint_is_blended_in_its_formats_encoding() {
        for format in Format::ALL {
            let paint = snapshot(format, 64, 64, |_, _| [1.0, 1.0, 1.0, 0.5]);
            let p = picture(&paint, &whole(&paint), [0.0; 3], &Cancel::new()).unwrap();
            let half = if format.encoding() == Encoding::Linear { colour::encode(0.5) } else { 0.5 };
            assert!((p[(1, 9, 9)] - half).abs() < 0.003, "{format:?}: {}", p[(1, 9, 9)]);
        }
    }

    #[test]
    fn scaling_keeps_flat_colours_and_means_and_padding_repeats_the_edge() {
        let paint =
            snapshot(Format::RgbaF32, 450, 310, |x, y| [x as f32 / 449.0, y as f32 / 309.0, 0.25, 1.0]);
        let placement = whole(&paint);
        let p = picture(&paint, &placement, [1.0; 3], &Cancel::new()).unwrap();
        let (sw, sh) = placement.scaled;
        assert_eq!((p.dim().2, p.dim().1), placement.padded);
        let part = p.slice(s![.., ..sh, ..sw]);
        for (c, mean) in [0.5, 0.5, 0.25].into_iter().enumerate() {
            assert!((part.index_axis(ndarray::Axis(0), c).mean().unwrap() - mean).abs() < 0.01);
        }
        assert_eq!(p[(0, sh - 1, sw - 1)], p[(0, p.dim().1 - 1, p.dim().2 - 1)]);
    }

    #[test]
    fn a_one_pixel_canvas_becomes_a_flat_picture() {
        let paint = snapshot(Format::Bgra8, 1, 1, |_, _| [0.0, 1.0, 0.0, 1.0]);
        let p = picture(&paint, &whole(&paint), [1.0; 3], &Cancel::new()).unwrap();
        assert!(p.index_axis(ndarray::Axis(0), 1).iter().all(|v| *v == 1.0));
    }

    #[test]
    fn not_a_number_in_the_paint_does_not_reach_the_model() {
        let paint = snapshot(Format::RgbaF32, 64, 64, |_, _| [f32::NAN, f32::INFINITY, -3.0, f32::NAN]);
        let p = picture(&paint, &whole(&paint), [0.5; 3], &Cancel::new()).unwrap();
        assert!(p.iter().all(|v| (0.0..=1.0).contains(v)));
    }

    #[test]
    fn a_cancel_ends_it() {
        let paint = snapshot(Format::Rgba8, 64, 64, |_, _| [0.5; 4]);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(picture(&paint, &whole(&paint), [1.0; 3], &cancel).unwrap_err().is_cancelled());
    }
}
