//! What a download of a model has behind it, so that the next try goes on from there.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::carry::SETTINGS;
use crate::fault::{Fault, Result};
use crate::fetch::{Item, Target};
use crate::folders::{self, delete, make, read_json, write_json};
use crate::names;
use crate::store::Kept;

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

    /// What an earlier try has left that is still wanted; the rest is deleted.
    pub(crate) fn resume(staging: &Path, items: &[Item]) -> Result<Self> {
        let mut journal = Journal { items: items.to_vec(), done: Vec::new() };
        match Journal::read(staging) {
            Some(old) => {
                let wanted = |to: &str| {
                    let of = |items: &[Item]| items.iter().find(|item| item.to == to).cloned();
                    of(&old.items).is_some_and(|item| of(items) == Some(item))
                };
                for item in &old.items {
                    let target = Target::new(staging, &item.to)?;
                    if !wanted(&item.to) {
                        target.remove();
                    }
                }
                let is_here = |kept: &Kept| {
                    let place = names::inside(staging, &kept.path);
                    let size = place.ok().and_then(|place| fs::metadata(place).ok()).map(|data| data.len());
                    // Settings may be the user's by now (carry.rs); they are small.
                    size == Some(kept.size) && kept.path != SETTINGS
                };
                journal.done.extend(old.done.into_iter().filter(|kept| wanted(&kept.path) && is_here(kept)));
                sweep(staging, items)?;
            }
            None => {
                delete(staging)?;
                make(staging)?;
            }
        }
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
