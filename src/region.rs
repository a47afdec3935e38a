//! Rectangle arithmetic on the canvas.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Status};

/// Largest canvas side, in pixels.
pub const MAX_SIDE: i32 = 16384;

/// A rectangle of pixels on the canvas; x to the right, y down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Rect {
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Rect { x, y, width, height }
    }

    pub fn is_empty(self) -> bool {
        self.width <= 0 || self.height <= 0
    }

    /// One past the last column; cannot overflow.
    pub fn right(self) -> i64 {
        i64::from(self.x) + i64::from(self.width)
    }

    /// One past the last row; cannot overflow.
    pub fn bottom(self) -> i64 {
        i64::from(self.y) + i64::from(self.height)
    }

    pub fn contains(self, other: Rect) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The common part; `None` if there is none.
    pub fn intersect(self, other: Rect) -> Option<Rect> {
        Self::from_edges(
            i64::from(self.x.max(other.x)),
            i64::from(self.y.max(other.y)),
            self.right().min(other.right()),
            self.bottom().min(other.bottom()),
        )
    }

    /// Grown by `margin` pixels on each side and cut at `bounds`.
    pub fn inflate_within(self, margin: i32, bounds: Rect) -> Option<Rect> {
        let m = i64::from(margin);
        Self::from_edges(
            (i64::from(self.x) - m).max(i64::from(bounds.x)),
            (i64::from(self.y) - m).max(i64::from(bounds.y)),
            (self.right() + m).min(bounds.right()),
            (self.bottom() + m).min(bounds.bottom()),
        )
    }

    /// The smallest rectangle that holds both.
    pub fn union(self, other: Rect) -> Rect {
        Rect::around(&[self, other])
    }

    /// The smallest that holds them all; empty if there is none.
    pub fn around(rects: &[Rect]) -> Rect {
        let edges = |edge: fn(&Rect) -> i64| rects.iter().map(edge);
        let left = edges(|r| i64::from(r.x)).min().unwrap_or(0);
        let top = edges(|r| i64::from(r.y)).min().unwrap_or(0);
        let right = edges(|r| r.right()).max().unwrap_or(0);
        let bottom = edges(|r| r.bottom()).max().unwrap_or(0);
        Self::from_edges(left, top, right, bottom).unwrap_or_default()
    }

    pub fn area(self) -> u64 {
        self.width.max(0) as u64 * self.height.max(0) as u64
    }

    fn from_edges(left: i64, top: i64, right: i64, bottom: i64) -> Option<Rect> {
        let side = |a: i64, b: i64| i32::try_from(b - a).ok().filter(|s| *s > 0);
        Some(Rect {
            x: i32::try_from(left).ok()?,
            y: i32::try_from(top).ok()?,
            width: side(left, right)?,
            height: side(top, bottom)?,
        })
    }

    /// The whole of a canvas, checked: 1 ≤ sides ≤ [`MAX_SIDE`].
    pub fn canvas(width: i32, height: i32) -> Result<Rect> {
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The canvas is {width} × {height} pixels; sides from 1 to {MAX_SIDE} can be rendered."
                ),
            ));
        }
        Ok(Rect::new(0, 0, width, height))
    }

    /// Checks that this rectangle is not empty and lies on `canvas`.
    pub fn check_on(self, canvas: Rect, what: &str) -> Result<Rect> {
        if self.is_empty() || !canvas.contains(self) {
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The {what} (at {}, {}, size {} × {}) does not lie on the canvas of {} × {} pixels.",
                    self.x, self.y, self.width, self.height, canvas.width, canvas.height
                ),
            ));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_rectangles_do_not_overflow() {
        let far = Rect::new(i32::MAX, i32::MAX, i32::MAX, i32::MAX);
        assert_eq!(far.right(), 2 * i64::from(i32::MAX));
        let canvas = Rect::new(0, 0, 100, 100);
        assert_eq!(far.intersect(canvas), None);
        assert!(!canvas.contains(far));
        assert!(Rect::new(-5, 0, 10, 10).check_on(canvas, "image").is_err());
        assert!(Rect::new(0, 0, 0, 10).check_on(canvas, "image").is_err());
        assert!(Rect::new(i32::MIN, i32::MIN, i32::MAX, i32::MAX).intersect(canvas).is_none());
        assert!(
            Rect::canvas(0, 5).is_err() && Rect::canvas(16385, 5).is_err() && Rect::canvas(16384, 1).is_ok()
        );
    }
}
