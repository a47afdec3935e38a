//! The renderer in a process of its own: the real program, on a tiny model.
#![cfg(target_os = "linux")]

#[path = "../support/c.rs"]
#[allow(dead_code)]
mod c;
#[path = "../support/disk.rs"]
mod full;
#[path = "../support/header.rs"]
#[allow(dead_code)]
mod header;
#[path = "../pipeline/support.rs"]
#[allow(dead_code)]
mod models;
#[path = "../pipeline/onnx.rs"]
#[allow(dead_code)]
mod onnx;
#[path = "../support/painting.rs"]
#[allow(dead_code)]
mod painting;
#[path = "../support/resident.rs"]
mod resident;
mod disk;
mod faults;
mod kills;
mod life;
mod meeting;
mod memory;
mod room;
mod same;
mod seen;
mod shared;
