//! Stable Diffusion 3 beyond its golden pictures: what its folders look like, what may be wrong with them.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::support::*;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(64, 48);
    let request = Request { negative: "blurry", guidance: 4.0, ..request(&picture) };
    finished(&mut load(&model.0).unwrap(), &request).0
}

#[test]
fn an_sd3_folder_is_known_by_its_files() {
    let model = Scratch::copy_of("sd3", "sd3-files");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("ORTStableDiffusion3Img2ImgPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_eq!(picture_of(&model), expected);
    // Some exports have the transformer where a U-Net would lie, and one configuration for both halves of the VAE.
    std::fs::rename(model.0.join("transformer"), model.0.join("unet")).unwrap();
    model.write("model_index.json", r#"{"_class_name": "StableDiffusion3Pipeline"}"#);
    assert_eq!(picture_of(&model), expected);
    for part in ["vae_encoder", "vae_decoder"] {
        model.remove(&format!("{part}/config.json"));
    }
    assert_eq!(picture_of(&model), expected, "those of SD 3 where nobody says");
}

#[test]
fn an_sd3_model_says_what_it_is() {
    let model = Scratch::copy_of("sd3", "sd3-defaults");
    let defaults =
        |steps, strength, guidance| Defaults { steps, strength, guidance, refine: Some(0.35), context: 0 };
    let pipeline = load(&model.0).unwrap();
    let info = pipeline.info();
    assert_eq!(info.defaults, defaults(28, 0.6, 4.5));
    assert_eq!((info.geometry.native, info.geometry.multiple, info.geometry.fixed), (64, 16, None));
    assert!(info.description.contains("Stable Diffusion 3") && !info.description.contains("T5"));
    let capabilities = pipeline.capabilities();
    assert!(capabilities.negative && capabilities.samplers == ["flow_euler"]);
    let turbo = Scratch::copy_of("sd3", "sd3.5-Large-Turbo");
    assert_eq!(load(&turbo.0).unwrap().info().defaults, defaults(4, 0.6, 1.0));
    let none = json!([null, null]);
    model.set("model_index.json", "text_encoder_3", none);
    model.remove("text_encoder_3");
    let info = load(&model.0).unwrap().info();
    assert!(info.description.contains("without its T5 text encoder"), "{}", info.description);
}

#[test]
fn the_model_is_asked_for_one_sampler_and_sizes_that_it_knows() {
    let mut pipeline = load(&tiny("sd3")).unwrap();
    let picture = grey(64, 64);
    let own = finished(&mut pipeline, &request(&picture)).0;
    let named = Request { sampler: Some("flow_euler"), ..request(&picture) };
    assert_eq!(finished(&mut pipeline, &named).0, own);
    let error = Request { sampler: Some("euler_a"), ..request(&picture) }.error(&mut pipeline);
    assert_eq!(error.status, Status::Setting);
    assert!(error.message.contains("flow_euler, not euler_a"), "{error}");
    let wide = grey(208, 64);
    let error = request(&wide).error(&mut pipeline);
    assert_eq!(error.status, Status::Rect);
    assert!(error.message.contains("at most 192 pixels a side, not 208 × 64"), "{error}");
    finished(&mut pipeline, &request(&grey(192, 16)));
}

/// Each encoder has its say, negative prompts too, and strengths between two levels have their own pictures.
#[test]
fn every_word_reaches_the_transformer() {
    let model = Scratch::copy_of("sd3", "sd3-words");
    let picture = grey(64, 48);
    let mut pipeline = load(&model.0).unwrap();
    let mut of = |prompt: &str, negative: &str, strength: f32| {
        let request = Request { prompt, negative, strength, guidance: 4.0, ..request(&picture) };
        finished(&mut pipeline, &request).0
    };
    let plain = of("a red house", "", 0.6);
    assert_ne!(of("a blue house", "", 0.6), plain);
    assert_ne!(of("a red house", "blurry", 0.6), plain);
    assert_ne!(of("a red house", "", 0.65), plain);
    assert_eq!(of("a (red:1) house", "", 0.6), plain);
    assert_ne!(of("a (red:1.5) house", "", 0.6), plain);
    let long = "a house by the lake, ".repeat(12);
    assert_ne!(of(&long, "", 0.6), of(&format!("{long} at sunset"), "", 0.6));
    assert_ne!(of("ships", &long, 0.6), of("ships", "blurry", 0.6));
    model.remove("model_index.json");
    model.remove("text_encoder_3");
    let mut without = load(&model.0).unwrap();
    let request = Request { prompt: "a red house", strength: 0.6, guidance: 4.0, ..request(&picture) };
    assert_ne!(finished(&mut without, &request).0, plain, "T5 is not listened to");
}

#[test]
fn what_is_wrong_with_an_sd3_folder_is_named() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    let damages: &[Damage] = &[
        ("no transformer", |m| m.remove("transformer"), ModelMissing, "transformer/model.onnx"),
        (
            "nothing that says what it is",
            |m| {
                m.remove("model_index.json");
                m.remove("transformer/config.json");
            },
            ModelMissing,
            "of which kind its transformer is",
        ),
        (
            "another transformer",
            |m| {
                m.remove("model_index.json");
                m.set("transformer/config.json", "_class_name", json!("SanaTransformer2DModel"));
            },
            ModelUnsupported,
            "of the kind Sana",
        ),
        ("no first text encoder", |m| m.remove("text_encoder"), ModelMissing, "lacks its text_encoder;"),
        ("no second text encoder", |m| m.remove("text_encoder_2"), ModelMissing, "lacks its text_encoder_2;"),
        ("no third text encoder", |m| m.remove("text_encoder_3"), ModelMissing, "lacks its text_encoder_3;"),
        ("no tokenizer", |m| m.remove("tokenizer/merges.txt"), ModelMissing, "tokenizer/tokenizer.json"),
        ("no second tokenizer", |m| m.remove("tokenizer_2"), ModelMissing, "tokenizer_2/tokenizer.json"),
        ("no third tokenizer", |m| m.remove("tokenizer_3"), ModelMissing, "tokenizer_3/tokenizer.json;"),
        (
            "a third tokenizer in another form",
            |m| {
                m.remove("tokenizer_3/tokenizer.json");
                m.write("tokenizer_3/spiece.model", "x");
            },
            ModelUnsupported,
            "spiece.model alone",
        ),
        (
            "a broken third tokenizer",
            |m| m.write("tokenizer_3/tokenizer.json", "{\"version\": "),
            ModelBroken,
            "tokenizer_3",
        ),
        (
            "a third tokenizer that does not fit",
            |m| m.set("text_encoder_3/config.json", "vocab_size", json!(90)),
            ModelBroken,
            "tokenizer_3 does not fit",
        ),
        (
            "a text encoder that tells too little",
            |m| {
                let plain = tiny("sd15").join("text_encoder/model.onnx");
                std::fs::copy(plain, m.0.join("text_encoder/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "hidden_states",
        ),
        (
            "the first text encoder twice",
            |m| m.copy("text_encoder/model.onnx", "text_encoder_2/model.onnx"),
            ModelBroken,
            "different models (24 numbers in pooled_projections instead of 32)",
        ),
        (
            "the T5 of another model",
            |m| {
                let other = tiny("flux-dev").join("text_encoder_2/model.onnx");
                std::fs::copy(other, m.0.join("text_encoder_3/model.onnx")).unwrap();
            },
            ModelBroken,
            "T5 text encoder and the transformer are from different models (32 numbers a token beside 72)",
        ),
        (
            "another model's transformer",
            |m| {
                let other = tiny("sd15").join("unet/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "no input called \"hidden_states\"",
        ),
        (
            "another model's autoencoder",
            |m| {
                for part in ["vae_encoder", "vae_decoder"] {
                    let other = tiny("sd15").join(part).join("model.onnx");
                    std::fs::copy(other, m.0.join(part).join("model.onnx")).unwrap();
                }
            },
            ModelUnsupported,
            "makes 8 channels instead of 16",
        ),
        (
            "inpainting",
            |m| m.set("transformer/config.json", "in_channels", json!(33)),
            ModelUnsupported,
            "33 input channels instead of 16",
        ),
        (
            "patches of nothing",
            |m| m.set("transformer/config.json", "patch_size", json!(0)),
            ModelBroken,
            "patch_size",
        ),
        (
            "a shift of nothing",
            |m| m.set("scheduler/scheduler_config.json", "shift", json!(0)),
            ModelBroken,
            "shift",
        ),
    ];
    check_damages("sd3", "sd3-damaged", damages);
}
