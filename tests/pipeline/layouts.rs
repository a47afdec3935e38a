//! Model folders as people really have them: each arrangement gives the picture of the usual one.

use std::collections::BTreeSet;
use std::path::Path;

use scumble::error::Status;
use scumble::models::weights::Weights;
use scumble::pipeline::Pipeline;
use scumble::render::{Lora, Picture, Renderer};
use scumble::steps::StepRange;
use serde_json::json;

use crate::support::*;

const PARTS: [&str; 4] = ["text_encoder", "unet", "vae_encoder", "vae_decoder"];

fn rendered(pipeline: &mut Pipeline) -> Picture {
    let picture = grey(64, 64);
    finished(pipeline, &request(&picture)).0
}

fn of(folder: &Path) -> Picture {
    rendered(&mut load(folder).unwrap())
}

/// Moves each network to where `place` says; its configuration stays in a folder of the usual name.
fn arranged(name: &str, place: impl Fn(&str) -> String) -> Scratch {
    let model = Scratch::copy_of("sd15", name);
    for part in PARTS {
        let to = model.0.join(place(part));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(model.0.join(part).join("model.onnx"), to).unwrap();
    }
    model
}

#[test]
fn every_arrangement_of_the_files_is_the_same_model() {
    let expected = of(&tiny("sd15"));
    for (name, model) in [
        ("Olive's variants", arranged("variants", |part| format!("{part}/fp16/model.onnx"))),
        ("another file name", arranged("named", |part| format!("{part}/{part}.onnx"))),
        ("transformers.js", arranged("web", |part| format!("onnx/{part}_model.onnx"))),
        ("transformers.js, smaller", arranged("web-q4", |part| format!("onnx/{part}_model_q4f16.onnx"))),
        ("flat files", arranged("flat", |part| format!("{part}.onnx"))),
    ] {
        // What lies beside the U-Net for other uses is not taken for it.
        model.write("unet/controlnet.onnx", "not looked at");
        assert_eq!(of(&model.0), expected, "{name}");
    }
    // The more exact of two.
    let both = arranged("precisions", |part| format!("onnx/{part}_model_fp16.onnx"));
    both.write("onnx/unet_model_q4.onnx", "not looked at");
    assert_eq!(of(&both.0), expected);
    for class in
        ["OnnxStableDiffusionPipeline", "StableDiffusionOnnxPipeline", "ORTStableDiffusionImg2ImgPipeline"]
    {
        both.set("model_index.json", "_class_name", json!(class));
        assert_eq!(of(&both.0), expected, "{class}");
    }
}

#[test]
fn missing_parts_come_from_another_folder() {
    let expected = of(&tiny("sd15"));
    let whole = tiny("sd15");
    let model = Scratch::copy_of("sd15", "borrows");
    for part in ["vae_encoder", "vae_decoder", "tokenizer", "scheduler"] {
        model.remove(part);
    }
    let error = load(&model.0).err().unwrap();
    assert_eq!(error.status, Status::ModelMissing);
    assert!(error.message.contains("vae_encoder") && error.message.contains("parts"), "{error}");
    // A model's folder, a part's own, and a file.
    let parts = json!({"parts": {
        "vae_encoder": whole,
        "vae_decoder": whole.join("vae_decoder/model.onnx"),
        "tokenizer": whole.join("tokenizer"),
        "scheduler": whole,
    }});
    model.write("scumble.json", parts.to_string());
    assert_eq!(of(&model.0), expected);
}

#[cfg(unix)]
#[test]
fn any_level_of_a_download_cache_is_the_model() {
    let cache = Scratch::new("cache");
    let repository = "hub/models--somebody--Meadow--Turbo";
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let snapshot = format!("{repository}/snapshots/{hash}");
    let old = format!("{repository}/snapshots/ffff");
    cache.write(&format!("{repository}/refs/main"), hash);
    cache.write(&format!("{repository}/blobs/x"), "");
    cache.write(&format!("{old}/model_index.json"), "{}");
    cache.write("hub/.locks/x", "");
    std::os::unix::fs::symlink(tiny("sd15"), cache.0.join(&snapshot)).unwrap();
    let expected = of(&tiny("sd15"));
    for level in
        ["", "hub", repository, &format!("{repository}/snapshots"), &format!("{repository}/blobs"), &snapshot]
    {
        let mut pipeline = load(&cache.0.join(level)).unwrap();
        assert_eq!(pipeline.info().name, "Turbo", "{level}");
        assert_eq!(rendered(&mut pipeline), expected, "{level}");
    }
    cache.write("hub/models--somebody--Sea/refs/main", hash);
    let error = load(&cache.0).err().unwrap();
    assert!(error.message.contains("2 models") && error.message.contains("Sea"), "{error}");
    // A link in refs that leads out of the cache is none.
    cache.write(&format!("{repository}/refs/main"), "../../../..");
    assert!(load(&cache.0.join(repository)).is_err());
}

/// As the hub's own tools keep them: each file, weights beside a network too, is a link to its content.
#[cfg(unix)]
#[test]
fn a_cached_models_files_are_links_out_of_its_folder() {
    let cache = Scratch::new("links");
    let model = Scratch::copy_of("sd15", "links-model");
    model.remove("unet/controlnet.onnx");
    model.copy("unet/model.onnx", "unet/weights.onnx");
    let graph = Weights::of(&model.0.join("unet/weights.onnx")).unwrap();
    let graph = graph.with_branches(&BTreeSet::new(), false).unwrap();
    model.write("unet/model.onnx", graph);
    let repository = cache.0.join("models--somebody--Meadow");
    let snapshot = repository.join("snapshots/0123456789abcdef0123456789abcdef01234567");
    cache.write("models--somebody--Meadow/refs/main", "0123456789abcdef0123456789abcdef01234567");
    std::fs::create_dir_all(repository.join("blobs")).unwrap();
    let mut folders = vec![model.0.clone()];
    while let Some(folder) = folders.pop() {
        let inside = snapshot.join(folder.strip_prefix(&model.0).unwrap());
        std::fs::create_dir_all(&inside).unwrap();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let link = inside.join(entry.file_name());
            let content = link.strip_prefix(&snapshot).unwrap().to_str().unwrap().replace('/', "-");
            std::fs::copy(entry.path(), repository.join("blobs").join(&content)).unwrap();
            let up = "../".repeat(link.strip_prefix(&repository).unwrap().components().count() - 1);
            std::os::unix::fs::symlink(format!("{up}blobs/{content}"), link).unwrap();
        }
    }
    assert!(snapshot.join("unet/weights.onnx").is_symlink());
    let mut pipeline = load(&repository).unwrap();
    assert_eq!(pipeline.info().name, "Meadow");
    assert_eq!(rendered(&mut pipeline), of(&tiny("sd15")));
    // With a LoRA the networks are read anew, their weights out of the same links.
    let (picture, file) = (grey(64, 64), lora_file("sd15-kohya"));
    let loras = [Lora { file: &file, scale: 1.0, text: 1.0, steps: StepRange::ALL }];
    let made =
        |pipeline: &mut Pipeline| finished(pipeline, &Request { loras: &loras, ..request(&picture) }).0;
    assert_eq!(made(&mut pipeline), made(&mut load(&tiny("sd15")).unwrap()));
}

#[test]
fn a_single_file_is_told_for_what_it_is() {
    let folder = Scratch::new("single");
    let header = r#"{"conditioner.embedders.1.model.bias": {}}"#;
    folder.write("xl.safetensors", [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat());
    folder.write("model.gguf", "GGUF");
    for (name, what, advice) in [
        ("xl.safetensors", "Stable Diffusion XL", "export.py FILE"),
        ("model.gguf", "GGUF", "export.py FOLDER"),
    ] {
        let error = load(&folder.0.join(name)).err().unwrap();
        assert_eq!(error.status, Status::ModelUnsupported);
        assert!(error.message.contains(what) && error.message.contains(advice), "{error}");
    }
    let error = load(&folder.0).err().unwrap();
    assert!(error.message.contains("not in ONNX form") && error.message.contains("export.py"), "{error}");
}

#[test]
fn a_diffusers_folder_is_told_for_what_it_is_with_its_export() {
    for (class, what) in [
        ("StableDiffusionXLPipeline", "Stable Diffusion XL"),
        ("StableDiffusion3Pipeline", "Stable Diffusion 3"),
        ("FluxPipeline", "FLUX.1"),
        ("Flux2KleinPipeline", "FLUX.2 klein"),
        ("ZImagePipeline", "Z-Image"),
        ("SanaSprintPipeline", "SANA-Sprint"),
    ] {
        let folder = Scratch::new("diffusers");
        folder.write("model_index.json", format!("{{\"_class_name\": \"{class}\"}}"));
        let denoiser = if class.contains("XL") { "unet" } else { "transformer" };
        folder.write(&format!("{denoiser}/diffusion_pytorch_model.safetensors"), "x");
        let error = load(&folder.0).err().unwrap();
        assert_eq!(error.status, Status::ModelUnsupported);
        let command = format!("export.py \"{}\" NEW_FOLDER", folder.0.display());
        assert!(error.message.contains(what) && error.message.contains(&command), "{error}");
    }
}
