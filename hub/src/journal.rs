//! What a download of a model has behind it, so that the next try goes on from there.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::carry::SETTINGS;
use crate::fault::{Fault, Result};
use crate::fetch::{Item, Target};
use crate::folders::{self, delete, make, read_json, write_json};
use crate::names;
use crate::store::{Kept, is_what};

pub(crate) const JOURNAL: &str = "scumble-journal.json";

/// Lies in the folder of what it tells of.
#[derive(Serialize, Deserialize)]
pub(crate) struct Journal {
    items: Vec<Item>,
    pub(crate) done: Vec<Kept>,
}

impl Journal {
    pub(crate) fn read(staging: &Path) -> Option<Self> {
        read_json(&staging.join(JOURNAL))
    }

    /// What an earlier try has left that is still wanted; the rest is deleted. What that try knew of `items` they know, too.
    pub(crate) fn resume(staging: &Path, items: &mut [Item]) -> Result<Self> {
        let mut done = Vec::new();
        match Journal::read(staging) {
            Some(old) => {
                for before in &old.items {
                    match items.iter_mut().find(|item| is_same(item, before)) {
                        Some(item) => learn(item, before),
                        None => Target::new(staging, &before.to)?.remove(),
                    }
                }
                let is_here = |kept: &Kept| {
                    let place = names::inside(staging, &kept.path);
                    let size = place.ok().and_then(|place| fs::metadata(place).ok()).map(|data| data.len());
                    // Settings may be the user's by now (carry.rs); they are small.
                    size == Some(kept.size) && kept.path != SETTINGS
                };
                let is_wanted = |kept: &Kept| items.iter().any(|item| is_what(item, kept));
                done.extend(old.done.into_iter().filter(|kept| is_wanted(kept) && is_here(kept)));
                sweep(staging, items)?;
            }
            None => {
                delete(staging)?;
                make(staging)?;
            }
        }
        let journal = Journal { items: items.to_vec(), done };
        journal.write(staging)?;
        Ok(journal)
    }

    /// Of a file that has arrived whole.
    pub(crate) fn kept(&self, item: &Item) -> Option<&Kept> {
        self.done.iter().find(|kept| kept.path == item.to)
    }

    pub(crate) fn add(&mut self, staging: &Path, kept: Kept) -> Result<()> {
        self.done.push(kept);
        self.write(staging)
    }

    fn write(&self, staging: &Path) -> Result<()> {
        write_json(&staging.join(JOURNAL), self)
    }

    /// The repository that the first of the files comes from.
    pub(crate) fn repository(self) -> Option<String> {
        self.items.into_iter().next().map(|item| item.repository)
    }

    /// Nothing in `folder` is on its way any more.
    pub(crate) fn end(folder: &Path) {
        let _ = fs::remove_file(folder.join(JOURNAL));
    }
}

/// Is that one file, by its hash or, where one of them has none, by where it comes from? What is not known contradicts nothing:
/// the hub is not always there to be asked. A hash says more than a commit, which may be of another file of the repository;
/// what has arrived of it is bound to its version by its ETag, and compared with the hash in the end.
fn is_same(one: &Item, other: &Item) -> bool {
    fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let is_from_there = one.repository == other.repository
        && one.revision == other.revision
        && one.path == other.path
        && one.url == other.url;
    let has_its_hash = one.sha256.is_some() && one.sha256 == other.sha256;
    one.to == other.to
        && agree(&one.size, &other.size)
        && agree(&one.sha256, &other.sha256)
        && (has_its_hash || is_from_there)
}

fn learn(item: &mut Item, from: &Item) {
    item.size = item.size.or(from.size);
    item.sha256 = item.sha256.take().or_else(|| from.sha256.clone());
}

/// Removes what belongs to none of the items: what was carried there, where it lies may be another by now.
fn sweep(staging: &Path, items: &[Item]) -> Result<()> {
    let mut ours = vec![staging.join(JOURNAL)];
    for item in items {
        ours.extend(Target::new(staging, &item.to)?.places());
    }
    for below in folders::below(staging)? {
        let place = staging.join(&below.path);
        if !ours.contains(&place) {
            folders::remove(&place).map_err(|why| Fault::disk("remove", &place, &why))?;
        }
    }
    Ok(())
}
