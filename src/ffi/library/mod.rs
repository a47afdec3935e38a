//! Where this library lies on disk: ONNX Runtime and the default model are looked for around it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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

/// The folder of the default model; else where it was looked for.
pub(super) fn default_model() -> Result<PathBuf, Vec<PathBuf>> {
    let places = Around::here("SCUMBLE_DEFAULT_MODEL", folder()).default_model();
    places.iter().find(|place| place.is_dir()).cloned().ok_or(places)
}
