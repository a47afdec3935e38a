//! Flow matching: the picture goes to noise along a straight line, x = (1 − σ) · picture + σ · noise, and the model
//! tells the line's direction (Lipman et al. 2022; Esser et al., "Scaling Rectified Flow Transformers", 2024). Steps
//! are Euler's. For FLUX, SD 3, Z-Image and their kin.

use super::config::leave_out;
use super::start::{Rule, Start};
use super::{Schedule, Step, checked, only, unknown, zip};
use crate::error::Result;
use crate::models::config::Config;

/// The noise levels before they are shifted: two habits of diffusers' pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// 1 to 1 / steps: FLUX, Z-Image.
    Even,
    /// The scheduler's own, from its largest timestep to its smallest, which have been shifted already: SD 3.
    Own,
}

/// A `FlowMatchEulerDiscreteScheduler` with its settings, good for any number of jobs.
#[derive(Debug, Clone)]
pub struct FlowMatch {
    train_steps: f64,
    shift: f64,
    /// The shift grows with the picture; what its logarithm is at two numbers of tokens.
    dynamic: Option<[(f64, f64); 2]>,
    linear: bool,
    terminal: Option<f64>,
    /// What the file asks for and this version does not have, as sentences for the artist.
    notes: Vec<String>,
}

/// The only sampler of these models: what options call it, and diffusers.
pub const NAME: &str = "flow_euler";
const CLASS: &str = "FlowMatchEulerDiscreteScheduler";

/// Steps that a job may have.
pub(in crate::pipeline) const MOST_STEPS: u32 = 1000;

impl FlowMatch {
    /// Reads a `scheduler_config.json`. `wanted` names a sampler to use instead of the file's. Another sampler of the file
    /// is replaced by this one, and an option that only bends the way is left out; both are told in
    /// [`FlowMatch::notes`].
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for another wanted one; [`crate::error::Status::ModelUnsupported`] for an option
    /// without which the pictures would be wrong, by name; [`crate::error::Status::ModelBroken`] for wrong values.
    pub fn new(config: &Config, wanted: Option<&str>) -> Result<Self> {
        let mut notes = only::notes(config, wanted, (NAME, CLASS), "is made by flow matching")?;
        if config.flag("invert_sigmas", false)? {
            return Err(unknown(config, "invert_sigmas", "true"));
        }
        for key in ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "stochastic_sampling"] {
            leave_out(config, key, &[], &mut notes);
        }
        let linear = match config.text("time_shift_type") {
            None | Some("exponential") => false,
            Some("linear") => true,
            Some(other) => return Err(unknown(config, "time_shift_type", other)),
        };
        let number = |key, default| config.number(key, default, 1e-3..=1e6);
        let ends = [
            (number("base_image_seq_len", 256.0)?, number("base_shift", 0.5)?),
            (number("max_image_seq_len", 4096.0)?, number("max_shift", 1.15)?),
        ];
        if ends[0].0 == ends[1].0 {
            return Err(config.wrong("max_image_seq_len", "another number than base_image_seq_len"));
        }
        let terminal = config.number("shift_terminal", 0.0, 0.0..=0.999)?;
        Ok(FlowMatch {
            train_steps: f64::from(config.whole(
                "num_train_timesteps",
                1000,
                2..=super::betas::MOST_TIMESTEPS,
            )?),
            // As the samplers that are made for both ways call it.
            shift: config.number("shift", config.number("flow_shift", 1.0, 1e-3..=1e3)?, 1e-3..=1e3)?,
            dynamic: config.flag("use_dynamic_shifting", false)?.then_some(ends),
            linear,
            terminal: Some(terminal).filter(|&terminal| terminal > 0.0),
            notes,
        })
    }

    /// What the model's file asks for that this version does not have, and what is done instead: sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The logarithm of the shift for a picture of `tokens`; None where it is the same for all. Not held to the ends.
    pub fn shift_for(&self, tokens: u32) -> Option<f64> {
        let [(few, low), (many, high)] = self.dynamic?;
        let slope = (high - low) / (many - few);
        Some(f64::from(tokens) * slope + (low - slope * few))
    }

    /// The same for FLUX.2, by how many `steps` there are too: `compute_empirical_mu` of diffusers, after the makers'.
    pub fn shift_of_flux_2(&self, tokens: u32, steps: u32) -> Option<f64> {
        self.dynamic?;
        let tokens = f64::from(tokens);
        let (few, many) = (8.738_095_24e-5 * tokens + 1.898_333_33, 0.000_169_27 * tokens + 0.456_666_66);
        Some(match tokens > 4300.0 {
            true => many,
            false => few + (many - few) * (f64::from(steps) - 10.0) / 190.0,
        })
    }

    /// The steps of one job that starts from a picture: of `steps` over the whole range of noise, those below
    /// `strength`. `shift` is [`FlowMatch::shift_for`], or what a family has in its place.
    ///
    /// By [`Rule::Whole`] a begun step counts, as in diffusers: the job starts on the level above.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for numbers that cannot be.
    pub fn plan(
        &self,
        steps: u32,
        strength: f32,
        rule: Rule,
        levels: Levels,
        shift: Option<f64>,
    ) -> Result<Box<dyn Schedule>> {
        let strength = checked(steps, MOST_STEPS, strength)?;
        let start = Start::whole_if(rule, steps, strength)?;
        let all = self.sigmas(steps, levels, shift);
        let sigmas: Vec<f32> = start.cut_evenly(&all, 0.0).into_iter().map(|sigma| sigma as f32).collect();
        let train = self.train_steps as f32;
        Ok(Box::new(FlowEuler {
            timesteps: sigmas.iter().map(|sigma| sigma * train).collect(),
            sigmas: sigmas.into_iter().chain([0.0]).collect(),
            first: start.first(),
        }))
    }

    /// The noise levels of a whole run, noisiest first, without the 0 at its end.
    fn sigmas(&self, steps: u32, levels: Levels, shift: Option<f64>) -> Vec<f64> {
        let constant = |sigma: f64| self.shift * sigma / (1.0 + (self.shift - 1.0) * sigma);
        let (first, last) = match levels {
            Levels::Even => (1.0, 1.0 / f64::from(steps)),
            // diffusers' table of timesteps is shifted when it is made, where the shift is the same for all.
            Levels::Own if self.dynamic.is_some() => (1.0, 1.0 / self.train_steps),
            Levels::Own => (constant(1.0), constant(1.0 / self.train_steps)),
        };
        let gaps = f64::from(steps.saturating_sub(1).max(1));
        let even = (0..steps).map(|i| first + (last - first) * f64::from(i) / gaps);
        let factor =
            shift.filter(|_| self.dynamic.is_some()).map(|mu| if self.linear { mu } else { mu.exp() });
        let shifted = even.map(|sigma| match factor {
            Some(factor) => factor / (factor + (1.0 / sigma - 1.0)),
            None => constant(sigma),
        });
        let mut sigmas: Vec<f64> = shifted.collect();
        if let (Some(terminal), Some(&last)) = (self.terminal, sigmas.last()) {
            let factor = (1.0 - last) / (1.0 - terminal);
            // One step alone ends where it begins: nothing to stretch.
            if factor > 0.0 {
                sigmas.iter_mut().for_each(|sigma| *sigma = 1.0 - (1.0 - *sigma) / factor);
            }
        }
        sigmas
    }
}

/// One job's noise levels.
struct FlowEuler {
    timesteps: Vec<f32>,
    sigmas: Vec<f32>,
    first: usize,
}

impl Schedule for FlowEuler {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        (1.0 - self.sigmas[step], self.sigmas[step])
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], _noise: &[f32]) -> Step {
        let (sigma, next) = (self.sigmas[step], self.sigmas[step + 1]);
        Step {
            sample: zip(sample, output, |x, v| x + (next - sigma) * v),
            estimate: zip(sample, output, |x, v| x - sigma * v),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigmas(config: serde_json::Value, steps: u32, shift: impl Fn(&FlowMatch) -> Option<f64>) -> Vec<f64> {
        let flow = FlowMatch::new(&Config::from_value(config, "test.json"), None).unwrap();
        let shift = shift(&flow);
        flow.sigmas(steps, Levels::Even, shift)
    }

    fn assert_near(got: &[f64], wanted: &[f64]) {
        assert_eq!(got.len(), wanted.len());
        assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?} {wanted:?}");
    }

    /// As diffusers 0.42.1 has them.
    #[test]
    fn flux_2_shifts_by_tokens_and_steps() {
        let dynamic =
            || serde_json::json!({"_class_name": CLASS, "shift": 3.0, "use_dynamic_shifting": true});
        for (side, wanted) in
            [(512, [1.0, 0.958_085, 0.883_982, 0.717_497]), (1024, [1.0, 0.967_384, 0.908_144, 0.767_200])]
        {
            let tokens = (side / 16) * (side / 16);
            assert_near(&sigmas(dynamic(), 4, |flow| flow.shift_of_flux_2(tokens, 4)), &wanted);
        }
        let flow = FlowMatch::new(&Config::from_value(dynamic(), "test.json"), None).unwrap();
        assert_near(&[flow.shift_of_flux_2(4301, 4).unwrap()], &[0.000_169_27 * 4301.0 + 0.456_666_66]);
        assert_near(&[flow.shift_of_flux_2(1024, 4).unwrap()], &[2.030_690]);
        assert_near(&[flow.shift_of_flux_2(4096, 4).unwrap()], &[2.291_180]);
    }

    #[test]
    fn z_image_shifts_all_pictures_alike() {
        let fixed = serde_json::json!({"_class_name": CLASS, "shift": 3.0});
        assert_near(&sigmas(fixed.clone(), 4, |flow| flow.shift_for(1024)), &[1.0, 0.9, 0.75, 0.5]);
        let eight = [1.0, 0.954_545, 0.9, 0.833_333, 0.75, 0.642_857, 0.5, 0.3];
        assert_near(&sigmas(fixed, 8, |flow| flow.shift_of_flux_2(1024, 8)), &eight);
    }
}
