//! What can be got, with all that somebody needs to choose: how large, how good, under which licence, whether it will run
//! well here, whether it is here already. Looks at the disk and asks nobody.

use std::path::PathBuf;

use crate::catalogue::{Catalogue, Entry};
use crate::fault::Result;
use crate::machine::{Machine, Maker};
use crate::plan::Terms;
use crate::runtime::{self, Runtimes, Wheel};
use crate::space::size;
use crate::store::{Installed, Store};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Absent,
    /// Some of it has arrived, or some of what had arrived is missing or damaged.
    Begun,
    /// Whole, as far as names and sizes tell.
    Here,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What a download is asked for by.
    pub id: String,
    pub title: String,
    pub family: String,
    pub good_at: String,
    /// Of an annotator: the control picture that it makes.
    pub makes: Option<String>,
    pub repository: String,
    /// Of the download, or of what is here.
    pub bytes: u64,
    /// Are they known, or about right?
    pub exact: bool,
    /// That have arrived.
    pub arrived: u64,
    /// It takes so much while it runs; 0 where that is not known.
    pub memory: u64,
    /// What it runs well on; a sentence.
    pub device: String,
    /// Will it run well here? None where that is not known.
    pub fits: Option<bool>,
    /// How it will run here, and why: a sentence or two.
    pub advice: String,
    /// The strictest first.
    pub licences: Vec<Terms>,
    pub state: State,
    /// Of what is here.
    pub folder: Option<PathBuf>,
}

/// The catalogue, and behind it what was got from elsewhere.
pub fn models(catalogue: &Catalogue, store: &Store, machine: &Machine) -> Vec<Offer> {
    let here = store.installed();
    let mut offers: Vec<Offer> =
        catalogue.models.iter().map(|entry| of_entry(entry, catalogue, store, &here, machine)).collect();
    let foreign = |model: &&Installed| !catalogue.models.iter().any(|entry| entry.id == model.id);
    offers.extend(here.iter().filter(foreign).map(|model| of_installed(model, store)));
    offers
}

/// The catalogue's annotators; `store` is theirs.
pub fn annotators(catalogue: &Catalogue, store: &Store, machine: &Machine) -> Vec<Offer> {
    let here = store.installed();
    catalogue.annotators.iter().map(|entry| of_entry(entry, catalogue, store, &here, machine)).collect()
}

/// The builds of ONNX Runtime for this system.
///
/// # Errors
/// As [`runtime::all`].
pub fn runtimes(catalogue: &Catalogue, runtimes: &Runtimes, machine: &Machine) -> Result<Vec<Offer>> {
    let here = runtimes.installed();
    Ok(runtime::here()?
        .iter()
        .map(|wheel| of_wheel(wheel, here.as_ref() == Some(wheel), catalogue, runtimes, machine))
        .collect())
}

fn of_entry(
    entry: &Entry,
    catalogue: &Catalogue,
    store: &Store,
    here: &[Installed],
    machine: &Machine,
) -> Offer {
    let (bytes, exact) = entry.bytes();
    let installed = here.iter().find(|model| model.id == entry.id);
    let (state, arrived, folder) = state(&entry.id, installed, store);
    let memory = entry.memory_mb.saturating_mul(1_000_000);
    let (fits, advice) = advice(entry, memory, machine);
    let licences = entry.licences.iter().filter_map(|name| catalogue.licence(name));
    Offer {
        id: entry.id.clone(),
        title: entry.title.clone(),
        family: entry.family.clone(),
        good_at: entry.good_at.clone(),
        makes: entry.makes.clone(),
        repository: entry.repository.clone(),
        bytes: installed.map_or(bytes, Installed::bytes),
        exact: exact || installed.is_some(),
        arrived,
        memory,
        device: entry.device.clone(),
        fits,
        advice,
        licences: licences.map(Terms::from).collect(),
        state,
        folder,
    }
}

/// What is here of `id`, how much has arrived, and where. What is damaged or incomplete is not here, so that it is got again:
/// that brings what it lacks, and nothing else.
fn state(id: &str, installed: Option<&Installed>, store: &Store) -> (State, u64, Option<PathBuf>) {
    if let Some(model) = installed.filter(|model| model.is_whole()) {
        return (State::Here, model.bytes(), Some(model.folder.clone()));
    }
    // What is on its way shares the files that are sound.
    let arrived = store.begun(id).max(installed.map_or(0, Installed::arrived));
    let is_begun = installed.is_some() || arrived > 0;
    (if is_begun { State::Begun } else { State::Absent }, arrived, None)
}

/// How an entry runs here.
fn advice(entry: &Entry, needs: u64, machine: &Machine) -> (Option<bool>, String) {
    let takes = format!("Takes {} of memory", size(needs));
    let no_card = entry.wants_card && machine.cards.as_ref().is_some_and(Vec::is_empty);
    match machine.memory {
        Some(memory) if needs >= memory => (
            Some(false),
            format!("{takes}, more than the {} of this machine, so it will hardly run here.", size(memory)),
        ),
        _ if no_card => (
            Some(false),
            format!("Wants a graphics card, and none was found here, so a picture takes long. {takes}."),
        ),
        Some(memory) => (Some(true), format!("{} {takes}; this machine has {}.", entry.device, size(memory))),
        None => (None, format!("{} {takes}.", entry.device)),
    }
}

/// One from outside the catalogue.
fn of_installed(model: &Installed, store: &Store) -> Offer {
    let receipt = &model.receipt;
    let (state, arrived, folder) = state(&model.id, Some(model), store);
    Offer {
        id: model.id.clone(),
        title: receipt.title.clone(),
        family: String::new(),
        good_at: String::new(),
        makes: None,
        repository: receipt.repository.clone(),
        bytes: model.bytes(),
        exact: true,
        arrived,
        memory: 0,
        device: String::new(),
        fits: None,
        advice: String::new(),
        licences: receipt.licences.clone(),
        state,
        folder,
    }
}

fn of_wheel(
    wheel: &Wheel,
    here: bool,
    catalogue: &Catalogue,
    runtimes: &Runtimes,
    machine: &Machine,
) -> Offer {
    let (fits, advice) = runs(wheel, machine);
    let begun = if here { 0 } else { runtimes.begun(wheel) };
    Offer {
        id: wheel.name.clone(),
        title: format!("{} {}", wheel.title, wheel.version),
        family: String::new(),
        good_at: wheel.good_at.clone(),
        makes: None,
        repository: String::new(),
        bytes: wheel.size,
        exact: true,
        arrived: if here { wheel.size } else { begun },
        memory: 0,
        device: String::new(),
        fits,
        advice,
        licences: catalogue.licence(&wheel.licence).map(Terms::from).into_iter().collect(),
        state: match here {
            true => State::Here,
            false if begun > 0 => State::Begun,
            false => State::Absent,
        },
        folder: here.then(|| runtimes.folder().to_path_buf()),
    }
}

/// Whether a build has something here to run on that the plain one has not.
fn runs(wheel: &Wheel, machine: &Machine) -> (Option<bool>, String) {
    if !wheel.is_for_cards() {
        let more = match (wheel.name.as_str(), machine.brain_floats) {
            ("openvino", true) => {
                " It computes with bfloat16: what runs on OpenVINO takes about half the time, for pictures a little less exact."
            }
            ("openvino", false) => " It has no bfloat16, so OpenVINO will hardly be quicker.",
            _ => "",
        };
        return (Some(true), format!("Runs on this machine's processor.{more}"));
    }
    let Some(cards) = &machine.cards else { return (None, String::new()) };
    let card = cards.iter().find(|maker| wheel.name != "cuda" || **maker == Maker::Nvidia);
    match (card, cards.first()) {
        (Some(maker), _) => (
            Some(true),
            format!("Your {} graphics card could make pictures many times faster with it.", maker.name()),
        ),
        (None, Some(_)) => {
            (Some(false), "Wants an NVIDIA graphics card, and none was found here.".to_owned())
        }
        (None, None) => (Some(false), "Wants a graphics card, and none was found here.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(memory: u64, cards: &[Maker]) -> Machine {
        Machine { memory: Some(memory), cards: Some(cards.to_vec()), brain_floats: false }
    }

    fn nowhere() -> PathBuf {
        std::env::temp_dir().join("scumble-offers-nowhere")
    }

    fn offered(id: &str, machine: &Machine) -> Offer {
        let all = models(&Catalogue::own().unwrap(), &Store::new(nowhere()), machine);
        all.into_iter().find(|offer| offer.id == id).unwrap()
    }

    #[test]
    fn what_will_run_well_here_is_told_with_a_reason() {
        for (id, memory, cards, fits, says) in [
            ("sdxs", 8_000_000_000, &[][..], true, "Runs well on a processor."),
            ("sdxl", 8_000_000_000, &[Maker::Nvidia], false, "more than the 8.0 GB of this machine"),
            ("sdxl", 64_000_000_000, &[], false, "none was found here"),
            ("sdxl", 64_000_000_000, &[Maker::Amd], true, "A graphics card"),
            ("sd-turbo", 64_000_000_000, &[], true, "patience"),
        ] {
            let offer = offered(id, &machine(memory, cards));
            assert_eq!(offer.fits, Some(fits), "{id}: {}", offer.advice);
            assert!(offer.advice.contains(says) && offer.advice.ends_with('.'), "{id}: {}", offer.advice);
        }
        assert_eq!(offered("sdxs", &Machine::default()).fits, None);
    }

    #[test]
    fn annotators_are_offered_for_what_they_make_and_never_as_models() {
        let (own, store) = (Catalogue::own().unwrap(), Store::new(nowhere()));
        let annotators = annotators(&own, &store, &machine(8_000_000_000, &[]));
        assert_eq!(annotators.len(), own.annotators.len());
        for one in &annotators {
            assert!(one.makes.is_some() && one.fits == Some(true) && one.state == State::Absent, "{one:?}");
        }
        let models = models(&own, &store, &Machine::default());
        assert!(models.iter().all(|model| model.makes.is_none()));
        assert!(models.iter().all(|model| !annotators.iter().any(|one| one.id == model.id)));
    }

    #[test]
    fn builds_for_graphics_cards_are_for_machines_that_have_one() {
        let told = |cards: &[Maker]| {
            let all = runtimes(&Catalogue::own().unwrap(), &Runtimes::new(nowhere()), &machine(1, cards));
            all.unwrap().into_iter().map(|offer| (offer.id, offer.fits == Some(true))).collect::<Vec<_>>()
        };
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            let named =
                |fit: [bool; 4]| ["cpu", "webgpu", "cuda", "openvino"].map(String::from).into_iter().zip(fit);
            assert!(told(&[]).into_iter().eq(named([true, false, false, true])));
            assert!(told(&[Maker::Intel]).into_iter().eq(named([true, true, false, true])));
            assert!(told(&[Maker::Nvidia]).into_iter().eq(named([true, true, true, true])));
            for (brain_floats, says) in [(true, "about half the time"), (false, "hardly be quicker")] {
                let machine = Machine { brain_floats, ..machine(1, &[]) };
                let all = runtimes(&Catalogue::own().unwrap(), &Runtimes::new(nowhere()), &machine).unwrap();
                assert!(
                    all[3].advice.contains(says) && all[3].licences[0].title == "Apache 2.0",
                    "{:?}",
                    all[3]
                );
            }
        }
    }
}
