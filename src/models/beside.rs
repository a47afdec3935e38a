//! What denoising networks were trained to see beside the noisy latent, in channels of its size.

use crate::models::kind::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Beside {
    #[default]
    Nothing,
    /// What is to be filled: the mask, and the latent of what lies around it.
    Hole,
    /// The latent of a control picture.
    Control,
    /// A control picture as it is, which a ControlNet in the network's own graph reads.
    Inside,
    /// InstructPix2Pix: the latent of the paint, not scaled.
    Paint,
}

impl Beside {
    /// What a network sees that takes `seen` numbers by cell (FLUX: by patch), where a latent has `channels` in cells of so
    /// many pixels a side; `None` for a number that is not known.
    pub fn of(kind: Option<Kind>, seen: usize, channels: usize, cell: usize) -> Option<Beside> {
        let own = width(kind, channels);
        let hole = match kind {
            // The mask as it is, all pixels of a cell.
            Some(Kind::Flux) => own + width(kind, cell * cell),
            _ => own + 1,
        };
        match kind {
            _ if seen == own => Some(Beside::Nothing),
            Some(Kind::Flux) if seen == 2 * own => Some(Beside::Control),
            Some(kind) if kind.has_transformer() && kind != Kind::Flux => None,
            _ if seen == own + hole => Some(Beside::Hole),
            // Stable Diffusion XL's kin is not compared with diffusers' yet.
            None | Some(Kind::StableDiffusion) if seen == 2 * own => Some(Beside::Paint),
            _ => None,
        }
    }
}

impl Beside {
    /// Does a picture at full strength begin with nothing but noise? As diffusers has it.
    pub fn begins_with_noise(self) -> bool {
        matches!(self, Beside::Hole | Beside::Paint)
    }
}

/// Numbers that a network of this kind is given of one place of a latent: FLUX sees 2 × 2 cells as one.
pub fn width(kind: Option<Kind>, channels: usize) -> usize {
    channels * if kind == Some(Kind::Flux) { 4 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_known_by_what_they_see() {
        for (kind, seen, channels, expected) in [
            (None, 4, 4, Some(Beside::Nothing)),
            (None, 9, 4, Some(Beside::Hole)),
            (Some(Kind::StableDiffusionXl), 9, 4, Some(Beside::Hole)),
            (None, 8, 4, Some(Beside::Paint)),
            (Some(Kind::StableDiffusionXl), 8, 4, None),
            (None, 7, 4, None),
            (Some(Kind::Flux), 64, 16, Some(Beside::Nothing)),
            (Some(Kind::Flux), 128, 16, Some(Beside::Control)),
            (Some(Kind::Flux), 384, 16, Some(Beside::Hole)),
            (Some(Kind::Flux), 129, 16, None),
            (Some(Kind::StableDiffusion3), 16, 16, Some(Beside::Nothing)),
            (Some(Kind::StableDiffusion3), 33, 16, None),
        ] {
            assert_eq!(Beside::of(kind, seen, channels, 8), expected, "{kind:?} {seen}");
        }
    }
}
