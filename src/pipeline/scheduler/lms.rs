//! The linear multistep method of k-diffusion's `sample_lms` (Katherine Crowson): Adams and Bashforth's on the
//! probability-flow ODE, for levels that do not lie evenly. A polynomial through the last four slopes is integrated.

use std::borrow::Cow;

use super::euler::{estimate, ladder, scaled};
use super::start::{Rule, Start};
use super::{Prediction, Schedule, Scheduler, Step, zip};

const ORDER: usize = 4;

/// One job's noise levels, and the slopes of its last steps.
pub struct Lms {
    timesteps: Vec<f32>,
    /// Of all levels of the run, from `skipped` before its first one; the last is where the last step ends.
    sigmas: Vec<f32>,
    /// diffusers counts the levels above the start, too: by [`Rule::Whole`] a run from the middle has weights for slopes
    /// that it does not have.
    skipped: usize,
    prediction: Prediction,
    first: usize,
    /// Newest first, at most [`ORDER`].
    slopes: Vec<Vec<f32>>,
}

impl Lms {
    /// The part of a run from `start` on.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let (timesteps, run) = ladder(scheduler, start);
        let skipped = if start.rule == Rule::Whole { start.begin } else { 0 };
        let above = match skipped {
            0 => Vec::new(),
            _ => ladder(scheduler, Start { begin: 0, between: None, ..start }).1,
        };
        Lms {
            timesteps,
            sigmas: above.into_iter().take(skipped).chain(run).chain([0.0]).collect(),
            skipped,
            prediction: scheduler.prediction,
            first: start.first(),
            slopes: Vec::new(),
        }
    }

    /// How much the slope of `ago` steps ago counts in the step from level `at`, of `order` slopes.
    fn weight(&self, at: usize, order: usize, ago: usize) -> f64 {
        let sigma = |i: usize| f64::from(self.sigmas[i]);
        let basis = |tau: f64| -> f64 {
            (0..order)
                .filter(|&k| k != ago)
                .map(|k| (tau - sigma(at - k)) / (sigma(at - ago) - sigma(at - k)))
                .product()
        };
        // Gauss and Legendre's rule of two points, exact for the third degree.
        let (middle, half) = ((sigma(at) + sigma(at + 1)) / 2.0, (sigma(at + 1) - sigma(at)) / 2.0);
        let off = half / 3f64.sqrt();
        half * (basis(middle - off) + basis(middle + off))
    }
}

impl Schedule for Lms {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (1.0, self.sigmas[self.skipped + step])
    }

    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Owned(scaled(self.sigmas[self.skipped + step], sample))
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let at = self.skipped + step;
        let sigma = self.sigmas[at];
        let estimate = estimate(self.prediction, sigma, output, sample);
        self.slopes.truncate(ORDER - 1);
        self.slopes.insert(0, zip(sample, &estimate, |x, x0| (x - x0) / sigma));
        // No polynomial goes through two slopes at the same level.
        let apart = self.sigmas[..=at].iter().rev().take(ORDER);
        let distinct = apart.clone().zip(apart.skip(1)).take_while(|(a, b)| a != b).count() + 1;
        let order = distinct.min(ORDER);
        let mut next = sample.to_vec();
        for (ago, slope) in self.slopes.iter().enumerate().take(order) {
            let weight = self.weight(at, order, ago) as f32;
            next.iter_mut().zip(slope).for_each(|(x, d)| *x += weight * d);
        }
        Step { sample: next, estimate }
    }
}
