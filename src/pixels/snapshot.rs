//! A canvas's pixels as they were at one moment, in square tiles that are shared, not copied. In memory a few tiles lie
//! beside each other in one slab, which is what is shared: rows as short as a tile's are read at half the speed or less.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::space::Space;
use super::{Coding, Format, Rows, no_room};
use crate::error::Result;
use crate::region::Rect;

/// Side of a tile, in pixels.
pub const TILE: usize = 64;

/// The bytes of a slab's row, about: from here on memory is read as fast as in one go.
const RUN: usize = 2048;

/// Packed rows of tiles that lie beside each other; those at the right and bottom are cut at the canvas.
struct Slab {
    /// Nothing was ever painted on it.
    blank: bool,
    bytes: Vec<u8>,
}

/// Cheap to make and to hold: what changes afterwards is a copy of its tile.
#[derive(Clone)]
pub struct Snapshot {
    bounds: Rect,
    format: Format,
    space: Space,
    /// Tiles in a row of the canvas.
    across: usize,
    /// Tiles in a row of a slab; the last slab of a row may have fewer.
    together: usize,
    slabs: Vec<Arc<Slab>>,
    /// The last changes, oldest first: revision, and the smallest rectangle that holds it.
    changes: VecDeque<(u64, Rect)>,
    /// Changes up to this revision have been forgotten.
    forgotten: u64,
}

/// Changes that are remembered by themselves.
const CHANGES: usize = 256;

impl Snapshot {
    /// Transparent, as of `revision`. The slabs of one size are one until something is painted on them.
    pub(crate) fn new(bounds: Rect, coding: Coding, revision: u64) -> Result<Snapshot> {
        let Coding { format, space } = coding;
        let across = (bounds.width as usize).div_ceil(TILE);
        let together = (RUN / (TILE * format.bytes_per_pixel())).max(1);
        let (wide, down) = (across.div_ceil(together), (bounds.height as usize).div_ceil(TILE));
        let (slabs, changes) = (Vec::new(), VecDeque::new());
        let mut blank =
            Snapshot { bounds, format, space, across, together, slabs, changes, forgotten: revision };
        // By whether the slab is the last across and the last down.
        let mut kinds: [Option<Arc<Slab>>; 4] = [const { None }; 4];
        let mut slabs = Vec::new();
        slabs.try_reserve_exact(wide * down).map_err(|_| no_room(wide * down))?;
        for slab in 0..wide * down {
            let kind = usize::from((slab + 1) % wide == 0) + 2 * usize::from(slab / wide + 1 == down);
            let shared = match &kinds[kind] {
                Some(shared) => shared.clone(),
                None => {
                    let rect = blank.slab_rect(slab);
                    let length = rect.width as usize * rect.height as usize * format.bytes_per_pixel();
                    let made = Slab { blank: true, bytes: super::zeroed(length)? };
                    kinds[kind].insert(Arc::new(made)).clone()
                }
            };
            slabs.push(shared);
        }
        blank.slabs = slabs;
        Ok(blank)
    }

    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn coding(&self) -> Coding {
        Coding { format: self.format, space: self.space.clone() }
    }

    pub(crate) fn tile_count(&self) -> usize {
        self.across * (self.bounds.height as usize).div_ceil(TILE)
    }

    /// Columns and rows of tiles that touch `area`, which lies on the canvas.
    pub(crate) fn tiles_in(area: Rect) -> (Range<usize>, Range<usize>) {
        let range = |from: i32, to: i64| from as usize / TILE..(to as usize).div_ceil(TILE);
        (range(area.x, area.right()), range(area.y, area.bottom()))
    }

    pub(crate) fn tile_at(&self, column: usize, row: usize) -> usize {
        row * self.across + column
    }

    /// Where on the canvas a tile lies.
    pub(crate) fn tile_rect(&self, tile: usize) -> Rect {
        self.cut(tile % self.across * TILE, tile / self.across * TILE, TILE)
    }

    /// Where on the canvas a slab lies.
    fn slab_rect(&self, slab: usize) -> Rect {
        let (width, wide) = (self.together * TILE, self.across.div_ceil(self.together));
        self.cut(slab % wide * width, slab / wide * TILE, width)
    }

    /// `width` pixels of a row of tiles, as far as they are on the canvas.
    fn cut(&self, x: usize, y: usize, width: usize) -> Rect {
        let side = |at: usize, most: usize, whole: i32| (whole - at as i32).min(most as i32);
        let (across, down) = (side(x, width, self.bounds.width), side(y, TILE, self.bounds.height));
        Rect::new(x as i32, y as i32, across, down)
    }

    /// The slab that holds the pixel `x` of canvas row `y`.
    fn slab_at(&self, x: i32, y: i32) -> usize {
        y as usize / TILE * self.across.div_ceil(self.together) + x as usize / (self.together * TILE)
    }

    /// Where in a slab that covers `rect` the pixels `x..x + width` of canvas row `y` lie.
    fn locate(&self, rect: Rect, y: i32, x: i32, width: i32) -> Range<usize> {
        let bpp = self.format.bytes_per_pixel();
        let start = ((y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize) * bpp;
        start..start + width as usize * bpp
    }

    /// The bytes of a row's pixels inside one tile.
    pub(crate) fn in_tile(&self, tile: usize, y: i32, x: i32, width: i32) -> &[u8] {
        debug_assert!(
            Rect::new(x, y, width, 1).intersect(self.tile_rect(tile)).is_some_and(|r| r.width == width)
        );
        let slab = self.slab_at(x, y);
        &self.slabs[slab].bytes[self.locate(self.slab_rect(slab), y, x, width)]
    }

    /// The part of `area` that holds all that has changed after `revision`; `None` where nothing has.
    pub fn changed_since(&self, area: Rect, revision: u64) -> Option<Rect> {
        if revision < self.forgotten {
            return Some(area);
        }
        let newer = self.changes.iter().filter(|(changed, _)| *changed > revision);
        newer.filter_map(|(_, rect)| rect.intersect(area)).reduce(Rect::union)
    }

    /// Remembers that `rect` has changed.
    pub(crate) fn note_change(&mut self, revision: u64, rect: Rect) {
        if let Some((last, grown)) = self.changes.back_mut()
            && *last == revision
        {
            *grown = grown.union(rect);
            return;
        }
        self.changes.push_back((revision, rect));
        if self.changes.len() > CHANGES
            && let Some((oldest, _)) = self.changes.pop_front()
        {
            self.forgotten = oldest;
        }
    }

    /// The same to be written, its slab copied first if a snapshot still holds it.
    ///
    /// # Errors
    /// [`crate::error::Status::Memory`] where there is no room for the copy.
    pub(crate) fn write_tile(&mut self, tile: usize) -> Result<TileWriter<'_>> {
        let place = self.tile_rect(tile);
        let slab = self.slab_at(place.x, place.y);
        let rect = self.slab_rect(slab);
        let bpp = self.format.bytes_per_pixel();
        let shared = &mut self.slabs[slab];
        if Arc::get_mut(shared).is_none() {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(shared.bytes.len()).map_err(|_| no_room(shared.bytes.len()))?;
            bytes.extend_from_slice(&shared.bytes);
            *shared = Arc::new(Slab { blank: false, bytes });
        }
        let bytes = Arc::get_mut(shared).map_or(&mut [][..], |slab| {
            slab.blank = false;
            &mut slab.bytes[..]
        });
        Ok(TileWriter { rect, bpp, bytes })
    }

    /// The bytes of the pixels `x..x + width` of row `y`, slab by slab; the range must lie on the canvas.
    pub fn spans(&self, y: i32, x: i32, width: i32) -> impl Iterator<Item = &[u8]> {
        let end = x + width;
        let mut at = x;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let slab = self.slab_at(at, y);
            let rect = self.slab_rect(slab);
            let next = (rect.x + rect.width).min(end);
            let span = &self.slabs[slab].bytes[self.locate(rect, y, at, next - at)];
            at = next;
            Some(span)
        })
    }

    /// The slab that holds a tile.
    fn slab_of(&self, tile: usize) -> &Arc<Slab> {
        let place = self.tile_rect(tile);
        &self.slabs[self.slab_at(place.x, place.y)]
    }

    /// Whether two tiles are blank and of one size, so that they show the same.
    pub(crate) fn same_tiles(&self, one: usize, other: usize) -> bool {
        let size = |tile| (self.tile_rect(tile).width, self.tile_rect(tile).height);
        self.slab_of(one).blank && self.slab_of(other).blank && size(one) == size(other)
    }

    /// Whether nothing has changed in a tile from one to the other.
    pub(crate) fn shares_tile(&self, other: &Snapshot, tile: usize) -> bool {
        let Rect { x, y, width, height } = self.tile_rect(tile);
        let equal = |y| self.in_tile(tile, y, x, width) == other.in_tile(tile, y, x, width);
        Arc::ptr_eq(self.slab_of(tile), other.slab_of(tile)) || (y..y + height).all(equal)
    }
}

impl Rows for Snapshot {
    fn bounds(&self) -> Rect {
        self.bounds
    }

    fn format(&self) -> Format {
        self.format
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn read_row(&self, y: i32, x: i32, out: &mut [u8]) {
        let mut rest = out;
        let width = (rest.len() / self.format.bytes_per_pixel()) as i32;
        for span in self.spans(y, x, width) {
            let (now, later) = rest.split_at_mut(span.len());
            now.copy_from_slice(span);
            rest = later;
        }
    }
}

pub(crate) struct TileWriter<'a> {
    rect: Rect,
    bpp: usize,
    bytes: &'a mut [u8],
}

impl TileWriter<'_> {
    /// Overwrites pixels of canvas row `y` from `x` on, inside the tile.
    pub fn row(&mut self, y: i32, x: i32, pixels: &[u8]) {
        let start =
            ((y - self.rect.y) as usize * self.rect.width as usize + (x - self.rect.x) as usize) * self.bpp;
        self.bytes[start..start + pixels.len()].copy_from_slice(pixels);
    }
}
