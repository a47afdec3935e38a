//! A picture that steers, as jobs see it.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::canvas::Canvas;
use crate::desk::fresh_number;
use crate::error::Result;
use crate::grid::Window;
use crate::pixels::snapshot::Snapshot;
use crate::pixels::{Picture, read};
use crate::prepare::{self, Counted, Ink, Prepare};
use crate::recent::Recent;
use crate::region::Rect;
use crate::render::Reference as Referred;

/// Pixels of a reference picture that are looked at: twice as wide and high as what models are shown.
const MOST_SEEN: f64 = 2048.0 * 2048.0;

/// Pixels of a control picture that a network makes something of: twice what such networks are shown.
const MOST_ANNOTATED: f64 = 1024.0 * 1024.0;

/// What all of a picture is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Reference,
    Annotated,
}

/// A picture as it was at one moment, and the windows that were read of it.
pub struct Shown {
    pixels: Snapshot,
    /// No other picture has it.
    version: u64,
    windows: Mutex<Recent<(Window, Prepare), Arc<Picture>>>,
    /// What of a drawing is ink.
    counted: Counted,
    /// All of it, and its [`Referred::key`].
    whole: Mutex<Option<(Whole, Arc<Picture>, u128)>>,
}

impl Shown {
    /// Windows that are kept: the overview, the one around the hand, two of finer levels.
    const KEPT: usize = 4;

    /// `before` is the picture that a change has made this one of.
    pub fn new(canvas: &Canvas, before: Option<&Shown>) -> Arc<Shown> {
        let windows = Mutex::new(Recent::new(Self::KEPT));
        let counted = before.map(|before| before.counted.next()).unwrap_or_default();
        let (pixels, version) = (canvas.snapshot(), fresh_number());
        Arc::new(Shown { pixels, version, windows, counted, whole: Mutex::new(None) })
    }

    /// Equal versions, equal pictures.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What a ControlNet sees of it in a window whose cells are `cell` pixels, after a preparation; `None` where there is
    /// nothing to be seen in all of it ([`prepare::EMPTY`]).
    ///
    /// # Errors
    /// As [`prepare::window`].
    pub fn window(
        &self,
        window: &Window,
        cell: u32,
        prepare: Prepare,
        cancel: &Cancel,
    ) -> Result<Option<Arc<Picture>>> {
        let ink = match prepare {
            Prepare::Drawn => self.counted.ink(&self.pixels, cancel)?,
            _ => Ink::None,
        };
        if prepare == Prepare::Drawn && ink == Ink::None {
            return Ok(None);
        }
        let key = (*window, prepare);
        if let Some(known) = self.windows.lock().get(&key) {
            return Ok(Some(known));
        }
        let (scale, pixels) = (window.level.scale(), window.pixels(cell));
        let made = Arc::new(prepare::window(&self.pixels, prepare, ink, scale, pixels, cancel)?);
        self.windows.lock().put(key, made.clone());
        Ok(Some(made))
    }

    /// Whether it is known that nothing is drawn on it. Looks at no pixel.
    pub fn is_empty(&self) -> bool {
        self.counted.known() == Some(Ink::None)
    }

    /// All of it, over white where it is transparent, and its [`Referred::key`]; smaller, where it has more pixels than are
    /// looked at.
    ///
    /// # Errors
    /// As [`read::picture`].
    pub fn whole(&self, whole: Whole, cancel: &Cancel) -> Result<(Arc<Picture>, u128)> {
        let mut known = self.whole.lock();
        if let Some((_, picture, key)) = known.as_ref().filter(|(what, ..)| *what == whole) {
            return Ok((picture.clone(), *key));
        }
        let most = if whole == Whole::Reference { MOST_SEEN } else { MOST_ANNOTATED };
        let Rect { width, height, .. } = self.pixels.bounds();
        let scale = (most / (f64::from(width) * f64::from(height))).sqrt().min(1.0);
        let side = |side: i32| 0..((f64::from(side) * scale) as i64).max(1);
        let read = read::picture(&self.pixels, scale, [side(width), side(height)], [1.0; 3], cancel)?;
        let key = Referred::key(&read);
        let read = Arc::new(read);
        *known = Some((whole, read.clone(), key));
        Ok((read, key))
    }

    /// [`Referred::key`] of all of it, once it was asked for.
    pub fn key(&self) -> Option<u128> {
        self.whole.lock().as_ref().map(|(.., key)| *key)
    }
}
