//! What a replay is measured by: what each call cost the host's thread, and how long paint waited for its picture.

use std::time::{Duration, Instant};

use crate::host::FrameInfo;

/// What a frame is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Pixels of a stroke.
    Paint,
    /// The end of a stroke.
    PenUp,
    /// New words, a moved slider.
    Settings,
    /// Undo and redo.
    Undo,
}

struct Waiting {
    cause: Cause,
    revision: u64,
    since: Instant,
    seen: bool,
}

/// Samples in milliseconds, by what they are samples of.
#[derive(Default)]
pub struct Meter {
    pub push_changed: Vec<f64>,
    pub push_unchanged: Vec<f64>,
    pub poll_empty: Vec<f64>,
    pub poll_frame: Vec<f64>,
    pub show: Vec<f64>,
    pub tick_late: Vec<f64>,
    pub paint_to_first: Vec<f64>,
    pub paint_to_final: Vec<f64>,
    pub pen_up_to_final: Vec<f64>,
    pub settings_to_first: Vec<f64>,
    pub undo_to_first: Vec<f64>,
    pub frames: Frames,
    pub phases: Phases,
    waiting: Vec<Waiting>,
    newest: u64,
    finished: u64,
}

#[derive(Default, Clone, Copy, serde::Serialize)]
pub struct Frames {
    pub shown: u64,
    pub preview: u64,
    #[serde(rename = "final")]
    pub finished: u64,
    pub stale: u64,
}

/// Sums over FINAL frames that the model had a hand in, in microseconds.
#[derive(Default, Clone, Copy)]
pub struct Phases {
    pub frames: u64,
    pub start: u64,
    pub text: u64,
    pub encode: u64,
    pub denoise: u64,
    pub decode: u64,
    pub pixels: u64,
    pub runtime: u64,
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Meter {
    /// From `since` on, a frame of `revision` is waited for.
    pub fn expect(&mut self, cause: Cause, revision: u64, since: Instant) {
        self.newest = self.newest.max(revision);
        self.waiting.push(Waiting { cause, revision, since, seen: false });
    }

    /// The pen has left the canvas; its last pixels were pushed as `revision`.
    pub fn pen_up(&mut self, revision: u64, now: Instant) {
        if revision <= self.finished {
            self.pen_up_to_final.push(0.0);
        } else {
            self.expect(Cause::PenUp, revision, now);
        }
    }

    pub fn shown(&mut self, frame: &FrameInfo, now: Instant) {
        self.frames.shown += 1;
        self.frames.preview += u64::from(frame.preview);
        self.frames.finished += u64::from(frame.finished);
        self.frames.stale += u64::from(frame.stale);
        if frame.finished {
            self.finished = self.finished.max(frame.revision);
            self.phases.add(frame);
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain_mut(|one| {
            if one.revision > frame.revision {
                return true;
            }
            let waited = milliseconds(now - one.since);
            if !one.seen {
                one.seen = true;
                self.first(one.cause, waited);
            }
            if frame.finished {
                self.last(one.cause, waited);
            }
            !frame.finished
        });
        self.waiting = waiting;
    }

    fn first(&mut self, cause: Cause, waited: f64) {
        match cause {
            Cause::Paint => self.paint_to_first.push(waited),
            Cause::Settings => self.settings_to_first.push(waited),
            Cause::Undo => self.undo_to_first.push(waited),
            Cause::PenUp => {}
        }
    }

    fn last(&mut self, cause: Cause, waited: f64) {
        match cause {
            Cause::Paint => self.paint_to_final.push(waited),
            Cause::PenUp => self.pen_up_to_final.push(waited),
            Cause::Settings | Cause::Undo => {}
        }
    }

    /// Whether a FINAL frame has shown the newest revision.
    pub fn at_rest(&self) -> bool {
        self.finished >= self.newest
    }
}

impl Phases {
    fn add(&mut self, frame: &FrameInfo) {
        if frame.runtime == 0 {
            return;
        }
        self.frames += 1;
        self.start += frame.since_start;
        self.text += frame.text;
        self.encode += frame.encode;
        self.denoise += frame.denoise;
        self.decode += frame.decode;
        self.pixels += frame.pixels;
        self.runtime += frame.runtime;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(revision: u64, finished: bool) -> FrameInfo {
        FrameInfo {
            seq: revision,
            revision,
            preview: !finished,
            finished,
            stale: false,
            step: 1,
            since_start: 100,
            text: 1,
            encode: 2,
            denoise: 3,
            decode: 4,
            pixels: 5,
            runtime: 80,
        }
    }

    #[test]
    fn paint_is_seen_by_the_first_frame_that_covers_it_and_done_by_a_final_one() {
        let mut meter = Meter::default();
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        meter.expect(Cause::Paint, 2, after(0));
        meter.expect(Cause::Paint, 3, after(10));
        meter.pen_up(3, after(20));
        assert!(!meter.at_rest());
        meter.shown(&frame(1, true), after(30));
        assert!(meter.paint_to_first.is_empty(), "an older frame shows nothing of it");
        meter.shown(&frame(2, false), after(40));
        meter.shown(&frame(3, false), after(50));
        assert_eq!(meter.paint_to_first, [40.0, 40.0]);
        assert!(meter.paint_to_final.is_empty());
        meter.shown(&frame(3, true), after(60));
        assert_eq!(meter.paint_to_first, [40.0, 40.0]);
        assert_eq!(meter.paint_to_final, [60.0, 50.0]);
        assert_eq!(meter.pen_up_to_final, [40.0]);
        assert!(meter.at_rest());
        meter.pen_up(3, after(70));
        assert_eq!(meter.pen_up_to_final, [40.0, 0.0], "shown before the pen was up");
        assert_eq!((meter.frames.shown, meter.frames.preview, meter.frames.finished), (4, 2, 2));
        assert_eq!((meter.phases.frames, meter.phases.runtime), (2, 160));
    }
}
