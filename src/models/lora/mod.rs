//! LoRAs: small matrices whose products are added to a model's weights (Hu et al., "LoRA: Low-Rank Adaptation of Large
//! Language Models", 2021), as people share them: of kohya's scripts, of LyCORIS (LoCon: convolutions too, also with a rank
//! in the middle) and of diffusers (PEFT).

mod keys;
pub(crate) mod safetensors;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result, Status};
use crate::models::checkpoint;
use crate::models::weights::Use;
use keys::Role;
use safetensors::{Array, Safetensors, Wrong};

/// No rank is larger: that of a whole weight is.
const MOST_RANK: usize = 1 << 14;

/// A network of a model that a LoRA changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Unet,
    Text,
    Text2,
}

impl Part {
    /// As diffusers calls it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Unet => "unet",
            Part::Text => "text_encoder",
            Part::Text2 => "text_encoder_2",
        }
    }
}

/// What is added to one weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delta {
    /// As the file names the module.
    pub module: String,
    /// `[rank, in]`, or `[rank, in, h, w]`.
    down: Array,
    /// `[out, rank]`, or with ones behind.
    up: Array,
    /// `[rank, rank, h, w]`, between the two.
    middle: Option<Array>,
    /// `None`: as large as the rank.
    alpha: Option<f32>,
    over_root: bool,
}

/// A file that was read and checked: by part and by module, whose path has underscores for dots.
#[derive(Debug, Default, PartialEq)]
pub struct Lora(pub BTreeMap<(Part, String), Delta>);

/// Reads a LoRA. `layers` are the U-Net's `layers_per_block`, by which SDXL's names are understood.
///
/// # Errors
/// [`Status::ModelMissing`] without the file, [`Status::ModelBroken`] for a damaged one, [`Status::ModelUnsupported`] for
/// an adapter of another kind, [`Status::Memory`]; each names the file.
pub fn read(path: &Path, layers: usize) -> Result<Lora> {
    parse(path, layers).map_err(|(status, why)| {
        Error::new(status, format!("The LoRA {} cannot be used: {why}.", path.display()))
    })
}

fn parse(path: &Path, layers: usize) -> std::result::Result<Lora, Wrong> {
    let file = Safetensors::open(path)?;
    let told = file.metadata.get("lora_adapter_metadata");
    let told: Option<Value> = told.and_then(|text| serde_json::from_str(text).ok());
    let (mut lora, mut strange) = (BTreeMap::<(Part, String), Delta>::new(), Vec::new());
    for name in file.names() {
        if let Some(kind) = keys::other_kind(name) {
            let why = format!("it is a {kind}, which this version cannot read; choose a LoRA or LoCon");
            return Err((Status::ModelUnsupported, why));
        }
        let Some(key) = keys::key(name, layers) else {
            strange.push(name);
            continue;
        };
        let array = file.read(name)?;
        let delta = lora.entry((key.part, key.path.replace('.', "_"))).or_default();
        delta.module = key.module.to_owned();
        match key.role {
            Role::Down => delta.down = array,
            Role::Up => delta.up = array,
            Role::Middle => delta.middle = Some(array),
            Role::Alpha => delta.alpha = array.numbers.first().copied(),
        }
        if delta.alpha.is_none() {
            delta.alpha = told.as_ref().and_then(|told| alpha(told, key.part, &key.path));
        }
        delta.over_root = told.as_ref().is_some_and(|told| over_root(told, key.part));
    }
    if let Some(first) = strange.first() {
        let kind =
            checkpoint::kind(path).filter(|kind| !kind.contains("a LoRA") && !kind.contains("unknown"));
        let why = match kind.filter(|_| lora.is_empty()) {
            Some(kind) => format!("it is {kind} and no LoRA"),
            None => format!(
                "{} of its {} names are not those of a LoRA for Stable Diffusion (\"{}\"{})",
                strange.len(),
                file.names().count(),
                shortened(first),
                if strange.len() > 1 { ", …" } else { "" }
            ),
        };
        return Err((Status::ModelUnsupported, why));
    }
    if lora.is_empty() {
        return Err((Status::ModelUnsupported, "it holds nothing".to_owned()));
    }
    lora.values().try_for_each(check)?;
    Ok(Lora(lora))
}

/// What diffusers writes of the alphas beside the tensors, as peft reads it: a pattern is a path or the end of one.
fn alpha(told: &Value, part: Part, path: &str) -> Option<f32> {
    let part = part.name();
    let ends =
        |pattern: &str| path.strip_suffix(pattern).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let patterns = told.get(format!("{part}.alpha_pattern")).and_then(Value::as_object);
    let own = patterns.and_then(|all| all.iter().find(|(pattern, _)| ends(pattern))).map(|(_, alpha)| alpha);
    let alpha = own.or_else(|| told.get(format!("{part}.lora_alpha")))?.as_f64()? as f32;
    alpha.is_finite().then_some(alpha)
}

/// Whether alpha counts over the rank's root, not over the rank (Kalajdzievski, "A rank stabilization scaling factor for
/// fine-tuning with LoRA", 2023).
fn over_root(told: &Value, part: Part) -> bool {
    told.get(format!("{}.use_rslora", part.name())).and_then(Value::as_bool).unwrap_or(false)
}

/// Do the parts of one delta go together?
fn check(delta: &Delta) -> std::result::Result<(), Wrong> {
    let wrong = |why: &str| Err((Status::ModelBroken, format!("its \"{}\" {why}", shortened(&delta.module))));
    let side = |array: &Array, at: usize| array.shape.get(at).copied().unwrap_or(0);
    let (rank, up) = (side(&delta.down, 0), side(&delta.up, 1));
    if delta.down.numbers.is_empty() || delta.up.numbers.is_empty() {
        return wrong("has only one of its two halves; download it again");
    }
    // With a middle they are two: what is made of it has as many rows as the second says.
    let is_large = rank.max(up) > MOST_RANK;
    if delta.down.shape.len() < 2 || is_large || side(&delta.up, 0) * up != delta.up.numbers.len() {
        return wrong("has sides that no LoRA has; choose another file");
    }
    match delta.middle.as_ref().map(|middle| middle.shape.as_slice()) {
        None if up != rank => wrong("has halves of different ranks; choose another file"),
        Some([a, b, ..]) if (*a, *b) != (up, rank) => {
            wrong("has a middle of another rank; choose another file")
        }
        Some([_, _]) | Some([_, _, _, _]) | None => Ok(()),
        Some(_) => wrong("has a middle that is no kernel; choose another file"),
    }
}

impl Delta {
    /// Does it go with a weight of this shape, used so?
    pub fn fits(&self, shape: &[usize], usage: Use) -> bool {
        let outputs = self.up.shape.first().copied().unwrap_or(0);
        match (usage, shape) {
            (Use::Transposed, [inputs, out]) => (*out, *inputs) == (outputs, self.row()),
            (Use::AsIs | Use::Kernel, [out, rest @ ..]) => {
                (*out, rest.iter().product()) == (outputs, self.row())
            }
            _ => false,
        }
    }

    /// Numbers of one output.
    fn row(&self) -> usize {
        let down = self.down.shape.get(1..).unwrap_or_default().iter().product::<usize>();
        // What a middle's kernel makes larger: the first half has none of its own.
        let kernel = self.middle.as_ref().map(|middle| middle.shape.get(2..).unwrap_or_default());
        down * kernel.unwrap_or_default().iter().product::<usize>()
    }

    /// Its halves, whose product times `scale` is to be added to a weight that it fits.
    pub fn halves(&self) -> Halves<'_> {
        let (first, rank) = (self.down.shape[0] as f32, self.up.shape[1]);
        let down = match &self.middle {
            None => Cow::Borrowed(self.down.numbers.as_slice()),
            Some(middle) => Cow::Owned(mixed_with(&self.down, middle, rank)),
        };
        let over = if self.over_root { first.sqrt() } else { first };
        Halves { rank, down, up: &self.up.numbers, scale: self.alpha.unwrap_or(first) / over }
    }
}

/// `[rank, in]` (`[rank, in × h × w]`) and `[out, rank]`.
pub struct Halves<'a> {
    pub rank: usize,
    pub down: Cow<'a, [f32]>,
    pub up: &'a [f32],
    /// By how much of alpha and rank their product counts.
    pub scale: f32,
}

/// The first half with the middle's kernel: `[up, in × h × w]`.
fn mixed_with(down: &Array, middle: &Array, up: usize) -> Vec<f32> {
    let (rank, inputs) = (down.shape[0], down.shape[1..].iter().product::<usize>());
    let kernel = middle.shape[2..].iter().product::<usize>();
    let mut mixed = vec![0.0; up * inputs * kernel];
    for a in 0..up {
        for b in 0..rank {
            let taps = &middle.numbers[(a * rank + b) * kernel..][..kernel];
            for (i, down) in down.numbers[b * inputs..][..inputs].iter().enumerate() {
                let to = &mut mixed[(a * inputs + i) * kernel..][..kernel];
                to.iter_mut().zip(taps).for_each(|(to, tap)| *to += tap * down);
            }
        }
    }
    mixed
}

/// A name of a stranger's, for a sentence.
fn shortened(name: &str) -> String {
    const MOST: usize = 100;
    let mut short: String = name.chars().filter(|c| !c.is_control()).take(MOST).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a kernel, with a middle.
    fn delta(up: usize, rank: usize, inputs: usize) -> Delta {
        let array =
            |shape: &[usize]| Array { shape: shape.to_vec(), numbers: vec![0.5; shape.iter().product()] };
        Delta {
            module: "m".into(),
            down: array(&[rank, inputs, 1, 1]),
            up: array(&[1, up, 1, 1]),
            middle: Some(array(&[up, rank, 1, 1])),
            ..Delta::default()
        }
    }

    /// What a small file asks for: the middle makes a matrix of the second rank and the inputs.
    #[test]
    fn neither_rank_of_a_middle_is_larger_than_any_is() {
        for (up, rank) in [(4, 2), (MOST_RANK, 1), (1, MOST_RANK)] {
            assert_eq!(check(&delta(up, rank, 3)), Ok(()), "{up} {rank}");
        }
        assert_eq!(delta(4, 2, 3).halves().down.len(), 12);
        for (up, rank) in [(MOST_RANK + 1, 1), (1, MOST_RANK + 1), (1 << 20, 1)] {
            let (status, why) = check(&delta(up, rank, 3)).unwrap_err();
            assert_eq!(status, Status::ModelBroken);
            assert!(why.contains("sides that no LoRA has"), "{why}");
        }
    }
}
