//! Which family of models a folder holds.

use std::path::Path;

use serde_json::json;

use crate::error::{Error, Result, Status};
use crate::models::config::Config;
use crate::models::folder::Reader;
use crate::models::onnx_file;

/// Which pipeline of diffusers the folder was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    StableDiffusion,
    StableDiffusionXl,
    /// Spreads strength over the steps its own way.
    LatentConsistency,
    StableDiffusion3,
    Flux,
    ZImage,
    Flux2Klein,
    SanaSprint,
}

impl Kind {
    /// What people call its models.
    pub fn title(self) -> &'static str {
        match self {
            Kind::StableDiffusion | Kind::LatentConsistency => "Stable Diffusion",
            Kind::StableDiffusionXl => "Stable Diffusion XL",
            Kind::StableDiffusion3 => "Stable Diffusion 3",
            Kind::Flux => "FLUX.1",
            Kind::ZImage => "Z-Image",
            Kind::Flux2Klein => "FLUX.2 klein",
            Kind::SanaSprint => "SANA-Sprint",
        }
    }

    /// Is it denoised by a transformer?
    pub fn has_transformer(self) -> bool {
        !matches!(self, Kind::StableDiffusion | Kind::StableDiffusionXl | Kind::LatentConsistency)
    }

    /// Its text encoders, in the order in which the denoising network looks at them, and their tokenizers.
    pub(super) fn encoders(self) -> &'static [(&'static str, &'static str)] {
        const ALL: [(&str, &str); 3] = [
            ("text_encoder", "tokenizer"),
            ("text_encoder_2", "tokenizer_2"),
            ("text_encoder_3", "tokenizer_3"),
        ];
        match self {
            Kind::StableDiffusion
            | Kind::LatentConsistency
            | Kind::ZImage
            | Kind::Flux2Klein
            | Kind::SanaSprint => &ALL[..1],
            Kind::StableDiffusionXl | Kind::Flux => &ALL[..2],
            Kind::StableDiffusion3 => &ALL,
        }
    }

    /// How the text encoder of this name is used, where the kind says; else it is CLIP or the like.
    pub(super) fn reader(self, name: &str) -> Option<Reader> {
        match (self, name) {
            (Kind::StableDiffusion3, "text_encoder_3") | (Kind::Flux, "text_encoder_2") => Some(Reader::T5),
            (Kind::ZImage | Kind::Flux2Klein | Kind::SanaSprint, _) => Some(Reader::Language),
            _ => None,
        }
    }

    /// What holds where a folder has no `scheduler_config.json`: as the makers published it. None where models of the
    /// kind differ.
    pub(super) fn scheduler(self) -> Option<Config> {
        let flow = "FlowMatchEulerDiscreteScheduler";
        let value = match self {
            Kind::ZImage => json!({"_class_name": flow, "shift": 3.0}),
            Kind::Flux2Klein => json!({"_class_name": flow, "shift": 3.0, "use_dynamic_shifting": true}),
            Kind::SanaSprint => json!({"_class_name": "SCMScheduler", "prediction_type": "trigflow"}),
            _ => return None,
        };
        Some(Config::from_value(value, "the settings of its family"))
    }
}

pub(super) const KNOWN: &str = "this version runs SD 1.x, SD 2.x, SD-Turbo, SDXL, LCM, SD 3, FLUX.1, FLUX.2 klein, \
    Z-Image and SANA-Sprint models in ONNX form";

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
        "StableDiffusion" | "StableDiffusionInpaint" | "StableDiffusionInstructPix2Pix" => {
            return Ok(Some(Kind::StableDiffusion));
        }
        "StableDiffusionXL" | "StableDiffusionXLInpaint" => return Ok(Some(Kind::StableDiffusionXl)),
        "LatentConsistency" | "LatentConsistencyModel" => return Ok(Some(Kind::LatentConsistency)),
        "StableDiffusion3" => return Ok(Some(Kind::StableDiffusion3)),
        "Flux" | "FluxInpaint" | "FluxFill" | "FluxControl" | "FluxControlInpaint" | "FluxKontext"
        | "FluxKontextInpaint" => return Ok(Some(Kind::Flux)),
        "ZImage" | "ZImageInpaint" => return Ok(Some(Kind::ZImage)),
        "Flux2Klein" | "Flux2KleinInpaint" => return Ok(Some(Kind::Flux2Klein)),
        "SanaSprint" => return Ok(Some(Kind::SanaSprint)),
        name if name.starts_with("StableDiffusionXL") => {
            of_a_kin("Stable Diffusion XL", name, "StableDiffusionXL")
        }
        name if name.starts_with("StableDiffusion3") => {
            of_a_kin("Stable Diffusion 3", name, "StableDiffusion3")
        }
        name if name.starts_with("Flux2") => of_a_kin("FLUX.2", name, "Flux2"),
        name if name.starts_with("Flux") => of_a_kin("FLUX.1", name, "Flux"),
        name if name.starts_with("ZImage") => of_a_kin("Z-Image", name, "ZImage"),
        name if name.starts_with("Sana") => of_a_kin("Sana", name, "Sana"),
        name => name.to_owned(),
    };
    Err(unsupported(path, &other))
}

/// Does the class in `model_index.json` say this of the model: `Inpaint`, `Kontext`?
pub(super) fn says(index: Option<&Config>, word: &str) -> bool {
    index.and_then(|index| index.text("_class_name")).is_some_and(|class| class.contains(word))
}

/// The family of a transformer by its own configuration, for folders without an index; or by what the network at
/// `file` takes, where that is like nothing else.
///
/// # Errors
/// [`Status::ModelUnsupported`] for another one, by name; [`Status::ModelMissing`] where nothing says; as
/// [`onnx_file::check`].
pub(super) fn of_transformer(path: &Path, config: Option<&Config>, file: &Path) -> Result<Kind> {
    let guided = config.map_or(Ok(false), |config| config.flag("guidance_embeds", false))?;
    match config.and_then(|config| config.text("_class_name")) {
        Some("SD3Transformer2DModel") => return Ok(Kind::StableDiffusion3),
        Some("FluxTransformer2DModel") => return Ok(Kind::Flux),
        Some("ZImageTransformer2DModel") => return Ok(Kind::ZImage),
        // The large FLUX.2 is told its guidance, and of SANA's models SANA-Sprint alone is.
        Some("Flux2Transformer2DModel") if !guided => return Ok(Kind::Flux2Klein),
        Some("SanaTransformer2DModel") if guided => return Ok(Kind::SanaSprint),
        Some(other) => return Err(unsupported(path, other.trim_end_matches("Transformer2DModel"))),
        None => {}
    }
    let mut inputs = onnx_file::check(file)?.inputs;
    inputs.sort();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    match inputs.as_slice() {
        ["encoder_hidden_states", "hidden_states", "timestep"] => Ok(Kind::ZImage),
        ["encoder_hidden_states", "hidden_states", "img_ids", "timestep", "txt_ids"] => Ok(Kind::Flux2Klein),
        ["encoder_attention_mask", "encoder_hidden_states", "guidance", "hidden_states", "timestep"] => {
            Ok(Kind::SanaSprint)
        }
        _ => Err(Error::new(
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
