//! All that one generation needs, taken from the session at one moment; settings and their ranges.

use std::sync::Arc;
use std::time::Instant;

use ndarray::Array4;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::grid::{Grid, Window};
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
    pub prompt: String,
    pub negative: String,
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
    /// How much of the coarser picture is made anew on the way down to 1:1, 0.05..0.9.
    pub refine_strength: f32,
    /// Steps of the settled picture; `None`: as many as while painting.
    pub settled_steps: Option<u32>,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            prompt: String::new(),
            negative: String::new(),
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
            refine_strength: 0.35,
            settled_steps: None,
        }
    }
}

impl Params {
    /// Checks every range; the error names the setting and its range.
    pub fn check(&self) -> Result<()> {
        if let Some(strength) = self.strength.filter(|s| !(0.0..=1.0).contains(s)) {
            return Err(Error::setting(format!("Strength is {strength}; it must be from 0 to 1.")));
        }
        let all_steps = [self.steps, self.settled_steps];
        if let Some(steps) = all_steps.into_iter().flatten().find(|s| !(1..=MAX_STEPS).contains(s)) {
            return Err(Error::setting(format!("Steps is {steps}; it must be from 1 to {MAX_STEPS}.")));
        }
        if let Some(guidance) = self.guidance.filter(|g| !(0.0..=100.0).contains(g)) {
            return Err(Error::setting(format!("Guidance is {guidance}; it must be from 0 to 100.")));
        }
        if self.mask_softness > 1024 {
            return Err(Error::setting(format!(
                "The mask's softness is {} pixels; it must be at most 1024.",
                self.mask_softness
            )));
        }
        if self.finest > 8 {
            return Err(Error::setting(format!(
                "The finest level is {}; it must be from 0 to 8.",
                self.finest
            )));
        }
        if self.settle_delay > 10_000 {
            return Err(Error::setting(format!(
                "The pause before the picture settles is {} ms; it must be at most 10000 ms.",
                self.settle_delay
            )));
        }
        if !(0.05..=0.9).contains(&self.refine_strength) {
            return Err(Error::setting(format!(
                "The strength of refining is {}; it must be from 0.05 to 0.9.",
                self.refine_strength
            )));
        }
        if self.resolution != 0 && !(64..=4096).contains(&self.resolution) {
            return Err(Error::setting(format!(
                "Resolution is {}; it must be 0 (the model's own) or from 64 to 4096.",
                self.resolution
            )));
        }
        Ok(())
    }
}

/// One generation.
pub struct Job {
    /// What it is for.
    pub tier: Tier,
    pub revision: u64,
    pub paint: Snapshot,
    /// The paint that what is rendered depends on: the canvas, or the mask's surroundings.
    pub seen: Rect,
    /// What is shown: the canvas, or the mask.
    pub cover: Rect,
    pub params: Arc<Params>,
    pub mask: Option<Arc<Mask>>,
    pub noise: Option<Arc<Array4<f32>>>,
    pub pushed_at: Instant,
    pub started_at: Instant,
    pub cancel: Arc<Cancel>,
    pub policy: Arc<Policy>,
}

impl Job {
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
            |p| p.refine_strength = f32::NAN,
            |p| p.settled_steps = Some(0),
        ] {
            assert!(!with(bad));
        }
    }
}
