//! What the C library keeps of memory that was given back to it.

/// Hands it to the system, after much was given back: a process that rests holds no more than it needs. Takes milliseconds
/// (1.3 in a Krita of 350 MiB), in which other threads may wait for memory.
pub(crate) fn trim() {
    // Others do so by themselves, or cannot be asked.
    #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
    // SAFETY: takes no memory of ours; may be called from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
