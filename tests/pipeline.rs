//! The pipeline on real ONNX Runtime: against diffusers' pictures, with models that are broken in every way
//! that we could think of, and interrupted.
//!
//! ONNX Runtime is looked for as always (the per-user folder, then ORT_DYLIB_PATH); without it these tests fail.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::{Array3, Array4};
use ndarray_npy::read_npy;
use scumble::cancel::Cancel;
use scumble::error::Error;
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::render::{AfterStep, Outcome, Phases, Picture, Renderer, Request, Watch};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn tiny(name: &str) -> PathBuf {
    root().join("models/tiny").join(name)
}

fn load(folder: &Path) -> Result<Pipeline, Error> {
    let options = LoadOptions {
        model_dir: folder.into(),
        device: "cpu".into(),
        intra_threads: 1,
        ..Default::default()
    };
    Pipeline::load(&options, &Cancel::new(), &|_, _| {})
}

/// A copy of a tiny model, to be changed; gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scumble-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn copy_of(model: &str, name: &str) -> Self {
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

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Changes entries of a JSON file.
    fn set(&self, file: &str, key: &str, value: Value) {
        let path = self.0.join(file);
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        json[key] = value;
        std::fs::write(path, json.to_string()).unwrap();
    }

    fn remove(&self, file: &str) {
        let path = self.0.join(file);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read_picture(path: &Path) -> Picture {
    let image = image::open(path).unwrap().to_rgb8();
    let (width, height) = image.dimensions();
    Array3::from_shape_fn((3, height as usize, width as usize), |(c, y, x)| {
        f32::from(image.get_pixel(x as u32, y as u32)[c]) / 255.0
    })
}

fn psnr(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.dim(), b.dim());
    let error: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64;
    -10.0 * error.max(1e-20).log10()
}

#[derive(Default)]
struct Record {
    steps: Vec<(u32, u32)>,
    previews: Vec<Picture>,
    answer: Option<AfterStep>,
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

fn grey(width: usize, height: usize) -> Picture {
    Picture::from_shape_fn((3, height, width), |(c, y, x)| ((c * 7 + y * 3 + x) % 97) as f32 / 96.0)
}

fn request(picture: &Picture) -> Request<'_> {
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

fn finished(pipeline: &mut Pipeline, request: &Request<'_>) -> (Picture, Phases) {
    match pipeline.render(request, &Cancel::new(), &mut Record::default()).unwrap() {
        Outcome::Finished { picture, phases, .. } => (picture, phases),
        Outcome::GaveWay => panic!("nobody asked it to give way"),
    }
}

#[test]
fn pictures_agree_with_diffusers() {
    let folder = root().join("tests/golden/pipelines");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    cases.sort();
    assert!(cases.len() >= 12, "the golden pipelines are missing");
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let about: Value = serde_json::from_slice(&std::fs::read(case.join("case.json")).unwrap()).unwrap();
        let model = about["model"].as_str().unwrap();
        let changed = Scratch::copy_of(model, &name);
        if !about["scheduler"].is_null() {
            changed.write("scheduler/scheduler_config.json", about["scheduler"].to_string());
        }
        let mut pipeline = load(&changed.0).unwrap();
        let picture = read_picture(&case.join("input.png"));
        let noise: Array4<f32> = read_npy(case.join("noise.npy")).unwrap();
        let expected: Array3<f32> = read_npy(case.join("expected.npy")).unwrap();
        let expected = expected.permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
        let request = Request {
            picture_key: 5,
            prompt: about["prompt"].as_str().unwrap(),
            negative: about["negative"].as_str().unwrap_or(""),
            strength: about["strength"].as_f64().unwrap() as f32,
            steps: about["steps"].as_u64().unwrap() as u32,
            guidance: about["guidance"].as_f64().unwrap() as f32,
            noise: Some(&noise),
            ..request(&picture)
        };
        let mut watch = Record::default();
        let outcome = pipeline.render(&request, &Cancel::new(), &mut watch).unwrap();
        let Outcome::Finished { picture, steps, phases } = outcome else { panic!("{name} gave way") };
        assert_eq!(steps as usize, about["timesteps"].as_array().unwrap().len(), "{name}");
        assert_eq!(watch.steps, (1..steps).map(|step| (step, steps)).collect::<Vec<_>>(), "{name}");
        assert!(phases.runtime > Duration::ZERO);
        let (got, least) = (psnr(&picture, &expected), about["psnr_min"].as_f64().unwrap());
        println!("{name}: {got:.1} dB");
        assert!(got >= least, "{name}: {got:.1} dB, not {least}");
    }
}
