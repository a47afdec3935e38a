//! What these tests share: engines with a process, the processes that they start, what a session shows until it rests.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use scumble::engine::{Engine, LoadState};
use scumble::error::Error;
use scumble::frame::Kind;
use scumble::job::{Params, Preview};
use scumble::pipeline::LoadOptions;
use scumble::region::Rect;
use scumble::remote::Options;
use scumble::session::{Polled, Session};

use crate::c;
use crate::models::{Scratch, tiny};
use crate::painting::Painting;

pub const WORKER: &str = env!("CARGO_BIN_EXE_scumble-worker");
pub const SIDE: i32 = 96;
const LONG: Duration = Duration::from_secs(120);

pub fn load_options() -> LoadOptions {
    LoadOptions { model_dir: tiny("turbo"), device: "cpu".into(), intra_threads: 1, ..LoadOptions::default() }
}

pub fn options(worker: &Path) -> Options {
    Options { worker: Some(worker.into()), ..Options::new(load_options()) }
}

/// A program that notes its number and becomes the worker, with a test's order in the environment.
pub struct Program {
    pub folder: Scratch,
    pub path: PathBuf,
}

impl Program {
    pub fn new(name: &str, order: &str) -> Program {
        let folder = Scratch::new(&format!("worker-{name}"));
        let order = order.replace("FILE", &format!("{}/halted", folder.0.display()));
        Program::within(folder, &[("SCUMBLE_WORKER_TEST", order)])
    }

    /// One that halts in a network, of which the path has `network`, once the file "go" is in its folder.
    pub fn halting_in(network: &str) -> Program {
        let folder = Scratch::new(&format!("worker-in-{network}"));
        let (mark, go) = (folder.0.join("halted"), folder.0.join("go").display().to_string());
        let mut environment = c::slow_runtime("run", 600_000, &mark);
        environment.extend([("SLOW_RUNTIME_NETWORK", network.into()), ("SLOW_RUNTIME_AFTER", go)]);
        Program::within(folder, &environment)
    }

    fn within(folder: Scratch, environment: &[(&str, String)]) -> Program {
        let exports: String =
            environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        let pids = folder.0.join("pids");
        let script = format!("#!/bin/sh\necho $$ >> {}\n{exports}exec {WORKER} \"$@\"\n", pids.display());
        Program::of_script(folder, &script)
    }

    pub fn of_script(folder: Scratch, script: &str) -> Program {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.0.join("program");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Program { folder, path }
    }

    /// All processes that were started, in order.
    pub fn started(&self) -> Vec<i32> {
        let text = std::fs::read_to_string(self.folder.0.join("pids")).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Waits until it has stopped where it was told to.
    pub fn halted(&self) -> i32 {
        let file = self.folder.0.join("halted");
        until("it halts", || std::fs::read_to_string(&file).ok().and_then(|text| text.parse().ok()))
    }
}

pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn kill(pid: i32) {
    // SAFETY: no memory is involved; the process is a child of a program of this test.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Gone, nothing but an entry that nobody has read yet, or by now the number of another program's process.
pub fn is_gone(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let Some((name, rest)) = stat.rsplit_once(") ") else { return true };
    let ours = ["scumble-worker", "program", "sh"].iter().any(|own| name.ends_with(&format!("({own}")));
    !ours || rest.starts_with(['Z', 'X'])
}

pub fn ready(engine: &Engine) -> Result<(), Error> {
    until("the model is loaded", || match engine.state() {
        LoadState::Loading { .. } => None,
        LoadState::Ready(_) => Some(Ok(())),
        LoadState::Failed(why) => Some(Err(why)),
    })
}

pub fn apart(program: &Program) -> Engine {
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    ready(&engine).unwrap();
    engine
}

pub fn here() -> Engine {
    let engine = Engine::load(load_options()).unwrap();
    ready(&engine).unwrap();
    engine
}

pub fn params(preview: Preview) -> Params {
    Params {
        prompt: "a house by the lake".into(),
        steps: Some(3),
        strength: Some(1.0),
        preview,
        settle_delay: 0,
        ..Params::default()
    }
}

pub fn session(engine: &Engine, preview: Preview) -> Session {
    let session = engine.session();
    session.set_params(params(preview)).unwrap();
    session
}

/// A canvas of one colour, other than every other number's.
pub fn paint(number: u64) -> Painting {
    let mut painting = Painting::new(SIDE, SIDE);
    let [a, b, ..] = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    painting.fill(painting.bounds, [a, b, number as u8]);
    painting.fill(Rect::new(8, 8, 30, 40), [b, 255 - a, 40]);
    painting
}

/// What a session showed and said until it came to rest.
#[derive(Default)]
pub struct Seen {
    pub faults: Vec<Error>,
    /// The bytes of the FINAL frames.
    pub finals: Vec<Vec<u8>>,
    /// Frames that are none.
    pub previews: usize,
}

impl Seen {
    pub fn at_rest(&self) -> &[u8] {
        self.finals.last().expect("a FINAL frame")
    }
}

pub fn watch(session: &Session, seen_before: &mut u64) -> Seen {
    let mut seen = Seen::default();
    until("it comes to rest", || {
        let rests = !session.busy();
        let more = match session.poll(*seen_before) {
            Ok(Polled::Frame(frame)) => {
                *seen_before = frame.seq;
                match frame.kind {
                    Kind::Final => seen.finals.push(frame.tiles.read(frame.covers).unwrap()),
                    Kind::Preview => seen.previews += 1,
                }
                true
            }
            Ok(Polled::Nothing | Polled::Loading) => false,
            Err(fault) => {
                seen.faults.push(fault);
                true
            }
        };
        (rests && !more).then_some(())
    });
    seen
}

/// Pushes, and sees it through.
pub fn show(session: &Session, painting: &Painting) -> Seen {
    painting.push(session, None).unwrap();
    watch(session, &mut 0)
}

/// What is said of a model's device.
pub fn note(engine: &Engine) -> String {
    match engine.state() {
        LoadState::Ready(info) => info.device_note.clone(),
        other => panic!("{other:?}"),
    }
}
