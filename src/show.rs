//! The model's pictures on their way to the host: pasted, laid on what is shown, told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::desk::Shared;
use crate::error::Result;
use crate::frame::{Kind, Meta};
use crate::job::Job;
use crate::overview::Overview;
use crate::picture::State;
use crate::pixels::mask::Outside;
use crate::pixels::paste::{self, Blend, Source};
use crate::pixels::snapshot::TILE;
use crate::pixels::weights::Weights;
use crate::pixels::{Picture, zeroed};
use crate::region::Rect;
use crate::render::{Phases, Previews, Tier};
use crate::tiles::Tiles;

/// Frames of a picture that is made of many patches come at most so often.
const APART: Duration = Duration::from_millis(200);

/// Pixels that are pasted at a time.
const STRIP: usize = 1 << 20;

/// A rectangle in strips as high as a tile or several, so that what is pasted is not held as a whole beside the tiles.
fn strips(rect: Rect) -> impl Iterator<Item = Rect> {
    let rows = ((STRIP / rect.width.max(1) as usize / TILE).max(1) * TILE) as i32;
    let mut y = rect.y;
    std::iter::from_fn(move || {
        let strip = Rect::new(rect.x, y, rect.width, (y - y % rows + rows).min(rect.y + rect.height) - y);
        y += strip.height;
        (strip.height > 0).then_some(strip)
    })
}

pub(crate) struct Showing<'a> {
    session: &'a Shared,
    job: &'a Job,
    outside: Outside,
    pub pixel_work: Duration,
    /// The picture with what has been put and is not shown yet.
    next: Option<State<Meta>>,
    published: Option<Instant>,
    /// Pixels that were put since.
    unseen: u64,
    /// Of the window that was finished last.
    pub steps: u32,
    pub phases: Phases,
    overview: Seen,
}

/// What a frame has in the model's own pixels.
#[derive(Default)]
enum Seen {
    /// What the frame before it had.
    #[default]
    Before,
    Nothing,
    This(Arc<Overview>),
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
            unseen: 0,
            steps: 0,
            phases: Phases::default(),
            overview: Seen::default(),
        }
    }

    /// What is put next comes of this picture of all that is shown, in the model's pixels; `origin` is its corner in them.
    pub fn overview(&mut self, picture: &Picture, scale: f64, origin: [i64; 2]) -> Result<()> {
        if self.job.params.overview {
            self.overview = Seen::This(Arc::new(Overview::new(picture, scale, origin)?));
        }
        Ok(())
    }

    /// What the host sees now.
    pub fn shown(&self) -> Tiles {
        self.session.picture.tiles()
    }

    fn weights(&self, rect: Rect) -> Result<Option<Vec<f32>>> {
        let Some(mask) = &self.job.mask else { return Ok(None) };
        let softness = self.job.params.mask_softness;
        let mut kept = self.session.weights.lock();
        if kept.as_ref().is_none_or(|kept| !kept.fit(mask, softness)) {
            *kept = Weights::new(mask.clone(), softness)?;
        }
        kept.as_mut().map(|kept| kept.of(rect, &self.job.cancel)).transpose()
    }

    /// The paint itself, byte for byte, or nothing where the mask says so.
    pub fn paint(&mut self, keeps_everything: bool) -> Result<()> {
        let start = Instant::now();
        self.overview = Seen::Nothing;
        let rect = self.job.cover;
        for strip in strips(rect) {
            let pixels = if keeps_everything && self.outside == Outside::Transparent {
                zeroed(strip.area() as usize * self.job.paint.format().bytes_per_pixel())?
            } else {
                let weights = self.weights(strip)?;
                let blend = self.blend(weights.as_deref());
                paste::paint_alone(strip, &self.job.paint, blend, &self.job.cancel)?
            };
            self.lay(strip, &pixels)?;
        }
        self.pixel_work += start.elapsed();
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
        for strip in strips(rect) {
            let weights = self.weights(strip)?;
            let blend = self.blend(weights.as_deref());
            let pixels = paste::paste(source, strip, &self.job.paint, blend, &self.job.cancel)?;
            self.lay(strip, &pixels)?;
        }
        self.pixel_work += start.elapsed();
        Ok(())
    }

    fn blend<'b>(&self, weights: Option<&'b [f32]>) -> Blend<'b> {
        Blend { weights, outside: self.outside, alpha: self.job.params.alpha }
    }

    /// What is shown, to lay the next patch on; `None` where the canvas is another one by now.
    fn next(&mut self) -> Option<State<Meta>> {
        self.next.take().or_else(|| self.session.picture.next(self.job.canvas))
    }

    fn lay(&mut self, rect: Rect, pixels: &[u8]) -> Result<()> {
        let Some(mut next) = self.next() else { return Ok(()) };
        next.lay(self.job.cover, rect, pixels)?;
        self.unseen += rect.area();
        self.next = Some(next);
        Ok(())
    }

    /// Publishes what has been put, unless something was published a moment ago.
    pub fn now_and_then(&mut self, phases: Phases) -> Result<()> {
        let off = self.job.params.preview == Previews::Off;
        // What is put and not shown is held beside what is shown.
        let much = self.unseen * 8 > self.job.paint.bounds().area();
        if off || (!much && self.published.is_some_and(|at| at.elapsed() < APART)) {
            return Ok(());
        }
        self.publish(Kind::Preview, (self.steps, self.steps), phases)
    }

    pub fn publish(&mut self, kind: Kind, (step, steps): (u32, u32), phases: Phases) -> Result<()> {
        let job = self.job;
        self.published = Some(Instant::now());
        self.unseen = 0;
        let Some(next) = self.next() else { return Ok(()) };
        let overview = match &self.overview {
            _ if !job.params.overview => None,
            Seen::Before => next.told().and_then(|told| told.overview.clone()),
            Seen::Nothing => None,
            Seen::This(made) => Some(made.clone()),
        };
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
            overview,
            note: job.notes.lock().join(" ").into(),
        };
        self.session.show(&job.cancel, next, told)
    }
}
