//! Paint in other colour spaces than sRGB: the model sees sRGB, frames come back in the paint's own. On the renderer that
//! copies the paint through or inverts it.

mod support;

use moxcms::{ColorProfile, ToneReprCurve};
use scumble::error::Status;
use scumble::job::Params;
use scumble::pixels::colour;
use scumble::pixels::paste::Alpha;
use scumble::pixels::space::{MAX_PROFILE, Named, Space};
use scumble::pixels::{AlphaKind, Depth, Encoding, Format, ImageView};
use scumble::session::{Pushed, Session};
use support::painting::*;
use support::stub::*;

const BOTH: [Encoding; 2] = [Encoding::Srgb, Encoding::Linear];

/// Other spaces than sRGB, by name and by profile.
fn spaces() -> Vec<(String, Space)> {
    let named = Named::ALL.into_iter().filter(|named| *named != Named::Srgb);
    let mut all: Vec<_> = named.map(|named| (format!("{named:?}"), Space::named(named).unwrap())).collect();
    let profiles = [
        ("Adobe RGB's profile", ColorProfile::new_adobe_rgb()),
        ("ACEScg's profile", ColorProfile::new_aces_cg_linear()),
        ("DCI P3's profile", ColorProfile::new_dci_p3()),
        ("a tabulated profile", tabulated()),
    ];
    for (name, profile) in profiles {
        all.push((name.into(), Space::from_profile(&profile.encode().unwrap()).unwrap()));
    }
    all
}

/// Rec. 2020 with sRGB's curve in a table, as many older profiles have it.
fn tabulated() -> ColorProfile {
    let code = |i: u16| (colour::decode(f32::from(i) / 1023.0) * 65535.0).round() as u16;
    let curve = Some(ToneReprCurve::Lut((0..1024).map(code).collect()));
    let mut profile = ColorProfile::new_bt2020();
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    profile
}

fn through(way: impl Fn([&mut [f32]; 3]), [mut r, mut g, mut b]: [f32; 3]) -> [f32; 3] {
    let one = std::slice::from_mut;
    way([one(&mut r), one(&mut g), one(&mut b)]);
    [r, g, b]
}

fn to_srgb(space: &Space, encoding: Encoding, pixel: [f32; 3]) -> [f32; 3] {
    through(|planes| space.to_srgb(encoding, planes), pixel)
}

fn push(layer: &Session, paint: &Painting, space: &Space) -> Pushed {
    let image = ImageView::new(paint.format, paint.bounds, paint.stride(), &paint.bytes).unwrap();
    let image = image.in_space(space).unwrap();
    layer.push(paint.bounds.width, paint.bounds.height, &[image], None).unwrap()
}

fn shown(params: Params, paint: &Painting, space: &Space) -> Shown {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    layer.set_params(params).unwrap();
    push(&layer, paint, space);
    settle(&layer);
    frame(&layer, 0).expect("a picture")
}

/// Colours that sRGB has, in `space`; opaque, or of any alpha.
fn painted(format: Format, space: &Space, opaque: bool) -> Painting {
    let mut paint = Painting::with_format(100, 90, format);
    let mut dice = Dice(format as u64);
    for pixel in paint.bytes.chunks_exact_mut(format.bytes_per_pixel()) {
        let [r, g, b, a, ..] = dice.roll().to_ne_bytes().map(|v| 0.02 + 0.96 * f32::from(v) / 255.0);
        let [r, g, b] = space.colour_of_srgb(format.encoding(), [r, g, b]);
        colour::store(format, [r, g, b, if opaque { 1.0 } else { a }], pixel);
    }
    paint
}

#[test]
fn the_named_spaces_are_those_of_their_standards() {
    // What sRGB's red is elsewhere, as published.
    for (named, red) in [
        (Named::DisplayP3, [234.0, 51.0, 35.0]),
        (Named::AdobeRgb, [219.0, 0.0, 0.0]),
        (Named::Rec2020, [202.0, 59.0, 19.0]),
        (Named::ProPhoto, [179.0, 70.0, 26.0]),
    ] {
        let made = Space::named(named).unwrap().colour_of_srgb(Encoding::Srgb, [1.0, 0.0, 0.0]);
        for (made, red) in made.iter().zip(red) {
            assert!((made * 255.0 - red).abs() < 1.0, "{named:?}: {}", made * 255.0);
        }
        assert_eq!(Space::from_number(named as u32).ok(), Space::named(named).ok());
    }
    assert!(Space::from_number(0).unwrap().is_srgb());
    assert_eq!(Space::from_number(5).err().map(|why| why.status), Some(Status::Format));
}

#[test]
fn colours_of_srgb_come_back_from_each_space_with_16_bits() {
    for (name, space) in spaces() {
        for encoding in BOTH {
            let mut most = 0.0f32;
            for i in 0..20_000u32 {
                let mut dice = Dice(i.into());
                let srgb = [0; 3].map(|_| (dice.roll() % 65536) as f32 / 65535.0).map(|v| v * v);
                let back = to_srgb(&space, encoding, space.colour_of_srgb(encoding, srgb));
                most = srgb.iter().zip(back).map(|(a, b)| (a - b).abs()).fold(most, f32::max);
            }
            // Where a space's edge is sRGB's but for the last bits, what lies beyond it is cut.
            let near = if name.contains("tabulated") { 64.0 } else { 16.0 };
            assert!(most < near / 65535.0, "{name}, {encoding:?}: {} of 65535", most * 65535.0);
            for gray in [[0.0; 3], [1.0; 3]] {
                let there = space.colour_of_srgb(encoding, gray);
                assert!(there.iter().zip(gray).all(|(a, b)| (a - b).abs() < 0.002), "{name}: {there:?}");
            }
        }
    }
}

#[test]
fn a_profile_of_srgb_is_srgb_and_others_are_not() {
    assert!(Space::from_profile(&ColorProfile::new_srgb().encode().unwrap()).unwrap().is_srgb());
    for (name, space) in spaces() {
        assert!(!space.is_srgb(), "{name}");
    }
    let adobe = ColorProfile::new_adobe_rgb().encode().unwrap();
    assert!(Space::from_profile(&adobe).unwrap() == Space::from_profile(&adobe).unwrap());
    let other = ColorProfile::new_display_p3().encode().unwrap();
    assert!(Space::from_profile(&adobe).unwrap() != Space::from_profile(&other).unwrap());
}

/// A space, or a sentence; never a number that is none.
fn read(bytes: &[u8]) {
    match Space::from_profile(bytes) {
        Ok(space) => {
            for encoding in BOTH {
                for pixel in [[0.0; 3], [1.0; 3], [0.2, 0.5, 0.9], [f32::NAN, -3.0, f32::INFINITY]] {
                    let there = to_srgb(&space, encoding, pixel);
                    let back = through(|planes| space.of_srgb(encoding, planes), there);
                    let known = |v: &f32| space.is_srgb() || (0.0..=1.0).contains(v);
                    assert!(there.iter().chain(&back).all(known), "{there:?} {back:?}");
                }
            }
        }
        Err(why) => {
            assert_eq!(why.status, Status::Format);
            assert!(
                why.message.ends_with("; convert the image to another profile, such as sRGB."),
                "{why:?}"
            );
        }
    }
}

#[test]
fn bytes_that_are_no_profile_are_told_in_a_sentence() {
    let whole = ColorProfile::new_dci_p3().encode().unwrap();
    for length in (0..whole.len()).step_by(3) {
        read(&whole[..length]);
    }
    let mut dice = Dice(9);
    for _ in 0..600 {
        let mut bytes = whole.clone();
        for _ in 0..dice.within(1, 6) {
            let at = dice.roll() as usize % bytes.len();
            bytes[at] = dice.roll() as u8;
        }
        read(&bytes);
    }
    for gray in [ColorProfile::new_gray_with_gamma(2.2), ColorProfile::new_lab()] {
        let told = Space::from_profile(&gray.encode().unwrap()).expect_err("it has no red");
        assert!(told.message.contains("its colours are"), "{told:?}");
    }
    let told = Space::from_profile(&vec![0; MAX_PROFILE + 1]).expect_err("too long");
    assert!(told.message.contains("4 MiB"), "{told:?}");
    // Numbers that were never colours.
    let mut flat = ColorProfile::new_srgb();
    flat.green_colorant = flat.red_colorant;
    read(&flat.encode().unwrap());
    assert!(Space::from_profile(&flat.encode().unwrap()).is_err());
}

#[test]
fn strength_zero_is_the_push_byte_for_byte_in_every_space_and_format() {
    for (name, space) in spaces() {
        for format in Format::ALL {
            let mut paint = Painting::with_format(77, 31, format);
            let mut dice = Dice(5);
            paint.bytes.iter_mut().for_each(|byte| *byte = dice.roll() as u8);
            let none = Params { strength: Some(0.0), ..Params::default() };
            assert!(shown(none, &paint, &space).pixels == paint.in_frames(), "{name}, {format:?}");
        }
    }
}

#[test]
fn what_the_model_leaves_alone_comes_back_as_it_was_in_every_space_and_format() {
    for (name, space) in spaces() {
        for format in Format::ALL.into_iter().filter(|f| f.alpha() == AlphaKind::Straight) {
            for (opaque, alpha) in [(true, Alpha::Opaque), (false, Alpha::FollowPaint)] {
                let paint = painted(format, &space, opaque);
                let params = Params { alpha, settle_delay: 1, ..Params::default() };
                let shown = shown(params, &paint, &space);
                let near = match format.depth() {
                    Depth::U8 => 1.01 / 255.0,
                    Depth::U16 => 8.0 / 65535.0,
                    Depth::F16 => 1.0 / 1024.0,
                    Depth::F32 => 1.0 / 8192.0,
                };
                let bpp = format.bytes_per_pixel();
                for (own, made) in paint.bytes.chunks_exact(bpp).zip(shown.pixels.chunks_exact(bpp)) {
                    let (own, made) = (colour::load(format, own), colour::load(format, made));
                    assert_eq!(own[3], made[3]);
                    for c in 0..3 {
                        let apart = (own[c] - made[c]).abs() * own[3];
                        assert!(apart <= near, "{name}, {format:?}, {alpha:?}: {own:?} became {made:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_model_sees_srgb() {
    for (name, space) in spaces() {
        for format in [Format::RgbaF32, Format::RgbaF32Linear, Format::Rgba16] {
            let paint = painted(format, &space, true);
            let params = Params { prompt: "invert".into(), settle_delay: 1, ..Params::default() };
            let shown = shown(params, &paint, &space);
            let (bpp, encoding) = (format.bytes_per_pixel(), format.encoding());
            for (own, made) in paint.bytes.chunks_exact(bpp).zip(shown.pixels.chunks_exact(bpp)).step_by(97) {
                let [r, g, b, _] = colour::load(format, own);
                let seen = to_srgb(&space, encoding, [r, g, b]);
                let expected = space.colour_of_srgb(encoding, seen.map(|v| 1.0 - v));
                let made = colour::load(format, made);
                let apart = expected.iter().zip(made).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(apart < 0.001, "{name}, {format:?}: {made:?} for {expected:?}");
            }
        }
    }
}

#[test]
fn paper_is_of_srgb_in_every_space() {
    for (name, space) in spaces() {
        for format in [Format::RgbaF32, Format::RgbaF32Linear] {
            let paint = Painting::with_format(100, 90, format);
            let params = Params { paper: [200, 60, 90], settle_delay: 1, ..Params::default() };
            let made = colour::load(format, &shown(params, &paint, &space).pixels);
            let paper = [200.0, 60.0, 90.0].map(|v| v / 255.0);
            let expected = space.colour_of_srgb(format.encoding(), paper);
            let apart = expected.iter().zip(made).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 0.001, "{name}, {format:?}: {made:?} for {expected:?}");
        }
    }
}

#[test]
fn the_same_numbers_in_another_space_are_another_canvas() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
    let adobe = Space::named(Named::AdobeRgb).unwrap();
    let profile = ColorProfile::new_adobe_rgb().encode().unwrap();
    let paint = painted(Format::Rgba8, &adobe, true);
    let mut seen = 0;
    for space in [Space::default(), adobe, layer.space_of(&profile).unwrap()] {
        revision(Ok(push(&layer, &paint, &space)));
        settle(&layer);
        let shown = frame(&layer, seen).expect("all of the new canvas");
        assert_eq!(shown.frame.rect, paint.bounds);
        seen = shown.seq;
        assert_eq!(push(&layer, &paint, &space), Pushed::Unchanged);
    }
    assert_eq!(push(&layer, &paint, &layer.space_of(&profile).unwrap()), Pushed::Unchanged);
    let other = Space::named(Named::DisplayP3).unwrap();
    let image = ImageView::new(paint.format, paint.bounds, paint.stride(), &paint.bytes).unwrap();
    let two = [image, image.in_space(&other).unwrap()];
    let refused = layer.push(100, 90, &two, None).unwrap_err();
    assert_eq!(refused.status, Status::Format);
}
