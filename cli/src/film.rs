//! The animated picture: painting and live layer side by side, as the artist saw them.

use std::path::Path;

use color_quant::NeuQuant;
use gif::{DisposalMethod, Encoder, Frame, Repeat};

use crate::failure::Done;
use crate::hand::Hand;
use crate::painter::Painter;
use crate::panel::{LINE, LOUD, Panel, height_at, wrap};
use crate::progress;
use crate::recording::Recording;
use crate::replay::Replay;
use crate::stills::write_atomically;

/// Hundredths of a second from picture to picture: about eight a second.
const DELAY: u16 = 12;
/// How long the last picture stays.
const LAST: u16 = 300;
/// Width of the painting and of the live layer.
const SIDE: usize = 224;
const GAP: usize = 6;
/// Differences up to this are left as they were: small changes would make a large file.
const SAME: u8 = 6;
/// Place of the palette that is see-through: what did not change, and packs to nothing.
const CLEAR: u8 = 255;
/// Pixels that the quantizer learns from.
const ENOUGH: usize = 8000;

pub fn write(path: &Path, recording: &Recording, replay: &mut Replay<'_>, paper: [u8; 3]) -> Done {
    let size = recording.canvas;
    let tall = height_at(size, SIDE);
    let (width, height) = (2 * SIDE + 3 * GAP, tall + 3 * GAP + LINE);
    let (Ok(width16), Ok(height16)) = (u16::try_from(width), u16::try_from(height)) else {
        return Ok(()); // a canvas too slim for a GIF
    };
    let step = f64::from(DELAY) * 10.0;
    let count = (recording.length() / step).ceil() as usize + 1;
    let bar = progress::bar(count as u64, "film");

    // The hand paints once more, this time for the film.
    let mut hand = Hand::new(recording);
    let mut painter = Painter::new(size.width, size.height, recording.background.map(|c| c.0));
    let mut sheet = Panel::new(width, height);
    let mut film = Film::new(width16, height16);
    let mut on_show = None;
    let mut painting = true;
    for number in 0..count {
        let t = number as f64 * step;
        while let Some(action) = hand.due(t) {
            action.paint(&mut painter);
        }
        // The last picture is how it ended, also where the model came after the hand was done.
        let last = number + 1 == count;
        let frame = if last { replay.spool.len().checked_sub(1) } else { replay.spool.at(t) };
        if std::mem::take(&mut painting) || painter.take_touched().is_some() {
            sheet.place(&Panel::canvas(size, painter.pixels(), paper, SIDE)?, GAP, GAP);
        }
        if let Some(frame) = frame.filter(|_| frame != on_show) {
            let pixels = replay.spool.get(frame)?;
            sheet.place(&Panel::canvas(size, &pixels, paper, SIDE)?, SIDE + 2 * GAP, GAP);
            on_show = Some(frame);
        }
        let prompt = replay.prompts.iter().rev().find(|(since, _)| *since <= t).map_or("", |p| &p.1);
        sheet.place(&Panel::new(width, LINE), 0, tall + 2 * GAP);
        sheet.write(&wrap(prompt, width - 2 * GAP, 1).concat(), GAP, tall + 2 * GAP, LOUD);
        film.add(&sheet);
        bar.inc(1);
    }
    bar.finish_and_clear();
    write_atomically(path, |file| film.encode(file).map_err(|e| e.to_string()))
}

/// Frames that hold only what changed.
struct Film {
    width: u16,
    height: u16,
    seen: Option<Vec<u8>>,
    frames: Vec<Frame<'static>>,
}

impl Film {
    fn new(width: u16, height: u16) -> Self {
        Film { width, height, seen: None, frames: Vec::new() }
    }

    fn add(&mut self, sheet: &Panel) {
        let first = self.seen.is_none();
        let seen = self.seen.get_or_insert_with(|| vec![0; sheet.rgb.len()]);
        let mut box_ = None::<[usize; 4]>;
        let mut changed = vec![false; sheet.width * sheet.height];
        for (place, (now, before)) in sheet.rgb.chunks_exact(3).zip(seen.chunks_exact_mut(3)).enumerate() {
            if first || now.iter().zip(before.iter()).any(|(a, b)| a.abs_diff(*b) > SAME) {
                before.copy_from_slice(now);
                changed[place] = true;
                let (x, y) = (place % sheet.width, place / sheet.width);
                let [left, top, right, bottom] = box_.unwrap_or([x, y, x, y]);
                box_ = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
            }
        }
        let Some([left, top, right, bottom]) = box_ else {
            if let Some(last) = self.frames.last_mut() {
                last.delay = last.delay.saturating_add(DELAY);
            }
            return;
        };
        let rows = (top..=bottom).flat_map(|y| y * sheet.width + left..=y * sheet.width + right);
        let (places, rgb) = (rows.collect::<Vec<_>>(), &sheet.rgb);
        let drawn = places.iter().filter(|place| changed[**place]);
        let (palette, mut drawn) =
            quantize(drawn.map(|place| [0, 1, 2].map(|c| rgb[place * 3 + c])).collect());
        let next = |place: &usize| if changed[*place] { drawn.next().unwrap_or(CLEAR) } else { CLEAR };
        let buffer: Vec<u8> = places.iter().map(next).collect();
        // All four fit: they are within the sheet, whose sides do.
        let [left, top, right, bottom] = [left, top, right, bottom].map(|v| v as u16);
        let mut frame =
            Frame::from_palette_pixels(right - left + 1, bottom - top + 1, buffer, palette, Some(CLEAR));
        frame.left = left;
        frame.top = top;
        frame.delay = DELAY;
        frame.dispose = DisposalMethod::Keep;
        self.frames.push(frame);
    }

    fn encode(mut self, file: impl std::io::Write) -> Result<(), gif::EncodingError> {
        if let Some(last) = self.frames.last_mut() {
            last.delay = last.delay.max(LAST);
        }
        let mut encoder = Encoder::new(file, self.width, self.height, &[])?;
        encoder.set_repeat(Repeat::Infinite)?;
        self.frames.iter().try_for_each(|frame| encoder.write_frame(frame))
    }
}

/// A palette of 255 colours, and the colours' places in it. Only what is drawn takes part: of a see-through rest
/// the quantizer would learn nothing but black.
fn quantize(colours: Vec<[u8; 3]>) -> (Vec<u8>, impl Iterator<Item = u8>) {
    let most = usize::from(CLEAR);
    let mut exact: Vec<[u8; 3]> = colours.clone();
    exact.sort_unstable();
    exact.dedup();
    let opaque: Vec<u8> = colours.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    let few = exact.len() <= most;
    let quantizer = (!few).then(|| {
        let skip = (colours.len() / ENOUGH).clamp(1, 30) as i32;
        NeuQuant::new(skip, most, &opaque)
    });
    let mut palette = quantizer.as_ref().map_or_else(|| exact.concat(), NeuQuant::color_map_rgb);
    palette.resize(256 * 3, 0);
    let place = move |colour: [u8; 3]| match &quantizer {
        Some(quantizer) => quantizer.index_of(&[colour[0], colour[1], colour[2], 255]) as u8,
        None => exact.binary_search(&colour).unwrap_or(0) as u8,
    };
    (palette, colours.into_iter().map(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_holds_what_changed_and_waits_where_nothing_did() {
        let mut film = Film::new(20, 10);
        let mut sheet = Panel::new(20, 10);
        film.add(&sheet);
        film.add(&sheet);
        sheet.rgb[(3 * 20 + 7) * 3] = 255;
        sheet.rgb[(4 * 20 + 9) * 3] = 255;
        film.add(&sheet);
        sheet.rgb[0] += SAME;
        film.add(&sheet);
        let told: Vec<_> = film.frames.iter().map(|f| (f.left, f.top, f.width, f.height, f.delay)).collect();
        assert_eq!(told, [(0, 0, 20, 10, 2 * DELAY), (7, 3, 3, 2, 2 * DELAY)]);
        let mut file = Vec::new();
        film.encode(&mut file).unwrap();
        let decoder = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(&file)).unwrap();
        let frames = image::AnimationDecoder::into_frames(decoder).collect_frames().unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].buffer().get_pixel(7, 3).0[..3], Panel::new(1, 1).rgb[..]);
        let last = frames[1].buffer();
        assert_eq!(last.get_pixel(7, 3).0[0], 255);
        assert_eq!(last.get_pixel(0, 0).0[..3], Panel::new(1, 1).rgb[..]);
    }

    #[test]
    fn many_colours_are_drawn_near_enough_and_none_see_through() {
        let colours: Vec<[u8; 3]> = (0..=255u8).flat_map(|v| [[v, 0, 0], [0, v, 40], [v, v, v]]).collect();
        let (palette, places) = quantize(colours.clone());
        assert_eq!(palette.len(), 256 * 3);
        for (colour, place) in colours.iter().zip(places) {
            assert_ne!(place, CLEAR);
            let drawn = &palette[usize::from(place) * 3..][..3];
            let off = colour.iter().zip(drawn).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(32), "{colour:?} {drawn:?}");
        }
    }
}
