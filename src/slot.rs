//! Where the host's thread meets the worker: [`Pending`], in which the latest wins. The way back is
//! [`crate::picture`].
//!
//! Checked by `make loom` (every interleaving of small cases).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sync::{Condvar, Mutex};

// By its path: the tests with loom take in this file by its own.
#[path = "slot/sync.rs"]
mod sync;

/// What made way for a hand goes on once nothing has pressed for so long.
const REST: Duration = Duration::from_millis(300);
/// What settles where somebody painted last is waited for, if it is due so soon.
const SOON: Duration = Duration::from_secs(1);

/// The worker's inbox: at most one waiting item per key. Those that are pressing are served first, each in the order in which
/// the keys came; then what made way for them, for which what settles waits, too; then what settles, what was painted last before
/// all else.
pub struct Pending<T> {
    inbox: Mutex<Inbox<T>>,
    arrived: Condvar,
}

/// What came of waiting.
pub enum Taken<T> {
    Item(T),
    Nothing,
    Closed,
}

struct Inbox<T> {
    items: VecDeque<Waiting<T>>,
    /// When something pressing came last.
    pressed: Option<Instant>,
    closed: bool,
}

struct Waiting<T> {
    key: u64,
    when: When,
    item: T,
}

#[derive(Clone, Copy, PartialEq)]
enum When {
    Pressing,
    /// Once nothing presses any more.
    Behind,
    Settling {
        /// At this time at the earliest.
        due: Instant,
        painted: Instant,
    },
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Pending {
            inbox: Mutex::new(Inbox { items: VecDeque::new(), pressed: None, closed: false }),
            arrived: Condvar::new(),
        }
    }
}

impl<T> Pending<T> {
    /// Puts `item` in the one waiting place of `key`, pressing. What waited there is replaced and handed back; it keeps
    /// its turn. A closed inbox hands `item` itself back.
    pub fn put(&self, key: u64, item: T) -> Option<T> {
        self.place(Waiting { key, when: When::Pressing, item })
    }

    /// The same, but it comes after all that is pressing, and at `due` at the earliest; `painted`: when it was changed last. Where
    /// something pressing waits, it stays so: that was put meanwhile.
    pub fn put_settling(&self, key: u64, item: T, due: Instant, painted: Instant) -> Option<T> {
        self.place(Waiting { key, when: When::Settling { due, painted }, item })
    }

    /// The same of what made way for another key: it goes on when nothing has pressed for a moment.
    pub fn put_behind(&self, key: u64, item: T) -> Option<T> {
        self.place(Waiting { key, when: When::Behind, item })
    }

    /// What waits for `key`, if anything does, is pressing from now on.
    pub fn press(&self, key: u64) {
        let mut inbox = self.inbox.lock();
        if let Some(place) = inbox.items.iter_mut().find(|waiting| waiting.key == key) {
            place.when = When::Pressing;
            inbox.pressed = Some(Instant::now());
            self.arrived.notify_one();
        }
    }

    fn place(&self, new: Waiting<T>) -> Option<T> {
        let mut inbox = self.inbox.lock();
        if inbox.closed {
            return Some(new.item);
        }
        if new.when == When::Pressing {
            inbox.pressed = Some(Instant::now());
        }
        let place = inbox.items.iter_mut().find(|waiting| waiting.key == new.key);
        let before = match place {
            Some(place) => {
                if place.when != When::Pressing {
                    place.when = new.when;
                }
                Some(std::mem::replace(&mut place.item, new.item))
            }
            None => {
                inbox.items.push_back(new);
                None
            }
        };
        self.arrived.notify_one();
        before
    }

    /// Whether something pressing waits for another key than this.
    pub fn presses_beside(&self, key: u64) -> bool {
        self.inbox.lock().items.iter().any(|waiting| waiting.when == When::Pressing && waiting.key != key)
    }

    /// Takes the next item that is due, waiting for one; `None` once the inbox is closed.
    pub fn take(&self) -> Option<T> {
        match self.take_until(None) {
            Taken::Item(item) => Some(item),
            Taken::Nothing | Taken::Closed => None,
        }
    }

    /// The same, but waits no longer than to `deadline` while there is nothing at all.
    pub fn take_until(&self, deadline: Option<Instant>) -> Taken<T> {
        let mut inbox = self.inbox.lock();
        loop {
            if inbox.closed {
                return Taken::Closed;
            }
            let now = Instant::now();
            let until = match (inbox.next(now), deadline) {
                (Some((at, due)), _) if due <= now => {
                    return inbox
                        .items
                        .remove(at)
                        .map_or(Taken::Nothing, |waiting| Taken::Item(waiting.item));
                }
                (None, Some(deadline)) if deadline <= now => return Taken::Nothing,
                (next, deadline) => next.map(|(_, due)| due).or(deadline),
            };
            match until {
                Some(due) => self.arrived.wait_until(&mut inbox, due),
                None => self.arrived.wait(&mut inbox),
            }
        }
    }

    /// Takes back what waits for `key`.
    pub fn remove(&self, key: u64) -> Option<T> {
        let mut inbox = self.inbox.lock();
        let at = inbox.items.iter().position(|waiting| waiting.key == key)?;
        inbox.items.remove(at).map(|waiting| waiting.item)
    }

    /// Ends every `take`, now and later; what waits is dropped.
    pub fn close(&self) {
        let mut inbox = self.inbox.lock();
        inbox.closed = true;
        let dropped = std::mem::take(&mut inbox.items);
        self.arrived.notify_all();
        drop(inbox);
        drop(dropped);
    }

    pub fn is_closed(&self) -> bool {
        self.inbox.lock().closed
    }
}

impl<T> Inbox<T> {
    /// Whose turn comes next, and when.
    fn next(&self, now: Instant) -> Option<(usize, Instant)> {
        let first = |when: When| self.items.iter().position(|waiting| waiting.when == when);
        if let Some(at) = first(When::Pressing) {
            return Some((at, now));
        }
        if let Some(at) = first(When::Behind) {
            return Some((at, self.pressed.map_or(now, |pressed| pressed + REST)));
        }
        let settling = || {
            self.items.iter().enumerate().filter_map(|(at, waiting)| match waiting.when {
                When::Settling { due, painted } => Some((at, due, painted)),
                When::Pressing | When::Behind => None,
            })
        };
        let soon = settling().filter(|(_, due, _)| *due <= now + SOON).max_by_key(|(.., painted)| *painted);
        let next = soon.or_else(|| settling().min_by_key(|(_, due, _)| *due));
        next.map(|(at, due, _)| (at, due))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_newer_item_takes_the_place_of_the_waiting_one_and_keeps_its_turn() {
        let pending = Pending::default();
        assert_eq!(pending.put(1, "a"), None);
        assert_eq!(pending.put(2, "b"), None);
        assert_eq!(pending.put(1, "c"), Some("a"));
        assert_eq!(pending.take(), Some("c"));
        assert_eq!(pending.remove(2), Some("b"));
        pending.close();
        assert_eq!(pending.take(), None);
        assert_eq!(pending.put(1, "d"), Some("d"));
    }

    #[test]
    fn what_is_due_later_lets_others_go_first_and_a_newer_item_makes_it_due() {
        let pending = Pending::default();
        let soon = Instant::now() + std::time::Duration::from_millis(30);
        pending.put_settling(1, "later", soon, soon);
        pending.put(2, "now");
        assert_eq!(pending.take(), Some("now"));
        assert_eq!(pending.take(), Some("later"));
        assert!(Instant::now() >= soon);
        let never = Instant::now() + std::time::Duration::from_secs(3600);
        pending.put_settling(1, "never", never, never);
        assert_eq!(pending.put(1, "at once"), Some("never"));
        // What was to wait comes after what was put in its place.
        assert_eq!(pending.put_settling(1, "still at once", never, never), Some("at once"));
        assert_eq!(pending.take(), Some("still at once"));
    }

    #[test]
    fn what_settles_where_the_hand_was_last_goes_first() {
        let pending = Pending::default();
        let now = Instant::now();
        let at = |ms: u64| now + Duration::from_millis(ms);
        // Painted one after the other, whatever rest each asks for.
        pending.put_settling(1, "settled before", at(0), at(0));
        pending.put_settling(2, "is due later", at(40), at(10));
        pending.put_settling(3, "was painted last", at(30), at(20));
        pending.put_settling(4, "waits for an hour", at(3_600_000), at(25));
        assert_eq!(pending.take(), Some("was painted last"));
        assert_eq!(pending.take(), Some("is due later"));
        assert_eq!(pending.take(), Some("settled before"));
    }

    #[test]
    fn what_made_way_goes_on_once_nothing_presses_and_before_what_settles() {
        let pending = Pending::default();
        pending.put(2, "is painted");
        let painted = Instant::now();
        pending.put_behind(1, "made way");
        pending.put_settling(2, "settles", painted, painted);
        assert_eq!(pending.take(), Some("settles"), "what was put meanwhile is pressing");
        pending.put_settling(2, "settles", painted, painted);
        assert_eq!(pending.take(), Some("made way"));
        assert!(painted.elapsed() >= REST / 2);
        assert_eq!(pending.take(), Some("settles"));
        // Changed meanwhile, it is pressing again.
        pending.put_behind(1, "made way");
        pending.press(1);
        pending.press(3);
        assert!(pending.presses_beside(2) && !pending.presses_beside(1));
        assert_eq!(pending.take(), Some("made way"));
    }

    #[test]
    fn what_presses_goes_before_what_came_first_and_is_due() {
        let pending = Pending::default();
        let now = Instant::now();
        pending.put_settling(1, "settles", now, now);
        assert!(!pending.presses_beside(2));
        pending.put(2, "is painted");
        assert!(pending.presses_beside(1) && !pending.presses_beside(2));
        assert_eq!(pending.take(), Some("is painted"));
        assert_eq!(pending.take(), Some("settles"));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn the_last_push_is_always_taken() {
        loom::model(|| {
            let pending = Arc::new(Pending::default());
            let host = {
                let pending = pending.clone();
                thread::spawn(move || {
                    for revision in 1..=3u32 {
                        pending.put(7, revision);
                    }
                })
            };
            let mut last = 0;
            while last < 3 {
                let taken = pending.take().expect("open");
                assert!(taken > last, "revisions never fall");
                last = taken;
            }
            host.join().unwrap();
        });
    }

    #[test]
    fn close_wakes_a_waiting_worker() {
        loom::model(|| {
            let pending = Arc::new(Pending::<u32>::default());
            let worker = {
                let pending = pending.clone();
                thread::spawn(move || while pending.take().is_some() {})
            };
            pending.put(1, 1);
            pending.close();
            worker.join().unwrap();
        });
    }

    #[test]
    fn two_hosts_and_a_removal_lose_nothing_of_the_other() {
        loom::model(|| {
            let pending = Arc::new(Pending::default());
            let host = {
                let pending = pending.clone();
                thread::spawn(move || {
                    pending.put(1, 1u32);
                    pending.remove(1);
                })
            };
            pending.put(2, 2u32);
            let mut seen = pending.take().expect("open");
            if seen == 1 {
                seen = pending.take().expect("open");
            }
            assert_eq!(seen, 2);
            host.join().unwrap();
        });
    }
}
