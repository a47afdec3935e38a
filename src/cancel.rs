//! Ending work early: one flag per job, and whatever has to be poked so that a running call notices it.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::error::{Error, Result, Status};

/// Asks one job (or one load) to end. Any thread may call [`Cancel::cancel`]; the worker checks.
#[derive(Default)]
pub struct Cancel {
    asked: AtomicBool,
    hooks: Hooks<()>,
}

type Hook<A> = Box<dyn Fn(A) + Send + Sync>;

/// What is called when something happens, by whoever makes it happen.
pub struct Hooks<A>(Mutex<Set<A>>);

struct Set<A> {
    next: u64,
    hooks: Vec<(u64, Hook<A>)>,
}

impl<A> Default for Hooks<A> {
    fn default() -> Self {
        Hooks(Mutex::new(Set { next: 0, hooks: Vec::new() }))
    }
}

/// Keeps a hook set; it goes when this does.
#[must_use = "the hook goes with it"]
pub struct Hooked<'a, A = ()> {
    hooks: &'a Hooks<A>,
    number: u64,
}

impl<A: Copy> Hooks<A> {
    /// What has happened is to be visible before: a hook that is set later looks at that.
    pub fn call(&self, what: A) {
        for (_, hook) in &self.0.lock().hooks {
            hook(what);
        }
    }

    /// Adds a hook, and calls it at once with what has happened already.
    pub fn set(
        &self,
        hook: impl Fn(A) + Send + Sync + 'static,
        already: impl FnOnce() -> Option<A>,
    ) -> Hooked<'_, A> {
        let mut set = self.0.lock();
        if let Some(what) = already() {
            hook(what);
        }
        set.next += 1;
        let number = set.next;
        set.hooks.push((number, Box::new(hook)));
        Hooked { hooks: self, number }
    }
}

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the job to end. Returns at once; the running ONNX calls are told through their hooks.
    pub fn cancel(&self) {
        // The flag first: a hook that is set after this point sees the flag in `hook`.
        self.asked.store(true, Ordering::SeqCst);
        self.hooks.call(());
    }

    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// An error with [`Status::Cancelled`] once the job was asked to end.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::new(Status::Cancelled, "Cancelled.")) } else { Ok(()) }
    }

    /// Adds what `cancel` calls to interrupt a call that does not look at the flag (ONNX Runtime's
    /// `RunOptions::terminate`, a load's canceller, another process). Called at once if the job was already asked to
    /// end. It must not block, and must not set or drop a hook itself.
    pub fn hook(&self, hook: impl Fn() + Send + Sync + 'static) -> Hooked<'_> {
        self.hooks.set(move |()| hook(), || self.is_cancelled().then_some(()))
    }
}

impl<A> Drop for Hooked<'_, A> {
    fn drop(&mut self) {
        self.hooks.0.lock().hooks.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn every_hook_is_called_and_goes_by_itself() {
        let cancel = Cancel::new();
        let calls = Arc::new(AtomicU32::new(0));
        let count = |by: u32| {
            let calls = calls.clone();
            move || {
                calls.fetch_add(by, Ordering::SeqCst);
            }
        };
        let outer = cancel.hook(count(1));
        drop(cancel.hook(count(10)));
        let inner = cancel.hook(count(100));
        cancel.cancel();
        assert_eq!(calls.load(Ordering::SeqCst), 101, "a wrapper keeps its own");
        let late = cancel.hook(count(1000));
        assert_eq!(calls.load(Ordering::SeqCst), 1101);
        drop((outer, inner, late));
        assert!(cancel.check().is_err_and(|e| e.is_cancelled()));
    }
}
