//! The settled picture of a canvas that is larger than the model: level by level down to 1:1, the coarser picture
//! scaled up, made noisy a little and denoised, tile by tile.
//!
//! A tile is a function of what it is made from, and of nothing else: not of its neighbours, nor of the order. That
//! is what makes the settled picture the same whatever way the painting took, and lets a tile be kept.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, Zip};

use crate::asked::{Asked, render};
use crate::blocks::{Block, Place, add, around, blocks, reach, shares, size};
use crate::desk::End;
use crate::error::Result;
use crate::frame::Kind;
use crate::grid::{Tiles, Window};
use crate::live::WHOLE;
use crate::memory::{Memory, Stored, depth};
use crate::pixels::enlarge::enlarge;
use crate::pixels::over::laid_over;
use crate::pixels::paste::Source;
use crate::pixels::spread::Cover;
use crate::pixels::{Picture, blank_picture};
use crate::region::Rect;
use crate::render::{Ended, Patch, Quality, Renderer, Tier};
use crate::span::cut;
use crate::work::Work;

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
    /// Windows that were rendered, not known.
    rendered: usize,
    /// By the corner of a block of which a part is shown: what was shown there before.
    before: HashMap<(i64, i64), Stored>,
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

/// Renders a window; what `kept` makes of its finished picture.
fn finished<T>(
    work: &Work<'_>,
    renderer: &mut dyn Renderer,
    (window, paint, regions): (Window, &Picture, bool),
    quality: &Quality<'_>,
    kept: &dyn Fn(Patch) -> Result<T>,
) -> std::result::Result<T, Stop> {
    let mask = work.mask(&window)?;
    let mut finished = None;
    let mut sink = |patch: Patch| {
        if patch.is_finished() {
            finished = Some(kept(patch)?);
        }
        Ok(())
    };
    let asked = Asked { window, paint, mask: mask.as_deref(), change: None, regions };
    let ended = render(work.job, renderer, asked, quality, &work.job.policy, &mut sink)?;
    finished.filter(|_| ended == Ended::Finished).ok_or(Stop::GaveWay)
}

pub(crate) fn refine(work: &mut Work<'_>, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
    let levels = work.refinements().into_iter().map(|level| work.grid.tiles(level)).collect();
    let mut refiner = Refiner {
        work,
        memory,
        renderer,
        levels,
        ready: HashMap::new(),
        plain: None,
        rendered: 0,
        before: HashMap::new(),
    };
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
            let rendered = self.rendered;
            self.tile(finest, place, Regions::Heard)?;
            let (shown, left) = waiting.into_iter().partition(|block| self.is_ready(finest, &tiles, block));
            waiting = left;
            for block in shown {
                self.show(finest, &tiles, &block)?;
            }
            // What is known comes at once, with its neighbours.
            if self.rendered > rendered && self.may_fade(&tiles) {
                for block in waiting.iter().filter(|block| tiles.lies_in(place, block)) {
                    self.fade(finest, &tiles, block)?;
                }
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
                let kept =
                    |patch: Patch| Ok((Stored::new(&patch.picture, depth, None)?, patch.steps, patch.phases));
                let (stored, steps, phases) =
                    finished(self.work, self.renderer, (window, &start, heard), &quality, &kept)?;
                (self.work.showing.steps, self.work.showing.phases) = (steps, phases);
                let stored = Arc::new(stored);
                self.memory.made.put(key, window, stored.clone(), self.work.room());
                self.rendered += 1;
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
                    let kept = |patch: Patch| Stored::new(&patch.picture, 2, patch.latent);
                    let of = (window, &last.paint, false);
                    let stored = Arc::new(finished(work, self.renderer, of, &quality, &kept)?);
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
        pixels: [Range<i64>; 2],
        regions: Regions,
    ) -> std::result::Result<Picture, Stop> {
        let tiles = self.levels[level].clone();
        let mut picture = blank_picture(size(&pixels[1]), size(&pixels[0]))?;
        for place in tiles.touching(&pixels) {
            let tile = self.tile(level, place, regions)?;
            add(&mut picture, &tile, &tiles, place, &pixels);
        }
        Ok(picture)
    }

    /// Whether all tiles are there that a block is made of.
    fn is_ready(&self, level: usize, tiles: &Tiles, block: &Block) -> bool {
        tiles.touching(&around(tiles, block)).all(|place| {
            self.ready.contains_key(&(level, place, Regions::Heard)) || !self.covered(&tiles.window(place))
        })
    }

    fn show(&mut self, level: usize, tiles: &Tiles, block: &Block) -> std::result::Result<(), Stop> {
        let Some(rect) = self.on_canvas(tiles, block) else { return Ok(()) };
        let pixels = around(tiles, block);
        self.before.remove(&(block[0].start, block[1].start));
        let picture = self.compose(level, pixels.clone(), Regions::Heard)?;
        self.put(tiles, &pixels, &picture, rect)
    }

    /// Whether a tile may be shown before its neighbours: at the canvas' own scale, since what is shown is read again, and
    /// without a mask, whose soft edge is in what is shown.
    fn may_fade(&self, tiles: &Tiles) -> bool {
        tiles.level.scale() == 1.0 && self.work.job.mask.is_none()
    }

    /// Shows what there is of a block whose other tiles are still to come: its tiles by their shares, and for the rest what
    /// is shown there, so that no edge is seen where the last tile ends.
    fn fade(&mut self, level: usize, tiles: &Tiles, block: &Block) -> std::result::Result<(), Stop> {
        let Some(rect) = self.on_canvas(tiles, block) else { return Ok(()) };
        let pixels = around(tiles, block);
        let corner = (block[0].start, block[1].start);
        if !self.before.contains_key(&corner) {
            let shown = self.work.showing.shown();
            let (picture, cover) = self.work.read(&shown, 1.0, pixels.clone(), None)?;
            if cover.is_some() {
                return Ok(());
            }
            self.before.insert(corner, Stored::new(&picture, depth(self.work.job.paint.format()), None)?);
        }
        let Some(before) = self.before.get(&corner) else { return Ok(()) };
        let mut picture = before.picture()?;
        let ready = |place: &Place| self.ready.get(&(level, *place, Regions::Heard));
        let there: Vec<(Place, &Arc<Stored>)> =
            tiles.touching(&pixels).filter_map(|place| Some((place, ready(&place)?))).collect();
        let mut rest = Array2::<f32>::ones((size(&pixels[1]), size(&pixels[0])));
        for (place, _) in &there {
            let (across, down) = shares(tiles, *place, &pixels);
            Zip::indexed(&mut rest).for_each(|(y, x), rest| *rest -= down[y] * across[x]);
        }
        for mut channel in picture.outer_iter_mut() {
            channel *= &rest;
        }
        for (place, tile) in there {
            add(&mut picture, tile, tiles, place, &pixels);
        }
        self.put(tiles, &pixels, &picture, rect)
    }

    fn on_canvas(&self, tiles: &Tiles, block: &Block) -> Option<Rect> {
        self.work.grid.on_canvas(tiles.level, block.clone())?.intersect(self.work.job.cover)
    }

    fn put(
        &mut self,
        tiles: &Tiles,
        pixels: &Block,
        picture: &Picture,
        rect: Rect,
    ) -> std::result::Result<(), Stop> {
        let (scale, origin) = (tiles.level.scale(), (pixels[0].start, pixels[1].start));
        let cover = self.cover(scale, pixels.clone())?;
        let paper = cover.as_ref().map(|cover| (cover, self.work.paper()));
        let source = Source { picture, scale, origin, paper };
        Ok(self.work.showing.put(&source, rect)?)
    }
}
