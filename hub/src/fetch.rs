//! One file: resumed after a cut, checked, and there under its name only when it is whole.
//!
//! Beside the target lie `NAME.part`, what has arrived, and `NAME.part.json`, the server's name for that version of the
//! file (its ETag): a range of another version is never put behind it.

mod here;
mod target;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fault::{Fault, Kind, Result};
use crate::folders;
use crate::names;
use crate::space;
use crate::web::{Answer, Trouble, Web};
use here::{compared, from_here, hex, places, read};
pub(crate) use here::{hash, needs};
pub(crate) use target::Target;

/// A file that is to be got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// `owner/name`; what it is called in sentences, and whose page explains.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// In the repository.
    pub path: String,
    /// Below the target folder.
    pub to: String,
    pub size: Option<u64>,
    pub sha256: Option<String>,
    /// Where it lies, if not on the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What has been got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub size: u64,
    pub sha256: String,
}

#[derive(Serialize, Deserialize, Default)]
struct Note {
    etag: Option<String>,
}

/// What has arrived, with its hash so far.
struct Part {
    file: File,
    length: u64,
    hash: Sha256,
}

/// Gets `item` below `folder`. Progress counts the bytes of this file from `before`, those of the files before it.
/// `own` is a file that may be it already, if its hash says so.
///
/// # Errors
/// Each in its sentence; what has arrived stays, unless it is wrong.
pub fn file(web: &Web, item: &Item, folder: &Path, own: Option<&Path>, before: u64) -> Result<Got> {
    let target = Target::new(folder, &item.to)?;
    if let Some(parent) = target.whole.parent() {
        folders::make(parent)?;
    }
    web.watch().update(|progress| {
        progress.file = item.path.clone();
        progress.bytes_done = before;
    });
    // Whole already, where what comes after it could not be written.
    if let Some(got) = compared(web, item, &target.whole, before)? {
        target.forget();
        return Ok(got);
    }
    for place in places(web, item, own) {
        if let Some(got) = from_here(web, item, &target, &place, before)? {
            return Ok(got);
        }
    }
    let mut tries = 0;
    let mut damaged = false;
    loop {
        let had = target.begun();
        match once(web, item, &target, before) {
            Ok(got) => return Ok(got),
            // What had been there before may have been the damage: once from the beginning.
            Err(Trouble::Final(fault)) if fault.kind == Kind::Damaged && had > 0 && !damaged => {
                log::warn!("{fault} Once more from the beginning.");
                damaged = true;
                target.forget();
            }
            Err(Trouble::Final(fault)) => {
                if fault.kind == Kind::Damaged {
                    target.forget();
                }
                return Err(fault);
            }
            Err(Trouble::Passing(why, wait)) => {
                let has = target.begun();
                // A link that brings something each time is slow, not broken.
                let brings = has.saturating_sub(had) >= web.settings.patience.least;
                tries = if brings { 1 } else { tries + 1 };
                web.pause(tries, why, wait)?;
            }
        }
    }
}

/// One request, from where the last one ended.
fn once(web: &Web, item: &Item, target: &Target, before: u64) -> std::result::Result<Got, Trouble> {
    let mut part = open(web, target, before)?;
    if item.size.is_some_and(|size| part.length > size) {
        restart(&mut part, target)?;
    }
    if part.length == 0 || item.size != Some(part.length) {
        load(web, item, target, before, &mut part)?;
    }
    finish(item, target, part).map_err(Trouble::Final)
}

/// What lies there already, read once for its hash.
fn open(web: &Web, target: &Target, before: u64) -> Result<Part> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(&target.part);
    let mut file = file.map_err(|why| Fault::disk("write", &target.part, &why))?;
    let (length, hash) = read(&mut file, &target.part, web.watch(), before)?;
    Ok(Part { file, length, hash })
}

const BLOCK: usize = 256 << 10;

fn load(
    web: &Web,
    item: &Item,
    target: &Target,
    before: u64,
    part: &mut Part,
) -> std::result::Result<(), Trouble> {
    let note: Note = folders::read_json(&target.note).unwrap_or_default();
    let mut headers = Vec::new();
    if part.length > 0 {
        headers.push(("range", format!("bytes={}-", part.length)));
        // A server that has another version by now sends that one, whole.
        if let Some(etag) = note.etag.as_ref().filter(|etag| is_strong(etag)) {
            headers.push(("if-range", etag.clone()));
        }
    }
    let url = match &item.url {
        Some(url) => url.clone(),
        None => format!(
            "{}/{}/resolve/{}/{}",
            web.settings.endpoint,
            item.repository,
            names::encoded(&item.revision),
            names::encoded(&item.path)
        ),
    };
    let answer = web.get(&url, &headers)?;
    same_commit(item, &answer)?;
    let etag = answer.header("etag").map(str::to_owned);
    let total = match answer.status {
        206 if part.length > 0 => {
            let (start, total) = answer.header("content-range").and_then(content_range).ok_or_else(|| {
                Fault::new(
                    Kind::Network,
                    format!(
                        "{} sends a part of {} without saying which; try again later.",
                        answer.host, item.path
                    ),
                )
            })?;
            let other = note.etag.is_some() && etag.is_some() && note.etag != etag;
            if start != part.length || other {
                restart(part, target)?;
                return Err(Trouble::Passing(
                    format!("{} has changed meanwhile", item.path),
                    Some(std::time::Duration::ZERO),
                ));
            }
            total
        }
        200 => {
            if part.length > 0 {
                log::info!("{} sends {} from the beginning", answer.host, item.path);
                restart(part, target)?;
            }
            answer.header("content-length").and_then(|text| text.trim().parse().ok())
        }
        416 if part.length > 0 => {
            restart(part, target)?;
            return Err(Trouble::Passing(
                format!("{} cannot go on with {}", answer.host, item.path),
                Some(std::time::Duration::ZERO),
            ));
        }
        _ if item.url.is_some() => return Err(web.refusal_elsewhere(&answer, &item.path)),
        _ => return Err(web.refusal(&answer, &item.repository, Some(&item.path))),
    };
    expected_size(item, total)?;
    if let Some(total) = item.size.or(total) {
        let left = total.saturating_sub(part.length);
        space::ask(&web.settings.free, target.part.parent().unwrap_or(&target.part), left, &item.path)?;
    }
    folders::write_json(&target.note, &Note { etag })?;
    copy(web, item, target, before, part, answer, total)
}

/// From the link to the disk.
fn copy(
    web: &Web,
    item: &Item,
    target: &Target,
    before: u64,
    part: &mut Part,
    answer: Answer,
    total: Option<u64>,
) -> std::result::Result<(), Trouble> {
    let patience = web.settings.patience;
    let host = answer.host.clone();
    let mut body = answer.body.into_reader();
    let mut buffer = vec![0; BLOCK];
    let mut window = (Instant::now(), part.length);
    loop {
        web.watch().check()?;
        let n = body.read(&mut buffer).map_err(|why| web.read_trouble(&host, why))?;
        if n == 0 {
            break;
        }
        part.file.write_all(&buffer[..n]).map_err(|why| Fault::disk("write", &target.part, &why))?;
        part.hash.update(&buffer[..n]);
        part.length += n as u64;
        web.watch().update(|progress| progress.bytes_done = before + part.length);
        if item.size.or(total).is_some_and(|size| part.length > size) {
            return Err(Trouble::Final(wrong_size(item, &format!("more than {}", part.length - 1))));
        }
        if window.0.elapsed() >= patience.window {
            if part.length - window.1 < patience.least {
                return Err(Trouble::Passing(
                    format!(
                        "{host} sends next to nothing ({} in a while)",
                        space::size(part.length - window.1)
                    ),
                    None,
                ));
            }
            window = (Instant::now(), part.length);
        }
    }
    match item.size.or(total) {
        Some(size) if part.length < size => {
            Err(Trouble::Passing(format!("The connection to {host} was cut (in {})", item.path), None))
        }
        _ => Ok(()),
    }
}

/// Is it what was published? Then it gets its name.
fn finish(item: &Item, target: &Target, part: Part) -> Result<Got> {
    if item.size.is_some_and(|size| size != part.length) {
        return Err(wrong_size(item, &part.length.to_string()));
    }
    let sha256 = hex(&part.hash.finalize());
    if item.sha256.as_ref().is_some_and(|known| *known != sha256) {
        return Err(Fault::new(
            Kind::Damaged,
            format!(
                "{} of {} arrived, but is not the file that was published (its sha256 is another one), so it was \
                 thrown away; try again, and if it stays so, do not use this source.",
                item.path, item.repository
            ),
        ));
    }
    let fault = |why| Fault::disk("write", &target.whole, &why);
    part.file.sync_all().map_err(fault)?;
    drop(part.file);
    fs::rename(&target.part, &target.whole).map_err(fault)?;
    let _ = fs::remove_file(&target.note);
    Ok(Got { size: part.length, sha256 })
}

fn restart(part: &mut Part, target: &Target) -> Result<()> {
    let fault = |why| Fault::disk("write", &target.part, &why);
    part.file.set_len(0).map_err(fault)?;
    part.file.seek(SeekFrom::Start(0)).map_err(fault)?;
    part.length = 0;
    part.hash = Sha256::new();
    let _ = fs::remove_file(&target.note);
    Ok(())
}

/// A pinned revision is that revision, whatever stands in between.
fn same_commit(item: &Item, answer: &Answer) -> Result<()> {
    match &answer.commit {
        Some(commit) if names::is_commit(&item.revision) && *commit != item.revision => Err(Fault::new(
            Kind::Damaged,
            format!(
                "{} sends {} of another revision of {} than was asked for; try again, and if it stays so, do not use \
                 this source.",
                answer.host, item.path, item.repository
            ),
        )),
        _ => Ok(()),
    }
}

fn expected_size(item: &Item, total: Option<u64>) -> Result<()> {
    match (item.size, total) {
        (Some(size), Some(total)) if size != total => Err(wrong_size(item, &total.to_string())),
        _ => Ok(()),
    }
}

fn wrong_size(item: &Item, has: &str) -> Fault {
    Fault::new(
        Kind::Damaged,
        format!(
            "{} of {} should have {} bytes and has {has}, so it was not taken; it is not the file that was published.",
            item.path,
            item.repository,
            item.size.map_or_else(|| "fewer".to_owned(), |size| size.to_string())
        ),
    )
}

/// `bytes 100-199/200` → 100, 200.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

fn is_strong(etag: &str) -> bool {
    etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"')
}
