//! SANA-Sprint beyond its golden pictures: what its folders look like, what may be wrong with them.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::support::*;

const CELL: usize = 32;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(96, 64);
    let request = Request { guidance: 4.5, cell: CELL, strength: 0.6, ..request(&picture) };
    finished(&mut load(&model.0).unwrap(), &request).0
}

#[test]
fn a_sana_folder_is_known_by_its_files() {
    let model = Scratch::copy_of("sana", "sana-files");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("SanaSprintImg2ImgPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_eq!(picture_of(&model), expected, "by the transformer's configuration");
    for part in
        ["scheduler", "vae_encoder/config.json", "vae_decoder/config.json", "text_encoder/config.json"]
    {
        model.remove(part);
    }
    model.remove("transformer/config.json");
    assert_eq!(picture_of(&model), expected, "by what the transformer takes, with its family's numbers");
}

#[test]
fn a_sana_model_says_what_it_is() {
    let pipeline = load(&tiny("sana")).unwrap();
    let info = pipeline.info();
    assert_eq!(
        info.defaults,
        Defaults { steps: 4, strength: 0.5, guidance: 4.5, refine: Some(0.35), context: 0 }
    );
    let geometry = info.geometry;
    assert_eq!((geometry.native, geometry.multiple, geometry.cell, geometry.fixed), (1024, 32, 32, None));
    for words in ["SANA-Sprint", "a negative prompt has no effect"] {
        assert!(info.description.contains(words), "{}", info.description);
    }
    let capabilities = pipeline.capabilities();
    assert!(!capabilities.negative && capabilities.samplers == ["scm"]);
}

#[test]
fn words_and_guidance_reach_sana() {
    let picture = grey(96, 64);
    let mut pipeline = load(&tiny("sana")).unwrap();
    let mut of = |prompt: &str, negative: &str, guidance: f32, strength: f32| {
        let request = Request { prompt, negative, guidance, strength, cell: CELL, ..request(&picture) };
        finished(&mut pipeline, &request).0
    };
    let plain = of("a red house", "", 4.5, 0.6);
    assert_ne!(of("a blue house", "", 4.5, 0.6), plain);
    assert_ne!(of("a red house", "", 1.0, 0.6), plain);
    assert_ne!(of("a red house", "", 4.5, 0.65), plain);
    assert_eq!(of("a red house", "blurry", 4.5, 0.6), plain);
    assert_eq!(of("  A (Red:1.5) HOUSE ", "", 4.5, 0.6), plain, "in small letters, without weights");
    assert!(of(&"word ".repeat(2000), "", 4.5, 0.6).iter().all(|value| value.is_finite()));
}

#[test]
fn what_is_masked_stays_the_paint_in_sana() {
    check_mask(&tiny("sana"), CELL);
}

#[test]
fn sana_is_asked_for_sizes_and_a_sampler_that_it_knows() {
    let mut pipeline = load(&tiny("sana")).unwrap();
    let picture = grey(96, 48);
    let error = Request { cell: CELL, ..request(&picture) }.error(&mut pipeline);
    assert!(error.status == Status::Rect && error.message.contains("multiples of 32 pixels"), "{error}");
    let picture = grey(96, 64);
    let request = Request { cell: CELL, sampler: Some("euler"), ..request(&picture) };
    let error = request.error(&mut pipeline);
    assert!(error.status == Status::Setting && error.message.contains("scm, not euler"), "{error}");
    let own = finished(&mut pipeline, &Request { sampler: None, ..request });
    assert_eq!(finished(&mut pipeline, &Request { sampler: Some("scm"), ..request }).0, own.0);
    for (steps, strength) in [(0, 0.5), (1001, 0.5), (4, 0.0), (4, 1.5)] {
        let error = Request { steps, strength, sampler: None, ..request }.error(&mut pipeline);
        assert_eq!(error.status, Status::Setting, "{steps} {strength}");
    }
}

#[test]
fn what_is_wrong_with_a_sana_folder_is_named() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    let damages: &[Damage] = &[
        ("no transformer", |m| m.remove("transformer"), ModelMissing, "transformer/model.onnx"),
        ("no text encoder", |m| m.remove("text_encoder"), ModelMissing, "lacks its text_encoder;"),
        ("no encoder", |m| m.remove("vae_encoder"), ModelMissing, "lacks its vae_encoder;"),
        ("no decoder", |m| m.remove("vae_decoder"), ModelMissing, "lacks its vae_decoder;"),
        ("no tokenizer", |m| m.remove("tokenizer"), ModelMissing, "tokenizer/tokenizer.json;"),
        (
            "a tokenizer that does not fit",
            |m| m.set("text_encoder/config.json", "vocab_size", json!(90)),
            ModelBroken,
            "tokenizer does not fit",
        ),
        (
            "another text encoder",
            |m| {
                let other = tiny("flux-dev").join("text_encoder_2/model.onnx");
                std::fs::copy(other, m.0.join("text_encoder/model.onnx")).unwrap();
                m.remove("text_encoder/config.json");
                m.remove("tokenizer");
                m.write("tokenizer/x", "");
                let files = tiny("flux-dev").join("tokenizer_2");
                for file in std::fs::read_dir(files).unwrap().flatten() {
                    std::fs::copy(file.path(), m.0.join("tokenizer").join(file.file_name())).unwrap();
                }
            },
            ModelBroken,
            "different models (32 numbers in encoder_hidden_states instead of 24)",
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
            "makes 8 channels instead of 32",
        ),
        (
            "Z-Image's transformer",
            |m| {
                let other = tiny("z-image").join("transformer/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "no input called \"encoder_attention_mask\"",
        ),
        (
            "the large SANA",
            |m| m.set("model_index.json", "_class_name", json!("SanaPipeline")),
            ModelUnsupported,
            "of the kind Sana;",
        ),
        (
            "noise of no size",
            |m| m.set("scheduler/scheduler_config.json", "sigma_data", json!(0)),
            ModelBroken,
            "sigma_data",
        ),
        (
            "another prediction",
            |m| m.set("scheduler/scheduler_config.json", "prediction_type", json!("epsilon")),
            ModelUnsupported,
            "prediction_type = epsilon",
        ),
    ];
    check_damages("sana", "sana-damaged", damages);
}
