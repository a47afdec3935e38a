//! Optimised graphs in the user's cache folder: the same picture with and without them, whatever state they are in.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Scratch, model};

/// Renders with graphs kept in `cache`, tiny ones too; returns the picture and what the log says of graphs.
fn rendered(scratch: &Scratch, cache: &str, name: &str, model: &str) -> (Vec<u8>, String) {
    rendered_with(scratch, cache, name, model, &[])
}

fn rendered_with(
    scratch: &Scratch,
    cache: &str,
    name: &str,
    model: &str,
    more: &[&str],
) -> (Vec<u8>, String) {
    let input = scratch.file("in.png");
    if !Path::new(&input).exists() {
        scratch.rgb("in.png", 64, 64);
    }
    let output = scratch.file(name);
    let args = [
        "render", "--prompt", "a house", "--device", "cpu", "--model", model, "--input", &input, "--output",
        &output, "-v",
    ];
    let ended = Command::new(env!("CARGO_BIN_EXE_scumble"))
        .args(args)
        .args(more)
        .env("SCUMBLE_GRAPH_CACHE", cache)
        .env("SCUMBLE_TEST_LEAST_GRAPH", "0")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{told}");
    (fs::read(output).unwrap(), told.lines().filter(|line| line.contains("graph")).collect())
}

fn kept(cache: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(cache).map(|found| found.flatten().map(|entry| entry.path()).collect());
    let mut found: Vec<PathBuf> = found.unwrap_or_default();
    found.sort();
    found
}

/// A copy of the tiny model, whose files may be changed.
fn own_model(scratch: &Scratch) -> String {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten() {
            match entry.path().is_dir() {
                true => copy(&entry.path(), &to.join(entry.file_name())),
                false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
            }
        }
    }
    let to = scratch.file("model");
    copy(Path::new(&model()), Path::new(&to));
    to
}

#[test]
fn a_graph_is_kept_and_the_picture_is_the_same() {
    let scratch = Scratch::new("graphs");
    let (cache, model) = (scratch.file("cache"), own_model(&scratch));
    let (plain, _) = rendered(&scratch, "off", "off.png", &model);
    assert!(kept(&cache).is_empty());
    let (first, _) = rendered(&scratch, &cache, "first.png", &model);
    let [entry] = &kept(&cache)[..] else { panic!("{:?}", kept(&cache)) };
    let graph = fs::metadata(entry.join("model.onnx")).unwrap().modified().unwrap();
    let (second, _) = rendered(&scratch, &cache, "second.png", &model);
    assert_eq!(kept(&cache), std::slice::from_ref(entry));
    assert_eq!(fs::metadata(entry.join("model.onnx")).unwrap().modified().unwrap(), graph, "written again");
    assert!(first == plain && second == plain, "the graph changes the picture");
    // Another state of the model's file is another graph.
    let unet = Path::new(&model).join("unet/model.onnx");
    let later = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
    fs::File::options().append(true).open(unet).unwrap().set_modified(later).unwrap();
    assert!(rendered(&scratch, &cache, "third.png", &model).0 == plain);
    assert_eq!(kept(&cache).len(), 2);
}

#[test]
fn that_of_the_u_net_for_controlnets_is_kept_too() {
    let scratch = Scratch::new("graphs-controls");
    let cache = scratch.file("cache");
    scratch.rgb("in.png", 64, 64);
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny");
    let [model, net] = ["sd15", "controls/sd15-lines"].map(|at| tiny.join(at).display().to_string());
    let control = format!("{net}={}", scratch.file("in.png"));
    let render = |cache: &str, name: &str| {
        rendered_with(&scratch, cache, name, &model, &["--control", &control, "--steps", "2"]).0
    };
    let plain = render("off", "off.png");
    assert!(render(&cache, "first.png") == plain);
    let all = kept(&cache);
    assert_eq!(all.len(), 2, "the plain U-Net's and its: {all:?}");
    assert!(render(&cache, "second.png") == plain && kept(&cache) == all);
}

#[test]
fn of_one_with_room_for_loras_none_is_kept_and_the_picture_is_the_same() {
    let scratch = Scratch::new("graphs-loras");
    let cache = scratch.file("cache");
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny");
    let [model, lora] = ["sd15", "loras/sd15-peft.safetensors"].map(|at| tiny.join(at).display().to_string());
    let render = |cache: &str, name: &str| {
        rendered_with(&scratch, cache, name, &model, &["--lora", &lora, "--steps", "2"]).0
    };
    let plain = render("off", "off.png");
    assert!(render(&cache, "first.png") == plain && kept(&cache).is_empty());
    // Nor is that of the plain network taken for it.
    rendered(&scratch, &cache, "without.png", &model);
    assert_eq!(kept(&cache).len(), 1);
    assert!(render(&cache, "second.png") == plain && kept(&cache).len() == 1);
}

#[test]
fn a_damaged_graph_is_made_anew() {
    let scratch = Scratch::new("graphs-damaged");
    let (cache, model) = (scratch.file("cache"), model());
    let (plain, _) = rendered(&scratch, &cache, "plain.png", &model);
    let [entry] = &kept(&cache)[..] else { panic!("{:?}", kept(&cache)) };
    let whole = |file: &str| fs::read(entry.join(file)).unwrap();
    let (graph, weights) = (whole("model.onnx"), whole("weights.bin"));
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    // Sealed, and still nothing that ONNX Runtime takes: the seal is that of another graph.
    let turned: Vec<u8> = graph.iter().map(|byte| byte ^ 1).collect();
    for (file, bytes) in [
        ("model.onnx", cut(&graph)),
        ("model.onnx", turned),
        ("weights.bin", cut(&weights)),
        // As a power cut leaves what was not on the disk yet.
        ("weights.bin", vec![0; weights.len()]),
        ("seal", b"nonsense".to_vec()),
    ] {
        fs::write(entry.join(file), bytes).unwrap();
        let (picture, told) = rendered(&scratch, &cache, "again.png", &model);
        assert!(picture == plain, "{file}: {told}");
        assert_eq!((whole("model.onnx").len(), whole("weights.bin").len()), (graph.len(), weights.len()));
    }
    fs::remove_file(entry.join("weights.bin")).unwrap();
    assert!(rendered(&scratch, &cache, "again.png", &model).0 == plain);
    assert_eq!(kept(&cache).len(), 1);
}

#[test]
fn where_nothing_can_be_kept_the_model_loads_all_the_same() {
    let scratch = Scratch::new("graphs-nowhere");
    let (plain, _) = rendered(&scratch, "off", "off.png", &model());
    // A file where the folder should be, and a disk that is always full.
    let file = scratch.write("file", "");
    for cache in [file.as_str(), "/dev/full", "/proc/nowhere"] {
        assert!(rendered(&scratch, cache, "out.png", &model()).0 == plain, "{cache}");
    }
    // Writing fails in the middle, as on a full disk: files of more than 32 KiB cannot be made.
    let cache = scratch.file("cache");
    let output = scratch.file("limited.png");
    let command = format!(
        "trap '' XFSZ; ulimit -f 32; exec {} render --prompt 'a house' --device cpu --model {} --input {} --output {output}",
        env!("CARGO_BIN_EXE_scumble"),
        model(),
        scratch.file("in.png"),
    );
    let ended = Command::new("bash")
        .args(["-c", &command])
        .envs([("SCUMBLE_GRAPH_CACHE", cache.as_str()), ("SCUMBLE_TEST_LEAST_GRAPH", "0")])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(fs::read(output).unwrap() == plain);
    assert!(kept(&cache).is_empty(), "{:?}", kept(&cache));
}

#[test]
fn two_at_once_keep_one() {
    let scratch = Scratch::new("graphs-two");
    let cache = scratch.file("cache");
    scratch.rgb("in.png", 64, 64);
    let one = |name: &str| rendered(&scratch, &cache, name, &model()).0;
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| one("a.png"));
        (one("b.png"), other.join().unwrap())
    });
    assert!(first == second);
    assert_eq!(kept(&cache).len(), 1, "{:?}", kept(&cache));
}
