//! Luo et al., "Latent Consistency Models" (2023), algorithm 3: each step jumps to the clean latent and goes
//! back to the next noise level with fresh noise.

use super::ddim::{estimate, noisy};
use super::start::{Rule, Start};
use super::{Prediction, Schedule, Scheduler, Step, zip};
use crate::error::{Error, Result};

/// One job's timesteps, and ᾱ at each.
pub struct Lcm {
    timesteps: Vec<f32>,
    alphas: Vec<f32>,
    prediction: Prediction,
    clip: Option<f32>,
    timestep_scaling: f64,
    first: usize,
}

/// `steps` of the lowest `reach` of the teacher's timesteps (gap − 1, 2 · gap − 1, …), picked evenly from the top.
pub(super) fn taught(scheduler: &Scheduler, reach: u32, steps: u32) -> Vec<i64> {
    let gap = i64::from(scheduler.train_steps() / scheduler.original_steps);
    (0..steps)
        .map(|i| {
            // numpy.linspace(0, reach, steps, endpoint=False), rounded down.
            let from_top = (f64::from(i) * (f64::from(reach) / f64::from(steps))).floor() as i64;
            (i64::from(reach) - from_top) * gap - 1
        })
        .collect()
}

/// The part from `start` on of [`taught`] over all; whole numbers, as such models know them.
pub(super) fn cut(scheduler: &Scheduler, start: Start) -> Vec<i64> {
    let all = taught(scheduler, scheduler.original_steps, start.steps);
    start.cut(&all, 0, |a, b, part| (a as f64 + (b - a) as f64 * part).round() as i64)
}

impl Lcm {
    /// `steps` over the part of the teacher's steps below `strength`: [`crate::models::kind::Kind::LatentConsistency`].
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] by [`Rule::Whole`], when strength and steps leave nothing to do.
    pub fn below(scheduler: &Scheduler, steps: u32, strength: f64, rule: Rule) -> Result<Self> {
        let original = scheduler.original_steps;
        let reach = f64::from(original) * strength;
        if rule == Rule::Whole && (reach.floor() as u32) < steps {
            let least = (f64::from(steps) / f64::from(original) * 1000.0).ceil() / 1000.0;
            return Err(Error::setting(format!(
                "With {steps} steps, strength must be at least {least}; raise strength or lower steps."
            )));
        }
        let timesteps = match rule {
            Rule::Continuous if reach < f64::from(steps) || reach.fract() > 0.0 => {
                let gap = f64::from(scheduler.train_steps() / original);
                let from_top = |i: u32| reach - f64::from(i) * (reach / f64::from(steps));
                (0..steps).map(|i| (from_top(i) * gap - 1.0).round().max(0.0) as i64).collect()
            }
            _ => taught(scheduler, reach.floor() as u32, steps),
        };
        Ok(Lcm::of(scheduler, timesteps, 0))
    }

    /// The part from `start` on of a run over all the teacher's steps (a merged LCM-LoRA).
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        Lcm::of(scheduler, cut(scheduler, start), start.first())
    }

    fn of(scheduler: &Scheduler, timesteps: Vec<i64>, first: usize) -> Self {
        Lcm {
            alphas: timesteps.iter().map(|&t| scheduler.alpha(t)).collect(),
            timesteps: timesteps.into_iter().map(|t| t as f32).collect(),
            prediction: scheduler.prediction,
            clip: scheduler.clip,
            timestep_scaling: scheduler.timestep_scaling,
            first,
        }
    }

    /// Shares of the sample and of the estimate in the consistency function (paper, section 3), σ_data = 0.5.
    fn boundary(&self, step: usize) -> (f32, f32) {
        const SIGMA_DATA_SQUARED: f64 = 0.25;
        let scaled = f64::from(self.timesteps[step]) * self.timestep_scaling;
        let sum = scaled * scaled + SIGMA_DATA_SQUARED;
        ((SIGMA_DATA_SQUARED / sum) as f32, (scaled / sum.sqrt()) as f32)
    }
}

impl Schedule for Lcm {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        let alpha = self.alphas[step];
        (alpha.sqrt(), (1.0 - alpha).sqrt())
    }

    fn needs_noise(&self, step: usize) -> bool {
        step + 1 < self.timesteps.len()
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let x0 = estimate(self.prediction, self.clip, self.alphas[step], output, sample);
        let (skip, out) = self.boundary(step);
        let estimate = zip(&x0, sample, |x0, x| out * x0 + skip * x);
        let sample = match self.alphas.get(step + 1) {
            Some(&next) => noisy(next, &estimate, noise),
            None => estimate.clone(),
        };
        Step { sample, estimate }
    }
}
