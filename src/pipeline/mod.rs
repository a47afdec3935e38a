//! Pictures out of pictures: encode, denoise, decode, whatever the family of models.

mod annotator;
mod annotators;
mod around;
mod beside;
mod conditioning;
mod control;
mod denoise;
mod draws;
mod embedding;
mod eyes;
mod fallback;
pub mod family;
mod flux;
mod flux_2_klein;
mod fused;
mod guarded;
mod hold;
mod image_encoder;
mod in_steps;
mod inpaint;
mod inversions;
mod load;
mod lora;
mod model_info;
mod noisy;
mod parts;
mod pose;
mod preprocessor;
mod prompt;
mod redux;
mod reference;
mod region;
mod residual;
mod samplers;
mod sana_sprint;
pub mod scheduler;
mod step;
mod stable_diffusion;
mod stable_diffusion_3;
mod stable_diffusion_xl;
mod taking;
mod text;
mod texts;
mod tokenizer;
mod trial;
mod unet;
mod unread;
mod vae;
mod z_image;

use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::beside::Beside;
use crate::render::{
    Aspect, Capabilities, Condition, Ended, Geometry, Latent, ModelInfo, Next, Patch, Phases, Picture,
    Policy, Quality, Renderer, Scene, Sink,
};
use annotators::Annotators;
use around::{Hurry, Wider};
use beside::Channels;
use control::Controls;
use denoise::{Conditioning, Denoiser};
use draws::{Draws, Noise};
use family::Family;
use fused::Inside;
use hold::Hold;
use lora::Loras;
use reference::References;
use region::Regions;
use samplers::Samplers;
use scheduler::{Rule, Schedule, Step};
use step::At;
use unread::Whose;
use vae::{Decoder, Encoder};

pub use annotator::has_network;
pub use annotators::annotate;
pub use fallback::Fallback;
#[cfg(any(target_os = "linux", windows))]
pub(crate) use guarded::is_guarded;
pub use load::LoadOptions;

/// A loaded model.
pub struct Pipeline {
    info: ModelInfo,
    samplers: Samplers,
    family: Box<dyn Family>,
    network: Denoiser,
    /// What the network sees beside the latent.
    beside: Beside,
    /// InstructPix2Pix: how far to go from what is predicted without the paint.
    paint_guidance: f32,
    controls: Controls,
    annotators: Annotators,
    loras: Loras,
    references: References,
    encoder: Encoder,
    decoder: Decoder,
    /// Of pictures before the last step, where the model has one.
    preview_decoder: Option<Decoder>,
    noise: Noise,
}

impl Renderer for Pipeline {
    fn info(&self) -> ModelInfo {
        self.info.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            samplers: self.samplers.list(),
            negative: !self.network.is_guidance_distilled() && self.family.hears_negative(),
            inpaints: self.beside == Beside::Hole,
            no_control: self.controls.why_not(),
            own_control: self.controls.has_own(),
            no_lora: self.loras.why_not(),
            no_reference: self.references.why_not(),
            weighs_references: self.references.takes_scales(),
            no_aspects: self.references.why_no_aspects(),
            paint_guidance: (self.beside == Beside::Paint).then_some(self.paint_guidance),
        }
    }

    /// # Errors
    /// [`Status::Setting`] for settings that do not go together, [`Status::Rect`] for a picture of a size
    /// that the model cannot take, [`Status::Cancelled`], [`Status::Inference`], [`Status::Memory`].
    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        cancel.check()?;
        let geometry = self.info.geometry;
        check_size(scene.paint, &geometry)?;
        // Given noise is there to compare with diffusers, whose steps are whole.
        let rule = if scene.noise.is_some() { Rule::Whole } else { Rule::Continuous };
        let (_, height, width) = scene.paint.dim();
        let cell = geometry.cell.max(1);
        let cells = (height / cell as usize) * (width / cell as usize);
        let mut plan = self.samplers.schedule(quality, rule, cells)?;
        let timesteps = plan.timesteps().to_vec();
        let steps = timesteps.len();
        let (asked, conditions) = (scene, in_steps::acting(scene.conditions, steps)?);
        let scene = &Scene { conditions: &conditions, ..*scene };
        let mut annotating = Duration::ZERO;
        let why_not = self.controls.why_not();
        let pictures = self.annotators.pictures(scene, cell, why_not, cancel, sink, &mut annotating)?;
        let conditions = annotators::in_their_place(scene, &pictures);
        let scene = &Scene { conditions: &conditions, ..*scene };
        self.loras.expect(asked);
        let acting = self.controls.prepare(scene, &self.network, &mut self.loras, cancel, sink)?;
        let listening = self.controls.listening().filter(|_| !acting.is_empty());
        let denoisers = [Some(&mut self.network), listening].into_iter().flatten();
        let loras = self.loras.prepare(asked, steps, self.family.encoders(), denoisers, cancel, sink)?;
        self.controls.check_pictures(&acting, scene, &self.network)?;
        if !quality.guidance.is_finite() {
            return Err(Error::setting("Guidance must be a number; change guidance."));
        }
        let mut phases = Phases { runtime: annotating, ..Phases::default() };

        let start = Instant::now();
        let spent = &mut phases.runtime;
        let network = &self.network;
        if self
            .family
            .encoders()
            .iter_mut()
            .any(|encoder| scene.prompts().any(|words| encoder.reads_again_for(words, rule)))
        {
            sink.doing(
                "The model's text encoder is read again, with room for embeddings; that is needed once.",
            );
        }
        let conditioning = self.family.condition(scene, quality.guidance, rule, network, cancel, spent)?;
        let (mut of_regions, seen) = (Vec::new(), region::seen(scene, steps)?);
        for region in &seen.regions {
            let negative = if region.negative.is_empty() { scene.words().1 } else { region.negative };
            let words = [Condition::Prompt(region.prompt), Condition::Negative(negative)];
            let own = Scene { conditions: &words, ..*scene };
            let own = self.family.condition(&own, quality.guidance, rule, network, cancel, spent)?;
            of_regions.push(own);
        }
        conditioning.unread.iter().for_each(|(whose, unread)| sink.note(&unread.sentence(*whose)));
        let unread = of_regions.iter().flat_map(|own| &own.unread);
        for (_, unread) in unread.filter(|(whose, _)| *whose == Whose::Prompt) {
            sink.note(&unread.sentence(Whose::Region));
        }
        phases.text = start.elapsed();
        sink.alive();

        let start = Instant::now();
        let encoded = self.encoder.encode(scene.paint, cancel, &mut phases.runtime)?;
        let references = self.references.encode(scene, &mut self.encoder, cancel, &mut phases.runtime)?;
        let whole = references.encoded.iter().all(|one| one.aspect == Aspect::All);
        if let (false, Some(why)) = (whole, self.references.why_no_aspects()) {
            sink.note(&why);
        }
        let show = |words: &Conditioning| references.shown_by(&*self.family, words, &encoded, steps);
        let mut conditioning = show(&conditioning)?;
        let mut of_regions = of_regions.iter().map(show).collect::<Result<Vec<_>>>()?;
        let (encoder, spent) = (&mut self.encoder, &mut phases.runtime);
        let mut inside = None;
        let beside = match self.beside {
            Beside::Nothing => Channels::default(),
            Beside::Hole => inpaint::beside(scene, self.family.mask(), encoder, cancel, spent)?,
            Beside::Control => beside::control(scene, self.controls.own(scene)?, encoder, cancel, spent)?,
            Beside::Inside => {
                inside = Some(Inside::new(scene, self.controls.own(scene)?));
                Channels::default()
            }
            Beside::Paint => {
                let guidance = quality.paint_guidance.unwrap_or(self.paint_guidance);
                let away = |told: Conditioning| told.away_from_no_paint(guidance);
                conditioning = conditioning.map(away);
                of_regions = of_regions.into_iter().map(|own| own.map(away)).collect();
                Channels::always(encoder.unscaled(&encoded))
            }
        };
        phases.encode = start.elapsed() + annotating;
        sink.alive();

        let mut start = Instant::now();
        let (channels, height, width) = encoded.dim();
        let shape = [channels, height, width];
        let hold = Hold::new(scene, &encoded)?;
        let clean = hold.as_ref().map_or(&*encoded, |hold| &hold.to);
        let clean = clean.as_slice().unwrap_or_default();
        let mut draws = Draws::new(scene, quality.seed);
        let first = draws.draw(&mut self.noise, shape, 0)?;
        // As diffusers': at full strength such a model is shown nothing of what it is to fill.
        let mut sample = match self.beside.begins_with_noise() && hold.is_none() && quality.strength >= 1.0 {
            true => {
                let alone = self.samplers.noise_alone(quality.sampler, plan.shares(0))?;
                first.iter().map(|noise| noise * alone).collect()
            }
            false => plan.add_noise(0, clean, &first),
        };
        let regions = Regions::new(seen, of_regions, (height, width));
        // What there would be without them.
        let mut plain = match &regions {
            None => None,
            Some(regions) => {
                let plan = self.samplers.schedule(quality, rule, cells)?;
                Some(Plain { regions, plan, sample: sample.clone(), estimate: Vec::new(), parted: false })
            }
        };
        // What is told by the window's cells, or shown in its size, knows nothing of what lies farther around.
        let alone = plain.is_none() && acting.is_empty() && self.beside == Beside::Nothing;
        let alone = alone && conditioning.all().all(Conditioning::is_of_any_size);
        let wider =
            if alone && steps > 1 { Wider::new(scene, shape, quality.seed, &mut self.noise)? } else { None };
        let crop = scene.window.crop(scene.canvas, geometry.cell);
        let mut shown = false;
        for (i, timestep) in timesteps.into_iter().enumerate() {
            cancel.check()?;
            let listening = self.controls.listening().filter(|_| !acting.is_empty());
            let denoisers = [Some(&mut self.network), listening].into_iter().flatten();
            self.loras.act(&loras, i, denoisers);
            let conditioning = conditioning.at(i);
            let input = plan.scale_model_input(i, &sample);
            let inside = inside.as_ref();
            let (step, acting, beside) = ((i, steps), acting.as_slice(), &beside);
            let at = At { acting, beside, inside, step, shape: &shape, crop, timestep };
            let spent = &mut phases.runtime;
            // A hand that moves on does not wait for what lies around: the step then sees the window alone.
            let looks = i + 1 == steps && !policy.gives_way();
            let around = match wider.as_ref().filter(|_| looks) {
                None => None,
                Some(wider) => {
                    let all = wider.around(&sample, i, &*plan)?;
                    let (shape, all) = (wider.shape(), plan.scale_model_input(i, &all));
                    let crop = wider.window().crop(scene.canvas, geometry.cell);
                    let (at, hurry) = (At { shape: &shape, crop, ..at }, Hurry::new(cancel, policy));
                    match self.predict(conditioning, &all, &at, &hurry.cancel, spent) {
                        Err(error) if error.is_cancelled() && !cancel.is_cancelled() => None,
                        all => Some(wider.within(all?)?),
                    }
                }
            };
            let mut predicted = match around {
                Some(around) => around,
                None => self.predict(conditioning, &input, &at, cancel, spent)?,
            };
            let mut of_plain = Vec::new();
            if let Some(plain) = &mut plain {
                of_plain = match plain.parted {
                    false => predicted.clone(),
                    true => {
                        let input = plain.plan.scale_model_input(i, &plain.sample);
                        self.predict(conditioning, &input, &at, cancel, spent)?
                    }
                };
                let own = plain
                    .regions
                    .acting(i)
                    .map(|(share, told)| Ok((share, self.predict(told, &input, &at, cancel, spent)?)));
                let own = own.collect::<Result<Vec<_>>>()?;
                plain.parted |= !own.is_empty();
                predicted = plain.regions.mix(&predicted, &own);
            }
            let drawn = match plan.needs_noise(i) {
                true => draws.draw(&mut self.noise, shape, 1 + (plan.first() + i) as u32)?,
                false => Vec::new(),
            };
            let Step { sample: next, mut estimate } = plan.step(i, &predicted, &sample, &drawn);
            sample = next;
            if let Some(plain) = &mut plain {
                let step = plain.plan.step(i, &of_plain, &plain.sample, &drawn);
                (plain.sample, plain.estimate) = (step.sample, step.estimate);
            }
            if let Some(hold) = &hold {
                if let Some(plain) = &mut plain {
                    hold.apply(&plain.plan.add_noise(i + 1, clean, &first), &mut plain.sample);
                    hold.apply(clean, &mut plain.estimate);
                }
                // As diffusers' inpainting does with models that were not trained for it: what is held goes through
                // the noise levels with what is not, so that the network sees it in place.
                hold.apply(&plan.add_noise(i + 1, clean, &first), &mut sample);
                hold.apply(clean, &mut estimate);
            }
            if let Some(plain) = &plain {
                plain.regions.hold(i, &plain.sample, &mut sample);
                plain.regions.hold(i, &plain.estimate, &mut estimate);
            }
            phases.denoise += start.elapsed();
            let (step, of) = (i as u32 + 1, steps as u32);
            sink.step();
            if step < of {
                let next = policy.after(step, of, shown, quality.previews);
                if matches!(next, Next::Show | Next::ShowAndEnd) {
                    let beneath =
                        plain.as_ref().map(|plain| (plain.regions.pixels(i), plain.estimate.as_slice()));
                    let picture = self.show(&estimate, beneath, shape, false, cancel, &mut phases)?;
                    sink.patch(Patch { picture, latent: None, step, steps: of, phases })?;
                    shown = true;
                }
                if matches!(next, Next::End | Next::ShowAndEnd) {
                    return Ok(Ended::GaveWay);
                }
            }
            // Neither the preview nor what is done with it is denoising.
            start = Instant::now();
        }
        let beneath = plain.as_ref().map(|plain| (plain.regions.pixels(steps - 1), plain.sample.as_slice()));
        let picture = self.show(&sample, beneath, shape, true, cancel, &mut phases)?;
        let latent = Latent::from_shape_vec(encoded.raw_dim(), sample)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        let steps = steps as u32;
        sink.patch(Patch { picture, latent: Some(latent), step: steps, steps, phases })?;
        Ok(Ended::Finished)
    }
}

/// The latent without regions, on its way through the same steps.
struct Plain<'a> {
    regions: &'a Regions,
    plan: Box<dyn Schedule>,
    sample: Vec<f32>,
    estimate: Vec<f32>,
    /// Has a region acted? Until then it is the latent with them.
    parted: bool,
}

fn check_size(picture: &Picture, geometry: &Geometry) -> Result<()> {
    let (channels, height, width) = picture.dim();
    let multiple = geometry.multiple.max(1) as usize;
    let fits = match geometry.fixed {
        Some((w, h)) => (width, height) == (w as usize, h as usize),
        None => width > 0 && height > 0 && width % multiple == 0 && height % multiple == 0,
    };
    if fits && channels == 3 {
        return Ok(());
    }
    let wanted = match geometry.fixed {
        Some((w, h)) => format!("exactly {w} × {h} pixels"),
        None => format!("sides that are multiples of {multiple} pixels"),
    };
    Err(Error::new(
        Status::Rect,
        format!("The model takes pictures of {wanted}, not {width} × {height}; change the picture's size."),
    ))
}
