//! Files that are on this machine already.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{BLOCK, Got, Item, Target};
use crate::fault::{Fault, Kind, Result};
use crate::space;
use crate::watch::Watch;
use crate::web::Web;

/// Where `item` may lie: at `own`, and where the hub's own tools would have put it, under its hash.
pub(super) fn places(web: &Web, item: &Item, own: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let cached = || {
        let (cache, sha256) = (web.settings.cache.as_ref()?, item.sha256.as_ref()?);
        let folder = format!("models--{}", item.repository.replace('/', "--"));
        item.url.is_none().then(|| cache.join(folder).join("blobs").join(sha256))
    };
    own.map(Path::to_path_buf).into_iter().chain(cached())
}

/// Bytes that `item` still takes on the disk of `folder`: none where a file of that disk need only be linked. No file is read
/// for it, so what looks right and is not takes more in the end.
///
/// # Errors
/// [`Kind::Unsafe`].
pub(crate) fn needs(web: &Web, item: &Item, folder: &Path, own: Option<&Path>) -> Result<u64> {
    let arrived = Target::new(folder, &item.to)?.arrived();
    let is_linked = |place: PathBuf| may_be(item, &place) && space::is_same_disk(&place, folder);
    let linked = places(web, item, own).any(is_linked);
    Ok(if linked { 0 } else { item.size.unwrap_or(0).saturating_sub(arrived) })
}

/// Whether it is worth reading: of the size, where the hash can tell.
fn may_be(item: &Item, place: &Path) -> bool {
    let data = fs::metadata(place).ok().filter(fs::Metadata::is_file);
    item.sha256.is_some() && data.is_some_and(|data| item.size.is_none_or(|size| size == data.len()))
}

/// A file of this machine, if its hash says that it is the one.
pub(super) fn compared(web: &Web, item: &Item, place: &Path, before: u64) -> Result<Option<Got>> {
    if !may_be(item, place) {
        return Ok(None);
    }
    match hash(place, web.watch(), before) {
        Ok(got) if item.sha256.as_ref() == Some(&got.sha256) => Ok(Some(got)),
        Err(fault) if fault.kind == Kind::Cancelled => Err(fault),
        _ => Ok(None),
    }
}

/// Takes a file from this machine, if it is the one.
pub(super) fn from_here(
    web: &Web,
    item: &Item,
    target: &Target,
    place: &Path,
    before: u64,
) -> Result<Option<Got>> {
    let Ok(place) = place.canonicalize() else { return Ok(None) };
    let Some(got) = compared(web, item, &place, before)? else { return Ok(None) };
    target.forget();
    // The same bytes twice on the disk only where it cannot be helped.
    let fault = |why| Fault::disk("write", &target.whole, &why);
    if fs::hard_link(&place, &target.part).is_err() {
        let folder = target.part.parent().unwrap_or(&target.part);
        space::ask(&web.settings.free, folder, got.size, &item.path)?;
        fs::copy(&place, &target.part).map_err(fault)?;
    }
    fs::rename(&target.part, &target.whole).map_err(fault)?;
    log::info!("{} was in {}", item.path, place.display());
    Ok(Some(got))
}

/// The hash of a file here.
///
/// # Errors
/// [`Kind::Disk`], [`Kind::Cancelled`].
pub(crate) fn hash(path: &Path, watch: &Watch, before: u64) -> Result<Got> {
    let mut file = File::open(path).map_err(|why| Fault::disk("read", path, &why))?;
    let (size, hash) = read(&mut file, path, watch, before)?;
    Ok(Got { size, sha256: hex(&hash.finalize()) })
}

/// Reads a file to its end: its length, and its hash, which can go on. Progress counts from `before`.
pub(super) fn read(file: &mut File, path: &Path, watch: &Watch, before: u64) -> Result<(u64, Sha256)> {
    let (mut size, mut hash) = (0, Sha256::new());
    let mut buffer = vec![0; BLOCK];
    loop {
        watch.check()?;
        match file.read(&mut buffer).map_err(|why| Fault::disk("read", path, &why))? {
            0 => return Ok((size, hash)),
            n => {
                hash.update(&buffer[..n]);
                size += n as u64;
                // What is read twice has not arrived twice.
                watch.update(|progress| {
                    let all = if progress.bytes == 0 { u64::MAX } else { progress.bytes };
                    progress.bytes_done = (before + size).min(all);
                });
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
