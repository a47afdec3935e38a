//! The last pixels that the host pushed, compared tile by tile, and what the live layer still owes for them.
//!
//! Rows are kept in bands that a running job shares without copying; a push copies a band only while a job
//! still holds it.

use std::sync::Arc;

use crate::error::Result;
use crate::pixels::{Format, ImageView, check_room};
use crate::region::Rect;

/// Side of a tile, and height of a band, in pixels.
pub const TILE: usize = 64;

type Band = Vec<u8>;

/// Pixels of a canvas as they were at one moment; cheap to make and to hold.
#[derive(Clone)]
pub struct Snapshot {
    bounds: Rect,
    format: Format,
    bands: Vec<Arc<Band>>,
}

impl Snapshot {
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes of the pixels `x..x + width` of row `y`; the range must lie inside [`Snapshot::bounds`].
    pub fn row(&self, y: i32, x: i32, width: i32) -> &[u8] {
        let (band, range) = locate(self.bounds.width, self.format, y, x, width);
        &self.bands[band][range]
    }
}

/// Which band holds the pixels, and where in it.
fn locate(canvas_width: i32, format: Format, y: i32, x: i32, width: i32) -> (usize, std::ops::Range<usize>) {
    let bpp = format.bytes_per_pixel();
    let start = ((y as usize % TILE) * canvas_width as usize + x as usize) * bpp;
    (y as usize / TILE, start..start + width as usize * bpp)
}

pub struct Canvas {
    pixels: Snapshot,
    tiles_across: usize,
    /// By tile: the revision of its last change that no FINAL frame has covered yet; 0 = nothing owed.
    owed: Vec<u64>,
}

impl Canvas {
    /// A transparent canvas that owes all of itself for `revision`.
    /// Fails with [`crate::error::Status::Memory`] where the system has no room for it.
    pub fn new(bounds: Rect, format: Format, revision: u64) -> Result<Self> {
        let row = bounds.width as usize * format.bytes_per_pixel();
        let height = bounds.height as usize;
        check_room(row * height)?;
        let bands =
            (0..height).step_by(TILE).map(|y| Arc::new(vec![0; row * TILE.min(height - y)])).collect();
        let tiles_across = (bounds.width as usize).div_ceil(TILE);
        Ok(Canvas {
            pixels: Snapshot { bounds, format, bands },
            tiles_across,
            owed: vec![revision; tiles_across * height.div_ceil(TILE)],
        })
    }

    pub fn bounds(&self) -> Rect {
        self.pixels.bounds
    }

    pub fn format(&self) -> Format {
        self.pixels.format
    }

    pub fn snapshot(&self) -> Snapshot {
        self.pixels.clone()
    }

    /// Takes over the pixels of `image` inside `area` (both lie on the canvas, the formats are equal) and
    /// returns whether any differed. Changed tiles are owed for `revision`.
    pub fn update(&mut self, image: &ImageView<'_>, area: Rect, revision: u64) -> bool {
        let tiles = area.x as usize / TILE..(area.right() as usize).div_ceil(TILE);
        let mut changed_tiles = Vec::with_capacity(tiles.len());
        let mut any = false;
        let mut top = area.y;
        while i64::from(top) < area.bottom() {
            let band = top as usize / TILE;
            let bottom = (((band + 1) * TILE) as i64).min(area.bottom()) as i32;
            changed_tiles.clear();
            changed_tiles.resize(tiles.len(), false);
            if self.compare(image, area, top..bottom, &mut changed_tiles) {
                any = true;
                self.copy(image, area, top..bottom, &changed_tiles);
                for (tile, _) in tiles.clone().zip(&changed_tiles).filter(|(_, changed)| **changed) {
                    self.owed[band * self.tiles_across + tile] = revision;
                }
            }
            top = bottom;
        }
        any
    }

    /// Marks the tiles in which the rows differ. Equal rows cost one comparison of memory.
    fn compare(
        &self,
        image: &ImageView<'_>,
        area: Rect,
        rows: std::ops::Range<i32>,
        changed: &mut [bool],
    ) -> bool {
        let mut any = false;
        for y in rows {
            if self.pixels.row(y, area.x, area.width) == image.row(y, area.x, area.width) {
                continue;
            }
            any = true;
            for (span, flag) in tile_spans(area).zip(changed.iter_mut()).filter(|(_, flag)| !**flag) {
                let (x, width) = span;
                *flag = self.pixels.row(y, x, width) != image.row(y, x, width);
            }
        }
        any
    }

    fn copy(&mut self, image: &ImageView<'_>, area: Rect, rows: std::ops::Range<i32>, changed: &[bool]) {
        let bounds = self.pixels.bounds;
        let format = self.pixels.format;
        let Some(band) = self.pixels.bands.get_mut(rows.start as usize / TILE) else { return };
        let band = Arc::make_mut(band);
        for y in rows {
            for ((x, width), _) in tile_spans(area).zip(changed).filter(|(_, changed)| **changed) {
                let (_, range) = locate(bounds.width, format, y, x, width);
                band[range].copy_from_slice(image.row(y, x, width));
            }
        }
    }

    /// Everything inside `area` must be rendered again for `revision`.
    pub fn owe(&mut self, area: Rect, revision: u64) {
        self.for_tiles(area, |owed| *owed = revision);
    }

    /// A FINAL frame of `revision` has covered `area`.
    pub fn settle(&mut self, area: Rect, revision: u64) {
        self.for_tiles(area, |owed| {
            if *owed <= revision {
                *owed = 0;
            }
        });
    }

    /// Whether a tile that touches `area` is owed for a revision above `covered` (0: for any).
    pub fn owes(&mut self, area: Rect, covered: u64) -> bool {
        let mut any = false;
        self.for_tiles(area, |owed| any |= *owed > covered);
        any
    }

    fn for_tiles(&mut self, area: Rect, mut visit: impl FnMut(&mut u64)) {
        let Some(area) = area.intersect(self.bounds()) else { return };
        let columns = area.x as usize / TILE..(area.right() as usize).div_ceil(TILE);
        for row in area.y as usize / TILE..(area.bottom() as usize).div_ceil(TILE) {
            self.owed[row * self.tiles_across..][columns.clone()].iter_mut().for_each(&mut visit);
        }
    }
}

/// The area's columns cut at tile borders, as (x, width).
fn tile_spans(area: Rect) -> impl Iterator<Item = (i32, i32)> {
    let end = area.right() as i32;
    let mut x = area.x;
    std::iter::from_fn(move || {
        if x >= end {
            return None;
        }
        let next = ((x / TILE as i32 + 1) * TILE as i32).min(end);
        let span = (x, next - x);
        x = next;
        Some(span)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(canvas: &Canvas) -> Rect {
        canvas.bounds()
    }

    fn view(rect: Rect, data: &[u8]) -> ImageView<'_> {
        ImageView::new(Format::Rgba8, rect, rect.width as usize * 4, data).unwrap()
    }

    #[test]
    fn only_changed_tiles_are_owed_and_equal_pixels_change_nothing() {
        let bounds = Rect::new(0, 0, 200, 150);
        let mut canvas = Canvas::new(bounds, Format::Rgba8, 1).unwrap();
        let mut data = vec![7u8; 200 * 150 * 4];
        assert!(canvas.update(&view(bounds, &data), bounds, 2));
        canvas.settle(bounds, 2);
        assert!(!canvas.owes(bounds, 0));
        assert!(!canvas.update(&view(bounds, &data), bounds, 3));
        data[(70 * 200 + 130) * 4] = 8;
        assert!(canvas.update(&view(bounds, &data), bounds, 3));
        let expected: Vec<u64> = (0..12).map(|t| if t == 6 { 3 } else { 0 }).collect();
        assert_eq!(canvas.owed, expected);
        canvas.settle(bounds, 2);
        assert!(canvas.owes(bounds, 2), "an older frame settles nothing newer");
        assert!(!canvas.owes(bounds, 3) && !canvas.owes(Rect::new(0, 0, 128, 64), 0));
        canvas.settle(bounds, 3);
        assert!(!canvas.owes(bounds, 0));
    }

    #[test]
    fn a_partial_push_at_odd_places_lands_where_it_belongs() {
        let bounds = Rect::new(0, 0, 131, 77);
        let mut canvas = Canvas::new(bounds, Format::Rgba8, 1).unwrap();
        let rect = Rect::new(61, 59, 70, 18);
        let data: Vec<u8> = (0..70 * 18 * 4).map(|i| (i % 251) as u8).collect();
        assert!(canvas.update(&view(rect, &data), rect, 2));
        let snapshot = canvas.snapshot();
        for y in 0..77 {
            for x in 0..131 {
                let expected = if x >= 61 && y >= 59 {
                    let at = ((y - 59) * 70 + (x - 61)) as usize * 4;
                    &data[at..at + 4]
                } else {
                    &[0; 4]
                };
                assert_eq!(snapshot.row(y, x, 1), expected, "{x} {y}");
            }
        }
        assert!(!canvas.update(&view(rect, &data), rect, 3));
        assert!(canvas.owes(whole(&canvas), 0));
    }

    #[test]
    fn a_snapshot_keeps_its_pixels_while_the_canvas_goes_on() {
        let bounds = Rect::new(0, 0, 64, 128);
        let mut canvas = Canvas::new(bounds, Format::Rgba8, 1).unwrap();
        let before = canvas.snapshot();
        let data = vec![9u8; 64 * 128 * 4];
        canvas.update(&view(bounds, &data), Rect::new(0, 100, 64, 28), 2);
        assert_eq!(before.row(100, 0, 1), [0; 4]);
        assert_eq!(canvas.snapshot().row(100, 0, 1), [9; 4]);
        assert_eq!(canvas.snapshot().row(99, 0, 1), [0; 4], "outside the touched area nothing is read");
        assert!(Arc::ptr_eq(&before.bands[0], &canvas.pixels.bands[0]), "untouched bands stay shared");
    }
}
