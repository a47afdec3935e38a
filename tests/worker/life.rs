//! When the process lives, and when it does not.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use scumble::engine::Engine;
use scumble::job::Preview;
use scumble::pipeline::LoadOptions;
use scumble::remote::Options;
use scumble::steps::StepRange;

use crate::models::{Scratch, lora_file, tiny};
use crate::seen::*;

#[test]
fn without_work_it_ends_and_the_next_push_starts_it_again() {
    let program = Program::new("rests", "");
    let idle = Duration::from_millis(200);
    let engine = Engine::load_apart(Options { idle, ..options(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let layer = session(&engine, Preview::Off);
    let first = show(&layer, &paint(1));
    for turn in 1..=2 {
        let last = program.started()[turn - 1];
        until("it ends by itself", || is_gone(last).then_some(()));
        let entry = format!("/proc/{last}");
        until("nothing of it is left", || (!std::path::Path::new(&entry).exists()).then_some(()));
        // The last picture stays.
        assert!(watch(&layer, &mut 0).at_rest() == first.at_rest());
        // Of paint that it has not seen: other pictures are remembered, and nothing needs to be started for them.
        let seen = show(&layer, &paint(1 + turn as u64));
        assert!(seen.faults.is_empty() && seen.at_rest() != first.at_rest());
        assert!(show(&layer, &paint(1)).at_rest() == first.at_rest());
        assert_eq!(program.started().len(), turn + 1);
    }
}

#[test]
fn what_the_next_picture_waits_for_is_told_while_it_does_and_no_longer() {
    // Each network that is read for a job takes as long as one that is looked for.
    let program = Program::new("waits", "spin reading 300");
    let idle = Duration::from_millis(200);
    let load = LoadOptions { model_dir: tiny("sd15"), ..load_options() };
    let engine = Engine::load_apart(Options { idle, load, ..options(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let layer = session(&engine, Preview::Off);
    show(&layer, &paint(1));
    assert_eq!(layer.doing(), "");
    let said = |layer: &scumble::session::Session| {
        let mut said = Vec::new();
        until("the picture", || {
            said.push(layer.doing());
            (!layer.busy()).then_some(())
        });
        said.dedup();
        said.retain(|sentence| !sentence.is_empty());
        assert_eq!(layer.doing(), "", "after {said:?}");
        assert!(watch(layer, &mut 0).faults.is_empty());
        said
    };
    let lora = |scale: f32| scumble::conditions::Lora {
        file: lora_file("sd15-kohya"),
        scale,
        text: scale,
        steps: StepRange::ALL,
    };
    layer.set_lora(1, lora(1.0)).unwrap();
    let first = said(&layer);
    assert!(first.iter().any(|sentence| sentence.contains("U-Net is read again")), "{first:?}");
    layer.set_lora(1, lora(0.5)).unwrap();
    assert_eq!(said(&layer), Vec::<String>::new());
    // After a rest the process is another, and has to load the model first.
    let last = program.started()[0];
    until("it ends by itself", || is_gone(last).then_some(()));
    paint(2).push(&layer, None).unwrap();
    let again = said(&layer);
    assert!(again.iter().any(|sentence| sentence.starts_with("The model is loaded again")), "{again:?}");
}

#[test]
fn a_release_ends_it_whatever_it_is_at_and_waits_for_nothing() {
    for order in ["", "halt loading FILE", "halt step FILE", "halt patch FILE"] {
        let program = Program::new("release", order);
        let engine = Engine::load_apart(options(&program.path)).unwrap();
        let layer = session(&engine, Preview::Off);
        paint(1).push(&layer, None).unwrap();
        match order {
            "" => assert!(watch(&layer, &mut 0).faults.is_empty()),
            _ => drop(program.halted()),
        }
        let start = Instant::now();
        drop((layer, engine));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1), "{order}: {took:?}");
        until("it is gone", || program.started().iter().all(|pid| is_gone(*pid)).then_some(()));
    }
}

#[test]
fn one_that_was_unpacked_without_its_mode_is_started_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new("mode", "");
    std::fs::set_permissions(&program.path, std::fs::Permissions::from_mode(0o644)).unwrap();
    apart(&program);
    assert_eq!(program.started().len(), 1);
}

#[test]
fn it_goes_after_the_brush_and_holds_nothing_of_the_hosts() {
    use std::os::fd::AsRawFd;
    // As GIMP hands its pipes to a plug-in: open for every program that it starts.
    let kept = std::fs::File::open("/dev/zero").unwrap();
    // SAFETY: a descriptor of this test.
    unsafe { libc::fcntl(kept.as_raw_fd(), libc::F_SETFD, 0) };
    let program = Program::new("manners", "");
    let _engine = apart(&program);
    let pid = program.started()[0];
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert!(fields[16].parse::<i32>().unwrap() >= 10, "{stat}");
    assert_eq!(std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap().trim(), "500");
    for descriptor in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten() {
        let file = std::fs::read_link(descriptor.path()).unwrap();
        assert_ne!(file, std::path::Path::new("/dev/zero"));
    }
}

#[test]
fn a_signal_that_ends_programs_ends_it_and_the_next_picture_comes_from_another() {
    let program = Program::new("signals", "");
    let engine = apart(&program);
    let layer = session(&engine, Preview::Off);
    for (turn, signal) in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP].into_iter().enumerate() {
        let pid = program.started()[turn];
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap().trim();
        assert_eq!(u64::from_str_radix(blocked, 16), Ok(0), "{status}");
        // SAFETY: no memory is involved; the process is a child of a program of this test.
        assert_eq!(unsafe { libc::getpgid(pid) }, pid, "Ctrl+C in the host's terminal is not for it");
        // SAFETY: as above.
        unsafe { libc::kill(pid, signal) };
        until("it ends", || is_gone(pid).then_some(()));
        let seen = show(&layer, &paint(turn as u64 + 1));
        assert!(seen.faults.is_empty() && !seen.finals.is_empty(), "{signal}: {:?}", seen.faults);
    }
}

/// The host of the next test; by itself it does nothing.
#[test]
fn a_host_that_is_killed() {
    if std::env::var_os("SCUMBLE_TEST_HOST").is_none() {
        return;
    }
    let order = std::env::var("SCUMBLE_TEST_HOST").unwrap();
    let program = Program::new("host", &order);
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    let layer = session(&engine, Preview::Off);
    paint(1).push(&layer, None).unwrap();
    match order.as_str() {
        "" => assert!(watch(&layer, &mut 0).faults.is_empty()),
        _ => drop(program.halted()),
    }
    println!("worker {}", program.started()[0]);
    loop {
        std::thread::park();
    }
}

#[test]
fn a_host_that_is_killed_leaves_no_orphan() {
    for order in ["", "halt loading FILE", "halt step FILE"] {
        let mut host = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "life::a_host_that_is_killed", "--nocapture"])
            .env("SCUMBLE_TEST_HOST", order)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(host.stdout.take().unwrap()).lines().map_while(Result::ok);
        let told =
            lines.filter_map(|line| Some(line.split_once("worker ")?.1.trim().parse().unwrap())).next();
        let worker: i32 = told.expect("the host has a worker");
        assert!(!is_gone(worker));
        host.kill().unwrap();
        host.wait().unwrap();
        until("the worker ends with its host", || is_gone(worker).then_some(()));
    }
}

/// The worker of a desktop's program, with a tool of systemd's that does what `busctl` says.
fn on_a_desktop(name: &str, busctl: &str) -> Program {
    use std::os::unix::fs::PermissionsExt;
    let folder = Scratch::new(&format!("worker-{name}"));
    let here = folder.0.display().to_string();
    folder.write("own", "0::/user.slice/user@1000.service/app.slice/app-krita-7.scope\n");
    folder.write("systemd/private", "");
    std::os::unix::fs::symlink("pid:[4026531836]", folder.0.join("pid")).unwrap();
    folder.write("bin/busctl", format!("#!/bin/sh\n{}\n", busctl.replace("FOLDER", &here)));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.0.join("bin/busctl"), mode).unwrap();
    let script = format!(
        "#!/bin/sh\necho $$ >> {here}/pids\nexport PATH={here}/bin:$PATH XDG_RUNTIME_DIR={here} \
         SCUMBLE_TEST_GROUPS={here}\nexec {WORKER} \"$@\"\n"
    );
    Program::of_script(folder, &script)
}

#[test]
fn on_a_desktop_it_asks_for_a_scope_of_its_own_and_for_nobody_else() {
    let program =
        on_a_desktop("scope", "printf '%s\\n' \"$@\" > FOLDER/asking; mv FOLDER/asking FOLDER/asked");
    let _engine = apart(&program);
    let file = program.folder.0.join("asked");
    let asked = until("it asks", || std::fs::read_to_string(&file).ok());
    let words: Vec<&str> = asked.lines().collect();
    let after = |word: &str| {
        let place = words.iter().position(|other| *other == word).unwrap();
        words[place + 1..].iter().take(3).copied().collect::<Vec<_>>()
    };
    let pid = program.started()[0].to_string();
    assert_eq!(after("PIDs"), ["au", "1", &pid], "{asked}");
    assert_eq!(after("StartTransientUnit")[1], format!("app-scumble-worker-{pid}.scope"), "{asked}");
    assert_eq!(after("CPUWeight")[..2], ["t", "20"], "{asked}");
    assert_eq!(after("Slice")[..2], ["s", "app.slice"], "{asked}");
    // systemd's own tool takes it, and gets as far as a bus without a systemd.
    let tool =
        Command::new("dbus-run-session").args(["--", "busctl"]).args(&words).env("LC_ALL", "C").output();
    match tool {
        Ok(tool) => {
            let says = String::from_utf8_lossy(&tool.stderr).into_owned();
            assert!(says.contains("org.freedesktop.systemd1") && !says.contains("signature"), "{says}");
        }
        Err(error) => println!("left out: dbus-run-session: {error}"),
    }
}

#[test]
fn a_systemd_that_does_not_answer_keeps_nobody_waiting_and_is_not_waited_for() {
    let program = on_a_desktop("hung-scope", "echo $$ > FOLDER/hangs; exec sleep 1000");
    let engine = apart(&program);
    let file = program.folder.0.join("hangs");
    let asks = until("it asks", || std::fs::read_to_string(&file).ok()?.trim().parse::<i32>().ok());
    let layer = session(&engine, Preview::Off);
    assert!(show(&layer, &paint(1)).faults.is_empty());
    kill(program.started()[0]);
    let gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{asks}/stat")).unwrap_or_default();
        (!stat.contains("(sleep)") || stat.contains(") Z")).then_some(())
    };
    until("what asks ends with the worker", gone);
}

/// What the library notes.
struct Noted(Mutex<Vec<String>>);

impl log::Log for Noted {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

#[test]
fn a_log_that_is_to_tell_more_from_now_on_tells_more_of_the_process_too() {
    // In a process of its own: this one's log may be the library's already.
    const ALONE: &str = "SCUMBLE_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "life::a_log_that_is_to_tell_more_from_now_on_tells_more_of_the_process_too";
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let ended = alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        return;
    }
    static NOTED: Noted = Noted(Mutex::new(Vec::new()));
    log::set_logger(&NOTED).expect("no other logger");
    log::set_max_level(log::LevelFilter::Warn);
    let program = Program::new("talks", "");
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    ready(&engine).unwrap();
    let layer = session(&engine, Preview::Off);
    let tells = || NOTED.0.lock().unwrap().iter().any(|text| text.contains("unet ran for"));
    show(&layer, &paint(1));
    assert!(!tells(), "nobody has asked for it");
    log::set_max_level(log::LevelFilter::Trace);
    show(&layer, &paint(2));
    until("the process tells of its networks", || tells().then_some(()));
}
