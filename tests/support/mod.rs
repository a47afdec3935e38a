//! What several test programs need. Each of them uses a part of it.
#![allow(dead_code)]

#[cfg(unix)]
pub mod c;
pub mod header;
pub mod local;
pub mod painting;
pub mod stub;
pub mod tiled;
