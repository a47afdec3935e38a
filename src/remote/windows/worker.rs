//! What the worker asks the system for.

use std::os::windows::io::AsHandle;

use windows_sys::Win32::System::Diagnostics::Debug::{
    SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX, SetErrorMode,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};

use super::{Listener, Socket};

/// Whom this process works for.
pub enum Hosts {
    One(Socket),
    #[allow(dead_code, reason = "nobody shares one here")]
    Many(Listener),
}

/// The pipe to the host, which has started this process: its standard input. `None` where somebody else has started it.
/// Whatever becomes of the host, this ends: with the host's job, and when the pipe closes.
pub fn connect() -> Option<Hosts> {
    let pipe = std::io::stdin().as_handle().try_clone_to_owned().ok()?;
    Socket::new(pipe).ok().map(Hosts::One)
}

/// Goes after the brush, and shows nobody a window when it fails.
pub fn settle_in() {
    crate::thread::lower_process_priority();
    // SAFETY: sets flags of this process.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX) };
}

/// Ends at once: nothing is to be put in order, and ONNX Runtime may be in the middle of something.
pub fn leave() -> ! {
    // SAFETY: ends the process.
    unsafe { TerminateProcess(GetCurrentProcess(), 0) };
    std::process::abort()
}
