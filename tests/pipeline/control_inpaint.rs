//! ControlNets for inpainting, which are shown the paint around the session's mask.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ndarray::{Array2, Zip};
use scumble::cancel::Cancel;
use scumble::conditions::Control;
use scumble::engine::Engine;
use scumble::error::{Result, Status};
use scumble::grid::Window;
use scumble::job::Params;
use scumble::pipeline::LoadOptions;
use scumble::pixels::mask::{Coverage, Mask};
use scumble::pixels::{Format, ImageView};
use scumble::prepare::{NO_HOLE, Prepare, around_hole};
use scumble::region::Rect;
use scumble::render::{
    Capabilities, Defaults, Ended, Geometry, ModelInfo, Patch, Phases, Picture, Policy, Quality, Renderer,
    Scene, Sink,
};
use scumble::session::{Polled, Pushed, Session};
use scumble::steps::StepRange;

use crate::support::*;

fn net() -> String {
    tiny("controls/sd15-lines").to_str().unwrap().to_owned()
}

fn control(scale: f32) -> Control {
    Control { model: net(), scale, steps: StepRange::ALL, prepare: Prepare::Inpaint }
}

fn pixels(width: i32, height: i32) -> Vec<u8> {
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    all.flat_map(|(x, y)| [(x * 3 + y * 5) as u8, (x * 7) as u8, (y * 2) as u8, 255]).collect()
}

fn push(session: &Session, width: i32, height: i32, pixels: &[u8]) {
    let image = ImageView::new(Format::Rgba8, Rect::new(0, 0, width, height), width as usize * 4, pixels);
    session.push(width, height, &[image.unwrap()], None).unwrap();
}

fn settled(session: &Session) -> Vec<u8> {
    assert!(session.wait(Duration::from_secs(120)).unwrap());
    let Polled::Frame(frame) = session.poll(0).unwrap() else { panic!("no frame") };
    frame.tiles.read(frame.covers).unwrap()
}

/// What a renderer was shown in a window: the paint, and the pictures of its controls.
type Seen = (Window, Picture, Vec<Picture>);

/// Shows what it is given, and remembers it.
struct Watching(Arc<Mutex<Vec<Seen>>>);

impl Renderer for Watching {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            name: "watching".into(),
            description: String::new(),
            device: "cpu".into(),
            device_note: String::new(),
            runtime: String::new(),
            geometry: Geometry { native: 64, multiple: 8, cell: 8, fixed: None },
            defaults: Defaults { steps: 1, strength: 0.5, guidance: 1.0, refine: Some(0.3), context: 0 },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        _: &Quality<'_>,
        _: &Policy,
        _: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        assert!(scene.hole.is_none(), "the model itself fills nothing");
        let shown = scene.controls().map(|control| control.picture.clone()).collect();
        self.0.lock().unwrap().push((scene.window, scene.paint.clone(), shown));
        let (_, height, width) = scene.paint.dim();
        let latent = Some(Picture::zeros((3, height / 8, width / 8)));
        sink.patch(Patch {
            picture: scene.paint.clone(),
            latent,
            step: 1,
            steps: 1,
            phases: Phases::default(),
        })?;
        Ok(Ended::Finished)
    }
}

#[test]
fn in_every_window_it_is_shown_the_paint_and_less_than_black_where_the_mask_is() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let given = seen.clone();
    let engine = Engine::with(Box::new(move |_, _| Ok(Box::new(Watching(given))))).unwrap();
    let session = engine.session();
    session.set_params(Params { settle_delay: 0, ..Params::default() }).unwrap();
    let (width, height) = (200, 150);
    let place = Rect::new(60, 41, 90, 70);
    let covered: Vec<u8> = (0..90 * 70).map(|at| if at % 90 < 30 { 100 } else { 255 }).collect();
    session.set_mask(width, height, Some(Coverage::new(place, 90, &covered))).unwrap();
    session.set_control(3, control(1.0), None).unwrap();
    // Last: a job without them might begin.
    push(&session, width, height, &pixels(width, height));
    settled(&session);
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let levels: std::collections::BTreeSet<i32> = seen.iter().map(|(window, ..)| window.level.0).collect();
    assert!(levels.len() > 2 && levels.contains(&0), "on all levels: {levels:?}");
    let mask = Mask::new(Rect::new(0, 0, width, height), Coverage::new(place, 90, &covered)).unwrap();
    let mut whole = false;
    for (window, paint, controls) in &seen {
        let hole = mask.cells(window.level.scale(), window.pixels(8), &Cancel::new()).unwrap();
        let [shown] = &controls[..] else { panic!("{} controls", controls.len()) };
        assert_eq!(*shown, around_hole(paint, &hole).unwrap());
        let filled = shown.iter().filter(|value| **value == -1.0).count();
        whole |= filled > 0 && filled < shown.len();
    }
    assert!(whole, "the mask and its surroundings are seen in one window");
}

#[test]
fn without_a_mask_it_says_nothing_and_tells_so() {
    let options =
        LoadOptions { model_dir: tiny("sd15"), device: "cpu".into(), intra_threads: 1, ..Default::default() };
    let engine = Engine::load(options).unwrap();
    let session = engine.session();
    session.set_params(Params { steps: Some(2), settle_delay: 0, ..Params::default() }).unwrap();
    let paint = pixels(64, 64);
    push(&session, 64, 64, &paint);
    let masked = |on: bool| {
        let place = Rect::new(16, 16, 32, 32);
        let mask = on.then(|| Coverage::new(place, 32, &[255; 32 * 32]));
        session.set_mask(64, 64, mask).unwrap();
        settled(&session)
    };
    let (plain, plain_masked) = (masked(false), masked(true));
    assert!(matches!(session.set_control(1, control(1.0), None).unwrap(), Pushed::Revision(_)));
    assert_eq!(session.set_control(1, control(1.0), None).unwrap(), Pushed::Unchanged);
    let led = settled(&session);
    assert!(led != plain_masked);
    assert_eq!(session.conditions().unwrap(), [(1, "control picture", None)]);
    assert!(masked(false) == plain, "nothing is to be filled");
    assert_eq!(session.conditions().unwrap(), [(1, "control picture", Some(NO_HOLE))]);
    assert!(NO_HOLE.ends_with('.'));
    assert!(masked(true) == led);
    // It takes the place of a control with a picture, and the other way round.
    let as_it_is = Control { prepare: Prepare::AsIs, ..control(1.0) };
    let error = session.set_control(1, as_it_is.clone(), None).unwrap_err();
    assert_eq!(error.status, Status::Buffer);
    let image = ImageView::new(Format::Rgba8, Rect::new(0, 0, 64, 64), 256, &paint).unwrap();
    session.set_control(1, as_it_is, Some((64, 64, image))).unwrap();
    let drawn = settled(&session);
    assert!(drawn != led && drawn != plain_masked);
    session.set_control(1, control(1.0), None).unwrap();
    assert!(settled(&session) == led);
    let image = ImageView::new(Format::Rgba8, Rect::new(0, 0, 64, 64), 256, &paint).unwrap();
    let error = session.set_control(1, control(0.5), Some((64, 64, image))).unwrap_err();
    assert_eq!(error.status, Status::Setting);
    assert!(error.message.contains("must give none"), "{error}");
    session.set_control(1, control(0.0), None).unwrap();
    assert!(settled(&session) == plain_masked);
    // What has no picture is no canvas's: it stays on another one.
    session.set_control(1, control(1.0), None).unwrap();
    push(&session, 128, 64, &pixels(128, 64));
    settled(&session);
    assert_eq!(session.conditions().unwrap(), [(1, "control picture", Some(NO_HOLE))]);
}

#[test]
fn a_models_own_control_that_is_a_picture_takes_no_hole() {
    let mut pipeline = load(&tiny("flux-control")).unwrap();
    let picture = grey(48, 48);
    let mut hole = Array2::zeros((48, 48));
    hole.slice_mut(ndarray::s![8..24, 8..24]).fill(1.0);
    let shown = around_hole(&picture, &hole).unwrap();
    assert!(
        Zip::from(shown.index_axis(ndarray::Axis(0), 1))
            .and(&hole)
            .all(|v, hole| (*v < 0.0) == (*hole > 0.5))
    );
    let one = |picture| scumble::render::Control { picture, model: "", scale: 1.0, steps: StepRange::ALL };
    let error = Request { cell: 16, controls: &[one(&shown)], ..request(&picture) }.error(&mut pipeline);
    assert_eq!(error.status, Status::Setting);
    assert!(error.message.contains("without holes"), "{error}");
    finished(&mut pipeline, &Request { cell: 16, controls: &[one(&picture)], ..request(&picture) });
}
