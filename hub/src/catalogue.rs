//! The catalogue: models that are known to be of a family and layout that the engine loads, and annotators, networks that
//! make control pictures for them. One data file, `catalogue.json`.
//!
//! Revisions, sizes and hashes are there where they are known; null is filled in by asking the hub, never by guessing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Kind, Result};
use crate::names;

const TEXT: &str = include_str!("../catalogue.json");
/// What annotators make, as the command line's preparations are called.
pub const MADE: [&str; 3] = ["depth", "soft-edges", "pose"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub licences: BTreeMap<String, Licence>,
    pub models: Vec<Entry>,
    /// Never offered as models to render with; they have a folder of their own ([`crate::store::Stores`]).
    #[serde(default)]
    pub annotators: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    pub title: String,
    /// One or two sentences for somebody who is no lawyer.
    pub plain: String,
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name of its folder.
    pub id: String,
    pub title: String,
    pub family: String,
    pub good_at: String,
    /// Of an annotator: the control picture that it makes, one of [`MADE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makes: Option<String>,
    /// Memory that it takes while it runs, in MB: its weights as they lie in memory, and some to work with.
    pub memory_mb: u64,
    /// What it runs well on.
    pub device: String,
    /// Without a graphics card a picture takes longer than anybody waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wants_card: bool,
    /// Keys of `licences`, the strictest first.
    pub licences: Vec<String>,
    pub repository: String,
    /// A commit, or null for what the repository has now.
    pub revision: Option<String>,
    /// Size of all files together in MB, as far as it is known without asking.
    pub about_mb: u64,
    /// Take what a known layout needs of the repository, beside `files`?
    pub choose: bool,
    /// Files by name.
    pub files: Vec<Listed>,
    /// Small files that the repository lacks.
    pub writes: Vec<Write>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub path: String,
    pub size: Option<u64>,
    pub sha256: Option<String>,
    /// Its place in the model's folder, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Another repository, and its revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    pub to: String,
    pub json: serde_json::Value,
}

impl Catalogue {
    /// The one that comes with this program.
    ///
    /// # Errors
    /// [`Kind::Damaged`], where somebody has changed it for the worse.
    pub fn own() -> Result<Self> {
        Self::parse(TEXT)
    }

    /// # Errors
    /// [`Kind::Damaged`], with what is wrong in it.
    pub fn parse(text: &str) -> Result<Self> {
        let odd =
            |what: String| Fault::new(Kind::Damaged, format!("The catalogue of models is broken ({what})."));
        let catalogue: Catalogue = serde_json::from_str(text).map_err(|why| odd(why.to_string()))?;
        match catalogue.wrong() {
            Some(what) => Err(odd(what)),
            None => Ok(catalogue),
        }
    }

    /// The entry that somebody means: by its identifier, or its repository.
    pub fn find(&self, text: &str) -> Option<&Entry> {
        let text = text.trim();
        let by_id = self.entries().find(|entry| entry.id.eq_ignore_ascii_case(text));
        by_id.or_else(|| {
            let mut named = self.entries().filter(|entry| entry.repository.eq_ignore_ascii_case(text));
            // Two entries may take from one repository.
            named.next().filter(|_| named.next().is_none())
        })
    }

    /// Models and annotators.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.models.iter().chain(&self.annotators)
    }

    /// The annotators that make such control pictures, the one to take first.
    pub fn makers<'a>(&'a self, made: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.annotators.iter().filter(move |entry| entry.makes.as_deref() == Some(made))
    }

    /// What a licence is called on the hub, in plain words where it is known.
    pub fn licence(&self, name: &str) -> Option<&Licence> {
        self.licences.get(&name.to_ascii_lowercase())
    }

    fn wrong(&self) -> Option<String> {
        let mut ids = Vec::new();
        let is_one = |entry: &Entry| entry.makes.as_deref().is_some_and(|made| MADE.contains(&made));
        if let Some(entry) = self.models.iter().find(|entry| entry.makes.is_some()) {
            return Some(format!("{}: a model that is an annotator", entry.id));
        }
        if let Some(entry) = self.annotators.iter().find(|entry| !is_one(entry)) {
            return Some(format!("{}: an annotator that makes nothing", entry.id));
        }
        for entry in self.entries() {
            let id = &entry.id;
            let lower = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
            if !names::is_part(id) || !lower || id.starts_with('.') || id == "default" || ids.contains(&id) {
                return Some(format!("identifier {id}"));
            }
            ids.push(id);
            let texts = [&entry.title, &entry.family, &entry.good_at, &entry.device];
            if texts.iter().any(|text| text.trim().is_empty()) || entry.memory_mb == 0 || entry.about_mb == 0
            {
                return Some(format!("{id}: an empty field"));
            }
            if entry.licences.is_empty()
                || entry.licences.iter().any(|name| !self.licences.contains_key(name))
            {
                return Some(format!("{id}: a licence without a text"));
            }
            if !entry.choose && entry.files.is_empty() {
                return Some(format!("{id}: no files"));
            }
            if let Some(what) = entry.wrong_names() {
                return Some(format!("{id}: {what}"));
            }
        }
        let empty = |licence: &Licence| {
            [&licence.title, &licence.plain].iter().any(|text| text.trim().len() < 3)
                || !licence.url.starts_with("https://")
        };
        self.licences.iter().find(|(_, licence)| empty(licence)).map(|(name, _)| format!("licence {name}"))
    }
}

impl Entry {
    fn wrong_names(&self) -> Option<String> {
        let files = self.files.iter().map(|file| file.to.as_ref().unwrap_or(&file.path));
        let targets: Vec<&String> = files.chain(self.writes.iter().map(|write| &write.to)).collect();
        for (at, target) in targets.iter().enumerate() {
            if !names::is_path(target) || targets[..at].iter().any(|other| other.eq_ignore_ascii_case(target))
            {
                return Some(format!("the place {target}"));
            }
        }
        let repositories = self.files.iter().filter_map(|file| file.repository.as_ref());
        for repository in std::iter::once(&self.repository).chain(repositories) {
            if names::repository(repository).ok().as_ref() != Some(repository) {
                return Some(format!("the repository {repository}"));
            }
        }
        let revisions = self.files.iter().filter_map(|file| file.revision.as_ref());
        if let Some(revision) = self.revision.iter().chain(revisions).find(|text| !names::is_commit(text)) {
            return Some(format!("the revision {revision}"));
        }
        self.files
            .iter()
            .find(|file| {
                !names::is_path(&file.path)
                    || file.size == Some(0)
                    || file.sha256.as_ref().is_some_and(|hash| !names::is_sha256(hash))
                    || (file.revision.is_some() && file.repository.is_none())
            })
            .map(|file| format!("the file {}", file.path))
    }

    /// All files together in bytes, or about so many.
    pub fn bytes(&self) -> (u64, bool) {
        let sizes: Option<u64> = self.files.iter().map(|file| file.size).sum();
        match sizes.filter(|_| !self.choose) {
            Some(bytes) => (bytes, true),
            None => (self.about_mb.saturating_mul(1_000_000), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_every_field_and_every_licence_its_text() {
        let own = Catalogue::own().unwrap();
        assert!(own.models.len() >= 8);
        assert!(MADE.iter().all(|made| own.makers(made).next().is_some()));
        for entry in own.entries() {
            assert!(entry.good_at.ends_with('.') && entry.device.ends_with('.'), "{}", entry.id);
            let (bytes, _) = entry.bytes();
            assert!((1_000_000..60_000_000_000).contains(&bytes), "{}", entry.id);
            assert!(
                entry.memory_mb > 200 && entry.memory_mb * 1_000_000 < 4 * bytes + 4_000_000_000,
                "{}",
                entry.id
            );
            assert!(entry.about_mb.abs_diff(bytes / 1_000_000) <= entry.about_mb / 20 + 1, "{}", entry.id);
        }
        for (name, licence) in &own.licences {
            assert!(licence.plain.len() > 30 && licence.plain.ends_with('.'), "{name}");
            assert!(name.to_ascii_lowercase() == *name);
        }
        // Each is in use, or what pages of the hub name.
        assert!(own.licence("MIT").is_some());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let own = Catalogue::own().unwrap();
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(Catalogue::parse(&text).unwrap(), own);
    }

    #[test]
    fn a_broken_catalogue_is_told() {
        let own: serde_json::Value = serde_json::from_str(TEXT).unwrap();
        let told = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut changed = own.clone();
            change(&mut changed);
            Catalogue::parse(&changed.to_string()).unwrap_err().message
        };
        let first = own["models"][0].clone();
        assert!(
            told(&|all| all["models"].as_array_mut().unwrap().push(first.clone())).contains("identifier")
        );
        assert!(told(&|all| all["models"][0]["id"] = "../x".into()).contains("identifier"));
        assert!(told(&|all| all["models"][0]["good_at"] = " ".into()).contains("an empty field"));
        assert!(
            told(&|all| all["models"][0]["licences"] = serde_json::json!(["none"]))
                .contains("without a text")
        );
        assert!(
            told(&|all| all["models"][0]["writes"][0]["to"] = "../evil.json".into()).contains("the place")
        );
        assert!(told(&|all| all["models"][0]["files"][0]["to"] = "/etc/x".into()).contains("the place"));
        assert!(told(&|all| all["models"][0]["files"][0]["sha256"] = "12".into()).contains("the file"));
        assert!(told(&|all| all["models"][0]["revision"] = "main".into()).contains("the revision"));
        assert!(told(&|all| all["models"][0]["repository"] = "one".into()).contains("the repository"));
        assert!(told(&|all| all["models"][0]["makes"] = "depth".into()).contains("is an annotator"));
        for odd in [serde_json::Value::Null, "poems".into()] {
            assert!(told(&|all| all["annotators"][0]["makes"] = odd.clone()).contains("makes nothing"));
        }
        assert!(
            told(&|all| all["annotators"][0]["id"] = first["id"].clone()).contains("identifier"),
            "one name, one thing"
        );
        assert!(told(&|all| all["models"][0]["typo"] = 1.into()).contains("typo"));
        assert!(told(&|all| all["licences"]["mit"]["plain"] = "".into()).contains("licence mit"));
    }

    #[test]
    fn entries_are_found_by_identifier_and_repository() {
        let own = Catalogue::own().unwrap();
        for entry in own.entries() {
            assert_eq!(own.find(&entry.id.to_uppercase()), Some(entry));
        }
        assert_eq!(
            own.find("stabilityai/stable-diffusion-xl-base-1.0").map(|entry| entry.id.as_str()),
            Some("sdxl")
        );
        assert_eq!(own.find("nobody/nothing"), None);
    }
}
