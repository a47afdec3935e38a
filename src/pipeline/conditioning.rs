//! What the denoising network is told besides the latent: words, pictures, places, and how far guidance goes.

use std::borrow::Cow;
use std::ops::Range;

use super::unread::{Unread, Whose};

/// What one of the predictions that guidance is made of is conditioned on: by input its shape for one latent, and its
/// numbers.
pub type Half = Vec<(&'static str, Vec<usize>, Vec<f32>)>;

/// A part of a [`Half`] for some latents: input, shape, numbers.
pub type Given<'a> = (&'static str, Vec<usize>, &'a [f32]);

/// What the steps of one job have in common besides the latent, for each latent in a run.
#[derive(Clone)]
pub struct Conditioning {
    pub(super) latents: usize,
    /// How far to go from the first prediction to the second and beyond; None without guidance.
    pub(super) guidance: Option<f32>,
    /// InstructPix2Pix: how far to go from what is predicted without the paint, which is then the first of three latents.
    pub(super) paint: Option<f32>,
    /// Numbers of all latents.
    pub(super) inputs: Half,
    /// Tokens that the network sees behind the latent's own, the same for all latents.
    pub(super) beside: Vec<f32>,
    /// What is the same for all latents and has no place for more than one: whole numbers in rows of so many.
    pub(super) places: Vec<(&'static str, usize, Vec<i64>)>,
    /// What the negative prompt's prediction is conditioned on, where it has other shapes and a run of its own.
    pub(super) negative: Option<Box<Conditioning>>,
    /// What of its words was not read.
    pub(super) unread: Vec<(Whose, Unread)>,
}

impl Conditioning {
    pub fn latents(&self) -> usize {
        self.latents
    }

    /// What some of the latents are conditioned on: by input its shape and numbers. `None` where they are too few.
    pub fn given(&self, latents: &Range<usize>) -> Option<Vec<Given<'_>>> {
        self.inputs
            .iter()
            .map(|(name, shape, numbers)| {
                let size: usize = shape.iter().product();
                let part = numbers.get(latents.start * size..latents.end * size)?;
                Some((*name, [&[latents.len()], shape.as_slice()].concat(), part))
            })
            .collect()
    }

    /// Notes what was not read of the prompt and the negative prompt, in this order.
    pub fn with_unread(mut self, unread: impl IntoIterator<Item = Option<Unread>>) -> Self {
        let all = [Whose::Prompt, Whose::Negative].into_iter().zip(unread);
        self.unread.extend(all.filter_map(|(whose, unread)| Some((whose, unread?))));
        self
    }

    /// Whether none of it has the size of one latent.
    pub fn is_of_any_size(&self) -> bool {
        let negative = self.negative.as_ref().is_none_or(|negative| negative.is_of_any_size());
        self.beside.is_empty() && self.places.is_empty() && negative
    }

    /// Adds what the network sees behind the latent: tokens of the latent's width.
    pub fn with_beside(mut self, tokens: Vec<f32>) -> Self {
        self.beside = tokens;
        self
    }

    /// Tokens of an input that has some.
    pub fn tokens(&self, input: &str) -> usize {
        let shape =
            self.inputs.iter().find(|(name, ..)| *name == input).map(|(_, shape, _)| shape.as_slice());
        shape.and_then(|shape| shape.first()).copied().unwrap_or_default()
    }

    /// Adds tokens behind those of an input, the same for all latents.
    pub fn with_tokens(mut self, input: &str, more: &[f32]) -> Self {
        for (_, shape, numbers) in self.inputs.iter_mut().filter(|(name, ..)| *name == input) {
            let &mut [ref mut tokens, width] = shape.as_mut_slice() else { continue };
            let latents = numbers.chunks_exact((*tokens * width).max(1));
            *numbers = latents.flat_map(|latent| latent.iter().chain(more)).copied().collect();
            *tokens += more.len() / width.max(1);
        }
        self.negative = self.negative.map(|negative| Box::new(negative.with_tokens(input, more)));
        self
    }

    /// Adds an input that is told one thing where the prompt is and another in guidance's other half; `shape` is of one latent.
    pub fn with_input(mut self, input: &'static str, shape: &[usize], wanted: &[f32], not: &[f32]) -> Self {
        // The prompt comes last.
        let first = if self.guidance.is_some() && self.latents == 2 { not } else { wanted };
        let numbers = match self.latents {
            1 => wanted.to_vec(),
            _ => [first, wanted].concat(),
        };
        self.negative = self.negative.map(|negative| Box::new(negative.with_input(input, shape, not, not)));
        self.inputs.push((input, shape.to_vec(), numbers));
        self
    }

    /// Adds guidance away from what is predicted without the paint, where there is guidance (Brooks, Holynski and Efros,
    /// "InstructPix2Pix", 2023).
    pub fn away_from_no_paint(mut self, guidance: f32) -> Self {
        if self.guidance.is_none() || self.latents != 2 {
            return self;
        }
        for (_, _, numbers) in &mut self.inputs {
            let negative = numbers[..numbers.len() / 2].to_vec();
            numbers.splice(..0, negative);
        }
        self.latents = 3;
        self.paint = Some(guidance);
        self
    }

    /// Adds guidance away from `negative`, which is predicted in a run of its own.
    pub fn away_from(mut self, negative: Conditioning, guidance: f32) -> Self {
        self.negative = Some(Box::new(negative));
        self.guidance = Some(guidance);
        self
    }

    /// The same with more tokens of an input, up to a multiple of `multiple`: the last of each is repeated. Borrowed where there
    /// are as many already.
    pub fn filled_up(&self, input: &str, multiple: usize) -> Cow<'_, Conditioning> {
        let mut all = self.all();
        if all.all(|one| one.tokens(input).is_multiple_of(multiple.max(1))) {
            return Cow::Borrowed(self);
        }
        let mut filled = self.clone();
        for (_, shape, numbers) in filled.inputs.iter_mut().filter(|(name, ..)| *name == input) {
            let &mut [ref mut tokens, width] = shape.as_mut_slice() else { continue };
            let missing = tokens.next_multiple_of(multiple.max(1)) - *tokens;
            let mut all = Vec::with_capacity(numbers.len() + missing * width * self.latents);
            for latent in numbers.chunks_exact((*tokens * width).max(1)) {
                all.extend_from_slice(latent);
                all.extend_from_slice(&latent[latent.len().saturating_sub(width)..].repeat(missing));
            }
            *tokens += missing;
            *numbers = all;
        }
        filled.negative =
            filled.negative.map(|negative| Box::new(negative.filled_up(input, multiple).into_owned()));
        Cow::Owned(filled)
    }

    /// It, and what the negative prompt has of its own.
    fn all(&self) -> impl Iterator<Item = &Conditioning> {
        std::iter::successors(Some(self), |one| one.negative.as_deref())
    }

    /// Adds a table of positions, in rows of `width`.
    pub fn with_places(mut self, input: &'static str, width: usize, places: Vec<i64>) -> Self {
        self.places.push((input, width, places));
        self
    }
}
