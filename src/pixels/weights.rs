//! A mask's blend weights, kept from one patch to the next.

use std::sync::Arc;

use super::mask::Mask;
use super::snapshot::TILE;
use super::{filled, no_room};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::region::Rect;

/// What 1.0 is kept as.
const WHOLE: u16 = u16::MAX;

/// The blend weights of one mask under one softness ([`Mask::weights`]), at 16 bits, worked out where they are asked for
/// first. Only tiles along the mask's edge take room: most have one weight everywhere.
pub struct Weights {
    mask: Arc<Mask>,
    softness: u32,
    /// What there is: the mask's bounds, out to whole tiles or the canvas's edge.
    area: Rect,
    across: usize,
    /// Rows of tiles that are worked out together, because each look reaches beyond them by the softness.
    together: usize,
    /// Row by row; empty where nothing is known yet.
    rows: Vec<Vec<Tile>>,
}

#[derive(Clone)]
enum Tile {
    /// One weight.
    Even(u16),
    /// Packed rows, cut at the canvas.
    Uneven(Arc<[u16]>),
}

impl Weights {
    /// `None` for a mask that covers nothing.
    ///
    /// # Errors
    /// [`crate::error::Status::Memory`].
    pub fn new(mask: Arc<Mask>, softness: u32) -> Result<Option<Weights>> {
        let Some(bounds) = mask.bounds() else { return Ok(None) };
        let tile = TILE as i32;
        let (left, top) = (bounds.x / tile * tile, bounds.y / tile * tile);
        let out = |at: i64, side: i32| ((at as i32 + tile - 1) / tile * tile).min(side);
        let right = out(bounds.right(), mask.canvas().width);
        let bottom = out(bounds.bottom(), mask.canvas().height);
        let area = Rect::new(left, top, right - left, bottom - top);
        let tiles = |side: i32| (side as usize).div_ceil(TILE);
        let mut rows = Vec::new();
        rows.try_reserve_exact(tiles(area.height)).map_err(|_| no_room(tiles(area.height)))?;
        rows.resize(tiles(area.height), Vec::new());
        let together = (softness as usize).div_ceil(TILE).max(4);
        Ok(Some(Weights { mask, softness, area, across: tiles(area.width), together, rows }))
    }

    /// Whether these are that mask's.
    pub fn fit(&self, mask: &Mask, softness: u32) -> bool {
        self.softness == softness && *self.mask == *mask
    }

    /// The weights 0..1 of the pixels of `rect`, row after row.
    ///
    /// # Errors
    /// [`crate::error::Status::Cancelled`] between two rows, [`crate::error::Status::Memory`].
    pub fn of(&mut self, rect: Rect, cancel: &Cancel) -> Result<Vec<f32>> {
        let width = rect.width as usize;
        let mut weights = filled(width * rect.height as usize, 0.0)?;
        let Some(part) = rect.intersect(self.area) else { return Ok(weights) };
        let numbers = |from: i32, to: i64| from as usize / TILE..(to as usize).div_ceil(TILE);
        for row in numbers(part.y - self.area.y, part.bottom() - i64::from(self.area.y)) {
            if self.rows[row].is_empty() {
                self.work_out(row / self.together * self.together, cancel)?;
            }
            for column in numbers(part.x - self.area.x, part.right() - i64::from(self.area.x)) {
                let place = self.place(column, row);
                let Some(common) = place.intersect(part) else { continue };
                for y in common.y..common.y + common.height {
                    let to = (y - rect.y) as usize * width + (common.x - rect.x) as usize;
                    let to = &mut weights[to..to + common.width as usize];
                    match &self.rows[row][column] {
                        Tile::Even(0) => {}
                        Tile::Even(weight) => to.fill(whole(*weight)),
                        Tile::Uneven(values) => {
                            let from = (y - place.y) * place.width + common.x - place.x;
                            let from = &values[from as usize..];
                            to.iter_mut().zip(from).for_each(|(to, weight)| *to = whole(*weight));
                        }
                    }
                }
            }
        }
        Ok(weights)
    }

    fn place(&self, column: usize, row: usize) -> Rect {
        let side = |at: usize, whole: i32| (whole - (at * TILE) as i32).min(TILE as i32);
        let (x, y) = (self.area.x + (column * TILE) as i32, self.area.y + (row * TILE) as i32);
        Rect::new(x, y, side(column, self.area.width), side(row, self.area.height))
    }

    fn work_out(&mut self, first: usize, cancel: &Cancel) -> Result<()> {
        let last = (first + self.together).min(self.rows.len());
        let (top, bottom) = (self.place(0, first), self.place(0, last - 1));
        let rect = Rect::new(top.x, top.y, self.area.width, bottom.y + bottom.height - top.y);
        let weights = self.mask.weights(rect, self.softness, cancel)?;
        for row in first..last {
            let mut tiles = Vec::new();
            tiles.try_reserve_exact(self.across).map_err(|_| no_room(self.across))?;
            for column in 0..self.across {
                let place = self.place(column, row);
                let line = |y: i32| {
                    let start = (y - rect.y) as usize * rect.width as usize + (place.x - rect.x) as usize;
                    &weights[start..start + place.width as usize]
                };
                let mut values = filled((place.width * place.height) as usize, 0u16)?;
                for (to, y) in values.chunks_exact_mut(place.width as usize).zip(place.y..) {
                    to.iter_mut().zip(line(y)).for_each(|(to, v)| *to = kept(*v));
                }
                let even = values.iter().all(|value| *value == values[0]);
                tiles.push(if even { Tile::Even(values[0]) } else { Tile::Uneven(values.into()) });
            }
            self.rows[row] = tiles;
        }
        Ok(())
    }
}

/// What is above 0 stays above: the host's bytes are shown where the mask is 0, and nowhere else.
fn kept(weight: f32) -> u16 {
    let value = (weight * f32::from(WHOLE)).round() as u16;
    if weight > 0.0 { value.max(1) } else { 0 }
}

fn whole(weight: u16) -> f32 {
    f32::from(weight) / f32::from(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;
    use crate::pixels::mask::Coverage;

    fn round(canvas: Rect, rect: Rect) -> Arc<Mask> {
        let bytes: Vec<u8> = (0..rect.area() as i32)
            .map(|at| {
                let (x, y) = (at % rect.width - rect.width / 2, at / rect.width - rect.height / 2);
                (rect.width * rect.width / 4 - x * x - y * y).clamp(0, 255) as u8
            })
            .collect();
        Arc::new(Mask::new(canvas, Coverage::new(rect, rect.width as usize, &bytes)).unwrap())
    }

    #[test]
    fn what_is_kept_is_what_the_mask_says_wherever_it_is_asked_for() {
        let canvas = Rect::new(0, 0, 500, 431);
        let cancel = Cancel::new();
        for (rect, softness) in
            [(canvas, 0), (Rect::new(70, 30, 401, 380), 8), (Rect::new(130, 66, 9, 9), 300)]
        {
            let mask = round(canvas, rect);
            let mut weights = Weights::new(mask.clone(), softness).unwrap().unwrap();
            for asked in
                [Rect::new(200, 180, 90, 3), Rect::new(0, 0, 64, 64), Rect::new(3, 60, 490, 370), canvas]
            {
                let (own, told) =
                    (mask.weights(asked, softness, &cancel).unwrap(), weights.of(asked, &cancel));
                for (own, told) in own.into_iter().zip(told.unwrap()) {
                    assert!((own - told).abs() <= 1.0 / 65535.0 && (own > 0.0) == (told > 0.0));
                    assert!((own >= 1.0) == (told >= 1.0), "{own} {told}");
                }
            }
        }
    }

    #[test]
    fn a_known_part_is_not_worked_out_again_and_a_cancelled_one_is_not_known() {
        let canvas = Rect::new(0, 0, 640, 2000);
        let mask = round(canvas, canvas);
        let mut weights = Weights::new(mask.clone(), 8).unwrap().unwrap();
        let cancel = Cancel::new();
        weights.of(Rect::new(0, 700, 10, 10), &cancel).unwrap();
        let known = |weights: &Weights| weights.rows.iter().filter(|row| !row.is_empty()).count();
        assert_eq!(known(&weights), 4, "what lies far from it is left alone");
        cancel.cancel();
        // Whoever is cancelled finds nothing to do in what is known.
        assert!(weights.of(Rect::new(0, 660, 640, 200), &cancel).is_ok());
        assert_eq!(
            weights.of(Rect::new(0, 1000, 10, 10), &cancel).err().map(|error| error.status),
            Some(Status::Cancelled)
        );
        assert_eq!(known(&weights), 4);
        assert!(weights.fit(&mask, 8) && !weights.fit(&mask, 9));
        assert!(weights.fit(&round(canvas, canvas), 8), "an equal mask is the same");
    }

    #[test]
    fn the_inside_and_the_outside_take_no_room() {
        let canvas = Rect::new(0, 0, 1024, 1024);
        let bytes = vec![255; 1 << 20];
        let mask = Mask::new(canvas, Coverage::new(Rect::new(10, 10, 1000, 1000), 1000, &bytes)).unwrap();
        let mut weights = Weights::new(Arc::new(mask), 8).unwrap().unwrap();
        weights.of(canvas, &Cancel::new()).unwrap();
        let uneven = weights.rows.iter().flatten().filter(|tile| matches!(tile, Tile::Uneven(_)));
        assert_eq!(uneven.count(), 60, "the border's tiles alone");
        assert!(matches!(weights.rows[8][8], Tile::Even(WHOLE)));
    }
}
