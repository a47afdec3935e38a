//! The user's models: what was pulled, whole and checked; one download of a model at a time.
//!
//! ```text
//! <data>/scumble/annotators/ID/                   the same for annotators, apart: nobody takes one for a model
//! <data>/scumble/models/ID/                       a whole model, with RECEIPT beside its files
//! <data>/scumble/models/.downloads/ID/            one on its way, with its journal (journal.rs)
//! <data>/scumble/models/.downloads/ID.lock        held while somebody works on it
//! ```
//!
//! A model appears by one rename, so no host ever sees half of one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::carry;
use crate::check::is_there;
use crate::fault::{Fault, Kind, Result};
use crate::fetch::{self, Item};
use crate::folders::{self, bytes_below, delete, make, read_json, write_json};
use crate::journal::Journal;
use crate::names;
use crate::plan::{Plan, Terms};
use crate::space;
use crate::watch::{Stage, Watch};
use crate::web::Web;

pub const RECEIPT: &str = "scumble-download.json";
const DOWNLOADS: &str = ".downloads";

/// What a model's folder says of where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub title: String,
    pub repository: String,
    pub revision: String,
    pub licences: Vec<Terms>,
    pub files: Vec<Kept>,
    /// What was not loaded but written ([`Plan::writes`]); earlier versions did not note it.
    #[serde(default)]
    pub written: Vec<Kept>,
}

/// A file as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Below the model's folder.
    pub path: String,
    pub size: u64,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub id: String,
    pub folder: PathBuf,
    pub receipt: Receipt,
    /// It was there before.
    pub already: bool,
    /// What became of the user's files that could not go on as they were: sentences.
    pub kept: Vec<String>,
}

impl Installed {
    pub fn bytes(&self) -> u64 {
        self.receipt.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }
}

/// The folder of models of one user.
#[derive(Debug, Clone)]
pub struct Store {
    models: PathBuf,
}

/// Those of models and of annotators.
#[derive(Debug, Clone)]
pub struct Stores {
    pub models: Store,
    pub annotators: Store,
}

impl Stores {
    /// The one for what a plan or an entry makes ([`Plan::makes`]).
    pub fn of(&self, makes: Option<&str>) -> &Store {
        if makes.is_some() { &self.annotators } else { &self.models }
    }
}

impl Store {
    /// `models` is where the engine looks: `~/.local/share/scumble/models` and the like.
    pub fn new(models: impl Into<PathBuf>) -> Self {
        Store { models: models.into() }
    }

    /// What was pulled, by name.
    pub fn installed(&self) -> Vec<Installed> {
        self.ids().iter().filter_map(|id| self.find(id)).collect()
    }

    /// Names under which something may lie, whole or begun, in order.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        let folders = [self.models.clone(), self.models.join(DOWNLOADS)];
        let entries =
            folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    pub fn find(&self, id: &str) -> Option<Installed> {
        if !is_id(id) {
            return None;
        }
        let folder = self.models.join(id);
        let receipt: Receipt = read_json(&folder.join(RECEIPT))?;
        // It says which files are looked at; none of them lies elsewhere.
        let sound = receipt.all().all(|file| names::is_path(&file.path));
        sound.then(|| Installed { id: id.to_owned(), folder, receipt, already: true, kept: Vec::new() })
    }

    /// Bytes of a model that have arrived without the whole being there.
    pub fn begun(&self, id: &str) -> u64 {
        if names::is_part(id) { bytes_below(&self.staging(id), 0) } else { 0 }
    }

    /// The repository of what lies under that name, whole or begun.
    pub(crate) fn repository(&self, id: &str) -> Option<String> {
        let begun = || Journal::read(&self.staging(id))?.repository();
        self.find(id).map(|model| model.receipt.repository).or_else(begun)
    }

    /// Gets a model. One that is whole is left as it is; with `again` its files are compared with what was published, and
    /// those that are wrong are got anew.
    ///
    /// # Errors
    /// Each in its sentence; what has arrived stays for the next try.
    pub fn pull(&self, web: &Web, plan: &Plan, again: bool) -> Result<Installed> {
        let mut ids = std::iter::once(&plan.id).chain(&plan.id_with_owner);
        if let Some(id) = ids.find(|id| !is_id(id)) {
            let message = format!("\"{}\" is no name for a folder.", id.escape_debug());
            return Err(Fault::new(Kind::Unsafe, message));
        }
        let watch = web.watch();
        make(&self.models.join(DOWNLOADS))?;
        let (id, _lock) = self.place(plan, watch)?;
        let folder = self.models.join(id);
        let old = self.find(id);
        if let Some(old) = old.as_ref().filter(|old| !again && is_same(old, plan)) {
            watch.update(|progress| progress.stage = Stage::Done);
            return Ok(old.clone());
        }
        if old.is_none() && folder.symlink_metadata().is_ok() {
            return Err(Fault::new(
                Kind::Disk,
                format!(
                    "{} is there already and was not put there by Scumble; rename or delete it, and try again.",
                    folder.display()
                ),
            ));
        }
        let staging = self.staging(id);
        make(&staging)?;
        let mut items = plan.items.clone();
        let mut journal = Journal::resume(&staging, &mut items)?;
        watch.update(|progress| {
            progress.stage = Stage::Loading;
            progress.files = items.len();
            progress.bytes = plan.bytes().unwrap_or(0);
        });
        // What the model has already need only be linked.
        let own = |item: &Item| {
            let old = old.as_ref().filter(|old| has(old, item))?;
            Some(old.folder.join(&item.to))
        };
        let mut needs: u64 = 0;
        for item in &items {
            needs = needs.saturating_add(fetch::needs(web, item, &staging, own(item).as_deref())?);
        }
        space::ask(&web.settings.free, &staging, needs, &plan.title)?;
        let mut before = 0;
        for (number, item) in items.iter().enumerate() {
            watch.check()?;
            watch.update(|progress| progress.files_done = number);
            before += match journal.kept(item) {
                Some(kept) => kept.size,
                None => {
                    let got = fetch::file(web, item, &staging, own(item).as_deref(), before)?;
                    let kept = Kept { path: item.to.clone(), size: got.size, sha256: got.sha256 };
                    journal.add(&staging, kept)?;
                    got.size
                }
            };
        }
        let written = write_down(plan, &staging, watch, before)?;
        watch.check()?;
        let receipt = Receipt {
            title: plan.title.clone(),
            repository: plan.repository.clone(),
            revision: plan.revision.clone(),
            licences: plan.licences.clone(),
            files: journal.done,
            written,
        };
        write_json(&staging.join(RECEIPT), &receipt)?;
        let kept = old.map_or_else(|| Ok(Vec::new()), |old| carry::own_files(web, &old, &staging))?;
        folders::swap(&staging, &folder, &self.old(id))?;
        // Not before: without it all would be loaded again.
        Journal::end(&folder);
        watch.update(|progress| {
            progress.stage = Stage::Done;
            progress.files_done = progress.files;
            progress.bytes_done = before;
        });
        Ok(Installed { id: id.to_owned(), folder, receipt, already: false, kept })
    }

    /// Removes a model that was pulled, and what has arrived of it. Returns the bytes that are free again.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where nothing was pulled under that name, [`Kind::Busy`] while it is being pulled.
    pub fn remove(&self, id: &str) -> Result<u64> {
        let model = self.find(id);
        let begun = self.begun(id);
        if model.is_none() && begun == 0 {
            return Err(self.unknown(id));
        }
        make(&self.models.join(DOWNLOADS))?;
        let _lock = self.lock(id, None)?;
        delete(&self.staging(id))?;
        if let Some(model) = &model {
            if model.folder.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
                return Err(Fault::new(
                    Kind::Disk,
                    format!(
                        "{} is a link to a folder elsewhere; delete it yourself.",
                        model.folder.display()
                    ),
                ));
            }
            // Where an update could not delete what it replaced.
            delete(&self.old(id))?;
            folders::discard(&model.folder, &self.models.join(DOWNLOADS).join(format!("{id}.removed")))?;
        }
        Ok(begun.saturating_add(model.map_or(0, |model| model.bytes())))
    }

    pub(crate) fn unknown(&self, id: &str) -> Fault {
        let place = self.models.join(id);
        let message = if names::is_part(id) && place.is_dir() {
            format!(
                "{} was not put there by Scumble, so it is left alone; delete it yourself.",
                place.display()
            )
        } else {
            format!(
                "There is no model \"{}\" here; `scumble models list` shows those that are.",
                id.escape_debug()
            )
        };
        Fault::new(Kind::NotFound, message)
    }

    /// The name that a model gets here. Another repository's model of that name stays.
    fn id_of<'a>(&self, plan: &'a Plan) -> &'a str {
        let is_its = |id: &str| self.repository(id).map(|other| is_same_repository(&other, &plan.repository));
        match &plan.id_with_owner {
            Some(with_owner) if is_its(with_owner) == Some(true) || is_its(&plan.id) == Some(false) => {
                with_owner
            }
            _ => &plan.id,
        }
    }

    /// The same, with its lock.
    fn place<'a>(&self, plan: &'a Plan, watch: &Watch) -> Result<(&'a str, File)> {
        loop {
            let id = self.id_of(plan);
            let lock = self.lock(id, Some(watch))?;
            folders::take_back(&self.models.join(id), &self.old(id));
            // By that, or while the lock was waited for, another repository's may have come there.
            if self.id_of(plan) == id {
                return Ok((id, lock));
            }
        }
    }

    /// Holds the lock of a model until it is dropped.
    fn lock(&self, id: &str, watch: Option<&Watch>) -> Result<File> {
        folders::lock(&self.models.join(DOWNLOADS).join(format!("{id}.lock")), id, watch)
    }

    /// Where a model lies until it is whole.
    fn staging(&self, id: &str) -> PathBuf {
        self.models.join(DOWNLOADS).join(id)
    }

    /// Where a model lies while it is being replaced.
    fn old(&self, id: &str) -> PathBuf {
        self.models.join(DOWNLOADS).join(format!("{id}.old"))
    }
}

/// What a plan writes, and what that came to.
fn write_down(plan: &Plan, staging: &Path, watch: &Watch, before: u64) -> Result<Vec<Kept>> {
    let mut written = Vec::new();
    for write in &plan.writes {
        let place = names::inside(staging, &write.to)?;
        make(place.parent().unwrap_or(staging))?;
        write_json(&place, &write.json)?;
        let got = fetch::hash(&place, watch, before)?;
        written.push(Kept { path: write.to.clone(), size: got.size, sha256: got.sha256 });
    }
    Ok(written)
}

/// Is what lies there whole, and what the plan would bring? What it writes may be the user's by now.
fn is_same(old: &Installed, plan: &Plan) -> bool {
    let has_it = |to| names::inside(&old.folder, to).is_ok_and(|place| is_there(&place));
    is_same_repository(&old.receipt.repository, &plan.repository)
        && old.is_whole()
        && plan.items.iter().all(|item| has(old, item))
        && plan.writes.iter().all(|write| has_it(&write.to))
}

/// Is the file there, by its receipt and its size?
fn has(old: &Installed, item: &Item) -> bool {
    old.receipt.files.iter().any(|file| is_what(item, file) && old.has(file))
}

/// Is what has arrived what is wanted? What is not known contradicts nothing.
pub(crate) fn is_what(item: &Item, kept: &Kept) -> bool {
    kept.path == item.to
        && item.size.is_none_or(|size| size == kept.size)
        && item.sha256.as_ref().is_none_or(|sha256| *sha256 == kept.sha256)
}

/// People type it, and not always with the same capitals.
pub(crate) fn is_same_repository(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Can a model's folder be called so?
fn is_id(id: &str) -> bool {
    names::is_part(id) && !id.starts_with('.')
}
