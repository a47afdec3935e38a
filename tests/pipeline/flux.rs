//! FLUX.1 beyond its golden pictures: what its folders look like, what may be wrong with them.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::support::*;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(64, 48);
    finished(&mut load(&model.0).unwrap(), &request(&picture)).0
}

#[test]
fn a_flux_folder_is_known_by_its_files() {
    let model = Scratch::copy_of("flux-schnell", "flux-files");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("ORTFluxImg2ImgPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_eq!(picture_of(&model), expected);
    for part in ["vae_encoder", "vae_decoder"] {
        model.remove(&format!("{part}/config.json"));
    }
    assert_eq!(picture_of(&model), expected, "those of FLUX where nobody says");
}

#[test]
fn each_flux_has_its_own_defaults() {
    let defaults =
        |steps, guidance| Defaults { steps, strength: 0.6, guidance, refine: Some(0.35), context: 0 };
    for (name, expected) in [("flux-dev", defaults(28, 3.5)), ("flux-schnell", defaults(4, 0.0))] {
        let pipeline = load(&tiny(name)).unwrap();
        let info = pipeline.info();
        assert_eq!(info.defaults, expected, "{name}");
        assert_eq!((info.geometry.native, info.geometry.multiple, info.geometry.fixed), (1024, 16, None));
        for words in ["FLUX.1", "a negative prompt has no effect"] {
            assert!(info.description.contains(words), "{}", info.description);
        }
        assert!(!pipeline.capabilities().negative);
    }
}

#[test]
fn words_and_guidance_reach_the_transformer() {
    let picture = grey(64, 48);
    for (name, guided) in [("flux-dev", true), ("flux-schnell", false)] {
        let mut pipeline = load(&tiny(name)).unwrap();
        let mut of = |prompt: &str, negative: &str, guidance: f32| {
            finished(&mut pipeline, &Request { prompt, negative, guidance, ..request(&picture) }).0
        };
        let plain = of("a red house", "", 3.5);
        assert_ne!(of("a blue house", "", 3.5), plain);
        assert_eq!(of("a red house", "blurry", 3.5), plain);
        assert_eq!(of("a red house", "", 1.5) != plain, guided, "{name}");
        // T5 is told the words without their weights; CLIP's one vector is not weighed either.
        assert_eq!(of("a (red:1.5) house", "", 3.5), plain);
    }
}

#[test]
fn what_is_wrong_with_a_flux_folder_is_named() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    let damages: &[Damage] = &[
        ("no transformer", |m| m.remove("transformer"), ModelMissing, "transformer/model.onnx"),
        ("no CLIP", |m| m.remove("text_encoder"), ModelMissing, "lacks its text_encoder;"),
        ("no T5", |m| m.remove("text_encoder_2"), ModelMissing, "lacks its text_encoder_2;"),
        ("no tokenizer of T5", |m| m.remove("tokenizer_2"), ModelMissing, "tokenizer_2/tokenizer.json;"),
        (
            "the encoders in the wrong order",
            |m| m.copy("text_encoder_2/model.onnx", "text_encoder/model.onnx"),
            ModelUnsupported,
            "no output like pooler_output",
        ),
        (
            "the T5 of another model",
            |m| {
                let other = tiny("sd3").join("text_encoder_3/model.onnx");
                std::fs::copy(other, m.0.join("text_encoder_2/model.onnx")).unwrap();
            },
            ModelBroken,
            "different models (72 numbers in encoder_hidden_states instead of 32)",
        ),
        (
            "another model's transformer",
            |m| {
                let other = tiny("sd3").join("transformer/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "no input called \"img_ids\"",
        ),
        (
            "more than anybody knows going in",
            |m| m.set("transformer/config.json", "in_channels", json!(100)),
            ModelUnsupported,
            "100 input channels instead of 64",
        ),
        (
            "a shift that grows without a slope",
            |m| m.set("scheduler/scheduler_config.json", "max_image_seq_len", json!(256)),
            ModelBroken,
            "max_image_seq_len",
        ),
    ];
    check_damages("flux-dev", "flux-damaged", damages);
}
