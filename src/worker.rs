//! The one thread that renders: take → run → publish.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::desk::{End, Shared};
use crate::engine::Wiring;
use crate::error::{Error, Result, Status};
use crate::frame::{Kind, Meta, Tier};
use crate::job::{Job, Preview};
use crate::pixels::mask::Outside;
use crate::pixels::paste::{self, Blend};
use crate::pixels::{read, zeroed};
use crate::region::{Placement, place};
use crate::render::{AfterStep, ModelInfo, Outcome, Phases, Picture, Renderer, Request, Watch};

/// Serves jobs until the engine closes. Without a renderer every job fails, and each session is told why, once.
pub(crate) fn serve(wiring: &Wiring, renderer: Result<Box<dyn Renderer>>) {
    let mut renderer = renderer;
    while let Some(session) = wiring.queue.take() {
        let Some(job) = session.begin() else { continue };
        wiring.running(Some(job.cancel.clone()));
        let end = match &mut renderer {
            Ok(renderer) => catch_unwind(AssertUnwindSafe(|| run(&session, &job, renderer.as_mut()))),
            Err(why) => Ok(Ok(End::NotLoaded(why.clone()))),
        };
        wiring.running(None);
        let end = match end {
            Ok(Ok(end)) => end,
            Ok(Err(error)) => End::Failed(error),
            Err(_) => {
                session.kill(Error::new(
                    Status::Internal,
                    "The engine failed inside while it rendered; make a new live layer to go on.",
                ));
                continue;
            }
        };
        if session.end(&job, end) {
            wiring.queue.put(session.id(), session.clone());
        }
    }
}

fn run(session: &Shared, job: &Job, renderer: &mut dyn Renderer) -> Result<End> {
    let info = renderer.info();
    let placement = place(job.area, job.paint.bounds(), info.geometry, job.params.resolution);
    let strength = job.params.strength.unwrap_or(info.defaults.strength);
    let keeps_everything = job.mask.as_ref().is_some_and(|mask| mask.bounds().is_none());
    let mut showing = Showing::new(session, job, placement);
    if strength == 0.0 || keeps_everything {
        showing.show_paint(keeps_everything)?;
        return Ok(End::Final);
    }
    let paper = job.params.paper.map(|v| f32::from(v) / 255.0);
    let picture = showing.timed(|| read::picture(&job.paint, &placement, paper, &job.cancel))?;
    job.cancel.check()?;
    let request = request(job, &info, &placement, &picture, strength);
    match renderer.render(&request, &job.cancel, &mut showing)? {
        Outcome::Finished { picture, steps, phases } => {
            job.cancel.check()?;
            showing.show(&picture, Kind::Final, steps, steps, phases)?;
            Ok(End::Final)
        }
        Outcome::GaveWay => showing.failure.map_or(Ok(End::GaveWay), Err),
    }
}

fn request<'a>(
    job: &'a Job,
    info: &ModelInfo,
    placement: &Placement,
    picture: &'a Picture,
    strength: f32,
) -> Request<'a> {
    Request {
        picture,
        picture_key: job.picture_key,
        cell_origin: placement.cell_origin,
        prompt: &job.params.prompt,
        negative: &job.params.negative,
        strength,
        steps: job.params.steps.unwrap_or(info.defaults.steps),
        guidance: job.params.guidance.unwrap_or(info.defaults.guidance),
        seed: job.params.seed,
        noise: job.noise.as_deref(),
    }
}

/// Turns the model's pictures into frames, and decides when to preview and when to give way.
struct Showing<'a> {
    session: &'a Shared,
    job: &'a Job,
    placement: Placement,
    weights: Option<Vec<f32>>,
    outside: Outside,
    shown: bool,
    pixel_work: Duration,
    failure: Option<Error>,
}

impl<'a> Showing<'a> {
    fn new(session: &'a Shared, job: &'a Job, placement: Placement) -> Self {
        let weights = job
            .mask
            .as_ref()
            .filter(|mask| mask.bounds().is_some())
            .map(|mask| mask.weights(placement.rect, job.params.mask_softness));
        let outside = job.mask.as_ref().map(|mask| mask.outside()).unwrap_or_default();
        Showing {
            session,
            job,
            placement,
            weights,
            outside,
            shown: false,
            pixel_work: Duration::ZERO,
            failure: None,
        }
    }

    fn blend(&self) -> Blend<'_> {
        Blend { weights: self.weights.as_deref(), outside: self.outside, alpha: self.job.params.alpha }
    }

    fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.pixel_work += start.elapsed();
        result
    }

    fn show(&mut self, picture: &Picture, kind: Kind, step: u32, steps: u32, phases: Phases) -> Result<()> {
        let start = Instant::now();
        let pixels = paste::paste(picture, &self.placement, &self.job.paint, self.blend(), &self.job.cancel)?;
        self.pixel_work += start.elapsed();
        self.publish(pixels, kind, step, steps, phases)
    }

    /// The paint itself, byte for byte, or nothing where the mask says so.
    fn show_paint(&mut self, keeps_everything: bool) -> Result<()> {
        let start = Instant::now();
        let rect = self.placement.rect;
        let pixels = if keeps_everything && self.outside == Outside::Transparent {
            zeroed(rect.width as usize * rect.height as usize * self.job.paint.format().bytes_per_pixel())?
        } else {
            paste::paint_alone(rect, &self.job.paint, self.blend(), &self.job.cancel)?
        };
        self.pixel_work += start.elapsed();
        self.publish(pixels, Kind::Final, 0, 0, Phases::default())
    }

    fn publish(&mut self, pixels: Vec<u8>, kind: Kind, step: u32, steps: u32, phases: Phases) -> Result<()> {
        self.shown = true;
        let job = self.job;
        let (rect, pixel_work) = (self.placement.rect, self.pixel_work);
        let meta = Meta {
            revision: job.revision,
            kind,
            // Every picture is made whole and from nothing but its request.
            tier: Tier::Settled,
            stale: false,
            step,
            steps,
            since_push: job.pushed_at.elapsed(),
            since_start: job.started_at.elapsed(),
            phases,
            pixel_work,
        };
        self.session.lay(job, rect, rect, &pixels, meta)
    }
}

impl Watch for Showing<'_> {
    fn after_step(&mut self, _step: u32, _of: u32) -> AfterStep {
        let preview = self.job.params.preview;
        // A running job shows a frame before it gives way: pictures keep coming while the artist paints on.
        if preview != Preview::Off && self.session.newer_waits() {
            return if self.shown { AfterStep::Stop } else { AfterStep::PreviewThenStop };
        }
        if preview == Preview::EachStep { AfterStep::Preview } else { AfterStep::Continue }
    }

    fn preview(&mut self, picture: Picture, step: u32, of: u32, phases: Phases) {
        if self.job.cancel.is_cancelled() {
            return;
        }
        if let Err(error) = self.show(&picture, Kind::Preview, step, of, phases) {
            self.failure = Some(error);
        }
    }
}
