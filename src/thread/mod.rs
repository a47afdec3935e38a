//! Threads in the background of a program that is not ours.

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod system;

#[cfg(any(target_os = "linux", windows))]
pub(crate) use system::lower_process_priority;
pub(crate) use system::stay_in_memory;
#[cfg(target_os = "linux")]
pub(crate) use system::take_signals;

/// Starts a thread that goes after the brush and takes none of the program's signals; on Unix threads that it starts (ONNX
/// Runtime's among them) inherit both.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    system::without_signals(|| {
        let builder = std::thread::Builder::new().name(name.into());
        builder.spawn(move || {
            system::yield_to_the_brush();
            work();
        })
    })
    .map(drop)
}
