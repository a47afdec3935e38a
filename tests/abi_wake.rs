//! What a host's event loop watches: readable, or set, when there is something to poll, and not else.

mod support;

use std::time::{Duration, Instant};

use scumble::engine::Engine;
use scumble::error::{Error, Status};
use scumble::job::Params;
use scumble::session::{Polled, Session};
use support::painting::*;
use support::stub::*;
use system::rings;

#[cfg(unix)]
mod system {
    use super::*;

    pub fn bell(layer: &Session) -> i32 {
        layer.wake_descriptor().unwrap()
    }

    /// What is there on other systems.
    pub fn other(layer: &Session) -> Error {
        layer.wake_event().unwrap_err()
    }

    /// Whether it is readable within `wait`.
    pub fn rings(descriptor: i32, wait: Duration) -> bool {
        let mut watched = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, of this function.
        unsafe { libc::poll(&mut watched, 1, wait.as_millis() as i32) == 1 }
    }
}

#[cfg(windows)]
mod system {
    use std::os::windows::io::RawHandle;

    use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
    use windows_sys::Win32::System::Threading::WaitForSingleObject;

    use super::*;

    pub fn bell(layer: &Session) -> RawHandle {
        layer.wake_event().unwrap()
    }

    /// What is there on other systems.
    pub fn other(layer: &Session) -> Error {
        layer.wake_descriptor().unwrap_err()
    }

    /// Whether it is set within `wait`.
    pub fn rings(event: RawHandle, wait: Duration) -> bool {
        // SAFETY: the session lives, and its event with it.
        unsafe { WaitForSingleObject(event, wait.as_millis() as u32) == WAIT_OBJECT_0 }
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(60);

#[test]
fn it_rings_for_each_frame_and_fault_and_poll_hushes_it() {
    let gate = Gate::closed();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
    let bell = system::bell(&layer);
    assert_eq!(bell, system::bell(&layer), "the same each time");
    assert!(rings(bell, LONG), "at first the host is to look what was there before");
    let _ = layer.poll(0);
    assert!(!rings(bell, SHORT));
    let paint = Painting::new(64, 64);
    revision(paint.push(&layer, None));
    assert!(!rings(bell, SHORT), "a push alone is no news");
    gate.let_all_pass();
    let (mut seen, began) = (0, Instant::now());
    while !frame(&layer, seen).is_some_and(|shown| {
        seen = shown.seq;
        shown.current
    }) {
        assert!(rings(bell, LONG) && began.elapsed() < LONG, "woken for each frame until the last");
    }
    settle(&layer);
    while rings(bell, SHORT) {
        assert!(frame(&layer, seen).is_none(), "nothing is told twice");
        assert!(began.elapsed() < LONG, "it comes to rest");
    }
    set(&layer, |params| params.prompt = "fail".into()).unwrap();
    assert!(rings(bell, LONG), "a fault rings");
    fault(&layer);
}

#[test]
fn it_rings_when_there_will_be_no_model_though_nothing_was_pushed() {
    let (fail, failing) = std::sync::mpsc::channel();
    let engine = Engine::with(Box::new(move |_, _| {
        failing.recv().unwrap();
        Err(Error::new(Status::ModelMissing, "There is no model here; choose another folder."))
    }));
    let engine = engine.unwrap();
    let (layer, other) = (engine.session(), engine.session());
    let bells = [&layer, &other].map(system::bell);
    for layer in [&layer, &other] {
        assert!(matches!(layer.poll(0), Ok(Polled::Loading)));
    }
    assert!(!bells.iter().any(|bell| rings(*bell, SHORT)), "nothing is new while it is loaded");
    fail.send(()).unwrap();
    for (layer, bell) in [&layer, &other].into_iter().zip(bells) {
        assert!(rings(bell, LONG));
        assert_eq!(layer.poll(0).err().map(|why| why.status), Some(Status::ModelMissing));
        assert!(!rings(bell, SHORT), "once");
    }
    let late = engine.session();
    assert!(rings(system::bell(&late), LONG) && late.poll(0).is_err());
}

/// A host that ends its loop of polls at an error, as the header's own does.
#[test]
fn a_poll_that_tells_a_fault_rings_again_for_the_frame_behind_it() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
    let bell = system::bell(&layer);
    revision(Painting::new(64, 64).push(&layer, None));
    settle(&layer);
    set(&layer, |params| params.prompt = "fail".into()).unwrap();
    settle(&layer);
    assert!(rings(bell, LONG));
    assert!(layer.poll(0).is_err(), "of both, the fault is told first");
    assert!(rings(bell, LONG), "and the frame is not forgotten");
    let shown = frame(&layer, 0).expect("the frame");
    assert!(frame(&layer, shown.seq).is_none());
    assert!(!rings(bell, SHORT), "all is told");
}

#[test]
fn hundreds_of_rings_that_nobody_hears_wait_for_nothing() {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    layer.set_params(Params { settle_delay: 1, ..Params::default() }).unwrap();
    let bell = system::bell(&layer);
    let (mut paint, mut dice) = (Painting::new(64, 64), Dice(3));
    for _ in 0..300 {
        paint.stroke(&mut dice);
        revision(paint.push(&layer, None));
        settle(&layer);
    }
    assert!(rings(bell, LONG));
    frame(&layer, 0).expect("the picture");
    assert!(!rings(bell, SHORT), "one look hushes all");
    drop(layer);
}

#[test]
fn what_another_system_has_is_told_in_a_sentence_that_names_this_ones() {
    let layer = Stub::engine(&Gate::open()).session();
    let why = system::other(&layer);
    assert_eq!(why.status, Status::Setting);
    let own = if cfg!(windows) { "scumble_session_wake_event" } else { "scumble_session_wake_fd" };
    assert!(why.message.contains(own), "{why}");
}
