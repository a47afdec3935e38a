//! What is seen of a canvas larger than the model while it settles tile by tile.

mod support;

use std::time::Duration;

use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::frame::Kind;
use scumble::render::{Capabilities, Ended, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use support::painting::*;
use support::tiled;

/// Slow, and of one gray: a light one at 1:1, a dark one on all coarser levels.
struct Flat;

const SLOW: Duration = Duration::from_millis(210); // frames of many patches come no sooner one after the other

impl Renderer for Flat {
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
        let finest = scene.window.level.scale() == 1.0;
        if finest {
            std::thread::sleep(SLOW);
        }
        policy.check(cancel)?;
        tiled::finish(scene, quality, sink, if finest { 0.8 } else { 0.2 })
    }
}

#[test]
fn a_tile_that_comes_before_its_neighbours_goes_over_into_what_is_shown_around_it() {
    let engine = Engine::with(Box::new(|_, _| Ok(Box::new(Flat)))).unwrap();
    let layer = engine.session();
    set(&layer, |params| params.settle_delay = 0).unwrap();
    let paint = Painting::new(400, 300);
    paint.push(&layer, None).unwrap();
    let (mut seen, mut halfway) = (0, 0);
    loop {
        let Some(shown) = frame(&layer, seen) else {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        seen = shown.seq;
        let row = 400 * 4;
        let value = |x: usize, y: usize| shown.pixels[y * row + x * 4];
        let mut steepest = 0;
        for y in 0..299 {
            for x in 0..399 {
                let beside = value(x, y).abs_diff(value(x + 1, y)).max(value(x, y).abs_diff(value(x, y + 1)));
                steepest = steepest.max(beside);
            }
        }
        // A tile fades over 32 pixels, from one gray to the other.
        assert!(i32::from(steepest) <= 2 * 153 / 32, "frame {seen}: a step of {steepest}");
        let (least, most) = (shown.pixels.iter().step_by(4).min(), shown.pixels.iter().step_by(4).max());
        halfway += u32::from(least < Some(&60) && most == Some(&204));
        if shown.kind == Kind::Final {
            assert!((least, most) == (Some(&204), Some(&204)), "in the end all of it is made of tiles alone");
            break;
        }
    }
    assert!(halfway >= 5, "{halfway} pictures were seen on the way");
}
