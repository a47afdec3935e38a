//! What lies in a model's folder against what arrived there: what is damaged or gone is told and offered anew, and what is the
//! user's is known.

mod entry;
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use entry::catalogue;
use scumble_hub::Kind;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::machine::Machine;
use scumble_hub::offers::{self, Offer, State};
use scumble_hub::plan::{self, Plan};
use scumble_hub::store::{Installed, Store};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use serde_json::json;
use server::{Hub, NAME, Play, UNET, bytes, scratch, settings};

const SETTINGS: &str = "scumble.json";
const ENCODER: &str = "text_encoder/model.onnx";

fn web(hub: &Hub) -> Web {
    Web::new(settings(hub), &Watch::new())
}

/// The U-Net and the text encoder; `scumble.json` and `model_index.json` are written.
fn tiny() -> Catalogue {
    catalogue(json!([
        { "path": UNET, "size": 300_000, "sha256": null },
        { "path": ENCODER, "size": 120_000, "sha256": null },
    ]))
}

fn of_entry(hub: &Hub) -> Plan {
    plan::of_entry(&web(hub), &tiny(), &tiny().models[0]).unwrap()
}

fn of_repository(hub: &Hub) -> Plan {
    plan::plan(&web(hub), &Catalogue::own().unwrap(), NAME, None, None).unwrap()
}

fn pull(hub: &Hub, models: &Path, plan: &Plan) -> Installed {
    Store::new(models).pull(&web(hub), plan, false).unwrap()
}

fn offered(models: &Path, catalogue: &Catalogue, id: &str) -> Offer {
    let all = offers::models(catalogue, &Store::new(models), &Machine::default());
    all.into_iter().find(|offer| offer.id == id).unwrap()
}

fn checked(models: &Path, id: &str) -> Vec<String> {
    Store::new(models).check(id, &Watch::new()).unwrap()
}

#[test]
fn what_is_damaged_or_incomplete_is_no_model_that_is_here() {
    let (hub, models) = (Hub::new(), scratch("offered"));
    let done = pull(&hub, &models, &of_entry(&hub));
    let now = || offered(&models, &tiny(), "tiny");
    let is_here = |offer: &Offer| {
        let here = (offer.state, offer.arrived, offer.folder.as_ref());
        assert_eq!(here, (State::Here, 420_000, Some(&done.folder)));
    };
    is_here(&now());
    let short = |path: &str| fs::write(done.folder.join(path), b"short").unwrap();
    let gone = |path: &str| fs::remove_file(done.folder.join(path)).unwrap();
    let damages: [(&dyn Fn(), u64); 4] = [
        (&|| short(ENCODER), 300_000),
        (&|| gone(ENCODER), 300_000),
        (&|| gone(SETTINGS), 420_000),
        (&|| gone("model_index.json"), 420_000),
    ];
    for (number, (damage, arrived)) in damages.into_iter().enumerate() {
        damage();
        let offer = now();
        let begun = (offer.state, offer.arrived, offer.bytes, offer.folder);
        assert_eq!(begun, (State::Begun, arrived, 420_000, None), "{number}");
        // What a host does then brings what is missing.
        assert!(!pull(&hub, &models, &of_entry(&hub)).already);
        is_here(&now());
    }
    assert_eq!((hub.loads(UNET).len(), hub.loads(ENCODER).len()), (1, 3), "and nothing else");
    // What the user may change is not damaged by that.
    short(SETTINGS);
    is_here(&now());
    assert!(pull(&hub, &models, &of_entry(&hub)).already);
}

#[test]
fn what_is_mended_stays_where_it_is_meanwhile() {
    let (hub, models) = (Hub::new(), scratch("offered-meanwhile"));
    let done = pull(&hub, &models, &of_repository(&hub));
    let now = || offered(&models, &Catalogue::own().unwrap(), "tiny-model");
    let all = now().arrived;
    fs::write(done.folder.join(ENCODER), b"short").unwrap();
    assert_eq!(
        (now().state, now().arrived),
        (State::Begun, all - 120_000),
        "also from outside the catalogue"
    );
    hub.play(ENCODER, [Play::Cut(100_000), Play::Cut(0), Play::Cut(0), Play::Cut(0)]);
    Store::new(&models).pull(&web(&hub), &of_repository(&hub), false).unwrap_err();
    assert!(fs::read(done.folder.join(UNET)).unwrap() == hub.file(NAME, UNET));
    assert_eq!(now().state, State::Begun);
    pull(&hub, &models, &of_repository(&hub));
    assert_eq!((now().state, now().arrived), (State::Here, all));
    assert_eq!(hub.loads(ENCODER).last().unwrap().range.as_deref(), Some("bytes=100000-"));
}

#[test]
fn a_file_that_is_gone_here_and_at_the_hub_is_missed_by_nobody() {
    let (hub, models) = (Hub::new(), scratch("offered-gone"));
    let done = pull(&hub, &models, &of_repository(&hub));
    let data = "unet/model.onnx_data";
    hub.remove(NAME, data);
    fs::remove_file(done.folder.join(data)).unwrap();
    let now = || offered(&models, &Catalogue::own().unwrap(), "tiny-model").state;
    assert_eq!(now(), State::Begun);
    assert!(!pull(&hub, &models, &of_repository(&hub)).already);
    assert_eq!((now(), checked(&models, "tiny-model")), (State::Here, Vec::new()));
    assert!(pull(&hub, &models, &of_repository(&hub)).already);
}

#[test]
fn published_settings_that_the_user_has_changed_are_no_damage() {
    let (hub, models) = (Hub::new(), scratch("checked-settings"));
    hub.put(NAME, SETTINGS, br#"{ "native": 512 }"#.to_vec());
    let done = pull(&hub, &models, &of_repository(&hub));
    let state = || offered(&models, &Catalogue::own().unwrap(), "tiny-model").state;
    for own in [&br#"{ "native": 640 }"#[..], br#"{ "native": 640, "name": "Mine" }"#] {
        fs::write(done.folder.join(SETTINGS), own).unwrap();
        assert_eq!((checked(&models, "tiny-model"), state()), (Vec::new(), State::Here));
        assert!(pull(&hub, &models, &of_repository(&hub)).already);
        assert!(fs::read(done.folder.join(SETTINGS)).unwrap() == own);
    }
    fs::remove_file(done.folder.join(SETTINGS)).unwrap();
    let told = vec!["scumble.json is missing".to_owned()];
    assert_eq!((checked(&models, "tiny-model"), state()), (told, State::Begun));
}

#[test]
fn what_was_written_and_is_gone_or_damaged_is_told() {
    let (hub, models) = (Hub::new(), scratch("checked-written"));
    let done = pull(&hub, &models, &of_entry(&hub));
    assert!(checked(&models, "tiny").is_empty());
    fs::write(done.folder.join(SETTINGS), b"{ \"name\": \"Mine\" }").unwrap();
    assert!(checked(&models, "tiny").is_empty());
    fs::write(done.folder.join("model_index.json"), b"").unwrap();
    assert_eq!(checked(&models, "tiny"), ["model_index.json has 0 bytes instead of 2"]);
    for path in [SETTINGS, "model_index.json"] {
        fs::remove_file(done.folder.join(path)).unwrap();
    }
    let mut told = checked(&models, "tiny");
    told.sort();
    assert_eq!(told, ["model_index.json is missing", "scumble.json is missing"]);
}

#[test]
fn the_users_own_files_are_named() {
    let (hub, models) = (Hub::new(), scratch("checked-own"));
    hub.put(NAME, UNET, bytes(UNET, 1_200_000));
    let plan = of_repository(&hub);
    let done = pull(&hub, &models, &plan);
    let store = Store::new(&models);
    let named = |id: &str| store.own_files(id, &Watch::new()).unwrap();
    assert!(named("tiny-model").is_empty() && named("nothing").is_empty());
    let put = |path: &str, bytes: &[u8]| {
        let place = done.folder.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    };
    put("embeddings/deep/mine.safetensors", b"mine");
    put(SETTINGS, b"{}");
    // In the place of what was published, of the same size.
    put(UNET, &bytes("mine", 1_200_000));
    // As it arrived, and what nobody wants.
    put(ENCODER, &hub.file(NAME, ENCODER));
    put("unet/model.onnx_data.part", b"half");
    let own = ["embeddings/deep/mine.safetensors", SETTINGS, UNET];
    assert_eq!(named("tiny-model"), own.map(PathBuf::from));
    let watch = Watch::new();
    watch.cancel();
    assert_eq!(store.own_files("tiny-model", &watch).unwrap_err().kind, Kind::Cancelled);
}
