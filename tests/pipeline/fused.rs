//! ControlNets in the U-Net's own graph, beyond the golden pictures; and what a control that rests costs.

use std::cell::RefCell;

use scumble::error::Status;
use scumble::render::{Control, Picture, Renderer};
use scumble::steps::StepRange;

use crate::support::*;

fn bars() -> Picture {
    Picture::from_shape_fn((3, 64, 64), |(_, _, x)| f32::from(x % 16 < 8))
}

fn control<'a>(model: &'a str, picture: &'a Picture) -> Control<'a> {
    Control { picture, model, scale: 1.0, steps: StepRange::ALL }
}

#[test]
fn a_control_net_in_the_graph_is_heard_as_much_and_as_long_as_it_is_to_be() {
    let folder = tiny("fused");
    let own = folder.to_str().unwrap();
    let mut pipeline = load(&folder).unwrap();
    let told = pipeline.capabilities();
    assert!(told.no_control.is_none() && told.own_control);
    let (paint, bars) = (grey(64, 64), bars());
    let one = control(own, &bars);
    let mut of = |controls: &[Control<'_>]| {
        Request { controls, guidance: 3.0, ..request(&paint) }.finish(&mut pipeline).0
    };
    let (plain, heard) = (of(&[]), of(&[one]));
    assert_ne!(plain, heard);
    assert_eq!(of(&[control("", &bars)]), heard, "a control that names no network is its own");
    assert_eq!(of(&[Control { scale: 0.0, ..one }]), plain);
    assert_eq!(of(&[Control { steps: StepRange { start: 0.9, ..StepRange::ALL }, ..one }]), plain);
    for other in
        [Control { scale: 0.4, ..one }, Control { steps: StepRange { end: 0.5, ..StepRange::ALL }, ..one }]
    {
        let made = of(&[other]);
        assert!(made != plain && made != heard);
    }
    // What it is without a control is what the plain model makes of it.
    let mut apart = load(&tiny("sd15")).unwrap();
    let without = Request { guidance: 3.0, ..request(&paint) }.finish(&mut apart).0;
    assert!(psnr(&plain, &without) > 80.0);
    let other = tiny("controls/sd15-lines");
    let (other, second) = (control(other.to_str().unwrap(), &bars), [one, one]);
    for (controls, says) in [(&[other][..], "takes no ControlNet like"), (&second[..], "takes no more")] {
        let error = Request { controls, ..request(&paint) }.error(&mut pipeline);
        assert_eq!(error.status, Status::Setting, "{error}");
        assert!(error.message.contains(says), "{error}");
    }
}

thread_local! {
    static RAN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Ran;

impl log::Log for Ran {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        if let Some((name, _)) = line.split_once(" ran for ") {
            RAN.with_borrow_mut(|ran| ran.push(name.to_owned()));
        }
    }

    fn flush(&self) {}
}

/// The networks that ran for a request, in their order.
fn ran(request: &Request<'_>, pipeline: &mut scumble::pipeline::Pipeline) -> Vec<String> {
    RAN.with_borrow_mut(Vec::clear);
    request.finish(pipeline);
    RAN.take()
}

#[test]
fn a_control_that_rests_costs_its_networks_run_in_each_step_and_nothing_else() {
    static LOGGER: Ran = Ran;
    log::set_logger(&LOGGER).expect("no other logger");
    log::set_max_level(log::LevelFilter::Trace);
    let (paint, bars) = (grey(64, 64), bars());
    let steps = 3;
    let net = tiny("controls/sd15-lines");
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let controls = [control(net.to_str().unwrap(), &bars)];
    let plain = Request { steps, ..request(&paint) };
    let with = Request { controls: &controls, ..plain };
    ran(&with, &mut pipeline);
    let count = |ran: &[String], name: &str| ran.iter().filter(|one| one.contains(name)).count();
    let (without, rests) = (ran(&plain, &mut pipeline), ran(&with, &mut pipeline));
    assert_eq!(rests.len(), without.len() + steps as usize, "{rests:?} instead of {without:?}");
    assert_eq!(
        count(&rests, "ControlNet"),
        2 * steps as usize,
        "its own and the U-Net's that listens: {rests:?}"
    );
    // FLUX.1 Depth reads it itself: nothing is run for it.
    let model = tiny("flux-control");
    let mut pipeline = load(&model).unwrap();
    let controls = [control(model.to_str().unwrap(), &bars)];
    let with = Request { controls: &controls, ..plain };
    let first = ran(&with, &mut pipeline);
    assert_eq!(count(&first, "vae_encoder"), 2, "the paint and the control: {first:?}");
    let rests = ran(&with, &mut pipeline);
    assert_eq!(count(&rests, "vae_encoder"), 0, "{rests:?}");
    assert_eq!(rests.len(), steps as usize + 1, "the transformer and the decoder: {rests:?}");
}

#[test]
fn several_control_nets_in_a_graph_are_refused() {
    let model = Scratch::copy_of("fused", "fused-two");
    let file = model.0.join("unet/model.onnx");
    let mut bytes = std::fs::read(&file).unwrap();
    // Where the graph declares the input: its name, then its type, whose first dimension is one net.
    let name = b"controlnet_conds\x12";
    let declared = bytes.windows(name.len()).position(|at| at == name).expect("the input");
    let one = [0x0a, 2, 0x08, 1];
    let at = bytes[declared..declared + 40].windows(4).position(|at| at == one).expect("a fixed dimension");
    bytes[declared + at + 3] = 2;
    std::fs::write(file, bytes).unwrap();
    let error = load(&model.0).err().unwrap();
    assert_eq!(error.status, Status::ModelUnsupported, "{error}");
    assert!(error.message.contains("2 ControlNets lie in it, and one is read"), "{error}");
}
