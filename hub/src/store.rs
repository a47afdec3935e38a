//! The user's models: what was pulled, whole and checked; one download of a model at a time.
//!
//! ```text
//! <data>/scumble/annotators/ID/                   the same for annotators, apart: nobody takes one for a model
//! <data>/scumble/models/ID/                       a whole model, with RECEIPT beside its files
//! <data>/scumble/models/.downloads/ID/            one on its way, with JOURNAL
//! <data>/scumble/models/.downloads/ID.lock        held while somebody works on it
//! ```
//!
//! A model appears by one rename, so no host ever sees half of one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Kind, Result};
use crate::fetch::{self, Item};
use crate::folders::{self, bytes_below, delete, make, read_json, write_json};
use crate::names;
use crate::plan::{Plan, Terms};
use crate::space;
use crate::watch::{Stage, Watch};
use crate::web::Web;

pub const RECEIPT: &str = "scumble-download.json";
const JOURNAL: &str = "scumble-journal.json";
const DOWNLOADS: &str = ".downloads";

/// What a model's folder says of where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub title: String,
    pub repository: String,
    pub revision: String,
    pub licences: Vec<Terms>,
    pub files: Vec<Kept>,
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
}

impl Installed {
    pub fn bytes(&self) -> u64 {
        self.receipt.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }
}

/// What a download has behind it.
#[derive(Default, Serialize, Deserialize)]
struct Journal {
    items: Vec<Item>,
    done: Vec<Kept>,
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

    /// The one that has something under that name, whole or begun; else that of models.
    pub fn with(&self, id: &str) -> &Store {
        let has = |store: &&Store| store.find(id).is_some() || store.begun(id) > 0;
        [&self.models, &self.annotators].into_iter().find(has).unwrap_or(&self.models)
    }
}

impl Store {
    /// `models` is where the engine looks: `~/.local/share/scumble/models` and the like.
    pub fn new(models: impl Into<PathBuf>) -> Self {
        Store { models: models.into() }
    }

    /// What was pulled, by name.
    pub fn installed(&self) -> Vec<Installed> {
        let entries = fs::read_dir(&self.models).into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<Installed> = ids.filter_map(|id| self.find(&id)).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    pub fn find(&self, id: &str) -> Option<Installed> {
        if !names::is_part(id) || id.starts_with('.') {
            return None;
        }
        let folder = self.models.join(id);
        let receipt: Receipt = read_json(&folder.join(RECEIPT))?;
        // It says which files are looked at; none of them lies elsewhere.
        let sound = receipt.files.iter().all(|file| names::is_path(&file.path));
        sound.then(|| Installed { id: id.to_owned(), folder, receipt, already: true })
    }

    /// Bytes of a model that have arrived without the whole being there.
    pub fn begun(&self, id: &str) -> u64 {
        let folder = self.models.join(DOWNLOADS).join(id);
        if names::is_part(id) { bytes_below(&folder, 0) } else { 0 }
    }

    /// Gets a model. One that is whole is left as it is; with `again` its files are compared with what was published, and
    /// those that are wrong are got anew.
    ///
    /// # Errors
    /// Each in its sentence; what has arrived stays for the next try.
    pub fn pull(&self, web: &Web, plan: &Plan, again: bool) -> Result<Installed> {
        if !names::is_part(&plan.id) || plan.id.starts_with('.') {
            return Err(Fault::new(
                Kind::Unsafe,
                format!("\"{}\" is no name for a folder.", plan.id.escape_debug()),
            ));
        }
        let watch = web.watch();
        let downloads = self.models.join(DOWNLOADS);
        make(&downloads)?;
        let _lock = self.lock(&plan.id, Some(watch))?;
        let folder = self.models.join(&plan.id);
        folders::take_back(&folder, &self.old(&plan.id));
        let old = self.find(&plan.id);
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
        let staging = downloads.join(&plan.id);
        make(&staging)?;
        let mut journal = self.resume(&staging, plan)?;
        let sizes: u64 = plan.items.iter().filter_map(|item| item.size).sum();
        watch.update(|progress| {
            progress.stage = Stage::Loading;
            progress.files = plan.items.len();
            progress.bytes = plan.bytes().unwrap_or(0);
        });
        let here = bytes_below(&staging, 0);
        space::ask(&web.settings.free, &staging, sizes.saturating_sub(here), &plan.title)?;
        let mut before = 0;
        for (number, item) in plan.items.iter().enumerate() {
            watch.check()?;
            watch.update(|progress| progress.files_done = number);
            let kept = match journal.done.iter().find(|kept| kept.path == item.to) {
                Some(kept) => kept.clone(),
                None => {
                    let own = old.as_ref().map(|old| old.folder.join(&item.to));
                    let got = fetch::file(web, item, &staging, own.as_deref(), before)?;
                    let kept = Kept { path: item.to.clone(), size: got.size, sha256: got.sha256 };
                    journal.done.push(kept.clone());
                    write_json(&staging.join(JOURNAL), &journal)?;
                    kept
                }
            };
            before += kept.size;
        }
        for write in &plan.writes {
            let place = names::inside(&staging, &write.to)?;
            make(place.parent().unwrap_or(&staging))?;
            write_json(&place, &write.json)?;
        }
        watch.check()?;
        let receipt = Receipt {
            title: plan.title.clone(),
            repository: plan.repository.clone(),
            revision: plan.revision.clone(),
            licences: plan.licences.clone(),
            files: journal.done,
        };
        write_json(&staging.join(RECEIPT), &receipt)?;
        let _ = fs::remove_file(staging.join(JOURNAL));
        folders::swap(&staging, &folder, &self.old(&plan.id))?;
        watch.update(|progress| {
            progress.stage = Stage::Done;
            progress.files_done = progress.files;
            progress.bytes_done = before;
        });
        Ok(Installed { id: plan.id.clone(), folder, receipt, already: false })
    }

    /// Compares the files of a model with what arrived: a sentence for each that is missing or changed.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where there is no such model; [`Kind::Disk`], [`Kind::Cancelled`].
    pub fn check(&self, id: &str, watch: &Watch) -> Result<Vec<String>> {
        let model = self.find(id).ok_or_else(|| self.unknown(id))?;
        let total = model.bytes();
        watch.update(|progress| {
            progress.stage = Stage::Checking;
            progress.files = model.receipt.files.len();
            progress.bytes = total;
        });
        let mut wrong = Vec::new();
        let mut before = 0;
        for (number, file) in model.receipt.files.iter().enumerate() {
            watch.update(|progress| {
                progress.files_done = number;
                progress.file = file.path.clone();
            });
            let place = names::inside(&model.folder, &file.path)?;
            match fs::metadata(&place).map(|data| data.len()) {
                Err(_) => wrong.push(format!("{} is missing", file.path)),
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
        let staging = self.models.join(DOWNLOADS).join(id);
        delete(&staging)?;
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
            // Gone at once for everybody who looks, then file by file.
            let away = staging.with_extension("removed");
            delete(&away)?;
            fs::rename(&model.folder, &away).map_err(|why| Fault::disk("remove", &model.folder, &why))?;
            delete(&away)?;
        }
        Ok(begun.saturating_add(model.map_or(0, |model| model.bytes())))
    }

    fn unknown(&self, id: &str) -> Fault {
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

    /// Holds the lock of a model until it is dropped.
    fn lock(&self, id: &str, watch: Option<&Watch>) -> Result<File> {
        folders::lock(&self.models.join(DOWNLOADS).join(format!("{id}.lock")), id, watch)
    }

    /// What an earlier try has left that is still wanted; the rest is deleted.
    fn resume(&self, staging: &Path, plan: &Plan) -> Result<Journal> {
        let place = staging.join(JOURNAL);
        let old: Option<Journal> = read_json(&place);
        let mut journal = Journal { items: plan.items.clone(), done: Vec::new() };
        match old {
            Some(old) => {
                let wanted = |to: &str| {
                    let of = |items: &[Item]| items.iter().find(|item| item.to == to).cloned();
                    of(&old.items).is_some_and(|item| of(&plan.items) == Some(item))
                };
                for item in &old.items {
                    let whole = names::inside(staging, &item.to)?;
                    if !wanted(&item.to) {
                        let _ = fs::remove_file(&whole);
                        let _ = fs::remove_file(staging.join(format!("{}.part", item.to)));
                        let _ = fs::remove_file(staging.join(format!("{}.part.json", item.to)));
                    }
                }
                let is_here = |kept: &Kept| {
                    let place = names::inside(staging, &kept.path);
                    let size = place.ok().and_then(|place| fs::metadata(place).ok()).map(|data| data.len());
                    size == Some(kept.size)
                };
                journal.done.extend(old.done.into_iter().filter(|kept| wanted(&kept.path) && is_here(kept)));
            }
            None => {
                delete(staging)?;
                make(staging)?;
            }
        }
        write_json(&place, &journal)?;
        Ok(journal)
    }

    /// Where a model lies while it is being replaced.
    fn old(&self, id: &str) -> PathBuf {
        self.models.join(DOWNLOADS).join(format!("{id}.old"))
    }
}

/// Is what lies there what the plan would bring?
fn is_same(old: &Installed, plan: &Plan) -> bool {
    let has = |item: &Item| {
        old.receipt.files.iter().any(|file| {
            file.path == item.to
                && item.size.is_none_or(|size| size == file.size)
                && item.sha256.as_ref().is_none_or(|sha256| *sha256 == file.sha256)
                && fs::metadata(old.folder.join(&file.path)).is_ok_and(|data| data.len() == file.size)
        })
    };
    old.receipt.repository == plan.repository && plan.items.iter().all(has)
}
