//! Models that one sampler alone can run: what is done where options or the file name another.

use crate::error::{Error, Result};
use crate::models::config::Config;

/// What is told about the file's sampler where it is not the model's only one: `name` to options, `class` to diffusers.
/// `made` says how the model's pictures come about.
///
/// # Errors
/// [`crate::error::Status::Setting`] where options want another.
pub(super) fn notes(
    config: &Config,
    wanted: Option<&str>,
    (name, class): (&str, &str),
    made: &str,
) -> Result<Vec<String>> {
    if let Some(other) = wanted.filter(|wanted| !["", name, class].contains(wanted)) {
        return Err(Error::setting(format!(
            "This model {made} and runs with the sampler {name}, not {other}; change the sampler."
        )));
    }
    Ok(match config.text("_class_name") {
        Some(found) if found == class => Vec::new(),
        Some(other) => {
            let other = other.trim_end_matches("Scheduler");
            vec![format!("This model names the sampler {other}; {name} is used.")]
        }
        None => vec![format!("This model names no sampler; {name} is used.")],
    })
}
