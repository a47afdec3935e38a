//! Where a model runs: the device option (`auto`, `cpu`, `cuda`, `cuda:1`), and the session options that go with it.

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};

use crate::error::{Error, Result, Status};
use crate::models::runtime::{Runtime, one_line};

/// A device that models are loaded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    Cpu,
    /// The n-th CUDA device, from 0.
    Cuda(i32),
}

/// What the device option asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The fastest that is there: CUDA, else the CPU.
    Auto,
    Only(Device),
}

/// One line of `scumble info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the device option calls it.
    pub name: String,
    /// Why it cannot be used; None if it can.
    pub why_not: Option<String>,
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(0) => f.write_str("cuda"),
            Device::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl Choice {
    /// Reads the device option. The empty text means `auto`.
    ///
    /// # Errors
    /// [`Status::Setting`] for a name that is not known.
    pub fn parse(option: &str) -> Result<Self> {
        let option = option.trim().to_ascii_lowercase();
        let (name, index) = match option.split_once(':') {
            Some((name, index)) => (name, index.parse::<u16>().ok()),
            None => (option.as_str(), Some(0)),
        };
        match (name, index) {
            ("" | "auto", Some(0)) => Ok(Choice::Auto),
            ("cpu", Some(0)) => Ok(Choice::Only(Device::Cpu)),
            ("cuda", Some(index)) => Ok(Choice::Only(Device::Cuda(i32::from(index)))),
            _ => Err(Error::setting(format!(
                "There is no device called \"{option}\"; choose auto, cpu, cuda or cuda:1 (and so on)."
            ))),
        }
    }
}

/// The device that an option gets on this machine.
///
/// # Errors
/// [`Status::Device`] with the reason, when a device is asked for by name and is not there.
pub fn resolve(choice: Choice, runtime: &Runtime) -> Result<Device> {
    match choice {
        Choice::Auto => match probe(Device::Cuda(0), runtime) {
            Ok(()) => Ok(Device::Cuda(0)),
            Err(why) => {
                log::info!("auto takes the cpu; cuda: {why}");
                Ok(Device::Cpu)
            }
        },
        Choice::Only(device) => match probe(device, runtime) {
            Ok(()) => Ok(device),
            Err(why) => Err(Error::new(
                Status::Device,
                format!("The device \"{device}\" cannot be used: {why}; choose auto or cpu."),
            )),
        },
    }
}

/// Every kind of device that this library knows, usable or not.
pub fn list(runtime: &Runtime) -> Vec<Listed> {
    [Device::Cpu, Device::Cuda(0)]
        .into_iter()
        .map(|device| Listed { name: device.to_string(), why_not: probe(device, runtime).err() })
        .collect()
}

/// Threads for one operator: as asked for, or all that this process may keep busy.
pub fn threads(asked: usize) -> usize {
    // More threads than any machine has is a slip of the caller, and ONNX Runtime would try to start them all.
    const MOST: usize = 1024;
    if asked > 0 { asked.min(MOST) } else { crate::budget::threads() }
}

/// Why `device` cannot be used, found out by running nothing on it: a session with one Identity in it.
fn probe(device: Device, runtime: &Runtime) -> std::result::Result<(), String> {
    if device == Device::Cpu {
        return Ok(());
    }
    if !cuda_in_runtime().map_err(|e| one_line(e.message()))? {
        return Err(format!(
            "the ONNX Runtime at {} was built without CUDA (install the GPU build of ONNX Runtime)",
            runtime.path.display()
        ));
    }
    session_builder(runtime, device, 1, GraphOptimizationLevel::Disable)
        .and_then(|mut builder| builder.commit_from_memory(IDENTITY))
        .map(drop)
        .map_err(|e| one_line(e.message()))
}

#[cfg(feature = "cuda")]
fn cuda_in_runtime() -> ort::Result<bool> {
    ep::CUDA::is_available()
}

#[cfg(not(feature = "cuda"))]
fn cuda_in_runtime() -> ort::Result<bool> {
    Ok(false)
}

/// Session options for one component of a model.
pub(crate) fn session_builder(
    runtime: &Runtime,
    device: Device,
    threads: usize,
    level: GraphOptimizationLevel,
) -> ort::Result<SessionBuilder> {
    let mut builder = Session::builder(&runtime.environment)?
        // `ort` would choose CoreML by itself on macOS.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_optimization_level(level)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        // A spinning thread would take a core from the brush between two jobs.
        .with_intra_op_spinning(false)?;
    if let Some(provider) = provider(device) {
        builder = builder.with_execution_providers([provider])?;
    }
    Ok(builder)
}

fn provider(device: Device) -> Option<ExecutionProviderDispatch> {
    match device {
        Device::Cpu => None,
        #[cfg(feature = "cuda")]
        // An error, not a silent fall back to the CPU: that would be fifty times slower without a word.
        Device::Cuda(index) => Some(ep::CUDA::default().with_device_id(index).build().error_on_failure()),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => None,
    }
}

/// A ModelProto: ir_version 8, opset 13, graph "g" with y = Identity(x), both float\[1\].
const IDENTITY: &[u8] = &[
    0x08, 0x08, 0x3a, 0x37, 0x0a, 0x10, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x08, 0x49, 0x64, 0x65,
    0x6e, 0x74, 0x69, 0x74, 0x79, 0x12, 0x01, 0x67, 0x5a, 0x0f, 0x0a, 0x01, 0x78, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x62, 0x0f, 0x0a, 0x01, 0x79, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_option_is_read() {
        assert_eq!(Choice::parse("").unwrap(), Choice::Auto);
        assert_eq!(Choice::parse(" CPU").unwrap(), Choice::Only(Device::Cpu));
        assert_eq!(Choice::parse("cuda:1").unwrap(), Choice::Only(Device::Cuda(1)));
        assert_eq!(Device::Cuda(1).to_string(), "cuda:1");
        for wrong in ["gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "auto:2"] {
            let error = Choice::parse(wrong).unwrap_err();
            assert_eq!(error.status, Status::Setting);
            assert!(error.message.contains("cuda"), "{error}");
        }
    }

    #[test]
    fn at_least_one_thread_works_and_never_too_many() {
        assert!(threads(0) >= 1);
        assert_eq!(threads(3), 3);
        assert_eq!(threads(usize::MAX), 1024);
    }
}
