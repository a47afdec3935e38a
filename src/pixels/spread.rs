//! Paint whose alpha the frame keeps: what the model sees where it is not opaque.
//!
//! Colour that is mixed with paper comes back mixed with it, and shows as a pale rim over anything else. So paint goes on
//! for some pixels beyond its edges, where the model (whose pictures are never sharp to the pixel) mixes it with itself,
//! and what is paper all the same is told, as the picture's cover, to be taken out again when it is pasted.

use ndarray::Array3;

use super::bands::banded;
use super::colour::{Transfer, unit};
use super::{Picture, blank, filled};
use crate::budget;
use crate::cancel::Cancel;
use crate::error::Result;

/// How much of a picture's pixels is paint, 0..1, `[1, height, width]`; the rest is paper.
pub type Cover = Array3<f32>;

/// The cover of opaque paint.
///
/// # Errors
/// [`crate::error::Status::Memory`].
pub fn opaque(height: usize, width: usize) -> Result<Cover> {
    let mut cover = blank(1, height, width)?;
    cover.fill(1.0);
    Ok(cover)
}

/// How far paint is spread, in the model's pixels: a cell of its latents.
pub const RADIUS: usize = 8;
const SIDE: usize = 2 * RADIUS + 1;

/// From here on paint has its own colour. Below, that of 8 bits says little, and its neighbours' is mixed in.
const SURE: f32 = 4.0 / 255.0;

/// What is so near to 1 is: the taps of a scaling sum to 1 but for the last bits.
pub const WHOLE: f32 = 1.0 - 1e-5;

/// By distance: how far paint covers what lies beside it, and how much its colour counts there.
fn kernels() -> [[f32; SIDE]; 2] {
    let by_distance = |of: fn(f32) -> f32| std::array::from_fn(|i| of(i.abs_diff(RADIUS) as f32));
    let half = |d: f32| ((RADIUS as f32 + 1.0 - d) / (RADIUS as f32 / 2.0 + 1.0)).min(1.0);
    [by_distance(half), by_distance(|d| 0.5f32.powf(d))]
}

/// Paper in an encoding, and colours that are mixed with it there.
#[derive(Clone, Copy)]
pub struct Paper {
    transfer: Transfer,
    colour: [f32; 3],
}

impl Paper {
    /// `srgb`: sRGB-encoded, 0..1.
    pub fn new(srgb: [f32; 3], transfer: Transfer) -> Paper {
        Paper { transfer, colour: srgb.map(|v| transfer.of_srgb(v)) }
    }

    /// The sRGB-encoded paint of channel `c`, covering so much of the paper.
    #[inline]
    fn under(self, c: usize, paint: f32, cover: f32) -> f32 {
        let Paper { transfer, colour } = self;
        transfer.to_srgb(transfer.of_srgb(paint) * cover + colour[c] * (1.0 - cover))
    }

    /// The sRGB-encoded paint of which that made `mixed`.
    #[inline]
    pub fn taken_out(self, c: usize, mixed: f32, cover: f32) -> f32 {
        // Half of what an 8-bit alpha can be: nothing is seen of it.
        if !(0.5 / 255.0..WHOLE).contains(&cover) {
            return mixed;
        }
        let Paper { transfer, colour } = self;
        transfer.to_srgb(unit((transfer.of_srgb(unit(mixed)) - colour[c] * (1.0 - cover)) / cover))
    }
}

/// A picture of paint over paper. `paint` is `[4, height, width]`: sRGB-encoded red, green and blue times alpha, and
/// alpha, perhaps a little beyond 0..1, with [`RADIUS`] pixels more on each side than the picture has. `given` is the cover, if not the paint's own.
///
/// # Errors
/// [`crate::error::Status::Cancelled`] between two rows, [`crate::error::Status::Memory`].
pub fn over_paper(
    paint: &Array3<f32>,
    paper: Paper,
    given: Option<&Cover>,
    cancel: &Cancel,
) -> Result<(Picture, Cover)> {
    let (_, high, wide) = paint.dim();
    let (height, width) = (high - 2 * RADIUS, wide - 2 * RADIUS);
    let (mut picture, mut cover) = (blank(3, height, width)?, blank(1, height, width)?);
    let (Some(values), Some(covers), Some(paint)) =
        (picture.as_slice_mut(), cover.as_slice_mut(), paint.as_slice())
    else {
        return Ok((picture, cover));
    };
    let planes = values.chunks_exact_mut(height * width).chain([covers]);
    let parts = banded(planes, height, height * width * SIDE);
    let source = Source { paint, wide, size: high * wide, kernels: kernels() };
    budget::run(parts, |(band, mut planes)| {
        let mut near = Near::new(wide, width)?;
        for y in band.clone() {
            cancel.check()?;
            source.look_around(y, &mut near);
            let given = given.map(|cover| cover.slice(ndarray::s![0, y, ..]));
            let at = (y - band.start) * width;
            for x in 0..width {
                let own = source.pixel(y + RADIUS, x + RADIUS);
                // Scaling may go a little beyond 1.
                let whole = (WHOLE..2.0 - WHOLE).contains(&own[3]);
                let reach = if own[3] >= WHOLE { 1.0 } else { near.reach[x].min(1.0) };
                let cover = given.map_or(reach, |given| given[x]);
                planes[3][at + x] = cover;
                for c in 0..3 {
                    let beside = if near.sums[3][x] > 1e-6 { near.sums[c][x] / near.sums[3][x] } else { 0.0 };
                    let paint = unit(own[c] / own[3].max(SURE) + beside * (1.0 - own[3] / SURE).max(0.0));
                    planes[c][at + x] = match whole && cover >= WHOLE {
                        // To the last bit what it is where no pixel is transparent.
                        true => own[c].clamp(0.0, 1.0),
                        false => paper.under(c, paint, cover),
                    };
                }
            }
        }
        Ok(())
    })?;
    Ok((picture, cover))
}

struct Source<'a> {
    /// Red, green, blue and alpha.
    paint: &'a [f32],
    wide: usize,
    size: usize,
    kernels: [[f32; SIDE]; 2],
}

/// A row's surroundings: how far paint reaches, and the weighed sums of paint and alpha.
struct Near {
    down: Vec<f32>,
    reach: Vec<f32>,
    sums: [Vec<f32>; 4],
}

impl Near {
    fn new(wide: usize, width: usize) -> Result<Near> {
        let row = || filled(width, 0.0);
        Ok(Near { down: filled(wide, 0.0)?, reach: row()?, sums: [row()?, row()?, row()?, row()?] })
    }
}

impl Source<'_> {
    fn row(&self, channel: usize, y: usize) -> &[f32] {
        &self.paint[channel * self.size + y * self.wide..][..self.wide]
    }

    fn pixel(&self, y: usize, x: usize) -> [f32; 4] {
        std::array::from_fn(|c| self.paint[c * self.size + y * self.wide + x])
    }

    /// Of the picture's row `y`; the order of what is added up is the same for each pixel of each picture.
    fn look_around(&self, y: usize, near: &mut Near) {
        let [reaches, weights] = &self.kernels;
        let larger = |to: &mut f32, v: f32| *to = to.max(v);
        self.gather(3, y, reaches, larger, &mut near.down, &mut near.reach);
        for (c, sums) in near.sums.iter_mut().enumerate() {
            self.gather(c, y, weights, |to, v| *to += v, &mut near.down, sums);
        }
    }

    fn gather(
        &self,
        channel: usize,
        y: usize,
        kernel: &[f32; SIDE],
        join: impl Fn(&mut f32, f32),
        down: &mut [f32],
        out: &mut [f32],
    ) {
        down.fill(0.0);
        for (i, factor) in kernel.iter().enumerate() {
            for (to, v) in down.iter_mut().zip(self.row(channel, y + i)) {
                join(to, v * factor);
            }
        }
        out.fill(0.0);
        for (i, factor) in kernel.iter().enumerate() {
            for (to, v) in out.iter_mut().zip(&down[i..]) {
                join(to, v * factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Encoding;

    const PAPER: [f32; 3] = [1.0, 0.9, 0.8];

    fn paint(pixel: impl Fn(usize, usize) -> [f32; 4]) -> Array3<f32> {
        Array3::from_shape_fn((4, 40 + 2 * RADIUS, 50 + 2 * RADIUS), |(c, y, x)| {
            let pixel = pixel(x, y);
            if c == 3 { pixel[3] } else { pixel[c] * pixel[3] }
        })
    }

    fn seen(paint: &Array3<f32>, encoding: Encoding) -> (Picture, Cover) {
        over_paper(paint, Paper::new(PAPER, Transfer::of(encoding)), None, &Cancel::new()).unwrap()
    }

    #[test]
    fn paint_goes_on_beyond_its_edge_and_ends_in_paper() {
        let red = [0.8, 0.1, 0.05];
        let half = paint(|x, _| [red[0], red[1], red[2], if x < 30 { 1.0 } else { 0.0 }]);
        let (picture, cover) = seen(&half, Encoding::Srgb);
        let edge = 30 - RADIUS;
        for x in 0..50 {
            let pixel = [0, 1, 2].map(|c| picture[(c, 20, x)]);
            let near = |to: [f32; 3]| pixel.iter().zip(to).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(x >= edge + RADIUS / 2 || (near(red) && cover[(0, 20, x)] == 1.0), "{x}: {pixel:?}");
            assert!(x < edge + RADIUS || (near(PAPER) && cover[(0, 20, x)] == 0.0), "{x}: {pixel:?}");
        }
    }

    #[test]
    fn a_wash_looks_as_on_paper_and_comes_back_without_it() {
        for encoding in [Encoding::Srgb, Encoding::Linear] {
            let transfer = Transfer::of(encoding);
            let (picture, cover) = seen(&paint(|_, _| [0.2, 0.6, 0.4, 0.3]), encoding);
            let paper = Paper::new(PAPER, transfer);
            for (c, own) in [0.2, 0.6, 0.4].into_iter().enumerate() {
                let over = transfer.of_srgb(own) * 0.3 + transfer.of_srgb(PAPER[c]) * 0.7;
                let (seen, cover) = (picture[(c, 9, 9)], cover[(0, 9, 9)]);
                assert!((seen - transfer.to_srgb(over)).abs() < 1e-5 && (cover - 0.3).abs() < 1e-6);
                assert!((paper.taken_out(c, seen, cover) - own).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn opaque_paint_stays_what_it_is_to_the_last_bit() {
        let pixels = paint(|x, y| [x as f32 / 70.0, y as f32 / 60.0, 0.3, 1.0]);
        let (picture, cover) = seen(&pixels, Encoding::Linear);
        assert!(cover.iter().all(|v| *v == 1.0));
        let inner = ndarray::s![..3, RADIUS..40 + RADIUS, RADIUS..50 + RADIUS];
        assert_eq!(picture, pixels.slice(inner));
    }

    #[test]
    fn a_cancel_ends_it() {
        let cancel = Cancel::new();
        cancel.cancel();
        let paper = Paper::new(PAPER, Transfer::of(Encoding::Srgb));
        let ended = over_paper(&paint(|_, _| [0.5; 4]), paper, None, &cancel);
        assert!(ended.unwrap_err().is_cancelled());
    }
}
