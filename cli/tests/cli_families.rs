//! Each family of models as an artist's script runs it: the command line, given noise, the picture that diffusers makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use image::RgbImage;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn psnr(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let error: f64 =
        a.iter().zip(b.iter()).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    -10.0 * (error / a.len() as f64 / 255.0f64.powi(2)).max(1e-20).log10()
}

/// 8 bits are within half a step of what they stand for: two such pictures of the same are equal, or nearly.
#[test]
fn the_command_makes_the_pictures_that_diffusers_makes() {
    for (case, more) in [
        ("flux-schnell-4", &[][..]),
        ("sd3-turbo-4-odd", &[]),
        ("z-image-8", &["--worker"]),
        ("z-image-guided-wide", &[]),
        ("z-image-web-4", &[]),
        ("klein-4", &["--worker"]),
        ("klein-1-wide", &[]),
        ("klein-base-guided", &[]),
        ("sana-2", &["--worker"]),
        ("sana-10-odd", &[]),
    ] {
        let folder = root().join("tests/golden/pipelines").join(case);
        let about: Value = serde_json::from_slice(&std::fs::read(folder.join("case.json")).unwrap()).unwrap();
        let model = root().join("models/tiny").join(about["model"].as_str().unwrap());
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("family-{case}.png"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
        command.args(["render", "--device", "cpu"]);
        for (name, path) in [
            ("--model", &model),
            ("--input", &folder.join("input.png")),
            ("--noise", &folder.join("noise.npy")),
            ("--output", &output),
        ] {
            command.arg(name).arg(path);
        }
        for (name, key) in [("--strength", "strength"), ("--steps", "steps"), ("--guidance", "guidance")] {
            command.args([name, &about[key].to_string()]);
        }
        command.args(["--prompt", about["prompt"].as_str().unwrap()]);
        if let Some(negative) = about["negative"].as_str() {
            command.args(["--negative", negative]);
        }
        let made = command.args(more).output().unwrap();
        assert!(made.status.success(), "{case}: {}", String::from_utf8_lossy(&made.stderr));
        let [made, expected] = [&output, &folder.join("expected.png")]
            .map(|path| image::open(path).unwrap_or_else(|e| panic!("{case}: {e}")).to_rgb8());
        let got = psnr(&made, &expected);
        println!("{case}: {got:.1} dB");
        assert!(got >= 60.0, "{case}: {got:.1} dB");
    }
}

/// Larger than the model, in sides that are a multiple of nothing: overview, levels and tiles, and the mask's outside stays.
#[test]
fn canvases_of_any_size_are_rendered_by_each_family() {
    for name in ["z-image", "klein", "klein-base", "sana"] {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("canvas-{name}"));
        let _ = std::fs::remove_dir_all(&scratch);
        let model = scratch.join("model");
        copy(&root().join("models/tiny").join(name), &model);
        std::fs::write(model.join("scumble.json"), r#"{"native": 128}"#).unwrap();
        let paint = RgbImage::from_fn(301, 211, |x, y| {
            image::Rgb([(x * 5 % 256) as u8, (y * 7 % 256) as u8, ((x + y) * 3 % 256) as u8])
        });
        let mask = image::GrayImage::from_fn(301, 211, |x, _| image::Luma([if x < 150 { 255 } else { 0 }]));
        let [input, masked, output] = ["in.png", "mask.png", "out.png"].map(|file| scratch.join(file));
        paint.save(&input).unwrap();
        mask.save(&masked).unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_scumble"))
            .args(["render", "--device", "cpu", "--prompt", "a house", "--steps", "2", "--strength", "0.7"])
            .arg("--model")
            .arg(&model)
            .arg("--input")
            .arg(&input)
            .arg("--mask")
            .arg(&masked)
            .arg("--output")
            .arg(&output)
            .output()
            .unwrap();
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        let made = image::open(&output).unwrap().to_rgb8();
        assert_eq!(made.dimensions(), paint.dimensions(), "{name}");
        let changed = made.enumerate_pixels().filter(|(x, y, pixel)| *pixel != paint.get_pixel(*x, *y));
        let (mut inside, mut outside) = (0, 0);
        changed.for_each(|(x, ..)| if x < 150 { inside += 1 } else { outside += 1 });
        assert_eq!(outside, 0, "{name}");
        assert!(inside > 150 * 211 / 2, "{name}: {inside} pixels");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}
