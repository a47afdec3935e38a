//! Zheng et al., "Trajectory Consistency Distillation" (2024), algorithm 4, strategic stochastic sampling: each step
//! goes down along the trajectory, below the next noise level, and comes back up with fresh noise.

use super::ddim::{estimate, noisy};
use super::lcm::cut;
use super::start::Start;
use super::{Prediction, Schedule, Scheduler, Step, zip};

/// How much of the way is fresh noise (the paper's γ), as diffusers has it.
const ETA: f64 = 0.3;

/// One job's timesteps, and ᾱ at each.
pub struct Tcd {
    timesteps: Vec<f32>,
    levels: Vec<Level>,
    prediction: Prediction,
    first: usize,
}

/// ᾱ where a step begins, as far down as it goes, and where it ends.
struct Level {
    from: f32,
    below: f32,
    to: f32,
}

impl Tcd {
    /// The part of a run from `start` on.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let timesteps = cut(scheduler, start);
        let level = |(i, &t): (usize, &i64)| {
            let to = timesteps.get(i + 1).copied().unwrap_or(0);
            let below = ((1.0 - ETA) as f32 * to as f32).floor() as i64;
            Level { from: scheduler.alpha(t), below: scheduler.alpha(below), to: scheduler.alpha(to) }
        };
        Tcd {
            levels: timesteps.iter().enumerate().map(level).collect(),
            timesteps: timesteps.into_iter().map(|t| t as f32).collect(),
            prediction: scheduler.prediction,
            first: start.first(),
        }
    }
}

impl Schedule for Tcd {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        let alpha = self.levels[step].from;
        (alpha.sqrt(), (1.0 - alpha).sqrt())
    }

    fn needs_noise(&self, step: usize) -> bool {
        step + 1 < self.levels.len()
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let Level { from, below, to } = self.levels[step];
        let estimate = estimate(self.prediction, None, from, output, sample);
        let (signal, deviation) = (from.sqrt(), (1.0 - from).sqrt());
        let epsilon = match self.prediction {
            Prediction::Epsilon => output.to_vec(),
            Prediction::Sample => zip(sample, output, |x, x0| (x - signal * x0) / deviation),
            Prediction::Velocity => zip(sample, output, |x, v| signal * v + deviation * x),
        };
        let mut next = noisy(below, &estimate, &epsilon);
        if self.needs_noise(step) {
            next = noisy(to / below, &next, noise);
        }
        Step { sample: next, estimate }
    }
}
