//! Paint beside a mask: what of it a picture depends on is heard, also where the tiles reach farther than the overview.

mod support;

use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::pixels::mask::Coverage;
use scumble::region::Rect;
use scumble::render::{Capabilities, Ended, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use scumble::session::Session;
use support::painting::*;
use support::tiled;

const SIDE: i32 = 512;
const MASK: Rect = Rect { x: 246, y: 246, width: 20, height: 20 };

/// A gray picture as bright as the brightest of the paint that it is shown.
struct Brightest;

impl Renderer for Brightest {
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
        policy.check(cancel)?;
        tiled::finish(scene, quality, sink, scene.paint.iter().copied().fold(0.0, f32::max))
    }
}

fn layer() -> Session {
    let layer = Engine::with(Box::new(|_, _| Ok(Box::new(Brightest)))).unwrap().session();
    set(&layer, |params| params.settle_delay = 0).unwrap();
    layer
}

fn masked(paint: &Painting, layer: &Session) -> Shown {
    paint.push(layer, None).unwrap();
    let whole = vec![255; MASK.area() as usize];
    layer.set_mask(SIDE, SIDE, Some(Coverage::new(MASK, MASK.width as usize, &whole))).unwrap();
    settle(layer);
    frame(layer, 0).expect("a picture")
}

#[test]
fn paint_beside_a_mask_is_heard_as_far_as_the_tiles_reach() {
    let (layer, mut paint) = (layer(), Painting::new(SIDE, SIDE));
    let before = masked(&paint, &layer);
    for (x, y) in [(246, 130), (130, 246), (380, 246), (246, 380), (20, 20)] {
        paint.fill(Rect::new(x, y, 20, 20), [200, 200, 200]);
        let after = masked(&paint, &layer);
        let fresh = masked(&paint, &self::layer());
        assert!(after.pixels == fresh.pixels, "a stroke at {x}, {y}");
    }
    assert!(before.pixels != masked(&paint, &layer).pixels, "some of it lies in a tile of the mask's");
}
