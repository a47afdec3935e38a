//! Liu et al., "Pseudo Numerical Methods for Diffusion Models on Manifolds" (2022): the linear multistep method,
//! equations 9 and 12. Stable Diffusion's "PLMS": without the Runge-Kutta steps at the start, in whose place the
//! first step is taken twice, the second time with the mean of both predictions.

use super::ddim::estimate;
use super::start::{Rule, Start};
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
    /// The part of a run from `start` on, with one evaluation more if it has two or more steps.
    ///
    /// diffusers' img2img cuts the list of timesteps as it stands, so that a run from the middle takes its own
    /// first step twice but tells the U-Net the next timestep the second time, and then leaves a level out. By
    /// [`Rule::Whole`] this is the same; by [`Rule::Continuous`] a run from the middle goes as one from the top.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] when the steps reach beyond the model's timesteps.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        let mut all: Vec<f64> =
            scheduler.whole_timesteps(start.steps)?.into_iter().map(|t| t as f64).collect();
        let gap = f64::from(scheduler.train_steps() / start.steps);
        let alpha = |t: f64| if t >= 0.0 { scheduler.alpha_between(t) } else { scheduler.final_alpha };
        let again = |list: &mut Vec<f64>| {
            if let Some(&second) = list.get(1) {
                list.insert(1, second);
            }
        };
        let (timesteps, ends): (Vec<f64>, Vec<(f64, f64)>) = if start.rule == Rule::Whole || start.begin == 0
        {
            again(&mut all);
            all.drain(..start.begin.min(all.len()));
            let ends = all.iter().enumerate().map(|(i, &t)| if i == 1 { (t + gap, t) } else { (t, t - gap) });
            let ends = ends.collect();
            (all, ends)
        } else {
            let mut run = start.cut_evenly(&all, 0.0);
            let mut ends: Vec<(f64, f64)> = run.iter().map(|&t| (t, t - gap)).collect();
            if let (Some(&next), Some(first), true) = (run.get(1), ends.first_mut(), start.between.is_some())
            {
                first.1 = next;
            }
            if let Some(&first) = ends.first().filter(|_| run.len() > 1) {
                ends.insert(1, first);
            }
            again(&mut run);
            (run, ends)
        };
        let levels = timesteps.iter().zip(ends).map(|(&t, (from, to))| Level {
            told: alpha(t),
            from: alpha(from),
            to: alpha(to),
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

    fn shares(&self, step: usize) -> (f32, f32) {
        let alpha = match step {
            0 => self.levels[0].told,
            // The first step is taken twice, and both times ends in the same place.
            1 => self.levels[0].to,
            _ => self.levels[step].from,
        };
        (alpha.sqrt(), (1.0 - alpha).sqrt())
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
