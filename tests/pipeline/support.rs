//! What the tests of this folder share: the tiny models, copies of them to be damaged, requests, a watcher.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, Array4};
use scumble::cancel::Cancel;
use scumble::error::{Error, Status};
use scumble::grid::{Level, Window};
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::region::Rect;
use scumble::render::{
    Annotated, Change, Condition, Control, Ended, Latent, Lora, Patch, Phases, Picture, Policy, Previews,
    Quality, Reference, Region, Renderer, Scene, Sink, Tier,
};
use serde_json::Value;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn tiny(name: &str) -> PathBuf {
    root().join("models/tiny").join(name)
}

/// One of `models/tiny/loras`.
pub fn lora_file(name: &str) -> String {
    tiny("loras").join(format!("{name}.safetensors")).to_str().unwrap().to_owned()
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

/// What is done to a whole model, what status that gives, and what its message must name.
pub type Damage = (&'static str, fn(&Scratch), Status, &'static str);

/// Each damage of a copy of `model` is told by its status and in one sentence that names it.
pub fn check_damages(model: &str, copy: &str, damages: &[Damage]) {
    for (name, damage, status, names) in damages {
        let model = Scratch::copy_of(model, copy);
        damage(&model);
        let error = load(&model.0).err().unwrap_or_else(|| panic!("{name}: it loads"));
        println!("{name}: {error}");
        assert_eq!(error.status, *status, "{name}: {error}");
        assert!(error.message.contains(names), "{name}: {error}");
        assert!(error.message.ends_with('.') && !error.message.contains('\n'), "{name}: {error}");
        assert!(!error.message.contains("os error"), "{name}: {error}");
    }
}

/// Cells that are masked stay those of the paint, and the others do not, in a model with cells of so many pixels.
pub fn check_mask(model: &Path, cell: usize) {
    let picture = grey(8 * cell, 4 * cell);
    let mut pipeline = load(model).unwrap();
    let mask = Array2::from_shape_fn((4, 8), |(_, x)| f32::from(x < 4));
    let none = Array2::zeros((4, 8));
    let mut of = |mask| Request { mask, cell, ..request(&picture) }.finish(&mut pipeline).1;
    let (free, held, paint) = (of(None), of(Some(&mask)), of(Some(&none)));
    let half = |latent: &Latent, right: bool| -> Vec<f32> {
        latent.indexed_iter().filter(|((.., x), _)| (*x >= 4) == right).map(|(_, value)| *value).collect()
    };
    assert_eq!(half(&held, true), half(&paint, true));
    assert_ne!(half(&held, false), half(&paint, false));
    assert_ne!(half(&free, true), half(&paint, true));
    assert_ne!(half(&held, false), half(&free, false), "what is held is seen by the rest");
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

pub fn grey(width: usize, height: usize) -> Picture {
    Picture::from_shape_fn((3, height, width), |(c, y, x)| ((c * 7 + y * 3 + x) % 97) as f32 / 96.0)
}

/// Scene and quality in one, with what most tests want.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub picture: &'a Picture,
    pub cell: usize,
    pub cell_origin: (i64, i64),
    pub level: i32,
    /// Width and height of all of the canvas; `None`: the picture is all of it.
    pub canvas: Option<(i32, i32)>,
    pub mask: Option<&'a Array2<f32>>,
    pub change: Option<Change<'a>>,
    pub hole: Option<&'a Array2<f32>>,
    pub prompt: &'a str,
    pub negative: &'a str,
    pub controls: &'a [Control<'a>],
    pub annotated: &'a [Annotated<'a>],
    pub loras: &'a [Lora<'a>],
    pub regions: &'a [Region<'a>],
    pub references: &'a [Reference<'a>],
    pub sampler: Option<&'a str>,
    pub strength: f32,
    pub steps: u32,
    pub guidance: f32,
    pub paint_guidance: Option<f32>,
    pub seed: u64,
    pub noise: Option<&'a Array4<f32>>,
    pub previews: Previews,
}

pub fn request(picture: &Picture) -> Request<'_> {
    Request {
        picture,
        cell: 8,
        cell_origin: (0, 0),
        level: 0,
        canvas: None,
        mask: None,
        change: None,
        hole: None,
        prompt: "a house by the lake",
        negative: "",
        controls: &[],
        annotated: &[],
        loras: &[],
        regions: &[],
        references: &[],
        sampler: None,
        strength: 1.0,
        steps: 4,
        guidance: 1.0,
        paint_guidance: None,
        seed: 7,
        noise: None,
        previews: Previews::Off,
    }
}

/// All that came of a request.
pub struct Made {
    pub ended: Ended,
    pub patches: Vec<Patch>,
}

impl Made {
    pub fn steps(&self) -> Vec<(u32, u32)> {
        self.patches.iter().map(|patch| (patch.step, patch.steps)).collect()
    }
}

impl Request<'_> {
    pub fn run(&self, renderer: &mut dyn Renderer, policy: &Policy, cancel: &Cancel) -> Result<Made, Error> {
        let mut patches = Vec::new();
        let mut sink = |patch| {
            patches.push(patch);
            Ok(())
        };
        let ended = self.run_into(renderer, policy, cancel, &mut sink)?;
        Ok(Made { ended, patches })
    }

    pub fn run_into(
        &self,
        renderer: &mut dyn Renderer,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended, Error> {
        let (_, height, width) = self.picture.dim();
        let (x, y) = self.cell_origin;
        let window =
            Window { level: Level(self.level), x, y, width: width / self.cell, height: height / self.cell };
        let words = [Condition::Prompt(self.prompt), Condition::Negative(self.negative)];
        let controls = self.controls.iter().map(|control| Condition::Control(*control));
        let loras = self.loras.iter().map(|lora| Condition::Lora(*lora));
        let regions = self.regions.iter().map(|region| Condition::Region(*region));
        let references = self.references.iter().map(|reference| Condition::Reference(*reference));
        let annotated = self.annotated.iter().map(|annotated| Condition::Annotated(*annotated));
        let more = controls.chain(annotated).chain(loras).chain(regions).chain(references);
        let conditions: Vec<_> = words.into_iter().chain(more).collect();
        let (across, down) = self.canvas.unwrap_or((width as i32, height as i32));
        let canvas = Rect::new(0, 0, across, down);
        let scene = Scene {
            window,
            canvas,
            paint: self.picture,
            mask: self.mask,
            change: self.change,
            hole: self.hole,
            conditions: &conditions,
            noise: self.noise,
        };
        let quality = Quality {
            tier: Tier::Settled,
            sampler: self.sampler,
            steps: self.steps,
            strength: self.strength,
            refines: false,
            guidance: self.guidance,
            paint_guidance: self.paint_guidance,
            seed: self.seed,
            previews: self.previews,
        };
        renderer.render(&scene, &quality, policy, cancel, sink)
    }

    pub fn error(&self, renderer: &mut dyn Renderer) -> Error {
        self.run(renderer, &Policy::default(), &Cancel::new()).err().expect("an error")
    }

    /// The finished picture and its latent.
    pub fn finish(&self, pipeline: &mut Pipeline) -> (Picture, Latent) {
        let last = self.last(pipeline);
        (last.picture, last.latent.expect("a finished picture has one"))
    }

    fn last(&self, pipeline: &mut Pipeline) -> Patch {
        let made = self.run(pipeline, &Policy::default(), &Cancel::new()).unwrap();
        assert_eq!(made.ended, Ended::Finished);
        made.patches.into_iter().next_back().expect("a patch")
    }
}

pub fn finished(pipeline: &mut Pipeline, request: &Request<'_>) -> (Picture, Phases) {
    let last = request.last(pipeline);
    (last.picture, last.phases)
}

/// What is said of a picture.
#[derive(Default)]
pub struct Noted(pub Vec<String>);

impl Sink for Noted {
    fn patch(&mut self, _: Patch) -> Result<(), Error> {
        Ok(())
    }

    fn note(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
}
