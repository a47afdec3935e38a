//! One job at work: what the model, the grid and the settings make of it, for the tiers and their helpers.

use std::sync::Arc;

use ndarray::Array2;
use xxhash_rust::xxh3::xxh3_128;

use crate::conditions::Steer;
use crate::desk::Shared;
use crate::error::Result;
use crate::grid::{Axis, Grid, Tiles, Window};
use crate::job::Job;
use crate::memory::depth;
use crate::model::REFINE_STRENGTH;
use crate::pixels::Picture;
use crate::pixels::over::{coverage, together};
use crate::render::{ModelInfo, Previews, Quality, Renderer, Tier};
use crate::show::Showing;

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

impl<'a> Work<'a> {
    pub fn new(session: &'a Shared, job: &'a Job, renderer: &dyn Renderer) -> Self {
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
            refines: false,
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
        Quality { strength: whole.strength.min(self.refine_strength()), refines: true, ..whole }
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
