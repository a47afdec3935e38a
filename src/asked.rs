//! A window on its way to the renderer, with all that steers it.

use std::sync::Arc;

use ndarray::Array2;

use crate::conditions::Steer;
use crate::error::Result;
use crate::grid::Window;
use crate::job::Job;
use crate::pixels::Picture;
use crate::policy::Policy;
use crate::prepare::around_hole;
use crate::render::{Change, Condition, Ended, Patch, Quality, Renderer, Scene, Sink};

/// A window with what goes into it.
pub(crate) struct Asked<'a> {
    pub window: Window,
    pub paint: &'a Picture,
    pub mask: Option<&'a Array2<f32>>,
    pub change: Option<Change<'a>>,
    /// With the job's regions, or as if there were none.
    pub regions: bool,
}

pub(crate) fn render(
    job: &Job,
    renderer: &mut dyn Renderer,
    asked: Asked<'_>,
    quality: &Quality<'_>,
    policy: &Policy,
    sink: &mut dyn Sink,
) -> Result<Ended> {
    let params = &job.params;
    let Asked { window, paint, mask, change, regions } = asked;
    let cell = renderer.info().geometry.cell;
    let heard = || job.steering.iter().filter(|steer| regions || !steer.is_region());
    let (fills, shows) = (renderer.capabilities().inpaints, heard().any(Steer::inpaints));
    let hole = match &job.mask {
        Some(mask) if fills || shows => {
            Some(mask.cells(window.level.scale(), window.pixels(cell), &job.cancel)?)
        }
        _ => None,
    };
    let around = match &hole {
        Some(hole) if shows => Some(Arc::new(around_hole(paint, hole)?)),
        _ => None,
    };
    let pictures = heard().map(|steer| match steer.inpaints() {
        true => Ok(around.clone()),
        false => steer.picture(&window, cell, &job.cancel),
    });
    let pictures = pictures.collect::<Result<Vec<_>>>()?;
    let words = [Condition::Prompt(&params.prompt), Condition::Negative(&params.negative)];
    let steering = heard().zip(&pictures).filter_map(|(steer, picture)| steer.condition(picture.as_deref()));
    let conditions: Vec<Condition<'_>> = words.into_iter().chain(steering).collect();
    let noise = job.noise.as_deref();
    let canvas = job.paint.bounds();
    let hole = hole.as_ref().filter(|_| fills);
    let scene = Scene { window, canvas, paint, mask, change, hole, conditions: &conditions, noise };
    renderer.render(&scene, quality, policy, &job.cancel, &mut Noting { job, sink })
}

/// Keeps what is said of a picture, for the frames that have it, and of what it waits for, for the session.
struct Noting<'a> {
    job: &'a Job,
    sink: &'a mut dyn Sink,
}

impl Sink for Noting<'_> {
    fn patch(&mut self, patch: Patch) -> Result<()> {
        self.doing("");
        self.sink.patch(patch)
    }

    fn step(&mut self) {
        self.doing("");
        self.sink.step();
    }

    fn alive(&mut self) {
        self.doing("");
        self.sink.alive();
    }

    fn note(&mut self, sentence: &str) {
        self.job.note(sentence);
    }

    fn doing(&mut self, sentence: &str) {
        sentence.clone_into(&mut self.job.doing.lock());
    }
}
