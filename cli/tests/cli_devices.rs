//! Devices, as somebody meets them on the command line: a graphics card in software (SwiftShader, which
//! scripts/software_gpu.sh fetches) under ONNX Runtime's WebGPU, and what is said where there is none.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::Path;
use std::process::Command;

#[path = "common/devices.rs"]
mod common;
use common::*;

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
    // The second one's first convolution looks at nine channels, and one of the ControlNet's at six: the card's 32 bits differ by 1e-4 of a run
    // there, and guidance and weights that nobody trained make it more.
    for (name, control, least) in
        [("sd15", None, 60.0), ("inpaint", None, 45.0), ("sd15", Some("controls/sd15-lines"), 60.0)]
    {
        let folder = scratch("webgpu");
        let (paint, control) = (paint(&folder), control.map(model));
        let (model, net) = (model(name), control.map(|net| format!("{net}={paint}")));
        let outputs = ["cpu", "webgpu"].map(|device| {
            let output = folder.join(format!("{device}.png")).to_str().unwrap().to_owned();
            let mut command = scumble("webgpu", &render(&paint, &output, &model, device));
            command.args(net.iter().flat_map(|net| ["--control", net]));
            let told = told(command);
            assert_eq!(told["device"], device);
            assert_eq!(told["device_note"], "", "it was asked for");
            output
        });
        let near = psnr(&outputs[0], &outputs[1]);
        println!("{name}, {net:?}, webgpu against cpu: {near:.1} dB");
        assert!(near >= least, "{name}, {net:?}: {near:.1} dB");
    }
}

/// A LoRA of rank 4 that changes nothing but the first convolution, of 9 channels.
fn lora_of_conv_in(folder: &Path, model: &str) -> String {
    let config = std::fs::read(Path::new(model).join("unet/config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    let out = config["block_out_channels"][0].as_u64().unwrap() as usize;
    let halves = [("lora_down", [4, 9, 3, 3]), ("lora_up", [out, 4, 1, 1])];
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (half, shape) in halves {
        let begin = data.len();
        let count: usize = shape.iter().product();
        data.extend((0..count).flat_map(|i| ((i as f32 * 0.7).sin() * 1.5).to_le_bytes()));
        let tensor = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert(format!("lora_unet_conv_in.{half}.weight"), tensor);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let file = folder.join("conv_in.safetensors");
    std::fs::write(&file, [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_lora_of_a_convolution_over_nine_channels_is_right_on_a_card() {
    let folder = scratch("nine");
    let (paint, model) = (paint(&folder), model("inpaint"));
    let lora = lora_of_conv_in(&folder, &model);
    let picture = |device: &str, lora: Option<&str>| {
        let name = format!("{device}-{}.png", lora.is_some());
        let output = folder.join(name).to_str().unwrap().to_owned();
        let mut command = scumble("webgpu", &render(&paint, &output, &model, device));
        command.args(lora.iter().flat_map(|lora| ["--lora", lora]));
        succeed(command);
        output
    };
    let without = picture("cpu", None);
    let [cpu, webgpu] = ["cpu", "webgpu"].map(|device| picture(device, Some(&lora)));
    let (near, changed) = (psnr(&cpu, &webgpu), psnr(&cpu, &without));
    println!("with the LoRA webgpu against cpu: {near:.1} dB; cpu with it against without: {changed:.1} dB");
    assert!(near >= 46.0 && changed < 40.0, "{near:.1}, {changed:.1}");
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
