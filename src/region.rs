//! Rectangle arithmetic on the canvas, and where a rectangle lands in the model's own picture.

use crate::error::{Error, Result, Status};
use crate::render::Geometry;

/// Largest canvas side, in pixels.
pub const MAX_SIDE: i32 = 16384;

/// A rectangle of pixels on the canvas; x to the right, y down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

    /// The smallest that holds them all; empty if there is none.
    pub fn around(rects: &[Rect]) -> Rect {
        let edges = |edge: fn(&Rect) -> i64| rects.iter().map(edge);
        let left = edges(|r| i64::from(r.x)).min().unwrap_or(0);
        let top = edges(|r| i64::from(r.y)).min().unwrap_or(0);
        let right = edges(|r| r.right()).max().unwrap_or(0);
        let bottom = edges(|r| r.bottom()).max().unwrap_or(0);
        Self::from_edges(left, top, right, bottom).unwrap_or_default()
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

/// How a rectangle of the canvas becomes the model's picture: scaled, then padded at the right and bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The rendered rectangle on the canvas (aligned, so it may be larger than what was asked for).
    pub rect: Rect,
    /// Its size after scaling, in the model's pixels.
    pub scaled: (usize, usize),
    /// The model's picture: `scaled` rounded up to what the model takes.
    pub padded: (usize, usize),
    /// The latent cell, (column, row) of the canvas-wide grid, at the top left.
    pub cell_origin: (i64, i64),
}

/// Places `area` of a canvas into a picture of about `resolution`² pixels (0: the model's native side).
///
/// Areas within a factor of 1.5 of that size keep the canvas's pixels; others are scaled, because a model shows
/// its best near the size it was trained on. The longer side stays below four times the resolution.
pub fn place(area: Rect, canvas: Rect, geometry: Geometry, resolution: u32) -> Placement {
    let target = f64::from(if resolution == 0 { geometry.native.max(1) } else { resolution });
    let cell = geometry.cell.max(1);
    let (w, h) = (f64::from(area.width), f64::from(area.height));
    let scale = match geometry.fixed {
        Some((fw, fh)) => (f64::from(fw) / w).min(f64::from(fh) / h),
        None => {
            let by_area = (target / (w * h).sqrt()).min(8.0);
            let near = if by_area > 1.0 / 1.5 && by_area < 1.5 { 1.0 } else { by_area };
            near.min(4.0 * target / w.max(h))
        }
    };
    // The origin is moved to the grid of latent cells, so that noise stays under its pixels.
    let step = (f64::from(cell) / scale).ceil().clamp(1.0, f64::from(MAX_SIDE)) as i32;
    let x = area.x.div_euclid(step) * step;
    let y = area.y.div_euclid(step) * step;
    let grown = Rect::new(x, y, area.width + (area.x - x), area.height + (area.y - y));
    let rect = grown.intersect(canvas).unwrap_or(area);
    let side = |pixels: i32, limit: Option<u32>| {
        let scaled = (f64::from(pixels) * scale).round().max(1.0) as usize;
        limit.map_or(scaled, |l| scaled.min(l as usize))
    };
    let scaled =
        (side(rect.width, geometry.fixed.map(|f| f.0)), side(rect.height, geometry.fixed.map(|f| f.1)));
    let multiple = geometry.multiple.max(1) as usize;
    let padded = match geometry.fixed {
        Some((fw, fh)) => (fw as usize, fh as usize),
        None => (scaled.0.next_multiple_of(multiple), scaled.1.next_multiple_of(multiple)),
    };
    let origin = |at: i32| (f64::from(at) * scale / f64::from(cell)).round() as i64;
    Placement { rect, scaled, padded, cell_origin: (origin(rect.x), origin(rect.y)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SD: Geometry = Geometry { native: 512, multiple: 64, cell: 8, fixed: None };

    fn placed(x: i32, y: i32, w: i32, h: i32, cw: i32, ch: i32) -> Placement {
        place(Rect::new(x, y, w, h), Rect::new(0, 0, cw, ch), SD, 0)
    }

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

    #[test]
    fn near_native_sizes_keep_their_pixels_and_are_padded() {
        let p = placed(0, 0, 600, 500, 600, 500);
        assert_eq!((p.scaled, p.padded, p.rect), ((600, 500), (640, 512), Rect::new(0, 0, 600, 500)));
    }

    #[test]
    fn large_and_small_canvases_are_scaled_to_the_native_area() {
        assert_eq!(placed(0, 0, 2048, 2048, 2048, 2048).padded, (512, 512));
        assert_eq!(placed(0, 0, 128, 128, 128, 128).padded, (512, 512));
        assert_eq!(placed(0, 0, 1, 1, 1, 1).padded, (64, 64));
        let strip = placed(0, 0, 16384, 1, 16384, 1);
        assert_eq!((strip.scaled, strip.padded), ((2048, 1), (2048, 64)));
    }

    #[test]
    fn the_origin_lies_on_the_cell_grid() {
        let p = placed(101, 77, 400, 400, 2000, 2000);
        assert_eq!((p.rect, p.cell_origin), (Rect::new(96, 72, 405, 405), (12, 9)));
        let q = placed(109, 85, 400, 400, 2000, 2000);
        assert_eq!(q.cell_origin, (13, 10));
    }

    #[test]
    fn fixed_sizes_hold_the_whole_area() {
        let geometry = Geometry { fixed: Some((512, 512)), ..SD };
        let canvas = Rect::new(0, 0, 1000, 300);
        let p = place(canvas, canvas, geometry, 0);
        assert_eq!((p.padded, p.scaled.0), ((512, 512), 512));
        assert!(p.scaled.1 <= 512);
    }
}
