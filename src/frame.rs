//! What a poll hands out: all of the picture that is newer than what the host has. Immutable, and it outlives the
//! session that it came from.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::overview::Overview;
use crate::picture::Newer;
use crate::pixels::Format;
use crate::region::Rect;
use crate::render::{Phases, Tier};
use crate::tiles::Tiles;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// More is to come for this revision: an estimate after some of the steps, or a part of the picture.
    Preview,
    /// The whole picture is finished.
    Final,
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
    /// The same in the model's own pixels, where the settings ask for it and the model made it.
    pub overview: Option<Arc<Overview>>,
    /// What the picture does not show of what was asked for, in sentences; empty where there is nothing to say.
    pub note: Arc<str>,
}

pub struct Frame {
    /// Number of the newest patch, from 1, rising.
    pub seq: u64,
    /// The newest patch's.
    pub meta: Meta,
    /// Finished, and nothing newer was pushed or set when the frame was handed out.
    pub current: bool,
    /// What differs from the frame that the host has, without overlap; none where a picture was finished that the
    /// host has already.
    pub rects: Vec<Rect>,
    /// The rectangle around them.
    pub rect: Rect,
    /// What the whole picture covers: the canvas, or the rectangle around a mask. It is transparent elsewhere.
    pub covers: Rect,
    /// The whole picture, what the host has among it.
    pub tiles: Tiles,
}

impl std::ops::Deref for Frame {
    type Target = Meta;
    fn deref(&self) -> &Meta {
        &self.meta
    }
}

impl Frame {
    pub(crate) fn new(newer: Newer<Meta>, current: bool) -> Frame {
        let Newer { seq, covers, rects, tiles, told } = newer;
        Frame { seq, meta: told, current, rect: Rect::around(&rects), rects, covers, tiles }
    }

    pub fn format(&self) -> Format {
        self.tiles.format()
    }

    pub fn canvas(&self) -> Rect {
        self.tiles.bounds()
    }

    /// The packed rows of [`Frame::rect`].
    pub fn pixels(&self) -> Result<Vec<u8>> {
        self.tiles.read(self.rect)
    }
}
