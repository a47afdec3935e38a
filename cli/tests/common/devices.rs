//! The command on one device or another, and what comes of it.

// Each test program uses some of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{DynamicImage, ImageBuffer, Rgb};
use serde_json::Value;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A file or folder that set-up puts there. Without it the tests fail: they must not pass by not running.
pub fn set_up(path: &str) -> PathBuf {
    let path = root().join(".setup").join(path);
    assert!(path.exists(), "{} is not there; scripts/setup.sh test puts it there", path.display());
    path
}

/// A fresh folder for one test's files.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("devices-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command on the ONNX Runtime of this name in .setup, with the graphics card in software.
pub fn scumble(runtime: &str, args: &[&str]) -> Command {
    let card = set_up("software-gpu");
    let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nothing-of-the-users");
    command.args(args).arg("--runtime").arg(set_up(runtime)).env("XDG_DATA_HOME", own);
    let driver = card.join("vk_swiftshader_icd.json");
    command.env("LD_LIBRARY_PATH", &card).env("VK_DRIVER_FILES", &driver).env("VK_ICD_FILENAMES", driver);
    for hook in ["SOFTWARE_CARD", "LOST_DEVICE", "FULL_PRECISION"] {
        command.env_remove(format!("SCUMBLE_TEST_{hook}"));
    }
    command
}

/// With the graphics card in software taken for one.
pub fn with_card(args: &[&str]) -> Command {
    let mut command = scumble("webgpu", args);
    command.env("SCUMBLE_TEST_SOFTWARE_CARD", "1");
    command
}

/// Without any driver of a graphics card.
pub fn without_driver(args: &[&str]) -> Command {
    let mut command = scumble("webgpu", args);
    command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json");
    command
}

pub fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

pub fn succeed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{command:?}: {out}{err}");
    out
}

/// What it says in JSON.
pub fn told(command: Command) -> Value {
    serde_json::from_str(&succeed(command)).unwrap()
}

/// Runs it and takes the one sentence on standard error.
pub fn fail(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {out}{err}");
    assert_eq!(err.trim_end().lines().count(), 1, "one sentence: {err}");
    assert!(err.starts_with("scumble: ") && err.trim_end().ends_with('.'), "{err}");
    err
}

pub fn model(name: &str) -> String {
    root().join("models/tiny").join(name).to_str().unwrap().to_owned()
}

/// A painted picture of 16 bits, so that what comes out has as many.
pub fn paint(folder: &Path) -> String {
    let file = folder.join("paint.png");
    let pixel = |x: u32, y: u32| Rgb([(x * 997) as u16, (y * 1009) as u16, ((x + y) * 499) as u16]);
    let picture: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_fn(64, 64, pixel);
    picture.save(&file).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Arguments that render one step of a tiny model.
pub fn render<'a>(paint: &'a str, output: &'a str, model: &'a str, device: &'a str) -> [&'a str; 16] {
    [
        "render",
        "-i",
        paint,
        "-p",
        "a lake",
        "-o",
        output,
        "-m",
        model,
        "--device",
        device,
        "--steps",
        "1",
        "--strength",
        "1",
        "--json",
    ]
}

pub fn psnr(a: &str, b: &str) -> f64 {
    let open = |file: &str| match image::open(file).unwrap() {
        DynamicImage::ImageRgb16(picture) => picture.into_raw(),
        other => panic!("{file} is {:?}", other.color()),
    };
    let (a, b) = (open(a), open(b));
    assert_eq!(a.len(), b.len());
    let error: f64 =
        a.iter().zip(&b).map(|(a, b)| ((f64::from(*a) - f64::from(*b)) / 65535.0).powi(2)).sum::<f64>();
    -10.0 * (error / a.len() as f64).max(1e-20).log10()
}
