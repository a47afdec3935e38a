//! What the configurations of a model's networks say of its latents and sizes, and what holds where they are silent.

use std::path::Path;

use crate::error::Result;
use crate::model::{Defaults, REFINE_STRENGTH};
use crate::models::beside::{Beside, width};
use crate::models::config::Config;
use crate::models::kind::{Kind, unsupported};
use crate::noise::Fine;

/// Numbers of the variational autoencoder: pixels to latent and back.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoencoder {
    /// latent = (encoded − shift) · scaling.
    pub scaling: f32,
    pub shift: f32,
    /// Latent channels, as the denoising network sees them.
    pub channels: usize,
    /// FLUX.2: what becomes of 2 × 2 cells of an export that does not put them together itself, where it is known.
    pub patches: Option<Patches>,
    /// Does the denoising network see 2 × 2 cells of the autoencoder's as one?
    pub patched: bool,
}

/// By channel of a patch: latent = (encoded − mean) / deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct Patches {
    pub mean: Vec<f32>,
    pub deviation: Vec<f32>,
}

/// A whole number above 0, if the configuration has one.
///
/// # Errors
/// [`crate::error::Status::ModelBroken`] for anything else under the name.
pub fn entry(config: Option<&Config>, key: &str) -> Result<Option<u32>> {
    match config {
        Some(config) if config.get(key).is_some() => config.whole(key, 0, 1..=10_000_000).map(Some),
        _ => Ok(None),
    }
}

/// The autoencoder's numbers and its pixels per latent cell.
pub(super) fn autoencoder(
    config: Option<&Config>,
    kind: Option<Kind>,
    scheduler: &Config,
) -> Result<(Autoencoder, u32)> {
    // What the family's own has, for exports that do not say.
    let (scaling, shift, channels) = match kind {
        Some(Kind::StableDiffusionXl) => (0.13025, 0.0, 4),
        Some(Kind::StableDiffusion3) => (1.5305, 0.0609, 16),
        Some(Kind::Flux | Kind::ZImage) => (0.3611, 0.1159, 16),
        Some(Kind::Flux2Klein) => (1.0, 0.0, 32),
        Some(Kind::SanaSprint) => (0.41407, 0.0, 32),
        Some(Kind::StableDiffusion | Kind::LatentConsistency) | None => (0.18215, 0.0, 4),
    };
    let levels = if kind == Some(Kind::SanaSprint) { 5 } else { 3 };
    let none = Config::from_value(serde_json::Value::Null, "");
    let config = config.unwrap_or(&none);
    let tiny = config.text("_class_name") == Some("AutoencoderTiny");
    let (scaling, shift) = if tiny { (1.0, 0.0) } else { (scaling, shift) };
    let mut scaling = config.number("scaling_factor", scaling, 1e-6..=1e6)?;
    let shift = config.number("shift_factor", shift, -1e6..=1e6)?;
    let mut channels = config.whole("latent_channels", channels, 1..=1024)? as usize;
    let mut levels = halvings(config, &["block_out_channels", "encoder_block_out_channels"], levels)?;
    if kind == Some(Kind::SanaSprint) {
        // Its noise has this deviation, and latents are brought to it.
        scaling *= sigma_data(scheduler)?;
    }
    let patched = kind == Some(Kind::Flux2Klein);
    let mut patches = None;
    if patched {
        (channels, levels) = (channels * 4, levels + 1);
        patches = norm(config, channels)?;
    }
    let (scaling, shift) = (scaling as f32, shift as f32);
    Ok((Autoencoder { scaling, shift, channels, patches, patched }, 1 << levels))
}

/// SANA-Sprint: the deviation of noise.
///
/// # Errors
/// [`crate::error::Status::ModelBroken`] for what cannot be one.
pub fn sigma_data(scheduler: &Config) -> Result<f64> {
    scheduler.number("sigma_data", 0.5, 1e-3..=1e3)
}

/// `latents_mean` and `latents_std`, where both are there.
fn norm(config: &Config, channels: usize) -> Result<Option<Patches>> {
    let row = |key: &str, least: f64| -> Result<Option<Vec<f32>>> {
        let Some(value) = config.get(key) else { return Ok(None) };
        let numbers: Option<Vec<f32>> =
            value.as_array().filter(|row| row.len() == channels).and_then(|row| {
                row.iter().map(|n| n.as_f64().filter(|n| *n >= least).map(|n| n as f32)).collect()
            });
        let wrong = || config.wrong(key, &format!("a list of {channels} numbers, deviations above 0"));
        numbers.map(Some).ok_or_else(wrong)
    };
    let (mean, deviation) = (row("latents_mean", f64::MIN)?, row("latents_std", 1e-6)?);
    Ok(mean.zip(deviation).map(|(mean, deviation)| Patches { mean, deviation }))
}

/// Latent cells that both sides must be a multiple of.
pub(super) fn multiple(config: Option<&Config>, kind: Option<Kind>) -> Result<u32> {
    match kind {
        // A transformer looks at patches. FLUX's are made outside of it, and its configuration says 1; Z-Image's has a
        // list of sizes, of which 2 is used.
        Some(Kind::Flux | Kind::ZImage) => Ok(2),
        // A cell is a patch already.
        Some(Kind::Flux2Klein) => Ok(1),
        Some(Kind::SanaSprint) => config.map_or(Ok(1), |config| config.whole("patch_size", 1, 1..=64)),
        Some(Kind::StableDiffusion3) => config.map_or(Ok(2), |config| config.whole("patch_size", 2, 1..=64)),
        _ => {
            let usual = if kind == Some(Kind::StableDiffusionXl) { 2 } else { 3 };
            Ok(1 << config.map_or(Ok(usual), |config| halvings(config, &["block_out_channels"], usual))?)
        }
    }
}

/// Levels of a U-shaped network less one: how often it halves the picture.
fn halvings(config: &Config, keys: &[&str], default: u32) -> Result<u32> {
    let Some(key) = keys.iter().find(|key| config.get(key).is_some()) else { return Ok(default) };
    match config.list_length(key) {
        Some(levels @ 1..=8) => Ok(levels as u32 - 1),
        _ => Err(config.wrong(key, "a list of one to eight numbers")),
    }
}

/// What the denoising network takes beside the latent, as its configuration says.
pub(super) fn beside(
    path: &Path,
    config: &Config,
    kind: Option<Kind>,
    autoencoder: &Autoencoder,
    cell: u32,
) -> Result<Beside> {
    let wanted = width(kind, autoencoder.channels);
    let title = kind.unwrap_or(Kind::StableDiffusion).title();
    let channels = config.whole("in_channels", wanted as u32, 1..=4096)? as usize;
    match (Beside::of(kind, channels, autoencoder.channels, cell as usize), channels) {
        (Some(beside), _) => Ok(beside),
        _ if kind.is_some_and(Kind::has_transformer) => Err(unsupported(
            path,
            &format!(
                "{title} with more than a picture going in (inpainting, or control: {channels} input channels \
                 instead of {wanted})"
            ),
        )),
        (_, 8) => Err(unsupported(path, "InstructPix2Pix XL (8 input channels)")),
        _ => Err(unsupported(path, &format!("unknown: its U-Net has {channels} input channels"))),
    }
}

/// No model was trained on larger pictures; a picture of this side takes 50 MB, and the networks hundreds of times that.
const LARGEST: u32 = 2048;

/// The side of the training pictures: as `scumble.json` has it, or by `sample_size` of the denoising network, which is
/// in latent cells.
pub(super) fn native(
    hints: Option<&Config>,
    config: Option<&Config>,
    kind: Option<Kind>,
    cell: u32,
) -> Result<u32> {
    if let Some(hints) = hints.filter(|hints| hints.get("native").is_some()) {
        return hints.whole("native", 0, 8..=LARGEST);
    }
    let usual = match kind {
        Some(kind) if kind.has_transformer() => 1024 / cell.max(1),
        Some(Kind::StableDiffusionXl) => 128,
        _ => 64,
    };
    let Some(config) = config else { return Ok(usual * cell) };
    let cells = sample_size(config, usual)?;
    Some(cells.saturating_mul(cell)).filter(|side| *side <= LARGEST).ok_or_else(|| {
        config.wrong(
            "sample_size",
            &format!("latent cells of {cell} pixels, at most {}", LARGEST / cell.max(1)),
        )
    })
}

/// `sample_size`: one number, or height and width.
fn sample_size(config: &Config, usual: u32) -> Result<u32> {
    match config.get("sample_size") {
        Some(serde_json::Value::Array(sides)) => sides
            .iter()
            .map(|side| side.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=4096).contains(n)))
            .max()
            .flatten()
            .ok_or_else(|| config.wrong("sample_size", "one or two whole numbers")),
        _ => config.whole("sample_size", usual, 1..=4096),
    }
}

/// `paint_guidance` of `scumble.json`: how much an InstructPix2Pix model keeps to the paint.
pub(super) fn paint_guidance(hints: Option<&Config>) -> Result<f32> {
    // What its makers and diffusers begin with.
    const USUAL: f64 = 1.5;
    hints
        .map_or(Ok(USUAL), |hints| hints.number("paint_guidance", USUAL, 1.0..=20.0))
        .map(|number| number as f32)
}

/// `fine_noise` of `scumble.json`: how many channels of the noise go without what is broader than so many cells.
pub(super) fn fine_noise(hints: &Config) -> Result<Option<Fine>> {
    let Some(value) = hints.get("fine_noise") else { return Ok(None) };
    let own = Config::from_value(value.clone(), hints.file());
    if own.get("channels").is_none() || own.get("radius").is_none() {
        return Err(hints.wrong("fine_noise", "an object with channels and radius"));
    }
    let whole = |key, most| own.whole(key, 0, 1..=most).map(|number| number as usize);
    Ok(Some(Fine { channels: whole("channels", 1024)?, radius: whole("radius", 4)? }))
}

/// `defaults` of `scumble.json`; any of its numbers may be absent, but not all.
pub(super) fn defaults(hints: &Config) -> Result<Option<Defaults>> {
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
        context: own.whole("context", 0, 0..=1024)?,
    }))
}
