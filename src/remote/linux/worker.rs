//! What the worker asks the system for.

use std::os::fd::AsFd;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use super::{Listener, Socket};

/// Whom this process works for.
pub enum Hosts {
    One(Socket),
    /// All who come.
    Many(Listener),
}

/// The socket to the host, which has started this process, or at which hosts are awaited: its standard input. The arguments
/// tell which; the first is the host's process, where there is one. `None` where somebody else has started it. To be
/// called first of all.
pub fn connect() -> Option<Hosts> {
    // Whoever ends it (a login, a desktop, the user) ends it at once, and the host goes on with another. Ctrl+C in the host's
    // terminal is not for it: it is in a process group of its own.
    crate::thread::take_signals();
    // Of the host's files it needs none but the socket; one that it kept open could keep somebody waiting.
    // SAFETY: nothing in this process has opened a file yet.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
    if let Some(listener) = Listener::handed(std::env::args_os().skip(1)) {
        return Some(Hosts::Many(listener));
    }
    let parent = std::env::args().nth(1)?.parse().ok().and_then(Pid::from_raw)?;
    let socket = std::io::stdin().as_fd().try_clone_to_owned().map(Socket::new).ok()?;
    // Whatever becomes of the host, this ends: by the kernel's word, and when the socket closes.
    let dies = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
    (dies && getppid() == Some(parent)).then_some(Hosts::One(socket))
}

/// Goes after the brush, and before the painting where memory is short.
pub fn settle_in() {
    crate::thread::lower_process_priority();
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    // A file that may not grow is an error to be told, and no reason to die.
    // SAFETY: this process has no handler of its own for it.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    super::scope::ask();
}

/// Ends at once: nothing is to be put in order, and ONNX Runtime may be in the middle of something.
pub fn leave() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(0) }
}
