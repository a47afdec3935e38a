//! Networks that have room for LoRAs from the beginning: they are loaded with a branch beside each weight that most LoRAs
//! change, fed with zeros, so that the first LoRA is a change like any other.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Folded, Loras, halves, is_usual};
use crate::cancel::Cancel;
use crate::error::{Result, Status};
use crate::models::component::{Also, Component};
use crate::models::device::Options;
use crate::models::layout::LISTENING;
use crate::models::lora::Part;
use crate::models::runtime::Runtime;
use crate::models::weights::{Weights, inputs};

impl Loras {
    /// A network of the model; with room for LoRAs where they are expected, it is one that they change, and it can be had so.
    ///
    /// # Errors
    /// As [`Component::load`].
    pub(crate) fn load(
        &mut self,
        (name, path): (&'static str, &Path),
        (runtime, options): (&'static Runtime, Options),
        cancel: &Cancel,
    ) -> Result<Component> {
        let named = |part: &Part| part.name() == name || (*part == Part::Unet && name == LISTENING);
        let part = [Part::Unet, Part::Text, Part::Text2].into_iter().find(named);
        // Another provider of the processor may leave a network to ONNX Runtime's own, which reads its file.
        let may = self.expected && self.why_not.is_none() && !options.is_processor;
        if let Some(part) = part.filter(|_| may) {
            match with_room(part, (name, path), (runtime, options), cancel) {
                Ok(Some((network, branches))) => {
                    self.folded.insert(name, Folded::with(branches));
                    return Ok(network);
                }
                Ok(None) => {}
                Err(error) if error.is_cancelled() || error.status == Status::Memory => return Err(error),
                Err(error) => log::warn!("there is no room for LoRAs: {error}"),
            }
        }
        Component::load(name, path, runtime, options, cancel)
    }
}

/// The network, and the modules that have a branch. None where none can have one.
fn with_room(
    part: Part,
    (name, path): (&'static str, &Path),
    by: (&'static Runtime, Options),
    cancel: &Cancel,
) -> Result<Option<(Component, BTreeSet<String>)>> {
    let weights = Weights::of(path)?;
    let (mut branches, mut zeros) = (BTreeSet::new(), Also::new());
    for (module, weight) in weights.changeable().filter(|(module, _)| is_usual(part, module)) {
        zeros.extend(inputs(module).into_iter().zip(halves(weight, &[])?));
        branches.insert(module.to_owned());
    }
    if branches.is_empty() {
        return Ok(None);
    }
    let model = weights.with_branches(&branches, part != Part::Unet)?;
    Ok(Some((Component::load_with((name, path), (&model, zeros), by, cancel)?, branches)))
}
