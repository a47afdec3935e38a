//! A model folder as people download it: which files it has, what they say about the model, what is wrong.
//!
//! Where the parts lie is found by [`crate::models::layout`]; a `config.json` per network is read where there is one,
//! else the values are those that Stable Diffusion has.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Status};
use crate::model::{Defaults, REFINE_STRENGTH};
use crate::models::checkpoint;
use crate::models::config::Config;
use crate::models::kind::{self, KNOWN, Kind, unsupported};
use crate::models::layout::{self, Layout};

/// Numbers of the variational autoencoder: pixels to latent and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Autoencoder {
    /// latent = (encoded − shift) · scaling.
    pub scaling: f32,
    pub shift: f32,
    /// Latent channels.
    pub channels: usize,
}

/// A text encoder and what it reads with.
#[derive(Debug)]
pub struct Words {
    /// `text_encoder`, `text_encoder_2`.
    pub name: &'static str,
    /// The `.onnx` file.
    pub network: PathBuf,
    /// The folder with `tokenizer.json` or `vocab.json` and `merges.txt`.
    pub tokenizer: PathBuf,
    /// Entries of its embedding table, and how many tokens it reads.
    pub vocabulary: Option<u32>,
    pub positions: Option<u32>,
    /// Must padding be masked? CLIP in Stable Diffusion looks at it; other text encoders were not trained to.
    pub masks_padding: bool,
}

/// A folder whose files are all there. Nothing of them is loaded yet.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub name: String,
    pub description: String,
    /// None if the folder does not say.
    pub kind: Option<Kind>,
    /// In the order in which the U-Net looks at them.
    pub texts: Vec<Words>,
    /// The `.onnx` files.
    pub unet: PathBuf,
    pub vae_encoder: PathBuf,
    pub vae_decoder: PathBuf,
    pub scheduler: Config,
    pub autoencoder: Autoencoder,
    /// Pixels per latent cell.
    pub cell: u32,
    /// Latent cells that both sides must be a multiple of: 2 to the U-Net's halvings.
    pub unet_multiple: u32,
    /// Side of the pictures that the model was trained on, in pixels.
    pub native: u32,
    /// SDXL: does no negative prompt mean zeros, rather than an empty text?
    pub zeros_for_empty: bool,
    /// Width of the U-Net's guidance embedding (`timestep_cond`), if it says that it has one.
    pub guidance_width: Option<u32>,
    /// What `scumble.json` recommends.
    pub defaults: Option<Defaults>,
}

const EXPORT: &str = "export it with `optimum-cli export onnx --model MODEL FOLDER`";
const EXPORT_FILE: &str = "make one with diffusers' from_single_file and save_pretrained, then \
    `optimum-cli export onnx --model FOLDER ONNX_FOLDER`";

impl Folder {
    /// Reads the folder at `path`.
    ///
    /// # Errors
    /// [`Status::ModelMissing`] (no folder, or a file is not there), [`Status::ModelBroken`] (a file that
    /// cannot be right), [`Status::ModelUnsupported`] (another kind of model), each naming what and where.
    pub fn open(path: &Path) -> Result<Self> {
        check_kind_of_path(path)?;
        let path = layout::in_cache(path)?;
        let path = path.as_path();
        let hints = Config::read(&path.join("scumble.json"))?;
        let layout = Layout::new(path, hints.as_ref())?;
        let index = Config::read(&path.join("model_index.json"))?;
        let kind = match &index {
            Some(index) => kind::in_index(path, index)?,
            None => None,
        };
        // The U-Net first: what is said about it tells most about what the folder is.
        let unet = network(&layout, path, "unet")?;
        let unet_config = layout.config("unet", &unet)?;
        let kind = match kind {
            None | Some(Kind::StableDiffusion) if is_xl(&layout, unet_config.as_ref())? => {
                Some(Kind::StableDiffusionXl)
            }
            kind => kind,
        };
        let xl = kind == Some(Kind::StableDiffusionXl);
        let [vae_encoder, vae_decoder] =
            ["vae_encoder", "vae_decoder"].map(|name| network(&layout, path, name));
        let (vae_encoder, vae_decoder) = (vae_encoder?, vae_decoder?);
        // What SDXL's refiner lacks is null in the index.
        let is_null = |name: &str| {
            let entry = index.as_ref().and_then(|index| index.get(name)?.as_array());
            entry.is_some_and(|entry| entry.iter().all(serde_json::Value::is_null))
        };
        let mut texts = Vec::new();
        if !(xl && is_null("text_encoder")) {
            texts.push(words(&layout, path, "text_encoder", "tokenizer")?);
        }
        if xl {
            texts.push(words(&layout, path, "text_encoder_2", "tokenizer_2")?);
        }
        const SCHEDULER: &str = "scheduler_config.json";
        let scheduler = layout.folder("scheduler", &[&[SCHEDULER]])?;
        let scheduler = scheduler.map(|folder| Config::read(&folder.join(SCHEDULER))).transpose()?.flatten();
        let scheduler = scheduler.ok_or_else(|| missing(path, "scheduler/scheduler_config.json"))?;

        let vae_config = match layout.config("vae_decoder", &vae_decoder)? {
            Some(config) => Some(config),
            None => layout.config("vae_encoder", &vae_encoder)?,
        };
        let vae_config = match vae_config {
            Some(config) => Some(config),
            None => Config::read(&path.join("vae/config.json"))?,
        };
        let (autoencoder, cell) = autoencoder(vae_config.as_ref(), xl)?;
        if let Some(config) = &unet_config {
            check_unet(path, config, &autoencoder)?;
        }
        let usual = if xl { 2 } else { 3 };
        let halvings =
            unet_config.as_ref().map_or(Ok(usual), |c| halvings(c, &["block_out_channels"], usual))?;
        let native = match (&hints, &unet_config) {
            (Some(hints), _) if hints.get("native").is_some() => hints.whole("native", 0, 8..=LARGEST)?,
            (_, Some(config)) => native_size(config, cell)?,
            _ if xl => 1024,
            _ => 512,
        };
        // A cached model's folder is called by a hash.
        let name = layout::cached_name(path)
            .or_else(|| Some(path.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_default();
        let told = |key: &str| hints.as_ref().and_then(|h| h.text(key)).map(str::to_owned);
        Ok(Folder {
            name: told("name").unwrap_or(name),
            description: told("description").unwrap_or_else(|| {
                let family = if xl { "Stable Diffusion XL" } else { "Stable Diffusion" };
                format!("A {family} model, trained on pictures of {native} × {native} pixels.")
            }),
            kind,
            texts,
            unet,
            vae_encoder,
            vae_decoder,
            scheduler,
            autoencoder,
            cell,
            unet_multiple: 1 << halvings,
            native,
            zeros_for_empty: match &index {
                Some(index) => index.flag("force_zeros_for_empty_prompt", true)?,
                None => true,
            },
            guidance_width: entry(unet_config.as_ref(), "time_cond_proj_dim")?,
            defaults: hints.as_ref().map(defaults).transpose()?.flatten(),
            path: path.to_path_buf(),
        })
    }
}

/// Only SDXL has a second text encoder beside a U-Net, and a U-Net that is told sizes.
fn is_xl(layout: &Layout<'_>, unet: Option<&Config>) -> Result<bool> {
    let told = unet.is_some_and(|config| config.text("addition_embed_type") == Some("text_time"));
    Ok(told || layout.network("text_encoder_2")?.is_some())
}

/// A text encoder and its tokenizer.
fn words(layout: &Layout<'_>, path: &Path, name: &'static str, tokenizer: &str) -> Result<Words> {
    let network = network(layout, path, name)?;
    let config = layout.config(name, &network)?;
    let files = layout.folder(tokenizer, &[&["tokenizer.json"], &["vocab.json", "merges.txt"]])?;
    // One that lies in the model's own folder is the first; SDXL's second pads with another token.
    let files = files.filter(|folder| tokenizer == "tokenizer" || folder != path);
    Ok(Words {
        name,
        network,
        tokenizer: files.ok_or_else(|| {
            missing(path, &format!("{tokenizer}/tokenizer.json (or vocab.json with merges.txt)"))
        })?,
        vocabulary: entry(config.as_ref(), "vocab_size")?,
        positions: entry(config.as_ref(), "max_position_embeddings")?,
        masks_padding: config
            .as_ref()
            .and_then(|config| config.text("model_type"))
            .is_some_and(|model| !model.starts_with("clip")),
    })
}

fn entry(config: Option<&Config>, key: &str) -> Result<Option<u32>> {
    match config {
        Some(config) if config.get(key).is_some() => config.whole(key, 0, 1..=10_000_000).map(Some),
        _ => Ok(None),
    }
}

fn check_kind_of_path(path: &Path) -> Result<()> {
    if path.is_file() {
        let what = checkpoint::kind(path).unwrap_or_else(|| "a single file, not a model folder".into());
        let advice = match checkpoint::can_be_exported(&what) {
            true => format!("{KNOWN}, one folder per model ({EXPORT_FILE})"),
            false => "it is a part for a model, not a model; choose a model's folder".into(),
        };
        return Err(Error::new(Status::ModelUnsupported, format!("{} is {what}; {advice}.", path.display())));
    }
    let mut entries = std::fs::read_dir(path).map_err(|error| {
        Error::new(
            Status::ModelMissing,
            format!("There is no model folder at {} ({error}); choose another one.", path.display()),
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

fn missing(path: &Path, file: &str) -> Error {
    Error::new(
        Status::ModelMissing,
        format!("The model folder {} lacks {file}; download the whole model.", path.display()),
    )
}

/// The `.onnx` file of one network, or why there is none.
fn network(layout: &Layout<'_>, path: &Path, name: &str) -> Result<PathBuf> {
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
        .collect();
    let has = |endings: &[&str]| names.iter().any(|name| endings.iter().any(|end| name.ends_with(end)));
    if has(&[".incomplete", ".part", ".partial", ".crdownload", ".aria2", ".download", ".tmp"]) {
        return Err(Error::new(
            Status::ModelMissing,
            format!("The download of {} has not finished; download the model again.", file.display()),
        ));
    }
    if has(&[".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".gguf"]) && !has(&[".onnx"]) {
        let advice = if path.join("model_index.json").is_file() { EXPORT } else { EXPORT_FILE };
        return Err(Error::new(
            Status::ModelUnsupported,
            format!("The model in {} is not in ONNX form; {advice}.", path.display()),
        ));
    }
    if path.join("transformer").exists() || names.iter().any(|entry| entry.starts_with("transformer")) {
        return Err(Error::new(
            Status::ModelUnsupported,
            format!(
                "The model in {} has a transformer in the place of a U-Net; {KNOWN} ({EXPORT}).",
                path.display()
            ),
        ));
    }
    if name != "unet" && layout.network("unet")?.is_some() {
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

/// The autoencoder's numbers and its pixels per latent cell.
fn autoencoder(config: Option<&Config>, xl: bool) -> Result<(Autoencoder, u32)> {
    // What Stable Diffusion's has, for exports that do not say.
    let usual = if xl { 0.13025 } else { 0.18215 };
    let Some(config) = config else {
        return Ok((Autoencoder { scaling: usual as f32, shift: 0.0, channels: 4 }, 8));
    };
    let tiny = config.text("_class_name") == Some("AutoencoderTiny");
    let scaling = config.number("scaling_factor", if tiny { 1.0 } else { usual }, 1e-6..=1e6)?;
    let shift = config.number("shift_factor", 0.0, -1e6..=1e6)?;
    let channels = config.whole("latent_channels", 4, 1..=1024)?;
    let levels = halvings(config, &["block_out_channels", "encoder_block_out_channels"], 3)?;
    Ok((
        Autoencoder { scaling: scaling as f32, shift: shift as f32, channels: channels as usize },
        1 << levels,
    ))
}

/// Levels of a U-shaped network less one: how often it halves the picture.
fn halvings(config: &Config, keys: &[&str], default: u32) -> Result<u32> {
    let Some(key) = keys.iter().find(|key| config.get(key).is_some()) else { return Ok(default) };
    match config.list_length(key) {
        Some(levels @ 1..=8) => Ok(levels as u32 - 1),
        _ => Err(config.wrong(key, "a list of one to eight numbers")),
    }
}

fn check_unet(path: &Path, config: &Config, autoencoder: &Autoencoder) -> Result<()> {
    let channels = config.whole("in_channels", autoencoder.channels as u32, 1..=4096)?;
    match channels {
        n if n as usize == autoencoder.channels => Ok(()),
        9 => Err(unsupported(path, "Stable Diffusion inpainting (9 input channels)")),
        8 => Err(unsupported(path, "InstructPix2Pix (8 input channels)")),
        n => Err(unsupported(path, &format!("unknown: its U-Net has {n} input channels"))),
    }
}

/// No model was trained on larger pictures; a picture of this side takes 50 MB, and the networks hundreds of times that.
const LARGEST: u32 = 2048;

/// The side of the training pictures by `sample_size`, which is in latent cells.
fn native_size(config: &Config, cell: u32) -> Result<u32> {
    let cells = sample_size(config)?;
    Some(cells.saturating_mul(cell)).filter(|side| *side <= LARGEST).ok_or_else(|| {
        config.wrong(
            "sample_size",
            &format!("latent cells of {cell} pixels, at most {}", LARGEST / cell.max(1)),
        )
    })
}

/// `sample_size`: one number, or height and width.
fn sample_size(config: &Config) -> Result<u32> {
    match config.get("sample_size") {
        Some(serde_json::Value::Array(sides)) => sides
            .iter()
            .map(|side| side.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=4096).contains(n)))
            .max()
            .flatten()
            .ok_or_else(|| config.wrong("sample_size", "one or two whole numbers")),
        _ => config.whole("sample_size", 64, 1..=4096),
    }
}

/// `defaults` of `scumble.json`; any of its numbers may be absent, but not all.
fn defaults(hints: &Config) -> Result<Option<Defaults>> {
    let Some(value) = hints.get("defaults") else { return Ok(None) };
    if !value.is_object() {
        return Err(hints.wrong("defaults", "an object with steps, strength and guidance"));
    }
    let own = Config::from_value(value.clone(), hints.file());
    Ok(Some(Defaults {
        steps: own.whole("steps", 4, 1..=1000)?,
        strength: own.number("strength", 0.5, 1e-3..=1.0)? as f32,
        guidance: own.number("guidance", 1.0, 0.0..=100.0)? as f32,
        refine: match own.get("refine") {
            Some(serde_json::Value::Number(_)) => Some(own.number("refine", 0.35, 0.05..=0.9)? as f32),
            None | Some(serde_json::Value::Bool(true)) => Some(REFINE_STRENGTH),
            Some(serde_json::Value::Bool(false)) => None,
            Some(_) => return Err(own.wrong("refine", "true, false, or a strength from 0.05 to 0.9")),
        },
    }))
}
