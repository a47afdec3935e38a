//! What a text encoder makes of a prompt.

use super::unread::Unread;

/// One prompt's numbers, `[tokens, width]`.
#[derive(Debug, PartialEq)]
pub struct Embedding {
    pub tokens: usize,
    pub width: usize,
    pub data: Vec<f32>,
    /// Tokens that are not padding; of a long prompt the first piece's.
    pub used: usize,
    /// The whole prompt in one vector, where the model looks at it, which is not weighed; of a long prompt the first piece's.
    pub pooled: Vec<f32>,
    /// What of the prompt is not in it.
    pub unread: Option<Unread>,
}

impl Embedding {
    /// The same with zeros in all places.
    pub fn zeros(&self) -> Embedding {
        let zeros = |data: &[f32]| vec![0.0; data.len()];
        Embedding { data: zeros(&self.data), pooled: zeros(&self.pooled), unread: None, ..*self }
    }

    /// The same with more numbers behind each token's own.
    pub fn beside(self, more: &[f32], width: usize) -> Embedding {
        let rows = self.data.chunks_exact(self.width.max(1)).zip(more.chunks_exact(width.max(1)));
        let data = rows.flat_map(|(own, more)| own.iter().chain(more)).copied().collect();
        Embedding { data, width: self.width + width, ..self }
    }

    /// Makes tokens count as strongly as they are meant, one weight for each. The mean stays, as in AUTOMATIC1111's web UI: it
    /// carries much of what the U-Net looks at.
    pub fn weigh(&mut self, weights: &[f32]) {
        if weights.iter().all(|weight| *weight == 1.0) {
            return;
        }
        let mean = |data: &[f32]| data.iter().map(|v| f64::from(*v)).sum::<f64>() / data.len().max(1) as f64;
        let before = mean(&self.data);
        for (token, weight) in self.data.chunks_exact_mut(self.width.max(1)).zip(weights) {
            token.iter_mut().for_each(|v| *v *= weight);
        }
        let factor = before / mean(&self.data);
        if factor.is_finite() && (0.1..=10.0).contains(&factor) {
            self.data.iter_mut().for_each(|v| *v *= factor as f32);
        }
    }
}
