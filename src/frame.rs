//! What a poll hands out: all of the picture that is newer than what the host has. Immutable, and it outlives the
//! session that it came from.

use std::time::Duration;

use crate::error::Result;
use crate::picture::Tiles;
use crate::pixels::Format;
use crate::region::Rect;
use crate::render::Phases;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// More is to come for this revision: an estimate after some of the steps, or a part of the picture.
    Preview,
    /// The whole picture is finished.
    Final,
}

/// How the newest patch was rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tier {
    /// While the hand moves: it comes close to the settled picture.
    #[default]
    Live,
    /// A function of pixels, settings, model and seed alone.
    Settled,
}

/// What the worker tells of a patch.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The session's revision when the job began. Never falls.
    pub revision: u64,
    pub kind: Kind,
    pub tier: Tier,
    /// Something newer was already waiting when the patch was laid.
    pub stale: bool,
    /// Steps that this patch saw, of the job's.
    pub step: u32,
    pub steps: u32,
    /// From the push (or change of settings) that made `revision` to the laying.
    pub since_push: Duration,
    /// From the moment the worker took the job to the laying.
    pub since_start: Duration,
    pub phases: Phases,
    /// Reading the paint and pasting the picture, outside the model.
    pub pixel_work: Duration,
}

pub struct Frame {
    /// Number of the newest patch, from 1, rising.
    pub seq: u64,
    /// The newest patch's.
    pub meta: Meta,
    /// Finished, and nothing newer was pushed or set when the frame was handed out.
    pub current: bool,
    /// What differs from the frame that the host has: no overlap, not empty.
    pub rects: Vec<Rect>,
    /// The rectangle around them.
    pub rect: Rect,
    /// What the whole picture covers: the canvas, or a mask and its surroundings. It is transparent elsewhere.
    pub covers: Rect,
    /// The whole picture, what the host has among it.
    pub tiles: Tiles,
    pub format: Format,
}

impl std::ops::Deref for Frame {
    type Target = Meta;
    fn deref(&self) -> &Meta {
        &self.meta
    }
}

impl Frame {
    pub fn canvas(&self) -> Rect {
        self.tiles.bounds()
    }

    /// The packed rows of [`Frame::rect`].
    pub fn pixels(&self) -> Result<Vec<u8>> {
        self.tiles.read(self.rect)
    }
}
