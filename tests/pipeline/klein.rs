//! FLUX.2 klein beyond its golden pictures: what its folders look like, what may be wrong with them.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Renderer};
use serde_json::json;

use crate::onnx;
use crate::support::*;

const CELL: usize = 16;

fn picture_of(model: &Scratch) -> Picture {
    let picture = grey(64, 48);
    let request = Request { guidance: 4.0, cell: CELL, strength: 0.6, ..request(&picture) };
    finished(&mut load(&model.0).unwrap(), &request).0
}

#[test]
fn a_klein_folder_is_known_by_its_files() {
    let flat = Scratch::copy_of("klein", "klein-flat");
    let expected = picture_of(&flat);
    flat.remove("config.json");
    assert_eq!(picture_of(&flat), expected, "by what its transformer takes");
    flat.write("config.json", r#"{"model_type": "something"}"#);
    assert_eq!(picture_of(&flat), expected);

    let model = Scratch::copy_of("klein-base", "klein-folders");
    let expected = picture_of(&model);
    model.set("model_index.json", "_class_name", json!("Flux2KleinInpaintPipeline"));
    assert_eq!(picture_of(&model), expected);
    model.remove("scheduler");
    assert_eq!(picture_of(&model), expected, "its family's");
    // What the configuration calls the norm of latents is that of the export.
    let parts = ["vae_encoder", "vae_decoder"].map(|part| format!("{part}/config.json"));
    model.remove(&parts[1]);
    assert_eq!(picture_of(&model), expected, "either half says it");
    model.remove("transformer/config.json");
    assert_eq!(picture_of(&model), expected);
    model.remove("model_index.json");
    assert_ne!(picture_of(&model), expected, "who does not say that guidance is wanted gets none");
}

#[test]
fn a_klein_model_says_what_it_is() {
    let defaults =
        |steps, guidance| Defaults { steps, strength: 0.6, guidance, refine: Some(0.35), context: 0 };
    for (name, expected, words) in [
        ("klein", defaults(4, 1.0), "Guidance and a negative prompt have no effect."),
        ("klein-base", defaults(28, 4.0), "A negative prompt has no effect."),
    ] {
        let pipeline = load(&tiny(name)).unwrap();
        let info = pipeline.info();
        assert_eq!(info.defaults, expected, "{name}");
        let geometry = info.geometry;
        assert_eq!((geometry.native, geometry.multiple, geometry.cell, geometry.fixed), (1024, 16, 16, None));
        for words in ["FLUX.2 klein", words] {
            assert!(info.description.contains(words), "{}", info.description);
        }
        let capabilities = pipeline.capabilities();
        assert!(!capabilities.negative && capabilities.samplers == ["flow_euler"]);
    }
}

#[test]
fn words_and_guidance_reach_klein() {
    let picture = grey(64, 48);
    for (name, guided) in [("klein", false), ("klein-base", true)] {
        let mut pipeline = load(&tiny(name)).unwrap();
        let mut of = |prompt: &str, negative: &str, guidance: f32, strength: f32| {
            let request = Request { prompt, negative, guidance, strength, cell: CELL, ..request(&picture) };
            finished(&mut pipeline, &request).0
        };
        let plain = of("a red house", "", 1.0, 0.6);
        assert_ne!(of("a blue house", "", 1.0, 0.6), plain, "{name}");
        assert_ne!(of("a red house", "", 1.0, 0.65), plain, "{name}");
        assert_eq!(of("a red house", "", 4.0, 0.6) != plain, guided, "{name}");
        assert_eq!(of("a red house", "blurry", 4.0, 0.6), of("a red house", "", 4.0, 0.6), "{name}");
        assert_eq!(of("a (red:1.5) house", "", 1.0, 0.6), plain, "{name}");
        assert!(of(&"word ".repeat(2000), "", 4.0, 0.6).iter().all(|value| value.is_finite()));
    }
}

/// A trial with fewer tokens fails, and that is no reason to refuse it.
#[test]
fn a_transformer_that_reads_all_tokens_need_not_say_so() {
    let model = Scratch::copy_of("klein-base", "klein-all-tokens");
    model.set("model_index.json", "is_distilled", json!(true));
    let transformer = std::fs::read(tiny("klein").join("transformer.onnx")).unwrap();
    model.write("transformer/model.onnx", &transformer);
    let expected = picture_of(&model);
    model.write("transformer/model.onnx", onnx::free(&transformer, 512));
    assert_eq!(picture_of(&model), expected);
}

/// Other families start from noise alone at full strength, and nothing is left of the paint.
#[test]
fn klein_sees_the_paint_at_full_strength() {
    let pictures = [grey(64, 48), grey(64, 48).mapv(|value| 1.0 - value)];
    let differ = |model: &str, cell: usize| {
        let mut pipeline = load(&tiny(model)).unwrap();
        let [one, other] = [0, 1].map(|i| {
            let request = Request { cell, strength: 1.0, ..request(&pictures[i]) };
            finished(&mut pipeline, &request).0
        });
        one != other
    };
    assert!(differ("klein", CELL) && differ("klein-base", CELL));
    assert!(!differ("flux-schnell", 8));
}

#[test]
fn what_is_masked_stays_the_paint_in_klein() {
    check_mask(&tiny("klein"), CELL);
    check_mask(&tiny("klein-base"), CELL);
}

#[test]
fn what_is_wrong_with_a_klein_folder_is_named() {
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
            "a text encoder that tells too little",
            |m| {
                let other = tiny("z-image").join("text_encoder/model.onnx");
                std::fs::copy(other, m.0.join("text_encoder/model.onnx")).unwrap();
            },
            ModelUnsupported,
            "hidden_states.9",
        ),
        (
            "a latent whose norm nobody tells",
            |m| {
                for part in ["vae_encoder", "vae_decoder"] {
                    m.set(&format!("{part}/config.json"), "latents_mean", json!(null));
                }
            },
            ModelUnsupported,
            "config.json needs latents_mean and latents_std",
        ),
        (
            "a norm of another latent",
            |m| m.set("vae_decoder/config.json", "latents_std", json!([1.0, 2.0])),
            ModelBroken,
            "\"latents_std\" is [1.0,2.0] and must be a list of 128 numbers",
        ),
        (
            "a deviation of nothing",
            |m| m.set("vae_decoder/config.json", "latents_std", json!(vec![0.0; 128])),
            ModelBroken,
            "deviations above 0",
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
            "makes 8 channels instead of 128",
        ),
        (
            "FLUX.1's transformer",
            |m| {
                let other = tiny("flux-dev").join("transformer/model.onnx");
                std::fs::copy(other, m.0.join("transformer/model.onnx")).unwrap();
            },
            ModelBroken,
            "different models (72 numbers in encoder_hidden_states instead of 32)",
        ),
        (
            "the large FLUX.2",
            |m| m.set("model_index.json", "_class_name", json!("Flux2Pipeline")),
            ModelUnsupported,
            "of the kind FLUX.2;",
        ),
        (
            "the large FLUX.2, by its transformer",
            |m| {
                m.remove("model_index.json");
                m.set("transformer/config.json", "guidance_embeds", json!(true));
            },
            ModelUnsupported,
            "of the kind Flux2;",
        ),
        (
            "a klein that keeps what it has seen",
            |m| m.set("model_index.json", "_class_name", json!("Flux2KleinKVPipeline")),
            ModelUnsupported,
            "of the kind FLUX.2 KleinKV",
        ),
        (
            "neither distilled nor not",
            |m| m.set("model_index.json", "is_distilled", json!("yes")),
            ModelBroken,
            "is_distilled",
        ),
    ];
    check_damages("klein-base", "klein-damaged", damages);
    let flat: &[Damage] = &[
        ("no transformer", |m| m.remove("transformer.onnx"), ModelMissing, "transformer/model.onnx"),
        ("no encoder", |m| m.remove("vae_encoder.onnx"), ModelMissing, "lacks its vae_encoder;"),
        ("no tokenizer", |m| m.remove("tokenizer"), ModelMissing, "tokenizer/tokenizer.json;"),
        (
            "a text encoder of another length",
            |m| {
                let other = tiny("z-image-web").join("onnx/text_encoder_model.onnx");
                std::fs::copy(other, m.0.join("text_encoder.onnx")).unwrap();
            },
            ModelUnsupported,
            "nor prompt_embeds",
        ),
        ("a download cut short", |m| m.write("vae_decoder.onnx", "x"), ModelBroken, "download it again"),
    ];
    check_damages("klein", "klein-flat-damaged", flat);
}
