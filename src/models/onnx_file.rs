//! A quick look into an `.onnx` file before ONNX Runtime reads gigabytes: is it whole, which other files does
//! it need and how much of them, and does it use operators that only some devices have?
//!
//! Walks a `ModelProto` (onnx/onnx.proto3).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use crate::error::{Error, Result, Status, plain};
use crate::models::wire::{Damage, Field, Walk, Walker};

/// Operators of com.microsoft for which the CPU provider has no kernel (tried with ONNX Runtime 1.32).
const NOT_ON_CPU: [&str; 5] = ["NhwcConv", "GroupNorm", "SkipGroupNorm", "BiasSplitGelu", "BiasAdd"];

/// TensorProto.DataType.
const FLOAT16: u64 = 10;

/// What a file says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// External data files by name as written in the model, and how many bytes each must have at least.
    pub external: BTreeMap<String, u64>,
    /// Operators that the CPU cannot run.
    pub not_on_cpu: BTreeSet<String>,
    /// Whether it computes with 16-bit floats. Weights that are only stored so, and cast, are no reason.
    pub half: bool,
    /// What it is fed, by name.
    pub inputs: Vec<String>,
    /// Size of the file itself.
    pub bytes: u64,
}

/// Scans `path` and checks that the external data lies beside it, whole.
///
/// # Errors
/// [`Status::ModelMissing`] if the file or one that it needs is not there; [`Status::ModelBroken`] if one of
/// them is empty, cut short, a Git LFS pointer or no ONNX at all.
pub fn check(path: &Path) -> Result<Scan> {
    let scan = scan(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    for (name, needed) in &scan.external {
        let file = folder.join(name);
        let Ok(metadata) = std::fs::metadata(&file) else {
            return Err(Error::new(
                Status::ModelMissing,
                format!(
                    "{} is only half downloaded: the file {} with its weights is missing; download it too.",
                    path.display(),
                    name
                ),
            ));
        };
        if metadata.len() < *needed {
            return Err(cut_short(&file, &format!("{} of at least {needed} bytes", metadata.len())));
        }
    }
    Ok(scan)
}

fn cut_short(path: &Path, detail: &str) -> Error {
    Error::new(
        Status::ModelBroken,
        format!("{} is empty or only half downloaded ({detail}); download it again.", path.display()),
    )
}

/// The error for a file that the system does not read.
pub fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let status = match error.kind() {
        std::io::ErrorKind::NotFound => Status::ModelMissing,
        _ => Status::ModelBroken,
    };
    let why = plain(error);
    Error::new(status, format!("{} cannot be read ({why}); check the model's folder.", path.display()))
}

/// The error for one that is read and is no model.
pub fn damaged(path: &Path) -> Error {
    Error::new(
        Status::ModelBroken,
        format!("{} is damaged or not an ONNX file; download it again.", path.display()),
    )
}

fn scan(path: &Path) -> Result<Scan> {
    let unreadable = |error| unreadable(path, error);
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length == 0 {
        return Err(cut_short(path, "0 bytes"));
    }
    let mut head = Vec::new();
    file.by_ref().take(64).read_to_end(&mut head).map_err(unreadable)?;
    if head.starts_with(b"version https://git-lfs") {
        return Err(Error::new(
            Status::ModelBroken,
            format!(
                "{} is only a Git LFS pointer; fetch the file itself with `git lfs pull`.",
                path.display()
            ),
        ));
    }
    file.rewind().map_err(unreadable)?;
    let scan = Scan { bytes: length, ..Scan::default() };
    let mut scanner = Scanner {
        walker: Walker::new(file),
        scan,
        half: Vec::new(),
        computed: HashSet::new(),
        weights: HashSet::new(),
    };
    match scanner.model(length) {
        Ok(()) => Ok(scanner.told()),
        Err(Damage::CutShort) => Err(cut_short(path, "it ends before its contents do")),
        Err(Damage::NotOnnx) => Err(damaged(path)),
    }
}

/// Looks at what the walk meets.
struct Scanner {
    walker: Walker,
    scan: Scan,
    /// Names of weights that are 16-bit floats.
    half: Vec<String>,
    /// Names of what is fed to operators that do more than cast it.
    computed: HashSet<String>,
    /// Names of all weights; old files have them among the inputs too.
    weights: HashSet<String>,
}

impl Scanner {
    fn told(mut self) -> Scan {
        self.scan.half = self.half.iter().any(|name| self.computed.contains(name));
        self.scan.inputs.retain(|name| !self.weights.contains(name));
        self.scan
    }

    /// ModelProto: 7 = graph.
    fn model(&mut self, end: u64) -> Walk<()> {
        let mut graphs = 0;
        while self.walker.at < end {
            match self.walker.field(end)? {
                (7, Field::Until(graph)) => {
                    graphs += 1;
                    self.graph(graph)?;
                }
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        if graphs == 1 { Ok(()) } else { Err(Damage::NotOnnx) }
    }

    /// GraphProto: 1 = node, 5 = initializer, 11 = input.
    fn graph(&mut self, end: u64) -> Walk<()> {
        while self.walker.at < end {
            match self.walker.field(end)? {
                (1, Field::Until(node)) => self.node(node)?,
                (5, Field::Until(tensor)) => self.tensor(tensor)?,
                (11, Field::Until(input)) => self.input(input)?,
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// ValueInfoProto: 1 = name.
    fn input(&mut self, end: u64) -> Walk<()> {
        while self.walker.at < end {
            match self.walker.field(end)? {
                (1, Field::Until(text)) => {
                    let name = self.walker.text(text)?;
                    self.scan.inputs.push(name);
                }
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// NodeProto: 1 = input, 4 = op_type, 7 = domain.
    fn node(&mut self, end: u64) -> Walk<()> {
        let (mut operator, mut domain, mut inputs) = (String::new(), String::new(), Vec::new());
        while self.walker.at < end {
            match self.walker.field(end)? {
                (1, Field::Until(text)) => inputs.push(self.walker.text(text)?),
                (4, Field::Until(text)) => operator = self.walker.text(text)?,
                (7, Field::Until(text)) => domain = self.walker.text(text)?,
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        if operator != "Cast" {
            self.computed.extend(inputs);
        }
        if domain == "com.microsoft" && NOT_ON_CPU.contains(&operator.as_str()) {
            self.scan.not_on_cpu.insert(operator);
        }
        Ok(())
    }

    /// TensorProto: 2 = data_type, 8 = name, 13 = external_data (key and value), 14 = data_location (1 = external).
    fn tensor(&mut self, end: u64) -> Walk<()> {
        let (mut name, mut half) = (String::new(), false);
        let (mut location, mut offset, mut length, mut external) = (String::new(), 0u64, 0u64, false);
        while self.walker.at < end {
            match self.walker.field(end)? {
                (13, Field::Until(entry)) => {
                    let (key, value) = self.walker.entry(entry)?;
                    match key.as_str() {
                        "location" => location = value,
                        "offset" => offset = value.parse().unwrap_or(0),
                        "length" => length = value.parse().unwrap_or(0),
                        _ => {}
                    }
                }
                (14, Field::Number(place)) => external = place == 1,
                (2, Field::Number(FLOAT16)) => half = true,
                (8, Field::Until(text)) => name = self.walker.text(text)?,
                (_, Field::Until(next)) => self.walker.skip_to(next)?,
                _ => {}
            }
        }
        if half {
            self.half.push(name.clone());
        }
        self.weights.insert(name);
        if external {
            let needed = self.scan.external.entry(location).or_insert(1);
            *needed = (*needed).max(offset.saturating_add(length));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/lcm/unet/model.onnx")).unwrap()
    }

    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            Scratch(std::env::temp_dir().join(format!("scumble-{}-{name}.onnx", std::process::id())))
        }

        fn check(&self, bytes: &[u8]) -> Result<Scan> {
            std::fs::write(&self.0, bytes).unwrap();
            check(&self.0)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_file_that_ends_early_is_noticed_wherever_it_ends() {
        let (whole, scratch) = (whole(), Scratch::new("short"));
        assert_eq!(scratch.check(&whole).unwrap().bytes, whole.len() as u64);
        let places = (0..200).map(|i| i * whole.len() / 200).chain(whole.len() - 40..whole.len() - 20);
        for place in places {
            let error = scratch.check(&whole[..place]).unwrap_err();
            assert_eq!(error.status, Status::ModelBroken, "cut at {place}");
        }
    }

    #[test]
    fn a_model_that_computes_with_16_bit_floats_is_told_from_one_that_only_stores_them() {
        let half = |model: &str| {
            let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
            check(&models.join(model).join("model.onnx")).unwrap().half
        };
        assert!(half("tiny/turbo/unet") && half("tiny/xl-lcm/vae_decoder"));
        assert!(!half("tiny/sd15/unet"));
        assert!(!half("default/vae_decoder"), "its weights are cast before they are used");
    }

    #[test]
    fn changed_bytes_never_do_harm() {
        let (whole, scratch) = (whole(), Scratch::new("changed"));
        let mut state = 1u64;
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = (state >> 33) as usize % bytes.len();
                bytes[place] = (state >> 16) as u8;
            }
            // Whatever it says, it says it.
            let _ = scratch.check(&bytes);
        }
    }
}
