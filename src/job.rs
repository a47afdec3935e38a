//! All that one generation needs, taken from the session at one moment; settings and their ranges.

use std::sync::Arc;
use std::time::Instant;

use ndarray::Array4;

use crate::cancel::Cancel;
use crate::canvas::Snapshot;
use crate::error::{Error, Result};
use crate::pixels::mask::Mask;
use crate::pixels::paste::Alpha;
use crate::region::Rect;

/// Longest prompt, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
pub const MAX_STEPS: u32 = 200;

/// When to show estimates before a job is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Preview {
    /// Never: every frame is FINAL.
    Off = 0,
    /// Only when something newer waits: the running job shows what it has and gives way.
    GiveWay = 1,
    /// After every step.
    EachStep = 2,
}

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
    pub seed: u64,
    pub preview: Preview,
    pub alpha: Alpha,
    /// sRGB, 8 bits a channel: what shows through transparent paint.
    pub paper: [u8; 3],
    /// Width of the fade inside a mask's edge, in canvas pixels.
    pub mask_softness: u32,
    /// Side of the square whose area is rendered; 0 = the model's native.
    pub resolution: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            prompt: String::new(),
            negative: String::new(),
            strength: None,
            steps: None,
            guidance: None,
            seed: 0,
            preview: Preview::EachStep,
            alpha: Alpha::Opaque,
            paper: [255; 3],
            mask_softness: 8,
            resolution: 0,
        }
    }
}

impl Params {
    /// Checks every range; the error names the setting and its range.
    pub fn check(&self) -> Result<()> {
        if let Some(strength) = self.strength.filter(|s| !(0.0..=1.0).contains(s)) {
            return Err(Error::setting(format!("Strength is {strength}; it must be from 0 to 1.")));
        }
        if let Some(steps) = self.steps.filter(|s| !(1..=MAX_STEPS).contains(s)) {
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
        if self.resolution != 0 && !(64..=4096).contains(&self.resolution) {
            return Err(Error::setting(format!(
                "Resolution is {}; it must be 0 (the model's own) or from 64 to 4096.",
                self.resolution
            )));
        }
        Ok(())
    }

    /// Whether the model's picture of the paint stays the same when these settings become `other`.
    pub fn same_picture(&self, other: &Params) -> bool {
        (self.paper, self.resolution) == (other.paper, other.resolution)
    }
}

/// One generation.
pub struct Job {
    pub revision: u64,
    pub paint: Snapshot,
    /// What must be rendered: the canvas, or the mask's surroundings.
    pub area: Rect,
    pub params: Arc<Params>,
    pub mask: Option<Arc<Mask>>,
    pub noise: Option<Arc<Array4<f32>>>,
    /// Same key, same paint and paper under the same area.
    pub picture_key: u64,
    pub pushed_at: Instant,
    pub started_at: Instant,
    pub cancel: Arc<Cancel>,
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
        ] {
            assert!(!with(bad));
        }
    }
}
