//! What steers a picture besides the paint.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::error::{Error, Result};
use crate::pixels::Picture;
use crate::prepare::Prepare;
use crate::steps::StepRange;

/// What the picture is to show besides the paint. One list, so that what comes next is one more kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition<'a> {
    /// What it shows.
    Prompt(&'a str),
    /// What it must not show; looked at only with guidance.
    Negative(&'a str),
    /// Lines, depths, poses that it follows.
    Control(Control<'a>),
    /// The same, of a picture that a network makes of another one.
    Annotated(Annotated<'a>),
    /// What the model has learnt besides.
    Lora(Lora<'a>),
    /// Other words in a part of it.
    Region(Region<'a>),
    /// A picture whose style, structure or subject it takes over.
    Reference(Reference<'a>),
}

impl Condition<'_> {
    /// In which part of the steps it acts, and whose that is, in a sentence; words always do.
    pub fn part(&self) -> Option<(&'static str, StepRange)> {
        match self {
            Condition::Prompt(_) | Condition::Negative(_) => None,
            Condition::Control(control) => Some(("control", control.steps)),
            Condition::Annotated(annotated) => Some(("control", annotated.steps)),
            Condition::Lora(lora) => Some(("LoRA", lora.steps)),
            Condition::Region(region) => Some(("region", region.steps)),
            Condition::Reference(reference) => Some(("reference", reference.steps)),
        }
    }
}

/// A picture to take after, which has a size of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference<'a> {
    /// RGB, 0..1.
    pub picture: &'a Picture,
    /// Of what it shows: equal keys, equal pictures.
    pub key: u128,
    /// How much of it; 0 is off. Some models know nothing between:
    /// [`Capabilities::weighs_references`](crate::model::Capabilities::weighs_references).
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

/// What of a reference is taken over, where the model tells that apart: [`Capabilities::no_aspects`](crate::model::Capabilities::no_aspects). The numbers are the ABI's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aspect {
    /// Its subject, too.
    #[default]
    All = 0,
    /// How it is painted: colours, material, mood.
    Style = 1,
    /// Where things are.
    Layout = 2,
}

impl Aspect {
    pub const ALL: [Aspect; 3] = [Aspect::All, Aspect::Style, Aspect::Layout];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Aspect::All => "all",
            Aspect::Style => "style",
            Aspect::Layout => "layout",
        }
    }

    /// # Errors
    /// [`crate::error::Status::Setting`] for a number that is none of theirs.
    pub fn from_number(number: u32) -> Result<Aspect> {
        Self::ALL.into_iter().find(|one| *one as u32 == number).ok_or_else(|| {
            Error::setting(format!(
                "There is no aspect {number} of a reference; use one of SCUMBLE_ASPECT_*."
            ))
        })
    }
}

impl<'a> Reference<'a> {
    /// In all steps. Reads all of the picture for its key.
    pub fn new(picture: &'a Picture, scale: f32) -> Reference<'a> {
        Reference { picture, key: Reference::key(picture), scale, aspect: Aspect::All, steps: StepRange::ALL }
    }

    pub fn key(picture: &Picture) -> u128 {
        let numbers = picture.as_standard_layout();
        let seen = xxh3_128(bytemuck::cast_slice(numbers.as_slice().unwrap_or_default()));
        // The same numbers in other rows are another picture.
        let (_, height, width) = picture.dim();
        seen ^ u128::from(xxh3_64(bytemuck::bytes_of(&[height as u64, width as u64])))
    }
}

/// Words that hold where a mask is white, softly where it is grey.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region<'a> {
    /// As large as the paint, RGB, 0..1; the mean of the three counts.
    pub mask: &'a Picture,
    pub prompt: &'a str,
    /// Empty: the whole picture's.
    pub negative: &'a str,
    /// Against regions of its rank that it overlaps and, below 1, what lies beneath it; 0 is off.
    pub weight: f32,
    /// It covers regions of smaller ranks, as paint does.
    pub rank: u32,
    pub steps: StepRange,
}

/// A file of small changes to the model's weights, and how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lora<'a> {
    pub file: &'a str,
    /// Of what changes the U-Net; 0 is off, and below 0 the opposite.
    pub scale: f32,
    /// Of what changes the text encoders, which read the words once, for all steps.
    pub text: f32,
    /// Of the U-Net's.
    pub steps: StepRange,
}

impl Lora<'_> {
    /// Does it change the model?
    pub fn is_on(&self) -> bool {
        (self.scale != 0.0 || self.text != 0.0) && !self.steps.is_empty()
    }
}

/// A picture that a ControlNet reads, and how much it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Control<'a> {
    /// As large as the paint, RGB, 0..1.
    pub picture: &'a Picture,
    /// The ControlNet's folder, or its `.onnx` file.
    pub model: &'a str,
    /// What it says is multiplied by this; 0 is off.
    pub scale: f32,
    pub steps: StepRange,
}

/// A [`Control`] whose picture a network is to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annotated<'a> {
    /// All of the canvas, in whatever size, RGB, 0..1.
    pub picture: &'a Picture,
    /// As [`Reference::key`].
    pub key: u128,
    /// What is to be made of it, one that [`Prepare::is_annotated`].
    pub how: Prepare,
    pub model: &'a str,
    pub scale: f32,
    pub steps: StepRange,
}
