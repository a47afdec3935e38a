//! Encode → denoise → decode.

use std::path::PathBuf;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::render::{ModelInfo, Outcome, Renderer, Request, Watch};

pub struct LoadOptions {
    pub model_dir: PathBuf,
    pub device: String,
    pub intra_threads: usize,
    pub scheduler: Option<String>,
    pub runtime: Option<PathBuf>,
    pub beside: Option<PathBuf>,
}

pub struct Pipeline;

impl Pipeline {
    pub fn load(_o: &LoadOptions, _c: &Cancel, _p: &dyn Fn(f32, &str)) -> Result<Pipeline> {
        Err(Error::new(Status::Internal, "placeholder"))
    }
}

impl Renderer for Pipeline {
    fn info(&self) -> ModelInfo {
        unreachable!()
    }
    fn render(&mut self, _r: &Request<'_>, _c: &Cancel, _w: &mut dyn Watch) -> Result<Outcome> {
        unreachable!()
    }
}
