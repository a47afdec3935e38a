//! A process that exits while threads of ours are inside ONNX Runtime. An exit takes apart what a library has made, whoever
//! is still at it; so the threads are told to come out before, and waited for a moment. Where one does not (it reads a
//! network of gigabytes) nothing is taken apart: the process ends at once, with the status that it was given.
//!
//! What is registered for an exit is called last first, and a library registers its own parts while it is opened and when it
//! first uses them. So this is registered again after each of those; and by a thread itself when it ends, the main one among
//! them, which is what an exit begins with: no library is before that.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::error::{Error, Result, Status};

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod system;

/// How long an exit waits; ONNX Runtime looks up between two nodes of its graph.
const FAREWELL: Duration = Duration::from_secs(2);
/// So many threads of the host that end register it at the most: each time takes memory.
const THREADS: u32 = 1000;

/// What can be told to come out of ONNX Runtime.
pub trait Leaves: Send + Sync {
    /// Returns at once.
    fn leave(&self);
}

struct Hall {
    /// Threads in ONNX Runtime, counted as often as they went in.
    inside: usize,
    /// The process exits: nobody goes in any more.
    is_closed: bool,
    who: Vec<Weak<dyn Leaves>>,
    /// Those that the exit has told.
    told: Vec<Arc<dyn Leaves>>,
}

static HALL: Mutex<Hall> =
    Mutex::new(Hall { inside: 0, is_closed: false, who: Vec::new(), told: Vec::new() });
static ONE_CAME_OUT: Condvar = Condvar::new();

/// This thread is inside ONNX Runtime until this is dropped.
#[must_use = "it is outside again with it"]
pub struct Inside(());

impl Drop for Inside {
    fn drop(&mut self) {
        HALL.lock().inside -= 1;
        ONE_CAME_OUT.notify_all();
    }
}

/// To be called before anything of ONNX Runtime is.
///
/// # Errors
/// [`Status::Cancelled`] once the process exits.
pub fn enter() -> Result<Inside> {
    let mut hall = HALL.lock();
    if hall.is_closed {
        return Err(Error::new(Status::Cancelled, "The program exits."));
    }
    hall.inside += 1;
    Ok(Inside(()))
}

/// Drops what has parts of ONNX Runtime; once the process exits they are left as they are, and this does not return.
pub fn put_away<T>(thing: T) {
    match enter() {
        Ok(_inside) => drop(thing),
        Err(_) => loop {
            std::thread::park();
        },
    }
}

/// An exit tells this one too.
pub fn tell(one: Weak<dyn Leaves>) {
    let mut hall = HALL.lock();
    hall.who.retain(|other| other.strong_count() > 0);
    hall.who.push(one);
}

/// An exit begins here, before it takes apart what has been opened and used so far.
pub fn come_first() {
    system::at_exit();
}

/// The same if this thread is the one that calls it.
pub fn come_first_from_here() {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            static ENDED: AtomicU32 = AtomicU32::new(0);
            let somebody = || HALL.lock().inside > 0 && ENDED.fetch_add(1, Ordering::Relaxed) < THREADS;
            if !cfg!(miri) && (system::is_main_thread() || somebody()) {
                come_first();
            }
        }
    }
    thread_local! {
        static END: End = const { End };
    }
    // A thread that ends already is past that.
    let _ = END.try_with(|_| ());
}

/// What an exit does: `status` is its own, where the system tells it.
fn farewell(status: Option<i32>) {
    let mut hall = HALL.lock();
    if std::mem::replace(&mut hall.is_closed, true) {
        return;
    }
    let who: Vec<_> = hall.who.iter().filter_map(Weak::upgrade).collect();
    // What goes with the last handle is not dropped here, and not lost either.
    hall.told.clone_from(&who);
    drop(hall);
    who.iter().for_each(|one| one.leave());
    let deadline = Instant::now() + FAREWELL;
    let mut hall = HALL.lock();
    while hall.inside > 0 {
        if ONE_CAME_OUT.wait_until(&mut hall, deadline).timed_out() {
            drop(hall);
            return status.map_or((), system::end);
        }
    }
}
