//! Strength moves continuously: no stretch of a slider in which nothing happens.

use crate::support::{Request, finished, grey, load, psnr, request, root, tiny};
use ndarray::Array4;

#[test]
fn twenty_strengths_are_twenty_pictures_further_and_further_from_the_paint() {
    let folders =
        ["sd15", "sd2", "turbo", "lcm"].map(tiny).into_iter().chain([root().join("models/default")]);
    for folder in folders {
        let mut pipeline = load(&folder).unwrap();
        let picture = grey(64, 64);
        let at = |strength: f32| Request { strength, steps: 4, guidance: 1.0, ..request(&picture) };
        // What coding the paint and no more makes of it: these models have random weights, their autoencoders too.
        let paint = finished(&mut pipeline, &at(1e-6)).0;
        let mut seen = Vec::new();
        let mut distances = Vec::new();
        for strength in 1..=20u16 {
            let got = finished(&mut pipeline, &at(f32::from(strength) / 20.0)).0;
            assert!(
                !seen.contains(&got),
                "{}: strength {strength}/20 is another's picture",
                folder.display()
            );
            distances.push(-psnr(&got, &paint));
            seen.push(got);
        }
        // In decibels; a step more in the run may turn a random model back by a little.
        const BACK: f64 = 0.1;
        // A trained model does more than go away from the paint.
        if folder.ends_with("default") {
            continue;
        }
        let steady = distances.windows(2).all(|pair| pair[1] > pair[0] - BACK);
        assert!(steady && distances[19] > distances[0] + 3.0, "{}: {distances:.2?}", folder.display());
    }
}

#[test]
fn given_noise_takes_diffusers_whole_steps() {
    let mut pipeline = load(&tiny("turbo")).unwrap();
    let picture = grey(64, 64);
    let noise =
        Array4::from_shape_fn((1, 4, 8, 8), |(_, c, y, x)| ((c + 3 * y + 5 * x) % 7) as f32 / 3.0 - 1.0);
    let mut at = |strength: f32| {
        finished(&mut pipeline, &Request { strength, noise: Some(&noise), ..request(&picture) }).0
    };
    assert_eq!(at(0.5), at(0.74));
    assert_ne!(at(0.5), at(0.75));
}
