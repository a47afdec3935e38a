//! What preparing a control picture costs, beside reading it as it is: 512² and a window of 1024² of a canvas of 2048², at its
//! own size, and what of a drawing is counted: all of it once, and a stroke's tiles after that.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use scumble::cancel::Cancel;
use scumble::canvas::{Canvas, Snapshot};
use scumble::pixels::{Format, ImageView};
use scumble::prepare::{self, Ink, Prepare, Tally};
use scumble::region::Rect;

const SIDE: i32 = 2048;

/// Shapes with soft and hard edges, and a little noise: all that the preparations look for.
fn painting() -> Canvas {
    let rect = Rect::new(0, 0, SIDE, SIDE);
    let mut noise = 1u32;
    let pixels = (0..SIDE * SIDE).flat_map(|at| {
        let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let soft = 128.0 + 80.0 * (x * 0.013).sin() * (y * 0.017).cos() + (noise >> 29) as f32;
        let hard = if (x * 0.01).sin() > (y * 0.008).cos() { 200 } else { 40 };
        [soft as u8, hard, (at / 4096) as u8, 255]
    });
    let data: Vec<u8> = pixels.collect();
    let mut canvas = Canvas::new(rect, Format::Rgba8, 1).expect("room");
    let view = ImageView::new(Format::Rgba8, rect, SIDE as usize * 4, &data).expect("a view");
    canvas.update(&view, rect, 1).expect("room");
    canvas
}

/// The same after a stroke of 200 × 50.
fn stroked(mut canvas: Canvas) -> Snapshot {
    let rect = Rect::new(700, 900, 200, 50);
    let data = vec![7; 200 * 50 * 4];
    let view = ImageView::new(Format::Rgba8, rect, 200 * 4, &data).expect("a view");
    canvas.update(&view, rect, 2).expect("room");
    canvas.snapshot()
}

fn preparations(criterion: &mut Criterion) {
    let (cancel, canvas) = (Cancel::new(), painting());
    let pixels = canvas.snapshot();
    let tally = Tally::of(&pixels, None, &cancel).expect("a tally");
    let ink = Ink::of(&tally);
    let mut group = criterion.benchmark_group("prepare");
    for side in [512i64, 1024] {
        for how in Prepare::ALL {
            group.bench_function(BenchmarkId::new(how.name(), side), |b| {
                let window = || [300..300 + side, 500..500 + side];
                b.iter(|| {
                    black_box(prepare::window(&pixels, how, ink, 1.0, window(), &cancel).expect("a picture"))
                });
            });
        }
    }
    group.bench_function(BenchmarkId::new("count", SIDE), |b| {
        b.iter(|| black_box(Tally::of(&pixels, None, &cancel).expect("a tally")));
    });
    let stroked = stroked(canvas);
    group.bench_function(BenchmarkId::new("count_after_a_stroke", SIDE), |b| {
        b.iter(|| black_box(Tally::of(&stroked, Some((&pixels, &tally)), &cancel).expect("a tally")));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1))
        .warm_up_time(Duration::from_millis(300));
    targets = preparations
}
criterion_main!(benches);
