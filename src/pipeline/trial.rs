//! A loaded model's first run, on next to nothing.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::grid::{Level, Window};
use crate::pipeline::Pipeline;
use crate::region::Rect;
use crate::render::{
    Condition, Geometry, ModelInfo, Patch, Picture, Policy, Previews, Quality, Renderer, Scene, Tier,
};

impl Pipeline {
    /// Runs every network once on the smallest picture: the first stroke is not slower than the others then,
    /// and a model whose parts do not fit together shows when it is loaded.
    pub(super) fn try_out(&mut self, cancel: &Cancel) -> Result<()> {
        let ModelInfo { geometry: Geometry { multiple, fixed, cell, .. }, defaults, .. } = self.info;
        // A fixed size may take seconds; that is not worth it.
        const SMALL: u32 = 256;
        let (width, height) = fixed.unwrap_or((multiple, multiple));
        if width > SMALL || height > SMALL {
            return Ok(());
        }
        let picture = Picture::from_elem((3, height as usize, width as usize), 0.5);
        let cells = |side: u32| (side / cell.max(1)) as usize;
        let scene = Scene {
            window: Window { level: Level::FULL, x: 0, y: 0, width: cells(width), height: cells(height) },
            canvas: Rect::new(0, 0, width as i32, height as i32),
            paint: &picture,
            mask: None,
            change: None,
            hole: None,
            conditions: &[Condition::Prompt("")],
            noise: None,
        };
        let quality = Quality {
            tier: Tier::Live,
            sampler: None,
            steps: 1,
            strength: 1.0,
            guidance: defaults.guidance,
            paint_guidance: None,
            seed: 0,
            previews: Previews::Off,
        };
        self.render(&scene, &quality, &Policy::default(), cancel, &mut |_: Patch| Ok(())).map(drop)
    }
}
