//! From a model folder to a [`Pipeline`].

use std::path::PathBuf;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::device::{self, Choice, Device};
use crate::models::folder::{Folder, Kind};
use crate::models::onnx_file::{self, Scan};
use crate::models::runtime::{self, Runtime};
use crate::pipeline::Pipeline;
use crate::pipeline::denoise::Unet;
use crate::pipeline::scheduler::Scheduler;
use crate::pipeline::text::TextEncoder;
use crate::pipeline::vae::{Decoder, Encoder};
use crate::render::{Defaults, Geometry, ModelInfo};

/// What to load, and how to run it.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The model's folder.
    pub model_dir: PathBuf,
    /// `auto` (also the empty text), `cpu`, `cuda`, `cuda:1`, …
    pub device: String,
    /// Threads inside ONNX Runtime; 0 for the physical cores less one.
    pub intra_threads: usize,
    /// Another scheduler than the model's: a short name ([`crate::pipeline::scheduler::names`]), or a class name of diffusers.
    pub scheduler: Option<String>,
    /// ONNX Runtime's library, or the folder that it is in, instead of searching.
    pub runtime: Option<PathBuf>,
    /// The folder of the library or program that this code is in, searched first for ONNX Runtime.
    pub beside: Option<PathBuf>,
}

/// Told how far the load is, 0..1, and what is being read.
type Progress<'a> = &'a dyn Fn(f32, &str);

impl Pipeline {
    /// Loads a model. `cancel` ends the load from another thread; `progress` is called on this one.
    ///
    /// # Errors
    /// [`Status::Runtime`], [`Status::Device`], [`Status::Setting`] (a device or scheduler that is not known),
    /// [`Status::ModelMissing`], [`Status::ModelBroken`], [`Status::ModelUnsupported`], [`Status::Memory`],
    /// [`Status::Cancelled`].
    pub fn load(options: &LoadOptions, cancel: &Cancel, progress: Progress<'_>) -> Result<Pipeline> {
        progress(0.0, "model folder");
        let choice = Choice::parse(&options.device)?;
        let folder = Folder::open(&options.model_dir)?;
        let mut scheduler = Scheduler::new(&folder.scheduler, options.scheduler.as_deref())?;
        if folder.kind != Some(Kind::LatentConsistency) {
            scheduler = scheduler.for_stable_diffusion();
        }
        let runtime = runtime::load(options.runtime.as_deref(), options.beside.as_deref())?;
        cancel.check()?;
        let device = device::resolve(choice, runtime)?;
        let threads = device::threads(options.intra_threads);
        let loader = Loader { folder: &folder, runtime, threads, cancel, progress };
        let loaded = loader.load(device, scheduler.clone());
        match loaded {
            Err(error)
                if choice == Choice::Auto
                    && device != Device::Cpu
                    && matches!(error.status, Status::Device | Status::Memory) =>
            {
                log::warn!("{error}; the cpu is taken instead");
                loader.load(Device::Cpu, scheduler)
            }
            loaded => loaded,
        }
    }
}

struct Loader<'a> {
    folder: &'a Folder,
    runtime: &'a Runtime,
    threads: usize,
    cancel: &'a Cancel,
    progress: Progress<'a>,
}

impl Loader<'_> {
    fn load(&self, device: Device, scheduler: Scheduler) -> Result<Pipeline> {
        let folder = self.folder;
        // All files first: a missing one is told at once, not after a minute of reading the others.
        let files = [
            ("text_encoder", "text encoder", &folder.text_encoder),
            ("unet", "U-Net", &folder.unet),
            ("vae_encoder", "VAE encoder", &folder.vae_encoder),
            ("vae_decoder", "VAE decoder", &folder.vae_decoder),
        ];
        let mut sizes = [0u64; 4];
        for ((name, _, path), size) in files.iter().zip(&mut sizes) {
            self.cancel.check()?;
            let scan = onnx_file::check(path)?;
            check_device(folder, name, device, &scan)?;
            *size = scan.bytes + scan.external.values().sum::<u64>();
        }
        // The trial run counts like a tenth of the files.
        let total = sizes.iter().sum::<u64>() as f32 * 1.1;
        let mut done = 0u64;
        let mut next = 0;
        let mut component = || -> Result<Component> {
            let (name, title, path) = files[next];
            (self.progress)(done as f32 / total, title);
            let network = Component::load(name, path, self.runtime, device, self.threads, self.cancel)?;
            done += sizes[next];
            next += 1;
            Ok(network)
        };
        let mut text = TextEncoder::new(folder, component()?)?;
        text.try_out(folder, self.cancel, &mut Duration::default()).map_err(|e| self.does_not_run(e))?;
        let unet = Unet::new(component()?, folder)?;
        text.read_in_pieces(unet.takes_any_length());
        let encoder = Encoder::new(component()?, folder.autoencoder)?;
        let decoder = Decoder::new(component()?, folder.autoencoder)?;
        (self.progress)(done as f32 / total, "first run");

        let defaults = folder.defaults.unwrap_or_else(|| defaults(&scheduler, &unet));
        let info = ModelInfo {
            name: folder.name.clone(),
            description: description(folder, &scheduler, &unet),
            device: device.to_string(),
            geometry: geometry(folder, &unet, &encoder, &decoder),
            defaults,
        };
        let kind = folder.kind.unwrap_or(match unet.is_guidance_distilled() && scheduler.is_lcm() {
            true => Kind::LatentConsistency,
            false => Kind::StableDiffusion,
        });
        let mut pipeline = Pipeline { info, kind, scheduler, text, unet, encoder, decoder };
        pipeline.try_out(self.cancel).map_err(|e| self.does_not_run(e))?;
        (self.progress)(1.0, "ready");
        Ok(pipeline)
    }

    /// A failure of the trial run is the model's.
    fn does_not_run(&self, error: Error) -> Error {
        match error.status {
            Status::Inference => Error::new(
                Status::ModelBroken,
                format!("The model in {} does not run: {}", self.folder.path.display(), error.message),
            ),
            _ => error,
        }
    }
}

fn check_device(folder: &Folder, name: &str, device: Device, scan: &Scan) -> Result<()> {
    if device != Device::Cpu || scan.not_on_cpu.is_empty() {
        return Ok(());
    }
    let operators: Vec<&str> = scan.not_on_cpu.iter().map(String::as_str).collect();
    Err(Error::new(
        Status::ModelUnsupported,
        format!(
            "The model in {} was exported for CUDA or DirectML (its {name} has {}, which the CPU cannot run); \
             choose another export, or the device cuda.",
            folder.path.display(),
            operators.join(", ")
        ),
    ))
}

/// What the folder says about the model, and what an artist must know of it.
fn description(folder: &Folder, scheduler: &Scheduler, unet: &Unet) -> String {
    let guidance = unet.is_guidance_distilled();
    let guidance = guidance.then_some("Its guidance is built in: a negative prompt has no effect.");
    let notes = scheduler.notes().iter().map(String::as_str);
    let all: Vec<&str> = [folder.description.as_str()].into_iter().chain(notes).chain(guidance).collect();
    all.join(" ")
}

/// The settings that models of this sort are made for.
fn defaults(scheduler: &Scheduler, unet: &Unet) -> Defaults {
    if scheduler.is_lcm() {
        // Distilled guidance was trained around 8; a merged LCM-LoRA wants none.
        let guidance = if unet.is_guidance_distilled() { 8.0 } else { 1.0 };
        Defaults { steps: 4, strength: 0.5, guidance }
    } else if scheduler.is_turbo() {
        Defaults { steps: 2, strength: 0.5, guidance: 0.0 }
    } else {
        Defaults { steps: 20, strength: 0.6, guidance: 7.5 }
    }
}

/// What the configurations say, and the sizes that the networks are fixed to.
fn geometry(folder: &Folder, unet: &Unet, encoder: &Encoder, decoder: &Decoder) -> Geometry {
    let cell = folder.cell as usize;
    let in_pixels = |(width, height): (Option<usize>, Option<usize>)| {
        (width.map(|w| w.saturating_mul(cell)), height.map(|h| h.saturating_mul(cell)))
    };
    let [unet, decoder] = [in_pixels(unet.fixed()), in_pixels(decoder.fixed())];
    let encoder = encoder.fixed();
    let width = unet.0.or(decoder.0).or(encoder.0);
    let height = unet.1.or(decoder.1).or(encoder.1);
    let fixed = match (width, height) {
        (None, None) => None,
        // One side alone is hardly ever fixed; the other is then free, and the native size is safe.
        (width, height) => {
            let side =
                |side: Option<usize>| side.and_then(|n| u32::try_from(n).ok()).unwrap_or(folder.native);
            Some((side(width), side(height)))
        }
    };
    let multiple = folder.cell.saturating_mul(folder.unet_multiple);
    Geometry { native: folder.native, multiple, cell: folder.cell, fixed }
}
