//! What the worker keeps of a session from one job to the next.

use std::collections::VecDeque;
use std::sync::Arc;

use ndarray::Array3;

use crate::error::{Error, Result, Status};
use crate::grid::Window;
use crate::pixels::spread::Cover;
use crate::pixels::{Picture, filled};
use crate::region::Rect;
use crate::render::Latent;

#[derive(Default)]
pub(crate) struct Memory {
    pub last: Option<Last>,
    pub made: Made,
    /// Where the hand was last: what is refined first.
    pub hand: Option<Rect>,
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
}

/// A finished window, at 16 bits a channel.
pub(crate) struct Stored {
    values: Vec<u16>,
    height: usize,
    width: usize,
    pub latent: Option<Latent>,
}

impl Stored {
    pub fn new(picture: &Picture, latent: Option<Latent>) -> Result<Stored> {
        let (_, height, width) = picture.dim();
        let mut values = filled(picture.len(), 0u16)?;
        for (to, v) in values.iter_mut().zip(picture) {
            *to = (v.clamp(0.0, 1.0) * 65535.0).round() as u16;
        }
        Ok(Stored { values, height, width, latent })
    }

    pub fn picture(&self) -> Result<Picture> {
        let mut values = filled(self.values.len(), 0.0f32)?;
        values.iter_mut().zip(&self.values).for_each(|(to, v)| *to = f32::from(*v) / 65535.0);
        Array3::from_shape_vec((3, self.height, self.width), values)
            .map_err(|e| Error::new(Status::Internal, e.to_string()))
    }

    /// The values of row `y` of a channel.
    pub fn row(&self, channel: usize, y: usize) -> &[u16] {
        &self.values[(channel * self.height + y) * self.width..][..self.width]
    }

    fn bytes(&self) -> usize {
        self.values.len() * size_of::<u16>() + self.latent.as_ref().map_or(0, |l| l.len() * size_of::<f32>())
    }
}

/// Finished windows by what they were made from. The one that was used longest ago goes first.
#[derive(Default)]
pub(crate) struct Made {
    /// Least recently used first.
    entries: VecDeque<(u128, Arc<Stored>)>,
    bytes: usize,
}

impl Made {
    pub fn get(&mut self, key: u128) -> Option<Arc<Stored>> {
        let at = self.entries.iter().position(|(k, _)| *k == key)?;
        let entry = self.entries.remove(at)?;
        let stored = entry.1.clone();
        self.entries.push_back(entry);
        Some(stored)
    }

    /// Keeps `stored`, and of the others what fits into `most` bytes with it.
    pub fn put(&mut self, key: u128, stored: Arc<Stored>, most: usize) {
        self.bytes += stored.bytes();
        self.entries.push_back((key, stored));
        while self.bytes > most && self.entries.len() > 1 {
            let Some((_, oldest)) = self.entries.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_when_there_is_no_room() {
        let picture = Picture::from_elem((3, 4, 4), 0.5);
        let mut made = Made::default();
        let put = |made: &mut Made, key| {
            made.put(key, Arc::new(Stored::new(&picture, None).unwrap()), 200);
        };
        put(&mut made, 1);
        put(&mut made, 2);
        assert!(made.get(1).is_some());
        put(&mut made, 3);
        assert!(made.get(2).is_none() && made.get(1).is_some() && made.get(3).is_some());
        assert_eq!(made.get(1).unwrap().picture().unwrap(), Picture::from_elem((3, 4, 4), 32768.0 / 65535.0));
    }
}
