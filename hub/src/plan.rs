//! What is going to be done, before it is done: which files, from where, how large, under which licence. A host shows this
//! and asks; nothing has been loaded then.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Entry, Licence, Write};
use crate::choose::{Choice, choose};
use crate::fault::{Fault, Kind, Result};
use crate::fetch::Item;
use crate::hub::{Remote, Repository, look};
use crate::names;
use crate::web::Web;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the model's folder.
    pub id: String,
    /// Its name where another repository's model has that one already. None where no other repository's gets `id`.
    pub id_with_owner: Option<String>,
    pub title: String,
    /// Of an annotator ([`Entry::makes`]).
    pub makes: Option<String>,
    pub repository: String,
    /// The commit, where it is known.
    pub revision: String,
    pub licences: Vec<Terms>,
    /// Given only to those who have agreed to its terms on its page.
    pub gated: bool,
    pub items: Vec<Item>,
    pub writes: Vec<Write>,
    /// What was chosen among several forms, and what could not be asked.
    pub said: Vec<String>,
    /// Parts that a model needs and that these files lack.
    pub lacks: Vec<&'static str>,
}

/// A licence as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub title: String,
    pub plain: String,
    pub url: String,
}

impl From<&Licence> for Terms {
    fn from(licence: &Licence) -> Self {
        let Licence { title, plain, url } = licence.clone();
        Terms { title, plain, url }
    }
}

impl Plan {
    /// What painting needs and this has not, as a sentence without its end.
    pub fn lacking(&self) -> Option<String> {
        (!self.lacks.is_empty()).then(|| {
            format!(
                "{} has no {}, so it cannot be painted with as it is; look for another export of the model",
                self.repository,
                self.lacks.join(", no ")
            )
        })
    }

    /// Of all files; None where one of them is not known.
    pub fn bytes(&self) -> Option<u64> {
        self.items.iter().map(|item| item.size).sum()
    }
}

/// What `text` means: an entry of the catalogue, or any repository. `revision` and `precision` are for the latter, also where it
/// is an entry's.
///
/// # Errors
/// [`Kind::Usage`], and those of asking the hub.
pub fn plan(
    web: &Web,
    catalogue: &Catalogue,
    text: &str,
    revision: Option<&str>,
    precision: Option<&str>,
) -> Result<Plan> {
    let entry = catalogue.find(text).filter(|_| revision.is_none());
    let is_named = |entry: &Entry| entry.id.eq_ignore_ascii_case(text.trim());
    match (entry, precision) {
        (Some(entry), None) => of_entry(web, catalogue, entry),
        // There is nothing to choose.
        (Some(entry), Some(precision)) if !entry.choose && is_named(entry) => {
            let mut plan = of_entry(web, catalogue, entry)?;
            plan.said.push(format!(
                "The precision {precision} does not apply, as the catalogue says which files make {}; for others name the \
                 repository, {}.",
                entry.title, entry.repository
            ));
            Ok(plan)
        }
        _ => {
            let named = catalogue.find(text).map(|entry| entry.repository.clone());
            let name = named.map_or_else(|| names::repository(text), Ok)?;
            of_repository(web, catalogue, &name, revision.unwrap_or("main"), precision)
        }
    }
}

/// Of an entry of the catalogue; what it does not know is asked.
///
/// # Errors
/// Those of asking; [`Kind::Damaged`] where the hub has another file than the catalogue.
pub fn of_entry(web: &Web, catalogue: &Catalogue, entry: &Entry) -> Result<Plan> {
    let revision = |repository: &str, own: Option<&String>| {
        let entrys = entry.revision.as_ref().filter(|_| repository == entry.repository);
        own.or(entrys).cloned().unwrap_or_else(|| "main".to_owned())
    };
    let mut asked: BTreeMap<(String, String), Result<Repository>> = BTreeMap::new();
    let mut said = Vec::new();
    let mut ask = |name: &str, revision: &str, must: bool| -> Result<Option<Repository>> {
        let answer = asked
            .entry((name.to_owned(), revision.to_owned()))
            .or_insert_with(|| look(web, name, revision))
            .clone();
        match answer {
            Ok(repository) => Ok(Some(repository)),
            // A mirror that has the files but tells nothing of them.
            Err(fault) if !must && matches!(fault.kind, Kind::NotFound | Kind::Network) => {
                let sentence =
                    format!("What the hub says of {name} could not be asked, so sizes alone are compared.");
                if !said.contains(&sentence) {
                    said.push(sentence);
                }
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    };
    let mut items = Vec::new();
    let mut gated = false;
    let mut lacks = Vec::new();
    let mut chosen = Vec::new();
    let own = revision(&entry.repository, None);
    let mut commit = own.clone();
    if entry.choose
        && let Some(repository) = ask(&entry.repository, &own, true)?
    {
        let choice = choose(&repository, None)?;
        commit.clone_from(&repository.commit);
        gated |= repository.gated;
        items = items_of(&repository, &choice)?;
        lacks = choice.lacks;
        chosen = choice.said;
    }
    for file in &entry.files {
        let repository = file.repository.as_ref().unwrap_or(&entry.repository);
        let revision = revision(repository, file.revision.as_ref());
        let must = file.size.is_none() || !names::is_commit(&revision);
        let mut item = Item {
            repository: repository.clone(),
            revision: revision.clone(),
            path: file.path.clone(),
            to: file.to.clone().unwrap_or_else(|| file.path.clone()),
            size: file.size,
            sha256: file.sha256.clone(),
            url: None,
        };
        if let Some(answer) = ask(repository, &revision, must)? {
            learn(&mut item, &answer)?;
            gated |= answer.gated;
            if *repository == entry.repository {
                commit.clone_from(&answer.commit);
            }
        }
        items.retain(|other| !other.to.eq_ignore_ascii_case(&item.to));
        items.push(item);
    }
    let there = |part: &str| {
        let written = entry.writes.iter().map(|write| &write.to);
        items.iter().map(|item| &item.to).chain(written).any(|to| to.starts_with(&format!("{part}/")))
    };
    lacks.retain(|part| !there(part));
    said.extend(chosen);
    // The engine finds an annotator by what its folder says.
    let says = entry.makes.as_ref().map(|made| Write {
        to: "scumble.json".into(),
        json: serde_json::json!({ "name": entry.title, "annotates": made }),
    });
    Ok(Plan {
        id: entry.id.clone(),
        id_with_owner: None,
        title: entry.title.clone(),
        makes: entry.makes.clone(),
        repository: entry.repository.clone(),
        revision: commit,
        licences: entry
            .licences
            .iter()
            .map(|name| terms(web, catalogue, Some(name), &entry.repository))
            .collect(),
        gated,
        // What the repository has itself comes first.
        writes: entry
            .writes
            .iter()
            .filter(|write| !items.iter().any(|item| item.to == write.to))
            .cloned()
            .chain(says)
            .collect(),
        items,
        said,
        lacks,
    })
}

/// Of any repository, by its files.
///
/// # Errors
/// Those of asking; [`Kind::Unsupported`].
pub fn of_repository(
    web: &Web,
    catalogue: &Catalogue,
    name: &str,
    revision: &str,
    precision: Option<&str>,
) -> Result<Plan> {
    let repository = look(web, name, names::revision(revision)?)?;
    let choice = choose(&repository, precision)?;
    let items = items_of(&repository, &choice)?;
    let (owner, short) = name.split_once('/').unwrap_or(("", name));
    // Names that mean another model here are not taken.
    let taken = short == "default" || catalogue.entries().any(|entry| entry.id.eq_ignore_ascii_case(short));
    // A repository's own name never has "--" in it.
    let id_with_owner = format!("{owner}--{short}");
    let (id, id_with_owner) =
        if taken { (id_with_owner, None) } else { (short.to_owned(), Some(id_with_owner)) };
    Ok(Plan {
        id,
        id_with_owner,
        title: short.to_owned(),
        makes: None,
        repository: name.to_owned(),
        revision: repository.commit.clone(),
        licences: vec![terms(web, catalogue, repository.licence.as_deref(), name)],
        gated: repository.gated,
        items,
        writes: Vec::new(),
        said: choice.said,
        lacks: choice.lacks,
    })
}

fn items_of(repository: &Repository, choice: &Choice) -> Result<Vec<Item>> {
    let item = |file: &Remote| {
        // Before anything is loaded.
        names::inside(Path::new(""), &file.path)?;
        Ok(Item {
            repository: repository.name.clone(),
            revision: repository.commit.clone(),
            path: file.path.clone(),
            to: file.path.clone(),
            size: Some(file.size),
            sha256: file.sha256.clone(),
            url: None,
        })
    };
    choice.files.iter().map(item).collect()
}

/// Fills in what the hub says of a file.
fn learn(item: &mut Item, repository: &Repository) -> Result<()> {
    let file = repository.files.iter().find(|file| file.path == item.path).ok_or_else(|| {
        Fault::new(
            Kind::NotFound,
            format!(
                "{} has no file {} (any more), so the catalogue's entry does not hold; update Scumble.",
                repository.name, item.path
            ),
        )
    })?;
    let pinned = item.revision == repository.commit;
    let other = item.sha256.is_some() && file.sha256.is_some() && item.sha256 != file.sha256;
    if other || (pinned && item.size.is_some_and(|size| size != file.size)) {
        return Err(Fault::new(
            Kind::Damaged,
            format!(
                "{} of {} is another file than the one in the catalogue; update Scumble, and if it stays so, do not use \
                 this source.",
                item.path, item.repository
            ),
        ));
    }
    item.revision.clone_from(&repository.commit);
    item.size = Some(file.size);
    item.sha256 = item.sha256.take().or_else(|| file.sha256.clone());
    Ok(())
}

fn terms(web: &Web, catalogue: &Catalogue, name: Option<&str>, repository: &str) -> Terms {
    if let Some(known) = name.and_then(|name| catalogue.licence(name)) {
        return Terms::from(known);
    }
    let page = web.settings.page(repository);
    match name {
        Some(name) => Terms {
            title: name.to_owned(),
            plain:
                "Not one that is known here in plain words; read it on the page before you use the pictures."
                    .into(),
            url: page,
        },
        None => Terms {
            title: "none named".into(),
            plain: "Its page names no licence, so nothing is allowed for certain; ask its owner.".into(),
            url: page,
        },
    }
}
