//! Where in a folder the parts of a model lie: people's exports are arranged in some six ways, and all of them are told
//! by their files alone.
//!
//! | layout | e.g. |
//! |---|---|
//! | optimum, diffusers' Onnx pipelines | `unet/model.onnx` |
//! | Olive, OnnxStack | `unet/<variant>/model.onnx`, `unet/unet.onnx` |
//! | several precisions | `unet/model_fp16.onnx`, `unet/fp16/model.onnx` beside others |
//! | transformers.js, WebNN | `onnx/unet_model_q4f16.onnx` |
//! | flat files | `unet.onnx` |
//!
//! What a folder lacks may lie in another one, which `parts` in `scumble.json` names.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Status};
use crate::models::config::Config;

/// Quicker or smaller forms of one network in one folder, the most exact that runs everywhere first.
const PRECISIONS: [&str; 9] =
    ["", "_fp32", "_fp16", "_f16", "_quantized", "_int8", "_uint8", "_q4f16", "_q4"];
/// What the U-Net that listens to ControlNets is called.
pub const LISTENING: &str = "U-Net for ControlNets";
/// Another network than the one whose folder it lies in.
pub(super) const OTHER_FILES: [&str; 2] = ["controlnet.onnx", "ip_adapter.onnx"];

/// Where the parts of a model are to be found.
pub struct Layout<'a> {
    root: &'a Path,
    /// Part and folder (or file) from `scumble.json`.
    parts: Vec<(String, PathBuf)>,
}

impl<'a> Layout<'a> {
    /// `hints` is `scumble.json`, where there is one.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if its `parts` is not an object of paths.
    pub fn new(root: &'a Path, hints: Option<&Config>) -> Result<Self> {
        let mut parts = Vec::new();
        if let Some((hints, value)) = hints.and_then(|hints| Some((hints, hints.get("parts")?))) {
            let wrong =
                || hints.wrong("parts", "an object with the folder of each part, like \"vae_encoder\"");
            for (part, place) in value.as_object().ok_or_else(wrong)? {
                let place = place.as_str().filter(|place| !place.is_empty()).ok_or_else(wrong)?;
                parts.push((part.clone(), root.join(place)));
            }
        }
        Ok(Layout { root, parts })
    }

    /// The folder or file that `scumble.json` names for a part.
    fn elsewhere(&self, part: &str) -> Option<&Path> {
        self.parts.iter().find(|(name, _)| name == part).map(|(_, place)| place.as_path())
    }

    /// The `.onnx` file of one network.
    ///
    /// # Errors
    /// [`Status::ModelMissing`] where the part that `scumble.json` names is not there.
    pub fn network(&self, part: &str) -> Result<Option<PathBuf>> {
        let Some(place) = self.elsewhere(part) else { return Ok(network_in(self.root, part)) };
        if place.is_file() {
            return Ok(Some(place.to_path_buf()));
        }
        // The part's own folder, or that of a whole model.
        let own = only_file(place).or_else(|| network_in(place, part)).or_else(|| most_exact(place, part));
        own.map(Some).ok_or_else(|| not_there(self.root, part, place))
    }

    /// The U-Net that listens to ControlNets, which some exports have beside the plain one.
    ///
    /// # Errors
    /// As [`Layout::network`].
    pub fn listening(&self) -> Result<Option<PathBuf>> {
        let [beside, _] = OTHER_FILES.map(|name| self.root.join("unet").join(name));
        Ok(self.network("controlnet")?.or_else(|| beside.is_file().then_some(beside)))
    }

    /// The folder with a part's small files (`config.json`, `tokenizer.json`, …), of which `wanted` are looked for: one
    /// of them is enough, but all names in one entry must be there.
    ///
    /// # Errors
    /// As [`Layout::network`].
    pub fn folder(&self, part: &str, wanted: &[&[&str]]) -> Result<Option<PathBuf>> {
        let has =
            |folder: &PathBuf| wanted.iter().any(|all| all.iter().all(|name| folder.join(name).is_file()));
        if let Some(place) = self.elsewhere(part) {
            let place = if place.is_file() { place.parent().unwrap_or(place) } else { place };
            let found = [place.join(part), place.to_path_buf()].into_iter().find(has);
            return found.map(Some).ok_or_else(|| not_there(self.root, part, place));
        }
        Ok([self.root.join(part), self.root.to_path_buf()].into_iter().find(has))
    }

    /// The `config.json` of a network: in its folder, where `network` lies, or where it would lie in the usual layout. Of one
    /// from elsewhere it is looked for there first, what the model has for its own being another's.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] for a file that is no configuration.
    pub fn config(&self, part: &str, network: &Path) -> Result<Option<Config>> {
        let beside = network.ancestors().skip(1).take(2).find(|folder| folder.ends_with(part));
        let own = self.root.join(part);
        let folders = match self.elsewhere(part) {
            None => vec![beside.unwrap_or(&own).to_path_buf()],
            Some(place) => {
                let there = [beside, Some(&place.join(part)), network.parent(), Some(&own)];
                there.into_iter().flatten().map(Path::to_path_buf).collect()
            }
        };
        let mut read = folders.iter().map(|folder| Config::read(&folder.join("config.json")));
        read.find_map(Result::transpose).transpose()
    }

    /// The folder of the model that a part is from: this one, or that of another.
    pub fn origin(&self, part: &str) -> PathBuf {
        let Some(place) = self.elsewhere(part) else { return written_out(self.root) };
        let folder = if place.is_file() { place.parent().unwrap_or(place) } else { place };
        written_out(if folder.ends_with(part) { folder.parent().unwrap_or(folder) } else { folder })
    }

    /// Is it this model's own?
    pub fn is_own(&self, part: &str) -> bool {
        self.origin(part) == written_out(self.root)
    }
}

/// A folder, in whatever way it is named.
fn written_out(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())
}

fn network_in(root: &Path, part: &str) -> Option<PathBuf> {
    let folder = root.join(part);
    let usual = folder.join("model.onnx");
    if usual.is_file() {
        return Some(usual);
    }
    let flat = [root.join("onnx"), root.to_path_buf()].into_iter().flat_map(|place| {
        let named = PRECISIONS.map(|precision| place.join(format!("{part}_model{precision}.onnx")));
        named.into_iter().chain(PRECISIONS.map(|precision| place.join(format!("{part}{precision}.onnx"))))
    });
    only_file(&folder)
        .or_else(|| only_variant(&folder))
        .or_else(|| most_exact(&folder, part))
        .or_else(|| flat.into_iter().find(|file| file.is_file()))
}

/// The first by [`PRECISIONS`] of those that a part's own folder has, as files or as folders.
fn most_exact(folder: &Path, part: &str) -> Option<PathBuf> {
    let files = |precision: &str| {
        let variant = folder.join(precision.trim_start_matches('_')).join("model.onnx");
        let named = ["model".to_owned(), part.to_owned(), format!("{part}_model")];
        named.map(|name| folder.join(format!("{name}{precision}.onnx"))).into_iter().chain([variant])
    };
    let others = OTHER_FILES.map(|name| folder.join(name));
    let mut files = PRECISIONS.into_iter().flat_map(files).filter(|file| !others.contains(file));
    files.find(|file| file.is_file())
}

/// The network at `path`: the file itself, or the only one in a folder or in its `controlnet`, or the most exact of several.
pub fn alone(path: &Path) -> Option<PathBuf> {
    const PART: &str = "controlnet";
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let inside = path.join(PART);
    let folders = [path, &inside];
    let only = folders.into_iter().find_map(only_file);
    only.or_else(|| folders.into_iter().find_map(|folder| most_exact(folder, PART)))
}

/// The only network that lies in a folder, whatever its name; `model.onnx` where there are several.
fn only_file(folder: &Path) -> Option<PathBuf> {
    let usual = folder.join("model.onnx");
    if usual.is_file() {
        return Some(usual);
    }
    let mut files = entries(folder).into_iter().filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        file.extension().is_some_and(|end| end == "onnx")
            && !OTHER_FILES.contains(&name.as_ref())
            && file.is_file()
    });
    files.next().filter(|_| files.next().is_none())
}

/// The only folder inside that has a network.
fn only_variant(folder: &Path) -> Option<PathBuf> {
    let mut found =
        entries(folder).into_iter().map(|inside| inside.join("model.onnx")).filter(|file| file.is_file());
    found.next().filter(|_| found.next().is_none())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder);
    let mut entries: Vec<PathBuf> = read.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn not_there(root: &Path, part: &str, place: &Path) -> Error {
    Error::new(
        Status::ModelMissing,
        format!(
            "{} says that {part} lies in {}, where it is not; put it there or change the file.",
            root.join("scumble.json").display(),
            place.display()
        ),
    )
}

/// From any level of a download cache of the Hugging Face hub to the model's folder in it; any other folder as it is.
///
/// `hub/models--owner--name/snapshots/<hash>`, with `refs/main` saying which.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a cache with several models, which are named.
pub fn in_cache(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with(REPOSITORY) {
        return Ok(snapshot(path));
    }
    if let (Some(repository), "snapshots" | "blobs" | "refs") = (repository(path), name.as_ref()) {
        return Ok(snapshot(repository));
    }
    for cache in [path.to_path_buf(), path.join("hub")] {
        let is_model = |entry: &PathBuf| {
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(REPOSITORY) && entry.is_dir()
        };
        let models: Vec<PathBuf> = entries(&cache).into_iter().filter(is_model).collect();
        match models.as_slice() {
            [] => {}
            [one] => return Ok(snapshot(one)),
            several => {
                let names: Vec<String> =
                    several.iter().take(8).filter_map(|folder| cached_name(folder)).collect();
                return Err(Error::new(
                    Status::ModelUnsupported,
                    format!(
                        "{} is a download cache of {} models ({}…); choose the folder of one of them in it.",
                        path.display(),
                        several.len(),
                        names.join(", ")
                    ),
                ));
            }
        }
    }
    Ok(path.to_path_buf())
}

const REPOSITORY: &str = "models--";

/// The `models--owner--name` that a path lies in.
fn repository(path: &Path) -> Option<&Path> {
    path.ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(REPOSITORY)))
}

/// The name of the model whose cache `path` lies in, without its owner.
pub fn cached_name(path: &Path) -> Option<String> {
    let folder = repository(path)?.file_name()?.to_string_lossy().into_owned();
    folder.rsplit("--").next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The snapshot of a cached model that is in use: what `refs/main` names, else the newest; else the folder itself, for
/// the message that its files are not there.
fn snapshot(repository: &Path) -> PathBuf {
    let snapshots = repository.join("snapshots");
    // A hash; whatever else the file has is no name of a folder.
    let main = std::fs::read_to_string(repository.join("refs/main")).unwrap_or_default();
    let main = main.trim();
    let named = snapshots.join(main);
    if !main.is_empty() && main.chars().all(|c| c.is_ascii_hexdigit()) && named.is_dir() {
        return named;
    }
    let age = |folder: &PathBuf| std::fs::metadata(folder).and_then(|data| data.modified()).ok();
    let newest = entries(&snapshots).into_iter().filter(|folder| folder.is_dir()).max_by_key(age);
    newest.unwrap_or_else(|| repository.to_path_buf())
}
