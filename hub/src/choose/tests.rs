use super::*;

fn repository(paths: &[&str]) -> Repository {
    let files = paths.iter().map(|path| Remote { path: (*path).to_owned(), size: 10, sha256: None });
    Repository {
        name: "owner/name".into(),
        commit: "0".repeat(40),
        licence: None,
        gated: false,
        files: files.collect(),
    }
}

fn chosen(paths: &[&str], precision: Option<&str>) -> (Vec<String>, Choice) {
    let choice = choose(&repository(paths), precision).unwrap();
    (choice.files.iter().map(|file| file.path.clone()).collect(), choice)
}

const OPTIMUM: [&str; 17] = [
    ".gitattributes",
    "README.md",
    "LICENSE.md",
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.onnx",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/model.onnx",
    "unet/model.onnx_data",
    "vae_decoder/model.onnx",
    "vae_encoder/model.onnx",
    "safety_checker/model.onnx",
];

#[test]
fn of_an_export_all_that_loading_needs_is_taken_and_nothing_else() {
    let (files, choice) = chosen(&OPTIMUM, None);
    assert_eq!(
        files,
        [
            "LICENSE.md",
            "model_index.json",
            "scheduler/scheduler_config.json",
            "text_encoder/config.json",
            "text_encoder/model.onnx",
            "tokenizer/merges.txt",
            "tokenizer/vocab.json",
            "unet/config.json",
            "unet/model.onnx",
            "unet/model.onnx_data",
            "vae_decoder/model.onnx",
            "vae_encoder/model.onnx",
        ]
    );
    assert!(choice.lacks.is_empty() && choice.said.is_empty(), "{choice:?}");
}

#[test]
fn weights_of_any_name_come_with_their_network() {
    for weights in ["weights.pb", "model.onnx.data", "model_int8.onnx.data", "onnx__MatMul_5333"] {
        let path = format!("unet/{weights}");
        let paths: Vec<&str> = OPTIMUM.into_iter().chain([path.as_str()]).collect();
        assert!(chosen(&paths, None).0.contains(&path), "{weights}");
    }
}

#[test]
fn one_precision_of_each_network_is_taken_with_its_own_weights() {
    let paths = [
        "onnx/unet_model.onnx",
        "onnx/unet_model.onnx_data",
        "onnx/unet_model_fp16.onnx",
        "onnx/unet_model_q4f16.onnx",
        "onnx/unet_model_q4f16.onnx_data",
        "onnx/text_encoder_model_q4f16.onnx",
        "onnx/vae_decoder_model_q4f16.onnx",
    ];
    let (files, choice) = chosen(&paths, None);
    assert_eq!(
        files,
        [
            "onnx/text_encoder_model_q4f16.onnx",
            "onnx/unet_model.onnx",
            "onnx/unet_model.onnx_data",
            "onnx/vae_decoder_model_q4f16.onnx",
        ]
    );
    assert_eq!(
        choice.said,
        ["onnx/unet_model.onnx, not onnx/unet_model_fp16.onnx, onnx/unet_model_q4f16.onnx"]
    );
    assert_eq!(choice.lacks, ["vae_encoder", "tokenizer", "scheduler"]);
    let (files, _) = chosen(&paths, Some("q4f16"));
    assert!(files.contains(&"onnx/unet_model_q4f16.onnx_data".to_owned()) && files.len() == 4, "{files:?}");
    // FLUX.2 klein and Z-Image need no scheduler to be told.
    let flat = ["text_encoder.onnx", "transformer.onnx", "transformer.onnx.data", "tokenizer.json"];
    let (files, choice) = chosen(&flat, None);
    assert_eq!(files, ["text_encoder.onnx", "tokenizer.json", "transformer.onnx", "transformer.onnx.data"]);
    assert_eq!(choice.lacks, ["vae_encoder", "vae_decoder"]);
    let flux = ["text_encoder.onnx", "text_encoder_2.onnx", "transformer.onnx"];
    assert!(chosen(&flux, None).1.lacks.contains(&"scheduler"));
    // A text encoder's name begins like another's.
    let (files, _) = chosen(&["unet.onnx", "text_encoder.onnx", "text_encoder_2_fp16.onnx"], None);
    assert_eq!(files, ["text_encoder.onnx", "text_encoder_2_fp16.onnx", "unet.onnx"]);
    let (files, _) =
        chosen(&["unet/fp16/model.onnx", "unet/fp16/model.onnx.data", "unet/q4/model.onnx"], None);
    assert_eq!(files, ["unet/fp16/model.onnx", "unet/fp16/model.onnx.data"]);
}

#[test]
fn what_is_no_model_to_paint_with_is_said() {
    for (paths, says) in [
        (vec!["unet/diffusion_pytorch_model.safetensors"], "models/export/export.py"),
        (vec!["model-q4.gguf"], "GGUF"),
        (vec!["model.onnx"], "none in a place where a U-Net"),
        (vec!["README.md"], "has no ONNX files"),
    ] {
        let fault = choose(&repository(&paths), None).unwrap_err();
        assert_eq!(fault.kind, Kind::Unsupported);
        assert!(fault.message.contains(says), "{paths:?}: {fault}");
    }
}

#[test]
fn the_networks_of_reference_pictures_come_with_the_one_that_looks() {
    let eyes = ["image_encoder/config.json", "image_encoder/model.onnx", "image_encoder/model.onnx_data"];
    let words = ["image_embedder/model.onnx"];
    let paths: Vec<&str> = OPTIMUM.into_iter().chain(eyes).chain(words).collect();
    let (files, choice) = chosen(&paths, None);
    assert!(eyes.iter().all(|path| files.contains(&(*path).to_owned())), "{files:?}");
    assert!(!files.contains(&words[0].to_owned()), "no U-Net reads it: {files:?}");
    assert!(choice.said.is_empty(), "{:?}", choice.said);
    let flux = ["transformer/model.onnx", "text_encoder/model.onnx", "text_encoder_2/model.onnx"];
    let paths: Vec<&str> = flux.into_iter().chain(eyes).chain(words).collect();
    let (files, _) = chosen(&paths, None);
    assert!(eyes.iter().chain(&words).all(|path| files.contains(&(*path).to_owned())), "{files:?}");
    // One alone is of no use to a transformer.
    let paths: Vec<&str> = flux.into_iter().chain(eyes).collect();
    assert!(!chosen(&paths, None).0.contains(&eyes[1].to_owned()));
    let (files, _) = chosen(&["unet.onnx", "onnx/image_encoder_fp16.onnx"], None);
    assert_eq!(files, ["onnx/image_encoder_fp16.onnx", "unet.onnx"]);
}

#[test]
fn a_u_net_for_control_nets_is_left_out_and_that_is_said() {
    for path in ["unet/controlnet.onnx", "controlnet/model.onnx", "onnx/controlnet_model_fp16.onnx"] {
        let weights = format!("{path}_data");
        let paths: Vec<&str> = OPTIMUM.into_iter().chain([path, weights.as_str()]).collect();
        let (files, choice) = chosen(&paths, None);
        assert!(!files.iter().any(|file| file.contains("controlnet")), "{files:?}");
        let [said] = choice.said.as_slice() else { panic!("{:?}", choice.said) };
        assert!(said.starts_with(&format!("{path} (20 bytes) is left out")), "{said}");
        assert!(said.contains("ControlNets") && said.contains("owner/name"), "{said}");
    }
    // What a transformer does not read is not told of.
    let (_, choice) = chosen(&["transformer/model.onnx", "controlnet/model.onnx"], None);
    assert!(choice.said.is_empty(), "{:?}", choice.said);
}

#[test]
fn a_precision_that_is_not_there_is_told_with_what_there_is() {
    let said = |paths: &[&str], precision| chosen(paths, Some(precision)).1.said;
    let paths = ["unet/model.onnx", "unet/model_fp16.onnx", "vae_decoder/model.onnx"];
    assert_eq!(
        said(&paths, "int8"),
        [
            "unet/model.onnx, not unet/model_fp16.onnx, as no unet there is named int8",
            "vae_decoder/model.onnx, as no vae_decoder there is named int8",
        ]
    );
    assert_eq!(
        said(&paths, "fp16"),
        [
            "unet/model_fp16.onnx, not unet/model.onnx",
            "vae_decoder/model.onnx, as no vae_decoder there is named fp16"
        ]
    );
    // One without a name for it is in full precision.
    assert_eq!(said(&paths, "fp32"), ["unet/model.onnx, not unet/model_fp16.onnx"]);
    assert_eq!(
        said(&["unet/model_fp16.onnx"], "fp32"),
        ["unet/model_fp16.onnx, as no unet there is named fp32"]
    );
}
