//! The renderer in a process of its own on Windows: the real program, on a tiny model. tests/worker has more of it, on Linux.
#![cfg(windows)]

#[path = "pipeline/support.rs"]
#[allow(dead_code)]
mod models;
#[path = "support/painting.rs"]
#[allow(dead_code)]
mod painting;

use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use scumble::cancel::Cancel;
use scumble::engine::{Engine, LoadState};
use scumble::error::{Error, Status};
use scumble::frame::Kind;
use scumble::job::{Params, Preview};
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::remote::{Options, Remote};
use scumble::render::{Ended, Policy, Previews, Renderer};
use scumble::session::{Polled, Session};
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Threading::{
    BELOW_NORMAL_PRIORITY_CLASS, GetPriorityClass, OpenProcess, PROCESS_QUERY_INFORMATION, PROCESS_TERMINATE,
    TerminateProcess,
};

use crate::models::{Made, Request, Scratch, grey, request, tiny};
use crate::painting::Painting;

const WORKER: &str = env!("CARGO_BIN_EXE_scumble-worker");
const LONG: Duration = Duration::from_secs(120);

/// What the worker is told by a test is in the environment, which is the whole process's: one test at a time.
struct Ordered {
    folder: Scratch,
    _alone: MutexGuard<'static, ()>,
}

impl Ordered {
    fn new(name: &str, order: &str) -> Ordered {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock();
        let folder = Scratch::new(&format!("worker-{name}"));
        let order = order.replace("FILE", &folder.0.join("halted").display().to_string());
        // SAFETY: no other test of this program runs, and none of its threads is left but what looks at nothing there.
        unsafe { std::env::set_var("SCUMBLE_WORKER_TEST", order) };
        Ordered { folder, _alone: alone }
    }

    /// Waits until a worker has stopped where it was told to.
    fn halted(&self) -> OwnedHandle {
        let file = self.folder.0.join("halted");
        let id: u32 = until("it halts", || std::fs::read_to_string(&file).ok()?.parse().ok());
        // SAFETY: no memory is involved.
        let process = unsafe { OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_TERMINATE, 0, id) };
        assert!(!process.is_null(), "{}", std::io::Error::last_os_error());
        // SAFETY: made just now, for this function.
        unsafe { OwnedHandle::from_raw_handle(process) }
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn load_options() -> LoadOptions {
    LoadOptions { model_dir: tiny("turbo"), device: "cpu".into(), intra_threads: 1, ..LoadOptions::default() }
}

fn options() -> Options {
    Options { worker: Some(WORKER.into()), ..Options::new(load_options()) }
}

fn ready(engine: &Engine) -> Result<(), Error> {
    until("the model is loaded", || match engine.state() {
        LoadState::Loading { .. } => None,
        LoadState::Ready(_) => Some(Ok(())),
        LoadState::Failed(why) => Some(Err(why)),
    })
}

/// What a session showed at rest, and the faults that it told on the way.
fn show(engine: &Engine) -> (Vec<u8>, Vec<Error>) {
    let session = engine.session();
    let steps =
        Params { steps: Some(3), strength: Some(1.0), preview: Preview::EachStep, ..Params::default() };
    session.set_params(Params { settle_delay: 0, ..steps }).unwrap();
    let mut painting = Painting::new(96, 96);
    painting.fill(painting.bounds, [20, 160, 90]);
    painting.push(&session, None).unwrap();
    watch(&session)
}

fn watch(session: &Session) -> (Vec<u8>, Vec<Error>) {
    let (mut shown, mut faults, mut seen) = (Vec::new(), Vec::new(), 0);
    until("it comes to rest", || {
        let rests = !session.busy();
        match session.poll(seen) {
            Ok(Polled::Frame(frame)) => {
                seen = frame.seq;
                if frame.kind == Kind::Final {
                    shown = frame.tiles.read(frame.covers).unwrap();
                }
                None
            }
            Ok(Polled::Nothing | Polled::Loading) => rests.then_some(()),
            Err(fault) => {
                faults.push(fault);
                None
            }
        }
    });
    (shown, faults)
}

fn run(renderer: &mut dyn Renderer, request: &Request<'_>) -> Made {
    request.run(renderer, &Policy::default(), &Cancel::new()).unwrap()
}

#[test]
fn patches_and_latents_are_those_of_the_hosts_process_byte_for_byte_also_after_a_rest() {
    let _ordered = Ordered::new("same", "");
    let mut apart = Remote::load(options(), &Cancel::new(), &|_, _| {}).unwrap();
    let mut here = Pipeline::load(&load_options(), &Cancel::new(), &|_, _| {}).unwrap();
    assert_eq!(apart.capabilities().samplers, here.capabilities().samplers);
    let (small, large) = (grey(64, 64), grey(128, 192));
    let long = "x y ".repeat(100_000);
    let requests = [
        request(&small),
        Request { previews: Previews::EachStep, ..request(&large) },
        Request { prompt: &long, negative: "ships", guidance: 3.0, ..request(&small) },
    ];
    for (number, request) in requests.iter().enumerate() {
        let (theirs, ours) = (run(&mut apart, request), run(&mut here, request));
        assert_eq!((theirs.ended, theirs.steps()), (ours.ended, ours.steps()), "{number}");
        for (theirs, ours) in theirs.patches.iter().zip(&ours.patches) {
            assert_eq!((&theirs.picture, &theirs.latent), (&ours.picture, &ours.latent), "{number}");
        }
    }
    assert!(apart.rests_after().is_some());
    apart.rest();
    assert!(apart.rests_after().is_none(), "its process has ended");
    let again = run(&mut apart, &requests[0]);
    assert_eq!(again.patches[0].picture, run(&mut here, &requests[0]).patches[0].picture);
}

#[test]
fn a_policy_and_a_cancel_reach_the_process_while_it_renders() {
    let _ordered = Ordered::new("policy", "");
    let mut apart = Remote::load(options(), &Cancel::new(), &|_, _| {}).unwrap();
    let picture = grey(64, 64);
    let many = Request { steps: 200, previews: Previews::GiveWay, ..request(&picture) };
    let policy = Arc::new(Policy::default());
    let from_outside = {
        let policy = policy.clone();
        std::thread::spawn(move || policy.give_way(0))
    };
    let made = many.run(&mut apart, &policy, &Cancel::new()).unwrap();
    from_outside.join().unwrap();
    assert_eq!((made.ended, made.patches.len()), (Ended::GaveWay, 1));
    let cancel = Arc::new(Cancel::new());
    let from_outside = {
        let cancel = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            cancel.cancel();
        })
    };
    let cancelled = many.run(&mut apart, &Policy::default(), &cancel).err().unwrap();
    from_outside.join().unwrap();
    assert!(cancelled.is_cancelled());
}

/// Also: it goes after the brush.
#[test]
fn one_that_is_ended_while_it_renders_is_told_once_and_the_picture_comes_from_another() {
    for phase in ["step", "patch"] {
        let ordered = Ordered::new(phase, &format!("halt {phase} FILE"));
        let engine = Engine::load_apart(options()).unwrap();
        ready(&engine).unwrap();
        let seen = std::thread::scope(|scope| {
            let seen = scope.spawn(|| show(&engine));
            let process = ordered.halted();
            // SAFETY: the handle lives.
            assert_eq!(unsafe { GetPriorityClass(process.as_raw_handle()) }, BELOW_NORMAL_PRIORITY_CLASS);
            // SAFETY: the handle lives.
            assert_ne!(unsafe { TerminateProcess(process.as_raw_handle(), 1) }, 0);
            seen.join().unwrap()
        });
        let (shown, faults) = seen;
        let statuses: Vec<_> = faults.iter().map(|fault| fault.status).collect();
        assert_eq!(statuses, [Status::WorkerDied], "{phase}: {faults:?}");
        assert!(faults[0].message.contains("exit code 1: somebody ended it"), "{faults:?}");
        let here = Engine::load(load_options()).unwrap();
        ready(&here).unwrap();
        assert!(shown == show(&here).0 && !shown.is_empty(), "{phase}");
    }
}

#[test]
fn a_model_that_it_dies_of_is_tried_three_times() {
    let _ordered = Ordered::new("dies", "abort loading");
    let why = ready(&Engine::load_apart(options()).unwrap()).unwrap_err();
    assert_eq!(why.status, Status::Worker);
    assert!(why.message.contains("3 times") && why.message.contains("it gave up"), "{why}");
}

#[test]
fn one_that_hangs_is_ended() {
    let ordered = Ordered::new("hangs", "halt step FILE");
    let silence = Duration::from_secs(3);
    let engine = Engine::load_apart(Options { silence, ..options() }).unwrap();
    ready(&engine).unwrap();
    let (shown, faults) = show(&engine);
    assert!(faults.len() == 1 && faults[0].message.contains("did not answer"), "{faults:?}");
    assert!(!shown.is_empty());
    drop(ordered);
}

#[test]
fn it_holds_nothing_of_the_hosts() {
    let ordered = Ordered::new("manners", "");
    let file: PathBuf = ordered.folder.0.join("of the host");
    let exclusive =
        || std::fs::File::options().write(true).create(true).truncate(true).share_mode(0).open(&file);
    let kept = exclusive().unwrap();
    // As the older C library opens files: inherited by every program that is started without a list.
    // SAFETY: the handle lives.
    assert_ne!(
        unsafe { SetHandleInformation(kept.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) },
        0
    );
    let engine = Engine::load_apart(options()).unwrap();
    ready(&engine).unwrap();
    drop(kept);
    exclusive().expect("nobody else has it open");
}

#[test]
fn what_is_missing_or_no_program_is_told_in_a_sentence() {
    let ordered = Ordered::new("missing", "");
    let text = ordered.folder.0.join("worker.exe");
    std::fs::write(&text, "no program").unwrap();
    for (program, said) in [(text, "does not start"), ("C:\\nowhere\\worker.exe".into(), "was not found")] {
        let options = Options { worker: Some(program), ..options() };
        let why = ready(&Engine::load_apart(options).unwrap()).unwrap_err();
        assert_eq!(why.status, Status::Worker);
        assert!(why.message.contains(said), "{why}");
    }
    let output = Command::new(WORKER).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Scumble's library"));
}
