//! What a folder lacks, or is in a model's place, as sentences.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{TRANSFORMER, UNET, index};
use crate::error::{Error, Result, Status, plain};
use crate::models::checkpoint;
use crate::models::kind::{self, KNOWN};
use crate::models::layout::{self, Layout};

pub(super) fn check_kind_of_path(path: &Path) -> Result<()> {
    if path.is_file() {
        let what = checkpoint::kind(path).unwrap_or_else(|| "a single file, not a model folder".into());
        let advice = checkpoint::advice(&what)
            .unwrap_or_else(|| "it is a part for a model, not a model; choose a model's folder".into());
        return Err(Error::new(Status::ModelUnsupported, format!("{} is {what}; {advice}.", path.display())));
    }
    let mut entries = std::fs::read_dir(path).map_err(|error| {
        Error::new(
            Status::ModelMissing,
            match error.kind() {
                ErrorKind::NotFound => {
                    format!("There is no model folder at {}; choose another one.", path.display())
                }
                _ => format!(
                    "The model folder {} cannot be read ({}); let yourself read it, or choose another one.",
                    path.display(),
                    plain(error)
                ),
            },
        )
    })?;
    if entries.next().is_none() {
        return Err(Error::new(
            Status::ModelMissing,
            format!("The model folder {} is empty; download the model into it.", path.display()),
        ));
    }
    Ok(())
}

pub(super) fn missing(path: &Path, file: &str) -> Error {
    Error::new(
        Status::ModelMissing,
        format!("The model folder {} lacks {file}; download the whole model.", path.display()),
    )
}

/// The `.onnx` file of one network, or why there is none.
pub(super) fn part(layout: &Layout<'_>, path: &Path, name: &str) -> Result<PathBuf> {
    if let Some(file) = layout.network(name)? {
        return Ok(file);
    }
    let folder = path.join(name);
    let file = folder.join("model.onnx");
    let root = path.to_path_buf();
    let names: Vec<String> = [&folder, &root]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !layout::OTHER_FILES.contains(&name.as_str()))
        .collect();
    let has = |endings: &[&str]| names.iter().any(|name| endings.iter().any(|end| name.ends_with(end)));
    if has(&[".incomplete", ".part", ".partial", ".crdownload", ".aria2", ".download", ".tmp"]) {
        return Err(Error::new(
            Status::ModelMissing,
            format!("The download of {} has not finished; download the model again.", file.display()),
        ));
    }
    if has(&[".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".gguf"]) && !has(&[".onnx"]) {
        return Err(not_exported(path, &names));
    }
    if name == UNET
        && (path.join(TRANSFORMER).exists() || names.iter().any(|entry| entry.starts_with(TRANSFORMER)))
    {
        return Err(Error::new(
            Status::ModelUnsupported,
            format!(
                "The model in {} has a transformer in the place of a U-Net, which its model_index.json does not tell of; \
                 {KNOWN}.",
                path.display()
            ),
        ));
    }
    if ![UNET, TRANSFORMER].contains(&name)
        && (layout.network(UNET)?.is_some() || layout.network(TRANSFORMER)?.is_some())
    {
        return Err(Error::new(
            Status::ModelMissing,
            format!(
                "The model folder {} lacks its {name}; download the whole model, or name a folder that has one \
                 in {}: {{\"parts\": {{\"{name}\": \"../OTHER MODEL\"}}}}.",
                path.display(),
                path.join("scumble.json").display()
            ),
        ));
    }
    Err(missing(path, &format!("{name}/model.onnx")))
}

/// The error for a model of PyTorch's: what it is, and how it is exported. `names`: files in the folder.
fn not_exported(path: &Path, names: &[String]) -> Error {
    let titled = index(path).ok().flatten().and_then(|index| kind::in_index(path, &index).ok().flatten());
    let single = || names.iter().find_map(|name| Some((name, checkpoint::kind(&path.join(name))?)));
    let (what, advice) = match titled {
        Some(kind) => (
            format!(" ({} of diffusers)", kind.title()),
            checkpoint::exporting(&format!("\"{}\"", path.display()), ""),
        ),
        None => match single() {
            Some((name, what)) => {
                let part = || "choose the folder of a whole model".into();
                let advice = checkpoint::advice(&what).unwrap_or_else(part);
                (format!(": {name} is {what}"), advice)
            }
            None => (String::new(), checkpoint::exporting("FOLDER", "")),
        },
    };
    let message = format!("The model in {} is not in ONNX form{what}; {advice}.", path.display());
    Error::new(Status::ModelUnsupported, message)
}
