//! Session options for each device.

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};

use super::{Device, Kind, openvino, plugin};
use crate::models::runtime::Runtime;

/// With how many digits a device computes, where it leaves the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// As the export says.
    Full,
    /// 32-bit floats as bfloat16.
    Brain,
}

/// How one component of a model is to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub device: Device,
    pub threads: usize,
    pub precision: Precision,
    /// The device is the processor, by another provider than ONNX Runtime's own: that computes what the other cannot.
    pub is_processor: bool,
}

impl Options {
    /// How a device is to be used first.
    pub fn new(device: Device, threads: usize, runtime: &Runtime) -> Options {
        let is_processor = openvino::is_processor(device, runtime);
        let precision = if is_processor { openvino::precision() } else { Precision::Full };
        Options { device, threads, precision, is_processor }
    }

    /// The same by the provider that every ONNX Runtime has.
    pub fn on_cpu(self) -> Options {
        Options { device: Device::CPU, precision: Precision::Full, is_processor: false, ..self }
    }
}

/// Session options for one component of a model.
pub(crate) fn session_builder(
    runtime: &Runtime,
    options: Options,
    level: GraphOptimizationLevel,
) -> ort::Result<SessionBuilder> {
    let Options { device, threads, .. } = options;
    let builder = Session::builder(&runtime.environment)?
        // `ort` would choose CoreML by itself on macOS.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_optimization_level(level)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        // A spinning thread would take a core from the brush between two jobs.
        .with_intra_op_spinning(false)?
        // Without VNNI, sums of products of signed weights of 8 bits overflow in 16: the slower kernels do not lose them.
        .with_config_entry("session.x64quantprecision", "1")?
        // DirectML takes no other.
        .with_memory_pattern(device.kind != Kind::DirectMl)?;
    if device.kind == Kind::Cpu {
        return Ok(builder);
    }
    if is_built_in(device.kind)? {
        let Some(provider) = by_name(options, runtime)? else { return Ok(builder) };
        // An error, not a silent fall back to the CPU: that would be fifty times slower without a word.
        return Ok(builder.with_execution_providers([provider.error_on_failure()])?);
    }
    let devices = plugin::devices(device.kind, runtime).map_err(ort::Error::new)?;
    let Some((chosen, _)) = devices.into_iter().nth(device.index.into()) else {
        return Err(ort::Error::new(format!("there is no device {device}")));
    };
    let given = match device.kind {
        Kind::OpenVino => openvino::plugin_options(&chosen, options),
        _ => Vec::new(),
    };
    Ok(builder.with_devices([chosen], Some(&given))?)
}

/// A device's memory; `None` where it is the process's own, or where it was never tried.
pub(crate) fn memory(device: Device) -> Option<MemoryInfo<'static>> {
    // ONNX Runtime has changed WebGPU's name for it.
    let names: &[&str] = match device.kind {
        Kind::WebGpu => &["WebGPU_Buf", "WebGPU_Buffer"],
        Kind::Cuda => &["Cuda"],
        Kind::Cpu | Kind::TensorRtRtx | Kind::MiGraphX | Kind::OpenVino | Kind::DirectMl | Kind::CoreMl => {
            &[]
        }
    };
    if !is_built_in(device.kind).unwrap_or(false) {
        return None;
    }
    let index = i32::from(device.index);
    let of = |name: &&str| {
        MemoryInfo::new(AllocationDevice::new(name), index, AllocatorType::Device, MemoryType::Default).ok()
    };
    names.iter().find_map(of)
}

/// Whether the loaded ONNX Runtime has the provider in itself.
pub(super) fn is_built_in(kind: Kind) -> ort::Result<bool> {
    match kind {
        Kind::Cpu => Ok(true),
        Kind::TensorRtRtx => ep::NVRTX::is_available(),
        Kind::Cuda => ep::CUDA::is_available(),
        Kind::MiGraphX => ep::MIGraphX::is_available(),
        Kind::WebGpu => ep::WebGPU::is_available(),
        Kind::OpenVino => ep::OpenVINO::is_available(),
        Kind::DirectMl => ep::DirectML::is_available(),
        Kind::CoreMl => ep::CoreML::is_available(),
    }
}

fn by_name(options: Options, runtime: &Runtime) -> ort::Result<Option<ExecutionProviderDispatch>> {
    let index = i32::from(options.device.index);
    Ok(Some(match options.device.kind {
        Kind::Cpu => return Ok(None),
        Kind::TensorRtRtx => ep::NVRTX::default().with_device_id(options.device.index.into()).build(),
        Kind::Cuda => ep::CUDA::default().with_device_id(index).build(),
        Kind::MiGraphX => ep::MIGraphX::default().with_device_id(index).build(),
        Kind::WebGpu => ep::WebGPU::default().build(),
        Kind::OpenVino => openvino::provider(options, runtime)?,
        Kind::DirectMl => ep::DirectML::default().with_device_id(index).build(),
        // The other format lacks most of what a U-Net is made of.
        Kind::CoreMl => ep::CoreML::default().with_model_format(ep::coreml::ModelFormat::MLProgram).build(),
    }))
}
