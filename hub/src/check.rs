//! What lies in a model's folder against what arrived there: is it all there, is it as it was, what of it is the user's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::carry::{self, SETTINGS};
use crate::fault::{Kind, Result};
use crate::fetch;
use crate::names;
use crate::store::{Installed, Kept, Receipt, Store};
use crate::watch::{Stage, Watch};

impl Receipt {
    /// All that a pull has put there. Where both lists have it, it was written over what had been loaded.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Kept> {
        let is_written = |file: &&Kept| self.written.iter().any(|other| other.path == file.path);
        self.files.iter().filter(move |file| !is_written(file)).chain(&self.written)
    }

    /// May it be the user's by now without being wrong? It must be there all the same: who deletes it wants it as it was.
    fn may_change(&self, file: &Kept) -> bool {
        file.path == SETTINGS || self.written.iter().any(|other| other.path == file.path)
    }
}

impl Installed {
    /// Is all of it there, as far as names and sizes tell? No file is read for it.
    pub fn is_whole(&self) -> bool {
        self.receipt.all().all(|file| self.has(file))
    }

    /// Bytes of the files that are there.
    pub(crate) fn arrived(&self) -> u64 {
        let there = self.receipt.files.iter().filter(|file| self.has(file));
        there.fold(0, |sum, file| sum.saturating_add(file.size))
    }

    pub(crate) fn has(&self, file: &Kept) -> bool {
        let Ok(place) = names::inside(&self.folder, &file.path) else { return false };
        match self.receipt.may_change(file) {
            true => is_there(&place),
            false => fs::metadata(place).is_ok_and(|data| data.len() == file.size),
        }
    }
}

/// A file, or a link wherever it leads.
pub(crate) fn is_there(place: &Path) -> bool {
    place.symlink_metadata().is_ok()
}

impl Store {
    /// Compares the files of a model with what arrived: a sentence for each that is missing or changed. Settings that the user
    /// has changed are not wrong.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where there is no such model; [`Kind::Disk`], [`Kind::Cancelled`].
    pub fn check(&self, id: &str, watch: &Watch) -> Result<Vec<String>> {
        let model = self.find(id).ok_or_else(|| self.unknown(id))?;
        begin(watch, &model);
        let mut wrong = Vec::new();
        let mut before = 0;
        for (number, file) in model.receipt.all().enumerate() {
            watch.update(|progress| {
                progress.files_done = number;
                progress.file = file.path.clone();
            });
            let place = names::inside(&model.folder, &file.path)?;
            match fs::metadata(&place).map(|data| data.len()) {
                Err(_) => wrong.push(format!("{} is missing", file.path)),
                Ok(_) if file.path == SETTINGS => {}
                Ok(size) if size != file.size => {
                    wrong.push(format!("{} has {size} bytes instead of {}", file.path, file.size));
                }
                Ok(_) => match fetch::hash(&place, watch, before) {
                    Ok(got) if got.sha256 == file.sha256 => {}
                    Ok(_) => wrong.push(format!("{} has changed since it arrived", file.path)),
                    Err(fault) if fault.kind == Kind::Cancelled => return Err(fault),
                    Err(fault) => wrong.push(fault.message.trim_end_matches('.').to_owned()),
                },
            }
            before += file.size;
        }
        watch.update(|progress| progress.stage = Stage::Done);
        Ok(wrong)
    }

    /// The user's own files in a model's folder, by their paths from there, in order: what they have put there, and what is not
    /// as it arrived (changed settings, a network of theirs in the place of a published one; one that is damaged looks no
    /// different). All that arrived is read for it, so it takes as long as [`Store::check`]. None where no model of that name
    /// is here.
    ///
    /// # Errors
    /// [`Kind::Disk`], [`Kind::Cancelled`].
    pub fn own_files(&self, id: &str, watch: &Watch) -> Result<Vec<PathBuf>> {
        let Some(model) = self.find(id) else { return Ok(Vec::new()) };
        begin(watch, &model);
        let own = carry::find(watch, &model)?;
        watch.update(|progress| progress.stage = Stage::Done);
        Ok(own)
    }
}

/// All of a model is going to be read.
fn begin(watch: &Watch, model: &Installed) {
    watch.update(|progress| {
        progress.stage = Stage::Checking;
        progress.files = model.receipt.all().count();
        progress.bytes = model.receipt.all().fold(0, |sum, file| sum.saturating_add(file.size));
    });
}
