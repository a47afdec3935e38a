//! Session options for each device.

use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProvider, ExecutionProviderDispatch};
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};

use super::{Device, Kind, plugin};
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
}

/// What is to be tried first on a device.
pub(crate) fn precision(device: Device, runtime: &Runtime) -> Precision {
    let brain = device.kind == Kind::OpenVino
        && !in_full_for_tests()
        && has_brain_floats()
        && !is_built_in(device.kind).unwrap_or(true)
        && plugin::devices(device.kind, runtime).is_ok_and(|found| {
            found.get(usize::from(device.index)).is_some_and(|(_, card)| card.is_processor)
        });
    if brain { Precision::Brain } else { Precision::Full }
}

fn in_full_for_tests() -> bool {
    cfg!(debug_assertions) && std::env::var_os("SCUMBLE_TEST_FULL_PRECISION").is_some()
}

/// Whether the processor computes with bfloat16 itself.
#[cfg(target_arch = "x86_64")]
fn has_brain_floats() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_brain_floats() -> bool {
    false
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
        // DirectML takes no other.
        .with_memory_pattern(device.kind != Kind::DirectMl)?;
    if device.kind == Kind::Cpu {
        return Ok(builder);
    }
    if is_built_in(device.kind)? {
        let Some(provider) = by_name(options) else { return Ok(builder) };
        // An error, not a silent fall back to the CPU: that would be fifty times slower without a word.
        return Ok(builder.with_execution_providers([provider.error_on_failure()])?);
    }
    let devices = plugin::devices(device.kind, runtime).map_err(ort::Error::new)?;
    let Some((chosen, _)) = devices.into_iter().nth(device.index.into()) else {
        return Err(ort::Error::new(format!("there is no device {device}")));
    };
    let given = plugin_options(&chosen, options);
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

fn by_name(options: Options) -> Option<ExecutionProviderDispatch> {
    let index = i32::from(options.device.index);
    Some(match options.device.kind {
        Kind::Cpu => return None,
        Kind::TensorRtRtx => ep::NVRTX::default().with_device_id(options.device.index.into()).build(),
        Kind::Cuda => ep::CUDA::default().with_device_id(index).build(),
        Kind::MiGraphX => ep::MIGraphX::default().with_device_id(index).build(),
        Kind::WebGpu => ep::WebGPU::default().build(),
        Kind::OpenVino => {
            // The first device of OpenVINO is a graphics card, if there is one.
            let card = format!("AUTO:GPU.{index},CPU");
            let device = if index == 0 { "AUTO:GPU,CPU" } else { &card };
            ep::OpenVINO::default()
                .with_device_type(device)
                .with_arbitrary_config("load_config", openvino_config("CPU", options))
                .build()
        }
        Kind::DirectMl => ep::DirectML::default().with_device_id(index).build(),
        // The other format lacks most of what a U-Net is made of.
        Kind::CoreMl => ep::CoreML::default().with_model_format(ep::coreml::ModelFormat::MLProgram).build(),
    })
}

/// Keys have the provider's name before them.
fn plugin_options(chosen: &ort::device::Device<'_>, options: Options) -> Vec<(String, String)> {
    if options.device.kind != Kind::OpenVino {
        return Vec::new();
    }
    let name = match chosen.hardware_device().ty() {
        ort::memory::DeviceType::CPU => "CPU",
        // Cards and neural units compute as they do best.
        _ => return Vec::new(),
    };
    vec![("OpenVINOExecutionProvider.load_config".into(), openvino_config(name, options))]
}

/// Left to itself OpenVINO takes bfloat16 wherever the processor has it, and every core. Its cache of kernels is left out:
/// it mixes up those of attentions of different sizes (found with 2026.4: a U-Net at 16², then at 64², is off by 26 dB).
fn openvino_config(device: &str, options: Options) -> String {
    let precision = match options.precision {
        Precision::Full => "f32",
        Precision::Brain => "bf16",
    };
    let settings = serde_json::json!({
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": options.threads.to_string(),
        "CPU_RUNTIME_CACHE_CAPACITY": "0",
    });
    serde_json::json!({ device: settings }).to_string()
}
