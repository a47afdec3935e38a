//! Stable Diffusion XL with its Turbo, Lightning, Hyper, DMD and LCM kin, and its refiner: two text encoders (the
//! refiner: the second alone) and a U-Net that is told the whole prompt in one vector and of what size the picture is.
//! img2img as diffusers has it (`StableDiffusionXLImg2ImgPipeline`): compared, picture by picture, in `tests/pipeline`.

use std::sync::Arc;
use std::time::Duration;

use super::denoise::{Conditioning, Denoiser, Half};
use super::embedding::Embedding;
use super::family::{Family, Loaded};
use super::reference::{EncodedReferences, ReferenceInput};
use super::scheduler::Rule;
use super::text::TextEncoder;
use super::texts::Texts;
use super::unet::{self, Told};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::render::{Latent, Scene};

/// What the refiner is told of a picture's beauty, for the prompt and for the negative prompt: diffusers' numbers.
const BEAUTY: [f32; 2] = [6.0, 2.5];

struct StableDiffusionXl {
    texts: Texts,
    told: Told,
    /// Does no negative prompt mean zeros, rather than an empty text?
    zeros_for_empty: bool,
}

/// Puts a model together; `encoders` in the order of the folder's.
///
/// # Errors
/// As [`unet::of`].
pub fn load(network: Component, encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let (network, told) = unet::of(network, folder, true)?;
    let texts = Texts::read_by(encoders, &network);
    let family = StableDiffusionXl { texts, told, zeros_for_empty: folder.zeros_for_empty };
    Ok(Loaded { family: Box::new(family), network })
}

impl Family for StableDiffusionXl {
    fn encoders(&mut self) -> &mut [TextEncoder] {
        self.texts.encoders()
    }

    fn reference_input(&self) -> Option<ReferenceInput> {
        self.told.reference_input()
    }

    fn show(&self, conditioning: Conditioning, _: &Latent, references: &EncodedReferences) -> Conditioning {
        self.told.show(conditioning, references)
    }

    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning> {
        let (prompt, negative) = scene.words();
        let guided = network.guides(guidance);
        let zeros = self.zeros_for_empty && negative.trim().is_empty();
        let prompts = if guided && !zeros { vec![prompt, negative] } else { vec![prompt] };
        let mut texts = self.texts.encode(&prompts, rule, cancel, spent)?;
        if let ([prompt], true) = (texts.as_slice(), guided) {
            texts.push(Arc::new(prompt.zeros()));
        }
        let half = |(text, beauty): (&Arc<Embedding>, f32)| -> Half {
            self.told.half(text, sizes(scene, self.told.sizes, beauty), guidance)
        };
        let conditioning = network.condition(texts.iter().zip(BEAUTY).map(half).collect(), guidance)?;
        Ok(conditioning.with_unread(texts.iter().map(|text| text.unread.clone())))
    }
}

/// `time_ids`, height before width: how large the whole picture is on the window's level, where the window begins in it,
/// and how large the window is; with five numbers how beautiful instead of the last two. A window of the whole gets
/// what diffusers says of a picture.
fn sizes(scene: &Scene<'_>, count: usize, beauty: f32) -> Vec<f32> {
    let (_, height, width) = scene.paint.dim();
    let (window, scale) = (&scene.window, scene.window.level.scale());
    let side = |canvas: i32, first: i64, cells: usize, pixels: usize| {
        let cell = (pixels / cells.max(1)) as i64;
        let from = first.max(0) * cell;
        // Beyond the canvas its edge is repeated: that counts as picture.
        let whole = ((f64::from(canvas) * scale).round() as i64).max(from + pixels as i64);
        (whole as f32, from as f32, pixels as f32)
    };
    let down = side(scene.canvas.height, window.y, window.height, height);
    let across = side(scene.canvas.width, window.x, window.width, width);
    let mut sizes = vec![down.0, across.0, down.1, across.1];
    match count {
        5 => sizes.push(beauty),
        _ => sizes.extend([down.2, across.2]),
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Level, Window};
    use crate::region::Rect;
    use crate::render::Picture;

    fn told(canvas: (i32, i32), level: i32, (x, y): (i64, i64), (width, height): (usize, usize)) -> Vec<f32> {
        let paint = Picture::zeros((3, height * 8, width * 8));
        let scene = Scene {
            window: Window { level: Level(level), x, y, width, height },
            canvas: Rect::new(0, 0, canvas.0, canvas.1),
            paint: &paint,
            mask: None,
            change: None,
            hole: None,
            conditions: &[],
            noise: None,
        };
        let six = sizes(&scene, 6, 6.0);
        assert_eq!(sizes(&scene, 5, 2.5), [&six[..4], &[2.5]].concat());
        six
    }

    #[test]
    fn the_network_is_told_where_its_window_lies() {
        // The whole picture: what diffusers says.
        assert_eq!(told((1024, 512), 0, (0, 0), (128, 64)), [512.0, 1024.0, 0.0, 0.0, 512.0, 1024.0]);
        // A tile of a larger one at 1:1.
        assert_eq!(
            told((4096, 2048), 0, (96, 32), (128, 128)),
            [2048.0, 4096.0, 256.0, 768.0, 1024.0, 1024.0]
        );
        // Of its overview at half its size.
        assert_eq!(told((2048, 2048), 2, (8, 0), (32, 64)), [1024.0, 1024.0, 0.0, 64.0, 512.0, 256.0]);
        // A window that looks beyond the canvas.
        assert_eq!(told((1000, 100), 0, (0, 0), (128, 16)), [128.0, 1024.0, 0.0, 0.0, 128.0, 1024.0]);
    }
}
