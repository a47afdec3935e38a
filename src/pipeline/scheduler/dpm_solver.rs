//! Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models" (2022): the
//! multistep solver (algorithm 2, 2M), its first and third order, and the stochastic one (SDE), as diffusers has
//! them. Over λ = log(α / σ) the linear part of the ODE is solved exactly, and the estimate of the clean latent is
//! taken for a polynomial through the last ones.

use super::config::leave_out;
use super::euler::{levels, rungs, sigma_table, timestep_of};
use super::names::Class;
use super::start::Start;
use super::{Ladder, Prediction, Schedule, Scheduler, Spacing, Step, unknown, zip};
use crate::error::{Error, Result};
use crate::models::config::Config;

/// Below so many steps `lower_order_final` counts.
pub(super) const FEW: u32 = 15;

/// What `scheduler_config.json` says to this solver and its kin.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(super) order: usize,
    pub(super) heun: bool,
    pub(super) stochastic: bool,
    pub(super) lower_order_final: bool,
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
    pub(super) fn new(
        config: &Config,
        class: Class,
        stochastic: bool,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        leave_out(config, "use_lu_lambdas", &[], notes);
        leave_out(config, "lambda_min_clipped", &[], notes);
        let learned = config.text("variance_type").filter(|kind| kind.starts_with("learned"));
        if let Some(learned) = learned {
            return Err(unknown(config, "variance_type", learned));
        }
        // diffusers takes the names of its other solvers for this one's.
        let solver = matches!(class, Class::DpmSolver | Class::DpmSinglestep);
        if solver {
            leave_out(config, "algorithm_type", &["dpmsolver++", "sde-dpmsolver++", "deis"], notes);
            leave_out(config, "solver_type", &["midpoint", "heun", "logrho", "bh1", "bh2"], notes);
        }
        let silent = Options::default();
        let lower = class != Class::DpmSinglestep;
        Ok(Options {
            order: config.whole("solver_order", silent.order as u32, 1..=3)? as usize,
            heun: solver && config.text("solver_type") == Some("heun"),
            stochastic: stochastic || (solver && config.text("algorithm_type") == Some("sde-dpmsolver++")),
            lower_order_final: config.flag("lower_order_final", lower)?,
            euler_at_final: config.flag("euler_at_final", silent.euler_at_final)?,
            whole_timesteps: class != Class::DpmSolver
                || config.text("beta_schedule") != Some("squaredcos_cap_v2"),
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
    first: usize,
}

/// A noise level σ / α as the shares of picture and noise, whose squares make 1, and λ.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub ratio: f32,
    pub alpha: f32,
    pub sigma: f32,
    pub lambda: f32,
}

impl Level {
    fn new(ratio: f32) -> Level {
        let alpha = 1.0 / (ratio * ratio + 1.0).sqrt();
        let sigma = ratio * alpha;
        Level { ratio, alpha, sigma, lambda: alpha.ln() - sigma.ln() }
    }

    /// The clean latent that the U-Net's `output` stands for.
    pub fn estimate(self, prediction: Prediction, output: &[f32], sample: &[f32]) -> Vec<f32> {
        match prediction {
            Prediction::Epsilon => zip(sample, output, |x, epsilon| (x - self.sigma * epsilon) / self.alpha),
            Prediction::Sample => output.to_vec(),
            Prediction::Velocity => zip(sample, output, |x, v| self.alpha * x - self.sigma * v),
        }
    }
}

/// Timesteps and noise levels from `start` on; of the levels there is one more, at which the last step ends.
///
/// # Errors
/// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
pub(super) fn ladder(scheduler: &Scheduler, start: Start) -> Result<(Vec<f32>, Vec<Level>)> {
    let train = scheduler.train_steps();
    if start.steps >= train {
        return Err(Error::setting(format!(
            "This sampler takes up to {} steps, not {}; change steps.",
            train - 1,
            start.steps
        )));
    }
    let table = sigma_table(scheduler);
    let (least, most) = (table.first().copied().unwrap_or(0.0), table.last().copied().unwrap_or(0.0));
    let (timesteps, sigmas) = if scheduler.ladder == Ladder::Timesteps {
        let timesteps = start.cut_evenly(&spaced(scheduler, start.steps), 0.0);
        let sigmas = levels(&timesteps, &table);
        (timesteps, sigmas)
    } else {
        let all = rungs(scheduler.ladder, most.into(), least.into(), start.steps as usize);
        let sigmas = start.cut_levels(&all, 0.0);
        let logs: Vec<f64> = table.iter().map(|sigma| f64::from(sigma.ln())).collect();
        let rounds = scheduler.solver.whole_timesteps && scheduler.ladder == Ladder::Karras;
        let whole = |t: f64| if rounds { t.round_ties_even() } else { t.trunc() };
        (sigmas.iter().map(|&sigma| whole(timestep_of(sigma, &logs))).collect(), sigmas)
    };
    let end = if scheduler.ends_at_sigma_min { least } else { 0.0 };
    let ratios = sigmas.into_iter().map(|sigma| sigma as f32).chain([end]);
    Ok((timesteps.into_iter().map(|t| t as f32).collect(), ratios.map(Level::new).collect()))
}

impl DpmSolver {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Self> {
        let options = scheduler.solver;
        let (timesteps, levels) = ladder(scheduler, start)?;
        Ok(DpmSolver {
            timesteps,
            levels,
            prediction: scheduler.prediction,
            options,
            few: options.lower_order_final && start.steps < FEW,
            estimates: Vec::new(),
            first: start.first(),
        })
    }

    /// Of how many estimates the step is made.
    fn order(&self, step: usize) -> usize {
        let left = self.timesteps.len() - step;
        let ends_in_no_noise = self.levels[step + 1].sigma == 0.0;
        // Levels that are equal have no slope between them.
        let apart = |i: usize| self.levels[i].lambda != self.levels[i + 1].lambda;
        let distinct = 1 + (0..step).rev().take_while(|&i| apart(i)).count();
        let most = match left {
            1 if self.few || self.options.euler_at_final || ends_in_no_noise => 1,
            2 if self.few => 2,
            _ => self.options.order,
        };
        if apart(step) { most.min(self.estimates.len()).min(distinct) } else { 1 }
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

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (self.levels[step].alpha, self.levels[step].sigma)
    }

    fn needs_noise(&self, step: usize) -> bool {
        self.options.stochastic && self.levels[step + 1].sigma > 0.0
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let (from, to) = (self.levels[step], self.levels[step + 1]);
        let estimate = from.estimate(self.prediction, output, sample);
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
