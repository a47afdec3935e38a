//! What steers a session's pictures besides paint and words: kept at the desk under numbers that the host chooses.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::canvas::Canvas;
use crate::desk::fresh_number;
use crate::error::{Error, Result, Status};
use crate::grid::Window;
use crate::pixels::snapshot::Snapshot;
use crate::pixels::{Coding, ImageView, Picture, read};
use crate::recent::Recent;
use crate::region::Rect;
use crate::render;

/// More than anybody steers by; each may hold a canvas.
pub const MOST: usize = 32;
/// How strongly a ControlNet may be heard.
pub const MOST_SCALE: f32 = 10.0;

/// Which ControlNet reads a picture, and how much it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Its folder, or its `.onnx` file.
    pub model: String,
    /// 0..10; 0 is off.
    pub scale: f32,
    /// The part of the steps in which it is heard, 0..1.
    pub start: f32,
    pub end: f32,
}

impl Control {
    /// # Errors
    /// [`Status::Setting`] for a number out of its range, [`Status::NullPointer`] without a model.
    pub fn check(&self) -> Result<()> {
        let within = |what: &str, value: f32, most: f32| match (0.0..=most).contains(&value) {
            true => Ok(()),
            false => {
                Err(Error::setting(format!("The control's {what} is {value}; it must be from 0 to {most}.")))
            }
        };
        within("scale", self.scale, MOST_SCALE)?;
        within("start", self.start, 1.0)?;
        within("end", self.end, 1.0)?;
        match self.model.is_empty() {
            true => Err(Error::setting("The control names no ControlNet; choose the folder of one.")),
            false => Ok(()),
        }
    }
}

/// A control picture as it was at one moment, and the windows that were read of it.
pub struct Shown {
    pixels: Snapshot,
    /// No other picture has it.
    version: u64,
    windows: Mutex<Recent<Window, Arc<Picture>>>,
}

impl Shown {
    /// Windows that are kept: the overview, the one around the hand, two of finer levels.
    const KEPT: usize = 4;

    fn new(canvas: &Canvas) -> Arc<Shown> {
        let windows = Mutex::new(Recent::new(Self::KEPT));
        Arc::new(Shown { pixels: canvas.snapshot(), version: fresh_number(), windows })
    }

    /// What a ControlNet sees of it in a window whose cells are `cell` pixels: over black, where it is transparent.
    ///
    /// # Errors
    /// As [`read::picture`].
    pub fn window(&self, window: &Window, cell: u32, cancel: &Cancel) -> Result<Arc<Picture>> {
        if let Some(known) = self.windows.lock().get(window) {
            return Ok(known);
        }
        let (scale, pixels) = (window.level.scale(), window.pixels(cell));
        let read = Arc::new(read::picture(&self.pixels, scale, pixels, [0.0; 3], cancel)?);
        self.windows.lock().put(*window, read.clone());
        Ok(read)
    }
}

/// One control of a job.
#[derive(Clone)]
pub struct Steer {
    pub control: Arc<Control>,
    pub shown: Arc<Shown>,
}

impl Steer {
    /// Equal where what it does to pictures is.
    pub fn key(&self) -> String {
        format!("{:?} {}", self.control, self.shown.version)
    }

    /// As the renderer is told it, with what [`Shown::window`] has read.
    pub fn condition<'a>(&'a self, picture: &'a Picture) -> render::Condition<'a> {
        let Control { model, scale, start, end } = &*self.control;
        let (scale, start, end) = (*scale, *start, *end);
        render::Condition::Control(render::Control { picture, model, scale, start, end })
    }
}

struct Kept {
    canvas: Canvas,
    steer: Steer,
}

/// All that steers one session.
#[derive(Default)]
pub(crate) struct Conditions(BTreeMap<u32, Kept>);

impl Conditions {
    /// For a job: what is on, in the order of their numbers.
    pub fn steering(&self) -> Vec<Steer> {
        self.0.values().map(|kept| kept.steer.clone()).filter(|steer| steer.control.scale != 0.0).collect()
    }

    /// Takes a control away; whether there was one that was on.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(&number).is_some_and(|kept| kept.steer.control.scale != 0.0)
    }

    /// Sets a control and, with `image`, what lies there on its picture, which is transparent at first. `canvas` is that of
    /// the paint, where some was pushed. Whether that changes pictures.
    ///
    /// # Errors
    /// [`Status::Rect`] for a picture of another canvas than the paint's, [`Status::Buffer`] for a new one without a
    /// picture, [`Status::Setting`] for one too many, [`Status::Memory`].
    pub fn set(
        &mut self,
        number: u32,
        control: Control,
        image: Option<(Rect, &ImageView<'_>)>,
        canvas: Option<Rect>,
    ) -> Result<bool> {
        if let (Some((bounds, _)), Some(canvas)) = (image, canvas)
            && bounds != canvas
        {
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The control picture is for a canvas of {} × {} pixels, but the pushed canvas has {} × {}; push \
                     first.",
                    bounds.width, bounds.height, canvas.width, canvas.height
                ),
            ));
        }
        let was_on = self.0.get(&number).is_some_and(|kept| kept.steer.control.scale != 0.0);
        let is_on = control.scale != 0.0;
        let mut changed = false;
        if let Some((bounds, image)) = image {
            let coding = Coding { format: image.format(), space: image.space().clone() };
            let fits = |kept: &Kept| kept.canvas.bounds() == bounds && kept.canvas.coding() == coding;
            if !self.0.get(&number).is_some_and(fits) {
                if self.0.len() >= MOST && !self.0.contains_key(&number) {
                    return Err(Error::setting(format!(
                        "A session is steered by {MOST} pictures at most; take one away first."
                    )));
                }
                let canvas = Canvas::new(bounds, coding, 1)?;
                let steer = Steer { control: Arc::new(control.clone()), shown: Shown::new(&canvas) };
                self.0.insert(number, Kept { canvas, steer });
                changed = true;
            }
            if let Some(kept) = self.0.get_mut(&number) {
                let updated = kept.canvas.update(image, image.rect(), 1);
                // Where there was no room for all of it, some of it was taken.
                if !matches!(updated, Ok(false)) {
                    kept.steer.shown = Shown::new(&kept.canvas);
                    changed = true;
                }
                updated?;
            }
        }
        let Some(kept) = self.0.get_mut(&number) else {
            return Err(Error::new(
                Status::Buffer,
                "A control that is new needs its picture; the host must give one.",
            ));
        };
        if *kept.steer.control != control {
            kept.steer.control = Arc::new(control);
            changed = true;
        }
        Ok(changed && (was_on || is_on))
    }

    /// Lets go of what belongs to another canvas.
    pub fn keep_on(&mut self, canvas: Rect) {
        self.0.retain(|_, kept| kept.canvas.bounds() == canvas);
    }
}
