//! Tensors by name in a file (<https://github.com/huggingface/safetensors>, "Format"), from anybody: everything that it says
//! of itself is checked before any of it is believed.
//!
//! Not by the crate of that name: as of 0.8 it adds up lengths that a header chose without looking for overflow, and wants
//! all of the file in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use half::{bf16, f16};
use serde::Deserialize;
use serde_json::Value;

use super::shortened;
use crate::error::{Status, plain};

/// Why a file cannot be used: the status, and the end of the sentence.
pub type Wrong = (Status, String);

/// The format's own limit is 100 MB; the header of a LoRA for all of a large model has half a megabyte.
const MOST_HEADER: u64 = 32 << 20;

#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// A file whose header was checked.
pub struct Safetensors {
    file: File,
    /// Where the tensors begin in it.
    begin: u64,
    tensors: BTreeMap<String, Info>,
    /// What it says in words.
    pub metadata: BTreeMap<String, String>,
}

/// Numbers in rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
}

fn damaged(why: &str) -> Wrong {
    (Status::ModelBroken, format!("it is damaged or only half downloaded ({why}); download it again"))
}

impl Safetensors {
    pub fn open(path: &Path) -> Result<Safetensors, Wrong> {
        let unreadable = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => (Status::ModelMissing, "there is no such file".to_owned()),
            _ => (Status::ModelBroken, plain(e)),
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err((
                Status::ModelUnsupported,
                "it is a folder; choose the .safetensors file".to_owned(),
            ));
        }
        let mut length = [0u8; 8];
        file.read_exact(&mut length).map_err(|_| damaged("it has less than 8 bytes"))?;
        let length = u64::from_le_bytes(length);
        let begin = 8 + length.min(about.len());
        if length > MOST_HEADER || begin > about.len() {
            let pickled = "it is no safetensors file (or only half of one); choose it in that form";
            return Err((Status::ModelBroken, pickled.to_owned()));
        }
        let mut header = vec![0u8; length as usize];
        file.read_exact(&mut header).map_err(unreadable)?;
        let header: BTreeMap<String, Value> =
            serde_json::from_slice(&header).map_err(|_| damaged("its header is no list of tensors"))?;
        let (mut tensors, mut metadata) = (BTreeMap::new(), BTreeMap::new());
        for (name, entry) in header {
            if name == "__metadata__" {
                let words = entry.as_object().into_iter().flatten();
                metadata.extend(words.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))));
                continue;
            }
            let info: Info = serde_json::from_value(entry)
                .map_err(|_| damaged(&format!("\"{}\" is not described as a tensor", shortened(&name))))?;
            tensors.insert(name, info);
        }
        check(&tensors, about.len() - begin)?;
        Ok(Safetensors { file, begin, tensors, metadata })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|info| info.shape.as_slice())
    }

    /// The numbers of a tensor, which must be numbers.
    pub fn read(&self, name: &str) -> Result<Array, Wrong> {
        let Some(info) = self.tensors.get(name) else {
            return Err(damaged(&format!("it has no \"{}\"", shortened(name))));
        };
        let (from, until) = info.data_offsets;
        let mut bytes = Vec::new();
        let no_room = |_| (Status::Memory, "there is not enough memory to read it".to_owned());
        bytes.try_reserve_exact((until - from) as usize).map_err(no_room)?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.begin + from))
            .and_then(|_| file.take(until - from).read_to_end(&mut bytes))
            .map_err(|e| (Status::ModelBroken, plain(e)))?;
        let numbers: Vec<f32> = match info.dtype.as_str() {
            "F32" => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            "F16" => bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            "BF16" => bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
            "F64" => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            // Some write their alphas so.
            "I64" => bytes.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f32).collect(),
            other => {
                let why = format!(
                    "its \"{}\" has numbers of the kind {}; choose one with 16- or 32-bit floats",
                    shortened(name),
                    shortened(other)
                );
                return Err((Status::ModelUnsupported, why));
            }
        };
        if numbers.len() != info.shape.iter().product::<usize>() {
            return Err(damaged("it has changed meanwhile"));
        }
        if numbers.iter().any(|number| !number.is_finite()) {
            let why = format!(
                "its \"{}\" holds values that are not numbers (NaN or infinite); choose another file",
                shortened(name)
            );
            return Err((Status::ModelBroken, why));
        }
        Ok(Array { shape: info.shape.clone(), numbers })
    }
}

/// Tensors must follow each other without gap or overlap, be as large as they say, and fill the file.
fn check(tensors: &BTreeMap<String, Info>, length: u64) -> Result<(), Wrong> {
    let mut order: Vec<_> = tensors.iter().collect();
    order.sort_by_key(|(_, info)| info.data_offsets);
    let mut end = 0u64;
    for (name, info) in order {
        let (from, until) = info.data_offsets;
        let name = shortened(name);
        if from < end {
            return Err(damaged(&format!("\"{name}\" overlaps another tensor")));
        }
        if from != end || until < from || until > length {
            return Err(damaged(&format!("\"{name}\" lies outside of the file")));
        }
        let width = match info.dtype.as_str() {
            "F64" | "I64" | "U64" => 8,
            "F32" | "I32" | "U32" => 4,
            "F16" | "BF16" | "I16" | "U16" => 2,
            "BOOL" | "I8" | "U8" => 1,
            // Of a kind that is refused when it is read.
            _ => 0,
        };
        let count = info.shape.iter().try_fold(width, |all: u64, side| all.checked_mul(*side as u64));
        if width > 0 && count != Some(until - from) {
            return Err(damaged(&format!("\"{name}\" is not as large as it says")));
        }
        end = until;
    }
    match end == length {
        true => Ok(()),
        false => Err(damaged("it is longer than its tensors")),
    }
}
