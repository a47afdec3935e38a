//! Prompts to the token numbers of CLIP.
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
use tokenizers::{AddedToken, SplitDelimiterBehavior, TruncationParams};

use crate::error::{Error, Result, Status};
use crate::models::config::Config;

/// CLIP reads this many tokens.
const LENGTH: u32 = 77;
/// A prompt is cut here before it is tokenised: 77 tokens never need as many bytes, and a megabyte of text
/// would keep the worker busy for nothing.
const LONGEST_BYTES: usize = 16 << 10;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

pub struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
    length: usize,
    pad: i64,
    largest: i64,
}

impl Tokenizer {
    /// Reads the folder `tokenizer/` of a model whose text encoder has `positions` places.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] for files that are not those of a CLIP tokenizer.
    pub fn load(folder: &Path, positions: Option<u32>) -> Result<Self> {
        let config = Config::read(&folder.join("tokenizer_config.json"))?;
        let map = Config::read(&folder.join("special_tokens_map.json"))?;
        let configs: Vec<&Config> = config.iter().chain(&map).collect();
        let broken = |why: String| {
            Error::new(
                Status::ModelBroken,
                format!("The tokenizer in {} cannot be read ({why}); download it again.", folder.display()),
            )
        };
        let whole = folder.join("tokenizer.json");
        let mut tokenizer = if whole.is_file() {
            tokenizers::Tokenizer::from_file(&whole).map_err(|e| broken(e.to_string()))?
        } else {
            clip(folder).map_err(|e| broken(e.to_string()))?
        };
        let pad_token = special(&configs, "pad_token");
        // transformers takes these out of a prompt before it looks at words; where "!" is the padding
        // (SD 2, SD-Turbo), that changes what a "!" becomes.
        let names = ["bos_token", "eos_token", "unk_token", "pad_token"];
        let specials: Vec<AddedToken> = names
            .iter()
            .filter_map(|key| special(&configs, key))
            .map(|t| AddedToken::from(t, true))
            .collect();
        tokenizer.add_special_tokens(specials).map_err(|e| broken(e.to_string()))?;

        let declared = match &config {
            // Some files say 10^30 here, which means nobody asked.
            Some(config) => config.get("model_max_length").and_then(Value::as_u64),
            None => None,
        };
        let limit = u64::from(positions.unwrap_or(LENGTH)).min(4096);
        let length = declared.filter(|&n| n >= 2).unwrap_or(limit).min(limit) as usize;
        let from_file = tokenizer.get_padding().map(|padding| padding.pad_id);
        tokenizer.with_padding(None);
        let cut = TruncationParams { max_length: length.max(2), ..TruncationParams::default() };
        tokenizer.with_truncation(Some(cut)).map_err(|e| broken(e.to_string()))?;

        let vocabulary = tokenizer.get_vocab(true);
        let id = |token: &str| vocabulary.get(token).copied();
        let pad = match &pad_token {
            Some(token) => id(token),
            None => from_file.or_else(|| id(END)),
        };
        let pad = pad.ok_or_else(|| broken("it has no token to pad with".into()))?;
        let largest = vocabulary.values().copied().max().unwrap_or(0).max(pad);
        Ok(Tokenizer { tokenizer, length, pad: i64::from(pad), largest: i64::from(largest) })
    }

    /// Tokens of every prompt, with padding.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The largest number that a prompt can become.
    pub fn largest(&self) -> i64 {
        self.largest
    }

    /// Token numbers of `text`, padded on the right or cut to [`Tokenizer::length`].
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if the tokenizer cannot tell what a part of the text is.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        let encoding = self.tokenizer.encode(shorten(text), true).map_err(|e| {
            Error::new(
                Status::ModelBroken,
                format!("The model's tokenizer cannot read the prompt ({e}); choose another model."),
            )
        })?;
        let mut ids: Vec<i64> = encoding.get_ids().iter().map(|&id| i64::from(id)).collect();
        ids.resize(self.length, self.pad);
        Ok(ids)
    }
}

/// The part of a prompt that is looked at: its first 16 KiB, cut between two characters.
pub fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_BYTES)).unwrap_or(text)
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
mod tests {
    use super::*;

    fn golden() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tokenizer_cases.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn tiny(name: &str) -> Tokenizer {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
        Tokenizer::load(&root.join(name).join("tokenizer"), Some(77)).unwrap()
    }

    #[test]
    fn difficult_prompts_become_what_transformers_makes_of_them() {
        let golden = golden();
        let prompts = golden["prompts"].as_array().unwrap();
        let mut compared = 0;
        for (pad, models) in [(END, ["sd15", "lcm"]), ("!", ["sd2", "turbo"])] {
            let sets = golden["sets"].as_array().unwrap();
            let set = sets.iter().find(|set| set["vocab"] == "tiny" && set["pad"] == pad).unwrap();
            for model in models {
                let tokenizer = tiny(model);
                for (prompt, ids) in prompts.iter().zip(set["ids"].as_array().unwrap()) {
                    let prompt = prompt.as_str().unwrap();
                    let ids: Vec<i64> = serde_json::from_value(ids.clone()).unwrap();
                    assert_eq!(tokenizer.encode(prompt).unwrap(), ids, "{model}: {prompt:?}");
                    compared += 1;
                }
            }
        }
        assert!(compared >= 80);
    }

    #[test]
    fn a_megabyte_of_text_is_no_trouble() {
        let tokenizer = tiny("sd15");
        let start = std::time::Instant::now();
        for unit in ["ж", "word ", "!", "🎨"] {
            let text = unit.repeat((1 << 20) / unit.len());
            assert_eq!(tokenizer.encode(&text).unwrap().len(), 77);
            assert!(shorten(&text).len() <= LONGEST_BYTES);
        }
        // Generous: a busy machine must not fail this, quadratic behaviour must.
        assert!(start.elapsed().as_secs() < 20);
    }

    #[test]
    fn files_that_are_not_a_tokenizer_are_named() {
        let folder = std::env::temp_dir().join(format!("scumble-tokenizer-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (vocab, merges) in
            [("{", "#version: 0.2"), ("{\"a\": 0}", "#version: 0.2"), ("{\"a\": 0}", "x y\n")]
        {
            std::fs::write(folder.join("vocab.json"), vocab).unwrap();
            std::fs::write(folder.join("merges.txt"), merges).unwrap();
            let error = Tokenizer::load(&folder, None).err().unwrap();
            assert_eq!(error.status, Status::ModelBroken);
            assert!(error.message.contains("scumble-tokenizer"), "{error}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
