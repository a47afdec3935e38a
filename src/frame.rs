//! One finished picture: immutable, and it outlives the session that it came from.

use std::time::Duration;

use crate::pixels::Format;
use crate::region::Rect;
use crate::render::Phases;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An estimate after some of the steps.
    Preview,
    /// All steps were run.
    Final,
}

pub struct Frame {
    /// Number of this frame in its session, from 1, rising.
    pub seq: u64,
    /// What the frame shows: the session's revision when its job began. Never falls.
    pub revision: u64,
    pub kind: Kind,
    /// Something newer was already waiting when this was published.
    pub stale: bool,
    /// Place on the canvas.
    pub rect: Rect,
    pub format: Format,
    /// `rect.height` packed rows, top first.
    pub pixels: Vec<u8>,
    /// Steps that this picture saw, of the job's.
    pub step: u32,
    pub steps: u32,
    /// From the push (or change of settings) that made `revision` to the publishing.
    pub since_push: Duration,
    /// From the moment the worker took the job to the publishing.
    pub since_start: Duration,
    pub phases: Phases,
    /// Reading the paint and pasting the picture, outside the model.
    pub pixel_work: Duration,
}

impl Frame {
    /// Bytes from one row to the next.
    pub fn stride(&self) -> usize {
        self.rect.width as usize * self.format.bytes_per_pixel()
    }
}
