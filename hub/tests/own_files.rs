//! What the user has put into a model's folder goes with the model when that is replaced.

mod server;

use std::fs;
use std::path::Path;

use scumble_hub::catalogue::{Catalogue, Write};
use scumble_hub::job::{Job, Now, Order, Places, Sound, State, Want};
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
    pull_named(hub, models, NAME, writes, again)
}

fn pull_named(
    hub: &Hub,
    models: &Path,
    name: &str,
    writes: &[Value],
    again: bool,
) -> Result<Installed, Fault> {
    let web = Web::new(settings(hub), &Watch::new());
    let mut plan = plan::plan(&web, &Catalogue::own()?, name, None, None)?;
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
fn settings_that_were_written_and_are_deleted_come_back_with_a_plain_pull() {
    let (hub, models) = (Hub::new(), scratch("own-deleted"));
    let own = Catalogue::own().unwrap();
    let annotator = own.find("hed").unwrap();
    for file in &annotator.files {
        hub.put(&annotator.repository, &file.path, bytes(&file.path, 1000));
    }
    for name in [NAME, annotator.id.as_str()] {
        let pull = || pull_named(&hub, &models, name, &[json!({ "native": 512 })], false).unwrap();
        let done = pull();
        assert!(!done.already && pull().already);
        // Theirs is left alone, whatever they made of it.
        put(&done, SETTINGS, br#"{ "native": 640 }"#);
        let same = pull();
        assert_eq!((same.already, read_json(&same)["native"].clone()), (true, json!(640)), "{name}");
        fs::remove_file(done.folder.join(SETTINGS)).unwrap();
        let back = pull();
        assert_eq!((back.already, read_json(&back)["native"].clone()), (false, json!(512)), "{name}");
        assert!(back.kept.is_empty() && pull().already);
    }
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
fn a_published_file_that_the_user_has_replaced_lies_beside_the_one_of_an_update() {
    const SMALL: &str = "scheduler/scheduler_config.json";
    let (hub, models) = (Hub::new(), scratch("own-replaced"));
    let first = pull(&hub, &models, &[], false).unwrap();
    put(&first, UNET, b"a network of mine");
    // Of the same size.
    let mine = vec![b'm'; hub.file(NAME, SMALL).len()];
    fs::remove_file(first.folder.join(SMALL)).unwrap();
    put(&first, SMALL, &mine);
    publish(&hub, 'f');
    // Also where the new revision has none.
    put(&first, "unet/model.onnx_data", b"my weights");
    hub.remove(NAME, "unet/model.onnx_data");
    let done = pull(&hub, &models, &[], false).unwrap();
    for path in [UNET, SMALL] {
        assert_eq!(read(&done, path).unwrap(), hub.file(NAME, path));
    }
    assert!(!done.folder.join("unet/model.onnx_data").exists());
    let kept = [(UNET, &b"a network of mine"[..]), (SMALL, &mine), ("unet/model.onnx_data", b"my weights")];
    for (path, own) in kept {
        let beside = format!("{path}.old");
        assert_eq!(read(&done, &beside).as_deref(), Some(own));
        let told = |said: &&String| said.starts_with(path) && said.contains(&beside);
        assert_eq!(done.kept.iter().filter(told).count(), 1, "{:?}", done.kept);
    }
    assert_eq!(done.kept.len(), 3, "{:?}", done.kept);
    // It goes on being theirs, and one that is as published by now is theirs no more.
    put(&done, "text_encoder/model.onnx", &bytes("better e", 130_000));
    publish(&hub, 'e');
    let done = pull(&hub, &models, &[], false).unwrap();
    assert_eq!(read(&done, &format!("{UNET}.old")).unwrap(), b"a network of mine");
    assert!(done.kept.is_empty() && !done.folder.join("text_encoder/model.onnx.old").exists());
}

#[test]
fn a_large_published_file_that_the_user_has_replaced_lies_beside_the_one_of_an_update() {
    const LARGE: &str = "vae_decoder/model.onnx";
    let (hub, models) = (Hub::new(), scratch("own-replaced-large"));
    hub.put(NAME, LARGE, bytes(LARGE, 1_100_000));
    hub.put(NAME, UNET, bytes(UNET, 1_200_000));
    pull(&hub, &models, &[], false).unwrap();
    // Of the same size; an update and a mending, and a file of theirs in the old one's place or written over it.
    for (again, by_its_name, commit, beside) in [
        (false, true, 'f', "vae_decoder/model.onnx.old"),
        (true, false, 'f', "vae_decoder/model.onnx.old.old"),
    ] {
        let there = Store::new(&models).find("tiny-model").unwrap();
        let mine = bytes(beside, 1_100_000);
        if by_its_name {
            fs::remove_file(there.folder.join(LARGE)).unwrap();
        }
        put(&there, LARGE, &mine);
        publish(&hub, commit);
        let done = pull(&hub, &models, &[], again).unwrap();
        assert!(read(&done, LARGE).unwrap() == hub.file(NAME, LARGE));
        assert!(read(&done, beside).unwrap() == mine, "{beside}");
        assert!(done.kept.len() == 1 && done.kept[0].contains(beside), "{:?}", done.kept);
    }
    assert_eq!(hub.loads(UNET).len(), 1);
}

#[test]
#[cfg(unix)]
fn links_that_stand_in_the_way_of_published_files_lie_beside_them() {
    let (hub, models) = (Hub::new(), scratch("own-replaced-by-links"));
    let first = pull(&hub, &models, &[], false).unwrap();
    let elsewhere = models.join("elsewhere.onnx");
    fs::rename(first.folder.join(UNET), &elsewhere).unwrap();
    for path in [UNET, "unet/weights.pb"] {
        std::os::unix::fs::symlink(&elsewhere, first.folder.join(path)).unwrap();
    }
    hub.put(NAME, "unet/weights.pb", b"published".to_vec());
    publish(&hub, 'f');
    let done = pull(&hub, &models, &[], false).unwrap();
    for path in [UNET, "unet/weights.pb"] {
        assert!(!done.folder.join(path).is_symlink());
        assert_eq!(read(&done, path).unwrap(), hub.file(NAME, path));
        let beside = format!("{path}.old");
        assert_eq!(fs::read_link(done.folder.join(&beside)).unwrap(), elsewhere);
        assert!(done.kept.iter().any(|said| said.contains(&beside)), "{:?}", done.kept);
    }
    assert_eq!(done.kept.len(), 2, "{:?}", done.kept);
}

/// What a host is told of it.
fn get(hub: &Hub, models: &Path, sound: &Sound) -> Now {
    let name = NAME.to_owned();
    let order =
        Order { want: Want::Model, name, revision: None, precision: None, anyway: false, agreed: true };
    let job = Job::new(order);
    let [runtime, annotators] = ["runtime", "annotators"].map(|name| models.join(name));
    job.run(Ok(settings(hub)), &Places { models: models.into(), runtime, annotators }, sound);
    job.now()
}

#[test]
fn a_host_is_told_what_was_kept_also_where_it_cannot_be_used() {
    let (hub, models) = (Hub::new(), scratch("own-told"));
    hub.put(NAME, SETTINGS, br#"{ "native": 512 }"#.to_vec());
    assert!(get(&hub, &models, &|_, _| Ok(())).kept.is_empty());
    let done = Store::new(&models).find("tiny-model").unwrap();
    put(&done, SETTINGS, br#"{ "native": 6400 }"#);
    publish(&hub, 'f');
    let now = get(&hub, &models, &|_, _| Ok(()));
    assert_eq!((now.state, now.kept.len()), (State::Done, 1), "{:?}", now.kept);
    assert!(now.kept[0].contains("scumble.json") && now.kept[0].contains("delete it there"));
    publish(&hub, 'e');
    let now = get(&hub, &models, &|_, _| Err(Fault::new(Kind::Unsupported, "6400 is too large.")));
    assert_eq!((now.state, now.kept.len()), (State::Failed, 1), "{:?}", now.kept);
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
