//! What is said of models before and after they are got.

use std::fmt::Write;

use scumble_hub::catalogue::{Catalogue, Entry};
use scumble_hub::plan::Plan;
use scumble_hub::space::{self, size};
use scumble_hub::store::{Installed, Store};
use serde::Serialize;

use crate::failure::{Done, Failure, say};

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    family: String,
    good_at: String,
    repository: String,
    /// Of the download.
    bytes: u64,
    /// Are they known, or about right?
    exact: bool,
    memory_bytes: u64,
    fits: Option<bool>,
    device: String,
    licences: Vec<String>,
    licence: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

#[derive(Serialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum State {
    Here,
    Begun,
    Available,
}

pub fn list(json: bool) -> Done {
    let catalogue = Catalogue::own()?;
    let store = super::store()?;
    let here = store.installed();
    let memory = space::memory();
    let mut rows: Vec<Row> =
        catalogue.models.iter().map(|entry| of_entry(entry, &catalogue, &store, &here, memory)).collect();
    let known = |model: &&Installed| !catalogue.models.iter().any(|entry| entry.id == model.id);
    rows.extend(here.iter().filter(known).map(of_installed));
    if json {
        let text = serde_json::to_string_pretty(&rows).map_err(|why| Failure::failed(why.to_string()))?;
        return say(&text);
    }
    say(&text(&rows, memory))
}

fn of_entry(
    entry: &Entry,
    catalogue: &Catalogue,
    store: &Store,
    here: &[Installed],
    memory: Option<u64>,
) -> Row {
    let (bytes, exact) = entry.bytes();
    let needs = entry.memory_mb.saturating_mul(1_000_000);
    let installed = here.iter().find(|model| model.id == entry.id);
    let licences: Vec<_> = entry.licences.iter().filter_map(|name| catalogue.licence(name)).collect();
    Row {
        id: entry.id.clone(),
        title: entry.title.clone(),
        family: entry.family.clone(),
        good_at: entry.good_at.clone(),
        repository: entry.repository.clone(),
        bytes: installed.map_or(bytes, Installed::bytes),
        exact: exact || installed.is_some(),
        memory_bytes: needs,
        fits: memory.map(|memory| needs < memory),
        device: entry.device.clone(),
        licences: licences.iter().map(|licence| licence.title.clone()).collect(),
        licence: licences.first().map(|licence| licence.plain.clone()).unwrap_or_default(),
        state: match installed {
            Some(_) => State::Here,
            None if store.begun(&entry.id) > 0 => State::Begun,
            None => State::Available,
        },
        folder: installed.map(|model| model.folder.display().to_string()),
    }
}

/// One from outside the catalogue.
fn of_installed(model: &Installed) -> Row {
    let receipt = &model.receipt;
    Row {
        id: model.id.clone(),
        title: receipt.title.clone(),
        family: String::new(),
        good_at: String::new(),
        repository: receipt.repository.clone(),
        bytes: model.bytes(),
        exact: true,
        memory_bytes: 0,
        fits: None,
        device: String::new(),
        licences: receipt.licences.iter().map(|terms| terms.title.clone()).collect(),
        licence: receipt.licences.first().map(|terms| terms.plain.clone()).unwrap_or_default(),
        state: State::Here,
        folder: Some(model.folder.display().to_string()),
    }
}

fn text(rows: &[Row], memory: Option<u64>) -> String {
    let wide = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let state = match row.state {
            State::Here => "here",
            State::Begun => "begun",
            State::Available => "",
        };
        let about = if row.exact { "" } else { "~" };
        let bytes = format!("{about}{}", size(row.bytes));
        let _ = writeln!(text, "{:<wide$}  {bytes:>8}  {state:<5}  {}", row.id, row.title);
        let mut more = |line: String| {
            if !line.trim().is_empty() {
                let _ = writeln!(text, "{:wide$}  {line}", "");
            }
        };
        more(row.good_at.clone());
        if row.memory_bytes > 0 {
            let fits = match (row.fits, memory) {
                (Some(false), Some(memory)) => format!(", more than the {} of this machine", size(memory)),
                _ => String::new(),
            };
            more(format!("Takes {} of memory{fits}. {}", size(row.memory_bytes), row.device));
        }
        more(format!("{}: {}", row.licences.join(" and "), row.licence));
    }
    text.push_str(
        "Get one with `scumble models pull NAME`; any repository with a model in ONNX form will do as well.",
    );
    text
}

/// What is about to be got, for somebody who is asked whether they want that.
pub fn plan(plan: &Plan, memory_mb: Option<u64>) -> String {
    let bytes = plan.bytes().map_or_else(|| "of a size that is not known".to_owned(), size);
    let mut text = format!(
        "{}: {} files, {bytes}, from {} ({})",
        plan.title,
        plan.items.len(),
        plan.repository,
        plan.revision.get(..8).unwrap_or(&plan.revision)
    );
    for line in &plan.said {
        let _ = write!(text, "\n  {line}");
    }
    if let (Some(needs), Some(memory)) = (memory_mb, space::memory()) {
        let needs = needs.saturating_mul(1_000_000);
        let fits = if needs < memory { "" } else { ": it will hardly run here" };
        let _ =
            write!(text, "\n  Memory: takes about {}, this machine has {}{fits}", size(needs), size(memory));
    }
    for terms in &plan.licences {
        let _ = write!(text, "\n  Licence: {}. {} ({})", terms.title, terms.plain, terms.url);
    }
    if plan.gated {
        text.push_str("\n  Its owner gives it only to those who have agreed to the terms on its page.");
    }
    text
}
