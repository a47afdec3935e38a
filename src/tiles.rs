//! The pixels that a live layer shows at one moment: square tiles in the host's format, each with the number of the patch
//! that last wrote it.

use std::sync::Arc;

use crate::error::Result;
use crate::pixels::space::Space;
use crate::pixels::{Coding, Format, Rows, snapshot, zeroed};
use crate::region::Rect;

/// Side of a tile in pixels: that of the canvas's. Tiles at the canvas's edge are whole in memory.
const TILE: i32 = snapshot::TILE as i32;

/// One tile's place: the number of the patch that last wrote it, and its packed rows; `None` is transparent.
#[derive(Clone, Default)]
struct Slot {
    seq: u64,
    tile: Option<Arc<Vec<u8>>>,
}

/// A row of tiles; rows that a patch does not touch are shared.
type Row = Arc<Vec<Slot>>;

/// The tiles at one moment; cheap to copy.
#[derive(Clone)]
pub struct Tiles {
    bounds: Rect,
    coding: Coding,
    rows: Vec<Row>,
}

impl Default for Tiles {
    /// Of no canvas.
    fn default() -> Self {
        Tiles::empty(Rect::default(), Format::Rgba8.into())
    }
}

impl Tiles {
    pub(crate) fn empty(bounds: Rect, coding: Coding) -> Tiles {
        let across = tiles(0, bounds.width).len();
        let row: Row = Arc::new(vec![Slot::default(); across]);
        Tiles { bounds, coding, rows: vec![row; tiles(0, bounds.height).len()] }
    }

    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    pub fn format(&self) -> Format {
        self.coding.format
    }

    pub fn coding(&self) -> &Coding {
        &self.coding
    }

    fn bytes_per_pixel(&self) -> usize {
        self.coding.format.bytes_per_pixel()
    }

    /// Makes each tile that `rect` touches anew: `change` gets its rectangle and its bytes as they were, and says
    /// whether anything of it is left. A tile that comes out as it was is no newer than before.
    fn change(&mut self, rect: Rect, seq: u64, change: impl Fn(Rect, &mut [u8]) -> bool) -> Result<()> {
        let length = TILE as usize * TILE as usize * self.bytes_per_pixel();
        for down in tiles(rect.y, rect.height) {
            let Some(row) = self.rows.get_mut(down as usize) else { continue };
            for across in tiles(rect.x, rect.width) {
                let Some(old) = row.get(across as usize) else { continue };
                let mut bytes = zeroed(length)?;
                if let Some(old) = &old.tile {
                    bytes.copy_from_slice(old);
                }
                let left = change(Rect::new(across * TILE, down * TILE, TILE, TILE), &mut bytes);
                let same = match &old.tile {
                    Some(old) => left && **old == bytes,
                    None => !left,
                };
                if !same {
                    let tile = left.then(|| Arc::new(bytes));
                    Arc::make_mut(row)[across as usize] = Slot { seq, tile };
                }
            }
        }
        Ok(())
    }

    /// Writes the packed rows of `rect`.
    pub(crate) fn write(&mut self, rect: Rect, pixels: &[u8], seq: u64) -> Result<()> {
        let bpp = self.bytes_per_pixel();
        let stride = rect.width as usize * bpp;
        self.change(rect, seq, |place, bytes| {
            let Some(part) = place.intersect(rect) else { return true };
            let run = part.width as usize * bpp;
            for y in part.y..part.y + part.height {
                let from = (y - rect.y) as usize * stride + (part.x - rect.x) as usize * bpp;
                let to = ((y - place.y) * TILE + part.x - place.x) as usize * bpp;
                bytes[to..to + run].copy_from_slice(&pixels[from..from + run]);
            }
            true
        })
    }

    /// Makes transparent what of `before` lies outside `covers`.
    pub(crate) fn take_away(&mut self, before: Rect, covers: Rect, seq: u64) -> Result<()> {
        let bpp = self.bytes_per_pixel();
        self.change(before, seq, |place, bytes| {
            let Some(kept) = place.intersect(covers) else { return false };
            for (y, row) in bytes.chunks_exact_mut(TILE as usize * bpp).enumerate() {
                let inside = (kept.y..kept.y + kept.height).contains(&(place.y + y as i32));
                let (left, right) =
                    ((kept.x - place.x) as usize * bpp, (kept.x + kept.width - place.x) as usize * bpp);
                match inside {
                    true => {
                        row[..left].fill(0);
                        row[right..].fill(0);
                    }
                    false => row.fill(0),
                }
            }
            true
        })
    }

    /// Calls `with` for each run of a row inside `rect`: x, y, pixels, and the bytes (`None`: transparent).
    fn for_runs<'a>(&'a self, rect: Rect, mut with: impl FnMut(i32, i32, usize, Option<&'a [u8]>)) {
        let Some(rect) = rect.intersect(self.bounds) else { return };
        let bpp = self.bytes_per_pixel();
        for y in rect.y..rect.y + rect.height {
            let row = &self.rows[(y / TILE) as usize];
            for across in tiles(rect.x, rect.width) {
                let left = rect.x.max(across * TILE);
                let right = (rect.x + rect.width).min((across + 1) * TILE);
                let width = (right - left) as usize;
                let start = ((y % TILE) * TILE + left % TILE) as usize * bpp;
                let bytes = row[across as usize].tile.as_ref().map(|tile| &tile[start..start + width * bpp]);
                with(left, y, width, bytes);
            }
        }
    }

    /// Copies what lies inside `rect` to rows that begin `stride` bytes after each other; `target` is `rect`'s top-left
    /// pixel. Transparent where nothing was laid. What of `rect` is off the canvas stays as it is.
    ///
    /// # Safety
    /// A row of `rect` is writable from `target`, and from each `stride` further on.
    pub unsafe fn copy_to(&self, rect: Rect, target: *mut u8, stride: isize) {
        let bpp = self.bytes_per_pixel();
        self.for_runs(rect, |x, y, width, bytes| {
            let offset = (y - rect.y) as isize * stride + (x - rect.x) as isize * bpp as isize;
            // SAFETY: the run lies inside `rect`, for which the caller promised room.
            unsafe {
                match bytes {
                    Some(bytes) => {
                        std::ptr::copy_nonoverlapping(bytes.as_ptr(), target.offset(offset), bytes.len())
                    }
                    None => target.offset(offset).write_bytes(0, width * bpp),
                }
            }
        });
    }

    /// The packed rows of `rect`, which lies on the canvas.
    pub fn read(&self, rect: Rect) -> Result<Vec<u8>> {
        let stride = rect.width.max(0) as usize * self.bytes_per_pixel();
        let mut bytes = zeroed(stride * rect.height.max(0) as usize)?;
        // SAFETY: as long as `rect` needs.
        unsafe { self.copy_to(rect, bytes.as_mut_ptr(), stride as isize) };
        Ok(bytes)
    }

    /// The tiles that patches after `after` wrote, as few rectangles: runs along a row, joined downwards.
    pub(crate) fn newer(&self, after: u64, clip: Rect) -> Vec<Rect> {
        let mut rects: Vec<Rect> = Vec::new();
        // Rectangles that end where the present row begins.
        let mut open: Vec<usize> = Vec::new();
        for (down, row) in self.rows.iter().enumerate() {
            let mut next = Vec::new();
            let mut from = None;
            for across in 0..=row.len() {
                let newer = row.get(across).is_some_and(|slot| slot.seq > after);
                match (from, newer) {
                    (None, true) => from = Some(across),
                    (Some(start), false) => {
                        from = None;
                        let run = Rect::new(
                            start as i32 * TILE,
                            down as i32 * TILE,
                            (across - start) as i32 * TILE,
                            TILE,
                        );
                        let above = open
                            .iter()
                            .copied()
                            .find(|i| (rects[*i].x, rects[*i].width) == (run.x, run.width));
                        next.push(above.unwrap_or(rects.len()));
                        match above {
                            Some(i) => rects[i].height += TILE,
                            None => rects.push(run),
                        }
                    }
                    _ => {}
                }
            }
            open = next;
        }
        rects.into_iter().filter_map(|rect| rect.intersect(clip)).collect()
    }
}

impl Rows for Tiles {
    fn bounds(&self) -> Rect {
        self.bounds
    }

    fn format(&self) -> Format {
        self.coding.format
    }

    fn space(&self) -> &Space {
        &self.coding.space
    }

    fn read_row(&self, y: i32, x: i32, out: &mut [u8]) {
        let width = (out.len() / self.bytes_per_pixel()) as i32;
        let mut rest = out;
        self.for_runs(Rect::new(x, y, width, 1), |_, _, width, bytes| {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(width * self.bytes_per_pixel());
            match bytes {
                Some(bytes) => now.copy_from_slice(bytes),
                None => now.fill(0),
            }
            rest = later;
        });
    }
}

/// The numbers of the tiles that a range of canvas pixels touches.
fn tiles(start: i32, length: i32) -> std::ops::Range<i32> {
    start / TILE..(start + length + TILE - 1) / TILE
}
