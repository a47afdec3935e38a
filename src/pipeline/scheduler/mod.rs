//! Noise schedules: at which noise levels a picture is denoised, and how one goes from each to the next.
//!
//! [`Scheduler`] is what `scheduler_config.json` says; [`Scheduler::plan`] makes the [`Schedule`] of one job. Models
//! that were trained by flow matching have [`flow::FlowMatch`] instead. [`crate::pipeline::samplers`] holds either.
//! All numbers follow diffusers 0.42.1 (compared in `tests/golden/schedulers.json`).

mod betas;
mod config;
mod ddim;
mod deis;
mod dpm_singlestep;
mod dpm_solver;
mod euler;
mod euler_ancestral;
pub mod flow;
mod heun;
mod kdpm2;
mod lcm;
mod lms;
mod names;
mod only;
mod pndm;
pub mod scm;
mod start;
mod tcd;
mod unipc;

use std::borrow::Cow;

use crate::error::{Error, Result, Status};
use crate::models::config::Config;
use crate::models::kind::Kind;
use crate::steps::decimal;
use names::Class;
pub use names::{list, names};
pub use start::Rule;
use start::Start;

/// The denoising steps of one job. Step numbers run from 0 to the number of timesteps less one; all slices
/// hold one latent, `[channels, height, width]`.
pub trait Schedule {
    /// What the U-Net is told at each step.
    fn timesteps(&self) -> &[f32];
    /// The shares of the clean latent and of noise in the sample that `step` begins with.
    fn shares(&self, step: usize) -> (f32, f32);
    /// `latent` at the noise level that `step` begins with, 0 being the start; after the last step `latent` itself.
    fn add_noise(&self, step: usize, latent: &[f32], noise: &[f32]) -> Vec<f32> {
        if step >= self.timesteps().len() {
            return latent.to_vec();
        }
        let (of_latent, of_noise) = self.shares(step);
        zip(latent, noise, |x, n| of_latent * x + of_noise * n)
    }
    /// What the U-Net is shown of `sample`: itself, unless the sampler counts noise otherwise than the model.
    fn scale_model_input<'a>(&self, _step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Borrowed(sample)
    }
    /// Does [`Schedule::step`] want fresh noise?
    fn needs_noise(&self, _step: usize) -> bool {
        false
    }
    /// The step of the whole schedule that the first one here is, or is a part of; seeded noise is drawn by it, so
    /// that a step keeps its noise when strength puts another before it.
    fn first(&self) -> usize {
        0
    }
    /// One step, in their order: some samplers look back at the ones before. `output` is the U-Net's; `noise` is not
    /// looked at where it is not needed.
    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step;
}

/// What one step makes.
pub struct Step {
    /// The next, less noisy latent.
    pub sample: Vec<f32>,
    /// The clean latent that the model expects in the end; what a preview shows.
    pub estimate: Vec<f32>,
}

/// What the U-Net's output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prediction {
    Epsilon,
    Sample,
    Velocity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spacing {
    Linspace,
    Leading,
    Trailing,
}

/// A noise schedule with its settings, good for any number of jobs.
#[derive(Debug, Clone)]
pub struct Scheduler {
    class: Class,
    prediction: Prediction,
    spacing: Spacing,
    steps_offset: u32,
    /// ᾱ by training timestep.
    alphas: Vec<f32>,
    /// ᾱ after the last step (DDIM, LCM, PNDM).
    final_alpha: f32,
    /// The estimate is held to ± this (DDIM, LCM, Heun).
    clip: Option<f32>,
    /// Noise levels by Karras et al. (2022), or evenly by their logarithms, where the class has them.
    ladder: Ladder,
    /// Euler: the least and the most of such noise levels, where they are given.
    sigma_limits: (Option<f64>, Option<f64>),
    /// Euler, DPM-Solver++ and its kin: end at the smallest noise level instead of none.
    ends_at_sigma_min: bool,
    solver: dpm_solver::Options,
    unipc: unipc::Options,
    /// LCM, TCD: steps of the teacher, and the factor in the boundary conditions.
    original_steps: u32,
    timestep_scaling: f64,
    /// What the file asks for and this version does not have, as sentences for the artist.
    notes: Vec<String>,
}

/// How a sampler's noise levels are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ladder {
    /// Those of the timesteps.
    Timesteps,
    Karras,
    Exponential,
}

impl Scheduler {
    /// The same with what diffusers' Stable Diffusion pipelines insist on, whatever the file says.
    pub fn for_stable_diffusion(mut self) -> Self {
        self.steps_offset = 1;
        self.clip = None;
        self
    }

    /// Is this the schedule of a latent consistency model?
    pub fn is_lcm(&self) -> bool {
        self.class == Class::Lcm
    }

    /// Is this the schedule of a model distilled to few steps by trajectories (Hyper-SD)?
    pub fn is_tcd(&self) -> bool {
        self.class == Class::Tcd
    }

    /// Is this the schedule of a model distilled to very few steps (SD-Turbo, SDXL-Lightning)?
    pub fn is_turbo(&self) -> bool {
        matches!(self.class, Class::Euler | Class::EulerAncestral) && self.spacing == Spacing::Trailing
    }

    /// What the model's file asks for that this version does not have, and what is done instead: sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The steps of one job that starts from a picture: of `steps` over the whole range of noise, those below
    /// `strength`; models of [`Kind::LatentConsistency`] run all of `steps` below `strength` instead.
    /// By [`Rule::Continuous`] every strength has its own start.
    ///
    /// # Errors
    /// [`Status::Setting`] for more steps than the model has; by [`Rule::Whole`] also when no step at all is left.
    pub fn plan(&self, kind: Kind, steps: u32, strength: f32, rule: Rule) -> Result<Box<dyn Schedule>> {
        let strength = checked(steps, self.most_steps(), strength)?;
        if self.runs_all(kind) {
            return Ok(Box::new(lcm::Lcm::below(self, steps, strength, rule)?));
        }
        let start = Start::new(rule, steps, strength)?;
        Ok(match self.class {
            Class::Euler => Box::new(euler::Euler::new(self, start)),
            Class::EulerAncestral => Box::new(euler_ancestral::EulerAncestral::new(self, start)),
            Class::Lcm => Box::new(lcm::Lcm::new(self, start)),
            Class::Tcd => Box::new(tcd::Tcd::new(self, start)),
            Class::Ddim => Box::new(ddim::Ddim::new(self, start)?),
            Class::Pndm => Box::new(pndm::Pndm::new(self, start)?),
            Class::DpmSolver => Box::new(dpm_solver::DpmSolver::new(self, start)?),
            Class::DpmSinglestep => Box::new(dpm_singlestep::Singlestep::new(self, start)?),
            Class::Heun => Box::new(heun::Heun::new(self, start)),
            Class::Lms => Box::new(lms::Lms::new(self, start)),
            Class::UniPc => Box::new(unipc::UniPc::new(self, start)?),
            Class::Deis => Box::new(deis::Deis::new(self, start)?),
            Class::Kdpm2 | Class::Kdpm2Ancestral => Box::new(kdpm2::Kdpm2::new(self, start)),
        })
    }

    /// What noise is multiplied by where a job begins with nothing else (diffusers' `init_noise_sigma`); `shares` are
    /// those of its first step.
    pub fn noise_alone(&self, (_, of_noise): (f32, f32)) -> f32 {
        match self.class {
            Class::Euler
            | Class::EulerAncestral
            | Class::Heun
            | Class::Lms
            | Class::Kdpm2
            | Class::Kdpm2Ancestral => match self.spacing {
                Spacing::Leading => of_noise.hypot(1.0),
                _ => of_noise,
            },
            _ => 1.0,
        }
    }

    /// Does it run all of its steps below strength?
    fn runs_all(&self, kind: Kind) -> bool {
        self.is_lcm() && kind == Kind::LatentConsistency
    }

    /// So many steps a job may have at the most.
    fn most_steps(&self) -> u32 {
        let taught = matches!(self.class, Class::Lcm | Class::Tcd);
        if taught { self.original_steps } else { self.train_steps() }
    }

    /// The steps to plan with where a picture is only refined: as few as begin at `strength`.
    pub fn refining(&self, kind: Kind, steps: u32, strength: f32) -> u32 {
        match self.runs_all(kind) {
            true => ((steps as f32 * strength).ceil() as u32).max(1),
            false => finer(steps, strength, self.most_steps()),
        }
    }

    fn train_steps(&self) -> u32 {
        self.alphas.len() as u32
    }

    /// ᾱ at `timestep`; the nearest one for a timestep outside the range.
    fn alpha(&self, timestep: i64) -> f32 {
        let last = self.alphas.len().saturating_sub(1);
        let index = usize::try_from(timestep).unwrap_or(0).min(last);
        self.alphas.get(index).copied().unwrap_or(1.0)
    }

    /// ᾱ at a timestep that may lie between two.
    fn alpha_between(&self, timestep: f64) -> f32 {
        let below = timestep.floor();
        let (low, high) = (self.alpha(below as i64), self.alpha(below as i64 + 1));
        low + (high - low) * (timestep - below) as f32
    }

    /// [`Scheduler::spaced`], rounded to whole numbers.
    ///
    /// # Errors
    /// [`Status::Setting`] when they reach beyond the model's timesteps.
    fn whole_timesteps(&self, steps: u32) -> Result<Vec<i64>> {
        let all = 0..i64::from(self.train_steps());
        let timesteps: Vec<i64> =
            self.spaced(steps).into_iter().map(|t| t.round_ties_even() as i64).collect();
        if timesteps.iter().any(|t| !all.contains(t)) {
            return Err(Error::setting(format!("This model cannot take {steps} steps; lower steps.")));
        }
        Ok(timesteps)
    }

    /// The timesteps of a whole run, noisiest first, before rounding to `f32` (Lin et al. 2023, table 2).
    fn spaced(&self, steps: u32) -> Vec<f64> {
        let train = f64::from(self.train_steps());
        let count = f64::from(steps);
        match self.spacing {
            // numpy.linspace(0, train − 1, steps), backwards.
            Spacing::Linspace => (0..steps)
                .rev()
                .map(|i| match i {
                    0 => 0.0,
                    i if i + 1 == steps => train - 1.0,
                    i => f64::from(i) * ((train - 1.0) / (count - 1.0)),
                })
                .collect(),
            Spacing::Leading => {
                let ratio = self.train_steps() / steps;
                (0..steps).rev().map(|i| f64::from(i * ratio + self.steps_offset)).collect()
            }
            // numpy.arange(train, 0, −train / steps).round() − 1; numpy rounds halves to even.
            Spacing::Trailing => {
                let delta = (train - train / count) - train;
                (0..steps).map(|i| (train + f64::from(i) * delta).round_ties_even() - 1.0).collect()
            }
        }
    }
}

fn unknown(config: &Config, key: &str, value: &str) -> Error {
    Error::new(
        Status::ModelUnsupported,
        format!(
            "The scheduler in {} uses {key} = {}, which this version does not have; choose another model.",
            config.file(),
            value.trim_matches('"')
        ),
    )
}

/// The strength that a person wrote, where it and the steps can be.
fn checked(steps: u32, most: u32, strength: f32) -> Result<f64> {
    let strength = decimal(strength);
    if !(strength > 0.0 && strength <= 1.0) {
        return Err(Error::setting("Strength must be above 0 and not above 1; change strength."));
    }
    if !(1..=most).contains(&steps) {
        return Err(Error::setting(format!(
            "This model takes 1 to {most} steps, not {steps}; change steps."
        )));
    }
    Ok(strength)
}

/// So fine a schedule that one step, or what strength leaves of `steps`, is what is run: a second one costs as much again
/// and shows nothing. No finer than the `most` there are.
pub(in crate::pipeline) fn finer(steps: u32, strength: f32, most: u32) -> u32 {
    steps.max(((1.0 / strength) as u32).min(most))
}

/// `f(a, b)` for each pair.
fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

#[cfg(test)]
mod tests;
