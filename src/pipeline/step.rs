//! One step of a job: what the network predicts, and the picture of a latent.

use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView3};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::pipeline::Pipeline;
use crate::pipeline::beside::Channels;
use crate::pipeline::control::Acting;
use crate::pipeline::denoise::{Conditioning, Noisy};
use crate::pipeline::fused::Inside;
use crate::pixels::over;
use crate::render::{Phases, Picture};

/// One step of a job, whatever the network is told in it.
pub struct At<'a> {
    pub acting: &'a [Acting<'a>],
    pub beside: &'a Channels,
    pub inside: Option<&'a Inside>,
    /// Which of how many.
    pub step: (usize, usize),
    pub shape: &'a [usize],
    /// Of what is shown in the canvas: see [`crate::grid::Window::crop`].
    pub crop: [f32; 4],
    pub timestep: f32,
}

impl Pipeline {
    /// What the network predicts for a latent, with what ControlNets say of it.
    pub(super) fn predict(
        &mut self,
        conditioning: &Conditioning,
        input: &[f32],
        at: &At<'_>,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<f32>> {
        let At { shape, timestep, crop, .. } = *at;
        let channels = at.beside.in_step(at.step);
        let inside = at.inside.map(|inside| inside.in_step(at.step));
        let mut noisy = Noisy { sample: input, shape, timestep, residuals: &[], channels, inside, crop };
        let said = self.controls.listen(at.acting, at.step, conditioning, &noisy, cancel, spent)?;
        noisy.residuals = &said;
        let network = self.controls.network(&said).unwrap_or(&mut self.network);
        self.family.predict(network, conditioning, &noisy, cancel, spent)
    }

    /// The picture of a latent, `finished` or before the last step; with regions that over the one without them, where they cover it.
    pub(super) fn show(
        &mut self,
        latent: &[f32],
        beneath: Option<(&Array2<f32>, &[f32])>,
        shape: [usize; 3],
        finished: bool,
        cancel: &Cancel,
        phases: &mut Phases,
    ) -> Result<Picture> {
        let picture = self.decode(latent, shape, finished, cancel, phases)?;
        match beneath {
            None => Ok(picture),
            Some((covered, plain)) => {
                let plain = self.decode(plain, shape, finished, cancel, phases)?;
                Ok(over::laid_over(plain, &picture, covered))
            }
        }
    }

    fn decode(
        &mut self,
        latent: &[f32],
        shape: [usize; 3],
        finished: bool,
        cancel: &Cancel,
        phases: &mut Phases,
    ) -> Result<Picture> {
        cancel.check()?;
        let start = Instant::now();
        let latent =
            ArrayView3::from_shape(shape, latent).map_err(|e| Error::new(Status::Internal, e.to_string()))?;
        let quicker = self.preview_decoder.as_mut().filter(|_| !finished);
        let picture = quicker.unwrap_or(&mut self.decoder).decode(latent, cancel, &mut phases.runtime)?;
        phases.decode += start.elapsed();
        Ok(picture)
    }
}
