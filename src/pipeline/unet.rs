//! The U-Nets of Stable Diffusion 1, 2 and XL: what they are told besides the latent.

use std::sync::Arc;

use ndarray::Array3;

use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::models::numbers::entry;
use crate::pipeline::denoise::{Conditioning, Denoiser, Half};
use crate::pipeline::embedding::Embedding;
use crate::pipeline::image_encoder::EmbeddingShape;
use crate::pipeline::reference::{EncodedReference, EncodedReferences, ReferenceInput};
use crate::render::Aspect;

/// What a U-Net wants to be told beside the text.
pub struct Told {
    /// Numbers in the guidance embedding of a distilled model.
    guidance_width: Option<usize>,
    /// SDXL: numbers that say how large the picture is; 0 without.
    pub sizes: usize,
    /// IP-Adapters: what it is told of reference pictures, if it looks at them.
    pub pictures: Option<EmbeddingShape>,
}

/// `[batch, pictures, width]` or `[batch, pictures, parts, width]`: what it is told of reference pictures.
pub const PICTURES: &str = "image_embeds";
/// `[batch, pictures]`: how much of each; or `[batch, pictures, 3]`: how much of its layout, its style, and the rest.
const SCALES: &str = "ip_adapter_scale";
/// `[batch, 4]`: where its window lies in the whole picture, so that the middle of a landscape is not taken for all of one.
/// As [`crate::grid::Window::crop`].
pub const CROP: &str = "crop";
/// Numbers by which an adapter is told of one picture: several times what any is.
const MOST_NUMBERS: usize = 1 << 22;

/// Takes a network as a U-Net.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs than Stable Diffusion's.
pub fn of(network: Component, folder: &Folder, xl: bool) -> Result<(Denoiser, Told)> {
    if !xl && network.input("time_ids").is_some() {
        return Err(Error::new(
            Status::ModelMissing,
            format!(
                "The model in {} is of the kind Stable Diffusion XL and lacks its text_encoder_2; download the \
                 whole model.",
                folder.path.display()
            ),
        ));
    }
    // The width that distilled models of Stable Diffusion have, where nothing says.
    const WIDTH: usize = 256;
    let told = entry(folder.config.as_ref(), "time_cond_proj_dim")?;
    let guidance_width = network
        .input("timestep_cond")
        .map(|port| port.fixed(1).or(told.map(|width| width as usize)).unwrap_or(WIDTH));
    // SDXL's, where the export does not say.
    const SIZES: usize = 6;
    let sizes = network.input("time_ids").map_or(0, |port| port.fixed(1).unwrap_or(SIZES));
    if xl && ![0, 5, SIZES].contains(&sizes) {
        return Err(network.unsupported(&format!("it wants {sizes} numbers for the picture's size")));
    }
    let pictures = pictures(&network)?;
    let distilled = guidance_width.is_some();
    Ok((denoiser(network, xl, distilled)?, Told { guidance_width, sizes, pictures }))
}

/// How it looks at reference pictures, if it does.
fn pictures(network: &Component) -> Result<Option<EmbeddingShape>> {
    let Some(port) = network.input(PICTURES) else { return Ok(None) };
    let rank = port.shape.len();
    let aspects = network.input(SCALES).and_then(|port| match port.shape.len() {
        2 => Some(false),
        3 => (port.fixed(2).unwrap_or(3) == 3).then_some(true),
        _ => None,
    });
    let Some(aspects) = aspects.filter(|_| (3..=4).contains(&rank)) else {
        return Err(network.unsupported(&format!(
            "it looks at pictures in another way than is known here ({PICTURES} of three or four dimensions, and {SCALES} of \
             two, or of three with 3 numbers for each picture, are)"
        )));
    };
    let (count, width) = (port.fixed(2).filter(|_| rank == 4), port.fixed(rank - 1));
    if !(1..=MOST_NUMBERS).contains(&count.unwrap_or(1).saturating_mul(width.unwrap_or(1))) {
        return Err(network.unsupported(&format!("its {PICTURES} has the shape {:?}", port.shape)));
    }
    Ok(Some(EmbeddingShape { parts: rank == 4, count, width, aspects }))
}

/// The same without what it is told.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs than Stable Diffusion's.
pub fn denoiser(network: Component, xl: bool, distilled: bool) -> Result<Denoiser> {
    let inputs = ["sample", "timestep", "encoder_hidden_states", "text_embeds", "time_ids"];
    let inputs = &inputs[..if xl { 5 } else { 3 }];
    let outputs = ["out_sample", "noise_pred", "sample"];
    Denoiser::new(network, "U-Net", inputs, &outputs, distilled)
}

impl Told {
    /// What a prediction is conditioned on; `sizes` has [`Told::sizes`] numbers.
    pub fn half(&self, text: &Embedding, sizes: Vec<f32>, guidance: f32) -> Half {
        let mut inputs = vec![("encoder_hidden_states", vec![text.tokens, text.width], text.data.clone())];
        if let Some(width) = self.guidance_width {
            inputs.push(("timestep_cond", vec![width], guidance_embedding(guidance, width)));
        }
        if self.sizes > 0 {
            inputs.push(("text_embeds", vec![text.pooled.len()], text.pooled.clone()));
            inputs.push(("time_ids", vec![self.sizes], sizes));
        }
        inputs
    }

    /// How the family looks at reference pictures.
    pub fn reference_input(&self) -> Option<ReferenceInput> {
        self.pictures.map(ReferenceInput::Embeddings)
    }

    /// Tells a network that looks at pictures of those that there are; that there are none, too.
    pub fn show(&self, conditioning: Conditioning, references: &EncodedReferences) -> Conditioning {
        let Some(pictures) = &self.pictures else { return conditioning };
        let encoded = &references.encoded;
        let (_, parts, width) = encoded
            .first()
            .map_or((1, pictures.count.unwrap_or(1), pictures.width.unwrap_or(1)), |one| one.numbers.dim());
        let count = encoded.len().max(1);
        let numbers = |seen: &Arc<Array3<f32>>| seen.iter().copied().collect::<Vec<f32>>();
        let zeros = || vec![0.0; parts * width];
        let not = references.negative.as_ref().map_or_else(zeros, numbers).repeat(count);
        let (mut wanted, mut scales) = (Vec::new(), Vec::new());
        for one in encoded {
            wanted.extend(numbers(&one.numbers));
            match pictures.aspects {
                true => scales.extend(by_aspect(one)),
                false => scales.push(one.scale),
            }
        }
        let each = if pictures.aspects { 3 } else { 1 };
        if encoded.is_empty() {
            (wanted, scales) = (zeros(), vec![0.0; each]);
        }
        let shape = [count, parts, width];
        let shape = if pictures.parts { shape.to_vec() } else { vec![count, width] };
        let of_scales = if pictures.aspects { vec![count, each] } else { vec![count] };
        conditioning
            .with_input(PICTURES, &shape, &wanted, &not)
            .with_input(SCALES, &of_scales, &scales, &scales)
    }
}

/// How much of its layout, its style, and the rest.
fn by_aspect(one: &EncodedReference) -> [f32; 3] {
    let scale = one.scale;
    match one.aspect {
        Aspect::All => [scale; 3],
        Aspect::Style => [0.0, scale, 0.0],
        Aspect::Layout => [scale, 0.0, 0.0],
    }
}

/// The embedding of a guidance scale for distilled models: sines, then cosines, of (guidance − 1) · 1000 at
/// falling frequencies (diffusers' `get_guidance_scale_embedding`, after google-research/vdm).
fn guidance_embedding(guidance: f32, width: usize) -> Vec<f32> {
    let scaled = (guidance - 1.0) * 1000.0;
    let half = width / 2;
    let fall = 10_000f32.ln() / half.saturating_sub(1).max(1) as f32;
    let angles: Vec<f32> = (0..half).map(|i| scaled * (i as f32 * -fall).exp()).collect();
    let mut embedding: Vec<f32> =
        angles.iter().map(|a| a.sin()).chain(angles.iter().map(|a| a.cos())).collect();
    embedding.resize(width, 0.0);
    embedding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guidance_embedding_is_sines_then_cosines() {
        assert_eq!(guidance_embedding(1.0, 4), [0.0, 0.0, 1.0, 1.0]);
        let embedding = guidance_embedding(8.5, 5);
        assert_eq!(embedding.len(), 5);
        assert!((embedding[0] - 7500f32.sin()).abs() < 1e-6);
        assert!((embedding[3] - 0.75f32.cos()).abs() < 1e-4);
        assert_eq!(embedding[4], 0.0);
        assert_eq!(guidance_embedding(2.0, 0), [0.0; 0]);
        assert!(guidance_embedding(2.0, 2).iter().all(|v| v.is_finite()));
    }
}
