//! Prompts as artists write them: weights, and more words than the text encoder reads at once.

use scumble::render::{Picture, Renderer, Request};

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
