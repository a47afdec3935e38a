//! A C host gets a model through the shared library: from a hub of our own, with all that can happen on the way.

mod support;

#[path = "../hub/tests/server/mod.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use scumble::ffi::constants::*;
use server::{Hub, NAME, Play, UNET};
use support::c;

/// A user with an empty data folder, and a hub that has models/tiny/turbo as NAME.
struct User {
    data: PathBuf,
    hub: Hub,
}

/// A line of what a download came to.
#[derive(Debug, PartialEq)]
struct Came {
    state: u32,
    error: i32,
    bytes_done: u64,
    bytes: u64,
    folder: String,
    message: String,
}

impl User {
    fn new(name: &str) -> User {
        let (data, hub) = (c::scratch(&format!("downloads-{name}")), Hub::new());
        let model = support::header::root().join("models/tiny/turbo");
        put(&hub, &model, &model);
        User { data, hub }
    }

    fn host(&self, flags: &[&str], args: &[&str]) -> Command {
        let mut command = Command::new(c::program("downloads", flags));
        command.args(args).env_clear().env("HOME", &self.data).env("XDG_DATA_HOME", &self.data);
        command.env("HF_ENDPOINT", &self.hub.address).env("SCUMBLE_WHEELS", &self.hub.address);
        command
    }

    fn run(&self, args: &[&str]) -> Vec<Came> {
        let output = self.host(&[], args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", c::said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let came = |line: &str| {
            let fields: Vec<&str> = line.splitn(6, '\t').collect();
            let [state, error, bytes_done, bytes, folder, message] = fields[..] else {
                panic!("not a line: {line}")
            };
            Came {
                state: state.parse().unwrap(),
                error: error.parse().unwrap(),
                bytes_done: bytes_done.parse().unwrap(),
                bytes: bytes.parse().unwrap(),
                folder: folder.into(),
                message: message.into(),
            }
        };
        text.lines().map(came).collect()
    }

    fn get(&self) -> Came {
        self.run(&["get", NAME]).pop().unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.data.join("scumble/models/tiny-model")
    }

    /// It fails so, and says this; nothing of it is shown to anybody.
    fn fails(&self, args: &[&str], error: i32, says: &[&str]) {
        let came = self.run(args).pop().unwrap();
        assert_eq!((came.state, came.error), (SCUMBLE_DOWNLOAD_FAILED, error), "{came:?}");
        for text in says {
            assert!(came.message.contains(text), "\"{text}\" is not in: {}", came.message);
        }
        assert!(came.message.ends_with('.'), "{}", came.message);
        assert!(!self.folder().exists() && !self.data.join("scumble/runtime").exists());
    }

    fn assert_whole(&self) {
        assert!(std::fs::read(self.folder().join(UNET)).unwrap() == self.hub.file(NAME, UNET));
        scumble::models::folder::Folder::open(&self.folder()).unwrap();
    }

    /// Entries of the lists as the host prints them.
    fn list(&self) -> Vec<Vec<String>> {
        let output = self.host(&[], &["list"]).output().unwrap();
        assert!(output.status.success(), "{}", c::said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }
}

fn put(hub: &Hub, root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            put(hub, root, &path);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            hub.put(NAME, name, std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_model_is_got_after_its_licence_was_shown_and_agreed_to() {
    let user = User::new("get");
    let came = user.get();
    assert_eq!((came.state, came.bytes_done), (SCUMBLE_DOWNLOAD_DONE, came.bytes), "{came:?}");
    assert_eq!(came.folder, user.folder().to_str().unwrap());
    user.assert_whole();
    let entry = user.list().into_iter().find(|entry| entry[1] == "tiny-model").unwrap();
    assert_eq!(entry[4], SCUMBLE_OFFER_INSTALLED.to_string());
    // Once more: it is there.
    assert_eq!(user.get().state, SCUMBLE_DOWNLOAD_DONE);
    assert_eq!(user.hub.loads(UNET).len(), 1);
}

#[test]
fn the_lists_say_what_there_is_and_ask_nobody() {
    let user = User::new("list");
    let list = user.list();
    let find = |kind: u32, name: &str| {
        list.iter().find(|entry| entry[0] == kind.to_string() && entry[1] == name).unwrap()
    };
    let sdxs = find(SCUMBLE_LIST_CATALOGUE, "sdxs");
    assert_eq!(sdxs[4], SCUMBLE_OFFER_ABSENT.to_string());
    assert!(sdxs[7] == "2500000000" && sdxs[9].contains("Runs well on a processor."), "{sdxs:?}");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert!(find(SCUMBLE_LIST_RUNTIMES, "webgpu")[2].contains("WebGPU"));
        let first = list.iter().find(|entry| entry[0] == SCUMBLE_LIST_RUNTIMES.to_string()).unwrap();
        assert_eq!((first[1].as_str(), first[3].as_str()), ("cpu", "1"));
    }
    assert!(user.hub.requests().is_empty());
}

#[test]
fn an_annotator_is_got_as_one_and_not_as_a_model() {
    let user = User::new("annotator");
    let network = support::header::root().join("models/tiny/annotators/soft-edges/model.onnx");
    user.hub.put("axodoxian/controlnet_onnx", "annotators/hed.onnx", std::fs::read(network).unwrap());
    let unsupported = SCUMBLE_ERROR_MODEL_UNSUPPORTED;
    user.fails(&["get", "hed"], unsupported, &["HED is an annotator", "no model to render with"]);
    user.fails(&["annotator", NAME], unsupported, &["no annotator that is known here"]);
    let came = user.run(&["annotator", "hed"]).pop().unwrap();
    assert_eq!(came.state, SCUMBLE_DOWNLOAD_DONE, "{came:?}");
    assert_eq!(came.folder, user.data.join("scumble/annotators/hed").to_str().unwrap());
    let of = |kind: u32| user.list().into_iter().filter(move |entry| entry[0] == kind.to_string());
    let here = of(SCUMBLE_LIST_ANNOTATORS).find(|entry| entry[1] == "hed").unwrap();
    assert_eq!(here[4], SCUMBLE_OFFER_INSTALLED.to_string());
    let mut models = of(SCUMBLE_LIST_CATALOGUE).chain(of(SCUMBLE_LIST_MODELS));
    assert!(models.all(|entry| entry[1] != "hed" && !entry[8].contains("annotators")));
}

#[test]
fn a_cancelled_download_keeps_what_has_arrived_and_goes_on_from_there() {
    let user = User::new("cancel");
    user.hub.play(UNET, [Play::Stall(100_000)]);
    let came = user.run(&["cancel", NAME]).pop().unwrap();
    assert_eq!(came.state, SCUMBLE_DOWNLOAD_CANCELLED);
    assert!(!user.folder().exists());
    assert_eq!(user.get().state, SCUMBLE_DOWNLOAD_DONE);
    user.assert_whole();
    assert_eq!(user.hub.loads(UNET).last().unwrap().range.as_deref(), Some("bytes=100000-"));
}

#[test]
fn a_download_that_was_cut_goes_on_where_it_ended() {
    let user = User::new("cut");
    user.hub.play(UNET, [Play::Cut(100_000)]);
    assert_eq!(user.get().state, SCUMBLE_DOWNLOAD_DONE);
    user.assert_whole();
    assert_eq!(user.hub.loads(UNET)[1].range.as_deref(), Some("bytes=100000-"));
}

#[test]
fn what_is_not_what_was_published_is_told_and_thrown_away() {
    let user = User::new("hash");
    let other = server::bytes("other", user.hub.file(NAME, UNET).len());
    user.hub.play(UNET, [Play::Other(other)]);
    user.fails(&["get", NAME], SCUMBLE_ERROR_DOWNLOAD, &[UNET]);
    assert_eq!(user.get().state, SCUMBLE_DOWNLOAD_DONE);
    user.assert_whole();
}

#[test]
fn terms_and_names_that_are_wrong_are_explained() {
    let user = User::new("refused");
    let page = format!("{}/{NAME}", user.hub.address);
    for status in [401, 403] {
        user.hub.play("api", [Play::Say(status, "X-Error-Code: GatedRepo\r\n")]);
        user.fails(
            &["get", NAME],
            SCUMBLE_ERROR_ACCESS,
            &["agreed to its terms", &page, "access token", "HF_TOKEN"],
        );
    }
    user.fails(&["get", "nobody/nothing"], SCUMBLE_ERROR_ACCESS, &["nobody/nothing", "the name is wrong"]);
    user.hub.play("api", [Play::Say(404, "")]);
    user.fails(&["get", NAME], SCUMBLE_ERROR_DOWNLOAD, &["There is no painter/tiny-model"]);
    user.hub.put("painter/parts", UNET, b"x".to_vec());
    user.fails(&["get", "painter/parts"], SCUMBLE_ERROR_MODEL_UNSUPPORTED, &["painter/parts"]);
    user.fails(&["runtime", "abacus"], SCUMBLE_ERROR_SETTING, &["There is no runtime \"abacus\""]);
}

#[test]
fn what_arrives_whole_and_cannot_be_painted_with_is_told() {
    let user = User::new("unsupported");
    user.hub.put(NAME, "model_index.json", br#"{"_class_name": "SingingPipeline"}"#.to_vec());
    let came = user.get();
    assert_eq!((came.state, came.error), (SCUMBLE_DOWNLOAD_FAILED, SCUMBLE_ERROR_MODEL_UNSUPPORTED));
    assert!(came.message.starts_with("It has arrived whole, but cannot be painted with: "), "{came:?}");
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let user = User::new("full");
    user.fails(&["full", NAME], SCUMBLE_ERROR_DISK, &["The disk is full", "make room"]);
    assert_eq!(user.get().state, SCUMBLE_DOWNLOAD_DONE);
    user.assert_whole();
}

#[test]
fn a_runtime_is_looked_for_on_the_mirror_that_is_named() {
    let user = User::new("runtime");
    user.fails(
        &["runtime", "cpu"],
        SCUMBLE_ERROR_DOWNLOAD,
        &["127.0.0.1 refuses onnxruntime", "SCUMBLE_WHEELS"],
    );
    let asked = user.hub.requests();
    assert!(asked.len() == 1 && asked[0].target.ends_with(".whl"), "{asked:?}");
}

#[test]
fn downloads_are_released_in_the_middle_and_the_host_lives_on() {
    for flags in [&[][..], &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]] {
        let user = User::new(if flags.is_empty() { "release" } else { "release-sanitized" });
        user.hub.play(UNET, vec![Play::Stall(100_000); 3]);
        let output = user.host(flags, &["release", NAME]).output().unwrap();
        assert!(output.status.success(), "{}", c::said(&output));
    }
}

#[test]
fn two_of_the_same_wait_for_each_other_and_a_third_is_not_in_their_way() {
    let user = User::new("two");
    let came = user.run(&["two", NAME]);
    let states: Vec<u32> = came.iter().map(|came| came.state).collect();
    assert_eq!(states, [SCUMBLE_DOWNLOAD_DONE, SCUMBLE_DOWNLOAD_DONE, SCUMBLE_DOWNLOAD_FAILED], "{came:?}");
    assert_eq!(user.hub.loads(UNET).len(), 1);
    user.assert_whole();
}

#[test]
fn wrong_calls_are_refused_with_a_sentence() {
    let user = User::new("wrong");
    let output = user.host(&["-fsanitize=address,undefined"], &["wrong"]).output().unwrap();
    assert!(output.status.success(), "{}", c::said(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.lines().count() >= 15, "{table}");
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        assert!(fields[1].starts_with('-') && fields[2].ends_with('.') && fields[2].len() > 30, "{line}");
    }
    assert!(user.hub.requests().is_empty());
}
