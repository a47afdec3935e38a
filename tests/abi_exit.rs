//! Programs that exit while ONNX Runtime starts, reads or computes in them: neither may the one be taken apart under a
//! thread that is inside, nor the other be kept from ending with the status that it has told.

#![cfg(target_os = "linux")]

mod support;

#[path = "pipeline/support.rs"]
#[allow(dead_code)]
mod models;

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use models::tiny;
use scumble::ffi::constants::SCUMBLE_PROCESS_HOST;
use support::c;

/// A program that takes longer than this hangs.
const LONG: Duration = Duration::from_secs(60);

fn leaving(words: &[&str]) -> Command {
    let mut command = Command::new(c::program("leaving", &[]));
    command.arg(tiny("turbo")).args(words).env("SCUMBLE_TEST_PROCESS", SCUMBLE_PROCESS_HOST.to_string());
    command.env_remove("LD_LIBRARY_PATH").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(mut child: Child, what: &str) -> Output {
    let start = Instant::now();
    while child.try_wait().expect("it can be waited for").is_none() {
        if start.elapsed() > LONG {
            child.kill().expect("it is there");
            panic!("{what}: it hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().expect("it has ended")
}

/// Whether it ended as it said, with all that it had written.
fn wrong(child: Child, what: &str) -> Option<String> {
    let output = ended(child, what);
    let is_right = output.status.code() == Some(7) && output.stdout == b"leaves";
    (!is_right).then(|| format!("{what}: {} ({})", output.status, c::said(&output).trim()))
}

const WAYS: [[&str; 2]; 4] =
    [["release", "main"], ["keep", "main"], ["release", "thread"], ["keep", "thread"]];

#[test]
fn a_program_that_exits_at_any_moment_of_the_start_ends_with_its_status() {
    const ROUNDS: u64 = 160;
    const APART: u64 = 500;
    let mut wrongs = Vec::new();
    for round in 0..ROUNDS {
        let after = (round * APART).to_string();
        let [what, who] = WAYS[(round % 4) as usize];
        let child = leaving(&[what, who, &after]).spawn().expect("it starts");
        wrongs.extend(wrong(child, &format!("{what} {who} after {after} µs")));
    }
    assert!(wrongs.is_empty(), "{} of {ROUNDS}:\n{}", wrongs.len(), wrongs.join("\n"));
}

#[test]
fn an_exit_takes_onnx_runtime_apart_when_nobody_is_inside_or_not_at_all() {
    let folder = c::scratch("leaving-marks");
    let mut started = Vec::new();
    // As long as can be waited for, and longer.
    let places =
        [("open", 600), ("environment", 600), ("read", 600), ("run", 600), ("open", 4000), ("read", 4000)];
    for (place, time) in places {
        for [what, who] in WAYS {
            let mark = folder.join(format!("{place}-{time}-{what}-{who}"));
            let mut command = leaving(&[what, who, mark.to_str().expect("UTF-8")]);
            command.envs(c::slow_runtime(place, time, &mark));
            let name = format!("{what} {who} in {place} of {time} ms");
            started.push((command.spawn().expect("it starts"), name));
        }
    }
    let wrongs: Vec<_> = started.into_iter().filter_map(|(child, name)| wrong(child, &name)).collect();
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

#[test]
fn an_exit_waits_for_a_thread_of_the_host_that_lists_devices() {
    let folder = c::scratch("listing-marks");
    let mut started = Vec::new();
    // As long as can be waited for, and longer.
    for time in [600, 4000] {
        let mark = folder.join(time.to_string());
        let mut command = Command::new(c::program("listing", &[]));
        command.arg(&mark).envs(c::slow_runtime("providers", time, &mark));
        command.env_remove("LD_LIBRARY_PATH").stdout(Stdio::piped()).stderr(Stdio::piped());
        started.push((command.spawn().expect("it starts"), format!("listing of {time} ms")));
    }
    let wrongs: Vec<_> = started.into_iter().filter_map(|(child, name)| wrong(child, &name)).collect();
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}
