//! What the engine holds of a canvas that is much larger than the model, in canvases, at its highest. Counted by the
//! allocator, so that it is the same on each machine; `make bench` tells it at 4096².

#[path = "support/counting.rs"]
mod counting;

use std::time::Duration;

use ndarray::Array3;
use scumble::cancel::Cancel;
use scumble::conditions::Region;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::job::Params;
use scumble::pixels::mask::{Coverage, Outside};
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::render::{
    Capabilities, Defaults, Ended, Geometry, ModelInfo, Patch, Phases, Policy, Previews, Quality, Renderer,
    Scene, Sink,
};
use scumble::session::{Polled, Session};
use scumble::steps::StepRange;

/// A model an eighth of the canvas wide that takes no time; it inverts, so that each tile is one of its own.
struct Inverts(u32);

impl Renderer for Inverts {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            name: "inverts".into(),
            description: String::new(),
            device: "cpu".into(),
            device_note: String::new(),
            runtime: String::new(),
            geometry: Geometry { native: self.0, multiple: 64, cell: 8, fixed: None },
            defaults: Defaults { steps: 2, strength: 0.5, guidance: 1.0, refine: Some(0.35), context: 0 },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        _: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        cancel.check()?;
        for step in 1..=quality.steps {
            if step < quality.steps && quality.previews != Previews::EachStep {
                continue;
            }
            let latent =
                (step == quality.steps).then(|| Array3::zeros((4, scene.window.height, scene.window.width)));
            let picture = scene.paint.mapv(|v| 1.0 - v);
            let steps = quality.steps;
            sink.patch(Patch { picture, latent, step, steps, phases: Phases::default() })?;
        }
        Ok(Ended::Finished)
    }
}

/// A host that has its pixels, and counts from then on.
struct Host {
    session: Session,
    side: i32,
    paint: Vec<u8>,
    format: Format,
    base: usize,
}

impl Host {
    fn new(side: i32, format: Format) -> Host {
        let engine = Engine::with(Box::new(move |_, _| Ok(Box::new(Inverts(side as u32 / 8))))).unwrap();
        let paint = vec![0; side as usize * side as usize * format.bytes_per_pixel()];
        let session = engine.session();
        session.set_params(Params { settle_delay: 0, ..Params::default() }).unwrap();
        Host { session, side, paint, format, base: counting::held() }
    }

    /// Paints on all pixels of `rect`.
    fn paint(&mut self, rect: Rect, seed: u32) {
        let bpp = self.format.bytes_per_pixel();
        let mut state = seed;
        for y in rect.y..rect.y + rect.height {
            let start = (y as usize * self.side as usize + rect.x as usize) * bpp;
            for byte in &mut self.paint[start..start + rect.width as usize * bpp] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Never the coding of something that is no number.
                *byte = (state >> 25) as u8;
            }
        }
    }

    /// The most that was held since, in canvases, once all is at rest.
    fn most(&self, change: impl FnOnce(&Session)) -> f64 {
        counting::forget();
        change(&self.session);
        assert!(self.session.wait(Duration::from_secs(600)).unwrap(), "it does not come to rest");
        (counting::most() - self.base) as f64 / self.paint.len() as f64
    }

    fn push(&self, session: &Session) {
        let bounds = Rect::new(0, 0, self.side, self.side);
        let stride = self.side as usize * self.format.bytes_per_pixel();
        let view = ImageView::new(self.format, bounds, stride, &self.paint).unwrap();
        session.push(self.side, self.side, &[view], None).unwrap();
    }
}

#[test]
fn a_large_canvas_is_held_five_times_at_most() {
    let side = std::env::var("SCUMBLE_MEMORY_SIDE").ok().and_then(|side| side.parse().ok()).unwrap_or(2048);
    for format in [Format::Rgba8, Format::Rgba16] {
        let whole = Rect::new(0, 0, side, side);
        let mut host = Host::new(side, format);
        let mut told = Vec::new();
        host.paint(whole, 1);
        told.push(("the first picture", host.most(|session| host.push(session))));
        host.paint(Rect::new(side / 3, side / 3, side / 16, side / 16), 2);
        told.push(("a stroke", host.most(|session| host.push(session))));
        host.paint(whole, 3);
        told.push(("all is painted over", host.most(|session| host.push(session))));
        let mut coverage = vec![0; (side * side) as usize];
        for (at, byte) in coverage.iter_mut().enumerate() {
            let (x, y) = ((at as i32 % side) - side / 2, (at as i32 / side) - side / 2);
            *byte = ((side * side / 5 - x * x - y * y) / side).clamp(0, 255) as u8;
        }
        host.base += coverage.len();
        let mask = |outside| Coverage { outside, ..Coverage::new(whole, side as usize, &coverage) };
        let masked = host.most(|session| {
            session.set_mask(side, side, Some(mask(Outside::Transparent))).unwrap();
        });
        told.push(("a round mask", masked));
        let Polled::Frame(frame) = host.session.poll(0).unwrap() else { panic!("no frame") };
        host.paint(whole, 4);
        told.push(("all anew while the host holds a frame", host.most(|session| host.push(session))));
        drop(frame);
        host.session.set_mask(side, side, None).unwrap();
        assert!(host.session.wait(Duration::from_secs(600)).unwrap(), "it does not come to rest");
        // A region's mask is a canvas of its own, and the picture without it is kept beside the one with it.
        let region = Region {
            prompt: "a lake".into(),
            negative: String::new(),
            weight: 1.0,
            rank: 0,
            steps: StepRange::ALL,
        };
        let stride = side as usize * 4;
        let mut shown = vec![0; stride * side as usize];
        shown[stride * side as usize / 2..].fill(255);
        host.base += shown.len() - coverage.len();
        drop(coverage);
        let view = ImageView::new(Format::Rgba8, whole, stride, &shown).unwrap();
        let regions = host.most(|session| {
            session.set_region(1, region, Some((side, side, view))).unwrap();
        });
        told.push(("a region", regions));
        host.paint(whole, 5);
        told.push(("all is painted over under a region", host.most(|session| host.push(session))));
        for (what, canvases) in &told {
            println!("{format:?} {side}x{side}, {what}: {canvases:.2} canvases");
        }
        // One more is the host's own.
        for ((what, canvases), most) in told.into_iter().zip([5.0, 5.0, 5.0, 5.0, 6.0, 7.0, 8.0]) {
            assert!(canvases <= most, "{format:?}, {what}: {canvases:.2} canvases");
        }
    }
}
