//! What a step shows the denoising network.

use std::borrow::Cow;

use crate::error::{Error, Result, Status};
use crate::pipeline::residual::Residual;
use crate::render::Picture;

/// What a step shows the network.
pub struct Noisy<'a> {
    pub sample: &'a [f32],
    /// Of one latent.
    pub shape: &'a [usize],
    pub timestep: f32,
    /// What ControlNets say.
    pub residuals: &'a [Residual],
    /// Further channels of each place of the latent, the same for all latents: what is to be filled, a control picture. Behind
    /// `sample`, or place by place where that lies in tokens.
    pub channels: &'a [f32],
    /// What a ControlNet in the network's own graph reads, and how strongly it is heard.
    pub inside: Option<(&'a Picture, f32)>,
    /// Where it lies in the whole picture: see [`crate::grid::Window::crop`].
    pub crop: [f32; 4],
}

/// Timesteps that transformers were trained with.
const TRAIN_STEPS: f32 = 1000.0;

impl Noisy<'_> {
    /// Channels, height and width of one latent that is a picture.
    ///
    /// # Errors
    /// [`Status::Internal`] for one that is none.
    pub fn sides(&self) -> Result<[usize; 3]> {
        self.shape
            .try_into()
            .map_err(|_| Error::new(Status::Internal, "A latent is no picture; choose another model."))
    }

    /// What networks are told that know no timesteps: how much of it is noise, 1 being all.
    pub fn level(&self) -> f32 {
        self.timestep / TRAIN_STEPS
    }

    /// What the network is given of one latent, and its shape: with its channels, or zeros in their place.
    pub fn with_channels(&self, blind: bool) -> (Cow<'_, [f32]>, Vec<usize>) {
        let sample = Cow::Borrowed(self.sample);
        let zeros = vec![0.0; if blind { self.channels.len() } else { 0 }];
        let channels = if blind { &zeros } else { self.channels };
        let mut shape = self.shape.to_vec();
        match shape.as_mut_slice() {
            _ if channels.is_empty() => (sample, shape),
            &mut [places, ref mut own] => {
                let (width, more) = ((*own).max(1), (channels.len() / places.max(1)).max(1));
                *own += more;
                let rows = self.sample.chunks_exact(width).zip(channels.chunks_exact(more));
                (rows.flat_map(|(own, more)| own.iter().chain(more)).copied().collect(), shape)
            }
            [own, rest @ ..] => {
                *own += channels.len() / rest.iter().product::<usize>().max(1);
                (Cow::Owned([self.sample, channels].concat()), shape)
            }
            [] => (sample, shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy<'a>(sample: &'a [f32], shape: &'a [usize], channels: &'a [f32]) -> Noisy<'a> {
        Noisy {
            sample,
            shape,
            timestep: 1.0,
            residuals: &[],
            channels,
            inside: None,
            crop: [0.0, 0.0, 1.0, 1.0],
        }
    }

    #[test]
    fn a_picture_has_three_sides_and_a_level() {
        let sample = [0.0; 8];
        let picture = Noisy { timestep: 250.0, ..noisy(&sample, &[2, 1, 4], &[]) };
        assert_eq!((picture.sides().unwrap(), picture.level()), ([2, 1, 4], 0.25));
        assert_eq!(noisy(&sample, &[2, 4], &[]).sides().unwrap_err().status, Status::Internal);
    }

    #[test]
    fn channels_follow_a_picture_and_go_into_tokens() {
        let sample = [1.0, 2.0, 3.0, 4.0];
        let picture = noisy(&sample, &[1, 2, 2], &[5.0, 6.0, 7.0, 8.0]);
        let (seen, shape) = picture.with_channels(false);
        assert_eq!((&*seen, &shape[..]), (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0][..], &[2, 2, 2][..]));
        let tokens = noisy(&sample, &[2, 2], &[5.0, 6.0]);
        let (seen, shape) = tokens.with_channels(false);
        assert_eq!((&*seen, &shape[..]), (&[1.0, 2.0, 5.0, 3.0, 4.0, 6.0][..], &[2, 3][..]));
        assert_eq!(&*tokens.with_channels(true).0, &[1.0, 2.0, 0.0, 3.0, 4.0, 0.0]);
        let none = noisy(&sample, &[2, 2], &[]);
        let (seen, shape) = none.with_channels(true);
        assert_eq!((&*seen, &shape[..]), (&sample[..], &[2, 2][..]));
    }
}
