//! OpenVINO on the processor: as a plug-in (Intel's alone) and built into an ONNX Runtime (any maker's), which
//! `scripts/setup.sh openvino` fetches.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use scumble::models::weights::Weights;
use serde_json::Value;

#[path = "common/devices.rs"]
mod common;
use common::*;

/// With Intel's plug-in in the user's runtime folder.
fn with_plug_in(args: &[&str]) -> Command {
    let mut command = scumble("runtime", args);
    set_up("openvino/scumble/runtime/openvino");
    command.env("XDG_DATA_HOME", set_up("openvino"));
    command
}

/// With the ONNX Runtime that has OpenVINO in itself.
fn with_built_in(args: &[&str]) -> Command {
    scumble("openvino-built-in", args)
}

/// What it is called, and the command with it.
type Way = (&'static str, fn(&[&str]) -> Command);

/// Both ways to OpenVINO that there are on this processor: the plug-in finds nothing on those of others than Intel.
fn ways() -> Vec<Way> {
    let intel = std::fs::read_to_string("/proc/cpuinfo").unwrap().contains("GenuineIntel");
    let mut ways: Vec<Way> = vec![("built in", with_built_in)];
    match intel {
        true => ways.push(("plug-in", with_plug_in)),
        false => println!("the plug-in is left out: this is no processor of Intel's"),
    }
    ways
}

fn openvino_of(command: Command) -> Value {
    let all = told(command);
    all.as_array().unwrap().iter().find(|device| device["name"] == "openvino").unwrap().clone()
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_is_listed_by_what_it_runs_on() {
    for (way, command) in ways() {
        let found = openvino_of(command(&["devices", "--json"]));
        assert_eq!(found["usable"], true, "{way}: {found}");
        let title = found["title"].as_str().unwrap();
        assert!(title.contains("rocessor") || title.contains("graphics card"), "{way}: {title}");
    }
    let lines = succeed(with_built_in(&["devices"]));
    assert!(lines.contains("openvino: ") && !lines.contains("openvino:9"), "no more than there are: {lines}");
    if ways().len() == 1 {
        let found = openvino_of(with_plug_in(&["devices", "--json"]));
        let why = found["why_not"].as_str().unwrap_or_default();
        assert!(found["usable"] == false && why.contains("Intel's processors"), "{found}");
        assert!(why.contains("`scumble runtime install openvino`"), "what does help: {found}");
    }
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_has_no_more_devices_than_it_says() {
    let folder = scratch("openvino-number");
    let (paint, model) = (paint(&folder), model("sd15"));
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    let sentence = fail(with_built_in(&render(&paint, &output, &model, "openvino:15")));
    assert!(sentence.contains("OpenVINO has ") && sentence.contains("the first is openvino"), "{sentence}");
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_in_full_precision_renders_the_picture_of_the_cpu() {
    let folder = scratch("openvino");
    let paint = paint(&folder);
    for ((way, command), name) in ways().into_iter().flat_map(|way| FAMILIES.map(|name| (way, name))) {
        let model = model(name);
        let outputs = ["cpu", "openvino"].map(|device| {
            let output = folder.join(format!("{name}-{device}.png")).to_str().unwrap().to_owned();
            let mut command = command(&render(&paint, &output, &model, device));
            command.env("SCUMBLE_FULL_PRECISION", "1");
            let told = told(command);
            assert_eq!(
                (&told["device"], &told["device_note"]),
                (&device.into(), &"".into()),
                "{way}, {name}"
            );
            output
        });
        let near = psnr(&outputs[0], &outputs[1]);
        println!("{name}: openvino, {way}, against cpu: {near:.1} dB");
        assert!(near >= 60.0, "{way}, {name}: {near:.1} dB");
    }
}

/// It is the oldest ONNX Runtime that is taken, and by itself it follows no link out of a folder.
#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn a_download_caches_links_are_followed_by_an_onnx_runtime_that_does_not() {
    let folder = scratch("openvino-links");
    let (whole, snapshot) = (PathBuf::from(model("sd15")), folder.join("models--a--Meadow/snapshots/01"));
    let blobs = folder.join("models--a--Meadow/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    let linked = |bytes: &[u8], part: &str, file: &str| {
        std::fs::create_dir_all(snapshot.join(part)).unwrap();
        let blob = blobs.join(format!("{}-{file}", part.replace('/', "-")));
        std::fs::write(&blob, bytes).unwrap();
        std::os::unix::fs::symlink(blob, snapshot.join(part).join(file)).unwrap();
    };
    linked(&std::fs::read(whole.join("model_index.json")).unwrap(), "", "model_index.json");
    for part in ["text_encoder", "tokenizer", "unet", "vae_encoder", "vae_decoder", "scheduler"] {
        for file in std::fs::read_dir(whole.join(part)).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            let apart = format!("{part}/{name}") == "unet/model.onnx";
            let bytes = std::fs::read(file.path()).unwrap();
            linked(&bytes, part, if apart { "weights.onnx" } else { &name });
        }
    }
    let weights = Weights::of(&snapshot.join("unet/weights.onnx")).unwrap();
    linked(&weights.with_branches(&BTreeSet::new(), false).unwrap(), "unet", "model.onnx");
    let paint = paint(&folder);
    let made = [("cpu", &whole), ("cpu", &snapshot), ("openvino", &snapshot)].map(|(device, model)| {
        let output = folder.join(format!("{}-{device}.png", model.starts_with(&folder)));
        let output = output.to_str().unwrap().to_owned();
        let mut command = with_built_in(&render(&paint, &output, model.to_str().unwrap(), device));
        command.env("SCUMBLE_FULL_PRECISION", "1");
        assert_eq!(told(command)["device_note"], "", "{device}");
        output
    });
    for other in &made[1..] {
        let near = psnr(&made[0], other);
        assert!(near >= 60.0, "{other}: {near:.1} dB");
    }
}

const FAMILIES: [&str; 8] = ["sd15", "sd2", "lcm", "xl", "sd3", "flux-dev", "flux-schnell", "turbo"];

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_computes_in_bfloat16_where_the_processor_does_and_the_network_bears_it() {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let brain = processor.contains("avx512_bf16");
    let folder = scratch("openvino-bf16");
    let paint = paint(&folder);
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    for ((way, command), (name, network, bears)) in ways().into_iter().flat_map(|way| {
        [("sd15", "unet", true), ("sd15", "vae_decoder", true), ("turbo", "unet", false)]
            .map(|network| (way, network))
    }) {
        let model = model(name);
        let mut command = command(&render(&paint, &output, &model, "openvino"));
        command.arg("-v");
        let (out, err) = said(&command.output().unwrap());
        assert!(out.contains("openvino"), "{way}, {name}: {out}{err}");
        let is_brain = err.contains(&format!("the {network} runs in bfloat16"));
        let is_full = err.contains(&format!("the {network} runs in full precision"));
        assert_eq!((is_brain, is_full), (brain && bears, brain && !bears), "{way}, {name}: {err}");
    }
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn a_network_that_openvino_cannot_run_on_the_processor_is_run_there_without_it() {
    let folder = scratch("openvino-elsewhere");
    let paint = paint(&folder);
    let [cpu, part] = ["cpu.png", "part.png"].map(|file| folder.join(file).to_str().unwrap().to_owned());
    // The first one has all that OpenVINO takes, no numbers without dimensions above all; the other one's decoder fails on purpose.
    let own = root().join("models/default").to_str().unwrap().to_owned();
    for (model, lost) in [(own, None), (model("sd15"), Some(("vae_decoder 1", "the VAE decoder, which")))] {
        told(with_built_in(&render(&paint, &cpu, &model, "cpu")));
        for process in [&[][..], &["--worker"]] {
            let mut command = with_built_in(&render(&paint, &part, &model, "openvino"));
            command.args(process).env("SCUMBLE_FULL_PRECISION", "1");
            if let Some((run, _)) = lost {
                command.env("SCUMBLE_TEST_LOST_DEVICE", run);
            }
            let told = told(command);
            let note = told["device_note"].as_str().unwrap();
            println!("{model}, {process:?}: \"{note}\"");
            assert_eq!(told["device"], "openvino");
            match lost {
                Some((_, says)) => {
                    assert!(note.starts_with(&format!("Runs on openvino but for {says}")), "{note}");
                }
                None => assert_eq!(note, ""),
            }
            let near = psnr(&cpu, &part);
            assert!(near >= 60.0, "{model}, {process:?}: {near:.1} dB");
        }
    }
    // Once it has run, a failure is one.
    let sd = model("sd15");
    let mut command = with_built_in(&render(&paint, &part, &sd, "openvino"));
    command.env("SCUMBLE_TEST_LOST_DEVICE", "vae_decoder 2");
    let sentence = fail(command);
    assert!(sentence.contains("The device openvino failed in the vae_decoder"), "{sentence}");
}
