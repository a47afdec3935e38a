//! A loaded model's first run, on next to nothing.

use crate::cancel::Cancel;
use crate::error::{Result, Status};
use crate::grid::{Level, Window};
use crate::pipeline::Pipeline;
use crate::region::Rect;
use crate::render::{
    Condition, Geometry, ModelInfo, Patch, Picture, Policy, Previews, Quality, Renderer, Scene, Tier,
};

impl Pipeline {
    /// Runs every network once on the smallest picture: the first stroke is not slower than the others then,
    /// and a model whose parts do not fit together shows when it is loaded.
    pub(super) fn try_out(&mut self, cancel: &Cancel) -> Result<()> {
        let ModelInfo { geometry: Geometry { multiple, fixed, cell, .. }, .. } = self.info;
        let cell = cell.max(1);
        // A fixed size may take seconds; that is not worth it.
        const SMALL: u32 = 256;
        let (width, height) = fixed.unwrap_or((multiple, multiple));
        // Whatever its size: what it makes of it is not checked when it is used.
        if let Some(preview) = &mut self.preview_decoder {
            let cells = ((width / cell) as usize, (height / cell) as usize);
            preview.try_out(cells, cell as usize, cancel)?;
        }
        if width > SMALL || height > SMALL {
            return Ok(());
        }
        // Nor is it to read hundreds of tokens that say nothing: a large transformer takes a minute for them.
        let shortened = self.fill_up(false);
        let tried = self.render_once(width, height, cancel);
        if !shortened {
            return tried;
        }
        self.fill_up(true);
        match tried {
            // An export may have been made for all of them without saying so; on a graphics card that looks like any failure.
            Err(error) if matches!(error.status, Status::Inference | Status::Device) => {
                log::info!("the model is tried out with all tokens: {error}");
                self.render_once(width, height, cancel)
            }
            tried => tried,
        }
    }

    /// Has prompts filled up to all tokens or not, where the family and its network can do without; else it is false.
    fn fill_up(&mut self, filled: bool) -> bool {
        let text = self.family.fills_up().filter(|_| self.network.takes_any_length());
        text.map(|text| text.fill_up(filled)).is_some()
    }

    fn render_once(&mut self, width: u32, height: u32, cancel: &Cancel) -> Result<()> {
        let ModelInfo { geometry, defaults, .. } = self.info();
        let picture = Picture::from_elem((3, height as usize, width as usize), 0.5);
        let scene = without_words(&picture, geometry.cell);
        let quality = Quality {
            tier: Tier::Live,
            sampler: None,
            steps: 1,
            strength: 1.0,
            refines: false,
            guidance: defaults.guidance,
            paint_guidance: None,
            seed: 0,
            previews: Previews::Off,
        };
        self.render(&scene, &quality, &Policy::default(), cancel, &mut |_: Patch| Ok(())).map(drop)
    }
}

/// A whole canvas of its own, with an empty prompt. `cell`: its pixels to a latent's side.
fn without_words(picture: &Picture, cell: u32) -> Scene<'_> {
    let (_, height, width) = picture.dim();
    let cells = |side: usize| side / cell.max(1) as usize;
    Scene {
        window: Window { level: Level::FULL, x: 0, y: 0, width: cells(width), height: cells(height) },
        canvas: Rect::new(0, 0, width as i32, height as i32),
        paint: picture,
        mask: None,
        change: None,
        hole: None,
        conditions: &[Condition::Prompt("")],
        noise: None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::pipeline::LoadOptions;
    use crate::pipeline::scheduler::Rule;

    /// Tokens that the network is shown of an empty prompt.
    fn tokens(pipeline: &mut Pipeline) -> usize {
        let picture = Picture::zeros((3, 64, 64));
        let scene = without_words(&picture, 8);
        let (network, spent) = (&pipeline.network, &mut Duration::default());
        let told = pipeline.family.condition(&scene, 1.0, Rule::Continuous, network, &Cancel::new(), spent);
        told.unwrap().tokens("encoder_hidden_states")
    }

    #[test]
    fn few_tokens_are_tried_out_where_few_will_do() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
        for (name, all, few) in [
            ("klein-base", 512, true),
            ("flux-dev", 512, true),
            ("flux-schnell", 256, true),
            ("sd3", 77 + 256, true),
            // Fixed to it.
            ("klein", 512, false),
            ("sana", 300, false),
        ] {
            let options =
                LoadOptions { model_dir: root.join(name), device: "cpu".into(), ..Default::default() };
            let mut pipeline = Pipeline::load(&options, &Cancel::new(), &|_, _| {}).unwrap();
            assert_eq!(tokens(&mut pipeline), all, "{name}: the trial is forgotten");
            assert_eq!(pipeline.fill_up(false), few, "{name}");
            let tried = tokens(&mut pipeline);
            assert_eq!(tried < all / 2, few, "{name}: {tried}");
            pipeline.try_out(&Cancel::new()).unwrap();
            assert_eq!(tokens(&mut pipeline), all, "{name}");
        }
    }
}
