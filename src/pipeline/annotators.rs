//! Control pictures that a network makes of the artist's: of the whole picture, once for as long as it rests, whatever windows
//! are rendered; a window is shown its part of the map.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ndarray::{Array2, Array3};

use super::annotator::{self, Annotator, Made};
use super::load::{LoadOptions, Loading};
use super::pose;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::models::config::Config;
use crate::models::stamp::{Stamp, stamp};
use crate::places;
use crate::prepare::Prepare;
use crate::recent::Recent;
use crate::render::{Annotated, Condition, Control, Picture, Scene, Sink};

/// Maps that are kept; each is some megabyte.
const MAPS: usize = 8;
/// Networks that are kept.
const NETWORKS: usize = 2;
/// A folder in a ControlNet's own, for nets that come with an annotator.
const OWN: &str = "annotator";

/// Which network makes something of which picture ([`Annotated::key`]).
type MadeOf = (Network, u128);
/// Where it lies, what it makes, and as its file is.
type Network = (PathBuf, Prepare, Stamp);

pub struct Annotators {
    loading: Loading,
    /// The model's folder: that of a control which names no other.
    model: PathBuf,
    /// The one that was asked for last is the last.
    networks: Vec<(Network, Annotator)>,
    maps: Recent<MadeOf, Arc<Made>>,
}

impl Annotators {
    pub fn new(loading: Loading, model: PathBuf) -> Annotators {
        Annotators { loading, model, networks: Vec::new(), maps: Recent::new(MAPS) }
    }

    /// What a scene's ControlNets are shown in the place of its [`Annotated`] that are on, in their order.
    ///
    /// # Errors
    /// `why_not` as a setting, where there is one and something to be shown; as [`Annotator::load`] and [`Annotator::map`].
    pub fn pictures(
        &mut self,
        scene: &Scene<'_>,
        cell: u32,
        why_not: Option<String>,
        cancel: &Cancel,
        sink: &mut dyn Sink,
        spent: &mut Duration,
    ) -> Result<Vec<Picture>> {
        let mut made = Vec::new();
        for annotated in annotated(scene) {
            if let Some(why) = &why_not {
                return Err(Error::setting(why.as_str()));
            }
            let map = self.map(annotated, cancel, sink, spent)?;
            made.push(part(&map, scene, cell));
        }
        Ok(made)
    }

    fn map(
        &mut self,
        annotated: &Annotated<'_>,
        cancel: &Cancel,
        sink: &mut dyn Sink,
        spent: &mut Duration,
    ) -> Result<Arc<Made>> {
        let (path, how) = (self.place(annotated), annotated.how);
        // One that is away for a moment was read.
        let read = || self.networks.iter().find(|((own, what, _), _)| *own == path && *what == how);
        let file = annotator::file(&path).map(|file| stamp(&file)).or_else(|| Some(read()?.0.2));
        let wanted = (path, how, file.unwrap_or_default());
        let key = (wanted, annotated.key);
        if let Some(known) = self.maps.get(&key) {
            return Ok(known);
        }
        let wanted = &key.0;
        let (wanted, mut network) = match self.networks.iter().position(|(own, _)| own == wanted) {
            Some(at) => self.networks.remove(at),
            None => {
                let made = how.name().replace('-', " ");
                sink.doing(&format!("The annotator for {made} is read; that is needed once."));
                (wanted.clone(), Annotator::load(&wanted.0, how, &self.loading, cancel)?)
            }
        };
        let map = network.make(annotated.picture, cancel, spent);
        self.networks.push((wanted, network));
        let others = self.networks.len().saturating_sub(NETWORKS);
        self.networks.drain(..others);
        let map = Arc::new(map?);
        self.maps.put(key, map.clone());
        Ok(map)
    }

    /// Where the network lies: in the ControlNet's folder, if it brings one, else in the user's folder of annotators.
    fn place(&self, annotated: &Annotated<'_>) -> PathBuf {
        let net = Some(annotated.model).filter(|model| !model.is_empty());
        let own = net.map_or(self.model.as_path(), Path::new).join(OWN);
        if own.exists() {
            return own;
        }
        users(annotated.how).unwrap_or(own)
    }
}

/// The user's that makes this: the folder of that name, which somebody has given it, else the first that says so in its
/// `scumble.json`, as those that were got do. Where there is none, where it would lie.
fn users(how: Prepare) -> Option<PathBuf> {
    places::user_annotators().map(|folder| in_folder(&folder, how.name()))
}

fn in_folder(folder: &Path, made: &str) -> PathBuf {
    // Of a folder with more in it something else is wrong.
    const MOST: usize = 200;
    let named = folder.join(made);
    if named.exists() {
        return named;
    }
    let says = |place: &Path| {
        let config = Config::read(&place.join("scumble.json")).ok().flatten();
        config.is_some_and(|config| config.text("annotates") == Some(made))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MOST).flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    found.into_iter().find(|place| says(place)).unwrap_or(named)
}

fn annotated<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Annotated<'a>> {
    scene.conditions.iter().filter_map(|condition| match condition {
        Condition::Annotated(annotated) if annotated.scale != 0.0 => Some(annotated),
        _ => None,
    })
}

/// The conditions with controls in the place of what was annotated.
pub fn in_their_place<'b>(scene: &Scene<'b>, pictures: &'b [Picture]) -> Vec<Condition<'b>> {
    let mut pictures = pictures.iter();
    let shown = scene.conditions.iter().filter_map(|condition| match condition {
        Condition::Annotated(Annotated { scale, .. }) if *scale == 0.0 => None,
        Condition::Annotated(Annotated { model, scale, steps, .. }) => {
            let (picture, model, scale, steps) = (pictures.next()?, *model, *scale, *steps);
            Some(Condition::Control(Control { picture, model, scale, steps }))
        }
        other => Some(*other),
    });
    shown.collect()
}

/// What of a map of the whole canvas lies in the scene's window; beyond the canvas its edge is repeated. People are drawn there.
fn part(made: &Made, scene: &Scene<'_>, cell: u32) -> Picture {
    let scale = scene.window.level.scale();
    let [columns, rows] = scene.window.pixels(cell);
    let (_, height, width) = scene.paint.dim();
    let (wide, high) = (f64::from(scene.canvas.width.max(1)), f64::from(scene.canvas.height.max(1)));
    shown(made, (columns.start, width, scale * wide), (rows.start, height, scale * high))
}

fn shown(made: &Made, across: (i64, usize, f64), down: (i64, usize, f64)) -> Picture {
    match made {
        Made::Map(map) => scaled(map, across, down),
        Made::Bodies(bodies) => pose::drawn(bodies, across, down),
    }
}

/// Grey, bilinear. An axis is the first pixel, how many, and how many the whole of the map is.
fn scaled(map: &Array2<f32>, across: (i64, usize, f64), down: (i64, usize, f64)) -> Picture {
    let taps = |(from, count, all): (i64, usize, f64), length: usize| -> Vec<(usize, usize, f32)> {
        let tap = |at: usize| {
            let middle = ((from + at as i64) as f64 + 0.5) / all;
            let place = (middle * length as f64 - 0.5).clamp(0.0, (length - 1) as f64);
            let before = place.floor() as usize;
            (before, (before + 1).min(length - 1), (place - place.floor()) as f32)
        };
        (0..count).map(tap).collect()
    };
    let (high, wide) = map.dim();
    let shape = (3, down.1, across.1);
    let (columns, rows) = (taps(across, wide), taps(down, high));
    Array3::from_shape_fn(shape, |(_, y, x)| {
        let ((left, right, by), (above, below, down)) = (columns[x], rows[y]);
        let row = |y: usize| map[[y, left]] * (1.0 - by) + map[[y, right]] * by;
        row(above) * (1.0 - down) + row(below) * down
    })
}

/// What a network makes of a picture, without a model of pictures, on the CPU: as large as the network's map (of poses: as
/// the picture), or `size` (width, height). `annotator` is its folder or file, else that of the user's folder.
///
/// # Errors
/// [`crate::error::Status::Runtime`]; as [`Annotator::load`] and [`Annotator::map`].
pub fn annotate(
    picture: &Picture,
    how: Prepare,
    annotator: Option<&Path>,
    size: Option<(usize, usize)>,
    options: &LoadOptions,
    cancel: &Cancel,
) -> Result<Picture> {
    let place = annotator
        .map(Path::to_path_buf)
        .or_else(|| users(how))
        .ok_or_else(|| Error::setting("This system has no folder for annotators; name the folder of one."))?;
    let loading = Loading::on_cpu(options)?;
    let mut network = Annotator::load(&place, how, &loading, cancel)?;
    let made = network.make(picture, cancel, &mut Duration::default())?;
    let own = match &made {
        Made::Map(map) => map.dim(),
        Made::Bodies(_) => (picture.dim().1, picture.dim().2),
    };
    let (width, height) = size.unwrap_or((own.1, own.0));
    Ok(shown(&made, (0, width, width as f64), (0, height, height as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_a_map_agree_where_they_overlap() {
        let map = Array2::from_shape_fn((7, 9), |(y, x)| (y * 13 + x * x) as f32 / 200.0);
        let whole = scaled(&map, (0, 64, 64.0), (0, 48, 48.0));
        let part = scaled(&map, (10, 20, 64.0), (30, 18, 48.0));
        assert_eq!(part, whole.slice(ndarray::s![.., 30.., 10..30]));
        let beyond = scaled(&map, (-8, 80, 64.0), (-8, 64, 48.0));
        assert_eq!(whole, beyond.slice(ndarray::s![.., 8..56, 8..72]), "and the edge is repeated");
        assert_eq!(beyond[[0, 0, 0]], map[[0, 0]]);
    }

    #[test]
    fn an_annotator_is_found_by_its_folders_name_or_by_what_it_says() {
        let folder = std::env::temp_dir().join(format!("scumble-annotators-{}", std::process::id()));
        let says = |name: &str, text: &str| {
            std::fs::create_dir_all(folder.join(name)).unwrap();
            std::fs::write(folder.join(name).join("scumble.json"), text).unwrap();
        };
        assert_eq!(in_folder(&folder, "depth"), folder.join("depth"), "none: where it would lie");
        says("a-broken", "{");
        says("b-edges", r#"{"annotates": "soft-edges"}"#);
        says("c-other", r#"{"annotates": 7}"#);
        assert_eq!(in_folder(&folder, "depth"), folder.join("depth"));
        says("e-later", r#"{"annotates": "depth"}"#);
        says("d-first", r#"{"annotates": "depth"}"#);
        assert_eq!(in_folder(&folder, "depth"), folder.join("d-first"));
        assert_eq!(in_folder(&folder, "soft-edges"), folder.join("b-edges"));
        std::fs::create_dir_all(folder.join("depth")).unwrap();
        assert_eq!(
            in_folder(&folder, "depth"),
            folder.join("depth"),
            "what somebody has put there goes before"
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_map_of_its_own_size_stays_as_it_is() {
        let map = Array2::from_shape_fn((5, 3), |(y, x)| (y * 3 + x) as f32);
        let same = scaled(&map, (0, 3, 3.0), (0, 5, 5.0));
        assert_eq!(same.index_axis(ndarray::Axis(0), 1), map);
    }
}
