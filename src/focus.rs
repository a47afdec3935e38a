//! While the hand moves on a canvas that is larger than the model: what the last change has coarsened is made once
//! more, as fine as the model's native area allows, so that the picture is sharp where the artist looks.
//!
//! It is made from the overview's picture, so that both agree, and what is shown around it is held, so that it meets
//! its surroundings. None of it lasts: the settled picture is made without it.

use std::time::Duration;

use ndarray::Array2;

use crate::asked::{Asked, render};
use crate::error::{Error, Result};
use crate::fade::{fade, mix};
use crate::frame::Kind;
use crate::grid::Window;
use crate::live::CONTEXT;
use crate::memory::Last;
use crate::pixels::Picture;
use crate::pixels::enlarge::enlarge;
use crate::pixels::paste::Source;
use crate::pixels::spread::Cover;
use crate::policy::Policy;
use crate::region::Rect;
use crate::render::{Ended, Patch, Previews, Quality, Renderer, Tier};
use crate::span::{cut, fresh, smooth};
use crate::tiles::Tiles;
use crate::work::Work;

/// Something newer may wait for so long for the focus, counted by what the change itself has taken.
const QUICK: Duration = Duration::from_millis(100);

/// What is shown before a change is, and where the change will be seen best.
pub(crate) struct Focus {
    window: Window,
    changed: Rect,
    /// What the change coarsens.
    area: Rect,
    before: Tiles,
}

impl Focus {
    /// The finest window in which the model can show `area`; `None` where that is no finer than the overview. `before` is
    /// what is shown until then.
    pub fn new(work: &Work<'_>, changed: Rect, area: Rect, before: Tiles) -> Option<Focus> {
        // Half of the native side at least, where there is room: a model sees little in a small window.
        let contexts = [work.info.geometry.native / 4, CONTEXT].map(|pixels| work.grid.cells(pixels));
        let mut levels = work.refinements();
        levels.reverse();
        let window = levels
            .into_iter()
            .flat_map(|level| contexts.map(|context| work.grid.window(level, area, context)))
            .find(|window| work.grid.takes(window.width, window.height))?;
        Some(Focus { window, changed, area, before })
    }

    /// Shows it, unless something newer waits that would wait too long.
    pub fn render(&self, work: &mut Work<'_>, last: &Last, renderer: &mut dyn Renderer) -> Result<()> {
        let job = work.job;
        let waits = job.policy.gives_way();
        if waits && job.started_at.elapsed() > QUICK {
            return Ok(());
        }
        let Some((overview, _)) = &last.made else { return Ok(()) };
        let free = self.free(work)?;
        let cover = work.cover(last, self.window.level.scale(), self.window.pixels(work.grid.cell()))?;
        let start = self.start(work, last.window, overview, cover.as_ref())?;
        let whole = work.quality(Tier::Live);
        let quality = Quality { previews: Previews::Off, ..work.refining(whole) };
        let mut made = None;
        let mut sink = |patch: Patch| {
            made = patch.is_finished().then_some(patch);
            Ok(())
        };
        let asked =
            Asked { window: self.window, paint: &start, mask: Some(&free), change: None, regions: true };
        // What waits already waits for this; it does not wait for ever, as a picture of this size has been quick.
        let run_on = Policy::default();
        let policy = if waits { &run_on } else { &*job.policy };
        let ended = render(job, renderer, asked, &quality, policy, &mut sink)?;
        let (Ended::Finished, Some(patch)) = (ended, made) else { return Ok(()) };
        let cell = work.grid.cell() as usize;
        let mut picture = patch.picture;
        mix(&mut picture, &start, &smooth(&free, cell));
        let [columns, rows] = self.window.pixels(cell as u32);
        let source = Source {
            picture: &picture,
            scale: self.window.level.scale(),
            origin: (columns.start, rows.start),
            paper: cover.as_ref().map(|cover| (cover, work.paper())),
        };
        let changed = |from: i64, across: bool| {
            let cells = fresh(&free, 0.0, 0, across);
            from + (cells.start * cell) as i64..from + (cells.end * cell) as i64
        };
        let shown = [changed(columns.start, true), changed(rows.start, false)];
        let rect = work.grid.on_canvas(self.window.level, shown).and_then(|rect| rect.intersect(job.cover));
        let Some(rect) = rect else { return Ok(()) };
        work.showing.patch(&source, rect, Kind::Preview, (patch.step, patch.steps), patch.phases)
    }

    /// By cell: what may differ from what is shown.
    fn free(&self, work: &Work<'_>) -> Result<Array2<f32>> {
        let mut free = work.softened(&self.window, self.area);
        if let Some(mask) = work.mask(&self.window)? {
            free *= &*mask;
        }
        Ok(free)
    }

    /// The overview's picture where something has changed, what was shown around it.
    fn start(
        &self,
        work: &mut Work<'_>,
        whole: Window,
        overview: &Picture,
        cover: Option<&Cover>,
    ) -> Result<Picture> {
        let cell = work.grid.cell();
        let (pixels, limits) = (self.window.pixels(cell), whole.pixels(cell));
        let ratio = self.window.level.scale() / whole.level.scale();
        let mut start =
            enlarge(pixels.clone(), ratio, &limits, |part| Ok::<_, Error>(cut(overview, &part, &limits)))?;
        // A mask's soft edge shows through what is shown: there the paint is around it.
        if work.job.mask.is_some() {
            work.keep_paint(&mut start, &self.window, cover)?;
            return Ok(start);
        }
        let scale = self.window.level.scale();
        let weights = fade(scale, &pixels, self.changed, self.area, work.job.paint.bounds());
        let (shown, _) = work.timed(|work| work.read(&self.before, scale, pixels, cover))?;
        mix(&mut start, &shown, &weights);
        Ok(start)
    }
}
