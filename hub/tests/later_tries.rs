//! What a later try finds of an earlier one is taken for what it is: not thrown away because the hub says less, or has another
//! commit by now, and not taken for sound because it is there.

mod entry;
mod server;

use std::path::Path;

use entry::catalogue;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::plan::{self, Plan};
use scumble_hub::store::{Installed, Store};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use serde_json::json;
use server::{COMMIT, Hub, NAME, Play, UNET, bytes, scratch, settings, sha256};

const ENCODER: &str = "text_encoder/model.onnx";

fn web(hub: &Hub) -> Web {
    Web::new(settings(hub), &Watch::new())
}

/// Of a pinned revision, with sizes and without hashes.
fn of_entry(hub: &Hub) -> Plan {
    let file = |path: &str| json!({ "path": path, "size": hub.file(NAME, path).len(), "sha256": null });
    let own = catalogue(json!([file(ENCODER), file(UNET)]));
    plan::of_entry(&web(hub), &own, &own.models[0]).unwrap()
}

fn pull(hub: &Hub, models: &Path, plan: &Plan) -> Result<Installed, Fault> {
    Store::new(models).pull(&web(hub), plan, false)
}

fn pull_repository(hub: &Hub, models: &Path) -> Result<Installed, Fault> {
    let plan = plan::plan(&web(hub), &Catalogue::own()?, NAME, None, None)?;
    pull(hub, models, &plan)
}

/// The U-Net's first 200000 bytes arrive, and all that comes before it.
fn is_cut(hub: &Hub) {
    hub.play(UNET, [Play::Cut(200_000), Play::Cut(0), Play::Cut(0)]);
}

/// From where the U-Net was asked for, after those tries.
fn asked(hub: &Hub) -> Vec<Option<String>> {
    hub.loads(UNET).into_iter().skip(3).map(|request| request.range).collect()
}

fn assert_whole(hub: &Hub, done: &Installed) {
    for path in [ENCODER, UNET] {
        assert!(std::fs::read(done.folder.join(path)).unwrap() == hub.file(NAME, path), "{path}");
    }
}

fn begun_at() -> Option<String> {
    Some("bytes=200000-".to_owned())
}

#[test]
fn a_later_try_that_cannot_ask_the_hub_goes_on_where_an_earlier_one_ended() {
    for silence in [vec![Play::Say(404, "")], vec![Play::Say(503, ""); 3]] {
        let (hub, models) = (Hub::new(), scratch("later-silent"));
        is_cut(&hub);
        assert_eq!(pull(&hub, &models, &of_entry(&hub)).unwrap_err().kind, Kind::Network);
        hub.play("api", silence);
        let plan = of_entry(&hub);
        assert!(plan.items.iter().all(|item| item.sha256.is_none()), "nobody says it");
        let done = pull(&hub, &models, &plan).unwrap();
        assert_whole(&hub, &done);
        assert_eq!(asked(&hub), [begun_at()]);
        assert_eq!(hub.loads(ENCODER).len(), 1, "what was whole is not loaded again");
    }
}

#[test]
fn what_an_earlier_try_was_told_of_a_file_holds_where_a_later_one_is_told_nothing() {
    let (hub, models) = (Hub::new(), scratch("later-known"));
    is_cut(&hub);
    pull(&hub, &models, &of_entry(&hub)).unwrap_err();
    hub.play("api", [Play::Say(404, "")]);
    let etag: &'static str = Box::leak(format!("\"{}\"", sha256(&hub.file(NAME, UNET))).into_boxed_str());
    hub.play(UNET, [Play::Changed(bytes("other", 300_000), etag)]);
    let done = pull(&hub, &models, &of_entry(&hub)).unwrap();
    assert_whole(&hub, &done);
    assert_eq!(asked(&hub), [begun_at(), None], "the hash says that it is not the file");
}

#[test]
fn what_came_without_a_hash_is_compared_when_there_is_one() {
    let (hub, models) = (Hub::new(), scratch("later-compared"));
    hub.play("api", [Play::Say(404, "")]);
    hub.play(ENCODER, [Play::Other(bytes("other", 120_000))]);
    is_cut(&hub);
    pull(&hub, &models, &of_entry(&hub)).unwrap_err();
    let done = pull(&hub, &models, &of_entry(&hub)).unwrap();
    assert_whole(&hub, &done);
    assert_eq!((asked(&hub), hub.loads(ENCODER).len()), (vec![begun_at()], 2));
    assert!(Store::new(&models).check("tiny", &Watch::new()).unwrap().is_empty());
}

#[test]
fn a_later_try_after_a_new_commit_goes_on_where_an_earlier_one_ended() {
    let next = "f".repeat(40);
    let with = |name: &str, meanwhile: &dyn Fn(&Hub)| {
        let (hub, models) = (Hub::new(), scratch(name));
        is_cut(&hub);
        pull_repository(&hub, &models).unwrap_err();
        hub.commit(NAME, &next);
        meanwhile(&hub);
        let done = pull_repository(&hub, &models).unwrap();
        assert_whole(&hub, &done);
        assert_ne!(COMMIT, next);
        assert_eq!(done.receipt.revision, next);
        assert_eq!(hub.loads(ENCODER).len(), 1, "it is the same file");
        asked(&hub)
    };
    assert_eq!(with("later-commit", &|_| ()), [begun_at()]);
    // A server that calls it another version there begins anew.
    let other_name = |hub: &Hub| hub.play(UNET, [Play::Changed(hub.file(NAME, UNET), "\"other\"")]);
    assert_eq!(with("later-commit-name", &other_name), [begun_at(), None]);
    // And so does what is another file by now.
    let other_file = |hub: &Hub| hub.put(NAME, UNET, bytes("better", 300_000));
    assert_eq!(with("later-commit-file", &other_file), [None]);
}
