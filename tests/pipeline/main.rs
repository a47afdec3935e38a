//! The pipeline on real ONNX Runtime: against diffusers' pictures, with models that are broken in every way
//! that we could think of, and interrupted.
//!
//! ONNX Runtime is looked for as always (ORT_DYLIB_PATH first); without it these tests fail.

mod annotators;
mod broken_models;
mod control;
mod control_inpaint;
mod default_model;
mod default_references;
mod flux;
mod flux_kin;
mod fused;
mod golden;
mod inpaint;
mod inversions;
mod klein;
mod layouts;
mod lora;
mod lora_files;
mod onnx;
mod parts;
mod pix2pix;
mod precisions;
mod previews;
mod prompts;
mod reference;
mod region;
mod rendering;
mod sana;
mod sd3;
mod strength;
mod support;
mod waiting;
mod xl;
mod z_image;
