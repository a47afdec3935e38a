//! What some networks see at each step beside the noisy latent, as further channels of it: what they are to fill
//! ([`super::inpaint`]), or a control picture (FLUX.1 Depth and Canny).

use std::path::Path;
use std::time::Duration;

use ndarray::Array3;

use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::render::{Control, Picture, Scene};

/// Channels of the latent's size, one after the other.
#[derive(Default)]
pub struct Channels {
    shown: Vec<f32>,
    /// Those of the steps in which nothing is to be said, and in which steps something is, 0..1.
    part: Option<(Vec<f32>, f32, f32)>,
}

impl Channels {
    /// The same in each step.
    pub fn always(shown: Vec<f32>) -> Channels {
        Channels { shown, part: None }
    }

    /// What is seen in step `i` of `steps`.
    pub fn in_step(&self, (i, steps): (usize, usize)) -> &[f32] {
        match &self.part {
            Some((silent, start, end)) if !is_heard((i, steps), *start, *end) => silent,
            _ => &self.shown,
        }
    }
}

/// Is what is heard from `start` to `end` of the steps, 0..1, heard in step `i` of `steps`?
pub fn is_heard((i, steps): (usize, usize), start: f32, end: f32) -> bool {
    // In the order and precision of diffusers, whose numbers decide at the ends.
    let (from, to) = (i as f64 / steps as f64, (i + 1) as f64 / steps as f64);
    from >= f64::from(start) && to <= f64::from(end)
}

/// The control picture that the network of the model in `folder` reads itself, if there is one that is on. It names the model in
/// a ControlNet's place, or nothing.
///
/// # Errors
/// [`crate::error::Status::Setting`] for more than one, and for one that names another network.
pub fn only_control<'a>(scene: &Scene<'a>, folder: &Path) -> Result<Option<&'a Control<'a>>> {
    let mut wanted = scene.controls().filter(|control| control.scale != 0.0);
    let (first, more) = (wanted.next(), wanted.next());
    if more.is_some() {
        return Err(Error::setting(
            "This model reads one control picture itself and takes no more; take the others away.",
        ));
    }
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let own = |model: &str| model.is_empty() || place(Path::new(model)) == place(folder);
    match first.filter(|control| !own(control.model)) {
        Some(control) => Err(Error::setting(format!(
            "The model reads its control picture itself, and takes no ControlNet like {}; steer by the model's own control \
             instead.",
            control.model
        ))),
        None => Ok(first),
    }
}

/// A control picture's latent; black's, where there is no picture or it is not to be heard.
///
/// # Errors
/// As [`Encoder::encode`].
pub fn control(
    scene: &Scene<'_>,
    control: Option<&Control<'_>>,
    encoder: &mut Encoder,
    cancel: &Cancel,
    spent: &mut Duration,
) -> Result<Channels> {
    let mut seen = |picture: &Picture| -> Result<Vec<f32>> {
        Ok(encoder.encode(picture, cancel, spent)?.iter().copied().collect())
    };
    let black = || Array3::zeros(scene.paint.raw_dim());
    let Some(Control { picture, start, end, .. }) = control else {
        return Ok(Channels::always(seen(&black())?));
    };
    let shown = seen(picture)?;
    let part = match (*start, *end) {
        (start, end) if start <= 0.0 && end >= 1.0 => None,
        (start, end) => Some((seen(&black())?, start, end)),
    };
    Ok(Channels { shown, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_steps_is_those_that_lie_in_it_whole() {
        let channels = Channels { shown: vec![1.0], part: Some((vec![0.0], 0.25, 0.75)) };
        let seen = |steps: usize| (0..steps).map(move |i| (i, steps));
        assert_eq!(seen(4).map(|at| channels.in_step(at)[0]).collect::<Vec<_>>(), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(seen(1).map(|at| channels.in_step(at)[0]).collect::<Vec<_>>(), [0.0]);
        assert!(seen(3).all(|at| Channels::always(vec![1.0]).in_step(at) == [1.0]));
    }
}
