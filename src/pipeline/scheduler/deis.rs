//! Zhang and Chen, "Fast Sampling of Diffusion Models with Exponential Integrator" (2022): the multistep solver with a
//! polynomial in log ρ, ρ = σ / α (tAB-DEIS), up to the third order, as diffusers has it.

use super::dpm_solver::{FEW, Level, Run};
use super::start::Start;
use super::{Schedule, Scheduler, Step, zip};
use crate::error::Result;

/// One job's noise levels, and the noise that its last steps saw.
pub struct Deis {
    run: Run,
    order: usize,
    few: bool,
    /// Newest first, at most as many as the order.
    noises: Vec<Vec<f32>>,
}

impl Deis {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        Ok(Deis {
            run: Run::new(scheduler, start)?,
            order: scheduler.solver.order,
            few: scheduler.solver.lower_order_final && start.steps < FEW,
            noises: Vec::new(),
        })
    }

    fn order(&self, step: usize) -> usize {
        let most = match self.run.timesteps.len() - step {
            1 if self.few => 1,
            2 if self.few => 2,
            _ => self.order,
        };
        // Between levels that are equal there is nothing to integrate over.
        most.min(self.noises.len()).min(self.run.distinct(step))
    }
}

/// ∫ of the Lagrange polynomial that is 1 at log b and 0 at log c, over ρ, up to `t`.
fn second(t: f32, b: f32, c: f32) -> f32 {
    t * (-c.ln() + t.ln() - 1.0) / (b.ln() - c.ln())
}

/// The same, 0 at log c and log d.
fn third(t: f32, b: f32, c: f32, d: f32) -> f32 {
    let (lt, lb, lc, ld) = (t.ln(), b.ln(), c.ln(), d.ln());
    let numerator = t * (lc * (ld - lt + 1.0) - ld * lt + ld + lt * lt - 2.0 * lt + 2.0);
    numerator / ((lb - lc) * (lb - ld))
}

impl Schedule for Deis {
    fn timesteps(&self) -> &[f32] {
        &self.run.timesteps
    }

    fn first(&self) -> usize {
        self.run.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        self.run.shares(step)
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let (from, to) = (self.run.levels[step], self.run.levels[step + 1]);
        let estimate = self.run.estimate(step, output, sample);
        self.noises.truncate(self.order - 1);
        self.noises.insert(0, zip(sample, &estimate, |x, x0| (x - from.alpha * x0) / from.sigma));
        let order = self.order(step);
        if order == 1 {
            let gained = to.sigma * ((to.lambda - from.lambda).exp() - 1.0);
            let sample = zip(sample, &self.noises[0], |x, e| to.alpha / from.alpha * x - gained * e);
            return Step { sample, estimate };
        }
        let rho = |ago: usize| {
            let Level { sigma, alpha, .. } = self.run.levels[step - ago];
            sigma / alpha
        };
        let (t, now, one) = (to.sigma / to.alpha, rho(0), rho(1));
        let over = |integral: &dyn Fn(f32) -> f32| integral(t) - integral(now);
        let weights = if order == 2 {
            vec![over(&|t| second(t, now, one)), over(&|t| second(t, one, now))]
        } else {
            let two = rho(2);
            vec![
                over(&|t| third(t, now, one, two)),
                over(&|t| third(t, one, two, now)),
                over(&|t| third(t, two, now, one)),
            ]
        };
        let mut next: Vec<f32> = sample.iter().map(|x| x / from.alpha).collect();
        for (weight, noise) in weights.iter().zip(&self.noises) {
            next.iter_mut().zip(noise).for_each(|(x, e)| *x += weight * e);
        }
        next.iter_mut().for_each(|x| *x *= to.alpha);
        Step { sample: next, estimate }
    }
}
