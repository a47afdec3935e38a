//! Ending work early: one flag per job, and whatever has to be poked so that a running call notices it.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::error::{Error, Result, Status};

type Hook = Box<dyn Fn() + Send + Sync>;

/// Asks one job (or one load) to end. Any thread may call [`Cancel::cancel`]; the worker checks.
#[derive(Default)]
pub struct Cancel {
    asked: AtomicBool,
    hook: Mutex<Option<Hook>>,
}

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the job to end. Returns at once; the running ONNX call is told through the hook.
    pub fn cancel(&self) {
        // The flag first: a hook that is set after this point sees the flag in `set_hook`.
        self.asked.store(true, Ordering::SeqCst);
        if let Some(hook) = &*self.hook.lock() {
            hook();
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// An error with [`Status::Cancelled`] once the job was asked to end.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::new(Status::Cancelled, "Cancelled.")) } else { Ok(()) }
    }

    /// Sets what `cancel` calls to interrupt a call that does not look at the flag (ONNX Runtime's
    /// `RunOptions::terminate`, a load's canceller). Called at once if the job was already asked to end.
    pub fn set_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        let mut slot = self.hook.lock();
        if self.is_cancelled() {
            hook();
        }
        *slot = Some(Box::new(hook));
    }

    pub fn clear_hook(&self) {
        *self.hook.lock() = None;
    }
}
