//! Drawn lines, in whatever colour and on whatever ground: white on black.
//!
//! A drawing is ink on paper, and ink is what differs from paper. Which is which is decided on the whole picture, so that
//! windows, and strokes that are still being drawn, are judged alike.

use std::ops::Range;

use super::Inner;
use super::tally::Tally;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::snapshot::Snapshot;
use crate::pixels::{Picture, read};

/// Of 255: paint that is no further from the paper is paper.
const SAME: usize = 16;
/// Of how much of the paint it takes for it to be more than one colour: 1 in so many.
const OTHER: u64 = 2000;
/// Up to this, 0..1, a paper may be uneven (a photographed sheet).
const MOST_UNEVEN: f32 = 0.25;

/// What of a picture is ink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ink {
    /// Nothing is drawn.
    None,
    /// What differs from the paper's colour (RGB, 0..1) by more than `floor`; all ink from `full` on.
    OnPaper { paper: [f32; 3], floor: f32, full: f32 },
    /// What is not transparent, but for white that was painted over dark strokes, or black over light ones: who has no
    /// eraser at hand corrects so.
    Strokes { rubber: Rubber },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rubber {
    White,
    Black,
}

impl Ink {
    /// By what the whole picture is made of: paper is the colour that most of it has, where paint covers more than half of it
    /// and not in strokes; else it is what is transparent.
    pub fn of(tally: &Tally) -> Ink {
        let (cover, room) = (tally.cover, tally.pixels * 255);
        if cover == 0 {
            return Ink::None;
        }
        let paper: [usize; 3] = std::array::from_fn(|channel| tally.median(channel));
        let most = |apart: usize| (0..3).map(|c| tally.beyond(c, paper[c], apart)).max().unwrap_or(0);
        let is_light = 2 * (299 * paper[0] + 587 * paper[1] + 114 * paper[2]) >= 255 * 1000;
        let covers_half = 2 * cover > room;
        // Strokes leave tiles open between them, however thick; a sheet, or a painting, does not.
        let is_solid = 2 * tally.solid > cover;
        let is_sheet = cover == room
            || (covers_half && is_solid && is_light)
            || ((covers_half || is_solid) && most(SAME) > cover / OTHER);
        if !is_sheet {
            let dark: u64 = tally.values[1][..128].iter().sum();
            let rubber = if 4 * dark >= cover { Rubber::White } else { Rubber::Black };
            return Ink::Strokes { rubber };
        }
        if most(SAME) == 0 {
            return Ink::None;
        }
        // Half of the paint is no further from the paper than this; of a clean sheet, not at all.
        let uneven = (0..255).find(|apart| 2 * most(*apart) <= cover).unwrap_or(255);
        let floor = (3.0 * uneven as f32 / 255.0).min(MOST_UNEVEN);
        let full = if floor == 0.0 {
            1.0
        } else {
            // A scanned pencil is grey: its darkest thousandth is all ink.
            let darkest = (0..255).rev().find(|apart| most(*apart) > cover / 1000).unwrap_or(255);
            (darkest as f32 / 255.0).max(floor + 0.25)
        };
        let (paper, reach) = (paper.map(|value| value as f32 / 255.0), reach(paper));
        Ink::OnPaper { paper, floor: floor / reach, full: (full / reach).min(1.0) }
    }

    /// How much ink a pixel is, 0..1: straight sRGB-encoded red, green, blue and alpha.
    pub fn at(self, [r, g, b, a]: [f32; 4]) -> f32 {
        match self {
            Ink::None => 0.0,
            Ink::OnPaper { paper, floor, full } => {
                let apart = |value: f32, paper: f32| (value - paper).abs() / paper.max(1.0 - paper);
                let most = apart(r, paper[0]).max(apart(g, paper[1])).max(apart(b, paper[2]));
                a * ((most - floor) / (full - floor)).clamp(0.0, 1.0)
            }
            Ink::Strokes { rubber } => {
                let rubs = match rubber {
                    Rubber::White => r.min(g).min(b),
                    Rubber::Black => 1.0 - r.max(g).max(b),
                };
                let rubbed = ((rubs - 0.6) / 0.35).clamp(0.0, 1.0);
                a * (1.0 - rubbed * rubbed * (3.0 - 2.0 * rubbed))
            }
        }
    }
}

/// How far from a paper a colour can be, 0..1.
fn reach(paper: [usize; 3]) -> f32 {
    paper.iter().map(|value| (*value).max(255 - value)).max().unwrap_or(255) as f32 / 255.0
}

/// As [`super::window`]. Where the picture is made smaller, thin lines are made stronger for what they lose by it.
pub(super) fn picture(
    pixels: &Snapshot,
    ink: Ink,
    scale: f64,
    [columns, rows]: [Range<i64>; 2],
    cancel: &Cancel,
) -> Result<Picture> {
    let inner = Inner { margin: 0, width: super::length(&columns), height: super::length(&rows) };
    let plane = read::inked(pixels, scale, [columns, rows], cancel, |pixel| ink.at(pixel))?;
    let gain = (1.0 / scale.min(1.0)).sqrt() as f32;
    inner.grey(plane.as_slice().unwrap_or_default(), |value| (value * gain).clamp(0.0, 1.0))
}
