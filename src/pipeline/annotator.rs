//! A network that makes a control picture of another picture: how far away things are (Depth Anything, MiDaS), or its soft
//! edges (HED, PiDiNet). Prepared as its `preprocessor_config.json` says, as transformers' image processors do it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ndarray::Array2;
use scumble_hub::catalogue::Catalogue;

use super::load::Loading;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::{Component, Feed, Port};
use crate::models::config::Config;
use crate::pixels::pillow::{self, Filter};
use crate::prepare::Prepare;
use crate::render::Picture;

/// No annotator is shown a picture with a longer side.
const LONGEST_SIDE: usize = 2048;
const CONFIG: &str = "preprocessor_config.json";
/// Names that exports give to what is wanted.
const OUTPUTS: [&str; 6] = ["predicted_depth", "depth", "edges", "logits", "output", "last_hidden_state"];

pub struct Annotator {
    network: Component,
    input: String,
    output: String,
    seen: Seen,
    how: Prepare,
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
        let output = match network.outputs() {
            [only] => only,
            _ => network.output(&OUTPUTS, 3)?,
        };
        let output = output.name.clone();
        Ok(Annotator { network, input, output, seen, how })
    }

    /// What it makes of a picture, 0..1: white is near, or an edge. Its sides are the network's.
    ///
    /// # Errors
    /// As [`Component::run`]; [`Status::ModelUnsupported`] for another shape than one map, [`Status::Inference`] for numbers
    /// that are none.
    pub fn map(&mut self, picture: &Picture, cancel: &Cancel, spent: &mut Duration) -> Result<Array2<f32>> {
        let ready = self.seen.ready(picture)?;
        let (_, height, width) = ready.dim();
        let (shape, numbers) = ([1, 3, height, width], ready.as_slice().unwrap_or_default());
        let feeds = [(self.input.as_str(), Feed::Floats(&shape, numbers))];
        let told = self.network.run(&feeds, &self.output, cancel, spent)?;
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
        let numbers: Vec<f32> = told.iter().copied().collect();
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(Error::new(
                Status::Inference,
                format!(
                    "The annotator {} gave numbers that are none (NaN) of this picture; choose another export of it.",
                    self.network.path().display()
                ),
            ));
        }
        Array2::from_shape_vec(sides, within(numbers, self.how))
            .map_err(|e| Error::new(Status::Internal, e.to_string()))
    }
}

/// What is made, in a sentence.
fn of(how: Prepare) -> &'static str {
    if how == Prepare::Depth { "depth" } else { "soft edges" }
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
fn file(path: &Path) -> Option<PathBuf> {
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

/// Which sides a picture gets before it is shown to the network.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sides {
    /// As it is.
    Own,
    Exactly {
        width: usize,
        height: usize,
    },
    /// Near these, by whichever changes less, and as wide for its height as before (transformers' DPT).
    Near {
        width: usize,
        height: usize,
    },
    Shorter(usize),
}

/// How pictures are shown to a network.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    sides: Sides,
    multiple: usize,
    filter: Filter,
    /// Of 0..1.
    scale: f32,
    mean: [f32; 3],
    deviation: [f32; 3],
}

impl Seen {
    /// # Errors
    /// [`Status::ModelBroken`] for numbers that are none, or far out of the usual.
    fn new(config: Option<&Config>, how: Prepare) -> Result<Seen> {
        let Some(config) = config else { return Ok(Seen::usual(how)) };
        let flag = |key: &str, default: bool| config.flag(key, default);
        let side = |value: &serde_json::Value| value.as_u64().filter(|side| (1..=2048).contains(side));
        let wrong = || {
            config.wrong("size", "a side in pixels from 1 to 2048, a height and a width, or a shortest edge")
        };
        let sides = match config.get("size") {
            _ if !flag("do_resize", true)? => Sides::Own,
            None => Seen::usual(how).sides,
            Some(size) => {
                let of = |key: &str| size.get(key).map(|value| side(value).ok_or_else(wrong)).transpose();
                let (height, width, shortest) = (of("height")?, of("width")?, of("shortest_edge")?);
                match (height.zip(width), shortest.or_else(|| side(size))) {
                    (Some((height, width)), _) if flag("keep_aspect_ratio", false)? => {
                        Sides::Near { width: width as usize, height: height as usize }
                    }
                    (Some((height, width)), _) => {
                        Sides::Exactly { width: width as usize, height: height as usize }
                    }
                    (None, Some(shorter)) => Sides::Shorter(shorter as usize),
                    (None, None) => return Err(wrong()),
                }
            }
        };
        let multiple = config.whole("ensure_multiple_of", 1, 1..=512)? as usize;
        let filter = match config.whole("resample", 3, 0..=5)? {
            1 => Filter::Lanczos,
            2 => Filter::Bilinear,
            _ => Filter::Bicubic,
        };
        let scale = match flag("do_rescale", true)? {
            true => 255.0 * config.number("rescale_factor", 1.0 / 255.0, 0.0..=1.0)? as f32,
            false => 255.0,
        };
        let [mean, deviation] = match flag("do_normalize", true)? {
            true => [three(config, "image_mean", 0.0)?, three(config, "image_std", 1.0)?],
            false => [[0.0; 3], [1.0; 3]],
        };
        if deviation.iter().any(|deviation| *deviation <= 0.0) {
            return Err(config.wrong("image_std", "above 0"));
        }
        Ok(Seen { sides, multiple, filter, scale, mean, deviation })
    }

    /// Of an export that does not say.
    fn usual(how: Prepare) -> Seen {
        let plain = Seen {
            sides: Sides::Shorter(512),
            multiple: 64,
            filter: Filter::Bicubic,
            scale: 1.0,
            mean: [0.0; 3],
            deviation: [1.0; 3],
        };
        match how {
            // Depth Anything's.
            Prepare::Depth => Seen {
                sides: Sides::Near { width: 518, height: 518 },
                multiple: 14,
                mean: [0.485, 0.456, 0.406],
                deviation: [0.229, 0.224, 0.225],
                ..plain
            },
            _ => plain,
        }
    }

    /// With the sides that an export is fixed to, if it is.
    fn fixed_to(self, port: &Port) -> Seen {
        match (port.fixed(2), port.fixed(3)) {
            (Some(height), Some(width)) => {
                Seen { sides: Sides::Exactly { width, height }, multiple: 1, ..self }
            }
            _ => self,
        }
    }

    /// (width, height) of what a picture of these is shown as.
    fn sides(&self, width: usize, height: usize) -> (usize, usize) {
        let by = |across: f64, down: f64| (width as f64 * across, height as f64 * down);
        let (across, down) = match self.sides {
            Sides::Own => by(1.0, 1.0),
            Sides::Exactly { width, height } => (width as f64, height as f64),
            Sides::Near { width: near, height: high } => {
                let (across, down) = (near as f64 / width as f64, high as f64 / height as f64);
                let scale = if (1.0 - across).abs() < (1.0 - down).abs() { across } else { down };
                by(scale, scale)
            }
            Sides::Shorter(shorter) => {
                let scale = shorter as f64 / width.min(height) as f64;
                by(scale, scale)
            }
        };
        let multiple = self.multiple as f64;
        let most = LONGEST_SIDE / self.multiple * self.multiple;
        let whole = |side: f64| {
            // As Python rounds.
            let side = (side / multiple).round_ties_even() * multiple;
            (side as usize).clamp(self.multiple, most.max(self.multiple))
        };
        (whole(across), whole(down))
    }

    fn ready(&self, picture: &Picture) -> Result<Picture> {
        let (_, height, width) = picture.dim();
        let mut seen = pillow::resized(picture, self.sides(width.max(1), height.max(1)), self.filter)?;
        for (mut plane, (mean, deviation)) in
            seen.outer_iter_mut().zip(self.mean.into_iter().zip(self.deviation))
        {
            plane.mapv_inplace(|value| (value * self.scale - mean) / deviation);
        }
        Ok(seen)
    }
}

/// Three numbers, or one for all.
fn three(config: &Config, key: &str, default: f32) -> Result<[f32; 3]> {
    let wrong = || config.wrong(key, "three numbers");
    let Some(value) = config.get(key) else { return Ok([default; 3]) };
    let number = |value: &serde_json::Value| {
        value.as_f64().filter(|number| number.abs() < 1e4).map(|number| number as f32)
    };
    match value.as_array().map(Vec::as_slice) {
        Some([red, green, blue]) => {
            let of = |value| number(value).ok_or_else(wrong);
            Ok([of(red)?, of(green)?, of(blue)?])
        }
        Some(_) => Err(wrong()),
        None => Ok([number(value).ok_or_else(wrong)?; 3]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(json: &str, how: Prepare) -> Result<Seen> {
        Seen::new(Some(&Config::from_value(serde_json::from_str(json).unwrap(), "a.json")), how)
    }

    #[test]
    fn a_picture_gets_the_sides_that_transformers_would_give_it() {
        let usual = Seen::usual(Prepare::Depth);
        // DPTImageProcessor with 518, multiples of 14.
        for (given, sides) in [
            ((640, 480), (686, 518)),
            ((518, 518), (518, 518)),
            ((97, 150), (336, 518)),
            ((2000, 1000), (1036, 518)),
            ((1, 2000), (14, 518)),
        ] {
            assert_eq!(usual.sides(given.0, given.1), sides, "{given:?}");
        }
        assert_eq!(Seen::usual(Prepare::SoftEdges).sides(640, 480), (704, 512));
        let exactly = seen(r#"{"size": {"height": 384, "width": 256}}"#, Prepare::Depth).unwrap();
        assert_eq!(exactly.sides(10, 1000), (256, 384));
        assert_eq!(seen(r#"{"do_resize": false}"#, Prepare::Depth).unwrap().sides(33, 9), (33, 9));
        assert_eq!(
            seen(r#"{"size": 100}"#, Prepare::Depth).unwrap().sides(300, 3_000_000),
            (100, LONGEST_SIDE)
        );
    }

    #[test]
    fn wrong_configurations_are_told() {
        for wrong in [
            r#"{"size": {"height": 0, "width": 9}}"#,
            r#"{"size": {"height": 9}}"#,
            r#"{"size": "large"}"#,
            r#"{"ensure_multiple_of": 0}"#,
            r#"{"image_mean": [1, 2]}"#,
            r#"{"image_std": [1, 0, 1]}"#,
            r#"{"image_mean": ["a", 0, 0]}"#,
        ] {
            let error = seen(wrong, Prepare::Depth).err().unwrap();
            assert!(
                error.status == Status::ModelBroken && error.message.contains("a.json"),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn depth_is_from_the_farthest_to_the_nearest_and_edges_are_grey() {
        assert_eq!(within(vec![-2.0, 0.0, 2.0], Prepare::Depth), [0.0, 0.5, 1.0]);
        assert_eq!(within(vec![3.0, 3.0], Prepare::Depth), [0.0, 0.0]);
        assert_eq!(within(vec![0.0, 0.25, 1.0], Prepare::SoftEdges), [0.0, 0.25, 1.0]);
        assert_eq!(within(vec![0.0, 51.0, 255.0], Prepare::SoftEdges), [0.0, 0.2, 1.0]);
        assert_eq!(within(vec![-1e30, 0.0, 1e30], Prepare::SoftEdges), [0.0, 0.5, 1.0]);
    }
}
