//! Which of a picture's steps something steers.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The part of the steps that are run in which a condition acts, 0..1: 0 is before the first, 1 after the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepRange {
    pub start: f32,
    pub end: f32,
}

/// The number that a person wrote: 0.7 is 0.7, not 0.699999988 (which would lose a step of ten).
pub fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

impl StepRange {
    pub const ALL: StepRange = StepRange { start: 0.0, end: 1.0 };

    /// `whose` it is, in a sentence.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for a number out of its range.
    pub fn check(&self, whose: &str) -> Result<()> {
        for (what, value) in [("start", self.start), ("end", self.end)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::setting(format!(
                    "The {whose}'s {what} is {value}; it must be from 0 to 1."
                )));
            }
        }
        Ok(())
    }

    /// Lies step `i` of `steps` in it, whole?
    pub fn holds(&self, (i, steps): (usize, usize)) -> bool {
        // In the order and precision of diffusers (`control_guidance_start`), whose numbers decide at the ends.
        let (from, to) = (i as f64 / steps as f64, (i + 1) as f64 / steps as f64);
        from >= decimal(self.start) && to <= decimal(self.end)
    }

    /// Lies any of so many steps in it?
    pub fn holds_any_of(&self, steps: usize) -> bool {
        (0..steps).any(|i| self.holds((i, steps)))
    }

    /// Lies no step in it, however many there are?
    pub fn is_empty(&self) -> bool {
        // The same for what is no number.
        self.start.partial_cmp(&self.end) != Some(Ordering::Less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_steps_is_those_that_lie_in_it_whole() {
        let held = |start, end, steps| -> Vec<usize> {
            (0..steps).filter(|i| StepRange { start, end }.holds((*i, steps))).collect()
        };
        assert_eq!(held(0.0, 1.0, 3), [0, 1, 2]);
        assert_eq!(held(0.25, 0.75, 4), [1, 2]);
        assert_eq!(held(0.0, 0.5, 1), [0usize; 0]);
        assert_eq!(held(0.5, 1.0, 3), [2]);
        // What diffusers makes of numbers that no binary fraction is.
        assert_eq!(held(0.0, 0.7, 10), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(held(0.0, 0.35, 20), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(held(0.2, 1.0, 5), [1, 2, 3, 4]);
        assert_eq!(held(0.2, 0.7, 10), [2, 3, 4, 5, 6]);
        assert_eq!(held(0.8, 1.0, 5), [4]);
        for (start, end) in [(0.5, 0.5), (0.75, 0.25), (f32::NAN, 1.0), (0.0, f32::NAN)] {
            let part = StepRange { start, end };
            assert!(part.is_empty() && (1..99).all(|steps| !part.holds_any_of(steps)), "{start} to {end}");
        }
        assert!(!StepRange::ALL.is_empty() && StepRange::ALL.holds_any_of(1));
    }

    #[test]
    fn a_part_that_is_none_is_told() {
        assert!(StepRange::ALL.check("LoRA").is_ok());
        for (start, end) in [(-0.1, 1.0), (0.0, 1.1), (f32::NAN, 1.0), (0.0, f32::INFINITY)] {
            let told = StepRange { start, end }.check("LoRA").unwrap_err().message;
            assert!(told.starts_with("The LoRA's ") && told.ends_with("must be from 0 to 1."), "{told}");
        }
    }
}
