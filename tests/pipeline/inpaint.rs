//! Models that were trained to fill holes: what they are told of the mask, and what they must not see.

use std::time::Duration;

use ndarray::{Array2, s};
use scumble::engine::Engine;
use scumble::error::Status;
use scumble::job::Params;
use scumble::pipeline::LoadOptions;
use scumble::pixels::mask::Coverage;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::render::{Picture, Renderer};
use scumble::session::Polled;
use serde_json::json;

use crate::support::*;

/// Covers the pixels 16..48 both ways.
fn hole() -> Array2<f32> {
    let mut hole = Array2::zeros((64, 64));
    hole.slice_mut(s![16..48, 16..48]).fill(1.0);
    hole
}

fn repainted(picture: &Picture) -> Picture {
    let mut other = picture.clone();
    other.slice_mut(s![.., 16..48, 16..48]).mapv_inplace(|v| 1.0 - v);
    other
}

#[test]
fn at_full_strength_the_paint_in_the_hole_is_not_seen_and_around_it_is() {
    for model in ["inpaint", "xl-inpaint"] {
        let mut pipeline = load(&tiny(model)).unwrap();
        assert!(pipeline.capabilities().inpaints);
        let (picture, hole) = (grey(64, 64), hole());
        let under = repainted(&picture);
        let mut around = picture.clone();
        around.slice_mut(s![.., ..8, ..]).fill(1.0);
        let whole = Request { hole: Some(&hole), ..request(&picture) };
        let made = finished(&mut pipeline, &whole).0;
        assert_eq!(made, finished(&mut pipeline, &Request { picture: &under, ..whole }).0, "{model}");
        for other in [
            Request { picture: &around, ..whole },
            Request { hole: None, ..whole },
            Request { strength: 0.9, ..whole },
        ] {
            assert!(psnr(&made, &finished(&mut pipeline, &other).0) < 45.0, "{model}");
        }
        let part = Request { strength: 0.5, ..whole };
        let made = finished(&mut pipeline, &part).0;
        let other = finished(&mut pipeline, &Request { picture: &under, ..part }).0;
        assert!(psnr(&made, &other) < 45.0, "{model}: at half strength it begins with the paint");
    }
}

#[test]
fn other_models_do_not_look_at_the_hole() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    assert!(!pipeline.capabilities().inpaints);
    let (picture, hole) = (grey(64, 64), hole());
    let plain = request(&picture);
    let with = Request { hole: Some(&hole), ..plain };
    assert_eq!(finished(&mut pipeline, &plain).0, finished(&mut pipeline, &with).0);
}

#[test]
fn a_hole_of_another_size_is_told_and_the_next_picture_made() {
    let mut pipeline = load(&tiny("inpaint")).unwrap();
    let (picture, hole) = (grey(64, 64), Array2::zeros((8, 8)));
    let error = Request { hole: Some(&hole), ..request(&picture) }.error(&mut pipeline);
    assert_eq!(error.status, Status::Internal);
    assert!(error.message.contains("mask"), "{error}");
    finished(&mut pipeline, &request(&picture));
}

#[test]
fn such_a_model_is_known_by_its_network_whatever_the_folder_says() {
    let model = Scratch::copy_of("inpaint", "inpaint-plain-index");
    model.set("model_index.json", "_class_name", json!("StableDiffusionPipeline"));
    assert!(load(&model.0).unwrap().capabilities().inpaints);
    // An old export has no configuration beside its network.
    model.remove("unet/config.json");
    model.set("model_index.json", "_class_name", json!("OnnxStableDiffusionInpaintPipeline"));
    assert!(load(&model.0).unwrap().capabilities().inpaints);
    model.write("unet/config.json", json!({"in_channels": 7}).to_string());
    let error = load(&model.0).err().unwrap();
    assert_eq!(error.status, Status::ModelUnsupported);
    assert!(error.message.contains("7 input channels"), "{error}");
}

#[test]
fn a_live_layer_fills_its_mask_and_keeps_the_rest_byte_for_byte() {
    let options = LoadOptions {
        model_dir: tiny("inpaint"),
        device: "cpu".into(),
        intra_threads: 1,
        ..Default::default()
    };
    let engine = Engine::load(options).unwrap();
    let rendered = |inside: u8| {
        let layer = engine.session();
        let params = Params { strength: Some(1.0), steps: Some(2), mask_softness: 0, ..Params::default() };
        layer.set_params(params).unwrap();
        let canvas = Rect::new(0, 0, 64, 64);
        let place = Rect::new(16, 16, 32, 32);
        layer.set_mask(64, 64, Some(Coverage::new(place, 32, &[255; 32 * 32]))).unwrap();
        let within = |i: usize| (16..48).contains(&(i % 64)) && (16..48).contains(&(i / 64));
        let pixel = |i: usize| if within(i) { [inside, 7, 9, 255] } else { [(i % 251) as u8, 90, 40, 255] };
        let paint: Vec<u8> = (0..64 * 64).flat_map(pixel).collect();
        let image = ImageView::new(Format::Rgba8, canvas, 256, &paint).unwrap();
        layer.push(64, 64, &[image], None).unwrap();
        assert!(layer.wait(Duration::from_secs(60)).unwrap());
        let Polled::Frame(frame) = layer.poll(0).unwrap() else { panic!("no frame") };
        assert_eq!(frame.covers, place);
        frame.tiles.read(place).unwrap()
    };
    let (dark, light) = (rendered(0), rendered(255));
    assert!(dark == light, "what the mask covers is not seen at full strength");
    assert!(dark.chunks_exact(4).any(|pixel| pixel != &dark[..4]));
}
