//! What a painter may expect of the default model; how good it looks is in its card.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, OnceLock};

use ndarray::{Array2, s};
use scumble::grid::{Level, Window};
use scumble::pipeline::Pipeline;
use scumble::render::{Around, Change, Picture, Renderer};

use crate::support::*;

/// Loaded once for all of these tests.
pub fn model() -> MutexGuard<'static, Pipeline> {
    static LOADED: OnceLock<Mutex<Pipeline>> = OnceLock::new();
    LOADED
        .get_or_init(|| Mutex::new(load(&root().join("models/default")).unwrap()))
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Sky, a hill, and a blob on it.
pub fn painting(width: usize, height: usize, blob: bool) -> Picture {
    Picture::from_shape_fn((3, height, width), |(c, y, x)| {
        let (x, y) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32);
        if blob && x * x + (y - 0.5) * (y - 0.5) < 0.04 {
            [0.8, 0.15, 0.15][c]
        } else if y > 0.7 - 0.3 * x {
            [0.3, 0.5, 0.25][c]
        } else {
            [0.55, 0.75, 0.95][c]
        }
    })
}

pub fn ask<'a>(picture: &'a Picture, prompt: &'a str, strength: f32) -> Request<'a> {
    Request { prompt, strength, ..request(picture) }
}

fn render(picture: &Picture, prompt: &str, strength: f32) -> Picture {
    finished(&mut model(), &ask(picture, prompt, strength)).0
}

/// Mean difference, 0..1, of the pixels for which `which` holds.
pub fn apart(a: &Picture, b: &Picture, which: impl Fn(usize, usize) -> bool) -> f32 {
    assert_eq!(a.dim(), b.dim());
    let mut sum = (0.0, 0.0f32);
    for ((c, y, x), value) in a.indexed_iter() {
        if which(y, x) {
            sum = (sum.0 + (value - b[(c, y, x)]).abs(), sum.1 + 1.0);
        }
    }
    sum.0 / sum.1.max(1.0)
}

pub fn everywhere(_: usize, _: usize) -> bool {
    true
}

#[test]
fn towards_strength_0_the_picture_becomes_the_paint_and_faint_things_stay() {
    // A blob that is hardly darker than what is around it.
    let paint = Picture::from_shape_fn((3, 256, 256), |(c, y, x)| {
        let (x, y) = (x as f32 - 128.0, y as f32 - 160.0);
        let blob = x * x + y * y < 900.0;
        [0.25, 0.4, 0.5][c] + if blob { [0.12, 0.04, -0.06][c] } else { 0.0 }
    });
    let inside = |y: usize, x: usize| (x as f32 - 128.0).hypot(y as f32 - 160.0) < 20.0;
    let apart = [0.08, 0.3].map(|strength| {
        let made = render(&paint, "rocks in a lake", strength);
        (apart(&made, &paint, everywhere), apart(&made, &paint, inside))
    });
    assert!(apart[0].0 < apart[1].0 && apart[0].0 < 0.03, "{apart:?}");
    // The blob's colour is 0.07 from the water's.
    assert!(apart.iter().all(|(_, inside)| *inside < 0.035), "{apart:?}");
}

#[test]
fn a_changed_word_changes_the_picture_and_taking_it_back_brings_it_back() {
    let paint = painting(256, 256, false);
    let calm = render(&paint, "green hills under a blue sky", 0.6);
    let stormy = render(&paint, "green hills under a stormy sky", 0.6);
    assert!(apart(&calm, &stormy, everywhere) > 0.01);
    assert_eq!(calm, render(&paint, "green hills under a blue sky", 0.6));
}

/// The mean of one colour over what `part` says.
pub fn mean(picture: &Picture, c: usize, part: impl Fn(usize, usize) -> bool) -> f32 {
    let (_, height, width) = picture.dim();
    let inside = (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).filter(|&(y, x)| part(y, x));
    let values: Vec<f32> = inside.map(|(y, x)| picture[(c, y, x)]).collect();
    values.iter().sum::<f32>() / values.len() as f32
}

#[test]
fn what_was_painted_keeps_its_place_and_its_colour() {
    let paint = painting(256, 256, true);
    let blob = |y: usize, x: usize| (x as f32 - 128.0).hypot(y as f32 - 128.0) < 40.0;
    let sky = |y: usize, x: usize| y < 50 && x < 200;
    for (strength, most) in [(0.3, 0.12), (0.6, 0.25)] {
        let picture = render(&paint, "a lake between mountains", strength);
        for c in 0..3 {
            let apart = [
                mean(&picture, c, blob) - mean(&paint, c, blob),
                mean(&picture, c, sky) - mean(&paint, c, sky),
            ];
            assert!(apart.iter().all(|v| v.abs() < most), "{strength}, colour {c}: {apart:?}");
        }
    }
}

#[test]
fn what_was_drawn_stays_solid_until_strength_takes_it_all() {
    // A red line on a meadow, of 2 % of the picture: no thing that the network knows.
    let off = |y: usize, x: usize| (y as f32 - 180.0 - 20.0 * (x as f32 / 18.0).sin()).abs();
    let line = |y: usize, x: usize| (70..190).contains(&x) && off(y, x) < 6.0;
    let paint = Picture::from_shape_fn((3, 256, 256), |(c, y, x)| match (line(y, x), y > 120) {
        (true, _) => [0.85, 0.12, 0.15][c],
        (false, true) => [0.45, 0.62, 0.36][c],
        (false, false) => [0.7, 0.84, 0.94][c],
    });
    let inside = |y: usize, x: usize| (74..186).contains(&x) && off(y, x) < 4.0;
    let around = |y: usize, x: usize| (74..186).contains(&x) && (10.0..20.0).contains(&off(y, x));
    let red = |picture: &Picture, part: &dyn Fn(usize, usize) -> bool| {
        mean(picture, 0, part) - mean(picture, 1, part)
    };
    let contrast = |picture: &Picture| red(picture, &inside) - red(picture, &around);
    let kept = [0.6, 0.72, 1.0].map(|strength| {
        contrast(&render(&paint, "green hills under a blue sky", strength)) / contrast(&paint)
    });
    println!("of a red line's contrast is left at 0.6, 0.72 and 1: {kept:.2?}");
    assert!(kept[0] > 0.55 && kept[1] > 0.45 && kept[2] < 0.3, "{kept:?}");
}

#[test]
fn no_halo_stands_around_what_was_drawn() {
    // A tower against the sky.
    let off = |y: usize, x: usize| (x as f32 - 128.0).abs().max((y as f32 - 110.0).abs() - 30.0) - 18.0;
    let paint = Picture::from_shape_fn((3, 256, 256), |(c, y, x)| match (off(y, x) < 0.0, y > 190) {
        (true, _) => [0.35, 0.33, 0.38][c],
        (false, true) => [0.4, 0.5, 0.3][c],
        (false, false) => [0.98, 0.8, 0.58][c],
    });
    let around = |y: usize, x: usize| (1.0..9.0).contains(&off(y, x));
    let apart = [0.3, 0.6]
        .map(|strength| apart(&render(&paint, "castle on a hill, evening", strength), &paint, around));
    println!("within 8 pixels of a tower's outline the picture is off by {apart:.4?} at 0.3 and 0.6");
    assert!(apart[0] < 0.03 && apart[1] < 0.04, "{apart:?}");
}

/// A blot with soft edges may become what the words say; one with hard edges is meant.
#[test]
fn what_is_painted_with_a_soft_brush_binds_less() {
    let off = |y: usize, x: usize| (x as f32 - 120.0).hypot(1.6 * (y as f32 - 110.0)) - 60.0;
    let apart = [1.0, 24.0].map(|width| {
        let paint = Picture::from_shape_fn((3, 256, 256), |(c, y, x)| {
            let inside = (0.5 - off(y, x) / width).clamp(0.0, 1.0);
            [0.1, 0.2, 0.22][c] + inside * [0.35, 0.32, 0.4][c]
        });
        let made = render(&paint, "dark forest under a cloudy sky", 0.6);
        apart(&made, &paint, |y, x| off(y, x).abs() > 16.0)
    });
    println!("hard and soft blots are off by {apart:.4?}");
    assert!(apart[1] > 1.4 * apart[0], "{apart:?}");
}

#[test]
fn how_far_the_paint_binds_is_known_to_every_step_and_sampler() {
    let paint = painting(256, 256, true);
    let blob = |y: usize, x: usize| (x as f32 - 128.0).hypot(y as f32 - 128.0) < 40.0;
    let red = |request: &Request<'_>| {
        let picture = finished(&mut model(), request).0;
        mean(&picture, 0, blob) - mean(&picture, 1, blob)
    };
    for sampler in [None, Some("euler_a"), Some("dpm++"), Some("heun"), Some("lcm")] {
        for steps in [2, 5] {
            let at =
                |strength| Request { sampler, steps, ..ask(&paint, "a lake between mountains", strength) };
            let (low, high) = (red(&at(0.3)), red(&at(0.95)));
            assert!(low > 0.4 && high < 0.25, "{sampler:?}, {steps} steps: {low} at 0.3, {high} at 0.95");
        }
    }
}

/// Words ask for colours, and the paint gets them before it is rendered, unless it has them; what finer levels are made of
/// has them already.
#[test]
fn words_recolour_paint_that_is_not_as_they_say() {
    let day = painting(256, 256, false);
    let night = day.mapv(|value| 0.15 * value) + ndarray::arr3(&[[[0.0]], [[0.0]], [[0.06]]]);
    let light = |paint: &Picture, prompt: &str, strength: f32| {
        render(paint, prompt, strength).iter().sum::<f32>() / paint.len() as f32
    };
    let gained = |paint: &Picture, strength: f32| {
        light(paint, "hills at night", strength) - light(paint, "hills", strength)
    };
    let found = [gained(&day, 0.75), gained(&night, 0.75), gained(&day, 0.08)];
    println!("\"at night\" makes day, night and a finer level of day lighter by {found:.3?}");
    assert!(found[0] < -0.15 && found[1].abs() < 0.05 && found[2].abs() < 0.01, "{found:?}");
}

/// How far the outermost pixels' colours are from those a little further in, along all sides.
fn rim(picture: &Picture) -> f32 {
    let (_, height, width) = picture.dim();
    let strip = |c, side: usize, along: usize, depth: Range<usize>| {
        let inside = |y: usize, x: usize| {
            let (at, from) = [(y, x), (y, width - 1 - x), (x, y), (x, height - 1 - y)][side];
            at / 16 == along && depth.contains(&from)
        };
        mean(picture, c, inside)
    };
    let apart = |c, side, along| (strip(c, side, along, 0..3) - strip(c, side, along, 6..12)).abs();
    let mut found = Vec::new();
    for side in 0..4 {
        for along in 1..15 {
            found.extend([0, 1, 2].map(|c| apart(c, side, along)));
        }
    }
    found.iter().sum::<f32>() / found.len() as f32
}

/// Root mean square of what is finer than `cell` pixels and the same in 7 x 7 cells around.
fn repeats(grey: &Array2<f32>, cell: usize) -> f32 {
    let (height, width) = (grey.nrows() / cell, grey.ncols() / cell);
    let at = |y: usize, x: usize| grey[(y.min(grey.nrows() - 1), x.min(grey.ncols() - 1))];
    let smooth = |y: usize, x: usize| {
        let square = (0..cell).flat_map(|v| (0..cell).map(move |u| (v, u)));
        let back = cell / 2;
        square.map(|(v, u)| at((y + v).saturating_sub(back), (x + u).saturating_sub(back))).sum::<f32>()
            / (cell * cell) as f32
    };
    let fine = Array2::from_shape_fn((height * cell, width * cell), |(y, x)| grey[(y, x)] - smooth(y, x));
    let mut sum = (0.0, 0.0f32);
    for (y, x) in (0..height - 6).flat_map(|y| (0..width - 6).map(move |x| (y, x))) {
        for (v, u) in (0..cell).flat_map(|v| (0..cell).map(move |u| (v, u))) {
            let cells = (0..7).flat_map(|j| (0..7).map(move |i| (j, i)));
            let all: f32 = cells.map(|(j, i)| fine[((y + j) * cell + v, (x + i) * cell + u)]).sum();
            sum = (sum.0 + (all / 49.0).powi(2), sum.1 + 1.0);
        }
    }
    (sum.0 / sum.1).sqrt()
}

/// Zeros beyond the border painted a coloured edge, and what the networks always write into each cell of 8 pixels made
/// a cloth of flat grass.
#[test]
fn there_is_no_edge_at_the_border_and_no_weave_on_flat_ground() {
    let paint = painting(512, 512, false);
    for strength in [0.3, 0.6, 0.9] {
        let picture = render(&paint, "green hills under a blue sky", strength);
        let grey = picture.mean_axis(ndarray::Axis(0)).unwrap();
        let weave = 2.0 * repeats(&grey, 8) / (repeats(&grey, 7) + repeats(&grey, 9));
        let rim = rim(&picture);
        println!(
            "at {strength} the outermost colours are {rim:.4} off, and the cells repeat {weave:.2} times as much"
        );
        assert!(rim < 0.02 && weave < 1.4, "{strength}: {rim:.4}, {weave:.2}");
    }
}

/// What of the noise is broader than a window of cells looked like paint: seed 0 had a dark upper right corner in
/// whatever was painted.
#[test]
fn noise_leaves_no_stain_in_the_sky_that_all_pictures_of_a_seed_have() {
    let paintings = [
        ("a mountain landscape", 0.62, [0.93, 0.89, 0.78], [0.35, 0.32, 0.28]),
        ("hills under a wide sky", 0.5, [0.6, 0.77, 0.92], [0.35, 0.37, 0.45]),
        ("misty mountains", 0.7, [0.75, 0.78, 0.8], [0.3, 0.4, 0.25]),
        ("a calm sea", 0.55, [0.7, 0.8, 0.9], [0.2, 0.4, 0.5]),
        ("desert dunes", 0.6, [0.85, 0.75, 0.6], [0.75, 0.55, 0.35]),
        ("a snowy plain", 0.65, [0.7, 0.75, 0.82], [0.9, 0.92, 0.95]),
    ];
    let stains = [0, 1, 4].map(|seed| {
        let mut quarters = [0.0; 4];
        for (prompt, horizon, sky, ground) in paintings {
            let paint = Picture::from_shape_fn((3, 512, 512), |(c, y, _)| {
                if y as f32 / 512.0 > horizon { ground[c] } else { sky[c] }
            });
            let made = finished(&mut model(), &Request { seed, ..ask(&paint, prompt, 0.9) }).0;
            for (at, quarter) in quarters.iter_mut().enumerate() {
                *quarter += made.slice(s![.., ..128, at * 128..(at + 1) * 128]).mean().unwrap()
                    / paintings.len() as f32;
            }
        }
        quarters.iter().fold(f32::MIN, |a, b| a.max(*b)) - quarters.iter().fold(f32::MAX, |a, b| a.min(*b))
    });
    println!("quarters of the sky's upper part differ by {stains:.3?} in the mean of six pictures, by seed");
    assert!(stains.iter().all(|stain| *stain < 0.035), "{stains:?}");
}

#[test]
fn more_strength_is_farther_from_the_paint() {
    let paint = painting(256, 256, false);
    let distance = [0.25, 0.5, 1.0].map(|s| apart(&render(&paint, "a stormy sea", s), &paint, everywhere));
    assert!(distance[0] < distance[1] && distance[1] < distance[2], "{distance:?}");
    assert!(distance[0] < 0.12, "at a quarter the paint is kept: {distance:?}");
}

#[test]
fn a_small_stroke_changes_the_picture_near_it() {
    let paint = painting(256, 256, false);
    let mut dotted = paint.clone();
    let dot = |y: usize, x: usize| (x as f32 - 180.0).hypot(y as f32 - 60.0);
    for ((c, y, x), value) in dotted.indexed_iter_mut() {
        if dot(y, x) < 12.0 {
            *value = [0.9, 0.5, 0.2][c];
        }
    }
    let (a, b) = (render(&paint, "green hills", 0.6), render(&dotted, "green hills", 0.6));
    let (near, far) = (apart(&a, &b, |y, x| dot(y, x) < 12.0), apart(&a, &b, |y, x| dot(y, x) > 80.0));
    assert!(near > 0.02 && far < near / 5.0, "{near} under the dot, {far} far from it");
}

/// A square of a pattern that means nothing, which each window may take for something else; a small evening landscape.
const STROKES: [fn(f32, f32) -> [f32; 3]; 2] = [
    |y, x| {
        let waves = 0.15 * (x / 9.0).sin() * (y / 13.0).cos();
        [0.35 + waves, 0.3 + waves, 0.25 + waves]
    },
    |y, x| match (y - 95.0 - 18.0 * (x / 31.0).sin(), (x - 110.0).abs() < 14.0 && (52.0..110.0).contains(&y))
    {
        (_, true) => [0.3, 0.24, 0.26],
        (below, false) if below > 0.0 => [0.25, 0.33, 0.22],
        _ => [0.85 - y / 400.0, 0.6 + y / 500.0, 0.5 + y / 400.0],
    },
];

/// What is shown of a stroke of 160 pixels against what settles, in dB, as the live loop has it on 512²: a window with 48 around
/// it, of which the last step sees more, or not.
fn stroke_against_what_settles(stroke_of: fn(f32, f32) -> [f32; 3]) -> [f64; 2] {
    const CELL: usize = 8;
    let (stroke, part, far) = (22..42, 16..48, 8..56);
    let before = painting(512, 512, false);
    let mut after = before.clone();
    let pixels = |cells: &Range<usize>| cells.start * CELL..cells.end * CELL;
    let mut painted = after.slice_mut(s![.., pixels(&stroke), pixels(&stroke)]);
    painted.indexed_iter_mut().for_each(|((c, y, x), value)| *value = stroke_of(y as f32, x as f32)[c]);
    let mut model = model();
    let prompt = "a rocky hill";
    let last = ask(&before, prompt, 0.6).finish(&mut model).1;
    let settled = ask(&after, prompt, 0.6).finish(&mut model).0;
    let paint = after.slice(s![.., pixels(&part), pixels(&part)]).to_owned();
    let held = last.slice(s![.., part.clone(), part.clone()]).to_owned();
    let free = stroke.start - part.start - 1..=stroke.end - part.start;
    let dirty =
        Array2::from_shape_fn((32, 32), |(y, x)| f32::from(u8::from(free.contains(&y) && free.contains(&x))));
    let farther = last.slice(s![.., far.clone(), far.clone()]).to_owned();
    let at = |cells: &Range<usize>, level| Window {
        level,
        x: cells.start as i64,
        y: cells.start as i64,
        width: cells.len(),
        height: cells.len(),
    };
    let around = Around { window: at(&far, Level::FULL), last: &farther };
    [Some(around), None].map(|around| {
        let change = Some(Change { dirty: &dirty, last: &held, around });
        let cell_origin = (part.start as i64, part.start as i64);
        let ask = Request { change, cell_origin, canvas: Some((512, 512)), ..ask(&paint, prompt, 0.6) };
        let live = ask.finish(&mut model).0;
        let own = stroke.start - part.start..stroke.end - part.start;
        let live = live.slice(s![.., pixels(&own), pixels(&own)]).to_owned();
        psnr(&live, &settled.slice(s![.., pixels(&stroke), pixels(&stroke)]).to_owned())
    })
}

#[test]
fn what_is_shown_of_a_stroke_is_nearer_to_what_settles_when_the_last_step_sees_more() {
    let found = STROKES.map(stroke_against_what_settles);
    println!(
        "strokes against what settles, where the last step sees more and where none does: {found:.1?} dB"
    );
    let [[pattern, pattern_narrow], [landscape, landscape_narrow]] = found;
    assert!(landscape > 27.0 && landscape > landscape_narrow + 1.0, "{found:.1?}");
    assert!(pattern > 25.5 && pattern > pattern_narrow + 1.0, "{found:.1?}");
}

#[test]
fn a_window_shows_what_the_whole_shows_there() {
    // Bands of the height of a quarter, where what is sky and what is ground is not to be seen in them alone.
    let all = Picture::from_shape_fn((3, 512, 512), |(c, y, x)| {
        [0.5, 0.55, 0.5][c] + 0.12 * ((x as f32 / 40.0).sin() * (y as f32 / 23.0).cos())
    });
    let mut model = model();
    let mut shown = |picture: &Picture, cell_origin, canvas| {
        let asked = Request { steps: 2, cell_origin, canvas, ..ask(picture, "hills under a wide sky", 0.75) };
        finished(&mut model, &asked).0
    };
    let whole = shown(&all, (0, 0), None);
    let mut found = Vec::new();
    for row in [0, 16, 48] {
        let rows = s![.., row * 8..row * 8 + 128, ..];
        let paint = all.slice(rows).as_standard_layout().into_owned();
        let same = whole.slice(rows).to_owned();
        let mut nearness = |canvas| psnr(&shown(&paint, (0, row as i64), canvas), &same);
        found.push((nearness(Some((512, 512))), nearness(Some((512, 1 << 20)))));
    }
    println!(
        "bands against the whole, and where they are said to lie at the top of a tall one: {found:.1?} dB"
    );
    assert!(found.iter().all(|(told, _)| *told > 20.0), "{found:.1?}");
    assert!(found[2].0 > found[2].1 + 3.0, "{found:.1?}");
}

#[test]
fn any_words_any_shape_and_guidance_make_a_picture() {
    let long = "mountain ".repeat(400);
    for prompt in ["", "s", "xyzzy qwrt", "山 и 🏔️", &long] {
        let picture = render(&painting(256, 256, true), prompt, 0.6);
        assert!(picture.iter().all(|v| v.is_finite()), "{prompt:?}");
    }
    for (width, height) in [(64, 64), (64, 256), (512, 64), (448, 192)] {
        let paint = painting(width, height, true);
        let picture = render(&paint, "a castle on a hill", 0.9);
        assert_eq!(picture.dim(), paint.dim());
        assert!(picture.iter().all(|v| v.is_finite()), "{width}x{height}");
    }
    let paint = painting(256, 256, false);
    let guided = Request { guidance: 3.0, negative: "desert", ..ask(&paint, "green hills", 0.6) };
    let guided = finished(&mut model(), &guided).0;
    assert!(guided.iter().all(|v| v.is_finite()));
    assert!(apart(&guided, &render(&paint, "green hills", 0.6), everywhere) > 0.005);
    let info = model().info();
    assert_eq!((info.geometry.native, info.geometry.multiple), (512, 64));
}
