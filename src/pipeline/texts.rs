//! The text encoders of one model, side by side.

use std::sync::Arc;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::pipeline::denoise::Denoiser;
use crate::pipeline::embedding::Embedding;
use crate::pipeline::scheduler::Rule;
use crate::pipeline::text::TextEncoder;

/// What they make of a token stands side by side, in their order.
pub struct Texts(Vec<TextEncoder>);

impl Texts {
    /// For a network that looks at them: where it takes any number of tokens, long prompts are read in pieces.
    pub fn read_by(mut encoders: Vec<TextEncoder>, network: &Denoiser) -> Self {
        encoders.iter_mut().for_each(|text| text.read_in_pieces(network.takes_any_length()));
        Texts(encoders)
    }

    /// Each by itself.
    pub fn encoders(&mut self) -> &mut [TextEncoder] {
        &mut self.0
    }

    /// The embeddings of `prompts`, in their order and of the same number of tokens.
    ///
    /// # Errors
    /// As [`crate::models::component::Component::run`]; [`Status::ModelBroken`] where the encoders read different
    /// numbers of tokens.
    pub fn encode(
        &mut self,
        prompts: &[&str],
        rule: Rule,
        cancel: &Cancel,
        spent: &mut Duration,
    ) -> Result<Vec<Arc<Embedding>>> {
        let mut by_encoder: Vec<Vec<Arc<Embedding>>> = Vec::with_capacity(self.0.len());
        for encoder in &mut self.0 {
            let own: Result<_> =
                prompts.iter().map(|prompt| encoder.encode(prompt, rule, cancel, spent)).collect();
            by_encoder.push(own?);
        }
        let tokens = by_encoder.iter().flatten().map(|embedding| embedding.tokens).max().unwrap_or(0);
        for (encoder, own) in self.0.iter_mut().zip(&mut by_encoder) {
            for embedding in own {
                *embedding = encoder.lengthened(embedding.clone(), tokens, cancel, spent)?;
            }
        }
        if by_encoder.iter().flatten().any(|embedding| embedding.tokens != tokens) {
            return Err(Error::new(
                Status::ModelBroken,
                "The model's text encoders read different numbers of tokens; download the model again.",
            ));
        }
        let whole = |place: usize| {
            let own: Vec<Arc<Embedding>> = by_encoder.iter().map(|own| own[place].clone()).collect();
            side_by_side(own, tokens)
        };
        Ok((0..prompts.len()).map(whole).collect())
    }
}

/// One embedding of several: token by token, the vector of the whole prompt from whoever makes one.
fn side_by_side(mut own: Vec<Arc<Embedding>>, tokens: usize) -> Arc<Embedding> {
    if own.len() == 1
        && let Some(only) = own.pop()
    {
        return only;
    }
    let width = own.iter().map(|embedding| embedding.width).sum();
    let mut data = Vec::with_capacity(tokens * width);
    for token in 0..tokens {
        for part in &own {
            data.extend_from_slice(&part.data[token * part.width..(token + 1) * part.width]);
        }
    }
    let pooled = own.iter().flat_map(|embedding| &embedding.pooled).copied().collect();
    let used = own.first().map_or(0, |embedding| embedding.used);
    let unread = own.first().and_then(|embedding| embedding.unread.clone());
    Arc::new(Embedding { tokens, width, data, used, pooled, unread })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_side_by_side() {
        let own = |width: usize, from: f32, pooled: &[f32]| {
            let data = (0..2 * width).map(|i| from + i as f32).collect();
            Arc::new(Embedding { tokens: 2, width, data, used: 2, pooled: pooled.to_vec(), unread: None })
        };
        let both = side_by_side(vec![own(1, 0.0, &[]), own(2, 10.0, &[7.0])], 2);
        assert_eq!((both.width, both.data.as_slice()), (3, &[0.0, 10.0, 11.0, 1.0, 12.0, 13.0][..]));
        assert_eq!(both.pooled, [7.0]);
        assert_eq!(both.zeros().data, [0.0; 6]);
        assert_eq!(*side_by_side(vec![own(2, 1.0, &[])], 2), *own(2, 1.0, &[]));
    }
}
