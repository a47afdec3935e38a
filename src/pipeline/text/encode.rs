//! The embedding of a prompt, as diffusers reads it or as artists write it.

use std::sync::Arc;
use std::time::Duration;

use super::{Telling, TextEncoder};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::folder::Reader;
use crate::pipeline::embedding::Embedding;
use crate::pipeline::prompt;
use crate::pipeline::scheduler::Rule;
use crate::pipeline::tokenizer::shorten;
use crate::pipeline::unread::Unread;

/// A long prompt is read in so many pieces at most; an artist who writes more has pasted something.
const MOST_CHUNKS: usize = 8;

impl TextEncoder {
    /// The embedding of `prompt`: by [`Rule::Whole`] as diffusers reads it, else as artists write it.
    ///
    /// # Errors
    /// As [`Component::run`](crate::models::component::Component::run).
    pub fn encode(
        &mut self,
        prompt: &str,
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Embedding>> {
        match rule {
            Rule::Whole => self.encode_plainly(prompt, cancel, spent),
            Rule::Continuous => self.encode_weighed(prompt, cancel, spent),
        }
    }

    /// The embedding of `prompt` as artists write it ([`prompt::parts`]), from memory where it was asked for lately.
    ///
    /// # Errors
    /// As [`Component::run`](crate::models::component::Component::run).
    fn encode_weighed(
        &mut self,
        prompt: &str,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Embedding>> {
        let prompt = shorten(prompt);
        let parts = prompt::parts(prompt);
        // A name's own brackets are written with backslashes.
        let spoken = self.inversions.spoken(&prompt::plain(&parts));
        let key = (format!("{prompt}{}", spoken.key()), false);
        if let Some(embedding) = self.kept.get(&key) {
            return Ok(embedding);
        }
        // Weights are a habit of CLIP's users; other encoders are told the words.
        if self.reader != Reader::Clip
            || (parts.len() <= 1 && parts.iter().all(|part| part.weight == 1.0) && !self.in_pieces)
        {
            return self.encode_plainly(&prompt::plain(&parts), cancel, spent);
        }
        let vectors = self.vectors(&spoken, cancel)?;
        let most = if self.in_pieces { MOST_CHUNKS } else { 1 };
        let (chunks, end) = self.tokenizer.chunks(&parts, &vectors, most)?;
        let mut whole: Option<Embedding> = None;
        for chunk in &chunks {
            let mut piece = self.run((&chunk.ids, &vectors), chunk.used, cancel, spent)?;
            piece.weigh(&chunk.weights);
            match &mut whole {
                None => whole = Some(piece),
                Some(whole) => {
                    whole.tokens += piece.tokens;
                    whole.data.extend(piece.data);
                }
            }
        }
        let nothing = || Error::new(Status::Internal, "A text encoder was told nothing; change the prompt.");
        let mut embedding = whole.ok_or_else(nothing)?;
        embedding.unread = end.and_then(|end| Unread::from(&prompt::plain(&parts), end));
        let embedding = Arc::new(embedding);
        self.kept.put(key, Arc::clone(&embedding));
        Ok(embedding)
    }

    /// The embedding of `prompt` as diffusers reads it: brackets are letters, and what is too long is cut.
    ///
    /// # Errors
    /// As [`Component::run`](crate::models::component::Component::run).
    fn encode_plainly(
        &mut self,
        prompt: &str,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Embedding>> {
        let prompt = shorten(prompt);
        let spoken = self.inversions.spoken(prompt);
        let key = (format!("{prompt}{}", spoken.key()), true);
        if let Some(embedding) = self.kept.get(&key) {
            return Ok(embedding);
        }
        let vectors = self.vectors(&spoken, cancel)?;
        let Telling { before, after, padded, .. } = &self.telling;
        let told = format!("{before}{prompt}{after}");
        let (mut ids, used, end) = self.tokenizer.encode(&told, &vectors)?;
        let unread = end.and_then(|end| Unread::from(prompt, end.saturating_sub(before.len())));
        if !padded {
            ids.truncate(used.max(1));
        }
        let made = self.run((&ids, &vectors), used, cancel, spent)?;
        let embedding = Arc::new(Embedding { unread, ..made });
        self.kept.put(key, Arc::clone(&embedding));
        Ok(embedding)
    }

    /// The embedding with so many tokens, if it has fewer: empty pieces follow.
    ///
    /// # Errors
    /// As [`Component::run`](crate::models::component::Component::run).
    pub fn lengthened(
        &mut self,
        embedding: Arc<Embedding>,
        tokens: usize,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Arc<Embedding>> {
        if embedding.tokens >= tokens {
            return Ok(embedding);
        }
        let empty = self.encode_plainly("", cancel, spent)?;
        let missing = (tokens - embedding.tokens) / empty.tokens.max(1);
        let data = [embedding.data.clone(), empty.data.repeat(missing)].concat();
        let tokens = embedding.tokens + missing * empty.tokens;
        let (pooled, unread) = (embedding.pooled.clone(), embedding.unread.clone());
        Ok(Arc::new(Embedding { tokens, data, pooled, unread, ..*embedding }))
    }
}
