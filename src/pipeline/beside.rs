//! What some networks see at each step beside the noisy latent, as further channels of it: what they are to fill
//! ([`super::inpaint`]), or a control picture (FLUX.1 Depth and Canny).

use std::path::Path;
use std::time::Duration;

use ndarray::Array3;

use super::vae::Encoder;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::render::{Control, Picture, Scene};
use crate::steps::StepRange;

/// Channels of the latent's size, one after the other.
#[derive(Default)]
pub struct Channels {
    shown: Vec<f32>,
    /// Those of the steps in which nothing is to be said, and in which steps something is.
    part: Option<(Vec<f32>, StepRange)>,
}

impl Channels {
    /// The same in each step.
    pub fn always(shown: Vec<f32>) -> Channels {
        Channels { shown, part: None }
    }

    /// What is seen in step `i` of `steps`.
    pub fn in_step(&self, step: (usize, usize)) -> &[f32] {
        match &self.part {
            Some((silent, heard)) if !heard.holds(step) => silent,
            _ => &self.shown,
        }
    }
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
/// As [`Encoder::encode`]; [`crate::error::Status::Setting`] for one with a hole ([`crate::prepare::around_hole`]), which no autoencoder
/// knows.
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
    let Some(Control { picture, steps, .. }) = control else {
        return Ok(Channels::always(seen(&black())?));
    };
    if picture.iter().any(|value| *value < 0.0) {
        return Err(Error::setting(
            "This model's own control is a picture without holes, and cannot be prepared for inpainting; choose another \
             preparation.",
        ));
    }
    let shown = seen(picture)?;
    let part = match *steps {
        StepRange::ALL => None,
        steps => Some((seen(&black())?, steps)),
    };
    Ok(Channels { shown, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_in_steps_that_do_not_lie_in_its_part() {
        let part = StepRange { start: 0.25, end: 0.75 };
        let channels = Channels { shown: vec![1.0], part: Some((vec![0.0], part)) };
        let seen = |steps: usize| (0..steps).map(move |i| (i, steps));
        assert_eq!(seen(4).map(|at| channels.in_step(at)[0]).collect::<Vec<_>>(), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(seen(1).map(|at| channels.in_step(at)[0]).collect::<Vec<_>>(), [0.0]);
        assert!(seen(3).all(|at| Channels::always(vec![1.0]).in_step(at) == [1.0]));
    }
}
