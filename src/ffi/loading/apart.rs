//! In a process of its own.

use std::time::Duration;

use super::{loading_here, with_users_loras};
use crate::engine::Load;
use crate::error::Result;
use crate::ffi::abi::ScumbleEngineOptions;
use crate::ffi::guard::path;
use crate::pipeline::LoadOptions;
use crate::remote::{IDLE, Options, Remote, SILENCE, Sharing};
use crate::render::Renderer;

pub(super) unsafe fn options(options: &ScumbleEngineOptions, load: LoadOptions) -> Result<Options> {
    let time = |ms: u32, own: Duration| if ms == 0 { own } else { Duration::from_millis(ms.into()) };
    Ok(Options {
        load,
        // SAFETY: as the caller promised.
        worker: unsafe { path(options.worker, "worker") }?,
        idle: time(options.idle_ms, IDLE),
        silence: time(options.hang_ms, SILENCE),
        sharing: Sharing::Alone,
    })
}

pub unsafe fn loading(options: &ScumbleEngineOptions, load: LoadOptions) -> Result<Load> {
    // SAFETY: as the caller promised.
    let mut options = unsafe { self::options(options, load) }?;
    Ok(Box::new(move |cancel, progress| {
        options.load = with_users_loras(options.load);
        Remote::load(options, cancel, progress).map(|loaded| Box::new(loaded) as Box<dyn Renderer>)
    }))
}

/// Where its process does not even start, there is none for this model either way.
pub unsafe fn loading_if_possible(
    options: &ScumbleEngineOptions,
    load: LoadOptions,
    is_shared: bool,
) -> Result<Load> {
    // SAFETY: as the caller promised.
    let mut options = unsafe { self::options(options, load) }?;
    if is_shared {
        options.sharing = Sharing::Shared;
    }
    Ok(Box::new(move |cancel, progress| {
        options.load = with_users_loras(options.load);
        match Remote::start(options.clone(), cancel) {
            Ok(started) => {
                started.loaded(cancel, progress).map(|loaded| Box::new(loaded) as Box<dyn Renderer>)
            }
            Err(error) if error.is_cancelled() => Err(error),
            Err(error) => {
                log::info!("the model runs in this process: {}", error.message);
                loading_here(options.load)(cancel, progress)
            }
        }
    }))
}
