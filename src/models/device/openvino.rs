//! What is OpenVINO's own: its devices where ONNX Runtime has it in itself, with how many digits it computes, its settings.

use std::sync::OnceLock;

use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel};

use super::probe::IDENTITY;
use super::provider::{Options, Precision, is_built_in};
use super::{Card, Device, Kind, plugin};
use crate::models::runtime::{Runtime, one_line};

/// OpenVINO's name for the processor, whoever made it.
const PROCESSOR: &str = "CPU";

/// The devices that the provider in ONNX Runtime itself has here, as OpenVINO calls them: graphics cards, and the processor
/// after them. It does not list them, so they are tried; once, since only one ONNX Runtime is loaded.
fn targets(runtime: &Runtime) -> &'static [String] {
    // There may be more; nobody has them.
    const MOST: usize = 8;
    static FOUND: OnceLock<Vec<String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let cards = (0..MOST).map(|index| match index {
            0 => "GPU".to_owned(),
            _ => format!("GPU.{index}"),
        });
        let opened = cards.take_while(|card| match opens(card, runtime) {
            Ok(()) => true,
            Err(error) => {
                log::debug!("OpenVINO has no {card} here: {}", one_line(error.message()));
                false
            }
        });
        opened.chain([PROCESSOR.to_owned()]).collect()
    })
}

fn opens(target: &str, runtime: &Runtime) -> ort::Result<()> {
    let provider = ep::OpenVINO::default().with_device_type(target).build().error_on_failure();
    Session::builder(&runtime.environment)?
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_optimization_level(GraphOptimizationLevel::Disable)?
        .with_execution_providers([provider])?
        .commit_from_memory(IDENTITY)
        .map(drop)
}

/// The device with this number, where ONNX Runtime has the provider in itself.
///
/// # Errors
/// That there is none, as a part of a sentence.
pub(super) fn built_in(index: u16, runtime: &Runtime) -> Result<Card, String> {
    card_of(targets(runtime), index)
}

fn card_of(targets: &[String], index: u16) -> Result<Card, String> {
    let count = targets.len();
    let target = targets
        .get(usize::from(index))
        .ok_or_else(|| format!("there is no such one: OpenVINO has {count} here (the first is openvino)"))?;
    let is_processor = target == PROCESSOR;
    // It drives no others' cards.
    let name = if is_processor { "Processor (OpenVINO)" } else { "Intel graphics card (OpenVINO)" };
    Ok(Card { name: Some(name.into()), is_processor, ..Card::default() })
}

/// The provider in ONNX Runtime itself, for one device alone: it never goes on on another by itself.
///
/// # Errors
/// For a number that no device has.
pub(super) fn provider(options: Options, runtime: &Runtime) -> ort::Result<ExecutionProviderDispatch> {
    let target = targets(runtime)
        .get(usize::from(options.device.index))
        .ok_or_else(|| ort::Error::new(format!("there is no device {}", options.device)))?;
    let provider = ep::OpenVINO::default().with_device_type(target);
    Ok(match config(target, options) {
        Some(config) => provider.with_arbitrary_config("load_config", config).build(),
        None => provider.build(),
    })
}

/// What the plug-in is told about one of its devices. Keys have the provider's name before them.
pub(super) fn plugin_options(chosen: &ort::device::Device<'_>, options: Options) -> Vec<(String, String)> {
    let target = match chosen.hardware_device().ty() {
        ort::memory::DeviceType::CPU => PROCESSOR,
        _ => return Vec::new(),
    };
    let config = config(target, options);
    config.map(|config| ("OpenVINOExecutionProvider.load_config".into(), config)).into_iter().collect()
}

/// Left to itself OpenVINO takes bfloat16 wherever the processor has it, and every core. Its cache of kernels is left out:
/// it mixes up those of attentions of different sizes (found with 2026.4: a U-Net at 16², then at 64², is off by 26 dB).
/// Cards and neural units compute as they do best.
fn config(target: &str, options: Options) -> Option<String> {
    if target != PROCESSOR {
        return None;
    }
    let precision = match options.precision {
        Precision::Full => "f32",
        Precision::Brain => "bf16",
    };
    let settings = serde_json::json!({
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": options.threads.to_string(),
        "CPU_RUNTIME_CACHE_CAPACITY": "0",
    });
    Some(serde_json::json!({ PROCESSOR: settings }).to_string())
}

/// Whether a device is the processor, by OpenVINO.
pub(super) fn is_processor(device: Device, runtime: &Runtime) -> bool {
    let index = usize::from(device.index);
    device.kind == Kind::OpenVino
        && match is_built_in(device.kind) {
            Ok(true) => targets(runtime).get(index).is_some_and(|target| target == PROCESSOR),
            Ok(false) => plugin::devices(device.kind, runtime)
                .is_ok_and(|found| found.get(index).is_some_and(|(_, card)| card.is_processor)),
            Err(_) => false,
        }
}

/// What is to be tried first on the processor.
pub(super) fn precision() -> Precision {
    match has_brain_floats() && !is_full_asked_for() {
        true => Precision::Brain,
        false => Precision::Full,
    }
}

/// For those who want the same picture on every processor rather than a fast one.
fn is_full_asked_for() -> bool {
    std::env::var_os("SCUMBLE_FULL_PRECISION").is_some_and(|value| value == "1")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_come_before_the_processor_and_no_number_is_beyond_it() {
        let targets = ["GPU", "GPU.1", "CPU"].map(String::from);
        for (index, is_processor) in [(0, false), (1, false), (2, true)] {
            assert_eq!(card_of(&targets, index).unwrap().is_processor, is_processor);
        }
        assert_eq!(card_of(&targets[2..], 0).unwrap().name.unwrap(), "Processor (OpenVINO)");
        let why = card_of(&targets[2..], 1).unwrap_err();
        assert!(why.contains("OpenVINO has 1 here (the first is openvino)"), "{why}");
    }

    #[test]
    fn only_the_processor_is_told_digits_and_threads() {
        let device = Device::first(Kind::OpenVino);
        let options = Options { device, threads: 3, precision: Precision::Brain, is_processor: true };
        let told: serde_json::Value = serde_json::from_str(&config("CPU", options).unwrap()).unwrap();
        assert_eq!(told["CPU"]["INFERENCE_PRECISION_HINT"], "bf16");
        assert_eq!(told["CPU"]["INFERENCE_NUM_THREADS"], "3");
        assert_eq!(told["CPU"]["CPU_RUNTIME_CACHE_CAPACITY"], "0");
        assert_eq!(config("GPU", options), None);
    }
}
