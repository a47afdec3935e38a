//! Control pictures: what a drawing's lines are drawn with is all the same, windows of a level agree to the last bit, edges are
//! those of the detector that nets were trained with, and nothing that is pushed does harm.

use std::ops::Range;
use std::path::Path;

use ndarray::{Axis, s};
use scumble::cancel::Cancel;
use scumble::canvas::{Canvas, Snapshot};
use scumble::pixels::{Format, ImageView, Picture, colour};
use scumble::prepare::{self, Ink, Prepare, Tally};
use scumble::region::Rect;

const INITIAL: u64 = 0x9E37_79B9_7F4A_7C15;

/// Numbers that look like chance and are the same each time.
fn chance(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn bytes(format: Format, width: i32, height: i32, pixel: impl Fn(i32, i32) -> [f32; 4]) -> Vec<u8> {
    let bpp = format.bytes_per_pixel();
    let mut data = vec![0; (width * height) as usize * bpp];
    for (at, bytes) in data.chunks_exact_mut(bpp).enumerate() {
        colour::store(format, pixel(at as i32 % width, at as i32 / width), bytes);
    }
    data
}

fn drawn(width: i32, height: i32, pixel: impl Fn(i32, i32) -> [f32; 4]) -> Snapshot {
    of(Format::Rgba8, width, height, pixel)
}

fn of(format: Format, width: i32, height: i32, pixel: impl Fn(i32, i32) -> [f32; 4]) -> Snapshot {
    let (rect, data) = (Rect::new(0, 0, width, height), bytes(format, width, height, pixel));
    let mut canvas = Canvas::new(rect, format, 1).unwrap();
    let view = ImageView::new(format, rect, width as usize * format.bytes_per_pixel(), &data).unwrap();
    canvas.update(&view, rect, 1).unwrap();
    canvas.snapshot()
}

fn ink_of(pixels: &Snapshot) -> Ink {
    Ink::of(&Tally::of(pixels, None, &Cancel::new()).unwrap())
}

fn prepared(pixels: &Snapshot, how: Prepare, scale: f64, window: [Range<i64>; 2]) -> Picture {
    prepare::window(pixels, how, ink_of(pixels), scale, window, &Cancel::new()).unwrap()
}

fn whole(pixels: &Snapshot, how: Prepare) -> Picture {
    let Rect { width, height, .. } = pixels.bounds();
    prepared(pixels, how, 1.0, [0..i64::from(width), 0..i64::from(height)])
}

/// A ring and a slanted stroke with soft edges: how much of a pixel is line, 0..1.
fn line(x: i32, y: i32) -> f32 {
    let (x, y) = (x as f32 - 60.0, y as f32 - 50.0);
    let ring = (x.hypot(y) - 35.0).abs();
    let slant = (x * 0.6 - y * 0.8).abs();
    (3.0 - ring.min(slant)).clamp(0.0, 1.0)
}

/// The drawing in one colour over another.
fn on_paper(line_colour: [f32; 3], paper: [f32; 3]) -> Snapshot {
    drawn(128, 100, |x, y| {
        let mixed: [f32; 3] =
            std::array::from_fn(|c| line_colour[c] * line(x, y) + paper[c] * (1.0 - line(x, y)));
        [mixed[0], mixed[1], mixed[2], 1.0]
    })
}

fn on_nothing(colour: [f32; 3]) -> Snapshot {
    drawn(128, 100, |x, y| [colour[0], colour[1], colour[2], line(x, y)])
}

fn assert_close(one: &Picture, other: &Picture, apart: f32, what: &str) {
    assert_eq!(one.dim(), other.dim(), "{what}");
    let most = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(most <= apart, "{what}: {most}");
}

#[test]
fn lines_of_either_polarity_on_paper_or_on_nothing_are_one_picture() {
    let (black, white) = ([0.0; 3], [1.0; 3]);
    let kept = on_paper(white, black);
    let as_it_is = whole(&kept, Prepare::AsIs);
    assert_eq!(whole(&kept, Prepare::Drawn), as_it_is, "white on black stays");
    for (picture, what) in [
        (on_paper(black, white), "black on white"),
        (on_nothing(black), "black on transparency"),
        (on_nothing(white), "white on transparency"),
    ] {
        assert_close(&whole(&picture, Prepare::Drawn), &as_it_is, 0.003, what);
    }
    for (colour, paper, what) in [
        ([0.1, 0.1, 0.9], [1.0, 1.0, 1.0], "a blue pen"),
        ([1.0, 0.9, 0.2], [0.05, 0.06, 0.1], "yellow on slate"),
        ([0.2, 0.15, 0.1], [0.93, 0.88, 0.75], "sepia on cream"),
    ] {
        assert_close(&whole(&on_paper(colour, paper), Prepare::Drawn), &as_it_is, 0.25, what);
    }
}

#[test]
fn white_over_dark_strokes_rubs_them_out_and_a_sheet_smaller_than_the_canvas_is_paper() {
    let rubbed = |x: i32| x >= 90;
    let ink = |x, y| if rubbed(x) { 0.0 } else { line(x, y) };
    let clean = whole(&drawn(128, 100, |x, y| [0.0, 0.0, 0.0, ink(x, y)]), Prepare::Drawn);
    let corrected = drawn(128, 100, |x, y| {
        let shade = f32::from(u8::from(rubbed(x)));
        [shade, shade, shade, line(x, y)]
    });
    assert_close(&whole(&corrected, Prepare::Drawn), &clean, 0.003, "rubbed out");
    let sheet = drawn(448, 320, |x, y| {
        let on_it = (0..320).contains(&x) && y < 256;
        let shade = 1.0 - line(x - 20, y - 20);
        [shade, shade, shade, f32::from(u8::from(on_it))]
    });
    let seen = whole(&sheet, Prepare::Drawn);
    assert_eq!(
        (seen[(0, 5, 5)], seen[(0, 300, 400)]),
        (0.0, 0.0),
        "neither paper nor what lies around is ink"
    );
    assert!(seen[(0, 70, 80 + 35)] > 0.9);
}

#[test]
fn a_photographed_sheet_has_black_paper_and_strong_lines() {
    let mut state = INITIAL;
    let noise: Vec<f32> = (0..128 * 100).map(|_| (chance(&mut state) % 1000) as f32 / 1000.0).collect();
    let sheet = drawn(128, 100, |x, y| {
        let paper = 0.70 + 0.08 * (x as f32 / 128.0) + 0.04 * noise[(y * 128 + x) as usize];
        let shade = paper - 0.4 * line(x, y);
        [shade, shade, shade * 0.95, 1.0]
    });
    let seen = whole(&sheet, Prepare::Drawn);
    let part = |is: fn(f32) -> bool| {
        let at = |(place, _): &((usize, usize, usize), _)| is(line(place.2 as i32, place.1 as i32));
        let values: Vec<f32> = seen.indexed_iter().filter(at).map(|(_, v)| *v).collect();
        values.iter().sum::<f32>() / values.len() as f32
    };
    let (paper, lines) = (part(|line| line == 0.0), part(|line| line == 1.0));
    assert!(paper < 0.02 && lines > 0.75, "{paper} {lines}");
}

#[test]
fn where_nothing_is_drawn_there_is_no_ink() {
    for (what, pixel) in [
        ("transparent", [0.0; 4]),
        ("transparent white", [1.0, 1.0, 1.0, 0.0]),
        ("paper", [1.0; 4]),
        ("black", [0.0, 0.0, 0.0, 1.0]),
        ("cream", [0.93, 0.88, 0.75, 1.0]),
    ] {
        for format in [Format::Rgba8, Format::RgbaF32Linear, Format::Rgba16Premultiplied] {
            assert_eq!(ink_of(&of(format, 70, 50, |_, _| pixel)), Ink::None, "{what}");
        }
        let dot = |x, y| if (x, y) == (30, 20) { [0.4, 0.5, 0.6, 1.0] } else { pixel };
        assert_ne!(ink_of(&drawn(700, 500, dot)), Ink::None, "a dot on {what}");
    }
    let nothing = whole(&drawn(70, 50, |_, _| [1.0; 4]), Prepare::Drawn);
    assert!(nothing.iter().all(|value| *value == 0.0));
}

/// Something of everything: lines, edges, colours, noise, holes.
fn anything(width: i32, height: i32) -> Snapshot {
    let mut state = INITIAL;
    let noise: Vec<f32> = (0..width * height).map(|_| (chance(&mut state) % 256) as f32 / 255.0).collect();
    drawn(width, height, |x, y| {
        let speck = noise[(y * width + x) as usize];
        let wave = 0.5 + 0.5 * ((x as f32 * 0.11).sin() * (y as f32 * 0.07).cos());
        let hill = f32::from(u8::from((y as f32) < 120.0 + 40.0 * (x as f32 * 0.02).sin()));
        [wave * 0.6 + 0.2 * speck, hill * 0.8, line(x % 160, y % 140), if speck > 0.97 { 0.3 } else { 1.0 }]
    })
}

#[test]
fn windows_of_a_level_agree_where_they_overlap() {
    let pixels = anything(520, 390);
    for how in Prepare::ALL {
        for scale in [0.5f64.sqrt(), 1.0, 2.0] {
            let (wide, high) = ((520.0 * scale) as i64, (390.0 * scale) as i64);
            // Beyond the canvas, too: a window may be larger.
            let all = prepared(&pixels, how, scale, [-20..wide + 9, -3..high + 30]);
            for [left, top, width, height] in
                [[-20, -3, 97, 64], [wide / 3, high / 4, 200, 128], [wide - 120, high - 90, 129, 120]]
            {
                let part = prepared(&pixels, how, scale, [left..left + width, top..top + height]);
                let (from, under) = ((left + 20) as usize, (top + 3) as usize);
                let same = all.slice(s![.., under..under + height as usize, from..from + width as usize]);
                assert_eq!(part, same, "{how:?} at {scale}, {left} {top}");
            }
        }
    }
}

#[test]
fn pushed_in_parts_in_any_order_it_is_counted_as_if_pushed_whole() {
    let (width, height) = (300, 210);
    let (rect, format, cancel) = (Rect::new(0, 0, width, height), Format::Rgba8, Cancel::new());
    let seen = anything(width, height);
    let data = bytes(format, width, height, |x, y| {
        let mut pixel = [0.0; 4];
        seen.spans(y, x, 1).for_each(|bytes| pixel = colour::load(format, bytes));
        pixel
    });
    let view = ImageView::new(format, rect, width as usize * 4, &data).unwrap();
    let whole = Tally::of(&seen, None, &cancel).unwrap();
    let mut state = INITIAL;
    for round in 0..6 {
        let mut canvas = Canvas::new(rect, format, 1).unwrap();
        let mut counted: Option<(Snapshot, Tally)> = None;
        for part in 0..25 {
            let mut side = |most: i32| (chance(&mut state) as i32 % most, 1 + chance(&mut state) as i32 % 90);
            let ((x, wide), (y, high)) = (side(width), side(height));
            let area = Rect::new(x, y, wide.min(width - x), high.min(height - y));
            canvas.update(&view, if part < 24 { area } else { rect }, part).unwrap();
            // Not after each push: the next count is of all that came since.
            if chance(&mut state).is_multiple_of(2) || part == 24 {
                let now = canvas.snapshot();
                let earlier = counted.as_ref().map(|(pixels, tally)| (pixels, tally));
                let tally = Tally::of(&now, earlier, &cancel).unwrap();
                assert!(tally == Tally::of(&now, None, &cancel).unwrap(), "round {round}, part {part}");
                counted = Some((now, tally));
            }
        }
        assert!(counted.is_some_and(|(_, tally)| tally == whole && Ink::of(&tally) == ink_of(&seen)));
    }
    let other = drawn(70, 50, |_, _| [1.0; 4]);
    let tally = Tally::of(&other, None, &cancel).unwrap();
    assert!(
        Tally::of(&seen, Some((&other, &tally)), &cancel).unwrap() == whole,
        "another canvas: from the start"
    );
}

#[test]
fn thin_lines_stay_lines_where_the_picture_is_made_smaller() {
    let pixels = drawn(800, 600, |x, _| if x % 100 < 2 { [0.0, 0.0, 0.0, 1.0] } else { [0.0; 4] });
    let seen = prepared(&pixels, Prepare::Drawn, 0.25, [0..200, 0..150]);
    let brightest = seen.index_axis(Axis(0), 0).row(70).iter().copied().fold(0.0, f32::max);
    assert!(brightest > 0.8, "{brightest}");
}

#[test]
fn an_edge_is_one_thin_line_and_a_flat_picture_none() {
    for how in [Prepare::Lines, Prepare::Canny] {
        let seen = whole(
            &drawn(90, 80, |x, _| if x < 45 { [0.2, 0.3, 0.4, 1.0] } else { [0.9, 0.8, 0.7, 1.0] }),
            how,
        );
        for row in seen.index_axis(Axis(0), 1).outer_iter() {
            let lit: Vec<usize> = (0..90).filter(|x| row[*x] > 0.5).collect();
            let thin = (1..=4).contains(&lit.len()) && lit.iter().all(|x| (41..=48).contains(x));
            assert!(thin && row.iter().all(|v| (0.0..=1.0).contains(v)), "{how:?}: {lit:?}");
        }
        // One lightness, two colours.
        let hues = drawn(90, 80, |x, _| if x < 45 { [0.75, 0.25, 0.4, 1.0] } else { [0.2, 0.53, 0.4, 1.0] });
        assert!(whole(&hues, how).iter().any(|v| *v > 0.5), "{how:?}");
        let flat = whole(&drawn(90, 80, |_, _| [0.3, 0.6, 0.1, 1.0]), how);
        assert!(flat.iter().all(|v| *v == 0.0), "{how:?}");
    }
}

#[test]
fn numbers_that_are_none_and_odd_sizes_do_no_harm() {
    for how in Prepare::ALL {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (3, 2)] {
            let odd = of(Format::RgbaF32, width, height, |x, y| match (x + y) % 4 {
                0 => [f32::NAN, 0.5, f32::INFINITY, 1.0],
                1 => [f32::NEG_INFINITY, f32::NAN, 1e30, f32::NAN],
                2 => [0.0, 0.0, 0.0, f32::INFINITY],
                _ => [-4.0, 7.0, 0.5, 0.5],
            });
            for scale in [0.5, 1.0, 4.0] {
                let seen = prepared(&odd, how, scale, [-4..60, 0..64]);
                assert_eq!(seen.dim(), (3, 64, 64));
                assert!(seen.iter().all(|v| (0.0..=1.0).contains(v)), "{how:?} {width}×{height} {scale}");
            }
        }
    }
}

#[test]
fn a_cancel_ends_each() {
    let pixels = anything(130, 130);
    let cancel = Cancel::new();
    cancel.cancel();
    for how in Prepare::ALL {
        let ended = prepare::window(&pixels, how, Ink::None, 1.0, [0..64, 0..64], &cancel);
        assert!(ended.is_err_and(|why| why.is_cancelled()), "{how:?}");
    }
    assert!(Tally::of(&pixels, None, &cancel).is_err_and(|why| why.is_cancelled()));
}

#[test]
fn numbers_are_those_of_the_abi() {
    for how in Prepare::ALL {
        assert_eq!(Prepare::from_number(how as u32).unwrap(), how);
    }
    assert!(Prepare::from_number(Prepare::ALL.len() as u32).is_err());
}

fn golden(name: &str) -> image::DynamicImage {
    image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/canny").join(name)).unwrap()
}

fn canny(picture: &image::RgbaImage) -> Picture {
    let (width, height) = picture.dimensions();
    let rect = Rect::new(0, 0, width as i32, height as i32);
    let mut canvas = Canvas::new(rect, Format::Rgba8, 1).unwrap();
    let view = ImageView::new(Format::Rgba8, rect, width as usize * 4, picture.as_raw()).unwrap();
    canvas.update(&view, rect, 1).unwrap();
    let window = [0..i64::from(width), 0..i64::from(height)];
    prepare::window(&canvas.snapshot(), Prepare::Canny, Ink::None, 1.0, window, &Cancel::new()).unwrap()
}

/// Edges of OpenCV's on a golden picture, those of ours that are none of them, and those that ours lacks.
fn against_opencv(name: &str) -> [usize; 3] {
    let edges = golden(&format!("{name}-edges.png")).into_luma8();
    let (width, height) = edges.dimensions();
    let ours = canny(&golden(&format!("{name}.png")).into_rgba8());
    assert_eq!(ours.dim(), (3, height as usize, width as usize));
    let mut counts = [0; 3];
    for (x, y, pixel) in edges.enumerate_pixels() {
        let own = ours.slice(s![.., y as usize, x as usize]);
        assert!(own.iter().all(|value| *value == own[0] && (*value == 0.0 || *value == 1.0)));
        // OpenCV ends at the picture's border; here its edge goes on beyond, as the canvas does.
        let inside = (1..width - 1).contains(&x) && (1..height - 1).contains(&y);
        let (wanted, found) = (pixel.0[0] > 0 && inside, own[0] > 0.0 && inside);
        for (count, is) in counts.iter_mut().zip([wanted, found && !wanted, wanted && !found]) {
            *count += usize::from(is);
        }
    }
    counts
}

#[test]
fn canny_is_opencvs_to_the_pixel_but_for_weak_edges_far_from_strong_ones() {
    let [edges, more, less] = against_opencv("castle");
    assert!(edges > 2500 && more == 0 && less == 0, "{edges} {more} {less}");
    let [edges, more, less] = against_opencv("sunset");
    assert!(edges > 2500 && more == 0 && less * 40 < edges, "{edges} {more} {less}");
}
