//! What the live layer shows. The worker lays patches; a poll takes all that is newer than what the host has, sharing
//! the tiles.

use parking_lot::Mutex;

use crate::error::Result;
use crate::pixels::Coding;
use crate::region::Rect;
use crate::tiles::Tiles;

/// The picture at one moment; `M` is what the worker tells of its newest patch.
#[derive(Clone)]
pub struct State<M> {
    tiles: Tiles,
    /// What of the canvas the picture covers: all of it, or the rectangle around a mask. Elsewhere it is transparent.
    covers: Rect,
    /// The number of the newest patch.
    seq: u64,
    /// The newest patch that took something away from what is covered.
    shrunk: u64,
    /// The newest patch of an earlier canvas.
    reset: u64,
    /// Rises with each canvas: a patch made for another one is not shown.
    canvas: u64,
    told: Option<M>,
}

impl<M> State<M> {
    /// What was told of the newest patch that hosts see.
    pub fn told(&self) -> Option<&M> {
        self.told.as_ref()
    }

    /// Lays the packed rows of `rect` down. `covers` is what the whole picture covers from now on; `rect` lies inside.
    pub fn lay(&mut self, covers: Rect, rect: Rect, pixels: &[u8]) -> Result<()> {
        let (seq, before) = (self.seq, self.covers);
        self.covers = covers;
        if !before.is_empty() && !covers.contains(before) {
            self.shrunk = seq;
            self.tiles.take_away(before, covers, seq)?;
        }
        self.tiles.write(rect, pixels, seq)
    }
}

/// All newer than what a host has.
pub struct Newer<M> {
    pub seq: u64,
    pub covers: Rect,
    /// Not empty, without overlap, on the canvas; none where what is told changed and no pixel.
    pub rects: Vec<Rect>,
    pub tiles: Tiles,
    pub told: M,
}

/// The picture of a live layer. Written by one worker at a time; hosts read.
pub struct Picture<M>(Mutex<State<M>>);

impl<M> Default for Picture<M> {
    fn default() -> Self {
        let state = State {
            tiles: Tiles::default(),
            covers: Rect::default(),
            seq: 0,
            shrunk: 0,
            reset: 0,
            canvas: 0,
            told: None,
        };
        Picture(Mutex::new(state))
    }
}

impl<M: Clone> Picture<M> {
    /// Another canvas: transparent, and nothing of the earlier one is shown any more. What is returned is to be
    /// dropped outside locks.
    #[must_use]
    pub fn reset(&self, bounds: Rect, coding: Coding) -> impl Sized + use<M> {
        let mut state = self.0.lock();
        state.reset = state.seq;
        state.canvas += 1;
        state.covers = Rect::default();
        let told = state.told.take();
        (std::mem::replace(&mut state.tiles, Tiles::empty(bounds, coding)), told)
    }

    pub fn tiles(&self) -> Tiles {
        self.0.lock().tiles.clone()
    }

    /// Which canvas this is, of all that there were: one that comes back is another one.
    pub fn canvas(&self) -> u64 {
        self.0.lock().canvas
    }

    /// The picture as it is, to lay the next patch on, of which nothing is seen before [`Picture::show`]. `None` if the
    /// canvas is another one than [`Picture::canvas`] told.
    pub fn next(&self, canvas: u64) -> Option<State<M>> {
        let mut state = self.0.lock().clone();
        state.seq += 1;
        (state.canvas == canvas).then_some(state)
    }

    /// Shows a patch; `None` (and nothing is shown) if the canvas has become another one since [`Picture::next`].
    /// What is returned is to be dropped outside locks.
    #[must_use]
    pub fn show(&self, mut next: State<M>, told: M) -> Option<State<M>> {
        next.told = Some(told);
        let mut state = self.0.lock();
        if next.canvas != state.canvas {
            return None;
        }
        Some(std::mem::replace(&mut state, next))
    }

    /// All that was laid after the patch `after`; 0: the whole picture, as for a host that has nothing yet. A host
    /// whose `after` is of an earlier canvas is told of all of this one. `None` if nothing was.
    pub fn newer_than(&self, after: u64) -> Option<Newer<M>> {
        let state = self.0.lock();
        let told = state.told.clone().filter(|_| state.seq > after)?;
        let (tiles, seq, covers) = (state.tiles.clone(), state.seq, state.covers);
        let (shrunk, reset) = (state.shrunk, state.reset);
        drop(state);
        let rects = match after {
            0 => tiles.newer(reset, covers),
            _ if after <= reset => vec![tiles.bounds()],
            // What was taken away is told too.
            _ if after < shrunk => tiles.newer(after, tiles.bounds()),
            _ => tiles.newer(after, covers),
        };
        Some(Newer { seq, covers, rects, tiles, told })
    }

    /// Forgets everything.
    #[must_use]
    pub fn clear(&self) -> impl Sized + use<M> {
        let mut state = self.0.lock();
        let told = state.told.take();
        (std::mem::take(&mut state.tiles), told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Format;

    /// A host's copy of the picture: it lays down each frame's rectangles and nothing else.
    struct Host {
        seen: u64,
        bytes: Vec<u8>,
    }

    impl Host {
        fn poll(&mut self, picture: &Picture<u32>, bounds: Rect) {
            let Some(newer) = picture.newer_than(self.seen) else { return };
            assert!(newer.seq > self.seen);
            self.seen = newer.seq;
            let stride = bounds.width as usize * 4;
            for rect in newer.rects {
                assert!(bounds.contains(rect) && !rect.is_empty());
                let rows = newer.tiles.read(rect).unwrap();
                for (y, row) in rows.chunks_exact(rect.width as usize * 4).enumerate() {
                    let at = (rect.y as usize + y) * stride + rect.x as usize * 4;
                    self.bytes[at..at + row.len()].copy_from_slice(row);
                }
            }
        }
    }

    /// SplitMix64.
    fn roll(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
    }

    fn rect_in(seed: &mut u64, bounds: Rect) -> Rect {
        let mut within = |low: i32, high: i32| low + ((roll(seed) >> 33) % (high - low) as u64) as i32;
        let (x, y) = (within(0, bounds.width), within(0, bounds.height));
        let rect = Rect::new(x, y, within(1, bounds.width - x + 1), within(1, bounds.height - y + 1));
        Rect::new(bounds.x + rect.x, bounds.y + rect.y, rect.width, rect.height)
    }

    #[test]
    fn patches_laid_one_on_the_other_are_the_whole_however_seldom_a_host_polls() {
        for schedule in 0..60u64 {
            let mut seed = schedule;
            let bounds =
                Rect::new(0, 0, 1 + (roll(&mut seed) % 300) as i32, 1 + (roll(&mut seed) % 300) as i32);
            let stride = bounds.width as usize * 4;
            let picture = Picture::default();
            drop(picture.reset(bounds, Format::Rgba8.into()));
            let mut whole = vec![0u8; stride * bounds.height as usize];
            let mut hosts: Vec<Host> = (0..3).map(|_| Host { seen: 0, bytes: whole.clone() }).collect();
            let mut covers = bounds;
            for patch in 1..40u32 {
                if roll(&mut seed).is_multiple_of(5) {
                    covers = rect_in(&mut seed, bounds);
                }
                let rect = rect_in(&mut seed, covers);
                let value = patch as u8;
                let pixels = vec![value; rect.width as usize * rect.height as usize * 4];
                let mut next = picture.next(picture.canvas()).unwrap();
                next.lay(covers, rect, &pixels).unwrap();
                assert!(picture.show(next, patch).is_some());
                for (at, byte) in whole.iter_mut().enumerate() {
                    let pixel = Rect::new((at % stride / 4) as i32, (at / stride) as i32, 1, 1);
                    if rect.contains(pixel) {
                        *byte = value;
                    } else if !covers.contains(pixel) {
                        *byte = 0;
                    }
                }
                for (nth, host) in hosts.iter_mut().enumerate() {
                    if roll(&mut seed).is_multiple_of(1 + 3 * nth as u64) {
                        host.poll(&picture, bounds);
                        assert!(host.bytes == whole, "schedule {schedule}, patch {patch}, host {nth}");
                    }
                }
            }
            for host in &mut hosts {
                host.poll(&picture, bounds);
                assert!(host.bytes == whole);
            }
            let mut late = Host { seen: 0, bytes: vec![0; whole.len()] };
            late.poll(&picture, bounds);
            assert!(late.bytes == whole, "0 asks for the whole picture");
        }
    }

    #[test]
    fn two_far_strokes_are_two_rectangles_and_a_patch_of_another_canvas_is_not_shown() {
        let bounds = Rect::new(0, 0, 1000, 700);
        let picture = Picture::default();
        drop(picture.reset(bounds, Format::Rgba8.into()));
        assert!(picture.newer_than(0).is_none());
        let canvas = picture.canvas();
        let lay = |rect: Rect, value: u8| {
            let mut next = picture.next(canvas)?;
            let pixels = vec![value; rect.width as usize * rect.height as usize * 4];
            next.lay(bounds, rect, &pixels).unwrap();
            Some(next)
        };
        let show = |rect: Rect, value: u8| drop(picture.show(lay(rect, value).unwrap(), 0u32));
        show(bounds, 1);
        show(Rect::new(10, 10, 5, 200), 2);
        show(Rect::new(900, 650, 100, 50), 2);
        let newer = picture.newer_than(1).unwrap();
        assert_eq!(newer.rects, [Rect::new(0, 0, 64, 256), Rect::new(896, 640, 104, 60)]);
        assert_eq!(newer.seq, 3);
        assert!(picture.newer_than(3).is_none());
        show(Rect::new(900, 650, 100, 50), 2);
        assert_eq!(picture.newer_than(3).unwrap().rects, [], "the same once more is nothing to lay down");
        let late = lay(bounds, 3).unwrap();
        drop(picture.reset(bounds, Format::Rgba8.into()));
        assert!(picture.show(late, 0).is_none() && picture.newer_than(3).is_none());
        assert!(lay(bounds, 4).is_none(), "the same size as before is another canvas all the same");
    }
}
