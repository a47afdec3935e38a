//! What is told of a model: the settings that suit it, and its geometry.

use crate::model::{Defaults, Geometry, REFINE_STRENGTH};
use crate::models::beside::Beside;
use crate::models::folder::Folder;
use crate::models::kind::Kind;
use crate::pipeline::denoise::Denoiser;
use crate::pipeline::samplers::Sampler;
use crate::pipeline::vae::{Decoder, Encoder};

/// The settings that models of this sort are made for.
pub fn defaults(kind: Kind, name: &str, sampler: &Sampler, network: &Denoiser, beside: Beside) -> Defaults {
    let distilled = network.is_guidance_distilled();
    let (steps, strength, guidance) = match (kind, sampler) {
        // It sees the paint whatever it begins with.
        _ if beside == Beside::Paint => (20, 1.0, 7.5),
        // Nothing but its name tells a model that was distilled to few steps.
        (Kind::StableDiffusion3, _) if name.to_lowercase().contains("turbo") => (4, 0.6, 1.0),
        (Kind::StableDiffusion3, _) => (28, 0.6, 4.5),
        (Kind::Flux, _) if network.has("guidance") => (28, 0.6, 3.5),
        (Kind::Flux, _) => (4, 0.6, 0.0),
        (Kind::ZImage, _) => (8, 0.6, 0.0),
        (Kind::Flux2Klein, _) if distilled => (4, 0.6, 1.0),
        (Kind::Flux2Klein, _) => (28, 0.6, 4.0),
        (Kind::SanaSprint, _) => (4, 0.5, 4.5),
        // Distilled guidance was trained around 8; a merged LCM-LoRA wants none.
        (_, Sampler::Diffusion(own)) if own.is_lcm() => (4, 0.5, if distilled { 8.0 } else { 1.0 }),
        (_, Sampler::Diffusion(own)) if own.is_turbo() => (2, 0.5, 0.0),
        (_, Sampler::Diffusion(own)) if own.is_tcd() => (4, 0.5, 0.0),
        (Kind::StableDiffusionXl, _) => (20, 0.6, 5.0),
        _ => (20, 0.6, 7.5),
    };
    Defaults { steps, strength, guidance, refine: Some(REFINE_STRENGTH), context: 0 }
}

/// What the configurations say, and the sizes that the networks are fixed to.
pub fn geometry(folder: &Folder, network: &Denoiser, encoder: &Encoder, decoder: &Decoder) -> Geometry {
    let cell = folder.cell as usize;
    let in_pixels = |(width, height): (Option<usize>, Option<usize>)| {
        (width.map(|w| w.saturating_mul(cell)), height.map(|h| h.saturating_mul(cell)))
    };
    let [network, decoder] = [in_pixels(network.fixed_size()), in_pixels(decoder.fixed())];
    let encoder = encoder.fixed();
    let width = network.0.or(decoder.0).or(encoder.0);
    let height = network.1.or(decoder.1).or(encoder.1);
    let fixed = match (width, height) {
        (None, None) => None,
        // One side alone is hardly ever fixed; the other is then free, and the native size is safe.
        (width, height) => {
            let side =
                |side: Option<usize>| side.and_then(|n| u32::try_from(n).ok()).unwrap_or(folder.native);
            Some((side(width), side(height)))
        }
    };
    let multiple = folder.cell.saturating_mul(folder.cells_multiple);
    Geometry { native: folder.native, multiple, cell: folder.cell, fixed }
}
