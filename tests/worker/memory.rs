//! What a canvas that is much larger than the model takes in the process of its own.

use std::time::Duration;

use scumble::job::Params;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::session::Session;

use crate::resident::most;
use crate::seen::*;

/// Paints a canvas all over and waits until it has settled.
fn settle(session: &Session, side: i32, seed: u32) {
    let bytes = side as usize * side as usize * 4;
    let pixels: Vec<u8> =
        (0..bytes as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed as u8).collect();
    let view =
        ImageView::new(Format::Rgba8, Rect::new(0, 0, side, side), side as usize * 4, &pixels).unwrap();
    session.push(side, side, &[view], None).unwrap();
    assert!(session.wait(Duration::from_secs(300)).unwrap(), "it does not come to rest");
}

/// The host's process keeps the canvas and what was made of it (tests/memory.rs counts that); the other one sees a window at
/// a time.
#[test]
fn it_holds_windows_and_never_the_canvas() {
    const SIDE: i32 = 2048;
    let program = Program::new("memory", "");
    let engine = apart(&program);
    let pid = program.started()[0];
    let session = || {
        let session = engine.session();
        session.set_params(Params { settle_delay: 0, ..Params::default() }).unwrap();
        session
    };
    // The model's own share: every kind of window once, and its arena filled.
    let small = session();
    for seed in 0..3 {
        settle(&small, 256, seed);
    }
    let model = most(pid);
    settle(&session(), SIDE, 3);
    let more = most(pid) - model;
    println!("{} KiB more than for a canvas of 256x256", more >> 10);
    assert_eq!(program.started(), [pid]);
    let canvas = SIDE as usize * SIDE as usize * 4;
    assert!(more < canvas / 2, "{more} bytes more, of a canvas of {canvas}");
}
