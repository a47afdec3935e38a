//! Noise, in the order in which it is drawn.

use crate::error::{Error, Result};
use crate::grid::Window;
use crate::noise;
use crate::render::Scene;

/// The noise of one job: given, or by seed and place on the canvas.
pub struct Draws<'a> {
    scene: &'a Scene<'a>,
    seed: u64,
    next: u32,
}

impl<'a> Draws<'a> {
    pub fn new(scene: &'a Scene<'a>, seed: u64) -> Draws<'a> {
        Draws { scene, seed, next: 0 }
    }

    /// The next draw: first the one that the picture starts with, then one per step that wants one. Seeded noise is
    /// that of `number`: 0 for the start, then 1 + the step of the whole schedule.
    ///
    /// # Errors
    /// [`Status::Setting`] if noise is given, and it has another shape or too few draws.
    pub fn draw(&mut self, [channels, height, width]: [usize; 3], number: u32) -> Result<Vec<f32>> {
        let draw = self.next;
        self.next += 1;
        let Some(given) = self.scene.noise else {
            let window = Window { width, height, ..self.scene.window };
            return Ok(seeded(self.seed, number, &window, channels));
        };
        let (draws, c, h, w) = given.dim();
        if (c, h, w) != (channels, height, width) {
            return Err(Error::setting(format!(
                "The given noise has the shape [{draws}, {c}, {h}, {w}] and must be [draws, {channels}, \
                 {height}, {width}]; make it again for this picture."
            )));
        }
        if draw as usize >= draws {
            return Err(Error::setting(format!(
                "The given noise has {draws} draws and this job needs more; give one more per step."
            )));
        }
        Ok(given.index_axis(ndarray::Axis(0), draw as usize).iter().copied().collect())
    }
}

/// The noise of a window by seed and place: draw 0 is what pictures start with.
pub fn seeded(seed: u64, number: u32, window: &Window, channels: usize) -> Vec<f32> {
    let &Window { level, x, y, width, height } = window;
    noise::normal(seed, number, level.0, (x, y), channels, height, width).into_raw_vec_and_offset().0
}
