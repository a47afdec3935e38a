//! The midpoint method over the logarithm of the noise level: k-diffusion's `sample_dpm_2`, after DPM-Solver-2 (Lu et
//! al. 2022, algorithm 1), and its ancestral form `sample_dpm_2_ancestral`. Two evaluations a step: the second half way
//! down, whose slope is taken for the whole step.

use std::borrow::Cow;

use super::euler::{estimate, ladder, scaled, sigma_table, timestep_of};
use super::names::Class;
use super::start::Start;
use super::{Ladder, Prediction, Schedule, Scheduler, Step, zip};

/// One job's noise levels, and where the present step began.
pub struct Kdpm2 {
    /// One per evaluation.
    timesteps: Vec<f32>,
    stages: Vec<Stage>,
    prediction: Prediction,
    ancestral: bool,
    first: usize,
    begun: Vec<f32>,
}

/// The levels of one step: where it begins, half way down, where it ends, and how much fresh noise follows.
struct Stage {
    from: f32,
    middle: f32,
    down: f32,
    up: f32,
}

impl Kdpm2 {
    /// The part of a run from `start` on; the last of its steps has one evaluation.
    pub fn new(scheduler: &Scheduler, start: Start) -> Self {
        let ancestral = scheduler.class == Class::Kdpm2Ancestral;
        let (mut timesteps, mut sigmas) = ladder(scheduler, start);
        if scheduler.ladder == Ladder::Karras {
            timesteps.iter_mut().for_each(|t| *t = t.round_ties_even());
        }
        sigmas.push(0.0);
        let stages: Vec<Stage> = sigmas
            .windows(2)
            .map(|pair| {
                let (from, to) = (pair[0], pair[1]);
                let up = match ancestral {
                    true => (to * to * (from * from - to * to) / (from * from)).max(0.0).sqrt(),
                    false => 0.0,
                };
                let down = (to * to - up * up).max(0.0).sqrt();
                // Of levels that lie far apart (of a model that keeps nothing of the picture at the top) rounding leaves none.
                let down = if down > 0.0 { down } else { to * to / from };
                let middle = if down > 0.0 { (0.5 * (from.ln() + down.ln())).exp() } else { 0.0 };
                Stage { from, middle, down, up }
            })
            .collect();
        let logs: Vec<f64> = sigma_table(scheduler).iter().map(|sigma| f64::from(sigma.ln())).collect();
        let last = stages.len().saturating_sub(1);
        let evaluations = timesteps.iter().zip(&stages).enumerate().flat_map(|(i, (&t, stage))| {
            let middle = (i < last).then(|| timestep_of(stage.middle.into(), &logs) as f32);
            std::iter::once(t).chain(middle)
        });
        Kdpm2 {
            timesteps: evaluations.collect(),
            stages,
            prediction: scheduler.prediction,
            ancestral,
            first: 2 * start.first(),
            begun: Vec::new(),
        }
    }

    fn level(&self, step: usize) -> f32 {
        let stage = &self.stages[step / 2];
        if step.is_multiple_of(2) { stage.from } else { stage.middle }
    }
}

impl Schedule for Kdpm2 {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (1.0, self.level(step))
    }

    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Owned(scaled(self.level(step), sample))
    }

    fn needs_noise(&self, step: usize) -> bool {
        self.ancestral && !step.is_multiple_of(2)
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let at = self.level(step);
        let estimate = estimate(self.prediction, at, output, sample);
        let slope = zip(sample, &estimate, |x, x0| (x - x0) / at);
        let Stage { from, middle, down, up } = self.stages[step / 2];
        let sample = if step.is_multiple_of(2) {
            self.begun = sample.to_vec();
            zip(sample, &slope, |x, d| x + d * (middle - from))
        } else {
            let next = zip(&self.begun, &slope, |x, d| x + d * (down - from));
            if self.ancestral { zip(&next, noise, |x, n| x + n * up) } else { next }
        };
        Step { sample, estimate }
    }
}
