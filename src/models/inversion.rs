//! Textual inversions (Gal et al., "An Image is Worth One Word", 2022): vectors that stand for a word that a text encoder has
//! not learnt, as people share them: of AUTOMATIC1111's web UI (`emb_params`), of diffusers (the word itself), and for
//! Stable Diffusion XL (`clip_l` and `clip_g`).

use std::path::Path;

use crate::error::{Error, Result, Status};
use crate::models::lora::safetensors::{Array, Safetensors, Wrong};

/// No prompt has room for more vectors.
pub const MOST_VECTORS: usize = 75;
/// No text encoder's are wider.
const MOST_WIDTH: usize = 1 << 14;

/// Whose vectors they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// A model's only text encoder.
    Only,
    /// Stable Diffusion XL's first.
    First,
    /// And its second.
    Second,
}

/// A file that was read and checked: vectors of one width, one after the other.
#[derive(Debug, PartialEq)]
pub struct Inversion(Vec<(Encoder, Array)>);

/// How a file is named in prompts: the word in it, if it has one.
pub fn word(path: &Path) -> Option<String> {
    let file = Safetensors::open(path).ok()?;
    let mut names = file.names();
    let only = names.next().filter(|_| names.next().is_none())?;
    let is_word = only.len() > 2 && only.starts_with('<') && only.ends_with('>');
    is_word.then(|| only.to_owned())
}

/// # Errors
/// [`Status::ModelMissing`] without the file, [`Status::ModelBroken`] for a damaged one, [`Status::ModelUnsupported`] for
/// something else than a textual inversion, [`Status::Memory`]; each names the file.
pub fn read(path: &Path) -> Result<Inversion> {
    parse(path).map_err(|(status, why)| wrong(path, status, &why))
}

/// In one sentence.
pub fn wrong(path: &Path, status: Status, why: &str) -> Error {
    Error::new(
        status,
        format!(
            "The embedding {} that the prompt names cannot be used: {why}, or take its name out of the prompt.",
            path.display()
        ),
    )
}

fn parse(path: &Path) -> std::result::Result<Inversion, Wrong> {
    let is_pickle = path.extension().is_some_and(|end| !end.eq_ignore_ascii_case("safetensors"));
    if is_pickle {
        let why = "it is a pickle, which may hold programs; choose it as a .safetensors file";
        return Err((Status::ModelUnsupported, why.to_owned()));
    }
    let file = Safetensors::open(path)?;
    let names: Vec<&str> = file.names().collect();
    let wanted: Vec<(Encoder, &str)> = match names.as_slice() {
        _ if names.contains(&"emb_params") => vec![(Encoder::Only, "emb_params")],
        _ if names.contains(&"clip_g") => [(Encoder::First, "clip_l"), (Encoder::Second, "clip_g")]
            .into_iter()
            .filter(|(_, name)| names.contains(name))
            .collect(),
        [only] => vec![(Encoder::Only, *only)],
        all => {
            let why = format!(
                "it holds {} tensors, and a textual inversion has emb_params, one of its own name, or clip_l and \
                 clip_g; choose another file",
                all.len()
            );
            return Err((Status::ModelUnsupported, why));
        }
    };
    let arrays = wanted.into_iter().map(|(encoder, name)| {
        let (count, width) = match file.shape(name).unwrap_or_default() {
            [width] => (1, *width),
            [count, width] => (*count, *width),
            _ => (0, 0),
        };
        if !(1..=MOST_VECTORS).contains(&count) || !(1..=MOST_WIDTH).contains(&width) {
            let why = format!(
                "its numbers have the shape {:?}, and a textual inversion has 1 to {MOST_VECTORS} vectors; choose another \
                 file",
                file.shape(name).unwrap_or_default()
            );
            return Err((Status::ModelUnsupported, why));
        }
        Ok((encoder, Array { shape: vec![count, width], ..file.read(name)? }))
    });
    arrays.collect::<std::result::Result<_, Wrong>>().map(Inversion)
}

impl Inversion {
    /// The vectors for a text encoder whose words have vectors of `width` numbers.
    ///
    /// # Errors
    /// The end of a sentence, for one that is of another model.
    pub fn vectors(&self, encoder: Encoder, width: usize) -> std::result::Result<&[f32], String> {
        let own = self.0.iter().find(|(own, _)| *own == encoder);
        let Some((_, array)) = own else {
            return Err(match encoder {
                Encoder::Only => "it was made for Stable Diffusion XL, and the model is not; choose one for this model",
                Encoder::First | Encoder::Second => {
                    "it was made for models with one text encoder, and this is Stable Diffusion XL; choose one that has \
                     clip_l and clip_g"
                }
            }
            .to_owned());
        };
        match array.shape[1] == width {
            true => Ok(&array.numbers),
            false => Err(format!(
                "its vectors have {} numbers{}, and those of the model's text encoder {width}{}; choose one for this model",
                array.shape[1],
                of(array.shape[1]),
                of(width)
            )),
        }
    }
}

/// Whose vectors are so wide.
fn of(width: usize) -> &'static str {
    match width {
        768 => " (as Stable Diffusion 1's)",
        1024 => " (as Stable Diffusion 2's)",
        1280 => " (as the second ones of Stable Diffusion XL)",
        _ => "",
    }
}
