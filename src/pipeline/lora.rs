//! LoRAs on a model that is loaded. With the first one ONNX Runtime reads the networks that it changes once more, unless they
//! have room for it ([`room`]), with a branch beside each weight that LoRAs are used to change; what the branches are fed is
//! all that later changes change. Fed with zeros they add nothing, and the model is itself to the last bit.

mod check;
mod folded;
mod room;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use half::f16;
use ort::value::{DynValue, Tensor};

use super::denoise::Denoiser;
use super::in_steps::InSteps;
use super::text::TextEncoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status, plain};
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::models::kind::Kind;
use crate::models::lora::{self, Delta, Lora, Part};
use crate::models::numbers::entry;
use crate::models::weights::{Element, Use, Weight, Weights};
use crate::render::{self, Scene, Sink};
use crate::steps::StepRange;
use folded::{Folded, Set};

/// A LoRA that is asked for: which file, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    file: String,
    changed: Option<SystemTime>,
    bytes: u64,
    scale: f32,
}

pub struct Loras {
    why_not: Option<String>,
    /// Whose LoRAs fit.
    title: &'static str,
    /// The U-Net's `layers_per_block`.
    layers: usize,
    /// Are there to be some? Then networks that are loaded from now on have room for them from the beginning.
    expected: bool,
    /// By network.
    folded: BTreeMap<&'static str, Folded>,
}

/// The LoRAs of one job by file, each read once.
type Files = BTreeMap<String, Lora>;

/// One weight, and how much of what is added to it.
type Sum<'a> = (&'a Weight, Vec<(f32, &'a Delta)>);

impl Loras {
    /// # Errors
    /// [`Status::ModelBroken`] for a U-Net whose configuration is wrong.
    pub fn new(folder: &Folder, expected: bool) -> Result<Loras> {
        let kind = folder.kind.unwrap_or(Kind::StableDiffusion);
        let why_not =
            kind.has_transformer().then(|| format!("{} models take no LoRAs in this version.", kind.title()));
        // Stable Diffusion's, where nothing says.
        const LAYERS: u32 = 2;
        let config = folder.config.as_ref();
        let listed = config.is_some_and(|config| config.list_length("layers_per_block").is_some());
        let layers = if listed { None } else { entry(config, "layers_per_block")? };
        let layers = layers.unwrap_or(LAYERS) as usize;
        Ok(Loras { why_not, title: kind.title(), layers, expected, folded: BTreeMap::new() })
    }

    /// Why no LoRA can be taken; None if it can.
    pub fn why_not(&self) -> Option<String> {
        self.why_not.clone()
    }

    /// A network that is loaded for this scene or later, a U-Net for ControlNets, is not to be read twice for its LoRAs.
    pub fn expect(&mut self, scene: &Scene<'_>) {
        self.expected |= scene.loras().any(render::Lora::is_on);
    }

    /// Sees to it that the networks have what the scene asks for in the first of so many steps, and nothing else. What is to
    /// change them in each step [`Loras::act`] is to be told.
    ///
    /// # Errors
    /// [`Status::Setting`] for a model that takes none, and scales that are no numbers; as [`lora::read`];
    /// [`Status::ModelUnsupported`] for one that does not fit the model; as [`Component::read_again`]. All networks are then
    /// as they were, or those before the one that failed as they are to be.
    pub fn prepare<'n>(
        &mut self,
        scene: &Scene<'_>,
        steps: usize,
        encoders: &mut [TextEncoder],
        denoisers: impl Iterator<Item = &'n mut Denoiser>,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<InSteps<Set>> {
        let mut asked: Vec<(Asked, f32, StepRange)> = Vec::new();
        for lora in scene.loras().filter(|lora| lora.is_on()) {
            let acts = lora.steps.holds_any_of(steps);
            if let (Some(why), true) = (&self.why_not, acts) {
                return Err(Error::setting(why.as_str()));
            }
            if !lora.scale.is_finite() || !lora.text.is_finite() {
                return Err(Error::setting("A LoRA's scales must be numbers; change them."));
            }
            match stamp(lora.file, lora.scale) {
                Ok(stamped) => asked.push((stamped, lora.text, lora.steps)),
                Err(error) if acts => return Err(error),
                Err(_) => {}
            }
        }
        let of = |part: Part, acts: &dyn Fn(usize) -> bool| -> Set {
            let scaled = asked.iter().map(|(asked, text, _)| match part {
                Part::Unet => asked.clone(),
                Part::Text | Part::Text2 => Asked { scale: *text, ..asked.clone() },
            });
            let own = scaled.enumerate().filter(|(at, asked)| asked.scale != 0.0 && acts(*at));
            own.map(|(_, asked)| asked).collect()
        };
        let parts: Vec<StepRange> = asked.iter().map(|(.., part)| *part).collect();
        let sets = InSteps::new(&parts, steps, |acting| Ok(of(Part::Unet, &|at| acting[at])))?;
        if asked.is_empty() && self.folded.is_empty() {
            return Ok(sets);
        }
        let mut targets: Vec<Target<'_>> = Vec::new();
        for encoder in encoders.iter_mut() {
            let part =
                if encoder.component().name() == Part::Text2.name() { Part::Text2 } else { Part::Text };
            let all = of(part, &|at| parts[at].holds_any_of(steps));
            let sets = InSteps::new(&[], steps, |_| Ok(all.clone()))?;
            targets.push(Target { part, sets, network: Network::Text(encoder) });
        }
        for denoiser in denoisers {
            targets.push(Target {
                part: Part::Unet,
                sets: sets.clone(),
                network: Network::Denoiser(denoiser),
            });
        }
        for target in &mut targets {
            let folded = self.folded.entry(target.network.component().name()).or_default();
            folded.keep(&of(target.part, &|_| true));
        }
        let heard = |file: &str, part: Part| {
            let mut own = asked
                .iter()
                .filter(|(asked, _, steps_of)| asked.file == file && steps_of.holds_any_of(steps));
            own.any(|(asked, text, _)| if part == Part::Unet { asked.scale != 0.0 } else { *text != 0.0 })
        };
        self.make_ready(&mut targets, &heard, cancel, sink)?;
        for target in &mut targets {
            if let Some(folded) = self.folded.get_mut(target.network.component().name())
                && folded.turn_to(target.network.component(), target.sets.at(0))
            {
                target.network.forget();
            }
        }
        Ok(sets)
    }

    /// Sees to it that the networks have what [`Loras::prepare`] found to act in a step. It costs no more than to feed it.
    pub fn act<'n>(
        &mut self,
        sets: &InSteps<Set>,
        step: usize,
        denoisers: impl Iterator<Item = &'n mut Denoiser>,
    ) {
        for denoiser in denoisers {
            let component = denoiser.component();
            if let Some(folded) = self.folded.get_mut(component.name()) {
                folded.turn_to(component, sets.at(step));
            }
        }
    }

    /// Reads what is not known yet of what the networks are to have, and checks that there is a place for it. `heard` says
    /// whether a file is to change a part.
    fn make_ready(
        &mut self,
        targets: &mut [Target<'_>],
        heard: &dyn Fn(&str, Part) -> bool,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let parts: Vec<Part> = targets.iter().map(|target| target.part).collect();
        let mut targets: Vec<&mut Target<'_>> = targets.iter_mut().collect();
        targets.retain_mut(|target| {
            let folded = self.folded.get(target.network.component().name());
            !target.sets.all().all(|set| folded.map_or(set.is_empty(), |folded| folded.is_ready(set)))
        });
        if targets.is_empty() {
            return Ok(());
        }
        let mut files = Files::new();
        for asked in targets.iter().flat_map(|target| target.sets.all().flatten()) {
            cancel.check()?;
            if !files.contains_key(&asked.file) {
                files.insert(asked.file.clone(), lora::read(Path::new(&asked.file), self.layers)?);
            }
        }
        let known = targets.iter_mut().map(|target| Weights::of(target.network.component().path()));
        let known = known.collect::<Result<Vec<Weights>>>()?;
        let networks: Vec<_> =
            targets.iter().zip(&known).map(|(target, weights)| (target.part, weights)).collect();
        for (file, lora) in &files {
            self.check(file, lora, &networks, &|part| heard(file, part).then(|| parts.contains(&part)))?;
        }
        for (target, weights) in targets.iter_mut().zip(&known) {
            let folded = self.folded.entry(target.network.component().name()).or_default();
            folded.make_ready(target, weights, &files, cancel, sink)?;
        }
        Ok(())
    }
}

/// Modules that most LoRAs change: they have their branches from the first LoRA on, whichever that is.
fn is_usual(part: Part, module: &str) -> bool {
    let words: &[&str] = match part {
        Part::Unet => &["_attentions_"],
        Part::Text | Part::Text2 => &["_self_attn_", "_mlp_"],
    };
    words.iter().any(|word| module.contains(word))
}

enum Network<'a> {
    Text(&'a mut TextEncoder),
    Denoiser(&'a mut Denoiser),
}

impl Network<'_> {
    fn component(&mut self) -> &mut Component {
        match self {
            Network::Text(encoder) => encoder.component(),
            Network::Denoiser(denoiser) => denoiser.component(),
        }
    }

    /// As [`Component::read_again`].
    fn read_again(&mut self, weights: &Weights, model: &[u8], cancel: &Cancel) -> Result<()> {
        match self {
            Network::Text(encoder) => encoder.read_again(weights, model, cancel)?,
            Network::Denoiser(denoiser) => denoiser.component().read_again(model, cancel)?,
        }
        self.forget();
        Ok(())
    }

    /// Forgets what it made with other LoRAs.
    fn forget(&mut self) {
        if let Network::Text(encoder) = self {
            encoder.forget();
        }
    }

    /// In a sentence.
    fn title(&self) -> &'static str {
        match self {
            Network::Text(_) => "text encoder",
            Network::Denoiser(_) => "U-Net",
        }
    }
}

/// A network of the model, and what it is to have in each step.
struct Target<'a> {
    part: Part,
    sets: InSteps<Set>,
    network: Network<'a>,
}

fn stamp(file: &str, scale: f32) -> Result<Asked> {
    let about = std::fs::metadata(file).map_err(|error| {
        let (status, why) = match error.kind() {
            std::io::ErrorKind::NotFound => (Status::ModelMissing, "there is no such file".to_owned()),
            _ => (Status::ModelBroken, plain(error)),
        };
        Error::new(status, format!("The LoRA {file} cannot be used: {why}."))
    })?;
    Ok(Asked { file: file.to_owned(), changed: about.modified().ok(), bytes: about.len(), scale })
}

/// What a weight's branch is fed: all that is added to it side by side, or zeros.
fn halves(weight: &Weight, deltas: &[(f32, &Delta)]) -> Result<[DynValue; 2]> {
    let parts: Vec<_> = deltas.iter().map(|(scale, delta)| (scale, delta.halves())).collect();
    let rank = parts.iter().map(|(_, part)| part.rank).sum::<usize>().max(1);
    let [down_shape, up_shape] = weight.halves_of(rank);
    let (row, outputs) = match weight.usage {
        Use::Transposed => (weight.shape[0], weight.shape[1]),
        Use::AsIs | Use::Kernel => (weight.shape[1..].iter().product(), weight.shape[0]),
    };
    let (mut down, mut up) = (vec![0.0; rank * row], vec![0.0; outputs * rank]);
    let mut first = 0;
    for (scale, part) in &parts {
        let scale = *scale * part.scale;
        for (at, number) in part.up.iter().enumerate() {
            let (output, place) = (at / part.rank, first + at % part.rank);
            up[if weight.usage == Use::Kernel { output * rank + place } else { place * outputs + output }] =
                scale * number;
        }
        for (at, number) in part.down.iter().enumerate() {
            let (place, input) = (first + at / row, at % row);
            down[if weight.usage == Use::Kernel { place * row + input } else { input * rank + place }] =
                *number;
        }
        first += part.rank;
    }
    Ok([value(weight, down_shape, down)?, value(weight, up_shape, up)?])
}

fn value(weight: &Weight, shape: Vec<usize>, numbers: Vec<f32>) -> Result<DynValue> {
    let value = match weight.element {
        Element::F32 => {
            check_finite(&numbers, weight)?;
            Tensor::from_array((shape, numbers)).map(Tensor::into_dyn)
        }
        Element::F16 => {
            let halves: Vec<f16> = numbers.iter().map(|number| f16::from_f32(*number)).collect();
            check_finite(&halves.iter().map(|half| half.to_f32()).collect::<Vec<_>>(), weight)?;
            Tensor::from_array((shape, halves)).map(Tensor::into_dyn)
        }
    };
    value.map_err(|e| Error::new(Status::Memory, format!("A LoRA's weights have no room: {e}.")))
}

fn check_finite(numbers: &[f32], weight: &Weight) -> Result<()> {
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok(()),
        false => Err(Error::setting(format!(
            "LoRAs make the weight {} larger than its numbers can be; lower their scales.",
            weight.name
        ))),
    }
}
