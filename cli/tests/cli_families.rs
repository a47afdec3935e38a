//! Each family of models as an artist's script runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use image::RgbImage;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Parity with diffusers is the pipelines' tests; this is the way there: command, session, worker, and back.
#[test]
fn each_family_is_rendered_alike_in_the_host_and_in_its_own_process() {
    for case in ["flux-schnell-4", "sd3-turbo-4-odd", "z-image-8", "z-image-web-4", "klein-4", "sana-2"] {
        let folder = root().join("tests/golden/pipelines").join(case);
        let about: Value = serde_json::from_slice(&std::fs::read(folder.join("case.json")).unwrap()).unwrap();
        let model = root().join("models/tiny").join(about["model"].as_str().unwrap());
        let input = folder.join("input.png");
        let [here, there] = [&[][..], &["--worker"]].map(|more| {
            let output =
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("family-{case}-{}.png", more.len()));
            let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
            command.args(["render", "--device", "cpu", "--strength", "0.7", "--steps", "2"]);
            command.args(["--prompt", about["prompt"].as_str().unwrap()]);
            for (name, path) in [("--model", &model), ("--input", &input), ("--output", &output)] {
                command.arg(name).arg(path);
            }
            let made = command.args(more).output().unwrap();
            assert!(made.status.success(), "{case}: {}", String::from_utf8_lossy(&made.stderr));
            image::open(&output).unwrap_or_else(|e| panic!("{case}: {e}")).to_rgb8()
        });
        let paint = image::open(&input).unwrap().to_rgb8();
        assert_eq!(here.dimensions(), paint.dimensions(), "{case}");
        assert!(here == there && here != paint, "{case}");
    }
}

/// What a text encoder has no room for, the person who wrote it is told, wherever the model runs.
#[test]
fn words_that_a_model_does_not_read_are_told() {
    let input = root().join("tests/golden/pipelines/z-image-8/input.png");
    let long = "a house by the lake, ".repeat(400) + "at sunset";
    for (model, more) in [("z-image", &[][..]), ("sd3", &["--worker"])] {
        for (prompt, is_cut) in [("a house by the lake", false), (long.as_str(), true)] {
            let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unread-{model}.png"));
            let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
            command.args(["render", "--device", "cpu", "--steps", "1", "--json", "--prompt", prompt]);
            let model = root().join("models/tiny").join(model);
            for (name, path) in [("--model", &model), ("--input", &input), ("--output", &output)] {
                command.arg(name).arg(path);
            }
            let made = command.args(more).output().unwrap();
            let errors = String::from_utf8_lossy(&made.stderr);
            assert!(made.status.success(), "{errors}");
            let told: Value = serde_json::from_slice(&made.stdout).unwrap();
            let note = told["note"].as_str().unwrap();
            let expected = "The prompt is longer than this model reads: from \"";
            assert_eq!(note.starts_with(expected), is_cut, "{note}");
            assert!(note.is_empty() != is_cut && errors.contains(note), "{errors}");
        }
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
