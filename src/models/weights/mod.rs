//! The weights of an `.onnx` file that a LoRA changes: found by the path of the module that uses them, read from the disk,
//! and put in the place of the file's own when ONNX Runtime reads the model again.

mod find;

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::error::{Error, Result, Status, plain};
use crate::models::wire::{Walker, put_bytes, put_number, put_varint};
use find::Finder;

/// How a node uses its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `[in, out]`.
    Transposed,
    /// `[out, in]`, or `[out, in, h, w]`.
    AsIs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    F32,
    F16,
}

/// Where a weight's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Inside(Range<u64>),
    /// In a file beside the model, as long as the weight where no length is said.
    Beside {
        file: String,
        from: u64,
        length: Option<u64>,
    },
    Elsewhere,
}

/// One that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    pub element: Element,
    pub usage: Use,
    place: Place,
    /// Its field in the file.
    field: Range<u64>,
}

/// What a module has for a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Weight(Weight),
    /// One that cannot be changed, and why: the end of "its weights …".
    Fixed(&'static str),
}

/// The weights of a file's matrices and convolutions.
pub struct Weights {
    path: PathBuf,
    /// By module, whose path has underscores for slashes and dots.
    by_module: HashMap<String, Found>,
    /// The graph in the file: its field, and what is in it.
    graph: (Range<u64>, Range<u64>),
    length: u64,
}

impl Weights {
    /// # Errors
    /// [`Status::ModelMissing`], [`Status::ModelBroken`].
    pub fn of(path: &Path) -> Result<Weights> {
        let file = File::open(path).map_err(|e| unreadable(path, e))?;
        let length = file.metadata().map_err(|e| unreadable(path, e))?.len();
        let mut finder = Finder::new(file);
        match (finder.model(length), finder.graph.take()) {
            (Ok(()), Some(graph)) => {
                Ok(Weights { path: path.to_path_buf(), by_module: finder.found(), graph, length })
            }
            _ => Err(Error::new(
                Status::ModelBroken,
                format!("{} is damaged or not an ONNX file; download it again.", path.display()),
            )),
        }
    }

    pub fn get(&self, module: &str) -> Option<&Found> {
        self.by_module.get(module)
    }

    /// The numbers of a weight, as the disk has them.
    ///
    /// # Errors
    /// [`Status::ModelMissing`], [`Status::ModelBroken`], [`Status::Memory`].
    pub fn read(&self, weight: &Weight) -> Result<Vec<f32>> {
        let count = weight.shape.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
        let wide = |count: usize| {
            count.checked_mul(match weight.element {
                Element::F32 => 4,
                Element::F16 => 2,
            })
        };
        let damaged = || {
            Error::new(
                Status::ModelBroken,
                format!(
                    "{} is damaged: its weight {} is not as large as it says; download it again.",
                    self.path.display(),
                    weight.name
                ),
            )
        };
        let (count, size) = count.and_then(|count| Some((count, wide(count)?))).ok_or_else(damaged)?;
        let (path, from, length) = match &weight.place {
            Place::Inside(bytes) => (self.path.clone(), bytes.start, bytes.end - bytes.start),
            Place::Beside { file, from, length } => {
                let path = self.path.parent().unwrap_or(Path::new(".")).join(file);
                (path, *from, length.unwrap_or(size as u64))
            }
            Place::Elsewhere => return Err(damaged()),
        };
        let mut file = File::open(&path).map_err(|e| unreadable(&path, e))?;
        let there = file.metadata().map_err(|e| unreadable(&path, e))?.len();
        // Before anything so large is asked for.
        if length != size as u64 || from.checked_add(length).is_none_or(|until| until > there) {
            return Err(damaged());
        }
        let no_room = |_| Error::new(Status::Memory, "There is not enough memory for the LoRA's weights.");
        let mut numbers: Vec<f32> = Vec::new();
        numbers.try_reserve_exact(count).map_err(no_room)?;
        numbers.resize(count, 0.0);
        file.seek(SeekFrom::Start(from)).map_err(|e| unreadable(&path, e))?;
        match weight.element {
            Element::F32 => {
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut numbers);
                file.read_exact(bytes).map_err(|e| unreadable(&path, e))?;
                if cfg!(target_endian = "big") {
                    numbers.iter_mut().for_each(|n| *n = f32::from_bits(n.to_bits().swap_bytes()));
                }
            }
            Element::F16 => {
                let mut halves: Vec<u16> = Vec::new();
                halves.try_reserve_exact(count).map_err(no_room)?;
                halves.resize(count, 0);
                file.read_exact(bytemuck::cast_slice_mut(&mut halves)).map_err(|e| unreadable(&path, e))?;
                let halves: Vec<f16> =
                    halves.into_iter().map(|bits| f16::from_bits(u16::from_le(bits))).collect();
                halves.convert_to_f32_slice(&mut numbers);
            }
        }
        Ok(numbers)
    }

    /// The model's file without the weights that `replaced` names, which are to be given beside it: ONNX Runtime takes given
    /// weights only in the place of those that a model has in other files.
    ///
    /// # Errors
    /// [`Status::Memory`], [`Status::ModelBroken`] where the file has changed meanwhile.
    pub fn without(&self, replaced: &[&Weight]) -> Result<Vec<u8>> {
        let mut order = replaced.to_vec();
        order.sort_by_key(|weight| weight.field.start);
        order.dedup_by_key(|weight| weight.field.start);
        let (field, graph) = &self.graph;
        let stubs: Vec<Vec<u8>> = order.iter().map(|weight| stub(weight)).collect();
        let gone: u64 = order.iter().map(|weight| weight.field.end - weight.field.start).sum();
        let come: u64 = stubs.iter().map(|stub| stub.len() as u64).sum();
        let mut bytes = Vec::new();
        let mut copied = || -> std::io::Result<()> {
            let mut walker = Walker::new(File::open(&self.path)?);
            walker.copy(0, field.start, &mut bytes)?;
            put_varint(&mut bytes, 7 << 3 | 2);
            put_varint(&mut bytes, graph.end - graph.start - gone + come);
            let mut at = graph.start;
            for (weight, stub) in order.iter().zip(&stubs) {
                walker.copy(at, weight.field.start, &mut bytes)?;
                bytes.extend_from_slice(stub);
                at = weight.field.end;
            }
            walker.copy(at, self.length, &mut bytes)
        };
        copied().map_err(|error| match error.kind() {
            std::io::ErrorKind::OutOfMemory => {
                Error::new(Status::Memory, "There is not enough memory to change the model by a LoRA.")
            }
            _ => unreadable(&self.path, error),
        })?;
        Ok(bytes)
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let status = match error.kind() {
        std::io::ErrorKind::NotFound => Status::ModelMissing,
        _ => Status::ModelBroken,
    };
    let why = plain(error);
    Error::new(status, format!("{} cannot be read ({why}); check the model's folder.", path.display()))
}

/// TensorProto.DataType.
const FLOAT: u64 = 1;
const FLOAT16: u64 = 10;

/// A weight's field that says only that its bytes are elsewhere.
fn stub(weight: &Weight) -> Vec<u8> {
    let mut tensor = Vec::new();
    weight.shape.iter().for_each(|side| put_number(&mut tensor, 1, *side as u64));
    let element = match weight.element {
        Element::F32 => FLOAT,
        Element::F16 => FLOAT16,
    };
    put_number(&mut tensor, 2, element);
    put_bytes(&mut tensor, 8, weight.name.as_bytes());
    let mut entry = Vec::new();
    put_bytes(&mut entry, 1, b"location");
    put_bytes(&mut entry, 2, b"lora");
    put_bytes(&mut tensor, 13, &entry);
    put_number(&mut tensor, 14, 1);
    let mut field = Vec::new();
    put_bytes(&mut field, 5, &tensor);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny").join(name).join("model.onnx")
    }

    fn weight<'a>(weights: &'a Weights, module: &str) -> &'a Weight {
        match weights.get(module) {
            Some(Found::Weight(weight)) => weight,
            other => panic!("{module}: {other:?}"),
        }
    }

    #[test]
    fn weights_are_found_by_the_path_of_who_uses_them() {
        let weights = Weights::of(&tiny("sd15/unet")).unwrap();
        let query = weight(&weights, "down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k");
        assert_eq!((query.usage, query.shape.len()), (Use::Transposed, 2));
        let conv = weight(&weights, "conv_in");
        assert_eq!((conv.usage, conv.shape[1..].to_vec()), (Use::AsIs, vec![4, 3, 3]));
        let numbers = weights.read(conv).unwrap();
        assert_eq!(numbers.len(), conv.shape.iter().product::<usize>());
        assert!(numbers.iter().all(|number| number.is_finite() && number.abs() < 100.0));
        assert_eq!(weights.get("nowhere"), None);
        let half = Weights::of(&tiny("turbo/unet")).unwrap();
        let conv = weight(&half, "conv_in");
        assert_eq!(conv.element, Element::F16);
        assert!(half.read(conv).unwrap().iter().any(|number| *number != 0.0));
    }

    #[test]
    fn a_model_without_some_of_its_weights_says_that_they_are_elsewhere() {
        let path = tiny("sd15/unet");
        let weights = Weights::of(&path).unwrap();
        let gone = [weight(&weights, "conv_out"), weight(&weights, "conv_in"), weight(&weights, "conv_in")];
        let bytes = weights.without(&gone).unwrap();
        assert!(bytes.len() < std::fs::metadata(&path).unwrap().len() as usize);
        let copy = std::env::temp_dir().join(format!("scumble-{}-without.onnx", std::process::id()));
        std::fs::write(&copy, bytes).unwrap();
        let rest = Weights::of(&copy).unwrap();
        for (module, found) in &weights.by_module {
            let (Found::Weight(before), Found::Weight(after)) = (found, &rest.by_module[module]) else {
                panic!("{module}")
            };
            let is_gone = gone.contains(&before);
            assert_eq!(matches!(after.place, Place::Beside { .. }), is_gone, "{module}");
            assert_eq!((&before.name, &before.shape), (&after.name, &after.shape));
            if !is_gone {
                assert_eq!(weights.read(before).unwrap(), rest.read(after).unwrap(), "{module}");
            }
        }
        std::fs::remove_file(copy).unwrap();
    }

    #[test]
    fn a_weight_that_lies_about_its_size_is_damaged() {
        let weights = Weights::of(&tiny("sd15/unet")).unwrap();
        let whole = weight(&weights, "conv_in").clone();
        for shape in [vec![], vec![usize::MAX, 2], vec![1 << 40, 1 << 40], vec![3, 3]] {
            let error = weights.read(&Weight { shape, ..whole.clone() }).unwrap_err();
            assert_eq!(error.status, Status::ModelBroken);
        }
        let place = Place::Beside { file: "nowhere".into(), from: 0, length: None };
        let beside = Weight { place, ..whole.clone() };
        assert_eq!(weights.read(&beside).unwrap_err().status, Status::ModelMissing);
        let place = Place::Beside { file: "model.onnx".into(), from: u64::MAX - 3, length: None };
        assert_eq!(weights.read(&Weight { place, ..whole }).unwrap_err().status, Status::ModelBroken);
    }
}
