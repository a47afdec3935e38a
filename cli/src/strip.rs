//! The film strip: the painting above, the live layer below it, at each mark of the recording.

use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::failure::Done;
use crate::panel::{LINE, LOUD, Panel, QUIET, height_at, wrap};
use crate::recording::Size;
use crate::replay::Mark;
use crate::stills::write_atomically;

const CELL: usize = 256;
const GAP: usize = 8;
/// Marks side by side; more go to a next row.
const ACROSS: usize = 8;
/// One line for the label, three for the prompt.
const LINES: usize = 4;

/// Writes nothing where the recording has no marks.
pub fn write(path: &Path, size: Size, marks: &[Mark], paper: [u8; 3]) -> Done {
    if marks.is_empty() {
        return Ok(());
    }
    let sheet = sheet(size, marks, paper)?;
    write_atomically(path, |file| {
        let (width, height) = (sheet.width as u32, sheet.height as u32);
        let encoder = PngEncoder::new(file);
        encoder.write_image(&sheet.rgb, width, height, ExtendedColorType::Rgb8).map_err(|e| e.to_string())
    })
}

fn sheet(size: Size, marks: &[Mark], paper: [u8; 3]) -> Done<Panel> {
    let tall = height_at(size, CELL);
    let across = marks.len().min(ACROSS);
    let row = 2 * tall + 3 * GAP + LINES * LINE;
    let mut sheet = Panel::new(GAP + across * (CELL + GAP), marks.len().div_ceil(ACROSS) * row + GAP);
    for (number, mark) in marks.iter().enumerate() {
        let x = GAP + (number % ACROSS) * (CELL + GAP);
        let y = GAP + (number / ACROSS) * row;
        sheet.place(&Panel::canvas(size, &mark.paint, paper, CELL)?, x, y);
        sheet.place(&Panel::canvas(size, &mark.live, paper, CELL)?, x, y + tall + GAP);
        let words = y + 2 * (tall + GAP);
        sheet.write(&wrap(&mark.label, CELL, 1).concat(), x, words, LOUD);
        for (line, text) in wrap(&mark.prompt, CELL, LINES - 1).iter().enumerate() {
            sheet.write(text, x, words + (line + 1) * LINE, QUIET);
        }
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_has_its_column_and_the_ninth_a_new_row() {
        let size = Size { width: 4, height: 2 };
        let mark = || Mark {
            label: "sky".into(),
            prompt: "a prompt ".repeat(40),
            paint: [255, 0, 0, 255].repeat(8),
            live: [0, 0, 255, 255].repeat(8),
        };
        let marks: Vec<Mark> = (0..9).map(|_| mark()).collect();
        let one = sheet(size, &marks[..1], [255; 3]).unwrap();
        assert_eq!((one.width, one.height), (CELL + 2 * GAP, CELL + 4 * GAP + LINES * LINE));
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|c| one.rgb[(y * one.width + x) * 3 + c]);
        assert_eq!(pixel(GAP + 9, GAP + 9), [255, 0, 0]);
        assert_eq!(pixel(GAP + 9, GAP + CELL / 2 + GAP + 9), [0, 0, 255]);
        let nine = sheet(size, &marks, [255; 3]).unwrap();
        assert_eq!(nine.width, GAP + 8 * (CELL + GAP));
        assert_eq!(nine.height, 2 * one.height - GAP);
    }
}
