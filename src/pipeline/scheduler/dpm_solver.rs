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
    run: Run,
    options: Options,
    /// Do the last two steps take a lower order?
    few: bool,
    /// Newest first, at most as many as the order.
    estimates: Vec<Vec<f32>>,
}

/// One job's timesteps and noise levels.
pub(super) struct Run {
    pub timesteps: Vec<f32>,
    /// One more than there are timesteps: the last is where the last step ends.
    pub levels: Vec<Level>,
    pub first: usize,
    prediction: Prediction,
}

/// A noise level σ / α as the shares of picture and noise, whose squares make 1, and λ.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub alpha: f32,
    pub sigma: f32,
    pub lambda: f32,
}

impl Level {
    fn new(ratio: f32) -> Level {
        let alpha = 1.0 / (ratio * ratio + 1.0).sqrt();
        let sigma = ratio * alpha;
        Level { alpha, sigma, lambda: alpha.ln() - sigma.ln() }
    }
}

impl Run {
    /// The part of a run from `start` on.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for as many steps as the model has timesteps, or more.
    pub fn new(scheduler: &Scheduler, start: Start) -> Result<Run> {
        let (timesteps, levels) = ladder(scheduler, start)?;
        Ok(Run { timesteps, levels, first: start.first(), prediction: scheduler.prediction })
    }

    /// The shares of picture and noise in what a step begins with.
    pub fn shares(&self, step: usize) -> (f32, f32) {
        (self.levels[step].alpha, self.levels[step].sigma)
    }

    /// The clean latent that the U-Net's `output` stands for.
    pub fn estimate(&self, step: usize, output: &[f32], sample: &[f32]) -> Vec<f32> {
        let Level { alpha, sigma, .. } = self.levels[step];
        match self.prediction {
            Prediction::Epsilon => zip(sample, output, |x, epsilon| (x - sigma * epsilon) / alpha),
            Prediction::Sample => output.to_vec(),
            Prediction::Velocity => zip(sample, output, |x, v| alpha * x - sigma * v),
        }
    }

    /// Does the level after `step` lie apart from it? Those that are equal have no slope between them.
    pub fn is_apart(&self, step: usize) -> bool {
        self.levels[step].lambda != self.levels[step + 1].lambda
    }

    /// How many levels up to that of `step` lie apart, one after the other.
    pub fn distinct(&self, step: usize) -> usize {
        1 + (0..step).rev().take_while(|&i| self.is_apart(i)).count()
    }

    /// Does a stochastic step add noise?
    pub fn ends_in_noise(&self, step: usize) -> bool {
        self.levels[step + 1].sigma > 0.0
    }
}

/// The way from one level to another: over λ the integral of e^λ (of e^2λ where noise is added) times a polynomial through
/// estimates.
pub(super) struct Leap {
    to: Level,
    pub h: f32,
    pub span: f32,
    pub gained: f32,
    of_sample: f32,
}

impl Leap {
    pub fn new(from: Level, to: Level, stochastic: bool) -> Leap {
        let h = to.lambda - from.lambda;
        let span = if stochastic { 2.0 * h } else { h };
        let gained = 1.0 - (-span).exp();
        let of_sample = to.sigma / from.sigma * if stochastic { (-h).exp() } else { 1.0 };
        Leap { to, h, span, gained, of_sample }
    }

    /// With an estimate that stays the same all the way.
    pub fn straight(&self, sample: &[f32], estimate: &[f32]) -> Vec<f32> {
        zip(sample, estimate, |x, x0| self.of_sample * x + self.to.alpha * self.gained * x0)
    }

    /// How much of the estimates' slope is added.
    pub fn of_slope(&self) -> f32 {
        self.to.alpha * (1.0 - self.gained / self.span)
    }

    /// How much noise is added by a stochastic step.
    pub fn of_noise(&self) -> f32 {
        self.to.sigma * self.gained.sqrt()
    }
}

/// Adds so much of `values`.
pub(super) fn add(to: &mut [f32], weight: f32, values: &[f32]) {
    to.iter_mut().zip(values).for_each(|(x, v)| *x += weight * v);
}

/// Timesteps and noise levels from `start` on; of the levels there is one more, at which the last step ends.
fn ladder(scheduler: &Scheduler, start: Start) -> Result<(Vec<f32>, Vec<Level>)> {
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
        Ok(DpmSolver {
            run: Run::new(scheduler, start)?,
            options,
            few: options.lower_order_final && start.steps < FEW,
            estimates: Vec::new(),
        })
    }

    /// Of how many estimates the step is made.
    fn order(&self, step: usize) -> usize {
        let left = self.run.timesteps.len() - step;
        let most = match left {
            1 if self.few || self.options.euler_at_final || !self.run.ends_in_noise(step) => 1,
            2 if self.few => 2,
            _ => self.options.order,
        };
        let most = most.min(self.estimates.len()).min(self.run.distinct(step));
        if self.run.is_apart(step) { most } else { 1 }
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
        let order = self.order(step);

        let (levels, stochastic) = (&self.run.levels, self.options.stochastic);
        let to = levels[step + 1];
        let leap = Leap::new(levels[step], to, stochastic);
        let Leap { h, span, gained, .. } = leap;
        let mut next = leap.straight(sample, &estimate);
        let slope = |ago: usize| {
            let r = (levels[step - ago].lambda - levels[step - ago - 1].lambda) / h;
            (r, zip(&self.estimates[ago], &self.estimates[ago + 1], |now, before| 1.0 / r * (now - before)))
        };
        match order {
            1 => {}
            2 if self.options.heun => add(&mut next, leap.of_slope(), &slope(0).1),
            2 => add(&mut next, 0.5 * (to.alpha * gained), &slope(0).1),
            _ => {
                let ((r0, last), (r1, before)) = (slope(0), slope(1));
                let bend = zip(&last, &before, |last, before| 1.0 / (r0 + r1) * (last - before));
                // diffusers' stochastic solver has this half with the other sign.
                let half = if stochastic { -0.5 } else { 0.5 };
                add(&mut next, leap.of_slope(), &zip(&last, &bend, |slope, bend| slope + r0 * bend));
                add(&mut next, to.alpha * (half - (span - gained) / (span * span)), &bend);
            }
        }
        if self.needs_noise(step) {
            add(&mut next, leap.of_noise(), noise);
        }
        Step { sample: next, estimate }
    }
}
