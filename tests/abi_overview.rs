//! The picture in the model's own pixels, for hosts that scale it themselves.

mod support;

use scumble::frame::Kind;
use scumble::job::Params;
use scumble::pixels::mask::Coverage;
use scumble::region::Rect;
use scumble::session::Session;
use support::local::engine;
use support::painting::*;
use support::stub::{Gate, Stub};

fn asks(layer: &Session, change: impl FnOnce(&mut Params)) {
    let mut params = Params { settle_delay: 1, overview: true, ..Params::default() };
    change(&mut params);
    layer.set_params(params).unwrap();
}

fn painted(width: i32, height: i32) -> Painting {
    let mut paint = Painting::new(width, height);
    for at in 0..8u8 {
        let rect = Rect::new(i32::from(at) * width / 8, height / 4, width / 8, height / 3);
        paint.fill(rect, [at * 30, 255 - at * 20, at * 11]);
    }
    paint
}

#[test]
fn on_a_canvas_of_the_models_size_it_is_what_the_frame_shows() {
    let (engine, _) = engine();
    let layer = engine.session();
    asks(&layer, |_| ());
    let mut paint = painted(128, 120);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let mut seen = 0;
    // Whole, then only the surroundings of a stroke.
    for turn in 0..2 {
        let shown = frame(&layer, seen).expect("a picture");
        let made = shown.frame.overview.as_ref().expect("it was asked for");
        assert_eq!((made.covers(), made.scale), ([0.0, 0.0, 128.0, 128.0], 1.0));
        let row = 128 * 4;
        for (y, pixels) in shown.pixels.chunks_exact(row).enumerate() {
            // The frame rounds what was kept at 16 bits, the other what the model made.
            let far = pixels.iter().zip(&made.pixels[y * row..]).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(far <= Some(1), "turn {turn}, row {y}: {far:?}");
        }
        seen = shown.seq;
        paint.fill(Rect::new(40, 40, 9, 9), [250, 10, 10]);
        paint.push(&layer, None).unwrap();
        settle(&layer);
    }
}

#[test]
fn on_a_larger_canvas_it_is_small_and_says_where_it_lies() {
    let engine = Stub::engine(&Gate::open()); // what it makes is the paint
    let layer = engine.session();
    asks(&layer, |_| ());
    let paint = painted(520, 400);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let shown = frame(&layer, 0).expect("a picture");
    assert_eq!(shown.kind, Kind::Final);
    let made = shown.frame.overview.clone().expect("it was asked for");
    assert!(made.width * made.height <= 144 * 144 && made.pixels.len() == made.width * made.height * 4);
    let [left, top, width, height] = made.covers();
    assert!((left, top) == (0.0, 0.0) && width >= 520.0 && height >= 400.0 && width < 700.0);
    // The middle of each of its pixels is where that pixel's colour is on the canvas, but for what finer levels add.
    let (mut apart, mut count) = (0.0, 0.0);
    for y in 0..made.height {
        for x in 0..made.width {
            let at = |v: usize| ((v as f64 + 0.5) / made.scale) as usize;
            if at(x) < 520 && at(y) < 400 {
                let (own, canvas) = ((y * made.width + x) * 4, (at(y) * 520 + at(x)) * 4);
                assert_eq!(made.pixels[own + 3], 255);
                for c in 0..3 {
                    apart += f64::from(made.pixels[own + c].abs_diff(shown.pixels[canvas + c]));
                    count += 1.0;
                }
            }
        }
    }
    let row = made.pixels[made.height / 3 * made.width * 4..][..made.width * 4].iter().step_by(4);
    let range = row.clone().max().unwrap() - row.min().unwrap();
    assert!(apart / count < 4.0 && range > 120, "{} of {range}", apart / count);

    // A mask cuts the frame, not what the model made; the overview is of its surroundings.
    let rect = Rect::new(200, 100, 60, 50);
    let bytes = vec![255; rect.area() as usize];
    let mask = Coverage::new(rect, rect.width as usize, &bytes);
    layer.set_mask(520, 400, Some(mask)).unwrap();
    settle(&layer);
    let shown = frame(&layer, shown.seq).expect("a picture");
    let [left, top, width, height] = shown.frame.overview.as_ref().expect("it was asked for").covers();
    assert!(left <= 200.0 && top <= 100.0 && left + width >= 260.0 && top + height >= 150.0);
}

#[test]
fn there_is_none_where_it_is_not_asked_for_or_the_model_makes_nothing() {
    let (engine, _) = engine();
    let layer = engine.session();
    let paint = painted(128, 120);
    paint.push(&layer, None).unwrap();
    set(&layer, |params| params.settle_delay = 1).unwrap();
    settle(&layer);
    assert!(frame(&layer, 0).expect("a picture").frame.overview.is_none());
    asks(&layer, |_| ());
    settle(&layer);
    assert!(frame(&layer, 0).expect("a picture").frame.overview.is_some(), "also of what was made before");
    asks(&layer, |params| params.strength = Some(0.0));
    settle(&layer);
    assert!(frame(&layer, 0).expect("a picture").frame.overview.is_none(), "the paint alone");
}
