//! From a file to a session.

use std::borrow::Cow;
use std::path::Path;

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Outlet;

use super::errors::{lacks_type, load_error, worth_a_second_try};
use super::kept::{Draft, Kept};
use super::links::Followed;
use super::{Port, brain, webgpu};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::{Kind, Options, Precision, session_builder};
use crate::models::runtime::{Runtime, out_of_memory};

/// Where a model that is read from memory has its other files (ONNX Runtime's name).
const WEIGHTS_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// What a network is read from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    File,
    /// What was made of the file, with inputs for LoRAs.
    Changed(&'a [u8]),
}

/// The same, ready to be read.
#[derive(Clone, Copy)]
enum Given<'a> {
    File(&'a Path),
    /// And the folder in which its other files are.
    Model(&'a [u8], &'a Path),
}

impl<'a> Given<'a> {
    /// All of the model, to be changed.
    fn whole(self) -> Cow<'a, [u8]> {
        match self {
            Given::Model(model, _) => Cow::Borrowed(model),
            Given::File(file) => std::fs::read(file).unwrap_or_default().into(),
        }
    }

    /// Where its other files are: beside the file, if nothing else is said.
    fn folder(self, beside: &'a Path) -> &'a Path {
        match self {
            Given::Model(_, folder) => folder,
            Given::File(_) => beside,
        }
    }
}

/// Reads a network; where the device rounds, also with all digits.
pub(super) fn sessions(
    (name, path): (&'static str, &Path),
    source: Source<'_>,
    runtime: &Runtime,
    options: Options,
    cancel: &Cancel,
) -> Result<(Session, Option<Session>)> {
    let device = options.device;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let followed = match source {
        Source::File => Followed::of_file(path, folder),
        Source::Changed(model) => Followed::of(model, folder),
    };
    let own = match (&followed, source) {
        (Some(Followed { model, folder }), _) => Given::Model(model, folder),
        (None, Source::Changed(model)) => Given::Model(model, folder),
        (None, Source::File) => Given::File(path),
    };
    let mended = match device.kind {
        Kind::WebGpu => webgpu::mended(name, path, || own.whole()),
        _ => None,
    };
    let own = match &mended {
        Some(model) => Given::Model(model, own.folder(folder)),
        None => own,
    };
    let read = |precision| -> Result<Session> {
        let options = Options { precision, ..options };
        let commit = |level, from: Given<'_>, draft: Option<&Draft<'_>>| -> ort::Result<Session> {
            let mut builder = session_builder(runtime, options, level)?;
            if let Given::Model(_, folder) = from {
                let folder = folder.to_str().ok_or_else(|| {
                    ort::Error::new("its folder's path has letters that are no Unicode; move the model")
                })?;
                builder = builder.with_config_entry(WEIGHTS_FOLDER, folder)?;
            }
            if let Some(draft) = draft {
                builder = draft.written_by(builder)?;
            }
            let canceler = builder.canceler();
            let _hooked = cancel.hook(move || {
                // It fails only if the load has ended by itself.
                let _ = canceler.cancel();
            });
            match from {
                Given::Model(model, _) => builder.commit_from_memory(model),
                Given::File(file) => builder.commit_from_file(file),
            }
        };
        // Of a graph with branches what is kept makes the last bits of the picture others.
        let kept = match source {
            Source::File => Kept::of(name, path, runtime, options),
            Source::Changed(_) => None,
        };
        if let Some((kept, graph)) = kept.as_ref().and_then(|kept| Some((kept, kept.ready()?))) {
            match commit(GraphOptimizationLevel::Disable, Given::File(&graph), None) {
                Ok(session) => return Ok(session),
                Err(error) => {
                    cancel.check()?;
                    // It is not the graph's fault.
                    if !out_of_memory(error.message()) {
                        kept.discard(error.message());
                    }
                }
            }
        }
        let all = GraphOptimizationLevel::All;
        let first = match kept.as_ref().and_then(Kept::draft) {
            None => commit(all, own, None),
            Some(draft) => match commit(all, own, Some(&draft)) {
                Ok(session) => {
                    draft.keep();
                    Ok(session)
                }
                Err(error) if cancel.is_cancelled() => Err(error),
                Err(error) => {
                    log::info!("no optimised graph of {} is kept: {}", path.display(), error.message());
                    drop(draft);
                    commit(all, own, None)
                }
            },
        };
        let session = first.or_else(|error| {
            // Some fp16 exports crash the layout optimiser, the part that All has over Level2.
            if cancel.is_cancelled() || !worth_a_second_try(error.code()) {
                return Err(error);
            }
            commit(GraphOptimizationLevel::Level2, own, None).map_err(|_| error)
        });
        let session = session.or_else(|error| {
            if cancel.is_cancelled() || !lacks_type(&error) {
                return Err(error);
            }
            let Some(wide) = brain::in_floats(&own.whole()) else { return Err(error) };
            log::info!("the {name} computes in bfloat16, which {device} cannot: it is read in 32 bits");
            commit(all, Given::Model(&wide, own.folder(folder)), None).map_err(|_| error)
        });
        cancel.check()?;
        session.map_err(|error| load_error(name, path, device, &error))
    };
    let session = read(options.precision)?;
    let exact = match options.precision {
        Precision::Full => None,
        Precision::Brain => Some(read(Precision::Full)?),
    };
    Ok((session, exact))
}

/// What a session takes or gives.
///
/// # Errors
/// [`Status::ModelUnsupported`] for what is no tensor.
pub(super) fn ports(name: &str, path: &Path, outlets: &[Outlet]) -> Result<Vec<Port>> {
    outlets
        .iter()
        .map(|outlet| {
            let (Some(element), Some(shape)) = (outlet.dtype().tensor_type(), outlet.dtype().tensor_shape())
            else {
                return Err(Error::new(
                    Status::ModelUnsupported,
                    format!(
                        "The {name} in {} cannot be used: \"{}\" is not a tensor; choose another export.",
                        path.display(),
                        outlet.name()
                    ),
                ));
            };
            Ok(Port { name: outlet.name().to_owned(), element, shape: shape.iter().copied().collect() })
        })
        .collect()
}
