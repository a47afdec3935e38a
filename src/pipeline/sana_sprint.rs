//! SANA-Sprint: a language model (Gemma 2) for the words, which is asked to say more than the prompt, and a transformer that
//! jumps along circles from noise to pictures. Guidance is built in.
//! img2img as diffusers has it (`SanaSprintImg2ImgPipeline` without binning of sizes): compared, picture by picture, in
//! `tests/pipeline`.

use std::time::Duration;

use super::denoise::{Conditioning, Denoiser};
use super::family::{Family, Loaded};
use super::scheduler::Rule;
use super::text::{Telling, TextEncoder};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::component::Component;
use crate::models::folder::Folder;
use crate::render::Scene;

/// Tokens that the network looks at.
const TOKENS: usize = 300;
/// What the language model is told before the prompt ("complex human instruction", Xie et al., "SANA", 2024, section 3.1).
const INSTRUCTION: [&str; 8] = [
    "Given a user prompt, generate an 'Enhanced prompt' that provides detailed visual descriptions suitable for image \
     generation. Evaluate the level of detail in the user prompt:",
    "- If the prompt is simple, focus on adding specifics about colors, shapes, sizes, textures, and spatial \
     relationships to create vivid and concrete scenes.",
    "- If the prompt is already detailed, refine and enhance the existing details slightly without overcomplicating.",
    "Here are examples of how to transform or refine prompts:",
    "- User Prompt: A cat sleeping -> Enhanced: A small, fluffy white cat curled up in a round shape, sleeping \
     peacefully on a warm sunny windowsill, surrounded by pots of blooming red flowers.",
    "- User Prompt: A busy city street -> Enhanced: A bustling city street scene at dusk, featuring glowing street \
     lamps, a diverse crowd of people in colorful clothing, and a double-decker bus passing by towering glass \
     skyscrapers.",
    "Please generate only the enhanced description for the prompt below and avoid including any additional commentary or \
     evaluations:",
    "User Prompt: ",
];

struct SanaSprint {
    text: TextEncoder,
    tokens: usize,
    /// Guidance is told times this.
    scale: f32,
}

/// Puts a model together.
///
/// # Errors
/// [`Status::ModelUnsupported`] for a network with other inputs, [`Status::ModelBroken`] for a configuration that cannot be.
pub fn load(network: Component, encoders: Vec<TextEncoder>, folder: &Folder) -> Result<Loaded> {
    let inputs = ["hidden_states", "timestep", "encoder_hidden_states", "encoder_attention_mask", "guidance"];
    let outputs = ["out_hidden_states", "noise_pred", "out_sample"];
    let network = Denoiser::new(network, "transformer", &inputs, &outputs, true)?;
    let Ok([mut text]) = <[TextEncoder; 1]>::try_from(encoders) else {
        return Err(Error::new(Status::Internal, "SANA-Sprint has one text encoder; choose another model."));
    };
    let tokens = network.fixed(inputs[2], 1).unwrap_or(TOKENS).max(2);
    let before = INSTRUCTION.join("\n");
    // Of the instruction all but its beginning and its end may be left out of what the network sees.
    let all = text.count(&before)? + tokens - 2;
    text.tell(Telling { before, after: String::new(), tokens: all, padded: true });
    let scale = match &folder.config {
        Some(config) => config.number("guidance_embeds_scale", 0.1, 0.0..=1e3)?,
        None => 0.1,
    };
    Ok(Loaded { family: Box::new(SanaSprint { text, tokens, scale: scale as f32 }), network })
}

impl Family for SanaSprint {
    fn condition(
        &mut self,
        scene: &Scene<'_>,
        guidance: f32,
        rule: Rule,
        network: &Denoiser,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Conditioning> {
        let (prompt, _) = scene.words();
        let text = self.text.encode(&plain(prompt), rule, cancel, spent)?;
        // The first token and the last ones.
        let tokens = self.tokens.min(text.tokens);
        let seen = || std::iter::once(0).chain(text.tokens + 1 - tokens..text.tokens);
        let row =
            |token: usize| text.data.get(token * text.width..(token + 1) * text.width).unwrap_or_default();
        let data = seen().flat_map(row).copied().collect();
        let mask = seen().map(|token| i64::from(token < text.used)).collect();
        let half = vec![
            ("encoder_hidden_states", vec![tokens, text.width], data),
            ("guidance", vec![], vec![guidance * self.scale]),
        ];
        let conditioning = network.condition(vec![half], guidance)?.with_unread([text.unread.clone()]);
        Ok(conditioning.with_places("encoder_attention_mask", tokens, mask))
    }
}

/// In small letters and without space around it, as Python has both.
fn plain(prompt: &str) -> String {
    let space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    prompt.to_lowercase().trim_matches(space).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_told_in_small_letters() {
        assert_eq!(plain("  A House, ÜBER\u{1f}\u{3000}"), "a house, über");
        assert_eq!(INSTRUCTION.join("\n").len(), 1057);
    }
}
