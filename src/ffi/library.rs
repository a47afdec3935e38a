//! Where this library lies on disk: ONNX Runtime and the default model are looked for around it.

use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};

use crate::places::Around;

/// The folder of the shared library (or program) that this code was loaded from, absolute; asked once, so that a
/// program that changes its current folder later finds the same.
pub(super) fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(find).as_deref()
}

fn find() -> Option<PathBuf> {
    let file = mapped().or_else(told_by_loader).or_else(|| std::env::current_exe().ok())?;
    file.canonicalize().ok()?.parent().map(Path::to_path_buf)
}

/// The file that this code is mapped from, as the kernel has it: the loader tells the name by which it was asked,
/// which for a program is what somebody typed.
fn mapped() -> Option<PathBuf> {
    let own = mapped as *const () as usize;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| {
        let (from, to) = line.split_whitespace().next()?.split_once('-')?;
        let inside =
            usize::from_str_radix(from, 16).ok()? <= own && own < usize::from_str_radix(to, 16).ok()?;
        let file = Path::new(line.get(line.find('/')?..)?);
        (inside && file.is_file()).then(|| file.to_path_buf())
    })
}

#[cfg(unix)]
fn told_by_loader() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let own = told_by_loader as *const libc::c_void;
    // SAFETY: any address may be asked for; on success dladdr fills `info`.
    let found = unsafe { libc::dladdr(own, info.as_mut_ptr()) };
    // SAFETY: zeroed is a value of Dl_info (pointers and integers).
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr's names are NUL-terminated and live as long as the library is loaded.
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) }.to_bytes();
    // A relative one is relative to a folder that may have been left since.
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name))).filter(|path| path.is_absolute())
}

#[cfg(not(unix))]
fn told_by_loader() -> Option<PathBuf> {
    None
}

/// Folders that may be models, the default one's first among its like.
pub(super) fn models() -> Vec<PathBuf> {
    Around::here("SCUMBLE_DEFAULT_MODEL", folder()).models()
}

/// Asks the process to wait a moment, when it exits, for workers that were told to end. To be called once ONNX Runtime is
/// loaded: what is asked for later is done earlier, so before ONNX Runtime is taken apart.
pub(super) fn wait_at_exit() {
    static ASKED: Once = Once::new();
    static PROCESS: OnceLock<u32> = OnceLock::new();
    extern "C" fn farewell() {
        // A child of fork has no workers, only their number.
        if PROCESS.get() == Some(&std::process::id()) {
            crate::engine::farewell();
        }
    }
    ASKED.call_once(|| {
        let _ = PROCESS.set(std::process::id());
        // SAFETY: `farewell` does not unwind, and this library stays in memory (-z nodelete).
        if unsafe { libc::atexit(farewell) } != 0 {
            log::warn!("the program will not wait for Scumble's worker when it exits");
        }
    });
}

/// The folder of the default model; else where it was looked for.
pub(super) fn default_model() -> Result<PathBuf, Vec<PathBuf>> {
    let places = Around::here("SCUMBLE_DEFAULT_MODEL", folder()).default_model();
    places.iter().find(|place| place.is_dir()).cloned().ok_or(places)
}
