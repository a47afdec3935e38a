//! What the conversations of one worker have together: the models, each once, and the turn to render.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use parking_lot::{Condvar, Mutex};

use crate::cancel::Cancel;
use crate::error::Result;
use crate::pipeline::{Fallback, LoadOptions};
use crate::remote::message::{Up, encode};
use crate::remote::serve::converse;
use crate::remote::socket::Socket;
use crate::remote::system::Listener;

/// A model, once one of those who want it has loaded it.
pub type Model = Mutex<Option<Fallback>>;

#[derive(Default)]
pub struct House {
    models: Mutex<Vec<(LoadOptions, Weak<Model>)>>,
    pub turn: Turn,
    /// Anybody may come, not one host alone.
    pub is_shared: bool,
}

impl House {
    /// The place of a model, the same for all who ask for the same; gone with the last of them. Room for LoRAs is no reason
    /// to have it twice: it can be made later.
    pub fn model(&self, options: &LoadOptions) -> Arc<Model> {
        let mut models = self.models.lock();
        models.retain(|(_, model)| model.strong_count() > 0);
        let wanted = LoadOptions { loras: false, ..options.clone() };
        let known = models.iter().find(|(known, _)| *known == wanted).and_then(|(_, model)| model.upgrade());
        known.unwrap_or_else(|| {
            let model = Arc::default();
            models.push((wanted, Arc::downgrade(&model)));
            model
        })
    }
}

/// Who renders: one at a time, for they would take each other's threads; in the order in which they ask.
#[derive(Default)]
pub struct Turn {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    next: u64,
    waiting: VecDeque<u64>,
}

/// It is over when this is dropped.
pub struct Taken<'a>(&'a Turn, u64);

impl Turn {
    /// Waits for it.
    ///
    /// # Errors
    /// [`crate::error::Status::Cancelled`].
    pub fn take(&self, cancel: &Cancel) -> Result<Taken<'_>> {
        const MOMENT: Duration = Duration::from_millis(20);
        let mut line = self.line.lock();
        let number = line.next;
        line.next += 1;
        line.waiting.push_back(number);
        while line.waiting.front() != Some(&number) {
            if let Err(cancelled) = cancel.check() {
                line.waiting.retain(|other| *other != number);
                return Err(cancelled);
            }
            self.moved.wait_for(&mut line, MOMENT);
        }
        Ok(Taken(self, number))
    }

    /// Whether somebody waits while another renders.
    pub fn is_waited_for(&self) -> bool {
        self.line.lock().waiting.len() > 1
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.line.lock().waiting.retain(|number| *number != self.1);
        self.0.moved.notify_all();
    }
}

/// Lets everybody in who comes, until all have gone. Then this process ends at once: a host goes when it has had nothing to
/// render for a time, so there is nobody to wait for.
pub fn keep_open(listener: Listener) -> ! {
    let house = Arc::new(House { is_shared: true, ..House::default() });
    let (listener, guests) = (Arc::new(listener), Arc::new(Mutex::new(0usize)));
    loop {
        listener.wait();
        // Nobody finds the house empty between the two.
        let mut count = guests.lock();
        let Ok(socket) = listener.accept() else { continue };
        *count += 1;
        drop(count);
        let (house, at_door, guests) = (house.clone(), listener.clone(), guests.clone());
        let talk = move || {
            converse(socket, &house, || ());
            *guests.lock() -= 1;
            at_door.leave_if(|| *guests.lock() == 0);
        };
        if let Err(error) = std::thread::Builder::new().name("scumble-host".into()).spawn(talk) {
            log::error!("the renderer's process has no thread for another program: {error}");
            super::system::leave();
        }
    }
}

/// Hosts that hear what the worker has to say.
static HEARING: Mutex<Vec<Weak<Socket>>> = Mutex::new(Vec::new());

/// The worker's log is the hosts'.
pub struct Logger;

/// Tells a host what is noted from now on.
pub fn hears(socket: &Arc<Socket>) {
    let mut hearing = HEARING.lock();
    hearing.retain(|other| other.strong_count() > 0);
    hearing.push(Arc::downgrade(socket));
}

/// Notes what lies down to this level, a [`LevelFilter`]'s number, if another host does not ask for more already.
pub fn talks(level: usize) {
    let level = LevelFilter::iter().nth(level).unwrap_or(LevelFilter::Warn);
    log::set_max_level(log::max_level().max(level));
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text: String = record.args().to_string().chars().take(1000).collect();
        let message = Up::Log { level: record.level() as usize - 1, text };
        let Ok(bytes) = encode(&message) else { return };
        for socket in HEARING.lock().iter().filter_map(Weak::upgrade) {
            // What a host has no room for is lost: it may be that nobody listens for an hour.
            let _ = socket.send_now(&bytes, None);
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_first_renders_first_and_who_is_cancelled_goes() {
        let (turn, said) = (Turn::default(), Mutex::new(Vec::new()));
        let waiting = |count: usize| {
            while turn.line.lock().waiting.len() < count {
                std::thread::yield_now();
            }
        };
        let (never, cancelled) = (Cancel::new(), Cancel::new());
        std::thread::scope(|scope| {
            let first = turn.take(&never).unwrap();
            assert!(!turn.is_waited_for());
            for name in 1..=4 {
                let cancel = if name == 2 { &cancelled } else { &never };
                let (turn, said) = (&turn, &said);
                scope.spawn(move || match turn.take(cancel) {
                    Ok(_taken) => said.lock().push(name),
                    Err(error) => said.lock().push(if error.is_cancelled() { -name } else { 0 }),
                });
                waiting(name as usize + 1);
            }
            assert!(turn.is_waited_for());
            cancelled.cancel();
            while said.lock().is_empty() {
                std::thread::yield_now();
            }
            drop(first);
        });
        assert_eq!(*said.lock(), [-2, 1, 3, 4]);
        assert!(turn.line.lock().waiting.is_empty());
    }

    #[test]
    fn a_model_is_the_same_for_all_who_want_the_same() {
        let (house, mut options) = (House::default(), LoadOptions::default());
        let first = house.model(&options);
        assert!(Arc::ptr_eq(&first, &house.model(&options)));
        options.loras = true;
        assert!(Arc::ptr_eq(&first, &house.model(&options)));
        options.scheduler = Some("lcm".into());
        assert!(!Arc::ptr_eq(&first, &house.model(&options)));
        drop(first);
        house.model(&options);
        assert_eq!(house.models.lock().len(), 1, "nobody has the other any more");
    }
}
