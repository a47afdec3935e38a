//! How pictures are shown to an annotator's network: as its `preprocessor_config.json` says, read as transformers' image
//! processors read it.

use crate::error::Result;
use crate::models::component::Port;
use crate::models::config::Config;
use crate::pixels::pillow::{self, Filter};
use crate::prepare::Prepare;
use crate::render::Picture;

/// No annotator is shown a picture with a longer side.
const LONGEST_SIDE: usize = 2048;

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
pub struct Seen {
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
    pub fn new(config: Option<&Config>, how: Prepare) -> Result<Seen> {
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
            // trt_pose's.
            Prepare::Pose => Seen {
                sides: Sides::Exactly { width: 224, height: 224 },
                multiple: 32,
                filter: Filter::Bilinear,
                mean: [0.485, 0.456, 0.406],
                deviation: [0.229, 0.224, 0.225],
                ..plain
            },
            _ => plain,
        }
    }

    /// With the sides that an export is fixed to, if it is.
    pub fn fixed_to(self, port: &Port) -> Seen {
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

    /// The picture with black right of it or below, as wide for its height as what the network is shown, where that is of one
    /// form; and how much of it is the picture, across and down.
    pub fn padded(&self, picture: &Picture) -> (Option<Picture>, [f32; 2]) {
        let (_, height, width) = picture.dim();
        let Sides::Exactly { width: across, height: down } = self.sides else { return (None, [1.0; 2]) };
        let wide = width.max((height * across).div_ceil(down.max(1)));
        let high = height.max((width * down).div_ceil(across.max(1)));
        if (wide, high) == (width, height) {
            return (None, [1.0; 2]);
        }
        let mut padded = Picture::zeros((3, high, wide));
        padded.slice_mut(ndarray::s![.., ..height, ..width]).assign(picture);
        (Some(padded), [width as f32 / wide as f32, height as f32 / high as f32])
    }

    pub fn ready(&self, picture: &Picture) -> Result<Picture> {
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
    use crate::error::Status;

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
    fn a_pose_is_looked_for_in_the_whole_picture_unsqueezed() {
        let seen = Seen::usual(Prepare::Pose);
        let picture = Picture::from_elem((3, 10, 30), 0.5);
        let (padded, part) = seen.padded(&picture);
        let padded = padded.unwrap();
        assert_eq!((padded.dim(), part), ((3, 30, 30), [1.0, 1.0 / 3.0]));
        assert_eq!((padded[[0, 9, 29]], padded[[0, 10, 0]]), (0.5, 0.0));
        assert_eq!(seen.padded(&Picture::zeros((3, 7, 7))), (None, [1.0; 2]));
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
}
