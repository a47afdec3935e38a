//! What a job with many steps does when the artist paints on: it shows something worth showing, finishes what is
//! nearly done, and is not begun where it is stale already.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::job::{Params, Preview};
use scumble::region::Rect;
use scumble::render::{Capabilities, Ended as Outcome, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use scumble::session::Session;
use support::painting::*;
use support::stub::*;

const MANY: u32 = 20;

#[test]
fn twenty_steps_show_more_than_the_first_and_what_is_nearly_done_is_finished() {
    for seed in 0..24 {
        let mut dice = Dice(seed);
        let gate = Gate::closed();
        let engine = Stub::engine(&gate);
        let layer = engine.session();
        let preview = [Preview::GiveWay, Preview::EachStep][(seed % 2) as usize];
        let params = Params { steps: Some(MANY), settle_delay: 10_000, preview, ..Params::default() };
        layer.set_params(params).unwrap();
        let mut paint = Painting::new(90, 100);
        paint.push(&layer, None).unwrap();
        gate.await_standing();
        // By job: the steps that were done when something newer came.
        let mut stale = Vec::new();
        for _ in 0..30 {
            let ran = gate.ran();
            paint.stroke(&mut dice);
            let pushed = paint.push(&layer, None).unwrap();
            if stale.len() < ran.len() && pushed != scumble::session::Pushed::Unchanged {
                stale.resize(ran.len() - 1, None);
                stale.push(ran.last().map(|ran| ran.steps_done));
            }
            // The stale job takes one at least, so that the next one is not finished and stands.
            gate.let_pass(dice.within(1, MANY as i32 + 1) as u64);
            gate.await_standing();
        }
        let ran = gate.ran();
        let mut seen = (0, 0);
        for (ran, done) in ran.iter().zip(stale).filter_map(|(ran, done)| Some((ran, done?))) {
            let Some(ended) = ran.ended else { continue };
            let next = (done + 1).max(MANY.div_ceil(3));
            if MANY - (done + 1) <= MANY / 4 {
                assert_eq!(
                    (ended, ran.steps_done),
                    (Ended::Finished, MANY),
                    "seed {seed}, stale after {done}"
                );
                seen.0 += 1;
            } else {
                assert_eq!(
                    (ended, ran.steps_done),
                    (Ended::GaveWay, next),
                    "seed {seed}, stale after {done}"
                );
                let shown = if preview == Preview::GiveWay { 1 } else { next - 1 };
                assert!(ran.previews >= shown, "seed {seed}: {} shown of {shown}", ran.previews);
                seen.1 += 1;
            }
        }
        assert!(seen.0 > 0 && seen.1 > 0, "seed {seed}: both were seen");
        gate.let_all_pass();
    }
}

/// While it counts down, paints on whenever it is asked what it is: also between a job's birth and its first step.
struct Restless {
    stub: Stub,
    layer: Arc<Mutex<Option<(Session, Painting)>>>,
    left: Arc<AtomicU32>,
    rendered: Arc<AtomicU32>,
}

impl Renderer for Restless {
    fn info(&self) -> ModelInfo {
        let less = |left: u32| left.checked_sub(1);
        if let Some((layer, paint)) = &mut *self.layer.lock().unwrap()
            && let Ok(left) = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        {
            paint.fill(Rect::new(10, 10, 4, 4), [left as u8, 1, 2]);
            paint.push(layer, None).unwrap();
        }
        self.stub.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.stub.capabilities()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Outcome> {
        self.rendered.fetch_add(1, Ordering::SeqCst);
        self.stub.render(scene, quality, policy, cancel, sink)
    }
}

#[test]
fn a_job_that_is_stale_before_it_begins_makes_way_but_never_two_in_a_row() {
    let (place, left, rendered) = (Arc::default(), Arc::new(AtomicU32::new(0)), Arc::default());
    let (given, counter, count) = (Arc::clone(&place), left.clone(), Arc::clone(&rendered));
    let engine = Engine::with(Box::new(move |_, _| {
        Ok(Box::new(Restless { stub: Stub(Gate::open()), layer: given, left: counter, rendered: count }))
    }))
    .unwrap();
    let layer = engine.session();
    layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
    let paint = Painting::new(90, 100);
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let before = (layer.stats(), rendered.load(Ordering::SeqCst));
    let kept: &Mutex<Option<(Session, Painting)>> = &place;
    *kept.lock().unwrap() = Some((layer, paint));
    left.store(90, Ordering::SeqCst);
    if let Some((layer, paint)) = &mut *kept.lock().unwrap() {
        paint.fill(Rect::new(50, 50, 9, 9), [9, 9, 9]);
        paint.push(layer, None).unwrap();
    }
    while left.load(Ordering::SeqCst) > 0 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let (layer, paint) = kept.lock().unwrap().take().unwrap();
    settle(&layer);
    let started = layer.stats().jobs_started - before.0.jobs_started;
    let rendered = u64::from(rendered.load(Ordering::SeqCst) - before.1);
    assert!(rendered < started, "some were stale before they began: {rendered} of {started}");
    assert!(2 * rendered + 1 >= started, "never two in a row: {rendered} of {started}");
    assert!(layer.stats().frames > before.0.frames + 10, "pictures kept coming");
    let shown = frame(&layer, 0).unwrap();
    assert!(shown.pixels == paint.bytes, "the last picture is that of the last paint");
}
