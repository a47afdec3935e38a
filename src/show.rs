//! The model's pictures on their way to the host: pasted, laid on what is shown, told.

use std::time::{Duration, Instant};

use crate::desk::Shared;
use crate::error::Result;
use crate::frame::{Kind, Meta};
use crate::job::Job;
use crate::picture::State;
use crate::pixels::mask::Outside;
use crate::pixels::paste::{self, Blend, Source};
use crate::pixels::zeroed;
use crate::region::Rect;
use crate::render::{Phases, Previews, Tier};
use crate::tiles::Tiles;

/// Frames of a picture that is made of many patches come at most so often.
const APART: Duration = Duration::from_millis(200);

pub(crate) struct Showing<'a> {
    session: &'a Shared,
    job: &'a Job,
    outside: Outside,
    pub pixel_work: Duration,
    /// The picture with what has been put and is not shown yet.
    next: Option<State<Meta>>,
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
            outside: match &job.mask {
                // Nothing can be laid over the paint that is never transparent.
                Some(mask) if job.paint.format().has_alpha() => mask.outside(),
                _ => Outside::Paint,
            },
            pixel_work: Duration::ZERO,
            next: None,
            published: None,
            steps: 0,
            phases: Phases::default(),
        }
    }

    /// What the host sees now.
    pub fn shown(&self) -> Tiles {
        self.session.picture.tiles()
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

    /// What is shown, to lay the next patch on; `None` where the canvas is another one by now.
    fn next(&mut self) -> Option<State<Meta>> {
        let paint = &self.job.paint;
        self.next.take().or_else(|| self.session.picture.next(paint.bounds(), &paint.coding()))
    }

    fn lay(&mut self, rect: Rect, pixels: &[u8]) -> Result<()> {
        let Some(mut next) = self.next() else { return Ok(()) };
        next.lay(self.job.cover, rect, pixels)?;
        self.next = Some(next);
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
        self.published = Some(Instant::now());
        let Some(next) = self.next() else { return Ok(()) };
        let told = Meta {
            revision: job.revision,
            kind,
            // What is final is what settles, whatever it was made for.
            tier: if kind == Kind::Final { Tier::Settled } else { job.tier },
            stale: false,
            step,
            steps,
            since_push: job.pushed_at.elapsed(),
            since_start: job.started_at.elapsed(),
            phases,
            pixel_work: self.pixel_work,
        };
        self.session.show(&job.cancel, next, told)
    }
}
