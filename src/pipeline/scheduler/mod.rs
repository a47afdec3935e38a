//! Noise schedules: at which noise levels a picture is denoised, and how one goes from each to the next.
//!
//! [`Scheduler`] is what `scheduler_config.json` says; [`Scheduler::plan`] makes the [`Schedule`] of one job.
//! All numbers follow diffusers 0.42.1 (compared in `tests/golden/schedulers.json`).

mod betas;
mod ddim;
mod dpm_solver;
mod euler;
mod euler_ancestral;
mod lcm;
mod pndm;

use std::borrow::Cow;

use crate::error::{Error, Result, Status};
use crate::models::config::Config;
use crate::models::folder::Kind;

/// The denoising steps of one job. Step numbers run from 0 to the number of timesteps less one; all slices
/// hold one latent, `[channels, height, width]`.
pub trait Schedule {
    /// What the U-Net is told at each step.
    fn timesteps(&self) -> &[f32];
    /// The latent to begin with.
    fn add_noise(&self, latent: &[f32], noise: &[f32]) -> Vec<f32>;
    /// What the U-Net is shown of `sample`.
    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]>;
    /// Does [`Schedule::step`] want fresh noise?
    fn needs_noise(&self, step: usize) -> bool;
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Euler,
    EulerAncestral,
    Lcm,
    Ddim,
    Pndm,
    DpmSolver,
}

/// diffusers' class names, and the short ones that the scheduler option takes.
const CLASSES: [(&str, &str, Class); 6] = [
    ("EulerDiscreteScheduler", "euler", Class::Euler),
    ("EulerAncestralDiscreteScheduler", "euler_a", Class::EulerAncestral),
    ("LCMScheduler", "lcm", Class::Lcm),
    ("DDIMScheduler", "ddim", Class::Ddim),
    ("PNDMScheduler", "pndm", Class::Pndm),
    ("DPMSolverMultistepScheduler", "dpm++", Class::DpmSolver),
];

/// After a short name: with Karras' noise levels, for those samplers that have them.
const KARRAS: &str = "_karras";

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
    /// The estimate is held to ± this (DDIM, LCM).
    clip: Option<f32>,
    /// Euler, DPM-Solver++: noise levels by Karras et al. (2022).
    karras: bool,
    /// Euler: the least and the most of Karras' noise levels, where they are given.
    sigma_limits: (Option<f64>, Option<f64>),
    /// Euler, DPM-Solver++: end at the smallest noise level instead of none.
    ends_at_sigma_min: bool,
    solver: dpm_solver::Options,
    /// LCM: steps of the teacher, and the factor in the boundary conditions.
    original_steps: u32,
    timestep_scaling: f64,
}

impl Scheduler {
    /// Reads a `scheduler_config.json`. `wanted` names another class to use with the same settings.
    ///
    /// # Errors
    /// [`Status::Setting`] for a wanted class that is not known; [`Status::ModelUnsupported`] for a class or
    /// option in the file that this version does not have, by name; [`Status::ModelBroken`] for wrong values.
    pub fn new(config: &Config, wanted: Option<&str>) -> Result<Self> {
        let (class, wants_karras) = class(config, wanted)?;
        refuse(config, "thresholding", &[])?;
        refuse(config, "use_exponential_sigmas", &[])?;
        refuse(config, "use_beta_sigmas", &[])?;
        refuse(config, "use_flow_sigmas", &[])?;
        refuse(config, "interpolation_type", &["linear"])?;
        refuse(config, "timestep_type", &["discrete"])?;

        let (beta_default, spacing_default) = match class {
            Class::Lcm => (("scaled_linear", 0.00085, 0.012), Spacing::Leading),
            Class::Ddim | Class::Pndm => (("linear", 0.0001, 0.02), Spacing::Leading),
            Class::Euler | Class::EulerAncestral | Class::DpmSolver => {
                (("linear", 0.0001, 0.02), Spacing::Linspace)
            }
        };
        if class == Class::Pndm {
            refuse(config, "rescale_betas_zero_snr", &[])?;
            // What the file of another sampler says nothing of is as Stable Diffusion has it.
            let silent = config.text("_class_name") != Some("PNDMScheduler");
            if !config.flag("skip_prk_steps", silent)? {
                return Err(unknown(config, "skip_prk_steps", "false"));
            }
        }
        let mut alphas = betas::alphas_cumprod(config, beta_default)?;
        let has_karras = matches!(class, Class::Euler | Class::DpmSolver);
        if (has_karras || class == Class::EulerAncestral)
            && config.flag("rescale_betas_zero_snr", false)?
            && let Some(last) = alphas.last_mut()
        {
            *last = euler::LEAST_ALPHA;
        }
        let prediction = match config.text("prediction_type") {
            None | Some("epsilon") => Prediction::Epsilon,
            Some("v_prediction") => Prediction::Velocity,
            // diffusers' Euler ancestral and PNDM do not have it either.
            Some("sample" | "original_sample") if !matches!(class, Class::EulerAncestral | Class::Pndm) => {
                Prediction::Sample
            }
            Some(other) => return Err(unknown(config, "prediction_type", other)),
        };
        let spacing = match config.text("timestep_spacing") {
            None => spacing_default,
            Some("linspace") => Spacing::Linspace,
            Some("leading") => Spacing::Leading,
            Some("trailing") => Spacing::Trailing,
            Some(other) => return Err(unknown(config, "timestep_spacing", other)),
        };
        let clips =
            config.flag("clip_sample", class == Class::Ddim)? && matches!(class, Class::Ddim | Class::Lcm);
        let clip = config.number("clip_sample_range", 1.0, 1e-6..=1e6)? as f32;
        let limit = |key: &str| -> Result<Option<f64>> {
            Ok(Some(config.number(key, 0.0, 0.0..=1e6)?).filter(|&limit| limit > 0.0))
        };
        let ends_at_sigma_min = match config.text("final_sigmas_type") {
            None | Some("zero") => false,
            Some("sigma_min") => has_karras,
            Some(other) => return Err(unknown(config, "final_sigmas_type", other)),
        };
        let first = alphas.first().copied().unwrap_or(1.0);
        Ok(Scheduler {
            class,
            prediction,
            spacing,
            steps_offset: config.whole("steps_offset", 0, 0..=betas::MOST_TIMESTEPS)?,
            final_alpha: if config.flag("set_alpha_to_one", class != Class::Pndm)? { 1.0 } else { first },
            clip: clips.then_some(clip),
            karras: wants_karras || (config.flag("use_karras_sigmas", false)? && has_karras),
            solver: match class {
                Class::DpmSolver => dpm_solver::Options::new(config)?,
                _ => dpm_solver::Options::default(),
            },
            sigma_limits: (limit("sigma_min")?, limit("sigma_max")?),
            ends_at_sigma_min,
            original_steps: config.whole("original_inference_steps", 50, 1..=alphas.len() as u32)?,
            timestep_scaling: config.number("timestep_scaling", 10.0, 0.0..=1e6)?,
            alphas,
        })
    }

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

    /// Is this the schedule of a model distilled to very few steps (SD-Turbo)?
    pub fn is_turbo(&self) -> bool {
        matches!(self.class, Class::Euler | Class::EulerAncestral) && self.spacing == Spacing::Trailing
    }

    /// The steps of one job that starts from a picture: of `steps` over the whole range of noise, those below
    /// `strength`; models of [`Kind::LatentConsistency`] run all of `steps` below `strength` instead.
    ///
    /// # Errors
    /// [`Status::Setting`] when that is no step at all, or more steps than the model has.
    pub fn plan(&self, kind: Kind, steps: u32, strength: f32) -> Result<Box<dyn Schedule>> {
        let strength = decimal(strength);
        if !(strength > 0.0 && strength <= 1.0) {
            return Err(Error::setting("Strength must be above 0 and not above 1; change strength."));
        }
        let most = if self.is_lcm() { self.original_steps } else { self.train_steps() };
        if steps < 1 || steps > most {
            return Err(Error::setting(format!(
                "This model takes 1 to {most} steps, not {steps}; change steps."
            )));
        }
        if self.is_lcm() {
            return Ok(Box::new(lcm::Lcm::new(self, kind, steps, strength)?));
        }
        let begin = begin(steps, strength)?;
        Ok(match self.class {
            Class::EulerAncestral => Box::new(euler_ancestral::EulerAncestral::new(self, steps, begin)),
            Class::Ddim => Box::new(ddim::Ddim::new(self, steps, begin)?),
            Class::Pndm => Box::new(pndm::Pndm::new(self, steps, begin)?),
            Class::DpmSolver => Box::new(dpm_solver::DpmSolver::new(self, steps, begin)?),
            Class::Euler | Class::Lcm => Box::new(euler::Euler::new(self, steps, begin)),
        })
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

/// The sampler, and whether Karras' noise levels were asked for with its name.
fn class(config: &Config, wanted: Option<&str>) -> Result<(Class, bool)> {
    let find = |name: &str| {
        let (name, karras) = name.strip_suffix(KARRAS).map_or((name, false), |name| (name, true));
        let row = CLASSES.iter().find(|(long, short, _)| (*long == name && !karras) || *short == name)?;
        (!karras || matches!(row.2, Class::Euler | Class::DpmSolver)).then_some((row.2, karras))
    };
    let long = || CLASSES.map(|(long, ..)| long).join(", ");
    let short = || format!("{}, euler{KARRAS}, dpm++{KARRAS}", CLASSES.map(|(_, short, _)| short).join(", "));
    if let Some(wanted) = wanted.filter(|name| !name.is_empty()) {
        return find(wanted).ok_or_else(|| {
            Error::setting(format!("There is no scheduler called \"{wanted}\"; choose {}.", short()))
        });
    }
    let name = config.text("_class_name").unwrap_or("");
    let own = CLASSES.iter().find(|(long, ..)| *long == name).map(|(.., class)| (*class, false));
    own.ok_or_else(|| {
        Error::new(
            Status::ModelUnsupported,
            format!(
                "The scheduler \"{name}\" in {} is not known; this version has {}, and another one can be \
                 chosen with the scheduler option ({}).",
                config.file(),
                long(),
                short()
            ),
        )
    })
}

/// Refuses an option that is there, is not false and is not one of the values that change nothing.
fn refuse(config: &Config, key: &str, harmless: &[&str]) -> Result<()> {
    match config.get(key) {
        None | Some(serde_json::Value::Bool(false)) => Ok(()),
        Some(serde_json::Value::String(text)) if harmless.contains(&text.as_str()) => Ok(()),
        Some(value) => Err(unknown(config, key, &value.to_string())),
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

/// The number that a person wrote: 0.7 is 0.7, not 0.699999988 (which would lose a step of ten).
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// The first step to run of a job that starts from a picture, as in diffusers' img2img pipelines.
fn begin(steps: u32, strength: f64) -> Result<usize> {
    let run = (f64::from(steps) * strength).floor().min(f64::from(steps)) as u32;
    if run < 1 {
        let least = (1000.0 / f64::from(steps)).ceil() / 1000.0;
        return Err(Error::setting(format!(
            "With {steps} steps, strength must be at least {least}; raise strength or steps."
        )));
    }
    Ok((steps - run) as usize)
}

/// `f(a, b)` for each pair.
fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

#[cfg(test)]
mod tests;
