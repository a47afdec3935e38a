//! One live layer: push · set_params · set_mask · poll · wait · cancel. The public Rust API; the C ABI wraps it.

mod steering;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::Array4;

use crate::canvas::Canvas;
pub use crate::desk::Stats;
use crate::desk::{Desk, Shared};
use crate::engine::{Inner, LoadState};
use crate::error::{Error, Result, Status};
use crate::frame::{Frame, Kind};
use crate::job::Params;
use crate::pixels::mask::{Coverage, Mask};
use crate::pixels::space::{LastProfiles, Space};
use crate::pixels::{Coding, ImageView};
use crate::region::Rect;
use crate::render::Tier;

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

/// Compares and takes what of the images lies in `touched` (`None`: all of it); whether it differs from what was there.
fn take(
    canvas: &mut Canvas,
    images: &[ImageView<'_>],
    touched: Option<&[Rect]>,
    revision: u64,
) -> Result<bool> {
    let mut changed = false;
    for image in images {
        let rect = image.rect();
        match touched {
            Some(touched) => {
                for area in touched.iter().filter_map(|touched| touched.intersect(rect)) {
                    changed |= canvas.update(image, area, revision)?;
                }
            }
            None => changed |= canvas.update(image, rect, revision)?,
        }
    }
    Ok(changed)
}

/// The host's handle of one live layer. Dropping it ends its running job.
pub struct Session {
    shared: Arc<Shared>,
    engine: Arc<Inner>,
    profiles: LastProfiles,
}

impl Session {
    pub(crate) fn new(engine: Arc<Inner>) -> Self {
        let shared = Arc::new(Shared::new());
        engine.take_in(&shared);
        Session { shared, engine, profiles: LastProfiles::default() }
    }

    /// The colour space of an ICC profile; those of the last few are remembered.
    ///
    /// # Errors
    /// [`Status::Format`]: why it cannot be used.
    pub fn space_of(&self, profile: &[u8]) -> Result<Space> {
        self.profiles.space(profile)
    }

    /// Hands over pixels of a canvas of `width × height`, as one change. Only the parts of the images inside
    /// `touched` are compared (`None`: all of them). A canvas of another size, format or colour space starts anew,
    /// transparent.
    pub fn push(
        &self,
        width: i32,
        height: i32,
        images: &[ImageView<'_>],
        touched: Option<&[Rect]>,
    ) -> Result<Pushed> {
        let Some(format) = images.first().map(ImageView::format) else {
            return Err(Error::new(Status::Buffer, "The host pushed no image; at least one must be given."));
        };
        let bounds = Rect::canvas(width, height)?;
        for image in images {
            image.rect().check_on(bounds, "image")?;
        }
        if images.iter().any(|image| image.format() != format) {
            return Err(Error::new(Status::Format, "The images of one push have different formats."));
        }
        let coding = Coding { format, space: images[0].space().clone() };
        if images.iter().any(|image| *image.space() != coding.space) {
            return Err(Error::new(Status::Format, "The images of one push have different colour spaces."));
        }
        let mut desk = self.shared.open_desk()?;
        let revision = desk.revision + 1;
        let anew = desk.canvas.as_ref().is_none_or(|c| c.bounds() != bounds || c.coding() != coding);
        // Both outlive the lock: dropping a canvas takes time.
        let (mut before, mut shown) = (None, None);
        if anew {
            before = desk.canvas.replace(Canvas::new(bounds, coding.clone(), revision)?);
            shown = Some(self.shared.picture.reset(bounds, coding));
            if desk.mask.as_ref().is_some_and(|mask| mask.canvas() != bounds) {
                desk.mask = None;
            }
            desk.conditions.keep_on(bounds);
        }
        let touched = touched.filter(|_| !anew);
        let taken = desk.canvas.as_mut().map_or(Ok(false), |canvas| take(canvas, images, touched, revision));
        // Where there was no room for all, some of it may be there: that owes this revision.
        let changed = anew || *taken.as_ref().unwrap_or(&true);
        if changed {
            desk.revision = revision;
            desk.changed_at = Instant::now();
            desk.failed = None;
        }
        let pushed = taken.map(|_| self.enqueue(&mut desk, changed));
        drop(desk);
        drop((before, shown));
        pushed
    }

    /// Replaces all settings.
    pub fn set_params(&self, params: Params) -> Result<Pushed> {
        params.check()?;
        let mut desk = self.shared.open_desk()?;
        if *desk.params == params {
            return Ok(Pushed::Unchanged);
        }
        desk.params = Arc::new(params);
        Ok(self.settings_changed(&mut desk))
    }

    /// Limits the live layer to where the coverage is not 0; `None` renders everything. The mask stays until it is
    /// replaced or a canvas of another size is pushed. Its rectangle lies on the canvas of `width × height`.
    pub fn set_mask(&self, width: i32, height: i32, mask: Option<Coverage<'_>>) -> Result<Pushed> {
        let mask = match mask {
            Some(coverage) => {
                let bounds = Rect::canvas(width, height)?;
                coverage.rect.check_on(bounds, "mask")?;
                let (stride, length) = (coverage.stride, coverage.bytes.len());
                crate::pixels::check_buffer(coverage.rect, 1, stride, length, "mask")?;
                Some(Arc::new(Mask::new(bounds, coverage)?))
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
            // Its turn comes by itself: of two layers that wait each would interrupt the other for ever.
            if !changed {
                return Pushed::Unchanged;
            }
            // The waiting job takes the desk as it will be when its turn comes.
            self.engine.queue.press(self.shared.id);
            self.engine.make_way_for(self.shared.id);
            desk.stats.jobs_replaced += 1;
            return Pushed::Revision(desk.revision);
        }
        if desk.resting && !changed {
            return Pushed::Unchanged;
        }
        (desk.waiting, desk.resting) = (true, false);
        if let Some(running) = &desk.running {
            match running.tier {
                Tier::Live => running.policy.give_way(0),
                // A stroke interrupts at once and takes over.
                Tier::Settled => {
                    running.policy.abandon();
                    running.cancel.cancel();
                }
            }
        }
        self.engine.queue.put(self.shared.id, self.shared.clone());
        self.engine.make_way_for(self.shared.id);
        Pushed::Revision(desk.revision)
    }

    /// All of the picture that is newer than the frame `after` (0: the whole picture), or the worker's last error.
    /// What passes (a failed job) is told once, what stays (there is no model) each time.
    pub fn poll(&self, after: u64) -> Result<Polled> {
        self.shared.hush();
        let fault = self.shared.open_desk()?.fault.take();
        let newer = self.shared.picture.newer_than(after);
        if let Some(fault) = fault {
            if newer.is_some() {
                // Whoever waits has taken note of the fault alone.
                self.shared.ring();
            }
            return Err(fault);
        }
        if let Some(newer) = newer {
            let current =
                newer.told.kind == Kind::Final && !self.shared.desk.lock().owes(newer.told.revision);
            return Ok(Polled::Frame(Arc::new(Frame::new(newer, current))));
        }
        Ok(match self.engine.state() {
            LoadState::Loading { .. } => Polled::Loading,
            LoadState::Failed(why) => return Err(why),
            LoadState::Ready(_) => Polled::Nothing,
        })
    }

    /// A descriptor that is readable when there is something to poll, which empties it. It is the session's.
    ///
    /// # Errors
    /// [`Status::Setting`] on Windows, [`Status::Memory`] where the system has none left.
    pub fn wake_descriptor(&self) -> Result<i32> {
        drop(self.shared.open_desk()?);
        self.shared.wake()?.descriptor()
    }

    /// An event that is set when there is something to poll, which resets it. It is the session's.
    ///
    /// # Errors
    /// [`Status::Setting`] but on Windows, [`Status::Memory`] where the system has none left.
    pub fn wake_event(&self) -> Result<*mut std::ffi::c_void> {
        drop(self.shared.open_desk()?);
        self.shared.wake()?.event()
    }

    /// Waits until nothing waits or runs; `false` if that took longer than `timeout`. For tests and batch work.
    pub fn wait(&self, timeout: Duration) -> Result<bool> {
        // A year, where the clock does not reach.
        const LONG: Duration = Duration::from_secs(365 * 24 * 3600);
        let now = Instant::now();
        let deadline = now.checked_add(timeout.min(LONG)).unwrap_or(now);
        let mut desk = self.shared.open_desk()?;
        while desk.busy() {
            if self.shared.came_to_rest.wait_until(&mut desk, deadline).timed_out() {
                return Ok(!desk.busy());
            }
        }
        Ok(true)
    }

    /// Ends the running job and takes back the waiting one; returns at once. What they owed stays owed: the
    /// next push or change of settings asks for it again.
    pub fn cancel(&self) {
        let mut desk = self.shared.desk.lock();
        self.engine.queue.remove(self.shared.id);
        (desk.waiting, desk.resting) = (false, false);
        if let Some(running) = &mut desk.running {
            running.stopped = true;
            running.cancel.cancel();
        }
        self.shared.came_to_rest.notify_all();
    }

    pub fn stats(&self) -> Stats {
        self.shared.desk.lock().stats
    }

    /// What the running job has to wait for before its first step, as a sentence; empty where nothing holds it up.
    pub fn doing(&self) -> String {
        let running = self.shared.desk.lock().running.clone();
        running
            .filter(|job| !job.cancel.is_cancelled())
            .map(|job| job.doing.lock().clone())
            .unwrap_or_default()
    }

    /// Whether a job of this session waits (also for the model) or runs.
    pub fn busy(&self) -> bool {
        self.shared.desk.lock().busy()
    }

    /// Closes the session for good, e.g. after a caught panic: every later call returns `why`.
    pub fn close(&self, why: Error) {
        self.cancel();
        self.shared.desk.lock().closed = Some(why);
        drop(self.shared.picture.clear());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close(Error::new(Status::Internal, "The session was released."));
    }
}
