//! One live layer: push · set_params · set_mask · poll · wait · cancel. The public Rust API; the C ABI wraps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ndarray::Array4;
use parking_lot::{Condvar, Mutex};

use crate::cancel::Cancel;
use crate::canvas::Canvas;
use crate::engine::{Inner, LoadState};
use crate::error::{Error, Result, Status};
use crate::frame::Frame;
use crate::job::{Job, Params};
use crate::pixels::ImageView;
use crate::pixels::mask::Mask;
use crate::region::Rect;
use crate::slot::Latest;

/// How far around a mask the model looks, in canvas pixels.
const CONTEXT: i32 = 64;

/// What a push or a change of settings came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// Taken; frames of this revision or a later one will show it.
    Revision(u64),
    /// Nothing that the live layer shows has changed; no job was made.
    Unchanged,
}

pub enum Polled {
    Frame(Arc<Frame>),
    Nothing,
    /// Nothing yet, because the model is still being loaded.
    Loading,
}

/// Counts since the session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub jobs_started: u64,
    /// Waiting jobs whose place a newer push or setting took.
    pub jobs_replaced: u64,
    pub frames: u64,
}

/// How a job ended.
pub(crate) enum End {
    Final,
    GaveWay,
    Failed(Error),
}

/// What the host's handle and the worker share.
pub(crate) struct Shared {
    id: u64,
    desk: Mutex<Desk>,
    came_to_rest: Condvar,
    pub(crate) frames: Latest<Frame>,
}

struct Desk {
    canvas: Option<Canvas>,
    params: Arc<Params>,
    mask: Option<Arc<Mask>>,
    noise: Option<Arc<Array4<f32>>>,
    revision: u64,
    picture_key: u64,
    changed_at: Instant,
    waiting: bool,
    running: Option<Arc<Cancel>>,
    running_revision: u64,
    /// The worker's last error, until a poll has told it.
    fault: Option<Error>,
    /// A revision that failed is not tried again by itself.
    failed: Option<u64>,
    /// Released, or dead after a panic.
    closed: Option<Error>,
    stats: Stats,
}

fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The host's handle of one live layer. Dropping it ends its running job.
pub struct Session {
    shared: Arc<Shared>,
    engine: Arc<Inner>,
}

impl Session {
    pub(crate) fn new(engine: Arc<Inner>) -> Self {
        let desk = Desk {
            canvas: None,
            params: Arc::new(Params::default()),
            mask: None,
            noise: None,
            revision: 0,
            picture_key: fresh_number(),
            changed_at: Instant::now(),
            waiting: false,
            running: None,
            running_revision: 0,
            fault: None,
            failed: None,
            closed: None,
            stats: Stats::default(),
        };
        let shared = Arc::new(Shared {
            id: fresh_number(),
            desk: Mutex::new(desk),
            came_to_rest: Condvar::new(),
            frames: Latest::default(),
        });
        Session { shared, engine }
    }

    /// Hands over pixels of a canvas of `width × height`. Only the part of the image inside `touched` is
    /// compared (`None`: all of it). A canvas of another size or format starts anew, transparent.
    pub fn push(
        &self,
        width: i32,
        height: i32,
        image: &ImageView<'_>,
        touched: Option<Rect>,
    ) -> Result<Pushed> {
        let bounds = Rect::canvas(width, height)?;
        let rect = image.rect().check_on(bounds, "image")?;
        let mut desk = self.shared.open_desk()?;
        let revision = desk.revision + 1;
        let anew = desk.canvas.as_ref().is_none_or(|c| c.bounds() != bounds || c.format() != image.format());
        if anew {
            desk.canvas = Some(Canvas::new(bounds, image.format(), revision)?);
            if desk.mask.as_ref().is_some_and(|mask| mask.canvas() != bounds) {
                desk.mask = None;
            }
        }
        let area = if anew { Some(rect) } else { touched.map_or(Some(rect), |t| t.intersect(rect)) };
        let changed = match (&mut desk.canvas, area) {
            (Some(canvas), Some(area)) => canvas.update(image, area, revision),
            _ => false,
        };
        if anew || changed {
            desk.revision = revision;
            desk.picture_key = fresh_number();
            desk.changed_at = Instant::now();
            desk.failed = None;
        }
        Ok(self.enqueue(&mut desk, anew || changed))
    }

    /// Replaces all settings.
    pub fn set_params(&self, params: Params) -> Result<Pushed> {
        params.check()?;
        let mut desk = self.shared.open_desk()?;
        if *desk.params == params {
            return Ok(Pushed::Unchanged);
        }
        if !desk.params.same_picture(&params) {
            desk.picture_key = fresh_number();
        }
        desk.params = Arc::new(params);
        Ok(self.settings_changed(&mut desk))
    }

    /// Limits the live layer to where `coverage` is not 0; `None` renders everything. The mask stays until it is
    /// replaced or a canvas of another size is pushed. `rect` lies on the canvas of `width × height`.
    pub fn set_mask(&self, width: i32, height: i32, mask: Option<(Rect, usize, &[u8])>) -> Result<Pushed> {
        let mask = match mask {
            Some((rect, stride, coverage)) => {
                let bounds = Rect::canvas(width, height)?;
                rect.check_on(bounds, "mask")?;
                crate::pixels::check_buffer(rect, 1, stride, coverage.len(), "mask")?;
                Some(Arc::new(Mask::new(bounds, rect, stride, coverage)?))
            }
            None => None,
        };
        let mut desk = self.shared.open_desk()?;
        if desk.mask == mask {
            return Ok(Pushed::Unchanged);
        }
        if let (Some(mask), Some(canvas)) = (&mask, &desk.canvas)
            && mask.canvas() != canvas.bounds()
        {
            let pushed = canvas.bounds();
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The mask is for a canvas of {width} × {height} pixels, but the pushed canvas has {} × {}; \
                     push first.",
                    pushed.width, pushed.height
                ),
            ));
        }
        desk.mask = mask;
        desk.picture_key = fresh_number();
        Ok(self.settings_changed(&mut desk))
    }

    /// Gives the noise instead of drawing it from the seed: `[draws, channels, height, width]` of the latent, in
    /// the order in which diffusers draws. For comparing with other implementations.
    pub fn set_noise(&self, noise: Option<Array4<f32>>) -> Result<Pushed> {
        let mut desk = self.shared.open_desk()?;
        desk.noise = noise.map(Arc::new);
        Ok(self.settings_changed(&mut desk))
    }

    fn settings_changed(&self, desk: &mut Desk) -> Pushed {
        desk.revision += 1;
        desk.changed_at = Instant::now();
        desk.failed = None;
        let revision = desk.revision;
        match &mut desk.canvas {
            Some(canvas) => canvas.owe(canvas.bounds(), revision),
            // Nothing to render yet; the first push will use the settings.
            None => return Pushed::Revision(revision),
        }
        self.enqueue(desk, true)
    }

    /// Lets the worker know, if anything is owed that no waiting or running job will bring.
    fn enqueue(&self, desk: &mut Desk, changed: bool) -> Pushed {
        if desk.failed == Some(desk.revision) || !desk.owes(desk.brought()) {
            return Pushed::Unchanged;
        }
        if desk.waiting {
            // The waiting job takes the desk as it will be when its turn comes.
            desk.stats.jobs_replaced += u64::from(changed);
            return if changed { Pushed::Revision(desk.revision) } else { Pushed::Unchanged };
        }
        desk.waiting = true;
        self.engine.queue.put(self.shared.id, self.shared.clone());
        Pushed::Revision(desk.revision)
    }

    /// The newest frame above `after`, or the worker's last error, once.
    pub fn poll(&self, after: u64) -> Result<Polled> {
        let mut desk = self.shared.open_desk()?;
        if let Some(fault) = desk.fault.take() {
            return Err(fault);
        }
        drop(desk);
        if let Some(frame) = self.shared.frames.newer_than(after) {
            return Ok(Polled::Frame(frame));
        }
        Ok(match self.engine.state() {
            LoadState::Loading { .. } => Polled::Loading,
            _ => Polled::Nothing,
        })
    }

    /// Waits until nothing waits or runs; `false` if that took longer than `timeout`. For tests and batch work.
    pub fn wait(&self, timeout: Duration) -> Result<bool> {
        let deadline = Instant::now() + timeout;
        let mut desk = self.shared.open_desk()?;
        while desk.waiting || desk.running.is_some() {
            if self.shared.came_to_rest.wait_until(&mut desk, deadline).timed_out() {
                return Ok(!(desk.waiting || desk.running.is_some()));
            }
        }
        Ok(true)
    }

    /// Ends the running job and takes back the waiting one; returns at once. What they owed stays owed: the
    /// next push or change of settings asks for it again.
    pub fn cancel(&self) {
        let mut desk = self.shared.desk.lock();
        self.engine.queue.remove(self.shared.id);
        desk.waiting = false;
        if let Some(running) = &desk.running {
            running.cancel();
        }
        self.shared.came_to_rest.notify_all();
    }

    pub fn stats(&self) -> Stats {
        self.shared.desk.lock().stats
    }

    /// Closes the session for good, e.g. after a caught panic: every later call returns `why`.
    pub fn close(&self, why: Error) {
        self.cancel();
        self.shared.desk.lock().closed = Some(why);
        self.shared.frames.clear();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close(Error::new(Status::Internal, "The session was released."));
    }
}

impl Desk {
    /// What the live layer covers: the mask's surroundings, or the canvas.
    fn area(&self) -> Option<Rect> {
        let bounds = self.canvas.as_ref()?.bounds();
        match &self.mask {
            Some(mask) => mask.bounds().map_or(Some(bounds), |b| b.inflate_within(CONTEXT, bounds)),
            None => Some(bounds),
        }
    }

    /// Whether the live layer lacks something newer than the revision `covered`.
    fn owes(&mut self, covered: u64) -> bool {
        let area = self.area();
        match (&mut self.canvas, area) {
            (Some(canvas), Some(area)) => canvas.owes(area, covered),
            _ => false,
        }
    }

    /// The revision that the running job will bring; 0 if none runs, or it was cancelled and winds down.
    fn brought(&self) -> u64 {
        self.running.as_ref().filter(|cancel| !cancel.is_cancelled()).map_or(0, |_| self.running_revision)
    }
}

impl Shared {
    fn open_desk(&self) -> Result<parking_lot::MutexGuard<'_, Desk>> {
        let desk = self.desk.lock();
        match &desk.closed {
            Some(why) => Err(why.clone()),
            None => Ok(desk),
        }
    }

    /// The worker takes what waits; `None` if there is nothing to do any more.
    pub(crate) fn begin(&self) -> Option<Job> {
        let mut desk = self.desk.lock();
        let desk = &mut *desk;
        // Not waiting any more: cancelled between the worker's taking it and now.
        let wanted = std::mem::take(&mut desk.waiting) && desk.closed.is_none() && desk.owes(0);
        let area = desk.area().filter(|_| wanted);
        let (Some(area), Some(canvas)) = (area, &desk.canvas) else {
            self.came_to_rest.notify_all();
            return None;
        };
        let cancel = Arc::new(Cancel::new());
        desk.running = Some(cancel.clone());
        desk.running_revision = desk.revision;
        desk.stats.jobs_started += 1;
        Some(Job {
            revision: desk.revision,
            paint: canvas.snapshot(),
            area,
            params: desk.params.clone(),
            mask: desk.mask.clone(),
            noise: desk.noise.clone(),
            picture_key: desk.picture_key,
            pushed_at: desk.changed_at,
            started_at: Instant::now(),
            cancel,
        })
    }

    /// Whether a newer job waits behind the running one.
    pub(crate) fn newer_waits(&self) -> bool {
        self.desk.lock().waiting
    }

    /// Publishes what `make` makes of (number, stale). Once a cancel or a release has returned, nothing of that
    /// job is shown any more: they set the flag under the same lock.
    pub(crate) fn publish(&self, cancel: &Cancel, make: impl FnOnce(u64, bool) -> Frame) -> Result<()> {
        let mut desk = self.desk.lock();
        cancel.check()?;
        desk.stats.frames += 1;
        let stale = desk.waiting;
        self.frames.publish(|seq| make(seq, stale));
        Ok(())
    }

    /// The running job has ended. Returns whether the session still owes something and wants another turn.
    pub(crate) fn end(&self, job: &Job, end: End) -> bool {
        let mut desk = self.desk.lock();
        desk.running = None;
        // What was cancelled is asked for again by the host, not by itself.
        let mut again = !job.cancel.is_cancelled();
        match end {
            End::Final => {
                if let Some(canvas) = &mut desk.canvas
                    && (canvas.bounds(), canvas.format()) == (job.paint.bounds(), job.paint.format())
                {
                    canvas.settle(job.area, job.revision);
                }
            }
            End::GaveWay => {}
            // Cancelled work is asked for again by the next push, failed work by the next change.
            End::Failed(error) => {
                again = false;
                if !error.is_cancelled() {
                    desk.failed = Some(job.revision);
                    desk.fault = Some(error);
                }
            }
        }
        let again = again && desk.closed.is_none() && !desk.waiting && desk.owes(0);
        desk.waiting |= again;
        if !desk.waiting {
            self.came_to_rest.notify_all();
        }
        again
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Closes the session for good after a panic in its job.
    pub(crate) fn kill(&self, why: Error) {
        let mut desk = self.desk.lock();
        desk.running = None;
        desk.waiting = false;
        desk.closed = Some(why);
        self.came_to_rest.notify_all();
    }
}
