//! What the hub tells of a repository: its commit, licence and files.

use serde::Deserialize;

use crate::fault::{Fault, Kind, Result};
use crate::names;
use crate::web::Web;

/// A repository at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub name: String,
    /// The full hash.
    pub commit: String,
    /// As its page says it; None if it does not.
    pub licence: Option<String>,
    /// Are its files given only to those who have agreed to its terms?
    pub gated: bool,
    pub files: Vec<Remote>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Not every system can have a file of that name ([`names::inside`]).
    pub path: String,
    pub size: u64,
    /// Known for large files.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    gated: serde_json::Value,
    #[serde(default, rename = "cardData")]
    card: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    oid: String,
    size: Option<u64>,
}

/// Asks what `name` has at `revision`.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Access`], [`Kind::Network`] and [`Kind::Unsafe`], each in its sentence.
pub fn look(web: &Web, name: &str, revision: &str) -> Result<Repository> {
    // Nobody publishes a model in more files.
    const MOST: usize = 20_000;
    let api = format!("{}/api/models/{name}", web.settings.endpoint);
    let odd = |what: &str| {
        Fault::new(
            Kind::Network,
            format!(
                "{} says nothing that is understood about {name} ({what}); look whether a proxy stands between, or \
                 HF_ENDPOINT is wrong.",
                crate::web::host_of(&web.settings.endpoint).unwrap_or_default()
            ),
        )
    };
    let (text, _) = web.text(&format!("{api}/revision/{}", names::encoded(revision)), name)?;
    let info: Info = serde_json::from_str(&text).map_err(|_| odd("no description"))?;
    if !names::is_commit(&info.sha) || (names::is_commit(revision) && info.sha != revision) {
        return Err(odd("no commit"));
    }
    let mut files = Vec::new();
    let mut url = format!("{api}/tree/{}?recursive=true&expand=false", info.sha);
    loop {
        let (text, headers) = web.text(&url, name)?;
        let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|_| odd("no list of files"))?;
        for entry in entries.into_iter().filter(|entry| entry.kind == "file") {
            // One that is only odd may be of a picture that nobody takes.
            names::stays_inside(&entry.path)?;
            let sha256 = entry.lfs.as_ref().map(|lfs| lfs.oid.clone()).filter(|oid| names::is_sha256(oid));
            let size = entry.lfs.and_then(|lfs| lfs.size).unwrap_or(entry.size);
            files.push(Remote { path: entry.path, size, sha256 });
        }
        let next = headers.get("link").and_then(|link| next_page(link.to_str().ok()?));
        // A mirror passes on the hub's own address: what is asked there is asked here.
        let next = next.and_then(|next| {
            let (_, path) = next.split_once("/api/models/")?;
            Some(format!("{}/api/models/{path}", web.settings.endpoint))
        });
        match next.filter(|next| *next != url) {
            Some(next) if files.len() < MOST => url = next,
            Some(_) => return Err(odd("its list of files has no end")),
            None => break,
        }
    }
    let told = |key: &str| {
        let value = info.card.as_ref()?.get(key)?;
        // One licence, or several.
        let text = value.as_str().or_else(|| value.as_array()?.first()?.as_str())?;
        Some(text.chars().filter(|c| !c.is_control()).take(100).collect::<String>())
    };
    let licence = match told("license") {
        Some(other) if other == "other" => told("license_name").or(Some(other)),
        licence => licence,
    };
    let gated = !matches!(info.gated, serde_json::Value::Null | serde_json::Value::Bool(false));
    Ok(Repository { name: name.to_owned(), commit: info.sha, licence, gated, files })
}

/// `<https://…>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|entry| {
        let (address, rest) = entry.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| address.to_owned())
    })
}
