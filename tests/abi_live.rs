//! The live loop on a renderer without a model: each promise of the header in one small scene. Random schedules
//! are in abi_live_random.rs.

mod support;

use scumble::error::Status;
use scumble::frame::Kind;
use scumble::job::Preview;
use scumble::pixels::Format;
use scumble::region::Rect;
use scumble::session::{Pushed, Session};
use support::painting::*;
use support::stub::*;

/// A painting of 100×80 pixels, pushed, with its job standing at the gate.
fn painted(layer: &Session, gate: &Gate) -> Painting {
    let mut paint = Painting::new(100, 80);
    paint.fill(Rect::new(3, 4, 30, 20), [200, 10, 60]);
    revision(paint.push(layer, None));
    gate.await_standing();
    paint
}

#[test]
fn a_running_job_shows_a_frame_and_then_gives_way_to_the_last_push() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = painted(&layer, &gate);
    for (x, colour) in [(40, [1, 2, 3]), (70, [250, 5, 5]), (10, [0, 0, 255])] {
        // Each push brings its own stroke alone: what the replaced ones brought must not be lost.
        let stroke = Rect::new(x, 30, 20, 20);
        paint.fill(stroke, colour);
        revision(paint.push_part(&layer, stroke));
    }
    gate.let_pass(1);
    gate.await_standing();
    let first = frame(&layer, 0).expect("a frame before it gives way");
    assert_eq!((first.kind, first.stale, first.revision, first.step), (Kind::Preview, true, 1, 1));
    gate.let_all_pass();
    settle(&layer);
    let last = frame(&layer, first.seq).expect("the last push");
    let frames = 1 + u64::from(STEPS);
    assert_eq!((last.kind, last.stale, last.revision, last.seq), (Kind::Final, false, 4, frames));
    assert!(last.pixels == paint.bytes, "all four strokes are there");
    assert_eq!((last.step, last.steps), (STEPS, STEPS));
    let stats = layer.stats();
    assert_eq!((stats.jobs_started, stats.jobs_replaced, stats.frames), (2, 2, frames));
    assert_eq!(
        gate.ran().iter().map(|r| r.ended).collect::<Vec<_>>(),
        [Some(Ended::GaveWay), Some(Ended::Finished)]
    );
}

#[test]
fn without_previews_a_job_is_finished_though_it_is_stale() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    set(&layer, |p| p.preview = Preview::Off).unwrap();
    let mut paint = painted(&layer, &gate);
    paint.fill(Rect::new(0, 0, 9, 9), [7, 7, 7]);
    revision(paint.push(&layer, None));
    gate.let_pass(u64::from(STEPS));
    gate.await_standing();
    let stale = frame(&layer, 0).expect("the first job's");
    assert_eq!((stale.kind, stale.stale, stale.revision), (Kind::Final, true, 2));
    gate.let_all_pass();
    settle(&layer);
    let last = frame(&layer, stale.seq).expect("the second job's");
    assert_eq!((last.kind, last.stale, last.seq), (Kind::Final, false, 2));
}

#[test]
fn previews_come_after_each_step_where_they_are_asked_for() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    set(&layer, |p| (p.preview, p.steps) = (Preview::EachStep, Some(4))).unwrap();
    let paint = painted(&layer, &gate);
    for step in 1..4 {
        gate.let_pass(1);
        gate.await_standing();
        let shown = frame(&layer, 0).expect("a preview");
        assert_eq!(
            (shown.kind, shown.step, shown.steps, shown.seq),
            (Kind::Preview, step, 4, u64::from(step))
        );
        assert!(!shown.stale);
        assert_ne!(shown.pixels, paint.bytes, "the stub's previews are inverted");
    }
    gate.let_pass(1);
    settle(&layer);
    let last = frame(&layer, 3).expect("the final frame");
    assert_eq!((last.kind, last.step, last.seq), (Kind::Final, 4, 4));
    assert!(last.pixels == paint.bytes);
}

#[test]
fn unchanged_pushes_and_settings_make_no_job() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = painted(&layer, &gate);
    let unchanged = |paint: &Painting| assert_eq!(paint.push(&layer, None).unwrap(), Pushed::Unchanged);
    unchanged(&paint);
    paint.fill(Rect::new(50, 50, 3, 3), [9, 9, 9]);
    assert_eq!(
        paint.push(&layer, Some(Rect::new(0, 0, 50, 80))).unwrap(),
        Pushed::Unchanged,
        "outside what was touched nothing is compared"
    );
    assert_eq!(paint.push(&layer, Some(Rect::new(50, 50, 0, 3))).unwrap(), Pushed::Unchanged);
    revision(paint.push(&layer, Some(Rect::new(50, 50, i32::MAX, i32::MAX))));
    unchanged(&paint.clone());
    gate.let_all_pass();
    settle(&layer);
    unchanged(&paint);
    assert_eq!(set(&layer, |_| ()).unwrap(), Pushed::Unchanged);
    assert_eq!(layer.set_mask(100, 80, None).unwrap(), Pushed::Unchanged);
    assert_eq!(layer.stats().jobs_started, 2);
}

#[test]
fn a_cancelled_job_shows_nothing_and_an_identical_push_asks_for_it_again() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let paint = painted(&layer, &gate);
    layer.cancel();
    settle(&layer);
    assert!(frame(&layer, 0).is_none(), "a cancelled job is neither a frame nor an error");
    assert_eq!(gate.ran()[0].ended, Some(Ended::Cancelled));
    revision(paint.push(&layer, None));
    gate.let_all_pass();
    settle(&layer);
    assert!(frame(&layer, 0).expect("rendered").pixels == paint.bytes);
}

#[test]
fn a_push_behind_a_cancelled_job_that_has_not_ended_yet_is_not_lost() {
    let gate = Gate::closed().deaf();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let paint = painted(&layer, &gate);
    layer.cancel();
    revision(paint.push(&layer, None));
    gate.let_all_pass();
    settle(&layer);
    let shown = frame(&layer, 0).expect("asked for again");
    assert!(shown.kind == Kind::Final && shown.pixels == paint.bytes);
}

#[test]
fn cancel_takes_back_what_waits_behind_a_job_that_gives_way_or_finishes() {
    for (prompt, preview) in [("hold", Preview::GiveWay), ("", Preview::Off)] {
        let gate = Gate::closed().deaf();
        let engine = Stub::engine(&gate);
        let layer = engine.session();
        set(&layer, |p| (p.prompt, p.preview) = (prompt.into(), preview)).unwrap();
        let mut paint = painted(&layer, &gate);
        paint.fill(Rect::new(0, 0, 9, 9), [7, 7, 7]);
        revision(paint.push(&layer, None));
        gate.let_pass(1);
        gate.await_standing();
        layer.cancel();
        let shown = layer.stats().frames;
        gate.let_all_pass();
        settle(&layer);
        let stats = layer.stats();
        assert_eq!((stats.jobs_started, stats.frames), (1, shown), "{prompt}: nothing new after a cancel");
        revision(paint.push(&layer, None));
        settle(&layer);
        assert!(frame(&layer, 0).expect("rendered").pixels == paint.bytes, "{prompt}");
    }
}

#[test]
fn a_failure_is_told_once_and_only_a_change_tries_again() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    set(&layer, |p| p.prompt = "fail".into()).unwrap();
    let mut paint = Painting::new(90, 90);
    revision(paint.push(&layer, None));
    settle(&layer);
    assert_eq!(fault(&layer).status, Status::Inference);
    assert_eq!(paint.push(&layer, None).unwrap(), Pushed::Unchanged);
    settle(&layer);
    assert!(frame(&layer, 0).is_none());
    assert_eq!(gate.ran().len(), 1, "the same push is not tried again");
    paint.fill(Rect::new(1, 1, 1, 1), [1, 1, 1]);
    revision(paint.push(&layer, None));
    settle(&layer);
    assert_eq!(fault(&layer).status, Status::Inference);
    revision(set(&layer, |_| ()));
    settle(&layer);
    assert!(frame(&layer, 0).expect("the session lives on").pixels == paint.bytes);
}

#[test]
fn a_failed_job_does_not_lose_the_push_that_waits_behind_it() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    set(&layer, |p| p.prompt = "fail".into()).unwrap();
    let paint = painted(&layer, &gate);
    revision(set(&layer, |_| ()));
    gate.let_all_pass();
    settle(&layer);
    assert_eq!(fault(&layer).status, Status::Inference);
    assert!(frame(&layer, 0).expect("the waiting one").pixels == paint.bytes);
}

#[test]
fn a_panic_closes_its_session_and_no_other() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let (broken, sound) = (engine.session(), engine.session());
    set(&broken, |p| p.prompt = "panic".into()).unwrap();
    let paint = Painting::new(70, 70);
    paint.push(&broken, None).unwrap();
    let _ = broken.wait(std::time::Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!(broken.poll(0).err().map(|e| e.status), Some(Status::Internal));
        assert_eq!(paint.push(&broken, None).err().map(|e| e.status), Some(Status::Internal));
        assert_eq!(set(&broken, |_| ()).err().map(|e| e.status), Some(Status::Internal));
    }
    broken.cancel();
    drop(broken);
    for layer in [sound, engine.session()] {
        revision(paint.push(&layer, None));
        settle(&layer);
        assert!(frame(&layer, 0).expect("others go on").pixels == paint.bytes);
    }
}

#[test]
fn a_release_does_not_wait_for_the_running_step() {
    let gate = Gate::closed().deaf();
    let engine = Stub::engine(&gate);
    let (first, second) = (engine.session(), engine.session());
    set(&first, |p| p.preview = Preview::EachStep).unwrap();
    let paint = painted(&first, &gate);
    gate.let_pass(1);
    gate.await_standing();
    let held = frame(&first, 0).expect("a preview");
    revision(paint.push(&second, None));
    // The renderer stands at the gate and hears nothing: were it waited for, this would never return.
    drop(first);
    gate.let_all_pass();
    settle(&second);
    assert!(frame(&second, 0).expect("its turn came").pixels == paint.bytes);
    assert_eq!(held.pixels.len(), paint.bytes.len(), "a frame outlives its session");
    drop(engine);
    revision(set(&second, |p| p.seed = 1));
    settle(&second);
    assert!(frame(&second, 1).is_some(), "a session keeps its engine alive");
}

#[test]
fn the_last_release_does_not_wait_for_the_worker() {
    // Workers that stand at a gate and hear nothing. Waiting 2 s for each would take two minutes; the bound is far from
    // both that and nothing.
    let begun = std::time::Instant::now();
    let mut gates = Vec::new();
    for engine_goes_last in (0..60).map(|n| n % 2 == 0) {
        let gate = Gate::closed().deaf();
        let engine = Stub::engine(&gate);
        let layer = engine.session();
        painted(&layer, &gate);
        if engine_goes_last {
            drop(layer);
            drop(engine);
        } else {
            drop(engine);
            drop(layer);
        }
        assert_eq!(gate.ran()[0].ended, None, "it still stands there");
        gates.push(gate);
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
    // They end by themselves, each cancelled.
    for gate in gates {
        gate.let_all_pass();
        while gate.ran()[0].ended.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(gate.ran()[0].ended, Some(Ended::Cancelled));
    }
}

#[test]
fn strength_zero_is_the_push_byte_for_byte_in_every_format() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    set(&layer, |p| p.strength = Some(0.0)).unwrap();
    let mut dice = Dice(5);
    for format in Format::ALL {
        let mut paint = Painting::with_format(77, 131, format);
        // All bit patterns, not-a-number among them.
        paint.bytes.iter_mut().for_each(|byte| *byte = dice.roll() as u8);
        revision(paint.push(&layer, None));
        settle(&layer);
        let shown = frame(&layer, 0).expect("a frame");
        assert_eq!((shown.kind, shown.format(), shown.rect), (Kind::Final, paint.format, paint.bounds));
        assert!(shown.pixels == paint.in_frames(), "{:?}", paint.format);
        assert_eq!((shown.step, shown.steps), (0, 0));
    }
    assert!(gate.ran().is_empty(), "no renderer was asked");
}
