//! Devices, as somebody meets them on the command line: a graphics card in software (SwiftShader, which
//! scripts/software_gpu.sh fetches) under ONNX Runtime's WebGPU, and what is said where there is none.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{DynamicImage, ImageBuffer, Rgb};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A file or folder that set-up puts there. Without it the tests fail: they must not pass by not running.
fn set_up(path: &str) -> PathBuf {
    let path = root().join(".setup").join(path);
    assert!(path.exists(), "{} is not there; scripts/setup.sh test puts it there", path.display());
    path
}

/// A fresh folder for one test's files.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("devices-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command on the ONNX Runtime of this name in .setup, with the graphics card in software.
fn scumble(runtime: &str, args: &[&str]) -> Command {
    let card = set_up("software-gpu");
    let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nothing-of-the-users");
    command.args(args).arg("--runtime").arg(set_up(runtime)).env("XDG_DATA_HOME", own);
    let driver = card.join("vk_swiftshader_icd.json");
    command.env("LD_LIBRARY_PATH", &card).env("VK_DRIVER_FILES", &driver).env("VK_ICD_FILENAMES", driver);
    for hook in ["SOFTWARE_CARD", "LOST_DEVICE", "FULL_PRECISION"] {
        command.env_remove(format!("SCUMBLE_TEST_{hook}"));
    }
    command
}

/// With the graphics card in software taken for one.
fn with_card(args: &[&str]) -> Command {
    let mut command = scumble("webgpu", args);
    command.env("SCUMBLE_TEST_SOFTWARE_CARD", "1");
    command
}

/// Without any driver of a graphics card.
fn without_driver(args: &[&str]) -> Command {
    let mut command = scumble("webgpu", args);
    command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json");
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn succeed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{command:?}: {out}{err}");
    out
}

/// What it says in JSON.
fn told(command: Command) -> Value {
    serde_json::from_str(&succeed(command)).unwrap()
}

/// Runs it and takes the one sentence on standard error.
fn fail(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {out}{err}");
    assert_eq!(err.trim_end().lines().count(), 1, "one sentence: {err}");
    assert!(err.starts_with("scumble: ") && err.trim_end().ends_with('.'), "{err}");
    err
}

fn model(name: &str) -> String {
    root().join("models/tiny").join(name).to_str().unwrap().to_owned()
}

/// A painted picture of 16 bits, so that what comes out has as many.
fn paint(folder: &Path) -> String {
    let file = folder.join("paint.png");
    let pixel = |x: u32, y: u32| Rgb([(x * 997) as u16, (y * 1009) as u16, ((x + y) * 499) as u16]);
    let picture: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_fn(64, 64, pixel);
    picture.save(&file).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Arguments that render one step of a tiny model.
fn render<'a>(paint: &'a str, output: &'a str, model: &'a str, device: &'a str) -> [&'a str; 16] {
    [
        "render",
        "-i",
        paint,
        "-p",
        "a lake",
        "-o",
        output,
        "-m",
        model,
        "--device",
        device,
        "--steps",
        "1",
        "--strength",
        "1",
        "--json",
    ]
}

fn psnr(a: &str, b: &str) -> f64 {
    let open = |file: &str| match image::open(file).unwrap() {
        DynamicImage::ImageRgb16(picture) => picture.into_raw(),
        other => panic!("{file} is {:?}", other.color()),
    };
    let (a, b) = (open(a), open(b));
    assert_eq!(a.len(), b.len());
    let error: f64 =
        a.iter().zip(&b).map(|(a, b)| ((f64::from(*a) - f64::from(*b)) / 65535.0).powi(2)).sum::<f64>();
    -10.0 * (error / a.len() as f64).max(1e-20).log10()
}

#[test]
fn devices_are_listed_with_what_is_wrong_with_those_that_cannot_be_used() {
    let all = told(scumble("runtime", &["devices", "--json"]));
    let names: Vec<_> = all.as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    let known = ["cpu", "tensorrt-rtx", "cuda", "migraphx", "webgpu", "openvino", "directml", "coreml"];
    assert_eq!(names, known);
    for device in all.as_array().unwrap() {
        assert!(!device["title"].as_str().unwrap().is_empty());
        let usable = device["usable"].as_bool().unwrap();
        assert_eq!(usable, device["name"] == "cpu");
        let why = device["why_not"].as_str().unwrap_or_default();
        assert!(usable || why.starts_with("Not usable: ") && why.ends_with('.'), "{device}");
    }
    let lines = succeed(scumble("runtime", &["devices"]));
    assert!(lines.contains("cuda: NVIDIA") && lines.contains("onnxruntime-gpu"), "{lines}");
    assert!(lines.contains("directml: ") && lines.contains("on Windows alone"), "{lines}");
}

#[test]
fn a_graphics_card_is_listed_with_its_name_and_memory() {
    let all = told(scumble("webgpu", &["devices", "--json"]));
    let card = all.as_array().unwrap().iter().find(|device| device["name"] == "webgpu").unwrap();
    assert_eq!(card["usable"], true, "{card}");
    assert!(card["title"].as_str().unwrap().contains("SwiftShader"), "{card}");
    assert!(card["memory"].as_u64().unwrap() > 1 << 20, "{card}");
    let note = card["note"].as_str().unwrap();
    assert!(
        note.contains("A program that acts as a graphics card") && note.contains("16-bit floats"),
        "{note}"
    );
}

#[test]
fn webgpu_renders_the_picture_of_the_cpu() {
    let folder = scratch("webgpu");
    let (paint, model) = (paint(&folder), model("sd15"));
    let outputs = ["cpu", "webgpu"].map(|device| {
        let output = folder.join(format!("{device}.png")).to_str().unwrap().to_owned();
        let told = told(scumble("webgpu", &render(&paint, &output, &model, device)));
        assert_eq!(told["device"], device);
        assert_eq!(told["device_note"], "", "it was asked for");
        output
    });
    let near = psnr(&outputs[0], &outputs[1]);
    println!("webgpu against cpu: {near:.1} dB");
    assert!(near >= 60.0, "{near:.1} dB");
}

#[test]
fn what_stays_the_same_is_sent_to_the_card_once() {
    let folder = scratch("bound");
    let (paint, sd15) = (paint(&folder), model("sd15"));
    let lora = format!("{}:0.8", model("loras/sd15-kohya.safetensors"));
    let mut logs = Vec::new();
    let outputs = ["cpu", "webgpu"].map(|device| {
        let output = folder.join(format!("{device}.png")).to_str().unwrap().to_owned();
        let mut command = scumble("webgpu", &render(&paint, &output, &sd15, device)[..9]);
        command.args(["--device", device, "--steps", "2", "--strength", "1", "-vv", "--lora", &lora]);
        let rendered = command.output().unwrap();
        let (out, err) = said(&rendered);
        assert!(rendered.status.success(), "{device}: {out}{err}");
        logs.push(err);
        output
    });
    let near = psnr(&outputs[0], &outputs[1]);
    println!("webgpu against cpu, with a LoRA: {near:.1} dB");
    assert!(near >= 60.0, "{near:.1} dB");
    let sent = |log: &str| -> Vec<String> {
        let runs = log.lines().filter_map(|line| line.split_once(": unet ran for "));
        runs.map(|(_, rest)| rest.split_once("; ").unwrap().1.to_owned()).collect()
    };
    // After the run of loading: all of it; then the latent and the time, while the words and the LoRA are there.
    let [.., first, second] = &sent(&logs[1])[..] else { panic!("{}", logs[1]) };
    let (few, all) = second.split_once(" of ").unwrap();
    let all = all.split(' ').next().unwrap().parse::<usize>().unwrap();
    assert!(few == "2" && all > 100 && first.starts_with(&format!("{all} of {all} ")), "{first}; {second}");
    let on_cpu = sent(&logs[0]).pop().unwrap();
    assert!(on_cpu.starts_with(&format!("{all} of {all} ")), "{on_cpu}");
}

#[test]
fn a_model_in_half_precision_on_a_card_without_it_is_told_and_auto_goes_to_the_cpu() {
    let folder = scratch("half");
    let (paint, model) = (paint(&folder), model("turbo"));
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    let sentence = fail(scumble("webgpu", &render(&paint, &output, &model, "webgpu")));
    assert!(sentence.contains("has no 16-bit floats") && sentence.contains("text_encoder"), "{sentence}");
    let told = told(with_card(&render(&paint, &output, &model, "auto")));
    assert_eq!(told["device"], "cpu");
    let note = told["device_note"].as_str().unwrap();
    assert!(note.starts_with("Runs on the processor: SwiftShader"), "{note}");
    assert!(note.contains("has no 16-bit floats, which this model needs"), "{note}");
}

#[test]
fn without_a_driver_webgpu_is_told_and_auto_goes_to_the_cpu() {
    let folder = scratch("no-driver");
    let (paint, model) = (paint(&folder), model("sd15"));
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    let sentence = fail(without_driver(&render(&paint, &output, &model, "webgpu")));
    assert!(sentence.contains("\"webgpu\" cannot be used: Vulkan finds no graphics card"), "{sentence}");
    let told = told(without_driver(&render(&paint, &output, &model, "auto")));
    assert_eq!(told["device"], "cpu");
    let note = told["device_note"].as_str().unwrap();
    assert!(note.contains("no graphics card can be used here"), "{note}");
}

#[test]
fn without_vulkan_webgpu_is_told() {
    let folder = scratch("no-vulkan");
    // The first of this name is the one that counts, and it is none.
    std::fs::write(folder.join("libvulkan.so.1"), "no library").unwrap();
    let mut command = scumble("webgpu", &["devices", "--json"]);
    command.env("LD_LIBRARY_PATH", &folder);
    let all = told(command);
    let card = all.as_array().unwrap().iter().find(|device| device["name"] == "webgpu").unwrap();
    assert!(card["why_not"].as_str().unwrap().contains("the system has no Vulkan"), "{card}");
}

#[test]
fn a_plug_in_that_is_none_is_told_with_its_file() {
    let folder = scratch("plug-in");
    let own = folder.join("scumble/runtime/intel");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("libonnxruntime_providers_openvino_plugin.so"), "no library").unwrap();
    let (paint, model) = (paint(&folder), model("sd15"));
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    let with = |device: &str| {
        let mut command = scumble("runtime", &render(&paint, &output, &model, device));
        command.env("XDG_DATA_HOME", &folder);
        command
    };
    let sentence = fail(with("openvino"));
    assert!(
        sentence.contains("runtime/intel/libonnxruntime_providers_openvino_plugin.so does not start"),
        "{sentence}"
    );
    assert!(sentence.contains("install it anew"), "{sentence}");
    assert_eq!(told(with("auto"))["device"], "cpu");
}

#[test]
fn auto_takes_no_program_for_a_card() {
    let told = told(scumble("webgpu", &["info", "--json", "-m", &model("sd15")]));
    assert_eq!(told["model"]["device"], "cpu");
    let note = told["model"]["device_note"].as_str().unwrap();
    assert!(note.contains("is a program that acts as a graphics card, slower than the processor"), "{note}");
}

#[test]
fn a_card_that_fails_while_it_renders_is_told_and_auto_goes_on_on_the_cpu() {
    let folder = scratch("lost");
    let (paint, model) = (paint(&folder), model("sd15"));
    let [cpu, auto] = ["cpu.png", "auto.png"].map(|file| folder.join(file).to_str().unwrap().to_owned());
    told(scumble("webgpu", &render(&paint, &cpu, &model, "cpu")));
    // The first run of it is that of loading.
    let lost = |mut command: Command| {
        command.env("SCUMBLE_TEST_LOST_DEVICE", "vae_decoder 2");
        command
    };
    for process in [&[][..], &["--worker"]] {
        let mut command = lost(with_card(&render(&paint, &auto, &model, "auto")));
        command.args(process);
        let told = told(command);
        assert_eq!(told["device"], "cpu", "{process:?}");
        let note = told["device_note"].as_str().unwrap();
        let says = "Runs on the processor since webgpu has failed: The device webgpu failed";
        assert!(note.starts_with(says), "{process:?}: {note}");
        assert_eq!(std::fs::read(&cpu).unwrap(), std::fs::read(&auto).unwrap(), "the picture is the CPU's");
    }
    let sentence = fail(lost(scumble("webgpu", &render(&paint, &auto, &model, "webgpu"))));
    assert!(
        sentence.contains("The device webgpu failed in the vae_decoder (WebGPU device lost"),
        "{sentence}"
    );
    assert!(sentence.contains("choose the device cpu"), "{sentence}");
}

#[test]
fn a_card_that_fails_while_the_model_is_loaded_is_told_and_auto_goes_to_the_cpu() {
    let mut command = with_card(&["info", "--json"]);
    let model = model("sd15");
    command.args(["-m", &model]).env("SCUMBLE_TEST_LOST_DEVICE", "text_encoder 1");
    let told = told(command);
    assert_eq!(told["model"]["device"], "cpu");
    let note = told["model"]["device_note"].as_str().unwrap();
    assert!(
        note.starts_with("Runs on the processor: SwiftShader") && note.contains("WebGPU device lost"),
        "{note}"
    );
}

/// With Intel's plug-in in the user's runtime folder.
fn with_openvino(args: &[&str]) -> Command {
    let mut command = scumble("runtime", args);
    set_up("openvino/scumble/runtime/openvino");
    command.env("XDG_DATA_HOME", set_up("openvino"));
    command
}

/// OpenVINO finds nothing on the processors of others.
fn is_intel() -> bool {
    let intel = std::fs::read_to_string("/proc/cpuinfo").unwrap().contains("GenuineIntel");
    if !intel {
        println!("left out: this is no processor of Intel's");
    }
    intel
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_is_listed_by_what_it_runs_on() {
    let all = told(with_openvino(&["devices", "--json"]));
    let found = all.as_array().unwrap().iter().find(|device| device["name"] == "openvino").unwrap();
    if !is_intel() {
        let why = found["why_not"].as_str().unwrap_or_default();
        assert!(found["usable"] == false && why.contains("Intel's processors"), "{found}");
        return;
    }
    assert_eq!(found["usable"], true, "{found}");
    let title = found["title"].as_str().unwrap();
    assert!(title.ends_with("processor") || title.ends_with("graphics card"), "{title}");
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_in_full_precision_renders_the_picture_of_the_cpu() {
    if !is_intel() {
        return;
    }
    let folder = scratch("openvino");
    let paint = paint(&folder);
    for name in ["sd15", "sd2", "lcm", "xl", "sd3", "flux-dev", "flux-schnell", "turbo"] {
        let model = model(name);
        let outputs = ["cpu", "openvino"].map(|device| {
            let output = folder.join(format!("{name}-{device}.png")).to_str().unwrap().to_owned();
            let mut command = with_openvino(&render(&paint, &output, &model, device));
            command.env("SCUMBLE_TEST_FULL_PRECISION", "1");
            assert_eq!(told(command)["device"], device);
            output
        });
        let near = psnr(&outputs[0], &outputs[1]);
        println!("{name}: openvino against cpu: {near:.1} dB");
        assert!(near >= 60.0, "{name}: {near:.1} dB");
    }
}

#[test]
#[ignore = "needs OpenVINO: make test-openvino"]
fn openvino_computes_in_bfloat16_where_the_processor_does_and_the_network_bears_it() {
    if !is_intel() {
        return;
    }
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let brain = processor.contains("avx512_bf16");
    let folder = scratch("openvino-bf16");
    let paint = paint(&folder);
    let output = folder.join("out.png").to_str().unwrap().to_owned();
    for (name, network, bears) in
        [("sd15", "unet", true), ("sd15", "vae_decoder", true), ("turbo", "unet", false)]
    {
        let model = model(name);
        let mut command = with_openvino(&render(&paint, &output, &model, "openvino"));
        command.arg("-v");
        let (out, err) = said(&command.output().unwrap());
        assert!(out.contains("openvino"), "{name}: {out}{err}");
        let is_brain = err.contains(&format!("the {network} runs in bfloat16"));
        let is_full = err.contains(&format!("the {network} runs in full precision"));
        assert_eq!((is_brain, is_full), (brain && bears, brain && !bears), "{name}: {err}");
    }
}
