//! What renderers of tests share whose canvas is larger than their model, and settles tile by tile.

use ndarray::Array3;
use scumble::error::Result;
use scumble::render::{Defaults, Ended, Geometry, Latent, ModelInfo, Patch, Phases, Quality, Scene, Sink};

/// Of a model native at 128 pixels, in one step.
pub fn info() -> ModelInfo {
    ModelInfo {
        geometry: Geometry { native: 128, multiple: 16, cell: 8, fixed: None },
        defaults: Defaults { steps: 1, strength: 0.5, guidance: 1.0, refine: Some(0.35), context: 0 },
        ..ModelInfo::default()
    }
}

/// Hands over a finished picture of one gray, 0..1.
pub fn finish(scene: &Scene<'_>, quality: &Quality<'_>, sink: &mut dyn Sink, gray: f32) -> Result<Ended> {
    let picture = Array3::from_elem(scene.paint.dim(), gray);
    let latent = Some(Latent::zeros((1, scene.window.height, scene.window.width)));
    let (step, steps) = (quality.steps, quality.steps);
    sink.patch(Patch { picture, latent, step, steps, phases: Phases::default() })?;
    Ok(Ended::Finished)
}
