//! A folder for files, and the built program.

// Each test program uses some of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{DynamicImage, ImageBuffer, Rgb, Rgba};

/// A fresh folder for one test's files.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    /// 8-bit colours that differ everywhere.
    pub fn rgb(&self, name: &str, width: u32, height: u32) -> String {
        let pixel =
            |x: u32, y: u32| Rgb([(x * 5 % 256) as u8, (y * 7 % 256) as u8, ((x + y) * 3 % 256) as u8]);
        ImageBuffer::from_fn(width, height, pixel).save(self.file(name)).unwrap();
        self.file(name)
    }

    /// 16-bit colours, half of them see-through.
    pub fn rgba16(&self, name: &str, width: u32, height: u32) -> String {
        let alpha = |x: u32| if x < width / 2 { 65535 } else { (x * 601 % 65536) as u16 };
        let pixel =
            |x: u32, y: u32| Rgba([(x * 997) as u16, (y * 1009) as u16, (x * y * 13) as u16, alpha(x)]);
        let picture: ImageBuffer<Rgba<u16>, Vec<u16>> = ImageBuffer::from_fn(width, height, pixel);
        picture.save(self.file(name)).unwrap();
        self.file(name)
    }
}

pub fn model() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/turbo").to_str().unwrap().to_owned()
}

pub fn scumble(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scumble")).args(args).output().unwrap()
}

/// Runs it and takes what it says on standard output.
pub fn succeed(args: &[&str]) -> String {
    let output = scumble(args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{args:?}: {out}{err}");
    assert_eq!(err, "", "{args:?}: nothing is said on standard error where it is no terminal");
    out
}

/// Runs it and takes the sentence on standard error.
pub fn fail(code: i32, args: &[&str]) -> String {
    let output = scumble(args);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}{err}", text(&output.stdout));
    assert!(err.starts_with("scumble: "), "{args:?}: {err}");
    if code == 1 {
        assert_eq!(err.trim_end().lines().count(), 1, "one sentence: {err}");
        assert!(err.trim_end().ends_with('.'), "{err}");
    }
    err
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn render<'a>(input: &'a str, output: &'a str, more: &[&'a str]) -> Vec<String> {
    let fixed = ["render", "--input", input, "--prompt", "a lake", "--output", output, "--device", "cpu"];
    let args = fixed.iter().chain(more).map(|s| (*s).to_owned());
    args.chain(["--model".to_owned(), model()]).collect()
}

pub fn refs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

pub fn rendered(input: &str, output: &str, more: &[&str]) -> DynamicImage {
    succeed(&refs(&render(input, output, more)));
    image::open(output).unwrap()
}
