use super::*;
use crate::canvas::Canvas;
use crate::pixels::mask::{Coverage, Mask};
use crate::pixels::{Depth, ImageView};
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
        let (paint, mut data) = noise_canvas(format, 90, 70);
        fill_padding(format, &mut data);
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
                        assert!(pixel.iter().all(|v| v.is_finite()), "{format:?} {bad} {weight}: {pixel:?}");
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
            let below = colour::load(format, paint.spans(i as i32 / 64, i as i32 % 64, 1).next().unwrap());
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

#[test]
fn the_byte_that_says_nothing_is_255_in_every_frame() {
    for format in Format::ALL.into_iter().filter(|f| f.alpha() == AlphaKind::Padding) {
        let (paint, data) = noise_canvas(format, 64, 64);
        assert!(data.chunks_exact(4).any(|pixel| pixel[3] != 255));
        let picture = Array3::from_elem((3, 64, 64), 0.5);
        for weight in [0.0, 0.3, 1.0] {
            let weights = [weight; 64 * 64];
            let blend = Blend { weights: Some(&weights), ..OPAQUE };
            let alone = paint_alone(paint.bounds(), &paint, blend, &Cancel::new()).unwrap();
            for made in [pasted(&picture, &paint, blend), alone] {
                for (made, own) in made.chunks_exact(4).zip(data.chunks_exact(4)) {
                    assert_eq!(made[3], 255, "{format:?} {weight}");
                    assert!(weight > 0.0 || made[..3] == own[..3], "{format:?}");
                }
            }
        }
    }
}
