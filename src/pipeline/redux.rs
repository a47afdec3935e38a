//! FLUX.1 Redux: a picture becomes tokens, which the transformer reads behind the prompt's. SigLIP looks at it, and a small
//! network puts what it saw into words that T5 could have said.

use std::sync::Arc;
use std::time::Duration;

use ndarray::Array3;

use super::eyes::{Eyes, vectors};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::pixels::pillow::{self, Filter};
use crate::render::Picture;

/// Side of the pictures that SigLIP was trained on.
const SIDE: usize = 384;
/// SigLIP's colours: 0..1 becomes −1..1.
const MEAN: f32 = 0.5;

pub struct Redux {
    eyes: Eyes,
    embedder: Component,
    /// Outputs of both, and the input of the second.
    states: String,
    seen: String,
    tokens: String,
    /// Numbers of a token.
    width: Option<usize>,
}

impl Redux {
    /// `width` is that of the prompt's tokens, where the transformer says.
    ///
    /// # Errors
    /// [`Status::ModelUnsupported`] for networks with other inputs and outputs; [`Status::ModelBroken`] for two that do not
    /// belong together, or to the transformer.
    pub fn new(eyes: Component, embedder: Component, width: Option<usize>) -> Result<Redux> {
        let eyes = Eyes::new(eyes, SIDE)?;
        let states = eyes.network().output(&["last_hidden_state"], 3)?;
        let tokens = embedder.output(&["image_embeds"], 3)?;
        let [seen] = embedder.inputs() else {
            return Err(embedder.unsupported("it takes more than what was seen of a picture"));
        };
        let mismatch =
            |says: &str, told: Option<usize>, wanted: Option<usize>, advice: &str| match (told, wanted) {
                (Some(told), Some(wanted)) if told != wanted => Err(Error::new(
                    Status::ModelBroken,
                    format!(
                        "The image embedder {} {says} {told} numbers instead of {wanted}; {advice}.",
                        embedder.path().display()
                    ),
                )),
                _ => Ok(()),
            };
        mismatch("looks at", seen.fixed(2), states.fixed(2), "use the image encoder that it was made with")?;
        mismatch("makes tokens of", tokens.fixed(2), width, "use that of FLUX.1 Redux")?;
        let (states, seen, tokens) = (states.name.clone(), seen.name.clone(), tokens.name.clone());
        Ok(Redux { eyes, embedder, states, seen, tokens, width })
    }

    /// The tokens of a picture: `[1, tokens, width]`.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn encode(
        &mut self,
        picture: &Picture,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Array3<f32>>> {
        // All of it, whatever its shape: as SigLIP was trained.
        let side = self.eyes.side();
        let mut ready = pillow::resized(picture, (side, side), Filter::Bicubic)?;
        ready.mapv_inplace(|value| (value - MEAN) / MEAN);
        let pixels = ready.as_standard_layout();
        let states = self.eyes.see(pixels.as_slice().unwrap_or_default(), &self.states, cancel, spent)?;
        let shape = states.shape().to_vec();
        let states = states.into_raw_vec_and_offset().0;
        let feeds = [(self.seen.as_str(), Feed::Floats(&shape, &states))];
        let made = self.embedder.run(&feeds, &self.tokens, cancel, spent)?;
        let &[1, count, width] = made.shape() else {
            return Err(self
                .embedder
                .unsupported(&format!("it makes numbers of the shape {:?}", made.shape())));
        };
        if self.width.is_some_and(|wanted| wanted != width) {
            return Err(self.embedder.unsupported(&format!("it makes tokens of {width} numbers")));
        }
        vectors((count, width), made)
    }
}
