//! The loop of an interactive host, driven by a recorded hand: sixty times a second it paints what is due, pushes,
//! polls, shows.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::args::{Alpha, Settings};
use crate::failure::{Done, Failure};
use crate::hand::{Action, Hand};
use crate::host::{Depth, Fault, Layer, Params, Polled, Preview};
use crate::meter::{Cause, Meter, milliseconds};
use crate::painter::Painter;
use crate::recording::Recording;
use crate::spool::Spool;

const TICK: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// A moment for the film strip.
pub struct Mark {
    pub label: String,
    pub prompt: String,
    pub paint: Vec<u8>,
    pub live: Vec<u8>,
}

pub struct Replay<'a> {
    recording: &'a Recording,
    /// How long the last picture, and the first, may take.
    patience: Duration,
    layer: Layer,
    params: Params,
    painter: Painter,
    /// The live layer as the host shows it.
    pub live: Vec<u8>,
    pub meter: Meter,
    pub spool: Spool,
    pub marks: Vec<Mark>,
    pub faults: Vec<String>,
    /// Prompts and when they came, in milliseconds of the recording.
    pub prompts: Vec<(f64, String)>,
    pub opening: f64,
    seq: u64,
    stroke_revision: u64,
    /// What changed the canvas since the last push.
    cause: Cause,
    pen_was_lifted: bool,
}

impl<'a> Replay<'a> {
    pub fn new(
        recording: &'a Recording,
        patience: Duration,
        layer: Layer,
        params: Params,
        spool: Spool,
    ) -> Self {
        let size = recording.canvas;
        let painter = Painter::new(size.width, size.height, recording.background.map(|c| c.0));
        Replay {
            recording,
            patience,
            layer,
            prompts: vec![(f64::NEG_INFINITY, params.prompt.clone())],
            params,
            live: vec![0; painter.pixels().len()],
            painter,
            meter: Meter::default(),
            spool,
            marks: Vec::new(),
            faults: Vec::new(),
            opening: 0.0,
            seq: 0,
            stroke_revision: 0,
            cause: Cause::Paint,
            pen_was_lifted: false,
        }
    }

    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    pub fn paint(&self) -> &[u8] {
        self.painter.pixels()
    }

    /// Switches the live layer on and waits for the picture of the blank canvas, as an artist would.
    pub fn open(&mut self) -> Done {
        let begin = Instant::now();
        let settings = self.layer.set_params(&self.params)?;
        let pushed = self.layer.push(self.recording.canvas.canvas(self.painter.pixels()), None)?;
        let revision = pushed.or(settings).unwrap_or(0);
        loop {
            self.layer.wait(50)?;
            match self.layer.poll(self.seq) {
                Ok(Polled::Frame(frame)) => {
                    let info = frame.info()?;
                    self.show(&frame, f64::NEG_INFINITY)?;
                    self.seq = info.seq;
                    if info.finished && info.revision >= revision {
                        break;
                    }
                }
                Ok(_) => {}
                Err(fault) if fault.passes() => self.note(fault)?,
                Err(fault) => return Err(fault.into()),
            }
            if begin.elapsed() > self.patience {
                return Err(did_not_come("first", self.patience));
            }
        }
        self.opening = milliseconds(begin.elapsed());
        Ok(())
    }

    /// Lets the hand paint, `speed` times as fast as it did, until its last picture is there.
    pub fn run(&mut self, speed: f64, bar: &ProgressBar) -> Done {
        let mut hand = Hand::new(self.recording);
        let length = self.recording.length();
        let begin = Instant::now();
        let mut next = begin;
        loop {
            let now = Instant::now();
            self.meter.tick_late.push(milliseconds(now.saturating_duration_since(next)));
            let t = milliseconds(now - begin) * speed;
            self.tick(t, &mut hand)?;
            bar.set_position(t.min(length) as u64);
            if hand.is_done()
                && t >= length
                && (self.meter.at_rest() || self.gave_up(now, begin, length / speed)?)
            {
                return Ok(());
            }
            // A late tick does not make the following ones hurry.
            while next <= Instant::now() {
                next += TICK;
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    fn tick(&mut self, t: f64, hand: &mut Hand<'_>) -> Done {
        while let Some(action) = hand.due(t) {
            action.paint(&mut self.painter);
            match action {
                Action::MoveTo(_) => self.cause = Cause::Paint,
                Action::PenUp => self.pen_was_lifted = true,
                Action::Undo | Action::Redo => self.cause = Cause::Undo,
                Action::Prompt(text) => {
                    self.params.prompt = text.to_owned();
                    self.prompts.push((t, text.to_owned()));
                    self.set()?;
                }
                Action::Set(change) => {
                    self.params.strength = change.strength.or(self.params.strength);
                    self.params.steps = change.steps.or(self.params.steps);
                    self.params.guidance = change.guidance.or(self.params.guidance);
                    self.params.seed = change.seed.unwrap_or(self.params.seed);
                    self.set()?;
                }
                Action::Mark(label) => {
                    let (paint, live) = (self.painter.pixels().to_vec(), self.live.clone());
                    let (label, prompt) = (label.to_owned(), self.params.prompt.clone());
                    self.marks.push(Mark { label, prompt, paint, live });
                }
                Action::PenDown(_) => {}
            }
        }
        self.push()?;
        self.poll(t)
    }

    fn set(&mut self) -> Done {
        let since = Instant::now();
        if let Some(revision) = self.layer.set_params(&self.params)? {
            self.meter.expect(Cause::Settings, revision, since);
        }
        Ok(())
    }

    fn push(&mut self) -> Done {
        let touched = self.painter.take_touched();
        let start = Instant::now();
        let pushed = self.layer.push(self.recording.canvas.canvas(self.painter.pixels()), touched)?;
        let took = milliseconds(start.elapsed());
        match pushed {
            Some(revision) => {
                self.meter.push_changed.push(took);
                self.meter.expect(self.cause, revision, start);
                if self.cause == Cause::Paint {
                    self.stroke_revision = revision;
                }
            }
            None => self.meter.push_unchanged.push(took),
        }
        if std::mem::take(&mut self.pen_was_lifted) {
            self.meter.pen_up(self.stroke_revision, Instant::now());
        }
        Ok(())
    }

    fn poll(&mut self, t: f64) -> Done {
        let start = Instant::now();
        let polled = self.layer.poll(self.seq);
        let took = milliseconds(start.elapsed());
        match polled {
            Ok(Polled::Frame(frame)) => {
                self.meter.poll_frame.push(took);
                let info = frame.info()?;
                self.seq = info.seq;
                self.meter.shown(&info, Instant::now());
                self.show(&frame, t)?;
            }
            Ok(_) => self.meter.poll_empty.push(took),
            Err(fault) => self.note(fault)?,
        }
        Ok(())
    }

    /// The layer lives on after a failed job, and so does the replay; only a closed layer ends it.
    fn note(&mut self, fault: Fault) -> Done {
        if fault.closes_the_layer() {
            return Err(fault.into());
        }
        if fault.passes() {
            // Nothing is lacking in the end.
            eprintln!("scumble: {}", fault.message);
        } else {
            self.faults.push(fault.message);
        }
        Ok(())
    }

    fn show(&mut self, frame: &crate::host::Frame, t: f64) -> Done {
        let start = Instant::now();
        let size = self.recording.canvas;
        frame.lay_down(size.width, Depth::Eight, &mut self.live)?;
        if t.is_finite() {
            self.meter.show.push(milliseconds(start.elapsed()));
        }
        self.spool.add(t, &self.live)
    }

    /// Whether no FINAL frame can be hoped for any more.
    fn gave_up(&mut self, now: Instant, begin: Instant, length_ms: f64) -> Done<bool> {
        let late = now - begin > Duration::from_secs_f64(length_ms / 1e3) + self.patience;
        Ok(late || (!self.faults.is_empty() && self.layer.wait(0)?))
    }
}

/// `which`: the first, or the last.
pub fn did_not_come(which: &str, patience: Duration) -> Failure {
    Failure::failed(format!(
        "The {which} picture did not come within {} seconds; --patience waits longer.",
        patience.as_secs()
    ))
}

/// The recording's settings, with those of the command line in their place.
pub fn params(recording: &Recording, given: &Settings, preview: Option<Preview>) -> Params {
    let recorded = &recording.settings;
    Params {
        prompt: recorded.prompt.clone(),
        negative: given.negative.clone().unwrap_or_else(|| recorded.negative.clone()),
        strength: given.strength.or(recorded.strength),
        steps: given.steps.or(recorded.steps),
        guidance: given.guidance.or(recorded.guidance),
        paint_guidance: given.paint_guidance,
        seed: given.seed.unwrap_or(recorded.seed),
        preview,
        alpha_follows: given.alpha == Some(Alpha::Follow),
        paper: given.paper.unwrap_or(recording.paper.0),
        resolution: given.resolution.unwrap_or(0),
        mask_softness: None,
        lora_folder: None,
    }
}
