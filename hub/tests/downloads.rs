//! What can happen to one download, against a real server: each fault has its own sentence, and nothing that is wrong is
//! ever kept.

mod server;

use std::path::Path;
use std::time::Duration;

use scumble_hub::catalogue::Catalogue;
use scumble_hub::settings::Settings;
use scumble_hub::store::{Installed, Store};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind, plan};
use server::{COMMIT, Hub, NAME, Play, Request, UNET, bytes, scratch, settings};

fn pull_with(settings: Settings, watch: &Watch, models: &Path) -> Result<Installed, Fault> {
    let web = Web::new(settings, watch);
    let plan = plan::plan(&web, &Catalogue::own()?, NAME, None, None)?;
    Store::new(models).pull(&web, &plan, false)
}

fn pull(hub: &Hub, models: &Path) -> Result<Installed, Fault> {
    pull_with(settings(hub), &Watch::new(), models)
}

/// All that was published is there, and nothing else.
fn assert_whole(hub: &Hub, models: &Path) {
    let folder = models.join("tiny-model");
    for path in [UNET, "unet/model.onnx_data", "tokenizer/vocab.json", "model_index.json"] {
        assert!(std::fs::read(folder.join(path)).unwrap() == hub.file(NAME, path), "{path}");
    }
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&folder.join("unet")), ["model.onnx", "model.onnx_data"]);
    assert!(!folder.join("README.md").exists());
    assert_eq!(names(&models.join(".downloads")), ["tiny-model.lock"]);
}

fn assert_nothing(models: &Path) {
    assert!(!models.join("tiny-model").exists(), "half a model is shown to nobody");
}

fn ranges(requests: &[Request]) -> Vec<Option<&str>> {
    requests.iter().map(|request| request.range.as_deref()).collect()
}

/// It fails so, and says this.
fn fails(result: Result<Installed, Fault>, kind: Kind, says: &[&str]) -> Fault {
    let fault = result.expect_err("it should fail");
    assert_eq!(fault.kind, kind, "{fault}");
    for text in says {
        assert!(fault.message.contains(text), "\"{text}\" is not in: {fault}");
    }
    assert!(fault.message.ends_with('.') && !fault.message.contains("hf_secret"), "{fault}");
    fault
}

#[test]
fn a_model_arrives_whole_and_checked() {
    let (hub, models) = (Hub::new(), scratch("whole"));
    let done = pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!((done.receipt.revision.as_str(), done.already), (COMMIT, false));
    assert_eq!(done.receipt.licences[0].title, "MIT");
    assert_eq!(hub.loads(UNET).len(), 1);
    // Once more: nothing is loaded again.
    assert!(pull(&hub, &models).unwrap().already);
    assert_eq!(hub.loads(UNET).len(), 1);
}

#[test]
fn the_token_is_told_to_the_hub_and_not_to_where_it_redirects() {
    let (hub, models) = (Hub::new(), scratch("token"));
    let known = Settings { token: Some("hf_secret".into()), ..settings(&hub) };
    pull_with(known, &Watch::new(), &models).unwrap();
    for request in hub.requests() {
        let token = (request.host == "hub").then_some("Bearer hf_secret");
        assert_eq!(request.token.as_deref(), token, "{request:?}");
    }
}

#[test]
fn a_cut_link_goes_on_where_it_ended() {
    let (hub, models) = (Hub::new(), scratch("cut"));
    hub.play(UNET, [Play::Cut(100_000), Play::Cut(50_000), Play::Cut(0), Play::Cut(120_000)]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    let at = ["bytes=100000-", "bytes=150000-", "bytes=150000-", "bytes=270000-"];
    let asked = hub.loads(UNET);
    assert_eq!(ranges(&asked)[1..], at.map(Some));
}

#[test]
fn a_later_try_goes_on_where_an_earlier_one_ended() {
    let (hub, models) = (Hub::new(), scratch("later"));
    hub.play(UNET, [Play::Cut(200_000), Play::Cut(0), Play::Cut(0), Play::Cut(0)]);
    fails(pull(&hub, &models), Kind::Network, &["was cut", "what has arrived is kept"]);
    assert_nothing(&models);
    assert!(Store::new(&models).begun("tiny-model") >= 200_000);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!(ranges(&hub.loads(UNET)).last(), Some(&Some("bytes=200000-")));
    assert_eq!(hub.loads("text_encoder/model.onnx").len(), 1, "what was whole is not loaded again");
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let (hub, models) = (Hub::new(), scratch("no-ranges"));
    hub.play(UNET, [Play::Cut(100_000), Play::NoRanges]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!(hub.loads(UNET).len(), 2);
}

#[test]
fn parts_of_two_versions_are_never_joined() {
    let (hub, models) = (Hub::new(), scratch("changed"));
    // The second part says itself that it is of another version.
    hub.play(UNET, [Play::Cut(100_000), Play::Changed(bytes("other", 300_000), "\"other\"")]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!(ranges(&hub.loads(UNET)), [None, Some("bytes=100000-"), None]);
    // One that lies about it is found by the hash.
    let models = scratch("changed-silently");
    let etag: &'static str =
        Box::leak(format!("\"{}\"", server::sha256(&hub.file(NAME, UNET))).into_boxed_str());
    hub.play(UNET, [Play::Cut(100_000), Play::Changed(bytes("other", 300_000), etag)]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
}

#[test]
fn what_has_rotted_on_the_disk_is_loaded_anew() {
    let (hub, models) = (Hub::new(), scratch("rotten"));
    hub.play(UNET, [Play::Cut(100_000), Play::Cut(0), Play::Cut(0), Play::Cut(0)]);
    pull(&hub, &models).unwrap_err();
    let part = models.join(".downloads/tiny-model/unet/model.onnx.part");
    assert_eq!(std::fs::metadata(&part).unwrap().len(), 100_000);
    std::fs::write(&part, vec![7; 100_000]).unwrap();
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    // More than the whole is no beginning of it.
    let models = scratch("rotten-long");
    let part = models.join(".downloads/tiny-model/unet/model.onnx.part");
    hub.play(UNET, [Play::Cut(10), Play::Cut(0), Play::Cut(0)]);
    pull(&hub, &models).unwrap_err();
    std::fs::write(&part, vec![7; 400_000]).unwrap();
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
}

#[test]
fn a_file_with_another_hash_is_thrown_away() {
    let (hub, models) = (Hub::new(), scratch("hash"));
    hub.play(UNET, [Play::Other(bytes("evil", 300_000))]);
    fails(pull(&hub, &models), Kind::Damaged, &[UNET, NAME, "its sha256 is another one", "thrown away"]);
    assert_nothing(&models);
    assert!(!models.join(".downloads/tiny-model/unet/model.onnx").exists());
    assert!(!models.join(".downloads/tiny-model/unet/model.onnx.part").exists());
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
}

#[test]
fn a_file_of_another_size_is_not_taken() {
    let (hub, models) = (Hub::new(), scratch("size"));
    for wrong in [299_999, 300_001] {
        hub.play(UNET, [Play::Other(bytes(UNET, wrong))]);
        let says = format!("should have 300000 bytes and has {wrong}");
        fails(pull(&hub, &models), Kind::Damaged, &[UNET, &says]);
        assert_nothing(&models);
    }
    // Without a length it is found while it comes.
    hub.play(UNET, [Play::NoLength(bytes("endless", 3_000_000))]);
    fails(pull(&hub, &models), Kind::Damaged, &["should have 300000 bytes and has more than"]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
}

#[test]
fn another_commit_than_the_pinned_one_is_refused() {
    let (hub, models) = (Hub::new(), scratch("commit"));
    hub.play("hub:unet/model.onnx", [Play::Commit("ffffffffffffffffffffffffffffffffffffffff")]);
    fails(pull(&hub, &models), Kind::Damaged, &[UNET, "of another revision"]);
    assert_nothing(&models);
}

#[test]
fn refusals_say_what_to_do() {
    let hub = Hub::new();
    let page = format!("{}/{NAME}", hub.address);
    let token = Some("hf_secret".to_owned());
    let gated = "X-Error-Code: GatedRepo\r\n";
    let hidden = "X-Error-Code: RepoNotFound\r\n";
    let between = "look whether a proxy or a firewall stands between, or HF_ENDPOINT is wrong";
    let agree = format!("agree on {page}, make an access token on {}/settings/tokens", hub.address);
    for (status, more, token, kind, says) in [
        (401, gated, None, Kind::Access, vec![agree.as_str(), "HF_TOKEN"]),
        (403, gated, None, Kind::Access, vec![agree.as_str()]),
        (403, gated, token.clone(), Kind::Access, vec!["Your access token does not open", page.as_str()]),
        (403, "", token.clone(), Kind::Access, vec!["Your access token does not open"]),
        (403, "", None, Kind::Access, vec!["127.0.0.1 refuses unet/model.onnx (403)", between]),
        (407, "", None, Kind::Access, vec!["127.0.0.1 refuses unet/model.onnx (407)", between]),
        (401, hidden, None, Kind::Access, vec!["shows no painter/tiny-model to the public"]),
        (401, hidden, token.clone(), Kind::Access, vec!["does not accept your access token"]),
        (404, hidden, None, Kind::NotFound, vec!["has no file unet/model.onnx", page.as_str()]),
        (451, "", None, Kind::Access, vec!["may not give out"]),
        (418, "", None, Kind::Network, vec!["answers 418"]),
    ] {
        let models = scratch("refusals");
        hub.play("hub:unet/model.onnx", [Play::Say(status, more)]);
        fails(pull_with(Settings { token, ..settings(&hub) }, &Watch::new(), &models), kind, &says);
        assert_nothing(&models);
    }
    // Where the file really lies nobody knows of terms or tokens: the hub has let it through by then.
    for token in [None, token] {
        hub.play(UNET, [Play::Say(403, "")]);
        let known = Settings { token, ..settings(&hub) };
        let says = ["localhost refuses unet/model.onnx (403)", between];
        fails(pull_with(known, &Watch::new(), &scratch("refusals")), Kind::Access, &says);
    }
}

#[test]
fn trouble_that_passes_is_waited_for() {
    let (hub, models) = (Hub::new(), scratch("passing"));
    hub.play(UNET, [Play::Say(503, ""), Play::Say(429, "Retry-After: 0\r\n"), Play::Well]);
    hub.play("hub:vae_encoder/model.onnx", [Play::Say(500, ""), Play::Say(408, "")]);
    hub.play("vae_decoder/model.onnx", [Play::Garbage, Play::Cut(2000), Play::Say(416, "")]);
    hub.play("api", [Play::Say(502, ""), Play::Garbage]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
}

#[test]
fn trouble_that_stays_is_told() {
    let models = scratch("staying");
    for (path, play, says) in [
        (UNET, Play::Say(503, ""), "has trouble of its own (503)"),
        (UNET, Play::Say(429, "Retry-After: 0\r\n"), "has been asked too often"),
        (UNET, Play::Garbage, "in no language that is understood"),
        ("api", Play::Garbage, "in no language that is understood"),
        ("api", Play::Other(b"<html>".to_vec()), "HF_ENDPOINT is wrong"),
    ] {
        let hub = Hub::new();
        hub.play(path, vec![play; 3]);
        fails(pull(&hub, &models), Kind::Network, &[says]);
    }
    let hub = Hub::new();
    // Nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = Settings { endpoint: format!("http://127.0.0.1:{port}"), ..settings(&hub) };
    fails(
        pull_with(nobody, &Watch::new(), &models),
        Kind::Network,
        &["takes no connections", "Try again later"],
    );
    // A name that never is one (RFC 2606), as on a computer that is offline.
    let nowhere = Settings { endpoint: "http://hub.invalid".into(), ..settings(&hub) };
    fails(pull_with(nowhere, &Watch::new(), &models), Kind::Network, &["hub.invalid is not found", "online"]);
    assert_nothing(&models);
}

#[test]
fn a_stalled_link_is_made_anew_and_given_up_in_the_end() {
    let (hub, models) = (Hub::new(), scratch("stall"));
    let mut short = settings(&hub);
    short.patience.silence = Duration::from_millis(1500);
    hub.play(UNET, [Play::Stall(100_000)]);
    pull_with(short.clone(), &Watch::new(), &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!(ranges(&hub.loads(UNET)), [None, Some("bytes=100000-")]);
    let models = scratch("stall-for-ever");
    hub.play(UNET, vec![Play::Stall(0); 3]);
    fails(pull_with(short, &Watch::new(), &models), Kind::Network, &["Nothing has come from localhost"]);
    assert_nothing(&models);
}

#[test]
fn a_link_that_drips_is_as_good_as_none() {
    let (hub, models) = (Hub::new(), scratch("drip"));
    let mut short = settings(&hub);
    short.patience.window = Duration::from_millis(400);
    short.patience.least = 100_000;
    hub.play(UNET, vec![Play::Drip; 3]);
    fails(pull_with(short, &Watch::new(), &models), Kind::Network, &["localhost sends next to nothing"]);
    assert_nothing(&models);
}

#[test]
fn redirects_that_lead_nowhere_are_told() {
    let (hub, models) = (Hub::new(), scratch("redirects"));
    let circle = format!("{}/{NAME}/resolve/{COMMIT}/{UNET}", hub.address);
    hub.play("hub:unet/model.onnx", vec![Play::To(circle); 30]);
    fails(pull(&hub, &models), Kind::Network, &["redirects in circles"]);
    let hub = Hub::new();
    for wrong in ["file:///etc/passwd", "gopher://x/"] {
        hub.play("hub:unet/model.onnx", [Play::To(wrong.into())]);
        fails(pull(&hub, &models), Kind::Network, &["redirects to something that is no address"]);
    }
    assert_nothing(&models);
}

#[test]
fn a_disk_that_is_too_small_is_told_before_anything_is_loaded() {
    let (hub, models) = (Hub::new(), scratch("small-disk"));
    let small = Settings { free: |_| Ok(64_500_000), ..settings(&hub) };
    let says = ["tiny-model needs 2 MB", "where 65 MB is free", "make room there"];
    fails(pull_with(small, &Watch::new(), &models), Kind::Space, &says);
    assert!(hub.requests().iter().all(|request| request.target.starts_with("/api/")));
    assert_nothing(&models);
}

#[test]
fn cancelling_works_at_any_time_and_loses_nothing() {
    let (hub, models) = (Hub::new(), scratch("cancel"));
    // While it waits for a silent server, for as long as that takes.
    hub.play(UNET, [Play::Stall(100_000)]);
    let mut patient = settings(&hub);
    patient.patience.silence = Duration::from_secs(600);
    let watch = Watch::new();
    std::thread::scope(|threads| {
        let started = threads.spawn(|| pull_with(patient, &watch, &models));
        let part = models.join(".downloads/tiny-model/unet/model.onnx.part");
        while std::fs::metadata(&part).map_or(0, |data| data.len()) < 100_000 {
            std::thread::sleep(Duration::from_millis(5));
        }
        watch.cancel();
        fails(started.join().unwrap(), Kind::Cancelled, &["what has arrived is kept"]);
    });
    assert_nothing(&models);
    // While it pauses before another try.
    hub.play(UNET, [Play::Say(503, "Retry-After: 100\r\n")]);
    let watch = Watch::new();
    std::thread::scope(|threads| {
        let started = threads.spawn(|| pull_with(settings(&hub), &watch, &models));
        while watch.progress().note.is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(watch.progress().note.contains("trying again"));
        watch.cancel();
        fails(started.join().unwrap(), Kind::Cancelled, &[]);
    });
    // Before it begins.
    let watch = Watch::new();
    watch.cancel();
    fails(pull_with(settings(&hub), &watch, &models), Kind::Cancelled, &[]);
    pull(&hub, &models).unwrap();
    assert_whole(&hub, &models);
    assert_eq!(ranges(&hub.loads(UNET)).last(), Some(&Some("bytes=100000-")));
}

#[test]
fn two_at_once_get_one_model() {
    let (hub, models) = (Hub::new(), scratch("two"));
    let results: Vec<_> = std::thread::scope(|threads| {
        let started: Vec<_> = (0..3).map(|_| threads.spawn(|| pull(&hub, &models))).collect();
        started.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|done| !done.already).count(), 1);
    assert_eq!(hub.loads(UNET).len(), 1);
    assert_whole(&hub, &models);
    // One that waits for another can be cancelled too.
    let models = scratch("two-waiting");
    hub.play(UNET, [Play::Stall(100_000)]);
    let (first, second) = (Watch::new(), Watch::new());
    std::thread::scope(|threads| {
        let one = threads.spawn(|| pull_with(settings(&hub), &first, &models));
        while first.progress().bytes_done == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let two = threads.spawn(|| pull_with(settings(&hub), &second, &models));
        while second.progress().stage != scumble_hub::watch::Stage::Waiting {
            std::thread::sleep(Duration::from_millis(5));
        }
        second.cancel();
        fails(two.join().unwrap(), Kind::Cancelled, &[]);
        let busy = Store::new(&models).remove("tiny-model").unwrap_err();
        assert_eq!(busy.kind, Kind::Busy, "{busy}");
        first.cancel();
        fails(one.join().unwrap(), Kind::Cancelled, &[]);
    });
}
