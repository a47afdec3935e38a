//! Control pictures that networks make: against transformers and Pillow (tests/golden/annotators.py), what steers, what is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use scumble::cancel::Cancel;
use scumble::conditions;
use scumble::engine::Engine;
use scumble::error::{Error, Status};
use scumble::job::Params;
use scumble::pipeline::{LoadOptions, annotate};
use scumble::pixels::{Format, ImageView};
use scumble::prepare::Prepare;
use scumble::region::Rect;
use scumble::render::{Annotated, Control, Picture, Policy, Reference};
use scumble::session::Polled;
use scumble::steps::StepRange;
use serde_json::{Value, json};

use crate::onnx;
use crate::support::*;

fn golden(name: &str) -> PathBuf {
    root().join("tests/golden/annotators").join(name)
}

fn annotator(name: &str) -> PathBuf {
    tiny("annotators").join(name)
}

/// What one at a place makes of a picture, in its own size.
fn made(place: &Path, how: Prepare, picture: &Picture) -> Result<Picture, Error> {
    let options = LoadOptions { intra_threads: 1, ..Default::default() };
    annotate(picture, how, Some(place), None, &options, &Cancel::new())
}

#[test]
fn a_picture_is_prepared_and_seen_as_by_transformers() {
    let picture = read_picture(&golden("picture.png"));
    for how in [Prepare::Depth, Prepare::SoftEdges] {
        let name = how.name();
        let about: Value =
            serde_json::from_slice(&std::fs::read(golden(&format!("{name}.json"))).unwrap()).unwrap();
        let bytes = std::fs::read(golden(&format!("{name}.bin"))).unwrap();
        let wanted: Vec<f32> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        let ours = made(&annotator(name), how, &picture).unwrap();
        let (_, height, width) = ours.dim();
        assert_eq!(about["map"], json!([height, width]), "{name}");
        let wanted = Picture::from_shape_fn((3, height, width), |(_, y, x)| wanted[y * width + x]);
        let (near, apart) = (psnr(&ours, &wanted), (&ours - &wanted).mapv(f32::abs));
        let most = apart.iter().copied().fold(0.0f32, f32::max);
        println!("{name}: {near:.1} dB, {most:e} apart at most");
        // Where a picture is made larger, Pillow rounds some bytes the other way.
        assert!(near > 75.0 && most < 4e-3, "{name}: {near} dB, {most}");
    }
}

/// A ControlNet's folder that brings its annotators' network.
fn net_with(annotator_of: &str, name: &str) -> Scratch {
    let net = Scratch::copy_of("controls/sd15-depth", name);
    let from = annotator(annotator_of);
    let network = ["onnx/model.onnx", "model.onnx"].into_iter().find(|file| from.join(file).is_file());
    net.write("annotator/onnx/model.onnx", std::fs::read(from.join(network.unwrap())).unwrap());
    let config = "preprocessor_config.json";
    net.write(&format!("annotator/{config}"), std::fs::read(from.join(config)).unwrap());
    net
}

fn annotated<'a>(picture: &'a Picture, model: &'a str, how: Prepare) -> Annotated<'a> {
    Annotated { picture, key: Reference::key(picture), how, model, scale: 1.0, steps: StepRange::ALL }
}

#[test]
fn a_control_net_is_shown_what_the_annotator_makes_of_the_whole() {
    let photograph = read_picture(&golden("picture.png"));
    let picture = grey(64, 48);
    let mut pipeline = load(&tiny("sd15")).unwrap();
    for how in [Prepare::Depth, Prepare::SoftEdges] {
        let net = net_with(how.name(), &format!("shown-{}", how.name()));
        let model = net.0.to_str().unwrap();
        let options = LoadOptions { intra_threads: 1, ..Default::default() };
        let place = net.0.join("annotator");
        let map = annotate(&photograph, how, Some(&place), Some((64, 48)), &options, &Cancel::new()).unwrap();
        let control = [Control { picture: &map, model, scale: 1.0, steps: StepRange::ALL }];
        let one = annotated(&photograph, model, how);
        let plain = finished(&mut pipeline, &request(&picture)).0;
        let by_map = finished(&mut pipeline, &Request { controls: &control, ..request(&picture) }).0;
        let by_picture = finished(&mut pipeline, &Request { annotated: &[one], ..request(&picture) }).0;
        assert_eq!(by_map, by_picture, "{how:?}");
        assert_ne!(plain, by_picture, "{how:?}");
        let off = Annotated { scale: 0.0, model: "/nowhere", ..one };
        assert_eq!(plain, finished(&mut pipeline, &Request { annotated: &[off], ..request(&picture) }).0);
        // At rest it is known by its key: nothing is run again, or looked at.
        let dark = Picture::zeros(photograph.dim());
        let known = Annotated { picture: &dark, ..one };
        assert_eq!(by_map, finished(&mut pipeline, &Request { annotated: &[known], ..request(&picture) }).0);
        let other = annotated(&dark, model, how);
        assert_ne!(by_map, finished(&mut pipeline, &Request { annotated: &[other], ..request(&picture) }).0);
    }
}

/// A network of trt_pose's form, of `joints` maps of joints, that sees the same person in every light picture and nobody in a dark
/// one: the nose in the cell (7, 3) of 14 x 14, the neck in (7, 6), the right shoulder in (4, 6).
fn seeing_somebody(joints: u64) -> Vec<u8> {
    let cell = |map: usize, x: usize, y: usize| map * 196 + y * 14 + x;
    let (mut likely, mut bones) = (vec![0.0; 196 * joints as usize], vec![0.0; 196 * 42]);
    for (joint, x, y) in [(0, 7, 3), (17, 7, 6), (6, 4, 6)] {
        if let Some(value) = likely.get_mut(cell(joint, x, y)) {
            *value = 1.0;
        }
    }
    // Down and across: from the neck to the nose, and to the shoulder.
    (3..=6).for_each(|y| bones[cell(2 * 16, 7, y)] = -1.0);
    (4..=7).for_each(|x| bones[cell(2 * 18 + 1, x, 6)] = -1.0);
    let (cmap, paf) = ([1, joints, 14, 14], [1, 42, 14, 14]);
    onnx::graph(
        &[
            ("ReduceMean", &["input"], "light"),
            ("Mul", &["light", "j"], "cmap"),
            ("Mul", &["light", "b"], "paf"),
        ],
        &[("j", &cmap, &likely), ("b", &paf, &bones)],
        &[onnx::Port("input", onnx::FLOAT, &[1, 3, 56, 56])],
        &[onnx::Port("cmap", onnx::FLOAT, &cmap), onnx::Port("paf", onnx::FLOAT, &paf)],
    )
}

#[test]
fn people_are_drawn_where_the_network_sees_them() {
    let scratch = Scratch::new("poses");
    scratch.write("pose/model.onnx", seeing_somebody(18));
    let place = scratch.0.join("pose");
    let options = LoadOptions { intra_threads: 1, ..Default::default() };
    let drawn = |picture: &Picture, size| {
        annotate(picture, Prepare::Pose, Some(&place), Some(size), &options, &Cancel::new()).unwrap()
    };
    let at =
        |picture: &Picture, x: usize, y: usize| [0, 1, 2].map(|c| (picture[[c, y, x]] * 255.0).round() as u8);
    let light = |width, height| Picture::from_elem((3, height, width), 1.0);
    let seen = drawn(&light(56, 56), (560, 560));
    for (x, y, colour) in [
        (300, 140, [255, 0, 0]),
        (300, 260, [255, 85, 0]),
        (180, 260, [255, 170, 0]),
        (300, 200, [0, 0, 153]),
        (240, 260, [153, 0, 0]),
        (100, 100, [0, 0, 0]),
    ] {
        assert_eq!(at(&seen, x, y), colour, "{x}, {y}");
    }
    // Of a wide picture all is seen, with black below: what is in its middle is in the middle of the upper half.
    let wide = drawn(&light(56, 28), (560, 280));
    assert_eq!((at(&wide, 300, 140), at(&wide, 300, 260)), ([255, 0, 0], [255, 85, 0]));
    assert!(drawn(&Picture::zeros((3, 56, 56)), (64, 64)).iter().all(|value| *value == 0.0), "nobody");
    let own = annotate(&light(70, 30), Prepare::Pose, Some(&place), None, &options, &Cancel::new()).unwrap();
    assert_eq!(own.dim(), (3, 30, 70), "as large as the picture");

    // And a ControlNet is shown that.
    let net = Scratch::copy_of("controls/sd15-depth", "shown-pose");
    net.write("annotator/model.onnx", seeing_somebody(18));
    let (model, photograph, picture) = (net.0.to_str().unwrap(), light(64, 48), grey(64, 48));
    let map = drawn(&photograph, (64, 48));
    let control = [Control { picture: &map, model, scale: 1.0, steps: StepRange::ALL }];
    let one = [annotated(&photograph, model, Prepare::Pose)];
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let by_map = finished(&mut pipeline, &Request { controls: &control, ..request(&picture) }).0;
    let by_picture = finished(&mut pipeline, &Request { annotated: &one, ..request(&picture) }).0;
    assert_eq!(by_map, by_picture);
    assert_ne!(by_map, finished(&mut pipeline, &request(&picture)).0);

    scratch.write("seventeen/model.onnx", seeing_somebody(17));
    let edges = std::fs::read(annotator("soft-edges/model.onnx")).unwrap();
    scratch.write("edges/model.onnx", edges);
    for (name, says) in [("seventeen", "18 maps of joints"), ("edges", "no outputs cmap and paf")] {
        let error = made(&scratch.0.join(name), Prepare::Pose, &light(56, 56)).err().unwrap();
        assert_eq!(error.status, Status::ModelUnsupported, "{name}: {error}");
        assert!(error.message.contains(says) && error.message.ends_with('.'), "{name}: {error}");
    }
}

#[test]
fn a_model_that_takes_no_controls_says_so_before_anything_is_annotated() {
    let (picture, photograph) = (grey(64, 64), read_picture(&golden("picture.png")));
    let mut pipeline = load(&tiny("sana")).unwrap();
    let one = [annotated(&photograph, "/nowhere", Prepare::Depth)];
    let asked = Request { annotated: &one, cell: 32, ..request(&picture) };
    let error = asked.run(&mut pipeline, &Policy::default(), &Cancel::new()).err().unwrap();
    assert!(error.status == Status::Setting && error.message.contains("no control pictures"), "{error}");
}

#[test]
fn annotators_that_cannot_be_used_are_told_in_a_sentence() {
    let picture = read_picture(&golden("picture.png"));
    let grey = onnx::Port("image", onnx::FLOAT, &[1, 3, 8, 8]);
    let map = onnx::Port("map", onnx::FLOAT, &[1, 1, 1, 1]);
    let (flat, more) = (onnx::Port("image", onnx::FLOAT, &[3, 8]), onnx::Port("mask", onnx::FLOAT, &[1]));
    let four = onnx::Port("image", onnx::FLOAT, &[1, 4, 8, 8]);
    let same = onnx::Port("map", onnx::FLOAT, &[1, 3, 8, 8]);
    let scratch = Scratch::new("annotators");
    let write = |name: &str, model: Vec<u8>| scratch.write(&format!("{name}/model.onnx"), model);
    write("flat", onnx::model(&[flat], &onnx::Port("map", onnx::FLOAT, &[3, 8]), ("", "Relu"), &[]));
    write("four", onnx::model(&[four], &onnx::Port("map", onnx::FLOAT, &[1, 4, 8, 8]), ("", "Relu"), &[]));
    write("three-maps", onnx::model(&[grey], &same, ("", "Relu"), &[]));
    let grey = onnx::Port("image", onnx::FLOAT, &[1, 3, 8, 8]);
    write("two", onnx::model(&[grey, more], &same, ("", "Relu"), &[]));
    let grey = onnx::Port("image", onnx::FLOAT, &[1, 3, 8, 8]);
    write("nan", onnx::model(&[grey], &map, ("", "ReduceLogSum"), &[]));
    scratch.write("nan/preprocessor_config.json", r#"{"image_mean": [1000, 1000, 1000]}"#);
    write("cut", std::fs::read(annotator("soft-edges/model.onnx")).unwrap()[..700].to_vec());
    write("text", b"not a network at all".to_vec());
    write("config", std::fs::read(annotator("soft-edges/model.onnx")).unwrap());
    scratch.write("config/preprocessor_config.json", r#"{"size": "large"}"#);
    std::fs::create_dir(scratch.0.join("empty")).unwrap();
    for (name, status, says) in [
        ("nowhere", Status::ModelMissing, "is not there"),
        ("empty", Status::ModelMissing, "has no model.onnx"),
        ("flat", Status::ModelUnsupported, "is no picture"),
        ("four", Status::ModelUnsupported, "is no picture"),
        ("two", Status::ModelUnsupported, "more than a picture"),
        ("three-maps", Status::ModelUnsupported, "one map of depth is wanted"),
        ("nan", Status::Inference, "NaN"),
        ("cut", Status::ModelBroken, "cut"),
        ("text", Status::ModelBroken, "text"),
        ("config", Status::ModelBroken, "\"size\""),
    ] {
        let error = made(&scratch.0.join(name), Prepare::Depth, &picture).err();
        let error = error.unwrap_or_else(|| panic!("{name}: it is used"));
        println!("{name}: {error}");
        assert_eq!(error.status, status, "{name}: {error}");
        assert!(error.message.contains(says) && error.message.contains(name), "{name}: {error}");
        assert!(error.message.ends_with('.') && !error.message.contains('\n'), "{name}: {error}");
    }
}

/// A session whose canvas is larger than the model's pictures: each window is shown its part.
#[test]
fn a_layers_depth_steers_a_session_and_follows_what_is_painted_on_it() {
    let net = net_with("depth", "session-depth");
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    let engine = Engine::load(options).unwrap();
    let session = engine.session();
    session.set_params(Params { steps: Some(2), settle_delay: 0, ..Params::default() }).unwrap();
    let side = 96;
    let pixels = |pixel: &dyn Fn(i32, i32) -> u8| -> Vec<u8> {
        let all = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        all.flat_map(|(x, y)| [pixel(x, y), pixel(y, x), pixel(x, y), 255]).collect()
    };
    let all = Rect::new(0, 0, side, side);
    let paint = pixels(&|x, y| (x * 3 + y * 5) as u8);
    fn image(all: Rect, pixels: &[u8]) -> ImageView<'_> {
        ImageView::new(Format::Rgba8, all, all.width as usize * 4, pixels).unwrap()
    }
    session.push(side, side, &[image(all, &paint)], None).unwrap();
    let settled = || {
        assert!(session.wait(Duration::from_secs(120)).unwrap());
        let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
        frame.tiles.read(frame.covers).unwrap()
    };
    let plain = settled();
    let steered = |pixels: &[u8], prepare| {
        let model = net.0.to_str().unwrap().to_owned();
        let control = conditions::Control { model, scale: 1.0, steps: StepRange::ALL, prepare };
        session.set_control(1, control, Some((side, side, image(all, pixels)))).unwrap();
        settled()
    };
    let drawn = pixels(&|x, y| if (x - 40).abs() + (y - 50).abs() < 30 { 240 } else { (x + y) as u8 });
    let by_depth = steered(&drawn, Prepare::Depth);
    assert_ne!(by_depth, plain);
    assert_ne!(by_depth, steered(&drawn, Prepare::AsIs));
    assert_eq!(by_depth, steered(&drawn, Prepare::Depth), "and back");
    let other = pixels(&|x, y| (x * y) as u8);
    assert_ne!(by_depth, steered(&other, Prepare::Depth), "painted on, it follows");
    net.remove("annotator/onnx/model.onnx");
    assert_eq!(by_depth, steered(&drawn, Prepare::Depth), "the network and its maps are kept");
}
