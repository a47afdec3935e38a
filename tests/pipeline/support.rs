//! What the tests of this folder share: the tiny models, copies of them to be damaged, requests, a watcher.

use std::path::{Path, PathBuf};

use ndarray::Array3;
use scumble::cancel::Cancel;
use scumble::error::Error;
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::render::{AfterStep, Outcome, Phases, Picture, Renderer, Request, Watch};
use serde_json::Value;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn tiny(name: &str) -> PathBuf {
    root().join("models/tiny").join(name)
}

pub fn load(folder: &Path) -> Result<Pipeline, Error> {
    let options = LoadOptions {
        model_dir: folder.into(),
        device: "cpu".into(),
        intra_threads: 1,
        ..Default::default()
    };
    Pipeline::load(&options, &Cancel::new(), &|_, _| {})
}

/// A copy of a tiny model, to be changed; gone when it is dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scumble-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn copy_of(model: &str, name: &str) -> Self {
        let scratch = Scratch::new(name);
        for folder in std::fs::read_dir(tiny(model)).unwrap().flatten() {
            let to = scratch.0.join(folder.file_name());
            if folder.path().is_file() {
                std::fs::copy(folder.path(), to).unwrap();
                continue;
            }
            std::fs::create_dir(&to).unwrap();
            for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
                std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
        scratch
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn copy(&self, from: &str, to: &str) {
        std::fs::copy(self.0.join(from), self.0.join(to)).unwrap();
    }

    /// Changes an entry of a JSON file.
    pub fn set(&self, file: &str, key: &str, value: Value) {
        let path = self.0.join(file);
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        json[key] = value;
        std::fs::write(path, json.to_string()).unwrap();
    }

    pub fn remove(&self, file: &str) {
        let path = self.0.join(file);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn read_picture(path: &Path) -> Picture {
    let image = image::open(path).unwrap().to_rgb8();
    let (width, height) = image.dimensions();
    Array3::from_shape_fn((3, height as usize, width as usize), |(c, y, x)| {
        f32::from(image.get_pixel(x as u32, y as u32)[c]) / 255.0
    })
}

pub fn psnr(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.dim(), b.dim());
    let error: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64;
    -10.0 * error.max(1e-20).log10()
}

#[derive(Default)]
pub struct Record {
    pub steps: Vec<(u32, u32)>,
    pub previews: Vec<Picture>,
    pub answer: Option<AfterStep>,
}

impl Watch for Record {
    fn after_step(&mut self, step: u32, of: u32) -> AfterStep {
        self.steps.push((step, of));
        self.answer.unwrap_or(AfterStep::Continue)
    }

    fn preview(&mut self, picture: Picture, _step: u32, _of: u32, _phases: Phases) {
        self.previews.push(picture);
    }
}

pub fn grey(width: usize, height: usize) -> Picture {
    Picture::from_shape_fn((3, height, width), |(c, y, x)| ((c * 7 + y * 3 + x) % 97) as f32 / 96.0)
}

pub fn request(picture: &Picture) -> Request<'_> {
    Request {
        picture,
        picture_key: 1,
        cell_origin: (0, 0),
        prompt: "a house by the lake",
        negative: "",
        strength: 1.0,
        steps: 4,
        guidance: 1.0,
        seed: 7,
        noise: None,
    }
}

pub fn finished(pipeline: &mut Pipeline, request: &Request<'_>) -> (Picture, Phases) {
    match pipeline.render(request, &Cancel::new(), &mut Record::default()).unwrap() {
        Outcome::Finished { picture, phases, .. } => (picture, phases),
        Outcome::GaveWay => panic!("nobody asked it to give way"),
    }
}
