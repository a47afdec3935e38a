//! What steers a session's pictures besides paint and words: kept at the desk under numbers that the host chooses.

mod steer;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::canvas::Canvas;
use crate::error::{Error, Result, Status};
use crate::pixels::{Coding, ImageView};
use crate::prepare::{self, Prepare};
use crate::region::Rect;
use crate::render::{self, Aspect};
use crate::shown::Shown;
use crate::steps::StepRange;
pub use steer::Steer;

/// More than anybody steers by; each may hold a canvas.
pub const MOST: usize = 32;
/// How strongly a ControlNet may be heard.
pub const MOST_SCALE: f32 = 10.0;

/// Which ControlNet reads a picture, and how much it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Its folder, or its `.onnx` file; empty: the control that the model's own network reads.
    pub model: String,
    /// 0..10; 0 is off.
    pub scale: f32,
    pub steps: StepRange,
    /// What is made of its picture first.
    pub prepare: Prepare,
}

/// Which LoRA, and how much of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lora {
    /// The `.safetensors` file.
    pub file: String,
    /// Of what it changes in the U-Net, −10..10; 0 is off.
    pub scale: f32,
    /// The same of the text encoders, for all steps.
    pub text: f32,
    pub steps: StepRange,
}

impl Lora {
    fn of_renderer(&self) -> render::Lora<'_> {
        let Lora { file, scale, text, steps } = self;
        render::Lora { file, scale: *scale, text: *text, steps: *steps }
    }

    /// # Errors
    /// [`Status::Setting`] for a number out of its range, and without a file.
    pub fn check(&self) -> Result<()> {
        for (what, value) in [("scale", self.scale), ("scale for text", self.text)] {
            if !(-MOST_SCALE..=MOST_SCALE).contains(&value) {
                return Err(Error::setting(format!(
                    "The LoRA's {what} is {value}; it must be from -{MOST_SCALE} to {MOST_SCALE}."
                )));
            }
        }
        self.steps.check("LoRA")?;
        match self.file.is_empty() {
            true => Err(Error::setting("The LoRA names no file; choose a .safetensors file.")),
            false => Ok(()),
        }
    }
}

/// Words that hold in a part of the canvas, where its picture is white.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub prompt: String,
    /// Empty: the whole picture's.
    pub negative: String,
    /// Against regions of its rank that it overlaps and, below 1, what lies beneath it: 0..10; 0 is off.
    pub weight: f32,
    /// It covers regions of smaller ranks, as paint does.
    pub rank: u32,
    pub steps: StepRange,
}

/// How much is taken of a picture that is no picture of the canvas.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// 0..10; 0 is off.
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

/// What goes with a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Pictured {
    Control(Control),
    Region(Region),
    Reference(Reference),
}

impl Pictured {
    /// # Errors
    /// [`Status::Setting`] for a number out of its range.
    pub fn check(&self) -> Result<()> {
        let (what, whose, value) = match self {
            Pictured::Control(control) => ("control's scale", "control", control.scale),
            Pictured::Region(region) => ("region's weight", "region", region.weight),
            Pictured::Reference(reference) => ("reference's scale", "reference", reference.scale),
        };
        match (0.0..=MOST_SCALE).contains(&value) {
            true => self.steps().check(whose),
            false => {
                Err(Error::setting(format!("The {what} is {value}; it must be from 0 to {MOST_SCALE}.")))
            }
        }
    }

    /// The ControlNet; empty where there is none.
    fn model(&self) -> &str {
        match self {
            Pictured::Control(control) => &control.model,
            Pictured::Region(_) | Pictured::Reference(_) => "",
        }
    }

    fn steps(&self) -> StepRange {
        match self {
            Pictured::Control(control) => control.steps,
            Pictured::Region(region) => region.steps,
            Pictured::Reference(reference) => reference.steps,
        }
    }

    /// Is its picture one of the canvas, and as large? Else it has a size of its own.
    fn is_of_canvas(&self) -> bool {
        !matches!(self, Pictured::Reference(_))
    }

    /// The control that is shown the paint, if it is one.
    fn inpaints(&self) -> Option<&Control> {
        match self {
            Pictured::Control(control) if control.prepare == Prepare::Inpaint => Some(control),
            _ => None,
        }
    }

    fn is_on(&self) -> bool {
        let scale = match self {
            Pictured::Control(control) => control.scale,
            Pictured::Region(region) => region.weight,
            Pictured::Reference(reference) => reference.scale,
        };
        scale != 0.0 && !self.steps().is_empty()
    }

    fn prepare(&self) -> Prepare {
        match self {
            Pictured::Control(control) => control.prepare,
            Pictured::Region(_) | Pictured::Reference(_) => Prepare::AsIs,
        }
    }

    /// In a sentence.
    fn title(&self) -> &'static str {
        match self {
            Pictured::Control(_) => "control picture",
            Pictured::Region(_) => "region's mask",
            Pictured::Reference(_) => "reference picture",
        }
    }
}

struct Kept {
    /// The picture that goes with it.
    canvas: Option<Canvas>,
    steer: Steer,
}

/// All that steers one session.
#[derive(Default)]
pub(crate) struct Conditions(BTreeMap<u32, Kept>);

impl Conditions {
    /// For a job: what is on, in the order of their numbers.
    pub fn steering(&self) -> Vec<Steer> {
        self.0.values().map(|kept| kept.steer.clone()).filter(Steer::is_on).collect()
    }

    /// What there is, in the order of the numbers: each with what it is, and why it changes nothing though it is on. `masked`
    /// says whether there is a mask.
    pub fn told(&self, masked: bool) -> Vec<(u32, &'static str, Option<&'static str>)> {
        let told = self.0.iter().map(|(number, kept)| match &kept.steer {
            Steer::Pictured { what, shown } => {
                let empty = what.is_on() && what.prepare() == Prepare::Drawn && shown.is_empty();
                (*number, what.title(), empty.then_some(prepare::EMPTY))
            }
            steer @ Steer::Inpaint(_) => {
                let silent = steer.is_on() && !masked;
                (*number, "control picture", silent.then_some(prepare::NO_HOLE))
            }
            Steer::Lora(_) => (*number, "LoRA", None),
        });
        told.collect()
    }

    /// Whether there is something under this number that changes pictures.
    fn is_on(&self, number: u32) -> bool {
        self.0.get(&number).is_some_and(|kept| kept.steer.is_on())
    }

    /// Takes a condition away; whether there was one that was on.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(&number).is_some_and(|kept| kept.steer.is_on())
    }

    /// # Errors
    /// [`Status::Setting`] for one too many.
    fn check_room(&self, number: u32) -> Result<()> {
        match self.0.len() >= MOST && !self.0.contains_key(&number) {
            true => Err(Error::setting(format!(
                "A session is steered by {MOST} pictures and LoRAs at most; take one away first."
            ))),
            false => Ok(()),
        }
    }

    /// Sets a LoRA, also in the place of something else. Whether that changes pictures.
    ///
    /// # Errors
    /// [`Status::Setting`] for one too many.
    pub fn set_lora(&mut self, number: u32, lora: Lora) -> Result<bool> {
        self.set_alone(number, Steer::Lora(Arc::new(lora)))
    }

    /// Sets what has no picture of its own.
    fn set_alone(&mut self, number: u32, steer: Steer) -> Result<bool> {
        self.check_room(number)?;
        let was_on = self.is_on(number);
        let changed = self.0.get(&number).is_none_or(|kept| !kept.steer.is_told_as(&steer));
        let is_on = steer.is_on();
        self.0.insert(number, Kept { canvas: None, steer });
        Ok(changed && (was_on || is_on))
    }

    /// Sets a control, a region or a reference and, with `image`, what lies there on its picture, which is transparent at first.
    /// `canvas` is that of the paint, where some was pushed. Whether that changes pictures.
    ///
    /// # Errors
    /// [`Status::Rect`] for a picture of another canvas than the paint's, [`Status::Buffer`] for a new one without a
    /// picture, [`Status::Setting`] for one too many and for a picture of a control that has none, [`Status::Memory`].
    pub fn set(
        &mut self,
        number: u32,
        what: Pictured,
        image: Option<(Rect, &ImageView<'_>)>,
        canvas: Option<Rect>,
    ) -> Result<bool> {
        if let Some(control) = what.inpaints() {
            return match image {
                None => self.set_alone(number, Steer::Inpaint(Arc::new(control.clone()))),
                Some(_) => Err(Error::setting(
                    "A control for inpainting has no picture of its own, it is shown the paint; the host must give none.",
                )),
            };
        }
        let kept = self.0.get(&number).and_then(|kept| kept.canvas.as_ref()).map(Canvas::bounds);
        if let (Some(bounds), Some(canvas)) = (image.map(|(bounds, _)| bounds).or(kept), canvas)
            && what.is_of_canvas()
            && bounds != canvas
        {
            return Err(Error::new(
                Status::Rect,
                format!(
                    "The {} is for a canvas of {} × {} pixels, but the pushed canvas has {} × {}; push \
                     first.",
                    what.title(),
                    bounds.width,
                    bounds.height,
                    canvas.width,
                    canvas.height
                ),
            ));
        }
        let was_on = self.is_on(number);
        let is_on = what.is_on();
        let mut changed = false;
        if let Some((bounds, image)) = image {
            let coding = Coding { format: image.format(), space: image.space().clone() };
            let fits = |canvas: &Canvas| canvas.bounds() == bounds && canvas.coding() == coding;
            let there = self.0.get(&number).and_then(|kept| kept.canvas.as_ref());
            if !there.is_some_and(fits) {
                self.check_room(number)?;
                let canvas = Canvas::new(bounds, coding, 1)?;
                let steer =
                    Steer::Pictured { what: Arc::new(what.clone()), shown: Shown::new(&canvas, None) };
                self.0.insert(number, Kept { canvas: Some(canvas), steer });
                changed = true;
            }
            if let Some(Kept { canvas: Some(canvas), steer: Steer::Pictured { shown, .. } }) =
                self.0.get_mut(&number)
            {
                let updated = canvas.update(image, image.rect(), 1);
                // Where there was no room for all of it, some of it was taken.
                if !matches!(updated, Ok(false)) {
                    *shown = Shown::new(canvas, Some(shown));
                    changed = true;
                }
                updated?;
            }
        }
        let Some(Kept { steer: Steer::Pictured { what: kept, .. }, .. }) = self.0.get_mut(&number) else {
            return Err(Error::new(
                Status::Buffer,
                format!("A new {} needs its pixels; the host must give them.", what.title()),
            ));
        };
        if **kept != what {
            *kept = Arc::new(what);
            changed = true;
        }
        Ok(changed && (was_on || is_on))
    }

    /// Lets go of what belongs to another canvas.
    pub fn keep_on(&mut self, canvas: Rect) {
        self.0.retain(|_, kept| match &kept.steer {
            Steer::Pictured { what, .. } if what.is_of_canvas() => {
                kept.canvas.as_ref().is_none_or(|own| own.bounds() == canvas)
            }
            _ => true,
        });
    }
}
