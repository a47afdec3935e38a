//! Several live layers of one engine, and a host that cancels: whose turn it is.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::render::{Capabilities, Ended, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use scumble::session::{Pushed, Session};
use support::painting::*;
use support::tiled;

const LARGE: i32 = 300;
const SMALL: i32 = 64;
const LONG: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ran {
    /// The large canvas, coarsely, as its first picture is made.
    Large,
    /// A tile of it at 1:1.
    Settling,
    Small,
}

/// Tells what it renders. Settling takes until it is cancelled, and the small canvas until `opened`.
#[derive(Clone, Default)]
struct Telling {
    ran: Arc<Mutex<Vec<Ran>>>,
    opened: Arc<AtomicBool>,
    /// How long a cancelled job winds down.
    winding: Duration,
}

impl Telling {
    fn engine(&self) -> Engine {
        let own = self.clone();
        Engine::with(Box::new(move |_, _| Ok(Box::new(own)))).unwrap()
    }

    fn until(&self, what: &str, holds: impl Fn(&[Ran]) -> bool) {
        let began = Instant::now();
        while !holds(&self.ran.lock()) {
            assert!(began.elapsed() < LONG / 2, "{what}: {:?}", self.ran.lock());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The large canvas, while it settles.
    fn settling(&self) -> (Session, Painting) {
        let (layer, paint) = (self.engine().session(), Painting::new(LARGE, LARGE));
        set(&layer, |params| params.settle_delay = 0).unwrap();
        paint.push(&layer, None).unwrap();
        self.until("it settles", |ran| ran.last() == Some(&Ran::Settling));
        (layer, paint)
    }

    /// All of the large canvas painted over is shown soon, whatever runs.
    fn shows_a_stroke(&self, layer: &Session, paint: &mut Painting) {
        let before = self.count(Ran::Large);
        paint.fill(paint.bounds, [90, 20, 20]);
        paint.push(layer, None).unwrap();
        self.until("the stroke is shown", |ran| {
            ran.iter().filter(|ran| **ran == Ran::Large).count() > before
        });
    }

    fn count(&self, which: Ran) -> usize {
        self.ran.lock().iter().filter(|ran| **ran == which).count()
    }
}

impl Renderer for Telling {
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
        let ran = match (scene.canvas.width, scene.window.level.scale() == 1.0) {
            (SMALL, _) => Ran::Small,
            (_, true) => Ran::Settling,
            (_, false) => Ran::Large,
        };
        self.ran.lock().push(ran);
        let began = Instant::now();
        let waits = || match ran {
            Ran::Settling => true,
            Ran::Small => !self.opened.load(Ordering::SeqCst),
            Ran::Large => false,
        };
        while waits() && began.elapsed() < LONG && policy.check(cancel).is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
        if cancel.is_cancelled() {
            std::thread::sleep(self.winding);
        }
        policy.check(cancel)?;
        tiled::finish(scene, quality, sink, 0.5)
    }
}

#[test]
fn a_layer_that_is_painted_is_served_before_another_that_settles() {
    let telling = Telling::default();
    let engine = telling.engine();
    let [settling, painted] = [engine.session(), engine.session()];
    set(&settling, |params| params.settle_delay = 0).unwrap();
    Painting::new(LARGE, LARGE).push(&settling, None).unwrap();
    telling.until("the large canvas settles", |ran| ran.last() == Some(&Ran::Settling));
    let mut paint = Painting::new(SMALL, SMALL);
    paint.push(&painted, None).unwrap();
    telling.until("it makes way", |ran| ran.last() == Some(&Ran::Small));
    // The hand goes on while the first job of this layer runs.
    paint.fill(paint.bounds, [90, 20, 20]);
    paint.push(&painted, None).unwrap();
    telling.opened.store(true, Ordering::SeqCst);
    telling.until("and so does the second push", |ran| {
        ran.iter().filter(|ran| **ran == Ran::Small).count() >= 2
    });
    let ran = telling.ran.lock().clone();
    let first = ran.iter().position(|ran| *ran == Ran::Small).unwrap();
    assert_eq!(ran[first + 1], Ran::Small, "{ran:?}");
    telling.until("then it settles on", |ran| ran.last() == Some(&Ran::Settling));
}

#[test]
fn a_push_to_another_layer_interrupts_what_settles_also_if_one_waits_already() {
    let telling = Telling::default();
    telling.opened.store(true, Ordering::SeqCst);
    let engine = telling.engine();
    let [settling, painted] = [engine.session(), engine.session()];
    set(&settling, |params| params.settle_delay = 0).unwrap();
    Painting::new(LARGE, LARGE).push(&settling, None).unwrap();
    let mut paint = Painting::new(SMALL, SMALL);
    for turn in 1..=40u8 {
        telling.until("it settles", |ran| ran.last() == Some(&Ran::Settling));
        paint.fill(paint.bounds, [turn, 0, 0]);
        paint.push(&painted, None).unwrap();
        paint.fill(paint.bounds, [turn, turn, 0]);
        paint.push(&painted, None).unwrap();
        settle(&painted);
    }
    assert!(telling.count(Ran::Small) >= 40);
}

#[test]
fn what_was_put_off_and_then_cancelled_stays_cancelled() {
    let telling = Telling { winding: Duration::from_millis(150), ..Telling::default() };
    let (layer, mut paint) = telling.settling();
    paint.fill(paint.bounds, [90, 20, 20]);
    paint.push(&layer, None).unwrap();
    layer.cancel();
    assert!(layer.wait(LONG / 2).unwrap(), "it comes to rest");
    let before = telling.ran.lock().len();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(telling.ran.lock().len(), before, "nothing is rendered by itself");
    // The next change asks for all of it.
    paint.fill(paint.bounds, [20, 90, 20]);
    paint.push(&layer, None).unwrap();
    telling.until("it is rendered", |ran| ran.len() > before);
}

#[test]
fn a_stroke_interrupts_what_settles_also_after_a_cancel() {
    let telling = Telling::default();
    let (layer, mut paint) = telling.settling();
    layer.cancel();
    assert!(layer.wait(LONG / 2).unwrap(), "it comes to rest");
    // The same paint once more asks for what was cancelled.
    let before = telling.ran.lock().len();
    revision(paint.push(&layer, None));
    telling.until("it settles again", |ran| ran.len() > before && ran.last() == Some(&Ran::Settling));
    telling.shows_a_stroke(&layer, &mut paint);
}

#[test]
fn what_only_the_settled_picture_hears_is_interrupted_too() {
    let telling = Telling::default();
    let (layer, mut paint) = telling.settling();
    let before = telling.ran.lock().len();
    set(&layer, |params| params.mask_softness = 3).unwrap();
    telling.until("it settles anew", |ran| ran.len() > before && ran.last() == Some(&Ran::Settling));
    telling.shows_a_stroke(&layer, &mut paint);
}

#[test]
fn an_unchanged_push_asks_for_nothing_of_what_is_put_off() {
    let telling = Telling { winding: Duration::from_millis(300), ..Telling::default() };
    let engine = telling.engine();
    let [settling, painted] = [engine.session(), engine.session()];
    set(&settling, |params| params.settle_delay = 0).unwrap();
    let large = Painting::new(LARGE, LARGE);
    large.push(&settling, None).unwrap();
    telling.until("the large canvas settles", |ran| ran.last() == Some(&Ran::Settling));
    Painting::new(SMALL, SMALL).push(&painted, None).unwrap();
    assert!(matches!(large.push(&settling, None).unwrap(), Pushed::Unchanged), "it comes again by itself");
    telling.until("the other layer has its turn", |ran| ran.last() == Some(&Ran::Small));
    telling.opened.store(true, Ordering::SeqCst);
    telling.until("then it settles on", |ran| ran.last() == Some(&Ran::Settling));
}

#[test]
fn steps_are_heard_at_once_where_nothing_settles_tile_by_tile() {
    let telling = Telling::default();
    telling.opened.store(true, Ordering::SeqCst);
    let engine = telling.engine();
    let layer = engine.session();
    let steps = |steps| {
        set(&layer, |params| (params.steps, params.settle_delay) = (Some(steps), 10_000)).unwrap();
    };
    steps(2);
    Painting::new(SMALL, SMALL).push(&layer, None).unwrap();
    telling.until("it is rendered", |ran| !ran.is_empty());
    assert!(layer.wait(LONG / 2).unwrap(), "it is whole");
    let before = telling.ran.lock().len();
    let asked = Instant::now();
    steps(3);
    telling.until("it is rendered anew", |ran| ran.len() > before);
    assert!(asked.elapsed() < Duration::from_secs(5), "no rest is waited for");
}
