//! ControlNets: what they change, when they are heard, and those that cannot be used.

use std::time::Duration;

use ndarray::Array3;
use scumble::cancel::Cancel;
use scumble::conditions;
use scumble::engine::Engine;
use scumble::error::Status;
use scumble::job::Params;
use scumble::pipeline::LoadOptions;
use scumble::pixels::{Format, ImageView};
use scumble::prepare::Prepare;
use scumble::region::Rect;
use scumble::render::{Control, Picture, Policy, Renderer};
use scumble::session::{Polled, Pushed, Session};
use scumble::steps::StepRange;

use crate::onnx;
use crate::support::*;

fn net(name: &str) -> String {
    tiny("controls").join(name).to_str().unwrap().to_owned()
}

fn lines(width: usize, height: usize) -> Picture {
    Array3::from_shape_fn((3, height, width), |(_, y, x)| f32::from(u8::from((x + 2 * y) % 23 < 3)))
}

fn control<'a>(model: &'a str, picture: &'a Picture) -> Control<'a> {
    Control { picture, model, scale: 1.0, steps: StepRange::ALL }
}

#[test]
fn each_of_its_numbers_changes_the_picture_and_scale_0_is_no_control() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    assert_eq!(pipeline.capabilities().no_control, None);
    let (picture, drawn, other) = (grey(64, 64), lines(64, 64), grey(64, 64));
    let (lines, depth) = (net("sd15-lines"), net("sd15-depth"));
    let plain = Request { guidance: 4.0, ..request(&picture) };
    let full = control(&lines, &drawn);
    let mut made = vec![finished(&mut pipeline, &plain).0];
    for controls in [
        &[full][..],
        &[Control { scale: 0.4, ..full }],
        &[Control { steps: StepRange { start: 0.3, ..StepRange::ALL }, ..full }],
        &[Control { steps: StepRange { end: 0.6, ..StepRange::ALL }, ..full }],
        &[Control { model: &depth, ..full }],
        &[Control { picture: &other, ..full }],
        &[full, control(&depth, &other)],
    ] {
        let next = finished(&mut pipeline, &Request { controls, ..plain }).0;
        let nearest = made.iter().map(|before| psnr(before, &next)).fold(0.0, f64::max);
        assert!(nearest < 60.0, "{nearest}");
        made.push(next);
    }
    // Nothing is heard: the plain U-Net's picture, to the last bit.
    for off in [
        Control { scale: 0.0, ..full },
        Control { scale: 0.0, model: "/nowhere", ..full },
        Control { steps: StepRange { start: 0.9, end: 0.95 }, ..full },
    ] {
        let controls = &[off][..];
        assert_eq!(made[0], finished(&mut pipeline, &Request { controls, ..plain }).0);
    }
    // And what was once made is made again, whatever came between.
    let again = finished(&mut pipeline, &Request { controls: &[full], ..plain }).0;
    assert_eq!(made[1], again);
}

#[test]
fn a_window_is_controlled_like_any_picture_and_a_network_may_be_named_by_its_file() {
    let mut pipeline = load(&tiny("xl")).unwrap();
    let (picture, drawn) = (grey(128, 64), lines(128, 64));
    let file = format!("{}/model.onnx", net("xl-lines"));
    let made = [net("xl-lines"), file].map(|model| {
        let controls = &[control(&model, &drawn)][..];
        finished(&mut pipeline, &Request { controls, cell_origin: (5, 9), ..request(&picture) }).0
    });
    assert_eq!(made[0], made[1]);
    assert!(
        psnr(&made[0], &finished(&mut pipeline, &Request { cell_origin: (5, 9), ..request(&picture) }).0)
            < 45.0
    );
}

#[test]
fn a_distilled_or_inpainting_model_without_a_listening_network_says_why_it_takes_none() {
    for (model, says) in [
        ("lcm", "listens to ControlNets"),
        ("inpaint", "listens to ControlNets"),
        ("sd3", "Stable Diffusion 3 models"),
        ("flux-schnell", "choose FLUX.1 Depth or Canny"),
    ] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let why = pipeline.capabilities().no_control.expect(model);
        assert!(why.contains(says) && why.ends_with('.'), "{why}");
        let (picture, drawn, lines) = (grey(64, 64), lines(64, 64), net("sd15-lines"));
        let controls = &[control(&lines, &drawn)][..];
        let error = Request { controls, ..request(&picture) }.error(&mut pipeline);
        assert_eq!((error.status, error.message), (Status::Setting, why), "{model}");
        finished(&mut pipeline, &request(&picture));
    }
}

/// What is named as a ControlNet, and what must be said of it.
type Wrong<'a> = (&'a str, String, Status, &'a str);

#[test]
fn a_network_that_cannot_be_used_is_told_in_one_sentence_and_the_session_lives_on() {
    let scratch = Scratch::new("controls");
    let at = |name: &str| scratch.0.join(name).to_str().unwrap().to_owned();
    let whole = std::fs::read(tiny("controls/sd15-lines/model.onnx")).unwrap();
    scratch.write("cut/model.onnx", &whole[..whole.len() / 2]);
    scratch.write("empty/model.onnx", b"");
    scratch.write("text/model.onnx", b"This is no network at all, but some words.");
    std::fs::create_dir_all(scratch.0.join("nothing")).unwrap();
    let one = |name: &'static str| onnx::Port(name, onnx::FLOAT, &[1, 4, 8, 8]);
    let inputs = ["sample", "timestep", "encoder_hidden_states", "controlnet_cond"].map(one);
    let mute = onnx::model(&inputs, &one("out"), ("", "Identity"), &[]);
    scratch.write("mute/model.onnx", mute);
    let unet = tiny("sd15/unet/model.onnx").to_str().unwrap().to_owned();
    let wrong: [Wrong<'_>; 8] = [
        ("not there", at("nowhere"), Status::ModelMissing, "is not there"),
        ("an empty folder", at("nothing"), Status::ModelMissing, "has no model.onnx"),
        ("cut short", at("cut"), Status::ModelBroken, "half downloaded"),
        ("empty", at("empty"), Status::ModelBroken, "0 bytes"),
        ("no network", at("text"), Status::ModelBroken, "not an ONNX file"),
        ("a U-Net", unet, Status::ModelUnsupported, "controlnet_cond"),
        ("a mute one", at("mute"), Status::ModelUnsupported, "another family"),
        ("SDXL's", net("xl-lines"), Status::ModelUnsupported, "another family"),
    ];
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let (picture, drawn, lines) = (grey(64, 64), lines(64, 64), net("sd15-lines"));
    let right = &[control(&lines, &drawn)][..];
    let before = finished(&mut pipeline, &Request { controls: right, ..request(&picture) }).0;
    for (name, model, status, says) in &wrong {
        let controls = &[right[0], control(model, &drawn)][..];
        let error = Request { controls, ..request(&picture) }.error(&mut pipeline);
        println!("{name}: {error}");
        assert_eq!(error.status, *status, "{name}: {error}");
        assert!(error.message.contains(says), "{name}: {error}");
        assert!(error.message.ends_with('.') && !error.message.contains('\n'), "{name}: {error}");
    }
    let small = grey(32, 32);
    for (bad, status) in [
        (Control { scale: f32::NAN, ..right[0] }, Status::Setting),
        (Control { steps: StepRange { end: f32::INFINITY, ..StepRange::ALL }, ..right[0] }, Status::Setting),
        (Control { picture: &small, ..right[0] }, Status::Internal),
    ] {
        let controls = &[bad][..];
        assert_eq!(Request { controls, ..request(&picture) }.error(&mut pipeline).status, status);
    }
    assert_eq!(before, finished(&mut pipeline, &Request { controls: right, ..request(&picture) }).0);
}

#[test]
fn a_listening_network_that_does_not_listen_is_told() {
    let model = Scratch::copy_of("sd15", "deaf");
    model.copy("unet/model.onnx", "unet/controlnet.onnx");
    let mut pipeline = load(&model.0).unwrap();
    let (picture, drawn, lines) = (grey(64, 64), lines(64, 64), net("sd15-lines"));
    let controls = &[control(&lines, &drawn)][..];
    let error = Request { controls, ..request(&picture) }.error(&mut pipeline);
    assert_eq!(error.status, Status::ModelUnsupported);
    assert!(error.message.contains("does not listen"), "{error}");
    finished(&mut pipeline, &request(&picture));
}

#[test]
fn a_cancel_ends_a_controlled_picture_and_many_networks_take_turns() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let (picture, drawn) = (grey(64, 64), lines(64, 64));
    let scratch = Scratch::new("many-controls");
    for number in 0..7 {
        let name = format!("{number}/model.onnx");
        scratch.write(&name, std::fs::read(tiny("controls/sd15-lines/model.onnx")).unwrap());
    }
    let names: Vec<String> =
        (0..7).map(|number| scratch.0.join(number.to_string()).to_str().unwrap().to_owned()).collect();
    let one = |model| [control(model, &drawn)];
    let first = finished(&mut pipeline, &Request { controls: &one(&names[0]), ..request(&picture) }).0;
    for name in &names {
        let made = finished(&mut pipeline, &Request { controls: &one(name), ..request(&picture) }).0;
        assert_eq!(first, made, "the same network under other names");
    }
    let all: Vec<_> = names.iter().map(|name| Control { scale: 0.1, ..control(name, &drawn) }).collect();
    let asked = Request { controls: &all, ..request(&picture) };
    let made = finished(&mut pipeline, &asked).0;
    let seven = Control { scale: 0.7, ..control(&names[0], &drawn) };
    assert!(
        psnr(&made, &finished(&mut pipeline, &Request { controls: &[seven], ..request(&picture) }).0) > 60.0
    );
    let cancel = Cancel::new();
    cancel.cancel();
    assert!(asked.run(&mut pipeline, &Policy::default(), &cancel).err().unwrap().is_cancelled());
}

#[test]
fn a_network_that_was_got_anew_is_read_anew() {
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let (picture, drawn) = (grey(64, 64), lines(64, 64));
    let scratch = Scratch::new("control-anew");
    let whole = |name: &str| std::fs::read(tiny(&format!("controls/{name}/model.onnx"))).unwrap();
    let own = scratch.0.to_str().unwrap().to_owned();
    let mut made = |model: &str| {
        let controls = [control(model, &drawn)];
        finished(&mut pipeline, &Request { controls: &controls, ..request(&picture) }).0
    };
    let [lines, depth] = ["sd15-lines", "sd15-depth"].map(|name| made(&net(name)));
    assert_ne!(lines, depth);
    scratch.write("model.onnx", whole("sd15-lines"));
    assert_eq!(made(&own), lines);
    // As a download does it: in the place of the other, at a later time.
    scratch.write("new.onnx", whole("sd15-depth"));
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    std::fs::File::open(scratch.0.join("new.onnx")).unwrap().set_modified(later).unwrap();
    std::fs::rename(scratch.0.join("new.onnx"), scratch.0.join("model.onnx")).unwrap();
    assert_eq!(made(&own), depth);
    // One that is away for a moment was read.
    scratch.remove("model.onnx");
    assert_eq!(made(&own), depth);
}

fn lines_net(scale: f32, prepare: Prepare) -> conditions::Control {
    conditions::Control { model: net("sd15-lines"), scale, steps: StepRange::ALL, prepare }
}

/// A live layer whose canvas is larger than the model's pictures.
struct Layer {
    session: Session,
    side: i32,
}

impl Layer {
    fn new(engine: &Engine, side: i32) -> Layer {
        let session = engine.session();
        session.set_params(Params { steps: Some(2), settle_delay: 0, ..Params::default() }).unwrap();
        Layer { session, side }
    }

    fn pixels(&self, pixel: impl Fn(i32, i32) -> u8) -> Vec<u8> {
        let all = (0..self.side).flat_map(|y| (0..self.side).map(move |x| (x, y)));
        all.flat_map(|(x, y)| [pixel(x, y), pixel(x, y), pixel(x, y), 255]).collect()
    }

    fn view<'a>(&self, pixels: &'a [u8]) -> ImageView<'a> {
        let all = Rect::new(0, 0, self.side, self.side);
        ImageView::new(Format::Rgba8, all, self.side as usize * 4, pixels).unwrap()
    }

    fn paint(&self) {
        let pixels = self.pixels(|x, y| (x * 3 + y * 5) as u8);
        self.session.push(self.side, self.side, &[self.view(&pixels)], None).unwrap();
    }

    fn control(&self, scale: f32, pixels: Option<&[u8]>) -> Pushed {
        let image = pixels.map(|pixels| (self.side, self.side, self.view(pixels)));
        self.session.set_control(1, lines_net(scale, Prepare::AsIs), image).unwrap()
    }

    /// With something made of its picture first.
    fn prepared(&self, prepare: Prepare, pixels: &[u8]) -> Vec<u8> {
        let image = (self.side, self.side, self.view(pixels));
        self.session.set_control(1, lines_net(1.0, prepare), Some(image)).unwrap();
        self.settled()
    }

    fn settled(&self) -> Vec<u8> {
        assert!(self.session.wait(Duration::from_secs(120)).unwrap());
        let Polled::Frame(frame) = self.session.poll(0).unwrap() else { panic!("no frame") };
        frame.tiles.read(frame.covers).unwrap()
    }
}

fn sd15() -> Engine {
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    Engine::load(options).unwrap()
}

#[test]
fn a_drawing_steers_alike_whatever_it_is_drawn_with_and_an_empty_one_not_at_all() {
    let engine = sd15();
    let layer = Layer::new(&engine, 96);
    layer.paint();
    let plain = layer.settled();
    let is_line = |x: i32, y: i32| (x - y).abs() < 4 || (40..44).contains(&x);
    let white_on_black = layer.pixels(|x, y| if is_line(x, y) { 255 } else { 0 });
    let black_on_white = layer.pixels(|x, y| if is_line(x, y) { 0 } else { 255 });
    let stroke = |colour: u8| {
        let mut pixels = layer.pixels(|_, _| colour);
        for (at, pixel) in pixels.chunks_exact_mut(4).enumerate() {
            pixel[3] = if is_line(at as i32 % 96, at as i32 / 96) { 255 } else { 0 };
        }
        pixels
    };
    let as_it_is = layer.prepared(Prepare::AsIs, &white_on_black);
    // Made smaller, its lines are stronger than as they are.
    let led = layer.prepared(Prepare::Drawn, &white_on_black);
    assert!(led != plain && as_it_is != plain);
    for drawn in [&black_on_white, &stroke(0), &stroke(255)] {
        assert!(layer.prepared(Prepare::Drawn, drawn) == led);
    }
    for how in [Prepare::Lines, Prepare::Canny, Prepare::Blur] {
        let made = layer.prepared(how, &white_on_black);
        assert!(made != as_it_is && made != plain, "{how:?}");
    }
    let told = || layer.session.conditions().unwrap();
    assert_eq!(told(), [(1, "control picture", None)]);
    let empty = layer.pixels(|_, _| 255);
    assert!(layer.prepared(Prepare::Drawn, &empty) == plain, "the control says nothing");
    let [(1, _, Some(why))] = told()[..] else { panic!("{:?}", told()) };
    assert!(why.contains("Nothing is drawn") && why.ends_with('.'), "{why}");
    // The first stroke, as a host pushes it, and the same drawing in parts.
    for (y, height) in [(50, 46), (0, 7), (7, 43)] {
        let part = Rect::new(0, y, 96, height);
        let rows = &black_on_white[y as usize * 96 * 4..][..height as usize * 96 * 4];
        let image = ImageView::new(Format::Rgba8, part, 96 * 4, rows).unwrap();
        layer.session.set_control(1, lines_net(1.0, Prepare::Drawn), Some((96, 96, image))).unwrap();
        assert!(layer.settled() != plain);
        assert_eq!(told(), [(1, "control picture", None)]);
    }
    assert!(layer.settled() == led);
}

#[test]
fn a_live_layer_follows_its_control_and_comes_back_without_it() {
    let engine = sd15();
    let layer = Layer::new(&engine, 96);
    layer.paint();
    let plain = layer.settled();
    let (one, other) = (layer.pixels(|x, _| (x * 7) as u8), layer.pixels(|_, y| (y * 9) as u8));
    assert!(matches!(layer.control(1.0, Some(&one)), Pushed::Revision(_)));
    let led = layer.settled();
    assert!(led != plain);
    assert_eq!(layer.control(1.0, Some(&one)), Pushed::Unchanged, "equal pixels");
    assert_eq!(layer.control(1.0, None), Pushed::Unchanged);
    assert!(matches!(layer.control(1.0, Some(&other)), Pushed::Revision(_)));
    assert!(layer.settled() != led);
    // A part of the picture, as a stroke on its layer is.
    let part = Rect::new(10, 20, 30, 40);
    let stroke: Vec<u8> = part.height.to_le_bytes().iter().cycle().take(30 * 40 * 4).copied().collect();
    let image = ImageView::new(Format::Rgba8, part, 30 * 4, &stroke).unwrap();
    let control = lines_net(1.0, Prepare::AsIs);
    let before = layer.settled();
    layer.session.set_control(1, control, Some((96, 96, image))).unwrap();
    assert!(layer.settled() != before);
    // The same as at first, whatever way it took.
    layer.control(0.5, Some(&one));
    layer.control(1.0, None);
    assert!(layer.settled() == led);
    layer.control(0.0, None);
    assert!(layer.settled() == plain);
    layer.control(1.0, None);
    assert!(layer.settled() == led);
    assert!(matches!(layer.session.clear_condition(1).unwrap(), Pushed::Revision(_)));
    assert!(layer.settled() == plain);
    assert_eq!(layer.session.clear_condition(1).unwrap(), Pushed::Unchanged);
    // What was set before the first push is that push's.
    let late = Layer::new(&engine, 96);
    late.control(1.0, Some(&one));
    late.paint();
    assert!(late.settled() == led);
    // A canvas of another size has none of it.
    let larger = Layer { session: late.session, side: 128 };
    larger.paint();
    let fresh = Layer::new(&engine, 128);
    fresh.paint();
    assert!(larger.settled() == fresh.settled());
}
