//! Exported functions that tell what there is, without a model.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::CString;
use std::path::Path;

use super::abi::*;
use super::constants::*;
use super::download_calls as downloads;
use super::guard::*;
use super::handed::release;
use super::layout::Sized32;
use super::library;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::machine::Machine;
use scumble_hub::offers::{self, Offer, State};
use scumble_hub::runtime::Runtimes;
use scumble_hub::store::Store;

use crate::engine::LoadState;
use crate::error::{Error, Result, Status};
use crate::job::RANGES;
use crate::leaving;
use crate::model::Capabilities;
use crate::models::folder::Folder;
use crate::models::{device, runtime};
use crate::pipeline::scheduler;

/// One thing of a list.
pub struct Entry {
    usable: bool,
    name: CString,
    title: CString,
    note: CString,
    /// Least, most, initial.
    range: [f64; 3],
    memory: u64,
    /// Of what can be got.
    offer: Option<Offered>,
}

/// What an entry says of something that can be got, beside its names.
struct Offered {
    bytes: u64,
    arrived: u64,
    state: u32,
    good_at: CString,
    licence: CString,
    licence_url: CString,
    folder: CString,
}

impl Entry {
    pub fn new(name: &str, title: &str, note: &str) -> Self {
        let [name, title, note] = [name, title, note].map(c_string);
        Entry { usable: true, name, title, note, range: [0.0; 3], memory: 0, offer: None }
    }

    /// Usable unless there is a reason why not.
    pub fn told(name: &str, title: &str, why_not: Option<&str>) -> Self {
        match why_not {
            None => Entry::new(name, title, ""),
            Some(why) => Entry::unusable(name, title, why),
        }
    }

    fn unusable(name: &str, title: &str, why: &str) -> Self {
        Entry { usable: false, ..Entry::new(name, title, why) }
    }
}

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_entry_init(entry: *mut ScumbleEntry, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(entry, size, "entry") }
}

/// Lists what there is of a kind, one of SCUMBLE_LIST_*, without loading a model. Looks at the disk: not for each
/// turn of a timer.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_SETTING (kind), SCUMBLE_ERROR_RUNTIME (devices, where there is
/// no ONNX Runtime, or while the program exits), SCUMBLE_ERROR_DISK (what can be got, where the user has no folder for
/// it), SCUMBLE_ERROR_INTERNAL.
/// On success `*list` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_list_create(kind: u32, list: *mut *mut ScumbleList) -> i32 {
    guard(|| {
        check_out(list, "list")?;
        let entries = match kind {
            SCUMBLE_LIST_MODELS => models(),
            SCUMBLE_LIST_DEVICES => devices()?,
            SCUMBLE_LIST_SAMPLERS => samplers(&scheduler::list()),
            SCUMBLE_LIST_SETTINGS => settings(),
            SCUMBLE_LIST_CATALOGUE => catalogue()?,
            SCUMBLE_LIST_RUNTIMES => runtimes()?,
            SCUMBLE_LIST_ANNOTATORS => annotators()?,
            other => {
                return Err(Error::setting(format!("There is no list {other}; use one of SCUMBLE_LIST_*.")));
            }
        };
        // SAFETY: not NULL, writable as the caller promised.
        unsafe { hand_out(list, entries) };
        Ok(SCUMBLE_OK)
    })
}

/// Lists the samplers that the engine's model can be run with, which may be fewer than SCUMBLE_LIST_SAMPLERS tells.
/// Returns SCUMBLE_OK, SCUMBLE_LOADING (it is not known yet: `*list` is left as it is), SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_INTERNAL, and the error of an engine that failed.
/// On success `*list` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_samplers(
    engine: *const ScumbleEngine,
    list: *mut *mut ScumbleList,
) -> i32 {
    // SAFETY: passed on.
    unsafe { of_model(engine, list, |model| samplers(&model.samplers)) }
}

/// Hands out what there is to list of an engine's model.
pub(super) unsafe fn of_model(
    engine: *const ScumbleEngine,
    list: *mut *mut ScumbleList,
    entries: impl FnOnce(&Capabilities) -> Vec<Entry>,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let engine = &unsafe { reference(engine, "engine") }?.engine;
        check_out(list, "list")?;
        match (engine.capabilities(), engine.state()) {
            (Some(model), _) => unsafe { hand_out(list, entries(model)) },
            (None, LoadState::Failed(error)) => return Err(error),
            (None, _) => return Ok(SCUMBLE_LOADING),
        }
        Ok(SCUMBLE_OK)
    })
}

/// Gives entries to the caller, whose pointer was checked.
pub(super) unsafe fn hand_out(list: *mut *mut ScumbleList, entries: Vec<Entry>) {
    // SAFETY: not NULL, writable as the caller promised.
    unsafe { write_out(list, Box::into_raw(Box::new(ScumbleList { entries }))) };
}

fn samplers(names: &[String]) -> Vec<Entry> {
    names.iter().map(|name| Entry::new(name, name, "")).collect()
}

/// Folders that are models or should be; what else lies among them is passed over.
fn models() -> Vec<Entry> {
    let named =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let told = |path: &Path| {
        let folder = path.to_str()?;
        match Folder::open(path) {
            Ok(model) => Some(Entry::new(folder, &model.name, &model.description)),
            Err(why) => {
                let meant = ["model_index.json", "scumble.json"].iter().any(|file| path.join(file).is_file());
                meant.then(|| Entry::unusable(folder, &named(path), &why.message))
            }
        }
    };
    library::models().iter().filter_map(|path| told(path)).collect()
}

fn devices() -> Result<Vec<Entry>> {
    // The host's thread is in ONNX Runtime as long as each is tried: an exit waits for it, too.
    let (_inside, runtime) = leaving::enter()
        .and_then(|inside| Ok((inside, runtime::load(None, library::folder())?)))
        .map_err(|why| match why.is_cancelled() {
            true => {
                Error::new(Status::Runtime, "The program exits; its devices are not looked for any more.")
            }
            false => why,
        })?;
    let told = device::list(runtime).into_iter().map(|device| Entry {
        usable: device.why_not.is_none(),
        memory: device.memory.unwrap_or(0),
        ..Entry::new(&device.name, &device.title, device.why_not.as_deref().unwrap_or(&device.note))
    });
    Ok(told.collect())
}

fn settings() -> Vec<Entry> {
    let told = RANGES.iter();
    told.map(|range| Entry {
        range: [range.least, range.most, range.initial],
        ..Entry::new(range.name, range.title, "")
    })
    .collect()
}

/// Models that can be got, and those that were.
fn catalogue() -> Result<Vec<Entry>> {
    let store = Store::new(downloads::places()?.models);
    let catalogue = Catalogue::own().map_err(downloads::error)?;
    Ok(offers::models(&catalogue, &store, &Machine::here()).iter().map(offered).collect())
}

/// Annotators that can be got.
fn annotators() -> Result<Vec<Entry>> {
    let store = Store::new(downloads::places()?.annotators);
    let catalogue = Catalogue::own().map_err(downloads::error)?;
    Ok(offers::annotators(&catalogue, &store, &Machine::here()).iter().map(offered).collect())
}

/// Builds of ONNX Runtime that can be got.
fn runtimes() -> Result<Vec<Entry>> {
    let folder = Runtimes::new(downloads::places()?.runtime);
    let catalogue = Catalogue::own().map_err(downloads::error)?;
    let offers = offers::runtimes(&catalogue, &folder, &Machine::here()).map_err(downloads::error)?;
    Ok(offers.iter().map(offered).collect())
}

fn offered(offer: &Offer) -> Entry {
    let [licence, licence_url] = downloads::licences(&offer.licences);
    let folder = offer.folder.as_deref().and_then(Path::to_str).unwrap_or_default();
    Entry {
        usable: offer.fits != Some(false),
        memory: offer.memory,
        offer: Some(Offered {
            bytes: offer.bytes,
            arrived: offer.arrived,
            state: match offer.state {
                State::Absent => SCUMBLE_OFFER_ABSENT,
                State::Begun => SCUMBLE_OFFER_PARTIAL,
                State::Here => SCUMBLE_OFFER_INSTALLED,
            },
            good_at: c_string(&offer.good_at),
            licence: c_string(&licence),
            licence_url: c_string(&licence_url),
            folder: c_string(folder),
        }),
        ..Entry::new(&offer.id, &offer.title, &offer.advice)
    }
}

/// Tells the entry `index` of a list, from 0: a loop ends at SCUMBLE_END.
/// Returns SCUMBLE_OK, SCUMBLE_END, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_list_entry(
    list: *const ScumbleList,
    index: u32,
    entry: *mut ScumbleEntry,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let list = unsafe { reference(list, "list") }?;
        check_out(entry, "entry")?;
        let Some(found) = list.entries.get(index as usize) else { return Ok(SCUMBLE_END) };
        let [least, most, initial] = found.range;
        let mut told = ScumbleEntry {
            usable: u32::from(found.usable),
            name: found.name.as_ptr(),
            title: found.title.as_ptr(),
            note: found.note.as_ptr(),
            least,
            most,
            initial,
            memory: found.memory,
            ..ScumbleEntry::initial()
        };
        if let Some(offer) = &found.offer {
            told = ScumbleEntry {
                bytes: offer.bytes,
                arrived: offer.arrived,
                offer: offer.state,
                good_at: offer.good_at.as_ptr(),
                licence: offer.licence.as_ptr(),
                licence_url: offer.licence_url.as_ptr(),
                folder: offer.folder.as_ptr(),
                ..told
            };
        }
        unsafe { write_struct(entry, told, "entry") }?;
        Ok(SCUMBLE_OK)
    })
}

/// Gives a list back, with its strings. NULL does nothing.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_list_release(list: *mut ScumbleList) {
    // SAFETY: as the caller promised.
    unsafe { release(list) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Params;

    /// What hosts have of them, because they need it before there is a library.
    #[test]
    fn the_ranges_that_hosts_have_written_down_are_these() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |file: &str| std::fs::read_to_string(root.join(file)).expect(file);
        let (gimp, krita) = (read("plugin-gimp/settings.h"), read("plugin-krita/scumble/settings.py"));
        for (name, define) in
            [("strength", None), ("steps", Some("STEPS_MOST")), ("guidance", Some("GUIDANCE_MOST"))]
        {
            let range = RANGES.iter().find(|range| range.name == name).expect(name);
            let numbers =
                krita.split(&format!("\"{name}\": (")).nth(1).and_then(|rest| rest.split(')').next());
            let numbers: Vec<f64> =
                numbers.expect(name).split(", ").map(|n| n.parse().expect(name)).collect();
            assert_eq!(numbers, [range.least, range.most], "Krita's {name}");
            let Some(define) = define else { continue };
            let most = gimp.split(&format!("#define {define} ")).nth(1).and_then(|rest| rest.lines().next());
            assert_eq!(most.and_then(|most| most.parse().ok()), Some(range.most), "GIMP's {name}");
        }
    }

    #[test]
    fn the_initial_values_of_settings_are_those_of_init_and_within_their_ranges_or_left_to_the_model() {
        let params = ScumbleParams::initial();
        let initial = |name: &str| match name {
            "strength" => f64::from(params.strength),
            "steps" => params.steps.into(),
            "guidance" => params.guidance.into(),
            "mask_softness" => params.mask_softness.into(),
            "resolution" => params.resolution.into(),
            "finest" => params.finest.into(),
            "settle_delay_ms" => params.settle_delay_ms.into(),
            "refine_strength" => params.refine_strength.into(),
            "settled_steps" => params.settled_steps.into(),
            "paint_guidance" => params.paint_guidance.into(),
            other => panic!("{other} is not in ScumbleParams"),
        };
        for range in &RANGES {
            assert_eq!(range.initial, initial(range.name), "{}", range.name);
            assert!(range.least < range.most && range.initial <= range.most, "{}", range.name);
        }
        assert!(Params::default().check().is_ok());
    }
}
