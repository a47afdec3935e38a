//! `scumble models` as somebody runs it, against a hub of our own that has one of the tiny models.

#[path = "../../hub/tests/server/mod.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use server::{Hub, Play, UNET};

const NAME: &str = "painter/turbo";

/// A user with a data folder, and a hub that has models/tiny/turbo.
struct User {
    data: PathBuf,
    hub: Hub,
}

impl User {
    fn new(name: &str) -> User {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-models-{name}"));
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).unwrap();
        let hub = Hub::new();
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/turbo");
        put(&hub, &model, &model);
        User { data, hub }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
        command.args(args).stdin(Stdio::null()).env_clear();
        for kept in ["PATH", "ORT_DYLIB_PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
            .env("HOME", &self.data)
            .env("XDG_DATA_HOME", &self.data)
            .env("HF_ENDPOINT", &self.hub.address);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {out}{err}");
        out
    }

    /// The sentence at the end of standard error.
    fn fail(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}{err}", text(&output.stdout));
        let last = err.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("scumble: ") && last.ends_with('.'), "{args:?}: {err}");
        last
    }

    fn folder(&self) -> PathBuf {
        self.data.join("scumble/models/turbo")
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_teaches() {
    let user = User::new("help");
    let help = user.succeed(&["models", "--help"]);
    for word in ["list", "pull", "check", "remove", "HF_ENDPOINT", "Examples:"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(user.succeed(&["models", "pull", "--help"]).contains("--yes"));
}

#[test]
fn the_list_says_what_matters_of_each_model() {
    let user = User::new("list");
    let list = user.succeed(&["models", "list"]);
    for word in
        ["sdxs", "sd-turbo", "~13.9 GB", "of memory", "MIT: Free for every use", "scumble models pull NAME"]
    {
        assert!(list.contains(word), "{word}: {list}");
    }
    let rows: Value = serde_json::from_str(&user.succeed(&["models", "list", "--json"])).unwrap();
    for row in rows.as_array().unwrap() {
        for field in ["id", "title", "good_at", "device", "licence", "repository"] {
            assert!(row[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {row}");
        }
        assert!(row["bytes"].as_u64().unwrap() > 1_000_000 && row["state"] == "available", "{row}");
    }
    assert!(user.hub.requests().is_empty(), "nobody is asked for that");
}

#[test]
fn a_pulled_model_renders_by_its_name() {
    let user = User::new("pull");
    // Cut once on the way.
    user.hub.play(UNET, [Play::Cut(100_000)]);
    let said = user.succeed(&["models", "pull", NAME, "--yes"]);
    let place = user.folder();
    assert!(said.contains("\"Get a model…\" in Krita, \"Get…\" in GIMP, and \"Use It\" there."), "{said}");
    assert!(said.contains("turbo is here:") && said.contains(place.to_str().unwrap()), "{said}");
    assert!(user.succeed(&["models", "pull", NAME, "--yes"]).contains("was here already"));
    assert!(
        user.succeed(&["models", "list"]).lines().any(|line| line.contains("turbo") && line.contains("here"))
    );
    let input = user.data.join("in.png");
    image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 90])).save(&input).unwrap();
    let pictures: Vec<Vec<u8>> = ["turbo", place.to_str().unwrap()]
        .iter()
        .map(|model| {
            let out = user.data.join("out.png");
            let (input, output) = (input.to_str().unwrap(), out.to_str().unwrap());
            let args =
                ["render", "-i", input, "-p", "a lake", "-o", output, "--device", "cpu", "--model", model];
            user.succeed(&args);
            std::fs::read(out).unwrap()
        })
        .collect();
    assert!(pictures[0] == pictures[1]);
    let info = user.succeed(&["info", "--json", "--model", "turbo", "--device", "cpu"]);
    let info: Value = serde_json::from_str(&info).unwrap();
    assert!(
        info["models"].as_array().unwrap().iter().any(|model| model["folder"] == place.to_str().unwrap()),
        "{info}"
    );
}

/// HED's entry, with a small network in its place: nothing else tells where it lies.
#[test]
fn an_annotator_that_was_got_makes_control_pictures_and_is_no_model() {
    let user = User::new("annotator");
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny");
    let network = std::fs::read(tiny.join("annotators/soft-edges/model.onnx")).unwrap();
    user.hub.put("axodoxian/controlnet_onnx", "annotators/hed.onnx", network);
    let list = user.succeed(&["models", "list"]);
    for word in ["Annotators, which make control pictures", "depth-anything-v2-small", "hed "] {
        assert!(list.contains(word), "{word}: {list}");
    }
    let photo = user.data.join("photo.png");
    image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 90])).save(&photo).unwrap();
    let out = user.data.join("edges.png");
    let (photo, output) = (photo.to_str().unwrap(), out.to_str().unwrap());
    let prepare = ["prepare", "--as", "soft-edges", "-i", photo, "-o", output, "--side", "64"];
    let lacking = user.fail(1, &prepare);
    assert!(lacking.contains("get one with `scumble models pull hed`"), "{lacking}");

    let said = user.succeed(&["models", "pull", "hed", "--yes"]);
    let place = user.data.join("scumble/annotators/hed");
    assert!(said.contains(place.to_str().unwrap()), "{said}");
    assert!(
        said.contains("--control NET=soft-edges:PICTURE") && said.contains("choose soft edges"),
        "{said}"
    );
    user.succeed(&prepare);
    let made = std::fs::read(&out).unwrap();
    user.succeed(&[&prepare[..], &["--annotator", "hed"]].concat());
    assert!(made == std::fs::read(&out).unwrap(), "by its name, too");
    let rows: Value = serde_json::from_str(&user.succeed(&["models", "list", "--json"])).unwrap();
    let row = rows.as_array().unwrap().iter().find(|row| row["id"] == "hed").unwrap();
    assert_eq!((row["makes"].as_str(), row["state"].as_str()), (Some("soft-edges"), Some("here")));

    let info: Value = serde_json::from_str(&user.succeed(&["info", "--json", "--device", "cpu"])).unwrap();
    let folders = info["models"].as_array().unwrap().iter().filter_map(|model| model["folder"].as_str());
    assert!(folders.into_iter().all(|folder| !folder.contains("annotators")), "{info}");
    let refused = user.fail(1, &["render", "-i", photo, "-p", "x", "-o", output, "--model", "hed"]);
    assert!(refused.contains("hed"), "{refused}");
    assert!(user.succeed(&["models", "check", "hed"]).contains("hed: 1 files"));
    std::fs::write(place.join("model.onnx"), b"short").unwrap();
    let output = user.run(&["models", "check", "--offline"]);
    assert!(text(&output.stdout).contains("hed: model.onnx has 5 bytes instead of"), "{output:?}");
    user.succeed(&["models", "pull", "hed", "--yes", "--again"]);
    let own = r#"{ "name": "Mine", "annotates": "soft-edges" }"#;
    std::fs::write(place.join("scumble.json"), own).unwrap();
    let output = user.run(&["models", "pull", "hed", "--yes", "--again"]);
    assert!(text(&output.stderr).contains("scumble.json in") && text(&output.stderr).contains("was kept"));
    assert_eq!(std::fs::read_to_string(place.join("scumble.json")).unwrap(), own);
    assert!(user.fail(1, &["models", "remove", "hed", "--yes"]).contains(", scumble.json)"));
    assert!(user.succeed(&["models", "remove", "hed", "--yes", "--own-files"]).contains("hed is removed"));
    assert!(!place.exists());
}

#[test]
fn the_licence_is_shown_and_nobody_agrees_for_you() {
    let user = User::new("licence");
    let output = user.run(&["models", "pull", NAME]);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    for word in [
        "turbo: 13 files",
        "Licence: MIT. Free for every use",
        "no terminal; agree to the licence with --yes.",
    ] {
        assert!(err.contains(word), "{word}: {err}");
    }
    assert!(
        !user.folder().exists()
            && user.hub.requests().iter().all(|request| request.target.starts_with("/api/"))
    );
}

#[test]
fn what_goes_wrong_is_one_sentence() {
    let user = User::new("wrong");
    assert!(user.fail(2, &["models", "pull", "nonsense", "--yes"]).contains("neither in the catalogue nor"));
    assert!(user.fail(1, &["models", "pull", "nobody/nothing", "--yes"]).contains("shows no nobody/nothing"));
    user.hub.put("painter/half", "unet/model.onnx", vec![1; 100]);
    let lacks = user.fail(1, &["models", "pull", "painter/half", "--yes"]);
    assert!(lacks.contains("has no text_encoder, no vae_encoder"), "{lacks}");
    // It may be got all the same, and it is said that it does not load.
    let broken = user.fail(1, &["models", "pull", "painter/half", "--yes", "--anyway"]);
    assert!(broken.contains("half has arrived whole, but cannot be loaded"), "{broken}");
    user.hub.play(UNET, [Play::Other(vec![7; 471_385])]);
    assert!(user.fail(1, &["models", "pull", NAME, "--yes"]).contains("its sha256 is another one"));
    assert!(!user.folder().exists());
    let odd =
        user.command(&["models", "list"]).env_remove("HOME").env_remove("XDG_DATA_HOME").output().unwrap();
    assert!(text(&odd.stderr).contains("No folder for models is known"), "{odd:?}");
    let odd = user.command(&["models", "pull", NAME]).env("HF_ENDPOINT", "nonsense").output().unwrap();
    assert!(text(&odd.stderr).contains("HF_ENDPOINT is \"nonsense\""), "{odd:?}");
}

#[test]
fn models_are_checked_mended_and_removed() {
    let user = User::new("check");
    assert!(user.succeed(&["models", "check", "--offline"]).contains("nothing to check"));
    user.succeed(&["models", "pull", NAME, "--yes"]);
    assert!(user.succeed(&["models", "check", "turbo"]).contains("turbo: 13 files"));
    std::fs::write(user.folder().join(UNET), b"short").unwrap();
    let output = user.run(&["models", "check", "--offline"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("turbo: unet/model.onnx has 5 bytes instead of 471385."),
        "{output:?}"
    );
    assert!(text(&output.stderr).contains("--again"), "{output:?}");
    user.succeed(&["models", "pull", NAME, "--yes", "--again"]);
    user.succeed(&["models", "check", "--offline"]);
    // What the hub tells of a repository that is not here, for the catalogue.
    let learnt = user.succeed(&["models", "check", server::NAME, "--json"]);
    let learnt: Value = serde_json::from_str(&learnt).unwrap();
    assert_eq!(learnt[0]["revision"], server::COMMIT);
    let unet = learnt[0]["files"].as_array().unwrap().iter().find(|file| file["path"] == UNET).unwrap();
    assert_eq!((unet["size"].as_u64(), unet["sha256"].as_str().map(str::len)), (Some(300_000), Some(64)));
    // Everything, also what the hub does not have: that is said and counted.
    let output = user.run(&["models", "check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("sd-turbo: 127.0.0.1 shows no schmuell/"), "{output:?}");

    assert!(user.fail(2, &["models", "remove", "turbo"]).contains("say --yes"));
    assert!(user.folder().is_dir());
    // What was damaged was kept beside the sound one.
    let remove = ["models", "remove", "turbo", "--yes", "--own-files"];
    assert!(user.succeed(&remove).contains("turbo is removed"));
    assert!(!user.folder().exists());
    assert!(user.fail(1, &["models", "remove", "turbo", "--yes"]).contains("There is no model"));
}

#[test]
fn what_was_put_into_a_models_folder_is_not_removed_untold() {
    let user = User::new("own-files");
    user.succeed(&["models", "pull", NAME, "--yes"]);
    let own = user.folder().join("embeddings/ink.safetensors");
    std::fs::create_dir(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "mine").unwrap();
    std::fs::write(user.folder().join("model_index.json"), "{}").unwrap();
    let told = user.fail(1, &["models", "remove", "turbo", "--yes"]);
    assert!(told.contains("(embeddings/ink.safetensors, model_index.json)"), "{told}");
    assert!(told.contains("--own-files") && told.contains(user.folder().to_str().unwrap()), "{told}");
    assert!(own.is_file() && user.folder().join(UNET).is_file(), "all of it stays");
    assert!(user.fail(2, &["models", "remove", "turbo", "--own-files"]).contains("say --yes"));
    let said = user.succeed(&["models", "remove", "turbo", "--yes", "--own-files"]);
    assert!(said.contains("turbo is removed") && !user.folder().exists(), "{said}");
}

#[test]
fn a_check_ends_where_the_hub_does_not_answer() {
    let user = User::new("no-answer");
    let asked = |args: &[&str]| {
        let before = user.hub.requests().len();
        user.hub.play("api", vec![Play::Say(503, "Retry-After: 0\r\n"); 200]);
        let told = user.fail(1, args);
        assert!(told.contains("127.0.0.1 has trouble of its own (503)"), "{told}");
        user.hub.requests().len() - before
    };
    let first = asked(&["models", "check", "sdxs"]);
    assert!(first > 0);
    assert_eq!(asked(&["models", "check"]), first, "the others of the catalogue are not asked for");
}

#[test]
fn a_model_of_a_repository_answers_to_its_name_and_to_its_repositorys() {
    let user = User::new("names");
    let unet = user.folder().join(UNET);
    user.succeed(&["models", "pull", NAME, "--yes"]);
    std::fs::write(&unet, b"short").unwrap();
    let asked = user.hub.requests().len();
    let output = user.run(&["models", "check", NAME]);
    assert_eq!(output.status.code(), Some(1), "the one that is here is damaged: {output:?}");
    assert!(text(&output.stdout).contains("turbo: unet/model.onnx has 5 bytes"), "{output:?}");
    assert_eq!(user.hub.requests().len(), asked, "the hub is not asked for what is here");
    // As that advises.
    assert!(text(&output.stderr).contains("`scumble models pull NAME --again`"), "{output:?}");
    user.succeed(&["models", "pull", "turbo", "--again", "--yes"]);
    assert!(user.succeed(&["models", "check", "Painter/Turbo"]).contains("turbo: 13 files"));
    assert!(user.succeed(&["models", "remove", NAME, "--yes", "--own-files"]).contains("turbo is removed"));
    assert!(!user.folder().exists());
    assert!(
        user.fail(1, &["models", "remove", NAME, "--yes"]).contains("There is no model \"painter/turbo\"")
    );
}

#[test]
fn of_two_that_are_from_one_repository_none_is_removed_by_its_name() {
    let user = User::new("two-of-one");
    let repository = "axodoxian/controlnet_onnx";
    for id in ["hed", "trt-pose"] {
        let folder = user.data.join("scumble/annotators").join(id);
        std::fs::create_dir_all(&folder).unwrap();
        let receipt = serde_json::json!({
            "title": id, "repository": repository, "revision": "main", "licences": [], "files": [],
        });
        std::fs::write(folder.join("scumble-download.json"), receipt.to_string()).unwrap();
    }
    let told = user.fail(2, &["models", "remove", repository, "--yes"]);
    assert!(told.contains("is where hed and trt-pose are from; name the one to remove."), "{told}");
    let both = user.succeed(&["models", "check", repository]);
    assert!(both.contains("hed: 0 files") && both.contains("trt-pose: 0 files"), "{both}");
    user.succeed(&["models", "remove", "hed", "--yes"]);
    assert!(user.succeed(&["models", "remove", repository, "--yes"]).contains("trt-pose is removed"));
}

#[test]
fn runtimes_are_listed_and_somebodys_own_files_left_alone() {
    let user = User::new("runtime");
    let list = user.succeed(&["runtime", "list"]);
    for word in ["cpu", "1.32.0", "licence MIT", "scumble runtime install NAME"] {
        assert!(list.contains(word), "{word}: {list}");
    }
    assert!(
        user.fail(2, &["runtime", "install", "abacus"])
            .contains("There is no runtime \"abacus\"; there are cpu")
    );
    assert!(user.fail(1, &["runtime", "remove"]).contains("nothing was removed"));
    let folder = user.data.join("scumble/runtime");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("diary.txt"), "mine").unwrap();
    for args in [["runtime", "install", "cpu"].as_slice(), &["runtime", "remove"]] {
        assert!(user.fail(1, args).contains("which is not Scumble's"));
    }
    assert!(folder.join("diary.txt").is_file());
    std::fs::remove_file(folder.join("diary.txt")).unwrap();
    std::fs::write(folder.join("libonnxruntime.so.1.32.0"), "an old one").unwrap();
    assert!(user.succeed(&["runtime", "remove"]).contains("is removed; 10 bytes are free again."));
    assert!(user.hub.requests().is_empty());
}
