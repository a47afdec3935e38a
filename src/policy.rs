//! What a running job is to do now that something newer waits: one value that both sides of the seam see, set by
//! whoever waits and read by the renderer after each step. Nothing is asked back, so a renderer in another process
//! or on another machine can obey it too.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use crate::cancel::{Hooked, Hooks};
use crate::error::Result;

/// When to show estimates before a job is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u32)]
pub enum Previews {
    /// Never: every frame is FINAL.
    Off = 0,
    /// Only when something newer waits: the running job shows what it has and gives way.
    GiveWay = 1,
    /// After every step.
    EachStep = 2,
}

/// A job that has no more than this part of its steps left is finished, whatever waits.
const NEARLY: u32 = 4;

const RUN: u32 = u32::MAX;
const ABANDON: u32 = u32::MAX - 1;

pub struct Policy {
    value: AtomicU32,
    hooks: Hooks<Order>,
}

/// What a policy says once something newer waits, for who has to pass it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// [`Policy::give_way`]
    GiveWay(u32),
    /// [`Policy::abandon`]
    Abandon,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { value: AtomicU32::new(RUN), hooks: Hooks::default() }
    }
}

/// What a renderer does after a step that was not the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    GoOn,
    /// Hand the present estimate up, go on.
    Show,
    /// Hand the present estimate up, end.
    ShowAndEnd,
    End,
}

impl Policy {
    /// Something newer waits: end, but show something first. A job that has at most `finish` steps left, or a quarter
    /// of its own, is finished: its picture is worth more than an estimate, and nearly there. Does not take an [`Policy::abandon`] back.
    pub fn give_way(&self, finish: u32) {
        let finish = finish.min(ABANDON - 1);
        if self.value.compare_exchange(RUN, finish, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.hooks.call(Order::GiveWay(finish));
        }
    }

    /// What is ordered, as soon as it is; at once if it was already. As with [`crate::cancel::Cancel::hook`], it must not
    /// block, nor set or drop a hook. Two orders may come in any order; abandoning stands.
    pub fn hook(&self, hook: impl Fn(Order) + Send + Sync + 'static) -> Hooked<'_, Order> {
        self.hooks.set(hook, || match self.value.load(Ordering::SeqCst) {
            RUN => None,
            ABANDON => Some(Order::Abandon),
            finish => Some(Order::GiveWay(finish)),
        })
    }

    /// Whether something newer waits.
    pub fn gives_way(&self) -> bool {
        self.value.load(Ordering::SeqCst) != RUN
    }

    /// End now, and show nothing.
    pub fn abandon(&self) {
        if self.value.swap(ABANDON, Ordering::SeqCst) != ABANDON {
            self.hooks.call(Order::Abandon);
        }
    }

    pub fn abandoned(&self) -> bool {
        self.value.load(Ordering::SeqCst) == ABANDON
    }

    /// What to do once `step` of `steps` are done; `shown`: whether this job has shown something already. A job
    /// that gives way shows its estimate from the first third of its steps on: before, there is nothing to see in
    /// it, and many steps would show nothing but that while somebody paints on.
    pub fn after(&self, step: u32, steps: u32, shown: bool, previews: Previews) -> Next {
        let each = if previews == Previews::EachStep { Next::Show } else { Next::GoOn };
        match self.value.load(Ordering::SeqCst) {
            ABANDON => Next::End,
            RUN => each,
            _ if previews == Previews::Off => Next::GoOn,
            finish if steps - step <= finish.max(steps / NEARLY) => each,
            _ if step < steps.div_ceil(3) => each,
            _ if shown => Next::End,
            _ => Next::ShowAndEnd,
        }
    }

    /// An error with [`crate::error::Status::Cancelled`] once the job was abandoned.
    pub fn check(&self, cancel: &crate::cancel::Cancel) -> Result<()> {
        if self.abandoned() {
            cancel.cancel();
        }
        cancel.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Next::*;

    #[test]
    fn a_job_shows_something_worth_showing_before_it_gives_way() {
        let policy = Policy::default();
        let after = |step, steps, shown| policy.after(step, steps, shown, Previews::GiveWay);
        assert_eq!((after(1, 3, false), after(7, 20, false)), (GoOn, GoOn));
        assert_eq!(policy.after(1, 3, false, Previews::EachStep), Show);
        policy.give_way(0);
        assert_eq!(
            (after(1, 2, false), after(1, 3, false), after(1, 4, false)),
            (ShowAndEnd, ShowAndEnd, GoOn)
        );
        assert_eq!((after(6, 20, false), after(7, 20, false), after(8, 20, true)), (GoOn, ShowAndEnd, End));
        assert_eq!(policy.after(1, 3, false, Previews::Off), GoOn);
        policy.abandon();
        policy.give_way(5);
        assert!(policy.abandoned() && policy.after(1, 3, false, Previews::Off) == End);
    }

    #[test]
    fn what_is_ordered_is_passed_on() {
        use std::sync::{Arc, Mutex};
        let told = Arc::new(Mutex::new(Vec::new()));
        let policy = Policy::default();
        let listen = |name: &'static str| {
            let told = told.clone();
            policy.hook(move |order| told.lock().unwrap().push((name, order)))
        };
        let early = listen("early");
        policy.give_way(3);
        policy.give_way(1);
        let late = listen("late");
        drop(early);
        policy.abandon();
        policy.abandon();
        drop(late);
        let all = [("early", Order::GiveWay(3)), ("late", Order::GiveWay(3)), ("late", Order::Abandon)];
        assert_eq!(*told.lock().unwrap(), all);
    }

    #[test]
    fn what_is_nearly_done_is_finished() {
        let policy = Policy::default();
        policy.give_way(7);
        let after = |step, steps| policy.after(step, steps, false, Previews::GiveWay);
        assert_eq!((after(12, 20), after(13, 20), after(19, 20)), (ShowAndEnd, GoOn, GoOn));
        let policy = Policy::default();
        policy.give_way(0);
        let after = |step, steps| policy.after(step, steps, false, Previews::GiveWay);
        assert_eq!(
            (after(14, 20), after(15, 20), after(3, 4), after(2, 3)),
            (ShowAndEnd, GoOn, GoOn, ShowAndEnd)
        );
    }
}
