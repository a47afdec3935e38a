//! Priorities. There are no signals.

use std::ffi::c_void;
use std::io::Error;
use std::sync::Once;

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows_sys::Win32::System::Threading::{
    BELOW_NORMAL_PRIORITY_CLASS, GetCurrentProcess, GetCurrentThread, SetPriorityClass, SetThreadPriority,
    THREAD_PRIORITY_BELOW_NORMAL,
};

pub fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    stay_in_memory();
    start()
}

/// A host may free the library: from here on it stays in memory, for threads of ours and for ONNX Runtime, which calls it.
pub fn stay_in_memory() {
    static STAYS: Once = Once::new();
    STAYS.call_once(stay);
}

fn stay() {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let (own, mut module) = (stay as *const c_void, std::ptr::null_mut());
    // SAFETY: with these flags the name is any address in the module.
    if unsafe { GetModuleHandleExW(flags, own.cast(), &mut module) } == 0 {
        log::warn!("the library may be freed while it is in use: {}", Error::last_os_error());
    }
}

/// Lowers this thread's priority. Threads that it starts do not inherit it.
pub fn yield_to_the_brush() {
    // SAFETY: the handle is a constant that means this thread.
    if unsafe { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL) } == 0 {
        log::warn!("the worker keeps its normal priority: {}", Error::last_os_error());
    }
}

/// Lowers the priority of this process and of all threads that it will have.
pub fn lower_process_priority() {
    // SAFETY: the handle is a constant that means this process.
    if unsafe { SetPriorityClass(GetCurrentProcess(), BELOW_NORMAL_PRIORITY_CLASS) } == 0 {
        log::warn!("the renderer's process keeps its normal priority: {}", Error::last_os_error());
    }
}
