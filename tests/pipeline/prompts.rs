//! Prompts as artists write them: weights, and more words than the text encoder reads at once.

use scumble::cancel::Cancel;
use scumble::render::{Picture, Policy, Region, Renderer};
use scumble::steps::StepRange;

use crate::support::*;

#[test]
fn weights_change_the_picture_and_one_is_none() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let mut of = |prompt: &str| finished(&mut pipeline, &Request { prompt, ..request(&picture) }).0;
    let plain = of("a red house by the lake");
    assert_eq!(of("a (red:1) house by the lake"), plain);
    let strong = of("a (red:1.5) house by the lake");
    assert!(strong != plain && strong != of("a (red:0.5) house by the lake"));
    assert_eq!(of("a ((red)) house"), of("a (red:1.21) house"));
    assert_ne!(of("a [red] house"), of("a red house"));
}

#[test]
fn no_word_of_a_long_prompt_is_lost() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let long = "a house by the lake, ".repeat(12);
    let mut of = |prompt: &str, negative: &str| -> Picture {
        finished(&mut pipeline, &Request { prompt, negative, guidance: 4.0, ..request(&picture) }).0
    };
    let sunset = format!("{long} at sunset");
    assert_ne!(of(&long, ""), of(&sunset, ""), "the last words change nothing");
    // A short prompt beside a long negative one, and the other way round.
    assert_ne!(of("ships", &long), of("ships", &sunset));
    // By diffusers' reading, which given noise asks for, they are cut.
    let noise = ndarray::Array4::zeros((1, 4, 8, 8));
    let mut cut = |prompt: &str| {
        finished(&mut pipeline, &Request { prompt, noise: Some(&noise), ..request(&picture) }).0
    };
    assert_eq!(cut(&long), cut(&sunset));
}

#[test]
fn guidance_that_is_built_in_is_said() {
    assert!(load(&tiny("lcm")).unwrap().info().description.contains("a negative prompt has no effect"));
    assert!(!load(&tiny("sd15")).unwrap().info().description.contains("negative"));
}

#[test]
fn what_is_not_read_of_the_words_is_told_with_each_picture() {
    let long = "a house by the lake, ".repeat(400) + "at sunset";
    for (name, negatives) in [
        ("sd15", true),
        ("xl", true),
        ("sd3", true),
        ("flux-dev", false),
        ("klein", false),
        ("z-image", true),
        ("sana", false),
    ] {
        let mut pipeline = load(&tiny(name)).unwrap();
        let geometry = pipeline.info().geometry;
        let side = geometry.multiple.max(64) as usize;
        let picture = grey(side, side);
        let whole = Picture::from_elem(picture.raw_dim(), 1.0);
        let region = |prompt| Region {
            mask: &whole,
            prompt,
            negative: "",
            weight: 0.5,
            rank: 0,
            steps: StepRange::ALL,
        };
        let mut told = |prompt: &str, negative: &str, regions: &[Region<'_>]| {
            let cell = geometry.cell as usize;
            let asked =
                Request { cell, prompt, negative, regions, steps: 1, guidance: 4.0, ..request(&picture) };
            let mut noted = Noted::default();
            asked.run_into(&mut pipeline, &Policy::default(), &Cancel::new(), &mut noted).unwrap();
            noted.0
        };
        let is_of = |said: &[String], whose: &[&str]| {
            said.len() == whose.len() && said.iter().zip(whose).all(|(said, whose)| said.starts_with(whose))
        };
        assert!(is_of(&told("ships", "dark", &[]), &[]), "{name}");
        // Told again where it is known what the words came to.
        for _ in 0..2 {
            let said = told(&long, "", &[]);
            assert!(
                is_of(&said, &["The prompt is longer than this model reads: from \""]),
                "{name}: {said:?}"
            );
            let from = said[0].split('"').nth(1).unwrap().trim_end_matches(" \u{2026}");
            assert!(long.contains(from) && from.len() > 20, "{name}: {from}");
        }
        let said = told("ships", &long, &[region("rain"), region(&long)]);
        let negative: &[&str] = if negatives { &["The negative prompt is"] } else { &[] };
        assert!(is_of(&said, &[negative, &["A region's prompt is"]].concat()), "{name}: {said:?}");
    }
}
