//! What the worker keeps of a session from one job to the next.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::drift::{Drift, Pace};
use crate::error::Result;
use crate::grid::Window;
use crate::job::Job;
use crate::pixels::spread::Cover;
use crate::pixels::{Depth, Format, Picture, blank_picture, filled};
use crate::recent::Recent;
use crate::region::Rect;
use crate::render::Latent;

#[derive(Default)]
pub(crate) struct Memory {
    pub last: Option<Last>,
    pub made: Made,
    /// Where the hand was last: what is refined first.
    pub hand: Option<Rect>,
    /// How long the overview took when it was last rendered.
    pub pace: Option<Pace>,
    /// What was said of pictures ([`crate::job::Job::notes`]), by all settings and the mask.
    pub notes: Notes,
}

/// Those that were said last.
pub(crate) struct Notes(Recent<u128, Arc<[String]>>);

impl Default for Notes {
    fn default() -> Self {
        const KEPT: usize = 64;
        Notes(Recent::new(KEPT))
    }
}

impl Notes {
    /// What was said of a picture that is not made again is said again.
    pub fn recall(&mut self, key: u128, job: &Job) {
        let known = self.0.get(&key);
        known.iter().flat_map(|known| known.iter()).for_each(|sentence| job.note(sentence));
    }

    pub fn keep(&mut self, key: u128, job: &Job) {
        let said = job.notes.lock();
        if !said.is_empty() {
            self.0.put(key, said.as_slice().into());
        }
    }
}

/// The overview as it was seen and made last.
pub(crate) struct Last {
    /// Of all settings and the mask.
    pub key: u128,
    pub window: Window,
    /// The paint in the window, as of `revision`.
    pub paint: Picture,
    /// What of it is paper that must not be shown, where there is any.
    pub cover: Option<Cover>,
    pub revision: u64,
    /// The paint that the picture does not show yet.
    pub pending: Option<Rect>,
    /// What was made of it, where there is something.
    pub made: Option<(Picture, Latent)>,
    pub drift: Drift,
}

/// A finished window, at so many bits a channel as are worth keeping of it.
pub(crate) struct Stored {
    values: Values,
    height: usize,
    width: usize,
    pub latent: Option<Latent>,
}

enum Values {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

/// Bytes of a channel's value that a window is kept with: as many as the canvas has, so that what is kept of a large
/// canvas's tiles stays in proportion to it.
pub(crate) fn depth(format: Format) -> usize {
    if format.depth() == Depth::U8 { 1 } else { 2 }
}

impl Stored {
    /// `depth`: bytes of a value, 1 or 2.
    pub fn new(picture: &Picture, depth: usize, latent: Option<Latent>) -> Result<Stored> {
        let (_, height, width) = picture.dim();
        let scaled = |v: &f32, most: f32| (v.clamp(0.0, 1.0) * most).round();
        let values = match depth {
            1 => {
                let mut values = filled(picture.len(), 0u8)?;
                values.iter_mut().zip(picture).for_each(|(to, v)| *to = scaled(v, 255.0) as u8);
                Values::Bytes(values)
            }
            _ => {
                let mut values = filled(picture.len(), 0u16)?;
                values.iter_mut().zip(picture).for_each(|(to, v)| *to = scaled(v, 65535.0) as u16);
                Values::Words(values)
            }
        };
        Ok(Stored { values, height, width, latent })
    }

    pub fn picture(&self) -> Result<Picture> {
        let mut picture = blank_picture(self.height, self.width)?;
        let (height, width) = (self.height, self.width);
        for (at, mut row) in picture.rows_mut().into_iter().enumerate() {
            let own = self.row(at / height, at % height, 0..width);
            row.iter_mut().zip(own).for_each(|(to, v)| *to = v);
        }
        Ok(picture)
    }

    /// The values 0..1 of some columns of row `y` of a channel.
    pub fn row(&self, channel: usize, y: usize, columns: Range<usize>) -> impl Iterator<Item = f32> {
        let start = (channel * self.height + y) * self.width;
        let own = start + columns.start..start + columns.end;
        let (bytes, words) = match &self.values {
            Values::Bytes(values) => (&values[own], &[][..]),
            Values::Words(values) => (&[][..], &values[own]),
        };
        let words = words.iter().map(|v| f32::from(*v) / 65535.0);
        bytes.iter().map(|v| f32::from(*v) / 255.0).chain(words)
    }

    fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Bytes(values) => values.len(),
            Values::Words(values) => values.len() * size_of::<u16>(),
        };
        values + self.latent.as_ref().map_or(0, |l| l.len() * size_of::<f32>())
    }
}

/// Finished windows by what they were made from. Where there is no room, what was made of the same place before goes
/// first, then the one that was used longest ago.
#[derive(Default)]
pub(crate) struct Made {
    /// Least recently used first.
    entries: VecDeque<Entry>,
    bytes: usize,
}

struct Entry {
    key: u128,
    window: Window,
    stored: Arc<Stored>,
}

impl Made {
    pub fn get(&mut self, key: u128) -> Option<Arc<Stored>> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.remove(at)?;
        let stored = entry.stored.clone();
        self.entries.push_back(entry);
        Some(stored)
    }

    /// Forgets what was used longest ago, down to `most` bytes.
    pub fn shrink(&mut self, most: usize) {
        while self.bytes > most
            && let Some(gone) = self.entries.pop_front()
        {
            self.bytes -= gone.stored.bytes();
        }
    }

    /// Keeps `stored`, and of the others what fits into `most` bytes with it.
    pub fn put(&mut self, key: u128, window: Window, stored: Arc<Stored>, most: usize) {
        self.bytes += stored.bytes();
        while self.bytes > most && !self.entries.is_empty() {
            let earlier = self.entries.iter().position(|entry| entry.window == window);
            let Some(gone) = self.entries.remove(earlier.unwrap_or(0)) else { break };
            self.bytes -= gone.stored.bytes();
        }
        self.entries.push_back(Entry { key, window, stored });
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::grid::Level;

    fn put(made: &mut Made, key: u128, x: i64, most: usize) {
        let picture = Picture::from_elem((3, 4, 4), 0.5);
        let window = Window { level: Level::FULL, x, y: 0, width: 4, height: 4 };
        made.put(key, window, Arc::new(Stored::new(&picture, 2, None).unwrap()), most);
    }

    #[test]
    fn what_was_used_longest_ago_goes_when_there_is_no_room() {
        let mut made = Made::default();
        put(&mut made, 1, 1, 200);
        put(&mut made, 2, 2, 200);
        assert!(made.get(1).is_some());
        put(&mut made, 3, 3, 200);
        assert!(made.get(2).is_none() && made.get(1).is_some() && made.get(3).is_some());
        assert_eq!(made.get(1).unwrap().picture().unwrap(), Picture::from_elem((3, 4, 4), 32768.0 / 65535.0));
    }

    #[test]
    fn a_tile_that_is_made_anew_takes_the_place_of_what_it_was_and_of_no_other() {
        let mut made = Made::default();
        for key in 0..4 {
            put(&mut made, key, key as i64, 400);
        }
        for (round, x) in [2, 1, 2, 0, 3].into_iter().enumerate() {
            put(&mut made, 10 + round as u128, x, 400);
        }
        let left: Vec<u128> = (0..20).filter(|key| made.get(*key).is_some()).collect();
        assert_eq!(left, [11, 12, 13, 14], "one of each place");
        put(&mut made, 30, 9, 800);
        put(&mut made, 31, 9, 800);
        assert!(made.get(30).is_some(), "where there is room, an undo finds its picture");
    }

    #[test]
    fn a_picture_is_kept_as_deep_as_it_is_asked_for() {
        let picture = Array3::from_shape_fn((3, 2, 5), |(c, y, x)| (c * 10 + y * 5 + x) as f32 / 29.0);
        for (depth, most) in [(1, 255.0f32), (2, 65535.0)] {
            let stored = Stored::new(&picture, depth, None).unwrap();
            assert_eq!(stored.bytes(), 30 * depth);
            for (was, is) in picture.iter().zip(&stored.picture().unwrap()) {
                assert_eq!((was * most).round() / most, *is);
            }
            let row: Vec<f32> = stored.row(1, 1, 2..4).collect();
            assert_eq!(row, stored.picture().unwrap().slice(ndarray::s![1, 1, 2..4]).to_vec());
        }
    }
}
