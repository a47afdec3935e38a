//! Song et al., "Denoising Diffusion Implicit Models" (2020), equation 12 with η = 0 (no fresh noise).

use super::start::Start;
use super::{Prediction, Schedule, Scheduler, Step, zip};
use crate::error::Result;

/// One job's timesteps, and ᾱ at each and after it.
pub struct Ddim {
    timesteps: Vec<f32>,
    /// (ᾱ at the step, ᾱ at the one before it in time).
    alphas: Vec<(f32, f32)>,
    prediction: Prediction,
    clip: Option<f32>,
}

impl Ddim {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] when the steps reach beyond the model's timesteps.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        let gap = i64::from(scheduler.train_steps() / start.steps);
        let all = scheduler.whole_timesteps(start.steps)?;
        let ends = |t: i64| if t >= gap { scheduler.alpha(t - gap) } else { scheduler.final_alpha };
        // A step that begins between two levels ends at the lower one.
        let ends: Vec<f32> =
            start.cut(&all.iter().map(|&t| ends(t)).collect::<Vec<_>>(), scheduler.final_alpha, |_, _, _| {
                all.get(start.begin).map_or(scheduler.final_alpha, |&t| scheduler.alpha(t))
            });
        let timesteps = start.cut_evenly(&all.iter().map(|&t| t as f64).collect::<Vec<_>>(), 0.0);
        Ok(Ddim {
            alphas: timesteps.iter().map(|&t| scheduler.alpha_between(t)).zip(ends).collect(),
            timesteps: timesteps.into_iter().map(|t| t as f32).collect(),
            prediction: scheduler.prediction,
            clip: scheduler.clip,
        })
    }
}

/// √ᾱ · latent + √(1 − ᾱ) · noise: Ho et al. (2020), equation 4.
pub(super) fn noisy(alpha: f32, latent: &[f32], noise: &[f32]) -> Vec<f32> {
    let (of_latent, of_noise) = (alpha.sqrt(), (1.0 - alpha).sqrt());
    zip(latent, noise, |x, n| of_latent * x + of_noise * n)
}

/// The clean latent that the U-Net's `output` stands for at ᾱ = `alpha`, held to ± `clip`.
pub(super) fn estimate(
    prediction: Prediction,
    clip: Option<f32>,
    alpha: f32,
    output: &[f32],
    sample: &[f32],
) -> Vec<f32> {
    let (signal, noise) = (alpha.sqrt(), (1.0 - alpha).sqrt());
    let mut estimate = match prediction {
        Prediction::Epsilon => zip(sample, output, |x, epsilon| (x - noise * epsilon) / signal),
        Prediction::Sample => output.to_vec(),
        Prediction::Velocity => zip(sample, output, |x, v| signal * x - noise * v),
    };
    if let Some(clip) = clip {
        estimate.iter_mut().for_each(|x| *x = x.clamp(-clip, clip));
    }
    estimate
}

impl Schedule for Ddim {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        let (from, _) = self.alphas[step];
        (from.sqrt(), (1.0 - from).sqrt())
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let (alpha, after) = self.alphas[step];
        let (signal, noise) = (alpha.sqrt(), (1.0 - alpha).sqrt());
        // From the unclipped estimate, as diffusers does unless told otherwise.
        let epsilon = match self.prediction {
            Prediction::Epsilon => output.to_vec(),
            Prediction::Sample => zip(sample, output, |x, x0| (x - signal * x0) / noise),
            Prediction::Velocity => zip(sample, output, |x, v| signal * v + noise * x),
        };
        let estimate = estimate(self.prediction, self.clip, alpha, output, sample);
        let (of_estimate, of_epsilon) = (after.sqrt(), (1.0 - after).sqrt());
        let sample = zip(&estimate, &epsilon, |x0, epsilon| of_estimate * x0 + of_epsilon * epsilon);
        Step { sample, estimate }
    }
}
