//! Regions: whose words hold where, and that nothing changes beyond.

use std::time::Duration;

use ndarray::{Array2, Array3, Axis};
use scumble::cancel::Cancel;
use scumble::conditions;
use scumble::engine::Engine;
use scumble::error::Status;
use scumble::frame::Kind;
use scumble::job::Params;
use scumble::pipeline::LoadOptions;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::render::{Control, Latent, Picture, Policy, Previews, Region};
use scumble::session::{Polled, Pushed, Session};
use scumble::steps::StepRange;

use crate::support::*;

/// White in the columns from one to another, grey on `soft` more at both sides.
fn band(width: usize, height: usize, from: usize, until: usize, soft: usize) -> Picture {
    Array3::from_shape_fn((3, height, width), |(_, _, x)| {
        let outside = from.saturating_sub(x).max((x + 1).saturating_sub(until));
        1.0 - (outside as f32 / (soft + 1) as f32).min(1.0)
    })
}

fn region<'a>(mask: &'a Picture, prompt: &'a str) -> Region<'a> {
    Region { mask, prompt, negative: "", weight: 1.0, rank: 0, steps: StepRange::ALL }
}

/// Pixels that differ where a mask is not 0, and where it is.
fn changed(a: &Picture, b: &Picture, mask: &Picture) -> (usize, usize) {
    let differs =
        Array2::from_shape_fn((a.dim().1, a.dim().2), |(y, x)| (0..3).any(|c| a[[c, y, x]] != b[[c, y, x]]));
    let covered = mask.index_axis(Axis(0), 0);
    let count = |inside: bool| {
        let both = differs.iter().zip(covered);
        both.filter(|(differs, covered)| **differs && (**covered > 0.0) == inside).count()
    };
    (count(true), count(false))
}

/// Of each family one, with a picture's size and that of a cell.
const FAMILIES: [(&str, (usize, usize), usize); 14] = [
    ("sd15", (128, 64), 8),
    ("xl", (128, 64), 8),
    ("lcm", (128, 64), 4),
    ("sd3", (96, 48), 8),
    ("flux-schnell", (96, 48), 8),
    ("flux-dev", (96, 48), 8),
    ("flux-kontext", (96, 48), 8),
    ("flux-fill", (96, 48), 8),
    ("flux-control", (96, 48), 8),
    ("klein", (96, 64), 16),
    ("klein-base", (96, 64), 16),
    ("z-image", (96, 48), 8),
    ("z-image-web", (96, 48), 8),
    ("sana", (192, 96), 32),
];

#[test]
fn words_hold_in_their_region_and_change_nothing_beyond_it_in_any_family() {
    for (model, (width, height), cell) in FAMILIES {
        let mut pipeline = load(&tiny(model)).unwrap();
        let picture = grey(width, height);
        let plain = Request { guidance: 3.0, strength: 0.75, cell, ..request(&picture) };
        let before = finished(&mut pipeline, &plain).0;
        let mask = band(width, height, width / 16, width * 5 / 16, width / 12);
        let one = [region(&mask, "ships in the mist")];
        let with = finished(&mut pipeline, &Request { regions: &one, ..plain }).0;
        let (inside, beyond) = changed(&before, &with, &mask);
        assert!(inside > 500 && beyond == 0, "{model}: {inside} inside, {beyond} beyond");
        let other = [region(&mask, "an old castle, night")];
        let other = finished(&mut pipeline, &Request { regions: &other, ..plain }).0;
        let (inside, beyond) = changed(&with, &other, &mask);
        assert!(inside > 500 && beyond == 0, "{model}: {inside} inside, {beyond} beyond");
        // Nothing that is seen: the plain picture, to the last bit.
        let black = Picture::zeros(picture.dim());
        for off in [Region { weight: 0.0, ..one[0] }, region(&black, "ships")] {
            assert_eq!(before, finished(&mut pipeline, &Request { regions: &[off], ..plain }).0);
        }
        // The whole picture's words again: what little differs is rounding.
        let same = [region(&mask, plain.prompt)];
        let same = finished(&mut pipeline, &Request { regions: &same, ..plain }).0;
        assert!(psnr(&before, &same) > 60.0, "{model}");
    }
}

/// A mask's mean in each cell.
fn by_cell(mask: &Array2<f32>, cell: usize) -> Array2<f32> {
    let cells = mask.exact_chunks((cell, cell)).into_iter().map(|cell| cell.mean().unwrap());
    Array2::from_shape_vec((mask.nrows() / cell, mask.ncols() / cell), cells.collect()).unwrap()
}

/// One step is linear in what the network predicts, so what is to come of it can be told from what comes of each region's
/// words alone.
#[test]
fn one_step_gives_each_region_its_share_and_upper_ones_what_they_cover_in_any_family() {
    for (model, (width, height), cell) in FAMILIES {
        let mut pipeline = load(&tiny(model)).unwrap();
        let picture = grey(width, height);
        let plain = Request { guidance: 3.0, strength: 0.75, steps: 1, cell, ..request(&picture) };
        let mut of = |asked: Request<'_>| asked.finish(&mut pipeline).1;
        let (whole, ships) = (of(plain), of(Request { prompt: "ships in the mist", ..plain }));
        let castle = of(Request { prompt: "an old castle, night", ..plain });
        let lower = band(width, height, width / 16, width * 5 / 16, width / 12);
        let upper = band(width, height, width / 4, width * 3 / 4, 3);
        let one = region(&lower, "ships in the mist");
        let two = [Region { rank: 3, weight: 0.75, ..region(&upper, "an old castle, night") }, one];
        let (one, two) = (of(Request { regions: &[one], ..plain }), of(Request { regions: &two, ..plain }));
        let [low, high] = [&lower, &upper].map(|mask| mask.index_axis(Axis(0), 0).to_owned());
        let together = (&low + &high).mapv(|covered| covered.min(1.0));
        let left = &low * &high.mapv(|covered| 1.0 - 0.75 * covered);
        let [low, high, together, left] =
            [&low, &(high * 0.75), &together, &left].map(|mask| by_cell(mask, cell));
        let most = |difference: &Latent| difference.iter().fold(0f32, |most, value| most.max(value.abs()));
        let (ships, castle) = (ships - &whole, castle - &whole);
        let least = most(&ships).min(most(&castle));
        assert!(least > 1e-3, "{model}: {least}");
        let wrong = most(&(one - &whole - &ships * &low * &low)) / least;
        assert!(wrong < 1e-3, "{model}: one region, {wrong}");
        let wrong = most(&(two - &whole - (ships * left + castle * high) * &together)) / least;
        assert!(wrong < 1e-3, "{model}: one over another, {wrong}");
    }
}

#[test]
fn an_upper_region_covers_lower_ones_and_those_of_one_rank_are_mixed() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(128, 64);
    let mut of = |regions: &[Region<'_>]| {
        finished(&mut pipeline, &Request { regions, guidance: 3.0, ..request(&picture) }).0
    };
    let (all, sky) = (Picture::ones(picture.dim()), band(128, 64, 30, 70, 10));
    let (beneath, half) = (sky.mapv(|covered| 1.0 - covered), sky.mapv(|covered| 1.0 - 0.5 * covered));
    let ships = |mask, rank| Region { rank, ..region(mask, "ships") };
    let castle = |weight, rank| Region { weight, rank, ..region(&sky, "an old castle") };
    // As if it had been cut out of what lies beneath it.
    let cut = of(&[ships(&beneath, 5), castle(1.0, 5)]);
    for two in [[ships(&all, 0), castle(1.0, 1)], [castle(1.0, u32::MAX), ships(&all, 7)]] {
        assert!(psnr(&cut, &of(&two)) > 100.0);
    }
    let soft = of(&[ships(&half, 0), castle(0.5, 0)]);
    assert!(psnr(&soft, &of(&[ships(&all, 1), castle(0.5, 2)])) > 100.0, "its weight is how much it covers");
    let mixed = of(&[ships(&all, 1), castle(1.0, 1)]);
    assert!(psnr(&cut, &mixed) < 60.0 && psnr(&cut, &soft) < 60.0);
    // The other way round nothing is seen of it, and it costs nothing.
    let over = of(&[ships(&all, 0)]);
    assert_eq!(over, of(&[ships(&all, 2), castle(1.0, 1)]));
    assert_eq!(
        over,
        of(&[ships(&all, 2), Region { weight: 0.0, ..castle(1.0, 3) }]),
        "off, it covers nothing"
    );
}

#[test]
fn a_region_over_all_of_it_has_the_picture_to_itself_and_its_negative_counts() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let all = Picture::ones(picture.dim());
    let plain = Request { guidance: 4.0, ..request(&picture) };
    let ships = finished(&mut pipeline, &Request { prompt: "ships", ..plain }).0;
    let made = finished(&mut pipeline, &Request { regions: &[region(&all, "ships")], ..plain }).0;
    assert!(psnr(&ships, &made) > 60.0, "{}", psnr(&ships, &made));
    let ugly = finished(&mut pipeline, &Request { prompt: "ships", negative: "ugly", ..plain }).0;
    let own = [Region { negative: "ugly", ..region(&all, "ships") }];
    let made = finished(&mut pipeline, &Request { regions: &own, negative: "blurry", ..plain }).0;
    assert!(psnr(&ugly, &made) > 60.0);
    let made =
        finished(&mut pipeline, &Request { regions: &[region(&all, "ships")], negative: "ugly", ..plain }).0;
    assert!(psnr(&ugly, &made) > 60.0);
    // Of two that cover the same, one with nearly all the weight is heard.
    let two = [region(&all, "ships"), Region { weight: 1e-6, ..region(&all, "an old castle") }];
    assert!(psnr(&ships, &finished(&mut pipeline, &Request { regions: &two, ..plain }).0) > 60.0);
    let even = [region(&all, "ships"), region(&all, "an old castle")];
    assert!(psnr(&ships, &finished(&mut pipeline, &Request { regions: &even, ..plain }).0) < 60.0);
}

#[test]
fn previews_masks_holes_controls_and_samplers_go_with_regions() {
    let picture = grey(64, 64);
    let mask = band(64, 64, 0, 24, 8);
    let net = tiny("controls/sd15-lines").to_str().unwrap().to_owned();
    let drawn = Array3::from_shape_fn((3, 64, 64), |(_, y, x)| f32::from(u8::from((x + 2 * y) % 23 < 3)));
    let control =
        [Control { picture: &drawn, model: &net, scale: 1.0, steps: StepRange { start: 0.0, end: 0.6 } }];
    let half = Array2::from_shape_fn((8, 8), |(y, _)| f32::from(u8::from(y < 4)));
    let hole = Array2::from_shape_fn((64, 64), |(y, _)| f32::from(u8::from(y < 40)));
    let one = [region(&mask, "ships")];
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let plain = Request { guidance: 3.0, ..request(&picture) };
    for asked in [
        Request { controls: &control, ..plain },
        Request { mask: Some(&half), ..plain },
        Request { sampler: Some("heun"), ..plain },
        Request { sampler: Some("euler_a"), ..plain },
        Request { sampler: Some("dpm++"), ..plain },
        Request { cell_origin: (-3, 5), level: 1, seed: 9, ..plain },
    ] {
        let before = finished(&mut pipeline, &asked).0;
        let with = finished(&mut pipeline, &Request { regions: &one, ..asked }).0;
        let (inside, beyond) = changed(&before, &with, &mask);
        assert!(inside > 200 && beyond == 0, "{:?}: {inside} inside, {beyond} beyond", asked.sampler);
    }
    let mut inpaint = load(&tiny("inpaint")).unwrap();
    let asked = Request { hole: Some(&hole), ..plain };
    let before = finished(&mut inpaint, &asked).0;
    let with = finished(&mut inpaint, &Request { regions: &one, ..asked }).0;
    let (inside, beyond) = changed(&before, &with, &mask);
    assert!(inside > 200 && beyond == 0, "a hole: {inside} inside, {beyond} beyond");
    // Each preview too is the plain one beyond it.
    let each = Request { previews: Previews::EachStep, ..plain };
    let mut run =
        |asked: &Request<'_>| asked.run(&mut pipeline, &Policy::default(), &Cancel::new()).unwrap().patches;
    let (before, with) = (run(&each), run(&Request { regions: &one, ..each }));
    assert_eq!((before.len(), with.len()), (4, 4));
    for (before, with) in before.iter().zip(&with) {
        assert_eq!(changed(&before.picture, &with.picture, &mask).1, 0, "step {}", before.step);
    }
}

#[test]
fn numbers_and_sizes_that_are_none_are_refused() {
    let (mut pipeline, picture, small) = (load(&tiny("sd15")).unwrap(), grey(64, 64), grey(32, 32));
    let mask = band(64, 64, 0, 24, 8);
    for (bad, status) in [
        (Region { weight: f32::NAN, ..region(&mask, "x") }, Status::Setting),
        (Region { weight: -1.0, ..region(&mask, "x") }, Status::Setting),
        (region(&small, "x"), Status::Internal),
    ] {
        let error = Request { regions: &[bad], ..request(&picture) }.error(&mut pipeline);
        assert_eq!(error.status, status, "{error}");
    }
    finished(&mut pipeline, &request(&picture));
}

#[test]
fn a_live_layer_has_regions_that_are_painted_and_leaves_what_is_beyond_them() {
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    let engine = Engine::load(options).unwrap();
    let session = engine.session();
    session.set_params(Params { steps: Some(2), settle_delay: 0, ..Params::default() }).unwrap();
    const SIDE: i32 = 64;
    let pixels = |pixel: &dyn Fn(i32, i32) -> [u8; 4]| -> Vec<u8> {
        (0..SIDE * SIDE).flat_map(|at| pixel(at % SIDE, at / SIDE)).collect()
    };
    let all = Rect::new(0, 0, SIDE, SIDE);
    let paint = pixels(&|x, y| [(x * 3) as u8, (y * 5) as u8, 90, 255]);
    let view = ImageView::new(Format::Rgba8, all, SIDE as usize * 4, &paint).unwrap();
    session.push(SIDE, SIDE, &[view], None).unwrap();
    let settled = || {
        assert!(session.wait(Duration::from_secs(120)).unwrap());
        let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
        frame.tiles.read(frame.covers).unwrap()
    };
    let region = |prompt: &str, weight: f32| conditions::Region {
        prompt: prompt.into(),
        negative: String::new(),
        weight,
        rank: 0,
        steps: StepRange::ALL,
    };
    // Strokes on transparency: white left of 24.
    let strokes = pixels(&|x, _| if x < 24 { [255; 4] } else { [0; 4] });
    let set = |region: conditions::Region, image: Option<(&[u8], Rect)>| {
        let image = image.map(|(pixels, rect)| {
            (SIDE, SIDE, ImageView::new(Format::Rgba8, rect, rect.width as usize * 4, pixels).unwrap())
        });
        session.set_region(4, region, image)
    };
    let plain = settled();
    assert_eq!(set(region("ships", 1.0), None).unwrap_err().status, Status::Buffer);
    assert!(matches!(set(region("ships", 1.0), Some((&strokes, all))).unwrap(), Pushed::Revision(_)));
    assert_eq!(set(region("ships", 1.0), None).unwrap(), Pushed::Unchanged);
    let ships = settled();
    let differs = |a: &[u8], b: &[u8], from: usize| {
        let pixels = a.chunks(4).zip(b.chunks(4)).enumerate();
        pixels.filter(|(at, (a, b))| (at % SIDE as usize >= from) && a != b).count()
    };
    assert!(differs(&plain, &ships, 0) > 300 && differs(&plain, &ships, 24) == 0);
    assert!(matches!(set(region("an old castle", 1.0), None).unwrap(), Pushed::Revision(_)));
    let castle = settled();
    assert!(differs(&ships, &castle, 0) > 300 && differs(&ships, &castle, 24) == 0);
    // A stroke more.
    let stroke = vec![255; 16 * 16 * 4];
    let at = Rect::new(40, 10, 16, 16);
    assert!(matches!(set(region("an old castle", 1.0), Some((&stroke, at))).unwrap(), Pushed::Revision(_)));
    assert!(differs(&castle, &settled(), 24) > 100);
    set(region("ships", 1.0), Some((&strokes, all))).unwrap();
    assert!(settled() == ships);
    set(region("ships", 0.0), None).unwrap();
    assert!(settled() == plain);
    assert_eq!(set(region("castle", 0.0), None).unwrap(), Pushed::Unchanged);
    assert_eq!(set(region("ships", f32::NAN), None).unwrap_err().status, Status::Setting);
    set(region("ships", 1.0), None).unwrap();
    assert!(settled() == ships);
    // Another over it, then beneath it: nothing but its rank says so.
    let over = |rank| {
        let view = ImageView::new(Format::Rgba8, all, SIDE as usize * 4, &strokes).unwrap();
        session.set_region(
            2,
            conditions::Region { rank, ..region("an old castle", 1.0) },
            Some((SIDE, SIDE, view)),
        )
    };
    assert!(matches!(over(1).unwrap(), Pushed::Revision(_)));
    let above = settled();
    set(conditions::Region { rank: 2, ..region("ships", 1.0) }, None).unwrap();
    assert!(settled() == ships && above != ships);
    assert_eq!(over(1).unwrap(), Pushed::Unchanged);
    session.clear_condition(4).unwrap();
    assert!(settled() == above);
    session.clear_condition(2).unwrap();
    assert!(settled() == plain);
}

#[test]
fn beyond_a_region_nothing_changes_on_canvases_that_are_larger_than_the_model_either() {
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    let engine = Engine::load(options).unwrap();
    // The model's 64², and three levels of tiles.
    const SIDE: i32 = 400;
    let canvas = |pixel: &dyn Fn(i32, i32) -> [u8; 3]| -> Vec<u8> {
        let pixels = (0..SIDE * SIDE).map(|at| pixel(at % SIDE, at / SIDE));
        pixels.flat_map(|[r, g, b]| [r, g, b, 255]).collect()
    };
    // In the middle of tiles as well as across their borders, with an edge that is soft over 8 pixels.
    let covered = |x: i32, y: i32| (x - 90).min(230 - x).min(y - 130).min(250 - y);
    let paint = canvas(&|x, y| [x as u8, (y / 2) as u8, (x * y % 97) as u8]);
    let mask = canvas(&|x, y| [(covered(x, y) * 32).clamp(0, 255) as u8; 3]);
    let all = Rect::new(0, 0, SIDE, SIDE);
    let view = |bytes| ImageView::new(Format::Rgba8, all, SIDE as usize * 4, bytes).unwrap();
    let region = |prompt: &str| conditions::Region {
        prompt: prompt.into(),
        negative: String::new(),
        weight: 1.0,
        rank: 0,
        steps: StepRange::ALL,
    };
    let layer = || {
        let session = engine.session();
        session.set_params(Params { steps: Some(2), settle_delay: 0, ..Params::default() }).unwrap();
        session.push(SIDE, SIDE, &[view(&paint)], None).unwrap();
        session
    };
    let settled = |session: &Session| {
        assert!(session.wait(Duration::from_secs(300)).unwrap());
        let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
        assert_eq!(frame.kind, Kind::Final);
        frame.tiles.read(frame.covers).unwrap()
    };
    let session = layer();
    session.set_region(1, region("ships"), Some((SIDE, SIDE, view(&mask)))).unwrap();
    let ships = settled(&session);
    session.set_region(1, region("an old castle"), None).unwrap();
    let castle = settled(&session);
    session.clear_condition(1).unwrap();
    let plain = settled(&session);
    assert!(settled(&layer()) == plain, "a layer that never had a region");
    for (one, another) in [(&ships, &plain), (&castle, &plain), (&ships, &castle)] {
        let pixels = one.chunks(4).zip(another.chunks(4)).enumerate().filter(|(_, (a, b))| a != b);
        let places = pixels.map(|(at, _)| (at as i32 % SIDE, at as i32 / SIDE));
        let (inside, beyond): (Vec<_>, Vec<_>) = places.partition(|(x, y)| covered(*x, *y) > 0);
        assert!(inside.len() > 10_000, "{} inside", inside.len());
        assert!(beyond.is_empty(), "{} beyond, the first at {:?}", beyond.len(), beyond.first());
    }
}
