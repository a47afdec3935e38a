//! In the host's process, on systems where there is no other.

use super::loading_here;
use crate::engine::Load;
use crate::error::{Error, Result};
use crate::ffi::abi::ScumbleEngineOptions;
use crate::pipeline::LoadOptions;

pub unsafe fn loading(_: &ScumbleEngineOptions, _: LoadOptions) -> Result<Load> {
    Err(Error::setting("The engine has no process of its own on this system yet; let it run in the host's."))
}

pub unsafe fn loading_if_possible(_: &ScumbleEngineOptions, load: LoadOptions, _: bool) -> Result<Load> {
    Ok(loading_here(load))
}
