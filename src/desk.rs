//! What a live layer's two sides share: the desk that the host's calls fill and the worker takes jobs from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ndarray::Array4;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::cancel::Cancel;
use crate::canvas::Canvas;
use crate::error::{Error, Result};
use crate::frame::Meta;
use crate::job::{Job, Params};
use crate::picture::Picture;
use crate::pixels::mask::Mask;
use crate::region::Rect;

/// How far around a mask the model looks, in canvas pixels.
const CONTEXT: i32 = 64;

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
    /// There is nothing to render with, now and later.
    NotLoaded(Error),
}

/// What the host's handle and the worker share.
pub(crate) struct Shared {
    pub(crate) id: u64,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) came_to_rest: Condvar,
    pub(crate) picture: Picture<Meta>,
}

pub(crate) struct Desk {
    pub(crate) canvas: Option<Canvas>,
    pub(crate) params: Arc<Params>,
    pub(crate) mask: Option<Arc<Mask>>,
    pub(crate) noise: Option<Arc<Array4<f32>>>,
    pub(crate) revision: u64,
    pub(crate) picture_key: u64,
    pub(crate) changed_at: Instant,
    pub(crate) waiting: bool,
    pub(crate) running: Option<Arc<Cancel>>,
    pub(crate) running_revision: u64,
    /// The worker's last error, until a poll has told it.
    pub(crate) fault: Option<Error>,
    /// The host was told that there is nothing to render with.
    pub(crate) told_not_loaded: bool,
    /// A revision that failed is not tried again by itself.
    pub(crate) failed: Option<u64>,
    /// Released, or dead after a panic.
    pub(crate) closed: Option<Error>,
    pub(crate) stats: Stats,
}

/// A number that no other session, picture or engine of this process has.
pub(crate) fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Desk {
    /// What the live layer covers: the mask's surroundings, or the canvas.
    pub(crate) fn area(&self) -> Option<Rect> {
        let bounds = self.canvas.as_ref()?.bounds();
        match &self.mask {
            Some(mask) => mask.bounds().map_or(Some(bounds), |b| b.inflate_within(CONTEXT, bounds)),
            None => Some(bounds),
        }
    }

    /// Whether the live layer lacks something newer than the revision `covered`.
    pub(crate) fn owes(&mut self, covered: u64) -> bool {
        let area = self.area();
        match (&mut self.canvas, area) {
            (Some(canvas), Some(area)) => canvas.owes(area, covered),
            _ => false,
        }
    }

    /// Whether a job waits or runs, be it one that was cancelled and winds down.
    pub(crate) fn busy(&self) -> bool {
        self.waiting || self.running.is_some()
    }

    /// The revision that the running job will bring; 0 if none runs, or it was cancelled and winds down.
    pub(crate) fn brought(&self) -> u64 {
        self.running.as_ref().filter(|cancel| !cancel.is_cancelled()).map_or(0, |_| self.running_revision)
    }
}

impl Shared {
    pub(crate) fn new() -> Self {
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
            told_not_loaded: false,
            failed: None,
            closed: None,
            stats: Stats::default(),
        };
        Shared {
            id: fresh_number(),
            desk: Mutex::new(desk),
            came_to_rest: Condvar::new(),
            picture: Picture::default(),
        }
    }

    pub(crate) fn open_desk(&self) -> Result<MutexGuard<'_, Desk>> {
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

    /// Lays the packed pixels of `rect` on the picture. Once a cancel or a release has returned, nothing of that job
    /// is shown any more: they set the flag under the same lock. Pixels are copied, and older ones dropped, outside.
    pub(crate) fn lay(&self, job: &Job, covers: Rect, rect: Rect, pixels: &[u8], meta: Meta) -> Result<()> {
        let canvas = (job.paint.bounds(), job.paint.format());
        job.cancel.check()?;
        let Some(mut laid) = self.picture.lay(canvas, covers, rect, pixels, meta)? else { return Ok(()) };
        let before = {
            let mut desk = self.desk.lock();
            job.cancel.check()?;
            laid.tell(|meta| meta.stale = desk.waiting);
            let before = self.picture.show(laid);
            desk.stats.frames += u64::from(before.is_some());
            before
        };
        drop(before);
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
            End::NotLoaded(error) => {
                again = false;
                desk.failed = Some(job.revision);
                // It stays so: with each stroke the same sentence would come again.
                if !std::mem::replace(&mut desk.told_not_loaded, true) {
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
