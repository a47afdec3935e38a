//! What a ControlNet says and the U-Net adds: tens of megabytes in each step, which are handed over where they lie.

use std::ops::Range;

use crate::error::{Error, Result, Status};
use crate::models::component::{Feed, Made};

/// What is added inside the network, for all latents of [`super::denoise::Conditioning`] one after the other.
pub struct Residual {
    pub input: String,
    /// Of one latent.
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

pub enum Numbers {
    Own(Vec<f32>),
    /// All in one, as a network made it; perhaps in a device's memory, where nobody here reads it.
    Made(Made),
}

impl Numbers {
    /// Multiplies each by `scale`, in place where they can be changed.
    ///
    /// # Errors
    /// [`Status::Inference`] for numbers that cannot be read.
    pub fn scale(&mut self, scale: f32) -> Result<()> {
        if scale != 1.0 {
            self.changeable()?.iter_mut().for_each(|number| *number *= scale);
        }
        Ok(())
    }

    /// Adds others, each multiplied by `scale`.
    ///
    /// # Errors
    /// [`Status::Inference`] for numbers that cannot be read.
    pub fn add(&mut self, others: &Numbers, scale: f32) -> Result<()> {
        let read;
        let others = match others {
            Numbers::Own(numbers) => numbers.as_slice(),
            Numbers::Made(made) => {
                read = made.numbers()?;
                &read
            }
        };
        let sums = self.changeable()?.iter_mut();
        sums.zip(others).for_each(|(sum, number)| *sum += number * scale);
        Ok(())
    }

    fn changeable(&mut self) -> Result<&mut [f32]> {
        if let Numbers::Made(made) = self
            && made.numbers_mut().is_none()
        {
            let numbers = made.numbers()?.into_owned();
            *self = Numbers::Own(numbers);
        }
        match self {
            Numbers::Own(numbers) => Ok(numbers),
            Numbers::Made(made) => made.numbers_mut().ok_or_else(|| {
                Error::new(Status::Internal, "What a ControlNet says cannot be scaled; take it away.")
            }),
        }
    }
}

impl Residual {
    /// The part for some of the latents, in the shape that the network takes it in; `None` where there is no such part.
    pub fn feed<'a>(&'a self, latents: &Range<usize>, shape: &'a [usize]) -> Option<Feed<'a>> {
        match &self.numbers {
            Numbers::Own(numbers) => {
                let size: usize = self.shape.iter().product();
                Some(Feed::Floats(shape, numbers.get(latents.start * size..latents.end * size)?))
            }
            Numbers::Made(made) => (made.shape() == shape).then_some(Feed::Made(made)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_scaled_and_added_and_cut_by_latents() {
        let mut numbers = Numbers::Own(vec![1.0, 2.0, 3.0, 4.0]);
        numbers.scale(0.5).unwrap();
        numbers.add(&Numbers::Own(vec![10.0, 20.0, 30.0, 40.0]), 0.1).unwrap();
        let residual = Residual { input: "down".into(), shape: vec![2], numbers };
        let shape = [1, 2];
        let Some(Feed::Floats(_, part)) = residual.feed(&(1..2), &shape) else { panic!("no numbers") };
        assert_eq!(part, [1.5 + 30.0 * 0.1, 2.0 + 40.0 * 0.1]);
        assert!(residual.feed(&(1..3), &shape).is_none(), "there is no third latent");
    }
}
