//! Prompts to what the denoising network is conditioned on.

mod encode;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::folder::{Reader, Words};
use crate::models::inversion::Encoder;
use crate::models::weights::{Table, Weights};
use crate::pipeline::embedding::Embedding;
use crate::pipeline::inversions::{Inversions, Spoken, Vectors};
use crate::pipeline::prompt;
use crate::pipeline::scheduler::Rule;
use crate::pipeline::taking::Taking;
use crate::pipeline::tokenizer::{Tokenizer, shorten};
use crate::recent::Recent;

/// Prompts that are kept; an artist goes back and forth between a few.
const KEPT: usize = 32;
/// And of T5 and language models, whose embeddings have some megabytes each.
const KEPT_OF_LARGE: usize = 8;
/// Tokens of a T5 or a language model, until its family says how many.
const TOKENS: usize = 256;
/// Tokens that a language model is tried out with: it takes any number, and hundreds would take seconds.
const TRIAL_TOKENS: usize = 8;

/// What a language model is told, and how much of it.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// Before and after the prompt.
    pub before: String,
    pub after: String,
    /// Tokens at most, all of it.
    pub tokens: usize,
    /// Is it filled up to so many? Else it is as long as it is, where the export takes any length.
    pub padded: bool,
}

pub struct TextEncoder {
    tokenizer: Tokenizer,
    network: Component,
    /// Whose numbers stand side by side.
    outputs: Vec<String>,
    pooled: Option<String>,
    reader: Reader,
    telling: Telling,
    /// May a prompt have more than one piece? CLIP's, where the denoising network takes any number of tokens.
    in_pieces: bool,
    inversions: Inversions,
    /// Where the network takes vectors in the place of words', once it does.
    table: Option<Table>,
    /// By the prompt with what it names, and whether it is read plainly.
    kept: Recent<(String, bool), Arc<Embedding>>,
}

impl TextEncoder {
    /// Puts tokenizer and network together and checks that they fit.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the tokenizer knows more tokens than the network, or cannot be read.
    pub fn new(words: &Words, network: Component, taking: Taking) -> Result<Self> {
        let mut tokenizer = Tokenizer::load(&words.tokenizer, words.positions)?;
        let fixed = network.input("input_ids").and_then(|port| port.fixed(1));
        if matches!(words.reader, Reader::T5 | Reader::Language) {
            tokenizer.set_length(fixed.unwrap_or(TOKENS));
        }
        if let Some(known) = words.vocabulary
            && tokenizer.largest() >= i64::from(known)
        {
            return Err(misfit(words, &tokenizer));
        }
        if let Some(fixed) = fixed.filter(|fixed| *fixed != tokenizer.length()) {
            return Err(Error::new(
                Status::ModelBroken,
                format!(
                    "The {} in {} reads {fixed} tokens and its tokenizer makes {}; download the model again.",
                    words.name,
                    words.network.display(),
                    tokenizer.length()
                ),
            ));
        }
        let (outputs, pooled) = taking.outputs(&network)?;
        let table = match network.has_more() {
            true => Weights::of(network.path())?.table().cloned(),
            false => None,
        };
        Ok(TextEncoder {
            tokenizer,
            network,
            outputs,
            pooled,
            reader: words.reader,
            telling: Telling { padded: true, ..Telling::default() },
            in_pieces: false,
            inversions: Inversions::default(),
            table,
            kept: Recent::new(match words.reader {
                Reader::T5 | Reader::Language => KEPT_OF_LARGE,
                Reader::Clip | Reader::Other => KEPT,
            }),
        })
    }

    /// The network itself, to change its weights; what it has made of prompts is then forgotten ([`Self::forget`]).
    pub fn component(&mut self) -> &mut Component {
        &mut self.network
    }

    /// Says where textual inversions lie, and which of their vectors are this text encoder's.
    pub fn look_for_inversions(&mut self, folders: Vec<PathBuf>, encoder: Encoder) {
        self.inversions = Inversions::new(folders, encoder);
    }

    /// Reads the network again from [`Weights::with_branches`], after which it takes vectors in the place of words' where
    /// `weights` has a table of them.
    ///
    /// # Errors
    /// As [`Component::read_again`].
    pub fn read_again(&mut self, weights: &Weights, model: &[u8], cancel: &Cancel) -> Result<()> {
        self.network.read_again(model, cancel)?;
        self.table = weights.table().cloned();
        Ok(())
    }

    /// Is the network read again for what a prompt names?
    pub fn reads_again_for(&mut self, prompt: &str, rule: Rule) -> bool {
        let prompt = shorten(prompt);
        let words = match rule {
            Rule::Whole => prompt.to_owned(),
            Rule::Continuous => prompt::plain(&prompt::parts(prompt)),
        };
        self.table.is_none() && !self.inversions.spoken(&words).is_empty()
    }

    /// The vectors of what a prompt names, which the network is then ready for.
    fn vectors(&mut self, spoken: &Spoken, cancel: &Cancel) -> Result<Vectors> {
        if spoken.is_empty() {
            return Ok(Vectors::default());
        }
        if self.table.is_none() {
            let weights = Weights::of(self.network.path())?;
            let Some(table) = weights.table() else {
                return Err(spoken.unheard(
                    "the table of words in this export of the model's text encoder is rounded or hidden; choose an \
                     export with 16- or 32-bit floats",
                ));
            };
            // First, so that one that does not fit changes nothing.
            self.inversions.vectors(spoken, table.width)?;
            let model = weights.with_branches(&std::collections::BTreeSet::new(), true)?;
            self.read_again(&weights, &model, cancel)?;
        }
        self.inversions.vectors(spoken, self.table.as_ref().map_or(1, |table| table.width))
    }

    /// Forgets what prompts came to.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    /// Lets prompts have more tokens than the network reads at once: they are read in pieces, which follow each other in
    /// the embedding. For networks that take any number of tokens; not for text encoders other than CLIP.
    pub fn read_in_pieces(&mut self, network_takes_any: bool) {
        self.in_pieces = network_takes_any && self.reader == Reader::Clip;
    }

    /// Lets a T5 or a language model read so many tokens, unless its export is fixed to a number; tells how many it reads.
    pub fn read(&mut self, tokens: usize) -> usize {
        if self.fixed().is_none() {
            self.tokenizer.set_length(tokens);
        }
        self.tokenizer.length()
    }

    /// Tokens that the export reads, where it is fixed to a number.
    fn fixed(&self) -> Option<usize> {
        self.network.input("input_ids").and_then(|port| port.fixed(1))
    }

    /// Fills prompts up to all tokens, as they are from the start, or leaves them as long as they are, where the export takes
    /// any length. What was read is forgotten.
    pub fn fill_up(&mut self, filled: bool) {
        self.telling.padded = filled || self.fixed().is_some();
        self.forget();
    }

    /// Tokens of a text alone, with what frames every text.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn count(&self, text: &str) -> Result<usize> {
        self.tokenizer.count(text)
    }

    /// Says what a language model is told with each prompt; tells how many tokens it reads.
    pub fn tell(&mut self, telling: Telling) -> usize {
        self.telling = Telling { padded: telling.padded || self.fixed().is_some(), ..telling };
        self.read(self.telling.tokens)
    }

    /// Runs the network once on the largest token number: one that is too large for the network shows now and
    /// not with the first prompt that has it.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the network fails.
    pub fn try_out(&mut self, words: &Words, cancel: &Cancel, spent: &mut Duration) -> Result<()> {
        let length = match self.reader {
            Reader::Language if self.fixed().is_none() => self.tokenizer.length().min(TRIAL_TOKENS),
            _ => self.tokenizer.length(),
        };
        let ids = vec![self.tokenizer.largest(); length];
        self.run((&ids, &Vectors::default()), ids.len(), cancel, spent).map(drop).map_err(|error| match error
            .status
        {
            Status::Inference
                if error.message.contains("ut of bounds") || error.message.contains("indices") =>
            {
                misfit(words, &self.tokenizer)
            }
            _ => error,
        })
    }

    /// Runs the network on `ids`, of which the first `used` are not padding and some may stand for vectors.
    fn run(
        &mut self,
        (ids, vectors): (&[i64], &Vectors),
        used: usize,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Embedding> {
        let laid_out;
        let mut ids = ids;
        if let Some(table) = &self.table {
            let (own, in_place) = vectors.laid_out(ids, table)?;
            laid_out = own;
            ids = &laid_out;
            self.network.feed_also(in_place);
        }
        let shape = [1, ids.len()];
        let masks = matches!(self.reader, Reader::Language | Reader::Other);
        let looked_at = if masks { used } else { ids.len() };
        let mask: Vec<i64> = (0..ids.len()).map(|place| i64::from(place < looked_at)).collect();
        let segments = vec![0; ids.len()];
        let mut feeds = vec![("input_ids", Feed::Ids(&shape, ids))];
        // Few exports of CLIP have these.
        for (name, values) in [("attention_mask", &mask), ("token_type_ids", &segments)] {
            if self.network.input(name).is_some() {
                feeds.push((name, Feed::Ids(&shape, values)));
            }
        }
        let wanted: Vec<&str> = self.outputs.iter().chain(&self.pooled).map(String::as_str).collect();
        let mut made = self.network.run_for_all(&feeds, &wanted, cancel, spent)?;
        let pooled = match &self.pooled {
            Some(_) => made.pop().map(|pooled| pooled.into_raw_vec_and_offset().0).unwrap_or_default(),
            None => Vec::new(),
        };
        let mut whole: Option<Embedding> = None;
        for output in made {
            let &[1, tokens, width] = output.shape() else {
                let shape = output.shape();
                return Err(self.network.unsupported(&format!("it makes numbers of the shape {shape:?}")));
            };
            let data = output.into_raw_vec_and_offset().0;
            whole = Some(match whole {
                None => Embedding { tokens, width, data, used, pooled: Vec::new(), unread: None },
                Some(before) if before.tokens == tokens => before.beside(&data, width),
                Some(_) => {
                    return Err(self.network.unsupported("its states have different numbers of tokens"));
                }
            });
        }
        let nothing = || Error::new(Status::Internal, "A text encoder made nothing; choose another model.");
        whole.map(|whole| Embedding { pooled, ..whole }).ok_or_else(nothing)
    }
}

fn misfit(words: &Words, tokenizer: &Tokenizer) -> Error {
    Error::new(
        Status::ModelBroken,
        format!(
            "The tokenizer in {} does not fit its text encoder: it has tokens up to number {}; download both \
             from the same model.",
            words.tokenizer.display(),
            tokenizer.largest()
        ),
    )
}
