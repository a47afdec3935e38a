//! A model folder as people download it: which files it has, what they say about the model, what is wrong.
//!
//! Where the parts lie is found by [`crate::models::layout`]; a `config.json` per network is read where there is one,
//! else the values are those that Stable Diffusion has.

mod autoencoders;
mod lacking;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Status};
use crate::model::Defaults;
use crate::models::beside::Beside;
use crate::models::config::Config;
use crate::models::kind::{self, Kind};
use crate::models::layout::{self, Layout};
use crate::models::numbers::{self, entry};
use crate::models::preview::{self, Preview};
use crate::noise::Fine;
pub use autoencoders::Autoencoders;
use lacking::{check_kind_of_path, missing, part};

/// A text encoder and what it reads with.
#[derive(Debug)]
pub struct Words {
    /// `text_encoder`, `text_encoder_2`, `text_encoder_3`.
    pub name: &'static str,
    /// The `.onnx` file.
    pub network: PathBuf,
    /// The folder with `tokenizer.json` or `vocab.json` and `merges.txt`.
    pub tokenizer: PathBuf,
    /// Entries of its embedding table, and how many tokens it reads.
    pub vocabulary: Option<u32>,
    pub positions: Option<u32>,
    pub reader: Reader,
}

/// How a text encoder is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// CLIP looks at the padding, and artists weigh its words.
    Clip,
    /// T5 beside CLIP looks at the padding too. How much of it there is, the family says.
    T5,
    /// A language model, which its family tells more than the prompt. Padding is masked.
    Language,
    /// Any other text encoder was not trained to look at padding: it is masked.
    Other,
}

/// A folder whose files are all there. Nothing of them is loaded yet.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub name: String,
    pub description: String,
    /// None if the folder does not say.
    pub kind: Option<Kind>,
    /// In the order in which the denoising network looks at them.
    pub texts: Vec<Words>,
    /// The denoising network's name: `unet`, `transformer`.
    pub denoiser: &'static str,
    /// What its `config.json` says.
    pub config: Option<Config>,
    /// The `.onnx` files.
    pub network: PathBuf,
    /// The same, made to listen to ControlNets, where there is one.
    pub listening: Option<PathBuf>,
    /// What tells the network of reference pictures, where there is one.
    pub image_encoder: Option<PathBuf>,
    /// FLUX.1 Redux: what makes tokens of what that saw.
    pub image_embedder: Option<PathBuf>,
    pub vae_encoder: PathBuf,
    pub vae_decoder: PathBuf,
    /// What makes pictures before the last step, where there is one.
    pub preview: Option<Preview>,
    pub scheduler: Config,
    pub autoencoders: Autoencoders,
    /// What the network sees beside the latent.
    pub beside: Beside,
    /// InstructPix2Pix: how far to go from what is predicted without the paint.
    pub paint_guidance: f32,
    /// Which channels of the noise go without what is broad in it, by `scumble.json`.
    pub fine_noise: Option<Fine>,
    /// FLUX.1 Kontext: does it look at the paint, or another picture, beside its own?
    pub looks_at_paint: bool,
    /// Pixels per latent cell.
    pub cell: u32,
    /// Latent cells that both sides must be a multiple of: 2 to the U-Net's halvings, a transformer's patch.
    pub cells_multiple: u32,
    /// Side of the pictures that the model was trained on, in pixels.
    pub native: u32,
    /// FLUX.2 klein: was it distilled, so that it takes no guidance?
    pub distilled: bool,
    /// SDXL: does no negative prompt mean zeros, rather than an empty text?
    pub zeros_for_empty: bool,
    /// What `scumble.json` recommends.
    pub defaults: Option<Defaults>,
}

const UNET: &str = "unet";
const TRANSFORMER: &str = "transformer";

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
        let index = index(path)?;
        let kind = match &index {
            Some(index) => kind::in_index(path, index)?,
            None => None,
        };
        let denoiser = denoiser(&layout, kind)?;
        let network = part(&layout, path, denoiser)?;
        let config = layout.config(denoiser, &network)?;
        let kind = match kind {
            None if denoiser == TRANSFORMER => Some(kind::of_transformer(path, config.as_ref(), &network)?),
            None | Some(Kind::StableDiffusion) if is_xl(&layout, config.as_ref())? => {
                Some(Kind::StableDiffusionXl)
            }
            kind => kind,
        };
        let [vae_encoder, vae_decoder] = ["vae_encoder", "vae_decoder"].map(|name| part(&layout, path, name));
        let (vae_encoder, vae_decoder) = (vae_encoder?, vae_decoder?);
        let texts = texts(&layout, path, kind, index.as_ref())?;
        const SCHEDULER: &str = "scheduler_config.json";
        let scheduler = layout.folder("scheduler", &[&[SCHEDULER]])?;
        let scheduler = scheduler.map(|folder| Config::read(&folder.join(SCHEDULER))).transpose()?.flatten();
        let scheduler = scheduler.or_else(|| kind?.scheduler());
        let scheduler = scheduler.ok_or_else(|| missing(path, "scheduler/scheduler_config.json"))?;

        let (autoencoders, cell) =
            autoencoders::find(&layout, path, [&vae_encoder, &vae_decoder], kind, &scheduler)?;
        let beside = match &config {
            Some(config) => numbers::beside(path, config, kind, &autoencoders.decoder, cell)?,
            None if denoiser == UNET && kind::says(index.as_ref(), "Inpaint") => Beside::Hole,
            None if kind::says(index.as_ref(), "InstructPix2Pix") => Beside::Paint,
            None => Beside::Nothing,
        };
        let looks = |name: &str| match denoiser == UNET || kind == Some(Kind::Flux) {
            true => layout.network(name),
            false => Ok(None),
        };
        let native = numbers::native(hints.as_ref(), config.as_ref(), kind, cell)?;
        // A cached model's folder is called by a hash.
        let name = layout::cached_name(path)
            .or_else(|| Some(path.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_default();
        let told = |key: &str| hints.as_ref().and_then(|h| h.text(key)).map(str::to_owned);
        Ok(Folder {
            name: told("name").unwrap_or(name),
            description: told("description").unwrap_or_else(|| {
                let family = kind.unwrap_or(Kind::StableDiffusion).title();
                format!("A {family} model, trained on pictures of {native} × {native} pixels.")
            }),
            kind,
            texts,
            denoiser,
            cells_multiple: numbers::multiple(config.as_ref(), kind)?,
            config,
            network,
            listening: if denoiser == UNET { layout.listening()? } else { None },
            image_encoder: looks("image_encoder")?,
            image_embedder: looks("image_embedder")?.filter(|_| denoiser == TRANSFORMER),
            vae_encoder,
            vae_decoder,
            preview: preview::find(&layout, path, kind, &scheduler, (autoencoders.decoder.channels, cell))?,
            scheduler,
            autoencoders,
            beside,
            paint_guidance: numbers::paint_guidance(hints.as_ref())?,
            fine_noise: hints.as_ref().map(numbers::fine_noise).transpose()?.flatten(),
            looks_at_paint: kind == Some(Kind::Flux) && kind::says(index.as_ref(), "Kontext"),
            cell,
            native,
            distilled: index.as_ref().map_or(Ok(true), |index| index.flag("is_distilled", true))?,
            zeros_for_empty: match &index {
                Some(index) => index.flag("force_zeros_for_empty_prompt", true)?,
                None => true,
            },
            defaults: hints.as_ref().map(numbers::defaults).transpose()?.flatten(),
            path: path.to_path_buf(),
        })
    }
}

/// `model_index.json`, or what some folders have in its place.
fn index(path: &Path) -> Result<Option<Config>> {
    if let Some(index) = Config::read(&path.join("model_index.json"))? {
        return Ok(Some(index));
    }
    let other = Config::read(&path.join("config.json"))?;
    let of_pipeline =
        |config: &Config| config.text("_class_name").is_some_and(|name| name.ends_with("Pipeline"));
    Ok(other.filter(of_pipeline))
}

/// Only SDXL has a second text encoder beside a U-Net, and a U-Net that is told sizes.
fn is_xl(layout: &Layout<'_>, unet: Option<&Config>) -> Result<bool> {
    let told = unet.is_some_and(|config| config.text("addition_embed_type") == Some("text_time"));
    Ok(told || layout.network("text_encoder_2")?.is_some())
}

/// The name of the denoising network: by the kind of the model, else by what is there. Some exports have a transformer
/// where a U-Net would lie.
fn denoiser(layout: &Layout<'_>, kind: Option<Kind>) -> Result<&'static str> {
    let there = |name| layout.network(name).map(|network| network.is_some());
    let transformer = match kind {
        Some(kind) => kind.has_transformer() && (there(TRANSFORMER)? || !there(UNET)?),
        None => !there(UNET)? && there(TRANSFORMER)?,
    };
    Ok(if transformer { TRANSFORMER } else { UNET })
}

/// The text encoders of a model of this kind. Those that the index has as null are left out where the kind can do
/// without: SDXL's refiner without the first, SD 3 without its T5, which is a download of its own.
fn texts(layout: &Layout<'_>, path: &Path, kind: Option<Kind>, index: Option<&Config>) -> Result<Vec<Words>> {
    let kind = kind.unwrap_or(Kind::StableDiffusion);
    let named = |name: &str| {
        let entry = index.and_then(|index| index.get(name)?.as_array());
        entry.map(|entry| !entry.iter().all(serde_json::Value::is_null))
    };
    let mut texts = Vec::new();
    for &(name, tokenizer) in kind.encoders() {
        let left_out = match (kind, name) {
            (Kind::StableDiffusionXl, "text_encoder") => named(name) == Some(false),
            (Kind::StableDiffusion3, "text_encoder_3") => match named(name) {
                Some(named) => !named,
                None => layout.network(name)?.is_none(),
            },
            _ => false,
        };
        if !left_out {
            texts.push(words(layout, path, name, tokenizer, kind.reader(name))?);
        }
    }
    Ok(texts)
}

/// A text encoder and its tokenizer.
fn words(
    layout: &Layout<'_>,
    path: &Path,
    name: &'static str,
    tokenizer: &str,
    reader: Option<Reader>,
) -> Result<Words> {
    const WHOLE: &str = "tokenizer.json";
    let network = part(layout, path, name)?;
    let config = layout.config(name, &network)?;
    // CLIP's alone is known without.
    let wanted: &[&[&str]] =
        if reader.is_some() { &[&[WHOLE]] } else { &[&[WHOLE], &["vocab.json", "merges.txt"]] };
    let files = layout.folder(tokenizer, wanted)?;
    // One that lies in the model's own folder is the first; the others read with others.
    let files = files.filter(|folder| tokenizer == "tokenizer" || folder != path);
    let lacks = || match reader {
        Some(Reader::T5) if path.join(tokenizer).join("spiece.model").is_file() => Error::new(
            Status::ModelUnsupported,
            format!(
                "{} has a spiece.model alone, which cannot be read; put the tokenizer.json of the same text encoder \
                 beside it (any T5 1.1 has the same).",
                path.join(tokenizer).display()
            ),
        ),
        Some(_) => missing(path, &format!("{tokenizer}/{WHOLE}")),
        None => missing(path, &format!("{tokenizer}/{WHOLE} (or vocab.json with merges.txt)")),
    };
    let model = config.as_ref().and_then(|config| config.text("model_type"));
    Ok(Words {
        name,
        network,
        tokenizer: files.ok_or_else(lacks)?,
        vocabulary: entry(config.as_ref(), "vocab_size")?,
        positions: entry(config.as_ref(), "max_position_embeddings")?,
        reader: match (reader, model) {
            (Some(reader), _) => reader,
            (None, Some(model)) if !model.starts_with("clip") => Reader::Other,
            _ => Reader::Clip,
        },
    })
}
