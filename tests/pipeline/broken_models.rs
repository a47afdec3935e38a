//! Models that are damaged, half there or of another kind: each is told by its status and by name.

use std::path::Path;
use std::process::Command;

use scumble::error::Status;
use serde_json::json;

use crate::onnx;
use crate::support::*;

#[test]
fn models_that_are_not_right_are_told_apart() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    const UNET: &str = "unet/model.onnx";
    let damages: &[Damage] = &[
        ("no text encoder", |m| m.remove("text_encoder/model.onnx"), ModelMissing, "{\"parts\""),
        ("no decoder", |m| m.remove("vae_decoder"), ModelMissing, "lacks its vae_decoder"),
        ("no scheduler", |m| m.remove("scheduler"), ModelMissing, "scheduler_config.json"),
        ("no tokenizer", |m| m.remove("tokenizer/merges.txt"), ModelMissing, "merges.txt"),
        (
            "a download under way",
            |m| {
                m.remove(UNET);
                m.write("unet/model.onnx.incomplete", "x");
            },
            ModelMissing,
            "not finished",
        ),
        ("an empty file", |m| m.write(UNET, ""), ModelBroken, "half downloaded"),
        (
            "a file cut short",
            |m| {
                let whole = std::fs::read(m.0.join(UNET)).unwrap();
                m.write(UNET, &whole[..whole.len() / 2]);
            },
            ModelBroken,
            "half downloaded",
        ),
        (
            "a Git LFS pointer",
            |m| m.write(UNET, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
            ModelBroken,
            "git lfs pull",
        ),
        ("a web page", |m| m.write(UNET, "<!DOCTYPE html><html>404</html>"), ModelBroken, UNET),
        ("noise", |m| m.write(UNET, [0xff; 999]), ModelBroken, UNET),
        (
            "weights that are missing",
            |m| m.write(UNET, unet(onnx::FLOAT, "", "Identity", &onnx::external("model.onnx_data", 64))),
            ModelMissing,
            "model.onnx_data",
        ),
        (
            "weights that are cut short",
            |m| {
                m.write(UNET, unet(onnx::FLOAT, "", "Identity", &onnx::external("model.onnx_data", 64)));
                m.write("unet/model.onnx_data", [0; 63]);
            },
            ModelBroken,
            "model.onnx_data",
        ),
        (
            "an export for another device",
            |m| m.write(UNET, unet(onnx::FLOAT, "com.microsoft", "NhwcConv", &[])),
            ModelUnsupported,
            "CUDA or DirectML",
        ),
        (
            "a file of a later ONNX",
            |m| {
                let mut bytes = std::fs::read(m.0.join(UNET)).unwrap();
                assert_eq!(bytes[0], 0x08, "it begins with its IR version");
                bytes[1] = 99;
                m.write(UNET, bytes);
            },
            ModelUnsupported,
            "update ONNX Runtime",
        ),
        (
            "an operator that nobody knows",
            |m| m.write(UNET, unet(onnx::FLOAT, "", "Scumble", &[])),
            ModelBroken,
            "Scumble",
        ),
        (
            "whole numbers",
            |m| m.write(UNET, unet(onnx::INT64, "", "Identity", &[])),
            ModelUnsupported,
            "sample",
        ),
        ("texts", |m| m.write(UNET, unet(onnx::STRING, "", "Identity", &[])), ModelUnsupported, "sample"),
        (
            "another network in its place",
            |m| m.copy("vae_decoder/model.onnx", UNET),
            ModelUnsupported,
            "no input called",
        ),
        (
            "an encoder that is none",
            |m| m.copy("vae_decoder/model.onnx", "vae_encoder/model.onnx"),
            ModelBroken,
            "vae_encoder",
        ),
        (
            "XL by instructions",
            |m| m.set("model_index.json", "_class_name", json!("StableDiffusionXLInstructPix2PixPipeline")),
            ModelUnsupported,
            "Stable Diffusion XL InstructPix2Pix",
        ),
        (
            "SD 3 with a control network",
            |m| m.set("model_index.json", "_class_name", json!("StableDiffusion3ControlNetPipeline")),
            ModelUnsupported,
            "Stable Diffusion 3 ControlNet",
        ),
        (
            "SD 3 without its transformer",
            |m| m.set("model_index.json", "_class_name", json!("ORTStableDiffusion3Pipeline")),
            ModelMissing,
            "text_encoder_2",
        ),
        (
            "FLUX with a control network",
            |m| m.set("model_index.json", "_class_name", json!("FluxControlNetPipeline")),
            ModelUnsupported,
            "FLUX.1 ControlNet",
        ),
        (
            "FLUX.2",
            |m| m.set("model_index.json", "_class_name", json!("Flux2KleinKVPipeline")),
            ModelUnsupported,
            "FLUX.2 KleinKV",
        ),
        (
            "an unknown kind",
            |m| m.set("model_index.json", "_class_name", json!("NewPipeline")),
            ModelUnsupported,
            "New",
        ),
        (
            "an inpainting model's configuration beside another's network",
            |m| m.set("unet/config.json", "in_channels", json!(9)),
            ModelBroken,
            "does not run",
        ),
        (
            "PyTorch weights",
            |m| {
                for name in ["text_encoder", "unet", "vae_encoder", "vae_decoder"] {
                    m.remove(&format!("{name}/model.onnx"));
                }
                m.write("unet/diffusion_pytorch_model.safetensors", "x");
            },
            ModelUnsupported,
            "models/export/export.py",
        ),
        (
            "a transformer",
            |m| std::fs::rename(m.0.join("unet"), m.0.join("transformer")).unwrap(),
            ModelUnsupported,
            "transformer",
        ),
        (
            "parts that are no paths",
            |m| m.write("scumble.json", r#"{"parts": {"unet": 3}}"#),
            ModelBroken,
            "parts",
        ),
        (
            "a part that is not where it is said to be",
            |m| m.write("scumble.json", r#"{"parts": {"vae_encoder": "../nowhere"}}"#),
            ModelMissing,
            "nowhere",
        ),
        ("a broken index", |m| m.write("model_index.json", "{\"_class"), ModelBroken, "model_index.json"),
        (
            "a broken scheduler",
            |m| m.write("scheduler/scheduler_config.json", "[]"),
            ModelBroken,
            "scheduler_config",
        ),
        (
            "a scheduler of another sort of noise",
            |m| m.set("scheduler/scheduler_config.json", "_class_name", json!("EDMEulerScheduler")),
            ModelUnsupported,
            "EDMEulerScheduler",
        ),
        (
            "a scaling of none",
            |m| m.set("vae_decoder/config.json", "scaling_factor", json!(0)),
            ModelBroken,
            "scaling_factor",
        ),
        (
            "a sample size in pixels",
            |m| m.set("unet/config.json", "sample_size", json!(512)),
            ModelBroken,
            "latent cells",
        ),
        (
            "no levels",
            |m| m.set("unet/config.json", "block_out_channels", json!([])),
            ModelBroken,
            "block_out_channels",
        ),
        (
            "steps that are none",
            |m| m.write("scumble.json", r#"{"defaults": {"steps": -1}}"#),
            ModelBroken,
            "steps",
        ),
        (
            "a way to refine that is none",
            |m| m.write("scumble.json", r#"{"defaults": {"refine": "a little"}}"#),
            ModelBroken,
            "true, false, or a strength",
        ),
        (
            "refined beyond all",
            |m| m.write("scumble.json", r#"{"defaults": {"refine": 3}}"#),
            ModelBroken,
            "refine",
        ),
        (
            "fine noise without a radius",
            |m| m.write("scumble.json", r#"{"fine_noise": {"channels": 3}}"#),
            ModelBroken,
            "channels and radius",
        ),
        (
            "fine noise in less than a cell",
            |m| m.write("scumble.json", r#"{"fine_noise": {"channels": 3, "radius": 0}}"#),
            ModelBroken,
            "radius",
        ),
        (
            "surroundings without end",
            |m| m.write("scumble.json", r#"{"defaults": {"context": 100000}}"#),
            ModelBroken,
            "context",
        ),
        ("a broken tokenizer", |m| m.write("tokenizer/vocab.json", "{\"a\": "), ModelBroken, "tokenizer"),
        (
            "a tokenizer that does not fit, and a file that says so",
            |m| m.set("tokenizer/vocab.json", "zzz", json!(700)),
            ModelBroken,
            "does not fit",
        ),
        (
            "a tokenizer that does not fit, and nothing that says so",
            |m| {
                m.set("tokenizer/vocab.json", "zzz", json!(700));
                m.remove("text_encoder/config.json");
            },
            ModelBroken,
            "does not fit",
        ),
    ];
    check_damages("sd15", "damaged", damages);
}

#[test]
fn a_folder_that_is_no_model_is_told() {
    let empty = Scratch::new("empty");
    for (path, status, names) in [
        (empty.0.join("nothing"), Status::ModelMissing, "no model folder"),
        (
            tiny("sd15").join("model_index.json/unet"),
            Status::ModelMissing,
            "cannot be read (Not a directory)",
        ),
        (empty.0.clone(), Status::ModelMissing, "is empty"),
        (tiny("sd15").join("unet/model.onnx"), Status::ModelUnsupported, "single file"),
        (root().join("src"), Status::ModelMissing, "unet/model.onnx"),
    ] {
        let error = load(&path).err().unwrap();
        assert_eq!(error.status, status, "{error}");
        assert!(error.message.contains(names) && !error.message.contains("os error"), "{error}");
    }
}

/// A network with a U-Net's inputs.
fn unet(element: u64, domain: &str, operator: &str, more: &[u8]) -> Vec<u8> {
    let inputs = [
        onnx::Port("sample", element, &[1, 4, 2, 2]),
        onnx::Port("timestep", onnx::FLOAT, &[]),
        onnx::Port("encoder_hidden_states", onnx::FLOAT, &[1, 77, 24]),
    ];
    onnx::model(&inputs, &onnx::Port("out_sample", element, &[1, 4, 2, 2]), (domain, operator), more)
}

/// A library that says that it is ONNX Runtime 1.20.
const OLD_RUNTIME: &str = r#"
#[repr(C)]
pub struct Base(extern "C" fn(u32) -> *const u8, extern "C" fn() -> *const u8);
extern "C" fn api(_: u32) -> *const u8 { std::ptr::null() }
extern "C" fn version() -> *const u8 { b"1.20.1\0".as_ptr() }
static BASE: Base = Base(api, version);
#[unsafe(no_mangle)]
pub extern "C" fn OrtGetApiBase() -> *const Base { &BASE }
"#;

#[test]
fn without_onnx_runtime_the_message_says_where_it_looked_and_what_to_do() {
    // One process has one runtime, so this needs processes of its own, in which only this test runs.
    const HERE: &str = "broken_models::without_onnx_runtime_the_message_says_where_it_looked_and_what_to_do";
    if let Ok(expected) = std::env::var("SCUMBLE_TEST_MESSAGE") {
        let error = load(&tiny("sd15")).err().unwrap();
        assert_eq!(error.status, Status::Runtime);
        assert!(error.message.contains(&expected), "{error}");
        assert!(error.message.contains("make runtime"), "{error}");
        return;
    }
    let folder = Scratch::new("runtimes");
    folder.write("text.so", "this is not a library");
    folder.write("old.rs", OLD_RUNTIME);
    let old = folder.0.join("old.so");
    let built = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
        .args([&old, &folder.0.join("old.rs")])
        .status();
    assert!(built.unwrap().success());
    let nowhere = folder.0.join("nowhere");
    for (path, expected) in [
        (nowhere.as_path(), "nowhere (not there)"),
        (&folder.0.join("text.so"), "text.so"),
        (&old, "too old: version 1.20.1"),
        (Path::new(""), "runtime (not there)"),
    ] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", HERE])
            .env("SCUMBLE_TEST_MESSAGE", expected)
            .env("ORT_DYLIB_PATH", path)
            .env("XDG_DATA_HOME", &folder.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{expected}: {said}");
    }
}
