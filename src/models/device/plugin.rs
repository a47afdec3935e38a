//! Providers that come as a library of their own: found beside ONNX Runtime or in the user's runtime folder, and told to
//! ONNX Runtime once.

use std::path::{Path, PathBuf};

use ort::device::Device as EpDevice;
use ort::memory::DeviceType;
use parking_lot::Mutex;

use super::{Card, Kind};
use crate::models::runtime::{Runtime, one_line};
use crate::places::user_runtime;

/// Those that were told to ONNX Runtime, which forgets none, with what came of it.
static TOLD: Mutex<Vec<(Kind, Result<(), String>)>> = Mutex::new(Vec::new());

/// The library's name in the middle: `libonnxruntime_providers_webgpu.so`, `onnxruntime_providers_webgpu.dll`.
fn stem(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::TensorRtRtx => Some("onnxruntime_providers_nv_tensorrt_rtx"),
        Kind::WebGpu => Some("onnxruntime_providers_webgpu"),
        Kind::OpenVino => Some("onnxruntime_providers_openvino_plugin"),
        // CUDA's library of this name belongs to the ONNX Runtime that was built with it.
        Kind::Cpu | Kind::Cuda | Kind::MiGraphX | Kind::DirectMl | Kind::CoreMl => None,
    }
}

/// What the provider calls itself.
fn provider_name(kind: Kind) -> &'static str {
    match kind {
        Kind::TensorRtRtx => "NvTensorRTRTXExecutionProvider",
        Kind::OpenVino => "OpenVINOExecutionProvider",
        _ => "WebGpuExecutionProvider",
    }
}

/// Where a plug-in of this kind lies: beside ONNX Runtime, in the user's runtime folder or in a folder of that.
pub(super) fn library(kind: Kind, runtime: &Runtime) -> Option<PathBuf> {
    let name = format!("{}{}{}", std::env::consts::DLL_PREFIX, stem(kind)?, std::env::consts::DLL_SUFFIX);
    folders(runtime.path.parent(), user_runtime().as_deref())
        .into_iter()
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}

fn folders(beside: Option<&Path>, own: Option<&Path>) -> Vec<PathBuf> {
    // More would not be a folder of runtimes.
    const MOST: usize = 100;
    let entries = own.and_then(|own| std::fs::read_dir(own).ok()).into_iter().flatten().take(MOST).flatten();
    let mut within: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    within.sort();
    beside.into_iter().chain(own).map(Path::to_path_buf).chain(within).collect()
}

/// The devices of a plug-in, best first: cards, processors, and what else there is.
///
/// # Errors
/// Why there are none, as a part of a sentence.
pub(super) fn devices(kind: Kind, runtime: &Runtime) -> Result<Vec<(EpDevice<'_>, Card)>, String> {
    let library = library(kind, runtime).ok_or_else(|| not_here(kind))?;
    {
        let mut told = TOLD.lock();
        let before = told.iter().find(|(known, _)| *known == kind).map(|(_, came)| came.clone());
        let came = before.unwrap_or_else(|| {
            let came = runtime
                .environment
                .register_ep_library(kind.name(), &library)
                .map_err(|e| does_not_start(&library, e.message()));
            told.push((kind, came.clone()));
            came
        });
        came?;
    }
    let mut found: Vec<_> = runtime
        .environment
        .devices()
        .filter(|device| device.ep().is_ok_and(|name| name == provider_name(kind)))
        .map(|device| {
            let hardware = device.hardware_device();
            let rank = match hardware.ty() {
                DeviceType::GPU => 0,
                DeviceType::CPU => 1,
                _ => 2,
            };
            let vendor = hardware.vendor().unwrap_or_default().trim();
            let vendor = vendor.strip_suffix(" Corporation").unwrap_or(vendor);
            let what = ["graphics card", "processor", "neural unit"][rank];
            let name = Some(format!("{vendor} {what}").trim().to_owned());
            (rank, (device, Card { name, is_processor: rank == 1, ..Card::default() }))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    match found.is_empty() {
        true => Err(format!("{} finds none that it can use here ({})", library.display(), wants(kind))),
        false => Ok(found.into_iter().map(|(_, found)| found).collect()),
    }
}

/// What a plug-in that finds nothing would have needed.
fn wants(kind: Kind) -> &'static str {
    match kind {
        Kind::OpenVino => {
            "this plug-in runs on Intel's processors, graphics cards and neural units alone; the package \
             onnxruntime-openvino has OpenVINO for any maker's processor: `scumble runtime install openvino`"
        }
        _ => "is there a card, and its driver?",
    }
}

/// ONNX Runtime and the system's loader both name the file, which the sentence does already.
fn does_not_start(library: &Path, said: &str) -> String {
    let library = library.display().to_string();
    let said = one_line(said);
    let cause = said
        .rsplit(&library)
        .next()
        .unwrap_or(&said)
        .trim_start_matches(" with error:")
        .trim_matches([':', ' ']);
    format!("{library} does not start ({cause}); install it anew, and the ONNX Runtime that it is for")
}

fn not_here(kind: Kind) -> String {
    let name = stem(kind).unwrap_or_default();
    let folder = user_runtime().map(|folder| format!(", e.g. in {}", folder.display())).unwrap_or_default();
    format!("there is no library {name}{folder}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plug_in_that_does_not_start_is_told_with_its_cause_alone() {
        let file = "/a/libplug.so";
        let said = format!("Failed to load library {file} with error: {file}: file too short.\nat line 3");
        let told = does_not_start(Path::new(file), &said);
        assert!(told.starts_with("/a/libplug.so does not start (file too short); install"), "{told}");
        assert!(does_not_start(Path::new(file), "API 24 is too old.").contains("(API 24 is too old)"));
    }

    #[test]
    fn plug_ins_are_looked_for_beside_the_runtime_and_in_the_users_folder_and_its_folders() {
        let own = std::env::temp_dir().join(format!("scumble-{}-plug-ins", std::process::id()));
        std::fs::create_dir_all(own.join("webgpu")).unwrap();
        std::fs::create_dir_all(own.join("openvino")).unwrap();
        std::fs::write(own.join("VERSION"), "1").unwrap();
        let found = folders(Some(Path::new("/opt/runtime")), Some(&own));
        let _ = std::fs::remove_dir_all(&own);
        assert_eq!(
            found,
            [PathBuf::from("/opt/runtime"), own.clone(), own.join("openvino"), own.join("webgpu")]
        );
        assert!(folders(None, Some(Path::new("/nowhere/at/all"))).len() == 1);
    }
}
