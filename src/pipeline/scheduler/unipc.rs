//! Zhao et al., "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models" (2023),
//! algorithms 5 and 6, on the estimate of the clean latent: each step is predicted, and corrected with what the U-Net
//! says at its end, which the next step needs anyway.

use super::config::leave_out;
use super::dpm_solver::Run;
use super::start::Start;
use super::{Schedule, Scheduler, Step, zip};
use crate::error::Result;
use crate::models::config::Config;

/// What `scheduler_config.json` says to this solver alone.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// B(h) = h in place of e^h − 1.
    first_kind: bool,
    /// Steps of the whole schedule that are not corrected.
    uncorrected: Vec<u64>,
}

impl Options {
    /// # Errors
    /// As [`Scheduler::new`].
    pub fn new(config: &Config, notes: &mut Vec<String>) -> Result<Self> {
        if !config.flag("predict_x0", true)? {
            notes.push("This model's sampler asks for predict_x0 = false, which is left out.".into());
        }
        leave_out(config, "solver_p", &[], notes);
        // diffusers takes the names of its other solvers for bh2.
        leave_out(config, "solver_type", &["bh1", "bh2", "midpoint", "heun", "logrho"], notes);
        let listed = config.get("disable_corrector").and_then(|list| list.as_array());
        Ok(Options {
            first_kind: config.text("solver_type") == Some("bh1"),
            uncorrected: listed.into_iter().flatten().filter_map(|step| step.as_u64()).collect(),
        })
    }
}

/// One job's noise levels, and what its last steps came from.
pub struct UniPc {
    run: Run,
    options: Options,
    most: usize,
    lower_order_final: bool,
    /// Newest first, at most as many as the order.
    estimates: Vec<Vec<f32>>,
    /// What the last step began with, and its order.
    last: Option<(Vec<f32>, usize)>,
}

impl UniPc {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        Ok(UniPc {
            run: Run::new(scheduler, start)?,
            options: scheduler.unipc.clone(),
            most: scheduler.solver.order,
            lower_order_final: scheduler.solver.lower_order_final,
            estimates: Vec::new(),
            last: None,
        })
    }

    fn order(&self, step: usize) -> usize {
        let left = self.run.timesteps.len() - step;
        let most = if self.lower_order_final { self.most.min(left) } else { self.most };
        // The last level may have no logarithm.
        match self.run.ends_in_noise(step) && self.run.is_apart(step) {
            true => most.min(self.estimates.len()).min(self.run.distinct(step)),
            false => 1,
        }
    }

    /// The step from `sample` at the level `at` to the next one, through `order` estimates; corrected by the one at its
    /// end, if that is known.
    fn update(&self, at: usize, order: usize, sample: &[f32], end: Option<&[f32]>) -> Vec<f32> {
        let (from, to) = (self.run.levels[at], self.run.levels[at + 1]);
        let h = f64::from(to.lambda - from.lambda);
        let phi = (-h).exp_m1();
        let scale = if self.options.first_kind { -h } else { phi };
        // The last estimates, as slopes from the newest, and how far back each lies.
        let ratio = |ago: usize| f64::from(self.run.levels[at - ago].lambda - from.lambda) / h;
        let ratios: Vec<f64> = (1..order).map(ratio).chain([1.0]).collect();
        let (mut moments, mut factorial, mut tail) = (Vec::new(), 1.0, phi / -h - 1.0);
        for i in 1..=order {
            moments.push(tail * factorial / scale);
            factorial *= (i + 1) as f64;
            tail = tail / -h - 1.0 / factorial;
        }
        let weights = match (end, order) {
            (None, 1) => Vec::new(),
            (None, 2) => vec![0.5],
            (None, _) => solve(&ratios[..order - 1], &moments[..order - 1]),
            (Some(_), 1) => vec![0.5],
            (Some(_), _) => solve(&ratios, &moments),
        };
        let newest = &self.estimates[0];
        let of_sample = to.sigma / from.sigma;
        let mut next = zip(sample, newest, |x, x0| of_sample * x - to.alpha * phi as f32 * x0);
        let slopes = self.estimates.iter().skip(1).zip(&ratios).take(order - 1);
        let slopes = slopes.map(|(estimate, ratio)| (estimate.as_slice(), *ratio));
        for ((estimate, ratio), weight) in slopes.chain(end.map(|end| (end, 1.0))).zip(weights) {
            let weight = -f64::from(to.alpha) * scale * weight / ratio;
            let pairs = estimate.iter().zip(newest);
            next.iter_mut().zip(pairs).for_each(|(x, (m, m0))| *x += weight as f32 * (m - m0));
        }
        next
    }
}

/// Vandermonde's equations: Σ w_k · ratios_k^i = moments_i for each i, by elimination. There are three at most.
fn solve(ratios: &[f64], moments: &[f64]) -> Vec<f64> {
    let n = ratios.len();
    let mut rows: Vec<Vec<f64>> =
        (0..n).map(|i| ratios.iter().map(|r| r.powi(i as i32)).chain([moments[i]]).collect()).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        rows.swap(column, pivot.unwrap_or(column));
        let taken = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column] / taken[column];
            row.iter_mut().zip(&taken).for_each(|(value, taken)| *value -= factor * taken);
        }
    }
    (0..n).map(|i| rows[i][n] / rows[i][i]).collect()
}

impl Schedule for UniPc {
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
        let estimate = self.run.estimate(step, output, sample);
        let before = (self.run.first + step).checked_sub(1).map(|step| step as u64);
        let corrects = before.is_some_and(|before| !self.options.uncorrected.contains(&before));
        let sample = match self.last.take().filter(|_| corrects) {
            Some((began, order)) => self.update(step - 1, order, &began, Some(&estimate)),
            None => sample.to_vec(),
        };
        self.estimates.truncate(self.most - 1);
        self.estimates.insert(0, estimate.clone());
        let order = self.order(step);
        let next = self.update(step, order, &sample, None);
        self.last = Some((sample, order));
        Step { sample: next, estimate }
    }
}
