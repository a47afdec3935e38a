//! Which files of a repository make one model: the layouts are those that the engine knows, and of several precisions of one
//! network one is taken.
//!
//! | layout | e.g. |
//! |---|---|
//! | optimum, diffusers' Onnx pipelines | `unet/model.onnx` with what lies beside it |
//! | Olive, OnnxStack | `unet/<variant>/model.onnx` |
//! | transformers.js, WebNN | `onnx/unet_model_q4f16.onnx` |
//! | flat files | `unet.onnx` |

use crate::fault::{Fault, Kind, Result};
use crate::hub::{Remote, Repository};

/// The most exact that runs everywhere first, as the engine has it.
pub const PRECISIONS: [&str; 9] = ["", "fp32", "fp16", "f16", "quantized", "int8", "uint8", "q4f16", "q4"];
const NETWORKS: [&str; 8] = [
    "unet",
    "transformer",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
    "vae_encoder",
    "vae_decoder",
    "preview_decoder",
];
/// Folders of small files.
const FOLDERS: [&str; 5] = ["tokenizer", "tokenizer_2", "tokenizer_3", "scheduler", "vae"];
const SMALL: [&str; 8] = [
    "model_index.json",
    "scumble.json",
    "scheduler_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
];
/// Other forms of the same weights, and pictures of a page.
const NOT_TAKEN: [&str; 16] = [
    "safetensors",
    "bin",
    "ckpt",
    "pt",
    "pth",
    "gguf",
    "msgpack",
    "h5",
    "tflite",
    "png",
    "jpg",
    "jpeg",
    "webp",
    "gif",
    "md",
    "xml",
];
/// Other networks than the one whose folder they lie in.
const OTHER_NETWORKS: [&str; 2] = ["controlnet.onnx", "ip_adapter.onnx"];
/// What weighs more in a folder of small files is none of them.
const LARGEST_SMALL: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub files: Vec<Remote>,
    /// A line for each network of which there are several forms.
    pub said: Vec<String>,
    /// Parts that a model needs and this repository lacks.
    pub lacks: Vec<&'static str>,
}

/// Picks. `precision` is preferred where a network has it.
///
/// # Errors
/// [`Kind::Unsupported`] for a repository without a network to denoise with, saying what it has instead.
pub fn choose(repository: &Repository, precision: Option<&str>) -> Result<Choice> {
    let mut choice = Choice { files: Vec::new(), said: Vec::new(), lacks: Vec::new() };
    let mut has = Vec::new();
    for part in NETWORKS {
        let forms = forms(&repository.files, part);
        let Some(chosen) = best(&forms, precision) else { continue };
        if forms.len() > 1 {
            let others: Vec<&str> =
                forms.iter().filter(|form| form.path != chosen.path).map(|form| form.path.as_str()).collect();
            choice.said.push(format!("{}, not {}", chosen.path, others.join(", ")));
        }
        has.push(part);
        choice.files.push(chosen.clone());
        choice.files.extend(beside(&repository.files, chosen));
    }
    if !has.iter().any(|part| ["unet", "transformer"].contains(part)) {
        return Err(nothing(repository));
    }
    for file in &repository.files {
        let folder = file.path.split_once('/').map(|(folder, rest)| (folder, !rest.contains('/')));
        let config = file.path.strip_suffix("/config.json").is_some_and(|folder| NETWORKS.contains(&folder));
        let small = match folder {
            Some((folder, true)) => config || (FOLDERS.contains(&folder) && is_taken(&file.path)),
            Some((_, false)) => false,
            None => SMALL.contains(&file.path.as_str()) || is_licence(&file.path),
        };
        if small && file.size <= LARGEST_SMALL && !file.path.ends_with(".onnx") {
            choice.files.push(file.clone());
        }
    }
    choice.files.sort_by(|a, b| a.path.cmp(&b.path));
    choice.files.dedup_by(|a, b| a.path == b.path);
    choice.lacks = lacks(&has, &choice.files);
    Ok(choice)
}

/// The forms in which a repository has a network.
fn forms<'a>(files: &'a [Remote], part: &str) -> Vec<&'a Remote> {
    let is_form = |file: &&Remote| {
        let Some(stem) = file.path.strip_suffix(".onnx") else { return false };
        match stem.split('/').collect::<Vec<_>>().as_slice() {
            // unet/model.onnx, unet/model_fp16.onnx, unet/unet.onnx
            [folder, name] if *folder == part => !OTHER_NETWORKS.contains(&format!("{name}.onnx").as_str()),
            // unet/fp16/model.onnx
            [folder, _, "model"] => *folder == part,
            // onnx/unet_model_fp16.onnx
            ["onnx", name] | [name] => named(name, part).is_some(),
            _ => false,
        }
    };
    files.iter().filter(is_form).collect()
}

/// The precision in the name of a flat file: `unet_model_fp16`, `unet_fp16`, `unet`.
fn named<'a>(name: &'a str, part: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(part)?;
    let rest = rest.strip_prefix("_model").unwrap_or(rest);
    let precision = if rest.is_empty() { rest } else { rest.strip_prefix('_')? };
    PRECISIONS.contains(&precision).then_some(precision)
}

fn best<'a>(forms: &[&'a Remote], wanted: Option<&str>) -> Option<&'a Remote> {
    let rank = |file: &&&Remote| {
        let precision = precision_of(&file.path);
        let place = PRECISIONS.iter().position(|known| *known == precision).unwrap_or(PRECISIONS.len());
        (wanted != Some(precision), place, file.path.len())
    };
    forms.iter().min_by_key(rank).copied()
}

/// What a path says of its precision, "" for nothing.
fn precision_of(path: &str) -> &str {
    let stem = path.strip_suffix(".onnx").unwrap_or(path);
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let variant = folder.rsplit_once('/').map(|(_, variant)| variant);
    let in_name = PRECISIONS
        .iter()
        .filter(|known| !known.is_empty())
        .find_map(|known| name.ends_with(&format!("_{known}")).then_some(*known));
    in_name.or_else(|| PRECISIONS.iter().copied().find(|known| Some(*known) == variant)).unwrap_or("")
}

/// The precision that files of these paths were chosen for, as the name of the network that denoises has it: others may lie there
/// in one alone.
pub fn precision_among<'a>(paths: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let denoises = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let own = |part: &str| path.split('/').any(|folder| folder == part) || name.starts_with(part);
        path.ends_with(".onnx") && (own("unet") || own("transformer"))
    };
    paths.into_iter().find(denoises).map(precision_of).filter(|precision| !precision.is_empty())
}

/// The weights that lie outside of a network's file: their names are in it, so all that may be theirs is taken.
fn beside(files: &[Remote], network: &Remote) -> Vec<Remote> {
    let (folder, name) = network.path.rsplit_once('/').unwrap_or(("", &network.path));
    let own_folder = !folder.is_empty() && folder != "onnx";
    let inside = |file: &&Remote| file.path.rsplit_once('/').unwrap_or(("", &file.path)).0 == folder;
    let names: Vec<&str> = files
        .iter()
        .filter(inside)
        .filter_map(|file| file.path.rsplit('/').next())
        .filter(|name| name.ends_with(".onnx"))
        .collect();
    let is_its = |file: &&Remote| {
        let other = file.path.rsplit('/').next().unwrap_or_default();
        // unet_model_q4.onnx_data belongs to unet_model_q4.onnx, if there is one.
        let owner = names.iter().filter(|name| other.starts_with(**name)).max_by_key(|name| name.len());
        match owner {
            Some(owner) => *owner == name && other != name,
            None => own_folder && !other.ends_with(".onnx") && is_taken(&file.path),
        }
    };
    files.iter().filter(inside).filter(is_its).cloned().collect()
}

fn is_taken(path: &str) -> bool {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    !NOT_TAKEN.contains(&end.as_str())
}

fn is_licence(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    name.starts_with("license") || name.starts_with("licence") || name.starts_with("notice")
}

fn lacks(has: &[&'static str], files: &[Remote]) -> Vec<&'static str> {
    let there = |names: &[&str]| files.iter().any(|file| names.contains(&file.path.as_str()));
    let networks = ["text_encoder", "vae_encoder", "vae_decoder"].into_iter();
    let mut lacks: Vec<&'static str> = networks.filter(|part| !has.contains(part)).collect();
    let tokenizer =
        |folder: &str| there(&[&format!("{folder}/tokenizer.json"), &format!("{folder}/vocab.json")]);
    if !tokenizer("tokenizer") && !there(&["tokenizer.json", "vocab.json"]) {
        lacks.push("tokenizer");
    }
    for (encoder, name) in [("text_encoder_2", "tokenizer_2"), ("text_encoder_3", "tokenizer_3")] {
        if has.contains(&encoder) && !tokenizer(name) {
            lacks.push(name);
        }
    }
    // Families with a transformer and one text encoder (FLUX.2 klein, Z-Image, SANA-Sprint) have one way each.
    let needs = !has.contains(&"transformer") || has.contains(&"text_encoder_2");
    if needs && !there(&["scheduler/scheduler_config.json", "scheduler_config.json"]) {
        lacks.push("scheduler");
    }
    lacks
}

fn nothing(repository: &Repository) -> Fault {
    let has =
        |ends: &[&str]| repository.files.iter().any(|file| ends.iter().any(|end| file.path.ends_with(end)));
    let name = &repository.name;
    let message = if has(&[".onnx"]) {
        format!(
            "{name} has ONNX files, but none in a place where a U-Net or a transformer would lie (unet/model.onnx and \
             the like), so it is no model that can be painted with here."
        )
    } else if has(&[".gguf"]) {
        format!("{name} is in GGUF form, which is not read here; look for an ONNX export of the same model.")
    } else if has(&[".safetensors", ".ckpt", ".bin"]) {
        format!(
            "{name} has no ONNX files; download its diffusers folder and export that with `python models/export/export.py \
             FOLDER NEW_FOLDER` of Scumble's source tree, or look for an ONNX export of the same model."
        )
    } else {
        format!("{name} has no ONNX files, so it is no model that can be painted with here.")
    };
    Fault::new(Kind::Unsupported, message)
}

#[cfg(test)]
mod tests {
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
        assert!(
            files.contains(&"onnx/unet_model_q4f16.onnx_data".to_owned()) && files.len() == 4,
            "{files:?}"
        );
        // FLUX.2 klein and Z-Image need no scheduler to be told.
        let flat = ["text_encoder.onnx", "transformer.onnx", "transformer.onnx.data", "tokenizer.json"];
        let (files, choice) = chosen(&flat, None);
        assert_eq!(
            files,
            ["text_encoder.onnx", "tokenizer.json", "transformer.onnx", "transformer.onnx.data"]
        );
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
}
