//! Which family of models a folder holds.

use std::path::Path;

use crate::error::{Error, Result, Status};
use crate::models::config::Config;

/// Which pipeline of diffusers the folder was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    StableDiffusion,
    StableDiffusionXl,
    /// Spreads strength over the steps its own way.
    LatentConsistency,
}

pub(super) const KNOWN: &str = "this version runs SD 1.x, SD 2.x, SD-Turbo, SDXL and LCM models in ONNX form";

/// The class in `model_index.json`; None if it does not say.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a family that this version does not run, by name.
pub(super) fn in_index(path: &Path, index: &Config) -> Result<Option<Kind>> {
    let Some(class) = index.text("_class_name") else { return Ok(None) };
    // Exporters put Onnx or ORT before the name or into it, and Img2Img.
    let plain = ["Onnx", "ORT", "Img2Img"].iter().fold(class.to_owned(), |name, word| name.replace(word, ""));
    let other = match plain.trim_end_matches("Pipeline") {
        "StableDiffusion" => return Ok(Some(Kind::StableDiffusion)),
        "StableDiffusionXL" => return Ok(Some(Kind::StableDiffusionXl)),
        "LatentConsistency" | "LatentConsistencyModel" => return Ok(Some(Kind::LatentConsistency)),
        name if name.starts_with("StableDiffusionXL") => {
            format!("Stable Diffusion XL {}", name.trim_start_matches("StableDiffusionXL"))
        }
        name if name.starts_with("StableDiffusion3") => "Stable Diffusion 3".to_owned(),
        name if name.starts_with("Flux2") => "FLUX.2".to_owned(),
        name if name.starts_with("Flux") => "FLUX.1".to_owned(),
        name if name.starts_with("ZImage") => "Z-Image".to_owned(),
        name if name.starts_with("Sana") => "Sana".to_owned(),
        name if name.contains("Inpaint") => "Stable Diffusion inpainting".to_owned(),
        name => name.to_owned(),
    };
    Err(unsupported(path, &other))
}

/// The error for a model of another kind.
pub(super) fn unsupported(path: &Path, what: &str) -> Error {
    Error::new(
        Status::ModelUnsupported,
        format!("The model in {} is of the kind {what}; {KNOWN}.", path.display()),
    )
}
