//! Where in its schedule a job that starts from a picture begins.
//!
//! A run of `steps` has `steps` noise levels, and strength says how far up that ladder the paint is lifted.
//! `steps · strength` levels lie below the start. Where that is a whole number, the job begins on a level, as in
//! diffusers. Where it is not, diffusers leaves the part of a step out ([`Rule::Whole`]), so that a slider has
//! stretches in which nothing happens; [`Rule::Continuous`] begins between two levels and takes one short step more.

use crate::error::{Error, Result};

/// Which start a strength means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Each strength has its own; a little more strength gives a little more noise.
    Continuous,
    /// diffusers' img2img: on the levels alone; for comparing with it.
    Whole,
}

/// The part of a schedule that is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Start {
    /// Levels of the whole schedule.
    pub steps: u32,
    /// The first level that is run, 0 the noisiest; may be `steps` where `between` is given.
    pub begin: usize,
    /// How far the start lies on the way from the level before `begin` to it, above 0 and below 1.
    pub between: Option<f64>,
    pub rule: Rule,
}

impl Start {
    /// # Errors
    /// [`crate::error::Status::Setting`] by [`Rule::Whole`] if not one whole step is left.
    pub fn new(rule: Rule, steps: u32, strength: f64) -> Result<Self> {
        let below = f64::from(steps) * strength;
        // 0.07 · 100 is 7.000000000000001.
        const SAME: f64 = 1e-6;
        let snaps = rule == Rule::Continuous && (below - below.round()).abs() < SAME;
        let whole = if snaps { below.round() } else { below.floor() };
        let run = (whole as u32).min(steps);
        let part = if snaps { 0.0 } else { below - whole };
        if rule == Rule::Whole && run < 1 {
            let least = (1000.0 / f64::from(steps)).ceil() / 1000.0;
            return Err(Error::setting(format!(
                "With {steps} steps, strength must be at least {least}; raise strength or steps."
            )));
        }
        // Below the last level there is always something left to start from.
        let part = if run == 0 { part.max(SAME) } else { part };
        let between = (rule == Rule::Continuous && run < steps && part > 0.0).then_some(1.0 - part);
        Ok(Start { steps, begin: (steps - run) as usize, between, rule })
    }

    /// By [`Rule::Whole`] a begun step is a whole one, and nothing is too little: FLUX, SD 3, SANA-Sprint.
    ///
    /// # Errors
    /// As [`Start::new`].
    pub fn whole_if(rule: Rule, steps: u32, strength: f64) -> Result<Self> {
        let mut start = Start::new(Rule::Continuous, steps, strength)?;
        if rule == Rule::Whole && start.between.take().is_some() {
            start.begin -= 1;
        }
        Ok(start)
    }

    /// All of the schedule.
    #[cfg(test)]
    pub fn top(steps: u32) -> Self {
        Start { steps, begin: 0, between: None, rule: Rule::Whole }
    }

    /// The step of the whole schedule that the first step of the run is, or is a part of.
    pub fn first(&self) -> usize {
        self.begin - usize::from(self.between.is_some()).min(self.begin)
    }

    /// The values of the levels that are run, of those of all; `end` is what would follow the last. `mix(a, b, part)` is
    /// what lies between two of them.
    pub fn cut<T: Copy>(&self, all: &[T], end: T, mix: impl Fn(T, T, f64) -> T) -> Vec<T> {
        let rest = all.get(self.begin..).unwrap_or_default();
        let start = self.between.and_then(|part| {
            let before = all.get(self.begin.checked_sub(1)?)?;
            Some(mix(*before, rest.first().copied().unwrap_or(end), part))
        });
        start.into_iter().chain(rest.iter().copied()).collect()
    }

    /// [`Start::cut`] along straight lines.
    pub fn cut_evenly(&self, all: &[f64], end: f64) -> Vec<f64> {
        self.cut(all, end, |a, b, part| a + (b - a) * part)
    }

    /// [`Start::cut`] for noise levels, which fall by factors: straight lines through the logarithms.
    pub fn cut_levels(&self, all: &[f64], end: f64) -> Vec<f64> {
        self.cut(all, end, |a, b, part| match a > 0.0 && b > 0.0 {
            true => (a.ln() + (b.ln() - a.ln()) * part).exp(),
            false => a + (b - a) * part,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(rule: Rule, steps: u32, strength: f64) -> (usize, Option<f64>) {
        let start = Start::new(rule, steps, strength).unwrap();
        (start.begin, start.between)
    }

    #[test]
    fn whole_steps_are_the_same_by_both_rules() {
        for steps in 1..=100u32 {
            for run in 1..=steps {
                let strength = f64::from(run) / f64::from(steps);
                let begin = (steps - run) as usize;
                assert_eq!(start(Rule::Continuous, steps, strength), (begin, None), "{steps} {run}");
            }
        }
        assert_eq!(start(Rule::Whole, 4, 0.74), (2, None));
        assert_eq!(start(Rule::Continuous, 100, 0.07), (93, None));
        assert!(Start::new(Rule::Whole, 4, 0.2).is_err());
    }

    #[test]
    fn other_strengths_lie_between_two_levels() {
        let all = [8.0, 6.0, 4.0, 2.0];
        for (strength, levels) in [
            (0.9, vec![7.2, 6.0, 4.0, 2.0]),
            (0.55, vec![4.4, 4.0, 2.0]),
            (0.25, vec![2.0]),
            (0.2, vec![1.6]),
            (0.01, vec![0.08]),
        ] {
            let got = Start::new(Rule::Continuous, 4, strength).unwrap().cut_evenly(&all, 0.0);
            assert_eq!(got.len(), levels.len(), "{strength}");
            assert!(got.iter().zip(&levels).all(|(a, b)| (a - b).abs() < 1e-9), "{strength} {got:?}");
        }
        let start = Start::new(Rule::Continuous, 1, 1e-9).unwrap();
        assert_eq!(start.cut_evenly(&[1.0], 0.0).len(), 1);
        assert_eq!((Start::top(4).first(), start.first()), (0, 0));
    }
}
