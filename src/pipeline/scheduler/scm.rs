//! Continuous-time consistency by angles: x = cos t · picture + sin t · noise, and each step jumps to the picture and goes
//! back to a smaller angle with fresh noise (Lu and Song, "Simplifying, Stabilizing and Scaling Continuous-Time Consistency
//! Models", 2024). For SANA-Sprint, whose network was trained by flow matching and is told how far it is from the noise
//! on a straight line (Chen et al., "SANA-Sprint", 2025, equation 6).

use std::borrow::Cow;

use super::start::{Rule, Start};
use super::{Schedule, Step, checked, finer, only, unknown, zip};
use crate::error::Result;
use crate::models::config::Config;
use crate::models::numbers;

/// The only sampler of these models: what options call it, and diffusers.
pub const NAME: &str = "scm";
const CLASS: &str = "SCMScheduler";
/// As the pipeline has them: the largest angle, and the one between where there are two steps.
#[expect(clippy::approx_constant, reason = "not quite a right angle, as in diffusers")]
const LARGEST: f64 = 1.57080;
const BETWEEN: f64 = 1.3;

/// An `SCMScheduler` with its settings, good for any number of jobs.
#[derive(Debug, Clone)]
pub struct Consistency {
    train_steps: u32,
    sigma_data: f64,
    notes: Vec<String>,
}

impl Consistency {
    /// Reads a `scheduler_config.json`; `wanted` names a sampler to use instead of the file's. Another sampler of the file
    /// is replaced by this one, which is told in [`Consistency::notes`].
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for another wanted one; [`crate::error::Status::ModelUnsupported`] for another
    /// prediction; [`crate::error::Status::ModelBroken`] for wrong values.
    pub fn new(config: &Config, wanted: Option<&str>) -> Result<Self> {
        let notes = only::notes(config, wanted, (NAME, CLASS), "jumps from noise to pictures")?;
        match config.text("prediction_type") {
            None | Some("trigflow") => {}
            Some(_) if !notes.is_empty() => {}
            Some(other) => return Err(unknown(config, "prediction_type", other)),
        }
        Ok(Consistency {
            train_steps: config.whole("num_train_timesteps", 1000, 2..=super::betas::MOST_TIMESTEPS)?,
            sigma_data: numbers::sigma_data(config)?,
            notes,
        })
    }

    /// What the model's file asks for that this version does not have, and what is done instead: sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The steps to plan with where a picture is only refined.
    pub fn refining(&self, steps: u32, strength: f32) -> u32 {
        finer(steps, strength, self.train_steps)
    }

    /// The steps of one job that starts from a picture: of `steps` angles, those below `strength`. By [`Rule::Whole`] a
    /// begun step counts, as in diffusers.
    ///
    /// # Errors
    /// [`crate::error::Status::Setting`] for numbers that cannot be.
    pub fn plan(&self, steps: u32, strength: f32, rule: Rule) -> Result<Box<dyn Schedule>> {
        let strength = checked(steps, self.train_steps, strength)?;
        let all: Vec<f64> = match steps {
            2 => vec![LARGEST, BETWEEN],
            _ => (0..steps).map(|i| LARGEST * f64::from(steps - i) / f64::from(steps)).collect(),
        };
        let start = Start::whole_if(rule, steps, strength)?;
        let angles: Vec<f32> = start.cut_evenly(&all, 0.0).into_iter().map(|angle| angle as f32).collect();
        Ok(Box::new(Scm {
            timesteps: angles.iter().map(|angle| angle.sin() / (angle.cos() + angle.sin())).collect(),
            angles: angles.into_iter().chain([0.0]).collect(),
            sigma_data: self.sigma_data as f32,
            first: start.first(),
        }))
    }
}

/// One job's angles, and where each is on the straight line.
struct Scm {
    timesteps: Vec<f32>,
    angles: Vec<f32>,
    sigma_data: f32,
    first: usize,
}

impl Scm {
    /// What a point of the line at `step` is multiplied by to lie on the circle.
    fn reach(&self, step: usize) -> f32 {
        let along = self.timesteps[step];
        (along * along + (1.0 - along) * (1.0 - along)).sqrt()
    }
}

impl Schedule for Scm {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn first(&self) -> usize {
        self.first
    }

    fn shares(&self, step: usize) -> (f32, f32) {
        let angle = self.angles[step];
        (angle.cos(), angle.sin() * self.sigma_data)
    }

    fn scale_model_input<'a>(&self, step: usize, sample: &'a [f32]) -> Cow<'a, [f32]> {
        let factor = self.reach(step) / self.sigma_data;
        sample.iter().map(|value| value * factor).collect()
    }

    fn needs_noise(&self, step: usize) -> bool {
        step + 1 < self.timesteps.len()
    }

    fn step(&mut self, step: usize, output: &[f32], sample: &[f32], noise: &[f32]) -> Step {
        let (angle, along, reach) = (self.angles[step], self.timesteps[step], self.reach(step));
        let of_output = (1.0 - 2.0 * along + 2.0 * along * along) / reach * self.sigma_data;
        let of_input = (1.0 - 2.0 * along) / reach * self.sigma_data;
        let input = self.scale_model_input(step, sample);
        let along_circle = zip(&input, output, |x, out| of_input * x + of_output * out);
        let estimate = zip(sample, &along_circle, |x, f| angle.cos() * x - angle.sin() * f);
        let sample = match self.needs_noise(step) {
            true => {
                let (of_picture, of_noise) = self.shares(step + 1);
                zip(&estimate, noise, |x, n| of_picture * x + of_noise * n)
            }
            false => estimate.clone(),
        };
        Step { sample, estimate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn angles(steps: u32, strength: f32, rule: Rule) -> Vec<f32> {
        let config = serde_json::json!({"_class_name": CLASS, "prediction_type": "trigflow"});
        let consistency = Consistency::new(&Config::from_value(config, "test.json"), None).unwrap();
        let plan = consistency.plan(steps, strength, rule).unwrap();
        (0..plan.timesteps().len()).map(|step| plan.shares(step).0.acos()).collect()
    }

    #[test]
    fn strength_says_how_far_from_the_picture_a_job_begins() {
        let near = |got: Vec<f32>, wanted: &[f32]| {
            assert_eq!(got.len(), wanted.len(), "{got:?}");
            assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {wanted:?}");
        };
        const TOP: f32 = LARGEST as f32;
        near(angles(4, 1.0, Rule::Whole), &[TOP, TOP * 0.75, TOP * 0.5, TOP * 0.25]);
        near(angles(4, 0.6, Rule::Whole), &[TOP * 0.75, TOP * 0.5, TOP * 0.25]);
        near(angles(2, 1.0, Rule::Whole), &[TOP, 1.3]);
        near(angles(2, 0.5, Rule::Whole), &[1.3]);
        near(angles(2, 0.6, Rule::Whole), &[TOP, 1.3]);
        near(angles(2, 0.6, Rule::Continuous), &[1.354_16, 1.3]);
        near(angles(1, 0.25, Rule::Continuous), &[TOP * 0.25]);
    }

    #[test]
    fn the_network_is_told_where_on_a_straight_line_it_is() {
        let config = serde_json::json!({"_class_name": CLASS});
        let consistency = Consistency::new(&Config::from_value(config, "test.json"), None).unwrap();
        let mut plan = consistency.plan(2, 0.5, Rule::Whole).unwrap();
        assert!((plan.timesteps()[0] - 0.782_708).abs() < 1e-6);
        assert!((plan.scale_model_input(0, &[0.5])[0] - 0.812_310).abs() < 1e-6);
        // A network that tells the way from a picture to noise ends at the picture.
        let (of_picture, of_noise) = plan.shares(0);
        let (picture, noise) = (0.3f32, -1.2f32);
        let sample = of_picture * picture + of_noise * noise;
        let output = noise - picture / 0.5;
        let step = plan.step(0, &[output], &[sample], &[]);
        assert!((step.estimate[0] - picture).abs() < 1e-5, "{}", step.estimate[0]);
        assert_eq!(step.sample, step.estimate);
    }
}
