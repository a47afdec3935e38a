//! What the user has put into a model's folder goes with the model when that is replaced: settings, embeddings, networks of
//! their own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::fault::{Fault, Result};
use crate::fetch;
use crate::folders::{self, Below, make};
use crate::journal::JOURNAL;
use crate::space;
use crate::store::{Installed, Kept, RECEIPT};
use crate::web::Web;

/// What the engine is told of a model, and people change.
pub(crate) const SETTINGS: &str = "scumble.json";

/// Puts what is the user's in the folder of `old` into `new`, which is to replace it and has all that was published. `old` stays
/// as it is. Returns a sentence for each file that stands in the way of a published one.
pub(crate) fn own_files(web: &Web, old: &Installed, new: &Path) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for below in folders::below(&old.folder)? {
        web.watch().check()?;
        if !is_own(web, old, &below)? {
            continue;
        }
        let (from, to) = (old.folder.join(&below.path), new.join(&below.path));
        let (is_settings, name) = (below.path == Path::new(SETTINGS), below.path.display());
        if to.symlink_metadata().is_err() {
            put(web, &below, &from, &to)?;
        } else if below.is_link && !is_settings || is_same(web, &below, &from, &to)? {
            // What a link leads to stays where it is.
        } else if is_settings {
            put(web, &below, &from, &to)?;
            kept.push(format!(
                "{name} in {} is not as it was published, so it was kept; to have the published one, delete it there and get \
                 the model again.",
                old.folder.display()
            ));
        } else {
            let beside = free(&below.path, &[&old.folder, new]);
            put(web, &below, &from, &new.join(&beside))?;
            kept.push(format!(
                "{name} is one of the model's own files by now; yours was kept as {}.",
                beside.display()
            ));
        }
    }
    Ok(kept)
}

/// Neither loaded nor written by a pull; settings are the user's also where they were changed since.
fn is_own(web: &Web, old: &Installed, below: &Below) -> Result<bool> {
    let is = |name: &str| below.path == Path::new(name);
    let name = below.path.to_string_lossy();
    // What is half loaded is nobody's, and a download would go on with it.
    let is_half = name.ends_with(".part") || name.ends_with(".part.json");
    if is(RECEIPT) || is(JOURNAL) || is_half {
        return Ok(false);
    }
    let known = |files: &[Kept]| files.iter().find(|file| is(&file.path)).cloned();
    let (loaded, written) = (known(&old.receipt.files), known(&old.receipt.written));
    let is_loaded = loaded.is_some();
    match written.or(loaded.filter(|_| is(SETTINGS))) {
        Some(_) if below.is_link => Ok(true),
        Some(file) => Ok(hash(web, &old.folder.join(&below.path))? != file.sha256),
        None => Ok(!is_loaded),
    }
}

/// The same bytes, so that one of them is enough?
fn is_same(web: &Web, below: &Below, one: &Path, other: &Path) -> Result<bool> {
    let size =
        |place: &Path| fs::symlink_metadata(place).ok().filter(fs::Metadata::is_file).map(|data| data.len());
    if below.is_link || size(one).is_none() || size(one) != size(other) {
        return Ok(false);
    }
    Ok(hash(web, one)? == hash(web, other)?)
}

fn hash(web: &Web, place: &Path) -> Result<String> {
    let before = web.watch().progress().bytes_done;
    let got = fetch::hash(place, web.watch(), before);
    web.watch().update(|progress| progress.bytes_done = before);
    Ok(got?.sha256)
}

/// `NAME.old`, or longer, that is no file's name in these folders.
fn free(path: &Path, folders: &[&Path]) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    loop {
        name.push(".old");
        if folders.iter().all(|folder| folder.join(&name).symlink_metadata().is_err()) {
            return name.into();
        }
    }
}

/// Links or copies a file; it has its name only when it is whole.
fn put(web: &Web, below: &Below, from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(to);
    make(folder)?;
    let mut part = OsString::from(to);
    part.push(".part");
    let part = PathBuf::from(part);
    let fault = |why| Fault::disk("write", to, &why);
    if part.symlink_metadata().is_ok() {
        fs::remove_file(&part).map_err(fault)?;
    }
    if below.is_link {
        let target = fs::read_link(from).map_err(|why| Fault::disk("read", from, &why))?;
        link(&target, &part, from).map_err(fault)?;
    } else if fs::hard_link(from, &part).is_err() {
        let bytes = from.metadata().map_or(0, |data| data.len());
        space::ask(&web.settings.free, folder, bytes, &below.path.display().to_string())?;
        fs::copy(from, &part)
            .and_then(|_| File::options().write(true).open(&part)?.sync_all())
            .map_err(fault)?;
    }
    fs::rename(&part, to).map_err(fault)
}

#[cfg(unix)]
fn link(target: &Path, at: &Path, _: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

/// Whether it is a folder's the link itself says.
#[cfg(windows)]
fn link(target: &Path, at: &Path, like: &Path) -> std::io::Result<()> {
    use std::os::windows::fs::{FileTypeExt, symlink_dir, symlink_file};
    match like.symlink_metadata()?.file_type().is_symlink_dir() {
        true => symlink_dir(target, at),
        false => symlink_file(target, at),
    }
}
