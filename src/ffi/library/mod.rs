//! Where this library lies on disk: ONNX Runtime and the default model are looked for around it.

use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};

use crate::places::Around;

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod system;

/// The folder of the shared library (or program) that this code was loaded from, absolute; asked once, so that a
/// program that changes its current folder later finds the same.
pub(super) fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| system::file()?.parent().map(Path::to_path_buf)).as_deref()
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
        system::at_exit(farewell);
    });
}

/// The folder of the default model; else where it was looked for.
pub(super) fn default_model() -> Result<PathBuf, Vec<PathBuf>> {
    let places = Around::here("SCUMBLE_DEFAULT_MODEL", folder()).default_model();
    places.iter().find(|place| place.is_dir()).cloned().ok_or(places)
}
