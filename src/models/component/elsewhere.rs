//! Networks that another provider of the processor cannot run: ONNX Runtime's own computes them, on the same processor.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ort::session::Session;

use super::Component;
use super::reading::{self, Source};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::Options;
use crate::models::runtime::Runtime;

/// Whether that has become of a network; it may until the end of its first run.
pub type Elsewhere = Arc<AtomicBool>;

/// The names of those that it has become of, each once.
pub fn moved<'a>(all: &[(&'a str, Elsewhere)]) -> Vec<&'a str> {
    let mut names: Vec<&str> =
        all.iter().filter(|(_, moved)| moved.load(Ordering::Relaxed)).map(|(name, _)| *name).collect();
    names.dedup();
    names
}

/// Reads a network as [`reading::sessions`] does; where that fails, perhaps by ONNX Runtime's own provider. `options` says by
/// which in the end.
pub(super) fn sessions(
    network: (&'static str, &Path),
    source: Source<'_>,
    runtime: &Runtime,
    options: &mut Options,
    cancel: &Cancel,
) -> Result<(Session, Option<Session>)> {
    match reading::sessions(network, source, runtime, *options, cancel) {
        Err(error) if options.is_processor && is_of_provider(&error) => {
            let own = options.on_cpu();
            let read = reading::sessions(network, source, runtime, own, cancel);
            cancel.check()?;
            // Where neither takes it, it is the network's fault, told by the one that was asked for.
            let Ok(read) = read else { return Err(error) };
            log::warn!("{error}; ONNX Runtime itself takes the {}", network.0);
            *options = own;
            Ok(read)
        }
        read => read,
    }
}

impl Component {
    /// See [`Elsewhere`].
    pub fn elsewhere(&self) -> Elsewhere {
        Arc::clone(&self.elsewhere)
    }

    /// After a run that has failed: reads the network anew by ONNX Runtime's own provider, if it has never run by the other. One
    /// with more inputs than its file has stays: without those inputs it would fail in every run to come.
    ///
    /// # Errors
    /// The same one, where that is no way on; [`Status::Cancelled`].
    pub(super) fn go_elsewhere(&mut self, error: Error, cancel: &Cancel) -> Result<()> {
        if self.proven || self.has_more() || !self.options.is_processor || !is_of_provider(&error) {
            return Err(error);
        }
        let own = self.options.on_cpu();
        let network = (self.network.name, self.network.path.as_path());
        let read = reading::sessions(network, Source::File, self.runtime, own, cancel);
        cancel.check()?;
        let Ok(read) = read else { return Err(error) };
        log::warn!("{error} ONNX Runtime itself computes the {}", self.network.name);
        (self.session, self.exact) = read;
        self.is_by(own);
        Ok(())
    }

    /// Notes by which provider the network was read.
    pub(super) fn is_by(&mut self, options: Options) {
        let moved = self.options.is_processor && !options.is_processor;
        self.elsewhere.fetch_or(moved, Ordering::Relaxed);
        self.options = options;
        self.network.device = options.device;
    }
}

/// Whether another provider may do better.
fn is_of_provider(error: &Error) -> bool {
    !matches!(error.status, Status::Cancelled | Status::Memory | Status::ModelMissing)
}
