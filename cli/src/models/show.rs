//! What is said of models before and after they are got.

use std::fmt::Write;

use scumble_hub::catalogue::Catalogue;
use scumble_hub::machine::Machine;
use scumble_hub::offers::{self, Offer, State};
use scumble_hub::plan::Plan;
use scumble_hub::space::size;
use serde::Serialize;

use crate::failure::{Done, Failure, say};

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    family: String,
    good_at: String,
    /// Of an annotator, which is no model: the control picture that it makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    makes: Option<String>,
    repository: String,
    /// Of the download.
    bytes: u64,
    /// Are they known, or about right?
    exact: bool,
    memory_bytes: u64,
    fits: Option<bool>,
    advice: String,
    device: String,
    licences: Vec<String>,
    licence: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

pub fn list(json: bool) -> Done {
    let catalogue = Catalogue::own()?;
    let (stores, machine) = (super::stores()?, Machine::here());
    let models = offers::models(&catalogue, &stores.models, &machine);
    let annotators = offers::annotators(&catalogue, &stores.annotators, &machine);
    if json {
        let rows: Vec<Row> = models.iter().chain(&annotators).map(of_offer).collect();
        let text = serde_json::to_string_pretty(&rows).map_err(|why| Failure::failed(why.to_string()))?;
        return say(&text);
    }
    say(&text(&models, &annotators))
}

fn of_offer(offer: &Offer) -> Row {
    let offer = offer.clone();
    Row {
        id: offer.id,
        title: offer.title,
        family: offer.family,
        good_at: offer.good_at,
        makes: offer.makes,
        repository: offer.repository,
        bytes: offer.bytes,
        exact: offer.exact,
        memory_bytes: offer.memory,
        fits: offer.fits,
        advice: offer.advice,
        device: offer.device,
        licence: offer.licences.first().map(|terms| terms.plain.clone()).unwrap_or_default(),
        licences: offer.licences.into_iter().map(|terms| terms.title).collect(),
        state: state(offer.state),
        folder: offer.folder.map(|folder| folder.display().to_string()),
    }
}

/// A word for it; none for what is not here.
pub fn state(state: State) -> &'static str {
    match state {
        State::Here => "here",
        State::Begun => "begun",
        State::Absent => "available",
    }
}

fn text(models: &[Offer], annotators: &[Offer]) -> String {
    let wide = models.iter().chain(annotators).map(|offer| offer.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    let first = annotators.first().map(|offer| offer.id.as_str());
    for offer in models.iter().chain(annotators) {
        if first == Some(offer.id.as_str()) {
            text.push_str("Annotators, which make control pictures (--control NET=depth:PICTURE):\n");
        }
        let about = if offer.exact { "" } else { "~" };
        let bytes = format!("{about}{}", size(offer.bytes));
        let state = if offer.state == State::Absent { "" } else { state(offer.state) };
        let _ = writeln!(text, "{:<wide$}  {bytes:>8}  {state:<5}  {}", offer.id, offer.title);
        let licences: Vec<&str> = offer.licences.iter().map(|terms| terms.title.as_str()).collect();
        let plain = offer.licences.first().map_or("", |terms| terms.plain.as_str());
        for line in [&offer.good_at, &offer.advice, &format!("{}: {plain}", licences.join(" and "))] {
            if !line.is_empty() {
                let _ = writeln!(text, "{:wide$}  {line}", "");
            }
        }
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
    if let (Some(needs), Some(memory)) = (memory_mb, Machine::here().memory) {
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
