//! LoRAs: what they change, what they leave, and that a model is itself again without them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ndarray::Array3;
use scumble::cancel::Cancel;
use scumble::conditions;
use scumble::engine::Engine;
use scumble::error::{Error, Status};
use scumble::job::Params;
use scumble::models::weights::{Found, Weights};
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::render::{Control, Lora, Picture, Policy, Renderer};
use scumble::session::{Polled, Pushed, Session};
use scumble::steps::StepRange;

use crate::lora_files::{Tensor, file_of, floats};
use crate::support::*;

fn lora(file: &str, scale: f32) -> Lora<'_> {
    Lora { file, scale, text: scale, steps: StepRange::ALL }
}

fn made(pipeline: &mut Pipeline, picture: &Picture, loras: &[Lora<'_>]) -> Picture {
    finished(pipeline, &Request { loras, guidance: 4.0, ..request(picture) }).0
}

#[test]
fn each_of_its_numbers_changes_the_picture_and_without_it_the_model_is_itself_to_the_last_bit() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    assert_eq!(pipeline.capabilities().no_lora, None);
    let (picture, kohya, peft) = (grey(64, 64), lora_file("sd15-kohya"), lora_file("sd15-peft"));
    let full = lora(&kohya, 1.0);
    let mut before = vec![made(&mut pipeline, &picture, &[])];
    for loras in [
        &[full][..],
        &[lora(&kohya, 0.7)],
        &[lora(&kohya, -1.0)],
        &[Lora { text: 0.0, ..full }],
        &[Lora { scale: 0.0, ..full }],
        &[lora(&peft, 1.0)],
        &[full, lora(&peft, 0.5)],
    ] {
        let next = made(&mut pipeline, &picture, loras);
        let nearest = before.iter().map(|before| psnr(before, &next)).fold(0.0, f64::max);
        assert!(nearest < 40.0, "{loras:?}: {nearest}");
        before.push(next);
        for off in [&[][..], &[lora(&kohya, 0.0)], &[lora("/nowhere", 0.0)]] {
            assert_eq!(before[0], made(&mut pipeline, &picture, off), "after {loras:?}");
        }
    }
    // What was once made is made again, whatever came between; and in an engine that never had another.
    assert_eq!(before[1], made(&mut pipeline, &picture, &[full]));
    assert_eq!(before[1], made(&mut load(&tiny("sd15")).unwrap(), &picture, &[full]));
    // A hundred of a hundredth are one.
    let many = vec![lora(&kohya, 0.01); 100];
    let same = psnr(&before[1], &made(&mut pipeline, &picture, &many));
    assert!(same > 60.0, "{same}");
}

fn roomy(model_dir: PathBuf) -> Pipeline {
    let options =
        LoadOptions { model_dir, device: "cpu".into(), intra_threads: 1, loras: true, ..Default::default() };
    Pipeline::load(&options, &Cancel::new(), &|_, _| {}).unwrap()
}

#[test]
fn with_room_from_the_beginning_a_model_is_itself_and_its_first_lora_reads_no_network() {
    let picture = grey(64, 64);
    for name in ["turbo", "sd15", "xl"] {
        let bare = made(&mut load(&tiny(name)).unwrap(), &picture, &[]);
        assert_eq!(bare, made(&mut roomy(tiny(name)), &picture, &[]), "{name}");
    }
    let apart = Scratch::copy_of("sd15", "lora-room");
    let weights = ["unet/model", "unet/controlnet", "text_encoder/model"].map(|network| {
        let (file, weights) = (format!("{network}.onnx"), format!("{network}-weights.onnx"));
        apart.copy(&file, &weights);
        let graph = Weights::of(&apart.0.join(&weights)).unwrap();
        apart.write(&file, graph.with_branches(&BTreeSet::new(), false).unwrap());
        weights
    });
    let (mut pipeline, mut plain) = (roomy(apart.0.clone()), load(&tiny("sd15")).unwrap());
    let (net, peft) = (tiny("controls/sd15-lines").to_str().unwrap().to_owned(), lora_file("sd15-peft"));
    let controls = [Control { picture: &picture, model: &net, scale: 0.5, steps: StepRange::ALL }];
    let mut same = |controls: &[Control<'_>], loras: &[Lora<'_>]| {
        let asked = Request { controls, loras, ..request(&picture) };
        assert_eq!(finished(&mut pipeline, &asked).0, finished(&mut plain, &asked).0, "{loras:?}");
    };
    // The U-Net that listens to ControlNets comes with the first of them.
    same(&controls, &[]);
    // From here on none can be read again.
    weights.iter().for_each(|weights| apart.remove(weights));
    for loras in [&[lora(&peft, 0.7)][..], &[], &[lora(&peft, -1.0)]] {
        same(&[], loras);
        same(&controls, loras);
    }
}

#[test]
fn a_file_that_changes_on_the_disk_is_read_again() {
    let scratch = Scratch::new("lora-changes");
    let (mut pipeline, picture) = (load(&tiny("sd15")).unwrap(), grey(64, 64));
    let copy = |name: &str| scratch.write("a.safetensors", std::fs::read(lora_file(name)).unwrap());
    let file = scratch.0.join("a.safetensors").to_str().unwrap().to_owned();
    copy("sd15-kohya");
    let first = made(&mut pipeline, &picture, &[lora(&file, 1.0)]);
    copy("sd15-peft");
    let second = made(&mut pipeline, &picture, &[lora(&file, 1.0)]);
    assert_eq!(second, made(&mut pipeline, &picture, &[lora(&lora_file("sd15-peft"), 1.0)]));
    assert_ne!(first, second);
    scratch.remove("a.safetensors");
    let gone = Request { loras: &[lora(&file, 1.0)], ..request(&picture) }.error(&mut pipeline);
    assert_eq!(gone.status, Status::ModelMissing);
    finished(&mut pipeline, &request(&picture));
}

#[test]
fn a_u_net_that_listens_to_controls_has_it_too() {
    let mut pipeline = load(&tiny("xl")).unwrap();
    let (picture, kohya) = (grey(64, 64), lora_file("xl-kohya"));
    let drawn = Array3::from_shape_fn((3, 64, 64), |(_, y, x)| f32::from(u8::from((x + 2 * y) % 23 < 3)));
    let net = tiny("controls/xl-lines").to_str().unwrap().to_owned();
    // So softly that the picture hardly hears it.
    let soft = Control { picture: &drawn, model: &net, scale: 1e-6, steps: StepRange::ALL };
    let mut of = |controls: &[Control<'_>], loras: &[Lora<'_>]| {
        finished(&mut pipeline, &Request { controls, loras, ..request(&picture) }).0
    };
    let loras = [lora(&kohya, 1.0)];
    let (plain, changed, both) = (of(&[], &[]), of(&[], &loras), of(&[soft], &loras));
    assert!(psnr(&plain, &changed) < 40.0);
    assert!(psnr(&changed, &both) > 60.0);
    assert!(psnr(&plain, &of(&[soft], &[])) > 60.0);
    assert_eq!(plain, of(&[], &[]));
}

#[test]
fn weights_in_a_file_of_their_own_are_changed_like_those_inside() {
    let picture = grey(64, 64);
    let kohya = lora_file("sd15-kohya");
    let apart = Scratch::copy_of("sd15", "lora-external");
    // The graph alone, which says that its large weights are in the other file.
    apart.copy("unet/model.onnx", "unet/weights.onnx");
    let graph = Weights::of(&apart.0.join("unet/weights.onnx"))
        .unwrap()
        .with_branches(&BTreeSet::new(), false)
        .unwrap();
    let whole = std::fs::metadata(apart.0.join("unet/model.onnx")).unwrap().len() as usize;
    assert!(graph.len() < whole * 9 / 10, "{} of {whole}", graph.len());
    apart.write("unet/model.onnx", graph);
    apart.remove("unet/controlnet.onnx");
    let (mut inside, mut beside) = (load(&tiny("sd15")).unwrap(), load(&apart.0).unwrap());
    assert_eq!(made(&mut inside, &picture, &[]), made(&mut beside, &picture, &[]));
    let loras = [lora(&kohya, 1.0)];
    assert_eq!(made(&mut inside, &picture, &loras), made(&mut beside, &picture, &loras));
    // One that leaves most of it as it is.
    let peft = lora_file("sd15-peft");
    let loras = [lora(&peft, 1.0)];
    assert_eq!(made(&mut inside, &picture, &loras), made(&mut beside, &picture, &loras));
}

#[test]
fn halves_are_added_to_as_floats_and_a_lora_and_its_opposite_leave_the_model() {
    let scratch = Scratch::new("lora-half");
    let (mut pipeline, picture) = (load(&tiny("turbo")).unwrap(), grey(64, 64));
    let weights = Weights::of(&tiny("turbo/unet/model.onnx")).unwrap();
    let Some((_, Found::Weight(conv))) = weights.get("conv_in") else { panic!("no conv_in") };
    let [out, inputs, kernel, _] = conv.shape[..] else { panic!("{:?}", conv.shape) };
    let numbers = |count: usize| -> Vec<f32> { (0..count).map(|i| (i as f32 * 0.7).sin() * 0.4).collect() };
    let tensors = [
        Tensor::new("lora_unet_conv_in.lora_down.weight", "F32", &[2, inputs, kernel, kernel])
            .with(floats(&numbers(2 * inputs * kernel * kernel))),
        Tensor::new("lora_unet_conv_in.lora_up.weight", "F32", &[out, 2, 1, 1])
            .with(floats(&numbers(out * 2))),
    ];
    scratch.write("a.safetensors", file_of(&tensors));
    scratch.write("b.safetensors", file_of(&tensors));
    let at = |name: &str| scratch.0.join(name).to_str().unwrap().to_owned();
    let (a, b) = (at("a.safetensors"), at("b.safetensors"));
    let plain = made(&mut pipeline, &picture, &[]);
    assert!(psnr(&plain, &made(&mut pipeline, &picture, &[lora(&a, 1.0)])) < 40.0);
    let near = |a: &Picture, b: &Picture| {
        let near = psnr(a, b);
        assert!(near > 60.0, "{near}");
    };
    near(&plain, &made(&mut pipeline, &picture, &[lora(&a, 1.0), lora(&b, -1.0)]));
    let halves = made(&mut pipeline, &picture, &[lora(&a, 0.5), lora(&b, 0.5)]);
    near(&halves, &made(&mut pipeline, &picture, &[lora(&a, 1.0)]));
    // More than a half can be.
    let far = Request { loras: &[lora(&a, 1e6)], ..request(&picture) }.error(&mut pipeline);
    assert!(far.status == Status::Setting && far.message.contains("lower their scales"), "{far}");
    assert_eq!(plain, made(&mut pipeline, &picture, &[]));
}

#[test]
fn a_cancel_ends_a_change_and_the_next_job_makes_it() {
    let (mut pipeline, picture, kohya) =
        (load(&tiny("sd15")).unwrap(), grey(64, 64), lora_file("sd15-kohya"));
    let cancel = Cancel::new();
    cancel.cancel();
    let loras = [lora(&kohya, 1.0)];
    let asked = Request { loras: &loras, guidance: 4.0, ..request(&picture) };
    assert!(asked.run(&mut pipeline, &Policy::default(), &cancel).err().unwrap().is_cancelled());
    let changed = made(&mut pipeline, &picture, &loras);
    assert_eq!(changed, made(&mut load(&tiny("sd15")).unwrap(), &picture, &loras));
}

/// Of Stable Diffusion 1.5, with nothing painted yet.
fn live_layer() -> Session {
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    let session = Engine::load(options).unwrap().session();
    session.set_params(quick("", None)).unwrap();
    session
}

fn quick(prompt: &str, lora_folder: Option<PathBuf>) -> Params {
    Params { prompt: prompt.into(), lora_folder, steps: Some(2), settle_delay: 0, ..Params::default() }
}

fn paint(session: &Session, side: i32) {
    let pixels: Vec<u8> =
        (0..side * side).flat_map(|at| [(at % side * 3) as u8, (at / side) as u8, 90, 255]).collect();
    let view = ImageView::new(Format::Rgba8, Rect::new(0, 0, side, side), side as usize * 4, &pixels);
    session.push(side, side, &[view.unwrap()], None).unwrap();
}

fn settled(session: &Session) -> Vec<u8> {
    assert!(session.wait(Duration::from_secs(120)).unwrap());
    let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
    frame.tiles.read(frame.covers).unwrap()
}

fn failure(session: &Session) -> Error {
    assert!(session.wait(Duration::from_secs(120)).unwrap());
    session.poll(0).err().expect("a failure")
}

#[test]
fn what_a_prompt_names_is_taken_out_of_its_words_and_a_wrong_name_is_told_until_it_is_mended() {
    let folder = tiny("loras");
    let (session, named) = (live_layer(), |prompt: &str| quick(prompt, Some(folder.clone())));
    session.set_params(named("a lake")).unwrap();
    paint(&session, 64);
    let plain = settled(&session);
    session.set_params(named("a lake <lora:sd15-kohya:0.25:0.7>")).unwrap();
    let by_name = settled(&session);
    session.set_params(named("a lake")).unwrap();
    session
        .set_lora(
            1,
            conditions::Lora { file: lora_file("sd15-kohya"), scale: 0.7, text: 0.25, steps: StepRange::ALL },
        )
        .unwrap();
    assert!(settled(&session) == by_name && by_name != plain);
    // Beside those that the host has set.
    session.set_params(named("a lake <lora:sd15-peft:1>")).unwrap();
    let both = settled(&session);
    assert!(both != by_name);
    session.clear_condition(1).unwrap();
    assert!(settled(&session) != both);
    for (wrong, told) in [
        ("<lora:water> a lake", "no water.safetensors"),
        ("a lake <lora:sd15-peft:much>", "from -10 to 10"),
        ("a lake <lora:xl-kohya>", "xl-kohya"),
    ] {
        session.set_params(named(wrong)).unwrap();
        let error = failure(&session);
        assert!(error.message.contains(told), "{wrong}: {error}");
    }
    session.set_params(named(&"<lora:sd15-peft:0.01>".repeat(33))).unwrap();
    assert_eq!(failure(&session).status, Status::Setting);
    // Not closed yet: words.
    session.set_params(named("a lake <lora:sd15-pe")).unwrap();
    assert!(settled(&session) != plain);
    session.set_params(named("a lake")).unwrap();
    assert!(settled(&session) == plain);
}

#[test]
fn a_live_layer_has_loras_that_come_and_go_and_stay_on_another_canvas() {
    let session = live_layer();
    let lora = |file: &str, scale: f32| conditions::Lora {
        file: lora_file(file),
        scale,
        text: scale,
        steps: StepRange::ALL,
    };
    // Before the first push too.
    assert!(matches!(session.set_lora(5, lora("sd15-kohya", 1.0)).unwrap(), Pushed::Revision(_)));
    paint(&session, 64);
    let changed = settled(&session);
    assert_eq!(session.set_lora(5, lora("sd15-kohya", 1.0)).unwrap(), Pushed::Unchanged);
    assert!(matches!(session.set_lora(5, lora("sd15-kohya", 0.5)).unwrap(), Pushed::Revision(_)));
    assert!(settled(&session) != changed);
    assert!(matches!(session.set_lora(5, lora("sd15-kohya", 0.0)).unwrap(), Pushed::Revision(_)));
    let plain = settled(&session);
    assert_eq!(session.set_lora(6, lora("sd15-peft", 0.0)).unwrap(), Pushed::Unchanged);
    session.set_lora(5, lora("sd15-kohya", 1.0)).unwrap();
    assert!(settled(&session) == changed);
    paint(&session, 96);
    let large = settled(&session);
    assert!(matches!(session.clear_condition(5).unwrap(), Pushed::Revision(_)));
    assert!(settled(&session) != large);
    paint(&session, 64);
    assert!(settled(&session) == plain);
    // One of another model is told once, and the picture stays.
    session.set_lora(5, lora("xl-kohya", 1.0)).unwrap();
    assert!(session.wait(Duration::from_secs(120)).unwrap());
    let told = session.poll(0).err().expect("a LoRA that does not fit");
    assert_eq!(told.status, Status::ModelUnsupported);
    session.clear_condition(5).unwrap();
    assert!(settled(&session) == plain);
    for number in 100..131 {
        session.set_lora(number, lora("sd15-peft", 0.0)).unwrap();
    }
    assert_eq!(session.set_lora(200, lora("sd15-peft", 0.0)).unwrap_err().status, Status::Setting);
}
