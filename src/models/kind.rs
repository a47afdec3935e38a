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
    StableDiffusion3,
    Flux,
}

impl Kind {
    /// What people call its models.
    pub fn title(self) -> &'static str {
        match self {
            Kind::StableDiffusion | Kind::LatentConsistency => "Stable Diffusion",
            Kind::StableDiffusionXl => "Stable Diffusion XL",
            Kind::StableDiffusion3 => "Stable Diffusion 3",
            Kind::Flux => "FLUX.1",
        }
    }

    /// Is it denoised by a transformer, and trained by flow matching?
    pub fn has_transformer(self) -> bool {
        matches!(self, Kind::StableDiffusion3 | Kind::Flux)
    }

    /// Its text encoders, in the order in which the denoising network looks at them, and their tokenizers.
    pub(super) fn encoders(self) -> &'static [(&'static str, &'static str)] {
        const ALL: [(&str, &str); 3] = [
            ("text_encoder", "tokenizer"),
            ("text_encoder_2", "tokenizer_2"),
            ("text_encoder_3", "tokenizer_3"),
        ];
        match self {
            Kind::StableDiffusion | Kind::LatentConsistency => &ALL[..1],
            Kind::StableDiffusionXl | Kind::Flux => &ALL[..2],
            Kind::StableDiffusion3 => &ALL,
        }
    }

    /// The text encoder that is a T5, if it has one.
    pub(super) fn t5(self) -> Option<&'static str> {
        match self {
            Kind::StableDiffusion3 => Some("text_encoder_3"),
            Kind::Flux => Some("text_encoder_2"),
            _ => None,
        }
    }
}

pub(super) const KNOWN: &str =
    "this version runs SD 1.x, SD 2.x, SD-Turbo, SDXL, LCM, SD 3 and FLUX.1 models in ONNX form";

/// The class in `model_index.json`; None if it does not say.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a family that this version does not run, by name.
pub(super) fn in_index(path: &Path, index: &Config) -> Result<Option<Kind>> {
    let Some(class) = index.text("_class_name") else { return Ok(None) };
    // Exporters put Onnx or ORT before the name or into it, and Img2Img.
    let plain = ["Onnx", "ORT", "Img2Img"].iter().fold(class.to_owned(), |name, word| name.replace(word, ""));
    let of_a_kin = |family: &str, name: &str, begin: &str| {
        format!("{family} {}", name.trim_start_matches(begin)).trim_end().to_owned()
    };
    let other = match plain.trim_end_matches("Pipeline") {
        "StableDiffusion" | "StableDiffusionInpaint" => return Ok(Some(Kind::StableDiffusion)),
        "StableDiffusionXL" | "StableDiffusionXLInpaint" => return Ok(Some(Kind::StableDiffusionXl)),
        "LatentConsistency" | "LatentConsistencyModel" => return Ok(Some(Kind::LatentConsistency)),
        "StableDiffusion3" => return Ok(Some(Kind::StableDiffusion3)),
        "Flux" => return Ok(Some(Kind::Flux)),
        name if name.starts_with("StableDiffusionXL") => {
            of_a_kin("Stable Diffusion XL", name, "StableDiffusionXL")
        }
        name if name.starts_with("StableDiffusion3") => {
            of_a_kin("Stable Diffusion 3", name, "StableDiffusion3")
        }
        name if name.starts_with("Flux2") => of_a_kin("FLUX.2", name, "Flux2"),
        name if name.starts_with("Flux") => of_a_kin("FLUX.1", name, "Flux"),
        name if name.starts_with("ZImage") => "Z-Image".to_owned(),
        name if name.starts_with("Sana") => "Sana".to_owned(),
        name => name.to_owned(),
    };
    Err(unsupported(path, &other))
}

/// Does the class in `model_index.json` say that the model fills holes?
pub(super) fn says_inpainting(index: &Config) -> bool {
    index.text("_class_name").is_some_and(|class| class.contains("Inpaint"))
}

/// The family of a transformer by its own configuration, for folders without an index.
///
/// # Errors
/// [`Status::ModelUnsupported`] for another one, by name; [`Status::ModelMissing`] where nothing says.
pub(super) fn of_transformer(path: &Path, config: Option<&Config>) -> Result<Kind> {
    match config.and_then(|config| config.text("_class_name")) {
        Some("SD3Transformer2DModel") => Ok(Kind::StableDiffusion3),
        Some("FluxTransformer2DModel") => Ok(Kind::Flux),
        Some(other) => Err(unsupported(path, other.trim_end_matches("Transformer2DModel"))),
        None => Err(Error::new(
            Status::ModelMissing,
            format!(
                "Nothing in {} says of which kind its transformer is; download its model_index.json too.",
                path.display()
            ),
        )),
    }
}

/// The error for a model of another kind.
pub(super) fn unsupported(path: &Path, what: &str) -> Error {
    Error::new(
        Status::ModelUnsupported,
        format!("The model in {} is of the kind {what}; {KNOWN}.", path.display()),
    )
}
