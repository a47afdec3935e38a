//! What the model is shown of the paint: a window's pixels over paper, kept from one job to the next.

use std::ops::Range;
use std::time::Instant;

use ndarray::s;

use crate::drift::Drift;
use crate::error::{Error, Result};
use crate::grid::Window;
use crate::memory::{Last, Memory};
use crate::pixels::enlarge::enlarge;
use crate::pixels::paste::Alpha;
use crate::pixels::spread::{Cover, opaque};
use crate::pixels::{Picture, Rows, read};
use crate::span::{cut, offset, scaled, within};
use crate::work::Work;

impl Work<'_> {
    pub fn paper(&self) -> [f32; 3] {
        self.job.params.paper.map(|v| f32::from(v) / 255.0)
    }

    /// Pixels of a level as the model sees them, and their cover, where frames keep the paint's alpha.
    pub fn read(
        &self,
        paint: &dyn Rows,
        scale: f64,
        pixels: [Range<i64>; 2],
        given: Option<&Cover>,
    ) -> Result<(Picture, Option<Cover>)> {
        let (paper, cancel) = (self.paper(), &self.job.cancel);
        match self.job.params.alpha {
            Alpha::Opaque => Ok((read::picture(paint, scale, pixels, paper, cancel)?, None)),
            Alpha::FollowPaint => read::spread(paint, scale, pixels, paper, given, cancel),
        }
    }

    /// The overview's cover as that of a finer level's pixels: what was mixed with paper there is taken out by it.
    pub fn cover(&self, last: &Last, scale: f64, pixels: [Range<i64>; 2]) -> Result<Option<Cover>> {
        let Some(cover) = &last.cover else { return Ok(None) };
        let limits = last.window.pixels(self.grid.cell());
        let ratio = scale / last.window.level.scale();
        enlarge(pixels, ratio, &limits, |part| Ok::<_, Error>(cut(cover, &part, &limits))).map(Some)
    }

    /// Lays the paint over a window's picture where the mask keeps it.
    pub fn keep_paint(&self, picture: &mut Picture, window: &Window, cover: Option<&Cover>) -> Result<()> {
        let Some(mask) = &self.job.mask else { return Ok(()) };
        let (scale, pixels, cancel) =
            (window.level.scale(), window.pixels(self.grid.cell()), &self.job.cancel);
        let (paint, _) = self.read(&self.job.paint, scale, pixels.clone(), cover)?;
        let shown = mask.cells(scale, pixels, cancel)?;
        for (mut picture, paint) in picture.outer_iter_mut().zip(paint.outer_iter()) {
            let values = ndarray::Zip::from(&mut picture).and(&paint).and(&shown);
            values.for_each(|value, paint, shown| *value = paint + (*value - paint) * shown);
        }
        Ok(())
    }

    /// Counts as work on pixels.
    pub fn timed<T>(&mut self, work: impl FnOnce(&Self) -> T) -> T {
        let start = Instant::now();
        let result = work(self);
        self.showing.pixel_work += start.elapsed();
        result
    }

    /// Brings what is remembered of the paint up to date, reading only what has changed since.
    pub fn see<'m>(&mut self, memory: &'m mut Memory) -> Result<&'m mut Last> {
        let job = self.job;
        let (scale, pixels) = (self.window.level.scale(), self.window.pixels(self.grid.cell()));
        let known = memory.last.take().filter(|last| last.key == self.key && last.window == self.window);
        let last = match known {
            Some(mut last) => {
                if let Some(dirty) = job.paint.changed_since(job.seen, last.revision) {
                    let margin = read::reach(scale, job.params.alpha == Alpha::FollowPaint);
                    let wide = dirty.inflate_within(margin, job.paint.bounds()).unwrap_or(dirty);
                    let parts = within(scaled(wide, scale, job.paint.bounds(), &pixels), &pixels);
                    let [columns, rows] = offset(&parts, &pixels);
                    let (part, cover) = self.timed(|work| work.read(&job.paint, scale, parts, None))?;
                    last.paint.slice_mut(s![.., rows.clone(), columns.clone()]).assign(&part);
                    if cover.is_some() || last.cover.is_some() {
                        let (_, height, width) = last.paint.dim();
                        let mut whole = match last.cover.take() {
                            Some(whole) => whole,
                            None => opaque(height, width)?,
                        };
                        let mut place = whole.slice_mut(s![.., rows, columns]);
                        match cover {
                            Some(cover) => place.assign(&cover),
                            None => place.fill(1.0),
                        }
                        last.cover = Some(whole);
                    }
                    last.pending = Some(last.pending.map_or(dirty, |pending| pending.union(dirty)));
                    memory.hand = Some(dirty);
                }
                last.revision = job.revision;
                last
            }
            None => {
                let (paint, cover) = self.timed(|work| work.read(&job.paint, scale, pixels, None))?;
                Last {
                    key: self.key,
                    window: self.window,
                    paint,
                    cover,
                    revision: job.revision,
                    pending: Some(job.seen),
                    made: None,
                    drift: Drift::default(),
                }
            }
        };
        Ok(memory.last.insert(last))
    }
}
