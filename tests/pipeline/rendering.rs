//! How a loaded model behaves: the same again, previews, giving way, cancelling, settings, sizes, devices.

use std::sync::Arc;
use std::time::Instant;

use ndarray::Array4;
use scumble::cancel::Cancel;
use scumble::error::Status;
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::render::{AfterStep, Outcome, Renderer, Request};
use serde_json::json;

use crate::onnx;
use crate::support::*;

#[test]
fn the_same_request_gives_the_same_bytes_and_what_is_known_is_not_computed_again() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(128, 64);
    let (first, phases) = finished(&mut pipeline, &request(&picture));
    let sum = phases.text + phases.encode + phases.denoise + phases.decode;
    assert!(phases.runtime <= sum, "{phases:?}");
    let (again, known) = finished(&mut pipeline, &request(&picture));
    assert_eq!(first, again);
    assert!(known.text < phases.text && known.encode < phases.encode, "{known:?} after {phases:?}");
    // A pipeline that has seen nothing gives the same.
    assert_eq!(first, finished(&mut load(&tiny("sd15")).unwrap(), &request(&picture)).0);

    let other = |request: Request<'_>, pipeline: &mut Pipeline| finished(pipeline, &request).0;
    assert_ne!(first, other(Request { seed: 8, ..request(&picture) }, &mut pipeline));
    assert_ne!(first, other(Request { cell_origin: (1, 0), ..request(&picture) }, &mut pipeline));
    assert_ne!(first, other(Request { prompt: "ships", ..request(&picture) }, &mut pipeline));
    assert_ne!(first, other(Request { guidance: 5.0, ..request(&picture) }, &mut pipeline));
    // Below a guidance of 1 the negative prompt is not looked at.
    assert_eq!(first, other(Request { negative: "ships", ..request(&picture) }, &mut pipeline));
}

#[test]
fn guidance_is_the_same_whatever_number_of_latents_the_export_takes() {
    let picture = grey(64, 64);
    let guided = Request { guidance: 6.0, negative: "blurry", ..request(&picture) };
    let expected = finished(&mut load(&tiny("sd15")).unwrap(), &guided).0;
    let unguided = finished(&mut load(&tiny("sd15")).unwrap(), &request(&picture)).0;
    let unet = std::fs::read(tiny("sd15").join("unet/model.onnx")).unwrap();
    for batch in [1, 2] {
        let fixed = Scratch::copy_of("sd15", &format!("batch-{batch}"));
        fixed.write("unet/model.onnx", onnx::fix_batch(&unet, batch));
        let mut pipeline = load(&fixed.0).unwrap();
        let got = psnr(&finished(&mut pipeline, &guided).0, &expected);
        assert!(got > 80.0, "guided, {batch} at a time: {got} dB");
        let got = psnr(&finished(&mut pipeline, &request(&picture)).0, &unguided);
        assert!(got > 80.0, "unguided, {batch} at a time: {got} dB");
    }
}

#[test]
fn what_the_folder_says_is_what_the_model_is() {
    let info = load(&tiny("sd15")).unwrap().info();
    assert_eq!((info.name.as_str(), info.device.as_str()), ("sd15", "cpu"));
    let geometry = info.geometry;
    assert_eq!((geometry.native, geometry.multiple, geometry.cell, geometry.fixed), (64, 16, 8, None));
    assert_eq!((info.defaults.steps, info.defaults.guidance), (20, 7.5));
    let info = load(&tiny("lcm")).unwrap().info();
    assert_eq!((info.geometry.cell, info.defaults.steps), (4, 4));
    let info = load(&tiny("turbo")).unwrap().info();
    assert_eq!((info.defaults.steps, info.defaults.guidance), (2, 0.0));

    let told = Scratch::copy_of("sd15", "told");
    let hints = json!({"name": "Meadow", "description": "Paints meadows.", "native": 128,
        "defaults": {"steps": 3, "strength": 0.4, "guidance": 2.0}});
    told.write("scumble.json", hints.to_string());
    let info = load(&told.0).unwrap().info();
    assert_eq!((info.name.as_str(), info.description.as_str()), ("Meadow", "Paints meadows."));
    assert_eq!((info.geometry.native, info.defaults.steps, info.defaults.strength), (128, 3, 0.4));

    // An export that is fixed to one size; its networks are stand-ins and never run.
    let fixed = Scratch::copy_of("sd15", "fixed");
    let inputs = [
        onnx::Port("sample", onnx::FLOAT, &[1, 4, 64, 96]),
        onnx::Port("timestep", onnx::FLOAT, &[]),
        onnx::Port("encoder_hidden_states", onnx::FLOAT, &[1, 77, 24]),
    ];
    let output = onnx::Port("out_sample", onnx::FLOAT, &[1, 4, 64, 96]);
    fixed.write("unet/model.onnx", onnx::model(&inputs, &output, ("", "Identity"), &[]));
    let mut pipeline = load(&fixed.0).unwrap();
    assert_eq!(pipeline.info().geometry.fixed, Some((768, 512)));
    assert_eq!(finished(&mut pipeline, &request(&grey(768, 512))).0.dim(), (3, 512, 768));
    let error =
        pipeline.render(&request(&grey(512, 512)), &Cancel::new(), &mut Record::default()).err().unwrap();
    assert_eq!(error.status, Status::Rect);
}

#[test]
fn a_folder_of_the_older_sort_without_configurations_renders_the_same() {
    let older = Scratch::copy_of("sd15", "older");
    for name in ["text_encoder", "unet", "vae_encoder", "vae_decoder"] {
        older.remove(&format!("{name}/config.json"));
    }
    older.remove("tokenizer/tokenizer_config.json");
    older.set("model_index.json", "_class_name", json!("OnnxStableDiffusionPipeline"));
    let mut pipeline = load(&older.0).unwrap();
    let geometry = pipeline.info().geometry;
    assert_eq!((geometry.native, geometry.multiple, geometry.cell), (512, 64, 8));
    let picture = grey(64, 128);
    let expected = finished(&mut load(&tiny("sd15")).unwrap(), &request(&picture)).0;
    assert_eq!(finished(&mut pipeline, &request(&picture)).0, expected);
}

#[test]
fn another_scheduler_can_be_chosen_for_a_model() {
    let picture = grey(64, 64);
    for name in ["ddim", "lcm", "pndm", "dpm++_karras", "heun", "unipc", "kdpm2_a", "EulerDiscreteScheduler"]
    {
        let options = LoadOptions {
            model_dir: tiny("sd15"),
            device: "cpu".into(),
            scheduler: Some(name.into()),
            ..Default::default()
        };
        let mut pipeline = Pipeline::load(&options, &Cancel::new(), &|_, _| {}).unwrap();
        finished(&mut pipeline, &request(&picture));
    }
}

#[test]
fn settings_that_cannot_be_are_told_in_one_sentence() {
    let mut pipeline = load(&tiny("turbo")).unwrap();
    let picture = grey(64, 64);
    let mut error = |request: Request<'_>| {
        pipeline.render(&request, &Cancel::new(), &mut Record::default()).err().unwrap()
    };
    // By diffusers' rule, which given noise asks for.
    let noise = Array4::zeros((1, 4, 8, 8));
    let too_weak = error(Request { steps: 2, strength: 0.4, noise: Some(&noise), ..request(&picture) });
    assert_eq!(too_weak.message, "With 2 steps, strength must be at least 0.5; raise strength or steps.");
    for wrong in [
        Request { steps: 0, ..request(&picture) },
        Request { steps: u32::MAX, ..request(&picture) },
        Request { strength: f32::NAN, ..request(&picture) },
        Request { strength: 1.5, ..request(&picture) },
        Request { guidance: f32::NAN, ..request(&picture) },
        Request { guidance: f32::INFINITY, ..request(&picture) },
    ] {
        assert_eq!(error(wrong).status, Status::Setting);
    }
    let noise = Array4::zeros((1, 4, 8, 9));
    assert_eq!(error(Request { noise: Some(&noise), ..request(&picture) }).status, Status::Setting);
    let noise = Array4::zeros((0, 4, 8, 8));
    assert_eq!(error(Request { noise: Some(&noise), ..request(&picture) }).status, Status::Setting);
    let odd = grey(60, 64);
    let error = error(request(&odd));
    assert_eq!(error.status, Status::Rect);
    assert!(error.message.contains("multiples of 16"), "{error}");
}

#[test]
fn a_prompt_of_a_megabyte_is_no_trouble() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let prompt = "a house, ".repeat(120_000);
    finished(
        &mut pipeline,
        &Request { prompt: &prompt, negative: &prompt, guidance: 3.0, ..request(&picture) },
    );
}

#[test]
fn a_preview_is_shown_and_a_job_gives_way() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    for (answer, previews, asked) in
        [(AfterStep::Preview, 3, 3), (AfterStep::PreviewThenStop, 1, 1), (AfterStep::Stop, 0, 1)]
    {
        let mut watch = Record { answer: Some(answer), ..Record::default() };
        let outcome = pipeline.render(&request(&picture), &Cancel::new(), &mut watch).unwrap();
        assert_eq!(matches!(outcome, Outcome::GaveWay), answer != AfterStep::Preview);
        assert_eq!((watch.previews.len(), watch.steps.len()), (previews, asked), "{answer:?}");
        assert!(watch.previews.iter().all(|preview| preview.dim() == picture.dim()));
    }
}

#[test]
fn a_job_is_cancelled_in_the_middle_of_a_run() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(512, 512);
    let whole = Instant::now();
    finished(&mut pipeline, &Request { steps: 1, ..request(&picture) });
    let whole = whole.elapsed();
    for part in [0.1, 0.5, 0.9] {
        let cancel = Arc::new(Cancel::new());
        let canceller = Arc::clone(&cancel);
        let wait = whole.mul_f64(part);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(wait);
            canceller.cancel();
            Instant::now()
        });
        let request = Request { steps: 50, picture_key: (part * 10.0) as u64, ..request(&picture) };
        let error = pipeline.render(&request, &cancel, &mut Record::default()).err().unwrap();
        let took = thread.join().unwrap().elapsed();
        assert_eq!(error.status, Status::Cancelled);
        assert!(took < whole, "ending took {took:?}, a whole picture takes {whole:?}");
    }
    // The same pipeline goes on.
    finished(&mut pipeline, &request(&grey(64, 64)));

    let cancel = Cancel::new();
    cancel.cancel();
    let error = pipeline.render(&request(&picture), &cancel, &mut Record::default()).err().unwrap();
    assert_eq!(error.status, Status::Cancelled);
}

#[test]
fn a_load_tells_how_far_it_is_and_is_cancelled() {
    let told = std::sync::Mutex::new(Vec::new());
    let options = LoadOptions { model_dir: tiny("lcm"), device: "cpu".into(), ..Default::default() };
    let progress = |part: f32, what: &str| told.lock().unwrap().push((part, what.to_owned()));
    Pipeline::load(&options, &Cancel::new(), &progress).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{told:?}");
    assert_eq!(told.last().unwrap(), &(1.0, "ready".to_owned()));
    for stop in told.iter().map(|(_, what)| what).filter(|what| *what != "ready") {
        let cancel = Cancel::new();
        let progress = |_: f32, what: &str| {
            if what == stop {
                cancel.cancel();
            }
        };
        assert_eq!(
            Pipeline::load(&options, &cancel, &progress).err().unwrap().status,
            Status::Cancelled,
            "{stop}"
        );
    }
}

#[test]
fn a_device_that_is_not_there_is_told() {
    let load = |device: &str| {
        let options = LoadOptions { model_dir: tiny("sd15"), device: device.into(), ..Default::default() };
        Pipeline::load(&options, &Cancel::new(), &|_, _| {})
    };
    assert_eq!(load("tpu").err().unwrap().status, Status::Setting);
    // No machine has that many.
    let error = load("cuda:99").err().unwrap();
    assert_eq!(error.status, Status::Device);
    assert!(error.message.contains("cuda:99"), "{error}");
    assert!(load("auto").is_ok());
}
