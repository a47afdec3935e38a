//! InstructPix2Pix beyond its golden pictures: what it is known by, and what it makes of the paint.

use scumble::error::Status;
use scumble::render::{Defaults, Picture, Region, Renderer};
use scumble::steps::StepRange;
use serde_json::json;

use crate::support::*;

fn made(model: &Scratch, paint: &Picture, guidance: f32) -> Picture {
    Request { guidance, ..request(paint) }.finish(&mut load(&model.0).unwrap()).0
}

#[test]
fn the_paint_is_seen_where_a_picture_begins_with_noise_alone() {
    let mut pipeline = load(&tiny("pix2pix")).unwrap();
    let info = pipeline.info();
    assert!(info.description.contains("It changes the paint as the prompt tells it to."));
    assert_eq!(
        info.defaults,
        Defaults { steps: 20, strength: 1.0, guidance: 7.5, refine: Some(0.35), context: 0 }
    );
    assert_eq!(pipeline.capabilities().paint_guidance, Some(1.5));
    assert!(!pipeline.capabilities().inpaints && pipeline.capabilities().negative);
    let (paint, other) = (grey(64, 64), Picture::from_elem((3, 64, 64), 0.2));
    for guidance in [1.0, 5.0] {
        let mut of = |paint, strength, prompt| {
            Request { strength, prompt, guidance, ..request(paint) }.finish(&mut pipeline).0
        };
        let whole = of(&paint, 1.0, "make it winter");
        assert_ne!(whole, of(&other, 1.0, "make it winter"), "{guidance}");
        assert_ne!(whole, of(&paint, 1.0, "make it night"), "{guidance}");
        assert_ne!(whole, of(&paint, 0.5, "make it winter"), "{guidance}");
    }
    // A region's words too are told of with the paint and without it.
    let mask = Picture::from_shape_fn((3, 64, 64), |(_, _, x)| f32::from(x < 32));
    let regions = [Region {
        mask: &mask,
        prompt: "make it burn",
        negative: "",
        weight: 1.0,
        rank: 0,
        steps: StepRange::ALL,
    }];
    let mut of = |regions| Request { regions, guidance: 4.0, ..request(&paint) }.finish(&mut pipeline).0;
    let (plain, with) = (of(&[][..]), of(&regions[..]));
    assert_ne!(plain, with);
    assert_eq!(plain.slice(ndarray::s![.., .., 32..]), with.slice(ndarray::s![.., .., 32..]));
}

#[test]
fn how_much_is_kept_of_the_paint_is_the_folders_to_say() {
    let model = Scratch::copy_of("pix2pix", "pix2pix-guidance");
    let paint = grey(64, 64);
    let usual = made(&model, &paint, 4.0);
    for (guidance, is_usual) in [(1.5, true), (4.0, false)] {
        model.write("scumble.json", json!({"paint_guidance": guidance}).to_string());
        assert_eq!(made(&model, &paint, 4.0) == usual, is_usual, "{guidance}");
    }
    // The artist's own number comes before the folder's, and both make the same of it.
    let mut asked = load(&model.0).unwrap();
    let own = Request { guidance: 4.0, paint_guidance: Some(1.5), ..request(&paint) }.finish(&mut asked).0;
    assert_eq!(own, usual);
    model.write("scumble.json", json!({"paint_guidance": 0.5}).to_string());
    let error = load(&model.0).err().unwrap();
    assert_eq!(error.status, Status::ModelBroken);
    assert!(error.message.contains("paint_guidance"), "{error}");
}

#[test]
fn it_is_known_by_its_channels_or_by_its_index() {
    let model = Scratch::copy_of("pix2pix", "pix2pix-known");
    let paint = grey(64, 64);
    let expected = made(&model, &paint, 3.0);
    model.set("model_index.json", "_class_name", json!("OnnxStableDiffusionPipeline"));
    assert_eq!(made(&model, &paint, 3.0), expected);
    model.set("model_index.json", "_class_name", json!("OnnxStableDiffusionInstructPix2PixPipeline"));
    model.remove("unet/config.json");
    assert_eq!(made(&model, &paint, 3.0), expected);
}
