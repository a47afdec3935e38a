//! Regions: words that hold in a part of the picture, by blending what the network predicts for each (Bar-Tal et al.,
//! "MultiDiffusion: Fusing Diffusion Paths for Controlled Image Generation", 2023).
//!
//! Beside the picture with regions one without is denoised, and outside of all regions that is the picture: in its latent
//! after each step, and at the end in its pixels. So words of a region change nothing beyond it, to the last bit.

use ndarray::{Array2, Zip, s};

use crate::error::{Error, Result, Status};
use crate::pipeline::denoise::Conditioning;
use crate::pipeline::in_steps::InSteps;
use crate::pixels::over;
use crate::render::{Region, Scene};
use crate::steps::StepRange;

/// All regions of a job that its window shows.
pub struct Regions {
    /// What each one's predictions are conditioned on.
    pub own: Vec<InSteps<Conditioning>>,
    shares: InSteps<Shares>,
    covered: InSteps<Covered>,
}

/// Where some of the regions that have acted by a step cover the picture: 1, 0 where none does.
struct Covered {
    cells: Vec<f32>,
    pixels: Array2<f32>,
}

/// By region and cell, 0..1: as far as those above leave it, times its weight; None where it does not act, or nothing is left.
type Shares = Vec<Option<Vec<f32>>>;

/// Regions of a scene that are seen in its window.
pub struct Seen<'a> {
    pub regions: Vec<&'a Region<'a>>,
    /// The mask of each by pixel, as far as regions of greater ranks leave it that act in the same steps; None where it does
    /// not act, or nothing is left.
    left: InSteps<Vec<Option<Array2<f32>>>>,
    /// By pixel, 0..1: how much those cover together that have acted by a step.
    covered: InSteps<Array2<f32>>,
}

/// What a scene's window shows of its regions in so many steps.
///
/// # Errors
/// [`Status::Setting`] for a weight that is no number, [`Status::Internal`] for a mask of another size than the paint.
pub fn seen<'a>(scene: &Scene<'a>, steps: usize) -> Result<Seen<'a>> {
    let mut masked = Vec::new();
    for region in scene.regions() {
        if !region.weight.is_finite() || region.weight < 0.0 {
            return Err(Error::setting("A region's weight must be a number of 0 or more; change it."));
        }
        if region.mask.dim() != scene.paint.dim() {
            return Err(Error::new(
                Status::Internal,
                "A region's mask is not as large as the paint that it goes with; paint on.",
            ));
        }
        let mask = over::coverage(region.mask);
        if region.weight > 0.0 && mask.iter().any(|covered| *covered > 0.0) {
            masked.push((region, mask));
        }
    }
    let (_, height, width) = scene.paint.dim();
    let begun: Vec<_> = masked.iter().map(|(region, _)| StepRange { end: 1.0, ..region.steps }).collect();
    let covered = InSteps::new(&begun, steps, |begun| {
        let masks = masked.iter().zip(begun).filter(|(_, begun)| **begun).map(|((_, mask), _)| mask.clone());
        Ok(over::together(masks).unwrap_or_else(|| Array2::zeros((height, width))))
    })?;
    let parts: Vec<_> = masked.iter().map(|(region, _)| region.steps).collect();
    let left = InSteps::new(&parts, steps, |acting| {
        let mut left: Vec<_> =
            masked.iter().zip(acting).filter(|(_, acts)| **acts).map(|(own, _)| own.clone()).collect();
        cover(&mut left);
        let mut left = left.into_iter().map(|(_, mask)| mask);
        let own = acting.iter().map(|acts| if *acts { left.next() } else { None });
        Ok(own.map(|mask| mask.filter(|mask| mask.iter().any(|left| *left > 0.0))).collect::<Vec<_>>())
    })?;
    let is_left: Vec<bool> = (0..masked.len()).map(|at| left.all().any(|left| left[at].is_some())).collect();
    let of_them = |at: &usize| is_left[*at];
    let left =
        left.map(|own| own.into_iter().enumerate().filter(|(at, _)| of_them(at)).map(|(_, m)| m).collect());
    let regions = masked.iter().enumerate().filter(|(at, _)| of_them(at)).map(|(_, (region, _))| *region);
    Ok(Seen { regions: regions.collect(), left, covered })
}

/// Takes from each mask what regions of greater ranks cover of it, as paint does: by their masks times their weights, which
/// together are 1 at most. What lies wholly beneath others is left nothing.
fn cover(regions: &mut [(&Region<'_>, Array2<f32>)]) {
    let mut ranks: Vec<u32> = regions.iter().map(|(region, _)| region.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let (Some((_, mask)), true) = (regions.first(), ranks.len() > 1) else { return };
    let mut left = Array2::<f32>::ones(mask.dim());
    for rank in ranks.into_iter().rev() {
        let mut taken = Array2::<f32>::zeros(left.dim());
        for (region, mask) in regions.iter_mut().filter(|(region, _)| region.rank == rank) {
            Zip::from(&mut taken).and(mask).and(&left).for_each(|taken, mask, left| {
                *taken += *mask * region.weight;
                *mask *= left;
            });
        }
        Zip::from(&mut left).and(&taken).for_each(|left, taken| *left *= 1.0 - taken.min(1.0));
    }
}

impl Regions {
    /// Of those that are seen, with what each one's predictions are conditioned on; of a latent of so many cells.
    pub fn new(
        seen: Seen<'_>,
        own: Vec<InSteps<Conditioning>>,
        (height, width): (usize, usize),
    ) -> Option<Regions> {
        if own.is_empty() {
            return None;
        }
        let (rows, columns) = seen.covered.at(0).dim();
        let (down, across) = ((rows / height.max(1)).max(1), (columns / width.max(1)).max(1));
        let of_cells = |mask: &Array2<f32>| -> Vec<f32> {
            let mean = |y: usize, x: usize| {
                let cell = mask.slice(s![y * down..(y + 1) * down, x * across..(x + 1) * across]);
                cell.mean().unwrap_or(0.0)
            };
            (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| mean(y, x)).collect()
        };
        let regions = &seen.regions;
        let share = |(mask, region): (Option<Array2<f32>>, &&Region<'_>)| {
            let of_mask = |mask| of_cells(&mask).into_iter().map(|covered| covered * region.weight).collect();
            mask.map(of_mask)
        };
        let shares = seen.left.map(|left| left.into_iter().zip(regions).map(share).collect());
        let covered = seen.covered.map(|pixels| Covered { cells: of_cells(&pixels), pixels });
        Some(Regions { own, shares, covered })
    }

    /// Those that act in a step: each with its share, and what its predictions are conditioned on there.
    pub fn acting(&self, step: usize) -> impl Iterator<Item = (&[f32], &Conditioning)> {
        let shares = self.own.iter().zip(self.shares.at(step));
        shares.filter_map(move |(own, share)| Some((share.as_deref()?, own.at(step))))
    }

    /// Mixes what was predicted for the whole picture's words with what was for each region's: by their shares, and the
    /// whole's where they leave something of 1.
    pub fn mix(&self, whole: &[f32], predicted: &[(&[f32], Vec<f32>)]) -> Vec<f32> {
        let count = predicted.first().map_or(1, |(share, _)| share.len().max(1));
        let mut mixed = Vec::with_capacity(whole.len());
        for (at, whole) in whole.iter().enumerate() {
            let shares = predicted.iter().map(|(share, _)| share[at % count]);
            let all: f32 = shares.clone().sum();
            let regions: f32 = shares.zip(predicted).map(|(share, (_, own))| share * own[at]).sum();
            mixed.push(((1.0 - all).max(0.0) * whole + regions) / all.max(1.0));
        }
        mixed
    }

    /// Puts the latent without regions where none has acted by a step.
    pub fn hold(&self, step: usize, plain: &[f32], latent: &mut [f32]) {
        let cells = &self.covered.at(step).cells;
        let count = cells.len().max(1);
        for (at, (latent, plain)) in latent.iter_mut().zip(plain).enumerate() {
            *latent = match cells[at % count] {
                covered if covered <= 0.0 => *plain,
                covered => plain + (*latent - plain) * covered,
            };
        }
    }

    /// By pixel: where the picture with regions lies over the one without, after a step.
    pub fn pixels(&self, step: usize) -> &Array2<f32> {
        &self.covered.at(step).pixels
    }
}
