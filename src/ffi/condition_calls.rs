//! Exported functions of what steers a session, and what of it a model can take.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use super::abi::*;
use super::constants::*;
use super::guard::*;
use super::list::{Entry, hand_out, of_model};
use super::paint_calls::{space_of, view_of};
use super::session_calls::{on_session, tell};
use crate::conditions::{Control, Lora, Pictured, Reference, Region};
use crate::error::Error;
use crate::model::Capabilities;
use crate::prepare::Prepare;
use crate::region::Rect;
use crate::render::Aspect;
use crate::steps::StepRange;

/// Sets the struct's size, `size` being its sizeof, and initial values: a control, in all steps, all scales 1.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_condition_init(condition: *mut ScumbleCondition, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(condition, size, "condition") }
}

/// Steers a session by something under a `number` that the host chooses, or changes what steers under it; `condition`
/// NULL takes it away. `image` are pixels of its picture, for the canvas that the paint is pushed for: all of it or a part;
/// they are compared with those there and copied, and what was never given is transparent (over black). NULL leaves the
/// picture as it is. Controls and regions stay until they are taken away or a canvas of another size is pushed (also if they
/// were set before the first push); LoRAs, and controls with SCUMBLE_PREPARE_INPAINT, until they are taken away; a change of a control's numbers loads nothing. At most 32 at once.
/// A reference is no picture of the canvas: `canvas_width` and `canvas_height` of its image are the reference's own size (1 to
/// 16384, whatever the paint's is), `rect` lies in that, what is transparent is white, and it stays when the canvas changes. An
/// image of another size takes the place of the whole of it. It is shown to the model whole, in whatever window; models look at
/// some 1024 x 1024 pixels of it at most, and what they make of it is kept, so that a reference that rests costs no more than
/// what the model does with it in each step.
/// The networks are loaded by the first job that needs them, and kept. After the first LoRA the next job reads the model's
/// networks that it changes once more; from then on LoRAs and their scales change without that. What the model cannot take, and a network or LoRA that does not fit
/// it, poll tells, once; `scumble_engine_conditions` tells the former before.
/// Returns SCUMBLE_OK (and `*revision`, if not NULL), SCUMBLE_UNCHANGED, SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_TEXT, SCUMBLE_ERROR_SETTING, SCUMBLE_ERROR_RECT (also for a canvas of another
/// size than the pushed one's, if it is no reference's), SCUMBLE_ERROR_BUFFER (also: a new control, region or reference
/// without an image; a control with SCUMBLE_PREPARE_INPAINT has none, and one that is given is SCUMBLE_ERROR_SETTING), SCUMBLE_ERROR_FORMAT,
/// SCUMBLE_ERROR_MEMORY, SCUMBLE_ERROR_INTERNAL.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_set_condition(
    session: *mut ScumbleSession,
    number: u32,
    condition: *const ScumbleCondition,
    image: *const ScumbleImage,
    revision: *mut u64,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            if condition.is_null() {
                return tell(session.session.clear_condition(number)?, revision);
            }
            let condition = read_struct(condition, "condition")?;
            if condition.reserved != 0 {
                return Err(Error::setting(
                    "A reserved field of the condition is not 0; the host must call its _init first.",
                ));
            }
            if condition.rank != 0 && condition.kind != SCUMBLE_CONDITION_REGION {
                return Err(Error::setting(
                    "Only regions lie over one another; the host must leave the rank of what is none at 0.",
                ));
            }
            let prepare = Prepare::from_number(condition.prepare)?;
            if prepare != Prepare::AsIs && condition.kind != SCUMBLE_CONDITION_CONTROL {
                return Err(Error::setting(
                    "Only a control's picture is prepared; the host must leave that of others as it is.",
                ));
            }
            let steps = StepRange { start: condition.start, end: condition.end };
            let aspect = Aspect::from_number(condition.aspect)?;
            if aspect != Aspect::All && condition.kind != SCUMBLE_CONDITION_REFERENCE {
                return Err(Error::setting(
                    "Only of a reference an aspect is taken; the host must leave that of what is none at 0.",
                ));
            }
            let file = text(condition.file, "condition->file")?.unwrap_or("").to_owned();
            let what = match condition.kind {
                SCUMBLE_CONDITION_CONTROL => {
                    Pictured::Control(Control { model: file, scale: condition.scale, steps, prepare })
                }
                SCUMBLE_CONDITION_REGION => Pictured::Region(Region {
                    prompt: text(condition.prompt, "condition->prompt")?.unwrap_or("").to_owned(),
                    negative: text(condition.negative, "condition->negative")?.unwrap_or("").to_owned(),
                    weight: condition.scale,
                    rank: condition.rank,
                    steps,
                }),
                SCUMBLE_CONDITION_REFERENCE => {
                    Pictured::Reference(Reference { scale: condition.scale, aspect, steps })
                }
                SCUMBLE_CONDITION_LORA if image.is_null() => {
                    let lora = Lora { file, scale: condition.scale, text: condition.text_scale, steps };
                    return tell(session.session.set_lora(number, lora)?, revision);
                }
                SCUMBLE_CONDITION_LORA => {
                    return Err(Error::setting("A LoRA has no picture; the host must give none."));
                }
                kind => {
                    return Err(Error::setting(format!(
                        "There is no condition of the kind {kind}; use one of SCUMBLE_CONDITION_*."
                    )));
                }
            };
            if image.is_null() {
                return tell(session.session.set_pictured(number, what, None)?, revision);
            }
            let image = read_struct(image, "image")?;
            let bounds = Rect::canvas(image.canvas_width, image.canvas_height)?;
            let space = space_of(&session.session, &image)?;
            let view = view_of(&image, bounds)?.in_space(&space)?;
            let image = Some((bounds.width, bounds.height, view));
            tell(session.session.set_pictured(number, what, image)?, revision)
        })
    }
}

/// Lists what steers a session: an entry for each number, in order, its `name` the number in decimal. What is on and says
/// nothing all the same is not usable, and `note` says why (a control with SCUMBLE_PREPARE_DRAWN on whose picture nothing is
/// drawn, one with SCUMBLE_PREPARE_INPAINT without a mask); the former is known once a job has seen it, so a host asks after it has
/// polled. Looks at no pixels.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_INTERNAL.
/// On success `*list` is owned by the caller: release it.
/// [host-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_conditions(
    session: *mut ScumbleSession,
    list: *mut *mut ScumbleList,
) -> i32 {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        on_session(session, |session| {
            check_out(list, "list")?;
            let told = session.session.conditions()?;
            let entry = |(number, title, why): &(u32, &str, Option<&str>)| {
                Entry::told(&number.to_string(), title, *why)
            };
            hand_out(list, told.iter().map(entry).collect());
            Ok(SCUMBLE_OK)
        })
    }
}

/// Lists what the engine's model can be steered by: an entry for each, `control` (SCUMBLE_CONDITION_CONTROL), `mask` (a
/// mask goes to the model, which was trained to fill it), `lora` (SCUMBLE_CONDITION_LORA), `region`
/// (SCUMBLE_CONDITION_REGION, which every model takes), `reference` (SCUMBLE_CONDITION_REFERENCE) and, since ABI 1.14,
/// `own_control` (a control without a file: the model's own network reads one control picture); since ABI 1.16 `aspects` (style
/// and layout of a reference are told apart, SCUMBLE_ASPECT_*; else it is taken whole). What it cannot take is
/// not usable, and `note` says why; where `own_control` is usable its `note` says why no ControlNet's file is.
/// Returns SCUMBLE_OK, SCUMBLE_LOADING (it is not known yet: `*list` is left as it is), SCUMBLE_ERROR_NULL,
/// SCUMBLE_ERROR_INTERNAL, and the error of an engine that failed.
/// On success `*list` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_engine_conditions(
    engine: *const ScumbleEngine,
    list: *mut *mut ScumbleList,
) -> i32 {
    let blind = "This model was not trained to fill what a mask covers; outside of it the paint is held.";
    // SAFETY: passed on.
    unsafe {
        of_model(engine, list, |model| {
            vec![
                Entry::told("control", "Control picture", model.no_control.as_deref()),
                Entry::told("mask", "Filling a mask", (!model.inpaints).then_some(blind)),
                Entry::told("lora", "LoRA", model.no_lora.as_deref()),
                Entry::told("region", "Region", None),
                reference(model),
                own_control(model),
                Entry::told("aspects", "Style or layout of a reference", model.no_aspects.as_deref()),
            ]
        })
    }
}

fn own_control(model: &Capabilities) -> Entry {
    let (name, title) = ("own_control", "The model's own control");
    match model.own_control {
        true => Entry::new(
            name,
            title,
            "This model reads one control picture itself, and takes no ControlNet beside it: choose its own control.",
        ),
        false => Entry::told(
            name,
            title,
            Some("This model has no control of its own, as FLUX.1 Depth and Canny have, and some exports."),
        ),
    }
}

fn reference(model: &Capabilities) -> Entry {
    let (name, title) = ("reference", "Reference picture");
    match &model.no_reference {
        None if !model.weighs_references => Entry::new(
            name,
            title,
            "This model sees a reference picture or not; how much of it makes no difference.",
        ),
        why => Entry::told(name, title, why.as_deref()),
    }
}
