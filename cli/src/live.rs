//! `scumble live`: a recorded painting, replayed in real time, and what is left of it on disk.

use std::path::Path;
use std::time::Duration;

use crate::args::LiveArgs;
use crate::failure::{Done, Failure, say};
use crate::host::{self, Model};
use crate::recording::Recording;
use crate::replay::{self, Replay};
use crate::spool::Spool;
use crate::table::{Jobs, Report, host_rows, latency_rows, means};
use crate::{film, progress, steering, stills, strip};

const PAINT: &str = "paint.png";
const LIVE: &str = "live.png";
const STRIP: &str = "strip.png";
const FILM: &str = "live.gif";
const REPORT: &str = "report.json";
/// What a replay leaves, beside its frames.
const OWN: [&str; 5] = [PAINT, LIVE, STRIP, FILM, REPORT];

pub fn run(args: &LiveArgs) -> Done {
    let recording = Recording::read(&args.script)?;
    // What the hand would stumble over on its way is told first.
    check_folder(&args.out)?;
    steering::check_count(args.control.len() + args.loras.lora.len())?;
    for prompt in recording.prompts().chain([recording.settings.prompt.as_str()]) {
        args.loras.check_those_in(prompt)?;
    }
    let size = recording.canvas;
    let picture = |control| steering::control_picture(control, (size.width, size.height), "recording");
    let controls = args.control.iter().map(|control| Ok((control, picture(control)?)));
    let controls = controls.collect::<Done<Vec<_>>>()?;
    let engine = progress::engine(&args.engine, args.loras.are_expected())?;
    let model = progress::load(&engine)?;
    prepare(&args.out)?;
    let spool = Spool::create(&args.out, size.width as usize * size.height as usize * 4)?;
    let params = replay::params(&recording, &args.settings, args.preview);
    let patience = Duration::from_secs(args.patience);
    let mut replay = Replay::new(&recording, &args.loras, patience, engine.layer()?, params, spool);

    let spinner = progress::spinner("opening");
    replay.steer(&controls)?;
    replay.open()?;
    spinner.finish_and_clear();
    let bar = progress::bar(recording.length() as u64, "painting");
    bar.set_message(recording.title.clone());
    replay.run(args.speed, &bar)?;
    bar.finish_and_clear();

    let report = report(args, &recording, &replay, &model)?;
    let json = serde_json::to_string_pretty(&report).map_err(|e| Failure::failed(e.to_string()))?;
    write_pictures(args, &recording, &mut replay)?;
    stills::write_atomically(&args.out.join(REPORT), |file| {
        std::io::Write::write_all(file, format!("{json}\n").as_bytes()).map_err(|e| e.to_string())
    })?;
    if args.json {
        say(&json)?;
    } else {
        say(&format!("{}\npictures in {}", report.text(), args.out.display()))?;
    }
    ended(&report, patience)
}

fn ended(report: &Report, patience: Duration) -> Done {
    match report.faults.first() {
        Some(fault) => Err(Failure::failed(format!("Not all could be rendered. {fault}"))),
        None if !report.came_to_rest => Err(replay::did_not_come("last", patience)),
        None => Ok(()),
    }
}

/// A file in the folder's place is told before the model is loaded; nothing is made yet.
fn check_folder(out: &Path) -> Done {
    match out.ancestors().find(|place| place.exists()) {
        Some(file) if !file.is_dir() => {
            Err(Failure::file("make the folder", out, format!("{} is a file", file.display())))
        }
        _ => Ok(()),
    }
}

/// Makes the folders, and takes away what an earlier replay has left: this one may not write all of it.
fn prepare(out: &Path) -> Done {
    for path in OWN.map(|name| out.join(name)) {
        match std::fs::remove_file(&path) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file("replace", &path, why));
            }
            _ => {}
        }
    }
    let frames = out.join("frames");
    std::fs::create_dir_all(&frames).map_err(|e| Failure::disk("make the folder", &frames, &e))?;
    let listed = std::fs::read_dir(&frames).map_err(|e| Failure::file("read", &frames, e))?;
    for path in listed.flatten().map(|entry| entry.path()) {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let numbered = stem.len() >= 4 && stem.bytes().all(|b| b.is_ascii_digit());
        if numbered && path.extension().is_some_and(|e| e == "png") {
            std::fs::remove_file(&path).map_err(|e| Failure::file("replace", &path, e))?;
        }
    }
    Ok(())
}

fn report(args: &LiveArgs, recording: &Recording, replay: &Replay<'_>, model: &Model) -> Done<Report> {
    let stats = replay.layer().stats()?;
    let file = args.script.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Report {
        scumble: host::version(),
        recording: if recording.title.is_empty() { file.into_owned() } else { recording.title.clone() },
        canvas: [recording.canvas.width, recording.canvas.height],
        seconds: recording.length() / 1e3 / args.speed,
        strokes: recording.strokes(),
        prompts: recording.prompts().count(),
        speed: args.speed,
        model: model.name.clone(),
        device: model.device.clone(),
        opening: replay.opening,
        host: host_rows(&replay.meter),
        latency: latency_rows(&replay.meter),
        frames: replay.meter.frames,
        jobs: Jobs { started: stats.jobs_started, replaced: stats.jobs_replaced },
        phases: means(&replay.meter),
        came_to_rest: replay.meter.at_rest(),
        faults: replay.faults.clone(),
    })
}

fn write_pictures(args: &LiveArgs, recording: &Recording, replay: &mut Replay<'_>) -> Done {
    let out = &args.out;
    let size = recording.canvas;
    stills::write_png(&out.join(PAINT), size.canvas(replay.paint()), true)?;
    stills::write_png(&out.join(LIVE), size.canvas(&replay.live), true)?;
    let paper = args.settings.paper.unwrap_or(recording.paper.0);
    strip::write(&out.join(STRIP), size, &replay.marks, paper)?;
    film::write(&out.join(FILM), recording, replay, paper)?;

    let shown = replay.spool.len();
    let kept = args.keep.unwrap_or(shown).min(shown);
    let bar = progress::bar(kept as u64, "frames");
    for number in 0..kept {
        // Evenly spread; all of them if all are kept.
        let frame = replay.spool.get(if kept == shown { number } else { number * shown / kept })?;
        let path = out.join("frames").join(format!("{number:04}.png"));
        stills::write_png(&path, size.canvas(&frame), true)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}
