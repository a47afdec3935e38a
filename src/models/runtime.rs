//! Finds ONNX Runtime's shared library and loads it, once per process.
//!
//! It is not linked: which build is right (CPU, CUDA, …) depends on the machine, and the folder of a host
//! (Krita, GIMP) is not ours to put libraries in. `ort` allows one environment per process, for ever, so the
//! first library that loads stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::error::{Error, Result, Status};
use crate::leaving;
use crate::places::{Around, user_runtime};

/// The oldest minor version whose C API this library was built for: 1.24 (`ort`'s feature `api-24`).
pub const MINIMUM_MINOR: u32 = 24;

/// The loaded library.
pub struct Runtime {
    pub(crate) environment: Environment,
    /// The file that was loaded.
    pub path: PathBuf,
}

static RUNTIME: OnceCell<Runtime> = OnceCell::new();

/// From the moment it starts, ONNX Runtime's official build for Linux (1.32) notes which program runs it, on which machine, in
/// ~/.cache/Microsoft, and looks for Microsoft's server; to say [`ort::environment::EnvironmentBuilder::with_telemetry`] is too late. Where this
/// is set it does neither.
const SILENT: &str = "ORT_DISABLE_TELEMETRY";

impl Runtime {
    /// Version as far as the file's name tells it (`libonnxruntime.so.1.32.0` → `1.32.0`), following links.
    /// The C API that tells the version is not reachable through `ort`, which only checks that it is ≥ 1.24.
    pub fn version(&self) -> String {
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        version_in_name(&file_name(&real)).unwrap_or_else(|| format!("1.{MINIMUM_MINOR} or later"))
    }

    /// Version and file, for a line in a dialog.
    pub fn description(&self) -> String {
        format!("ONNX Runtime {} ({})", self.version(), self.path.display())
    }
}

/// The runtime, if a call to [`load`] has succeeded in this process.
pub fn loaded() -> Option<&'static Runtime> {
    RUNTIME.get()
}

/// Finds and loads ONNX Runtime; later calls return what the first one loaded, whatever they ask for.
///
/// Searched in the order of [`crate::places`]: `explicit` alone, if given (a file or a folder); what the environment
/// variable `ORT_DYLIB_PATH` names; the user's runtime folder; `beside`, the folder of the library or program that
/// contains this code; the system's folders. A library that does not load or is too old is passed over, and the
/// message tells so if none is left.
///
/// # Errors
/// [`Status::Runtime`], in one sentence that lists where it looked.
pub fn load(explicit: Option<&Path>, beside: Option<&Path>) -> Result<&'static Runtime> {
    RUNTIME.get_or_try_init(|| {
        let _inside = leaving::enter()?;
        leaving::come_first();
        // Its threads log through this library, whoever has loaded it.
        crate::thread::stay_in_memory();
        if std::env::var_os(SILENT).is_none() {
            // SAFETY: once in a process. A thread of the host that looks into the environment just now still finds what was
            // there: the list is added to, and where it has to be moved, what it was is read at most this moment longer.
            unsafe { std::env::set_var(SILENT, "1") };
        }
        let mut looked = Vec::new();
        for place in Around::here("ORT_DYLIB_PATH", beside).runtime(explicit) {
            let Some(file) = library_at(&place) else {
                looked.push(format!("{} (not there)", place.display()));
                continue;
            };
            match ort::init_from(&file) {
                Ok(builder) => {
                    leaving::come_first();
                    // The exit may have begun while it was opened.
                    let _inside = leaving::enter()?;
                    return build(builder, file);
                }
                Err(error) => looked.push(format!("{} ({})", file.display(), why_not(&error))),
            }
        }
        Err(Error::new(
            Status::Runtime,
            format!(
                "ONNX Runtime 1.{MINIMUM_MINOR} or later was not found; looked at {}; {}.",
                looked.join(", "),
                how_to_get_it()
            ),
        ))
    })
}

/// What to do when there is no ONNX Runtime, for somebody who has the source tree and for somebody who has not.
fn how_to_get_it() -> String {
    let own = user_runtime().map(|folder| format!(" or into {}", folder.display())).unwrap_or_default();
    format!(
        "put its library ({}) beside Scumble's{own} (`scumble runtime install cpu` does it, and so do the plug-ins \
         for Krita and GIMP; in Scumble's source tree `make runtime`)",
        std::env::consts::DLL_PREFIX.to_owned() + "onnxruntime" + std::env::consts::DLL_SUFFIX
    )
}

/// Whether a sentence of ONNX Runtime's is about memory: it has no code for that.
pub(crate) fn out_of_memory(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["bad_alloc", "out of memory", "failed to allocate", "bfc_arena"].iter().any(|s| message.contains(s))
}

fn build(builder: ort::environment::EnvironmentBuilder, path: PathBuf) -> Result<Runtime> {
    let environment =
        builder.with_name("scumble").with_telemetry(false).with_logger(Arc::new(forward)).build().map_err(
            |e| match out_of_memory(e.message()) {
                true => Error::new(
                    Status::Memory,
                    "There is not enough memory to start ONNX Runtime; close other programs or images.",
                ),
                false => Error::new(
                    Status::Runtime,
                    format!("ONNX Runtime at {} does not start: {}.", path.display(), one_line(e.message())),
                ),
            },
        )?;
    // `ort` opens the environment at its most talkative level when a logger is given.
    environment.set_log_level(LogLevel::Warning);
    leaving::come_first();
    log::info!("ONNX Runtime: {}", path.display());
    Ok(Runtime { environment, path })
}

/// ONNX Runtime's own messages go to the `log` crate: a host's standard error is not ours to write to.
fn forward(level: LogLevel, _category: &str, _id: &str, _location: &str, message: &str) {
    match level {
        LogLevel::Fatal | LogLevel::Error => {
            faults::note(message);
            log::error!("onnxruntime: {message}");
        }
        LogLevel::Warning => log::warn!("onnxruntime: {message}"),
        _ => log::debug!("onnxruntime: {message}"),
    }
}

/// Failures of a device that ONNX Runtime tells its log and nobody else.
pub(crate) mod faults {
    use parking_lot::Mutex;

    static SEEN: Mutex<(u64, String)> = Mutex::new((0, String::new()));

    pub(super) fn note(message: &str) {
        if message.contains("WebGPU device ") {
            let mut seen = SEEN.lock();
            *seen = (seen.0 + 1, super::one_line(message));
        }
    }

    /// How many there have been.
    pub fn count() -> u64 {
        SEEN.lock().0
    }

    /// The last one, if there were more than `count`.
    pub fn since(count: u64) -> Option<String> {
        let seen = SEEN.lock();
        (seen.0 > count).then(|| seen.1.clone())
    }
}

fn why_not(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::BadVersion { version_str, .. } => format!("too old: version {version_str}"),
        ort::LoadDynamicError::MissingApi { .. } => "not an ONNX Runtime".into(),
        // The loader's own words are the cause of an error that only says that loading failed.
        ort::LoadDynamicError::Dlopen { error, path } => {
            let cause = one_line(&std::error::Error::source(error).unwrap_or(error).to_string());
            cause.trim_start_matches(&format!("{}: ", path.display())).to_owned()
        }
        other => one_line(&other.to_string()),
    }
}

/// `path` itself if it is a file, else the newest ONNX Runtime in the folder `path`.
fn library_at(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let mut found: Vec<(Vec<u32>, PathBuf)> = std::fs::read_dir(path)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| is_library_name(&file_name(file)) && file.is_file())
        .map(|file| (version_key(&file_name(&file)), file))
        .collect();
    found.sort();
    found.pop().map(|(_, file)| file)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `libonnxruntime.so`, `libonnxruntime.so.1.32.0`, `libonnxruntime.1.32.0.dylib`, `onnxruntime.dll`; not
/// `libonnxruntime_providers_shared.so`.
fn is_library_name(name: &str) -> bool {
    let stem = format!("{}onnxruntime.", std::env::consts::DLL_PREFIX);
    let extension = std::env::consts::DLL_EXTENSION;
    name.strip_prefix(&stem).is_some_and(|rest| {
        rest == extension
            || rest.ends_with(&format!(".{extension}"))
            || rest.starts_with(&format!("{extension}."))
    })
}

fn version_key(name: &str) -> Vec<u32> {
    version_in_name(name)
        .map(|version| version.split('.').map(|part| part.parse().unwrap_or(0)).collect())
        .unwrap_or_default()
}

/// The longest run of numbers and points in a file's name.
fn version_in_name(name: &str) -> Option<String> {
    name.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|part| part.trim_matches('.'))
        .filter(|part| part.contains('.'))
        .max_by_key(|part| part.len())
        .map(str::to_owned)
}

/// The first line of a foreign message, without its closing point.
pub(crate) fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or("").trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_name() {
        assert_eq!(version_in_name("libonnxruntime.so.1.32.0").as_deref(), Some("1.32.0"));
        assert_eq!(version_in_name("libonnxruntime.1.24.4.dylib").as_deref(), Some("1.24.4"));
        assert_eq!(version_in_name("libonnxruntime.so"), None);
        assert!(version_key("libonnxruntime.so.1.100.0") > version_key("libonnxruntime.so.1.32.0"));
    }

    #[test]
    fn what_a_device_tells_only_the_log_is_noticed() {
        let before = faults::count();
        forward(LogLevel::Error, "", "", "", "some other error");
        forward(LogLevel::Warning, "", "", "", "WebGPU device error(2): only a warning");
        assert_eq!(faults::since(before), None);
        forward(LogLevel::Error, "", "", "", "WebGPU device error(2): a buffer is too large.");
        assert_eq!(faults::since(before).as_deref(), Some("WebGPU device error(2): a buffer is too large"));
        assert_eq!(faults::since(faults::count()), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_runtime_itself_is_taken_for_it() {
        assert!(is_library_name("libonnxruntime.so"));
        assert!(is_library_name("libonnxruntime.so.1.32.0"));
        assert!(!is_library_name("libonnxruntime_providers_shared.so"));
        assert!(!is_library_name("libonnxruntime.txt"));
    }
}
