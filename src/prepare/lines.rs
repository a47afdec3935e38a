//! The lines that somebody would draw of a painting or a photograph.
//!
//! Winnemöller, Kyprianidis and Olsen, "XDoG: An eXtended difference-of-Gaussians compendium including advanced image
//! stylization", 2012, for the difference of two Gaussians and its soft threshold; Kang, Lee and Chui, "Coherent Line Drawing",
//! 2007, for gathering it along the lines' direction, which joins what is a line and drops what is none. The direction is that of
//! the smoothed structure tensor (Brox et al., 2006). Differences are weighed against the light around them, as eyes do, and the
//! channel that differs most counts, so that colours of one lightness have a line between them. All of it is a line's dark
//! side alone, so a step has one line, not two.

use super::Inner;
use super::planes::{Kernel, blurred, each_row};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::{Picture, filled};

/// Of the narrower Gaussian, in pixels: a line is some two pixels wide. The wider one is 1.6 times that, which comes closest to
/// a Laplacian (Marr and Hildreth, 1980).
const FINE: f32 = 1.0;
const COARSE: f32 = 1.6;
/// Of the structure tensor.
const TENSOR: f32 = 1.5;
/// How far along its direction a line is gathered, in pixels on each side.
const ALONG: i32 = 6;
/// Light that is added to that around, so that the dark is not all lines.
const EYE: f32 = 0.15;
/// Where a difference begins to be a line, and where it is all of one.
const FAINT: f32 = 0.015;
const FULL: f32 = 0.05;

/// The gathering looks this far, and each of what it looks at depends on a Gaussian; its direction on two and a gradient.
pub(super) const MARGIN: usize = ALONG as usize + 6;

const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// What of `picture` lies within the margin; as [`super::window`].
pub(super) fn picture(picture: &Picture, inner: Inner, cancel: &Cancel) -> Result<Picture> {
    let (wide, area) = (inner.wide(), inner.wide() * inner.high());
    let (fine, coarse) = (Kernel::new(FINE), Kernel::new(COARSE));
    let (mut edges, mut light) = (filled(area, 0.0f32)?, filled(area, 0.0f32)?);
    for (plane, weight) in picture.outer_iter().zip(LUMA) {
        let Some(values) = plane.as_slice() else { continue };
        let sharp = blurred(values, wide, &fine, cancel)?;
        let soft = blurred(values, wide, &coarse, cancel)?;
        for ((edge, light), (sharp, soft)) in edges.iter_mut().zip(&mut light).zip(sharp.iter().zip(&soft)) {
            *edge = edge.max((soft - sharp) / (soft + EYE));
            *light += sharp * weight;
        }
    }
    let along = directions(&light, inner, cancel)?;
    let gathered = gathered(&edges, &along, inner, cancel)?;
    inner.grey(&gathered, |edge| {
        let part = ((edge - FAINT) / (FULL - FAINT)).clamp(0.0, 1.0);
        part * part * (3.0 - 2.0 * part)
    })
}

/// By pixel: a vector of length 1 along what changes least around it.
fn directions(light: &[f32], inner: Inner, cancel: &Cancel) -> Result<Vec<[f32; 2]>> {
    let (wide, high) = (inner.wide(), inner.high());
    let mut gradients = filled(light.len(), [0.0f32; 2])?;
    each_row(&mut gradients, wide, cancel, |y, out| {
        let row = |y: usize| &light[y * wide..][..wide];
        let (own, above, below) = (row(y), row(y.saturating_sub(1)), row((y + 1).min(high - 1)));
        for (x, gradient) in out.iter_mut().enumerate() {
            *gradient = [own[(x + 1).min(wide - 1)] - own[x.saturating_sub(1)], below[x] - above[x]];
        }
    })?;
    let kernel = Kernel::new(TENSOR);
    let part = |what: fn(&[f32; 2]) -> f32| -> Result<Vec<f32>> {
        let values: Vec<f32> = gradients.iter().map(what).collect();
        blurred(&values, wide, &kernel, cancel)
    };
    // Twice the angle of the gradient, as a vector.
    let (double_x, double_y) = (part(|[x, y]| x * x - y * y)?, part(|[x, y]| 2.0 * x * y)?);
    let mut along = gradients;
    for (along, (x, y)) in along.iter_mut().zip(double_x.iter().zip(&double_y)) {
        let length = (x * x + y * y).sqrt();
        let cosine = if length > 1e-12 { x / length } else { 1.0 };
        let across = [((1.0 + cosine) * 0.5).sqrt(), ((1.0 - cosine) * 0.5).sqrt().copysign(*y)];
        *along = [-across[1], across[0]];
    }
    Ok(along)
}

/// Directions that are told apart, on each side of 0.
const FINENESS: f32 = 16.0;

/// For each direction that is told apart, where what is gathered lies: offsets in a plane `wide` wide, whole, so that where a
/// window begins makes no difference.
fn steps(wide: usize) -> Vec<[isize; 2 * ALONG as usize + 1]> {
    let side = 2 * FINENESS as i32 + 1;
    let step = |at: i32, along: f32| (along / FINENESS * at as f32).round_ties_even() as isize;
    let of = |place: i32| {
        let [across, down] = [place % side, place / side].map(|part| part as f32 - FINENESS);
        std::array::from_fn(|at| {
            let at = at as i32 - ALONG;
            step(at, down) * wide as isize + step(at, across)
        })
    };
    (0..side * side).map(of).collect()
}

/// Each edge with those along its direction.
fn gathered(edges: &[f32], along: &[[f32; 2]], inner: Inner, cancel: &Cancel) -> Result<Vec<f32>> {
    let (wide, high) = (inner.wide(), inner.high());
    let weights: [f32; 2 * ALONG as usize + 1] =
        std::array::from_fn(|at| (-0.5 * ((at as f32 - ALONG as f32) / (ALONG as f32 / 2.0)).powi(2)).exp());
    let all: f32 = weights.iter().sum();
    let (steps, reach) = (steps(wide), ALONG as usize);
    let mut out = filled(edges.len(), 0.0)?;
    each_row(&mut out, wide, cancel, |y, row| {
        if y < reach || y + reach >= high || wide <= 2 * reach {
            return;
        }
        for (x, out) in row.iter_mut().enumerate().take(wide - reach).skip(reach) {
            let at = y * wide + x;
            let [across, down] = along[at].map(|part| (part * FINENESS + FINENESS + 0.5) as usize);
            let steps = &steps[down * (2 * FINENESS as usize + 1) + across];
            let edge = |step: isize| edges[at.wrapping_add_signed(step)];
            let sum: f32 = steps.iter().zip(&weights).map(|(step, weight)| edge(*step) * weight).sum();
            *out = sum / all;
        }
    })?;
    Ok(out)
}
