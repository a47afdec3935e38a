//! Lu et al., "DPM-Solver++" (2022), the singlestep solver (algorithm 1, 2S, and its third order), as diffusers has it:
//! two or three evaluations make one step from where the first was; each of them is a level of the schedule.

use super::dpm_solver::{Leap, Options, Run, add};
use super::start::Start;
use super::{Schedule, Scheduler, Step, zip};
use crate::error::Result;

/// One job's noise levels, and the step that it is in.
pub struct Singlestep {
    run: Run,
    options: Options,
    /// Of how many evaluations the step is made, at each level of the run.
    orders: Vec<usize>,
    /// Newest first, at most as many as the order.
    estimates: Vec<Vec<f32>>,
    /// Where the step began.
    begun: Vec<f32>,
}

impl Singlestep {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        let run = Run::new(scheduler, start)?;
        let options = scheduler.solver;
        let mut orders = orders(options, start.steps as usize, scheduler.ends_at_sigma_min);
        orders.drain(..run.first.min(orders.len()));
        Ok(Singlestep { run, options, orders, estimates: Vec::new(), begun: Vec::new() })
    }
}

fn orders(options: Options, steps: usize, ends_at_sigma_min: bool) -> Vec<usize> {
    let order = options.order;
    let round: Vec<usize> = (1..=order).collect();
    let rounds = |count: usize| round.repeat(count);
    // diffusers forces a lower order at the end wherever the whole one would not come out.
    let lowers = options.lower_order_final || !steps.is_multiple_of(order) || !ends_at_sigma_min;
    let mut orders = match (order, steps % order) {
        (3, 0) if lowers => [rounds((steps / 3).saturating_sub(1)), vec![1, 2, 1]].concat(),
        (2, 0) if lowers => [rounds((steps / 2).saturating_sub(1)), vec![1, 1]].concat(),
        (_, 0) => rounds(steps / order),
        (_, left) => [rounds(steps / order), (1..=left).collect()].concat(),
    };
    if let Some(last) = orders.last_mut().filter(|_| !ends_at_sigma_min) {
        *last = 1;
    }
    orders
}

impl Schedule for Singlestep {
    fn timesteps(&self) -> &[f32] {
        &self.run.timesteps
    }

    fn first(&self) -> usize {
        self.run.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        self.run.shares(step)
    }

    fn needs_noise(&self, step: usize) -> bool {
        self.options.stochastic && self.run.ends_in_noise(step)
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let estimate = self.run.estimate(step, output, sample);
        self.estimates.truncate(self.options.order - 1);
        self.estimates.insert(0, estimate.clone());
        let mut order = self.orders.get(step).copied().unwrap_or(1).min(self.estimates.len());
        if (step + 1 - order..=step).any(|i| !self.run.is_apart(i)) {
            order = 1;
        }
        if order == 1 {
            self.begun = sample.to_vec();
        }
        let (levels, stochastic) = (&self.run.levels, self.options.stochastic);
        let (from, to) = (levels[step + 1 - order], levels[step + 1]);
        let leap = Leap::new(from, to, stochastic);
        let Leap { h, span, gained, .. } = leap;
        let oldest = &self.estimates[order - 1];
        let mut next = leap.straight(&self.begun, oldest);
        let reach = |ago: usize| (levels[step - ago].lambda - from.lambda) / h;
        let slope = |ago: usize, r: f32| zip(&self.estimates[ago], oldest, |m, m0| 1.0 / r * (m - m0));
        match order {
            1 => {}
            2 if self.options.heun => add(&mut next, leap.of_slope(), &slope(0, reach(0))),
            2 => add(&mut next, 0.5 * to.alpha * gained, &slope(0, reach(0))),
            _ => {
                let (r0, r1) = (reach(0), reach(1));
                let (near, far) = (slope(1, r1), slope(0, r0));
                if self.options.heun {
                    let slope = zip(&near, &far, |a, b| (r0 * a - r1 * b) / (r0 - r1));
                    add(&mut next, leap.of_slope(), &slope);
                    let bend = zip(&near, &far, |a, b| 2.0 * (b - a) / (r0 - r1));
                    let of_bend = match stochastic {
                        true => (gained - span) / (span * span) - 0.5,
                        false => -((-gained + span) / (span * span) - 0.5),
                    };
                    add(&mut next, to.alpha * of_bend, &bend);
                } else {
                    add(&mut next, leap.of_slope(), &far);
                }
            }
        }
        if self.needs_noise(step) {
            add(&mut next, leap.of_noise(), noise);
        }
        Step { sample: next, estimate }
    }
}
