//! Live windows and the settled picture, on a renderer that is not the identity: what it makes of a cell depends on
//! the cell's noise, on its neighbours, on the mask and on what is held.

mod support;

use scumble::frame::Kind;
use scumble::job::Params;
use scumble::pixels::mask::Coverage;
use scumble::pixels::paste::Alpha;
use scumble::region::Rect;
use scumble::render::{Geometry, Tier};
use scumble::session::Session;
use support::local::{Asked, engine, seeing};
use support::painting::*;

fn params() -> Params {
    Params { settle_delay: 1, ..Params::default() }
}

/// What a session shows that has seen nothing but the end.
fn fresh(paint: &Painting, params: &Params, mask: Option<Rect>) -> Shown {
    let (engine, _) = engine();
    let layer = engine.session();
    layer.set_params(params.clone()).unwrap();
    paint.push(&layer, None).unwrap();
    cover(&layer, paint, mask);
    settle(&layer);
    frame(&layer, 0).expect("a picture")
}

fn cover(layer: &Session, paint: &Painting, mask: Option<Rect>) {
    let bytes = vec![255; paint.bounds.area() as usize];
    let given = mask.map(|rect| Coverage::new(rect, rect.width as usize, &bytes));
    layer.set_mask(paint.bounds.width, paint.bounds.height, given).unwrap();
}

#[test]
fn at_rest_the_picture_is_a_fresh_sessions_whatever_the_history() {
    histories(Alpha::Opaque);
}

#[test]
fn at_rest_it_is_that_also_where_frames_keep_the_paints_alpha() {
    histories(Alpha::FollowPaint);
}

fn histories(alpha: Alpha) {
    // One window at 1:1; scaled down; one and two refinements; a strip; enlarged.
    for (width, height) in [(128, 120), (170, 150), (300, 260), (520, 400), (900, 60), (60, 50)] {
        for seed in 0..4 {
            let mut dice = Dice(seed * 100 + width as u64);
            let (engine, log) = engine();
            let layer = engine.session();
            let mut paint = Painting::new(width, height);
            let (mut now, mut mask) = (Params { alpha, ..params() }, None);
            layer.set_params(now.clone()).unwrap();
            let mut past = vec![paint.clone()];
            for round in 0..14 {
                match dice.within(0, 9) {
                    0..=4 => {
                        let (w, h) = (dice.within(2, 40).min(width), dice.within(2, 40).min(height));
                        let at =
                            Rect::new(dice.within(0, width - w + 1), dice.within(0, height - h + 1), w, h);
                        let [r, g, b, a, ..] = dice.roll().to_ne_bytes();
                        let a = if alpha == Alpha::Opaque || a < 100 { 255 } else { a.saturating_sub(120) };
                        paint.fill_with(at, [r, g, b, a]);
                        past.push(paint.clone());
                    }
                    5 => paint = past[dice.within(0, past.len() as i32) as usize].clone(),
                    6 => {
                        now.seed = dice.roll() % 2;
                        now.prompt = ["a", "b"][dice.within(0, 2) as usize].into();
                        layer.set_params(now.clone()).unwrap();
                    }
                    7 => {
                        mask = Some(dice.rect_in(paint.bounds)).filter(|_| round % 2 == 0);
                        paint.push(&layer, None).unwrap();
                        cover(&layer, &paint, mask);
                    }
                    _ => settle(&layer),
                }
                paint.push(&layer, None).unwrap();
                if dice.within(0, 3) == 0 {
                    std::thread::yield_now();
                }
            }
            settle(&layer);
            let (mine, fresh) = (frame(&layer, 0).expect("a picture"), fresh(&paint, &now, mask));
            assert_eq!((mine.kind, fresh.kind, mine.rect), (Kind::Final, Kind::Final, fresh.rect));
            assert!(mine.pixels == fresh.pixels, "{width} x {height}, history {seed}");
            assert!(fresh.pixels != paint.part(fresh.rect), "the stub is not the identity");
            assert!(log.take().iter().all(|asked| asked.width * asked.height <= 18 * 18));
        }
    }
}

#[test]
fn a_small_stroke_renders_its_window_and_then_the_whole_settles() {
    let (engine, log) = engine();
    let layer = engine.session();
    layer.set_params(params()).unwrap();
    let mut paint = Painting::new(128, 128);
    paint.fill(Rect::new(0, 0, 128, 60), [40, 90, 200]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let whole = Asked { level: 0, width: 16, height: 16, tier: Tier::Live, held: false, around: 0 };
    assert_eq!(log.take(), [whole], "a whole that was finished is what settles");
    let first = frame(&layer, 0).unwrap();
    paint.fill(Rect::new(4, 4, 10, 10), [250, 10, 10]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let asked = log.take();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].held && asked[0].width * asked[0].height <= 128, "{asked:?}");
    assert_eq!(asked[1], Asked { tier: Tier::Settled, ..whole });
    // Back to what it was: known, and nothing is rendered for it but the window.
    paint.fill(Rect::new(4, 4, 10, 10), [40, 90, 200]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    assert!(log.take().iter().all(|asked| asked.held));
    assert!(frame(&layer, 0).unwrap().pixels == first.pixels, "an undo settles as it was");
}

/// What is asked for when `rect` of a canvas is painted over that has settled.
fn stroke(context: u32, side: i32, rect: Rect) -> Asked {
    let (engine, log) = seeing(context);
    let layer = engine.session();
    layer.set_params(params()).unwrap();
    let mut paint = Painting::new(side, side);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    log.take();
    paint.fill(rect, [250, 10, 10]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    log.take()[0]
}

#[test]
fn the_last_picture_is_seen_as_far_around_a_stroke_as_the_model_wants() {
    let dab = |context, side| stroke(context, side, Rect::new(4, 4, 10, 10));
    let narrow = dab(0, 128);
    assert!(narrow.held && narrow.around == 0, "{narrow:?}");
    // Two cells around it are enough for the first step then.
    let near = Asked { width: 4, height: 4, ..narrow };
    assert!(near.width < narrow.width && near.height < narrow.height, "{narrow:?}");
    assert_eq!(dab(64, 128), Asked { around: 10 * 10, ..near }, "14 pixels and 64 around them");
    assert_eq!(dab(1000, 128), Asked { around: 16 * 16, ..near }, "all there is");
    assert_eq!(dab(1, 128), near, "no more than is rendered anyway");
    // On a larger canvas the focus looks closer instead.
    assert_eq!(dab(64, 256).around, 0);
}

#[test]
fn a_last_step_looks_as_far_as_three_eighths_of_the_whole_afford() {
    // Two steps of the whole see twice as many.
    let all = 16 * 16;
    let mut dice = Dice(11);
    for _ in 0..12 {
        let (width, height) = (dice.within(17, 25), dice.within(17, 25));
        let rect = Rect::new(dice.within(0, 128 - width), dice.within(0, 128 - height), width, height);
        let asked = stroke(8, 128, rect);
        let first = asked.width * asked.height;
        assert!(asked.held && asked.around > first, "{rect:?}: {asked:?}");
        assert!((all * 3 / 8..=all * 3 / 4).contains(&(first + asked.around)), "{rect:?}: {asked:?}");
    }
}

#[test]
fn tiles_that_nothing_has_changed_cost_nothing() {
    let (engine, log) = engine();
    let layer = engine.session();
    layer.set_params(params()).unwrap();
    let mut paint = Painting::new(800, 800);
    paint.fill(Rect::new(0, 0, 800, 300), [40, 90, 200]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let tiles =
        |asked: &[Asked], level| asked.iter().filter(|a| a.level == level && a.tier == Tier::Settled).count();
    let all = log.take();
    assert!(tiles(&all, 0) >= 49 && tiles(&all, 2) >= 9, "{all:?}");
    paint.fill(Rect::new(10, 10, 60, 60), [250, 10, 10]);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let few = log.take();
    assert!((1..=16).contains(&tiles(&few, 0)), "{} of {} tiles", tiles(&few, 0), tiles(&all, 0));
}

/// A stroke on a settled canvas of 256 × 200: what was shown before it, the last that was shown while the hand still
/// moved, what when it rested, and what was asked for meanwhile.
fn while_painting(finest: u32, rect: Rect, mask: Option<Rect>) -> ([Shown; 3], Vec<Asked>) {
    let (engine, log) = engine();
    let layer = engine.session();
    layer.set_params(Params { finest, settle_delay: 1500, ..Params::default() }).unwrap();
    let mut paint = Painting::new(256, 200);
    paint.fill(paint.bounds, [90, 120, 150]);
    paint.push(&layer, None).unwrap();
    cover(&layer, &paint, mask);
    settle(&layer);
    let before = frame(&layer, 0).unwrap();
    log.take();
    paint.fill(rect, [250, 10, 10]);
    paint.push(&layer, None).unwrap();
    let mut live = None;
    while layer.busy() {
        std::thread::sleep(std::time::Duration::from_millis(1));
        live = frame(&layer, before.seq).filter(|shown| shown.tier == Tier::Live).or(live);
    }
    let at_rest = frame(&layer, before.seq).unwrap();
    let asked = log.take().into_iter().filter(|asked| asked.tier == Tier::Live).collect();
    ([before, live.expect("a picture before the hand rests"), at_rest], asked)
}

#[test]
fn on_a_large_canvas_the_surroundings_of_a_stroke_are_shown_at_full_resolution() {
    let stroke = Rect::new(120, 96, 14, 14);
    let ([before, live, at_rest], asked) = while_painting(0, stroke, None);
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].held && asked[0].level == 2 && !asked[1].held, "{asked:?}");
    assert!(asked[1].level == 0 && asked[1].width * asked[1].height <= 18 * 18, "{asked:?}");
    assert_eq!((live.kind, at_rest.kind, at_rest.tier), (Kind::Preview, Kind::Final, Tier::Settled));
    // What the stroke does not touch is as sharp as it was: nothing of the overview is seen around it.
    let differ = |which: &dyn Fn(Rect) -> bool| {
        let pairs = live.pixels.chunks_exact(4).zip(before.pixels.chunks_exact(4)).enumerate();
        let place = |at: usize| Rect::new((at % 256) as i32, (at / 256) as i32, 1, 1);
        pairs.filter(|(at, (a, b))| which(place(*at)) && a != b).count()
    };
    assert_eq!(differ(&|pixel| !Rect::new(80, 64, 96, 80).contains(pixel)), 0);
    assert!(differ(&|pixel| stroke.contains(pixel)) > 180);
    // Each cell has its own noise there, as in what settles; in the middle of the overview's cells nothing changes.
    let steps = |shown: &Shown| {
        let step = |at: usize| f64::from(shown.pixels[at * 4].abs_diff(shown.pixels[at * 4 - 4]));
        (84..124).flat_map(|y| [104, 152].map(|x| y * 256 + x)).map(step).sum::<f64>()
    };
    let ([_, coarse, _], asked) = while_painting(2, stroke, None);
    assert!(asked.len() == 1 && asked[0].held, "{asked:?}");
    assert!(steps(&live) > 4.0 * steps(&coarse), "{} against {}", steps(&live), steps(&coarse));
}

#[test]
fn the_focus_ends_where_the_mask_does() {
    let mask = Rect::new(100, 80, 60, 50);
    let ([before, live, _], asked) = while_painting(0, Rect::new(96, 96, 14, 14), Some(mask));
    assert!(asked.iter().any(|asked| asked.level == 0), "{asked:?}");
    assert_eq!((live.rect, live.rect), (before.rect, mask));
}

/// Mean difference between neighbours across the columns for which `which` holds, of those across all.
fn step_across(pixels: &[u8], width: usize, which: impl Fn(usize) -> bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0f64);
    for row in pixels.chunks_exact(width * 4) {
        for x in (1..width).filter(|x| which(*x)) {
            sum += f64::from(row[x * 4].abs_diff(row[x * 4 - 4]));
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}

#[test]
fn no_seam_shows_where_tiles_meet() {
    let (engine, _) = engine();
    let layer = engine.session();
    layer.set_params(params()).unwrap();
    for texture in [0, 1, 2] {
        let mut paint = Painting::new(640, 600);
        let mut dice = Dice(3);
        for (i, pixel) in paint.bytes.chunks_exact_mut(4).enumerate() {
            let x = i % 640;
            let v = [128, (x * 255 / 640) as u8, 96 + (dice.roll() % 64) as u8][texture];
            pixel.copy_from_slice(&[v, v, v, 255]);
        }
        paint.push(&layer, None).unwrap();
        settle(&layer);
        let shown = frame(&layer, 0).unwrap();
        // The borders of tiles, in cells of 8 pixels: from the canvas's own grid.
        let grid = scumble::grid::Grid::new(
            paint.bounds,
            Geometry { native: 128, multiple: 16, cell: 8, fixed: None },
            0,
        );
        let borders = grid.tiles(scumble::grid::Level::FULL).columns.borders();
        let at_border = |x: usize| borders.contains(&(x as i64));
        let at_cell = |x: usize| x.is_multiple_of(8) && !at_border(x);
        let (there, elsewhere) =
            (step_across(&shown.pixels, 640, at_border), step_across(&shown.pixels, 640, at_cell));
        assert!(
            there <= elsewhere * 1.05 + 0.1,
            "texture {texture}: {there} where tiles meet, {elsewhere} elsewhere"
        );
    }
}
