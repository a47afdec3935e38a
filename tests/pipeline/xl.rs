//! Stable Diffusion XL beyond its golden pictures: what its folders look like, what may be wrong with them, what its U-Net
//! is told.

use ndarray::Array4;
use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::support::*;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(64, 64);
    let request = Request { negative: "blurry", guidance: 4.0, ..request(&picture) };
    finished(&mut load(&model.0).unwrap(), &request).0
}

#[test]
fn an_xl_folder_is_known_by_its_files() {
    let model = Scratch::copy_of("xl", "xl-files");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("ORTStableDiffusionXLImg2ImgPipeline"));
    assert_eq!(picture_of(&model), expected);
    // Older exports say nothing, or give the wrong name.
    model.set("model_index.json", "_class_name", json!("StableDiffusionPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_eq!(picture_of(&model), expected);
    // transformers.js: networks by name, without configurations of their own.
    for part in ["text_encoder", "text_encoder_2", "unet", "vae_encoder", "vae_decoder"] {
        std::fs::create_dir_all(model.0.join("onnx")).unwrap();
        model.copy(&format!("{part}/model.onnx"), &format!("onnx/{part}_model_fp16.onnx"));
        model.remove(part);
    }
    let pipeline = load(&model.0).unwrap();
    let geometry = pipeline.info().geometry;
    assert_eq!((geometry.native, geometry.multiple), (1024, 32), "those of SDXL where nobody says");
    assert_eq!(picture_of(&model), expected);
}

#[test]
fn each_kind_of_xl_has_its_own_defaults() {
    let model = Scratch::copy_of("xl", "xl-defaults");
    let defaults =
        |steps, strength, guidance| Defaults { steps, strength, guidance, refine: Some(0.35), context: 0 };
    let info = load(&model.0).unwrap().info();
    assert_eq!(info.defaults, defaults(20, 0.6, 5.0));
    assert!(info.description.contains("Stable Diffusion XL"), "{}", info.description);
    for (class, expected) in [
        ("EulerAncestralDiscreteScheduler", defaults(2, 0.5, 0.0)),
        ("EulerDiscreteScheduler", defaults(2, 0.5, 0.0)),
        ("TCDScheduler", defaults(4, 0.5, 0.0)),
        ("LCMScheduler", defaults(4, 0.5, 1.0)),
    ] {
        model.set("scheduler/scheduler_config.json", "_class_name", json!(class));
        model.set("scheduler/scheduler_config.json", "timestep_spacing", json!("trailing"));
        assert_eq!(load(&model.0).unwrap().info().defaults, expected, "{class}");
    }
    let lcm = load(&tiny("xl-lcm")).unwrap();
    assert_eq!(lcm.info().defaults, defaults(4, 0.5, 8.0));
    assert!(!lcm.capabilities().negative);
}

#[test]
fn what_is_wrong_with_an_xl_folder_is_named() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    let damages: &[Damage] = &[
        ("no second text encoder", |m| m.remove("text_encoder_2"), ModelMissing, "lacks its text_encoder_2"),
        (
            "no second text encoder, and nothing that says so but the U-Net's configuration",
            |m| {
                m.remove("text_encoder_2");
                m.remove("model_index.json");
            },
            ModelMissing,
            "lacks its text_encoder_2",
        ),
        (
            "no second text encoder, and nothing that says so but the U-Net",
            |m| {
                m.remove("text_encoder_2");
                m.remove("model_index.json");
                m.remove("unet/config.json");
            },
            ModelMissing,
            "lacks its text_encoder_2",
        ),
        ("no first text encoder", |m| m.remove("text_encoder"), ModelMissing, "lacks its text_encoder;"),
        ("no second tokenizer", |m| m.remove("tokenizer_2"), ModelMissing, "tokenizer_2/tokenizer.json"),
        (
            "a second tokenizer that does not fit",
            |m| m.set("tokenizer_2/vocab.json", "zzz", json!(700)),
            ModelBroken,
            "tokenizer_2 does not fit",
        ),
        (
            "a text encoder that was exported for SD 1.x",
            |m| {
                let plain = tiny("sd15").join("text_encoder/model.onnx");
                std::fs::copy(plain, m.0.join("text_encoder/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "hidden_states",
        ),
        (
            "the first text encoder twice",
            |m| {
                m.copy("text_encoder/model.onnx", "text_encoder_2/model.onnx");
            },
            ModelBroken,
            "different models (48 numbers in encoder_hidden_states instead of 64)",
        ),
        (
            "the second text encoder twice",
            |m| m.copy("text_encoder_2/model.onnx", "text_encoder/model.onnx"),
            ModelBroken,
            "different models (80 numbers",
        ),
        (
            "another model's U-Net",
            |m| {
                std::fs::copy(tiny("sd15").join("unet/model.onnx"), m.0.join("unet/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "no input called \"text_embeds\"",
        ),
        (
            "an index that is wrong",
            |m| m.set("model_index.json", "force_zeros_for_empty_prompt", json!("maybe")),
            ModelBroken,
            "true or false",
        ),
    ];
    check_damages("xl", "xl-damaged", damages);
}

#[test]
fn an_autoencoder_that_overflows_is_named() {
    for (part, bias, numbers) in
        [("vae_encoder", "quant_conv.bias", 8u8), ("vae_decoder", "decoder.conv_out.bias", 3)]
    {
        let model = Scratch::copy_of("xl", "xl-overflow");
        // Infinity in the place of a layer's bias: as when its sum is too large for half precision.
        let file = model.0.join(part).join("model.onnx");
        let mut bytes = std::fs::read(&file).unwrap();
        let name = [bias.as_bytes(), &[0x4a, numbers * 4]].concat();
        let at = bytes.windows(name.len()).position(|part| part == name).expect("the bias") + name.len();
        for value in bytes[at..at + usize::from(numbers) * 4].chunks_exact_mut(4) {
            value.copy_from_slice(&f32::INFINITY.to_le_bytes());
        }
        std::fs::write(&file, bytes).unwrap();
        let error = load(&model.0).err().unwrap();
        assert_eq!(error.status, Status::ModelBroken, "{error}");
        for names in [part, "half precision", "sdxl-vae-fp16-fix", "scumble.json"] {
            assert!(error.message.contains(names), "{part}: {error}");
        }
    }
}

/// The U-Net is told where its window lies on the canvas, and with given noise nothing else differs.
#[test]
fn a_window_elsewhere_is_told_to_the_network() {
    let noise = Array4::from_shape_fn((1, 4, 8, 8), |(_, c, y, x)| ((c * 5 + y * 3 + x) as f32).sin());
    let picture = grey(64, 64);
    for (model, differs) in [("xl", true), ("sd15", false)] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let mut at = |cell_origin, level| {
            let request = Request { noise: Some(&noise), cell_origin, level, ..request(&picture) };
            finished(&mut pipeline, &request).0
        };
        let whole = at((0, 0), 0);
        assert_eq!(at((8, 16), 0) != whole, differs, "{model}: a part of a larger picture");
        assert_eq!(at((8, 16), 0), at((8, 16), 0));
        assert_ne!(differs, at((0, 0), -2) == whole, "{model}: a part of an enlarged one");
    }
}

#[test]
fn no_negative_prompt_is_zeros_unless_the_model_says_otherwise() {
    let model = Scratch::copy_of("xl", "xl-zeros");
    let picture = grey(64, 64);
    let of = |negative: &str| {
        let mut pipeline = load(&model.0).unwrap();
        finished(&mut pipeline, &Request { negative, guidance: 4.0, ..request(&picture) }).0
    };
    let zeros = of("");
    assert_eq!(of("  "), zeros);
    model.set("model_index.json", "force_zeros_for_empty_prompt", json!(false));
    assert_ne!(of(""), zeros);
}

#[test]
fn weights_and_long_prompts_reach_both_encoders() {
    let mut pipeline = load(&tiny("xl")).unwrap();
    let picture = grey(64, 64);
    let mut of = |prompt: &str, negative: &str| {
        finished(&mut pipeline, &Request { prompt, negative, guidance: 4.0, ..request(&picture) }).0
    };
    assert_eq!(of("a (red:1) house", ""), of("a red house", ""));
    assert_ne!(of("a (red:1.5) house", ""), of("a red house", ""));
    let long = "a house by the lake, ".repeat(12);
    assert_ne!(of(&long, ""), of(&format!("{long} at sunset"), ""));
    assert_ne!(of("ships", &long), of("ships", "blurry"));
}
