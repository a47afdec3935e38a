//! Reference pictures and the default model, whose image encoder says of a picture what words would, and its palette.

use scumble::render::{Picture, Reference, Renderer};

use crate::default_model::{apart, ask, everywhere, mean, model, painting};
use crate::support::*;

/// Sky above y = 0.55 of the height, ground below, with some grain; a disc of light.
fn landscape(sky: [f32; 3], ground: [f32; 3], disc: [f32; 3]) -> Picture {
    Picture::from_shape_fn((3, 160, 200), |(c, y, x)| {
        let grain = ((x * 37 + y * 91) % 17) as f32 / 17.0 * 0.06 - 0.03;
        let far = (x as f32 - 140.0).hypot(y as f32 - 35.0);
        let colour = if far < 14.0 {
            disc
        } else if (y as f32) < 88.0 - 0.1 * x as f32 {
            sky.map(|value| value + y as f32 / 900.0)
        } else {
            ground
        };
        (colour[c] + grain).clamp(0.0, 1.0)
    })
}

fn night() -> Picture {
    landscape([0.04, 0.05, 0.13], [0.03, 0.05, 0.05], [0.85, 0.87, 0.9])
}

fn snow() -> Picture {
    landscape([0.78, 0.86, 0.95], [0.94, 0.96, 0.98], [1.0, 1.0, 0.97])
}

fn desert() -> Picture {
    landscape([0.9, 0.75, 0.55], [0.8, 0.5, 0.25], [1.0, 0.95, 0.8])
}

fn render(paint: &Picture, references: &[Reference<'_>], strength: f32) -> Picture {
    finished(&mut model(), &Request { references, ..ask(paint, "hills", strength) }).0
}

fn light(picture: &Picture) -> f32 {
    picture.iter().sum::<f32>() / picture.len() as f32
}

#[test]
fn the_default_model_takes_references_and_weighs_them() {
    let capabilities = model().capabilities();
    assert_eq!((capabilities.no_reference, capabilities.weighs_references), (None, true));
}

#[test]
fn without_a_reference_and_at_scale_0_the_picture_is_the_same() {
    let (paint, seen) = (painting(256, 192, true), desert());
    let off = [Reference::new(&seen, 0.0)];
    for prompt in ["", "green hills"] {
        for (strength, guidance) in [(0.3, 1.0), (0.6, 3.0), (1.0, 1.0)] {
            let asked = Request { guidance, ..ask(&paint, prompt, strength) };
            let plain = finished(&mut model(), &asked).0;
            assert_eq!(plain, finished(&mut model(), &Request { references: &off, ..asked }).0);
        }
    }
}

#[test]
fn light_and_colour_follow_the_reference_by_its_scale() {
    let paint = painting(256, 256, false);
    for strength in [0.6, 0.9] {
        let plain = render(&paint, &[], strength);
        // Where hardly anything of the paint is left the network's own sky may be brighter than a desert.
        let of_desert = if strength < 0.9 { 0.0..1.0 } else { -1.0..1.0 };
        for (name, seen, expected) in
            [("night", night(), -1.0..-0.1), ("snow", snow(), 0.04..1.0), ("desert", desert(), of_desert)]
        {
            let [half, whole] = [0.5, 1.0].map(|s| render(&paint, &[Reference::new(&seen, s)], strength));
            let gain = [&half, &whole].map(|made| light(made) - light(&plain));
            println!("{name} at {strength}: lighter by {gain:?}");
            assert!(expected.contains(&gain[1]), "{name} at {strength}: {gain:?}");
            let colour = |picture: &Picture| [0, 1, 2].map(|c| mean(picture, c, everywhere));
            let far = [&plain, &half, &whole].map(|made| {
                colour(made).iter().zip(colour(&seen)).map(|(a, b)| (a - b).abs()).sum::<f32>() / 3.0
            });
            println!("{name} at {strength}: its mean colour is so far: {far:?}");
            assert!(far[1] < 0.85 * far[0] && far[2] < 0.8 * far[1], "{name} at {strength}: {far:?}");
            let moved = [&half, &whole].map(|made| apart(made, &plain, everywhere));
            assert!(0.01 < moved[0] && moved[0] < moved[1], "{name} at {strength}: {moved:?}");
            if name == "desert" {
                let warmth = |picture: &Picture| mean(picture, 0, everywhere) - mean(picture, 2, everywhere);
                let warm = [&plain, &half, &whole].map(warmth);
                println!("red over blue at {strength}: {warm:?}");
                assert!(warm[0] + 0.03 < warm[1] && warm[1] < warm[2], "{strength}: {warm:?}");
            }
        }
    }
}

/// Finer levels are made from the coarser picture at a low strength: it must not be recoloured once more.
#[test]
fn what_is_made_crisp_is_not_recoloured() {
    let (paint, seen) = (painting(256, 256, false), night());
    let (plain, made) = (render(&paint, &[], 0.08), render(&paint, &[Reference::new(&seen, 1.0)], 0.08));
    assert!((light(&made) - light(&plain)).abs() < 0.01, "{} and {}", light(&made), light(&plain));
}

/// A window shows a part of the canvas: what is in it gets the colours that it has in the whole.
#[test]
fn a_part_gets_the_colours_of_the_whole() {
    let (paint, seen) = (painting(512, 256, false), night());
    let part = paint.slice(ndarray::s![.., .., ..256]).as_standard_layout().into_owned();
    let mut moved = Vec::new();
    for references in [&[][..], &[Reference::new(&seen, 1.0)]] {
        let whole = render(&paint, references, 0.6).slice(ndarray::s![.., .., ..256]).to_owned();
        let alone = render(&part, references, 0.6);
        moved.push([0, 1, 2].map(|c| (mean(&whole, c, everywhere) - mean(&alone, c, everywhere)).abs()));
    }
    println!("whole and part differ by {moved:?}");
    assert!(moved[1].iter().all(|apart| *apart < 0.04), "{moved:?}");
}

#[test]
fn a_reference_that_rests_is_encoded_once() {
    let (paint, one, other) = (painting(128, 128, false), night(), snow());
    let seen = Reference::new(&one, 1.0);
    let first = render(&paint, &[seen], 0.6);
    // Known by its key, it is not looked at again.
    assert_eq!(render(&paint, &[Reference { picture: &other, ..seen }], 0.6), first);
    assert_ne!(render(&paint, &[Reference::new(&other, 1.0)], 0.6), first);
}

#[test]
fn several_references_are_mixed() {
    let (paint, one, other) = (painting(256, 256, false), night(), snow());
    let (one, other) = (Reference::new(&one, 1.0), Reference::new(&other, 1.0));
    let of = |references: &[Reference<'_>]| light(&render(&paint, references, 0.6));
    let (dark, bright, both) = (of(&[one]), of(&[other]), of(&[one, other]));
    assert!(dark + 0.02 < both && both + 0.02 < bright, "{dark} {both} {bright}");
}

#[test]
fn any_picture_will_do_for_a_reference() {
    let paint = painting(128, 128, true);
    for (width, height, value) in [(1, 1, 0.2), (1, 4000, 0.5), (4000, 1, 0.5), (64, 64, 1.0), (64, 64, 0.0)]
    {
        let seen = Picture::from_elem((3, height, width), value);
        for (strength, scale) in [(0.6, 1.0), (1.0, 10.0)] {
            let made = render(&paint, &[Reference::new(&seen, scale)], strength);
            assert!(made.iter().all(|v| v.is_finite()), "{width} × {height} of {value}");
        }
    }
    let bare = render(&painting(256, 256, false), &[Reference::new(&snow(), 1.0)], 1.0);
    assert!(bare.iter().all(|v| (-0.01..=1.01).contains(v)));
}
