//! Frames that keep the paint's alpha: laid over anything, they show their own colours and none of the paper's. On the
//! renderer that copies the paint through, so that what comes back is what was painted.

mod support;

use scumble::job::Params;
use scumble::pixels::colour;
use scumble::pixels::mask::{Coverage, Outside};
use scumble::pixels::paste::Alpha;
use scumble::pixels::{AlphaKind, Depth, Format};
use scumble::region::Rect;
use scumble::session::Pushed;
use support::painting::*;
use support::stub::*;

type Rgba = [f32; 4];

/// Of `format`, with `pixel` in the format's own encoding.
fn painted(format: Format, width: i32, height: i32, pixel: impl Fn(i32, i32) -> Rgba) -> Painting {
    let mut paint = Painting::with_format(width, height, format);
    for (at, bytes) in paint.bytes.chunks_exact_mut(format.bytes_per_pixel()).enumerate() {
        colour::store(format, pixel(at as i32 % width, at as i32 / width), bytes);
    }
    paint
}

fn follows() -> Params {
    Params { alpha: Alpha::FollowPaint, mask_softness: 0, settle_delay: 1, ..Params::default() }
}

/// What settles for the paint; inside `mask` alone, to be laid over the paint, if there is one.
fn settled(paint: &Painting, params: Params, mask: Option<(Rect, Outside)>) -> Shown {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    layer.set_params(params).unwrap();
    if let Some((rect, outside)) = mask {
        let bytes = vec![255; rect.area() as usize];
        let coverage = Coverage { outside, ..Coverage::new(rect, rect.width as usize, &bytes) };
        layer.set_mask(paint.bounds.width, paint.bounds.height, Some(coverage)).unwrap();
    }
    revision(paint.push(&layer, None));
    settle(&layer);
    frame(&layer, 0).expect("a picture")
}

/// The largest difference between the paint and the frame, each laid over black, white and a checkerboard, where `with`
/// says so.
fn apart(paint: &Painting, shown: &Shown, with: impl Fn(i32, i32) -> bool) -> f32 {
    let format = paint.format;
    let bpp = format.bytes_per_pixel();
    let mut most = 0.0f32;
    let before = paint.part(shown.rect);
    for (at, (own, made)) in before.chunks_exact(bpp).zip(shown.pixels.chunks_exact(bpp)).enumerate() {
        let (x, y) =
            (shown.rect.x + at as i32 % shown.rect.width, shown.rect.y + at as i32 / shown.rect.width);
        let (own, made) = (colour::load(format, own), colour::load(format, made));
        for below in [0.0, 1.0, f32::from((x / 8 + y / 8) as u8 % 2)] {
            for c in (0..3).filter(|_| with(x, y)) {
                let over = |pixel: Rgba| pixel[c] * pixel[3] + below * (1.0 - pixel[3]);
                most = most.max((over(own) - over(made)).abs());
            }
        }
    }
    most
}

/// Twice what rounding to the format makes of a pixel that is laid over another; in linear light as much as an
/// 8-bit sRGB code is there.
fn rounding(format: Format) -> f32 {
    match format.depth() {
        Depth::U8 => 1.0 / 255.0,
        Depth::U16 => 1.0 / 8192.0,
        Depth::F16 | Depth::F32 => 1.0 / 2048.0,
    }
}

#[test]
fn half_transparent_paint_shows_its_own_colour_over_anything_in_every_format() {
    for format in Format::ALL {
        let colour = [150.0, 20.0, 20.0, 200.0].map(|v| v / 255.0);
        let paint = painted(format, 100, 90, |_, _| colour);
        let shown = settled(&paint, follows(), None);
        let most = apart(&paint, &shown, |_, _| true);
        assert!(most <= rounding(format), "{format:?}: {} of 255", most * 255.0);
    }
    // As somebody saw it: (180, 144, 153) over black for (118, 16, 16).
    let paint = painted(Format::Rgba8, 100, 90, |_, _| [150.0, 20.0, 20.0, 200.0].map(|v| v / 255.0));
    let shown = settled(&paint, follows(), None);
    let pixel = &shown.pixels[(45 * 100 + 50) * 4..][..4];
    let over_black = [0, 1, 2].map(|c| (f32::from(pixel[c]) * f32::from(pixel[3]) / 255.0).round() as i32);
    assert!(over_black.iter().zip([118, 16, 16]).all(|(v, w)| (v - w).abs() <= 1), "{over_black:?}");
}

#[test]
fn every_pixel_keeps_its_colour_where_the_model_sees_the_canvas_as_it_is() {
    for format in Format::ALL {
        let mut dice = Dice(format as u64);
        let values: Vec<Rgba> = (0..100 * 90)
            .map(|_| {
                let [r, g, b, a, kind, ..] = dice.roll().to_ne_bytes().map(|v| f32::from(v) / 255.0);
                [r, g, b, if kind < 0.3 { kind.round() } else { a }]
            })
            .collect();
        let paint = painted(format, 100, 90, |x, y| values[(y * 100 + x) as usize]);
        let shown = settled(&paint, follows(), None);
        // Where alpha is below 4 of 255 a pixel's own colour says little.
        let most = apart(&paint, &shown, |x, y| values[(y * 100 + x) as usize][3] >= 4.0 / 255.0);
        assert!(most <= 1.5 * rounding(format), "{format:?}: {} of 255", most * 255.0);
        let most = apart(&paint, &shown, |_, _| true);
        assert!(most <= 4.0 / 255.0, "{format:?}: {} of 255", most * 255.0);
    }
}

/// A red disc with a soft edge on a transparent canvas.
fn disc(side: i32, softness: f32) -> impl Fn(i32, i32) -> Rgba {
    let middle = side as f32 / 2.0;
    move |x, y| {
        let away = (x as f32 + 0.5 - middle).hypot(y as f32 + 0.5 - middle) - 0.3 * side as f32;
        let alpha = (0.5 - away / softness).clamp(0.0, 1.0);
        if alpha > 0.0 { [0.8, 0.1, 0.05, alpha] } else { [0.0; 4] }
    }
}

#[test]
fn an_edge_has_no_rim_of_paper_at_any_scale() {
    // The model sees 128² pixels: canvases as they are, scaled down, refined down to 1:1, and enlarged.
    for side in [120, 176, 300, 512, 50] {
        for softness in [1.0, 12.0] {
            for format in [Format::Rgba8, Format::RgbaF32, Format::RgbaF32Linear] {
                let paint = painted(format, side, side, disc(side, softness));
                for finest in [0, 8] {
                    let shown = settled(&paint, Params { finest, ..follows() }, None);
                    let most = apart(&paint, &shown, |_, _| true);
                    assert!(
                        most <= 3.0 / 255.0,
                        "{format:?} {side} {softness} {finest}: {} of 255",
                        most * 255.0
                    );
                }
            }
        }
    }
}

#[test]
fn inside_a_mask_it_is_so_too() {
    let rect = Rect::new(20, 30, 60, 50);
    for format in Format::ALL {
        let paint = painted(format, 120, 120, |x, y| {
            let [r, g, b, a] = disc(120, 6.0)(x, y);
            [r, g, b, a * 0.6]
        });
        for outside in [Outside::Paint, Outside::Transparent] {
            let shown = settled(&paint, follows(), Some((rect, outside)));
            let most = apart(&paint, &shown, |x, y| rect.contains(Rect::new(x, y, 1, 1)));
            assert!(most <= 2.0 * rounding(format), "{format:?} {outside:?}: {} of 255", most * 255.0);
        }
    }
}

#[test]
fn strokes_one_after_the_other_settle_as_all_at_once() {
    let engine = Stub::engine(&Gate::open());
    for side in [120, 300] {
        let layer = engine.session();
        layer.set_params(follows()).unwrap();
        let mut paint = painted(Format::Rgba8, side, side, disc(side, 1.0));
        for (at, alpha) in [(20, 255), (60, 130), (90, 0)] {
            revision(paint.push(&layer, None));
            settle(&layer);
            paint.fill_with(Rect::new(at, at, 14, 9), [20, 80, 200, alpha]);
        }
        revision(paint.push(&layer, None));
        settle(&layer);
        let shown = frame(&layer, 0).expect("a picture");
        assert!(shown.pixels == settled(&paint, follows(), None).pixels, "{side}");
    }
}

#[test]
fn opaque_frames_show_the_paper_as_before() {
    let paint = painted(Format::Rgba8, 100, 90, |_, _| [150.0, 20.0, 20.0, 200.0].map(|v| v / 255.0));
    let shown = settled(&paint, Params { alpha: Alpha::Opaque, ..follows() }, None);
    assert!(
        shown.pixels.chunks_exact(4).all(|pixel| pixel == [173, 71, 71, 255]),
        "{:?}",
        &shown.pixels[..4]
    );
}

#[test]
fn the_byte_that_says_nothing_makes_no_job_and_is_255_in_frames() {
    for format in Format::ALL.into_iter().filter(|f| f.alpha() == AlphaKind::Padding) {
        let mut paint = painted(format, 200, 130, |x, y| [x as f32 / 200.0, y as f32 / 130.0, 0.3, 1.0]);
        let engine = Stub::engine(&Gate::open());
        let layer = engine.session();
        layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
        let hole = Rect::new(50, 40, 70, 60);
        let bytes = vec![255; hole.area() as usize];
        let mut dice = Dice(7);
        let mut stir = |paint: &mut Painting| {
            paint.bytes.chunks_exact_mut(4).for_each(|pixel| pixel[3] = dice.roll() as u8);
        };
        stir(&mut paint);
        revision(paint.push(&layer, None));
        layer.set_mask(200, 130, Some(Coverage::new(hole, 70, &bytes))).unwrap();
        settle(&layer);
        let shown = frame(&layer, 0).expect("a picture");
        assert!(shown.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255), "{format:?}");
        stir(&mut paint);
        assert_eq!(paint.push(&layer, None).unwrap(), Pushed::Unchanged, "{format:?}");
        // A colour that changes does, whatever lies beside it.
        let at = 4 * (60 * 200 + 70);
        paint.bytes[at] ^= 0x80;
        revision(paint.push(&layer, None));
        settle(&layer);
        let next = frame(&layer, shown.seq).expect("the change");
        assert!(next.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255), "{format:?}");
    }
}
