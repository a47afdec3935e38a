//! How much of the picture is left at each training timestep: ᾱ, the running product of 1 − β.

use crate::error::{Error, Result, Status};
use crate::models::config::Config;

/// Training timesteps that a model may have; the usual number is 1000.
pub const MOST_TIMESTEPS: u32 = 100_000;

/// ᾱ for each training timestep, from the `beta_*` entries of a scheduler's configuration.
/// `default_schedule` = (schedule, first β, last β) is what diffusers' class has where the file is silent.
///
/// Follows diffusers 0.42 in `f32` operation by operation, so that the same pictures come out.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a schedule that is not known; [`Status::ModelBroken`] for wrong numbers.
pub fn alphas_cumprod(config: &Config, default_schedule: (&str, f64, f64)) -> Result<Vec<f32>> {
    let (schedule, start, end) = default_schedule;
    let count = config.whole("num_train_timesteps", 1000, 2..=MOST_TIMESTEPS)?;
    let start = config.number("beta_start", start, 1e-9..=0.999)?;
    let end = config.number("beta_end", end, 1e-9..=0.999)?;
    let mut betas = match (config.get("trained_betas"), config.text("beta_schedule").unwrap_or(schedule)) {
        (Some(list), _) => trained(config, list, count)?,
        (None, "linear") => linspace(start as f32, end as f32, count),
        (None, "scaled_linear") => {
            linspace(start.sqrt() as f32, end.sqrt() as f32, count).into_iter().map(|b| b * b).collect()
        }
        (None, "squaredcos_cap_v2") => squared_cosine(count),
        (None, other) => {
            return Err(Error::new(
                Status::ModelUnsupported,
                format!(
                    "The scheduler in {} has the beta_schedule \"{other}\", which this version does not know; \
                     choose another model.",
                    config.file()
                ),
            ));
        }
    };
    if config.flag("rescale_betas_zero_snr", false)? {
        betas = rescale_zero_terminal_snr(&betas);
    }
    Ok(cumprod(&betas))
}

fn trained(config: &Config, list: &serde_json::Value, count: u32) -> Result<Vec<f32>> {
    let wrong = || config.wrong("trained_betas", &format!("a list of {count} numbers from 0 to 1"));
    let list = list.as_array().filter(|list| list.len() == count as usize).ok_or_else(wrong)?;
    list.iter()
        .map(|beta| beta.as_f64().filter(|b| (0.0..1.0).contains(b)).map(|b| b as f32).ok_or_else(wrong))
        .collect()
}

/// `torch.linspace` in `f32`: counted from both ends towards the middle.
fn linspace(start: f32, end: f32, count: u32) -> Vec<f32> {
    let step = (end - start) / (count - 1) as f32;
    (0..count)
        .map(|i| if i < count / 2 { start + step * i as f32 } else { end - step * (count - i - 1) as f32 })
        .collect()
}

/// Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models" (2021): ᾱ is a squared cosine.
fn squared_cosine(count: u32) -> Vec<f32> {
    let alpha_bar = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
    (0..count)
        .map(|i| {
            let (now, next) = (f64::from(i) / f64::from(count), f64::from(i + 1) / f64::from(count));
            (1.0 - alpha_bar(next) / alpha_bar(now)).min(0.999) as f32
        })
        .collect()
}

/// Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed" (2023), algorithm 1: the last
/// timestep keeps nothing of the picture.
fn rescale_zero_terminal_snr(betas: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = cumprod(betas).into_iter().map(f32::sqrt).collect();
    let (first, last) = (roots.first().copied().unwrap_or(1.0), roots.last().copied().unwrap_or(0.0));
    let scale = first / (first - last);
    let alphas_bar: Vec<f32> = roots.into_iter().map(|root| ((root - last) * scale).powi(2)).collect();
    let mut before = 1.0;
    alphas_bar
        .into_iter()
        .map(|alpha_bar| 1.0 - alpha_bar / std::mem::replace(&mut before, alpha_bar))
        .collect()
}

/// The running product of 1 − β; torch keeps the product of `f32` numbers in `f64`.
fn cumprod(betas: &[f32]) -> Vec<f32> {
    let mut product = 1.0f64;
    betas
        .iter()
        .map(|beta| {
            product *= f64::from(1.0 - beta);
            product as f32
        })
        .collect()
}
