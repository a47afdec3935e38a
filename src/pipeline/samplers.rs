//! The samplers of one model: its own, and those that a job asks for by name, with the model's own settings.

use std::sync::Arc;

use super::scheduler::flow::{self, FlowMatch, Levels};
use super::scheduler::scm::{self, Consistency};
use super::scheduler::{self, Rule, Schedule, Scheduler};
use crate::error::Result;
use crate::models::config::Config;
use crate::models::kind::Kind;
use crate::recent::Recent;

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
    pub fn schedule(
        &mut self,
        sampler: Option<&str>,
        steps: u32,
        strength: f32,
        rule: Rule,
        cells: usize,
    ) -> Result<Box<dyn Schedule>> {
        match &*self.named(sampler)? {
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
