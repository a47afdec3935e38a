//! exit().

use std::sync::mpsc::channel;
use std::time::Duration;

/// How long what the program has written may take to be flushed, where the process ends at once.
const FLUSH: Duration = Duration::from_secs(1);

/// Whether this is the process that registered: a child of fork has no threads, only their number.
fn is_own() -> bool {
    use std::sync::OnceLock;
    static PROCESS: OnceLock<u32> = OnceLock::new();
    *PROCESS.get_or_init(std::process::id) == std::process::id()
}

/// Has the farewell called when the process exits. What is registered later is called earlier.
#[cfg(target_env = "gnu")]
pub fn at_exit() {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    }
    extern "C" fn heard(status: c_int, _: *mut c_void) {
        if is_own() {
            super::farewell(Some(status));
        }
    }
    is_own();
    // SAFETY: `heard` does not unwind, and this library stays in memory (-z nodelete).
    if unsafe { on_exit(heard, std::ptr::null_mut()) } != 0 {
        log::warn!("the program will not wait for Scumble's worker when it exits");
    }
}

/// Nobody tells the status.
#[cfg(not(target_env = "gnu"))]
pub fn at_exit() {
    extern "C" fn heard() {
        if is_own() {
            super::farewell(None);
        }
    }
    is_own();
    // SAFETY: `heard` does not unwind, and this library stays in memory.
    if unsafe { libc::atexit(heard) } != 0 {
        log::warn!("the program will not wait for Scumble's worker when it exits");
    }
}

#[cfg(target_os = "linux")]
pub fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

#[cfg(not(target_os = "linux"))]
pub fn is_main_thread() -> bool {
    false
}

/// Ends the process with what it has written, and nothing else of what an exit does.
pub fn end(status: i32) {
    let (done, flushed) = channel();
    // A stream that somebody waits at is locked for as long.
    let flush = move || {
        // SAFETY: NULL means all streams.
        unsafe { libc::fflush(std::ptr::null_mut()) };
        let _ = done.send(());
    };
    if crate::thread::spawn("scumble-flush", flush).is_ok() {
        let _ = flushed.recv_timeout(FLUSH);
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}
