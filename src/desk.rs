//! What a live layer's two sides share: the desk that the host's calls fill and the worker takes jobs from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ndarray::Array4;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::cancel::Cancel;
use crate::canvas::Canvas;
use crate::conditions::Conditions;
use crate::error::{Error, Result, Status};
use crate::frame::Meta;
use crate::grid::Grid;
use crate::job::{Job, Params, masked_window};
use crate::memory::Memory;
use crate::model::Geometry;
use crate::picture::{Picture, State};
use crate::pixels::mask::Mask;
use crate::pixels::paste::Alpha;
use crate::pixels::read;
use crate::pixels::weights::Weights;
use crate::policy::Policy;
use crate::region::Rect;
use crate::render::Tier;
use crate::wake::Wake;

/// So often the renderer's process may die of one picture before that is left alone.
const MOST_DEATHS: u32 = 3;

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
    /// All is shown as it settles.
    Final,
    /// All is shown, but something of it as it was while painting.
    Live,
    GaveWay,
    /// Something newer came before anything was rendered.
    Passed,
    Failed(Error),
    /// There is nothing to render with, now and later; the engine's state says why.
    NotLoaded,
}

/// When a session wants to be served again.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    Now,
    /// It made way for another layer: when the hand there rests.
    Behind,
    /// What settles: at `due`, and after all that is painted.
    Settling {
        due: Instant,
        painted: Instant,
    },
}

/// The worker's job, from outside.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) tier: Tier,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) revision: u64,
    pub(crate) doing: Arc<Mutex<String>>,
    /// The host has cancelled it.
    pub(crate) stopped: bool,
}

/// What the host's handle and the worker share.
pub(crate) struct Shared {
    pub(crate) id: u64,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) came_to_rest: Condvar,
    /// What the host sees; laid by the worker alone.
    pub(crate) picture: Picture<Meta>,
    /// Of the worker alone, which holds it for as long as a job runs.
    pub(crate) memory: Mutex<Memory>,
    /// Of the worker alone: those of the mask that it met last.
    pub(crate) weights: Mutex<Option<Weights>>,
    /// Of a host that waits for it.
    wake: OnceLock<Wake>,
}

pub(crate) struct Desk {
    pub(crate) canvas: Option<Canvas>,
    pub(crate) params: Arc<Params>,
    pub(crate) mask: Option<Arc<Mask>>,
    pub(crate) conditions: Conditions,
    /// The model's, once a job has met it.
    pub(crate) geometry: Option<Geometry>,
    pub(crate) noise: Option<Arc<Array4<f32>>>,
    pub(crate) revision: u64,
    pub(crate) changed_at: Instant,
    /// Something waits that the host has not seen at all.
    pub(crate) waiting: bool,
    /// The settled picture waits for the hand to rest.
    pub(crate) resting: bool,
    pub(crate) running: Option<Running>,
    /// The last job made way before it had shown anything.
    pub(crate) passed: bool,
    /// The worker's last error, until a poll has told it.
    pub(crate) fault: Option<Error>,
    /// A revision that failed is not tried again by itself.
    pub(crate) failed: Option<u64>,
    /// The revision at which the renderer's process died last, and how often it did there.
    pub(crate) deaths: (u64, u32),
    /// Released, or dead after a panic.
    pub(crate) closed: Option<Error>,
    pub(crate) stats: Stats,
}

/// A number that no other session of this process has.
pub(crate) fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Paint that a live layer depends on: the canvas, or the mask's surroundings.
pub(crate) struct Depends {
    /// As the model sees them in the overview.
    seen: Rect,
    /// And in the tiles that the settled picture is made of.
    settled: Rect,
}

impl Desk {
    /// What the live layer covers: the mask, or the canvas.
    pub(crate) fn cover(&self) -> Option<Rect> {
        let bounds = self.canvas.as_ref()?.bounds();
        Some(self.mask.as_ref().and_then(|mask| mask.bounds()).unwrap_or(bounds))
    }

    /// The paint that the live layer depends on.
    fn depends(&self) -> Option<Depends> {
        let bounds = self.canvas.as_ref()?.bounds();
        let whole = Depends { seen: bounds, settled: bounds };
        let (Some(mask), Some(geometry)) = (&self.mask, self.geometry) else { return Some(whole) };
        let grid = Grid::new(bounds, geometry, self.params.resolution);
        let window = masked_window(&grid, mask);
        let margin = read::reach(window.level.scale(), self.params.alpha == Alpha::FollowPaint);
        let Some(shown) = grid.shown(&window) else { return Some(whole) };
        let seen = shown.inflate_within(margin, bounds)?;
        // Each tile that shows some of the mask lies within its own width of it; the coarsest are the widest.
        let widest = grid.refinements(self.params.finest).first().map_or(0, |level| grid.tile_side(*level));
        let tiles = mask.bounds().and_then(|cover| cover.inflate_within(widest + margin, bounds));
        Some(Depends { seen, settled: tiles.filter(|_| widest > 0).map_or(seen, |tiles| tiles.union(seen)) })
    }

    /// Whether the live layer lacks something newer than the revision `covered`.
    pub(crate) fn owes(&self, covered: u64) -> bool {
        match (&self.canvas, self.depends()) {
            (Some(canvas), Some(depends)) => canvas.owes(depends.settled, covered),
            _ => false,
        }
    }

    /// Whether a job waits or runs, be it one that was cancelled and winds down.
    pub(crate) fn busy(&self) -> bool {
        self.waiting || self.resting || self.running.is_some()
    }

    /// The revision that the running job will bring; 0 if none runs, or it was cancelled and winds down. One that was put
    /// off for another session comes again by itself.
    pub(crate) fn brought(&self) -> u64 {
        let comes = |job: &&Running| !job.stopped && (!job.cancel.is_cancelled() || job.policy.abandoned());
        self.running.as_ref().filter(comes).map_or(0, |job| job.revision)
    }
}

impl Shared {
    pub(crate) fn new() -> Self {
        let desk = Desk {
            canvas: None,
            params: Arc::new(Params::default()),
            mask: None,
            conditions: Conditions::default(),
            geometry: None,
            noise: None,
            revision: 0,
            changed_at: Instant::now(),
            waiting: false,
            resting: false,
            running: None,
            passed: false,
            fault: None,
            failed: None,
            deaths: (0, 0),
            closed: None,
            stats: Stats::default(),
        };
        Shared {
            id: fresh_number(),
            desk: Mutex::new(desk),
            came_to_rest: Condvar::new(),
            picture: Picture::default(),
            memory: Mutex::default(),
            weights: Mutex::default(),
            wake: OnceLock::new(),
        }
    }

    /// What the host waits at, made when it is asked for first.
    pub(crate) fn wake(&self) -> Result<&Wake> {
        if let Some(wake) = self.wake.get() {
            return Ok(wake);
        }
        let made = Wake::new()?;
        Ok(self.wake.get_or_init(|| made))
    }

    /// There is something to poll.
    pub(crate) fn ring(&self) {
        if let Some(wake) = self.wake.get() {
            wake.ring();
        }
    }

    /// The host is about to look.
    pub(crate) fn hush(&self) {
        if let Some(wake) = self.wake.get() {
            wake.hush();
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
    pub(crate) fn begin(&self, geometry: Option<Geometry>) -> Option<Job> {
        let mut desk = self.desk.lock();
        let desk = &mut *desk;
        desk.geometry = geometry;
        // Not waiting any more: cancelled between the worker's taking it and now.
        let (waiting, resting) = (std::mem::take(&mut desk.waiting), std::mem::take(&mut desk.resting));
        let wanted = (waiting || resting) && desk.closed.is_none() && desk.owes(0);
        let tier = if waiting { Tier::Live } else { Tier::Settled };
        let areas = desk.depends().zip(desk.cover()).filter(|_| wanted);
        let (Some((Depends { seen, settled }, cover)), Some(canvas)) = (areas, &desk.canvas) else {
            self.came_to_rest.notify_all();
            return None;
        };
        let (cancel, policy) = (Arc::new(Cancel::new()), Arc::new(Policy::default()));
        let doing = Arc::new(Mutex::default());
        desk.running = Some(Running {
            tier,
            cancel: cancel.clone(),
            policy: policy.clone(),
            revision: desk.revision,
            doing: doing.clone(),
            stopped: false,
        });
        desk.stats.jobs_started += 1;
        Some(Job {
            tier,
            revision: desk.revision,
            paint: canvas.snapshot(),
            canvas: self.picture.canvas(),
            seen,
            settled,
            cover,
            params: desk.params.clone(),
            mask: desk.mask.clone(),
            steering: desk.conditions.steering(),
            noise: desk.noise.clone(),
            pushed_at: desk.changed_at,
            started_at: Instant::now(),
            cancel,
            policy,
            may_pass: !desk.passed,
            notes: Mutex::default(),
            doing,
        })
    }

    /// Shows what was laid. Once a cancel or a release has returned, nothing of that job is shown any more: they set
    /// the flag under the same lock. Older pixels are dropped outside, so that the host need not wait for it.
    pub(crate) fn show(&self, cancel: &Cancel, laid: State<Meta>, mut meta: Meta) -> Result<()> {
        let before = {
            let mut desk = self.desk.lock();
            cancel.check()?;
            meta.stale = desk.waiting;
            let before = self.picture.show(laid, meta);
            desk.stats.frames += u64::from(before.is_some());
            before
        };
        drop(before);
        self.ring();
        Ok(())
    }

    /// The running job has ended. Returns when the session wants another turn, if it still owes something.
    pub(crate) fn end(&self, job: &Job, end: End) -> Option<Turn> {
        let mut desk = self.desk.lock();
        let stopped = desk.running.take().is_some_and(|running| running.stopped);
        desk.passed = matches!(end, End::Passed);
        // What was cancelled is asked for again by the host, not by itself; what was put off, by itself.
        let mut again = !stopped && (!job.cancel.is_cancelled() || job.policy.abandoned());
        let mut tier = job.tier;
        let made_way = matches!(end, End::GaveWay | End::Passed);
        match end {
            End::Final => {
                if let Some(canvas) = &mut desk.canvas
                    && (canvas.bounds(), canvas.format()) == (job.paint.bounds(), job.paint.format())
                {
                    canvas.settle(job.settled, job.revision);
                }
            }
            End::Live => tier = Tier::Settled,
            End::GaveWay | End::Passed => {}
            End::Failed(error) if error.status == Status::WorkerDied => {
                let times = if desk.deaths.0 == job.revision { desk.deaths.1 + 1 } else { 1 };
                desk.deaths = (job.revision, times);
                if times >= MOST_DEATHS {
                    again = false;
                    desk.failed = Some(job.revision);
                    let message = format!(
                        "{} That was {times} times with this picture: it rests until something is changed.",
                        error.message
                    );
                    desk.fault = Some(Error::new(Status::Worker, message));
                } else if times == 1 {
                    desk.fault = Some(error);
                }
            }
            // Cancelled work is asked for again by the next push, failed work by the next change.
            End::Failed(error) => {
                if !error.is_cancelled() {
                    again = false;
                    desk.failed = Some(job.revision);
                    desk.fault = Some(error);
                }
            }
            End::NotLoaded => {
                again = false;
                desk.failed = Some(job.revision);
            }
        }
        let again = again && desk.closed.is_none() && !desk.waiting && desk.owes(0);
        let turn = again.then(|| match tier {
            Tier::Live => {
                desk.waiting = true;
                if made_way { Turn::Behind } else { Turn::Now }
            }
            Tier::Settled => {
                desk.resting = true;
                let painted = desk.changed_at;
                let rest = Duration::from_millis(desk.params.settle_delay.into());
                Turn::Settling { due: painted + rest, painted }
            }
        });
        if !desk.waiting && !desk.resting {
            self.came_to_rest.notify_all();
        }
        // Before anybody is told that it rests.
        self.ring();
        turn
    }

    /// Was anything changed since that revision?
    pub(crate) fn is_newer_than(&self, revision: u64) -> bool {
        self.desk.lock().revision > revision
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Closes the session for good after a panic in its job.
    pub(crate) fn kill(&self, why: Error) {
        let mut desk = self.desk.lock();
        desk.running = None;
        (desk.waiting, desk.resting) = (false, false);
        desk.closed = Some(why);
        self.came_to_rest.notify_all();
        self.ring();
    }
}
