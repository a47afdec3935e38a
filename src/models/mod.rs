//! What a model is made of: its folder, its files, the ONNX Runtime that runs them and the device they run on.
//!
//! `ort` is used here and in [`crate::pipeline`] alone.

pub mod runtime;

pub mod device;

pub mod beside;
pub mod checkpoint;
pub mod config;
pub mod folder;
pub mod inversion;
pub mod kind;
pub mod layout;
pub mod lora;
pub mod numbers;
pub mod onnx_file;
pub mod preview;
pub mod stamp;
pub mod weights;
pub mod wire;

pub mod component;
