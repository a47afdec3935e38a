//! All that one generation needs, taken from the session at one moment; settings and their ranges.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array4;
use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::conditions::{MOST, Steer};
use crate::error::{Error, Result};
use crate::grid::{Grid, Window};
use crate::lora_words;
use crate::pixels::mask::Mask;
use crate::pixels::paste::Alpha;
use crate::pixels::snapshot::Snapshot;
use crate::policy::Policy;
pub use crate::policy::Previews as Preview;
use crate::region::Rect;
use crate::render::Tier;

/// Longest prompt, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
pub const MAX_STEPS: u32 = 200;

/// The session's settings. `None` leaves a setting to the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// May name LoRAs ([`lora_words`]).
    pub prompt: String,
    pub negative: String,
    /// Where those lie; `None`: in the user's folder.
    pub lora_folder: Option<PathBuf>,
    /// 0 = the paint itself, 1 = the paint says nothing.
    pub strength: Option<f32>,
    pub steps: Option<u32>,
    /// Classifier-free guidance scale; up to 1 is off.
    pub guidance: Option<f32>,
    /// Another sampler than the model's, by its short name.
    pub sampler: Option<String>,
    pub seed: u64,
    pub preview: Preview,
    pub alpha: Alpha,
    /// sRGB, 8 bits a channel: what shows through transparent paint.
    pub paper: [u8; 3],
    /// Width of the fade inside a mask's edge, in canvas pixels.
    pub mask_softness: u32,
    /// Side of the square whose area is rendered; 0 = the model's native.
    pub resolution: u32,
    /// How far down the settled picture goes on canvases larger than the model's: 0 to 1:1, n to 1/√2ⁿ; at most 8.
    pub finest: u32,
    /// Milliseconds without a change after which the settled picture is made, at most 10 000.
    pub settle_delay: u32,
    /// How much of the coarser picture is made anew on the way down to 1:1, 0.05..0.9; `None`: what the model says.
    pub refine_strength: Option<f32>,
    /// Steps of the settled picture; `None`: as many as while painting.
    pub settled_steps: Option<u32>,
    /// How far an InstructPix2Pix model goes from what it would make without the paint; `None`: what its folder says.
    pub paint_guidance: Option<f32>,
    /// Frames have the picture in the model's own pixels too.
    pub overview: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            prompt: String::new(),
            negative: String::new(),
            lora_folder: None,
            strength: None,
            steps: None,
            guidance: None,
            sampler: None,
            seed: 0,
            preview: Preview::EachStep,
            alpha: Alpha::Opaque,
            paper: [255; 3],
            mask_softness: 8,
            resolution: 0,
            finest: 0,
            settle_delay: 300,
            refine_strength: None,
            settled_steps: None,
            paint_guidance: None,
            overview: false,
        }
    }
}

impl Params {
    /// Checks every range; the error names the setting and its range.
    pub fn check(&self) -> Result<()> {
        let given = [
            ("strength", self.strength.map(f64::from)),
            ("steps", self.steps.map(f64::from)),
            ("guidance", self.guidance.map(f64::from)),
            ("mask_softness", Some(self.mask_softness.into())),
            ("resolution", (self.resolution != 0).then_some(self.resolution.into())),
            ("finest", Some(self.finest.into())),
            ("settle_delay_ms", Some(self.settle_delay.into())),
            ("refine_strength", self.refine_strength.map(f64::from)),
            ("settled_steps", self.settled_steps.map(f64::from)),
            ("paint_guidance", self.paint_guidance.map(f64::from)),
        ];
        for (range, (name, value)) in RANGES.iter().zip(given) {
            debug_assert_eq!(range.name, name);
            if let Some(value) = value.filter(|value| !(range.least..=range.most).contains(value)) {
                return Err(Error::setting(format!(
                    "{} is {}; it must be from {} to {}{}{}.",
                    range.title,
                    shortest(value),
                    range.least,
                    range.most,
                    range.unit,
                    range.left_alone()
                )));
            }
        }
        Ok(())
    }
}

/// A number as the host gave it: one that was a float has no more digits than that.
fn shortest(value: f64) -> String {
    let float = value as f32;
    if f64::from(float) == value { float.to_string() } else { value.to_string() }
}

/// A setting that is a number. The only place where its range stands: hosts ask for it (`scumble_list_create`).
pub struct Range {
    /// As the field of the ABI's params is called.
    pub name: &'static str,
    /// As a sentence begins with it.
    pub title: &'static str,
    pub least: f64,
    pub most: f64,
    /// What it is at first. Outside the range: it is left to the model or the library.
    pub initial: f64,
    /// After a number, in a sentence.
    pub unit: &'static str,
}

impl Range {
    /// What the ABI has for a setting that is left open, if it can be: the end of a sentence.
    fn left_alone(&self) -> String {
        if self.initial < self.least {
            format!(", or {} to leave it to Scumble", self.initial)
        } else {
            String::new()
        }
    }
}

const fn range(name: &'static str, title: &'static str, (least, most): (f64, f64), initial: f64) -> Range {
    Range { name, title, least, most, initial, unit: "" }
}

pub const RANGES: [Range; 10] = [
    range("strength", "Strength", (0.0, 1.0), -1.0),
    range("steps", "Steps", (1.0, MAX_STEPS as f64), 0.0),
    range("guidance", "Guidance", (0.0, 100.0), -1.0),
    Range { unit: " pixels", ..range("mask_softness", "The mask's softness", (0.0, 1024.0), 8.0) },
    Range { unit: " pixels", ..range("resolution", "Resolution", (64.0, 4096.0), 0.0) },
    range("finest", "The finest level", (0.0, 8.0), 0.0),
    Range {
        unit: " ms",
        ..range("settle_delay_ms", "The pause before the picture settles", (0.0, 10_000.0), 300.0)
    },
    range("refine_strength", "The strength of refining", (0.05, 0.9), 0.0),
    range("settled_steps", "Steps of the settled picture", (1.0, MAX_STEPS as f64), 0.0),
    range("paint_guidance", "The guidance by the paint", (1.0, 20.0), 0.0),
];

/// One generation.
pub struct Job {
    /// What it is for.
    pub tier: Tier,
    pub revision: u64,
    pub paint: Snapshot,
    /// Which of the session's canvases that is, [`crate::picture::Picture::canvas`].
    pub canvas: u64,
    /// The paint that the overview depends on: the canvas, or the mask's surroundings.
    pub seen: Rect,
    /// The same of the settled picture.
    pub settled: Rect,
    /// What is shown: the canvas, or the mask.
    pub cover: Rect,
    pub params: Arc<Params>,
    pub mask: Option<Arc<Mask>>,
    pub steering: Vec<Steer>,
    pub noise: Option<Arc<Array4<f32>>>,
    pub pushed_at: Instant,
    pub started_at: Instant,
    pub cancel: Arc<Cancel>,
    pub policy: Arc<Policy>,
    /// Whether it may make way for something newer before it has shown anything: never two in a row.
    pub may_pass: bool,
    /// What its pictures do not show of what was asked for, in sentences.
    pub notes: Mutex<Vec<String>>,
    /// What it has to wait for, as a sentence; empty where nothing holds it up.
    pub doing: Arc<Mutex<String>>,
}

impl Job {
    /// Takes the LoRAs that the prompt names out of it: they steer as any others do.
    ///
    /// # Errors
    /// As [`lora_words::taken_out`]; [`crate::error::Status::Setting`] for too many.
    pub fn take_out_loras(&mut self) -> Result<()> {
        let folder = self.params.lora_folder.as_deref();
        let (prompt, loras) = lora_words::taken_out(&self.params.prompt, folder)?;
        if loras.is_empty() {
            return Ok(());
        }
        if loras.len() > MOST {
            return Err(Error::setting(format!("The prompt names more than {MOST} LoRAs; take some out.")));
        }
        self.steering.extend(loras.into_iter().map(|lora| Steer::Lora(Arc::new(lora))));
        Arc::make_mut(&mut self.params).prompt = prompt;
        Ok(())
    }

    /// Adds a sentence to what is said of its pictures.
    pub fn note(&self, sentence: &str) {
        let mut notes = self.notes.lock();
        if !notes.iter().any(|known| known == sentence) {
            notes.push(sentence.to_owned());
        }
    }

    /// The window of all that is shown, with its surroundings, at the overview's level.
    pub fn window(&self, grid: &Grid) -> Window {
        match &self.mask {
            Some(mask) => masked_window(grid, mask),
            None => grid.whole(),
        }
    }
}

/// How far around a mask the model looks, in its own pixels.
const CONTEXT: u32 = 64;

/// The window of a mask and its surroundings at the overview's level.
pub fn masked_window(grid: &Grid, mask: &Mask) -> Window {
    match mask.bounds() {
        Some(bounds) => grid.window(grid.overview(), bounds, grid.cells(CONTEXT)),
        None => grid.whole(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked_and_not_a_number_is_refused() {
        let with = |change: fn(&mut Params)| {
            let mut params = Params::default();
            change(&mut params);
            params.check().is_ok()
        };
        assert!(with(|_| ()));
        assert!(with(|p| p.strength = Some(0.0)));
        for bad in [
            (|p| p.strength = Some(f32::NAN)) as fn(&mut Params),
            |p| p.strength = Some(1.01),
            |p| p.strength = Some(f32::INFINITY),
            |p| p.steps = Some(0),
            |p| p.steps = Some(201),
            |p| p.guidance = Some(f32::NAN),
            |p| p.guidance = Some(-1.0),
            |p| p.resolution = 63,
            |p| p.mask_softness = 1025,
            |p| p.finest = 9,
            |p| p.settle_delay = 10_001,
            |p| p.refine_strength = Some(f32::NAN),
            |p| p.settled_steps = Some(0),
            |p| p.paint_guidance = Some(0.9),
        ] {
            assert!(!with(bad));
        }
    }

    #[test]
    fn a_setting_out_of_range_is_told_as_it_was_given_with_what_leaves_it_open() {
        let told = |change: fn(&mut Params)| {
            let mut params = Params::default();
            change(&mut params);
            params.check().unwrap_err().message
        };
        let strength = told(|p| p.strength = Some(7.1));
        assert_eq!(strength, "Strength is 7.1; it must be from 0 to 1, or -1 to leave it to Scumble.");
        let steps = told(|p| p.steps = Some(u32::MAX));
        assert_eq!(steps, "Steps is 4294967295; it must be from 1 to 200, or 0 to leave it to Scumble.");
        let softness = told(|p| p.mask_softness = 1025);
        assert_eq!(softness, "The mask's softness is 1025; it must be from 0 to 1024 pixels.");
    }
}
