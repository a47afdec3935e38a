//! Whether a device can be used, and why not.

use ort::session::builder::GraphOptimizationLevel;

use super::provider::{Options, Precision, is_built_in, session_builder};
use super::{Card, Device, Kind, openvino, plugin, vulkan};
use crate::models::runtime::{Runtime, one_line};

/// What is known about `device`, or why it cannot be used; found out with a session that has one Identity in it.
pub(super) fn probe(device: Device, runtime: &Runtime) -> Result<Card, String> {
    if device.kind == Kind::Cpu {
        return Ok(Card { is_processor: true, ..Card::default() });
    }
    elsewhere(device.kind)?;
    let card = match is_built_in(device.kind).map_err(|e| one_line(e.message()))? {
        true => built_in(device, runtime)?,
        false => plugged_in(device, runtime)?,
    };
    let level = GraphOptimizationLevel::Disable;
    let options = Options { device, threads: 1, precision: Precision::Full, is_processor: card.is_processor };
    let opened =
        session_builder(runtime, options, level).and_then(|mut builder| builder.commit_from_memory(IDENTITY));
    match opened {
        Ok(_) => Ok(card),
        Err(error) => Err(in_words(device.kind, &card, &one_line(error.message()))),
    }
}

/// Providers that only one system has.
fn elsewhere(kind: Kind) -> Result<(), String> {
    let (here, system) = match kind {
        Kind::DirectMl => (cfg!(windows), "Windows"),
        Kind::CoreMl => (cfg!(target_vendor = "apple"), "macOS"),
        Kind::MiGraphX => (cfg!(target_os = "linux"), "Linux"),
        _ => (true, ""),
    };
    if here { Ok(()) } else { Err(format!("it is there on {system} alone (choose another device)")) }
}

fn built_in(device: Device, runtime: &Runtime) -> Result<Card, String> {
    match device.kind {
        // It takes the card that the system prefers, and no number.
        Kind::WebGpu if device.index > 0 => {
            Err("this ONNX Runtime takes the first graphics card alone (choose webgpu)".into())
        }
        Kind::WebGpu => match vulkan::cards() {
            Ok(cards) => Ok(cards.into_iter().next().unwrap_or_default()),
            // Windows has Direct3D as well.
            Err(_) if cfg!(windows) => Ok(Card::default()),
            Err(why) => Err(why),
        },
        Kind::OpenVino => openvino::built_in(device.index, runtime),
        _ => Ok(Card::default()),
    }
}

fn plugged_in(device: Device, runtime: &Runtime) -> Result<Card, String> {
    let has_plugin = plugin::library(device.kind, runtime).is_some();
    if !has_plugin {
        return Err(format!(
            "neither ONNX Runtime here nor a plug-in has it (docs/devices.md says where to get {})",
            where_from(device.kind)
        ));
    }
    let found = plugin::devices(device.kind, runtime)?;
    let count = found.len();
    match found.into_iter().nth(device.index.into()) {
        // A card that only the plug-in knows has its name from the system, if the system has just one.
        Some((_, card)) if device.kind == Kind::WebGpu && count == 1 => {
            Ok(vulkan::cards().ok().and_then(|cards| cards.into_iter().next()).unwrap_or(card))
        }
        Some((_, card)) => Ok(card),
        None => Err(format!("there are only {count} of them (the first is {})", device.kind.name())),
    }
}

/// The packages that have it.
fn where_from(kind: Kind) -> &'static str {
    match kind {
        Kind::TensorRtRtx => "onnxruntime-ep-nv-tensorrt-rtx",
        Kind::Cuda => "onnxruntime-gpu",
        Kind::MiGraphX => "onnxruntime-migraphx",
        Kind::WebGpu => "onnxruntime-webgpu",
        Kind::OpenVino => {
            "onnxruntime-openvino, for any maker's processor, or onnxruntime-ep-openvino, for Intel's devices"
        }
        Kind::DirectMl => "onnxruntime-directml",
        Kind::CoreMl | Kind::Cpu => "onnxruntime",
    }
}

/// A provider's own words, or better ones.
fn in_words(kind: Kind, card: &Card, said: &str) -> String {
    match kind {
        _ if card.is_processor => {
            format!("{said} (do all libraries of its package lie in one folder?)")
        }
        Kind::WebGpu if said.contains("WebGPU adapter") => {
            "no graphics card here is one that WebGPU can use (update the card's driver)".into()
        }
        _ => format!("{said} (is the card's driver installed, and new enough?)"),
    }
}

/// A ModelProto: ir_version 8, opset 13, graph "g" with y = Identity(x), both float\[1\].
pub(super) const IDENTITY: &[u8] = &[
    0x08, 0x08, 0x3a, 0x37, 0x0a, 0x10, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x08, 0x49, 0x64, 0x65,
    0x6e, 0x74, 0x69, 0x74, 0x79, 0x12, 0x01, 0x67, 0x5a, 0x0f, 0x0a, 0x01, 0x78, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x62, 0x0f, 0x0a, 0x01, 0x79, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d,
];
