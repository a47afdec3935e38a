//! Where a file and what has arrived of it lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::Result;
use crate::names;

/// A file below a folder, and the two that stand beside it while it comes.
pub(crate) struct Target {
    pub(super) whole: PathBuf,
    pub(super) part: PathBuf,
    pub(super) note: PathBuf,
}

impl Target {
    /// # Errors
    /// [`crate::Kind::Unsafe`] where `to` would leave the folder.
    pub(crate) fn new(folder: &Path, to: &str) -> Result<Self> {
        let whole = names::inside(folder, to)?;
        let beside = |end: &str| {
            let mut name = whole.file_name().unwrap_or_default().to_os_string();
            name.push(end);
            whole.with_file_name(name)
        };
        Ok(Target { part: beside(".part"), note: beside(".part.json"), whole })
    }

    /// Where all of it lies.
    pub(crate) fn places(self) -> [PathBuf; 3] {
        [self.whole, self.part, self.note]
    }

    /// Bytes that have arrived, of a whole file all.
    pub(crate) fn arrived(&self) -> u64 {
        length(&self.whole).max(self.begun())
    }

    /// Bytes of the part.
    pub(super) fn begun(&self) -> u64 {
        length(&self.part)
    }

    /// Removes the part.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.part);
        let _ = fs::remove_file(&self.note);
    }

    /// Removes all of it.
    pub(crate) fn remove(&self) {
        self.forget();
        let _ = fs::remove_file(&self.whole);
    }
}

fn length(place: &Path) -> u64 {
    fs::metadata(place).map_or(0, |data| data.len())
}
