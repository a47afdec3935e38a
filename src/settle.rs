//! The settled picture of a canvas that is larger than the model: level by level down to 1:1, the coarser picture
//! scaled up, made noisy a little and denoised, tile by tile.
//!
//! A tile is a function of what it is made from, and of nothing else: not of its neighbours, nor of the order. That
//! is what makes the settled picture the same whatever way the painting took, and lets a tile be kept.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::s;

use crate::asked::{Asked, render};
use crate::desk::End;
use crate::error::Result;
use crate::frame::Kind;
use crate::grid::{Axis, Tiles, Window};
use crate::live::{WHOLE, Work};
use crate::memory::{Memory, Stored, depth};
use crate::pixels::enlarge::enlarge;
use crate::pixels::over::laid_over;
use crate::pixels::paste::Source;
use crate::pixels::spread::Cover;
use crate::pixels::{Picture, blank_picture};
use crate::region::Rect;
use crate::render::{Ended, Patch, Renderer, Tier};
use crate::span::cut;

type Place = (usize, usize);

struct Refiner<'a, 'b> {
    work: &'b mut Work<'a>,
    memory: &'b mut Memory,
    renderer: &'b mut dyn Renderer,
    /// Coarsest first.
    levels: Vec<Tiles>,
    /// Tiles of this picture, by the index of their level, and those that are as if there were no regions.
    ready: HashMap<(usize, Place, Regions), Arc<Stored>>,
    /// The overview as if there were none.
    plain: Option<Picture>,
}

/// Whether a picture is that with the job's regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Regions {
    Heard,
    Left,
}

/// What ended a picture before its time.
enum Stop {
    GaveWay,
    Failed(crate::error::Error),
}

impl From<crate::error::Error> for Stop {
    fn from(error: crate::error::Error) -> Self {
        Stop::Failed(error)
    }
}

pub(crate) fn refine(work: &mut Work<'_>, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
    let levels = work.refinements().into_iter().map(|level| work.grid.tiles(level)).collect();
    let mut refiner = Refiner { work, memory, renderer, levels, ready: HashMap::new(), plain: None };
    match refiner.run() {
        Ok(()) => Ok(End::Final),
        Err(Stop::GaveWay) => Ok(End::GaveWay),
        Err(Stop::Failed(error)) => Err(error),
    }
}

impl<'a> Refiner<'a, '_> {
    fn run(&mut self) -> std::result::Result<(), Stop> {
        let finest = self.levels.len() - 1;
        let tiles = self.levels[finest].clone();
        let mut places: Vec<Place> = (0..tiles.rows.starts.len())
            .flat_map(|row| (0..tiles.columns.starts.len()).map(move |column| (column, row)))
            .filter(|place| self.covered(&tiles.window(*place)))
            .collect();
        let hand = self.memory.hand.unwrap_or(self.work.job.cover);
        places.sort_by_key(|place| self.distance(&tiles.window(*place), hand));
        let mut waiting = blocks(&tiles);
        for place in places {
            self.tile(finest, place, Regions::Heard)?;
            let (shown, left) = waiting.into_iter().partition(|block| self.is_ready(finest, &tiles, block));
            waiting = left;
            for block in shown {
                self.show(finest, &tiles, &block)?;
            }
            self.work.showing.now_and_then(self.work.showing.phases)?;
        }
        let (steps, phases) = (self.work.showing.steps, self.work.showing.phases);
        Ok(self.work.showing.publish(Kind::Final, (steps, steps), phases)?)
    }

    fn covered(&self, window: &Window) -> bool {
        self.work.grid.shown(window).is_some_and(|rect| rect.intersect(self.work.job.cover).is_some())
    }

    /// From the middle of the hand to the middle of the tile, squared.
    fn distance(&self, window: &Window, hand: Rect) -> i64 {
        let middle = |rect: Rect| {
            (2 * i64::from(rect.x) + i64::from(rect.width), 2 * i64::from(rect.y) + i64::from(rect.height))
        };
        let (x, y) = middle(hand);
        let (tx, ty) = self.work.grid.shown(window).map_or((x, y), middle);
        (x - tx).pow(2) + (y - ty).pow(2)
    }

    /// The tile, made if need be, and what it is made from before. Where no region is, it is what it would be without them:
    /// what a coarser level made of a region reaches beyond it otherwise.
    fn tile(
        &mut self,
        level: usize,
        place: Place,
        regions: Regions,
    ) -> std::result::Result<Arc<Stored>, Stop> {
        if let Some(ready) = self.ready.get(&(level, place, regions)) {
            return Ok(ready.clone());
        }
        let window = self.levels[level].window(place);
        let covered = match regions {
            Regions::Heard => self.work.regions(&window)?,
            Regions::Left => None,
        };
        let stored = match covered {
            None if regions == Regions::Heard => self.tile(level, place, Regions::Left)?,
            None => self.made(level, &window, Regions::Left)?,
            // Nothing of what it would be without them is seen.
            Some(covered) if covered.iter().all(|covered| *covered >= 1.0) => {
                self.made(level, &window, Regions::Heard)?
            }
            Some(covered) => {
                let plain = self.tile(level, place, Regions::Left)?.picture()?;
                let with = self.made(level, &window, Regions::Heard)?.picture()?;
                let depth = depth(self.work.job.paint.format());
                Arc::new(Stored::new(&laid_over(plain, &with, &covered), depth, None)?)
            }
        };
        self.ready.insert((level, place, regions), stored.clone());
        Ok(stored)
    }

    /// A window of a level rendered, unless it is known.
    fn made(
        &mut self,
        level: usize,
        window: &Window,
        regions: Regions,
    ) -> std::result::Result<Arc<Stored>, Stop> {
        let (window, heard) = (*window, regions == Regions::Heard);
        let start = self.start(level, &window, regions)?;
        let quality = self.work.refining(self.work.quality(Tier::Settled));
        let depth = depth(self.work.job.paint.format());
        let what = format!("tile at {}, {depth}", quality.strength);
        let key = self.work.key_of(&what, &window, quality.steps, &start, heard);
        let stored = match self.memory.made.get(key) {
            Some(known) => known,
            None => {
                let mask = self.work.mask(&window)?;
                let mut finished = None;
                let mut sink = |patch: Patch| {
                    if patch.is_finished() {
                        finished =
                            Some((Stored::new(&patch.picture, depth, None)?, patch.steps, patch.phases));
                    }
                    Ok(())
                };
                let mask = mask.as_deref();
                let asked = Asked { window, paint: &start, mask, change: None, regions: heard };
                let ended =
                    render(self.work.job, self.renderer, asked, &quality, &self.work.job.policy, &mut sink)?;
                let (Ended::Finished, Some((stored, steps, phases))) = (ended, finished) else {
                    return Err(Stop::GaveWay);
                };
                (self.work.showing.steps, self.work.showing.phases) = (steps, phases);
                let stored = Arc::new(stored);
                self.memory.made.put(key, window, stored.clone(), self.work.room());
                stored
            }
        };
        self.work.job.policy.check(&self.work.job.cancel)?;
        Ok(stored)
    }

    /// What a tile is made from: the coarser picture, scaled up; the paint where the mask keeps it.
    fn start(
        &mut self,
        level: usize,
        window: &Window,
        regions: Regions,
    ) -> std::result::Result<Picture, Stop> {
        let cell = self.work.grid.cell();
        let pixels = window.pixels(cell);
        let (coarse_level, limits) = match level.checked_sub(1) {
            Some(coarser) => (self.levels[coarser].level, reach(&self.levels[coarser])),
            None => (self.work.window.level, self.work.window.pixels(cell)),
        };
        let ratio = window.level.scale() / coarse_level.scale();
        let mut start = enlarge(pixels, ratio, &limits, |part| match level.checked_sub(1) {
            Some(coarser) => self.compose(coarser, part, regions),
            None if regions == Regions::Left && self.work.has_regions() => {
                Ok(cut(self.plain()?, &part, &limits))
            }
            None => {
                let made = self.memory.last.as_ref().and_then(|last| last.made.as_ref());
                made.map(|(whole, _)| cut(whole, &part, &limits)).ok_or(Stop::GaveWay)
            }
        })?;
        if self.work.job.mask.is_some() {
            let cover = self.cover(window.level.scale(), window.pixels(cell))?;
            self.work.keep_paint(&mut start, window, cover.as_ref())?;
        }
        Ok(start)
    }

    /// The overview as a session without regions would have it.
    fn plain(&mut self) -> std::result::Result<&Picture, Stop> {
        if self.plain.is_none() {
            let work = &mut *self.work;
            let window = work.window;
            let Some(last) = &self.memory.last else { return Err(Stop::GaveWay) };
            let quality = work.quality(Tier::Settled);
            let key = work.key_of(WHOLE, &window, quality.steps, &last.paint, false);
            let stored = match self.memory.made.get(key) {
                Some(known) => known,
                None => {
                    let mask = work.mask(&window)?;
                    let mut finished = None;
                    let mut sink = |patch: Patch| {
                        if patch.is_finished() {
                            finished = Some(Stored::new(&patch.picture, 2, patch.latent)?);
                        }
                        Ok(())
                    };
                    let mask = mask.as_deref();
                    let asked = Asked { window, paint: &last.paint, mask, change: None, regions: false };
                    render(work.job, self.renderer, asked, &quality, &work.job.policy, &mut sink)?;
                    let stored = Arc::new(finished.ok_or(Stop::GaveWay)?);
                    self.memory.made.put(key, window, stored.clone(), work.room());
                    stored
                }
            };
            self.plain = Some(stored.picture()?);
        }
        self.plain.as_ref().ok_or(Stop::GaveWay)
    }

    fn cover(&self, scale: f64, pixels: [Range<i64>; 2]) -> Result<Option<Cover>> {
        self.memory.last.as_ref().map_or(Ok(None), |last| self.work.cover(last, scale, pixels))
    }

    /// Pixels of a level, from all tiles that show them.
    fn compose(
        &mut self,
        level: usize,
        [columns, rows]: [Range<i64>; 2],
        regions: Regions,
    ) -> std::result::Result<Picture, Stop> {
        let tiles = self.levels[level].clone();
        let size = |range: &Range<i64>| (range.end - range.start) as usize;
        let mut picture = blank_picture(size(&rows), size(&columns))?;
        for row in tiles.rows.touching(&rows) {
            let (down, shares_down) = overlap(&tiles.rows, row, &rows);
            for column in tiles.columns.touching(&columns) {
                let (across, shares_across) = overlap(&tiles.columns, column, &columns);
                let tile = self.tile(level, (column, row), regions)?;
                let own = (tiles.columns.pixels(column).start, tiles.rows.pixels(row).start);
                let (left, width) = ((across.start - own.0) as usize, size(&across));
                for c in 0..3 {
                    for (y, share) in down.clone().zip(&shares_down) {
                        let from = tile.row(c, (y - own.1) as usize, left..left + width);
                        let at = (across.start - columns.start) as usize;
                        let mut to = picture.slice_mut(s![c, (y - rows.start) as usize, at..at + width]);
                        for ((to, v), across) in to.iter_mut().zip(from).zip(&shares_across) {
                            *to += v * (share * across);
                        }
                    }
                }
            }
        }
        Ok(picture)
    }

    /// Whether all tiles are there that a block is made of.
    fn is_ready(&self, level: usize, tiles: &Tiles, [columns, rows]: &Block) -> bool {
        let near = |range: &Range<i64>| range.start - MARGIN..range.end + MARGIN;
        tiles.rows.touching(&near(rows)).into_iter().all(|row| {
            let columns = tiles.columns.touching(&near(columns));
            columns.into_iter().all(|column| {
                self.ready.contains_key(&(level, (column, row), Regions::Heard))
                    || !self.covered(&tiles.window((column, row)))
            })
        })
    }

    fn show(&mut self, level: usize, tiles: &Tiles, block: &Block) -> std::result::Result<(), Stop> {
        let rect = self.work.grid.on_canvas(tiles.level, block.clone());
        let Some(rect) = rect.and_then(|rect| rect.intersect(self.work.job.cover)) else { return Ok(()) };
        let limits = reach(tiles);
        let near = |axis: usize| {
            (block[axis].start - MARGIN).max(limits[axis].start)
                ..(block[axis].end + MARGIN).min(limits[axis].end)
        };
        let region = [near(0), near(1)];
        let picture = self.compose(level, region.clone(), Regions::Heard)?;
        let (scale, origin) = (tiles.level.scale(), (region[0].start, region[1].start));
        let cover = self.cover(scale, region)?;
        let paper = cover.as_ref().map(|cover| (cover, self.work.paper()));
        let source = Source { picture: &picture, scale, origin, paper };
        Ok(self.work.showing.put(&source, rect)?)
    }
}

/// How far pasting looks beyond what it pastes, in the level's pixels.
const MARGIN: i64 = 3;

/// Columns and rows that the same tiles show.
type Block = [Range<i64>; 2];

fn blocks(tiles: &Tiles) -> Vec<Block> {
    let ranges =
        |axis: &Axis| -> Vec<Range<i64>> { axis.borders().windows(2).map(|pair| pair[0]..pair[1]).collect() };
    let columns = ranges(&tiles.columns);
    ranges(&tiles.rows)
        .into_iter()
        .flat_map(|rows| {
            columns.iter().map(move |columns| [columns.clone(), rows.clone()]).collect::<Vec<_>>()
        })
        .collect()
}

/// All pixels that a level has tiles for.
fn reach(tiles: &Tiles) -> [Range<i64>; 2] {
    let axis = |axis: &Axis| 0..axis.pixels(axis.starts.len() - 1).end;
    [axis(&tiles.columns), axis(&tiles.rows)]
}

/// The pixels of `wanted` that a tile shows, and its share in each.
fn overlap(axis: &Axis, index: usize, wanted: &Range<i64>) -> (Range<i64>, Vec<f32>) {
    let own = axis.pixels(index);
    let common = own.start.max(wanted.start)..own.end.min(wanted.end);
    let shares = common.clone().map(|pixel| axis.share(index, pixel)).collect();
    (common, shares)
}
