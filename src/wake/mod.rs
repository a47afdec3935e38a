//! What a host's event loop can watch instead of asking again and again: it tells that there is something to poll. On Unix
//! that is a descriptor that is readable, on Windows an event that is set.

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod system;

pub use system::Wake;
