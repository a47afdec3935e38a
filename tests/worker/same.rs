//! The same pictures as in the host's process, to the last bit.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::{Array2, Array4, s};
use scumble::cancel::Cancel;
use scumble::conditions::Control;
use scumble::engine::Engine;
use scumble::error::{Error, Status};
use scumble::grid::{Level, Window};
use scumble::job::Preview;
use scumble::models::weights::Weights;
use scumble::pipeline::Pipeline;
use scumble::pixels::mask::Coverage;
use scumble::pixels::{Format, ImageView, Picture};
use scumble::prepare::Prepare;
use scumble::region::Rect;
use scumble::remote::Remote;
use scumble::render::{Around, Change, Ended, Lora, Patch, Policy, Previews, Reference, Region, Renderer};
use scumble::session::Polled;
use scumble::steps::StepRange;

use crate::models::{Made, Request, Scratch, grey, lora_file, request, tiny};
use crate::painting::{Dice, settle};
use crate::seen::*;

fn remote(program: &Program) -> Remote {
    Remote::load(options(&program.path), &Cancel::new(), &|_, _| {}).unwrap()
}

fn run(renderer: &mut dyn Renderer, request: &Request<'_>) -> Made {
    request.run(renderer, &Policy::default(), &Cancel::new()).unwrap()
}

#[test]
fn patches_and_latents_are_those_of_the_hosts_process_byte_for_byte() {
    let program = Program::new("same", "");
    let mut apart = remote(&program);
    let mut here = Pipeline::load(&load_options(), &Cancel::new(), &|_, _| {}).unwrap();
    assert_eq!(apart.info(), here.info());
    assert!(!apart.info().runtime.is_empty());
    assert_eq!(apart.capabilities(), here.capabilities());

    let (small, large) = (grey(64, 64), grey(128, 192));
    let mut mask = Array2::zeros((8, 8));
    mask.slice_mut(s![2..5, 1..7]).fill(0.75f32);
    let (_, latent) = request(&small).finish(&mut here);
    let dirty = mask.clone();
    let (_, farther) = request(&grey(128, 128)).finish(&mut here);
    let window = Window { level: Level(0), x: -4, y: -8, width: 16, height: 16 };
    let around = Some(Around { window, last: &farther });
    let noise =
        Array4::from_shape_fn((4, 4, 8, 8), |(a, b, c, d)| ((a + 2 * b + 3 * c + 5 * d) as f32).sin());
    let long = "x y ".repeat(100_000);
    let requests = [
        request(&small),
        Request { previews: Previews::EachStep, ..request(&large) },
        Request { cell_origin: (-3, 1 << 40), level: 3, seed: u64::MAX, ..request(&small) },
        Request { mask: Some(&mask), strength: 0.5, ..request(&small) },
        Request { change: Some(Change { dirty: &dirty, last: &latent, around: None }), ..request(&small) },
        Request { change: Some(Change { dirty: &dirty, last: &latent, around }), ..request(&small) },
        Request { noise: Some(&noise), ..request(&small) },
        Request { prompt: &long, negative: "ships", guidance: 3.0, sampler: Some("lcm"), ..request(&small) },
    ];
    for (number, request) in requests.iter().enumerate() {
        let (apart, here) = (run(&mut apart, request), run(&mut here, request));
        assert_eq!((apart.ended, apart.steps()), (here.ended, here.steps()), "{number}");
        for (apart, here) in apart.patches.iter().zip(&here.patches) {
            assert_eq!((&apart.picture, &apart.latent), (&here.picture, &here.latent), "{number}");
        }
    }
    assert_eq!(program.started().len(), 1);

    // What is wrong with a request is told in the same words, and the next one is served.
    for wrong in [
        Request { sampler: Some("none"), ..request(&small) },
        Request { mask: Some(&Array2::zeros((3, 3))), ..request(&small) },
        Request { noise: Some(&Array4::zeros((1, 4, 2, 2))), ..request(&small) },
        Request { guidance: f32::NAN, ..request(&small) },
    ] {
        assert_eq!(wrong.error(&mut apart), wrong.error(&mut here));
    }
    assert_eq!(run(&mut apart, &requests[0]).ended, Ended::Finished);
}

#[test]
fn what_a_model_is_to_fill_reaches_the_process() {
    let program = Program::new("hole", "");
    let mut options = options(&program.path);
    options.load.model_dir = tiny("inpaint");
    let mut here = Pipeline::load(&options.load, &Cancel::new(), &|_, _| {}).unwrap();
    let mut apart = Remote::load(options, &Cancel::new(), &|_, _| {}).unwrap();
    assert!(apart.capabilities().inpaints && here.capabilities().inpaints);
    let picture = grey(64, 64);
    let mut hole = Array2::zeros((64, 64));
    hole.slice_mut(s![10..40, 20..50]).fill(1.0);
    let asked = Request { hole: Some(&hole), ..request(&picture) };
    let (apart, here) = (run(&mut apart, &asked), run(&mut here, &asked));
    assert_eq!(apart.patches[0].picture, here.patches[0].picture);
}

#[test]
fn loras_and_regions_reach_the_process_and_its_words_about_them_the_host() {
    let program = Program::new("loras", "");
    let mut options = options(&program.path);
    options.load.model_dir = tiny("sd15");
    let mut here = Pipeline::load(&options.load, &Cancel::new(), &|_, _| {}).unwrap();
    let mut apart = Remote::load(options, &Cancel::new(), &|_, _| {}).unwrap();
    let (picture, kohya, other) = (grey(64, 64), lora_file("sd15-kohya"), lora_file("xl-peft"));
    let lora = Lora { file: &kohya, scale: 0.7, text: -0.2, steps: StepRange::ALL };
    let mask = grey(64, 64).mapv(|v| if v > 0.5 { v } else { 0.0 });
    let one =
        Region { mask: &mask, prompt: "ships", negative: "", weight: 1.5, rank: 2, steps: StepRange::ALL };
    let regions = [one, Region { prompt: "an old castle", rank: 1, ..one }];
    for loras in [&[lora][..], &[], &[Lora { scale: 0.0, ..lora }, lora]] {
        let asked = Request { loras, regions: &regions, ..request(&picture) };
        let (apart, here) = (run(&mut apart, &asked), run(&mut here, &asked));
        assert_eq!(apart.patches[0].picture, here.patches[0].picture);
    }
    let wrong = Request { loras: &[Lora { file: &other, ..lora }], ..request(&picture) };
    assert_eq!(wrong.error(&mut apart), wrong.error(&mut here));
    assert_eq!(program.started().len(), 1);
}

/// Where LoRAs were once used, the process that is started after a rest has room for them from the beginning.
#[test]
fn after_a_rest_no_network_is_read_twice_for_its_loras() {
    let (program, model) = (Program::new("lora-rest", ""), Scratch::copy_of("sd15", "lora-rest"));
    let weights = ["unet/model", "text_encoder/model"].map(|network| {
        let (file, weights) = (format!("{network}.onnx"), format!("{network}-weights.onnx"));
        model.copy(&file, &weights);
        let graph = Weights::of(&model.0.join(&weights)).unwrap();
        model.write(&file, graph.with_branches(&BTreeSet::new(), false).unwrap());
        weights
    });
    let mut options = options(&program.path);
    options.load.model_dir = model.0.clone();
    let mut apart = Remote::load(options, &Cancel::new(), &|_, _| {}).unwrap();
    let (picture, peft) = (grey(64, 64), lora_file("sd15-peft"));
    let loras = [Lora { file: &peft, scale: 1.0, text: 1.0, steps: StepRange::ALL }];
    let with = Request { loras: &loras, ..request(&picture) };
    let before = run(&mut apart, &with);
    apart.rest();
    run(&mut apart, &request(&picture));
    assert_eq!(program.started().len(), 2);
    // Whatever is read from here on fails.
    weights.iter().for_each(|weights| model.remove(weights));
    assert_eq!(run(&mut apart, &with).patches[0].picture, before.patches[0].picture);
}

#[test]
fn a_control_picture_that_is_prepared_is_the_same_in_the_process() {
    let program = Program::new("prepared", "");
    let mut options = options(&program.path);
    options.load.model_dir = tiny("sd15");
    let engines = [Engine::load(options.load.clone()).unwrap(), Engine::load_apart(options).unwrap()];
    let rect = Rect::new(0, 0, SIDE, SIDE);
    let pixels: Vec<u8> =
        (0..SIDE * SIDE).flat_map(|at| [at as u8, (at / SIDE * 3) as u8, (at % 7) as u8, 255]).collect();
    let view = ImageView::new(Format::Rgba8, rect, SIDE as usize * 4, &pixels).unwrap();
    let net = Scratch::copy_of("controls/sd15-lines", "prepared-net");
    for file in ["onnx/model.onnx", "preprocessor_config.json"] {
        net.write(&format!("annotator/{file}"), std::fs::read(tiny("annotators/depth").join(file)).unwrap());
    }
    let model = net.0.to_str().unwrap().to_owned();
    let mut made = engines.iter().map(|engine| {
        let session = session(engine, Preview::Off);
        session.push(SIDE, SIDE, &[view], None).unwrap();
        let covered = [255; (SIDE * SIDE / 2) as usize];
        let half = Coverage::new(Rect::new(0, 0, SIDE, SIDE / 2), SIDE as usize, &covered);
        session.set_mask(SIDE, SIDE, Some(half)).unwrap();
        // Poses want a network of another form (tests/pipeline/annotators.rs), which travels as this one does.
        let others = Prepare::ALL.into_iter().filter(|prepare| *prepare != Prepare::Pose);
        let pictures = others.map(|prepare| {
            let control = Control { model: model.clone(), scale: 1.0, steps: StepRange::ALL, prepare };
            let own = (prepare != Prepare::Inpaint).then_some((SIDE, SIDE, view));
            session.set_control(0, control, own).unwrap();
            assert!(session.wait(std::time::Duration::from_secs(120)).unwrap());
            let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
            frame.tiles.read(frame.covers).unwrap()
        });
        pictures.collect::<Vec<_>>()
    });
    let (here, apart) = (made.next().unwrap(), made.next().unwrap());
    assert!(here == apart);
    assert!(here.iter().enumerate().all(|(n, one)| !here[..n].contains(one)), "each is another picture");
}

#[test]
fn a_reference_goes_to_the_process_once() {
    let program = Program::new("references", "");
    let mut options = options(&program.path);
    options.load.model_dir = tiny("klein");
    let mut here = Pipeline::load(&options.load, &Cancel::new(), &|_, _| {}).unwrap();
    let mut apart = Remote::load(options, &Cancel::new(), &|_, _| {}).unwrap();
    assert_eq!(apart.capabilities(), here.capabilities());
    let (picture, one, other) = (grey(64, 48), grey(90, 41), grey(33, 64));
    let (one, other) = (Reference::new(&one, 1.0), Reference::new(&other, 1.0));
    let of = |renderer: &mut dyn Renderer, references: &[Reference<'_>]| {
        let made = run(renderer, &Request { references, cell: 16, ..request(&picture) });
        made.patches.into_iter().last().unwrap().picture
    };
    let both = of(&mut here, &[one, other]);
    assert_eq!(of(&mut apart, &[one, other]), both);
    // It has both by now, and is told their keys.
    let blank = Picture::zeros((3, 1, 1));
    let known = [one, other].map(|reference| Reference { picture: &blank, ..reference });
    assert_eq!(of(&mut apart, &known), both);
    assert_eq!(of(&mut apart, &[one]), of(&mut here, &[one]));
    // What is wrong is told, and what was sent with it is sent again.
    let wrong = [Reference { scale: f32::NAN, ..other }];
    let error = |renderer: &mut dyn Renderer| {
        Request { references: &wrong, cell: 16, ..request(&picture) }.error(renderer)
    };
    assert_eq!(error(&mut apart), error(&mut here));
    assert_eq!(of(&mut apart, &[one, other]), both);
    assert_eq!(program.started().len(), 1);
}

#[test]
fn a_policy_and_a_cancel_reach_the_process_while_it_renders() {
    let program = Program::new("policy", "");
    let mut apart = remote(&program);
    let picture = grey(64, 64);
    let many = Request { steps: 200, previews: Previews::GiveWay, ..request(&picture) };

    let policy = Arc::new(Policy::default());
    let from_outside = {
        let policy = policy.clone();
        std::thread::spawn(move || policy.give_way(0))
    };
    let made = many.run(&mut apart, &policy, &Cancel::new()).unwrap();
    from_outside.join().unwrap();
    assert_eq!((made.ended, made.patches.len()), (Ended::GaveWay, 1));
    assert!(made.steps()[0].0 < 200, "{:?}", made.steps());

    let abandoned = Policy::default();
    abandoned.abandon();
    let made = many.run(&mut apart, &abandoned, &Cancel::new()).unwrap();
    assert_eq!((made.ended, made.patches.len()), (Ended::GaveWay, 0));

    let cancel = Arc::new(Cancel::new());
    let from_outside = {
        let cancel = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(5));
            cancel.cancel();
        })
    };
    let cancelled = many.run(&mut apart, &Policy::default(), &cancel).err().unwrap();
    from_outside.join().unwrap();
    assert!(cancelled.is_cancelled());

    // What the sink says ends the job, and the process serves the next.
    let each = Request { previews: Previews::EachStep, ..request(&picture) };
    let refuse = |_: Patch| Err(Error::new(Status::Memory, "There is no room."));
    let refused = each.run_into(&mut apart, &Policy::default(), &Cancel::new(), &mut { refuse });
    assert_eq!(refused.map_err(|error| error.status), Err(Status::Memory));
    assert_eq!(run(&mut apart, &each).steps(), [(1, 4), (2, 4), (3, 4), (4, 4)]);
    assert_eq!(program.started().len(), 1);
}

#[test]
fn a_painting_ends_as_in_the_hosts_process() {
    let program = Program::new("painting", "");
    let (apart, here) = (apart(&program), here());
    let (apart, here) = (session(&apart, Preview::EachStep), session(&here, Preview::EachStep));
    let mut dice = Dice(5);
    let mut painting = paint(1);
    for _ in 0..12 {
        let touched = painting.stroke(&mut dice);
        for session in [&apart, &here] {
            painting.push(session, Some(touched)).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(dice.roll() % 40));
    }
    settle(&apart);
    settle(&here);
    let (apart, here) = (watch(&apart, &mut 0), watch(&here, &mut 0));
    assert!(apart.faults.is_empty(), "{:?}", apart.faults);
    assert!(apart.at_rest() == here.at_rest());
}
