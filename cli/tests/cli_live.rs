//! `scumble live` as somebody runs it, on a short recording and a tiny model.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::AnimationDecoder;
use serde_json::Value;

/// Two strokes, an undo and a redo, a prompt, a slider, a pause, two marks: a second and a half.
const SHORT: &str = r##"{ "scumble-recording": 1, "title": "Two strokes",
  "canvas": { "width": 96, "height": 64 }, "background": "#f0f0e8",
  "settings": { "prompt": "a lake", "seed": 7 },
  "events": [
    { "t": 50, "do": "stroke", "colour": "#2040c0", "size": 30, "hardness": 0.5,
      "points": [[0, 10, 30, 0.5], [60, 40, 34, 1], [120, 86, 30, 0.5]] },
    { "t": 200, "do": "stroke", "tool": "eraser", "size": 12, "points": [[0, 48, 5, 1], [80, 48, 60, 1]] },
    { "t": 300, "do": "undo" },
    { "t": 400, "do": "redo" },
    { "t": 420, "do": "mark", "label": "a stripe" },
    { "t": 450, "do": "prompt", "text": "a lake at night" },
    { "t": 600, "do": "set", "strength": 1.0 },
    { "t": 700, "do": "pause", "ms": 700 },
    { "t": 1300, "do": "mark", "label": "the end" }
  ] }"##;

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-live-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn live(script: &Path, out: &Path, more: &[&str]) -> Output {
    live_with("turbo", script, out, more)
}

fn live_with(model: &str, script: &Path, out: &Path, more: &[&str]) -> Output {
    command(model, script, out, more).output().unwrap()
}

fn command(model: &str, script: &Path, out: &Path, more: &[&str]) -> Command {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny").join(model);
    let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
    command.args(["live", "--device", "cpu", "--model"]).arg(model);
    command.arg("--script").arg(script).arg("--out").arg(out).args(more);
    command
}

fn report(out: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn frames(out: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(out.join("frames")).unwrap().flatten().map(|e| e.path()).collect();
    files.sort();
    files
}

#[test]
fn a_picture_that_does_not_come_is_waited_for_as_long_as_asked() {
    let folder = scratch("patience");
    let script = folder.join("script.json");
    std::fs::write(&script, SHORT).unwrap();
    let none = live(&script, &folder.join("none"), &["--steps", "100", "--patience", "0"]);
    let told = said(&none);
    assert!(told.contains("did not come within 0 seconds; --patience waits longer."), "{told}");
    assert_eq!(none.status.code(), Some(1));
    // The first comes at once, and the last would take a minute: each of its steps is held up.
    std::fs::write(&script, SHORT.replace(r#""strength": 1.0"#, r#""strength": 1.0, "steps": 200"#)).unwrap();
    let out = folder.join("last");
    let mut slow = command("turbo", &script, &out, &["--steps", "1", "--patience", "5", "--worker"]);
    let slow = slow.env("SCUMBLE_WORKER_TEST", "spin step 300").output().unwrap();
    let told = said(&slow);
    assert_eq!(slow.status.code(), Some(1), "{told}");
    assert!(
        told.contains("The last picture did not come within 5 seconds; --patience waits longer."),
        "{told}"
    );
    assert_eq!(report(&out)["came_to_rest"], false);
    let too_long = live(&script, &folder.join("ever"), &["--patience", "99999999999999999999"]);
    assert_eq!(too_long.status.code(), Some(2), "{}", said(&too_long));
}

#[test]
fn loras_that_prompts_name_come_and_go() {
    let folder = scratch("loras");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny");
    let loras = models.join("loras").to_str().unwrap().to_owned();
    let ended = |first: &str, then: &str| {
        let script = folder.join("script.json");
        let text = SHORT.replace("a lake\", \"seed", &format!("{first}\", \"seed"));
        std::fs::write(&script, text.replace("a lake at night", then)).unwrap();
        let out = folder.join("out");
        let output = live_with("sd15", &script, &out, &["--lora-folder", &loras, "--steps", "2"]);
        (output.status.success(), said(&output), std::fs::read(out.join("live.png")).unwrap_or_default())
    };
    let (plain, named) = (ended("a lake", "night"), ended("a lake", "<lora:sd15-kohya:1> night"));
    assert!(plain.0 && named.0, "{} {}", plain.1, named.1);
    assert!(plain.2 != named.2);
    // One that is gone leaves nothing.
    let gone = ended("<lora:sd15-peft:1> a lake <lora:sd15-kohya:0.5>", "night");
    assert!(gone.0 && gone.2 == plain.2, "{}", gone.1);
    let wrong = ended("a lake", "night <lora:nothing>");
    assert!(!wrong.0 && wrong.1.contains("no nothing.safetensors"), "{}", wrong.1);
}

#[test]
fn a_recorded_painting_is_followed() {
    let folder = scratch("whole");
    let script = folder.join("short.json");
    std::fs::write(&script, SHORT).unwrap();
    let out = folder.join("out");
    let output = live(&script, &out, &[]);
    assert!(output.status.success(), "{}", said(&output));

    let table = String::from_utf8(output.stdout).unwrap();
    for row in [
        "push, pixels changed",
        "poll, a frame",
        "stroke \u{2192} first frame",
        "stroke \u{2192} FINAL",
        "pen up \u{2192} FINAL",
        "frames shown",
        "jobs started",
        "overhead",
    ] {
        assert!(table.contains(row), "{row}: {table}");
    }

    let report = report(&out);
    assert_eq!(report["came_to_rest"], true);
    assert_eq!(report["faults"], Value::Array(Vec::new()));
    assert_eq!((&report["strokes"], &report["prompts"]), (&2.into(), &1.into()));
    let rows: Vec<&Value> =
        ["host", "latency"].iter().flat_map(|part| report[part].as_array().unwrap()).collect();
    let row = |key: &str| *rows.iter().find(|row| row["key"] == key).unwrap();
    for key in [
        "push_changed",
        "push_unchanged",
        "poll_empty",
        "poll_frame",
        "show",
        "tick_late",
        "stroke_first",
        "stroke_final",
        "settings_first",
        "undo_first",
    ] {
        assert!(row(key)["count"].as_u64() >= Some(1) && row(key)["p95"].is_number(), "{key}: {report:#}");
    }
    assert_eq!(row("pen_up_final")["count"], 2);
    let shown = report["frames"]["shown"].as_u64().unwrap();
    assert!(shown >= 1 && report["frames"]["final"].as_u64() >= Some(1), "{report:#}");
    assert!(report["jobs"]["started"].as_u64() >= Some(1));
    assert!(report["phases"]["overhead"].as_f64() >= Some(1.0));

    // The frame of the blank canvas is one more.
    assert_eq!(frames(&out).len() as u64, shown + 1);
    for file in frames(&out).iter().chain([&out.join("paint.png"), &out.join("live.png")]) {
        let picture = image::open(file).unwrap();
        assert_eq!((picture.width(), picture.height()), (96, 64), "{}", file.display());
    }
    let paint = image::open(out.join("paint.png")).unwrap().to_rgba8();
    assert_eq!(paint.get_pixel(90, 5).0, [0xf0, 0xf0, 0xe8, 255]);
    assert_eq!(paint.get_pixel(48, 30).0[3], 0, "the eraser's stroke was done again");
    let last = std::fs::read(frames(&out).last().unwrap()).unwrap();
    assert!(std::fs::read(out.join("live.png")).unwrap() == last);
    let strip = image::open(out.join("strip.png")).unwrap();
    assert!(strip.width() > 2 * 256 && strip.height() > 2 * 170);
    let film = std::io::BufReader::new(std::fs::File::open(out.join("live.gif")).unwrap());
    let film = image::codecs::gif::GifDecoder::new(film).unwrap().into_frames().collect_frames().unwrap();
    assert!(film.len() >= 2);
    let hidden = std::fs::read_dir(&out)
        .unwrap()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "no working files are left");
}

#[test]
fn a_second_replay_takes_the_first_ones_frames_away_and_keeps_as_many_as_asked() {
    let folder = scratch("twice");
    let script = folder.join("short.json");
    std::fs::write(&script, SHORT).unwrap();
    let out = folder.join("out");
    assert!(live(&script, &out, &["--speed", "4"]).status.success());
    std::fs::write(out.join("frames/mine.png"), "kept").unwrap();
    let output = live(&script, &out, &["--speed", "4", "--keep", "2", "--json", "--strength", "0.6"]);
    assert!(output.status.success(), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["speed"], 4.0);
    let names: Vec<_> = frames(&out).iter().map(|f| f.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["0000.png", "0001.png", "mine.png"]);
}

#[test]
fn nothing_of_an_earlier_replay_stays_where_the_next_one_does_not_write_it() {
    let folder = scratch("used");
    let (script, out) = (folder.join("short.json"), folder.join("out"));
    std::fs::write(&script, SHORT).unwrap();
    let own = ["strip.png", "live.gif", "report.json", "live.png", "paint.png"];
    assert!(live(&script, &out, &["--speed", "4"]).status.success());
    std::fs::write(out.join("mine.png"), "kept").unwrap();
    assert!(own.iter().all(|file| out.join(file).is_file()));
    // A recording without marks has no strip.
    let mut without: Value = serde_json::from_str(SHORT).unwrap();
    without["events"].as_array_mut().unwrap().retain(|event| event["do"] != "mark");
    std::fs::write(&script, without.to_string()).unwrap();
    let output = live(&script, &out, &["--speed", "4"]);
    assert!(output.status.success(), "{}", said(&output));
    let left: Vec<_> = own.into_iter().filter(|file| out.join(file).exists()).collect();
    assert_eq!(left, ["live.gif", "report.json", "live.png", "paint.png"]);
    // One that fails in the middle has none at all.
    let output = live(&script, &out, &["--steps", "100", "--patience", "0"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!own.iter().any(|file| out.join(file).exists()));
    assert!(out.join("mine.png").is_file());
}

#[test]
fn pictures_that_no_replay_has_left_are_not_taken_away() {
    let folder = scratch("not-its-own");
    let (script, out) = (folder.join("short.json"), folder.join("out"));
    std::fs::write(&script, SHORT).unwrap();
    for (number, name) in ["frames/0001.png", "paint.png", "report.json"].into_iter().enumerate() {
        let out = folder.join(format!("theirs-{number}"));
        std::fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
        std::fs::write(out.join(name), "{}").unwrap();
        // Before the model is loaded.
        let told = said(&live_with("no-such-model", &script, &out, &[]));
        let place = format!("Cannot replay into {}: {name} lies there", out.display());
        assert!(told.contains(&place) && told.trim_end().ends_with("--out."), "{told}");
        assert_eq!(std::fs::read(out.join(name)).unwrap(), b"{}");
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "nothing is made there");
    }
    // One that an earlier version left has its report; one that was cut short has the marker.
    let (marker, report) = (out.join("scumble-live.txt"), out.join("report.json"));
    for gone in [None, Some(&marker), Some(&report)] {
        if let Some(file) = gone {
            std::fs::remove_file(file).unwrap();
        }
        let output = live(&script, &out, &["--speed", "4"]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(marker.is_file() && report.is_file());
    }
}

#[cfg(unix)]
#[test]
fn a_worker_that_dies_once_is_told_and_the_replay_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    let folder = scratch("died");
    let (script, out, program) = (folder.join("short.json"), folder.join("out"), folder.join("worker"));
    std::fs::write(&script, SHORT).unwrap();
    let worker = Path::new(env!("CARGO_BIN_EXE_scumble")).with_file_name("scumble-worker");
    let (once, worker) = (folder.join("once"), worker.display());
    let text = format!(
        "#!/bin/sh\nmkdir {} 2>/dev/null && export SCUMBLE_WORKER_TEST='abort step'\nexec {worker} \"$@\"\n",
        once.display()
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = command("turbo", &script, &out, &["--worker"]);
    let output = command.env("SCUMBLE_WORKER", &program).output().unwrap();
    assert!(output.status.success() && once.is_dir(), "{}", said(&output));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("scumble: The program that renders for Scumble has ended while it"), "{told}");
    let report = report(&out);
    assert_eq!((&report["came_to_rest"], &report["faults"]), (&true.into(), &Value::Array(Vec::new())));
}

#[test]
fn what_can_be_found_wrong_is_told_before_the_model_is_loaded() {
    let folder = scratch("early");
    let (script, paint) = (folder.join("short.json"), folder.join("paint.png"));
    std::fs::write(&script, SHORT).unwrap();
    image::RgbImage::new(96, 64).save(&paint).unwrap();
    for out in [paint.clone(), paint.join("deeper")] {
        let told = said(&live_with("no-such-model", &script, &out, &[]));
        assert!(told.contains("Cannot make the folder") && told.contains("paint.png is a file."), "{told}");
    }
    let paint = paint.to_str().unwrap();
    let control = format!("net={paint}");
    let many: Vec<&str> =
        ["--lora", "ink"].into_iter().chain((0..32).flat_map(|_| ["--control", &control])).collect();
    let live = live_with("no-such-model", &script, &folder.join("out"), &many);
    let render = ["render", "-m", "no-such-model", "-i", paint, "-p", "x", "-o", "x.png"];
    let render = Command::new(env!("CARGO_BIN_EXE_scumble")).args(render).args(&many).output().unwrap();
    for output in [live, render] {
        let told = said(&output);
        assert!(told.contains("by 32 pictures and LoRAs at most; these are 33."), "{told}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn what_the_model_cannot_do_is_told_and_the_painting_goes_on() {
    let folder = scratch("fault");
    let script = folder.join("short.json");
    // More steps than this sampler's teacher had, from here on.
    std::fs::write(&script, SHORT.replace(r#""strength": 1.0"#, r#""strength": 1.0, "steps": 150"#)).unwrap();
    let out = folder.join("out");
    let output = live(&script, &out, &["--scheduler", "lcm"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("scumble: Not all could be rendered."), "{told}");
    let report = report(&out);
    assert_eq!(report["came_to_rest"], false);
    assert_eq!(report["faults"].as_array().unwrap().len(), 1);
    for file in ["strip.png", "live.gif", "live.png", "paint.png"] {
        assert!(out.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_broken_recording_is_told_by_its_place() {
    let folder = scratch("broken");
    let script = folder.join("broken.json");
    let out = folder.join("out");
    for (text, told) in [
        ("", "not JSON"),
        ("[]", "no recording"),
        (&SHORT.replace(r#""scumble-recording": 1"#, r#""scumble-recording": 9"#), "version 9"),
        (&SHORT.replace(r#""undo""#, r#""undoo""#), "event 2: unknown variant `undoo`"),
        (&SHORT.replace(r#""t": 420"#, r#""t": 20"#), "event 4: its time 20"),
        (&SHORT.replace("[60, 40, 34, 1]", "[60, 40, 34]"), "event 0: "),
        (&SHORT.replace("#2040c0", "blue"), "event 0: \"blue\" is not a colour"),
    ] {
        std::fs::write(&script, text).unwrap();
        let output = live(&script, &out, &[]);
        assert_eq!(output.status.code(), Some(1), "{told}: {}", said(&output));
        let sentence = String::from_utf8(output.stderr).unwrap();
        assert!(sentence.starts_with("scumble: Cannot replay") && sentence.contains(told), "{sentence}");
        assert!(!out.exists(), "nothing is made before the recording is read");
    }
    let output = live(&folder.join("nowhere.json"), &out, &[]);
    assert_eq!(output.status.code(), Some(1));
}
