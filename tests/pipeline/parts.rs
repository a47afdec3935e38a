//! References, regions and LoRAs that act in a part of the steps: until they begin the picture is the one without them, and
//! while they act the one with them, to the last bit.

use scumble::cancel::Cancel;
use scumble::error::Status;
use scumble::pipeline::Pipeline;
use scumble::render::{Lora, Picture, Policy, Previews, Reference, Region};
use scumble::steps::StepRange;

use crate::support::*;

const STEPS: usize = 4;
const FIRST: StepRange = StepRange { start: 0.0, end: 0.5 };
const SECOND: StepRange = StepRange { start: 0.5, end: 1.0 };
/// In which no step of four lies whole.
const NONE: [StepRange; 3] = [
    StepRange { start: 0.5, end: 0.5 },
    StepRange { start: 0.75, end: 0.25 },
    StepRange { start: 0.3, end: 0.6 },
];

/// The picture after each step.
fn each_step(pipeline: &mut Pipeline, asked: &Request<'_>) -> Vec<Picture> {
    let asked = Request { steps: STEPS as u32, previews: Previews::EachStep, ..*asked };
    let made = asked.run(pipeline, &Policy::default(), &Cancel::new()).unwrap();
    assert_eq!(made.patches.len(), STEPS);
    made.patches.into_iter().map(|patch| patch.picture).collect()
}

fn referring<'a>(asked: &Request<'a>, references: &'a [Reference<'a>]) -> Request<'a> {
    Request { references, ..*asked }
}

fn divided<'a>(asked: &Request<'a>, regions: &'a [Region<'a>]) -> Request<'a> {
    Request { regions, ..*asked }
}

fn changed<'a>(asked: &Request<'a>, loras: &'a [Lora<'a>]) -> Request<'a> {
    Request { loras, ..*asked }
}

/// `of` renders with something that acts in a part of the steps, `without` with nothing in its place.
fn check(what: &str, without: &[Picture], mut of: impl FnMut(StepRange) -> Vec<Picture>) {
    let all = of(StepRange::ALL);
    assert_ne!(all[0], without[0], "{what}: it changes the first step");
    let (first, second) = (of(FIRST), of(SECOND));
    assert_eq!(first[..2], all[..2], "{what}: the first half is that of one that acts in all");
    assert_eq!(second[..2], without[..2], "{what}: the first half is that without it");
    for (part, name) in [(&first, "first"), (&second, "second")] {
        for last in [2, 3] {
            let changes = part[last] != all[last] && part[last] != without[last];
            assert!(changes, "{what}: the {name} half counts for picture {last}");
        }
    }
    for none in NONE {
        assert_eq!(of(none), without, "{what}: {none:?}");
    }
    assert_eq!(of(StepRange::ALL), all, "{what}: nothing is left of what came between");
}

#[test]
fn a_reference_acts_in_its_part_of_the_steps() {
    for (model, cell) in [
        ("ip-sd15", 8),
        ("ip-xl-plus", 8),
        ("klein", 16),
        ("klein-base", 16),
        ("flux-kontext", 8),
        ("flux-redux", 8),
    ] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let (picture, other) = (grey(64, 64), grey(90, 41).mapv(|value| 1.0 - value));
        let asked = Request { cell, strength: 0.9, guidance: 3.0, ..request(&picture) };
        let without = each_step(&mut pipeline, &asked);
        check(model, &without, |steps| {
            let references = [Reference { steps, ..Reference::new(&other, 1.0) }];
            each_step(&mut pipeline, &referring(&asked, &references))
        });
    }
}

/// One takes the other's place in the middle.
#[test]
fn references_take_turns() {
    for (model, cell) in [("ip-sd15", 8), ("klein", 16)] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let (picture, one, other) = (grey(64, 64), grey(90, 41), grey(33, 64).mapv(|value| 1.0 - value));
        let (one, other) = (Reference::new(&one, 1.0), Reference::new(&other, 1.0));
        let mut of = |references: &[Reference<'_>]| {
            each_step(&mut pipeline, &Request { references, cell, strength: 0.9, ..request(&picture) })
        };
        let (first, second) = (Reference { steps: FIRST, ..one }, Reference { steps: SECOND, ..other });
        let (turns, alone) = (of(&[first, second]), of(&[first]));
        assert_eq!(turns[..2], of(&[one])[..2], "{model}");
        assert_eq!(turns[..2], alone[..2], "{model}");
        assert!(turns[2] != alone[2] && turns[3] != alone[3], "{model}");
        assert_eq!(turns, of(&[second, first]), "{model}: never both at once, so in no order");
    }
}

#[test]
fn a_region_holds_in_its_part_of_the_steps() {
    for (model, cell) in [("sd15", 8), ("xl", 8), ("klein", 16), ("flux-dev", 8), ("pix2pix", 8)] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let picture = grey(64, 64);
        let mask = Picture::from_shape_fn((3, 64, 64), |(_, _, x)| [1.0, 0.5, 0.0, 0.0][x / 16]);
        let asked = Request { cell, strength: 0.9, guidance: 3.0, ..request(&picture) };
        let without = each_step(&mut pipeline, &asked);
        let mut of = |steps| {
            let regions = [Region {
                mask: &mask,
                prompt: "ships in the mist",
                negative: "",
                weight: 1.0,
                rank: 0,
                steps,
            }];
            each_step(&mut pipeline, &divided(&asked, &regions))
        };
        check(model, &without, &mut of);
        let beyond = |picture: &Picture| picture.slice(ndarray::s![.., .., 32..]).to_owned();
        for part in [FIRST, SECOND] {
            let same = of(part).iter().map(beyond).eq(without.iter().map(beyond));
            assert!(same, "{model}: it changes nothing beyond it, whenever it holds");
        }
    }
}

/// Where an upper region does not hold, what lies beneath it does.
#[test]
fn a_region_covers_others_as_long_as_it_holds() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let band = |from: usize, until: usize| {
        Picture::from_shape_fn((3, 64, 64), move |(_, _, x)| f32::from(u8::from((from..until).contains(&x))))
    };
    // It reaches beyond the lower one.
    let (low, high) = (band(0, 32), band(16, 48));
    let region = |mask, prompt, rank, steps| Region { mask, prompt, negative: "", weight: 1.0, rank, steps };
    let lower = region(&low, "ships in the mist", 0, StepRange::ALL);
    let mut of = |regions: &[Region<'_>]| {
        each_step(&mut pipeline, &Request { regions, strength: 0.9, guidance: 3.0, ..request(&picture) })
    };
    let alone = of(&[lower]);
    check("over another", &alone, |steps| of(&[lower, region(&high, "an old castle", 1, steps)]));
}

#[test]
fn a_lora_changes_the_u_net_in_its_part_of_the_steps() {
    for (model, one, other) in [("sd15", "sd15-kohya", "sd15-peft"), ("xl", "xl-kohya", "xl-peft")] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let (picture, one, other) = (grey(64, 64), lora_file(one), lora_file(other));
        let asked = Request { strength: 0.9, guidance: 3.0, ..request(&picture) };
        let mut of = |loras: &[Lora<'_>]| each_step(&mut pipeline, &changed(&asked, loras));
        let lora = |file, scale, steps| Lora { file, scale, text: 0.0, steps };
        let without = of(&[]);
        check(model, &without, |steps| of(&[lora(&one, 1.0, steps)]));
        let below = of(&[lora(&other, -0.7, StepRange::ALL)]);
        check(model, &below, |steps| of(&[lora(&one, 1.0, steps), lora(&other, -0.7, StepRange::ALL)]));
        // In a part that no step lies in it is not even looked for.
        assert_eq!(of(&[lora("/nowhere", 1.0, NONE[2])]), without);
        // The text encoders read the words once, for all steps.
        let text = |steps| Lora { file: &one, scale: 0.0, text: 1.0, steps };
        let words = of(&[text(StepRange::ALL)]);
        assert_ne!(words[0], without[0]);
        assert_eq!(of(&[text(SECOND)]), words);
        assert_eq!(of(&[text(NONE[0])]), without);
    }
}

/// What each part is fed is kept for as long as the same LoRAs are asked for, whatever the steps.
#[test]
fn loras_that_are_known_are_not_read_again_for_other_steps() {
    let scratch = Scratch::new("lora-parts");
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let copy = |name: &str| {
        std::fs::copy(lora_file(name), scratch.0.join(format!("{name}.safetensors"))).unwrap();
        scratch.0.join(format!("{name}.safetensors")).to_str().unwrap().to_owned()
    };
    let (one, other) = (copy("sd15-kohya"), copy("sd15-peft"));
    let loras = [
        Lora { file: &one, scale: 1.0, text: 0.5, steps: FIRST },
        Lora { file: &other, scale: 0.7, text: 0.0, steps: SECOND },
    ];
    let asked = Request { loras: &loras, ..request(&picture) };
    let before = each_step(&mut pipeline, &asked);
    // The same bytes and the same time, but nothing that could be read.
    for file in [&one, &other] {
        let about = std::fs::metadata(file).unwrap();
        std::fs::write(file, vec![0; about.len() as usize]).unwrap();
        std::fs::File::options()
            .append(true)
            .open(file)
            .unwrap()
            .set_modified(about.modified().unwrap())
            .unwrap();
    }
    // In one step neither acts, in two each in one.
    for steps in [1, 2] {
        finished(&mut pipeline, &Request { steps, ..asked });
    }
    assert_eq!(each_step(&mut pipeline, &asked), before);
}

#[test]
fn a_part_that_is_none_is_told() {
    let mut pipeline = load(&tiny("ip-sd15")).unwrap();
    let (picture, kohya) = (grey(64, 64), lora_file("sd15-kohya"));
    for (start, end) in [(f32::NAN, 1.0), (0.0, f32::NAN), (-0.1, 1.0), (0.0, 1.5), (f32::INFINITY, 1.0)] {
        let steps = StepRange { start, end };
        let references = [Reference { steps, ..Reference::new(&picture, 1.0) }];
        let regions = [Region { mask: &picture, prompt: "x", negative: "", weight: 1.0, rank: 0, steps }];
        let loras = [Lora { file: &kohya, scale: 1.0, text: 1.0, steps }];
        let plain = request(&picture);
        for (whose, asked) in [
            ("reference", Request { references: &references, ..plain }),
            ("region", Request { regions: &regions, ..plain }),
            ("LoRA", Request { loras: &loras, ..plain }),
        ] {
            let error = asked.error(&mut pipeline);
            assert_eq!(error.status, Status::Setting, "{error}");
            let told =
                error.message.contains(&format!("The {whose}'s ")) && error.message.ends_with("from 0 to 1.");
            assert!(told, "{error}");
        }
    }
}
