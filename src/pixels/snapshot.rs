//! A canvas's pixels as they were at one moment, in square tiles that are shared, not copied.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::space::Space;
use super::{Coding, Format, Rows, no_room};
use crate::error::Result;
use crate::region::Rect;

/// Side of a tile, in pixels.
pub const TILE: usize = 64;

/// Packed rows; tiles at the right and bottom are cut at the canvas.
pub(crate) type Tile = Vec<u8>;

/// Cheap to make and to hold: what changes afterwards is a copy of its tile.
#[derive(Clone)]
pub struct Snapshot {
    bounds: Rect,
    format: Format,
    space: Space,
    across: usize,
    tiles: Vec<Arc<Tile>>,
    /// The last changes, oldest first: revision, and the smallest rectangle that holds it.
    changes: VecDeque<(u64, Rect)>,
    /// Changes up to this revision have been forgotten.
    forgotten: u64,
}

/// Changes that are remembered by themselves.
const CHANGES: usize = 256;

impl Snapshot {
    /// Transparent, as of `revision`. The tiles of one size are one until something is painted on them.
    pub(crate) fn new(bounds: Rect, coding: Coding, revision: u64) -> Result<Snapshot> {
        let Coding { format, space } = coding;
        let across = (bounds.width as usize).div_ceil(TILE);
        let down = (bounds.height as usize).div_ceil(TILE);
        let changes = VecDeque::new();
        let mut blank =
            Snapshot { bounds, format, space, across, tiles: Vec::new(), changes, forgotten: revision };
        // By whether the tile is the last across and the last down.
        let mut kinds: [Option<Arc<Tile>>; 4] = [const { None }; 4];
        let mut tiles = Vec::new();
        tiles.try_reserve_exact(across * down).map_err(|_| no_room(across * down))?;
        for tile in 0..across * down {
            let kind = usize::from((tile + 1) % across == 0) + 2 * usize::from(tile / across + 1 == down);
            let shared = match &kinds[kind] {
                Some(shared) => shared.clone(),
                None => {
                    let rect = blank.tile_rect(tile);
                    let length = rect.width as usize * rect.height as usize * format.bytes_per_pixel();
                    kinds[kind].insert(Arc::new(super::zeroed(length)?)).clone()
                }
            };
            tiles.push(shared);
        }
        blank.tiles = tiles;
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
        self.tiles.len()
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
        let (x, y) = ((tile % self.across * TILE) as i32, (tile / self.across * TILE) as i32);
        let side = |at: i32, whole: i32| (whole - at).min(TILE as i32);
        Rect::new(x, y, side(x, self.bounds.width), side(y, self.bounds.height))
    }

    /// A tile's bytes, and where in them the pixels `x..x + width` of canvas row `y` lie.
    fn locate(&self, tile: usize, y: i32, x: i32, width: i32) -> Range<usize> {
        let rect = self.tile_rect(tile);
        let bpp = self.format.bytes_per_pixel();
        let start = ((y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize) * bpp;
        start..start + width as usize * bpp
    }

    /// The bytes of a row's pixels inside one tile.
    pub(crate) fn in_tile(&self, tile: usize, y: i32, x: i32, width: i32) -> &[u8] {
        &self.tiles[tile][self.locate(tile, y, x, width)]
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

    /// The same to be written, copied first if a snapshot still holds it.
    ///
    /// # Errors
    /// [`crate::error::Status::Memory`] where there is no room for the copy.
    pub(crate) fn write_tile(&mut self, tile: usize) -> Result<TileWriter<'_>> {
        let rect = self.tile_rect(tile);
        let bpp = self.format.bytes_per_pixel();
        let shared = &mut self.tiles[tile];
        if Arc::get_mut(shared).is_none() {
            let mut copy = Vec::new();
            copy.try_reserve_exact(shared.len()).map_err(|_| no_room(shared.len()))?;
            copy.extend_from_slice(shared);
            *shared = Arc::new(copy);
        }
        let bytes = Arc::get_mut(shared).map_or(&mut [][..], |tile| &mut tile[..]);
        Ok(TileWriter { rect, bpp, bytes })
    }

    /// The bytes of the pixels `x..x + width` of row `y`, tile by tile; the range must lie on the canvas.
    pub fn spans(&self, y: i32, x: i32, width: i32) -> impl Iterator<Item = &[u8]> {
        let end = x + width;
        let mut at = x;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let tile = self.tile_at(at as usize / TILE, y as usize / TILE);
            let next = ((at / TILE as i32 + 1) * TILE as i32).min(end);
            let span = self.in_tile(tile, y, at, next - at);
            at = next;
            Some(span)
        })
    }

    /// Whether two tiles are one, shared, so that they show the same.
    pub(crate) fn same_tiles(&self, one: usize, other: usize) -> bool {
        Arc::ptr_eq(&self.tiles[one], &self.tiles[other])
    }

    /// Whether a tile is the same in both, so that nothing has changed in it.
    pub(crate) fn shares_tile(&self, other: &Snapshot, tile: usize) -> bool {
        Arc::ptr_eq(&self.tiles[tile], &other.tiles[tile])
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
