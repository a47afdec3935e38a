//! Prompts to what the U-Net is conditioned on.

use std::sync::Arc;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::folder::Folder;
use crate::pipeline::recent::Recent;
use crate::pipeline::tokenizer::{Tokenizer, shorten};

/// Prompts that are kept; an artist goes back and forth between a few.
const KEPT: usize = 32;

/// One prompt's numbers, `[tokens, width]`.
#[derive(Debug, PartialEq)]
pub struct Embedding {
    pub tokens: usize,
    pub width: usize,
    pub data: Vec<f32>,
}

pub struct TextEncoder {
    tokenizer: Tokenizer,
    network: Component,
    output: String,
    masks_padding: bool,
    kept: Recent<String, Arc<Embedding>>,
}

impl TextEncoder {
    /// Puts tokenizer and network together and checks that they fit.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the tokenizer knows more tokens than the network, or cannot be read.
    pub fn new(folder: &Folder, network: Component) -> Result<Self> {
        let tokenizer = Tokenizer::load(&folder.tokenizer, folder.positions)?;
        if let Some(known) = folder.vocabulary
            && tokenizer.largest() >= i64::from(known)
        {
            return Err(misfit(folder, &tokenizer));
        }
        if let Some(fixed) = network.input("input_ids").and_then(|port| port.fixed(1))
            && fixed != tokenizer.length()
        {
            return Err(Error::new(
                Status::ModelBroken,
                format!(
                    "The text encoder in {} reads {fixed} tokens and its tokenizer makes {}; download the \
                     model again.",
                    folder.path.display(),
                    tokenizer.length()
                ),
            ));
        }
        let output = network.output(&["last_hidden_state"], 3)?.name.clone();
        Ok(TextEncoder {
            tokenizer,
            network,
            output,
            masks_padding: folder.masks_padding,
            kept: Recent::new(KEPT),
        })
    }

    /// The embedding of `prompt`, from memory where it was asked for lately.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn encode(&mut self, prompt: &str, cancel: &Cancel, spent: &mut Duration) -> Result<Arc<Embedding>> {
        let prompt = shorten(prompt).to_owned();
        if let Some(embedding) = self.kept.get(&prompt) {
            return Ok(embedding);
        }
        let (ids, used) = self.tokenizer.encode(&prompt)?;
        let embedding = Arc::new(self.run(&ids, used, cancel, spent)?);
        self.kept.put(prompt, Arc::clone(&embedding));
        Ok(embedding)
    }

    /// Runs the network once on the largest token number: one that is too large for the network shows now and
    /// not with the first prompt that has it.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the network fails.
    pub fn try_out(&mut self, folder: &Folder, cancel: &Cancel, spent: &mut Duration) -> Result<()> {
        let ids = vec![self.tokenizer.largest(); self.tokenizer.length()];
        self.run(&ids, ids.len(), cancel, spent).map(drop).map_err(|error| match error.status {
            Status::Inference
                if error.message.contains("ut of bounds") || error.message.contains("indices") =>
            {
                misfit(folder, &self.tokenizer)
            }
            _ => error,
        })
    }

    /// Runs the network on `ids`, of which the first `used` are not padding.
    fn run(&mut self, ids: &[i64], used: usize, cancel: &Cancel, spent: &mut Duration) -> Result<Embedding> {
        let shape = [1, ids.len()];
        let looked_at = if self.masks_padding { used } else { ids.len() };
        let mask: Vec<i64> = (0..ids.len()).map(|place| i64::from(place < looked_at)).collect();
        let segments = vec![0; ids.len()];
        let mut feeds = vec![("input_ids", Feed::Ids(&shape, ids))];
        // Few exports of CLIP have these.
        for (name, values) in [("attention_mask", &mask), ("token_type_ids", &segments)] {
            if self.network.input(name).is_some() {
                feeds.push((name, Feed::Ids(&shape, values)));
            }
        }
        let output = self.network.run(&feeds, &self.output, cancel, spent)?;
        match *output.shape() {
            [1, tokens, width] => Ok(Embedding { tokens, width, data: output.into_raw_vec_and_offset().0 }),
            ref other => Err(self.network.unsupported(&format!("it makes numbers of the shape {other:?}"))),
        }
    }
}

fn misfit(folder: &Folder, tokenizer: &Tokenizer) -> Error {
    Error::new(
        Status::ModelBroken,
        format!(
            "The tokenizer in {} does not fit its text encoder: it has tokens up to number {}; download both \
             from the same model.",
            folder.path.display(),
            tokenizer.largest()
        ),
    )
}
