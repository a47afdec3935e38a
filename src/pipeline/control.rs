//! ControlNets (Zhang, Rao and Agrawala, "Adding Conditional Control to Text-to-Image Diffusion Models", 2023): networks
//! that look at a control picture and the noisy latent at each step, and say what the U-Net is to add inside.
//!
//! In OnnxStack's form: each in a file of its own, beside a U-Net with an input for each thing said. Steps and scales are
//! those of diffusers' `StableDiffusionControlNetImg2ImgPipeline`.

mod said;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::beside;
use super::denoise::{Conditioning, Denoiser, Noisy};
use super::load::Loading;
use super::lora::Loras;
use super::residual::Residual;
use super::unet;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::beside::Beside;
use crate::models::component::{Component, Port};
use crate::models::folder::Folder;
use crate::models::kind::Kind;
use crate::models::layout::{self, LISTENING};
use crate::models::stamp::{Stamp, stamp};
use crate::render::{Control, Scene, Sink};
use said::Ear;

/// ControlNets that are kept, of those that the last job did not ask for.
const KEPT: usize = 4;

/// Where a residual goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Down(usize),
    Middle,
}

impl Place {
    /// By the names that exporters use: `down_block_3_additional_residual`, `mid_block_additional_residual`,
    /// `down_block_additional_residuals_3`.
    fn of(name: &str) -> Option<Place> {
        if name.contains("mid_block") {
            return Some(Place::Middle);
        }
        let digits = |c: char| c.is_ascii_digit();
        let at = name.contains("down_block").then(|| name.find(digits))??;
        let number = name[at..].split(|c| !digits(c)).next()?;
        number.parse().ok().map(Place::Down)
    }
}

/// Ports that are residuals, in one order.
fn residuals(ports: &[Port]) -> Vec<(Place, &Port)> {
    let mut found: Vec<_> = ports.iter().filter_map(|port| Some((Place::of(&port.name)?, port))).collect();
    found.sort_by_key(|(place, _)| *place);
    found
}

struct Net {
    /// As the condition names it.
    model: String,
    /// As its file was when it was read.
    stamp: Stamp,
    network: Component,
    /// Its outputs, in the order of the U-Net's residuals.
    outputs: Vec<String>,
}

impl Net {
    /// Also where its file is away.
    fn is_as_it_was_read(&self) -> bool {
        layout::alone(Path::new(&self.model)).is_none_or(|file| stamp(&file) == self.stamp)
    }
}

/// A control of one job, and its network's place among those that are loaded.
pub struct Acting<'a> {
    net: usize,
    control: &'a Control<'a>,
}

pub struct Controls {
    loading: Loading,
    xl: bool,
    distilled: bool,
    /// The U-Net that listens, where the model has one.
    file: Option<PathBuf>,
    why_not: Option<String>,
    /// The model's folder, where its own network reads one control picture itself.
    own: Option<PathBuf>,
    listening: Option<Denoiser>,
    /// The last one was asked for last.
    nets: Vec<Net>,
}

impl Controls {
    pub fn new(folder: &Folder, loading: Loading, distilled: bool, sees: Beside) -> Self {
        let file = folder.listening.clone();
        let own = matches!(sees, Beside::Control | Beside::Inside).then(|| folder.path.clone());
        let why_not = match folder.kind {
            _ if own.is_some() => None,
            Some(Kind::Flux) => Some(format!(
                "The FLUX.1 model in {} takes no control pictures: it was not made for them; choose FLUX.1 Depth or Canny.",
                folder.path.display()
            )),
            Some(kind) if kind.has_transformer() => {
                Some(format!("{} models take no control pictures in this version.", kind.title()))
            }
            _ if file.is_none() => Some(format!(
                "The model in {} takes no control pictures: it has no U-Net that listens to ControlNets \
                 (unet/controlnet.onnx or controlnet/model.onnx); choose another export of it.",
                folder.path.display()
            )),
            _ => None,
        };
        let xl = folder.kind == Some(Kind::StableDiffusionXl);
        Controls { loading, xl, distilled, file, why_not, own, listening: None, nets: Vec::new() }
    }

    /// Why no control picture can be taken; None if it can.
    pub fn why_not(&self) -> Option<String> {
        self.why_not.clone()
    }

    /// Does the model's own network read one control picture, and takes no others?
    pub fn has_own(&self) -> bool {
        self.own.is_some()
    }

    /// The U-Net that listens, where one was loaded.
    pub fn listening(&mut self) -> Option<&mut Denoiser> {
        self.listening.as_mut()
    }

    /// Loads what the scene's controls need and is not loaded yet, with room for LoRAs where `loras` expect some. `plain` is
    /// the model's own U-Net.
    ///
    /// # Errors
    /// [`Status::Setting`] for a model that takes no controls, and numbers that are none; [`Status::ModelMissing`],
    /// [`Status::ModelBroken`] and [`Status::ModelUnsupported`] for a ControlNet that cannot be used with the model.
    pub fn prepare<'a>(
        &mut self,
        scene: &Scene<'a>,
        plain: &Denoiser,
        loras: &mut Loras,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Acting<'a>>> {
        let wanted: Vec<&Control<'a>> = scene.controls().filter(|control| control.scale != 0.0).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(why) = &self.why_not {
            return Err(Error::setting(why.as_str()));
        }
        for control in &wanted {
            if !control.scale.is_finite() {
                return Err(Error::setting("A control's scale must be a number; change it."));
            }
            if control.picture.dim() != scene.paint.dim() {
                return Err(Error::new(
                    Status::Internal,
                    "A control picture is not as large as the paint that it goes with; paint on.",
                ));
            }
        }
        if self.own.is_some() {
            return Ok(Vec::new());
        }
        if wanted.iter().any(|control| control.model.is_empty()) {
            return Err(Error::setting(
                "This model has no control of its own, as FLUX.1 Depth and Canny have, and exports with a ControlNet in the \
                 U-Net's graph; choose the folder of a ControlNet for it.",
            ));
        }
        if let (None, Some(file)) = (&self.listening, &self.file) {
            sink.doing("The model's U-Net for ControlNets is read; that is needed once.");
            let network = self.loading.with_loras((LISTENING, file), loras, cancel)?;
            let listening = unet::denoiser(network, self.xl, self.distilled)?;
            if residuals(listening.inputs()).is_empty() {
                return Err(Error::new(
                    Status::ModelUnsupported,
                    format!(
                        "The U-Net in {} does not listen to ControlNets: it has no inputs for residuals; choose another \
                         export of the model.",
                        file.display()
                    ),
                ));
            }
            self.listening = Some(listening);
        }
        self.forget(&wanted);
        wanted
            .into_iter()
            .map(|control| Ok(Acting { net: self.net(control, plain, cancel, sink)?, control }))
            .collect()
    }

    /// The control picture that the model's own network reads, if it does and there is one that is on.
    ///
    /// # Errors
    /// As [`beside::only_control`].
    pub fn own<'a>(&self, scene: &Scene<'a>) -> Result<Option<&'a Control<'a>>> {
        self.own.as_deref().map_or(Ok(None), |folder| beside::only_control(scene, folder))
    }

    /// Does the U-Net that listens look at reference pictures, if there are any and the plain one does?
    ///
    /// # Errors
    /// [`Status::Setting`] where it does not.
    pub fn check_pictures(&self, acting: &[Acting<'_>], scene: &Scene<'_>, plain: &Denoiser) -> Result<()> {
        let Some(listening) = self.listening.as_ref().filter(|_| !acting.is_empty()) else { return Ok(()) };
        match scene.references().next().is_some()
            && plain.has(unet::PICTURES)
            && !listening.has(unet::PICTURES)
        {
            true => Err(Error::setting(
                "This export's U-Net for ControlNets does not look at reference pictures; take one or the other away.",
            )),
            false => Ok(()),
        }
    }

    /// Lets go of networks that were not asked for lately, and of those whose files are others by now.
    fn forget(&mut self, wanted: &[&Control<'_>]) {
        self.nets.retain(Net::is_as_it_was_read);
        let is_wanted = |net: &Net| wanted.iter().any(|control| control.model == net.model);
        self.nets.sort_by_key(is_wanted);
        let others = self.nets.iter().filter(|net| !is_wanted(net)).count();
        self.nets.drain(..others.saturating_sub(KEPT));
    }

    fn net(
        &mut self,
        control: &Control<'_>,
        plain: &Denoiser,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<usize> {
        if let Some(known) = self.nets.iter().position(|net| net.model == control.model) {
            return Ok(known);
        }
        let path = Path::new(control.model);
        let file = layout::alone(path).ok_or_else(|| {
            let what = if path.exists() { "has no model.onnx" } else { "is not there" };
            Error::new(
                Status::ModelMissing,
                format!("The ControlNet {} {what}; choose the folder of one in ONNX form.", path.display()),
            )
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.trim_end_matches(".onnx");
        sink.doing(&format!("The ControlNet “{name}” is read; that is needed once."));
        let network = self.loading.component("ControlNet", &file, cancel)?;
        let outputs = self.fit(&network, plain)?;
        let stamp = stamp(&file);
        self.nets.push(Net { model: control.model.to_owned(), stamp, network, outputs });
        Ok(self.nets.len() - 1)
    }

    /// The outputs of a ControlNet in the order of the U-Net's residuals, if they go together.
    fn fit(&self, network: &Component, plain: &Denoiser) -> Result<Vec<String>> {
        let refused = |why: String| {
            Err(Error::new(
                Status::ModelUnsupported,
                format!("The ControlNet {} {why}.", network.path().display()),
            ))
        };
        for wanted in ["sample", "timestep", "encoder_hidden_states", "controlnet_cond"] {
            if network.input(wanted).is_none() {
                return refused(format!(
                    "is none in the form that is read here: it has no input called \"{wanted}\"; choose another export"
                ));
            }
        }
        let other = "choose one that was made for this model's family";
        let told = |input: &str, axis: usize| network.input(input).and_then(|port| port.fixed(axis));
        for (input, axis) in
            [("encoder_hidden_states", 2), ("sample", 1), ("text_embeds", 1), ("time_ids", 1)]
        {
            let own = plain.fixed(input, axis);
            if let (Some(wants), Some(has)) = (told(input, axis), own)
                && wants != has
                && (input != "sample" || wants > has)
            {
                return refused(format!(
                    "is for another family of models: it wants {wants} numbers in {input}, and this model has {has}; \
                     {other}"
                ));
            }
        }
        if network.input("text_embeds").is_some() != self.xl {
            return refused(format!("is for another family of models; {other}"));
        }
        let said = residuals(network.outputs());
        let heard = residuals(self.listening.as_ref().map_or(&[], Denoiser::inputs));
        if said.iter().map(|(place, _)| place).ne(heard.iter().map(|(place, _)| place)) {
            return refused(format!(
                "is for another family of models: it says {} things to the U-Net, and this one listens to {}; {other}",
                said.len(),
                heard.len()
            ));
        }
        for ((_, said), (_, heard)) in said.iter().zip(&heard) {
            if let (Some(says), Some(hears)) = (said.fixed(1), heard.fixed(1))
                && says != hears
            {
                return refused(format!(
                    "is for another family of models: its {} has {says} channels instead of {hears}; {other}",
                    said.name
                ));
            }
        }
        Ok(said.iter().map(|(_, port)| port.name.clone()).collect())
    }

    /// What all ControlNets together say in a step, which of how many; nothing where none is heard.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::ModelUnsupported`] for residuals that do not fit the U-Net.
    pub fn listen(
        &mut self,
        acting: &[Acting<'_>],
        step: (usize, usize),
        conditioning: &Conditioning,
        noisy: &Noisy<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<Residual>> {
        let mut together: Vec<Residual> = Vec::new();
        let Some(listening) = &self.listening else { return Ok(together) };
        let heard = residuals(listening.inputs());
        let speaking = acting.iter().filter(|acting| acting.control.steps.holds(step));
        let alone = speaking.clone().count() == 1;
        for Acting { net, control } in speaking {
            let Some(net) = self.nets.get_mut(*net) else { continue };
            let to = Ear { network: listening, alone };
            let (said, scale) = net.said(control, &to, conditioning, noisy, cancel, spent)?;
            for (place, (shape, mut numbers)) in said.into_iter().enumerate() {
                let Some((_, port)) = heard.get(place) else { continue };
                let fits = together.get(place).is_none_or(|so_far| so_far.shape == shape)
                    && port.fixed(1).is_none_or(|channels| shape.first() == Some(&channels));
                if !fits {
                    return Err(Error::new(
                        Status::ModelUnsupported,
                        format!(
                            "The ControlNet {} says numbers of the shape {shape:?} that the U-Net cannot add; choose one \
                             that was made for this model's family.",
                            net.network.path().display()
                        ),
                    ));
                }
                match together.get_mut(place) {
                    Some(sum) => sum.numbers.add(&numbers, scale)?,
                    None => {
                        numbers.scale(scale)?;
                        together.push(Residual { input: port.name.clone(), shape, numbers });
                    }
                }
            }
        }
        Ok(together)
    }

    /// The U-Net that is to hear what was said; None where nothing was.
    pub fn network(&mut self, said: &[Residual]) -> Option<&mut Denoiser> {
        self.listening.as_mut().filter(|_| !said.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_known_by_the_names_that_exporters_use() {
        for (name, place) in [
            ("down_block_0_additional_residual", Some(Place::Down(0))),
            ("down_block_11_additional_residual", Some(Place::Down(11))),
            ("down_block_additional_residuals_7", Some(Place::Down(7))),
            ("mid_block_additional_residual", Some(Place::Middle)),
            ("mid_block_res_sample", Some(Place::Middle)),
            ("down_block", None),
            ("down_block_99999999999999999999999", None),
            ("sample", None),
        ] {
            assert_eq!(Place::of(name), place, "{name}");
        }
        assert!(Place::Down(usize::MAX) < Place::Middle);
    }
}
