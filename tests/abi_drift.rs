//! A hand that never rests: live windows become a patchwork, which ends before it is seen as one.

mod support;

use std::time::{Duration, Instant};

use scumble::region::Rect;
use scumble::session::Session;
use support::painting::*;
use support::stub::*;

/// The canvas is one window of 16 × 16 cells of 8 pixels.
const WHOLE: usize = 256;
/// Long enough that nothing settles.
const NEVER: u32 = 10_000;

fn blank(gate: &Gate, layer: &Session, (width, height): (i32, i32)) -> Painting {
    set(layer, |params| params.settle_delay = NEVER).unwrap();
    let paint = Painting::new(width, height);
    revision(paint.push(layer, None));
    done(gate, 1);
    paint
}

/// Waits until so many jobs have ended.
fn done(gate: &Gate, jobs: usize) {
    let begun = Instant::now();
    while gate.ran().iter().filter(|ran| ran.ended.is_some()).count() < jobs {
        assert!(begun.elapsed() < Duration::from_secs(60), "{jobs} jobs: {:?}", gate.ran());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Two cells square, in another place each time.
fn stroke(number: i32) -> Rect {
    Rect::new(number % 4 * 32 + 8, number / 4 * 16, 16, 16)
}

fn paint_on(gate: &Gate, layer: &Session, paint: &mut Painting, strokes: std::ops::Range<i32>) {
    for number in strokes {
        let ran = gate.ran().len();
        paint.fill(stroke(number), [200, number as u8, ran as u8]);
        revision(paint.push_part(layer, stroke(number)));
        done(gate, ran + 1);
    }
}

#[test]
fn once_a_third_is_patches_the_whole_is_made_while_the_hand_moves_and_does_not_give_way() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = blank(&gate, &layer, (128, 128));
    // 22 patches of four cells are more than a third.
    paint_on(&gate, &layer, &mut paint, 0..22);
    let cells: Vec<usize> = gate.ran().iter().map(|ran| ran.cells).collect();
    assert!(cells[0] == WHOLE && cells[1..].iter().all(|cells| 2 * cells <= WHOLE), "{cells:?}");

    gate.close();
    paint.fill(stroke(22), [1, 2, 3]);
    revision(paint.push_part(&layer, stroke(22)));
    gate.await_standing();
    paint.fill(stroke(23), [3, 2, 1]);
    revision(paint.push_part(&layer, stroke(23)));
    gate.let_all_pass();
    done(&gate, 25);
    let ran = gate.ran();
    assert_eq!((ran[23].cells, ran[23].ended), (WHOLE, Some(Ended::Finished)));
    assert!(2 * ran[24].cells <= WHOLE, "and then windows follow the hand again");
    paint_on(&gate, &layer, &mut paint, 0..20);
    assert!(gate.ran()[25..].iter().all(|ran| 2 * ran.cells <= WHOLE), "from nothing on");
}

#[test]
fn on_a_larger_canvas_the_whole_would_be_coarser_than_what_is_shown() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = blank(&gate, &layer, (256, 256));
    let whole = gate.ran()[0].cells;
    paint_on(&gate, &layer, &mut paint, 0..32);
    let ran = gate.ran();
    let again = ran[1..].iter().filter(|ran| ran.cells == whole).count();
    assert_eq!(again, 0, "{:?}", ran.iter().map(|ran| ran.cells).collect::<Vec<_>>());
}
