//! Euler's method on the probability-flow ODE: Karras et al., "Elucidating the Design Space of
//! Diffusion-Based Generative Models" (2022), algorithm 1 without churn, in k-diffusion's form.

use std::borrow::Cow;

use super::start::Start;
use super::{Ladder, Prediction, Schedule, Scheduler, Step, zip};

/// ᾱ where nothing of the picture is left (zero terminal SNR): diffusers' value, so that σ stays finite.
pub(super) const LEAST_ALPHA: f32 = 1.0 / 16_777_216.0;

/// One job's noise levels; σ = √((1 − ᾱ) / ᾱ).
pub struct Euler {
    timesteps: Vec<f32>,
    /// One more than there are timesteps: the last is where the last step ends.
    sigmas: Vec<f32>,
    prediction: Prediction,
    first: usize,
}

impl Euler {
    /// The part of a run from `start` on.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let (timesteps, mut sigmas) = ladder(scheduler, start);
        let table = sigma_table(scheduler);
        sigmas.push(table.first().copied().filter(|_| scheduler.ends_at_sigma_min).unwrap_or(0.0));
        Euler { timesteps, sigmas, prediction: scheduler.prediction, first: start.first() }
    }
}

/// Timesteps and noise levels from `start` on, without the one at which the last step ends.
pub(super) fn ladder(scheduler: &Scheduler, start: Start) -> (Vec<f32>, Vec<f32>) {
    let table = sigma_table(scheduler);
    let all = scheduler.spaced(start.steps);
    let (timesteps, sigmas) = if scheduler.ladder == Ladder::Timesteps {
        let timesteps = start.cut_evenly(&all, 0.0);
        let sigmas = levels(&timesteps, &table);
        (timesteps, sigmas)
    } else {
        let sigmas = levels(&all, &table);
        let (least, most) = scheduler.sigma_limits;
        let ends = (sigmas.first().copied().unwrap_or(0.0), sigmas.last().copied().unwrap_or(0.0));
        let (most, least) = (most.unwrap_or(ends.0), least.unwrap_or(ends.1));
        let sigmas = start.cut_levels(&rungs(scheduler.ladder, most, least, sigmas.len()), 0.0);
        let logs: Vec<f64> = table.iter().map(|sigma| f64::from(sigma.ln())).collect();
        (sigmas.iter().map(|&sigma| timestep_of(sigma, &logs)).collect(), sigmas)
    };
    let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
    (narrow(timesteps), narrow(sigmas))
}

/// σ by training timestep.
pub(super) fn sigma_table(scheduler: &Scheduler) -> Vec<f32> {
    scheduler.alphas.iter().map(|alpha| ((1.0 - alpha) / alpha).sqrt()).collect()
}

/// σ at each timestep, between the table's entries by straight lines (`numpy.interp`).
pub(super) fn levels(timesteps: &[f64], table: &[f32]) -> Vec<f64> {
    let last = table.len().saturating_sub(1);
    let at = |i: usize| table.get(i.min(last)).copied().map_or(0.0, f64::from);
    timesteps
        .iter()
        .map(|&t| {
            // numpy.interp is given timesteps that were rounded to f32 before.
            let t = f64::from(t as f32).clamp(0.0, last as f64);
            let below = t.floor();
            let (low, high) = (at(below as usize), at(below as usize + 1));
            low + (high - low) * (t - below)
        })
        .collect()
}

/// `count` noise levels from `most` down to `least`, evenly by their logarithms or as Karras et al. have them.
pub(super) fn rungs(ladder: Ladder, most: f64, least: f64, count: usize) -> Vec<f64> {
    if ladder != Ladder::Exponential {
        return karras(most, least, count);
    }
    let (top, bottom) = (most.max(1e-10).ln(), least.max(1e-10).ln());
    let gaps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| (top + i as f64 / gaps * (bottom - top)).exp()).collect()
}

/// Karras et al. (2022), equation 5, with ρ = 7.
fn karras(most: f64, least: f64, count: usize) -> Vec<f64> {
    const RHO: f64 = 7.0;
    let (most, least) = (most.powf(1.0 / RHO), least.powf(1.0 / RHO));
    let gaps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| (most + i as f64 / gaps * (least - most)).powf(RHO)).collect()
}

/// The timestep, as a fraction, whose noise level is `sigma`: straight lines through the logarithms.
pub(super) fn timestep_of(sigma: f64, logs: &[f64]) -> f64 {
    let log = sigma.max(1e-10).ln();
    let low = logs.iter().rposition(|&entry| log >= entry).unwrap_or(0).min(logs.len().saturating_sub(2));
    let (Some(&below), Some(&above)) = (logs.get(low), logs.get(low + 1)) else { return 0.0 };
    let weight = ((below - log) / (below - above)).clamp(0.0, 1.0);
    (1.0 - weight) * low as f64 + weight * (low + 1) as f64
}

/// The clean latent that the U-Net's `output` stands for, at the noise level `sigma`.
pub(super) fn estimate(prediction: Prediction, sigma: f32, output: &[f32], sample: &[f32]) -> Vec<f32> {
    match prediction {
        Prediction::Sample => output.to_vec(),
        Prediction::Epsilon => zip(sample, output, |x, epsilon| x - sigma * epsilon),
        Prediction::Velocity => {
            // Salimans and Ho, "Progressive Distillation for Fast Sampling of Diffusion Models" (2022).
            let variance = sigma * sigma + 1.0;
            let of_output = -sigma / variance.sqrt();
            zip(sample, output, |x, v| v * of_output + x / variance)
        }
    }
}

/// What the U-Net is shown at the noise level `sigma`: scaled back to the variance it was trained with.
pub(super) fn scaled(sigma: f32, sample: &[f32]) -> Vec<f32> {
    let deviation = (sigma * sigma + 1.0).sqrt();
    sample.iter().map(|x| x / deviation).collect()
}

impl Schedule for Euler {
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

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let (sigma, next) = (self.sigmas[step], self.sigmas[step + 1]);
        let estimate = estimate(self.prediction, sigma, output, sample);
        let sample = zip(sample, &estimate, |x, x0| x + (x - x0) / sigma * (next - sigma));
        Step { sample, estimate }
    }
}
