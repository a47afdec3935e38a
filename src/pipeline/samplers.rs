//! The samplers of one model: its own, and those that a job asks for by name, with the model's own settings.

use std::sync::Arc;

use super::recent::Recent;
use super::scheduler::{Rule, Schedule, Scheduler};
use crate::error::Result;
use crate::models::config::Config;
use crate::models::kind::Kind;

/// Samplers that are kept ready.
const KEPT: usize = 4;

pub struct Samplers {
    kind: Kind,
    scheduler: Config,
    /// Taken where a job asks for none.
    own: Option<String>,
    /// By name; `None` is the model's own.
    kept: Recent<Option<String>, Arc<Scheduler>>,
}

impl Samplers {
    /// `scheduler` is the model's `scheduler_config.json`.
    pub fn new(kind: Kind, scheduler: Config, own: Option<String>) -> Self {
        Samplers { kind, scheduler, own, kept: Recent::new(KEPT) }
    }

    /// The steps of one job.
    ///
    /// # Errors
    /// As [`Scheduler::new`] and [`Scheduler::plan`].
    pub fn schedule(
        &mut self,
        sampler: Option<&str>,
        steps: u32,
        strength: f32,
        rule: Rule,
    ) -> Result<Box<dyn Schedule>> {
        let name = sampler.map(str::to_owned).or_else(|| self.own.clone());
        let scheduler = match self.kept.get(&name) {
            Some(known) => known,
            None => {
                let made = Arc::new(sampler_of(&self.scheduler, Some(self.kind), name.as_deref())?);
                self.kept.put(name, made.clone());
                made
            }
        };
        scheduler.plan(self.kind, steps, strength, rule)
    }
}

/// The sampler of this name with the model's own settings; `None` is the model's own.
///
/// # Errors
/// As [`Scheduler::new`].
pub fn sampler_of(config: &Config, kind: Option<Kind>, name: Option<&str>) -> Result<Scheduler> {
    let scheduler = Scheduler::new(config, name)?;
    Ok(match kind {
        Some(Kind::LatentConsistency | Kind::StableDiffusionXl) => scheduler,
        Some(Kind::StableDiffusion) | None => scheduler.for_stable_diffusion(),
    })
}
