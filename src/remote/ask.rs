//! A scene and its quality on their way to the worker: what is told, and the numbers that follow.

use ndarray::{ArrayBase, CowArray, Data, Dimension};
use serde::{Deserialize, Serialize};

use crate::grid::Window;
use crate::prepare::Prepare;
use crate::region::Rect;
use crate::render::{
    Annotated, Around, Aspect, Condition, Control, Lora, Picture, Quality, Reference, Region, Scene,
};
use crate::steps::StepRange;

/// A [`Condition`], but for the numbers of its picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Said<'a> {
    Prompt(&'a str),
    Negative(&'a str),
    Control {
        picture: [usize; 3],
        model: &'a str,
        scale: f32,
        steps: StepRange,
    },
    /// Its picture comes with it unless the worker has it.
    Annotated {
        picture: [usize; 3],
        key: u128,
        known: bool,
        how: Prepare,
        model: &'a str,
        scale: f32,
        steps: StepRange,
    },
    #[serde(borrow)]
    Lora(Lora<'a>),
    Region {
        mask: [usize; 3],
        prompt: &'a str,
        negative: &'a str,
        weight: f32,
        rank: u32,
        steps: StepRange,
    },
    /// Its picture comes with it unless the worker has it.
    Reference {
        picture: [usize; 3],
        key: u128,
        known: bool,
        scale: f32,
        aspect: Aspect,
        steps: StepRange,
    },
}

impl<'a> Said<'a> {
    fn new(condition: &Condition<'a>, known: &[u128]) -> Said<'a> {
        match *condition {
            Condition::Prompt(text) => Said::Prompt(text),
            Condition::Negative(text) => Said::Negative(text),
            Condition::Control(Control { picture, model, scale, steps }) => {
                Said::Control { picture: picture.dim().into(), model, scale, steps }
            }
            Condition::Annotated(Annotated { picture, key, how, model, scale, steps }) => {
                let (picture, known) = (picture.dim().into(), known.contains(&key));
                Said::Annotated { picture, key, known, how, model, scale, steps }
            }
            Condition::Lora(lora) => Said::Lora(lora),
            Condition::Region(Region { mask, prompt, negative, weight, rank, steps }) => {
                Said::Region { mask: mask.dim().into(), prompt, negative, weight, rank, steps }
            }
            Condition::Reference(Reference { picture, key, scale, aspect, steps }) => Said::Reference {
                picture: picture.dim().into(),
                key,
                known: known.contains(&key),
                scale,
                aspect,
                steps,
            },
        }
    }

    /// The sides of the picture that goes with it.
    pub fn picture(&self) -> Option<[usize; 3]> {
        match self {
            Said::Control { picture, .. } => Some(*picture),
            Said::Region { mask, .. } => Some(*mask),
            Said::Reference { picture, known: false, .. } | Said::Annotated { picture, known: false, .. } => {
                Some(*picture)
            }
            _ => None,
        }
    }

    /// The key of its picture, where that is kept.
    pub fn key(&self) -> Option<u128> {
        match self {
            Said::Reference { key, .. } | Said::Annotated { key, .. } => Some(*key),
            _ => None,
        }
    }

    /// What was said, with the next of the pictures that belong to all of them.
    pub fn condition(&self, pictures: &mut impl Iterator<Item = &'a Picture>) -> Option<Condition<'a>> {
        Some(match *self {
            Said::Prompt(text) => Condition::Prompt(text),
            Said::Negative(text) => Condition::Negative(text),
            Said::Control { model, scale, steps, .. } => {
                Condition::Control(Control { picture: pictures.next()?, model, scale, steps })
            }
            Said::Annotated { key, how, model, scale, steps, .. } => {
                let picture = pictures.next()?;
                Condition::Annotated(Annotated { picture, key, how, model, scale, steps })
            }
            Said::Lora(lora) => Condition::Lora(lora),
            Said::Region { prompt, negative, weight, rank, steps, .. } => {
                Condition::Region(Region { mask: pictures.next()?, prompt, negative, weight, rank, steps })
            }
            Said::Reference { key, scale, aspect, steps, .. } => {
                Condition::Reference(Reference { picture: pictures.next()?, key, scale, aspect, steps })
            }
        })
    }
}

/// A scene and its quality, but for the numbers of its arrays, which follow in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask<'a> {
    pub window: Window,
    pub canvas: Rect,
    #[serde(borrow)]
    pub conditions: Vec<Said<'a>>,
    #[serde(borrow)]
    pub quality: Quality<'a>,
    pub paint: [usize; 3],
    pub mask: Option<[usize; 2]>,
    pub change: Option<([usize; 2], [usize; 3])>,
    /// What lies around a change.
    pub around: Option<(Window, [usize; 3])>,
    pub hole: Option<[usize; 2]>,
    pub noise: Option<[usize; 4]>,
}

/// The arrays of a scene, as slices to be packed. Borrowed where they lie in order.
pub struct Blocks<'a> {
    paint: CowArray<'a, f32, ndarray::Ix3>,
    mask: Option<CowArray<'a, f32, ndarray::Ix2>>,
    change: Option<(CowArray<'a, f32, ndarray::Ix2>, CowArray<'a, f32, ndarray::Ix3>)>,
    around: Option<CowArray<'a, f32, ndarray::Ix3>>,
    hole: Option<CowArray<'a, f32, ndarray::Ix2>>,
    noise: Option<CowArray<'a, f32, ndarray::Ix4>>,
    /// Of the conditions.
    pictures: Vec<CowArray<'a, f32, ndarray::Ix3>>,
}

impl<'a> Ask<'a> {
    /// `known` are the keys of references that the worker has.
    pub fn new(scene: &Scene<'a>, quality: &Quality<'a>, known: &[u128]) -> Ask<'a> {
        Ask {
            window: scene.window,
            canvas: scene.canvas,
            conditions: scene.conditions.iter().map(|condition| Said::new(condition, known)).collect(),
            quality: *quality,
            paint: scene.paint.dim().into(),
            mask: scene.mask.map(|mask| mask.dim().into()),
            change: scene.change.map(|change| (change.dirty.dim().into(), change.last.dim().into())),
            around: around(scene).map(|around| (around.window, around.last.dim().into())),
            hole: scene.hole.map(|hole| hole.dim().into()),
            noise: scene.noise.map(|noise| noise.dim().into()),
        }
    }
}

impl<'a> Blocks<'a> {
    pub fn new(scene: &Scene<'a>, known: &[u128]) -> Blocks<'a> {
        Blocks {
            paint: scene.paint.as_standard_layout(),
            mask: scene.mask.map(|mask| mask.as_standard_layout()),
            change: scene
                .change
                .map(|change| (change.dirty.as_standard_layout(), change.last.as_standard_layout())),
            around: around(scene).map(|around| around.last.as_standard_layout()),
            hole: scene.hole.map(|hole| hole.as_standard_layout()),
            noise: scene.noise.map(|noise| noise.as_standard_layout()),
            pictures: scene.pictures(known).map(|picture| picture.as_standard_layout()).collect(),
        }
    }

    /// In the order in which [`Ask`] tells their shapes.
    pub fn slices(&self) -> Vec<&[f32]> {
        let mut slices = vec![slice(&self.paint)];
        slices.extend(self.mask.as_ref().map(slice));
        if let Some((dirty, last)) = &self.change {
            slices.extend([slice(dirty), slice(last)]);
        }
        slices.extend(self.around.as_ref().map(slice));
        slices.extend(self.hole.as_ref().map(slice));
        slices.extend(self.noise.as_ref().map(slice));
        slices.extend(self.pictures.iter().map(slice));
        slices
    }
}

fn around<'a>(scene: &Scene<'a>) -> Option<Around<'a>> {
    scene.change.and_then(|change| change.around)
}

/// The numbers of an array in standard layout.
pub fn slice<S: Data<Elem = f32>, D: Dimension>(array: &ArrayBase<S, D>) -> &[f32] {
    array.as_slice().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, Array4};

    use super::*;
    use crate::grid::Level;
    use crate::policy::Previews;
    use crate::remote::message::encode;
    use crate::render::{Change, Picture, Tier};

    #[test]
    fn a_scene_arrives_as_it_was() {
        let paint = Picture::from_elem((3, 16, 24), 0.25);
        let (cells, last) = (Array2::from_elem((2, 3), 0.5), Array3::from_elem((4, 2, 3), -1.0));
        let farther = Array3::from_elem((4, 5, 4), -2.0);
        let window = Window { level: Level(-3), x: i64::MIN, y: 5, width: 4, height: 5 };
        let around = Around { window, last: &farther };
        let hole = Array2::from_elem((16, 24), 1.0);
        let mask_picture = Picture::from_elem((3, 16, 24), 0.75);
        let noise = Array4::from_elem((1, 4, 2, 3), f32::MIN_POSITIVE);
        let reference = Picture::from_elem((3, 5, 9), 0.125);
        let whole = Picture::from_elem((3, 7, 2), 0.5);
        let (prompt, weight, rank) = ("ships", 0.5, 7);
        let (how, model, scale) = (Prepare::SoftEdges, "/nets/lines", 0.5);
        let steps = StepRange { start: 0.25, end: 0.75 };
        let scene = Scene {
            window: Window { level: Level(-3), x: i64::MIN, y: 7, width: 3, height: 2 },
            canvas: Rect::new(0, 0, 24, 16),
            paint: &paint,
            mask: Some(&cells),
            change: Some(Change { dirty: &cells, last: &last, around: Some(around) }),
            hole: Some(&hole),
            conditions: &[
                Condition::Prompt("a lake ✓"),
                Condition::Control(Control { picture: &paint, model, scale, steps }),
                Condition::Negative(""),
                Condition::Region(Region { mask: &mask_picture, prompt, negative: "", weight, rank, steps }),
                Condition::Lora(Lora {
                    file: "/loras/ink.safetensors",
                    scale: -0.5,
                    text: f32::MIN_POSITIVE,
                    steps,
                }),
                Condition::Annotated(Annotated { picture: &whole, key: 7, how, model, scale, steps }),
                Condition::Reference(Reference {
                    aspect: Aspect::Style,
                    steps,
                    ..Reference::new(&reference, 0.5)
                }),
            ],
            noise: Some(&noise),
        };
        let quality = Quality {
            tier: Tier::Settled,
            sampler: Some("lcm"),
            steps: 7,
            strength: 0.1,
            refines: true,
            guidance: f32::MAX,
            paint_guidance: Some(1.5),
            seed: u64::MAX,
            previews: Previews::GiveWay,
        };
        let ask = Ask::new(&scene, &quality, &[]);
        let bytes = encode(&ask).unwrap();
        assert_eq!(postcard::from_bytes::<Ask>(&bytes).unwrap(), ask);
        assert_eq!(ask.quality, quality);
        let blocks = Blocks::new(&scene, &[]);
        let lengths: Vec<_> = blocks.slices().iter().map(|slice| slice.len()).collect();
        assert_eq!(
            lengths,
            [3 * 16 * 24, 6, 6, 24, 4 * 5 * 4, 16 * 24, 24, 3 * 16 * 24, 3 * 16 * 24, 3 * 7 * 2, 3 * 5 * 9]
        );
        let mut pictures = [&paint, &mask_picture, &whole, &reference].into_iter();
        let back: Option<Vec<_>> = ask.conditions.iter().map(|said| said.condition(&mut pictures)).collect();
        assert_eq!(back.as_deref(), Some(scene.conditions));
        assert!(postcard::from_bytes::<Ask>(&bytes[..bytes.len() / 2]).is_err());

        // A reference that the worker has is not sent again.
        let known = [Reference::key(&reference)];
        let ask = Ask::new(&scene, &quality, &known);
        assert_eq!(ask.conditions.last().and_then(Said::picture), None);
        let blocks = Blocks::new(&scene, &known);
        let again: Vec<_> = blocks.slices().iter().map(|slice| slice.len()).collect();
        assert_eq!(again, lengths[..10]);
        // Nor one that is annotated.
        let both = [Reference::key(&reference), 7];
        let again: Vec<_> = Blocks::new(&scene, &both).slices().iter().map(|slice| slice.len()).collect();
        assert_eq!(again, lengths[..9]);
        let sent = Ask::new(&scene, &quality, &both).conditions.iter().filter_map(Said::picture).count();
        assert_eq!(sent, 2);
        let mut pictures = [&paint, &mask_picture, &whole, &reference].into_iter();
        let back: Option<Vec<_>> = ask.conditions.iter().map(|said| said.condition(&mut pictures)).collect();
        assert_eq!(back.as_deref(), Some(scene.conditions));
    }
}
