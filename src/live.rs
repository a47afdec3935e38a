//! One job: what of the canvas is rendered, from what, and what of it is shown.
//!
//! While the hand moves, the window around what changed is rendered, held to the last picture around it, and on
//! canvases that are larger than the model `focus` makes it sharp. At rest the whole is made anew, so that it is a
//! function of pixels, settings, model and seed alone; `settle` goes on from there on canvases that are larger than the
//! model.

use std::sync::Arc;
use std::time::Instant;

use ndarray::s;

use crate::asked::{Asked, render};
use crate::desk::{End, Shared};
use crate::drift::Pace;
use crate::error::Result;
use crate::fade::Faded;
use crate::focus::Focus;
use crate::frame::Kind;
use crate::grid::Window;
use crate::job::Job;
use crate::memory::{Last, Memory, Stored};
use crate::pixels::paste::Source;
use crate::policy::Policy;
use crate::region::Rect;
use crate::render::{Around, Change, Ended, Patch, Previews, Renderer, Tier};
use crate::span::{cut, fresh};
use crate::work::Work;

/// How much of a change's surroundings is rendered with it, in the model's pixels, and at least in cells.
pub(crate) const CONTEXT: u32 = 32;
pub(crate) const LEAST_CONTEXT: usize = 4;
/// What the overview is kept as.
pub(crate) const WHOLE: &str = "whole";

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

impl Work<'_> {
    fn live(&mut self, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
        // Without previews there is nothing to see but what settles.
        if self.job.params.preview == Previews::Off {
            return self.settle(memory, renderer);
        }
        let pace = memory.pace;
        let last = self.see(memory)?;
        // Stale before it began: what was read stays, what is newer is rendered with it.
        if self.job.may_pass && self.job.policy.gives_way() {
            return Ok(End::Passed);
        }
        let Some(dirty) = last.pending else {
            return match self.refinements().is_empty() {
                true => self.whole(memory, renderer, Tier::Live),
                // What settles tile by tile is another job, which a stroke interrupts.
                false => Ok(End::Live),
            };
        };
        let fixed = self.info.geometry.fixed.is_some() || self.job.noise.is_some();
        let part = self.grid.window(self.window.level, dirty, self.context());
        if !fixed
            && last.made.is_some()
            && self.window.contains(&part)
            && 2 * part.cells() <= self.window.cells()
            && !self.catches_up(last, pace)
        {
            self.around(memory, renderer, part, dirty)
        } else {
            self.whole(memory, renderer, Tier::Live)
        }
    }

    /// Whether the whole is made though little of it has changed. Where finer levels are shown that would coarsen them all.
    fn catches_up(&self, last: &Last, pace: Option<Pace>) -> bool {
        self.refinements().is_empty() && last.drift.is_far(&self.window, pace, self.steps(Tier::Live))
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
        let overview = last.window;
        let of = |window: &Window| {
            let [columns, rows] = window.within(&overview);
            s![.., rows, columns]
        };
        let held = latent.slice(of(&part)).to_owned();
        let farther = self.farther(&part, dirty, &last.window);
        let farther = farther.map(|window| (window, latent.slice(of(&window)).to_owned()));
        let around = farther.as_ref().map(|(window, last)| Around { window: *window, last });
        let free = self.softened(&part, dirty);
        let mask = self.mask(&part)?;
        let cell = self.grid.cell() as usize;
        let [left, top] = part.within(&last.window).map(|range| range.start * cell);
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
            latent.slice_mut(of(&part)).assign(&made);
            *whole = picture;
            last.pending = None;
            last.drift.patch(&self.grid.touched(part.level, dirty));
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
        let catches_up = tier == Tier::Live && self.catches_up(last, memory.pace);
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
                // What is to end the patches goes on to its end, or the next would be to do so again.
                let steady = Policy::default();
                let policy = if catches_up { &steady } else { &*self.job.policy };
                let begun = Instant::now();
                if render(self.job, renderer, asked, &quality, policy, &mut sink)? == Ended::GaveWay {
                    return Ok(End::GaveWay);
                }
                memory.pace = Some(Pace { took: begun.elapsed(), steps: quality.steps });
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
        last.drift.end();
        Ok(if is_final { End::Final } else { End::Live })
    }

    fn settle(&mut self, memory: &mut Memory, renderer: &mut dyn Renderer) -> Result<End> {
        self.see(memory)?;
        match self.whole(memory, renderer, Tier::Settled)? {
            End::Live => crate::settle::refine(self, memory, renderer),
            end => Ok(end),
        }
    }
}
