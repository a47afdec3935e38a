//! What a picture has to wait for is told before it is waited for, and no more once it is there.

use scumble::cancel::Cancel;
use scumble::error::Error;
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::prepare::Prepare;
use scumble::render::{Annotated, Control, Lora, Patch, Policy, Reference, Sink};
use scumble::steps::StepRange;

use crate::support::*;

/// What is said before the first sign that there is something to see.
#[derive(Default)]
struct Waiting {
    said: Vec<String>,
    begun: bool,
}

impl Sink for Waiting {
    fn patch(&mut self, _: Patch) -> Result<(), Error> {
        self.begun = true;
        Ok(())
    }

    fn step(&mut self) {
        self.begun = true;
    }

    fn doing(&mut self, sentence: &str) {
        assert!(!self.begun, "{sentence}");
        assert!(sentence.ends_with('.'), "{sentence}");
        self.said.push(sentence.to_owned());
    }
}

fn said(pipeline: &mut Pipeline, asked: &Request<'_>) -> Vec<String> {
    let mut waiting = Waiting::default();
    asked.run_into(pipeline, &Policy::default(), &Cancel::new(), &mut waiting).unwrap();
    waiting.said
}

/// Each of these words in a sentence of its own, in this order.
fn check(said: &[String], words: &[&str]) {
    let fits = said.len() == words.len() && said.iter().zip(words).all(|(said, word)| said.contains(word));
    assert!(fits, "{said:?} is not about {words:?}");
}

#[test]
fn networks_that_are_read_for_the_first_lora_are_told_and_no_later_one() {
    let (picture, kohya, peft) = (grey(64, 64), lora_file("sd15-kohya"), lora_file("sd15-peft"));
    let lora = |file, scale| [Lora { file, scale, text: scale, steps: StepRange::ALL }];
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let mut of = |loras: &[Lora<'_>]| said(&mut pipeline, &Request { loras, ..request(&picture) });
    check(&of(&[]), &[]);
    check(&of(&lora(&kohya, 1.0)), &["text encoder is read again", "U-Net is read again"]);
    for loras in [lora(&kohya, 0.5), lora(&peft, 1.0), lora(&kohya, 0.0)] {
        check(&of(&loras), &[]);
    }
    check(&of(&[]), &[]);
    // Where they are expected there is room from the beginning.
    let options = LoadOptions {
        model_dir: tiny("sd15"),
        device: "cpu".into(),
        intra_threads: 1,
        loras: true,
        ..Default::default()
    };
    let mut roomy = Pipeline::load(&options, &Cancel::new(), &|_, _| {}).unwrap();
    check(&said(&mut roomy, &Request { loras: &lora(&peft, 1.0), ..request(&picture) }), &[]);
}

#[test]
fn networks_that_are_read_for_controls_and_embeddings_are_told_once() {
    let picture = grey(64, 64);
    let model = Scratch::copy_of("sd15", "waiting");
    model
        .write("embeddings/ink.safetensors", std::fs::read(tiny("embeddings/sd15-ink.safetensors")).unwrap());
    let net = Scratch::copy_of("controls/sd15-depth", "waiting-net");
    let annotator = tiny("annotators/depth");
    let network = ["onnx/model.onnx", "model.onnx"].into_iter().find(|file| annotator.join(file).is_file());
    net.write("annotator/onnx/model.onnx", std::fs::read(annotator.join(network.unwrap())).unwrap());
    let config = "preprocessor_config.json";
    net.write(&format!("annotator/{config}"), std::fs::read(annotator.join(config)).unwrap());
    let (own, other) = (net.0.to_str().unwrap(), tiny("controls/sd15-lines").to_str().unwrap().to_owned());
    let control = |model| [Control { picture: &picture, model, scale: 0.5, steps: StepRange::ALL }];
    let seen = [Annotated {
        picture: &picture,
        key: Reference::key(&picture),
        how: Prepare::Depth,
        model: own,
        scale: 1.0,
        steps: StepRange::ALL,
    }];
    let (lines, depth) = (control(&other), control(own));
    let mut pipeline = load(&model.0).unwrap();
    let plain = request(&picture);
    let embedded = Request { prompt: "a house, ink", ..plain };
    let cases: [(Request<'_>, &[&str]); 5] = [
        (plain, &[]),
        (Request { controls: &lines, ..plain }, &["U-Net for ControlNets", "“sd15-lines”"]),
        (Request { annotated: &seen, ..plain }, &["annotator for depth", "ControlNet “"]),
        (Request { controls: &depth, ..plain }, &[]),
        (embedded, &["text encoder is read again, with room for embeddings"]),
    ];
    for (asked, words) in &cases {
        check(&said(&mut pipeline, asked), words);
        check(&said(&mut pipeline, asked), &[]);
    }
}
