//! How far a download is, and stopping it: shared by the thread that works and whoever looks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// Nothing yet, or asking what there is.
    #[default]
    Asking,
    /// Another process is getting the same; when it is done, so are we.
    Waiting,
    Loading,
    /// Comparing what lies here with what was published.
    Checking,
    Done,
}

/// Plain data, as of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    /// The file in hand, as the repository calls it.
    pub file: String,
    pub files_done: usize,
    pub files: usize,
    /// Bytes that have arrived, those of an earlier try counted.
    pub bytes_done: u64,
    /// 0 while it is unknown.
    pub bytes: u64,
    /// A sentence on what holds it up, empty where nothing does.
    pub note: String,
}

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    progress: Mutex<Progress>,
    /// Interrupts what is being waited for.
    agent: Mutex<Option<ureq::Agent>>,
}

/// A handle on one download; clones are the same.
#[derive(Clone, Default)]
pub struct Watch(Arc<Shared>);

impl Watch {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn progress(&self) -> Progress {
        locked(&self.0.progress).clone()
    }

    /// Stops the download, from any thread; a read that waits is interrupted.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        if let Some(agent) = locked(&self.0.agent).take() {
            agent.shutdown();
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut locked(&self.0.progress));
    }

    /// What `cancel` interrupts from now on.
    pub(crate) fn holds(&self, agent: &ureq::Agent) {
        *locked(&self.0.agent) = Some(agent.clone());
        if self.is_cancelled() {
            self.cancel();
        }
    }

    /// Sleeps, but not on when cancelled.
    pub(crate) fn sleep(&self, time: Duration) {
        const SLICE: Duration = Duration::from_millis(50);
        let end = std::time::Instant::now() + time;
        while !self.is_cancelled() {
            let left = end.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }

    pub(crate) fn check(&self) -> crate::Result<()> {
        if self.is_cancelled() { Err(crate::Fault::cancelled()) } else { Ok(()) }
    }
}

/// A panic elsewhere leaves numbers that are still numbers.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
