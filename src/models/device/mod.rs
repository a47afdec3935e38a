//! Where a model runs: the device option (`auto`, `cpu`, `cuda`, `webgpu`, `openvino:1`, …), which of them are here, and
//! the session options that go with each.
//!
//! A provider is built into the ONNX Runtime that was loaded, or comes as a plug-in library that lies beside it or in
//! the user's runtime folder ([`plugin`]).

pub mod auto;
pub mod list;

mod openvino;
mod plugin;
mod probe;
mod provider;
mod vulkan;

use crate::error::{Error, Result, Status};
use crate::models::runtime::Runtime;

pub use list::{Listed, list};
pub(crate) use provider::{Options, Precision, memory, session_builder};

/// A kind of device, by the provider of ONNX Runtime that computes on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    /// NVIDIA, by kernels that are made for the card when a model is loaded.
    TensorRtRtx,
    /// NVIDIA.
    Cuda,
    /// AMD, on Linux.
    MiGraphX,
    /// Any maker's card: Vulkan, Direct3D 12 or Metal.
    WebGpu,
    /// Any maker's processor, and Intel's graphics cards.
    OpenVino,
    /// Any maker's card, on Windows.
    DirectMl,
    /// Apple.
    CoreMl,
}

impl Kind {
    /// All, in the order in which `auto` tries them; the CPU, which is left when none works, comes first in lists.
    pub const ALL: [Kind; 8] = [
        Kind::Cpu,
        Kind::TensorRtRtx,
        Kind::Cuda,
        Kind::MiGraphX,
        Kind::WebGpu,
        Kind::OpenVino,
        Kind::DirectMl,
        Kind::CoreMl,
    ];

    /// What the device option calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Cpu => "cpu",
            Kind::TensorRtRtx => "tensorrt-rtx",
            Kind::Cuda => "cuda",
            Kind::MiGraphX => "migraphx",
            Kind::WebGpu => "webgpu",
            Kind::OpenVino => "openvino",
            Kind::DirectMl => "directml",
            Kind::CoreMl => "coreml",
        }
    }

    /// What an artist calls it, where no card's name is known.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Cpu => "Processor",
            Kind::TensorRtRtx => "NVIDIA graphics card (TensorRT for RTX)",
            Kind::Cuda => "NVIDIA graphics card (CUDA)",
            Kind::MiGraphX => "AMD graphics card (MIGraphX)",
            Kind::WebGpu => "Graphics card of any make (WebGPU)",
            Kind::OpenVino => "Processor of any make, or Intel graphics card (OpenVINO)",
            Kind::DirectMl => "Graphics card of any make (DirectML, Windows)",
            Kind::CoreMl => "Apple graphics and neural engine (Core ML)",
        }
    }

    /// Whether there can be a second one.
    fn is_numbered(self) -> bool {
        !matches!(self, Kind::Cpu | Kind::CoreMl)
    }
}

/// A device that models are loaded on: the n-th of its kind, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub kind: Kind,
    pub index: u16,
}

impl Device {
    pub const CPU: Device = Device::first(Kind::Cpu);

    pub const fn first(kind: Kind) -> Device {
        Device { kind, index: 0 }
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            0 => f.write_str(self.kind.name()),
            index => write!(f, "{}:{index}", self.kind.name()),
        }
    }
}

/// What the device option asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The best that is here and takes the model, else the CPU.
    Auto,
    Only(Device),
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
        if matches!((name, index), ("" | "auto", Some(0))) {
            return Ok(Choice::Auto);
        }
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        match (kind, index) {
            (Some(kind), Some(index)) if index == 0 || kind.is_numbered() => {
                Ok(Choice::Only(Device { kind, index }))
            }
            _ => {
                let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                Err(Error::setting(format!(
                    "There is no device called \"{option}\"; choose auto, {}, or a second card as cuda:1 or \
                     webgpu:1.",
                    names.join(", ")
                )))
            }
        }
    }
}

/// Finds out whether a device that was asked for by name is there, and what is known about it.
///
/// # Errors
/// [`Status::Device`] with the reason, when it is not there.
pub(crate) fn find(device: Device, runtime: &Runtime) -> Result<Card> {
    probe::probe(device, runtime)
        .map_err(|why| Error::new(Status::Device, format!("The device \"{device}\" cannot be used: {why}.")))
}

/// What is known about a device without running a model on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// The card's own name.
    pub name: Option<String>,
    /// Bytes of its own memory.
    pub memory: Option<u64>,
    /// Whether it computes with 16-bit floats.
    pub half: Option<bool>,
    /// A program that acts as a card: for tests, and far slower than the processor itself.
    pub is_software: bool,
    /// The processor itself, by another provider.
    pub is_processor: bool,
}

/// Threads for one operator: as asked for, or all that this process may keep busy.
pub fn threads(asked: usize) -> usize {
    // More threads than any machine has is a slip of the caller, and ONNX Runtime would try to start them all.
    const MOST: usize = 1024;
    if asked > 0 { asked.min(MOST) } else { crate::budget::threads() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_option_is_read() {
        assert_eq!(Choice::parse("").unwrap(), Choice::Auto);
        assert_eq!(Choice::parse(" CPU").unwrap(), Choice::Only(Device::CPU));
        for kind in Kind::ALL {
            let first = Device::first(kind);
            assert_eq!(Choice::parse(kind.name()).unwrap(), Choice::Only(first));
            assert_eq!(first.to_string(), kind.name());
        }
        let second = Device { kind: Kind::Cuda, index: 1 };
        assert_eq!(Choice::parse("cuda:1").unwrap(), Choice::Only(second));
        assert_eq!(second.to_string(), "cuda:1");
        for wrong in ["gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "auto:2", "webgpu:70000", "coreml:1"] {
            let error = Choice::parse(wrong).unwrap_err();
            assert_eq!(error.status, Status::Setting);
            assert!(error.message.contains("cuda") && error.message.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn at_least_one_thread_works_and_never_too_many() {
        assert!(threads(0) >= 1);
        assert_eq!(threads(3), 3);
        assert_eq!(threads(usize::MAX), 1024);
    }
}
