//! From a model folder to a [`Pipeline`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::model::ModelInfo;
use crate::models::beside::Beside;
use crate::models::component::errors::no_half;
use crate::models::component::{Component, Elsewhere, moved};
use crate::models::device::auto::{self, Needs};
use crate::models::device::{self, Choice, Device};
use crate::models::folder::{Autoencoders, Folder, Reader};
use crate::models::inversion::Encoder as Encoding;
use crate::models::kind::Kind;
use crate::models::onnx_file;
use crate::models::runtime::{self, Runtime};
use crate::pipeline::Pipeline;
use crate::pipeline::annotators::Annotators;
use crate::pipeline::control::Controls;
use crate::pipeline::draws::Noise;
use crate::pipeline::family::Loaded;
use crate::pipeline::image_encoder::ImageEncoder;
use crate::pipeline::lora::Loras;
use crate::pipeline::model_info::{defaults, geometry};
use crate::pipeline::parts::{self, File, check_device};
use crate::pipeline::redux::Redux;
use crate::pipeline::reference::{self, ReferenceEncoder, ReferenceInput, References};
use crate::pipeline::samplers::{Sampler, Samplers};
use crate::pipeline::taking::Taking;
use crate::pipeline::text::TextEncoder;
use crate::pipeline::vae::{Decoder, Encoder};
use crate::pipeline::{
    flux, flux_2_klein, fused, sana_sprint, stable_diffusion, stable_diffusion_3, stable_diffusion_xl,
    z_image,
};
use crate::places::user_embeddings;

/// What to load, and how to run it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadOptions {
    /// The model's folder.
    pub model_dir: PathBuf,
    /// `auto` (also the empty text), `cpu`, `cuda`, `cuda:1`, `webgpu`, …: see [`device::Choice`].
    pub device: String,
    /// Threads inside ONNX Runtime; 0 for the physical cores less one.
    pub intra_threads: usize,
    /// Another scheduler than the model's: a short name ([`crate::pipeline::scheduler::names`]), or a class name of diffusers.
    pub scheduler: Option<String>,
    /// ONNX Runtime's library, or the folder that it is in, instead of searching.
    pub runtime: Option<PathBuf>,
    /// The folder of the library or program that this code is in, searched first for ONNX Runtime.
    pub beside: Option<PathBuf>,
    /// LoRAs are to be expected: the networks have room for them from the beginning.
    pub loras: bool,
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
        let sampler = Sampler::new(&folder.scheduler, folder.kind, options.scheduler.as_deref())?;
        let runtime = runtime::load(options.runtime.as_deref(), options.beside.as_deref())?;
        cancel.check()?;
        let threads = device::threads(options.intra_threads);
        let wanted = options.scheduler.as_deref();
        let loras = options.loras;
        let loader = Loader { folder: &folder, wanted, sampler, runtime, threads, loras, cancel, progress };
        let files = parts::files(&folder, cancel)?;
        match choice {
            Choice::Only(device) => {
                let card = device::find(device, runtime)?;
                if let Some(file) = files.iter().find(|file| file.scan.half && card.half == Some(false)) {
                    return Err(no_half(file.name, file.path, device));
                }
                loader.load(&files, device)
            }
            Choice::Auto => loader.load_somewhere(&files),
        }
    }
}

/// How networks are brought onto a device, also later than the model.
#[derive(Clone, Copy)]
pub struct Loading {
    runtime: &'static Runtime,
    options: device::Options,
}

impl Loading {
    /// For networks that are used without a model.
    ///
    /// # Errors
    /// [`Status::Runtime`].
    pub fn on_cpu(options: &LoadOptions) -> Result<Loading> {
        let runtime = runtime::load(options.runtime.as_deref(), options.beside.as_deref())?;
        let (device, threads) = (Device::CPU, device::threads(options.intra_threads));
        Ok(Loading { runtime, options: device::Options::new(device, threads, runtime) })
    }

    /// A network that no other part of the model is checked with.
    ///
    /// # Errors
    /// As [`onnx_file::check`] and [`Component::load`].
    pub fn component(&self, name: &'static str, path: &Path, cancel: &Cancel) -> Result<Component> {
        let scan = onnx_file::check(path)?;
        check_device(path, name, self.options.device, &scan)?;
        Component::load(name, path, self.runtime, self.options, cancel)
    }

    /// The same of a network that LoRAs change, with room for them where there are to be some.
    ///
    /// # Errors
    /// As [`Loading::component`].
    pub fn with_loras(
        &self,
        (name, path): (&'static str, &Path),
        loras: &mut Loras,
        cancel: &Cancel,
    ) -> Result<Component> {
        let scan = onnx_file::check(path)?;
        check_device(path, name, self.options.device, &scan)?;
        loras.load((name, path), (self.runtime, self.options), cancel)
    }
}

struct Loader<'a> {
    folder: &'a Folder,
    /// The sampler where a job asks for none: by name, if it is not the model's own, and as it is.
    wanted: Option<&'a str>,
    sampler: Sampler,
    runtime: &'static Runtime,
    threads: usize,
    loras: bool,
    cancel: &'a Cancel,
    progress: Progress<'a>,
}

impl Loader<'_> {
    /// On the best device that takes the model, else on the CPU.
    fn load_somewhere(&self, files: &[File<'_>]) -> Result<Pipeline> {
        let half = files.iter().any(|file| file.scan.half);
        let needs = Needs { half, bytes: files.iter().map(File::bytes).sum() };
        let auto::Plan { devices, mut unfit } = auto::plan(needs, self.runtime);
        for (device, card) in devices {
            match self.load(files, device) {
                Ok(mut pipeline) => {
                    pipeline.info.device_note = auto::chosen(device, &card, &unfit);
                    log::info!("{}", pipeline.info.device_note);
                    return Ok(pipeline);
                }
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => {
                    log::warn!("{error}; something else is tried");
                    unfit.push(auto::failed(device, &card, &error));
                }
            }
        }
        let mut pipeline = self.load(files, Device::CPU)?;
        pipeline.info.device_note = auto::fell_back(&unfit);
        log::info!("{}", pipeline.info.device_note);
        Ok(pipeline)
    }

    fn load(&self, files: &[File<'_>], device: Device) -> Result<Pipeline> {
        let folder = self.folder;
        for file in files {
            check_device(&folder.path, file.name, device, &file.scan)?;
        }
        // The trial run counts like a tenth of the files.
        let total = files.iter().map(File::bytes).sum::<u64>() as f32 * 1.1;
        let mut done = 0u64;
        let mut left = files.iter();
        let options = device::Options::new(device, self.threads, self.runtime);
        let mut elsewhere: Vec<(&str, Elsewhere)> = Vec::new();
        let mut loras = Loras::new(folder, self.loras)?;
        let mut component = || -> Result<Component> {
            let Some(file) = left.next() else {
                return Err(Error::new(
                    Status::Internal,
                    "The model has too few parts; choose another model.",
                ));
            };
            (self.progress)(done as f32 / total, file.title);
            let network = loras.load((file.name, file.path), (self.runtime, options), self.cancel)?;
            done += file.bytes();
            elsewhere.push((file.title, network.elsewhere()));
            Ok(network)
        };
        let mut encoders = Vec::with_capacity(folder.texts.len());
        for (place, words) in folder.texts.iter().enumerate() {
            let mut text = TextEncoder::new(words, component()?, self.taking(place))?;
            text.try_out(words, self.cancel, &mut Duration::default()).map_err(|e| self.does_not_run(e))?;
            if let Some(encoder) = self.hears_inversions_as(place) {
                let own = folder.path.join("embeddings");
                text.look_for_inversions([own].into_iter().chain(user_embeddings()).collect(), encoder);
            }
            encoders.push(text);
        }
        let network = component()?;
        let Loaded { family, network } = match folder.kind {
            None | Some(Kind::StableDiffusion | Kind::LatentConsistency) => {
                stable_diffusion::load(network, encoders, folder)?
            }
            Some(Kind::StableDiffusionXl) => stable_diffusion_xl::load(network, encoders, folder)?,
            Some(Kind::StableDiffusion3) => stable_diffusion_3::load(network, encoders, folder)?,
            Some(Kind::Flux) => flux::load(network, encoders, folder)?,
            Some(Kind::ZImage) => z_image::load(network, encoders)?,
            Some(Kind::Flux2Klein) => flux_2_klein::load(network, encoders, folder)?,
            Some(Kind::SanaSprint) => sana_sprint::load(network, encoders, folder)?,
        };
        let Autoencoders { encoder, decoder, own } = &folder.autoencoders;
        let encoder = Encoder::new(component()?, encoder.clone(), own.clone())?;
        let decoder = Decoder::new(component()?, decoder.clone())?;
        let preview_decoder = match &folder.preview {
            Some(preview) => Some(Decoder::new(component()?, preview.autoencoder.clone())?),
            None => None,
        };
        let reference_encoder = match (family.reference_input(), &folder.image_encoder) {
            (Some(ReferenceInput::Latents { cell, most }), _) => ReferenceEncoder::Vae { cell, most },
            (Some(ReferenceInput::Tokens { width }), Some(_)) => {
                ReferenceEncoder::Redux(Box::new(Redux::new(component()?, component()?, width)?))
            }
            (Some(ReferenceInput::Embeddings(wanted)), Some(_)) => {
                ReferenceEncoder::Clip(Box::new(ImageEncoder::new(component()?, wanted)?))
            }
            (Some(ReferenceInput::Embeddings(_) | ReferenceInput::Tokens { .. }), None) => {
                ReferenceEncoder::None(format!(
                    "The model in {} looks at reference pictures, but it lacks its image_encoder; download or export it again, \
                     or name a folder with one in scumble.json.",
                    folder.path.display()
                ))
            }
            (None, _) => ReferenceEncoder::None(reference::blind(folder)),
        };
        (self.progress)(done as f32 / total, "first run");

        let distilled = network.is_guidance_distilled();
        let kind = folder.kind.unwrap_or(match distilled && self.sampler.is_lcm() {
            true => Kind::LatentConsistency,
            false => Kind::StableDiffusion,
        });
        let (channels, cell) = (folder.autoencoders.decoder.channels, folder.cell as usize);
        let other = kind.has_transformer() && kind != Kind::Flux;
        let beside = match network.sees().filter(|_| !other) {
            _ if fused::is_in(&network)? => Beside::Inside,
            Some(sees) => Beside::of(folder.kind, sees, channels, cell).ok_or_else(|| {
                network.unsupported(&format!(
                    "it sees {sees} numbers at each place of a latent with {channels} channels"
                ))
            })?,
            None => folder.beside,
        };
        let info = ModelInfo {
            name: folder.name.clone(),
            description: self.description(distilled, family.hears_negative(), beside),
            device: device.to_string(),
            device_note: String::new(),
            runtime: self.runtime.description(),
            geometry: geometry(folder, &network, &encoder, &decoder),
            defaults: folder
                .defaults
                .unwrap_or_else(|| defaults(kind, &folder.name, &self.sampler, &network, beside)),
        };
        let samplers = Samplers::new(kind, folder.scheduler.clone(), self.wanted.map(str::to_owned));
        let loading = Loading { runtime: self.runtime, options };
        let controls = Controls::new(folder, loading, distilled, beside);
        let references = References::new(reference_encoder);
        let mut pipeline = Pipeline {
            info,
            samplers,
            family,
            network,
            beside,
            paint_guidance: folder.paint_guidance,
            controls,
            annotators: Annotators::new(loading, folder.path.clone()),
            loras,
            references,
            encoder,
            decoder,
            preview_decoder,
            noise: Noise::new(folder.fine_noise),
        };
        pipeline.try_out(self.cancel).map_err(|e| self.does_not_run(e))?;
        pipeline.info.device_note = auto::in_part(device, &moved(&elsewhere));
        (self.progress)(1.0, "ready");
        Ok(pipeline)
    }

    /// Which vectors of textual inversions are those of the text encoder at this place, in families that they are made for.
    fn hears_inversions_as(&self, place: usize) -> Option<Encoding> {
        match self.folder.kind {
            None | Some(Kind::StableDiffusion | Kind::LatentConsistency) => Some(Encoding::Only),
            Some(Kind::StableDiffusionXl) if self.folder.texts[place].name == "text_encoder" => {
                Some(Encoding::First)
            }
            Some(Kind::StableDiffusionXl) => Some(Encoding::Second),
            _ => None,
        }
    }

    /// What is looked at of the text encoder at this place among the folder's.
    fn taking(&self, place: usize) -> Taking {
        let words = &self.folder.texts[place];
        match self.folder.kind {
            _ if words.reader == Reader::T5 => Taking::Last,
            Some(Kind::Flux) => Taking::LastAndPooled,
            Some(Kind::StableDiffusion3) => Taking::LastButOneAndPooled,
            Some(Kind::StableDiffusionXl) if words.name == "text_encoder" => Taking::LastButOne,
            Some(Kind::ZImage) => Taking::LastButOne,
            Some(Kind::Flux2Klein) => Taking::States(flux_2_klein::STATES),
            Some(Kind::StableDiffusionXl) => Taking::LastButOneAndPooled,
            _ => Taking::Last,
        }
    }

    /// What the folder says about the model, and what an artist must know of it.
    fn description(&self, distilled: bool, negative: bool, beside: Beside) -> String {
        let folder = self.folder;
        let notes = self.sampler.notes().iter().map(String::as_str);
        let without_t5 = folder.kind == Some(Kind::StableDiffusion3)
            && folder.texts.iter().all(|words| words.reader != Reader::T5);
        let more = [
            (without_t5, "It came without its T5 text encoder: it understands long descriptions less well."),
            (distilled && negative, "Its guidance is built in: a negative prompt has no effect."),
            (distilled && !negative, "Guidance and a negative prompt have no effect."),
            (!distilled && !negative, "A negative prompt has no effect."),
            (beside == Beside::Hole, "It fills what the mask covers, and looks at what lies around it."),
            (beside == Beside::Control, "It follows a control picture; without one it is shown black."),
            (beside == Beside::Inside, "It follows a control picture."),
            (beside == Beside::Paint, "It changes the paint as the prompt tells it to."),
            (folder.looks_at_paint, "It looks at the paint, or at a reference in its place."),
        ];
        let more = more.into_iter().filter_map(|(holds, note)| holds.then_some(note));
        let all: Vec<&str> = [folder.description.as_str()].into_iter().chain(notes).chain(more).collect();
        all.join(" ")
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
