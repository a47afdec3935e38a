//! Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models" (2022): the
//! multistep solver (algorithm 2, 2M), its first and third order, and the stochastic one (SDE), as diffusers has
//! them. Over λ = log(α / σ) the linear part of the ODE is solved exactly, and the estimate of the clean latent is
//! taken for a polynomial through the last ones.

use std::borrow::Cow;

use super::euler::{karras, levels, sigma_table, timestep_of};
use super::{Prediction, Schedule, Scheduler, Spacing, Step, refuse, unknown, zip};
use crate::error::{Error, Result};
use crate::models::config::Config;

/// Below so many steps `lower_order_final` counts.
const FEW: u32 = 15;

/// What `scheduler_config.json` says to this solver alone.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    order: usize,
    heun: bool,
    stochastic: bool,
    lower_order_final: bool,
    euler_at_final: bool,
    /// Timesteps by Karras' noise levels are whole numbers, but for one beta schedule.
    whole_timesteps: bool,
}

/// diffusers' own, where the file is silent.
impl Default for Options {
    fn default() -> Self {
        Options {
            order: 2,
            heun: false,
            stochastic: false,
            lower_order_final: true,
            euler_at_final: false,
            whole_timesteps: true,
        }
    }
}

impl Options {
    /// # Errors
    /// As [`Scheduler::new`].
    pub fn new(config: &Config) -> Result<Self> {
        refuse(config, "use_lu_lambdas", &[])?;
        refuse(config, "lambda_min_clipped", &[])?;
        refuse(
            config,
            "variance_type",
            &["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"],
        )?;
        let stochastic = match config.text("algorithm_type") {
            // diffusers takes those of its other solvers for this one's.
            None | Some("dpmsolver++" | "deis") => false,
            Some("sde-dpmsolver++") => true,
            Some(other) => return Err(unknown(config, "algorithm_type", other)),
        };
        let heun = match config.text("solver_type") {
            None | Some("midpoint" | "logrho" | "bh1" | "bh2") => false,
            Some("heun") => true,
            Some(other) => return Err(unknown(config, "solver_type", other)),
        };
        let silent = Options::default();
        Ok(Options {
            order: config.whole("solver_order", silent.order as u32, 1..=3)? as usize,
            heun,
            stochastic,
            lower_order_final: config.flag("lower_order_final", silent.lower_order_final)?,
            euler_at_final: config.flag("euler_at_final", silent.euler_at_final)?,
            whole_timesteps: config.text("beta_schedule") != Some("squaredcos_cap_v2"),
        })
    }
}

/// One job's noise levels, and the estimates that its last steps came from.
pub struct DpmSolver {
    timesteps: Vec<f32>,
    /// One more than there are timesteps: the last is where the last step ends.
    levels: Vec<Level>,
    prediction: Prediction,
    options: Options,
    /// Do the last two steps take a lower order?
    few: bool,
    /// Newest first, at most as many as the order.
    estimates: Vec<Vec<f32>>,
}

/// A noise level σ / α as the shares of picture and noise, whose squares make 1, and λ.
#[derive(Clone, Copy)]
struct Level {
    alpha: f32,
    sigma: f32,
    lambda: f32,
}

impl Level {
    fn new(ratio: f32) -> Level {
        let alpha = 1.0 / (ratio * ratio + 1.0).sqrt();
        let sigma = ratio * alpha;
        Level { alpha, sigma, lambda: alpha.ln() - sigma.ln() }
    }
}

impl DpmSolver {
    /// A run of `steps` without its first `begin`.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, steps: u32, begin: usize) -> Result<Self> {
        let options = scheduler.solver;
        let train = scheduler.train_steps();
        if steps >= train {
            return Err(Error::setting(format!(
                "This sampler takes up to {} steps, not {steps}; change steps.",
                train - 1
            )));
        }
        let table = sigma_table(scheduler);
        let mut timesteps = spaced(scheduler, steps);
        let mut sigmas = levels(&timesteps, &table);
        let (least, most) = (table.first().copied().unwrap_or(0.0), table.last().copied().unwrap_or(0.0));
        if scheduler.karras {
            sigmas = karras(most.into(), least.into(), steps as usize);
            let logs: Vec<f64> = table.iter().map(|sigma| f64::from(sigma.ln())).collect();
            let whole = |t: f64| if options.whole_timesteps { t.round_ties_even() } else { t.trunc() };
            timesteps = sigmas.iter().map(|&sigma| whole(timestep_of(sigma, &logs))).collect();
        }
        let end = if scheduler.ends_at_sigma_min { least } else { 0.0 };
        let ratios = sigmas.into_iter().skip(begin).map(|s| s as f32).chain([end]);
        Ok(DpmSolver {
            timesteps: timesteps.into_iter().skip(begin).map(|t| t as f32).collect(),
            levels: ratios.map(Level::new).collect(),
            prediction: scheduler.prediction,
            options,
            few: options.lower_order_final && steps < FEW,
            estimates: Vec::new(),
        })
    }

    fn estimate(&self, at: Level, output: &[f32], sample: &[f32]) -> Vec<f32> {
        match self.prediction {
            Prediction::Epsilon => zip(sample, output, |x, epsilon| (x - at.sigma * epsilon) / at.alpha),
            Prediction::Sample => output.to_vec(),
            Prediction::Velocity => zip(sample, output, |x, v| at.alpha * x - at.sigma * v),
        }
    }

    /// Of how many estimates the step is made.
    fn order(&self, step: usize) -> usize {
        let left = self.timesteps.len() - step;
        let ends_in_no_noise = self.levels[step + 1].sigma == 0.0;
        // Levels that are equal have no slope between them.
        let stands = self.levels[step + 1].lambda == self.levels[step].lambda;
        let most = match left {
            1 if self.few || self.options.euler_at_final || ends_in_no_noise => 1,
            2 if self.few => 2,
            _ => self.options.order,
        };
        if stands { 1 } else { most.min(self.estimates.len()) }
    }
}

/// As in [`Scheduler`], but over one step more, whose last is left out.
fn spaced(scheduler: &Scheduler, steps: u32) -> Vec<f64> {
    let train = scheduler.train_steps();
    match scheduler.spacing {
        Spacing::Linspace => {
            let gap = f64::from(train - 1) / f64::from(steps);
            let at = |i: u32| {
                if i == steps { f64::from(train - 1) } else { (f64::from(i) * gap).round_ties_even() }
            };
            (1..=steps).rev().map(at).collect()
        }
        Spacing::Leading => {
            let gap = train / (steps + 1);
            (1..=steps).rev().map(|i| f64::from(i * gap + scheduler.steps_offset)).collect()
        }
        Spacing::Trailing => scheduler.spaced(steps),
    }
}

impl Schedule for DpmSolver {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn add_noise(&self, latent: &[f32], noise: &[f32]) -> Vec<f32> {
        let Level { alpha, sigma, .. } = self.levels[0];
        zip(latent, noise, |x, n| alpha * x + sigma * n)
    }

    fn scale_model_input<'a>(&self, _step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Borrowed(sample)
    }

    fn needs_noise(&self, step: usize) -> bool {
        self.options.stochastic && self.levels[step + 1].sigma > 0.0
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let (from, to) = (self.levels[step], self.levels[step + 1]);
        let estimate = self.estimate(from, output, sample);
        self.estimates.truncate(self.options.order - 1);
        self.estimates.insert(0, estimate.clone());
        let order = self.order(step);

        // The integral over λ of e^λ (of e^2λ where noise is added) times a polynomial through the estimates.
        let h = to.lambda - from.lambda;
        let stochastic = self.options.stochastic;
        let span = if stochastic { 2.0 * h } else { h };
        let gained = 1.0 - (-span).exp();
        let of_sample = to.sigma / from.sigma * if stochastic { (-h).exp() } else { 1.0 };
        let of_slope = match order {
            2 if !self.options.heun => 0.5 * (to.alpha * gained),
            _ => to.alpha * (1.0 - gained / span),
        };
        let mut next = zip(sample, &estimate, |x, x0| of_sample * x + to.alpha * gained * x0);
        let mut add = |weight: f32, values: &[f32]| {
            next.iter_mut().zip(values).for_each(|(x, v)| *x += weight * v);
        };
        let slope = |ago: usize| {
            let r = (self.levels[step - ago].lambda - self.levels[step - ago - 1].lambda) / h;
            (r, zip(&self.estimates[ago], &self.estimates[ago + 1], |now, before| 1.0 / r * (now - before)))
        };
        match order {
            1 => {}
            2 => add(of_slope, &slope(0).1),
            _ => {
                let ((r0, last), (r1, before)) = (slope(0), slope(1));
                let bend = zip(&last, &before, |last, before| 1.0 / (r0 + r1) * (last - before));
                // diffusers' stochastic solver has this half with the other sign.
                let half = if stochastic { -0.5 } else { 0.5 };
                add(of_slope, &zip(&last, &bend, |slope, bend| slope + r0 * bend));
                add(to.alpha * (half - (span - gained) / (span * span)), &bend);
            }
        }
        if self.needs_noise(step) {
            add(to.sigma * gained.sqrt(), noise);
        }
        Step { sample: next, estimate }
    }
}
