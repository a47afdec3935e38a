//! The last step of a window that is held to the last picture: the network is shown the last picture farther around, at
//! the step's noise level, and what it says of the window itself is kept.

use std::sync::Arc;

use ndarray::{Array3, ArrayView3, s};

use crate::cancel::{Cancel, Hooked};
use crate::error::{Error, Result, Status};
use crate::grid::Window;
use crate::pipeline::draws::Noise;
use crate::pipeline::scheduler::Schedule;
use crate::policy::{Order, Policy};
use crate::render::{Around, Latent, Scene};

pub struct Wider<'a> {
    around: Around<'a>,
    /// Of the surroundings.
    noise: Vec<f32>,
    /// Where the window lies in it: columns, rows.
    at: (usize, usize),
    /// Of the window's latent.
    shape: [usize; 3],
}

impl<'a> Wider<'a> {
    /// `None` where nothing is known around the window, or noise is given, which is the window's alone.
    ///
    /// # Errors
    /// [`Status::Internal`] for surroundings that do not contain the window.
    pub fn new(
        scene: &Scene<'a>,
        shape: [usize; 3],
        seed: u64,
        noise: &mut Noise,
    ) -> Result<Option<Wider<'a>>> {
        let Some(around) = scene.change.and_then(|change| change.around) else { return Ok(None) };
        if scene.noise.is_some() {
            return Ok(None);
        }
        let [channels, height, width] = shape;
        let (own, window) = (around.window, scene.window);
        let fits = around.last.dim() == (channels, own.height, own.width) && own.contains(&window);
        if !fits || (window.height, window.width) != (height, width) {
            return Err(Error::new(
                Status::Internal,
                format!("What is known around {width} × {height} cells does not contain them; paint on."),
            ));
        }
        Ok(Some(Wider {
            around,
            noise: noise.window(seed, 0, &own, channels),
            at: ((window.x - own.x) as usize, (window.y - own.y) as usize),
            shape,
        }))
    }

    /// What the network is shown.
    pub fn window(&self) -> &Window {
        &self.around.window
    }

    /// Of the latent with its surroundings.
    pub fn shape(&self) -> [usize; 3] {
        [self.shape[0], self.around.window.height, self.around.window.width]
    }

    /// `sample` as it is before step `step`, in its surroundings.
    pub fn around(&self, sample: &[f32], step: usize, plan: &dyn Schedule) -> Result<Vec<f32>> {
        let last = self.around.last.as_standard_layout();
        let noisy = plan.add_noise(step, last.as_slice().unwrap_or_default(), &self.noise);
        let mut all = Array3::from_shape_vec(self.shape(), noisy).map_err(other_size)?;
        let [_, height, width] = self.shape;
        let (x, y) = self.at;
        let own = ArrayView3::from_shape(self.shape, sample).map_err(other_size)?;
        all.slice_mut(s![.., y..y + height, x..x + width]).assign(&own);
        Ok(all.into_raw_vec_and_offset().0)
    }

    /// The window's own part of what was predicted for all.
    pub fn within(&self, predicted: Vec<f32>) -> Result<Vec<f32>> {
        let all = Latent::from_shape_vec(self.shape(), predicted).map_err(other_size)?;
        let [_, height, width] = self.shape;
        let (x, y) = self.at;
        Ok(all.slice(s![.., y..y + height, x..x + width]).iter().copied().collect())
    }
}

/// Ends a run that looks farther around as soon as something newer waits, or the job is to end.
pub struct Hurry<'a> {
    pub cancel: Arc<Cancel>,
    _hooks: (Hooked<'a>, Hooked<'a, Order>),
}

impl<'a> Hurry<'a> {
    pub fn new(cancel: &'a Cancel, policy: &'a Policy) -> Hurry<'a> {
        let own = Arc::new(Cancel::new());
        let (ends, waits) = (own.clone(), own.clone());
        let hooks = (cancel.hook(move || ends.cancel()), policy.hook(move |_| waits.cancel()));
        Hurry { cancel: own, _hooks: hooks }
    }
}

fn other_size(error: ndarray::ShapeError) -> Error {
    Error::new(Status::Internal, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_looks_around_ends_with_its_job_and_when_something_newer_waits() {
        let (cancel, policy) = (Cancel::new(), Policy::default());
        let hurry = Hurry::new(&cancel, &policy);
        assert!(!hurry.cancel.is_cancelled());
        policy.give_way(0);
        assert!(hurry.cancel.is_cancelled() && !cancel.is_cancelled());
        assert!(Hurry::new(&cancel, &policy).cancel.is_cancelled(), "it waits already");
        let (cancel, policy) = (Cancel::new(), Policy::default());
        let hurry = Hurry::new(&cancel, &policy);
        cancel.cancel();
        assert!(hurry.cancel.is_cancelled() && !policy.gives_way());
    }
}
