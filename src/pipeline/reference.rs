//! Reference pictures: each is encoded once, and kept for as long as it is asked for.

use std::sync::Arc;
use std::time::Duration;

use ndarray::Array3;

use super::conditioning::Conditioning;
use super::family::Family;
use super::image_encoder::{EmbeddingShape, ImageEncoder};
use super::in_steps::InSteps;
use super::redux::Redux;
use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::conditions;
use crate::error::{Error, Result};
use crate::models::folder::Folder;
use crate::models::kind::Kind;
use crate::pixels::pillow::{self, Filter};
use crate::recent::Recent;
use crate::render::{Aspect, Latent, Picture, Reference, Scene};
use crate::steps::StepRange;

/// How a family takes reference pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceInput {
    /// Latents of at most so many beside its own, of cells of so many pixels.
    Latents { cell: usize, most: usize },
    /// FLUX.1 Redux: tokens of so many numbers behind the prompt's, where the network says.
    Tokens { width: Option<usize> },
    /// The embeddings of an image encoder.
    Embeddings(EmbeddingShape),
}

/// What encodes them.
pub enum ReferenceEncoder {
    /// Nothing: why not, as a sentence.
    None(String),
    /// The model's own encoder, in cells of so many pixels, for at most so many pictures.
    Vae {
        cell: usize,
        most: usize,
    },
    Redux(Box<Redux>),
    Clip(Box<ImageEncoder>),
}

/// The references of one job.
#[derive(Default)]
pub struct EncodedReferences {
    pub encoded: Vec<EncodedReference>,
    /// What stands for no picture in the negative half of guidance, if that is not zeros.
    pub negative: Option<Arc<Array3<f32>>>,
}

/// One of them.
#[derive(Clone)]
pub struct EncodedReference {
    /// A latent; or `[1, parts, width]` of an image encoder; or `[1, tokens, width]` of Redux.
    pub numbers: Arc<Array3<f32>>,
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

impl EncodedReferences {
    /// The same with those alone that act in some steps.
    fn those(&self, acting: &[bool]) -> EncodedReferences {
        let those = self.encoded.iter().zip(acting).filter(|(_, acts)| **acts).map(|(one, _)| one.clone());
        let encoded: Vec<_> = those.collect();
        let negative = self.negative.clone().filter(|_| !encoded.is_empty());
        EncodedReferences { encoded, negative }
    }

    /// What the network of a family is told in each of so many steps: `words`, and what it is shown of the paint and of the
    /// references that act there.
    ///
    /// # Errors
    /// None.
    pub fn shown_by(
        &self,
        family: &dyn Family,
        words: &Conditioning,
        paint: &Latent,
        steps: usize,
    ) -> Result<InSteps<Conditioning>> {
        let parts: Vec<_> = self.encoded.iter().map(|one| one.steps).collect();
        InSteps::new(&parts, steps, |acting| Ok(family.show(words.clone(), paint, &self.those(acting))))
    }
}

/// What is told of a model that takes references whole.
pub const ALL_OF_IT: &str = "This model takes all of a reference over: it does not tell its style from its layout, as an IP-Adapter \
                             does that was exported for it.";

pub struct References {
    by: ReferenceEncoder,
    /// By key.
    kept: Recent<u128, Arc<Array3<f32>>>,
}

impl References {
    pub fn new(by: ReferenceEncoder) -> References {
        References { by, kept: Recent::new(conditions::MOST) }
    }

    /// Why none can be taken; None if they can.
    pub fn why_not(&self) -> Option<String> {
        match &self.by {
            ReferenceEncoder::None(why) => Some(why.clone()),
            ReferenceEncoder::Vae { .. } | ReferenceEncoder::Clip(_) | ReferenceEncoder::Redux(_) => None,
        }
    }

    /// Is more or less taken of them, or all?
    pub fn takes_scales(&self) -> bool {
        matches!(self.by, ReferenceEncoder::Clip(_) | ReferenceEncoder::Redux(_))
    }

    /// Why style and layout of one are not told apart; None if they are.
    pub fn why_no_aspects(&self) -> Option<String> {
        match &self.by {
            ReferenceEncoder::None(why) => Some(why.clone()),
            ReferenceEncoder::Clip(clip) if clip.wanted().aspects => None,
            _ => Some(ALL_OF_IT.to_owned()),
        }
    }

    /// Encodes those of the scene's references that are not known yet.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for a model that takes none, a scale that is no number, and a picture that is too
    /// small; as [`Encoder::encode`] and [`ImageEncoder::encode`].
    pub fn encode(
        &mut self,
        scene: &Scene<'_>,
        encoder: &mut Encoder,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<EncodedReferences> {
        let mut all = EncodedReferences::default();
        for Reference { picture, key, scale, aspect, steps } in scene.references() {
            if !scale.is_finite() || *scale < 0.0 {
                return Err(Error::setting("A reference's scale must be a number of 0 or more; change it."));
            }
            let numbers = match (self.kept.get(key), &mut self.by) {
                (_, ReferenceEncoder::None(why)) => return Err(Error::setting(why.as_str())),
                (_, ReferenceEncoder::Vae { most, .. }) if all.encoded.len() >= *most => {
                    return Err(Error::setting(format!(
                        "This model looks at {most} reference picture at a time; take the others away."
                    )));
                }
                (Some(known), _) => known,
                (None, ReferenceEncoder::Vae { cell, .. }) => {
                    encoder.encode_anew(&in_cells(picture, *cell)?, cancel, spent)?
                }
                (None, ReferenceEncoder::Clip(clip)) => clip.encode(picture, cancel, spent)?,
                (None, ReferenceEncoder::Redux(redux)) => redux.encode(picture, cancel, spent)?,
            };
            self.kept.put(*key, numbers.clone());
            all.encoded.push(EncodedReference { numbers, scale: *scale, aspect: *aspect, steps: *steps });
        }
        if let (ReferenceEncoder::Clip(clip), false) = (&mut self.by, all.encoded.is_empty()) {
            all.negative = clip.negative(cancel, spent)?;
        }
        Ok(all)
    }
}

/// As FLUX.2's makers have it: no larger than the pictures that it was trained on, and cut to whole cells, not scaled.
fn in_cells(picture: &Picture, cell: usize) -> Result<Picture> {
    const AREA: f64 = 1024.0 * 1024.0;
    let (_, mut height, mut width) = picture.dim();
    let shrunk;
    let mut picture = picture;
    let scale = (AREA / (height as f64 * width as f64)).sqrt();
    if scale < 1.0 {
        (height, width) = ((height as f64 * scale) as usize, (width as f64 * scale) as usize);
        shrunk = pillow::resized(picture, (width.max(1), height.max(1)), Filter::Lanczos)?;
        picture = &shrunk;
    }
    let whole = |side: usize| side / cell.max(1) * cell;
    match (whole(width), whole(height)) {
        (0, _) | (_, 0) => Err(Error::setting(format!(
            "A reference picture of {width} × {height} pixels is too small or too narrow for this model, which takes \
             {cell} × {cell} at least; choose another."
        ))),
        size => Ok(pillow::middle(picture, size)),
    }
}

/// Why a model looks at no reference pictures.
pub fn blind(folder: &Folder) -> String {
    match folder.kind {
        Some(Kind::Flux) => format!(
            "The FLUX.1 model in {} takes no reference pictures: it is not Kontext, and has no image_encoder and \
             image_embedder; put those of FLUX.1 Redux into its folder, or choose another.",
            folder.path.display()
        ),
        Some(kind) if kind.has_transformer() => {
            format!("{} models take no reference pictures in this version.", kind.title())
        }
        _ => format!(
            "The model in {} takes no reference pictures: its U-Net was exported without an IP-Adapter (it has no input \
             called image_embeds); choose another export of it.",
            folder.path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn a_reference_is_cut_to_cells_and_shrunk_only_where_it_is_large() {
        let of = |width, height| in_cells(&Picture::zeros((3, height, width)), 16).map(|made| made.dim());
        assert_eq!(of(16, 31), Ok((3, 16, 16)));
        assert_eq!(of(100, 40), Ok((3, 32, 96)));
        assert_eq!(of(1024, 1024), Ok((3, 1024, 1024)));
        assert_eq!(of(2048, 1024), Ok((3, 720, 1440)));
        for (width, height) in [(15, 100), (100, 1), (100_000, 16)] {
            let error = of(width, height).unwrap_err();
            assert_eq!(error.status, Status::Setting);
            assert!(error.message.contains("too small or too narrow"), "{error}");
        }
    }
}
