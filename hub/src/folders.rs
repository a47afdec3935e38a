//! Folders of the user: made, emptied, locked and swapped, and the small files in them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::{Fault, Kind, Result};
use crate::watch::{Stage, Watch};

/// Receipts and journals are some kilobytes.
const LONGEST: u64 = 8 << 20;

pub(crate) fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|why| Fault::disk("make the folder", folder, &why))
}

/// Links are removed, not followed.
pub(crate) fn delete(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(Fault::disk("remove", folder, &why)),
        _ => Ok(()),
    }
}

/// Removes a file, or a link and not what it leads to.
#[cfg(not(windows))]
pub(crate) fn remove(place: &Path) -> std::io::Result<()> {
    fs::remove_file(place)
}

/// There a link to a folder, or a junction, is removed as a folder.
#[cfg(windows)]
pub(crate) fn remove(place: &Path) -> std::io::Result<()> {
    use std::os::windows::fs::FileTypeExt;
    match fs::symlink_metadata(place)?.file_type().is_symlink_dir() {
        true => fs::remove_dir(place),
        false => fs::remove_file(place),
    }
}

/// Are both names of one file? As far as the system says.
#[cfg(unix)]
pub(crate) fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |place: &Path| place.symlink_metadata().ok().map(|data| (data.dev(), data.ino()));
    of(one).is_some_and(|one| Some(one) == of(other))
}

/// There the standard library does not tell.
#[cfg(not(unix))]
pub(crate) fn is_one_file(_: &Path, _: &Path) -> bool {
    false
}

/// Bytes of the files below a folder, links left out.
pub(crate) fn bytes_below(folder: &Path, depth: usize) -> u64 {
    const DEEPEST: usize = 16;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.fold(0, |sum, entry| {
        let bytes = match entry.metadata() {
            Ok(data) if data.is_dir() && depth < DEEPEST => bytes_below(&entry.path(), depth + 1),
            Ok(data) if data.is_file() => data.len(),
            _ => 0,
        };
        sum.saturating_add(bytes)
    })
}

/// A file, or a link, somewhere in a folder.
pub(crate) struct Below {
    /// From that folder.
    pub path: PathBuf,
    pub is_link: bool,
}

/// All that lie in a folder and the folders in it. Links are named and not followed.
pub(crate) fn below(folder: &Path) -> Result<Vec<Below>> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(at) = folders.pop() {
        let place = folder.join(&at);
        let fault = |why| Fault::disk("read", &place, &why);
        for entry in fs::read_dir(&place).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let (path, kind) = (at.join(entry.file_name()), entry.file_type().map_err(fault)?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() || kind.is_symlink() {
                found.push(Below { path, is_link: kind.is_symlink() });
            }
        }
    }
    Ok(found)
}

pub(crate) fn read_json<T: DeserializeOwned>(place: &Path) -> Option<T> {
    let size = fs::metadata(place).ok().filter(fs::Metadata::is_file)?.len();
    let text = (size <= LONGEST).then(|| fs::read(place).ok()).flatten()?;
    serde_json::from_slice(&text).ok()
}

/// Whole, or what was there before stays.
pub(crate) fn write_json(place: &Path, value: &impl Serialize) -> Result<()> {
    let fault = |why: std::io::Error| Fault::disk("write", place, &why);
    let text = serde_json::to_vec_pretty(value).map_err(|why| fault(why.into()))?;
    let part = place.with_extension("json.new");
    fs::write(&part, text).and_then(|()| fs::rename(&part, place)).map_err(|why| {
        let _ = fs::remove_file(&part);
        fault(why)
    })
}

/// Holds the lock at `place` until it is dropped, or its process ends. With a watch, waits for it; `what` is named else.
pub(crate) fn lock(place: &Path, what: &str, watch: Option<&Watch>) -> Result<File> {
    const PAUSE: Duration = Duration::from_millis(200);
    let file = File::options().create(true).truncate(false).write(true).open(place);
    let file = file.map_err(|why| Fault::disk("write", place, &why))?;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => match watch {
                Some(watch) => {
                    watch.update(|progress| progress.stage = Stage::Waiting);
                    watch.sleep(PAUSE);
                    watch.check()?;
                }
                None => {
                    return Err(Fault::new(
                        Kind::Busy,
                        format!("{what} is being downloaded right now; stop that, or wait until it is done."),
                    ));
                }
            },
            // A disk that knows no locks; one download at a time is then the user's to see to.
            Err(TryLockError::Error(why)) => {
                log::warn!("{} cannot be locked: {why}", place.display());
                break;
            }
        }
    }
    if let Some(watch) = watch {
        watch.update(|progress| progress.stage = Stage::Asking);
    }
    Ok(file)
}

/// Gone at once for everybody who looks, then file by file; it lies at `away` meanwhile.
pub(crate) fn discard(folder: &Path, away: &Path) -> Result<()> {
    delete(away)?;
    fs::rename(folder, away).map_err(|why| Fault::disk("remove", folder, &why))?;
    delete(away)
}

/// Puts `new` in the place of `folder`, which lies at `old` meanwhile.
pub(crate) fn swap(new: &Path, folder: &Path, old: &Path) -> Result<()> {
    let fault = |why| Fault::disk("write", folder, &why);
    delete(old)?;
    let replaces = folder.is_dir();
    if replaces {
        fs::rename(folder, old).map_err(fault)?;
    }
    if let Err(why) = fs::rename(new, folder) {
        // What was there goes on being there.
        let _ = fs::rename(old, folder);
        return Err(fault(why));
    }
    // The new one is in its place, whatever becomes of the old one. That is discarded, as half of it must not be taken back.
    if replaces && let Err(fault) = discard(old, &old.with_extension("removed")) {
        log::warn!("{fault} What was replaced still takes room there.");
    }
    Ok(())
}

/// What was being replaced when that was cut off is put back.
pub(crate) fn take_back(folder: &Path, old: &Path) {
    if folder.symlink_metadata().is_err() {
        let _ = fs::rename(old, folder);
    }
}
