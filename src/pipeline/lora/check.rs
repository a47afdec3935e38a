//! Whether a LoRA has its place in a model, and in one sentence why not.

use super::Loras;
use crate::error::{Error, Result, Status};
use crate::models::checkpoint;
use crate::models::lora::{Lora, Part};
use crate::models::weights::{Found, Weights};

/// Names that a sentence has room for.
const NAMED: usize = 3;

impl Loras {
    /// Is there a place in the model for all that a LoRA changes? `has` says of the parts that are heard whether the model
    /// has them.
    pub(super) fn check(
        &self,
        file: &str,
        lora: &Lora,
        networks: &[(Part, &Weights)],
        has: &dyn Fn(Part) -> Option<bool>,
    ) -> Result<()> {
        let (mut fixed, mut nameless) = (None, None);
        let (mut all, mut misfits) = (0, Vec::<&str>::new());
        for ((part, module), delta) in &lora.0 {
            let Some(mut fits) = has(*part) else { continue };
            all += 1;
            for (_, weights) in networks.iter().filter(|(own, _)| own == part) {
                match find(weights, *part, module) {
                    Some((_, Found::Weight(weight))) => fits &= delta.fits(&weight.shape, weight.usage),
                    Some((_, Found::Fixed(why))) => {
                        fixed = fixed.or(Some((*part, *why)));
                        fits = false;
                    }
                    None => {
                        nameless = nameless.or(weights.lacks_names().then_some(*part));
                        fits = false;
                    }
                }
            }
            if !fits {
                misfits.push(&delta.module);
            }
        }
        let Some(first) = misfits.first() else { return Ok(()) };
        let wrong = misfits.len();
        let named =
            misfits.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let more = if wrong > NAMED { ", …" } else { "" };
        let message = match (fixed, nameless) {
            (_, Some(part)) => format!(
                "The LoRA {file} cannot be used with this export of the model: nothing in its {} says to which layers its \
                 weights belong, as PyTorch's newer exporter leaves it (\"{first}\" is not found); choose another export, or {}.",
                part.name(),
                checkpoint::exporting("MODEL", "")
            ),
            (Some((part, why)), None) => format!(
                "The LoRA {file} cannot be used with this export of the model: the weights of its {} {why} (\"{first}\"); \
                 choose an export with 16- or 32-bit floats.",
                part.name()
            ),
            (None, None) => format!(
                "The LoRA {file} does not fit this model: of the {all} weights that it changes {} fit, and {wrong} have \
                 no place in it or another size ({named}{more}); choose one that was made for {} models.",
                if wrong == all { "none".to_owned() } else { (all - wrong).to_string() },
                self.title
            ),
        };
        Err(Error::new(Status::ModelUnsupported, message))
    }
}

/// What the model has for a module, and how it calls that: text encoders are exported with and without the level
/// `text_model`.
pub(super) fn find<'a>(weights: &'a Weights, part: Part, module: &str) -> Option<(&'a str, &'a Found)> {
    const LEVEL: &str = "text_model_";
    weights.get(module).or_else(|| match (part, module.strip_prefix(LEVEL)) {
        (Part::Unet, _) => None,
        (_, Some(rest)) => weights.get(rest),
        (_, None) => weights.get(&format!("{LEVEL}{module}")),
    })
}
