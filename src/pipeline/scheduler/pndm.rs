//! Liu et al., "Pseudo Numerical Methods for Diffusion Models on Manifolds" (2022): the linear multistep method,
//! equations 9 and 12. Stable Diffusion's "PLMS": without the Runge-Kutta steps at the start, in whose place the
//! first step is taken twice, the second time with the mean of both predictions.

use std::borrow::Cow;

use super::ddim::{estimate, noisy};
use super::{Prediction, Schedule, Scheduler, Step, zip};
use crate::error::Result;

/// One job's steps, and what its last predictions were.
pub struct Pndm {
    timesteps: Vec<f32>,
    levels: Vec<Level>,
    prediction: Prediction,
    /// The last outputs of the U-Net, newest first, at most four.
    outputs: Vec<Vec<f32>>,
    /// What the first step began with; the second begins there again.
    first: Vec<f32>,
}

/// ᾱ at the timestep that the U-Net is told, where the step begins, and where it ends.
struct Level {
    told: f32,
    from: f32,
    to: f32,
}

impl Pndm {
    /// A run of `steps` (and one more, if there are two or more) without its first `begin`.
    ///
    /// diffusers' img2img cuts the list of timesteps as it stands, so that a run from the middle takes its own
    /// first step twice but tells the U-Net the next timestep the second time; this is the same.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] when the steps reach beyond the model's timesteps.
    pub fn new(scheduler: &Scheduler, steps: u32, begin: usize) -> Result<Self> {
        let mut timesteps = scheduler.whole_timesteps(steps)?;
        if let Some(&second) = timesteps.get(1) {
            timesteps.insert(1, second);
        }
        timesteps.drain(..begin.min(timesteps.len()));
        let gap = i64::from(scheduler.train_steps() / steps);
        let alpha = |t: i64| if t >= 0 { scheduler.alpha(t) } else { scheduler.final_alpha };
        let levels = timesteps.iter().enumerate().map(|(i, &t)| {
            let (from, to) = if i == 1 { (t + gap, t) } else { (t, t - gap) };
            Level { told: alpha(t), from: alpha(from), to: alpha(to) }
        });
        Ok(Pndm {
            levels: levels.collect(),
            timesteps: timesteps.into_iter().map(|t| t as f32).collect(),
            prediction: scheduler.prediction,
            outputs: Vec::new(),
            first: Vec::new(),
        })
    }

    /// The predictions so far put together: Adams and Bashforth's weights (paper, equation 12).
    fn combined(&mut self, step: usize, output: &[f32]) -> Vec<f32> {
        if step == 1 {
            return zip(output, &self.outputs[0], |now, before| (now + before) / 2.0);
        }
        self.outputs.truncate(3);
        self.outputs.insert(0, output.to_vec());
        let past = &self.outputs;
        let of = |weights: &[f32], i: usize| -> f32 {
            weights.iter().zip(past).map(|(weight, output)| weight * output[i]).sum()
        };
        let all = 0..output.len();
        match past.len() {
            1 => output.to_vec(),
            2 => all.map(|i| of(&[3.0, -1.0], i) / 2.0).collect(),
            3 => all.map(|i| of(&[23.0, -16.0, 5.0], i) / 12.0).collect(),
            _ => all.map(|i| of(&[55.0, -59.0, 37.0, -9.0], i) / 24.0).collect(),
        }
    }
}

impl Schedule for Pndm {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn add_noise(&self, latent: &[f32], noise: &[f32]) -> Vec<f32> {
        noisy(self.levels[0].told, latent, noise)
    }

    fn scale_model_input<'a>(&self, _step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Borrowed(sample)
    }

    fn needs_noise(&self, _step: usize) -> bool {
        false
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let estimate = estimate(self.prediction, None, self.levels[step].told, output, sample);
        let combined = self.combined(step, output);
        let Level { from, to, .. } = self.levels[step];
        let begins = match step {
            0 => {
                self.first = sample.to_vec();
                sample
            }
            1 => &self.first,
            _ => sample,
        };
        let epsilon = match self.prediction {
            Prediction::Velocity => {
                let (signal, noise) = (from.sqrt(), (1.0 - from).sqrt());
                zip(begins, &combined, |x, v| signal * v + noise * x)
            }
            Prediction::Epsilon | Prediction::Sample => combined,
        };
        // Equation 9, as diffusers has it.
        let of_sample = (to / from).sqrt();
        let below = from * (1.0 - to).sqrt() + (from * (1.0 - from) * to).sqrt();
        let sample = zip(begins, &epsilon, |x, e| of_sample * x - (to - from) * e / below);
        Step { sample, estimate }
    }
}
