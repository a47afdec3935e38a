//! What lies there already when a model is got: another repository's of that name, an earlier revision, files that are only
//! linked; and what becomes of it when that fails.

mod server;

use std::fs;
use std::path::Path;

use scumble_hub::catalogue::Catalogue;
use scumble_hub::job::{Job, Order, Places, Want};
use scumble_hub::plan;
use scumble_hub::settings::Settings;
use scumble_hub::store::{Installed, Store, Stores};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use server::{Hub, NAME, Play, UNET, bytes, scratch, settings, sha256};

/// Another owner's model of the same name.
const NAMESAKE: &str = "sculptor/tiny-model";
const LARGE: [&str; 5] = [
    UNET,
    "unet/model.onnx_data",
    "text_encoder/model.onnx",
    "vae_encoder/model.onnx",
    "vae_decoder/model.onnx",
];
const SMALL: [&str; 4] =
    ["tokenizer/vocab.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json", "model_index.json"];

fn pull_with(settings: Settings, models: &Path, name: &str, again: bool) -> Result<Installed, Fault> {
    let web = Web::new(settings, &Watch::new());
    let plan = plan::plan(&web, &Catalogue::own()?, name, None, None)?;
    Store::new(models).pull(&web, &plan, again)
}

fn pull(hub: &Hub, models: &Path, name: &str) -> Result<Installed, Fault> {
    pull_with(settings(hub), models, name, false)
}

/// With models of two owners.
fn two_owners() -> Hub {
    let hub = Hub::new();
    for path in LARGE {
        hub.put(NAMESAKE, path, bytes(&format!("another {path}"), 10_000));
    }
    for path in SMALL {
        hub.put(NAMESAKE, path, hub.file(NAME, path));
    }
    hub
}

fn assert_has(hub: &Hub, model: &Installed, repository: &str) {
    assert_eq!(model.receipt.repository, repository);
    assert!(fs::read(model.folder.join(UNET)).unwrap() == hub.file(repository, UNET), "{repository}");
}

/// A new revision, of which one file has changed.
fn publish(hub: &Hub) {
    hub.commit(NAME, &"f".repeat(40));
    hub.put(NAME, "text_encoder/model.onnx", bytes("better", 130_000));
}

fn all_loads(hub: &Hub) -> usize {
    LARGE.iter().map(|path| hub.loads(path).len()).sum()
}

#[test]
fn models_of_one_name_by_two_owners_both_stay() {
    let (hub, models) = (two_owners(), scratch("two-owners"));
    let first = pull(&hub, &models, NAME).unwrap();
    // Also where the first one was being replaced when that was cut.
    fs::rename(&first.folder, models.join(".downloads/tiny-model.old")).unwrap();
    let second = pull(&hub, &models, NAMESAKE).unwrap();
    assert_eq!((first.id.as_str(), second.id.as_str()), ("tiny-model", "sculptor--tiny-model"));
    assert_has(&hub, &first, NAME);
    assert_has(&hub, &second, NAMESAKE);
    let store = Store::new(&models);
    assert_eq!(store.installed().len(), 2);
    // Each stays where it is: nothing is loaded again, also when the short name has become free.
    assert!(pull(&hub, &models, NAME).unwrap().already && pull(&hub, &models, NAMESAKE).unwrap().already);
    store.remove("tiny-model").unwrap();
    let same = pull(&hub, &models, NAMESAKE).unwrap();
    assert_eq!((same.id.as_str(), same.already), ("sculptor--tiny-model", true));
    assert!(!models.join("tiny-model").exists());
}

#[test]
fn a_begun_download_is_not_thrown_away_for_a_namesakes() {
    let (hub, models) = (two_owners(), scratch("two-owners-begun"));
    hub.play(UNET, [Play::Cut(200_000), Play::Cut(0), Play::Cut(0), Play::Cut(0)]);
    pull(&hub, &models, NAME).unwrap_err();
    let begun = Store::new(&models).begun("tiny-model");
    assert!(begun >= 200_000);
    assert_eq!(pull(&hub, &models, NAMESAKE).unwrap().id, "sculptor--tiny-model");
    assert_eq!(Store::new(&models).begun("tiny-model"), begun);
    let first = pull(&hub, &models, NAME).unwrap();
    assert_eq!(first.id, "tiny-model");
    assert_has(&hub, &first, NAME);
    assert_eq!(hub.loads(UNET).last().unwrap().range.as_deref(), Some("bytes=200000-"));
}

#[test]
fn one_repository_typed_with_other_capitals_is_the_same_model() {
    let (hub, models) = (Hub::new(), scratch("capitals"));
    let typed = "Painter/tiny-model";
    LARGE.iter().chain(&SMALL).for_each(|path| hub.put(typed, path, hub.file(NAME, path)));
    pull(&hub, &models, NAME).unwrap();
    let same = pull(&hub, &models, typed).unwrap();
    assert_eq!((same.id.as_str(), same.already), ("tiny-model", true));
}

#[test]
fn two_owners_models_that_are_got_at_once_both_arrive() {
    let (hub, models) = (two_owners(), scratch("two-owners-at-once"));
    let got = std::thread::scope(|threads| {
        let started = [NAME, NAMESAKE].map(|name| threads.spawn(|| pull(&hub, &models, name)));
        started.map(|thread| thread.join().unwrap().unwrap())
    });
    assert_ne!(got[0].id, got[1].id);
    assert_has(&hub, &got[0], NAME);
    assert_has(&hub, &got[1], NAMESAKE);
}

#[test]
fn a_replacement_that_fails_or_is_cut_loses_nothing_that_has_arrived() {
    let (hub, models) = (Hub::new(), scratch("failed-swap"));
    let before = pull(&hub, &models, NAME).unwrap();
    publish(&hub);
    // What cannot be removed stands in the way of the old folder.
    let old = models.join(".downloads/tiny-model.old");
    fs::write(&old, "").unwrap();
    assert_eq!(pull(&hub, &models, NAME).unwrap_err().kind, Kind::Disk);
    let there = Store::new(&models).find("tiny-model").unwrap();
    assert_eq!(there.receipt, before.receipt, "what was there is there");
    let loads = all_loads(&hub);
    // Cut between the two renames.
    fs::remove_file(&old).unwrap();
    fs::rename(&before.folder, &old).unwrap();
    let done = pull(&hub, &models, NAME).unwrap();
    assert_eq!((done.already, all_loads(&hub)), (false, loads), "nothing is loaded again");
    assert_eq!(done.receipt.revision, "f".repeat(40));
    let left: Vec<_> =
        fs::read_dir(models.join(".downloads")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["tiny-model.lock"]);
    assert!(!done.folder.join("scumble-journal.json").exists());
}

#[test]
fn a_model_that_is_in_its_place_is_got_also_where_the_old_one_cannot_be_deleted() {
    let (hub, models) = (Hub::new(), scratch("old-stays"));
    pull(&hub, &models, NAME).unwrap();
    publish(&hub);
    // Where the old one is put to be deleted.
    fs::write(models.join(".downloads/tiny-model.removed"), "").unwrap();
    let done = pull(&hub, &models, NAME).unwrap();
    assert_eq!((done.already, done.receipt.revision.as_str()), (false, "f".repeat(40).as_str()));
    assert_eq!(fs::read(done.folder.join("text_encoder/model.onnx")).unwrap(), bytes("better", 130_000));
    // The next time it works.
    fs::remove_file(models.join(".downloads/tiny-model.removed")).unwrap();
    Store::new(&models).remove("tiny-model").unwrap();
    assert!(!models.join(".downloads/tiny-model.old").exists() && !done.folder.exists());
}

#[test]
fn an_update_asks_room_only_for_what_has_changed() {
    let (hub, models) = (Hub::new(), scratch("small-update"));
    pull(&hub, &models, NAME).unwrap();
    let with = |free| Settings { free, ..settings(&hub) };
    // Its small files are loaded, as they have no hash.
    pull_with(with(|_| Ok((64 << 20) + 10_000)), &models, NAME, true).unwrap();
    publish(&hub);
    let fault = pull_with(with(|_| Ok((64 << 20) + 130_000)), &models, NAME, false).unwrap_err();
    assert!(fault.message.starts_with("tiny-model needs 136 kB on the disk"), "{fault}");
    let loads = all_loads(&hub);
    pull_with(with(|_| Ok((64 << 20) + 140_000)), &models, NAME, false).unwrap();
    assert_eq!(all_loads(&hub), loads + 1);
}

#[test]
fn a_file_that_has_changed_on_the_disk_is_asked_room_for_when_that_is_found() {
    let (hub, models) = (Hub::new(), scratch("small-mend"));
    let done = pull(&hub, &models, NAME).unwrap();
    fs::write(done.folder.join(UNET), vec![7; 300_000]).unwrap();
    let small = Settings { free: |_| Ok((64 << 20) + 200_000), ..settings(&hub) };
    let fault = pull_with(small, &models, NAME, true).unwrap_err();
    assert!(fault.message.starts_with("unet/model.onnx needs 300 kB on the disk"), "{fault}");
    assert_eq!(fault.kind, Kind::Space);
}

#[test]
fn what_the_hubs_own_tools_have_on_the_same_disk_takes_no_room() {
    let (hub, models, cache) = (Hub::new(), scratch("small-cache"), scratch("small-cache-hub"));
    let blobs = cache.join("models--painter--tiny-model/blobs");
    fs::create_dir_all(&blobs).unwrap();
    for path in LARGE {
        fs::write(blobs.join(sha256(&hub.file(NAME, path))), hub.file(NAME, path)).unwrap();
    }
    let small = Settings { free: |_| Ok((64 << 20) + 10_000), cache: Some(cache), ..settings(&hub) };
    pull_with(small, &models, NAME, false).unwrap();
    assert_eq!(all_loads(&hub), 0);
}

/// Those of [`scratch`], as the command has them.
fn stores(models: &Path) -> Stores {
    Stores { models: Store::new(models), annotators: Store::new(models.join("annotators")) }
}

#[test]
fn what_was_got_is_found_by_its_folders_name_and_its_repositorys() {
    let (hub, models) = (two_owners(), scratch("named"));
    let (stores, own) = (stores(&models), Catalogue::own().unwrap());
    let named =
        |text: &str| -> Vec<String> { stores.named(&own, text).into_iter().map(|(_, id)| id).collect() };
    hub.play(UNET, [Play::Cut(200_000), Play::Cut(0), Play::Cut(0), Play::Cut(0)]);
    pull(&hub, &models, NAME).unwrap_err();
    assert_eq!(named("Painter/Tiny-Model"), ["tiny-model"], "what has arrived of it");
    pull(&hub, &models, NAME).unwrap();
    pull(&hub, &models, NAMESAKE).unwrap();
    let address = format!("https://hub.example/{NAMESAKE}/tree/main");
    for text in [NAMESAKE, "Sculptor/Tiny-Model", "sculptor--tiny-model", &address] {
        assert_eq!(named(text), ["sculptor--tiny-model"], "{text}");
    }
    for text in [NAME, "tiny-model"] {
        assert_eq!(named(text), ["tiny-model"], "{text}");
    }
    assert!(named("nobody/nothing").is_empty() && named("nonsense").is_empty());
}

#[test]
fn what_was_got_from_outside_the_catalogue_is_mended_by_its_folders_name() {
    let (hub, models) = (two_owners(), scratch("mended-by-name"));
    pull(&hub, &models, NAME).unwrap();
    let there = pull(&hub, &models, NAMESAKE).unwrap();
    let (store, web) = (Store::new(&models), Web::new(settings(&hub), &Watch::new()));
    for text in ["sculptor--tiny-model", "Sculptor/Tiny-Model"] {
        fs::write(there.folder.join(UNET), b"short").unwrap();
        let plan = store.plan(&web, &Catalogue::own().unwrap(), text, None, None).unwrap();
        let mended = store.pull(&web, &plan, true).unwrap();
        assert_eq!(mended.id, "sculptor--tiny-model", "{text}");
        assert_has(&hub, &mended, NAMESAKE);
    }
    assert_eq!(store.installed().len(), 2);
    // A host, too, knows it by that name from its list.
    let name = "sculptor--tiny-model".to_owned();
    let order =
        Order { want: Want::Model, name, revision: None, precision: None, anyway: false, agreed: true };
    let job = Job::new(order);
    let places = ["runtime", "annotators"].map(|name| models.join(name));
    let [runtime, annotators] = places;
    job.run(Ok(settings(&hub)), &Places { models, runtime, annotators }, &|_, _| Ok(()));
    assert_eq!((job.now().fault, job.now().folder), (None, Some(there.folder)));
}

/// Two entries of the catalogue are from one repository: what that names is not guessed.
#[test]
fn a_repository_of_which_two_things_are_here_names_both() {
    let (hub, models) = (Hub::new(), scratch("both"));
    let (stores, own) = (stores(&models), Catalogue::own().unwrap());
    let [one, other] = ["hed", "trt-pose"].map(|id| own.find(id).unwrap());
    assert_eq!(one.repository, other.repository);
    for entry in [one, other] {
        for file in &entry.files {
            hub.put(&entry.repository, &file.path, bytes(&file.path, 1000));
        }
        let web = Web::new(settings(&hub), &Watch::new());
        let plan = plan::plan(&web, &own, &entry.id, None, None).unwrap();
        stores.annotators.pull(&web, &plan, false).unwrap();
    }
    let named = stores.named(&own, &one.repository);
    assert_eq!(named.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["hed", "trt-pose"]);
    assert_eq!(stores.named(&own, "HED").len(), 1);
}
