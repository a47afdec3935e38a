//! `scumble live`: a recorded painting, replayed in real time, and what is left of it on disk.

use std::time::Duration;

use crate::args::LiveArgs;
use crate::failure::{Done, Failure, say};
use crate::folder::{self, FILM, FRAMES, LIVE, PAINT, REPORT, STRIP};
use crate::host::{self, Model, Params};
use crate::recording::Recording;
use crate::replay::{self, Replay};
use crate::spool::Spool;
use crate::steering::Steering;
use crate::table::{Jobs, Report, host_rows, latency_rows, means};
use crate::{film, progress, stills, strip};

pub fn run(args: &LiveArgs) -> Done {
    let recording = Recording::read(&args.script)?;
    // What the hand would stumble over on its way is told first.
    folder::check(&args.out)?;
    let steering = Steering::of_replay(args, &recording)?;
    let engine = progress::engine(&args.engine, args.loras.are_expected())?;
    let model = progress::load(&engine)?;
    folder::prepare(&args.out)?;
    let size = recording.canvas;
    let spool = Spool::create(&args.out, size.width as usize * size.height as usize * 4)?;
    let params = Params {
        lora_folder: args.loras.lora_folder.clone(),
        ..replay::params(&recording, &args.settings, args.preview)
    };
    let patience = Duration::from_secs(args.patience);
    let mut layer = engine.layer()?;

    let spinner = progress::spinner("opening");
    steering.steer(&mut layer)?;
    let mut replay = Replay::new(&recording, patience, layer, params, spool);
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
        let path = out.join(FRAMES).join(format!("{number:04}.png"));
        stills::write_png(&path, size.canvas(&frame), true)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}
