//! The seam between the live loop and whatever makes the pictures. Down go a [`Scene`] (what is to be seen) and a
//! [`Quality`] (how well, how fast); up come [`Patch`]es, as they are ready; a [`Policy`] says what to do when
//! something newer waits. All of it is plain data, so the other side may be another process or machine.
//!
//! [`crate::pipeline::Pipeline`] is the real one; the live loop's tests drive a stub with a settable step time.

use std::time::Duration;

use ndarray::{Array2, Array3, Array4};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::grid::Window;
pub use crate::model::{Capabilities, Defaults, Geometry, ModelInfo};
pub use crate::pixels::Picture;
pub use crate::policy::{Next, Policy, Previews};
use crate::prepare::Prepare;
use crate::region::Rect;
use crate::steps::StepRange;

/// `[channels, height, width]` in latent cells, scaled as the network wants it.
pub type Latent = Array3<f32>;

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
    /// How much of it; 0 is off. Some models know nothing between: [`Capabilities::weighs_references`].
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

/// What of a reference is taken over, where the model tells that apart: [`Capabilities::no_aspects`]. The numbers are the ABI's.
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

/// What of the paint has changed since a picture was made, and that picture.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// By cell, `[height, width]`: 1 where the paint is new, 0 where the last picture stays, soft between.
    pub dirty: &'a Array2<f32>,
    /// The last picture's latent in this window.
    pub last: &'a Latent,
    /// What the last of several steps sees besides; renderers may leave it out.
    pub around: Option<Around<'a>>,
}

/// The last picture farther around a window: the first steps find out what is to be there, and only the last makes what
/// its surroundings must fit.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Contains the scene's window, and the model takes it.
    pub window: Window,
    /// The last picture's latent in it.
    pub last: &'a Latent,
}

/// What is to be seen in one window. Same scene, quality and model: same picture.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Which cells of which level: anchors noise.
    pub window: Window,
    /// The whole canvas, in its own pixels.
    pub canvas: Rect,
    /// What the picture is made from, composited over paper, as large as the window: sides are multiples of
    /// [`Geometry::multiple`] (or exactly [`Geometry::fixed`]).
    pub paint: &'a Picture,
    /// By cell, `[height, width]`: 1 where the picture may differ from the paint, 0 where it is held to it, at each
    /// noise level; `None`: everywhere.
    pub mask: Option<&'a Array2<f32>>,
    /// `None`: all of it is new.
    pub change: Option<Change<'a>>,
    /// By pixel, `[height, width]`: what a model that [`Capabilities::inpaints`] is to fill, without seeing the paint
    /// there, from 0.5 on; `None`: all of it. Others do not look at it.
    pub hole: Option<&'a Array2<f32>>,
    pub conditions: &'a [Condition<'a>],
    /// Given noise instead of the seeded: `[draws, C, h, w]` in the order in which diffusers draws.
    pub noise: Option<&'a Array4<f32>>,
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Follows the hand: soon, and close to what will settle.
    Live,
    /// At rest: a function of pixels, settings, model and seed alone.
    Settled,
}

impl<'a> Scene<'a> {
    pub fn controls(&self) -> impl Iterator<Item = &'a Control<'a>> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Control(control) => Some(control),
            _ => None,
        })
    }

    pub fn regions(&self) -> impl Iterator<Item = &'a Region<'a>> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Region(region) => Some(region),
            _ => None,
        })
    }

    /// Those that are on.
    pub fn references(&self) -> impl Iterator<Item = &'a Reference<'a>> {
        self.all_references().filter(|reference| reference.scale != 0.0)
    }

    /// Those that are off, too.
    pub fn all_references(&self) -> impl Iterator<Item = &'a Reference<'a>> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Reference(reference) => Some(reference),
            _ => None,
        })
    }

    /// Of references and of what is annotated.
    pub fn keys(&self) -> impl Iterator<Item = u128> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Reference(reference) => Some(reference.key),
            Condition::Annotated(annotated) => Some(annotated.key),
            _ => None,
        })
    }

    /// In the order of the conditions, but for those with these [`Scene::keys`].
    pub fn pictures(&self, known: &[u128]) -> impl Iterator<Item = &'a Picture> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Reference(reference) => {
                Some(reference.picture).filter(|_| !known.contains(&reference.key))
            }
            Condition::Annotated(annotated) => {
                Some(annotated.picture).filter(|_| !known.contains(&annotated.key))
            }
            Condition::Control(control) => Some(control.picture),
            Condition::Region(region) => Some(region.mask),
            _ => None,
        })
    }

    pub fn loras(&self) -> impl Iterator<Item = &'a Lora<'a>> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Lora(lora) => Some(lora),
            _ => None,
        })
    }

    /// All words that are read, those of regions among them.
    pub fn prompts(&self) -> impl Iterator<Item = &'a str> {
        let (prompt, negative) = self.words();
        [prompt, negative]
            .into_iter()
            .chain(self.regions().flat_map(|region| [region.prompt, region.negative]))
    }

    /// Prompt and negative prompt, empty where there is none.
    pub fn words(&self) -> (&'a str, &'a str) {
        let (mut prompt, mut negative) = ("", "");
        for condition in self.conditions {
            match condition {
                Condition::Prompt(text) => prompt = text,
                Condition::Negative(text) => negative = text,
                _ => {}
            }
        }
        (prompt, negative)
    }
}

/// How a picture is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality<'a> {
    pub tier: Tier,
    /// A name out of [`Capabilities::samplers`]; `None`: the model's own.
    pub sampler: Option<&'a str>,
    /// ≥ 1.
    pub steps: u32,
    /// 0 < strength ≤ 1.
    pub strength: f32,
    pub guidance: f32,
    /// Of InstructPix2Pix alone, ≥ 1; `None`: the model's own.
    pub paint_guidance: Option<f32>,
    pub seed: u64,
    pub previews: Previews,
}

/// Time spent so far in a job, by phase. `runtime` is the part of the sum inside ONNX Runtime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    pub text: Duration,
    pub encode: Duration,
    pub denoise: Duration,
    pub decode: Duration,
    pub runtime: Duration,
}

/// The picture of a window after some of its steps; finished where `step` is `steps`.
pub struct Patch {
    pub picture: Picture,
    /// Its latent, where it is finished: what the next change is held to.
    pub latent: Option<Latent>,
    pub step: u32,
    pub steps: u32,
    pub phases: Phases,
}

impl Patch {
    pub fn is_finished(&self) -> bool {
        self.step == self.steps
    }
}

/// Takes patches as they are made, on the thread that renders.
pub trait Sink {
    /// # Errors
    /// End the job.
    fn patch(&mut self, patch: Patch) -> Result<()>;

    /// A step is done, whether it is shown or not: a sign of life.
    fn step(&mut self) {}

    /// A network has run and more is to come: as good a sign, before there are steps.
    fn alive(&mut self) {}

    /// What the picture that is being made does not show of what was asked for, as a sentence; before its first patch.
    fn note(&mut self, _sentence: &str) {}

    /// What the picture has to wait for before its first step, as a sentence: a network that is being read. It holds until
    /// the next sign of life.
    fn doing(&mut self, _sentence: &str) {}
}

impl<F: FnMut(Patch) -> Result<()>> Sink for F {
    fn patch(&mut self, patch: Patch) -> Result<()> {
        self(patch)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// The last patch was finished.
    Finished,
    GaveWay,
}

pub trait Renderer: Send {
    fn info(&self) -> ModelInfo;

    fn capabilities(&self) -> Capabilities;

    /// Makes one picture.
    ///
    /// # Errors
    /// [`crate::error::Status::Cancelled`] for a cancelled job, what the sink returned, and what the model meets.
    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended>;

    /// How long it may have nothing to do before [`Renderer::rest`] is called; `None` where there is nothing to give back.
    fn rests_after(&self) -> Option<Duration> {
        None
    }

    /// Gives back what it can take again by itself at the next job.
    fn rest(&mut self) {}
}
