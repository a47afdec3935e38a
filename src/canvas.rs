//! The last pixels that the host pushed, compared tile by tile, and what the live layer still owes for them.

use crate::error::Result;
pub use crate::pixels::snapshot::{Snapshot, TILE};
use crate::pixels::{Coding, Format, ImageView};
use crate::region::Rect;

pub struct Canvas {
    pixels: Snapshot,
    /// By tile: the revision of its last change that no FINAL frame has covered yet; 0 = nothing owed.
    owed: Vec<u64>,
}

impl Canvas {
    /// A transparent canvas that owes all of itself for `revision`.
    /// Fails with [`crate::error::Status::Memory`] where the system has no room for it.
    pub fn new(bounds: Rect, coding: impl Into<Coding>, revision: u64) -> Result<Self> {
        let pixels = Snapshot::new(bounds, coding.into(), revision)?;
        Ok(Canvas { owed: vec![revision; pixels.tile_count()], pixels })
    }

    pub fn bounds(&self) -> Rect {
        self.pixels.bounds()
    }

    pub fn format(&self) -> Format {
        self.pixels.format()
    }

    pub fn coding(&self) -> Coding {
        self.pixels.coding()
    }

    pub fn snapshot(&self) -> Snapshot {
        self.pixels.clone()
    }

    /// Takes over the pixels of `image` inside `area` (both lie on the canvas, the formats are equal) and
    /// returns whether any differed. Changed tiles are owed for `revision`.
    ///
    /// # Errors
    /// [`crate::error::Status::Memory`]; what was taken over before stays.
    pub fn update(&mut self, image: &ImageView<'_>, area: Rect, revision: u64) -> Result<bool> {
        let mut changed: Option<Rect> = None;
        let (columns, rows) = Snapshot::tiles_in(area);
        for (column, row) in rows.flat_map(|row| columns.clone().map(move |column| (column, row))) {
            let tile = self.pixels.tile_at(column, row);
            let Some(part) = self.pixels.tile_rect(tile).intersect(area) else { continue };
            let Some(differs) = self.difference(image, tile, part) else { continue };
            let mut writer = self.pixels.write_tile(tile)?;
            for y in differs.y..differs.y + differs.height {
                writer.row(y, differs.x, image.row(y, differs.x, differs.width));
            }
            self.owed[tile] = revision;
            changed = Some(changed.map_or(differs, |rect| rect.union(differs)));
            // At once: a later tile may find no room for its copy.
            self.pixels.note_change(revision, differs);
        }
        Ok(changed.is_some())
    }

    /// The smallest rectangle of `part`, which lies in `tile`, that holds all pixels that differ.
    fn difference(&self, image: &ImageView<'_>, tile: usize, part: Rect) -> Option<Rect> {
        let bpp = self.format().bytes_per_pixel();
        let mut found: Option<Rect> = None;
        for y in part.y..part.y + part.height {
            let own = self.pixels.in_tile(tile, y, part.x, part.width);
            let given = image.row(y, part.x, part.width);
            if own == given {
                continue;
            }
            let differs = |(own, given): (&u8, &u8)| own != given;
            let first = own.iter().zip(given).position(differs).unwrap_or(0) / bpp;
            let last = own.iter().zip(given).rposition(differs).unwrap_or(0) / bpp;
            let row = Rect::new(part.x + first as i32, y, (last + 1 - first) as i32, 1);
            found = Some(found.map_or(row, |rect| rect.union(row)));
        }
        found
    }

    /// Everything inside `area` must be rendered again for `revision`.
    pub fn owe(&mut self, area: Rect, revision: u64) {
        for tile in self.tiles(area) {
            self.owed[tile] = revision;
        }
    }

    /// A FINAL frame of `revision` has covered `area`.
    pub fn settle(&mut self, area: Rect, revision: u64) {
        for tile in self.tiles(area) {
            if self.owed[tile] <= revision {
                self.owed[tile] = 0;
            }
        }
    }

    /// Whether a tile that touches `area` is owed for a revision above `covered` (0: for any).
    pub fn owes(&self, area: Rect, covered: u64) -> bool {
        self.tiles(area).any(|tile| self.owed[tile] > covered)
    }

    fn tiles(&self, area: Rect) -> impl Iterator<Item = usize> + use<> {
        let (columns, rows) = area.intersect(self.bounds()).map(Snapshot::tiles_in).unwrap_or((0..0, 0..0));
        let across = self.pixels.tile_at(0, 1);
        rows.flat_map(move |row| columns.clone().map(move |column| row * across + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(canvas: &Canvas) -> Rect {
        canvas.bounds()
    }

    fn pixel(snapshot: &Snapshot, x: i32, y: i32) -> &[u8] {
        snapshot.spans(y, x, 1).next().unwrap()
    }

    fn view(rect: Rect, data: &[u8]) -> ImageView<'_> {
        ImageView::new(Format::Rgba8, rect, rect.width as usize * 4, data).unwrap()
    }

    #[test]
    fn only_changed_tiles_are_owed_and_equal_pixels_change_nothing() {
        let bounds = Rect::new(0, 0, 200, 150);
        let mut canvas = Canvas::new(bounds, Format::Rgba8, 1).unwrap();
        let mut data = vec![7u8; 200 * 150 * 4];
        assert!(canvas.update(&view(bounds, &data), bounds, 2).unwrap());
        canvas.settle(bounds, 2);
        assert!(!canvas.owes(bounds, 0));
        assert!(!canvas.update(&view(bounds, &data), bounds, 3).unwrap());
        data[(70 * 200 + 130) * 4] = 8;
        assert!(canvas.update(&view(bounds, &data), bounds, 3).unwrap());
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
        assert!(canvas.update(&view(rect, &data), rect, 2).unwrap());
        let snapshot = canvas.snapshot();
        for y in 0..77 {
            for x in 0..131 {
                let expected = if x >= 61 && y >= 59 {
                    let at = ((y - 59) * 70 + (x - 61)) as usize * 4;
                    &data[at..at + 4]
                } else {
                    &[0; 4]
                };
                assert_eq!(pixel(&snapshot, x, y), expected, "{x} {y}");
            }
        }
        assert!(!canvas.update(&view(rect, &data), rect, 3).unwrap());
        assert!(canvas.owes(whole(&canvas), 0));
    }

    #[test]
    fn a_snapshot_keeps_its_pixels_while_the_canvas_goes_on() {
        let bounds = Rect::new(0, 0, 130, 128);
        let mut canvas = Canvas::new(bounds, Format::Rgba8, 1).unwrap();
        let before = canvas.snapshot();
        let data = vec![9u8; 130 * 128 * 4];
        assert!(canvas.update(&view(bounds, &data), Rect::new(70, 100, 2, 28), 2).unwrap());
        let after = canvas.snapshot();
        assert_eq!((pixel(&before, 70, 100), pixel(&after, 70, 100)), (&[0; 4][..], &[9; 4][..]));
        assert_eq!(pixel(&after, 70, 99), [0; 4], "outside the touched area nothing is read");
        let shared: Vec<bool> = (0..6).map(|tile| before.shares_tile(&after, tile)).collect();
        assert_eq!(
            shared,
            [true, true, true, true, false, true],
            "a vertical stroke copies its own tiles alone"
        );
        assert_eq!(after.changed_since(bounds, 1), Some(Rect::new(70, 100, 2, 28)));
        assert_eq!(after.changed_since(bounds, 2), None);
        assert_eq!(after.changed_since(bounds, 0), Some(bounds), "what is not remembered may be anything");
        assert_eq!(after.changed_since(Rect::new(0, 0, 64, 128), 1), None);
    }
}
