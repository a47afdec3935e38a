//! Ranges of columns and rows, of cells and of a level's pixels: scaled, cut to others, told from where others begin.

use std::ops::Range;

use ndarray::{Array2, s};

use crate::pixels::Picture;
use crate::region::Rect;

/// The pixels `part` of a picture that shows the pixels `whole`.
pub(crate) fn cut(picture: &Picture, part: &[Range<i64>; 2], whole: &[Range<i64>; 2]) -> Picture {
    let [columns, rows] = offset(part, whole);
    picture.slice(s![.., rows, columns]).as_standard_layout().into_owned()
}

/// Which columns (or rows) have cells of more than `above`, and `margin` cells around them.
pub(crate) fn fresh(free: &Array2<f32>, above: f32, margin: usize, columns: bool) -> Range<usize> {
    let (height, width) = free.dim();
    let along = if columns { width } else { height };
    let is_free = |at: &usize| {
        let line = if columns { free.column(*at) } else { free.row(*at) };
        line.iter().any(|v| *v > above)
    };
    let first = (0..along).find(is_free).unwrap_or(0);
    let last = (0..along).rfind(is_free).unwrap_or(0);
    first.saturating_sub(margin)..(last + 1 + margin).min(along)
}

/// The pixels of a level that a rectangle of the canvas touches; beyond the canvas its edge goes on.
pub(crate) fn scaled(rect: Rect, scale: f64, bounds: Rect, whole: &[Range<i64>; 2]) -> [Range<i64>; 2] {
    let from = |at: i32| (f64::from(at) * scale).floor() as i64;
    let to = |at: i64, end: i64, beyond: i64| {
        if at >= end { beyond } else { (at as f64 * scale).ceil() as i64 }
    };
    [
        from(rect.x)..to(rect.right(), bounds.right(), whole[0].end),
        from(rect.y)..to(rect.bottom(), bounds.bottom(), whole[1].end),
    ]
}

pub(crate) fn within(part: [Range<i64>; 2], whole: &[Range<i64>; 2]) -> [Range<i64>; 2] {
    let cut = |axis: usize| {
        let start = part[axis].start.clamp(whole[axis].start, whole[axis].end - 1);
        start..part[axis].end.clamp(start + 1, whole[axis].end)
    };
    [cut(0), cut(1)]
}

pub(crate) fn offset(part: &[Range<i64>; 2], whole: &[Range<i64>; 2]) -> [Range<usize>; 2] {
    [0, 1].map(|axis| {
        (part[axis].start - whole[axis].start) as usize..(part[axis].end - whole[axis].start) as usize
    })
}

/// Values by cell as values by pixel, going over from one cell's middle to the next one's.
pub(crate) fn smooth(cells: &Array2<f32>, cell: usize) -> Array2<f32> {
    let (height, width) = cells.dim();
    let near = |at: usize, count: usize| {
        let place = ((at as f32 + 0.5) / cell as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let first = place as usize;
        (first, (first + 1).min(count - 1), place - first as f32)
    };
    Array2::from_shape_fn((height * cell, width * cell), |(y, x)| {
        let ((top, bottom, down), (left, right, across)) = (near(y, height), near(x, width));
        let row = |y: usize| cells[(y, left)] + (cells[(y, right)] - cells[(y, left)]) * across;
        row(top) + (row(bottom) - row(top)) * down
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_go_over_from_cell_to_cell_and_stay_at_the_edges() {
        let weights = smooth(&ndarray::arr2(&[[0.0, 1.0]]), 4);
        let row: Vec<f32> = weights.row(2).to_vec();
        assert_eq!(row, [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0]);
        assert_eq!(weights.dim(), (4, 8));
    }
}
