//! The live loop and what lies under it: masks, canvases that change, engines that load.

mod support;

use std::sync::mpsc;

use scumble::engine::{Engine, LoadState};
use scumble::error::{Error, Status};
use scumble::frame::Kind;
use scumble::job::Params;
use scumble::pixels::Format;
use scumble::pixels::mask::{Coverage, Outside};
use scumble::region::Rect;
use scumble::session::{Polled, Pushed, Session};
use support::painting::*;
use support::stub::*;

#[test]
fn outside_the_mask_the_bytes_are_the_pushs_and_inside_the_renderers() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    set(&layer, |p| (p.prompt, p.mask_softness) = ("invert".into(), 0)).unwrap();
    let mut paint = Painting::new(130, 120);
    let mut dice = Dice(3);
    paint.bytes.iter_mut().for_each(|byte| *byte = dice.roll() as u8);
    let hole = Rect::new(20, 31, 17, 9);
    layer.set_mask(130, 120, Some(Coverage::new(hole, 17, &[255; 17 * 9]))).unwrap();
    revision(paint.push(&layer, None));
    settle(&layer);
    let shown = frame(&layer, 0).expect("a frame");
    assert!(paint.bounds.contains(shown.rect) && shown.rect.contains(hole));
    let below = paint.part(shown.rect);
    for (at, (shown_pixel, paint_pixel)) in shown.pixels.chunks(4).zip(below.chunks(4)).enumerate() {
        let x = shown.rect.x + at as i32 % shown.rect.width;
        let y = shown.rect.y + at as i32 / shown.rect.width;
        if hole.contains(Rect::new(x, y, 1, 1)) {
            // The stub inverts paint over white paper.
            let a = f32::from(paint_pixel[3]) / 255.0;
            let expected = 255.0 - (f32::from(paint_pixel[0]) * a + 255.0 * (1.0 - a));
            assert!((f32::from(shown_pixel[0]) - expected).abs() <= 1.0 && shown_pixel[3] == 255, "{x} {y}");
        } else {
            assert_eq!(shown_pixel, paint_pixel, "{x} {y}");
        }
    }
    revision(layer.set_mask(0, 0, None));
    settle(&layer);
    assert_eq!(frame(&layer, 1).expect("without a mask").rect, paint.bounds);
}

#[test]
fn a_transparent_outside_leaves_the_rendering_alone_to_be_laid_over_the_paint() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    let mut paint = Painting::new(100, 80);
    paint.fill(paint.bounds, [200, 100, 50]);
    let cover = vec![255; 30 * 20];
    let masked = Coverage::new(Rect::new(40, 30, 30, 20), 30, &cover);
    let over = Coverage { outside: Outside::Transparent, ..masked };
    let inverted = |p: &mut Params| (p.prompt, p.mask_softness) = ("invert".into(), 3);
    set(&layer, inverted).unwrap();
    revision(layer.set_mask(100, 80, Some(masked)));
    revision(paint.push(&layer, None));
    settle(&layer);
    let replaced = frame(&layer, 0).expect("a frame");
    revision(layer.set_mask(100, 80, Some(over)));
    assert_eq!(layer.set_mask(100, 80, Some(over)).unwrap(), Pushed::Unchanged);
    settle(&layer);
    let laid = frame(&layer, replaced.seq).expect("outside alone is a change");
    assert_eq!((laid.rect, laid.revision), (replaced.rect, replaced.revision + 1));
    let mut alphas = [0; 256];
    for (laid, replaced) in laid.pixels.chunks(4).zip(replaced.pixels.chunks(4)) {
        let alpha = f32::from(laid[3]) / 255.0;
        alphas[usize::from(laid[3])] += 1;
        assert!(laid[3] == 0 || (laid[0].abs_diff(55) <= 1 && laid[2].abs_diff(205) <= 1), "{laid:?}");
        for (c, below) in [200.0, 100.0, 50.0].into_iter().enumerate() {
            let seen = f32::from(laid[c]) * alpha + below * (1.0 - alpha);
            assert!((seen - f32::from(replaced[c])).abs() <= 1.5, "{laid:?} for {replaced:?}");
        }
        assert!(laid[3] > 0 || laid == [0; 4]);
    }
    // Nothing but the mask is covered.
    assert_eq!(laid.rect, Rect::new(40, 30, 30, 20));
    assert!(alphas[0] == 0 && alphas[255] == 24 * 14 && alphas.iter().filter(|n| **n > 0).count() == 4);
    revision(set(&layer, |p| (p.strength, p.mask_softness) = (Some(0.0), 3)));
    settle(&layer);
    let still = frame(&layer, laid.seq).expect("a frame");
    for (still, laid) in still.pixels.chunks(4).zip(laid.pixels.chunks(4)) {
        assert_eq!(still, if laid[3] == 0 { [0; 4] } else { [200, 100, 50, laid[3]] });
    }
    revision(layer.set_mask(100, 80, Some(Coverage { bytes: &[0; 600], ..over })));
    settle(&layer);
    let nothing = frame(&layer, still.seq).expect("a frame");
    assert!(nothing.rect == paint.bounds && nothing.pixels.iter().all(|b| *b == 0));
}

#[test]
fn an_empty_mask_shows_the_paint_and_asks_no_renderer() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = Painting::new(90, 70);
    paint.stroke(&mut Dice(1));
    layer.set_mask(90, 70, Some(Coverage::new(paint.bounds, 90, &[0; 90 * 70]))).unwrap();
    revision(paint.push(&layer, None));
    settle(&layer);
    assert!(frame(&layer, 0).expect("a frame").pixels == paint.bytes);
    assert!(gate.ran().is_empty());
}

#[test]
fn paint_outside_a_masks_surroundings_neither_makes_nor_disturbs_a_job() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut paint = Painting::new(140, 140);
    layer.set_mask(140, 140, Some(Coverage::new(Rect::new(0, 0, 20, 20), 20, &[255; 400]))).unwrap();
    revision(paint.push(&layer, None));
    gate.await_standing();
    assert!(layer.busy());
    let mut far_stroke = |colour| {
        paint.fill(Rect::new(130, 130, 10, 10), [colour; 3]);
        paint.push(&layer, None).unwrap()
    };
    assert_eq!(far_stroke(1), Pushed::Unchanged);
    gate.let_all_pass();
    settle(&layer);
    assert_eq!(far_stroke(2), Pushed::Unchanged);
    settle(&layer);
    assert!(!layer.busy());
    assert_eq!(gate.ran().iter().map(|r| r.ended).collect::<Vec<_>>(), [Some(Ended::Finished)]);
    let shown = frame(&layer, 0).expect("finished");
    assert!(shown.kind == Kind::Final && !shown.stale);
    revision(layer.set_mask(0, 0, None));
    settle(&layer);
    assert!(frame(&layer, 1).expect("the mask is lifted").pixels == paint.bytes, "far strokes were kept");
}

#[test]
fn a_mask_of_another_canvas_is_refused_and_goes_with_its_canvas() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    let paint = Painting::new(100, 100);
    let cover = vec![255; 120 * 120];
    let on = |w: i32, h: i32| Some(Coverage::new(Rect::new(0, 0, w, h), w as usize, &cover));
    revision(paint.push(&layer, None));
    assert_eq!(layer.set_mask(99, 100, on(99, 100)).err().map(|e| e.status), Some(Status::Rect));
    revision(layer.set_mask(100, 100, on(50, 100)));
    assert_eq!(layer.set_mask(100, 100, on(50, 100)).unwrap(), Pushed::Unchanged);
    revision(Painting::new(110, 100).push(&layer, None));
    assert_eq!(layer.set_mask(100, 100, None).unwrap(), Pushed::Unchanged, "it went with its canvas");
    let early = engine.session();
    revision(early.set_mask(120, 120, on(120, 120)));
    revision(paint.push(&early, None));
    settle(&early);
    assert_eq!(frame(&early, 0).expect("the mask did not fit and went").rect, paint.bounds);
}

#[test]
fn a_canvas_that_changes_while_its_job_runs_is_rendered_as_it_became() {
    let next: [fn() -> Painting; 3] = [
        || Painting::new(80, 120),
        || Painting::with_format(100, 80, Format::Bgra8),
        // The same size and format again, but through another one: anew, though it looks alike.
        || Painting::new(100, 80),
    ];
    for (index, next) in next.into_iter().enumerate() {
        let gate = Gate::closed();
        let engine = Stub::engine(&gate);
        let layer = engine.session();
        let mut paint = Painting::new(100, 80);
        paint.fill(Rect::new(3, 4, 30, 20), [200, 10, 60]);
        revision(paint.push(&layer, None));
        gate.await_standing();
        gate.let_pass(1);
        gate.await_standing();
        let old = frame(&layer, 0).expect("the old canvas's preview");
        assert_eq!((old.canvas(), old.rect, old.format()), (paint.bounds, paint.bounds, paint.format));
        if index == 2 {
            revision(Painting::new(81, 81).push(&layer, None));
        }
        let mut changed = next();
        if changed.format == Format::Bgra8 {
            changed.bytes.iter_mut().for_each(|byte| *byte = 255);
        }
        revision(changed.push(&layer, None));
        assert!(frame(&layer, 0).is_none(), "what was painted on is gone");
        gate.let_pass(1);
        gate.await_standing();
        assert!(frame(&layer, 0).is_none(), "the running job is for a canvas that is gone");
        gate.let_all_pass();
        settle(&layer);
        let new = frame(&layer, 0).expect("the new canvas");
        assert_eq!((new.rect, new.format(), new.kind), (changed.bounds, changed.format, Kind::Final));
        assert!(new.pixels == changed.bytes, "case {index}");
        let told =
            frame(&layer, old.seq).expect("a host that has the old canvas is told of all of the new one");
        assert_eq!((&told.rects[..], told.canvas()), (&[changed.bounds][..], changed.bounds));
    }
}

#[test]
fn a_first_push_of_a_part_leaves_the_rest_transparent() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    let mut paint = Painting::new(90, 90);
    paint.fill(paint.bounds, [255; 3]);
    let corner = Rect::new(70, 70, 20, 20);
    paint.fill(corner, [10, 200, 30]);
    revision(paint.push_part(&layer, corner));
    settle(&layer);
    assert!(frame(&layer, 0).expect("over white paper").pixels == paint.bytes);
}

#[test]
fn pushes_before_the_model_is_ready_are_one_job() {
    let gate = Gate::open();
    let renderer = gate.clone();
    let (ready, may_load) = mpsc::channel::<()>();
    let engine = Engine::with(Box::new(move |_, progress| {
        progress(0.5, "the stub");
        let _ = may_load.recv();
        Ok(Box::new(Stub(renderer)))
    }))
    .unwrap();
    let layer = engine.session();
    assert!(matches!(layer.poll(0), Ok(Polled::Loading)));
    let mut paint = Painting::new(90, 90);
    let mut dice = Dice(8);
    for _ in 0..20 {
        paint.stroke(&mut dice);
        let _ = paint.push(&layer, None).unwrap();
    }
    assert!(matches!(layer.poll(0), Ok(Polled::Loading)));
    ready.send(()).unwrap();
    settle(&layer);
    assert!(frame(&layer, 0).expect("a frame").pixels == paint.bytes);
    assert_eq!(layer.stats().jobs_started, 1);
    assert!(matches!(engine.state(), LoadState::Ready(_)));
}

#[test]
fn a_release_in_the_middle_of_loading_ends_the_loading() {
    for session_goes_last in [false, true] {
        let (told, cancelled) = mpsc::channel();
        let engine = Engine::with(Box::new(move |cancel, _| {
            // As a load of ONNX Runtime does: it blocks until it is interrupted.
            let (interrupt, interrupted) = mpsc::channel();
            let _hooked = cancel.hook(move || interrupt.send(()).unwrap_or_default());
            let _ = interrupted.recv();
            told.send(cancel.is_cancelled()).unwrap();
            Err(cancel.check().expect_err("cancelled"))
        }))
        .unwrap();
        let layer = engine.session();
        revision(Painting::new(80, 80).push(&layer, None));
        if session_goes_last {
            drop(engine);
            drop(layer);
        } else {
            drop(layer);
            drop(engine);
        }
        assert_eq!(cancelled.recv(), Ok(true));
    }
}

#[test]
fn an_engine_that_could_not_load_tells_each_session_at_each_poll() {
    let engine =
        Engine::with(Box::new(|_, _| Err(Error::new(Status::ModelMissing, "no such folder")))).unwrap();
    let why = |layer: &Session| layer.poll(0).err().expect("an error");
    let (mut paint, mut dice) = (Painting::new(80, 80), Dice(2));
    for layer in [engine.session(), engine.session()] {
        revision(paint.push(&layer, None));
        settle(&layer);
        let told = why(&layer);
        assert_eq!((told.status, &told.message[..]), (Status::ModelMissing, "no such folder"));
        assert_eq!(paint.push(&layer, None).unwrap(), Pushed::Unchanged);
        assert_eq!(why(&layer), told, "who missed it once is told again");
        // The engine stays without: strokes are taken, and change nothing of it.
        paint.stroke(&mut dice);
        revision(paint.push(&layer, None));
        settle(&layer);
        assert_eq!(why(&layer), told);
    }
    assert!(matches!(engine.state(), LoadState::Failed(error) if error.status == Status::ModelMissing));
}

#[test]
fn a_panic_while_loading_is_a_failure_that_sessions_are_told() {
    let engine = Engine::with(Box::new(|_, _| panic!("a broken model"))).unwrap();
    let layer = engine.session();
    revision(Painting::new(80, 80).push(&layer, None));
    settle(&layer);
    assert_eq!(layer.poll(0).err().map(|e| e.status), Some(Status::Internal));
    assert!(matches!(engine.state(), LoadState::Failed(_)));
}
