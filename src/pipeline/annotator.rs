//! A network that makes a control picture of another picture: how far away things are (Depth Anything, MiDaS), its soft
//! edges (HED, PiDiNet), or how people stand in it (trt_pose; `pose.rs`). Prepared as its `preprocessor_config.json` says, as transformers' image processors do it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ndarray::{Array2, ArrayD, Axis, Ix3};
use scumble_hub::catalogue::Catalogue;

use super::load::Loading;
use super::pose::{self, BONE_MAPS, Body, JOINTS};
use super::preprocessor::Seen;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed};
use crate::models::config::Config;
use crate::prepare::Prepare;
use crate::render::Picture;

const CONFIG: &str = "preprocessor_config.json";
/// Names that exports give to what is wanted.
const OUTPUTS: [&str; 6] = ["predicted_depth", "depth", "edges", "logits", "output", "last_hidden_state"];

pub struct Annotator {
    network: Component,
    input: String,
    outputs: Outputs,
    seen: Seen,
    how: Prepare,
}

/// What is asked for, by its name.
enum Outputs {
    Map(String),
    /// Of joints and of bones.
    Pose([String; 2]),
}

/// What one made of a picture.
pub enum Made {
    /// 0..1: white is near, or an edge. Its sides are the network's.
    Map(Array2<f32>),
    Bodies(Vec<Body>),
}

impl Annotator {
    /// Reads the one at `path`: a folder, or its `.onnx` file.
    ///
    /// # Errors
    /// [`Status::ModelMissing`], [`Status::ModelBroken`], and [`Status::ModelUnsupported`] for a network that does something
    /// else than to make one map of one picture.
    pub fn load(path: &Path, how: Prepare, loading: &Loading, cancel: &Cancel) -> Result<Annotator> {
        let file = file(path).ok_or_else(|| missing(path, how))?;
        let config = config(&file)?;
        let network = loading.component("annotator", &file, cancel)?;
        let [port] = network.inputs() else {
            return Err(network.unsupported("it takes more than a picture"));
        };
        if port.shape.len() != 4 || port.fixed(1).is_some_and(|channels| channels != 3) {
            return Err(network.unsupported(&format!(
                "its input \"{}\" of the shape {:?} is no picture (1, 3, height, width)",
                port.name, port.shape
            )));
        }
        let seen = Seen::new(config.as_ref(), how)?.fixed_to(port);
        let input = port.name.clone();
        let outputs = match (how, network.outputs()) {
            (Prepare::Pose, _) => Outputs::Pose(pose_outputs(&network)?),
            (_, [only]) => Outputs::Map(only.name.clone()),
            _ => Outputs::Map(network.output(&OUTPUTS, 3)?.name.clone()),
        };
        Ok(Annotator { network, input, outputs, seen, how })
    }

    /// What it makes of a picture.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::ModelUnsupported`] for other shapes than one map, or those of a pose,
    /// [`Status::Inference`] for numbers that are none.
    pub fn make(&mut self, picture: &Picture, cancel: &Cancel, spent: &mut Duration) -> Result<Made> {
        let (squared, part) = match self.how {
            Prepare::Pose => self.seen.padded(picture),
            _ => (None, [1.0; 2]),
        };
        let ready = self.seen.ready(squared.as_ref().unwrap_or(picture))?;
        let (_, height, width) = ready.dim();
        let (shape, numbers) = ([1, 3, height, width], ready.as_slice().unwrap_or_default());
        let feeds = [(self.input.as_str(), Feed::Floats(&shape, numbers))];
        match &self.outputs {
            Outputs::Map(output) => {
                let told = self.network.run(&feeds, output, cancel, spent)?;
                self.map(&told).map(Made::Map)
            }
            Outputs::Pose([joints, bones]) => {
                let [joints, bones] = self.network.run_for(&feeds, [joints, bones], cancel, spent)?;
                self.bodies(&joints, &bones, part).map(Made::Bodies)
            }
        }
    }

    /// `part` is how much of what the network saw was the picture: across and down.
    fn bodies(&self, joints: &ArrayD<f32>, bones: &ArrayD<f32>, part: [f32; 2]) -> Result<Vec<Body>> {
        let maps = |told: &ArrayD<f32>| match told.shape() {
            &[1, count, height, width] if height * width > 0 => Some([count, height, width]),
            _ => None,
        };
        let right = match (maps(joints), maps(bones)) {
            (Some([JOINTS, high, wide]), Some([BONE_MAPS, h, w])) => high == h && wide == w,
            _ => false,
        };
        if !right {
            return Err(self.network.unsupported(&format!(
                "it makes numbers of the shapes {:?} and {:?}, and {JOINTS} maps of joints and {BONE_MAPS} of bones \
                 (trt_pose) are wanted",
                joints.shape(),
                bones.shape()
            )));
        }
        self.check(joints.iter().chain(bones))?;
        let of = |told: &ArrayD<f32>| {
            let view = told.index_axis(Axis(0), 0);
            view.into_dimensionality::<Ix3>().map(|view| view.to_owned())
        };
        let internal = |e: ndarray::ShapeError| Error::new(Status::Internal, e.to_string());
        let (joints, bones) = (of(joints).map_err(internal)?, of(bones).map_err(internal)?);
        let mut bodies = pose::bodies(&joints.view(), &bones.view());
        for place in bodies.iter_mut().flat_map(|body| body.0.iter_mut().flatten()) {
            place.iter_mut().zip(part).for_each(|(at, part)| *at /= part);
        }
        Ok(bodies)
    }

    fn check<'a>(&self, mut numbers: impl Iterator<Item = &'a f32>) -> Result<()> {
        if numbers.all(|number| number.is_finite()) {
            return Ok(());
        }
        Err(Error::new(
            Status::Inference,
            format!(
                "The annotator {} gave numbers that are none (NaN) of this picture; choose another export of it.",
                self.network.path().display()
            ),
        ))
    }

    fn map(&self, told: &ArrayD<f32>) -> Result<Array2<f32>> {
        let sides = match told.shape() {
            &[1, height, width] | &[1, 1, height, width] | &[height, width] if height * width > 0 => {
                (height, width)
            }
            shape => {
                return Err(self.network.unsupported(&format!(
                    "it makes numbers of the shape {shape:?}, and one map of {} is wanted",
                    of(self.how)
                )));
            }
        };
        self.check(told.iter())?;
        let numbers: Vec<f32> = told.iter().copied().collect();
        Array2::from_shape_vec(sides, within(numbers, self.how))
            .map_err(|e| Error::new(Status::Internal, e.to_string()))
    }
}

/// What is made, in a sentence.
fn of(how: Prepare) -> &'static str {
    match how {
        Prepare::Depth => "depth",
        Prepare::Pose => "poses",
        _ => "soft edges",
    }
}

/// The maps of joints and of bones: by their names, else by how many there are.
fn pose_outputs(network: &Component) -> Result<[String; 2]> {
    let find = |name: &str, count: usize| {
        let outputs = network.outputs();
        let named = outputs.iter().find(|port| port.name == name);
        let found = named.or_else(|| outputs.iter().find(|port| port.fixed(1) == Some(count)));
        found.map(|port| port.name.clone())
    };
    find("cmap", JOINTS).zip(find("paf", BONE_MAPS)).map(<[String; 2]>::from).ok_or_else(|| {
        network.unsupported(&format!(
            "it has no outputs cmap and paf, {JOINTS} maps of joints and {BONE_MAPS} of bones, as trt_pose's networks have"
        ))
    })
}

/// What to do where there is no network at a place.
fn missing(path: &Path, how: Prepare) -> Error {
    let what = if path.exists() { "has no model.onnx" } else { "is not there" };
    let known = Catalogue::own().ok().and_then(|own| Some(own.makers(how.name()).next()?.id.clone()));
    let get = known
        .map(|id| format!("get one with `scumble models pull {id}` (or where the host gets models), "))
        .unwrap_or_default();
    Error::new(
        Status::ModelMissing,
        format!(
            "The annotator {} {what}; {get}put the folder of one that makes {} there (ONNX, {CONFIG} beside it), or have \
             the control picture prepared otherwise.",
            path.display(),
            of(how)
        ),
    )
}

/// Whether a folder has what could be an annotator's network; what it does is told when it is loaded.
///
/// # Errors
/// [`Status::ModelMissing`] where it has none.
pub fn has_network(folder: &Path, how: Prepare) -> Result<()> {
    file(folder).map(drop).ok_or_else(|| missing(folder, how))
}

/// The network in a folder: `model.onnx` or the only one, in it or in its `onnx`.
pub(super) fn file(path: &Path) -> Option<PathBuf> {
    use crate::models::layout::alone;
    let inside = path.join("onnx").join("model.onnx");
    alone(path).or_else(|| inside.is_file().then_some(inside)).or_else(|| alone(&path.join("onnx")))
}

/// That lies beside a network, or beside the folder `onnx` that it is in.
fn config(file: &Path) -> Result<Option<Config>> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let above = folder.parent().filter(|_| folder.ends_with("onnx"));
    match Config::read(&folder.join(CONFIG))? {
        Some(config) => Ok(Some(config)),
        None => above.map_or(Ok(None), |above| Config::read(&above.join(CONFIG))),
    }
}

/// What a network says, as grey: depth from the farthest to the nearest; edges are 0..1 already, or bytes, or what a sigmoid
/// is still to be made of.
fn within(mut numbers: Vec<f32>, how: Prepare) -> Vec<f32> {
    let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = most - least;
    for number in &mut numbers {
        *number = match how {
            Prepare::Depth if range > 0.0 && range.is_finite() => (*number - least) / range,
            Prepare::Depth => 0.0,
            _ if least < 0.0 => 1.0 / (1.0 + (-*number).exp()),
            _ if most > 1.5 => (*number / 255.0).min(1.0),
            _ => number.min(1.0),
        };
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_from_the_farthest_to_the_nearest_and_edges_are_grey() {
        assert_eq!(within(vec![-2.0, 0.0, 2.0], Prepare::Depth), [0.0, 0.5, 1.0]);
        assert_eq!(within(vec![3.0, 3.0], Prepare::Depth), [0.0, 0.0]);
        assert_eq!(within(vec![0.0, 0.25, 1.0], Prepare::SoftEdges), [0.0, 0.25, 1.0]);
        assert_eq!(within(vec![0.0, 51.0, 255.0], Prepare::SoftEdges), [0.0, 0.2, 1.0]);
        assert_eq!(within(vec![-1e30, 0.0, 1e30], Prepare::SoftEdges), [0.0, 0.5, 1.0]);
    }
}
