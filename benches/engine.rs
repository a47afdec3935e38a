//! A whole frame against the bare ONNX Runtime runs in it, and stroke → frame, with a real model.
//! SCUMBLE_BENCH_MODEL names another model folder than the default. Prints a table and asserts nothing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use scumble::engine::{Engine, LoadState};
use scumble::job::{Params, Preview};
use scumble::pipeline::LoadOptions;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::session::{Polled, Session};

fn main() {
    let given = std::env::var_os("SCUMBLE_BENCH_MODEL").map(PathBuf::from);
    let rounds = if given.is_some() { 3 } else { 40 };
    let model_dir =
        given.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/default")));
    let start = Instant::now();
    let options = LoadOptions { model_dir, device: "cpu".into(), ..LoadOptions::default() };
    let engine = Engine::load(options).expect("engine");
    let model = loop {
        match engine.state() {
            LoadState::Loading { .. } => std::thread::sleep(Duration::from_millis(5)),
            LoadState::Ready(model) => break model,
            LoadState::Failed(why) => {
                eprintln!("engine: {why}");
                std::process::exit(1);
            }
        }
    };
    println!("model {} on {}, loaded in {:.2} s", model.name, model.device, start.elapsed().as_secs_f32());
    let session = engine.session();
    let params = Params { prompt: "snowy mountains above a lake at sunset".into(), ..Params::default() };
    session.set_params(Params { preview: Preview::Off, ..params.clone() }).expect("params");
    let side = model.geometry.native as i32;
    let mut rows: Vec<(Duration, Duration, Duration)> = Vec::new();
    for round in 0..rounds + 2 {
        let frame = one_frame(&session, side, round as u8);
        // The first frames warm the caches and the memory up.
        if round >= 2 {
            rows.push(frame);
        }
    }
    rows.sort();
    let at = |share: f32| rows[((rows.len() - 1) as f32 * share) as usize].0.as_secs_f32() * 1e3;
    let whole: Duration = rows.iter().map(|r| r.1).sum();
    let runtime: Duration = rows.iter().map(|r| r.2).sum();
    println!("{side}x{side}, {} frames, all default settings", rows.len());
    println!("push -> FINAL    p50 {:.1} ms, p95 {:.1} ms, max {:.1} ms", at(0.5), at(0.95), at(1.0));
    println!(
        "whole frame / bare ONNX Runtime runs = {:.3} ({:.1} / {:.1} ms a frame)",
        whole.as_secs_f32() / runtime.as_secs_f32(),
        whole.as_secs_f32() * 1e3 / rows.len() as f32,
        runtime.as_secs_f32() * 1e3 / rows.len() as f32,
    );
    // Without previews there is nothing to see but what settles.
    session.set_params(params).expect("params");
    session.wait(Duration::from_secs(600)).expect("open");
    let mut tenths: Vec<f32> = (0..rounds.min(12))
        .filter_map(|round| tenth(&session, side, round as u8))
        .map(|(window, whole)| window.as_secs_f32() / whole.as_secs_f32())
        .collect();
    tenths.sort_by(f32::total_cmp);
    if let Some(middle) = tenths.get(tenths.len() / 2) {
        println!("a stroke of a tenth: its window / the whole frame, denoising = {middle:.3}");
    }
}

/// A stroke that changes a tenth of the canvas: what its window costs in denoising, beside the whole that settles.
fn tenth(session: &Session, side: i32, round: u8) -> Option<(Duration, Duration)> {
    let part = (f64::from(side) * 0.1f64.sqrt()) as i32;
    // All over the canvas: what lies around a stroke is less where the canvas ends.
    let (x, y) = (i32::from(round) * 131 % (side - part), i32::from(round) * 89 % (side - part));
    let paint: Vec<u8> = (0..part * part).flat_map(|_| [round.wrapping_mul(31), 90, 200, 255]).collect();
    let view = ImageView::new(Format::Rgba8, Rect::new(x, y, part, part), part as usize * 4, &paint).ok()?;
    let after = match session.poll(0).expect("frame") {
        Polled::Frame(frame) => frame.seq,
        _ => 0,
    };
    session.push(side, side, &[view], None).expect("push");
    let window = loop {
        match session.poll(after).expect("frame") {
            Polled::Frame(frame) if frame.step == frame.steps => break frame.phases.denoise,
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    session.wait(Duration::from_secs(600)).expect("open");
    match session.poll(after).expect("frame") {
        Polled::Frame(frame) => Some((window, frame.phases.denoise)),
        _ => None,
    }
}

/// Pushes a changed picture and waits for its frame: (push → frame, job, ONNX Runtime's part of the job).
fn one_frame(session: &Session, side: i32, round: u8) -> (Duration, Duration, Duration) {
    let paint: Vec<u8> = (0..side * side)
        .flat_map(|i| [(i % side) as u8, (i / side) as u8, round.wrapping_mul(5), 255])
        .collect();
    let rect = Rect::new(0, 0, side, side);
    let view = ImageView::new(Format::Rgba8, rect, side as usize * 4, &paint).expect("view");
    session.push(side, side, &[view], None).expect("push");
    session.wait(Duration::from_secs(600)).expect("open");
    match session.poll(0).expect("frame") {
        Polled::Frame(frame) => (frame.since_push, frame.since_start, frame.phases.runtime),
        _ => panic!("no frame"),
    }
}
