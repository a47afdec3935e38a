//! A pipeline that goes on on the CPU when the device that was chosen for it fails.

use std::cell::RefCell;

use crate::cancel::Cancel;
use crate::error::{Result, Status};
use crate::leaving;
use crate::models::device::auto;
use crate::models::device::{Choice, Device};
use crate::pipeline::{LoadOptions, Pipeline};
use crate::policy::Policy;
use crate::render::{Capabilities, Ended, Lora, ModelInfo, Quality, Renderer, Scene, Sink};

/// A loaded model, and what it was loaded from.
pub struct Fallback {
    pipeline: Pipeline,
    options: LoadOptions,
}

impl Fallback {
    /// Loads a model.
    ///
    /// # Errors
    /// As [`Pipeline::load`].
    pub fn load(options: LoadOptions, cancel: &Cancel, progress: &dyn Fn(f32, &str)) -> Result<Fallback> {
        let _inside = leaving::enter()?;
        let pipeline = Pipeline::load(&options, cancel, progress)?;
        // It may have opened a device's libraries.
        leaving::come_first();
        Ok(Fallback { pipeline, options })
    }

    /// Whether the engine chose the device, and may choose another.
    fn may_go_on_elsewhere(&self) -> bool {
        Choice::parse(&self.options.device).is_ok_and(|choice| choice == Choice::Auto)
            && self.pipeline.info.device != Device::CPU.to_string()
    }
}

impl Renderer for Fallback {
    fn info(&self) -> ModelInfo {
        self.pipeline.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.pipeline.capabilities()
    }

    /// # Errors
    /// As [`Pipeline::render`]; a device that was asked for by name and fails is told ([`Status::Device`]).
    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let _inside = leaving::enter()?;
        let error = match self.pipeline.render(scene, quality, policy, cancel, sink) {
            Err(error) if error.status == Status::Device && self.may_go_on_elsewhere() => error,
            ended => return ended,
        };
        let note = auto::gave_up(&self.pipeline.info.device, &error);
        log::warn!("{note}");
        let loras = self.options.loras || scene.loras().any(Lora::is_on);
        let options = LoadOptions { device: Device::CPU.to_string(), loras, ..self.options.clone() };
        let told = RefCell::new(&mut *sink);
        let mut pipeline = Pipeline::load(&options, cancel, &|_, what| {
            let sentence = format!("The model is loaded again, on the processor: {what}.");
            told.borrow_mut().doing(&sentence);
        })?;
        pipeline.info.device_note = note;
        self.pipeline = pipeline;
        self.pipeline.render(scene, quality, policy, cancel, sink)
    }
}
