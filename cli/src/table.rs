//! The report of a replay, as a table to read and as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::meter::{Frames, Meter};

#[derive(Serialize, Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What it is, for people.
    pub what: &'static str,
    /// The same for programs.
    pub key: &'static str,
    pub count: usize,
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub max: Option<f64>,
}

/// Mean milliseconds of a FINAL frame, by phase.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct Means {
    pub frames: u64,
    pub text: f64,
    pub encode: f64,
    pub denoise: f64,
    pub decode: f64,
    pub pixels: f64,
    pub onnx_runtime: f64,
    /// From the start of the job to the frame.
    pub whole: f64,
    /// `whole` over `onnx_runtime`: 1 = the engine costs nothing.
    pub overhead: f64,
}

#[derive(Serialize, Clone, Copy)]
pub struct Jobs {
    pub started: u64,
    /// Waiting jobs whose place a newer push took.
    pub replaced: u64,
}

#[derive(Serialize)]
pub struct Report {
    pub scumble: String,
    pub recording: String,
    pub canvas: [u32; 2],
    pub seconds: f64,
    pub strokes: usize,
    pub prompts: usize,
    pub speed: f64,
    pub model: String,
    pub device: String,
    /// Milliseconds from the first push of the blank canvas to its picture, before the hand begins.
    pub opening: f64,
    /// Milliseconds on the host's thread.
    pub host: Vec<Row>,
    /// Milliseconds from a push to a frame that covers it, as the host sees it.
    pub latency: Vec<Row>,
    pub frames: Frames,
    pub jobs: Jobs,
    pub phases: Option<Means>,
    /// Whether the last frame shows all of the paint, finished.
    pub came_to_rest: bool,
    /// What the worker could not do, in its words.
    pub faults: Vec<String>,
}

pub fn row(what: &'static str, key: &'static str, samples: &[f64]) -> Row {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    Row {
        what,
        key,
        count: sorted.len(),
        p50: rank(&sorted, 0.5),
        p95: rank(&sorted, 0.95),
        max: sorted.last().copied(),
    }
}

/// The nearest-rank percentile: a sample, never something between two.
fn rank(sorted: &[f64], part: f64) -> Option<f64> {
    let place = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied()
}

pub fn host_rows(meter: &Meter) -> Vec<Row> {
    vec![
        row("push, pixels changed", "push_changed", &meter.push_changed),
        row("push, nothing changed", "push_unchanged", &meter.push_unchanged),
        row("poll, no frame", "poll_empty", &meter.poll_empty),
        row("poll, a frame", "poll_frame", &meter.poll_frame),
        row("show (copy the frame)", "show", &meter.show),
        row("60 Hz tick comes late by", "tick_late", &meter.tick_late),
    ]
}

pub fn latency_rows(meter: &Meter) -> Vec<Row> {
    vec![
        row("stroke \u{2192} first frame", "stroke_first", &meter.paint_to_first),
        row("stroke \u{2192} FINAL", "stroke_final", &meter.paint_to_final),
        row("pen up \u{2192} FINAL", "pen_up_final", &meter.pen_up_to_final),
        row("prompt or slider \u{2192} first frame", "settings_first", &meter.settings_to_first),
        row("undo or redo \u{2192} first frame", "undo_first", &meter.undo_to_first),
    ]
}

pub fn means(meter: &Meter) -> Option<Means> {
    let sums = &meter.phases;
    if sums.frames == 0 {
        return None;
    }
    let mean = |sum: u64| sum as f64 / sums.frames as f64 / 1e3;
    Some(Means {
        frames: sums.frames,
        text: mean(sums.text),
        encode: mean(sums.encode),
        denoise: mean(sums.denoise),
        decode: mean(sums.decode),
        pixels: mean(sums.pixels),
        onnx_runtime: mean(sums.runtime),
        whole: mean(sums.start),
        overhead: sums.start as f64 / sums.runtime as f64,
    })
}

impl Report {
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("a String takes all that is written");
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let [width, height] = self.canvas;
        writeln!(
            out,
            "{}: {} strokes and {} prompt changes in {:.1} s on {width}×{height}, by {} on {}",
            self.recording, self.strokes, self.prompts, self.seconds, self.model, self.device
        )?;
        writeln!(out, "\n{:<34}{:>6}{:>10}{:>10}{:>10}", "milliseconds", "n", "p50", "p95", "max")?;
        for row in &self.host {
            write_row(out, row, 3)?;
        }
        writeln!(out)?;
        for row in &self.latency {
            write_row(out, row, 0)?;
        }
        let Frames { shown, preview, finished, stale } = self.frames;
        writeln!(out, "\nframes shown {shown}: {preview} preview, {finished} final; {stale} of them stale")?;
        writeln!(out, "jobs started {}, replaced while waiting {}", self.jobs.started, self.jobs.replaced)?;
        writeln!(out, "first picture of the blank canvas after {:.0} ms", self.opening)?;
        if let Some(m) = &self.phases {
            writeln!(
                out,
                "mean of {} final frames: text {:.1} + encode {:.1} + denoise {:.1} + decode {:.1} + pixels {:.1} ms",
                m.frames, m.text, m.encode, m.denoise, m.decode, m.pixels
            )?;
            writeln!(
                out,
                "    whole {:.1} ms, of which ONNX Runtime {:.1}: overhead \u{d7}{:.3}",
                m.whole, m.onnx_runtime, m.overhead
            )?;
        }
        if !self.came_to_rest {
            writeln!(out, "the last paint was not rendered to the end")?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(out, "error: {fault}"))
    }
}

fn write_row(out: &mut String, row: &Row, digits: usize) -> std::fmt::Result {
    let number = |v: Option<f64>| v.map_or("-".to_owned(), |v| format!("{v:.digits$}"));
    let [p50, p95, max] = [row.p50, row.p95, row.max].map(number);
    writeln!(out, "{:<34}{:>6}{p50:>10}{p95:>10}{max:>10}", row.what, row.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_by_nearest_rank() {
        let samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let told = row("x", "x", &samples);
        assert_eq!((told.p50, told.p95, told.max), (Some(50.0), Some(95.0), Some(100.0)));
        let told = row("x", "x", &[7.0]);
        assert_eq!((told.count, told.p50, told.p95, told.max), (1, Some(7.0), Some(7.0), Some(7.0)));
        let told = row("x", "x", &[]);
        assert_eq!((told.count, told.p50, told.max), (0, None, None));
        assert_eq!(rank(&[1.0, 2.0, 3.0], 0.5), Some(2.0));
    }
}
