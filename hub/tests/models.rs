//! From a name to a folder that the engine finds: the catalogue, any repository, updates, checking and removing.

mod entry;
mod server;

use std::path::Path;

use entry::{catalogue, catalogue_that};
use scumble_hub::catalogue::Catalogue;
use scumble_hub::machine::Machine;
use scumble_hub::offers::{self, State};
use scumble_hub::plan::{self, Plan};
use scumble_hub::settings::Settings;
use scumble_hub::store::{RECEIPT, Store, Stores};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use serde_json::{Value, json};
use server::{COMMIT, Hub, NAME, Play, UNET, bytes, scratch, settings, sha256};

const OTHER: &str = "painter/tiny-decoder";

fn planned(hub: &Hub, text: &str) -> Result<Plan, Fault> {
    plan::plan(&Web::new(settings(hub), &Watch::new()), &Catalogue::own()?, text, None, None)
}

fn of_entry(hub: &Hub, catalogue: &Catalogue) -> Result<Plan, Fault> {
    plan::of_entry(&Web::new(settings(hub), &Watch::new()), catalogue, &catalogue.models[0])
}

fn pull(hub: &Hub, models: &Path, plan: &Plan, again: bool) -> Result<scumble_hub::store::Installed, Fault> {
    Store::new(models).pull(&Web::new(settings(hub), &Watch::new()), plan, again)
}

#[test]
fn an_entry_of_the_catalogue_is_put_together_from_several_repositories() {
    let (hub, models) = (Hub::new(), scratch("entry"));
    hub.put(OTHER, "decoder.onnx", bytes("decoder", 9_000));
    let catalogue = catalogue(json!([
        { "path": UNET, "size": 300_000, "sha256": null },
        { "path": "decoder.onnx", "to": "vae_decoder/model.onnx", "repository": OTHER, "size": null, "sha256": null },
    ]));
    let plan = of_entry(&hub, &catalogue).unwrap();
    // What was not known has been learnt.
    assert!(plan.items.iter().all(|item| item.revision == COMMIT && item.size.is_some()));
    assert_eq!(plan.items[1].sha256, Some(sha256(&bytes("decoder", 9_000))));
    assert_eq!(plan.bytes(), Some(309_000));
    let done = pull(&hub, &models, &plan, false).unwrap();
    assert_eq!(std::fs::read(done.folder.join("vae_decoder/model.onnx")).unwrap(), bytes("decoder", 9_000));
    let written: Value =
        serde_json::from_slice(&std::fs::read(done.folder.join("scumble.json")).unwrap()).unwrap();
    assert_eq!(written["name"], "Tiny");
    // What a layout needs of the repository, and more: what the repository has itself is not written over.
    let more = json!([{ "path": "decoder.onnx", "to": "vae_decoder/model.onnx", "repository": OTHER, "size": null,
        "sha256": null }]);
    let plan = of_entry(&hub, &catalogue_that(true, more)).unwrap();
    assert!(plan.lacks.is_empty() && plan.writes.len() == 1, "{plan:?}");
    let done = pull(&hub, &models, &plan, false).unwrap();
    let read = |path: &str| std::fs::read(done.folder.join(path)).unwrap();
    assert!(read("model_index.json") == hub.file(NAME, "model_index.json"));
    assert!(read("vae_decoder/model.onnx") == bytes("decoder", 9_000) && read(UNET) == hub.file(NAME, UNET));
}

#[test]
fn a_catalogue_that_does_not_hold_any_more_is_told() {
    let hub = Hub::new();
    let told = |files: Value| of_entry(&hub, &catalogue(files)).unwrap_err();
    let fault = told(json!([{ "path": "unet/gone.onnx", "size": 1, "sha256": null }]));
    assert_eq!(fault.kind, Kind::NotFound);
    assert!(
        fault.message.contains("has no file unet/gone.onnx") && fault.message.contains("update Scumble"),
        "{fault}"
    );
    let other = json!([{ "path": UNET, "size": 300_000, "sha256": "0".repeat(64) }]);
    for files in [other, json!([{ "path": UNET, "size": 5, "sha256": null }])] {
        let fault = told(files);
        assert_eq!(fault.kind, Kind::Damaged);
        assert!(fault.message.contains("is another file than the one in the catalogue"), "{fault}");
    }
}

#[test]
fn a_mirror_that_tells_nothing_serves_what_the_catalogue_knows() {
    let (hub, models) = (Hub::new(), scratch("silent"));
    let entry = json!([{ "path": UNET, "size": 300_000, "sha256": sha256(&hub.file(NAME, UNET)) }]);
    hub.play("api", [Play::Say(404, "")]);
    let plan = of_entry(&hub, &catalogue(entry)).unwrap();
    assert!(plan.said[0].contains("could not be asked"), "{:?}", plan.said);
    pull(&hub, &models, &plan, false).unwrap();
    // But not what nobody knows.
    hub.play("api", [Play::Say(404, "")]);
    let unknown = json!([{ "path": UNET, "size": null, "sha256": null }]);
    assert_eq!(of_entry(&hub, &catalogue(unknown)).unwrap_err().kind, Kind::NotFound);
    // Nor where another file of that repository has done without: it is asked once for both.
    hub.put(OTHER, "decoder.onnx", bytes("decoder", 9_000));
    let of_other = |path: &str, size: Option<u64>| {
        json!({ "path": path, "repository": OTHER, "revision": COMMIT,
        "size": size, "sha256": null })
    };
    hub.play("api", [Play::Say(404, "")]);
    let both = catalogue(json!([of_other("decoder.onnx", Some(9_000)), of_other("encoder.onnx", None)]));
    assert_eq!(of_entry(&hub, &both).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn an_annotator_is_got_into_a_folder_of_its_own_and_is_never_a_model() {
    let (hub, data, name) = (Hub::new(), scratch("annotator"), "painter/eyes");
    hub.put(name, "onnx/model.onnx", bytes("eyes", 50_000));
    let entry = json!({
        "id": "eyes", "title": "Eyes", "family": "Depth", "makes": "depth", "good_at": "Tests.", "memory_mb": 300,
        "device": "Anything.", "licences": ["mit"], "repository": name, "revision": null, "about_mb": 1,
        "choose": false, "files": [{ "path": "onnx/model.onnx", "size": null, "sha256": null }], "writes": [],
    });
    let licence = json!({ "title": "MIT", "plain": "Free for every use.", "url": "https://opensource.org/license/mit" });
    let text = json!({ "licences": { "mit": licence }, "models": [], "annotators": [entry] }).to_string();
    let catalogue = Catalogue::parse(&text).unwrap();
    let stores =
        Stores { models: Store::new(data.join("models")), annotators: Store::new(data.join("annotators")) };
    let web = Web::new(settings(&hub), &Watch::new());
    let plan = plan::plan(&web, &catalogue, "eyes", None, None).unwrap();
    assert_eq!((plan.makes.as_deref(), plan.items[0].sha256.is_some()), (Some("depth"), true));
    let done = stores.of(plan.makes.as_deref()).pull(&web, &plan, false).unwrap();
    assert_eq!(done.folder, data.join("annotators/eyes"));
    let said: Value =
        serde_json::from_slice(&std::fs::read(done.folder.join("scumble.json")).unwrap()).unwrap();
    assert_eq!(said["annotates"], "depth", "by which the engine finds it");
    assert!(std::fs::read(done.folder.join("onnx/model.onnx")).unwrap() == bytes("eyes", 50_000));

    let machine = Machine::default();
    assert!(offers::models(&catalogue, &stores.models, &machine).is_empty());
    let offered = offers::annotators(&catalogue, &stores.annotators, &machine);
    assert_eq!((offered[0].state, offered[0].makes.as_deref()), (State::Here, Some("depth")));
    let named = stores.named(&catalogue, "Eyes");
    assert_eq!(named.len(), 1);
    let (store, _) = named[0];
    assert!(store.check("eyes", &Watch::new()).unwrap().is_empty());
    std::fs::write(done.folder.join("onnx/model.onnx"), b"short").unwrap();
    assert_eq!(store.check("eyes", &Watch::new()).unwrap(), ["onnx/model.onnx has 5 bytes instead of 50000"]);
    assert_eq!(offers::annotators(&catalogue, store, &machine)[0].state, State::Begun);
    assert!(store.remove("eyes").unwrap() > 0 && !done.folder.exists());
    assert_eq!(store.remove("eyes").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn of_a_file_whose_hash_is_known_no_other_is_taken() {
    let (hub, own) = (Hub::new(), Catalogue::own().unwrap());
    let entry = own.find("depth-anything-v2-small").unwrap();
    hub.put(&entry.repository, "onnx/model.onnx", bytes("somebody else's", 50_000));
    hub.put(&entry.repository, "preprocessor_config.json", b"{}".to_vec());
    hub.commit(&entry.repository, entry.revision.as_ref().unwrap());
    let fault = planned(&hub, &entry.id).unwrap_err();
    assert_eq!(fault.kind, Kind::Damaged);
    assert!(fault.message.contains("is another file than the one in the catalogue"), "{fault}");
}

#[test]
fn any_repository_is_looked_at_and_what_a_layout_needs_chosen() {
    let hub = Hub::new();
    hub.put(NAME, "unet/model_fp16.onnx", bytes("half", 1000));
    hub.put(NAME, "unet/diffusion_pytorch_model.safetensors", bytes("torch", 1000));
    let plan = planned(&hub, &format!("{}/{NAME}/tree/main", hub.address)).unwrap();
    assert_eq!((plan.id.as_str(), plan.revision.as_str()), ("tiny-model", COMMIT));
    assert_eq!(plan.said, ["unet/model.onnx, not unet/model_fp16.onnx"]);
    assert!(plan.lacks.is_empty(), "{:?}", plan.lacks);
    let paths: Vec<&str> = plan.items.iter().map(|item| item.path.as_str()).collect();
    assert!(!paths.iter().any(|path| path.contains("fp16") || path.contains("safetensors")), "{paths:?}");
    // A list in pages, of which a mirror names the second one by the real hub's address.
    hub.in_pages();
    assert_eq!(planned(&hub, NAME).unwrap(), plan);
    // The other precision by name; a name of the catalogue's is not taken away from it.
    let web = Web::new(settings(&hub), &Watch::new());
    let half = plan::plan(&web, &Catalogue::own().unwrap(), NAME, Some(COMMIT), Some("fp16")).unwrap();
    assert!(half.items.iter().any(|item| item.path == "unet/model_fp16.onnx"));

    // Got again it stays in that precision, unless another is asked for.
    let models = scratch("precision");
    pull(&hub, &models, &half, false).unwrap();
    let store = Store::new(&models);
    let again = |precision| store.plan(&web, &Catalogue::own().unwrap(), NAME, None, precision).unwrap();
    for (precision, unet) in [(None, "unet/model_fp16.onnx"), (Some("fp32"), "unet/model.onnx")] {
        let plan = again(precision);
        assert!(plan.items.iter().any(|item| item.path == unet), "{precision:?}");
    }
    // What the network that denoises is in counts, not a part that lies there in one precision alone.
    let paths = ["text_encoder/model_quantized.onnx", "unet/model.onnx", "vae_decoder/model_fp16.onnx"];
    assert_eq!(scumble_hub::choose::precision_among(paths), None);
    assert_eq!(scumble_hub::choose::precision_among(["vae/model.onnx", "onnx/unet_fp16.onnx"]), Some("fp16"));
    for path in [UNET, "text_encoder/model.onnx"] {
        hub.put("painter/sdxl", path, bytes(path, 100));
    }
    let plan = planned(&hub, "painter/sdxl").unwrap();
    assert_eq!(plan.id, "painter--sdxl");
    assert_eq!(plan.lacks, ["vae_encoder", "vae_decoder", "tokenizer", "scheduler"]);
}

#[test]
fn repositories_that_are_not_there_or_not_open_are_told() {
    let hub = Hub::new();
    let fault = planned(&hub, "nobody/nothing").unwrap_err();
    assert_eq!(fault.kind, Kind::Access);
    assert!(fault.message.contains("shows no nobody/nothing to the public"), "{fault}");
    let fault = planned(&hub, "nonsense").unwrap_err();
    assert_eq!(fault.kind, Kind::Usage);
    assert!(fault.message.contains("neither in the catalogue nor a repository"), "{fault}");
    let web = Web::new(settings(&hub), &Watch::new());
    let fault = plan::plan(&web, &Catalogue::own().unwrap(), NAME, Some("v9"), None).unwrap_err();
    assert!(fault.message.contains("or not at this revision"), "{fault}");
    hub.gate();
    assert!(planned(&hub, NAME).unwrap().gated);
}

#[test]
fn no_name_from_outside_leaves_the_folder() {
    let (hub, models) = (Hub::new(), scratch("unsafe"));
    for wrong in
        ["../../evil.onnx", "/etc/evil.onnx", "unet/..\\..\\evil.onnx", "C:/evil.onnx", "unet/\u{0}.onnx"]
    {
        hub.tell(json!([{ "type": "file", "path": wrong, "size": 10 }]));
        let fault = planned(&hub, NAME).unwrap_err();
        assert_eq!(fault.kind, Kind::Unsafe);
        assert!(fault.message.contains("would not stay in the model's folder"), "{fault}");
    }
    // Nor a plan from elsewhere, nor what a receipt says.
    let hub = Hub::new();
    let mut plan = planned(&hub, NAME).unwrap();
    plan.items[0].to = "../../evil".into();
    assert_eq!(pull(&hub, &models, &plan, false).unwrap_err().kind, Kind::Unsafe);
    plan.id = "../evil".into();
    assert_eq!(pull(&hub, &models, &plan, false).unwrap_err().kind, Kind::Unsafe);
    std::fs::create_dir_all(models.join("odd")).unwrap();
    let receipt = json!({ "title": "Odd", "repository": NAME, "revision": COMMIT, "licences": [],
        "files": [{ "path": "../../secret", "size": 1, "sha256": "0".repeat(64) }] });
    std::fs::write(models.join("odd").join(RECEIPT), receipt.to_string()).unwrap();
    let store = Store::new(&models);
    assert!(store.find("odd").is_none() && store.find("..").is_none() && store.find("../odd").is_none());
    for id in ["..", "../odd", "", ".downloads", "odd"] {
        assert_eq!(store.remove(id).unwrap_err().kind, Kind::NotFound, "{id}");
        assert_eq!(store.check(id, &Watch::new()).unwrap_err().kind, Kind::NotFound, "{id}");
    }
    assert!(models.join("odd").is_dir() && !models.parent().unwrap().join("evil").exists());
}

/// Nobody is to blame for a picture's name.
#[test]
fn a_name_that_no_system_has_keeps_nothing_from_coming_that_does_without_it() {
    let (hub, models) = (Hub::new(), scratch("odd-names"));
    let odd =
        ["samples/what is this?.png", "aux.md", "pictures/a: b.webp", "notes/trailing. ", "unet/con.png"];
    odd.iter().for_each(|path| hub.put(NAME, path, bytes(path, 10)));
    let done = pull(&hub, &models, &planned(&hub, NAME).unwrap(), false).unwrap();
    assert!(done.receipt.files.iter().all(|file| !odd.contains(&file.path.as_str())));
    // One that is needed is refused before anything is loaded.
    hub.put(NAME, "unet/what?.onnx_data", bytes("odd", 10));
    let fault = planned(&hub, NAME).unwrap_err();
    assert_eq!(fault.kind, Kind::Unsafe);
    assert!(
        fault.message.contains("unet/what?.onnx_data") && fault.message.contains("no name for a file"),
        "{fault}"
    );
}

#[test]
fn a_precision_does_not_turn_an_entry_with_files_of_its_own_into_its_repository() {
    let hub = Hub::new();
    let files = json!([{ "path": UNET, "size": 300_000, "sha256": null }]);
    let web = Web::new(settings(&hub), &Watch::new());
    let plan = |choose, text| {
        plan::plan(&web, &catalogue_that(choose, files.clone()), text, None, Some("fp16")).unwrap()
    };
    let entry = plan(false, "tiny");
    assert_eq!((entry.id.as_str(), entry.writes.len()), ("tiny", 2));
    assert!(
        entry.said.iter().any(|line| line.contains("fp16 does not apply") && line.contains(NAME)),
        "{:?}",
        entry.said
    );
    // Of what is chosen there, and of the repository by its own name, it holds.
    assert_eq!(plan(true, "tiny").id, "tiny-model");
    assert_eq!(plan(false, NAME).id, "tiny-model");
}

#[test]
fn what_the_hubs_own_tools_have_loaded_is_not_loaded_again() {
    let (hub, models, cache) = (Hub::new(), scratch("cache"), scratch("cache-hub"));
    let blobs = cache.join("models--painter--tiny-model/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    for (path, rotten) in [(UNET, false), ("vae_encoder/model.onnx", true)] {
        let mut bytes = hub.file(NAME, path);
        let name = sha256(&bytes);
        bytes[5] ^= u8::from(rotten);
        std::fs::write(blobs.join(name), bytes).unwrap();
    }
    let own = Settings { cache: Some(cache), ..settings(&hub) };
    let web = Web::new(own, &Watch::new());
    let plan = plan::plan(&web, &Catalogue::own().unwrap(), NAME, None, None).unwrap();
    let done = Store::new(&models).pull(&web, &plan, false).unwrap();
    assert_eq!(hub.loads(UNET).len(), 0);
    assert_eq!(hub.loads("vae_encoder/model.onnx").len(), 1, "what is damaged there is loaded");
    for path in [UNET, "vae_encoder/model.onnx"] {
        assert!(std::fs::read(done.folder.join(path)).unwrap() == hub.file(NAME, path), "{path}");
    }
}

#[test]
fn a_new_revision_brings_only_what_has_changed() {
    let (hub, models) = (Hub::new(), scratch("update"));
    pull(&hub, &models, &planned(&hub, NAME).unwrap(), false).unwrap();
    let next = "f".repeat(40);
    hub.commit(NAME, &next);
    hub.put(NAME, "text_encoder/model.onnx", bytes("better", 130_000));
    let done = pull(&hub, &models, &planned(&hub, NAME).unwrap(), false).unwrap();
    assert_eq!((done.already, done.receipt.revision), (false, next));
    assert_eq!((hub.loads(UNET).len(), hub.loads("text_encoder/model.onnx").len()), (1, 2));
    assert_eq!(std::fs::read(done.folder.join("text_encoder/model.onnx")).unwrap(), bytes("better", 130_000));
    assert!(std::fs::read(done.folder.join(UNET)).unwrap() == hub.file(NAME, UNET));
}

#[test]
fn a_model_is_checked_mended_and_removed() {
    let (hub, models) = (Hub::new(), scratch("check"));
    let store = Store::new(&models);
    let plan = planned(&hub, NAME).unwrap();
    let done = pull(&hub, &models, &plan, false).unwrap();
    assert_eq!(store.check("tiny-model", &Watch::new()).unwrap(), Vec::<String>::new());
    let unet = done.folder.join(UNET);
    let mut changed = std::fs::read(&unet).unwrap();
    changed[1000] ^= 1;
    std::fs::write(&unet, changed).unwrap();
    std::fs::write(done.folder.join("vae_encoder/model.onnx"), b"short").unwrap();
    std::fs::remove_file(done.folder.join("tokenizer/vocab.json")).unwrap();
    let mut wrong = store.check("tiny-model", &Watch::new()).unwrap();
    wrong.sort();
    assert_eq!(
        wrong,
        [
            "tokenizer/vocab.json is missing",
            "unet/model.onnx has changed since it arrived",
            "vae_encoder/model.onnx has 5 bytes instead of 70000",
        ]
    );
    pull(&hub, &models, &plan, true).unwrap();
    assert!(store.check("tiny-model", &Watch::new()).unwrap().is_empty());
    assert_eq!((hub.loads(UNET).len(), hub.loads("vae_decoder/model.onnx").len()), (2, 1));
    // A cut while the old folder was being replaced: it is put back, and nothing loaded.
    std::fs::rename(&done.folder, models.join(".downloads/tiny-model.old")).unwrap();
    assert!(pull(&hub, &models, &plan, false).unwrap().already);
    assert_eq!(store.installed().len(), 1);
    assert!(store.remove("tiny-model").unwrap() > 1_000_000);
    assert!(!done.folder.exists() && store.installed().is_empty());
    assert_eq!(store.remove("tiny-model").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn somebodys_own_folder_is_left_alone() {
    let (hub, models) = (Hub::new(), scratch("own"));
    std::fs::create_dir_all(models.join("tiny-model")).unwrap();
    std::fs::write(models.join("tiny-model/mine.txt"), "mine").unwrap();
    let fault = pull(&hub, &models, &planned(&hub, NAME).unwrap(), false).unwrap_err();
    assert_eq!(fault.kind, Kind::Disk);
    assert!(fault.message.contains("was not put there by Scumble; rename or delete it"), "{fault}");
    let fault = Store::new(&models).remove("tiny-model").unwrap_err();
    assert!(fault.message.contains("delete it yourself"), "{fault}");
    assert_eq!(std::fs::read_to_string(models.join("tiny-model/mine.txt")).unwrap(), "mine");
    assert_eq!(hub.loads(UNET).len(), 0, "told before anything is loaded");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let hub = Hub::new();
    let plan = planned(&hub, NAME).unwrap();
    let fault = pull(&hub, Path::new("/proc/nobody/models"), &plan, false).unwrap_err();
    assert_eq!(fault.kind, Kind::Disk);
    assert!(fault.message.starts_with("Cannot make the folder /proc/nobody/models"), "{fault}");
}
