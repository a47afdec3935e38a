//! Where a file and what has arrived of it lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::Result;
use crate::names;

const PART: &str = ".part";
const NOTE: &str = ".part.json";

/// A file below a folder, and the two that stand beside it while it comes.
pub(crate) struct Target {
    pub(super) whole: PathBuf,
    pub(crate) part: PathBuf,
    pub(super) note: PathBuf,
}

impl Target {
    /// # Errors
    /// [`crate::Kind::Unsafe`] where `to` would leave the folder.
    pub(crate) fn new(folder: &Path, to: &str) -> Result<Self> {
        Ok(Target::at(names::inside(folder, to)?))
    }

    /// Of a place that is known to be in its folder.
    pub(crate) fn at(whole: PathBuf) -> Self {
        let beside = |end: &str| {
            let mut name = whole.file_name().unwrap_or_default().to_os_string();
            name.push(end);
            whole.with_file_name(name)
        };
        Target { part: beside(PART), note: beside(NOTE), whole }
    }

    /// Is a file of that name what has arrived of another, or what is noted of that?
    pub(crate) fn is_part(name: &str) -> bool {
        name.ends_with(PART) || name.ends_with(NOTE)
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
