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
        let mut changed = false;
        let (columns, rows) = Snapshot::tiles_in(area);
        let mut differing = vec![None; columns.len()];
        for row in rows {
            let (top, side) = ((row * TILE) as i32, TILE as i32);
            let Some(band) = Rect::new(area.x, top, area.width, side).intersect(area) else { continue };
            self.differences(image, band, &mut differing);
            for (column, differs) in columns.clone().zip(&mut differing) {
                let Some(differs) = differs.take() else { continue };
                let tile = self.pixels.tile_at(column, row);
                let mut writer = self.pixels.write_tile(tile)?;
                for y in differs.y..differs.y + differs.height {
                    writer.row(y, differs.x, image.row(y, differs.x, differs.width));
                }
                self.owed[tile] = revision;
                changed = true;
                // At once: a later tile may find no room for its copy.
                self.pixels.note_change(revision, differs);
            }
        }
        Ok(changed)
    }

    /// For each tile across `band`, the part of a row of tiles: the smallest rectangle that holds all of its pixels that
    /// differ. Long runs first, as memory has them; tile by tile only where a run differs.
    fn differences(&self, image: &ImageView<'_>, band: Rect, found: &mut [Option<Rect>]) {
        let bpp = self.format().bytes_per_pixel();
        let left = band.x / TILE as i32;
        for y in band.y..band.y + band.height {
            let mut given = image.row(y, band.x, band.width);
            let mut x = band.x;
            for own in self.pixels.spans(y, band.x, band.width) {
                let (mut now, later) = given.split_at(own.len());
                let (mut own, end) = (own, x + (own.len() / bpp) as i32);
                given = later;
                if own == now {
                    x = end;
                }
                while x < end {
                    let next = ((x / TILE as i32 + 1) * TILE as i32).min(end);
                    let bytes = (next - x) as usize * bpp;
                    if let Some((first, last)) = self.format().differing(&own[..bytes], &now[..bytes]) {
                        let (first, last) = ((first / bpp) as i32, (last / bpp) as i32);
                        let run = Rect::new(x + first, y, last + 1 - first, 1);
                        let found = &mut found[(x / TILE as i32 - left) as usize];
                        *found = Some(found.map_or(run, |rect| rect.union(run)));
                    }
                    (own, now, x) = (&own[bytes..], &now[bytes..], next);
                }
            }
        }
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
            "a vertical stroke changes its own tiles alone"
        );
        assert_eq!(after.changed_since(bounds, 1), Some(Rect::new(70, 100, 2, 28)));
        assert_eq!(after.changed_since(bounds, 2), None);
        assert_eq!(after.changed_since(bounds, 0), Some(bounds), "what is not remembered may be anything");
        assert_eq!(after.changed_since(Rect::new(0, 0, 64, 128), 1), None);
    }

    /// Numbers below `most`, the same on each run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, most: i32) -> i32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % most as u64) as i32
        }

        /// A rectangle of at least one pixel inside another.
        fn inside(&mut self, rect: Rect) -> Rect {
            let (x, y) = (self.below(rect.width), self.below(rect.height));
            let (width, height) = (1 + self.below(rect.width - x), 1 + self.below(rect.height - y));
            Rect::new(rect.x + x, rect.y + y, width, height)
        }
    }

    /// Bytes of a pixel that say something.
    fn said(format: Format) -> usize {
        let padding = format.alpha() == crate::pixels::AlphaKind::Padding;
        format.bytes_per_pixel() - usize::from(padding)
    }

    /// What [`Canvas::differences`] must find in one tile, pixel by pixel; `kept` are the canvas's packed rows.
    fn naive(canvas: &Canvas, kept: &[u8], image: &ImageView<'_>, part: Rect) -> Option<Rect> {
        let bpp = canvas.format().bytes_per_pixel();
        let mut found: Option<Rect> = None;
        for y in part.y..part.y + part.height {
            for x in part.x..part.x + part.width {
                let at = (y as usize * canvas.bounds().width as usize + x as usize) * bpp;
                let said = said(canvas.format());
                if image.row(y, x, 1)[..said] != kept[at..at + said] {
                    let pixel = Rect::new(x, y, 1, 1);
                    found = Some(found.map_or(pixel, |rect| rect.union(pixel)));
                }
            }
        }
        found
    }

    #[test]
    fn the_tiles_that_a_push_changes_are_those_of_comparing_pixel_by_pixel() {
        let mut random = Random(11);
        for round in 0..400 {
            let format = Format::ALL[round % Format::ALL.len()];
            let bpp = format.bytes_per_pixel();
            // Some wider than what lies together in memory, whatever the format.
            let bounds =
                Rect::new(0, 0, 1 + random.below([150, 1300][round / 40 % 2]), 1 + random.below(150));
            let mut canvas = Canvas::new(bounds, format, 1).unwrap();
            let mut kept = vec![0; bounds.width as usize * bounds.height as usize * bpp];
            for revision in 2..6 {
                let rect = random.inside(bounds);
                let stride = rect.width as usize * bpp + random.below(3) as usize * random.below(70) as usize;
                let bottom_up = random.below(2) == 0;
                // As the canvas has it, beside a few places; what lies between rows is nobody's.
                let mut data = vec![1 + revision as u8; stride * rect.height as usize];
                let place = |x: i32, y: i32| {
                    let row = if bottom_up { rect.y + rect.height - 1 - y } else { y - rect.y };
                    row as usize * stride + (x - rect.x) as usize * bpp
                };
                let at = |x: i32, y: i32| (y as usize * bounds.width as usize + x as usize) * bpp;
                for y in rect.y..rect.y + rect.height {
                    let run = rect.width as usize * bpp;
                    data[place(rect.x, y)..][..run].copy_from_slice(&kept[at(rect.x, y)..][..run]);
                }
                for _ in 0..random.below(4) {
                    let mut dab = random.inside(rect);
                    (dab.width, dab.height) = (dab.width.min(90), dab.height.min(1 + random.below(20)));
                    let byte = random.below(bpp as i32) as usize;
                    for (x, y) in (dab.y..dab.y + dab.height)
                        .flat_map(|y| (dab.x..dab.x + dab.width).map(move |x| (x, y)))
                    {
                        data[place(x, y) + byte] ^= random.below(2) as u8;
                    }
                }
                let image = ImageView::new(format, rect, stride, &data).unwrap().bottom_up(bottom_up);
                let area = random.inside(rect);
                let tiles: Vec<usize> = canvas.tiles(area).collect();
                let part = |tile: usize| canvas.pixels.tile_rect(tile).intersect(area).unwrap();
                let expected: Vec<_> =
                    tiles.iter().map(|tile| naive(&canvas, &kept, &image, part(*tile))).collect();
                let (columns, rows) = Snapshot::tiles_in(area);
                let mut found = Vec::new();
                for row in rows {
                    let top = (row * TILE) as i32;
                    let band = Rect::new(area.x, top, area.width, TILE as i32).intersect(area).unwrap();
                    let mut across = vec![None; columns.len()];
                    canvas.differences(&image, band, &mut across);
                    found.append(&mut across);
                }
                assert_eq!(
                    found, expected,
                    "{format:?} {bounds:?} {area:?} of {rect:?}, {stride}, {bottom_up}"
                );
                let mut owed = canvas.owed.clone();
                for (tile, _) in tiles.iter().zip(&expected).filter(|(_, differs)| differs.is_some()) {
                    owed[*tile] = revision;
                }
                let changed = expected.into_iter().flatten().reduce(Rect::union);
                assert_eq!(canvas.update(&image, area, revision).unwrap(), changed.is_some());
                assert_eq!(canvas.owed, owed);
                assert_eq!(canvas.snapshot().changed_since(bounds, revision - 1), changed);
                for y in area.y..area.y + area.height {
                    let run = area.width as usize * bpp;
                    kept[at(area.x, y)..][..run].copy_from_slice(image.row(y, area.x, area.width));
                }
                let all: Vec<u8> = (0..bounds.height)
                    .flat_map(|y| canvas.pixels.spans(y, 0, bounds.width))
                    .flatten()
                    .copied()
                    .collect();
                let colours = |bytes: &[u8]| -> Vec<u8> {
                    bytes.chunks_exact(bpp).flat_map(|pixel| pixel[..said(format)].to_vec()).collect()
                };
                assert_eq!(colours(&all), colours(&kept));
            }
        }
    }
}
