//! Z-Image beyond its golden pictures: what its folders look like, what may be wrong with them.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::onnx;
use crate::support::*;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(64, 48);
    let request = Request { guidance: 2.0, negative: "blurry", ..request(&picture) };
    finished(&mut load(&model.0).unwrap(), &request).0
}

#[test]
fn a_z_image_folder_is_known_by_its_files() {
    let model = Scratch::copy_of("z-image", "z-image-files");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("ZImageImg2ImgPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_eq!(picture_of(&model), expected, "by the transformer's configuration");
    for part in ["scheduler", "vae_encoder/config.json", "vae_decoder/config.json"] {
        model.remove(part);
    }
    model.remove("transformer/config.json");
    model.remove("text_encoder/config.json");
    assert_eq!(picture_of(&model), expected, "by what the transformer takes, with its family's numbers");
}

/// webnn/Z-Image-Turbo: as it came first, and a later revision.
#[test]
fn the_published_exports_names_and_shapes_are_taken() {
    let first = Scratch::copy_of("z-image", "z-image-first");
    let expected = picture_of(&first);
    let transformer = std::fs::read(first.0.join("transformer/model.onnx")).unwrap();
    let squeeze: &[(&str, &[&str], &str)] =
        &[("Squeeze", &["out_hidden_states", "the_batch"], "unified_results")];
    let output = onnx::Port("unified_results", onnx::FLOAT, &[16, 1, 0, 0]);
    let output = onnx::extended(&transformer, squeeze, &[("the_batch", 0)], &[output]);
    first.write("transformer/model.onnx", output);
    assert_eq!(picture_of(&first), expected, "without a place for the batch");

    let later = Scratch::copy_of("z-image-web", "z-image-later");
    let expected = picture_of(&later);
    for (part, from, to, rank) in [
        ("text_encoder", "encoder_hidden_state", "encoder_hidden_states", 3),
        ("transformer", "noise_pred", "sample", 4),
    ] {
        let file = format!("onnx/{part}_model.onnx");
        let network = std::fs::read(later.0.join(&file)).unwrap();
        let renamed: &[(&str, &[&str], &str)] = &[("Identity", &[from], to)];
        let output = onnx::Port(to, onnx::FLOAT, &[0; 4][..rank]);
        later.write(&file, onnx::extended(&network, renamed, &[], &[output]));
    }
    assert_eq!(picture_of(&later), expected, "by other names");
}

#[test]
fn a_z_image_model_says_what_it_is() {
    let (expected, multiple) =
        (Defaults { steps: 8, strength: 0.6, guidance: 0.0, refine: Some(0.35), context: 0 }, 16);
    for name in ["z-image", "z-image-web"] {
        let pipeline = load(&tiny(name)).unwrap();
        let info = pipeline.info();
        assert_eq!(info.defaults, expected, "{name}");
        assert_eq!(
            (info.geometry.native, info.geometry.multiple, info.geometry.fixed),
            (1024, multiple, None)
        );
        assert!(info.description.contains("Z-Image"), "{}", info.description);
        let capabilities = pipeline.capabilities();
        assert!(capabilities.negative && capabilities.samplers == ["flow_euler"]);
        assert!(capabilities.no_control.is_some_and(|why| why.contains("Z-Image models take no control")));
    }
}

#[test]
fn words_reach_z_image_and_a_negative_prompt_wants_guidance() {
    let picture = grey(64, 48);
    let mut pipeline = load(&tiny("z-image")).unwrap();
    let mut of = |prompt: &str, negative: &str, guidance: f32, strength: f32| {
        let request = Request { prompt, negative, guidance, strength, ..request(&picture) };
        finished(&mut pipeline, &request).0
    };
    let plain = of("a red house", "", 0.0, 0.6);
    assert_ne!(of("a blue house", "", 0.0, 0.6), plain);
    assert_eq!(of("a red house", "blurry", 0.0, 0.6), plain, "without guidance nobody listens to it");
    assert_ne!(of("a red house", "", 0.5, 0.6), plain, "guidance counts from 0 on");
    assert_ne!(of("a red house", "blurry", 0.5, 0.6), of("a red house", "", 0.5, 0.6));
    assert_ne!(of("a red house", "", 0.0, 0.65), plain, "each strength has its own start");
    // A language model is told the words without their weights.
    assert_eq!(of("a (red:1.5) house", "", 0.0, 0.6), plain);
    assert!(of(&"word ".repeat(2000), "", 1.0, 0.6).iter().all(|value| value.is_finite()));
}

#[test]
fn what_is_masked_stays_the_paint_in_z_image() {
    check_mask(&tiny("z-image"), 8);
}

#[test]
fn what_is_wrong_with_a_z_image_folder_is_named() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    let damages: &[Damage] = &[
        ("no transformer", |m| m.remove("transformer"), ModelMissing, "transformer/model.onnx"),
        ("no text encoder", |m| m.remove("text_encoder"), ModelMissing, "lacks its text_encoder;"),
        ("no encoder", |m| m.remove("vae_encoder"), ModelMissing, "lacks its vae_encoder;"),
        ("no decoder", |m| m.remove("vae_decoder"), ModelMissing, "lacks its vae_decoder;"),
        ("no tokenizer", |m| m.remove("tokenizer"), ModelMissing, "tokenizer/tokenizer.json;"),
        (
            "a tokenizer in CLIP's form",
            |m| {
                m.remove("tokenizer/tokenizer.json");
                m.write("tokenizer/vocab.json", "{}");
                m.write("tokenizer/merges.txt", "");
            },
            ModelMissing,
            "tokenizer/tokenizer.json;",
        ),
        (
            "a broken tokenizer",
            |m| m.write("tokenizer/tokenizer.json", "{\"version\": "),
            ModelBroken,
            "tokenizer",
        ),
        (
            "a tokenizer that does not fit",
            |m| m.set("text_encoder/config.json", "vocab_size", json!(90)),
            ModelBroken,
            "tokenizer does not fit",
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
            "another model's transformer",
            |m| {
                let other = tiny("sd15").join("unet/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "no input called \"hidden_states\"",
        ),
        (
            "FLUX's transformer",
            |m| {
                let other = tiny("flux-schnell").join("transformer/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelBroken,
            "different models (24 numbers in encoder_hidden_states instead of 32)",
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
            "a control model",
            |m| m.set("transformer/config.json", "in_channels", json!(33)),
            ModelUnsupported,
            "33 input channels instead of 16",
        ),
        (
            "an edit model",
            |m| m.set("model_index.json", "_class_name", json!("ZImageOmniPipeline")),
            ModelUnsupported,
            "of the kind Z-Image Omni",
        ),
        (
            "a download cut short",
            |m| m.write("transformer/model.onnx", ""),
            ModelBroken,
            "only half downloaded",
        ),
        (
            "a shift of nothing",
            |m| m.set("scheduler/scheduler_config.json", "shift", json!(0)),
            ModelBroken,
            "shift",
        ),
    ];
    check_damages("z-image", "z-image-damaged", damages);
}
