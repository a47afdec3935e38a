//! What a picture is made of, counted by tile in whole numbers: the count of the whole is the same whatever way it was painted,
//! and a change costs its own tiles.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Ink;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::read;
use crate::pixels::snapshot::Snapshot;

pub(super) const VALUES: usize = 256;

/// By channel: how much paint has each value (8 bits, sRGB-encoded); a pixel counts by its alpha, 0..255.
type Values = [[u64; VALUES]; 3];

/// Of a picture or a part of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Tally {
    pub(super) values: Box<Values>,
    pub(super) pixels: u64,
    /// The sum of alphas, 0..255 each.
    pub(super) cover: u64,
    /// The same of tiles that are opaque all over.
    pub(super) solid: u64,
}

impl Tally {
    fn nothing() -> Tally {
        Tally { values: Box::new([[0; VALUES]; 3]), pixels: 0, cover: 0, solid: 0 }
    }

    /// Of all of a picture; where `earlier` is what was counted of one of the same size, from what has changed since.
    ///
    /// # Errors
    /// [`crate::error::Status::Cancelled`].
    pub fn of(pixels: &Snapshot, earlier: Option<(&Snapshot, &Tally)>, cancel: &Cancel) -> Result<Tally> {
        let earlier = earlier
            .filter(|(before, _)| before.bounds() == pixels.bounds() && before.coding() == pixels.coding());
        let mut sum = earlier.map_or_else(Tally::nothing, |(_, tally)| tally.clone());
        // Tiles that nothing was painted on are one tile.
        let mut last: Option<(usize, Tally)> = None;
        for tile in 0..pixels.tile_count() {
            cancel.check()?;
            if let Some((before, _)) = earlier {
                if before.shares_tile(pixels, tile) {
                    continue;
                }
                sum.change(&Tally::of_tile(before, tile), |sum, part| *sum -= part);
            }
            if !last.as_ref().is_some_and(|(known, _)| pixels.same_tiles(*known, tile)) {
                last = Some((tile, Tally::of_tile(pixels, tile)));
            }
            if let Some((_, part)) = &last {
                sum.change(part, |sum, part| *sum += part);
            }
        }
        Ok(sum)
    }

    fn change(&mut self, part: &Tally, with: impl Fn(&mut u64, u64)) {
        let all = self.values.iter_mut().flatten().zip(part.values.iter().flatten());
        all.for_each(|(sum, part)| with(sum, *part));
        with(&mut self.pixels, part.pixels);
        with(&mut self.cover, part.cover);
        with(&mut self.solid, part.solid);
    }

    fn of_tile(pixels: &Snapshot, tile: usize) -> Tally {
        let (rect, mut tally) = (pixels.tile_rect(tile), Tally::nothing());
        let width = rect.width as usize;
        let mut planes = vec![0.0; 4 * width];
        for y in rect.y..rect.y + rect.height {
            read::straight(pixels, pixels.in_tile(tile, y, rect.x, rect.width), &mut planes);
            let (colours, alphas) = planes.split_at(3 * width);
            for (x, alpha) in alphas.iter().enumerate() {
                let alpha = u64::from(eight(*alpha));
                tally.cover += alpha;
                for (values, plane) in tally.values.iter_mut().zip(colours.chunks_exact(width)) {
                    values[usize::from(eight(plane[x]))] += alpha;
                }
            }
        }
        tally.pixels = width as u64 * rect.height as u64;
        let opaque = tally.cover == tally.pixels * 255;
        tally.solid = if opaque { tally.cover } else { 0 };
        tally
    }

    /// The value in the middle of a channel's.
    pub(super) fn median(&self, channel: usize) -> usize {
        let mut below = 0;
        let reaches_half = |amount: &u64| {
            below += amount;
            2 * below >= self.cover
        };
        self.values[channel].iter().position(reaches_half).unwrap_or(0)
    }

    /// How much of a channel's paint is more than `apart` from `value`.
    pub(super) fn beyond(&self, channel: usize, value: usize, apart: usize) -> u64 {
        let values = self.values[channel].iter().enumerate();
        values.filter(|(at, _)| at.abs_diff(value) > apart).map(|(_, amount)| amount).sum()
    }
}

fn eight(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8
}

/// A picture, what it is made of, and what of it is ink.
struct Count {
    pixels: Snapshot,
    tally: Tally,
    ink: Ink,
}

/// What of a picture is ink, found out when it is asked for, from what was counted of the picture before.
#[derive(Default)]
pub(crate) struct Counted(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Of the last picture before it that it was asked for.
    earlier: Option<Arc<Count>>,
    own: Option<Arc<Count>>,
}

impl Counted {
    /// For the picture that comes after.
    pub fn next(&self) -> Counted {
        let counts = self.0.lock();
        let earlier = counts.own.clone().or_else(|| counts.earlier.clone());
        Counted(Mutex::new(Counts { earlier, own: None }))
    }

    /// `pixels` is its picture. Nobody waits for the counting.
    ///
    /// # Errors
    /// As [`Tally::of`].
    pub fn ink(&self, pixels: &Snapshot, cancel: &Cancel) -> Result<Ink> {
        let earlier = {
            let counts = self.0.lock();
            if let Some(own) = &counts.own {
                return Ok(own.ink);
            }
            counts.earlier.clone()
        };
        let tally = Tally::of(pixels, earlier.as_ref().map(|count| (&count.pixels, &count.tally)), cancel)?;
        let ink = Ink::of(&tally);
        let own = Some(Arc::new(Count { pixels: pixels.clone(), tally, ink }));
        *self.0.lock() = Counts { earlier: None, own };
        Ok(ink)
    }

    /// If it was asked for.
    pub fn known(&self) -> Option<Ink> {
        self.0.lock().own.as_ref().map(|own| own.ink)
    }
}
