//! One process for several programs.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use scumble::engine::Engine;
use scumble::error::Status;
use scumble::job::Preview;
use scumble::remote::{Options, Sharing};

use crate::seen::*;

/// Where those who share this program meet.
pub fn meeting(program: &Path) -> PathBuf {
    program.with_file_name("run")
}

pub fn shared(program: &Path) -> Options {
    Options { sharing: Sharing::In(meeting(program)), ..options(program) }
}

pub fn engine(program: &Program) -> Engine {
    let engine = Engine::load_apart(shared(&program.path)).unwrap();
    ready(&engine).unwrap();
    engine
}

/// Files of one kind where they meet.
pub fn met(program: &Program, kind: &str) -> Vec<PathBuf> {
    let found = std::fs::read_dir(meeting(&program.path)).into_iter().flatten().flatten();
    found.map(|file| file.path()).filter(|path| path.extension().is_some_and(|own| own == kind)).collect()
}

pub fn is_over(program: &Program, pid: i32) {
    until("the process ends with its last host", || is_gone(pid).then_some(()));
    assert!(met(program, "socket").is_empty(), "{:?}", met(program, "socket"));
}

/// Another program that has the same process.
struct Other {
    child: Child,
    orders: Option<ChildStdin>,
    told: Box<dyn Iterator<Item = String>>,
}

impl Other {
    fn start(program: &Program) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "shared::another_program", "--nocapture"])
            .env("SCUMBLE_TEST_SHARED", &program.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let told = lines.filter_map(|line| Some(line.split_once("told ")?.1.to_owned()));
        let orders = child.stdin.take();
        Other { child, orders, told: Box::new(told) }
    }

    /// Begins to paint the picture with this number.
    fn ask(&mut self, number: u64) {
        writeln!(self.orders.as_ref().unwrap(), "{number}").unwrap();
    }

    /// What became of it: "right", after how many faults.
    fn hear(&mut self) -> String {
        self.told.next().expect("the other program speaks")
    }

    fn paint(&mut self, number: u64) -> String {
        self.ask(number);
        self.hear()
    }

    fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved; a child of this test.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits until it has ended by itself.
    fn end(mut self) {
        drop(self.orders.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other program; by itself it does nothing.
#[test]
fn another_program() {
    let Some(program) = std::env::var_os("SCUMBLE_TEST_SHARED").map(PathBuf::from) else { return };
    let mut options = shared(&program);
    options.load.loras = true; // which is no other model
    let engine = Engine::load_apart(options).unwrap();
    ready(&engine).unwrap();
    let (apart, here) = (session(&engine, Preview::EachStep), session(&here(), Preview::Off));
    let mut seen_before = 0;
    for line in std::io::stdin().lock().lines() {
        let painting = paint(line.unwrap().trim().parse().unwrap());
        painting.push(&apart, None).unwrap();
        let seen = watch(&apart, &mut seen_before);
        let is_right = watch(&apart, &mut 0).at_rest() == show(&here, &painting).at_rest();
        println!("told {}, {} faults", if is_right { "right" } else { "wrong" }, seen.faults.len());
    }
}

#[test]
fn two_programs_have_one_process_and_one_model_until_both_have_gone() {
    let program = Program::new("shared", "note model FILE");
    let (engine, mut other) = (engine(&program), Other::start(&program));
    let (layer, right) = (session(&engine, Preview::EachStep), session(&here(), Preview::Off));
    for round in 1..=3 {
        // Both at once.
        other.ask(round + 10);
        let seen = show(&layer, &paint(round));
        assert!(
            seen.faults.is_empty()
                && watch(&layer, &mut 0).at_rest() == show(&right, &paint(round)).at_rest()
        );
        assert_eq!(other.hear(), "right, 0 faults");
    }
    let pid = program.started()[0];
    assert_eq!(program.started(), [pid]);
    let models = std::fs::read_to_string(program.folder.0.join("halted")).unwrap();
    assert_eq!(models, "model\n", "it was loaded once");
    drop((layer, engine));
    assert_eq!(other.paint(20), "right, 0 faults");
    assert!(!is_gone(pid));
    other.end();
    is_over(&program, pid);
}

#[test]
fn one_that_asks_for_another_model_is_given_it_by_the_same_process() {
    let program = Program::new("shared-models", "note model FILE");
    let mut others = shared(&program.path);
    others.load.scheduler = Some("ddim".into());
    let engines = [shared(&program.path), others].map(|options| Engine::load_apart(options).unwrap());
    for engine in &engines {
        ready(engine).unwrap();
        assert!(show(&session(engine, Preview::Off), &paint(1)).faults.is_empty());
    }
    let models = std::fs::read_to_string(program.folder.0.join("halted")).unwrap();
    assert_eq!((models.lines().count(), program.started().len()), (2, 1));
}

#[test]
fn a_program_that_is_killed_takes_its_own_conversation_alone_along() {
    let program = Program::new("shared-killed", "");
    let (engine, mut other) = (engine(&program), Other::start(&program));
    let layer = session(&engine, Preview::Off);
    assert_eq!(other.paint(1), "right, 0 faults");
    for number in 1..=3 {
        other.ask(number + 10);
        std::thread::sleep(Duration::from_millis(number * 7));
        other.child.kill().unwrap();
        other.child.wait().unwrap();
        assert!(show(&layer, &paint(number)).faults.is_empty());
        other = Other::start(&program);
    }
    let pid = program.started()[0];
    assert_eq!(program.started(), [pid]);
    other.child.kill().unwrap();
    other.child.wait().unwrap();
    drop((layer, engine));
    is_over(&program, pid);
}

/// The program of the next test; by itself it does nothing.
#[test]
fn a_program_that_has_forked() {
    let Some(program) = std::env::var_os("SCUMBLE_TEST_FORKED").map(PathBuf::from) else { return };
    let engine = Engine::load_apart(shared(&program)).unwrap();
    ready(&engine).unwrap();
    // SAFETY: the child calls nothing but what may be called there, and ends by itself if it is forgotten.
    let child = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(300);
            libc::pause();
            libc::_exit(0);
        }
        child
    };
    drop(engine);
    println!("told forked");
    let _ = std::io::stdin().read_line(&mut String::new());
    kill(child);
}

#[test]
fn a_child_that_a_program_has_forked_does_not_keep_it() {
    let program = Program::new("shared-forked", "");
    let mut forked = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shared::a_program_that_has_forked", "--nocapture"])
        .env("SCUMBLE_TEST_FORKED", &program.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(forked.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("told forked")));
    is_over(&program, program.started()[0]);
    drop(forked.stdin.take());
    assert!(forked.wait().unwrap().success());
}

#[test]
fn a_process_that_is_killed_is_told_to_all_and_the_next_is_one_again() {
    let program = Program::new("shared-worker-killed", "halt step FILE");
    let (engine, mut other) = (engine(&program), Other::start(&program));
    let layer = session(&engine, Preview::EachStep);
    paint(1).push(&layer, None).unwrap();
    other.ask(2);
    let pid = program.halted();
    kill(pid);
    until("it is gone", || is_gone(pid).then_some(()));
    assert_eq!(met(&program, "socket").len(), 1, "nobody has cleared it away");
    let faults: Vec<_> = watch(&layer, &mut 0).faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::WorkerDied]);
    let right = show(&session(&here(), Preview::Off), &paint(1));
    assert!(watch(&layer, &mut 0).at_rest() == right.at_rest());
    let other_told = other.hear();
    assert!(other_told.starts_with("right, "), "{other_told}");
    assert_eq!(other.paint(3), "right, 0 faults");
    assert_eq!(program.started().len(), 2);
    let next = program.started()[1];
    drop((layer, engine));
    other.end();
    is_over(&program, next);
}

#[test]
fn one_that_hangs_is_ended_for_all_and_all_paint_on() {
    let program = Program::new("shared-hang", "halt step FILE");
    let silence = Duration::from_secs(3);
    let engine = Engine::load_apart(Options { silence, ..shared(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let mut other = Other::start(&program);
    assert!(!met(&program, "socket").is_empty());
    other.ask(2);
    let first = program.halted();
    let seen = show(&session(&engine, Preview::Off), &paint(1));
    assert_eq!(seen.faults.len(), 1, "{:?}", seen.faults);
    assert!(seen.faults[0].message.contains("did not answer") && seen.finals.len() == 1);
    assert!(is_gone(first));
    assert_eq!(other.hear(), "right, 1 faults");
    assert_eq!(program.started().len(), 2);
}

#[test]
fn what_one_dies_of_again_and_again_is_tried_apart_from_the_others() {
    let program = Program::new("shared-poison", "abort step");
    let engine = engine(&program);
    let faults = show(&session(&engine, Preview::Off), &paint(1)).faults;
    let faults: Vec<_> = faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::WorkerDied, Status::Worker]);
    assert_eq!(program.started().len(), 3);
    let last = program.started()[2];
    until("the last was nobody else's", || is_gone(last).then_some(()));
    let locks = met(&program, "lock");
    let met = std::fs::read_to_string(&locks[0]).unwrap();
    assert_eq!(met.parse::<i32>().unwrap(), program.started()[1]);
}

#[test]
fn programs_that_start_at_once_have_one_process() {
    let program = Program::new("shared-at-once", "");
    let mut others: Vec<_> = (0..3).map(|_| Other::start(&program)).collect();
    let engines: Vec<_> = (0..4).map(|_| Engine::load_apart(shared(&program.path)).unwrap()).collect();
    engines.iter().for_each(|engine| ready(engine).unwrap());
    others.iter_mut().for_each(|other| other.ask(1));
    others.iter_mut().for_each(|other| assert_eq!(other.hear(), "right, 0 faults"));
    assert_eq!(program.started().len(), 1);
}

#[test]
fn a_program_that_has_stopped_holds_nobody_up() {
    let program = Program::new("shared-stopped", "");
    let (engine, mut other) = (engine(&program), Other::start(&program));
    let layer = session(&engine, Preview::EachStep);
    assert_eq!(other.paint(9), "right, 0 faults");
    for round in 1..=3 {
        other.ask(round + 10);
        std::thread::sleep(Duration::from_millis(round * 12));
        other.signal(libc::SIGSTOP);
        let seen = show(&layer, &paint(round));
        assert!(seen.faults.is_empty() && !seen.finals.is_empty(), "{:?}", seen.faults);
        other.signal(libc::SIGCONT);
        let told = other.hear();
        assert!(told.starts_with("right, "), "{told}");
    }
    assert_eq!(program.started().len(), 1);
}

#[test]
fn without_work_all_go_and_it_ends_and_the_next_push_starts_it_again() {
    let program = Program::new("shared-rests", "");
    let idle = Duration::from_millis(300);
    let engine = Engine::load_apart(Options { idle, ..shared(&program.path) }).unwrap();
    ready(&engine).unwrap();
    let layer = session(&engine, Preview::Off);
    assert!(show(&layer, &paint(1)).faults.is_empty());
    is_over(&program, program.started()[0]);
    let right = show(&session(&here(), Preview::Off), &paint(2));
    let seen = show(&layer, &paint(2));
    assert!(seen.faults.is_empty() && seen.at_rest() == right.at_rest(), "{:?}", seen.faults);
    assert_eq!(program.started().len(), 2);
}
