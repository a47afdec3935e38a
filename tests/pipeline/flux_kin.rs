//! What was made of FLUX.1, beyond its golden pictures: Depth and Canny, Fill, Redux, Kontext.

use ndarray::Array2;
use scumble::error::Status;
use scumble::render::{Control, Picture, Reference, Renderer};
use scumble::steps::StepRange;
use serde_json::json;

use crate::support::*;

const SIZE: (usize, usize) = (64, 48);

fn paint() -> Picture {
    grey(SIZE.0, SIZE.1)
}

fn black() -> Picture {
    Picture::zeros((3, SIZE.1, SIZE.0))
}

fn bars() -> Picture {
    Picture::from_shape_fn((3, SIZE.1, SIZE.0), |(_, _, x)| f32::from(x % 16 < 8))
}

fn control<'a>(model: &'a str, picture: &'a Picture) -> Control<'a> {
    Control { picture, model, scale: 1.0, steps: StepRange::ALL }
}

#[test]
fn flux_depth_and_canny_read_one_control_picture_themselves() {
    let folder = tiny("flux-control");
    let own = folder.to_str().unwrap();
    let mut pipeline = load(&folder).unwrap();
    let told = pipeline.capabilities();
    assert!(told.no_control.is_none() && told.own_control);
    assert!(pipeline.info().description.contains("without one it is shown black"));
    let (paint, bars, black) = (paint(), bars(), black());
    let mut of = |controls: &[Control<'_>]| Request { controls, ..request(&paint) }.finish(&mut pipeline).0;
    let plain = of(&[]);
    let followed = of(&[control(own, &bars)]);
    assert_ne!(followed, plain);
    assert_eq!(of(&[control("", &bars)]), followed, "a control that names no network is its own");
    assert_eq!(of(&[control(own, &black)]), plain, "without one it is shown black");
    assert_eq!(of(&[Control { scale: 0.0, ..control(own, &bars) }]), plain);
    assert_eq!(of(&[Control { scale: 0.3, ..control(own, &bars) }]), followed, "any other scale is all");
    let part = of(&[Control { steps: StepRange { end: 0.5, ..StepRange::ALL }, ..control(own, &bars) }]);
    assert!(part != plain && part != followed);
    assert_eq!(
        of(&[Control { steps: StepRange { start: 0.9, ..StepRange::ALL }, ..control(own, &bars) }]),
        plain,
        "no step lies in there"
    );
}

#[test]
fn what_a_flux_model_cannot_be_steered_by_is_told() {
    let folder = tiny("flux-control");
    let own = folder.to_str().unwrap();
    let mut pipeline = load(&folder).unwrap();
    let (paint, bars) = (paint(), bars());
    let other = tiny("controls/sd15-lines");
    let other = other.to_str().unwrap();
    let one = control(own, &bars);
    for (controls, says) in [
        (vec![one, one], "reads one control picture itself and takes no more"),
        (vec![control(other, &bars)], "takes no ControlNet like"),
        (
            vec![Control { steps: StepRange { start: f32::NAN, ..StepRange::ALL }, ..one }],
            "must be from 0 to 1",
        ),
    ] {
        let error = Request { controls: &controls, ..request(&paint) }.error(&mut pipeline);
        assert_eq!(error.status, Status::Setting, "{error}");
        assert!(error.message.contains(says), "{error}");
    }
    let small = Picture::zeros((3, 16, 16));
    let controls = [control(own, &small)];
    let error = Request { controls: &controls, ..request(&paint) }.error(&mut pipeline);
    assert!(error.message.contains("not as large as the paint"), "{error}");
    // Those that were not made for it say what to do.
    let references = [Reference::new(&bars, 1.0)];
    let mut plain = load(&tiny("flux-dev")).unwrap();
    let error = Request { controls: &[one], ..request(&paint) }.error(&mut plain);
    assert!(error.message.contains("choose FLUX.1 Depth or Canny"), "{error}");
    assert!(!plain.capabilities().own_control);
    let error = Request { references: &references, ..request(&paint) }.error(&mut plain);
    assert!(error.message.contains("FLUX.1 Redux"), "{error}");
    let told = plain.capabilities();
    assert!(told.no_control.is_some() && told.no_reference.is_some() && !told.inpaints);
}

#[test]
fn flux_fill_is_told_what_to_fill_and_sees_nothing_of_it() {
    let mut pipeline = load(&tiny("flux-fill")).unwrap();
    assert!(pipeline.capabilities().inpaints && pipeline.capabilities().no_control.is_some());
    let hole = Array2::from_shape_fn((SIZE.1, SIZE.0), |(_, x)| f32::from(x >= 24));
    let paint = paint();
    let mut covered = paint.clone();
    covered.slice_mut(ndarray::s![.., .., 24..]).fill(0.9);
    let mut of = |picture, hole, strength| {
        Request { picture, hole, strength, ..request(picture) }.finish(&mut pipeline).0
    };
    let filled = of(&paint, Some(&hole), 1.0);
    assert_eq!(filled, of(&covered, Some(&hole), 1.0), "at strength 1 nothing of what is covered is seen");
    assert_ne!(of(&paint, Some(&hole), 0.5), of(&covered, Some(&hole), 0.5));
    assert_ne!(filled, of(&paint, None, 1.0));
    // One pixel of the mask is one number of the network's.
    let mut finer = hole.clone();
    finer[(5, 27)] = 0.0;
    assert_ne!(filled, of(&paint, Some(&finer), 1.0));
    let wrong = Array2::zeros((8, 8));
    let error = Request { hole: Some(&wrong), ..request(&paint) }.error(&mut pipeline);
    assert!(error.message.contains("The mask has the shape"), "{error}");
}

#[test]
fn redux_reads_pictures_behind_the_words() {
    let mut pipeline = load(&tiny("flux-redux")).unwrap();
    let told = pipeline.capabilities();
    assert!(told.no_reference.is_none() && told.weighs_references);
    let (paint, bars, other) = (paint(), bars(), grey(300, 20));
    let mut of = |rows: &[(&Picture, f32)]| {
        let references: Vec<_> =
            rows.iter().map(|(picture, scale)| Reference::new(picture, *scale)).collect();
        Request { references: &references, ..request(&paint) }.finish(&mut pipeline).0
    };
    let plain = of(&[]);
    let one = of(&[(&bars, 1.0)]);
    assert_eq!(of(&[(&bars, 0.0)]), plain);
    assert!(one != plain && of(&[(&bars, 0.5)]) != one && of(&[(&other, 1.0)]) != one);
    let two = of(&[(&bars, 1.0), (&other, 0.7)]);
    assert!(two != one && of(&[(&bars, 1.0)]) == one && of(&[]) == plain);
}

#[test]
fn kontext_looks_at_the_paint_or_at_one_reference() {
    let mut pipeline = load(&tiny("flux-kontext")).unwrap();
    let told = pipeline.capabilities();
    assert!(told.no_reference.is_none() && !told.weighs_references);
    let (paint, bars) = (paint(), bars());
    let mut of = |picture, rows: &[&Picture]| {
        let references: Vec<_> = rows.iter().map(|picture| Reference::new(picture, 1.0)).collect();
        Request { references: &references, ..request(picture) }.finish(&mut pipeline).0
    };
    let (seen, referred) = (of(&paint, &[]), of(&paint, &[&bars]));
    assert_ne!(seen, of(&bars, &[]), "the paint is seen at strength 1");
    assert_ne!(referred, seen);
    assert_eq!(referred, of(&bars, &[&bars]), "the reference is looked at in the paint's place");
    let references = [Reference::new(&bars, 1.0), Reference::new(&paint, 1.0)];
    let error = Request { references: &references, ..request(&paint) }.error(&mut pipeline);
    assert_eq!(error.status, Status::Setting, "{error}");
    assert!(error.message.contains("looks at 1 reference picture at a time"), "{error}");
}

#[test]
fn flux_models_are_known_by_their_networks_too() {
    // By what goes into the transformer, whatever the index and the configuration say.
    for (model, inpaints, controlled) in [("flux-control", false, true), ("flux-fill", true, false)] {
        let copy = Scratch::copy_of(model, &format!("{model}-known"));
        copy.remove("model_index.json");
        copy.set("transformer/config.json", "in_channels", json!(64));
        let told = load(&copy.0).unwrap().capabilities();
        assert_eq!((told.inpaints, told.no_control.is_none()), (inpaints, controlled), "{model}");
    }
    for class in ["FluxKontextInpaintPipeline", "ORTFluxKontextPipeline"] {
        let copy = Scratch::copy_of("flux-kontext", "flux-class");
        copy.set("model_index.json", "_class_name", json!(class));
        assert!(load(&copy.0).unwrap().capabilities().no_reference.is_none(), "{class}");
    }
}

#[test]
fn what_is_wrong_with_redux_is_named() {
    use Status::{ModelBroken, ModelUnsupported};
    let damages: &[Damage] = &[
        (
            "eyes in the embedder's place",
            |m| m.copy("image_encoder/model.onnx", "image_embedder/model.onnx"),
            ModelBroken,
            "instead of",
        ),
        (
            "eyes that are none",
            |m| m.copy("text_encoder/model.onnx", "image_encoder/model.onnx"),
            ModelUnsupported,
            "no input called \"pixel_values\"",
        ),
        (
            "eyes cut short",
            |m| m.write("image_encoder/model.onnx", [8u8, 1, 2]),
            ModelBroken,
            "image_encoder",
        ),
    ];
    check_damages("flux-redux", "redux-damaged", damages);
    // With one of the two the model is one without references.
    for part in ["image_encoder", "image_embedder"] {
        let model = Scratch::copy_of("flux-redux", "redux-half");
        model.remove(part);
        let why = load(&model.0).unwrap().capabilities().no_reference.unwrap();
        assert!(why.contains(part), "{why}");
    }
}
