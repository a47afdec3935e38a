//! Two live layers of one engine: neither keeps the other from its picture, and the hand goes first.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::Array3;
use parking_lot::Mutex;
use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::frame::Kind;
use scumble::render::{
    Capabilities, Ended, ModelInfo, Next, Patch, Phases, Policy, Quality, Renderer, Scene, Sink,
};
use scumble::session::{Pushed, Session};
use support::painting::*;
use support::tiled;

const LONG: Duration = Duration::from_secs(20);
/// Between two looks of a host.
const LOOK: Duration = Duration::from_millis(5);

/// One run: whose canvas (its width), whether it is a tile at 1:1 of a canvas that is scaled down, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ran {
    width: i32,
    tile: bool,
    finished: bool,
}

/// Takes its time for each step, and does what it is told after it.
#[derive(Clone)]
struct Slow {
    step: Duration,
    ran: Arc<Mutex<Vec<Ran>>>,
}

impl Slow {
    fn engine(milliseconds: u64) -> (Engine, Arc<Mutex<Vec<Ran>>>) {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow { step: Duration::from_millis(milliseconds), ran: ran.clone() };
        (Engine::with(Box::new(move |_, _| Ok(Box::new(slow)))).unwrap(), ran)
    }

    fn steps(
        &self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        (policy, cancel): (&Policy, &Cancel),
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let mut shown = false;
        for step in 1..quality.steps {
            std::thread::sleep(self.step);
            policy.check(cancel)?;
            let next = policy.after(step, quality.steps, shown, quality.previews);
            if matches!(next, Next::Show | Next::ShowAndEnd) {
                let picture = Array3::from_elem(scene.paint.dim(), 0.25);
                let (steps, phases) = (quality.steps, Phases::default());
                sink.patch(Patch { picture, latent: None, step, steps, phases })?;
                shown = true;
            }
            if matches!(next, Next::End | Next::ShowAndEnd) {
                return Ok(Ended::GaveWay);
            }
        }
        std::thread::sleep(self.step);
        policy.check(cancel)?;
        tiled::finish(scene, quality, sink, 0.5)
    }
}

impl Renderer for Slow {
    fn info(&self) -> ModelInfo {
        tiled::info()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let (width, scale) = (scene.canvas.width, scene.window.level.scale());
        let at = self.ran.lock().len();
        self.ran.lock().push(Ran { width, tile: width > 128 && scale == 1.0, finished: false });
        let ended = self.steps(scene, quality, (policy, cancel), sink);
        self.ran.lock()[at].finished = matches!(ended, Ok(Ended::Finished));
        ended
    }
}

fn until(what: &str, ran: &Mutex<Vec<Ran>>, holds: impl Fn(&[Ran]) -> bool) {
    let began = Instant::now();
    while !holds(&ran.lock()) {
        assert!(began.elapsed() < LONG, "{what}: {:?}", ran.lock());
        std::thread::sleep(LOOK);
    }
}

fn is_final(layer: &Session) -> bool {
    frame(layer, 0).is_some_and(|shown| shown.kind == Kind::Final)
}

#[test]
fn two_layers_that_wait_are_both_finished_though_nobody_paints() {
    let (engine, ran) = Slow::engine(40);
    let paints = [Painting::new(64, 64), Painting::new(96, 96)];
    let layers = paints.each_ref().map(|_| engine.session());
    for (layer, paint) in layers.iter().zip(&paints) {
        set(layer, |params| params.steps = Some(2)).unwrap();
        paint.push(layer, None).unwrap();
    }
    let began = Instant::now();
    while !layers.iter().all(is_final) {
        assert!(began.elapsed() < LONG, "they interrupt each other: {} runs", ran.lock().len());
        // As hosts look at what there is in turn, painted or not.
        for (layer, paint) in layers.iter().zip(&paints) {
            assert!(matches!(paint.push(layer, None).unwrap(), Pushed::Unchanged));
        }
        std::thread::sleep(LOOK);
    }
    // Two, and one that gave way where this machine was held up between the first pushes.
    assert!(ran.lock().len() <= 3, "{:?}", ran.lock());
}

#[test]
fn what_settles_where_the_hand_was_last_is_ready_first() {
    let (engine, ran) = Slow::engine(20);
    let [before, now] = [engine.session(), engine.session()];
    Painting::new(600, 600).push(&before, None).unwrap();
    until("the first canvas settles", &ran, |ran| ran.iter().any(|ran| ran.tile && ran.finished));
    Painting::new(500, 500).push(&now, None).unwrap();
    until("the second is seen", &ran, |ran| ran.iter().any(|ran| ran.width == 500 && ran.finished));
    let seen = ran.lock().len();
    until("the second settles", &ran, |ran| ran.iter().any(|ran| ran.width == 500 && ran.tile));
    assert!(ran.lock()[seen..].iter().all(|ran| ran.width == 500), "{:?}", ran.lock());
    assert!(now.wait(LONG).unwrap() && is_final(&now));
    assert!(before.wait(LONG).unwrap() && is_final(&before), "then the other goes on by itself");
}

#[test]
fn a_layer_that_made_way_for_the_hand_waits_until_that_rests() {
    let (engine, ran) = Slow::engine(5);
    let [asked, painted] = [engine.session(), engine.session()];
    set(&asked, |params| params.steps = Some(20)).unwrap();
    let (waiting, mut paint) = (Painting::new(96, 96), Painting::new(64, 64));
    waiting.push(&asked, None).unwrap();
    until("its picture is begun", &ran, |ran| !ran.is_empty());
    for stroke in 0..20u8 {
        paint.fill(paint.bounds, [stroke, 20, 20]);
        let revision = revision(paint.push(&painted, None));
        let shown = || frame(&painted, 0).is_some_and(|shown| shown.revision >= revision);
        until("the stroke is shown", &ran, |_| shown());
        assert!(matches!(waiting.push(&asked, None).unwrap(), Pushed::Unchanged));
    }
    let others = ran.lock().iter().filter(|ran| ran.width == 96).count();
    // Where this machine has held the hand up for longer than a rest, it may have been served between.
    assert!(others <= 3, "the hand waits for it: {:?}", ran.lock());
    assert!(asked.wait(LONG).unwrap() && is_final(&asked), "then it is finished");
    // Changed by its own hand, it is served at once.
    set(&asked, |params| (params.steps, params.seed) = (Some(1), 3)).unwrap();
    assert!(asked.wait(LONG).unwrap() && is_final(&asked));
}
