//! The samplers of one model: its own, and those that a job asks for by name, with the model's own settings.

use std::sync::Arc;

use super::scheduler::flow::{self, FlowMatch, Levels};
use super::scheduler::scm::{self, Consistency};
use super::scheduler::{self, Rule, Schedule, Scheduler};
use crate::error::Result;
use crate::models::config::Config;
use crate::models::kind::Kind;
use crate::recent::Recent;
use crate::render::Quality;

/// Samplers that are kept ready.
const KEPT: usize = 4;

pub struct Samplers {
    kind: Kind,
    scheduler: Config,
    /// Taken where a job asks for none.
    own: Option<String>,
    /// By name; `None` is the model's own.
    kept: Recent<Option<String>, Arc<Sampler>>,
}

/// A way from noise to a picture, with a model's settings.
#[derive(Debug, Clone)]
pub enum Sampler {
    Diffusion(Scheduler),
    Flow(FlowMatch),
    Consistency(Consistency),
}

impl Samplers {
    /// `scheduler` is the model's `scheduler_config.json`.
    pub fn new(kind: Kind, scheduler: Config, own: Option<String>) -> Self {
        Samplers { kind, scheduler, own, kept: Recent::new(KEPT) }
    }

    /// Names of those that a job may ask for.
    pub fn list(&self) -> Vec<String> {
        match self.kind {
            Kind::SanaSprint => vec![scm::NAME.into()],
            kind if kind.has_transformer() => vec![flow::NAME.into()],
            _ => scheduler::list(),
        }
    }

    fn named(&mut self, sampler: Option<&str>) -> Result<Arc<Sampler>> {
        let name = sampler.map(str::to_owned).or_else(|| self.own.clone());
        if let Some(known) = self.kept.get(&name) {
            return Ok(known);
        }
        let made = Arc::new(Sampler::new(&self.scheduler, Some(self.kind), name.as_deref())?);
        self.kept.put(name, made.clone());
        Ok(made)
    }

    /// What noise is multiplied by where a job begins with nothing else; `shares` are those of its first step.
    ///
    /// # Errors
    /// As [`Sampler::new`].
    pub fn noise_alone(&mut self, sampler: Option<&str>, shares: (f32, f32)) -> Result<f32> {
        Ok(match &*self.named(sampler)? {
            Sampler::Diffusion(scheduler) => scheduler.noise_alone(shares),
            Sampler::Flow(_) | Sampler::Consistency(_) => shares.1,
        })
    }

    /// The steps of one job on a latent of so many `cells`.
    ///
    /// # Errors
    /// As [`Sampler::new`], [`Scheduler::plan`], [`FlowMatch::plan`] and [`Consistency::plan`].
    pub fn schedule(&mut self, quality: &Quality<'_>, rule: Rule, cells: usize) -> Result<Box<dyn Schedule>> {
        let (sampler, strength) = (self.named(quality.sampler)?, quality.strength);
        let steps = match quality.refines {
            true => sampler.refining(self.kind, quality.steps, strength),
            false => quality.steps,
        };
        match &*sampler {
            Sampler::Diffusion(scheduler) => scheduler.plan(self.kind, steps, strength, rule),
            Sampler::Flow(flow) => {
                let levels = match self.kind {
                    Kind::StableDiffusion3 => Levels::Own,
                    _ => Levels::Even,
                };
                let tokens = |cells: usize| u32::try_from(cells).unwrap_or(u32::MAX);
                let shift = match self.kind {
                    Kind::Flux2Klein => flow.shift_of_flux_2(tokens(cells), steps),
                    // Tokens are patches of 2 × 2 cells.
                    _ => flow.shift_for(tokens(cells / 4)),
                };
                flow.plan(steps, strength, rule, levels, shift)
            }
            Sampler::Consistency(consistency) => consistency.plan(steps, strength, rule),
        }
    }
}

impl Sampler {
    /// The steps to plan with where a picture is only refined: as few as begin at `strength`.
    fn refining(&self, kind: Kind, steps: u32, strength: f32) -> u32 {
        match self {
            Sampler::Diffusion(scheduler) => scheduler.refining(kind, steps, strength),
            Sampler::Flow(_) => scheduler::finer(steps, strength, flow::MOST_STEPS),
            Sampler::Consistency(consistency) => consistency.refining(steps, strength),
        }
    }

    /// The sampler of this name with the model's own settings; `None` is the model's own.
    ///
    /// # Errors
    /// As [`Scheduler::new`], [`FlowMatch::new`] and [`Consistency::new`].
    pub fn new(config: &Config, kind: Option<Kind>, name: Option<&str>) -> Result<Sampler> {
        match kind {
            Some(Kind::SanaSprint) => return Ok(Sampler::Consistency(Consistency::new(config, name)?)),
            Some(kind) if kind.has_transformer() => return Ok(Sampler::Flow(FlowMatch::new(config, name)?)),
            _ => {}
        }
        let scheduler = Scheduler::new(config, name)?;
        Ok(Sampler::Diffusion(match kind {
            Some(Kind::StableDiffusion) | None => scheduler.for_stable_diffusion(),
            _ => scheduler,
        }))
    }

    /// What the model's file asks for that this version does not have, and what is done instead: sentences.
    pub fn notes(&self) -> &[String] {
        match self {
            Sampler::Diffusion(scheduler) => scheduler.notes(),
            Sampler::Flow(flow) => flow.notes(),
            Sampler::Consistency(consistency) => consistency.notes(),
        }
    }

    /// Is this the schedule of a latent consistency model?
    pub fn is_lcm(&self) -> bool {
        matches!(self, Sampler::Diffusion(scheduler) if scheduler.is_lcm())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::{Previews, Tier};

    #[test]
    fn what_only_refines_takes_as_few_steps_as_begin_at_its_strength() {
        let runs = |class: &str, kind, steps, strength| {
            let config = Config::from_value(json!({"_class_name": class}), "test");
            let quality = Quality {
                tier: Tier::Settled,
                sampler: None,
                steps,
                strength,
                refines: true,
                guidance: 1.0,
                paint_guidance: None,
                seed: 0,
                previews: Previews::Off,
            };
            let plan = Samplers::new(kind, config, None).schedule(&quality, Rule::Continuous, 64);
            plan.unwrap_or_else(|error| panic!("{class} at {strength}: {error}")).timesteps().len()
        };
        // Such a model runs all steps that it is asked for below strength, and has fifty.
        let lcm = |strength| runs("LCMScheduler", Kind::LatentConsistency, 4, strength);
        assert_eq!((lcm(1.0), lcm(0.35), lcm(0.1), lcm(0.01)), (4, 2, 1, 1));
        for (class, kind) in [
            ("LCMScheduler", Kind::StableDiffusion),
            ("TCDScheduler", Kind::StableDiffusion),
            ("EulerDiscreteScheduler", Kind::StableDiffusion),
            ("FlowMatchEulerDiscreteScheduler", Kind::Flux),
            ("SCMScheduler", Kind::SanaSprint),
        ] {
            let runs = |strength| runs(class, kind, 4, strength);
            assert_eq!((runs(0.35), runs(0.1), runs(0.01), runs(0.0005)), (2, 1, 1, 1), "{class}");
        }
    }
}
