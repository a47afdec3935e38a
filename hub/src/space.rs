//! Room on the disk.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::fault::{Fault, Kind, Result};

/// Left free in any case: a disk that is full to the last byte troubles everything else.
const MARGIN: u64 = 64 << 20;

/// Bytes that this user may still write where `folder` lies (or will).
///
/// # Errors
/// What the system says.
pub fn free(folder: &Path) -> io::Result<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder);
    fs4::available_space(there)
}

/// Whether that is for want of room.
pub fn is_full(why: &io::Error) -> bool {
    matches!(why.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Do both lie on one disk, so that a file of the one can be linked into the other? As far as the system says.
#[cfg(unix)]
pub(crate) fn is_same_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |place: &Path| place.metadata().ok().map(|data| data.dev());
    disk(one).is_some_and(|one| Some(one) == disk(other))
}

/// As above, by the drive's letter.
#[cfg(not(unix))]
pub(crate) fn is_same_disk(one: &Path, other: &Path) -> bool {
    let disk = |place: &Path| {
        let place = place.canonicalize().ok()?;
        place.components().next().map(|drive| drive.as_os_str().to_owned())
    };
    disk(one).is_some_and(|one| Some(one) == disk(other))
}

/// Is there room for `bytes` more? A system that does not say is taken at its word when the disk is full.
///
/// # Errors
/// [`Kind::Space`].
pub(crate) fn ask(
    free: &dyn Fn(&Path) -> io::Result<u64>,
    folder: &Path,
    bytes: u64,
    what: &str,
) -> Result<()> {
    match free(folder) {
        // For nothing there is room on a full disk.
        Ok(free) if bytes > 0 && free < bytes.saturating_add(MARGIN) => Err(Fault::new(
            Kind::Space,
            format!(
                "{what} needs {} on the disk of {}, where {} is free; make room there and try again.",
                size(bytes),
                folder.display(),
                size(free)
            ),
        )),
        Ok(_) => Ok(()),
        Err(why) => {
            log::warn!("free space of {} is not known: {why}", folder.display());
            Ok(())
        }
    }
}

/// `1.7 GB`, `320 MB`, `12 kB`: as shops and file managers count.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_059_962, "2 MB"),
            (12_000, "12 kB"),
            (1_733_430_199, "1.7 GB"),
            (14_000_000_000, "14.0 GB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn the_disk_is_asked_even_where_the_folder_is_not_there_yet() {
        assert!(free(&std::env::temp_dir().join("not/there/yet")).unwrap() > 0);
        let full = |_: &Path| Ok(1 << 20);
        let fault = ask(&full, Path::new("/m"), 5_000_000_000, "SD-Turbo").unwrap_err();
        assert_eq!(fault.kind, Kind::Space);
        assert_eq!(
            fault.message,
            "SD-Turbo needs 5.0 GB on the disk of /m, where 2 MB is free; make room there and try again."
        );
        assert!(ask(&full, Path::new("/m"), 0, "SD-Turbo").is_ok());
        assert!(ask(&|_: &Path| Err(io::Error::other("?")), Path::new("/m"), 1, "x").is_ok());
    }
}
