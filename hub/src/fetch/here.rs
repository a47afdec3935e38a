//! Files that are on this machine already.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{BLOCK, Got, Item, Target, forget};
use crate::fault::{Fault, Kind, Result};
use crate::watch::Watch;
use crate::web::Web;

/// Where the hub's own tools would have put it: under its hash.
pub(super) fn cached(web: &Web, item: &Item) -> Option<PathBuf> {
    let (cache, sha256) = (web.settings.cache.as_ref()?, item.sha256.as_ref()?);
    let folder = format!("models--{}", item.repository.replace('/', "--"));
    item.url.is_none().then(|| cache.join(folder).join("blobs").join(sha256))
}

/// A file of this machine, if its hash says that it is the one.
pub(super) fn compared(web: &Web, item: &Item, place: &Path, before: u64) -> Result<Option<Got>> {
    let Some(sha256) = &item.sha256 else { return Ok(None) };
    let length = fs::metadata(place).ok().filter(fs::Metadata::is_file).map(|data| data.len());
    if length.is_none() || (item.size.is_some() && item.size != length) {
        return Ok(None);
    }
    match hash(place, web.watch(), before) {
        Ok(got) if got.sha256 == *sha256 => Ok(Some(got)),
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
    forget(target);
    // The same bytes twice on the disk only where it cannot be helped.
    let fault = |why| Fault::disk("write", &target.whole, &why);
    if fs::hard_link(&place, &target.part).is_err() {
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
    let fault = |why| Fault::disk("read", path, &why);
    let mut file = File::open(path).map_err(fault)?;
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; BLOCK];
    loop {
        watch.check()?;
        match file.read(&mut buffer).map_err(fault)? {
            0 => return Ok(Got { size, sha256: hex(&hash.finalize()) }),
            n => {
                hash.update(&buffer[..n]);
                size += n as u64;
                watch.update(|progress| progress.bytes_done = before + size);
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
