//! Canvases of every shape go through the whole live loop and come back in their own size and colour.

mod support;

use scumble::frame::Kind;
use scumble::pixels::Format;
use support::painting::*;
use support::stub::*;

/// A flat colour must come back flat, whatever scaling and padding lies between.
fn a_flat_canvas_comes_back(width: i32, height: i32) {
    let engine = Stub::engine(&Gate::open());
    let layer = engine.session();
    let mut paint = Painting::new(width, height);
    paint.fill(paint.bounds, [200, 90, 30]);
    revision(paint.push(&layer, None));
    settle(&layer);
    let shown = frame(&layer, 0).expect("a frame");
    assert_eq!((shown.kind, shown.rect, shown.format()), (Kind::Final, paint.bounds, Format::Rgba8));
    assert!(shown.pixels == paint.bytes, "{width}x{height} came back changed");
}

#[test]
fn sizes_that_are_multiples_of_nothing() {
    for (width, height) in [(1, 1), (1, 2), (3, 1), (63, 65), (257, 255), (1023, 61), (640, 513)] {
        a_flat_canvas_comes_back(width, height);
    }
}

#[test]
fn strips_of_the_largest_side() {
    for (width, height) in [(16384, 1), (1, 16384), (16384, 3), (16383, 129), (67, 16381)] {
        a_flat_canvas_comes_back(width, height);
    }
}

/// About 4 GiB of memory: `make test-large`.
#[test]
#[ignore = "takes 4 GiB of memory"]
fn the_largest_canvas() {
    a_flat_canvas_comes_back(16384, 16384);
}
