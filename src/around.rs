//! What surrounds a change while it is rendered: how softly it is free, and how far the last step looks.

use std::ops::Range;

use ndarray::Array2;

use crate::conditions::Steer;
use crate::grid::Window;
use crate::live::{CONTEXT, LEAST_CONTEXT};
use crate::region::Rect;
use crate::render::Tier;
use crate::work::Work;

/// Cells around a change that steps see before one that looks farther: they find out what is to be there.
const NEAR: usize = 2;
/// Of half of what the whole costs, what all steps may see together: what is shown is then 33 dB from what settles at least, and
/// there sooner (docs/quality.md).
const SHARE: f64 = 0.75;

impl Work<'_> {
    /// Whether the model wants its last step to see more than the others. On canvases that are larger than the model the focus
    /// follows, which looks closer instead; and what steers by the window's cells says nothing of what lies around it.
    fn looks_farther(&self) -> bool {
        let told_by_place = self.job.steering.iter().any(Steer::is_of_canvas);
        self.info.defaults.context > 0 && self.refinements().is_empty() && !told_by_place && !self.inpaints
    }

    /// Cells around a change that are rendered with it.
    pub fn context(&self) -> usize {
        if self.looks_farther() { NEAR } else { self.grid.cells(CONTEXT).max(LEAST_CONTEXT) }
    }

    /// What the last step of `part` sees, where the model wants to see more then: as far around as the model asks for, and
    /// farther, nearest side first, while all steps together see less than three eighths of what they would see of the whole.
    pub fn farther(&self, part: &Window, dirty: Rect, whole: &Window) -> Option<Window> {
        if !self.looks_farther() {
            return None;
        }
        let context = self.grid.cells(self.info.defaults.context);
        let least = self.grid.window(part.level, dirty, context);
        if !whole.contains(&least) {
            return None;
        }
        let touched = self.grid.touched(part.level, dirty);
        // What surrounds a small change farther than that says little of it.
        let longest = touched.iter().map(|range| range.end - range.start).max().unwrap_or(0);
        let enough = (context as i64).max(longest * 5 / 4);
        let steps = f64::from(self.steps(Tier::Live));
        let all = SHARE * steps / 2.0 * whole.cells() as f64 - (steps - 1.0) * part.cells() as f64;
        let nearest = |window: &Window| distances(&touched, window, whole).into_iter().min();
        let affords = |window: &Window| window.cells() as f64 <= all;
        let multiple = self.grid.multiple() as i64;
        let mut window = (1..=enough)
            .rev()
            .map(|distance| grown(&touched, distance, whole, multiple))
            .find(|window| affords(window) && nearest(window) >= nearest(&least))
            .unwrap_or(least);
        while let Some(wider) = widened(&window, &touched, whole, multiple, enough).find(affords) {
            window = wider;
        }
        (window != *part && window.contains(part)).then_some(window)
    }

    /// By cell: 1 on what changed and one cell around it, half on the next.
    pub fn softened(&self, part: &Window, dirty: Rect) -> Array2<f32> {
        let [columns, rows] = self.grid.touched(part.level, dirty);
        let away = |at: i64, range: &Range<i64>| (range.start - at).max(at - (range.end - 1)).max(0);
        Array2::from_shape_fn((part.height, part.width), |(y, x)| {
            match away(part.x + x as i64, &columns).max(away(part.y + y as i64, &rows)) {
                0 | 1 => 1.0,
                2 => 0.5,
                _ => 0.0,
            }
        })
    }
}

/// The smallest window of multiples in `whole` that shows so many cells around what changed.
fn grown([columns, rows]: &[Range<i64>; 2], distance: i64, whole: &Window, multiple: i64) -> Window {
    let axis = |changed: &Range<i64>, begin: i64, length: usize| {
        let end = begin + length as i64;
        let from = begin + (changed.start - distance - begin).max(0) / multiple * multiple;
        let to = begin + (changed.end + distance - begin + multiple - 1) / multiple * multiple;
        (from, (to.min(end) - from).max(0) as usize)
    };
    let (x, width) = axis(columns, whole.x, whole.width);
    let (y, height) = axis(rows, whole.y, whole.height);
    Window { level: whole.level, x, y, width, height }
}

/// Cells from what changed to each side of `window`: left, right, above, below; where the whole ends, there is no end.
fn distances([columns, rows]: &[Range<i64>; 2], window: &Window, whole: &Window) -> [i64; 4] {
    let ends = |window: &Window| {
        let (right, bottom) = (window.x + window.width as i64, window.y + window.height as i64);
        [window.x, right, window.y, bottom]
    };
    let (own, all) = (ends(window), ends(whole));
    let [left, right, top, bottom] = own;
    let far = [columns.start - left, right - columns.end, rows.start - top, bottom - rows.end];
    std::array::from_fn(|side| if own[side] == all[side] { i64::MAX } else { far[side] })
}

/// `window` with a multiple more on one of its sides: first on that which is nearest to what changed, not on those that are
/// far enough from it.
fn widened(
    window: &Window,
    touched: &[Range<i64>; 2],
    whole: &Window,
    multiple: i64,
    enough: i64,
) -> impl Iterator<Item = Window> + use<> {
    let wide = Window { width: window.width + multiple as usize, ..*window };
    let high = Window { height: window.height + multiple as usize, ..*window };
    let left = Window { x: window.x - multiple, ..wide };
    let above = Window { y: window.y - multiple, ..high };
    let mut sides: Vec<_> =
        distances(touched, window, whole).into_iter().zip([left, wide, above, high]).collect();
    sides.sort_by_key(|(distance, _)| *distance);
    sides.into_iter().filter(move |(distance, _)| *distance < enough).map(|(_, wider)| wider)
}
