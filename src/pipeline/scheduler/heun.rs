//! Heun's method on the probability-flow ODE: Karras et al., "Elucidating the Design Space of Diffusion-Based
//! Generative Models" (2022), algorithm 1 without churn. Two evaluations a step: the second at its end, and the step is
//! made again with the mean of both slopes.

use std::borrow::Cow;

use super::euler::{estimate, ladder, scaled};
use super::start::Start;
use super::{Prediction, Schedule, Scheduler, Step, zip};

/// One job's noise levels, and the half of a step that is done.
pub struct Heun {
    /// One per evaluation.
    timesteps: Vec<f32>,
    /// One per level, and the end.
    sigmas: Vec<f32>,
    prediction: Prediction,
    clip: Option<f32>,
    first: usize,
    /// Where the step began, and its slope there.
    begun: (Vec<f32>, Vec<f32>),
}

impl Heun {
    /// The part of a run from `start` on; the last of its steps has one evaluation.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let (levels, mut sigmas) = ladder(scheduler, start);
        sigmas.push(0.0);
        let twice = |(i, &t): (usize, &f32)| std::iter::repeat_n(t, if i == 0 { 1 } else { 2 });
        Heun {
            timesteps: levels.iter().enumerate().flat_map(twice).collect(),
            sigmas,
            prediction: scheduler.prediction,
            clip: scheduler.clip,
            first: 2 * start.first(),
            begun: (Vec::new(), Vec::new()),
        }
    }
}

impl Schedule for Heun {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (1.0, self.sigmas[step.div_ceil(2)])
    }

    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Owned(scaled(self.sigmas[step.div_ceil(2)], sample))
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let (from, to) = (self.sigmas[step / 2], self.sigmas[step / 2 + 1]);
        let at = self.sigmas[step.div_ceil(2)];
        let mut estimate = estimate(self.prediction, at, output, sample);
        if let Some(clip) = self.clip {
            estimate.iter_mut().for_each(|x| *x = x.clamp(-clip, clip));
        }
        let slope = zip(sample, &estimate, |x, x0| (x - x0) / at);
        let gap = to - from;
        let sample = if step.is_multiple_of(2) {
            let next = zip(sample, &slope, |x, d| x + d * gap);
            self.begun = (sample.to_vec(), slope);
            next
        } else {
            let (begin, first) = &self.begun;
            let slope = zip(first, &slope, |a, b| (a + b) / 2.0);
            zip(begin, &slope, |x, d| x + d * gap)
        };
        Step { sample, estimate }
    }
}
