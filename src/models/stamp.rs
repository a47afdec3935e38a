//! Whether a file is still the one that was read.

use std::path::Path;
use std::time::SystemTime;

/// When and how large a file was; of one that is not there nothing.
pub type Stamp = (Option<SystemTime>, u64);

pub fn stamp(file: &Path) -> Stamp {
    std::fs::metadata(file).map_or((None, 0), |about| (about.modified().ok(), about.len()))
}
