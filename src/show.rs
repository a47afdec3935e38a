//! The model's pictures on their way to the host: pasted, laid on what is shown, published.

use std::time::{Duration, Instant};

use crate::desk::Shared;
use crate::error::Result;
use crate::frame::{Frame, Kind};
use crate::job::Job;
use crate::pixels::mask::Outside;
use crate::pixels::paste::{self, Blend, Source};
use crate::pixels::{Format, zeroed};
use crate::region::Rect;
use crate::render::{Phases, Previews};

/// What the host sees of a session: the pixels of `cover`, packed.
pub(crate) struct Shown {
    pub cover: Rect,
    pub format: Format,
    pub pixels: Vec<u8>,
}

impl Shown {
    fn lay(&mut self, rect: Rect, pixels: &[u8]) {
        let bpp = self.format.bytes_per_pixel();
        let row = rect.width as usize * bpp;
        for (y, from) in (rect.y..).zip(pixels.chunks_exact(row)) {
            let start =
                (y - self.cover.y) as usize * self.cover.width as usize + (rect.x - self.cover.x) as usize;
            self.pixels[start * bpp..][..row].copy_from_slice(from);
        }
    }
}

/// Frames of a picture that is made of many patches come at most so often.
const APART: Duration = Duration::from_millis(200);

pub(crate) struct Showing<'a> {
    session: &'a Shared,
    job: &'a Job,
    outside: Outside,
    pixel_work: Duration,
    published: Option<Instant>,
    /// Of the window that was finished last.
    pub steps: u32,
    pub phases: Phases,
}

impl<'a> Showing<'a> {
    pub fn new(session: &'a Shared, job: &'a Job) -> Self {
        Showing {
            session,
            job,
            outside: job.mask.as_ref().map(|mask| mask.outside()).unwrap_or_default(),
            pixel_work: Duration::ZERO,
            published: None,
            steps: 0,
            phases: Phases::default(),
        }
    }

    pub fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.pixel_work += start.elapsed();
        result
    }

    fn weights(&self, rect: Rect) -> Result<Option<Vec<f32>>> {
        match self.job.mask.as_ref().filter(|mask| mask.bounds().is_some()) {
            Some(mask) => mask.weights(rect, self.job.params.mask_softness, &self.job.cancel).map(Some),
            None => Ok(None),
        }
    }

    /// The paint itself, byte for byte, or nothing where the mask says so.
    pub fn paint(&mut self, keeps_everything: bool) -> Result<()> {
        let start = Instant::now();
        let rect = self.job.cover;
        let pixels = if keeps_everything && self.outside == Outside::Transparent {
            zeroed(rect.area() as usize * self.job.paint.format().bytes_per_pixel())?
        } else {
            let weights = self.weights(rect)?;
            let blend =
                Blend { weights: weights.as_deref(), outside: self.outside, alpha: self.job.params.alpha };
            paste::paint_alone(rect, &self.job.paint, blend, &self.job.cancel)?
        };
        self.pixel_work += start.elapsed();
        self.lay(rect, &pixels)?;
        self.publish(Kind::Final, (0, 0), Phases::default())
    }

    /// Shows the picture in `rect`.
    pub fn patch(
        &mut self,
        source: &Source<'_>,
        rect: Rect,
        kind: Kind,
        step: (u32, u32),
        phases: Phases,
    ) -> Result<()> {
        self.put(source, rect)?;
        self.publish(kind, step, phases)
    }

    /// The same, but the host need not see it by itself.
    pub fn put(&mut self, source: &Source<'_>, rect: Rect) -> Result<()> {
        let start = Instant::now();
        let weights = self.weights(rect)?;
        let blend =
            Blend { weights: weights.as_deref(), outside: self.outside, alpha: self.job.params.alpha };
        let pixels = paste::paste(source, rect, &self.job.paint, blend, &self.job.cancel)?;
        self.pixel_work += start.elapsed();
        self.lay(rect, &pixels)
    }

    fn lay(&mut self, rect: Rect, pixels: &[u8]) -> Result<()> {
        let mut shown = self.session.shown.lock();
        let (cover, format) = (self.job.cover, self.job.paint.format());
        let fits = shown.as_ref().is_some_and(|shown| (shown.cover, shown.format) == (cover, format));
        if !fits {
            let length = cover.area() as usize * format.bytes_per_pixel();
            *shown = Some(Shown { cover, format, pixels: zeroed(length)? });
        }
        if let Some(shown) = &mut *shown {
            shown.lay(rect, pixels);
        }
        Ok(())
    }

    /// Publishes what has been put, unless something was published a moment ago.
    pub fn now_and_then(&mut self, phases: Phases) -> Result<()> {
        let off = self.job.params.preview == Previews::Off;
        if off || self.published.is_some_and(|at| at.elapsed() < APART) {
            return Ok(());
        }
        self.publish(Kind::Preview, (self.steps, self.steps), phases)
    }

    pub fn publish(&mut self, kind: Kind, (step, steps): (u32, u32), phases: Phases) -> Result<()> {
        let job = self.job;
        let pixel_work = self.pixel_work;
        self.published = Some(Instant::now());
        let pixels = {
            let shown = self.session.shown.lock();
            let Some(shown) = &*shown else { return Ok(()) };
            let mut copy = zeroed(shown.pixels.len())?;
            copy.copy_from_slice(&shown.pixels);
            copy
        };
        self.session.publish(&job.cancel, |seq, stale| Frame {
            seq,
            revision: job.revision,
            kind,
            stale,
            rect: job.cover,
            format: job.paint.format(),
            pixels,
            step,
            steps,
            since_push: job.pushed_at.elapsed(),
            since_start: job.started_at.elapsed(),
            phases,
            pixel_work,
        })
    }
}
