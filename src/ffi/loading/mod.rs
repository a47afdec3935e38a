//! What an engine's options say of its model: which one, and in which process it runs.

use std::path::{Path, PathBuf};

use super::abi::ScumbleEngineOptions;
use super::constants::*;
use super::guard::*;
use super::library;
use crate::engine::Load;
use crate::error::{Error, Result, Status};
use crate::pipeline::{Fallback, LoadOptions};
use crate::render::Renderer;

#[cfg_attr(any(target_os = "linux", windows), path = "apart.rs")]
#[cfg_attr(not(any(target_os = "linux", windows)), path = "nowhere_else.rs")]
mod apart;

/// More threads than any machine has is a slip of the host, and ONNX Runtime would try to start them.
const MAX_THREADS: u32 = 1024;

/// How the model is loaded, by the worker thread, and where.
pub(super) unsafe fn loading(options: &ScumbleEngineOptions) -> Result<Load> {
    // SAFETY: as the caller promised, here and below.
    let load = unsafe { load_options(options) }?;
    match options.process {
        SCUMBLE_PROCESS_HOST => Ok(loading_here(load)),
        SCUMBLE_PROCESS_OWN => unsafe { apart::loading(options, load) },
        SCUMBLE_PROCESS_AUTO => unsafe { apart::loading_if_possible(options, load, is_sharing_wished()) },
        SCUMBLE_PROCESS_SHARED => unsafe { apart::loading_if_possible(options, load, true) },
        other => Err(Error::setting(format!(
            "There is no place {other} for the model to run in; use one of SCUMBLE_PROCESS_*."
        ))),
    }
}

fn is_sharing_wished() -> bool {
    std::env::var_os("SCUMBLE_SHARE_WORKER").is_some_and(|value| value == "1")
}

/// LoRAs are expected, too, where the user has some. For the worker thread: the user's folders may be many, on a slow disk.
fn with_users_loras(options: LoadOptions) -> LoadOptions {
    LoadOptions { loras: options.loras || crate::lora_words::are_at_hand(), ..options }
}

/// In this process.
fn loading_here(options: LoadOptions) -> Load {
    Box::new(move |cancel, progress| {
        Fallback::load(with_users_loras(options), cancel, progress)
            .map(|loaded| Box::new(loaded) as Box<dyn Renderer>)
    })
}

unsafe fn load_options(options: &ScumbleEngineOptions) -> Result<LoadOptions> {
    if options.intra_threads > MAX_THREADS {
        return Err(Error::setting(format!(
            "The number of threads is {}; it must be at most {MAX_THREADS}, or 0 to leave it to Scumble.",
            options.intra_threads
        )));
    }
    // SAFETY: as the caller promised, here and below.
    let model_dir = match unsafe { path(options.model_dir, "model_dir") }? {
        Some(folder) => folder,
        None => default_model()?,
    };
    Ok(LoadOptions {
        model_dir,
        device: unsafe { text(options.device, "device") }?.unwrap_or("auto").to_owned(),
        intra_threads: options.intra_threads as usize,
        scheduler: unsafe { text(options.scheduler, "scheduler") }?.map(str::to_owned),
        runtime: unsafe { path(options.runtime, "runtime") }?,
        beside: library::folder().map(Path::to_path_buf),
        loras: expects_loras(options.loras)?,
    })
}

/// Whether the host says so.
fn expects_loras(said: u32) -> Result<bool> {
    match said {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::setting(format!(
            "Whether LoRAs are to be expected is {other}; it must be 0 or 1. The host must call the options' _init first."
        ))),
    }
}

fn default_model() -> Result<PathBuf> {
    library::default_model().map_err(|places| {
        let looked: Vec<_> = places.iter().map(|p| p.display().to_string()).collect();
        Error::new(
            Status::ModelMissing,
            format!(
                "The default model was not found (looked in {}); reinstall Scumble, or choose a model folder.",
                looked.join(", ")
            ),
        )
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::ffi::layout::Sized32;

    #[test]
    fn files_that_a_host_names_from_where_it_is_stay_the_same_wherever_it_goes() {
        let here = std::env::current_dir().unwrap();
        let options = ScumbleEngineOptions {
            model_dir: c"models/mine".as_ptr(),
            runtime: c"lib/onnxruntime.so".as_ptr(),
            worker: c"bin/scumble-worker".as_ptr(),
            ..ScumbleEngineOptions::initial()
        };
        // SAFETY: the strings are constants.
        let load = unsafe { load_options(&options) }.unwrap();
        assert_eq!(load.model_dir, here.join("models/mine"));
        assert_eq!(load.runtime, Some(here.join("lib/onnxruntime.so")));
        // SAFETY: as above.
        let apart = unsafe { apart::options(&options, load) }.unwrap();
        assert_eq!(apart.worker, Some(here.join("bin/scumble-worker")));
    }

    #[test]
    fn the_users_loras_are_looked_for_by_the_worker_thread_and_not_in_the_call() {
        const HERE: &str =
            "ffi::loading::tests::the_users_loras_are_looked_for_by_the_worker_thread_and_not_in_the_call";
        // In a process of its own, whose user has one.
        if std::env::var_os("SCUMBLE_TEST_LORAS").is_none() {
            let user = std::env::temp_dir().join(format!("scumble-{}-user", std::process::id()));
            let folder = user.join("scumble/loras/styles");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("ink.safetensors"), "").unwrap();
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            alone.args(["--exact", HERE]).env("SCUMBLE_TEST_LORAS", "1").env("XDG_DATA_HOME", &user);
            let said = alone.output().unwrap();
            std::fs::remove_dir_all(user).unwrap();
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
            return;
        }
        let options =
            ScumbleEngineOptions { model_dir: c"/models/mine".as_ptr(), ..ScumbleEngineOptions::initial() };
        // SAFETY: the string is a constant.
        let load = unsafe { load_options(&options) }.unwrap();
        assert!(!load.loras, "the call has looked for them");
        assert!(with_users_loras(load).loras);
    }
}
