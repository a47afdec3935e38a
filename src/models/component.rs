//! One network of a model (text encoder, U-Net, VAE encoder, VAE decoder) in an ONNX Runtime session.
//!
//! Exports differ in element types, ranks and fixed sizes, so all of that is read from the session; callers
//! speak `f32` and `i64`, and conversion happens here, once, only where the types differ.

pub(crate) mod errors;
mod kept;
mod numbers;
mod reading;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, Outlet, TensorElementType};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::{Device, Kind, Options};
use crate::models::runtime::{Runtime, faults};
use errors::failed;
use numbers::{floats, is_near, value};
use reading::sessions;

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
}

/// What is fed to inputs that a file does not declare, by name.
pub type Also = Vec<(String, DynValue)>;

/// A session that is ready to run.
pub struct Component {
    network: Network,
    session: Session,
    /// The same with all digits, until the first run has shown whether it is needed.
    exact: Option<Session>,
    /// What is fed in every run besides what the network declares: the inputs of [`Component::read_again`].
    also: BTreeMap<String, DynValue>,
    runtime: &'static Runtime,
    options: Options,
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
        let (session, exact) = sessions((name, path), None, runtime, options, cancel)?;
        let inputs = ports(name, path, session.inputs())?;
        let outputs = ports(name, path, session.outputs())?;
        let network = Network { name, path: path.to_path_buf(), device: options.device, inputs, outputs };
        Ok(Component { network, session, exact, also: BTreeMap::new(), runtime, options })
    }

    /// Reads the network again from `model`, its file with more inputs, which from then on get what [`Component::feed_also`]
    /// is given. Where that fails it stays as it was.
    ///
    /// # Errors
    /// As [`Component::load`].
    pub fn read_again(&mut self, model: &[u8], cancel: &Cancel) -> Result<()> {
        let Network { name, path, .. } = &self.network;
        (self.session, self.exact) =
            sessions((*name, path), Some(model), self.runtime, self.options, cancel)?;
        self.also.clear();
        Ok(())
    }

    /// Says what inputs that the file does not have are fed in every run from now on.
    pub fn feed_also(&mut self, values: Also) {
        self.also.extend(values);
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
        let also = &self.also;
        let made = self.network.run(&mut self.session, (feeds, also), wanted, cancel, spent)?;
        let Some(mut exact) = self.exact.take() else { return Ok(made) };
        let right = self.network.run(&mut exact, (feeds, also), wanted, cancel, spent)?;
        let near = made.iter().zip(&right).all(|(made, right)| is_near(made, right));
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

impl Network {
    fn run(
        &self,
        session: &mut Session,
        (feeds, also): (&[(&str, Feed<'_>)], &BTreeMap<String, DynValue>),
        wanted: &[&str],
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<ArrayD<f32>>> {
        cancel.check()?;
        let fed = |port: &Port| feeds.iter().any(|(name, _)| *name == port.name);
        if let Some(port) = self.inputs.iter().find(|port| !fed(port)) {
            return Err(self.unsupported(&format!("it wants an input called \"{}\"", port.name)));
        }
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> =
            Vec::with_capacity(feeds.len() + also.len());
        for (name, feed) in feeds {
            let port = self
                .inputs
                .iter()
                .find(|port| port.name == *name)
                .ok_or_else(|| self.unsupported(&format!("it has no input called \"{name}\"")))?;
            let value = value(feed, port).map_err(|e| self.failed(&e))?.ok_or_else(|| {
                self.unsupported(&format!("its input \"{name}\" is of the type {}", port.element))
            })?;
            values.push((Cow::Borrowed(*name), value));
        }
        values.extend(also.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), value.into())));
        let options = Arc::new(RunOptions::new().map_err(|e| self.failed(&e))?);
        let terminator = Arc::clone(&options);
        let hooked = cancel.hook(move || {
            // It cannot fail, and there would be nobody to tell.
            let _ = terminator.terminate();
        });
        let faults = faults::count();
        let start = Instant::now();
        let outputs = match lost::now(self.name, self.device) {
            false => session.run_with_options(values, &options),
            true => Err(ort::Error::new("WebGPU device lost (1): a test has taken it away")),
        };
        let took = start.elapsed();
        *spent += took;
        log::trace!("{} ran for {} ms", self.name, took.as_millis());
        drop(hooked);
        // First: a terminated run fails with a general error, which is not to be taken for one.
        cancel.check()?;
        let outputs = outputs.map_err(|error| self.failed(&error))?;
        let mut made = Vec::with_capacity(wanted.len());
        for name in wanted {
            let missing = || Error::new(Status::Inference, format!("The {} gave no \"{name}\".", self.name));
            let value = outputs.get(*name).ok_or_else(missing)?;
            made.push(floats(value).map_err(|error| self.failed(&error))?);
        }
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

fn ports(name: &str, path: &Path, outlets: &[Outlet]) -> Result<Vec<Port>> {
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

/// Where tests take the device away: SCUMBLE_TEST_LOST_DEVICE is "NETWORK N", the run that fails, from 1. Not in release
/// builds.
mod lost {
    use super::Device;

    #[cfg(not(debug_assertions))]
    pub fn now(_: &str, _: Device) -> bool {
        false
    }

    #[cfg(debug_assertions)]
    pub fn now(name: &str, device: Device) -> bool {
        use std::sync::atomic::{AtomicU32, Ordering};
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let Ok(order) = std::env::var("SCUMBLE_TEST_LOST_DEVICE") else { return false };
        let Some((wanted, run)) = order.split_once(' ') else { return false };
        if device.kind == super::Kind::Cpu || wanted != name {
            return false;
        }
        RUNS.fetch_add(1, Ordering::Relaxed) + 1 >= run.parse().unwrap_or(u32::MAX)
    }
}
