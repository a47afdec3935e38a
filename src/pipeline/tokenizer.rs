//! Prompts to the token numbers of CLIP, T5 and other text encoders.
//!
//! From `tokenizer.json` as it is, or from `vocab.json` and `merges.txt` with the rules of transformers'
//! `CLIPTokenizer` (models/clip/tokenization_clip.py): NFC, white space to single spaces, lower case, words
//! by CLIP's pattern, byte-level BPE. Compared in `tests/golden/tokenizer_cases.json`.

use std::path::Path;

use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence as Normalizers, replace::ReplacePattern};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use crate::error::{Error, Result, Status, plain};
use crate::models::config::Config;
use crate::pipeline::guarded;
use crate::pipeline::inversions::Vectors;
use crate::pipeline::prompt::Part;

/// CLIP reads this many tokens.
const LENGTH: u32 = 77;
/// No text encoder here reads more.
const LONGEST_LENGTH: u64 = 4096;
/// A prompt is cut here before it is tokenised: 77 tokens never need as many bytes, and a megabyte of text
/// would keep the worker busy for nothing.
const LONGEST_BYTES: usize = 16 << 10;

/// No tokenizer file is larger: Gemma's has 33 MB, Qwen's 11.
const MOST_BYTES: u64 = 96 << 20;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

pub struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
    length: usize,
    pad: i64,
    largest: i64,
    /// What stands before and after the words of every prompt.
    frame: (Vec<i64>, Vec<i64>),
}

/// One piece of a prompt, of the tokenizer's length with padding.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    pub ids: Vec<i64>,
    /// How strongly each token is meant, 1 where nobody says.
    pub weights: Vec<f32>,
    /// Tokens that are not padding.
    pub used: usize,
}

/// A token of a text, and the byte where it begins.
struct Word {
    id: i64,
    at: usize,
}

impl Tokenizer {
    /// Reads the folder `tokenizer/` of a model whose text encoder has `positions` places.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] for files that are not those of a CLIP tokenizer.
    pub fn load(folder: &Path, positions: Option<u32>) -> Result<Self> {
        let config = Config::read(&folder.join("tokenizer_config.json"))?;
        let map = Config::read(&folder.join("special_tokens_map.json"))?;
        // As transformers has it (tokenization_utils_base.py, `_from_pretrained`): a map of its own is from before a configuration
        // told of added tokens, and then wins.
        let is_old = config.as_ref().is_none_or(|config| config.get("added_tokens_decoder").is_none());
        let configs: Vec<&Config> = map.iter().filter(|_| is_old).chain(&config).collect();
        let broken = |why: String| {
            Error::new(
                Status::ModelBroken,
                format!("The tokenizer in {} cannot be read ({why}); download it again.", folder.display()),
            )
        };
        let whole = folder.join("tokenizer.json");
        for name in ["tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json"] {
            let bytes = std::fs::metadata(folder.join(name)).map_or(0, |data| data.len());
            if bytes > MOST_BYTES {
                return Err(broken(format!("{name} has {} MB, too many for a tokenizer", bytes >> 20)));
            }
        }
        let read = || if whole.is_file() { whole_file(&whole) } else { clip(folder) };
        let mut tokenizer = guarded(read).map_err(|e| broken(plain(e)))?;
        let pad_token = special(&configs, "pad_token");
        // transformers takes these out of a prompt before it looks at words; where "!" is the padding
        // (SD 2, SD-Turbo), that changes what a "!" becomes.
        let names = ["bos_token", "eos_token", "unk_token", "pad_token"];
        let specials: Vec<AddedToken> = names
            .iter()
            .filter_map(|key| special(&configs, key))
            .map(|t| AddedToken::from(t, true))
            .collect();
        guarded(|| tokenizer.add_special_tokens(specials)).map_err(|e| broken(e.to_string()))?;
        add_tokens(&mut tokenizer, folder, config.as_ref()).map_err(broken)?;

        let declared = match &config {
            // Some files say 10^30 here, which means nobody asked.
            Some(config) => config.get("model_max_length").and_then(Value::as_u64),
            None => None,
        };
        let limit = u64::from(positions.unwrap_or(LENGTH)).min(LONGEST_LENGTH);
        let length = declared.filter(|&n| n >= 2).unwrap_or(limit).min(limit) as usize;
        let from_file = tokenizer.get_padding().map(|padding| padding.pad_id);
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|e| broken(e.to_string()))?;
        let frame = frame(&tokenizer).map_err(|e| broken(e.to_string()))?;
        if frame.0.len() + frame.1.len() > length.max(2) {
            return Err(broken("it leaves no room for words".into()));
        }

        let vocabulary = tokenizer.get_vocab(true);
        let id = |token: &str| vocabulary.get(token).copied();
        let pad = match &pad_token {
            Some(token) => id(token),
            None => from_file.or_else(|| id(END)),
        };
        let pad = pad.ok_or_else(|| broken("it has no token to pad with".into()))?;
        let largest = vocabulary.values().copied().max().unwrap_or(0).max(pad);
        let length = length.max(2);
        Ok(Tokenizer { tokenizer, length, pad: i64::from(pad), largest: i64::from(largest), frame })
    }

    /// Tokens of every prompt, with padding.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Makes every prompt so long, whatever the files say; never too short for what frames its words.
    pub fn set_length(&mut self, length: usize) {
        self.length = length.clamp(self.frame.0.len() + self.frame.1.len(), LONGEST_LENGTH as usize);
    }

    /// The largest number that a prompt can become.
    pub fn largest(&self) -> i64 {
        self.largest
    }

    /// Token numbers of `text`, padded on the right or cut to [`Tokenizer::length`], and how many of them
    /// are not padding; where it is cut, also the byte of `text` from which on nothing is read. Names of `vectors` become the
    /// numbers that stand for those.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the tokenizer cannot tell what a part of the text is.
    pub fn encode(&self, text: &str, vectors: &Vectors) -> Result<(Vec<i64>, usize, Option<usize>)> {
        let mut words = self.words(shorten(text), vectors)?;
        let end = words.get(self.room()).map(|word| word.at);
        words.truncate(self.room());
        let words: Vec<(i64, f32)> = words.into_iter().map(|word| (word.id, 1.0)).collect();
        let Chunk { ids, used, .. } = self.framed(&words);
        Ok((ids, used, end))
    }

    /// How many tokens a text has, however many that are, with those that frame it.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn count(&self, text: &str) -> Result<usize> {
        Ok(self.frame.0.len() + self.words(shorten(text), &Vectors::default())?.len() + self.frame.1.len())
    }

    /// All of a prompt that has been taken apart, in as many pieces as it needs, but for those beyond `most`; one for an empty
    /// prompt. Each begins and ends as a prompt of its own. Where there are more than `most`, also the byte of the parts' texts
    /// together from which on nothing is read.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn chunks(
        &self,
        parts: &[Part],
        vectors: &Vectors,
        most: usize,
    ) -> Result<(Vec<Chunk>, Option<usize>)> {
        let room = self.room().max(1);
        let (mut words, mut before, mut end) = (Vec::new(), 0, None);
        for part in parts {
            for Word { id, at } in self.words(&part.text, vectors)? {
                match words.len() < room.saturating_mul(most) {
                    true => words.push((id, part.weight)),
                    false => end = end.or(Some(before + at)),
                }
            }
            before += part.text.len();
        }
        let chunks = match words.as_slice() {
            [] => vec![self.framed(&[])],
            words => words.chunks(room).map(|words| self.framed(words)).collect(),
        };
        Ok((chunks, end))
    }

    /// Tokens of words that fit into one piece.
    fn room(&self) -> usize {
        self.length.saturating_sub(self.frame.0.len() + self.frame.1.len())
    }

    fn words(&self, text: &str, vectors: &Vectors) -> Result<Vec<Word>> {
        let (mut all, mut end) = (Vec::new(), 0);
        for piece in vectors.pieces(text) {
            match piece {
                Ok(words) => {
                    // It is a part of the text.
                    let begin = (words.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
                    let own = self.tokens(words)?.into_iter();
                    all.extend(own.map(|word| Word { at: begin + word.at, ..word }));
                    end = begin + words.len();
                }
                Err(vectors) => all.extend(vectors.iter().map(|&id| Word { id, at: end })),
            }
        }
        Ok(all)
    }

    fn tokens(&self, text: &str) -> Result<Vec<Word>> {
        let encoding = guarded(|| self.tokenizer.encode(text, false)).map_err(|e| {
            Error::new(
                Status::ModelBroken,
                format!("The model's tokenizer cannot read the prompt ({e}); choose another model."),
            )
        })?;
        let words = encoding.get_ids().iter().zip(encoding.get_offsets());
        Ok(words.map(|(&id, &(at, _))| Word { id: i64::from(id), at }).collect())
    }

    fn framed(&self, words: &[(i64, f32)]) -> Chunk {
        let (before, after) = &self.frame;
        let ids = before.iter().copied().chain(words.iter().map(|(id, _)| *id)).chain(after.iter().copied());
        let mut ids: Vec<i64> = ids.collect();
        let mut weights = vec![1.0; before.len()];
        weights.extend(words.iter().map(|(_, weight)| *weight));
        let used = ids.len().min(self.length);
        ids.resize(self.length, self.pad);
        weights.resize(self.length, 1.0);
        Chunk { ids, weights, used }
    }
}

/// Tokens before and after the words of a prompt.
fn frame(tokenizer: &tokenizers::Tokenizer) -> tokenizers::Result<(Vec<i64>, Vec<i64>)> {
    let ids =
        |special| guarded(|| tokenizer.encode("a", special)).map(|encoding| encoding.get_ids().to_vec());
    let (words, all) = (ids(false)?, ids(true)?);
    let at = all.windows(words.len().max(1)).position(|part| part == words);
    // Words that become something else among special tokens: nothing can be said about the rest.
    let at = at.filter(|_| !words.is_empty()).ok_or("it cannot read a single letter")?;
    let wide = |ids: &[u32]| ids.iter().map(|&id| i64::from(id)).collect();
    Ok((wide(&all[..at]), wide(&all[at + words.len()..])))
}

/// Words that were added after training, as textual inversions are: `added_tokens.json`, and `added_tokens_decoder` of
/// `tokenizer_config.json`. Their rows follow the vocabulary's in the text encoder's table.
fn add_tokens(
    tokenizer: &mut tokenizers::Tokenizer,
    folder: &Path,
    config: Option<&Config>,
) -> std::result::Result<(), String> {
    let mut added: Vec<(u64, String, bool)> = Vec::new();
    let list = Config::read(&folder.join("added_tokens.json")).map_err(|e| e.message)?;
    for (token, id) in list.iter().flat_map(Config::entries) {
        added.push((
            id.as_u64().ok_or("added_tokens.json has a token without a number")?,
            token.clone(),
            false,
        ));
    }
    let decoder = config.and_then(|config| config.get("added_tokens_decoder")).and_then(Value::as_object);
    for (id, token) in decoder.into_iter().flatten() {
        let content = token.get("content").and_then(Value::as_str);
        let special = token.get("special").and_then(Value::as_bool).unwrap_or(false);
        if let (Ok(id), Some(content)) = (id.parse(), content) {
            added.push((id, content.to_owned(), special));
        }
    }
    added.sort();
    for (id, token, special) in added {
        if tokenizer.token_to_id(&token).is_none() {
            // A word of its own, wherever it stands; as transformers has it.
            let word = AddedToken::from(token.clone(), special).normalized(false);
            guarded(|| tokenizer.add_tokens([word])).map_err(|e| e.to_string())?;
        }
        if tokenizer.token_to_id(&token).map(u64::from) != Some(id) {
            return Err(format!("its added token {token} has the number {id}, where it has no place"));
        }
    }
    Ok(())
}

/// The part of a prompt that is looked at: its first 16 KiB, cut between two characters.
pub fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_BYTES)).unwrap_or(text)
}

/// `tokenizers` panics at some files that are not right. Nothing that a panic left half done is used again: a failed load gives
/// no tokenizer, and encoding changes nothing but a cache.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    guarded::guarded(work).unwrap_or_else(|| Err("it has parts that do not go together".into()))
}

fn whole_file(path: &Path) -> tokenizers::Result<tokenizers::Tokenizer> {
    let bytes = std::fs::read(path)?;
    // First as JSON alone: a download that was cut short is the usual case, and this names the place.
    serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)?;
    tokenizers::Tokenizer::from_bytes(bytes)
}

/// A special token's text: a string, or an object with `content`.
fn special(configs: &[&Config], key: &str) -> Option<String> {
    configs.iter().find_map(|config| {
        let value = config.get(key)?;
        value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
    })
}

fn clip(folder: &Path) -> tokenizers::Result<tokenizers::Tokenizer> {
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let bpe = BPE::from_file(&file("vocab.json"), &file("merges.txt"))
        .unk_token(END.into())
        .continuing_subword_prefix(String::new())
        .end_of_word_suffix("</w>".into())
        .fuse_unk(false)
        .build()?;
    let mut tokenizer = tokenizers::Tokenizer::new(bpe);
    let id = |token: &str| tokenizer.token_to_id(token).ok_or_else(|| format!("it has no {token}"));
    let (start, end) = (id(START)?, id(END)?);
    let spaces = Replace::new(ReplacePattern::Regex(r"\s+".into()), " ")?;
    tokenizer.with_normalizer(Some(Normalizers::new(vec![NFC.into(), spaces.into(), Lowercase.into()])))?;
    let words = Split::new(SplitPattern::Regex(WORDS.into()), SplitDelimiterBehavior::Removed, true)?;
    tokenizer.with_pre_tokenizer(Some(PreTokenizers::new(vec![
        words.into(),
        ByteLevel::new(false, true, true).into(),
    ])));
    let frame = RobertaProcessing::new((END.into(), end), (START.into(), start));
    tokenizer.with_post_processor(Some(frame.trim_offsets(false).add_prefix_space(false)));
    tokenizer.add_special_tokens([AddedToken::from(START, true), AddedToken::from(END, true)])?;
    Ok(tokenizer)
}

#[cfg(test)]
mod tests;
