//! What `scheduler_config.json` says.

use super::names::{Choice, Class};
use super::{Ladder, Prediction, Scheduler, Spacing, betas, dpm_solver, euler, unipc, unknown};
use crate::error::Result;
use crate::models::config::Config;

impl Scheduler {
    /// Reads a `scheduler_config.json`. `wanted` names another class to use with the same settings. A sampler that this
    /// version does not have is replaced by the nearest, and an option that only bends the way is left out; both are
    /// told in [`Scheduler::notes`].
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for a wanted class that is not known; [`crate::error::Status::ModelUnsupported`] for a class or option in
    /// the file without which the pictures would be wrong, by name; [`crate::error::Status::ModelBroken`] for wrong values.
    pub fn new(config: &Config, wanted: Option<&str>) -> Result<Self> {
        let (choice, note) = Choice::new(config, wanted)?;
        let class = choice.class;
        let mut notes: Vec<String> = note.into_iter().collect();
        refuse(config, "use_flow_sigmas", &[])?;
        refuse(config, "timestep_type", &["discrete"])?;
        leave_out(config, "interpolation_type", &["linear"], &mut notes);
        leave_out(config, "thresholding", &[], &mut notes);
        leave_out(config, "use_beta_sigmas", &[], &mut notes);
        if class == Class::Pndm && !config.flag("skip_prk_steps", true)? {
            notes.push(left_out("skip_prk_steps = false"));
        }

        let (beta_default, spacing_default) = defaults(class);
        let mut alphas = betas::alphas_cumprod(config, beta_default)?;
        // Where noise levels are ratios, the last one must stay finite. PNDM divides by ᾱ, too; diffusers' knows no such models.
        let of_ratios = !matches!(class, Class::Lcm | Class::Tcd | Class::Ddim);
        if of_ratios
            && config.flag("rescale_betas_zero_snr", false)?
            && let Some(last) = alphas.last_mut()
        {
            *last = euler::LEAST_ALPHA;
        }
        let prediction = match config.text("prediction_type") {
            None | Some("epsilon") => Prediction::Epsilon,
            Some("v_prediction") => Prediction::Velocity,
            Some("sample" | "original_sample") if class != Class::Pndm => Prediction::Sample,
            Some(other) => return Err(unknown(config, "prediction_type", other)),
        };
        let spacing = match config.text("timestep_spacing") {
            // diffusers' singlestep solver has this one alone.
            _ if class == Class::DpmSinglestep => Spacing::Linspace,
            None => spacing_default,
            Some("linspace") => Spacing::Linspace,
            Some("leading") => Spacing::Leading,
            Some("trailing") => Spacing::Trailing,
            Some(other) => return Err(unknown(config, "timestep_spacing", other)),
        };
        let clips = config.flag("clip_sample", class == Class::Ddim)?
            && matches!(class, Class::Ddim | Class::Lcm | Class::Heun);
        let clip = config.number("clip_sample_range", 1.0, 1e-6..=1e6)? as f32;
        let ladder = match class.has_karras() {
            true if choice.karras || config.flag("use_karras_sigmas", false)? => Ladder::Karras,
            true if config.flag("use_exponential_sigmas", false)? => Ladder::Exponential,
            _ => Ladder::Timesteps,
        };
        let limit = |key: &str| -> Result<Option<f64>> {
            Ok(Some(config.number(key, 0.0, 0.0..=1e6)?).filter(|&limit| limit > 0.0))
        };
        let ends_at_sigma_min = match config.text("final_sigmas_type") {
            _ if class == Class::Deis => true,
            None | Some("zero") => false,
            Some("sigma_min") => class.is_dpm() || class == Class::Euler,
            Some(other) => return Err(unknown(config, "final_sigmas_type", other)),
        };
        let first = alphas.first().copied().unwrap_or(1.0);
        let solver = match class.is_dpm() {
            true => dpm_solver::Options::new(config, class, choice.stochastic, &mut notes)?,
            false => dpm_solver::Options::default(),
        };
        Ok(Scheduler {
            class,
            prediction,
            spacing,
            steps_offset: config.whole("steps_offset", 0, 0..=betas::MOST_TIMESTEPS)?,
            final_alpha: if config.flag("set_alpha_to_one", class != Class::Pndm)? { 1.0 } else { first },
            clip: clips.then_some(clip),
            ladder,
            solver,
            unipc: match class {
                Class::UniPc => unipc::Options::new(config, &mut notes)?,
                _ => unipc::Options::default(),
            },
            sigma_limits: (limit("sigma_min")?, limit("sigma_max")?),
            ends_at_sigma_min,
            original_steps: config.whole("original_inference_steps", 50, 1..=alphas.len() as u32)?,
            timestep_scaling: config.number("timestep_scaling", 10.0, 0.0..=1e6)?,
            alphas,
            notes,
        })
    }
}

/// diffusers' beta schedule (name, first, last) and spacing of a class, where the file is silent.
fn defaults(class: Class) -> ((&'static str, f64, f64), Spacing) {
    let stable_diffusion = (0.00085, 0.012);
    let plain = ("linear", 0.0001, 0.02);
    match class {
        Class::Lcm | Class::Tcd => {
            (("scaled_linear", stable_diffusion.0, stable_diffusion.1), Spacing::Leading)
        }
        Class::Ddim | Class::Pndm => (plain, Spacing::Leading),
        Class::Heun | Class::Kdpm2 | Class::Kdpm2Ancestral => {
            (("linear", stable_diffusion.0, stable_diffusion.1), Spacing::Linspace)
        }
        Class::Euler
        | Class::EulerAncestral
        | Class::Lms
        | Class::DpmSolver
        | Class::DpmSinglestep
        | Class::UniPc
        | Class::Deis => (plain, Spacing::Linspace),
    }
}

/// Is the option there, not false and not one of the values that change nothing?
fn asks(config: &Config, key: &str, harmless: &[&str]) -> Option<String> {
    match config.get(key) {
        None | Some(serde_json::Value::Bool(false)) => None,
        Some(serde_json::Value::String(text)) if harmless.contains(&text.as_str()) => None,
        Some(value) => Some(value.to_string()),
    }
}

fn refuse(config: &Config, key: &str, harmless: &[&str]) -> Result<()> {
    match asks(config, key, harmless) {
        Some(value) => Err(unknown(config, key, &value)),
        None => Ok(()),
    }
}

/// Notes an option that the pictures can do without.
pub(super) fn leave_out(config: &Config, key: &str, harmless: &[&str], notes: &mut Vec<String>) {
    if let Some(value) = asks(config, key, harmless) {
        let value: String = value.trim_matches('"').chars().take(40).collect();
        notes.push(left_out(&format!("{key} = {value}")));
    }
}

fn left_out(what: &str) -> String {
    format!("This model's sampler asks for {what}, which is left out.")
}
