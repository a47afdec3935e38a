//! The seam between the live loop and whatever makes the pictures. Down go a [`Scene`] (what is to be seen) and a
//! [`Quality`] (how well, how fast); up come [`Patch`]es, as they are ready; a [`Policy`] says what to do when
//! something newer waits. All of it is plain data, so the other side may be another process or machine.
//!
//! [`crate::pipeline::Pipeline`] is the real one; the live loop's tests drive a stub with a settable step time.

mod condition;

use std::time::Duration;

use ndarray::{Array2, Array3, Array4};
use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::error::Result;
use crate::grid::Window;
pub use crate::model::{Capabilities, Defaults, Geometry, ModelInfo};
pub use crate::pixels::Picture;
pub use crate::policy::{Next, Policy, Previews};
use crate::region::Rect;
pub use condition::{Annotated, Aspect, Condition, Control, Lora, Reference, Region};

/// `[channels, height, width]` in latent cells, scaled as the network wants it.
pub type Latent = Array3<f32>;

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
    /// What is there already is to get what a coarser level has no room for, and no more: as few of `steps` as begin at
    /// `strength`, on a schedule as fine as that takes.
    pub refines: bool,
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
