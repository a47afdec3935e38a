//! One condition as a job has it: what of its picture is seen in a window, and how the renderer is told.

use std::path::Path;
use std::sync::Arc;

use super::{Control, Lora, Pictured, Reference, Region};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::grid::Window;
use crate::models::layout;
use crate::models::stamp::{Stamp, stamp};
use crate::pixels::Picture;
use crate::render::{self, Reference as Referred};
use crate::shown::{Shown, Whole};

/// One condition of a job.
#[derive(Clone)]
pub enum Steer {
    Pictured {
        what: Arc<Pictured>,
        shown: Arc<Shown>,
    },
    /// A control that is shown the paint around the mask, [`Prepare::Inpaint`].
    Inpaint(Arc<Control>),
    Lora(Arc<Lora>),
}

impl Steer {
    /// Does it change pictures?
    pub(super) fn is_on(&self) -> bool {
        match self {
            Steer::Pictured { what, .. } => what.is_on(),
            Steer::Inpaint(control) => control.scale != 0.0 && !control.steps.is_empty(),
            Steer::Lora(lora) => lora.of_renderer().is_on(),
        }
    }

    /// Words that hold in a part of the picture?
    pub fn is_region(&self) -> bool {
        matches!(self, Steer::Pictured { what, .. } if matches!(**what, Pictured::Region(_)))
    }

    /// Has it a place on the canvas, so that a window is told its own part?
    pub fn is_of_canvas(&self) -> bool {
        match self {
            Steer::Pictured { what, .. } => what.is_of_canvas(),
            Steer::Inpaint(_) => true,
            Steer::Lora(_) => false,
        }
    }

    /// Is it shown the paint around the mask?
    pub fn inpaints(&self) -> bool {
        matches!(self, Steer::Inpaint(_))
    }

    /// Of what has no picture of its own: is it set to the same? Asks no disk.
    pub(super) fn is_told_as(&self, other: &Steer) -> bool {
        match (self, other) {
            (Steer::Inpaint(one), Steer::Inpaint(other)) => one == other,
            (Steer::Lora(one), Steer::Lora(other)) => one == other,
            _ => false,
        }
    }

    /// Equal where what it does to pictures is, as files are now: also a file that was overwritten is another one.
    pub fn key(&self) -> String {
        match self {
            Steer::Pictured { what, shown } => {
                format!("{what:?} {} {:?}", shown.version(), network(what.model()))
            }
            Steer::Inpaint(control) => format!("{control:?} {:?}", network(&control.model)),
            Steer::Lora(lora) => format!("{lora:?} {:?}", stamp(Path::new(&lora.file))),
        }
    }

    /// What of its own picture is seen in a window, if it has one that says anything; of a reference all of it, whatever the
    /// window.
    ///
    /// # Errors
    /// As [`Shown::window`].
    pub fn picture(&self, window: &Window, cell: u32, cancel: &Cancel) -> Result<Option<Arc<Picture>>> {
        match self {
            Steer::Pictured { what, shown } if what.prepare().is_annotated() => {
                shown.whole(Whole::Annotated, cancel).map(|(picture, _)| Some(picture))
            }
            Steer::Pictured { what, shown } if what.is_of_canvas() => {
                shown.window(window, cell, what.prepare(), cancel)
            }
            Steer::Pictured { shown, .. } => {
                shown.whole(Whole::Reference, cancel).map(|(picture, _)| Some(picture))
            }
            Steer::Inpaint(_) | Steer::Lora(_) => Ok(None),
        }
    }

    /// As the renderer is told it, with what [`Steer::picture`] has read.
    pub fn condition<'a>(&'a self, picture: Option<&'a Picture>) -> Option<render::Condition<'a>> {
        match self {
            Steer::Pictured { what, shown } => Some(match &**what {
                Pictured::Control(Control { model, scale, steps, prepare }) if prepare.is_annotated() => {
                    let (picture, key, how) = (picture?, shown.key()?, *prepare);
                    let (scale, steps) = (*scale, *steps);
                    let what = render::Annotated { picture, key, how, model, scale, steps };
                    render::Condition::Annotated(what)
                }
                Pictured::Control(Control { model, scale, steps, prepare: _ }) => {
                    let (picture, scale, steps) = (picture?, *scale, *steps);
                    render::Condition::Control(render::Control { picture, model, scale, steps })
                }
                Pictured::Region(Region { prompt, negative, weight, rank, steps }) => {
                    let (mask, weight, rank, steps) = (picture?, *weight, *rank, *steps);
                    render::Condition::Region(render::Region { mask, prompt, negative, weight, rank, steps })
                }
                Pictured::Reference(Reference { scale, aspect, steps }) => {
                    let (picture, key, scale) = (picture?, shown.key()?, *scale);
                    let (aspect, steps) = (*aspect, *steps);
                    render::Condition::Reference(Referred { picture, key, scale, aspect, steps })
                }
            }),
            Steer::Inpaint(control) => {
                let Control { model, scale, steps, prepare: _ } = &**control;
                let (picture, scale, steps) = (picture?, *scale, *steps);
                Some(render::Condition::Control(render::Control { picture, model, scale, steps }))
            }
            Steer::Lora(lora) => Some(render::Condition::Lora(lora.of_renderer())),
        }
    }
}

/// As the file of a ControlNet is now; `None` where there is none.
fn network(model: &str) -> Option<Stamp> {
    let named = Some(Path::new(model)).filter(|_| !model.is_empty());
    named.and_then(layout::alone).map(|file| stamp(&file))
}
