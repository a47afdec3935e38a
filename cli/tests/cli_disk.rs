//! A disk that is really full, under what the command writes.

mod common;
#[path = "../../tests/support/disk.rs"]
mod full;

use std::fs::{self, File};
use std::process::Command;

use common::{Scratch, fail, model, refs, render, succeed, text};
use full::Disk;

const FULL: &str = "the disk is full; make room there and try again.";

#[test]
fn a_picture_is_written_whole_or_not_at_all() {
    let Some(disk) = Disk::new("pictures") else { return };
    let scratch = Scratch::new("disk");
    let input = scratch.rgb("in.png", 96, 64);
    let output = disk.0.join("out.png").to_str().unwrap().to_owned();
    let painted = render(&input, &output, &["--steps", "1"]);
    let prepare = ["prepare", "--as", "lines", "--input", &input, "--output", &output];
    for (args, most) in [(refs(&painted), 2), (prepare.to_vec(), 0)] {
        for left in 0..=most {
            disk.fill(left);
            let told = fail(1, &args);
            assert_eq!(told.trim_end(), format!("scumble: Cannot write {output}: {FULL}"), "{left} pages");
            assert!(disk.files().is_empty(), "{:?}", disk.files());
        }
        disk.make_room();
        // An older picture stays as it is.
        fs::write(&output, "older").unwrap();
        disk.fill(0);
        fail(1, &args);
        assert_eq!((fs::read_to_string(&output).unwrap(), disk.files().len()), ("older".into(), 1));
        disk.make_room();
        succeed(&args);
        image::open(&output).unwrap();
        fs::remove_file(&output).unwrap();
    }
}

#[test]
fn a_picture_is_all_that_is_written() {
    let scratch = Scratch::new("disk-alone");
    let (input, output) = (scratch.rgb("in.png", 96, 64), scratch.file("out.png"));
    let home = scratch.file("home");
    fs::create_dir(&home).unwrap();
    for more in [[].as_slice(), &["--worker"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
        command.args(render(&input, &output, more)).env_clear();
        command
            .envs(std::env::vars().filter(|(name, _)| ["PATH", "ORT_DYLIB_PATH"].contains(&name.as_str())));
        // Nor does ONNX Runtime tell anybody of it, or note it for later.
        let ended = command.env("HOME", &home).env("TMPDIR", &home).output().unwrap();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
        let left: Vec<_> = fs::read_dir(&home).unwrap().flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_replay_says_where_there_was_no_room() {
    let Some(disk) = Disk::new("replay") else { return };
    let scratch = Scratch::new("disk-replay");
    let script = scratch.write(
        "short.json",
        r##"{ "scumble-recording": 1, "canvas": { "width": 96, "height": 64 }, "background": "#f0f0e8",
          "settings": { "prompt": "a lake", "seed": 7 }, "events": [
          { "t": 50, "do": "stroke", "colour": "#2040c0", "size": 30, "points": [[0, 10, 30, 1], [60, 80, 34, 1]] },
          { "t": 400, "do": "mark", "label": "a stripe" } ] }"##,
    );
    let out = disk.0.join("out").to_str().unwrap().to_owned();
    let (device, model) = (["--device", "cpu"], model());
    let args = ["live", "--script", &script, "--out", &out, "--model", &model, device[0], device[1]];
    // Not even the frames that were shown; those, and nothing that is made of them.
    for left in [0, 1, 8, 16] {
        disk.fill(left);
        let told = fail(1, &args);
        assert!(told.starts_with("scumble: Cannot write ") && told.trim_end().ends_with(FULL), "{told}");
        assert!(told.contains(&out), "{told}");
        // Each of those that are there is whole.
        for file in disk.files() {
            assert!(!file.contains(".part") && !file.ends_with(".raw"), "{file}");
            assert!(!file.ends_with(".png") || image::open(disk.0.join(&file)).is_ok(), "{file}");
        }
    }
    disk.make_room();
    succeed(&args);
    assert!(disk.files().iter().any(|file| file == "out/report.json"), "{:?}", disk.files());
}

#[test]
fn what_is_said_into_a_file_or_got_onto_the_disk() {
    let Some(disk) = Disk::new("said") else { return };
    disk.fill(0);
    let command = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
        command.args(args).env("XDG_DATA_HOME", &disk.0);
        command
    };
    let said = File::create(disk.0.join("said")).unwrap();
    let ended = command(&["models", "list"]).stdout(said).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(text(&ended.stderr), format!("scumble: Cannot write to standard output: {FULL}\n"));
    let ended = command(&["runtime", "install", "cpu"]).output().unwrap();
    let told = text(&ended.stderr);
    let told = told.lines().last().unwrap_or_default();
    assert!(ended.status.code() == Some(1) && told.contains(&disk.0.display().to_string()), "{told}");
    assert!(told.ends_with("where 0 bytes is free; make room there and try again."), "{told}");
}
