//! How a loaded model behaves: the same again, previews, giving way, cancelling, settings, sizes, devices.

use std::sync::Arc;
use std::time::Instant;

use ndarray::{Array2, Array4, s};
use scumble::cancel::Cancel;
use scumble::error::{Error, Status};
use scumble::grid::{Level, Window};
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::render::{Around, Change, Ended, Latent, Patch, Picture, Policy, Previews, Renderer, Sink};
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
    assert_ne!(first, other(Request { level: 1, ..request(&picture) }, &mut pipeline));
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
        "defaults": {"steps": 3, "strength": 0.4, "guidance": 2.0, "refine": 0.1, "context": 96}});
    told.write("scumble.json", hints.to_string());
    let info = load(&told.0).unwrap().info();
    assert_eq!((info.name.as_str(), info.description.as_str()), ("Meadow", "Paints meadows."));
    assert_eq!((info.geometry.native, info.defaults.steps, info.defaults.strength), (128, 3, 0.4));
    assert_eq!(
        (info.defaults.refine, load(&tiny("turbo")).unwrap().info().defaults.refine),
        (Some(0.1), Some(0.35))
    );
    assert_eq!((info.defaults.context, load(&tiny("turbo")).unwrap().info().defaults.context), (96, 0));

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
    let error = request(&grey(512, 512)).error(&mut pipeline);
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
fn each_job_may_have_another_sampler_and_the_option_sets_what_is_taken_without() {
    let picture = grey(64, 64);
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let own = finished(&mut pipeline, &request(&picture)).0;
    let names = ["ddim", "lcm", "pndm", "dpm++_karras", "heun", "unipc", "kdpm2_a", "EulerDiscreteScheduler"];
    for name in names {
        let of_job = finished(&mut pipeline, &Request { sampler: Some(name), ..request(&picture) }).0;
        let options = LoadOptions {
            model_dir: tiny("sd15"),
            device: "cpu".into(),
            intra_threads: 1,
            scheduler: Some(name.into()),
            ..Default::default()
        };
        let mut chosen = Pipeline::load(&options, &Cancel::new(), &|_, _| {}).unwrap();
        assert_eq!(of_job, finished(&mut chosen, &request(&picture)).0, "{name}");
    }
    assert_eq!(own, finished(&mut pipeline, &request(&picture)).0);
    let samplers = pipeline.capabilities().samplers;
    for name in &samplers {
        finished(&mut pipeline, &Request { sampler: Some(name), ..request(&picture) });
    }
    assert!(samplers.len() >= 8 && pipeline.capabilities().negative);
    let error = Request { sampler: Some("quick"), ..request(&picture) }.error(&mut pipeline);
    assert!(error.status == Status::Setting && error.message.contains("euler_a"), "{error}");
}

/// How far `a` is from `b` at most, over the cells for which `which` holds.
fn farthest(a: &ndarray::Array3<f32>, b: &ndarray::Array3<f32>, which: impl Fn(usize, usize) -> bool) -> f32 {
    let cells = a.indexed_iter().filter(|((_, y, x), _)| which(*y, *x));
    cells.map(|(at, v)| (v - b[at]).abs()).fold(0.0, f32::max)
}

#[test]
fn outside_the_mask_the_latent_is_the_paints_whatever_the_sampler() {
    let picture = grey(128, 128);
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let mask = Array2::from_shape_fn((16, 16), |(y, x)| {
        f32::from(u8::from((4..12).contains(&x) && (4..12).contains(&y)))
    });
    let inside = |y: usize, x: usize| mask[(y, x)] == 1.0;
    let kept = Array2::zeros((16, 16));
    for sampler in pipeline.capabilities().samplers {
        let sampler = sampler.as_str();
        let whole = Request { sampler: Some(sampler), strength: 0.7, steps: 6, ..request(&picture) };
        // Nothing is free: what comes back is the paint, encoded.
        let paint = Request { mask: Some(&kept), ..whole }.finish(&mut pipeline).1;
        let free = whole.finish(&mut pipeline).1;
        let masked = Request { mask: Some(&mask), ..whole }.finish(&mut pipeline).1;
        assert!(farthest(&masked, &paint, |y, x| !inside(y, x)) < 1e-5, "{sampler}");
        assert!(farthest(&masked, &paint, inside) > 0.1, "{sampler}: inside it is denoised");
        assert!(farthest(&free, &paint, |y, x| !inside(y, x)) > 0.1, "{sampler}");
    }
}

#[test]
fn a_change_is_held_to_the_last_picture_around_it_and_comes_close_to_the_whole() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let before = grey(256, 256);
    let mut after = before.clone();
    after.slice_mut(s![.., 96..128, 112..144]).fill(0.9);
    let ask = Request { strength: 0.6, ..request(&before) };
    let last = ask.finish(&mut pipeline).1;
    let (whole, whole_latent) = Request { picture: &after, ..ask }.finish(&mut pipeline);
    // A window of 16 cells that begins at the cell (8, 6): what changed, and some cells around it.
    let (x, y, side) = (8, 6, 16);
    let part = after.slice(s![.., y * 8..(y + side) * 8, x * 8..(x + side) * 8]).to_owned();
    let held = last.slice(s![.., y..y + side, x..x + side]).to_owned();
    let dirty = Array2::from_shape_fn((side, side), |(y, x)| {
        f32::from(u8::from((4..12).contains(&y) && (4..12).contains(&x)))
    });
    let change = Change { dirty: &dirty, last: &held, around: None };
    let window = Request { picture: &part, cell_origin: (x as i64, y as i64), change: Some(change), ..ask };
    let (picture, latent) = window.finish(&mut pipeline);
    let around = |y: usize, x: usize| dirty[(y, x)] == 0.0;
    assert!(farthest(&latent, &held, around) < 1e-5, "around the change the last latent stays");
    let same_place = whole_latent.slice(s![.., y..y + side, x..x + side]).to_owned();
    let inside = |y: usize, x: usize| (6..10).contains(&y) && (6..10).contains(&x);
    assert!(farthest(&latent, &same_place, inside) < farthest(&latent, &held, inside));
    let shown = whole.slice(s![.., (y + 4) * 8..(y + 12) * 8, (x + 4) * 8..(x + 12) * 8]).to_owned();
    let made = picture.slice(s![.., 32..96, 32..96]).to_owned();
    println!("window against whole: {:.1} dB", psnr(&made, &shown));
    let wrong = Change { dirty: &dirty, last: &last, around: None };
    assert_eq!(Request { change: Some(wrong), ..window }.error(&mut pipeline).status, Status::Internal);
}

#[test]
fn the_last_of_several_steps_sees_the_last_picture_around_the_window() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let before = grey(256, 256);
    let mut after = before.clone();
    after.slice_mut(s![.., 96..128, 112..144]).fill(0.9);
    let ask = Request { strength: 0.6, steps: 4, ..request(&before) };
    let last = ask.finish(&mut pipeline).1;
    let (x, y, side) = (8, 6, 16);
    let part = after.slice(s![.., y * 8..(y + side) * 8, x * 8..(x + side) * 8]).to_owned();
    let held = last.slice(s![.., y..y + side, x..x + side]).to_owned();
    let dirty = Array2::from_shape_fn((side, side), |(y, x)| {
        f32::from(u8::from((4..12).contains(&y) && (4..12).contains(&x)))
    });
    // A function: the compiler stumbles over the same as a closure.
    struct Held<'a>(&'a Picture, &'a Array2<f32>, &'a Latent);
    fn run(
        pipeline: &mut Pipeline,
        Held(part, dirty, last): &Held<'_>,
        around: Option<Around<'_>>,
        steps: u32,
        policy: &Policy,
    ) -> Result<Made, Error> {
        let change = Some(Change { dirty, last, around });
        let own = request(part);
        let asked = Request { cell_origin: (8, 6), change, steps, strength: 0.6, ..own };
        asked.run(pipeline, policy, &Cancel::new())
    }
    let given = Held(&part, &dirty, &held);
    let mut made = |around, steps| run(&mut pipeline, &given, around, steps, &Policy::default());
    let latent = |made: Made| made.patches.into_iter().next_back().and_then(|patch| patch.latent).unwrap();
    let window = |x: i64, y: i64, side: usize| Window { level: Level(0), x, y, width: side, height: side };
    let narrow = latent(made(None, 4).unwrap());
    let same = Around { window: window(8, 6, side), last: &held };
    assert_eq!(latent(made(Some(same), 4).unwrap()), narrow, "nothing more to see");
    let all = Around { window: window(0, 0, 32), last: &last };
    let wide = latent(made(Some(all), 4).unwrap());
    let inside = |y: usize, x: usize| dirty[(y, x)] == 1.0;
    assert!(farthest(&wide, &narrow, inside) > 1e-4);
    assert!(farthest(&wide, &held, |y, x| !inside(y, x)) < 1e-5);
    // It is seen: another picture around it, another inside.
    let other = &last + 0.5;
    let seen = latent(made(Some(Around { last: &other, ..all }), 4).unwrap());
    assert!(farthest(&seen, &wide, inside) > 1e-4);
    // A step that is the first is the whole's; strength 0.6 leaves one of one.
    assert_eq!(latent(made(Some(all), 1).unwrap()), latent(made(None, 1).unwrap()));
    for wrong in [Around { window: window(9, 6, 32), ..all }, Around { last: &held, ..all }] {
        assert_eq!(made(Some(wrong), 4).err().map(|error| error.status), Some(Status::Internal));
    }
    // Where something newer waits the job is finished without.
    let waited = Policy::default();
    waited.give_way(4);
    let hurried = run(&mut pipeline, &given, Some(all), 4, &waited).unwrap();
    assert_eq!(latent(hurried), narrow);
}

#[test]
fn settings_that_cannot_be_are_told_in_one_sentence() {
    let mut pipeline = load(&tiny("turbo")).unwrap();
    let picture = grey(64, 64);
    let mut error = |request: Request<'_>| request.error(&mut pipeline);
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
    let ask = Request { previews: Previews::EachStep, ..request(&picture) };
    let policy = Policy::default();
    let made = ask.run(&mut pipeline, &policy, &Cancel::new()).unwrap();
    assert_eq!((made.ended, made.steps()), (Ended::Finished, vec![(1, 4), (2, 4), (3, 4), (4, 4)]));
    assert!(made.patches.iter().all(|patch| patch.picture.dim() == picture.dim()));
    assert!(made.patches.iter().all(|patch| patch.latent.is_some() == patch.is_finished()));
    policy.give_way(0);
    let made =
        Request { previews: Previews::GiveWay, ..ask }.run(&mut pipeline, &policy, &Cancel::new()).unwrap();
    assert_eq!((made.ended, made.steps()), (Ended::GaveWay, vec![(2, 4)]));
    policy.abandon();
    let made = ask.run(&mut pipeline, &policy, &Cancel::new()).unwrap();
    assert_eq!((made.ended, made.patches.len()), (Ended::GaveWay, 0));
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
        let request = Request { steps: 50, ..request(&picture) };
        let error = request.run(&mut pipeline, &Policy::default(), &cancel).err().unwrap();
        let took = thread.join().unwrap().elapsed();
        assert_eq!(error.status, Status::Cancelled);
        assert!(took < whole, "ending took {took:?}, a whole picture takes {whole:?}");
    }
    // The same pipeline goes on.
    finished(&mut pipeline, &request(&grey(64, 64)));

    let cancel = Cancel::new();
    cancel.cancel();
    let error = request(&picture).run(&mut pipeline, &Policy::default(), &cancel).err().unwrap();
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

/// Counts signs of life.
#[derive(Default)]
struct Signs {
    before_steps: u32,
    steps: u32,
}

impl Sink for Signs {
    fn patch(&mut self, _: Patch) -> Result<(), Error> {
        Ok(())
    }

    fn step(&mut self) {
        self.steps += 1;
    }

    fn alive(&mut self) {
        assert_eq!(self.steps, 0);
        self.before_steps += 1;
    }
}

#[test]
fn each_network_that_has_run_is_a_sign_of_life() {
    let mut pipeline = load(&tiny("turbo")).unwrap();
    let picture = grey(64, 64);
    let mut signs = Signs::default();
    let asked = Request { steps: 3, strength: 1.0, ..request(&picture) };
    asked.run_into(&mut pipeline, &Policy::default(), &Cancel::new(), &mut signs).unwrap();
    assert_eq!((signs.before_steps, signs.steps), (2, 3), "words, the paint's latent; steps");
}
