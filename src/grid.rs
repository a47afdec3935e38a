//! Where a model's pixels lie on the canvas: a ladder of levels, and on each of them one grid of latent cells that
//! nothing but the canvas, the model and the resolution setting decides. Whatever is rendered is a window of cells
//! on a level, so that noise, latents and pictures of the same place agree however the window was chosen.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::model::Geometry;
use crate::region::Rect;

/// A scale of the canvas: level n shows it at √2⁻ⁿ, so that 0 is 1:1 and negative levels enlarge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Level(pub i32);

impl Level {
    /// One pixel of the model for each of the canvas.
    pub const FULL: Level = Level(0);
    /// Eightfold: small canvases are not enlarged further.
    const FINEST: i32 = -6;
    /// The largest canvas is a pixel there.
    const COARSEST: i32 = 28;

    /// Pixels of the level per pixel of the canvas.
    pub fn scale(self) -> f64 {
        // Exact where it can be: only odd levels are irrational.
        let whole = 2f64.powi(-self.0.div_euclid(2));
        if self.0.rem_euclid(2) == 1 { whole * std::f64::consts::FRAC_1_SQRT_2 } else { whole }
    }
}

/// A rectangle of latent cells on a level; cells beyond the canvas repeat its edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    pub level: Level,
    pub x: i64,
    pub y: i64,
    pub width: usize,
    pub height: usize,
}

impl Window {
    /// Columns and rows of the level's pixels.
    pub fn pixels(&self, cell: u32) -> [Range<i64>; 2] {
        let cell = i64::from(cell);
        let range = |from: i64, count: usize| from * cell..(from + count as i64) * cell;
        [range(self.x, self.width), range(self.y, self.height)]
    }

    /// Left, top, right and bottom as shares of the canvas: 0, 0, 1, 1 is all of it; beyond where its edge is repeated.
    pub fn crop(&self, canvas: Rect, cell: u32) -> [f32; 4] {
        let [columns, rows] = self.pixels(cell);
        let share = |at: i64, side: i32| (at as f64 / (f64::from(side.max(1)) * self.level.scale())) as f32;
        let (across, down) = (canvas.width, canvas.height);
        [
            share(columns.start, across),
            share(rows.start, down),
            share(columns.end, across),
            share(rows.end, down),
        ]
    }

    /// How many cells it has.
    pub fn cells(&self) -> usize {
        self.width * self.height
    }

    /// Its columns and rows in a `whole` that contains it.
    pub fn within(&self, whole: &Window) -> [Range<usize>; 2] {
        let (x, y) = ((self.x - whole.x) as usize, (self.y - whole.y) as usize);
        [x..x + self.width, y..y + self.height]
    }

    pub fn contains(&self, other: &Window) -> bool {
        self.level == other.level
            && self.x <= other.x
            && self.y <= other.y
            && other.x + other.width as i64 <= self.x + self.width as i64
            && other.y + other.height as i64 <= self.y + self.height as i64
    }
}

/// The grid of one canvas under one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    canvas: Rect,
    geometry: Geometry,
    /// Side of the square whose area a window has at most, in the model's pixels.
    side: u32,
    overview: Level,
}

/// How far a canvas may lie below the model's size, side to side, before it is enlarged.
const NEAR: f64 = 1.5;
/// No side of a window is longer than so many times the model's.
const LONGEST: u32 = 4;

impl Grid {
    /// `resolution` is the side that is wanted instead of the model's native one; 0 leaves it to the model.
    pub fn new(canvas: Rect, geometry: Geometry, resolution: u32) -> Grid {
        let positive = |n: u32| n.max(1);
        let geometry = Geometry {
            native: positive(geometry.native),
            multiple: positive(geometry.multiple).next_multiple_of(positive(geometry.cell)),
            cell: positive(geometry.cell),
            ..geometry
        };
        let side = if resolution == 0 { geometry.native } else { resolution };
        let mut grid = Grid { canvas, geometry, side, overview: Level::FULL };
        let area = f64::from(canvas.width) * f64::from(canvas.height);
        let wanted = f64::from(side) / area.sqrt();
        let suits = |level: &Level| {
            let enlarges = *level < Level::FULL;
            grid.holds_canvas(*level) && (!enlarges || (wanted >= NEAR && level.scale() <= wanted))
        };
        grid.overview =
            (Level::FINEST..Level::COARSEST).map(Level).find(suits).unwrap_or(Level(Level::COARSEST));
        grid
    }

    pub fn canvas(&self) -> Rect {
        self.canvas
    }

    pub fn cell(&self) -> u32 {
        self.geometry.cell
    }

    /// The finest level at which one window holds the whole canvas.
    pub fn overview(&self) -> Level {
        self.overview
    }

    /// Cells that windows are a multiple of.
    pub fn multiple(&self) -> usize {
        (self.geometry.multiple / self.geometry.cell) as usize
    }

    /// Cells of so many pixels of the model, rounded up.
    pub fn cells(&self, pixels: u32) -> usize {
        pixels.div_ceil(self.geometry.cell) as usize
    }

    /// Columns and rows of cells that the canvas touches.
    pub fn extent(&self, level: Level) -> (usize, usize) {
        let cells = |side: i32| {
            (f64::from(side) * level.scale() / f64::from(self.geometry.cell)).ceil().max(1.0) as usize
        };
        (cells(self.canvas.width), cells(self.canvas.height))
    }

    /// Whether the model takes a window of so many cells: its native area and one multiple more on each side.
    pub fn takes(&self, width: usize, height: usize) -> bool {
        let cell = self.geometry.cell as usize;
        let (w, h) = (width * cell, height * cell);
        if let Some((fw, fh)) = self.geometry.fixed {
            return w <= fw as usize && h <= fh as usize;
        }
        let most = (self.side + self.geometry.multiple) as usize;
        let longest = (LONGEST * self.side).next_multiple_of(self.geometry.multiple) as usize;
        w * h <= most * most && w.max(h) <= longest
    }

    fn holds_canvas(&self, level: Level) -> bool {
        let (width, height) = self.extent(level);
        let multiple = if self.geometry.fixed.is_some() { 1 } else { self.multiple() };
        self.takes(width.next_multiple_of(multiple), height.next_multiple_of(multiple))
    }

    /// The window of the whole canvas at the overview's level.
    pub fn whole(&self) -> Window {
        self.window(self.overview, self.canvas, 0)
    }

    /// Columns and rows of a model that takes one size alone.
    fn fixed(&self) -> [Option<usize>; 2] {
        self.geometry
            .fixed
            .map_or([None; 2], |(width, height)| [width, height].map(|side| Some(self.cells(side))))
    }

    /// The smallest window that the model takes and that shows `area` with about `context` cells around it: three
    /// quarters of them at least, where there is canvas. It begins on a multiple, as the whole canvas does: a network that halves
    /// its picture again and again sees the same place differently where it begins between two.
    pub fn window(&self, level: Level, area: Rect, context: usize) -> Window {
        let (across, down) = self.extent(level);
        let [columns, rows] = self.touched(level, area);
        let [fixed_width, fixed_height] = self.fixed();
        let multiple = self.multiple();
        let (x, width) = fit(columns, context, across, multiple, fixed_width);
        let (y, height) = fit(rows, context, down, multiple, fixed_height);
        Window { level, x, y, width, height }
    }

    /// The cells that `area` touches: columns and rows.
    pub fn touched(&self, level: Level, area: Rect) -> [Range<i64>; 2] {
        let scale = level.scale() / f64::from(self.geometry.cell);
        let range =
            |from: i64, to: i64| (from as f64 * scale).floor() as i64..(to as f64 * scale).ceil() as i64;
        [range(area.x.into(), area.right()), range(area.y.into(), area.bottom())]
    }

    /// The canvas pixels whose centres lie on these pixels of the level; `None` where there are none.
    pub fn on_canvas(&self, level: Level, [columns, rows]: [Range<i64>; 2]) -> Option<Rect> {
        let scale = level.scale();
        let edge =
            |at: i64, side: i32| ((at as f64 / scale - 0.5).ceil().max(0.0) as i64).min(side.into()) as i32;
        let (left, right) = (edge(columns.start, self.canvas.width), edge(columns.end, self.canvas.width));
        let (top, bottom) = (edge(rows.start, self.canvas.height), edge(rows.end, self.canvas.height));
        Some(Rect::new(left, top, right - left, bottom - top)).filter(|rect| !rect.is_empty())
    }

    /// The canvas pixels that a window shows.
    pub fn shown(&self, window: &Window) -> Option<Rect> {
        self.on_canvas(window.level, window.pixels(self.geometry.cell))
    }

    /// The levels between the overview and `finest`, coarsest first; each is about twice as fine as the one before.
    /// None on canvases that one window shows at 1:1.
    pub fn refinements(&self, finest: u32) -> Vec<Level> {
        let finest = finest as i32;
        let mut levels: Vec<Level> = (finest..self.overview.0).step_by(2).map(Level).collect();
        levels.reverse();
        levels
    }

    /// The longer side of a level's tiles, in canvas pixels.
    pub fn tile_side(&self, level: Level) -> i32 {
        let tiles = self.tiles(level);
        let cells = tiles.columns.length.max(tiles.rows.length) as f64;
        (cells * f64::from(self.geometry.cell) / level.scale()).ceil() as i32
    }

    /// The tiles that a refinement is made of: windows of the model's native size, a quarter of which overlaps.
    pub fn tiles(&self, level: Level) -> Tiles {
        let (across, down) = self.extent(level);
        let multiple = self.multiple();
        let [fixed_width, fixed_height] = self.fixed();
        let native = (self.cells(self.side) / multiple).max(1) * multiple;
        let axis = |extent: usize, fixed: Option<usize>| {
            let length = fixed.unwrap_or_else(|| native.min(extent.next_multiple_of(multiple)));
            Axis::new(extent, length, multiple, self.geometry.cell)
        };
        Tiles { level, columns: axis(across, fixed_width), rows: axis(down, fixed_height) }
    }
}

/// Where the tiles of a level begin along one axis, and how their overlaps are shared out.
#[derive(Debug, Clone)]
pub struct Axis {
    /// First cells.
    pub starts: Vec<i64>,
    /// Cells of a tile.
    pub length: usize,
    cell: i64,
    /// Pixels over which a tile fades towards its neighbour.
    ramp: i64,
}

impl Axis {
    fn new(extent: usize, length: usize, multiple: usize, cell: u32) -> Axis {
        let overlap = (length / 4).next_multiple_of(multiple).min(length.saturating_sub(multiple));
        let stride = (length - overlap).max(1);
        // The last tile ends where the canvas does, so that it shows canvas and not its repeated edge.
        let last = extent.next_multiple_of(multiple).saturating_sub(length);
        let mut starts: Vec<i64> = (0..last).step_by(stride).map(|start| start as i64).collect();
        starts.push(last as i64);
        let cell = i64::from(cell);
        Axis { starts, length, cell, ramp: (overlap.max(1) as i64) * cell }
    }

    /// The pixels of tile `index`.
    pub fn pixels(&self, index: usize) -> Range<i64> {
        self.starts[index] * self.cell..(self.starts[index] + self.length as i64) * self.cell
    }

    /// The tiles that show pixels of `pixels`.
    pub fn touching(&self, pixels: &Range<i64>) -> Vec<usize> {
        let touches = |index: &usize| {
            let own = self.pixels(*index);
            own.start < pixels.end && pixels.start < own.end
        };
        (0..self.starts.len()).filter(touches).collect()
    }

    /// Before sharing out: 1 inside, falling to 0 towards a border that a neighbour lies beyond.
    fn rise(&self, index: usize, pixel: i64) -> f32 {
        let own = self.pixels(index);
        if !own.contains(&pixel) {
            return 0.0;
        }
        let ramp = self.ramp as f32;
        let from_left = (pixel - own.start) as f32 + 0.5;
        let from_right = (own.end - pixel) as f32 - 0.5;
        let left = if index == 0 { 1.0 } else { (from_left / ramp).min(1.0) };
        let right = if index + 1 == self.starts.len() { 1.0 } else { (from_right / ramp).min(1.0) };
        left.min(right)
    }

    /// The share of tile `index` in `pixel`; over all tiles they sum to one wherever there is a tile.
    pub fn share(&self, index: usize, pixel: i64) -> f32 {
        let own = self.rise(index, pixel);
        if own == 0.0 {
            return 0.0;
        }
        own / (0..self.starts.len()).map(|other| self.rise(other, pixel)).sum::<f32>()
    }

    /// The borders of all tiles: between two of them the same tiles lie everywhere.
    pub fn borders(&self) -> Vec<i64> {
        let mut borders: Vec<i64> = (0..self.starts.len())
            .flat_map(|index| [self.pixels(index).start, self.pixels(index).end])
            .collect();
        borders.sort_unstable();
        borders.dedup();
        borders
    }
}

/// The tiles of one level.
#[derive(Debug, Clone)]
pub struct Tiles {
    pub level: Level,
    pub columns: Axis,
    pub rows: Axis,
}

impl Tiles {
    pub fn window(&self, (column, row): (usize, usize)) -> Window {
        Window {
            level: self.level,
            x: self.columns.starts[column],
            y: self.rows.starts[row],
            width: self.columns.length,
            height: self.rows.length,
        }
    }

    /// The tiles, by column and row, that show pixels of a rectangle; row by row.
    pub fn touching(
        &self,
        [columns, rows]: &[Range<i64>; 2],
    ) -> impl Iterator<Item = (usize, usize)> + use<> {
        let columns = self.columns.touching(columns);
        let rows = self.rows.touching(rows);
        rows.into_iter().flat_map(move |row| columns.clone().into_iter().map(move |column| (column, row)))
    }

    /// Whether a tile shows all of a rectangle.
    pub fn lies_in(&self, (column, row): (usize, usize), [columns, rows]: &[Range<i64>; 2]) -> bool {
        let holds = |own: Range<i64>, part: &Range<i64>| own.start <= part.start && part.end <= own.end;
        holds(self.columns.pixels(column), columns) && holds(self.rows.pixels(row), rows)
    }
}

/// Start and length of a window along one axis of `extent` cells.
fn fit(
    wanted: Range<i64>,
    context: usize,
    extent: usize,
    multiple: usize,
    fixed: Option<usize>,
) -> (i64, usize) {
    let end = extent as i64;
    let around = |context: usize| {
        let from = (wanted.start - context as i64).clamp(0, end);
        from..(wanted.end + context as i64).clamp(from, end)
    };
    let (all, least) = (around(context), around(context * 3 / 4));
    // A window that is larger than what it shows looks to both sides; where the canvas ends, to the other.
    let middle = |length: usize| (all.start + all.end - length as i64) / 2;
    if let Some(length) = fixed {
        return (middle(length).clamp(0, (end - length as i64).max(0)), length);
    }
    let shown = (all.end - all.start).max(1) as usize;
    let mut length = shown.next_multiple_of(multiple);
    // In multiples.
    let whole = extent.max(1).div_ceil(multiple);
    loop {
        let first = (least.end as usize).saturating_sub(length).div_ceil(multiple);
        let last = (least.start as usize / multiple).min(whole.saturating_sub(length / multiple));
        if first <= last {
            let nearest = (middle(length).max(0) as usize + multiple / 2) / multiple;
            return ((nearest.clamp(first, last) * multiple) as i64, length);
        }
        length += multiple;
    }
}

#[cfg(test)]
mod tests;
