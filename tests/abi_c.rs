//! Drives the C programs of tests/c: each is a host that does something wrong, or something for long, through the
//! shared library alone. What they print is one table of input, status and sentence.

mod support;

#[path = "pipeline/support.rs"]
#[allow(dead_code)]
mod models;
#[path = "pipeline/onnx.rs"]
#[allow(dead_code)]
mod onnx;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use models::{Scratch, tiny};
use scumble::ffi::constants::{SCUMBLE_PROCESS_AUTO, SCUMBLE_PROCESS_HOST};
use serde_json::json;
use support::c;

const SANITIZED: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The program with the tiny SD-Turbo model as its argument, and in its process.
fn host(program: &Path) -> Command {
    on_model(program, &tiny("turbo"))
}

fn on_model(program: &Path, model: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("SCUMBLE_TEST_PROCESS", SCUMBLE_PROCESS_HOST.to_string());
    command.arg(model).env("SCUMBLE_DEFAULT_MODEL", model);
    // cargo names its folders in it, and an older build of the library may lie in one of them.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, c::said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Checks the sentences of a table: each error is told, in one line, as a sentence.
fn check_sentences(table: &str) -> usize {
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.splitn(3, '\t').collect()).collect();
    for row in &rows {
        let [name, status, sentence] = row[..] else { panic!("not a row: {row:?}") };
        let status: i32 = status.parse().expect("a status");
        assert_eq!(sentence.is_empty(), status >= 0, "{name}: {sentence}");
        if status < 0 {
            let first = sentence.chars().next().expect("not empty");
            assert!(first.is_uppercase() || first == '/', "{name}: {sentence}");
            assert!(sentence.ends_with('.') && sentence.len() > 30, "{name}: {sentence}");
            assert!(!sentence.contains("placeholder") && !sentence.contains('\n'), "{name}: {sentence}");
        }
    }
    rows.len()
}

fn wrong_input(name: &str) {
    for flags in [&[][..], SANITIZED] {
        let table = run(&mut host(&c::program(name, flags)));
        let rows = check_sentences(&table);
        println!("{table}{name} {flags:?}: {rows} rows");
        assert!(rows > 40, "{name} has only {rows} rows");
    }
}

#[test]
fn null_pointers_and_wrong_structs_are_refused() {
    wrong_input("wrong_calls");
}

#[test]
fn wrong_canvases_rectangles_and_buffers_are_refused_before_a_byte_is_read() {
    wrong_input("wrong_pixels");
}

#[test]
fn wrong_texts_and_numbers_are_refused_and_the_session_still_renders() {
    wrong_input("wrong_settings");
}

#[test]
fn what_steers_is_checked_and_the_session_lives_on() {
    wrong_input("wrong_conditions");
}

/// Runs wrong_models on lines of name, status, model, device, scheduler, runtime.
fn wrong_models(lines: &str, prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = host(&c::program("wrong_models", &[]));
    prepare(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn check_models(lines: &str, prepare: impl FnOnce(&mut Command)) -> String {
    let output = wrong_models(lines, prepare);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{table}");
    assert!(output.status.success(), "{}", c::said(&output));
    assert_eq!(check_sentences(&table), lines.lines().count());
    table
}

#[test]
fn damaged_models_are_told_apart_by_every_poll() {
    const UNET: &str = "unet/model.onnx";
    const MISSING: i32 = scumble::ffi::constants::SCUMBLE_ERROR_MODEL_MISSING;
    const BROKEN: i32 = scumble::ffi::constants::SCUMBLE_ERROR_MODEL_BROKEN;
    const UNSUPPORTED: i32 = scumble::ffi::constants::SCUMBLE_ERROR_MODEL_UNSUPPORTED;
    type Damage = (&'static str, i32, fn(&Scratch));
    let damages: &[Damage] = &[
        ("an empty folder", MISSING, |m| {
            std::fs::remove_dir_all(&m.0).unwrap();
            std::fs::create_dir(&m.0).unwrap();
        }),
        ("no folder", MISSING, |m| std::fs::remove_dir_all(&m.0).unwrap()),
        ("a folder without its U-Net", MISSING, |m| m.remove(UNET)),
        ("half a download (.part)", MISSING, |m| {
            m.remove(UNET);
            m.write("unet/model.onnx.part", "x");
        }),
        ("half a download (cut short)", BROKEN, |m| {
            let whole = std::fs::read(m.0.join(UNET)).unwrap();
            m.write(UNET, &whole[..whole.len() / 3]);
        }),
        ("half a download (no external data)", MISSING, |m| {
            let ports = [
                onnx::Port("sample", onnx::FLOAT, &[1, 4, 2, 2]),
                onnx::Port("timestep", onnx::FLOAT, &[]),
                onnx::Port("encoder_hidden_states", onnx::FLOAT, &[1, 77, 24]),
            ];
            let data = onnx::external("model.onnx_data", 64);
            let out = onnx::Port("out_sample", onnx::FLOAT, &[1, 4, 2, 2]);
            m.write(UNET, onnx::model(&ports, &out, ("", "Identity"), &data));
        }),
        ("a Git LFS pointer", BROKEN, |m| {
            m.write(UNET, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        }),
        ("a broken protobuf", BROKEN, |m| m.write(UNET, [0xff; 5000])),
        ("a diffusers folder with safetensors", UNSUPPORTED, |m| {
            for name in ["text_encoder", "unet", "vae_encoder", "vae_decoder"] {
                m.remove(&format!("{name}/model.onnx"));
                m.write(&format!("{name}/model.safetensors"), "x");
            }
        }),
        ("a FLUX.2 folder", UNSUPPORTED, |m| {
            m.set("model_index.json", "_class_name", json!("Flux2KleinKVPipeline"));
        }),
        ("a scheduler of another sort of noise", UNSUPPORTED, |m| {
            m.set("scheduler/scheduler_config.json", "_class_name", json!("EDMEulerScheduler"));
        }),
        ("a tokenizer that does not fit", BROKEN, |m| m.set("tokenizer/vocab.json", "zzz", json!(70000))),
        ("a tokenizer that is none", BROKEN, |m| m.write("tokenizer/vocab.json", "[")),
        ("wrong element types", UNSUPPORTED, |m| {
            let ports = [
                onnx::Port("sample", onnx::INT64, &[1, 4, 2, 2]),
                onnx::Port("timestep", onnx::FLOAT, &[]),
                onnx::Port("encoder_hidden_states", onnx::FLOAT, &[1, 77, 24]),
            ];
            let out = onnx::Port("out_sample", onnx::INT64, &[1, 4, 2, 2]);
            m.write(UNET, onnx::model(&ports, &out, ("", "Identity"), &[]));
        }),
        ("a broken index", BROKEN, |m| m.write("model_index.json", "{\"")),
        ("nothing wrong", 0, |_| ()),
    ];
    let scratches: Vec<Scratch> = damages
        .iter()
        .enumerate()
        .map(|(number, (_, _, damage))| {
            let model = Scratch::copy_of("turbo", &format!("c-{number}"));
            damage(&model);
            model
        })
        .collect();
    let lines: String = damages
        .iter()
        .zip(&scratches)
        .map(|((name, status, _), model)| format!("{name}\t{status}\t{}\tcpu\t-\t-\n", model.0.display()))
        .collect();
    let file = tiny("turbo").join(UNET);
    check_models(
        &format!("{lines}a file as the folder\t{UNSUPPORTED}\t{}\tcpu\t-\t-\n", file.display()),
        |_| (),
    );
}

#[test]
fn devices_schedulers_and_runtimes_that_are_not_there_are_told() {
    const SETTING: i32 = scumble::ffi::constants::SCUMBLE_ERROR_SETTING;
    const DEVICE: i32 = scumble::ffi::constants::SCUMBLE_ERROR_DEVICE;
    const RUNTIME: i32 = scumble::ffi::constants::SCUMBLE_ERROR_RUNTIME;
    const MISSING: i32 = scumble::ffi::constants::SCUMBLE_ERROR_MODEL_MISSING;
    let model = tiny("turbo").display().to_string();
    let nothing = Scratch::new("no-runtime");
    nothing.write("text.so", "this is not a library");
    let text = nothing.0.join("text.so").display().to_string();
    let nowhere = nothing.0.join("nowhere").display().to_string();
    // One process has one ONNX Runtime: those that do not load come first, and do not spoil the one that does.
    let lines = [
        format!("a runtime that is not there\t{RUNTIME}\t{model}\tcpu\t-\t{nowhere}"),
        format!("a text file as the runtime\t{RUNTIME}\t{model}\tcpu\t-\t{text}"),
        format!("an unknown device\t{SETTING}\t{model}\ttoaster\t-\t-"),
        format!("an unknown scheduler\t{SETTING}\t{model}\tcpu\tunpick\t-"),
        format!("an unknown second device\t{SETTING}\t{model}\tcuda:x\t-\t-"),
        format!("all is there\t0\t{model}\tcpu\t-\t-"),
        format!("another scheduler\t0\t{model}\tauto\tlcm\t-"),
    ];
    check_models(&lines.join("\n"), |_| ());
    let without = |command: &mut Command| {
        command.env("ORT_DYLIB_PATH", &nowhere).env("XDG_DATA_HOME", &nothing.0);
    };
    let table = check_models(&format!("no runtime anywhere\t{RUNTIME}\t{model}\tcpu\t-\t-\n"), without);
    assert!(table.contains(&nowhere) && table.contains("make runtime"), "{table}");
    // The library alone, far from any model.
    let alone = c::scratch("alone").join("a/b/c/d");
    c::install(&alone);
    let no_default = |command: &mut Command| {
        command.env("SCUMBLE_DEFAULT_MODEL", &nowhere).env("LD_LIBRARY_PATH", &alone);
    };
    let table = check_models(&format!("no default model\t{MISSING}\t-\tcpu\t-\t-\n"), no_default);
    assert!(table.contains(&nowhere) && table.contains("reinstall"), "{table}");
    // On a machine with CUDA and a runtime that has it there is nothing to refuse.
    let cuda = wrong_models(&format!("cuda that is not there\t{DEVICE}\t{model}\tcuda\t-\t-\n"), |_| ());
    let told = String::from_utf8_lossy(&cuda.stdout).into_owned();
    println!("{told}");
    let has_cuda = c::said(&cuda).contains("SCUMBLE_ENGINE_FAILED");
    assert!(has_cuda || (cuda.status.success() && check_sentences(&told) == 1), "{}", c::said(&cuda));
}

#[test]
fn sessions_end_cancel_and_share_an_engine_at_any_moment() {
    for flags in [&[][..], SANITIZED] {
        println!("{}", run(&mut host(&c::program("sessions", flags))));
    }
    for _ in 0..5 {
        run(host(&c::program("sessions", &[])).arg("exit"));
    }
}

#[test]
fn threads_of_the_library_take_no_signals_of_the_host() {
    println!("{}", run(&mut host(&c::program("threads", &[]))));
}

#[test]
fn the_last_error_of_a_session_is_told_to_every_thread() {
    println!("{}", run(&mut host(&c::program("errors", &[]))));
}

#[test]
fn the_picture_in_the_models_own_pixels_is_handed_out_and_nothing_beyond_a_buffer_touched() {
    for flags in [&[][..], SANITIZED] {
        println!("{}", run(&mut host(&c::program("overview", flags))));
    }
}

#[test]
fn what_there_is_can_be_listed_and_the_log_read() {
    println!("{}", run(&mut host(&c::program("lists", &[]))));
    // A default model behind a link is not called by another name, nor by two.
    let link = c::scratch("default-link").join("models/default");
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(tiny("turbo"), &link).unwrap();
    let mut command = on_model(&c::program("lists", &[]), &link);
    println!("{}", run(command.env("SCUMBLE_DEFAULT_MODEL", format!("{}/", link.display()))));
}

#[test]
fn a_library_that_is_closed_while_its_worker_ends_stays() {
    // Not linked to the library: it opens it, as a plug-in does.
    let program = c::program("closing", &["-ldl"]);
    println!("{}", run(host(&program).arg(c::library())));
}

#[test]
fn a_hosts_life_is_clean_under_valgrind() {
    let program = c::program("consumer", &[]);
    println!("{}", run(&mut host(&program)));
    let rules = support::header::root().join("tests/c/valgrind.supp");
    let mut command = Command::new("valgrind");
    command
        .env_remove("LD_LIBRARY_PATH")
        .args(["--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"])
        // The stack of a worker that nobody waited for is possibly lost: shown, but no failure.
        .args(["--errors-for-leak-kinds=definite,indirect", "--num-callers=40"])
        .arg(format!("--suppressions={}", rules.display()))
        .arg(&program)
        .arg(tiny("turbo"));
    let output = command.output().expect("valgrind");
    let said = c::said(&output);
    assert!(output.status.success() && said.contains("done"), "{said}");
    println!("{said}");
}

#[test]
fn ten_thousand_pushes_and_a_thousand_frames_do_not_grow() {
    println!("{}", run(&mut host(&c::program("soak", &[]))));
}

/// As the library does it where it is not told otherwise.
#[cfg(target_os = "linux")]
#[test]
fn the_same_hosts_with_a_process_for_the_model() {
    for (name, flags) in [
        ("consumer", &[][..]),
        ("sessions", SANITIZED),
        ("closing", &["-ldl"]),
        ("errors", &[]),
        ("overview", &[]),
    ] {
        let program = c::program(name, flags);
        let mut command = host(&program);
        command.env("SCUMBLE_TEST_PROCESS", SCUMBLE_PROCESS_AUTO.to_string());
        if name == "closing" {
            command.arg(c::library());
        }
        println!("{}", run(&mut command));
    }
}
