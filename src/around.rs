//! What surrounds a change while it is rendered: how softly it is free, and how far the last step looks.

use std::ops::Range;

use ndarray::Array2;

use crate::grid::Window;
use crate::live::Work;
use crate::region::Rect;

impl Work<'_> {
    /// What the last step of `part` sees, where the model wants to see more then. On canvases that are larger than the
    /// model the focus follows, which looks closer instead.
    pub fn farther(&self, part: &Window, dirty: Rect, whole: &Window) -> Option<Window> {
        let context = self.info.defaults.context;
        if context == 0 || !self.refinements().is_empty() {
            return None;
        }
        let window = self.grid.window(part.level, dirty, self.grid.cells(context));
        (window != *part && window.contains(part) && whole.contains(&window)).then_some(window)
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
