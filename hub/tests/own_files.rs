//! What the user has put into a model's folder goes with the model when that is replaced.

mod server;

use std::fs;
use std::path::Path;

use scumble_hub::catalogue::{Catalogue, Write};
use scumble_hub::store::{Installed, RECEIPT, Store};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind, plan};
use serde_json::{Value, json};
use server::{Hub, NAME, UNET, bytes, scratch, settings};

const SETTINGS: &str = "scumble.json";
/// An embedding, a part of the user's, what listens to ControlNets.
const OWN: [&str; 3] =
    ["embeddings/deep/mine.safetensors", "preview_decoder/model.onnx", "unet/controlnet.onnx"];

/// With `writes` of the catalogue's.
fn pull(hub: &Hub, models: &Path, writes: &[Value], again: bool) -> Result<Installed, Fault> {
    let web = Web::new(settings(hub), &Watch::new());
    let mut plan = plan::plan(&web, &Catalogue::own()?, NAME, None, None)?;
    plan.writes.extend(writes.iter().map(|json| Write { to: SETTINGS.into(), json: json.clone() }));
    Store::new(models).pull(&web, &plan, again)
}

/// A new revision, of which one file has changed.
fn publish(hub: &Hub, commit: char) {
    hub.commit(NAME, &commit.to_string().repeat(40));
    hub.put(NAME, "text_encoder/model.onnx", bytes(&format!("better {commit}"), 130_000));
}

fn put(model: &Installed, path: &str, bytes: &[u8]) {
    let place = model.folder.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, bytes).unwrap();
}

fn read(model: &Installed, path: &str) -> Option<Vec<u8>> {
    fs::read(model.folder.join(path)).ok()
}

fn read_json(model: &Installed) -> Value {
    serde_json::from_slice(&read(model, SETTINGS).unwrap()).unwrap()
}

#[test]
fn what_the_user_has_put_there_outlives_a_replacement() {
    let (hub, models) = (Hub::new(), scratch("own-files"));
    let first = pull(&hub, &models, &[], false).unwrap();
    for path in OWN {
        put(&first, path, path.as_bytes());
    }
    put(&first, SETTINGS, br#"{ "parts": { "vae_decoder": "../other" } }"#);
    // What the last revision brought, and the next one does not.
    hub.remove(NAME, "unet/model.onnx_data");
    for (again, commit) in [(false, 'f'), (false, 'e'), (true, 'e')] {
        publish(&hub, commit);
        let done = pull(&hub, &models, &[], again).unwrap();
        assert!(!done.already && !done.folder.join("unet/model.onnx_data").exists());
        assert_eq!(done.receipt.revision, commit.to_string().repeat(40));
        for path in OWN {
            assert_eq!(read(&done, path).as_deref(), Some(path.as_bytes()), "{path}");
        }
        assert_eq!(read_json(&done)["parts"]["vae_decoder"], "../other");
        assert!(
            done.kept.is_empty()
                && Store::new(&models).check("tiny-model", &Watch::new()).unwrap().is_empty()
        );
    }
}

#[test]
fn settings_that_the_user_has_changed_are_kept_and_those_that_were_written_are_replaced() {
    let (hub, models) = (Hub::new(), scratch("own-settings"));
    let written = [json!({ "native": 512 }), json!({ "native": 768 })];
    pull(&hub, &models, &written[..1], false).unwrap();
    publish(&hub, 'f');
    let done = pull(&hub, &models, &written[1..], false).unwrap();
    assert_eq!((read_json(&done), done.kept.len()), (written[1].clone(), 0), "nobody has changed it");
    put(&done, SETTINGS, br#"{ "native": 768, "parts": { "unet": "../mine" } }"#);
    publish(&hub, 'e');
    for again in [false, true] {
        let done = pull(&hub, &models, &written[..1], again).unwrap();
        assert_eq!(read_json(&done)["parts"]["unet"], "../mine");
        assert!(done.kept[0].contains("scumble.json") && done.kept[0].contains("kept"), "{:?}", done.kept);
    }
    // A receipt of an earlier version does not say what was written.
    let text = fs::read_to_string(done.folder.join(RECEIPT)).unwrap();
    let mut receipt: Value = serde_json::from_str(&text).unwrap();
    assert!(receipt.as_object_mut().unwrap().remove("written").is_some());
    fs::write(done.folder.join(RECEIPT), receipt.to_string()).unwrap();
    let done = pull(&hub, &models, &written[..1], true).unwrap();
    assert_eq!(read_json(&done)["parts"]["unet"], "../mine");
}

#[test]
fn settings_of_the_repository_that_the_user_has_changed_are_kept() {
    let (hub, models) = (Hub::new(), scratch("own-settings-published"));
    hub.put(NAME, SETTINGS, br#"{ "native": 512 }"#.to_vec());
    pull(&hub, &models, &[], false).unwrap();
    hub.put(NAME, SETTINGS, br#"{ "native": 768 }"#.to_vec());
    publish(&hub, 'f');
    let done = pull(&hub, &models, &[], false).unwrap();
    assert_eq!((read_json(&done)["native"].clone(), done.kept.len()), (json!(768), 0));
    put(&done, SETTINGS, br#"{ "native": 640 }"#);
    let done = pull(&hub, &models, &[], true).unwrap();
    assert_eq!((read_json(&done)["native"].clone(), done.kept.len()), (json!(640), 1));
    // Without it that of the repository comes back.
    fs::remove_file(done.folder.join(SETTINGS)).unwrap();
    let done = pull(&hub, &models, &[], true).unwrap();
    assert_eq!((read_json(&done)["native"].clone(), done.kept.len()), (json!(768), 0));
}

#[test]
fn a_file_of_the_users_that_is_published_by_now_lies_beside_the_published_one() {
    let (hub, models) = (Hub::new(), scratch("own-published"));
    let first = pull(&hub, &models, &[], false).unwrap();
    put(&first, "unet/weights.pb", b"mine");
    put(&first, "tokenizer/special_tokens_map.json", b"the same");
    hub.put(NAME, "unet/weights.pb", b"published".to_vec());
    hub.put(NAME, "tokenizer/special_tokens_map.json", b"the same".to_vec());
    publish(&hub, 'f');
    let done = pull(&hub, &models, &[], false).unwrap();
    assert_eq!(read(&done, "unet/weights.pb").unwrap(), b"published");
    assert_eq!(read(&done, "unet/weights.pb.old").unwrap(), b"mine");
    assert!(done.kept.len() == 1 && done.kept[0].contains("unet/weights.pb.old"), "{:?}", done.kept);
    publish(&hub, 'e');
    let done = pull(&hub, &models, &[], false).unwrap();
    assert_eq!(read(&done, "unet/weights.pb.old").unwrap(), b"mine");
}

#[test]
#[cfg(unix)]
fn links_of_the_users_are_carried_as_links() {
    let (hub, models) = (Hub::new(), scratch("own-links"));
    let elsewhere = models.join("elsewhere");
    fs::create_dir_all(elsewhere.join("deep")).unwrap();
    fs::write(elsewhere.join("deep/large.onnx"), "large").unwrap();
    let first = pull(&hub, &models, &[], false).unwrap();
    let links = [("embeddings", &elsewhere), ("unet/controlnet.onnx", &elsewhere.join("deep/large.onnx"))];
    for (path, to) in links {
        std::os::unix::fs::symlink(to, first.folder.join(path)).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", first.folder.join("dangling")).unwrap();
    publish(&hub, 'f');
    let done = pull(&hub, &models, &[], false).unwrap();
    for (path, to) in links {
        assert_eq!(fs::read_link(done.folder.join(path)).unwrap(), *to);
    }
    assert_eq!(fs::read_link(done.folder.join("dangling")).unwrap(), Path::new("nowhere"));
    assert_eq!(fs::read(elsewhere.join("deep/large.onnx")).unwrap(), b"large");
}

#[test]
fn a_replacement_that_fails_at_its_end_leaves_them_and_the_next_one_takes_them_as_they_are_then() {
    let (hub, models) = (Hub::new(), scratch("own-failed"));
    let written = [json!({ "native": 512 })];
    let first = pull(&hub, &models, &written, false).unwrap();
    OWN.into_iter().for_each(|path| put(&first, path, path.as_bytes()));
    put(&first, SETTINGS, br#"{ "native": 640 }"#);
    publish(&hub, 'f');
    // What cannot be removed stands in the way of the old folder.
    let old = models.join(".downloads/tiny-model.old");
    fs::write(&old, "").unwrap();
    assert_eq!(pull(&hub, &models, &written, false).unwrap_err().kind, Kind::Disk);
    assert!(OWN.into_iter().all(|path| read(&first, path).as_deref() == Some(path.as_bytes())));
    assert_eq!(read_json(&first)["native"], 640);
    fs::remove_file(&old).unwrap();
    fs::remove_file(first.folder.join(OWN[0])).unwrap();
    fs::remove_file(first.folder.join(OWN[1])).unwrap();
    put(&first, OWN[1], b"another");
    fs::remove_file(first.folder.join(SETTINGS)).unwrap();
    let done = pull(&hub, &models, &written, false).unwrap();
    assert_eq!((read(&done, OWN[0]), read(&done, OWN[1]).unwrap()), (None, b"another".to_vec()));
    assert_eq!(read(&done, OWN[2]).as_deref(), Some(OWN[2].as_bytes()));
    assert_eq!((read_json(&done), done.kept.len()), (written[0].clone(), 0));
    assert!(!done.folder.join("preview_decoder/model.onnx.old").exists());
    assert_eq!(read(&done, UNET).unwrap(), hub.file(NAME, UNET));
}
