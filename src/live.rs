//! One job: what of the canvas is rendered, from what, and what of it is shown.
//!
//! While the hand moves, the window around what changed is rendered, held to the last picture around it, and on
//! canvases that are larger than the model `focus` makes it sharp. At rest the whole is made anew, so that it is a
//! function of pixels, settings, model and seed alone; `settle` goes on from there on canvases that are larger than the
//! model.

use std::sync::Arc;

use ndarray::{Array2, s};
use xxhash_rust::xxh3::xxh3_128;

use crate::asked::{Asked, render};
use crate::conditions::Steer;
use crate::desk::{End, Shared};
use crate::error::Result;
use crate::fade::Faded;
use crate::focus::Focus;
use crate::frame::Kind;
use crate::grid::{Axis, Grid, Tiles, Window};
use crate::job::Job;
use crate::memory::{Memory, Stored, depth};
use crate::model::REFINE_STRENGTH;
use crate::pixels::Picture;
use crate::pixels::over::{coverage, together};
use crate::pixels::paste::Source;
use crate::region::Rect;
use crate::render::{Around, Change, Ended, ModelInfo, Patch, Previews, Quality, Renderer, Tier};
use crate::show::Showing;
use crate::span::{cut, fresh};

/// How much of a change's surroundings is rendered with it, in the model's pixels, and at least in cells.
pub(crate) const CONTEXT: u32 = 32;
pub(crate) const LEAST_CONTEXT: usize = 4;
/// What the overview is kept as.
pub(crate) const WHOLE: &str = "whole";

pub(crate) struct Work<'a> {
    pub job: &'a Job,
    pub info: ModelInfo,
    pub grid: Grid,
    /// All that is shown and its surroundings, at the overview's level.
    pub window: Window,
    pub showing: Showing<'a>,
    /// Of all settings and the mask, but for the steps.
    pub key: u128,
    /// The same without the regions: that of a session that has none.
    plain_key: u128,
    /// The model fills what the mask covers by itself: nothing is held for it.
    pub inpaints: bool,
}

pub(crate) fn run(session: &Shared, job: &Job, renderer: &mut dyn Renderer) -> Result<End> {
    let mut work = Work::new(session, job, renderer);
    let keeps_everything = job.mask.as_ref().is_some_and(|mask| mask.bounds().is_none());
    if work.strength() == 0.0 || keeps_everything {
        work.showing.paint(keeps_everything)?;
        return Ok(End::Final);
    }
    let mut memory = session.memory.lock();
    memory.notes.recall(work.key, job);
    let ended = match job.tier {
        Tier::Live => work.live(&mut memory, renderer),
        Tier::Settled => work.settle(&mut memory, renderer),
    };
    memory.notes.keep(work.key, job);
    ended
}

impl<'a> Work<'a> {
    fn new(session: &'a Shared, job: &'a Job, renderer: &dyn Renderer) -> Self {
        let info = renderer.info();
        let grid = Grid::new(job.paint.bounds(), info.geometry, job.params.resolution);
        let params = &job.params;
        let noise = job.noise.as_ref().map(|noise| {
            let values = noise.as_standard_layout();
            (noise.dim(), values.as_slice().map(|values| xxh3_128(bytemuck::cast_slice(values))))
        });
        let key = |heard: &dyn Fn(&&Steer) -> bool| {
            let settings = format!(
                "{:?}",
                (
                    (&params.prompt, &params.negative, params.strength, &params.sampler),
                    (params.guidance, params.paint_guidance),
                    (params.seed, params.paper, params.alpha, params.resolution, params.refine_strength),
                    (job.paint.bounds(), job.mask.as_ref().map(|mask| mask.hash()), noise),
                    job.steering.iter().filter(heard).map(Steer::key).collect::<Vec<_>>(),
                )
            );
            xxh3_128(settings.as_bytes())
        };
        Work {
            job,
            window: job.window(&grid),
            showing: Showing::new(session, job),
            info,
            grid,
            key: key(&|_| true),
            plain_key: key(&|steer| !steer.is_region()),
            inpaints: renderer.capabilities().inpaints,
        }
    }

    pub fn strength(&self) -> f32 {
        self.job.params.strength.unwrap_or(self.info.defaults.strength)
    }

    pub fn steps(&self, tier: Tier) -> u32 {
        let own = self.job.params.steps.unwrap_or(self.info.defaults.steps);
        match tier {
            Tier::Live => own,
            Tier::Settled => self.job.params.settled_steps.unwrap_or(own),
        }
    }

    pub fn quality(&self, tier: Tier) -> Quality<'a> {
        let params = &self.job.params;
        Quality {
            tier,
            sampler: params.sampler.as_deref(),
            strength: self.strength(),
            steps: self.steps(tier),
            guidance: params.guidance.unwrap_or(self.info.defaults.guidance),
            paint_guidance: params.paint_guidance,
            seed: params.seed,
            previews: if tier == Tier::Live { params.preview } else { Previews::Off },
        }
    }

    pub fn has_regions(&self) -> bool {
        self.job.steering.iter().any(Steer::is_region)
    }

    /// By the window's pixels, how much regions cover together; `None` where there are none.
    pub fn regions(&self, window: &Window) -> Result<Option<Array2<f32>>> {
        let cell = self.grid.cell();
        let regions = self.job.steering.iter().filter(|steer| steer.is_region());
        let masks = regions.map(|steer| steer.picture(window, cell, &self.job.cancel));
        let masks = masks.collect::<Result<Vec<_>>>()?;
        Ok(together(masks.iter().flatten().map(|mask| coverage(mask))))
    }

    fn refine_strength(&self) -> f32 {
        self.job.params.refine_strength.or(self.info.defaults.refine).unwrap_or(REFINE_STRENGTH)
    }

    /// The same, with a strength that only adds what a coarser level has no room for.
    pub fn refining(&self, whole: Quality<'a>) -> Quality<'a> {
        let strength = whole.strength.min(self.refine_strength());
        // So fine a schedule that one step, or what strength leaves of it, is what is run: a second one costs as much again and
        // shows nothing.
        let steps = whole.steps.max((1.0 / strength) as u32);
        Quality { strength, steps, ..whole }
    }

    /// Of what a picture is made from, with the job's regions or without: equal keys, equal pictures.
    pub fn key_of(&self, what: &str, window: &Window, steps: u32, paint: &Picture, regions: bool) -> u128 {
        let paint = paint.as_slice().map_or(0, |values| xxh3_128(bytemuck::cast_slice(values)));
        let key = if regions { self.key } else { self.plain_key };
        xxh3_128(format!("{what} {:?}", (key, window, steps, paint)).as_bytes())
    }

    /// The mask by the window's cells, where what lies outside is to be held.
    pub fn mask(&self, window: &Window) -> Result<Option<Arc<Array2<f32>>>> {
        let Some(mask) = self.job.mask.as_ref().filter(|_| !self.inpaints) else { return Ok(None) };
        let columns = window.x..window.x + window.width as i64;
        let rows = window.y..window.y + window.height as i64;
        let scale = window.level.scale() / f64::from(self.grid.cell());
        mask.window(scale, [columns, rows], &self.job.cancel).map(Some)
    }

    fn live(&mut self, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
        // Without previews there is nothing to see but what settles.
        if self.job.params.preview == Previews::Off {
            return self.settle(memory, renderer);
        }
        let last = self.see(memory)?;
        // Stale before it began: what was read stays, what is newer is rendered with it.
        if self.job.may_pass && self.job.policy.gives_way() {
            return Ok(End::Passed);
        }
        let Some(dirty) = last.pending else { return self.settle(memory, renderer) };
        let fixed = self.info.geometry.fixed.is_some() || self.job.noise.is_some();
        let part = self.grid.window(self.window.level, dirty, self.context());
        if !fixed
            && last.made.is_some()
            && self.window.contains(&part)
            && 2 * part.cells() <= self.window.cells()
        {
            self.around(memory, renderer, part, dirty)
        } else {
            self.whole(memory, renderer, Tier::Live)
        }
    }

    /// Renders what has changed, held to the last picture around it.
    fn around(
        &mut self,
        memory: &mut Memory,
        renderer: &mut dyn Renderer,
        part: Window,
        dirty: Rect,
    ) -> Result<End> {
        let Some(last) = &mut memory.last else { return Ok(End::GaveWay) };
        let Some((whole, latent)) = &mut last.made else { return Ok(End::GaveWay) };
        let (x, y) = ((part.x - last.window.x) as usize, (part.y - last.window.y) as usize);
        let cells = s![.., y..y + part.height, x..x + part.width];
        let held = latent.slice(cells).to_owned();
        let farther = self.farther(&part, dirty, &last.window).map(|window| {
            let (x, y) = ((window.x - last.window.x) as usize, (window.y - last.window.y) as usize);
            (window, latent.slice(s![.., y..y + window.height, x..x + window.width]).to_owned())
        });
        let around = farther.as_ref().map(|(window, last)| Around { window: *window, last });
        let free = self.softened(&part, dirty);
        let mask = self.mask(&part)?;
        let cell = self.grid.cell() as usize;
        let (left, top) = (x * cell, y * cell);
        let paint = cut(&last.paint, &part.pixels(self.grid.cell()), &last.window.pixels(self.grid.cell()));
        // What is shown is what is free, and a cell more: the decoder looks at its neighbours. Where finer levels are
        // shown it is no more than what must be, since it coarsens that.
        let (above, margin) = if self.refinements().is_empty() { (0.0, 1) } else { (0.5, 0) };
        let shown = [fresh(&free, above, margin, true), fresh(&free, above, margin, false)];
        let [columns, rows] = [0, 1].map(|axis: usize| shown[axis].start * cell..shown[axis].end * cell);
        let pixels = part.pixels(self.grid.cell());
        let level_pixels = [
            pixels[0].start + columns.start as i64..pixels[0].start + columns.end as i64,
            pixels[1].start + rows.start as i64..pixels[1].start + rows.end as i64,
        ];
        let rect = self.grid.on_canvas(part.level, level_pixels).and_then(|r| r.intersect(self.job.cover));
        let before = self.showing.shown();
        let faded = match rect {
            // Where frames keep the paint's alpha, what of the picture is paper is taken out when it is pasted.
            Some(rect) if last.cover.is_none() => {
                self.timed(|work| Faded::new(work, &before, dirty, rect))?
            }
            _ => None,
        };
        let focus = rect.and_then(|rect| Focus::new(self, dirty, rect, before));
        let limits = last.window.pixels(self.grid.cell());
        let origin = last.window.pixels(self.grid.cell()).map(|range| range.start);
        let quality = self.quality(Tier::Live);
        let paper = last.cover.as_ref().map(|cover| (cover, self.paper()));
        let showing = &mut self.showing;
        let mut finished = None;
        let mut sink = |patch: Patch| {
            let mut picture = whole.clone();
            let to = s![.., top + rows.start..top + rows.end, left + columns.start..left + columns.end];
            picture.slice_mut(to).assign(&patch.picture.slice(s![.., rows.clone(), columns.clone()]));
            showing.overview(&picture, part.level.scale(), origin)?;
            if let Some(rect) = rect {
                let (scale, step) = (part.level.scale(), (patch.step, patch.steps));
                let patched =
                    faded.as_ref().map(|faded| faded.patch(&picture, scale, &limits)).transpose()?;
                let source = match &patched {
                    Some((picture, origin)) => Source { picture, scale: 1.0, origin: *origin, paper: None },
                    None => Source { picture: &picture, scale, origin: (origin[0], origin[1]), paper },
                };
                showing.patch(&source, rect, Kind::Preview, step, patch.phases)?;
            }
            if let Some(latent) = patch.latent {
                finished = Some((picture, latent));
            }
            Ok(())
        };
        let change = Some(Change { dirty: &free, last: &held, around });
        let asked = Asked { window: part, paint: &paint, mask: mask.as_deref(), change, regions: true };
        let ended = render(self.job, renderer, asked, &quality, &self.job.policy, &mut sink)?;
        if let Some((picture, made)) = finished {
            latent.slice_mut(cells).assign(&made);
            *whole = picture;
            last.pending = None;
        }
        if ended == Ended::GaveWay {
            return Ok(End::GaveWay);
        }
        if let Some(focus) = focus {
            focus.render(self, last, renderer)?;
        }
        Ok(End::Live)
    }

    /// Renders all that is shown, from the paint alone.
    fn whole(&mut self, memory: &mut Memory, renderer: &mut dyn Renderer, tier: Tier) -> Result<End> {
        let (Some(last), window) = (&mut memory.last, self.window) else { return Ok(End::GaveWay) };
        let quality = self.quality(tier);
        let is_final = self.steps(Tier::Live) == self.steps(Tier::Settled) || tier == Tier::Settled;
        let is_final = is_final && self.refinements().is_empty();
        let kind = if is_final { Kind::Final } else { Kind::Preview };
        let key = self.key_of(WHOLE, &window, quality.steps, &last.paint, true);
        let origin = window.pixels(self.grid.cell()).map(|range| range.start);
        let cover = self.job.cover;
        let paper = last.cover.as_ref().map(|cover| (cover, self.paper()));
        let known = memory.made.get(key);
        let stored = match known {
            Some(known) => known,
            None => {
                if tier == Tier::Live && !self.refinements().is_empty() {
                    // All is shown anew beside what is shown, and most of the tiles are of no use any more.
                    memory.made.shrink(self.room() / 2);
                }
                let mask = self.mask(&window)?;
                let showing = &mut self.showing;
                let mut finished = None;
                let mut sink = |patch: Patch| {
                    if !patch.is_finished() {
                        showing.overview(&patch.picture, window.level.scale(), origin)?;
                        let source = Source {
                            picture: &patch.picture,
                            scale: window.level.scale(),
                            origin: (origin[0], origin[1]),
                            paper,
                        };
                        let step = (patch.step, patch.steps);
                        return showing.patch(&source, cover, Kind::Preview, step, patch.phases);
                    }
                    let step = (patch.step, patch.phases);
                    // All that a canvas of the model's size shows: small, and what finer levels begin with.
                    finished = Some((Stored::new(&patch.picture, 2, patch.latent)?, step));
                    Ok(())
                };
                let asked =
                    Asked { window, paint: &last.paint, mask: mask.as_deref(), change: None, regions: true };
                if render(self.job, renderer, asked, &quality, &self.job.policy, &mut sink)? == Ended::GaveWay
                {
                    return Ok(End::GaveWay);
                }
                let Some((stored, (steps, phases))) = finished else { return Ok(End::GaveWay) };
                (self.showing.steps, self.showing.phases) = (steps, phases);
                let stored = Arc::new(stored);
                memory.made.put(key, window, stored.clone(), self.room());
                stored
            }
        };
        // Through what is kept in both cases, so that both show the same.
        let picture = stored.picture()?;
        self.showing.overview(&picture, window.level.scale(), origin)?;
        if is_final || tier == Tier::Live {
            let (scale, origin) = (window.level.scale(), (origin[0], origin[1]));
            let source = Source { picture: &picture, scale, origin, paper };
            let (steps, phases) = (self.showing.steps, self.showing.phases);
            self.showing.patch(&source, cover, kind, (steps, steps), phases)?;
        }
        last.made = stored.latent.clone().map(|latent| (picture, latent));
        last.pending = None;
        Ok(if is_final { End::Final } else { End::Live })
    }

    fn settle(&mut self, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
        self.see(memory)?;
        match self.whole(memory, renderer, Tier::Settled)? {
            End::Live => crate::settle::refine(self, memory, renderer),
            end => Ok(end),
        }
    }

    pub fn refinements(&self) -> Vec<crate::grid::Level> {
        match self.job.noise {
            // Given noise is one window's.
            Some(_) => Vec::new(),
            // The model says that finer levels do its pictures no good.
            None if self.info.defaults.refine.is_none() => Vec::new(),
            None => self.grid.refinements(self.job.params.finest),
        }
    }

    /// Bytes of finished pictures that are kept: a few back and forth, or all tiles of a canvas down to its finest level.
    pub fn room(&self) -> usize {
        const PICTURES: usize = 8;
        let picture = (self.info.geometry.native as usize).pow(2) * 3 * size_of::<u16>();
        let tiles = self.refinements().into_iter().map(|level| {
            let Tiles { columns, rows, .. } = self.grid.tiles(level);
            let pixels = |axis: &Axis| axis.starts.len() * axis.length * self.grid.cell() as usize;
            pixels(&columns) * pixels(&rows) * 3 * depth(self.job.paint.format())
        });
        // The overview, as it was last and as it is.
        let settled = tiles.sum::<usize>() + 2 * picture;
        // With regions there is a picture without them beside it.
        (PICTURES * picture).max(if self.has_regions() { 2 * settled } else { settled })
    }
}
