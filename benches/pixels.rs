//! What the pixel loops cost by format: 1024² of paint read for the model, and the model's picture pasted for the
//! host, through a soft mask and without one. The worker does this once a frame, besides the model.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use scumble::cancel::Cancel;
use scumble::canvas::{Canvas, Snapshot};
use scumble::pixels::mask::{Coverage, Mask, Outside};
use scumble::pixels::paste::{Alpha, Blend, Source};
use scumble::pixels::{Format, ImageView, paste, read};
use scumble::region::Rect;

const SIDE: i32 = 1024;
/// Paint of which every second row is half transparent: both sides of the loops are seen.
fn paint(format: Format) -> Snapshot {
    let rect = Rect::new(0, 0, SIDE, SIDE);
    let bpp = format.bytes_per_pixel();
    let mut data = vec![0; (SIDE * SIDE) as usize * bpp];
    for (i, pixel) in data.chunks_exact_mut(bpp).enumerate() {
        let (x, y) = (i as i32 % SIDE, i as i32 / SIDE);
        let alpha = if y % 2 == 0 { 1.0 } else { 0.5 };
        let colour = [x as f32 / SIDE as f32, y as f32 / SIDE as f32, 0.25, alpha];
        scumble::pixels::colour::store(format, colour, pixel);
    }
    let mut canvas = Canvas::new(rect, format, 1).expect("room");
    canvas
        .update(&ImageView::new(format, rect, SIDE as usize * bpp, &data).expect("a view"), rect, 1)
        .expect("room");
    canvas.snapshot()
}

fn pixel_loops(criterion: &mut Criterion) {
    let bounds = Rect::new(0, 0, SIDE, SIDE);
    let cancel = Cancel::new();
    // At the canvas's own size, so that nothing is scaled.
    let whole = || [0..i64::from(SIDE), 0..i64::from(SIDE)];
    let hole = Rect::new(64, 64, SIDE - 128, SIDE - 128);
    let coverage = vec![255; (hole.width * hole.height) as usize];
    let mask = Mask::new(bounds, Coverage::new(hole, hole.width as usize, &coverage)).expect("room");
    let weights = mask.weights(bounds, 200, &cancel).expect("room");
    let mut group = criterion.benchmark_group("pixels");
    for format in Format::ALL {
        let name = format!("{format:?}");
        let paint = paint(format);
        let picture = read::picture(&paint, 1.0, whole(), [1.0; 3], &cancel).expect("a picture");
        group.bench_function(BenchmarkId::new("read", &name), |b| {
            b.iter(|| black_box(read::picture(&paint, 1.0, whole(), [1.0; 3], &cancel).expect("a picture")));
        });
        let source = Source { picture: &picture, scale: 1.0, origin: (0, 0), paper: None };
        for (what, weights) in [("paste", None), ("paste_masked", Some(&weights[..]))] {
            group.bench_function(BenchmarkId::new(what, &name), |b| {
                let blend = Blend { weights, outside: Outside::Paint, alpha: Alpha::Opaque };
                b.iter(|| black_box(paste::paste(&source, bounds, &paint, blend, &cancel).expect("room")));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1))
        .warm_up_time(Duration::from_millis(300));
    targets = pixel_loops
}
criterion_main!(benches);
