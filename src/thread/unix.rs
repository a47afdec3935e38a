//! Signals and niceness.

/// A thread begins with the mask of the one that starts it, so that there is no moment in which it takes a signal.
pub fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    // What the thread itself does wrong is the program's crash handler's to tell.
    const OWN: [libc::c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT];
    let mut blocked = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset makes a set, the others take one; pthread_sigmask writes this thread's mask to `before`.
    let failed = unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        for signal in OWN {
            libc::sigdelset(blocked.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, blocked.as_ptr(), before.as_mut_ptr())
    };
    let started = start();
    if failed == 0 {
        // SAFETY: `before` was written.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    } else {
        log::warn!("the threads of Scumble may take the program's signals (error {failed})");
    }
    started
}

/// Takes all signals, in this thread and in those that it starts: a process begins with the mask of the thread that has started
/// it, which may be one of those above, and ignores what its program ignores (`nohup`).
#[cfg(target_os = "linux")]
pub fn take_signals() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset makes a set, and pthread_sigmask takes one; SIG_DFL is no function of ours.
    unsafe {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// On Linux and the BSDs it does: it is linked so (build.rs).
pub fn stay_in_memory() {}

/// Niceness of the rendering thread, or process, and of the ONNX Runtime threads that it starts: the brush goes first.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lowers this thread's priority.
#[cfg(target_os = "linux")]
pub fn yield_to_the_brush() {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        log::warn!("the worker keeps its normal priority: {error}");
    }
}

/// Elsewhere niceness is the whole process's.
#[cfg(not(target_os = "linux"))]
pub fn yield_to_the_brush() {}

/// Lowers the priority of this process, which has one thread yet, unless it is as low already.
#[cfg(target_os = "linux")]
pub fn lower_process_priority() {
    let low = rustix::process::getpriority_process(None).is_ok_and(|niceness| niceness >= NICENESS);
    if !low && let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        log::warn!("the renderer's process keeps its normal priority: {error}");
    }
}
