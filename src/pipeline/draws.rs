//! Noise, in the order in which it is drawn.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array3, s};

use crate::error::{Error, Result};
use crate::grid::Window;
use crate::noise::{self, Fine};
use crate::recent::Recent;
use crate::render::Scene;

/// Cells a side of what is kept at once.
const BLOCK: i64 = 16;
/// Bytes that are kept at most; 64 × 64 cells of 62 channels are one MiB.
const ROOM: usize = 8 << 20;
/// Blocks that are kept at most: they are looked through one after the other.
const MOST: usize = 512;

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
    pub fn draw(
        &mut self,
        noise: &mut Noise,
        [channels, height, width]: [usize; 3],
        number: u32,
    ) -> Result<Vec<f32>> {
        let draw = self.next;
        self.next += 1;
        let Some(given) = self.scene.noise else {
            let window = Window { width, height, ..self.scene.window };
            return Ok(noise.window(self.seed, number, &window, channels));
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

/// Seeded noise. What was drawn is kept: a value costs some 18 ns, so a window of 64 × 64 cells of a model with 62 channels
/// 4.5 ms, each live picture anew.
pub struct Noise {
    /// Which of the model's channels go without what is broad.
    fine: Option<Fine>,
    channels: usize,
    kept: Recent<Place, Arc<Array3<f32>>>,
}

/// Seed, number of the draw, level, and column and row in blocks.
type Place = (u64, u32, i32, i64, i64);

impl Noise {
    pub fn new(fine: Option<Fine>) -> Noise {
        Noise { fine, channels: 0, kept: Recent::new(1) }
    }

    /// The noise of a window by seed and place, `[channels, height, width]`: draw 0 is what pictures start with.
    pub fn window(&mut self, seed: u64, number: u32, window: &Window, channels: usize) -> Vec<f32> {
        if channels != self.channels {
            let bytes = channels.max(1) * (BLOCK * BLOCK) as usize * size_of::<f32>();
            *self = Noise { channels, fine: self.fine, kept: Recent::new((ROOM / bytes).clamp(1, MOST)) };
        }
        let &Window { level, x, y, width, height } = window;
        let (right, bottom) = (x + width as i64, y + height as i64);
        let within =
            |cells: &Range<i64>, from: i64| (cells.start - from) as usize..(cells.end - from) as usize;
        let mut all = Array3::zeros((channels, height, width));
        for row in y.div_euclid(BLOCK)..=(bottom - 1).div_euclid(BLOCK) {
            for column in x.div_euclid(BLOCK)..=(right - 1).div_euclid(BLOCK) {
                let block = self.block((seed, number, level.0, column, row));
                // Of the block's cells those in the window.
                let (left, top) = (column * BLOCK, row * BLOCK);
                let (across, down) =
                    (left.max(x)..(left + BLOCK).min(right), top.max(y)..(top + BLOCK).min(bottom));
                let part = block.slice(s![.., within(&down, top), within(&across, left)]);
                all.slice_mut(s![.., within(&down, y), within(&across, x)]).assign(&part);
            }
        }
        all.into_raw_vec_and_offset().0
    }

    fn block(&mut self, place: Place) -> Arc<Array3<f32>> {
        if let Some(block) = self.kept.get(&place) {
            return block;
        }
        let (seed, number, level, column, row) = place;
        let (origin, side) = ((column * BLOCK, row * BLOCK), BLOCK as usize);
        let block = match self.fine {
            Some(fine) => fine.normal(seed, number, level, origin, self.channels, side, side),
            None => noise::normal(seed, number, level, origin, self.channels, side, side),
        };
        let block = Arc::new(block);
        self.kept.put(place, block.clone());
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Level;

    #[test]
    fn what_is_kept_is_what_is_drawn_wherever_a_window_lies() {
        let mut noise = Noise::new(None);
        // Blocks that are known, in part, and not, left of and above the canvas too; another seed, draw, level, model.
        let windows = [(0, 0, 64, 48), (8, 4, 40, 40), (-24, -3, 33, 17), (60, 40, 1, 70), (5, 5, 0, 8)];
        let draws = [(7, 0, 0, 62), (7, 0, 0, 62), (8, 0, 0, 62), (7, 1, 0, 62), (7, 0, 3, 62), (7, 0, 0, 4)];
        for (seed, number, level, channels) in draws {
            for (x, y, width, height) in windows {
                let window = Window { level: Level(level), x, y, width, height };
                let drawn = noise::normal(seed, number, level, (x, y), channels, height, width);
                assert_eq!(
                    noise.window(seed, number, &window, channels),
                    drawn.into_raw_vec_and_offset().0,
                    "{seed} {number} {window:?} {channels}"
                );
            }
        }
    }

    #[test]
    fn fine_noise_is_the_same_wherever_a_window_begins() {
        let fine = Fine { channels: 3, radius: 2 };
        let mut noise = Noise::new(Some(fine));
        let window = Window { level: Level(2), x: -5, y: 11, width: 40, height: 24 };
        let drawn = fine.normal(7, 0, 2, (-5, 11), 62, 24, 40).into_raw_vec_and_offset().0;
        let apart = noise.window(7, 0, &window, 62).into_iter().zip(drawn).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-6);
    }
}
