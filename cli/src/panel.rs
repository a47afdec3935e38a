//! A sheet to put pictures and words on.

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::failure::{Done, Failure};
use crate::recording::Size;

pub const GROUND: [u8; 3] = [0x22, 0x22, 0x24];
pub const LOUD: [u8; 3] = [0xf2, 0xf0, 0xea];
pub const QUIET: [u8; 3] = [0xb0, 0xae, 0xa8];

/// From one line of words to the next.
pub const LINE: usize = 18;

const FONT: (FontWeight, RasterHeight) = (FontWeight::Regular, RasterHeight::Size16);

/// An RGB picture, rows packed.
#[derive(Clone)]
pub struct Panel {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Panel {
    pub fn new(width: usize, height: usize) -> Self {
        Panel { width, height, rgb: GROUND.repeat(width * height) }
    }

    /// A straight-alpha canvas over paper, scaled to a width.
    pub fn canvas(size: Size, rgba: &[u8], paper: [u8; 3], width: usize) -> Done<Panel> {
        let over = |pixel: &[u8]| {
            let alpha = u32::from(pixel[3]);
            [0, 1, 2].map(|c| {
                ((u32::from(pixel[c]) * alpha + u32::from(paper[c]) * (255 - alpha) + 127) / 255) as u8
            })
        };
        let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(over).collect();
        let height = height_at(size, width);
        if (width, height) == (size.width as usize, size.height as usize) {
            return Ok(Panel { width, height, rgb });
        }
        let wrong = |e: &dyn std::fmt::Display| Failure::failed(format!("Cannot scale a picture: {e}."));
        let source =
            Image::from_vec_u8(size.width, size.height, rgb, PixelType::U8x3).map_err(|e| wrong(&e))?;
        let mut target = Image::new(width as u32, height as u32, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
        Resizer::new().resize(&source, &mut target, &options).map_err(|e| wrong(&e))?;
        Ok(Panel { width, height, rgb: target.into_vec() })
    }

    /// Puts `other` with its top-left at x, y; it has to lie inside.
    pub fn place(&mut self, other: &Panel, x: usize, y: usize) {
        for (row, source) in other.rgb.chunks_exact(other.width * 3).enumerate() {
            self.rgb[((y + row) * self.width + x) * 3..][..source.len()].copy_from_slice(source);
        }
    }

    /// Writes one line; what has no room is left out.
    pub fn write(&mut self, text: &str, x: usize, y: usize, colour: [u8; 3]) {
        let mut x = x;
        for letter in text.chars() {
            let Some(raster) = get_raster(letter, FONT.0, FONT.1).or_else(|| get_raster('?', FONT.0, FONT.1))
            else {
                continue;
            };
            for (row, line) in raster.rows().enumerate() {
                for (column, ink) in line.iter().enumerate() {
                    if x + column < self.width && y + row < self.height {
                        self.blend(x + column, y + row, colour, *ink);
                    }
                }
            }
            x += raster.width();
        }
    }

    fn blend(&mut self, x: usize, y: usize, colour: [u8; 3], ink: u8) {
        let pixel = &mut self.rgb[(y * self.width + x) * 3..][..3];
        for (below, over) in pixel.iter_mut().zip(colour) {
            let mixed = u32::from(over) * u32::from(ink) + u32::from(*below) * u32::from(255 - ink);
            *below = ((mixed + 127) / 255) as u8;
        }
    }
}

/// What height a canvas has at a width.
pub fn height_at(size: Size, width: usize) -> usize {
    let height = width as f64 * f64::from(size.height) / f64::from(size.width);
    (height.round() as usize).max(1)
}

/// Breaks words into at most `lines` lines of a width in pixels; the last line ends in … if words are left out.
pub fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let room = (width / get_raster_width(FONT.0, FONT.1)).max(1);
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.chars().take(room).collect()),
        }
    }
    if out.len() > lines {
        out.truncate(lines);
        if let Some(last) = out.last_mut() {
            *last = last.chars().take(room.saturating_sub(3)).chain("...".chars()).collect();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_where_the_room_ends() {
        let room = |letters: usize| letters * get_raster_width(FONT.0, FONT.1);
        assert_eq!(wrap("a lake at night", room(7), 3), ["a lake", "at", "night"]);
        assert_eq!(wrap("a lake at night", room(9), 1), ["a lake..."]);
        assert_eq!(wrap("", room(9), 1), Vec::<String>::new());
    }

    #[test]
    fn a_canvas_is_seen_over_its_paper() {
        let size = Size { width: 2, height: 2 };
        let pixels = [[10, 20, 30, 255], [0, 0, 0, 0], [0, 0, 0, 128], [9, 9, 9, 255]].concat();
        let panel = Panel::canvas(size, &pixels, [200, 100, 0], 2).unwrap();
        assert_eq!(panel.rgb, [10, 20, 30, 200, 100, 0, 100, 50, 0, 9, 9, 9]);
        let panel = Panel::canvas(size, &pixels, [200, 100, 0], 6).unwrap();
        assert_eq!((panel.width, panel.height, panel.rgb.len()), (6, 6, 6 * 6 * 3));
    }

    #[test]
    fn writing_stays_on_the_sheet() {
        let mut panel = Panel::new(20, 10);
        panel.write("W\u{4e16}Wxyz", 0, 0, LOUD);
        panel.write("W", 19, 9, LOUD);
        assert_eq!(panel.rgb.len(), 20 * 10 * 3);
        assert_ne!(panel.rgb, Panel::new(20, 10).rgb);
    }
}
