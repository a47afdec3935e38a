//! Regions: words that hold in a part of the picture, by blending what the network predicts for each (Bar-Tal et al.,
//! "MultiDiffusion: Fusing Diffusion Paths for Controlled Image Generation", 2023).
//!
//! Beside the picture with regions one without is denoised, and outside of all regions that is the picture: in its latent
//! after each step, and at the end in its pixels. So words of a region change nothing beyond it, to the last bit.

use ndarray::{Array2, Zip, s};

use crate::error::{Error, Result, Status};
use crate::pipeline::denoise::Conditioning;
use crate::pixels::over;
use crate::render::{Picture, Region, Scene};

/// One region of a job.
pub struct Own {
    pub conditioning: Conditioning,
    /// By cell, 0..1, as far as those above leave it, times its weight.
    share: Vec<f32>,
}

/// All regions of a job that its window shows.
pub struct Regions {
    pub own: Vec<Own>,
    /// By cell: 1 where some region covers it, 0 where none does.
    cells: Vec<f32>,
    /// The same by pixel.
    pixels: Array2<f32>,
}

/// Regions of a scene that are seen in its window.
pub struct Seen<'a> {
    /// With its mask by pixel, as far as regions of greater ranks leave it.
    pub regions: Vec<(&'a Region<'a>, Array2<f32>)>,
    /// By pixel, 0..1: how much they cover together.
    pub covered: Array2<f32>,
}

/// What a scene's window shows of its regions.
///
/// # Errors
/// [`Status::Setting`] for a weight that is no number, [`Status::Internal`] for a mask of another size than the paint.
pub fn seen<'a>(scene: &Scene<'a>) -> Result<Seen<'a>> {
    let mut regions = Vec::new();
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
            regions.push((region, mask));
        }
    }
    let covered = over::together(regions.iter().map(|(_, mask)| mask.clone())).unwrap_or_default();
    cover(&mut regions);
    regions.retain(|(_, mask)| mask.iter().any(|left| *left > 0.0));
    Ok(Seen { regions, covered })
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
    /// Of weights and masks by pixel, with what each region's predictions are conditioned on, and how much of each of the
    /// `pixels` they cover together; of a latent of so many cells.
    pub fn new(
        masks: Vec<(f32, Array2<f32>, Conditioning)>,
        pixels: Array2<f32>,
        (height, width): (usize, usize),
    ) -> Regions {
        let (rows, columns) = pixels.dim();
        let (down, across) = ((rows / height.max(1)).max(1), (columns / width.max(1)).max(1));
        let of_cells = |mask: &Array2<f32>| -> Vec<f32> {
            let mean = |y: usize, x: usize| {
                let cell = mask.slice(s![y * down..(y + 1) * down, x * across..(x + 1) * across]);
                cell.mean().unwrap_or(0.0)
            };
            (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| mean(y, x)).collect()
        };
        let cells = of_cells(&pixels);
        let own = masks.into_iter().map(|(weight, mask, conditioning)| {
            let share = of_cells(&mask).into_iter().map(|covered| covered * weight).collect();
            Own { conditioning, share }
        });
        Regions { own: own.collect(), cells, pixels }
    }

    /// Mixes what was predicted for the whole picture's words with what was for each region's: by their shares, and the
    /// whole's where they leave something of 1.
    pub fn mix(&self, whole: &[f32], predicted: &[Vec<f32>]) -> Vec<f32> {
        let count = self.cells.len().max(1);
        let mut mixed = Vec::with_capacity(whole.len());
        for (at, whole) in whole.iter().enumerate() {
            let shares = self.own.iter().map(|own| own.share[at % count]);
            let all: f32 = shares.clone().sum();
            let regions: f32 = shares.zip(predicted).map(|(share, own)| share * own[at]).sum();
            mixed.push(((1.0 - all).max(0.0) * whole + regions) / all.max(1.0));
        }
        mixed
    }

    /// Puts the latent without regions where there is none.
    pub fn hold(&self, plain: &[f32], latent: &mut [f32]) {
        let count = self.cells.len().max(1);
        for (at, (latent, plain)) in latent.iter_mut().zip(plain).enumerate() {
            *latent = match self.cells[at % count] {
                covered if covered <= 0.0 => *plain,
                covered => plain + (*latent - plain) * covered,
            };
        }
    }

    /// The picture without regions, and over it that with them where they are.
    pub fn laid_over(&self, plain: Picture, with: &Picture) -> Picture {
        over::laid_over(plain, with, &self.pixels)
    }
}
