//! Cells that stay as they are, or as the last picture has them, while the others are denoised.

use ndarray::Array2;

use crate::error::{Error, Result, Status};
use crate::render::{Latent, Scene};

/// What stays as it is while the rest is denoised.
pub struct Hold {
    /// The clean latent that held cells come back to; where nothing is held, what denoising starts from.
    pub to: Latent,
    /// By cell: 1 is free.
    free: Array2<f32>,
}

impl Hold {
    /// `None` where nothing is held.
    ///
    /// # Errors
    /// [`Status::Internal`] for masks and changes of another size than the latent.
    pub fn new(scene: &Scene<'_>, encoded: &Latent) -> Result<Option<Hold>> {
        let (channels, height, width) = encoded.dim();
        let mut free = match (scene.mask, scene.change) {
            (None, None) => return Ok(None),
            (Some(mask), _) => mask.clone(),
            _ => Array2::ones((height, width)),
        };
        let mut to = encoded.clone();
        let fits = |dim: (usize, usize)| dim == (height, width);
        let mut sound = fits(free.dim());
        if let Some(change) = scene.change {
            sound &= fits(change.dirty.dim()) && change.last.dim() == (channels, height, width);
            if sound {
                free *= change.dirty;
                for (mut to, last) in to.outer_iter_mut().zip(change.last.outer_iter()) {
                    ndarray::Zip::from(&mut to)
                        .and(&last)
                        .and(change.dirty)
                        .for_each(|to, last, dirty| *to = last + (*to - last) * dirty);
                }
            }
        }
        match sound {
            true => Ok(Some(Hold { to, free })),
            false => Err(Error::new(
                Status::Internal,
                format!(
                    "What is to be kept of a picture does not fit its {width} × {height} cells; paint on."
                ),
            )),
        }
    }

    /// Puts `held` where nothing is free.
    pub fn apply(&self, held: &[f32], latent: &mut [f32]) {
        let cells = self.free.len();
        for (latent, held) in latent.chunks_exact_mut(cells).zip(held.chunks_exact(cells)) {
            for ((latent, held), free) in latent.iter_mut().zip(held).zip(&self.free) {
                *latent = held + (*latent - held) * free;
            }
        }
    }
}
