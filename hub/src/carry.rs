//! What the user has put into a model's folder goes with the model when that is replaced: settings, embeddings, networks of
//! their own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::fault::{Fault, Kind, Result};
use crate::fetch::{self, Target};
use crate::folders::{self, Below, make};
use crate::journal::JOURNAL;
use crate::space;
use crate::store::{Installed, Kept, RECEIPT};
use crate::watch::{Stage, Watch};
use crate::web::Web;

/// What the engine is told of a model, and people change.
pub(crate) const SETTINGS: &str = "scumble.json";

/// Whose a file in a model's folder is.
enum Whose {
    /// As it came, or half loaded.
    Nobodys,
    Users,
    /// The user's, where the receipt has another of that name.
    Replaced,
}

/// Puts what is the user's in the folder of `old` into `new`, which is to replace it and has all that was published. `old` stays
/// as it is. Returns a sentence for each file that does not go on as it was.
pub(crate) fn own_files(web: &Web, old: &Installed, new: &Path) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    web.watch().update(|progress| progress.stage = Stage::Checking);
    for below in folders::below(&old.folder)? {
        web.watch().check()?;
        kept.extend(match whose(web.watch(), old, Some(new), &below)? {
            Whose::Nobodys => None,
            Whose::Users => own(web, old, new, &below)?,
            Whose::Replaced => {
                let name = below.path.display();
                beside(web, old, new, &below, &format!("{name} was not as it had arrived; what lay there"))?
            }
        });
    }
    Ok(kept)
}

/// The user's files in a model's folder: what they have put there, and what is not as it arrived. From that folder, in order.
pub(crate) fn find(watch: &Watch, model: &Installed) -> Result<Vec<PathBuf>> {
    let mut own = Vec::new();
    for below in folders::below(&model.folder)? {
        watch.check()?;
        let is_its = |file: &&Kept| below.path == Path::new(&file.path);
        let size = model.receipt.all().find(is_its).map_or(0, |file| file.size);
        if !matches!(whose(watch, model, None, &below)?, Whose::Nobodys) {
            own.push(below.path);
        }
        watch.update(|progress| progress.bytes_done += size);
    }
    own.sort();
    Ok(own)
}

/// Neither loaded nor written by a pull, or changed since; settings are the user's then. `new` is as for [`own_files`].
fn whose(watch: &Watch, old: &Installed, new: Option<&Path>, below: &Below) -> Result<Whose> {
    let is = |name: &str| below.path == Path::new(name);
    // What is half loaded is nobody's, and a download would go on with it.
    if is(RECEIPT) || is(JOURNAL) || Target::is_part(&below.path.to_string_lossy()) {
        return Ok(Whose::Nobodys);
    }
    Ok(match old.receipt.all().find(|file| is(&file.path)) {
        Some(file) if !is_changed(watch, old, new, below, file)? => Whose::Nobodys,
        Some(_) if !is(SETTINGS) => Whose::Replaced,
        _ => Whose::Users,
    })
}

fn is_changed(
    watch: &Watch,
    old: &Installed,
    new: Option<&Path>,
    below: &Below,
    file: &Kept,
) -> Result<bool> {
    let place = old.folder.join(&below.path);
    if below.is_link || length(&place) != Some(file.size) {
        return Ok(true);
    }
    // A download that needs it has read it, and linked it where its hash was the right one: gigabytes are not read twice.
    if new.is_some_and(|new| folders::is_one_file(&place, &new.join(&below.path))) {
        return Ok(false);
    }
    match hash(watch, &place) {
        // Damaged on the disk, of which nothing can be kept; it must not stand in the way of a sound one.
        Err(fault) if fault.kind == Kind::Disk && below.path != Path::new(SETTINGS) => Ok(false),
        got => Ok(got? != file.sha256),
    }
}

/// Puts a file of the user's where it was, if nothing else is there.
fn own(web: &Web, old: &Installed, new: &Path, below: &Below) -> Result<Option<String>> {
    let (to, name) = (new.join(&below.path), below.path.display());
    if to.symlink_metadata().is_err() {
        put(web, old, below, &to)
    } else if below.path != Path::new(SETTINGS) {
        beside(web, old, new, below, &format!("{name} is one of the model's own files by now; yours"))
    } else if is_same(web, below, &old.folder.join(&below.path), &to)? {
        Ok(None)
    } else {
        let lost = put(web, old, below, &to)?;
        Ok(lost.or_else(|| {
            Some(format!(
                "{name} in {} is not as it was published, so it was kept; to have the published one, delete it there and get \
                 the model again.",
                old.folder.display()
            ))
        }))
    }
}

/// Puts it beside the one of its name, if that has other bytes; `why` begins the sentence.
fn beside(web: &Web, old: &Installed, new: &Path, below: &Below, why: &str) -> Result<Option<String>> {
    if is_same(web, below, &old.folder.join(&below.path), &new.join(&below.path))? {
        return Ok(None);
    }
    let beside = free(&below.path, &[&old.folder, new]);
    let lost = put(web, old, below, &new.join(&beside))?;
    Ok(lost.or_else(|| Some(format!("{why} was kept as {}.", beside.display()))))
}

/// The same bytes, so that one of them is enough?
fn is_same(web: &Web, below: &Below, one: &Path, other: &Path) -> Result<bool> {
    if below.is_link || length(one).is_none() || length(one) != length(other) {
        return Ok(false);
    }
    Ok(hash(web.watch(), one)? == hash(web.watch(), other)?)
}

/// None of what is no file, or a link.
fn length(place: &Path) -> Option<u64> {
    fs::symlink_metadata(place).ok().filter(fs::Metadata::is_file).map(|data| data.len())
}

fn hash(watch: &Watch, place: &Path) -> Result<String> {
    let before = watch.progress().bytes_done;
    watch.update(|progress| progress.file = place.file_name().unwrap_or_default().to_string_lossy().into());
    let got = fetch::hash(place, watch, before);
    watch.update(|progress| progress.bytes_done = before);
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

/// Links or copies a file of `old`; it has its name only when it is whole. Returns a sentence where that cannot be.
fn put(web: &Web, old: &Installed, below: &Below, to: &Path) -> Result<Option<String>> {
    let from = old.folder.join(&below.path);
    let folder = to.parent().unwrap_or(to);
    make(folder)?;
    let part = Target::at(to.to_path_buf()).part;
    let fault = |why| Fault::disk("write", to, &why);
    if part.symlink_metadata().is_ok() {
        folders::remove(&part).map_err(fault)?;
    }
    if below.is_link {
        let made = link(&from, &part).and_then(|()| fs::rename(&part, to));
        return match made {
            // There it wants a right that few have, and not every kind can be read.
            Err(why) if cfg!(windows) => {
                let _ = folders::remove(&part);
                Ok(Some(lost(&from, &why)))
            }
            made => made.map(|()| None).map_err(fault),
        };
    }
    if fs::hard_link(&from, &part).is_err() {
        let bytes = from.metadata().map_or(0, |data| data.len());
        space::ask(&web.settings.free, folder, bytes, &below.path.display().to_string())?;
        fs::copy(&from, &part)
            .and_then(|_| File::options().write(true).open(&part)?.sync_all())
            .map_err(fault)?;
    }
    fs::rename(&part, to).map(|()| None).map_err(fault)
}

fn lost(link: &Path, why: &std::io::Error) -> String {
    let target = fs::read_link(link).map(|target| format!(" to {}", target.display()));
    format!(
        "{} was a link{} and could not be made anew ({why}); what it led to is where it was, so make the link again.",
        link.display(),
        target.unwrap_or_default()
    )
}

/// Makes the link `from` anew at `to`.
#[cfg(unix)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

/// Whether it is a folder's the link itself says.
#[cfg(windows)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::windows::fs::{FileTypeExt, symlink_dir, symlink_file};
    let target = fs::read_link(from)?;
    match from.symlink_metadata()?.file_type().is_symlink_dir() {
        true => symlink_dir(target, to),
        false => symlink_file(target, to),
    }
}
