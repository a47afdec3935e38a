//! Model folders as people really have them: each arrangement gives the picture of the usual one.

use std::collections::BTreeSet;
use std::path::Path;

use scumble::error::Status;
use scumble::models::weights::Weights;
use scumble::pipeline::Pipeline;
use scumble::render::{Lora, Picture, Renderer};
use scumble::steps::StepRange;
use serde_json::json;

use crate::onnx;
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
        ("two precisions", arranged("two-files", |part| format!("{part}/model_fp16.onnx"))),
        ("two variants", arranged("two-folders", |part| format!("{part}/fp16/model.onnx"))),
    ] {
        if name.starts_with("two") {
            for part in PARTS {
                let less = if name.ends_with("variants") { "q4/model.onnx" } else { "model_q4.onnx" };
                model.write(&format!("{part}/{less}"), "not looked at");
            }
        }
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
    // One of two precisions that a part's own folder has.
    let precise = Scratch::new("borrowed-precisions");
    precise.write("model_fp16.onnx", std::fs::read(whole.join("unet/model.onnx")).unwrap());
    precise.write("model_q4.onnx", "not looked at");
    model.remove("unet/model.onnx");
    model.write("scumble.json", {
        let mut parts = parts;
        parts["parts"]["unet"] = json!(precise.0);
        parts.to_string()
    });
    assert_eq!(of(&model.0), expected);
}

/// A network that makes half of what the tiny model's encoder does.
fn halved(model: &Scratch) -> Vec<u8> {
    let graph = std::fs::read(model.0.join("vae_encoder/model.onnx")).unwrap();
    let mul: (&str, &[&str], &str) = ("Mul", &["latent_parameters", "half"], "latent_sample");
    let output = onnx::Port(mul.2, onnx::FLOAT, &[0; 4]);
    let more = onnx::more_of_a_graph(mul, ("half", &[1], &0.5f32.to_le_bytes()), &output);
    onnx::with_more(&onnx::extended(&graph, &[], &[], &[]), &more)
}

/// Its latents are what the model's own would be, in numbers of another size.
#[test]
fn an_encoder_from_elsewhere_has_its_own_scaling() {
    let picture = grey(64, 64);
    // InstructPix2Pix is shown latents as the model's own autoencoder makes them.
    for (model, strength) in [("sd15", 0.6), ("pix2pix", 1.0)] {
        let asked = Request { strength, guidance: 4.0, ..request(&picture) };
        let picture_of = |folder: &Path| finished(&mut load(folder).unwrap(), &asked).0;
        let expected = picture_of(&tiny(model));
        let other = Scratch::copy_of(model, &format!("other-{model}"));
        other.write("vae_encoder/model.onnx", halved(&other));
        other.set("vae_encoder/config.json", "scaling_factor", json!(2.0 * 0.18215));
        let borrows = Scratch::copy_of(model, &format!("borrows-{model}"));
        let folder = other.0.join("vae_encoder");
        for place in [&other.0, &folder, &folder.join("model.onnx")] {
            borrows.write("scumble.json", json!({"parts": {"vae_encoder": place}}).to_string());
            assert_eq!(picture_of(&borrows.0), expected, "{}", place.display());
        }
        // All of it in one folder of any name, as a tiny autoencoder is kept.
        let flat = Scratch::new(&format!("flat-{model}"));
        for file in ["model.onnx", "config.json"] {
            flat.write(file, std::fs::read(folder.join(file)).unwrap());
        }
        borrows.write("scumble.json", json!({"parts": {"vae_encoder": flat.0}}).to_string());
        assert_eq!(picture_of(&borrows.0), expected, "flat");
        // In the model's own folder each side has its own numbers, too.
        assert_eq!(picture_of(&other.0), expected, "within");
        if model == "sd15" {
            other.remove("vae_decoder/config.json");
            assert_ne!(picture_of(&other.0), expected, "of one place the other's are taken");
        }
    }
}

#[test]
fn sides_of_different_autoencoders_are_told() {
    let model = Scratch::copy_of("sd15", "two-autoencoders");
    let parts = json!({"parts": {"vae_encoder": tiny("sd3")}});
    model.write("scumble.json", parts.to_string());
    let error = load(&model.0).err().unwrap();
    assert_eq!(error.status, Status::ModelUnsupported, "{error}");
    for told in ["vae_encoder", "16 channels", "4 channels", "scumble.json"] {
        assert!(error.message.contains(told), "{error}");
    }
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
