//! Euler steps that go below the next noise level and come back up with fresh noise: k-diffusion's
//! `sample_euler_ancestral`, after the ancestral sampling of Ho et al., "Denoising Diffusion Probabilistic
//! Models" (2020).

use std::borrow::Cow;

use super::euler::{estimate, ladder, scaled};
use super::start::Start;
use super::{Prediction, Schedule, Scheduler, Step, zip};

/// One job's noise levels, as in [`super::euler::Euler`].
pub struct EulerAncestral {
    timesteps: Vec<f32>,
    sigmas: Vec<f32>,
    prediction: Prediction,
    first: usize,
}

impl EulerAncestral {
    /// The part of a run from `start` on.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let (timesteps, mut sigmas) = ladder(scheduler, start);
        sigmas.push(0.0);
        EulerAncestral { timesteps, sigmas, prediction: scheduler.prediction, first: start.first() }
    }

    /// (noise taken away, noise put back) between a step's level and the next.
    fn down_and_up(&self, step: usize) -> (f32, f32) {
        let (from, to) = (self.sigmas[step], self.sigmas[step + 1]);
        let up = (to * to * (from * from - to * to) / (from * from)).max(0.0).sqrt();
        ((to * to - up * up).max(0.0).sqrt(), up)
    }
}

impl Schedule for EulerAncestral {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (1.0, self.sigmas[step])
    }

    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Owned(scaled(self.sigmas[step], sample))
    }

    fn needs_noise(&self, step: usize) -> bool {
        self.down_and_up(step).1 > 0.0
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let sigma = self.sigmas[step];
        let (down, up) = self.down_and_up(step);
        let estimate = estimate(self.prediction, sigma, output, sample);
        let mut sample = zip(sample, &estimate, |x, x0| x + (x - x0) / sigma * (down - sigma));
        if up > 0.0 {
            sample = zip(&sample, noise, |x, n| x + n * up);
        }
        Step { sample, estimate }
    }
}
