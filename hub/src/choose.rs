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
use crate::space::size;

/// The most exact that runs everywhere first, as the engine has it.
pub const PRECISIONS: [&str; 9] = ["", "fp32", "fp16", "f16", "quantized", "int8", "uint8", "q4f16", "q4"];
/// What denoises comes first: of the last two it depends whether they are read.
const NETWORKS: [&str; 10] = [
    "unet",
    "transformer",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
    "vae_encoder",
    "vae_decoder",
    "preview_decoder",
    EYES[0],
    EYES[1],
];
/// What tells a network of reference pictures: a U-Net needs the first, FLUX.1 both.
const EYES: [&str; 2] = ["image_encoder", "image_embedder"];
/// The U-Net once more, listening to ControlNets.
const LISTENING: &str = "controlnet";
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
    /// A line for each network of which there are several forms, or not the one that is wanted, and for one that is left out.
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
        let Some(chosen) = best(&forms, precision).filter(|_| is_read(repository, part, &has)) else {
            continue;
        };
        choice.said.extend(line(part, chosen, &forms, precision));
        has.push(part);
        choice.files.push(chosen.clone());
        choice.files.extend(beside(&repository.files, chosen));
    }
    if !has.iter().any(|part| ["unet", "transformer"].contains(part)) {
        return Err(nothing(repository));
    }
    choice.said.extend(left_out(repository).filter(|_| has.contains(&"unet")));
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

/// Does the network that denoises, one of those that it `has`, look at this one?
fn is_read(repository: &Repository, part: &str, has: &[&str]) -> bool {
    let is_there = |eyes: &&str| !forms(&repository.files, eyes).is_empty();
    match EYES.iter().position(|eyes| *eyes == part) {
        None => true,
        Some(at) => {
            (at == 0 && has.contains(&"unet")) || (!has.contains(&"unet") && EYES.iter().all(is_there))
        }
    }
}

/// What there is to say of the form that was chosen.
fn line(part: &str, chosen: &Remote, forms: &[&Remote], wanted: Option<&str>) -> Option<String> {
    let others: Vec<&str> =
        forms.iter().filter(|form| form.path != chosen.path).map(|form| form.path.as_str()).collect();
    let has = precision_of(&chosen.path);
    // A name without a precision is taken for full precision.
    let missing = wanted.filter(|wanted| *wanted != has && (*wanted, has) != ("fp32", ""));
    let mut line = chosen.path.clone();
    if !others.is_empty() {
        line.push_str(&format!(", not {}", others.join(", ")));
    }
    if let Some(wanted) = missing {
        line.push_str(&format!(", as no {part} there is named {wanted}"));
    }
    (!others.is_empty() || missing.is_some()).then_some(line)
}

/// What ControlNets need, as large as the U-Net: whoever wants them gets it as well.
fn left_out(repository: &Repository) -> Option<String> {
    let beside_unet = |file: &&Remote| file.path.strip_prefix("unet/") == Some(OTHER_NETWORKS[0]);
    let own = best(&forms(&repository.files, LISTENING), None);
    let file = own.or_else(|| repository.files.iter().find(beside_unet))?;
    // With its weights, which are called like it.
    let its = repository.files.iter().filter(|more| more.path.starts_with(&file.path));
    let bytes = its.fold(0, |sum: u64, more| sum.saturating_add(more.size));
    Some(format!(
        "{} ({}) is left out, which only ControlNets need; for them, download it, and the weights beside it, from the page of \
         {} into the same place in the model's folder, where it stays.",
        file.path,
        size(bytes),
        repository.name
    ))
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
            "{name} has no ONNX files; download its diffusers folder and export that with `python3 models/export/export.py \
             FOLDER NEW_FOLDER` of Scumble's source tree, or look for an ONNX export of the same model."
        )
    } else {
        format!("{name} has no ONNX files, so it is no model that can be painted with here.")
    };
    Fault::new(Kind::Unsupported, message)
}

#[cfg(test)]
mod tests;
