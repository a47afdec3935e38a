//! One network of a model (text encoder, U-Net, VAE encoder, VAE decoder) in an ONNX Runtime session.
//!
//! Exports differ in element types, ranks and fixed sizes, so all of that is read from the session; callers
//! speak `f32` and `i64`, and conversion happens here, once, only where the types differ.

mod bound;
mod brain;
mod channels;
mod elsewhere;
pub(crate) mod errors;
mod kept;
mod links;
mod lost;
mod made;
mod more;
mod numbers;
mod reading;
mod webgpu;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::{Device, Kind, Options};
use crate::models::runtime::{Runtime, faults};
use bound::Bound;
use elsewhere::sessions;
pub use elsewhere::{Elsewhere, moved};
use errors::failed;
pub use made::Made;
use numbers::{floats, is_near, value};
use reading::{Source, ports};

/// An input or output as the export declares it.
#[derive(Debug, Clone)]
pub struct Port {
    pub name: String,
    pub element: TensorElementType,
    /// −1 where any size is taken.
    pub shape: Vec<i64>,
}

impl Port {
    /// Size of dimension `axis`, where the export is fixed to one.
    pub fn fixed(&self, axis: usize) -> Option<usize> {
        self.shape.get(axis).and_then(|&size| usize::try_from(size).ok())
    }
}

/// What is fed to an input.
pub enum Feed<'a> {
    /// Numbers of the given shape, converted to the input's floating-point type.
    Floats(&'a [usize], &'a [f32]),
    /// Token numbers of the given shape, converted to the input's integer type.
    Ids(&'a [usize], &'a [i64]),
    /// One number, as a scalar or as a list of one, in whatever type the input wants (a timestep).
    Number(f32),
    /// What another network on the same device has made, as it is: in the input's own type.
    Made(&'a Made),
}

/// What is fed to inputs that a file does not declare, by name.
pub type Also = Vec<(String, DynValue)>;

/// A session that is ready to run.
pub struct Component {
    network: Network,
    session: Session,
    /// The same with all digits, until the first run has shown whether it is needed.
    exact: Option<Session>,
    /// What lies on the device, where that has memory of its own.
    bound: Option<Bound>,
    /// What is fed in every run besides what the network declares: the inputs of [`Component::read_again`].
    also: BTreeMap<String, DynValue>,
    runtime: &'static Runtime,
    options: Options,
    /// It has run once.
    proven: bool,
    elsewhere: Elsewhere,
}

/// What is to be said of a session, whichever.
struct Network {
    /// What to call it in a message: `unet`, `vae_decoder`, …
    name: &'static str,
    path: PathBuf,
    device: Device,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Component {
    /// Reads the network at `path` onto a device. Ends early when `cancel` asks for it.
    ///
    /// # Errors
    /// [`Status::Cancelled`], [`Status::ModelMissing`], [`Status::ModelBroken`], [`Status::ModelUnsupported`],
    /// [`Status::Device`] or [`Status::Memory`].
    pub(crate) fn load(
        name: &'static str,
        path: &Path,
        runtime: &'static Runtime,
        options: Options,
        cancel: &Cancel,
    ) -> Result<Self> {
        Component::load_from((name, path), Source::File, Also::new(), (runtime, options), cancel)
    }

    fn load_from(
        (name, path): (&'static str, &Path),
        source: Source<'_>,
        also: Also,
        (runtime, options): (&'static Runtime, Options),
        cancel: &Cancel,
    ) -> Result<Self> {
        let mut by = options;
        let (session, exact) = sessions((name, path), source, runtime, &mut by, cancel)?;
        let mut inputs = ports(name, path, session.inputs())?;
        inputs.retain(|port| !more::is_more(&port.name));
        let also = BTreeMap::from_iter(also);
        let outputs = ports(name, path, session.outputs())?;
        let network = Network { name, path: path.to_path_buf(), device: options.device, inputs, outputs };
        let bound = Bound::new(&session, by.device);
        let elsewhere = Elsewhere::default();
        let mut read =
            Component { network, session, exact, bound, also, runtime, options, proven: false, elsewhere };
        read.is_by(by);
        Ok(read)
    }

    /// Does what it makes stay in a device's memory where [`Component::make`] is told so?
    pub fn keeps(&self) -> bool {
        self.bound.is_some()
    }

    pub fn name(&self) -> &'static str {
        self.network.name
    }

    /// Threads for one operator.
    pub fn threads(&self) -> usize {
        self.options.threads
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.network.path
    }

    pub fn inputs(&self) -> &[Port] {
        &self.network.inputs
    }

    /// The input called `name`.
    pub fn input(&self, name: &str) -> Option<&Port> {
        self.network.inputs.iter().find(|port| port.name == name)
    }

    pub fn outputs(&self) -> &[Port] {
        &self.network.outputs
    }

    /// The first of `names` that is an output, else the first output of `rank` dimensions.
    ///
    /// # Errors
    /// [`Status::ModelUnsupported`] if there is neither.
    pub fn output(&self, names: &[&str], rank: usize) -> Result<&Port> {
        names
            .iter()
            .find_map(|name| self.outputs().iter().find(|port| port.name == *name))
            .or_else(|| self.outputs().iter().find(|port| port.shape.len() == rank))
            .ok_or_else(|| self.unsupported(&format!("it has no output like {}", names.join(" or "))))
    }

    /// An error for an export whose inputs or outputs are not those of a Stable Diffusion model.
    pub fn unsupported(&self, why: &str) -> Error {
        self.network.unsupported(why)
    }

    /// Runs the network and returns the output called `output` as `f32`. The time inside ONNX Runtime is
    /// added to `spent`. Ends early when `cancel` asks for it.
    ///
    /// # Errors
    /// [`Status::Cancelled`], [`Status::Inference`], [`Status::Memory`]; [`Status::ModelUnsupported`] for an
    /// input of a type that the feed cannot be converted to, or that is not fed at all.
    pub fn run(
        &mut self,
        feeds: &[(&str, Feed<'_>)],
        output: &str,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<ArrayD<f32>> {
        let [only] = self.run_for(feeds, [output], cancel, spent)?;
        Ok(only)
    }

    /// The same for several outputs, in one run.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn run_for<const N: usize>(
        &mut self,
        feeds: &[(&str, Feed<'_>)],
        wanted: [&str; N],
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<[ArrayD<f32>; N]> {
        let made = self.run_for_all(feeds, &wanted, cancel, spent)?;
        made.try_into().map_err(|_| Error::new(Status::Internal, "A network made too few outputs."))
    }

    /// The same for any number of outputs.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn run_for_all(
        &mut self,
        feeds: &[(&str, Feed<'_>)],
        wanted: &[&str],
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<ArrayD<f32>>> {
        let made = self.make(feeds, wanted, false, cancel, spent)?;
        made.iter().map(|made| floats(&made.0).map_err(|error| self.network.failed(&error))).collect()
    }

    /// The same, with the numbers where ONNX Runtime has put them: where it `stays`, in the memory of a device that
    /// [`Component::keeps`] them, for a network on the same device to read.
    ///
    /// # Errors
    /// As [`Component::run`].
    pub fn make(
        &mut self,
        feeds: &[(&str, Feed<'_>)],
        wanted: &[&str],
        stays: bool,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<Made>> {
        let Component { network, session, bound, also, .. } = self;
        let asked = Asked { feeds, also, wanted, stays };
        let mut made = network.run(session, bound.as_mut(), &asked, cancel, spent);
        if let Err(error) = &made
            && !error.is_cancelled()
            && bound.take_if(|bound| !bound.proven).is_some()
        {
            log::warn!("the {} keeps nothing on {}: {error}", network.name, network.device);
            made = network.run(session, None, &asked, cancel, spent);
        }
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                self.go_elsewhere(error, cancel)?;
                let Component { network, session, also, .. } = self;
                let asked = Asked { feeds, also, wanted, stays };
                network.run(session, None, &asked, cancel, spent)?
            }
        };
        self.proven = true;
        let Some(mut exact) = self.exact.take() else { return Ok(made) };
        let asked = Asked { feeds, also: &self.also, wanted, stays };
        let right = self.network.run(&mut exact, None, &asked, cancel, spent)?;
        let mut near = true;
        for (made, right) in made.iter().zip(&right) {
            let read = |made: &Made| floats(&made.0).map_err(|error| self.network.failed(&error));
            near &= is_near(&read(made)?, &read(right)?);
        }
        match near {
            true => log::info!("the {} runs in bfloat16", self.network.name),
            false => {
                log::info!(
                    "the {} runs in full precision: bfloat16 changes what it gives",
                    self.network.name
                );
                self.session = exact;
            }
        }
        Ok(right)
    }
}

/// What one run is for.
struct Asked<'a> {
    feeds: &'a [(&'a str, Feed<'a>)],
    also: &'a BTreeMap<String, DynValue>,
    wanted: &'a [&'a str],
    stays: bool,
}

impl Network {
    fn run(
        &self,
        session: &mut Session,
        mut bound: Option<&mut Bound>,
        asked: &Asked<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<Made>> {
        cancel.check()?;
        let faults = faults::count();
        let Asked { feeds, also, wanted, stays } = *asked;
        let fed = |port: &Port| feeds.iter().any(|(name, _)| *name == port.name);
        if let Some(port) = self.inputs.iter().find(|port| !fed(port)) {
            return Err(self.unsupported(&format!("it wants an input called \"{}\"", port.name)));
        }
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> =
            Vec::with_capacity(feeds.len() + also.len());
        let mut sent = 0;
        for (name, feed) in feeds {
            let port = self
                .inputs
                .iter()
                .find(|port| port.name == *name)
                .ok_or_else(|| self.unsupported(&format!("it has no input called \"{name}\"")))?;
            if bound.as_ref().is_some_and(|bound| bound.has(name, feed)) {
                continue;
            }
            let value =
                value(feed, port, bound.is_some()).map_err(|e| self.failed(&e))?.ok_or_else(|| {
                    self.unsupported(&format!("its input \"{name}\" is of the type {}", port.element))
                })?;
            sent += usize::from(!matches!(feed, Feed::Made(_)));
            match &mut bound {
                Some(bound) => bound.feed(name, &value, Some(feed)).map_err(|e| self.failed(&e))?,
                None => values.push((Cow::Borrowed(*name), value)),
            }
        }
        for (name, value) in also {
            match &mut bound {
                Some(bound) if bound.is_fed(name) => continue,
                Some(bound) => bound.feed(name, value, None).map_err(|e| self.failed(&e))?,
                None => values.push((Cow::Borrowed(name.as_str()), value.into())),
            }
            sent += 1;
        }
        let options = Arc::new(RunOptions::new().map_err(|e| self.failed(&e))?);
        let terminator = Arc::clone(&options);
        let hooked = cancel.hook(move || {
            // It cannot fail, and there would be nobody to tell.
            let _ = terminator.terminate();
        });
        let start = Instant::now();
        let outputs = match (lost::now(self.name, self.device), bound) {
            (true, _) => Err(ort::Error::new("WebGPU device lost (1): a test has taken it away")),
            (false, Some(bound)) => bound.run(session, wanted, stays, &options),
            (false, None) => session.run_with_options(values, &options).map(|mut outputs| {
                let made = wanted.iter().map(|name| outputs.remove(name));
                made.collect()
            }),
        };
        let took = start.elapsed();
        *spent += took;
        let (ms, all) = (took.as_millis(), feeds.len() + also.len());
        let put = if stays { "stays there" } else { "comes back" };
        log::trace!("{} ran for {ms} ms; {sent} of {all} inputs were sent, what it made {put}", self.name);
        drop(hooked);
        // First: a terminated run fails with a general error, which is not to be taken for one.
        cancel.check()?;
        let outputs = outputs.map_err(|error| self.failed(&error))?;
        let missing =
            |name: &str| Error::new(Status::Inference, format!("The {} gave no \"{name}\".", self.name));
        let made = wanted.iter().zip(outputs).map(|(name, made)| made.map(Made).ok_or_else(|| missing(name)));
        let made = made.collect::<Result<_>>()?;
        // WebGPU only logs that a command failed, and goes on with numbers that mean nothing.
        match faults::since(faults) {
            Some(fault) if self.device.kind == Kind::WebGpu => {
                Err(errors::lost(self.name, self.device, &fault))
            }
            _ => Ok(made),
        }
    }

    fn unsupported(&self, why: &str) -> Error {
        Error::new(
            Status::ModelUnsupported,
            format!(
                "The {} in {} cannot be used: {why}; choose another export of the model.",
                self.name,
                self.path.display()
            ),
        )
    }

    fn failed(&self, error: &ort::Error) -> Error {
        failed(self.name, &self.path, self.device, error)
    }
}
