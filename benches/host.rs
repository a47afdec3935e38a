//! What the calls cost on the host's thread, beside the floor: comparing and copying the same bytes.
//! Run with `make bench`; scripts/bench_table.py prints the ratios.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::Array3;
use scumble::cancel::Cancel;
use scumble::engine::{Engine, Load};
use scumble::error::Result;
use scumble::job::Params;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::render::{
    Capabilities, Defaults, Ended, Geometry, ModelInfo, Patch, Phases, Policy, Quality, Renderer, Scene, Sink,
};
use scumble::session::{Polled, Session};

/// Answers at once with what it was given, so that the worker does not compete for the cores.
struct Echo;

impl Renderer for Echo {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            name: "echo".into(),
            description: String::new(),
            device: "cpu".into(),
            device_note: String::new(),
            runtime: String::new(),
            geometry: Geometry { native: 512, multiple: 8, cell: 8, fixed: None },
            defaults: Defaults { steps: 1, strength: 1.0, guidance: 0.0, refine: None, context: 0 },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        _: &Quality<'_>,
        _: &Policy,
        _: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let picture = scene.paint.clone();
        let latent = Some(Array3::zeros((4, scene.window.height, scene.window.width)));
        sink.patch(Patch { picture, latent, step: 1, steps: 1, phases: Phases::default() })?;
        Ok(Ended::Finished)
    }
}

struct Host {
    session: Session,
    side: i32,
    paint: Vec<u8>,
}

impl Host {
    fn new(side: i32) -> Host {
        let load: Load = Box::new(|_, _| Ok(Box::new(Echo)));
        let engine = Engine::with(load).expect("engine");
        let paint: Vec<u8> = (0..side as usize * side as usize * 4).map(|i| (i * 7 % 253) as u8).collect();
        let host = Host { session: engine.session(), side, paint };
        host.session.set_params(Params::default()).expect("params");
        host.push();
        host.rest();
        host
    }

    fn push(&self) {
        let rect = Rect::new(0, 0, self.side, self.side);
        let view = ImageView::new(Format::Rgba8, rect, self.side as usize * 4, &self.paint).expect("view");
        black_box(self.session.push(self.side, self.side, &[view], None).expect("push"));
    }

    /// Changes every pixel of a square of 256.
    fn dab(&mut self) {
        let row = self.side as usize * 4;
        for y in 100..356 {
            for v in &mut self.paint[y * row + 100 * 4..][..256 * 4] {
                *v = v.wrapping_add(1);
            }
        }
    }

    /// A host that knows what a stroke touched pushes that alone.
    fn push_dab(&self) {
        let rect = Rect::new(100, 100, 256, 256);
        let row = self.side as usize * 4;
        let first = &self.paint[100 * row + 100 * 4..];
        let view = ImageView::new(Format::Rgba8, rect, row, &first[..255 * row + 256 * 4]).expect("view");
        black_box(self.session.push(self.side, self.side, &[view], None).expect("push"));
    }

    fn seq(&self) -> u64 {
        let Polled::Frame(frame) = self.session.poll(0).expect("poll") else { panic!("no frame") };
        frame.seq
    }

    /// Until there is a newer frame than `seen`.
    fn frame_after(&self, seen: u64) {
        while matches!(self.session.poll(seen).expect("poll"), Polled::Nothing) {
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn rest(&self) {
        assert!(self.session.wait(Duration::from_secs(20)).expect("open"), "the worker did not come to rest");
    }
}

fn host_calls(criterion: &mut Criterion) {
    for side in [1024, 2048] {
        let mut host = Host::new(side);
        let copy = host.paint.clone();
        let mut target = vec![0u8; copy.len()];
        let mut group = criterion.benchmark_group("host");
        group.bench_function(BenchmarkId::new("floor_compare", side), |b| {
            b.iter(|| black_box(black_box(&host.paint[..]) == black_box(&copy[..])));
        });
        group.bench_function(BenchmarkId::new("floor_copy", side), |b| {
            b.iter(|| black_box(&mut target[..]).copy_from_slice(black_box(&copy)));
        });
        group.bench_function(BenchmarkId::new("push_unchanged", side), |b| b.iter(|| host.push()));
        group.bench_function(BenchmarkId::new("poll_no_frame", side), |b| {
            b.iter(|| matches!(host.session.poll(u64::MAX).expect("poll"), Polled::Nothing));
        });
        group.bench_function(BenchmarkId::new("poll_frame", side), |b| {
            b.iter(|| {
                let Polled::Frame(frame) = host.session.poll(0).expect("poll") else { panic!("no frame") };
                black_box(frame);
            });
        });
        group.bench_function(BenchmarkId::new("push_256_changed", side), |b| {
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    host.dab();
                    let start = std::time::Instant::now();
                    host.push();
                    spent += start.elapsed();
                    // The worker would compete for the two cores; here the call alone is wanted.
                    host.rest();
                }
                spent
            });
        });
        group.finish();
    }
}

/// What a stroke of 256 x 256 costs on a large canvas: the host's call, and all of the pixel work up to the first frame
/// (reading, scaling, compositing), with a model that takes no time and is native at 512 x 512.
fn large_canvas(criterion: &mut Criterion) {
    let side = 4096;
    let mut host = Host::new(side);
    let mut group = criterion.benchmark_group("large");
    for (name, to_frame) in [("push_256", false), ("frame_256", true)] {
        group.bench_function(BenchmarkId::new(name, side), |b| {
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    host.dab();
                    let seen = host.seq();
                    let start = std::time::Instant::now();
                    host.push_dab();
                    if to_frame {
                        host.frame_after(seen);
                    }
                    spent += start.elapsed();
                    host.rest();
                }
                spent
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4));
    targets = host_calls, large_canvas
}
criterion_main!(benches);
