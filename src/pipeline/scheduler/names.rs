//! Which sampler a model's file or an artist means.

use super::unknown;
use crate::error::{Error, Result};
use crate::models::config::Config;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Euler,
    EulerAncestral,
    Lcm,
    Tcd,
    Ddim,
    Pndm,
    DpmSolver,
    DpmSinglestep,
    Heun,
    Lms,
    UniPc,
    Deis,
    Kdpm2,
    Kdpm2Ancestral,
}

/// diffusers' class names, and the short ones that the scheduler option takes.
const CLASSES: [(&str, &str, Class); 14] = [
    ("EulerDiscreteScheduler", "euler", Class::Euler),
    ("EulerAncestralDiscreteScheduler", "euler_a", Class::EulerAncestral),
    ("LCMScheduler", "lcm", Class::Lcm),
    ("TCDScheduler", "tcd", Class::Tcd),
    ("DDIMScheduler", "ddim", Class::Ddim),
    ("PNDMScheduler", "pndm", Class::Pndm),
    ("DPMSolverMultistepScheduler", "dpm++", Class::DpmSolver),
    ("DPMSolverSinglestepScheduler", "dpm++_single", Class::DpmSinglestep),
    ("HeunDiscreteScheduler", "heun", Class::Heun),
    ("LMSDiscreteScheduler", "lms", Class::Lms),
    ("UniPCMultistepScheduler", "unipc", Class::UniPc),
    ("DEISMultistepScheduler", "deis", Class::Deis),
    ("KDPM2DiscreteScheduler", "kdpm2", Class::Kdpm2),
    ("KDPM2AncestralDiscreteScheduler", "kdpm2_a", Class::Kdpm2Ancestral),
];

/// The stochastic form of a DPM-Solver++, after its short name.
const SDE: &str = "_sde";
/// With Karras' noise levels, after a short name (and after [`SDE`]).
const KARRAS: &str = "_karras";

/// Samplers that this version does not have, and the nearest of those that it has.
const NEAREST: [(&str, &str); 9] = [
    ("DDPMScheduler", "euler_a"),
    ("DDPMParallelScheduler", "euler_a"),
    ("DDIMParallelScheduler", "ddim"),
    ("DDIMInverseScheduler", "ddim"),
    ("IPNDMScheduler", "pndm"),
    ("DPMSolverSDEScheduler", "dpm++_sde"),
    ("DPMSolverMultistepInverseScheduler", "dpm++"),
    ("SASolverScheduler", "unipc"),
    ("UnCLIPScheduler", "euler_a"),
];

/// Families of schedules that start from other noise than Stable Diffusion's: none of the above can stand in.
const OF_OTHER_NOISE: [&str; 10] = [
    "FlowMatch",
    "EDM",
    "CosineDPM",
    "CMStochastic",
    "ConsistencyDecoder",
    "VQDiffusion",
    "AmusedScheduler",
    "ScoreSde",
    "SCMScheduler",
    "DDPMWuerstchen",
];

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub class: Class,
    pub karras: bool,
    /// Stochastic, whatever the file says.
    pub stochastic: bool,
}

impl Class {
    /// Can it take Karras' noise levels?
    pub fn has_karras(self) -> bool {
        use Class::*;
        !matches!(self, EulerAncestral | Lcm | Tcd | Ddim | Pndm)
    }

    /// Does it take its levels from one step more, of which the last is left out (DPM-Solver and its kin)?
    pub fn is_dpm(self) -> bool {
        matches!(self, Class::DpmSolver | Class::DpmSinglestep | Class::UniPc | Class::Deis)
    }

    fn short(self) -> &'static str {
        CLASSES.iter().find(|(.., class)| *class == self).map_or("", |(_, short, _)| short)
    }
}

impl Choice {
    fn plain(class: Class) -> Self {
        Choice { class, karras: false, stochastic: false }
    }

    /// A short name, or diffusers' name of a class.
    fn find(name: &str) -> Option<Self> {
        if let Some((.., class)) = CLASSES.iter().find(|(long, ..)| *long == name) {
            return Some(Choice::plain(*class));
        }
        let (name, karras) = name.strip_suffix(KARRAS).map_or((name, false), |name| (name, true));
        let (name, stochastic) = name.strip_suffix(SDE).map_or((name, false), |name| (name, true));
        let (.., class) = CLASSES.iter().find(|(_, short, _)| *short == name)?;
        let solver = matches!(class, Class::DpmSolver | Class::DpmSinglestep);
        ((!karras || class.has_karras()) && (!stochastic || solver)).then_some(Choice {
            class: *class,
            karras,
            stochastic,
        })
    }

    /// The sampler of `config`, or the one that is `wanted`; and a sentence for the artist where the file names one
    /// that is not there and another is taken.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for a wanted one that is not known,
    /// [`crate::error::Status::ModelUnsupported`] for a schedule of another sort.
    pub fn new(config: &Config, wanted: Option<&str>) -> Result<(Self, Option<String>)> {
        if let Some(wanted) = wanted.filter(|name| !name.is_empty()) {
            let found = Choice::find(wanted).ok_or_else(|| {
                Error::setting(format!("There is no sampler called \"{wanted}\"; choose {}.", names()))
            });
            return found.map(|choice| (choice, None));
        }
        let Some(name) = config.text("_class_name") else {
            return Ok((
                Choice::plain(Class::Euler),
                Some("This model names no sampler; euler is used.".into()),
            ));
        };
        if let Some((.., class)) = CLASSES.iter().find(|(long, ..)| *long == name) {
            return Ok((Choice::plain(*class), None));
        }
        if OF_OTHER_NOISE.iter().any(|start| name.starts_with(start)) {
            return Err(unknown(config, "_class_name", name));
        }
        let near = NEAREST.iter().find(|(long, _)| *long == name).map_or("dpm++", |(_, near)| near);
        let choice = Choice::find(near).unwrap_or(Choice::plain(Class::DpmSolver));
        let plain = name.trim_end_matches("Scheduler");
        Ok((choice, Some(format!("This model names the sampler {plain}; {near} is used."))))
    }
}

fn plain() -> impl Iterator<Item = String> {
    let plain = CLASSES.iter().map(|(_, short, _)| (*short).to_owned());
    plain.chain([Class::DpmSolver, Class::DpmSinglestep].map(|class| format!("{}{SDE}", class.short())))
}

/// All short names, for a message.
pub fn names() -> String {
    let listed: Vec<String> = plain().collect();
    format!("{}; with {KARRAS} after it for Karras' noise levels", listed.join(", "))
}

/// All short names, with and without Karras' noise levels.
pub fn list() -> Vec<String> {
    let karras = plain().map(|name| format!("{name}{KARRAS}"));
    plain().chain(karras.filter(|name| Choice::find(name).is_some())).collect()
}
