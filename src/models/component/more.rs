//! Networks with inputs that their files do not have: branches for LoRAs, and vectors in the place of words'.

use std::path::Path;

use super::bound::Bound;
use super::elsewhere::sessions;
use super::reading::Source;
use super::{Also, Component, Network};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::models::device::Options;
use crate::models::runtime::Runtime;
use crate::models::weights;

/// Whether an input is none of the file's.
pub(super) fn is_more(name: &str) -> bool {
    name.starts_with(weights::BRANCH) || weights::WORDS.contains(&name)
}

impl Component {
    /// Was it read with more inputs than its file has?
    pub fn has_more(&self) -> bool {
        !self.also.is_empty()
    }

    /// As [`Component::load`], from `model`, its file with more inputs, which get `also` in every run.
    ///
    /// # Errors
    /// As [`Component::load`].
    pub(crate) fn load_with(
        network: (&'static str, &Path),
        (model, also): (&[u8], Also),
        by: (&'static Runtime, Options),
        cancel: &Cancel,
    ) -> Result<Self> {
        Component::load_from(network, Source::Changed(model), also, by, cancel)
    }

    /// Reads the network again from `model`, its file with more inputs, which from then on get what [`Component::feed_also`]
    /// is given. Where that fails it stays as it was.
    ///
    /// # Errors
    /// As [`Component::load`].
    pub fn read_again(&mut self, model: &[u8], cancel: &Cancel) -> Result<()> {
        let Network { name, path, .. } = &self.network;
        let mut by = self.options;
        let source = Source::Changed(model);
        (self.session, self.exact) = sessions((*name, path), source, self.runtime, &mut by, cancel)?;
        self.is_by(by);
        self.bound = Bound::new(&self.session, self.options.device);
        self.also.clear();
        Ok(())
    }

    /// Says what inputs that the file does not have are fed in every run from now on. What they were fed until then.
    pub fn feed_also(&mut self, values: Also) -> Also {
        if let Some(bound) = &mut self.bound {
            values.iter().for_each(|(name, _)| bound.forget(name));
        }
        let changed = values.into_iter().filter_map(|(name, value)| {
            let before = self.also.insert(name.clone(), value)?;
            Some((name, before))
        });
        changed.collect()
    }
}
