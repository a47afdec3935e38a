//! A loaded model and the worker that runs it; shared by any number of sessions.

use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::desk::Shared;
use crate::error::{Error, Result, Status};
use crate::heap;
use crate::job::Job;
use crate::leaving::{self, Leaves};
use crate::pipeline::{Fallback, LoadOptions};
use crate::policy::Policy;
use crate::render::{Capabilities, ModelInfo, Renderer, Tier};
use crate::session::Session;
use crate::slot::Pending;
use crate::worker;

/// How far the model is.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadState {
    /// `progress` is 0..1; `what` is the part being loaded.
    Loading {
        progress: f32,
        what: String,
    },
    Ready(Arc<ModelInfo>),
    Failed(Error),
}

/// Makes the renderer, on the worker thread; reports progress 0..1 and what is being loaded.
pub type Load = Box<dyn FnOnce(&Cancel, &dyn Fn(f32, &str)) -> Result<Box<dyn Renderer>> + Send>;

/// What the worker thread and the handles share.
pub(crate) struct Wiring {
    pub(crate) queue: Pending<Arc<Shared>>,
    state: Mutex<LoadState>,
    /// Of the model, once it is loaded.
    capabilities: OnceLock<Capabilities>,
    current: Mutex<Option<Current>>,
    /// To be told when there will be no model: those that were never pushed to have no job that does it.
    sessions: Mutex<Vec<Weak<Shared>>>,
}

/// What the worker is at, as far as others may interrupt it.
pub(crate) struct Current {
    /// The session's number; 0 while loading.
    session: u64,
    tier: Tier,
    cancel: Arc<Cancel>,
    policy: Arc<Policy>,
}

impl Current {
    pub(crate) fn new(session: u64, job: &Job) -> Self {
        Current { session, tier: job.tier, cancel: job.cancel.clone(), policy: job.policy.clone() }
    }

    fn make_way(&self) {
        match self.tier {
            Tier::Live => self.policy.give_way(0),
            Tier::Settled => {
                self.policy.abandon();
                self.cancel.cancel();
            }
        }
    }
}

impl Wiring {
    /// Notes what others may interrupt; interrupts it at once if the engine is closed already, or if it settles and another
    /// session was pushed to since it was taken. (What is painted takes turns: of many that wait each would give way to all.)
    pub(crate) fn running(&self, current: Option<Current>) {
        let mut place = self.current.lock();
        if let Some(current) = &current {
            if self.queue.is_closed() {
                current.cancel.cancel();
            } else if current.tier == Tier::Settled && self.queue.presses_beside(current.session) {
                current.make_way();
            }
        }
        *place = current;
    }

    /// Renews what is told about the model, when it has moved to another device or process.
    pub(crate) fn tell(&self, info: ModelInfo) {
        let mut state = self.state.lock();
        if matches!(&*state, LoadState::Ready(told) if **told != info) {
            *state = LoadState::Ready(Arc::new(info));
        }
    }

    /// A session that waits for the model like the others.
    pub(crate) fn take_in(&self, session: &Arc<Shared>) {
        let mut sessions = self.sessions.lock();
        sessions.retain(|other| other.strong_count() > 0);
        sessions.push(Arc::downgrade(session));
    }

    /// Has all sessions polled once more.
    fn ring(&self) {
        let sessions: Vec<_> = self.sessions.lock().iter().filter_map(Weak::upgrade).collect();
        sessions.iter().for_each(|session| session.ring());
    }

    /// Another session has put something for the artist to see into the queue: what settles is put off, what follows another
    /// hand shows something and gives way.
    pub(crate) fn make_way_for(&self, session: u64) {
        let current = self.current.lock();
        if let Some(current) = current.as_ref().filter(|c| c.session != session && c.session != 0) {
            current.make_way();
        }
    }
}

/// Keeps the worker alive; the last handle or session to go tells it to end, and does not wait for that.
pub(crate) struct Inner(Arc<Wiring>);

impl std::ops::Deref for Inner {
    type Target = Wiring;
    fn deref(&self) -> &Wiring {
        &self.0
    }
}

impl Inner {
    pub(crate) fn state(&self) -> LoadState {
        self.state.lock().clone()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Leaves for Wiring {
    /// Tells the worker to end, and interrupts what it is at.
    fn leave(&self) {
        self.queue.close();
        if let Some(running) = &*self.current.lock() {
            running.cancel.cancel();
        }
    }
}

pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Starts to load a model folder in the background and returns at once.
    pub fn load(options: LoadOptions) -> Result<Engine> {
        Self::with(Box::new(move |cancel, progress| {
            Fallback::load(options, cancel, progress).map(|p| Box::new(p) as Box<dyn Renderer>)
        }))
    }

    /// The same in a process of its own.
    #[cfg(any(target_os = "linux", windows))]
    pub fn load_apart(options: crate::remote::Options) -> Result<Engine> {
        Self::with(Box::new(move |cancel, progress| {
            let remote = crate::remote::Remote::load(options, cancel, progress)?;
            Ok(Box::new(remote) as Box<dyn Renderer>)
        }))
    }

    /// An engine around any renderer.
    pub fn with(load: Load) -> Result<Engine> {
        let wiring = Arc::new(Wiring {
            queue: Pending::default(),
            state: Mutex::new(LoadState::Loading { progress: 0.0, what: String::new() }),
            capabilities: OnceLock::new(),
            current: Mutex::new(None),
            sessions: Mutex::default(),
        });
        let weak = Arc::downgrade(&wiring);
        leaving::tell(weak);
        let shared = wiring.clone();
        crate::thread::spawn("scumble-worker", move || work(&shared, load)).map_err(|e| {
            Error::new(
                Status::Memory,
                format!("The system gave no thread to render on ({e}); close something and try again."),
            )
        })?;
        Ok(Engine { inner: Arc::new(Inner(wiring)) })
    }

    pub fn state(&self) -> LoadState {
        self.inner.state()
    }

    /// What the model can take; `None` until it is loaded.
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.inner.capabilities.get()
    }

    /// A new live layer on this engine. It keeps the engine's model alive.
    pub fn session(&self) -> Session {
        Session::new(self.inner.clone())
    }
}

fn work(wiring: &Wiring, load: Load) {
    let cancel = Arc::new(Cancel::new());
    let policy = Arc::new(Policy::default());
    wiring.running(Some(Current { session: 0, tier: Tier::Live, cancel: cancel.clone(), policy }));
    let progress = |progress: f32, what: &str| {
        *wiring.state.lock() = LoadState::Loading { progress, what: what.to_owned() };
    };
    let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| load(&cancel, &progress)));
    let renderer = loaded.unwrap_or_else(|_| {
        Err(Error::new(
            Status::Internal,
            "The engine failed inside while it loaded the model; choose another model.",
        ))
    });
    wiring.running(None);
    if let Ok(renderer) = &renderer {
        let _ = wiring.capabilities.set(renderer.capabilities());
    }
    *wiring.state.lock() = match &renderer {
        Ok(renderer) => LoadState::Ready(Arc::new(renderer.info())),
        Err(error) => LoadState::Failed(error.clone()),
    };
    if renderer.is_err() {
        wiring.ring();
    }
    leaving::put_away(worker::serve(wiring, renderer));
    heap::trim();
}
