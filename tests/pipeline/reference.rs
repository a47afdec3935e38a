//! Reference pictures: what they change, what is kept of them, what may be wrong with them.

use scumble::cancel::Cancel;
use scumble::error::Status;
use scumble::pipeline::Pipeline;
use scumble::render::{Aspect, Picture, Policy, Reference, Region, Renderer};
use scumble::steps::StepRange;

use crate::support::*;

const CELL: usize = 16;

fn asked<'a>(picture: &'a Picture, references: &'a [Reference<'a>]) -> Request<'a> {
    Request { references, cell: CELL, strength: 0.6, ..request(picture) }
}

#[test]
fn klein_looks_at_references_of_any_size_in_their_order() {
    for model in ["klein", "klein-base"] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let capabilities = pipeline.capabilities();
        assert_eq!((capabilities.no_reference, capabilities.weighs_references), (None, false));
        let (picture, one, other) = (grey(64, 48), grey(90, 41), grey(33, 64).mapv(|value| 1.0 - value));
        let (one, other) = (Reference::new(&one, 1.0), Reference::new(&other, 1.0));
        let mut of = |references: &[Reference<'_>]| finished(&mut pipeline, &asked(&picture, references)).0;
        let plain = of(&[]);
        let seen = of(&[one]);
        assert_ne!(seen, plain, "{model}");
        assert_eq!(seen, of(&[Reference { scale: 0.3, ..one }]), "it is seen or not");
        assert_eq!(plain, of(&[Reference { scale: 0.0, ..one }]), "at 0 it is not there");
        let both = of(&[one, other]);
        assert!(both != seen && both != of(&[other, one]), "{model}");
        assert_eq!(both, of(&[one, Reference { scale: 0.0, ..other }, other]));
        assert_eq!(plain, of(&[]));
    }
}

/// IP-Adapters: told of pictures by an image encoder.
#[test]
fn an_ip_adapter_takes_more_or_less_of_each_reference() {
    for model in ["ip-sd15", "ip-xl-plus"] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let capabilities = pipeline.capabilities();
        assert_eq!((capabilities.no_reference, capabilities.weighs_references), (None, true));
        let (picture, one, other) = (grey(64, 64), grey(90, 41), grey(33, 64).mapv(|value| 1.0 - value));
        let (one, other) = (Reference::new(&one, 0.6), Reference::new(&other, 1.0));
        for guidance in [1.0, 4.0] {
            let mut of = |references: &[Reference<'_>]| {
                let asked = Request { references, strength: 0.6, guidance, ..request(&picture) };
                finished(&mut pipeline, &asked).0
            };
            let (plain, seen) = (of(&[]), of(&[one]));
            assert!(psnr(&plain, &seen) < 40.0, "{model}: {}", psnr(&plain, &seen));
            assert_ne!(seen, of(&[Reference { scale: 1.0, ..one }]));
            assert_eq!(plain, of(&[Reference { scale: 0.0, ..one }]), "at 0 it is not there");
            let both = of(&[one, other]);
            assert!(both != seen && both != of(&[other]), "{model}");
            assert!(psnr(&both, &of(&[other, one])) > 90.0, "{model}: they have no order");
            assert_eq!(plain, of(&[]));
        }
    }
}

#[test]
fn of_a_reference_style_or_layout_alone_are_taken_and_do_not_crowd_each_other_out() {
    for model in ["ip-sd15", "ip-xl-plus"] {
        let mut pipeline = load(&tiny(model)).unwrap();
        assert_eq!(pipeline.capabilities().no_aspects, None, "{model}");
        let (picture, one, other) = (grey(64, 64), grey(90, 41), grey(33, 64).mapv(|value| 1.0 - value));
        let all = Reference::new(&one, 1.0);
        let (style, layout) =
            (Reference { aspect: Aspect::Style, ..all }, Reference { aspect: Aspect::Layout, ..all });
        let mut of = |references: &[Reference<'_>]| {
            finished(&mut pipeline, &Request { references, strength: 0.6, ..request(&picture) }).0
        };
        let mut made = vec![of(&[])];
        let others = Reference { aspect: Aspect::Layout, ..Reference::new(&other, 1.0) };
        for references in
            [&[all][..], &[style], &[layout], &[style, others], &[Reference { scale: 0.5, ..style }]]
        {
            let next = of(references);
            assert!(made.iter().all(|before| psnr(before, &next) < 60.0), "{model}: {references:?}");
            made.push(next);
        }
        // Two that are heard in other places are as two adapters would be: of one picture, both are its both.
        let order = psnr(&of(&[style, others]), &of(&[others, style]));
        assert!(order > 90.0, "{model}: {order}");
        let both = psnr(&of(&[style, layout]), &of(&[layout, style]));
        assert!(both > 90.0, "{model}: {both}");
    }
}

/// Exports of before have one scale for each picture.
#[test]
fn an_ip_adapter_that_tells_nothing_apart_takes_the_whole_and_says_so() {
    let model = Scratch::copy_of("ip-sd15", "ip-whole");
    model.copy("weighed/model.onnx", "unet/model.onnx");
    let (mut whole, mut told) = (load(&model.0).unwrap(), load(&tiny("ip-sd15")).unwrap());
    let why = whole.capabilities().no_aspects.expect("it has one scale");
    assert!(why.contains("does not tell its style from its layout") && why.ends_with('.'), "{why}");
    let (picture, one) = (grey(64, 64), grey(90, 41));
    let all = Reference::new(&one, 0.6);
    let of = |pipeline: &mut Pipeline, reference| {
        finished(pipeline, &Request { references: &[reference], strength: 0.6, ..request(&picture) }).0
    };
    let seen = of(&mut whole, all);
    assert!(psnr(&seen, &of(&mut told, all)) > 90.0, "all of it is the same in both forms");
    let style = Reference { aspect: Aspect::Style, ..all };
    assert_eq!(of(&mut whole, style), seen);
    assert!(psnr(&of(&mut told, style), &seen) < 60.0);
    let mut noted = Noted::default();
    for (pipeline, notes) in [(&mut told, 0), (&mut whole, 1)] {
        let asked = Request { references: &[style], strength: 0.6, ..request(&picture) };
        asked.run_into(pipeline, &Policy::default(), &Cancel::new(), &mut noted).unwrap();
        assert_eq!(noted.0.len(), notes);
    }
    assert_eq!(noted.0, [why]);
    assert!(load(&tiny("klein")).unwrap().capabilities().no_aspects.is_some());
    assert!(load(&tiny("sd15")).unwrap().capabilities().no_aspects.is_some());
}

#[test]
fn what_is_wrong_with_an_ip_adapters_folder_is_told() {
    let model = Scratch::copy_of("ip-sd15", "ip-blind");
    model.remove("image_encoder");
    let mut pipeline = load(&model.0).unwrap();
    let why = pipeline.capabilities().no_reference.expect("it has no eyes");
    assert!(why.contains("lacks its image_encoder;"), "{why}");
    let picture = grey(64, 64);
    let references = [Reference::new(&picture, 1.0)];
    let error = Request { references: &references, ..request(&picture) }.error(&mut pipeline);
    assert_eq!((error.status, error.message), (Status::Setting, why));
    // Without any it is as with them at 0.
    let plain = finished(&mut load(&tiny("ip-sd15")).unwrap(), &request(&picture)).0;
    assert_eq!(finished(&mut pipeline, &request(&picture)).0, plain);

    let damages: &[Damage] = &[
        (
            "an encoder cut short",
            |m| m.write("image_encoder/model.onnx", "x"),
            Status::ModelBroken,
            "image_encoder",
        ),
        (
            "something else for an encoder",
            |m| m.copy("vae_decoder/model.onnx", "image_encoder/model.onnx"),
            Status::ModelUnsupported,
            "pixel_values",
        ),
        (
            "another adapter's encoder",
            |m| {
                let other = tiny("ip-xl-plus").join("image_encoder/model.onnx");
                std::fs::copy(other, m.0.join("image_encoder/model.onnx")).unwrap();
            },
            Status::ModelUnsupported,
            "image_embeds",
        ),
    ];
    check_damages("ip-sd15", "ip-damaged", damages);
}

/// What rests is known by its key and not looked at again.
#[test]
fn a_reference_is_encoded_once() {
    let mut pipeline = load(&tiny("klein")).unwrap();
    let (picture, one, other) = (grey(64, 48), grey(90, 41), grey(64, 64));
    let seen = Reference::new(&one, 1.0);
    let first = finished(&mut pipeline, &asked(&picture, &[seen])).0;
    let same = Reference { picture: &other, ..seen };
    assert_eq!(finished(&mut pipeline, &asked(&picture, &[same])).0, first);
    assert_ne!(finished(&mut pipeline, &asked(&picture, &[Reference::new(&other, 1.0)])).0, first);
    let turned = Picture::from_shape_vec((3, 90, 41), one.iter().copied().collect()).unwrap();
    assert_ne!(Reference::key(&turned), seen.key, "the same numbers in other rows");
}

#[test]
fn a_region_sees_the_paint_and_the_references_too() {
    let mut pipeline = load(&tiny("klein")).unwrap();
    let (picture, one) = (grey(64, 48), grey(90, 41));
    let mask = Picture::from_shape_fn((3, 48, 64), |(.., x)| f32::from(x < 32));
    let regions =
        [Region { mask: &mask, prompt: "ships", negative: "", weight: 1.0, rank: 0, steps: StepRange::ALL }];
    let seen = [Reference::new(&one, 1.0)];
    let mut of = |references, regions| {
        let asked = Request { regions, ..asked(&picture, references) };
        finished(&mut pipeline, &asked).0
    };
    let (plain, seen, both) = (of(&[], &regions), of(&seen, &[]), of(&seen, &regions));
    assert!(both != plain && both != seen);
    let beyond = |picture: &Picture| picture.slice(ndarray::s![.., .., 32..]).to_owned();
    assert_eq!(beyond(&both), beyond(&seen), "a region's words change nothing beyond it");
}

#[test]
fn what_is_wrong_with_a_reference_is_told() {
    let picture = grey(64, 48);
    let mut pipeline = load(&tiny("klein")).unwrap();
    let (small, right) = (grey(15, 400), grey(64, 64));
    for (reference, told) in [
        (Reference::new(&small, 1.0), "15 × 400 pixels is too small or too narrow"),
        (Reference::new(&right, f32::NAN), "scale must be a number"),
        (Reference::new(&right, f32::INFINITY), "scale must be a number"),
        (Reference::new(&right, -1.0), "scale must be a number"),
    ] {
        let error = asked(&picture, &[reference]).error(&mut pipeline);
        assert_eq!(error.status, Status::Setting, "{error}");
        assert!(error.message.contains(told), "{error}");
    }
    finished(&mut pipeline, &asked(&picture, &[Reference::new(&right, 1.0)]));
}

#[test]
fn models_that_look_at_no_references_say_so() {
    let right = grey(64, 64);
    for (model, cell) in
        [("sd3", 8), ("flux-schnell", 8), ("z-image", 8), ("sana", 32), ("sd15", 8), ("xl", 8)]
    {
        let mut pipeline = load(&tiny(model)).unwrap();
        let why = pipeline.capabilities().no_reference.expect(model);
        assert!(why.contains("reference pictures") && why.ends_with('.'), "{why}");
        assert_eq!(why.contains("without an IP-Adapter"), model == "sd15" || model == "xl");
        let picture = grey(64, 64);
        let references = [Reference::new(&right, 1.0)];
        let asked = Request { references: &references, cell, ..request(&picture) };
        let error = asked.error(&mut pipeline);
        assert_eq!((error.status, error.message), (Status::Setting, why));
        let off = [Reference { scale: 0.0, ..references[0] }];
        finished(&mut pipeline, &Request { references: &off, ..asked });
    }
}
