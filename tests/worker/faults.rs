//! A process that dies, hangs, is missing or of another version.

use std::time::Duration;

use scumble::engine::{Engine, LoadState};
use scumble::error::{Error, Status};
use scumble::job::Preview;
use scumble::remote::Options;

use crate::models::Scratch;
use crate::seen::*;

pub fn is_a_sentence(error: &Error) {
    let text = &error.message;
    assert!(text.ends_with('.') && !text.contains('\n') && text.len() > 30, "{text}");
}

/// Kills the process where it has stopped; the session says so once, and the picture comes all the same.
fn killed_while(phase: &str) {
    killed(phase, Program::new(phase, &format!("halt {phase} FILE")));
}

/// The same while a network runs.
fn killed_within(network: &str) {
    killed(network, Program::halting_in(network));
}

fn killed(phase: &str, program: Program) {
    let engine = apart(&program);
    let layer = session(&engine, Preview::EachStep);
    program.folder.write("go", "");
    paint(1).push(&layer, None).unwrap();
    kill(program.halted());
    let seen = watch(&layer, &mut 0);
    let faults: Vec<_> = seen.faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::WorkerDied], "{phase}: {:?}", seen.faults);
    is_a_sentence(&seen.faults[0]);
    assert!(seen.faults[0].message.contains("signal 9"), "{:?}", seen.faults);
    assert!(seen.at_rest() == show(&session(&here(), Preview::EachStep), &paint(1)).at_rest(), "{phase}");
    assert_eq!(program.started().len(), 2, "{phase}");
}

#[test]
fn killed_while_it_denoises_it_is_told_once_and_rendered_again() {
    killed_while("step");
}

#[test]
fn killed_within_each_network_it_is_told_once_and_rendered_again() {
    for network in ["text_encoder", "vae_encoder", "unet", "vae_decoder"] {
        killed_within(network);
    }
}

#[test]
fn killed_while_it_writes_a_patch_no_half_of_it_is_shown() {
    killed_while("patch");
}

#[test]
fn killed_while_it_loads_it_is_started_anew() {
    let program = Program::new("loading", "halt loading FILE");
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    kill(program.halted());
    ready(&engine).unwrap();
    assert_eq!(program.started().len(), 2);
    let seen = show(&session(&engine, Preview::Off), &paint(2));
    assert!(seen.faults.is_empty() && seen.finals.len() == 1, "{:?}", seen.faults);
}

#[test]
fn killed_while_it_has_nothing_to_do_nobody_is_told() {
    let program = Program::new("idle", "");
    let engine = apart(&program);
    let layer = session(&engine, Preview::Off);
    let before = show(&layer, &paint(3));
    kill(program.started()[0]);
    until("it is gone", || is_gone(program.started()[0]).then_some(()));
    let seen = show(&layer, &paint(4));
    assert!(seen.faults.is_empty() && seen.at_rest() != before.at_rest(), "{:?}", seen.faults);
    assert_eq!(program.started().len(), 2);
}

#[test]
fn one_that_hangs_is_ended_and_the_picture_rendered_by_another() {
    let program = Program::new("hang", "halt step FILE");
    let silence = Duration::from_secs(3);
    let engine = Engine::load_apart(Options { silence, ..options(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let seen = show(&session(&engine, Preview::Off), &paint(5));
    let faults: Vec<_> = seen.faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::WorkerDied], "{:?}", seen.faults);
    assert!(seen.faults[0].message.contains("did not answer"), "{:?}", seen.faults);
    assert!(seen.finals.len() == 1 && is_gone(program.halted()));
}

#[test]
fn one_that_says_nothing_in_a_long_run_is_at_work_and_one_that_spins_for_good_is_ended() {
    let program = Program::new("long-run", "spin step 3000");
    let silence = Duration::from_millis(500);
    let engine = Engine::load_apart(Options { silence, ..options(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let seen = show(&session(&engine, Preview::Off), &paint(5));
    assert!(seen.faults.is_empty() && seen.finals.len() == 1, "{:?}", seen.faults);
    assert_eq!(program.started().len(), 1);

    let program = Program::new("spins", "spin step 600000");
    let engine = Engine::load_apart(Options { silence, ..options(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let layer = session(&engine, Preview::Off);
    paint(5).push(&layer, None).unwrap();
    let fault = until("it is ended", || layer.poll(0).err());
    assert_eq!(fault.status, Status::WorkerDied);
    assert!(fault.message.contains("did not answer") && is_gone(program.started()[0]), "{fault}");
}

#[test]
fn one_picture_that_it_dies_of_is_tried_three_times_and_then_left_alone() {
    let program = Program::new("abort", "abort step");
    let engine = apart(&program);
    let layer = session(&engine, Preview::EachStep);
    for round in 1..=2 {
        let seen = show(&layer, &paint(round));
        let faults: Vec<_> = seen.faults.iter().map(|fault| fault.status).collect();
        assert_eq!(faults, [Status::WorkerDied, Status::Worker], "{:?}", seen.faults);
        seen.faults.iter().for_each(is_a_sentence);
        assert!(seen.faults[1].message.contains("rests"), "{:?}", seen.faults);
        assert!(seen.finals.is_empty());
        assert_eq!(program.started().len(), 3 * round as usize);
        // The same paint again is no reason to try again.
        assert!(show(&layer, &paint(round)).faults.is_empty());
        assert_eq!(program.started().len(), 3 * round as usize);
    }
}

#[test]
fn a_model_that_it_dies_of_is_tried_three_times() {
    let program = Program::new("dies-loading", "abort loading");
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    let why = ready(&engine).unwrap_err();
    assert_eq!(why.status, Status::Worker);
    is_a_sentence(&why);
    assert!(why.message.contains("3 times"), "{why}");
    assert_eq!(program.started().len(), 3);
}

#[test]
fn a_device_that_it_dies_of_is_left_out_of_the_last_try_where_none_was_asked_for() {
    let program = Program::new("dies-of-a-card", "abort card");
    let mut asked = options(&program.path);
    asked.load.device = "auto".into();
    let engine = Engine::load_apart(asked).unwrap();
    ready(&engine).unwrap();
    let LoadState::Ready(info) = engine.state() else { panic!("{:?}", engine.state()) };
    assert_eq!((info.device.as_str(), program.started().len()), ("cpu", 3));
    assert!(info.device_note.starts_with("Runs on the processor since the device has failed"), "{info:?}");
    let program = Program::new("dies-of-its-card", "abort card");
    let mut asked = options(&program.path);
    asked.load.device = "webgpu".into();
    let why = ready(&Engine::load_apart(asked).unwrap()).unwrap_err();
    assert!(why.message.contains("3 times") && program.started().len() == 3, "{why}");
}

/// `tokenizers` panics at it, which is neither the device's fault nor worth another try.
#[test]
fn a_tokenizer_whose_parts_do_not_go_together_is_told_and_the_process_lives_on() {
    let folder = Scratch::copy_of("sd3", "worker-sd3");
    let (file, mark) = ("tokenizer_3/tokenizer.json", "post_processor");
    let text = std::fs::read_to_string(folder.0.join(file)).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json[mark]["type"], "TemplateProcessing");
    json[mark]["special_tokens"] = serde_json::json!({});
    folder.write(file, json.to_string());
    let program = Program::new("tokenizer", "");
    let mut asked = options(&program.path);
    asked.load.model_dir = folder.0.clone();
    let why = ready(&Engine::load_apart(asked.clone()).unwrap()).unwrap_err();
    assert_eq!(why.status, Status::ModelBroken, "{why}");
    assert!(why.message.contains(&folder.0.join("tokenizer_3").display().to_string()), "{why}");
    is_a_sentence(&why);
    assert_eq!(program.started().len(), 1);
    assert_eq!(why, ready(&Engine::load(asked.load).unwrap()).unwrap_err());
}

#[test]
fn what_the_model_lacks_is_told_as_in_the_hosts_process() {
    let mut broken = options(WORKER.as_ref());
    broken.load.model_dir = "/nowhere".into();
    let apart = ready(&Engine::load_apart(broken.clone()).unwrap()).unwrap_err();
    assert_eq!(apart, ready(&Engine::load(broken.load).unwrap()).unwrap_err());
    assert_eq!(apart.status, Status::ModelMissing);
}

#[test]
fn one_that_is_missing_or_no_program_or_of_another_version_is_told_in_a_sentence() {
    let scripts = [
        ("silent", "#!/bin/sh\nexit 3\n", "exit code 3"),
        ("other", "#!/bin/sh\nprintf 'scumble-worker 9.9.9, protocol 11' >&0\nsleep 60\n", "another version"),
        ("text", "no program", "does not start"),
    ];
    for (name, script, names) in scripts {
        let program = Program::of_script(Scratch::new(&format!("worker-{name}")), script);
        let why = ready(&Engine::load_apart(options(&program.path)).unwrap()).unwrap_err();
        assert_eq!(why.status, Status::Worker, "{name}: {why}");
        is_a_sentence(&why);
        assert!(why.message.contains(names), "{name}: {why}");
    }
    let why = ready(&Engine::load_apart(options("/nowhere/scumble-worker".as_ref())).unwrap()).unwrap_err();
    assert_eq!(why.status, Status::Worker);
    assert!(why.message.contains("/nowhere/scumble-worker"), "{why}");
    is_a_sentence(&why);
}

#[test]
fn one_that_has_too_little_memory_is_told_in_a_sentence_and_the_host_lives_on() {
    let mut outcomes = Vec::new();
    for mebibytes in [30, 60, 75, 85, 95, 105, 4000] {
        let script = format!("#!/bin/sh\nulimit -v {}\nexec {WORKER} \"$@\"\n", mebibytes * 1024);
        let program = Program::of_script(Scratch::new(&format!("worker-memory-{mebibytes}")), &script);
        let engine = Engine::load_apart(options(&program.path)).unwrap();
        let why = match ready(&engine) {
            Err(why) => Some(why),
            Ok(()) => {
                let seen = show(&session(&engine, Preview::Off), &paint(3));
                assert!(!seen.finals.is_empty() || !seen.faults.is_empty(), "{mebibytes} MiB");
                seen.faults.into_iter().next()
            }
        };
        if let Some(why) = &why {
            is_a_sentence(why);
        }
        println!("{mebibytes} MiB: {}", why.as_ref().map_or("a picture", |why| &why.message));
        outcomes.push(why.is_some());
    }
    assert!(outcomes[0] && !outcomes[outcomes.len() - 1], "{outcomes:?}");
    let here = session(&here(), Preview::Off);
    assert!(!show(&here, &paint(3)).at_rest().is_empty());
}

/// What an engine of C's options renders with, once it is there: its state, and the processes that `program` has started.
fn by_the_library(program: &std::path::Path, process: u32, pids: &Program) -> (u32, usize) {
    use scumble::ffi::{abi::*, *};
    let text = |path: &std::path::Path| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    let (model, worker) = (text(&load_options().model_dir), text(program));
    // SAFETY: structs and strings live as long as the calls.
    unsafe {
        let mut options = std::mem::zeroed::<ScumbleEngineOptions>();
        assert_eq!(scumble_engine_options_init(&mut options, size_of_val(&options)), 0);
        assert_eq!(options.process, constants::SCUMBLE_PROCESS_AUTO);
        (options.process, options.model_dir, options.worker) = (process, model.as_ptr(), worker.as_ptr());
        let mut engine = std::ptr::null_mut();
        assert_eq!(scumble_engine_create(&options, &mut engine), 0);
        let mut info = std::mem::zeroed::<ScumbleEngineInfo>();
        assert_eq!(scumble_engine_info_init(&mut info, size_of_val(&info)), 0);
        until("it is loaded", || {
            assert_eq!(scumble_engine_info(engine, &mut info), 0);
            (info.state != constants::SCUMBLE_ENGINE_LOADING).then_some(())
        });
        scumble_engine_release(engine);
        (info.state, pids.started().len())
    }
}

#[test]
fn an_engine_has_a_process_where_one_can_be_started_and_else_does_without() {
    use scumble::ffi::constants::*;
    let program = Program::new("auto", "");
    let (ready, failed) = (SCUMBLE_ENGINE_READY, SCUMBLE_ENGINE_FAILED);
    assert_eq!(by_the_library(&program.path, SCUMBLE_PROCESS_AUTO, &program), (ready, 1));
    assert_eq!(
        by_the_library(&program.path, SCUMBLE_PROCESS_HOST, &program),
        (ready, 1),
        "none is asked for"
    );
    for script in
        ["#!/bin/sh\nexit 3\n", "#!/bin/sh\nprintf 'scumble-worker 9.9.9' >&0\nsleep 60\n", "no program"]
    {
        let other = Program::of_script(Scratch::new("worker-auto-none"), script);
        assert_eq!(by_the_library(&other.path, SCUMBLE_PROCESS_AUTO, &other), (ready, 0), "{script}");
        assert_eq!(by_the_library(&other.path, SCUMBLE_PROCESS_OWN, &other), (failed, 0), "{script}");
    }
    // What it dies of would end the host as well.
    let dies = Program::new("auto-dies", "abort loading");
    assert_eq!(by_the_library(&dies.path, SCUMBLE_PROCESS_AUTO, &dies), (failed, 3));
}

#[test]
fn the_program_by_itself_says_what_it_is() {
    let output = std::process::Command::new(WORKER).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Scumble's library"));
}
