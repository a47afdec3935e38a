//! Gaussian blurs of planes of numbers, row by row on as many threads as are free. A value is summed in one order, so that it is
//! the same whatever else was asked for.

use crate::budget;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::filled;

/// One side of a Gaussian's weights, the middle first, cut where next to nothing is left.
pub struct Kernel(Vec<f32>);

impl Kernel {
    /// `sigma` in pixels, above 0.
    pub fn new(sigma: f32) -> Kernel {
        let radius = (3.0 * sigma).ceil() as usize;
        let weights: Vec<f64> =
            (0..=radius).map(|at| (-0.5 * (at as f64 / f64::from(sigma)).powi(2)).exp()).collect();
        let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
        Kernel(weights.into_iter().map(|weight| (weight / sum) as f32).collect())
    }

    pub fn radius(&self) -> usize {
        self.0.len() - 1
    }
}

/// Fills the rows of a plane, `width` wide: `row` is told which one, and where its values go.
///
/// # Errors
/// What `row` fails with, and [`crate::error::Status::Cancelled`].
pub fn each_row<T: Send>(
    out: &mut [T],
    width: usize,
    cancel: &Cancel,
    row: impl Fn(usize, &mut [T]) + Sync,
) -> Result<()> {
    if width == 0 {
        return Ok(());
    }
    let (mut parts, height, area) = (Vec::new(), out.len() / width, out.len());
    let mut rest = out;
    for band in budget::bands(height, area) {
        let (now, later) = std::mem::take(&mut rest).split_at_mut(band.len() * width);
        parts.push((band.start, now));
        rest = later;
    }
    budget::run(parts, |(first, values)| {
        for (y, values) in values.chunks_exact_mut(width).enumerate() {
            cancel.check()?;
            row(first + y, values);
        }
        Ok(())
    })
}

/// The plane, blurred; what lies beyond it is its edge.
///
/// # Errors
/// [`crate::error::Status::Memory`], [`crate::error::Status::Cancelled`].
pub fn blurred(plane: &[f32], width: usize, kernel: &Kernel, cancel: &Cancel) -> Result<Vec<f32>> {
    let (radius, height) = (kernel.radius(), plane.len().checked_div(width).unwrap_or(0));
    let mut across = filled(plane.len(), 0.0)?;
    each_row(&mut across, width, cancel, |y, out| {
        let row = &plane[y * width..][..width];
        let mut padded = vec![row[0]; radius];
        padded.extend_from_slice(row);
        padded.resize(width + 2 * radius, row[width - 1]);
        out.iter_mut().zip(&padded[radius..]).for_each(|(out, value)| *out = value * kernel.0[0]);
        for (at, weight) in kernel.0.iter().enumerate().skip(1) {
            let sides = padded[radius - at..].iter().zip(&padded[radius + at..]);
            out.iter_mut().zip(sides).for_each(|(out, (left, right))| *out += (left + right) * weight);
        }
    })?;
    let mut down = filled(plane.len(), 0.0)?;
    each_row(&mut down, width, cancel, |y, out| {
        let row = |at: usize| &across[at * width..][..width];
        out.iter_mut().zip(row(y)).for_each(|(out, value)| *out = value * kernel.0[0]);
        for (at, weight) in kernel.0.iter().enumerate().skip(1) {
            let sides = row(y.saturating_sub(at)).iter().zip(row((y + at).min(height - 1)));
            out.iter_mut().zip(sides).for_each(|(out, (above, below))| *out += (above + below) * weight);
        }
    })?;
    Ok(down)
}
