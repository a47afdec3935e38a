//! What a ControlNet is shown of an artist's picture. Nets were trained on white lines on black; artists have black lines on
//! paper or on transparency, photographs, their own painting.
//!
//! A preparation belongs to a level of the canvas, not to a window: a pixel depends on its place and on so many pixels around
//! it ([`Prepare::margin`]), so that windows of one level agree to the last bit where they overlap. What has to be known of the
//! whole picture (what of it is paper) is counted by tile ([`tally::Tally`]).

mod canny;
mod drawn;
mod inpaint;
mod lines;
mod planes;
mod tally;

use std::ops::Range;

pub use drawn::Ink;
pub use inpaint::around_hole;
pub(crate) use tally::Counted;
pub use tally::Tally;

use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::pixels::snapshot::Snapshot;
use crate::pixels::{Picture, blank_picture, read};

/// What is told where [`Prepare::Drawn`] finds nothing that is drawn.
pub const EMPTY: &str = "Nothing is drawn on this control picture yet, so it says nothing: draw lines on it, or have it \
                         prepared otherwise.";

/// What is told of [`Prepare::Inpaint`] without a mask.
pub const NO_HOLE: &str =
    "Nothing is masked, so this ControlNet for inpainting says nothing: select what is to be filled.";

/// What is made of a control picture before a ControlNet reads it. The numbers are the ABI's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prepare {
    /// Nothing; what is transparent is black.
    #[default]
    AsIs = 0,
    /// Drawn lines in whatever colour, on paper or on transparency: white on black.
    Drawn = 1,
    /// The lines that somebody would draw of a painting or photograph: white on black. What is transparent is white paper.
    Lines = 2,
    /// The edges that Canny's detector finds: white on black. What is transparent is white paper.
    Canny = 3,
    /// Soft, for nets that put detail into what they see (tile nets); what is transparent is black.
    Blur = 4,
    /// How far away what it shows is, near white, as a network sees it. What is transparent is white paper.
    Depth = 5,
    /// Its edges as a network sees them, white on black, strong and weak ones. What is transparent is white paper.
    SoftEdges = 6,
    /// How people stand in it as a network sees them, drawn in OpenPose's colours on black. What is transparent is white paper.
    Pose = 7,
    /// It has no picture of its own: the paint, and −1 where the session's mask covers it ([`around_hole`]). Without a mask it says
    /// nothing.
    Inpaint = 8,
}

impl Prepare {
    pub const ALL: [Prepare; 9] = [
        Prepare::AsIs,
        Prepare::Drawn,
        Prepare::Lines,
        Prepare::Canny,
        Prepare::Blur,
        Prepare::Depth,
        Prepare::SoftEdges,
        Prepare::Pose,
        Prepare::Inpaint,
    ];

    pub fn from_number(number: u32) -> Result<Prepare> {
        Self::ALL.into_iter().find(|one| *one as u32 == number).ok_or_else(|| {
            Error::setting(format!(
                "There is no preparation {number} of a control picture; use one of SCUMBLE_PREPARE_*."
            ))
        })
    }

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Prepare::AsIs => "as-is",
            Prepare::Drawn => "drawn",
            Prepare::Lines => "lines",
            Prepare::Canny => "canny",
            Prepare::Blur => "blur",
            Prepare::Depth => "depth",
            Prepare::SoftEdges => "soft-edges",
            Prepare::Pose => "pose",
            Prepare::Inpaint => "inpaint",
        }
    }

    /// What [`Prepare::name`] says.
    pub fn named(name: &str) -> Option<Prepare> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Does a network make it, of the whole picture? Then the renderer sees to it (`pipeline/annotators.rs`).
    pub fn is_annotated(self) -> bool {
        matches!(self, Prepare::Depth | Prepare::SoftEdges | Prepare::Pose)
    }

    /// On how many pixels of the level around it a pixel depends.
    pub fn margin(self) -> usize {
        match self {
            Prepare::AsIs
            | Prepare::Drawn
            | Prepare::Depth
            | Prepare::SoftEdges
            | Prepare::Pose
            | Prepare::Inpaint => 0,
            Prepare::Lines => lines::MARGIN,
            Prepare::Canny => canny::MARGIN,
            Prepare::Blur => planes::Kernel::new(BLUR).radius(),
        }
    }
}

/// Standard deviation of [`Prepare::Blur`], in the model's pixels: what is as large as one of a latent's cells goes, which is
/// what tile nets were trained to put back.
const BLUR: f32 = 4.0;

/// The pixels `columns` × `rows` of a level at which a pixel of the control picture is `scale` pixels, prepared; beyond the
/// canvas its edge is repeated. `ink` is looked at with [`Prepare::Drawn`] alone.
///
/// # Errors
/// [`crate::error::Status::Cancelled`], [`crate::error::Status::Memory`].
pub fn window(
    pixels: &Snapshot,
    prepare: Prepare,
    ink: Ink,
    scale: f64,
    [columns, rows]: [Range<i64>; 2],
    cancel: &Cancel,
) -> Result<Picture> {
    let margin = prepare.margin();
    let wide = |range: &Range<i64>| range.start - margin as i64..range.end + margin as i64;
    let seen = |paper: f32| read::picture(pixels, scale, [wide(&columns), wide(&rows)], [paper; 3], cancel);
    let inner = Inner { margin, width: length(&columns), height: length(&rows) };
    match prepare {
        // A hole is cut into the paint, not into a picture.
        Prepare::AsIs | Prepare::Inpaint => seen(0.0),
        Prepare::Drawn => drawn::picture(pixels, ink, scale, [columns, rows], cancel),
        Prepare::Lines => lines::picture(&seen(1.0)?, inner, cancel),
        Prepare::Canny => canny::picture(&seen(1.0)?, inner, cancel),
        Prepare::Blur => blurred(&seen(0.0)?, inner, cancel),
        // What the network is shown.
        Prepare::Depth | Prepare::SoftEdges | Prepare::Pose => seen(1.0),
    }
}

fn length(range: &Range<i64>) -> usize {
    (range.end - range.start).max(0) as usize
}

/// What of a picture is asked for: all but a margin.
#[derive(Clone, Copy)]
struct Inner {
    margin: usize,
    width: usize,
    height: usize,
}

impl Inner {
    fn wide(self) -> usize {
        self.width + 2 * self.margin
    }

    fn high(self) -> usize {
        self.height + 2 * self.margin
    }

    /// That part of a plane as wide as [`Inner::wide`], as a grey picture; `grey` says how light a value is.
    fn grey<T: Copy>(self, plane: &[T], grey: impl Fn(T) -> f32) -> Result<Picture> {
        let mut made = blank_picture(self.height, self.width)?;
        for mut out in made.outer_iter_mut() {
            for (mut row, from) in out.outer_iter_mut().zip(self.rows(plane)) {
                row.iter_mut().zip(from).for_each(|(out, value)| *out = grey(*value));
            }
        }
        Ok(made)
    }

    /// What of the rows of a plane lies within the margin.
    fn rows<T>(self, plane: &[T]) -> impl Iterator<Item = &[T]> {
        let start = move |y: usize| (y + self.margin) * self.wide() + self.margin;
        (0..self.height).map(move |y| &plane[start(y)..][..self.width])
    }
}

fn blurred(picture: &Picture, inner: Inner, cancel: &Cancel) -> Result<Picture> {
    let (kernel, mut made) = (planes::Kernel::new(BLUR), blank_picture(inner.height, inner.width)?);
    for (plane, mut out) in picture.outer_iter().zip(made.outer_iter_mut()) {
        let Some(values) = plane.as_slice() else { continue };
        let soft = planes::blurred(values, inner.wide(), &kernel, cancel)?;
        for (mut row, from) in out.outer_iter_mut().zip(inner.rows(&soft)) {
            row.iter_mut().zip(from).for_each(|(out, value)| *out = value.clamp(0.0, 1.0));
        }
    }
    Ok(made)
}
