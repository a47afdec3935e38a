//! Files that a host names from where it is: the renderer, which may be a process started elsewhere, is told whole paths.

mod support;

#[path = "pipeline/support.rs"]
#[allow(dead_code)]
mod models;

use std::ffi::{CStr, CString};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use parking_lot::Mutex;
use scumble::cancel::Cancel;
use scumble::conditions::{Control, Lora};
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::ffi::abi::*;
use scumble::ffi::constants::*;
use scumble::ffi::*;
use scumble::pixels::{Format, ImageView};
use scumble::prepare::Prepare;
use scumble::render::{Capabilities, Condition, Ended, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use scumble::steps::StepRange;
use support::painting::*;
use support::tiled;

const SIDE: i32 = 64;

/// Notes the files that it is told, of each picture.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Vec<String>>>>);

impl Renderer for Told {
    fn info(&self) -> ModelInfo {
        tiled::info()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        _: &Policy,
        _: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let files = scene.conditions.iter().filter_map(|condition| match condition {
            Condition::Control(control) => Some(control.model.to_owned()),
            Condition::Lora(lora) => Some(lora.file.to_owned()),
            _ => None,
        });
        self.0.lock().push(files.collect());
        tiled::finish(scene, quality, sink, 0.5)
    }
}

#[test]
fn files_are_told_by_whole_paths() {
    let told = Told::default();
    let own = told.clone();
    let layer = Engine::with(Box::new(move |_, _| Ok(Box::new(own)))).unwrap().session();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi_paths");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("named.safetensors"), []).unwrap();
    let here = std::env::current_dir().unwrap();
    let relative = folder.strip_prefix(&here).expect("cargo runs tests in the package's folder");
    set(&layer, |params| {
        params.prompt = "a hill <lora:named>".into();
        params.lora_folder = Some(relative.to_path_buf());
    })
    .unwrap();
    let pixels = vec![128; (SIDE * SIDE * 4) as usize];
    let paint = Painting::new(SIDE, SIDE);
    let image = ImageView::new(Format::Rgba8, paint.bounds, SIDE as usize * 4, &pixels).unwrap();
    let control =
        Control { model: "nets/lines".into(), scale: 1.0, steps: StepRange::ALL, prepare: Prepare::AsIs };
    layer.set_control(1, control, Some((SIDE, SIDE, image))).unwrap();
    let lora = Lora { file: "loras/own.safetensors".into(), scale: 1.0, text: 1.0, steps: StepRange::ALL };
    layer.set_lora(2, lora).unwrap();
    paint.push(&layer, None).unwrap();
    settle(&layer);
    let wanted = [
        here.join("nets/lines"),
        here.join("loras/own.safetensors"),
        here.join(relative).join("named.safetensors"),
    ];
    let files = told.0.lock().last().cloned().unwrap();
    assert_eq!(files.iter().map(Path::new).collect::<Vec<_>>(), wanted);
}

#[test]
fn a_file_that_was_overwritten_is_not_the_one_that_is_known() {
    let told = Told::default();
    let own = told.clone();
    let layer = Engine::with(Box::new(move |_, _| Ok(Box::new(own)))).unwrap().session();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi_paths_overwritten.safetensors");
    std::fs::write(&file, "as it was trained first").unwrap();
    Painting::new(SIDE, SIDE).push(&layer, None).unwrap();
    let pictures = |with: bool| {
        let file = file.to_str().unwrap().to_owned();
        let lora = Lora { file, scale: 1.0, text: 1.0, steps: StepRange::ALL };
        match with {
            true => layer.set_lora(1, lora).unwrap(),
            false => layer.clear_condition(1).unwrap(),
        };
        settle(&layer);
        told.0.lock().len()
    };
    settle(&layer);
    assert_eq!([true, false, true].map(pictures), [2, 2, 2], "a picture is known by what steers it");
    std::fs::write(&file, "as it was trained on from there").unwrap();
    assert_eq!([false, true].map(pictures), [2, 3], "and another file is another picture");
}

/// Where the next test's LoRA lies.
fn far_folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi_paths_elsewhere")
}

/// The program of the next test; by itself it does nothing.
#[test]
fn a_program_that_goes_elsewhere() {
    if std::env::var_os("SCUMBLE_TEST_ELSEWHERE").is_none() {
        return;
    }
    let here = std::env::current_dir().unwrap();
    let relative = |path: &Path| CString::new(path.strip_prefix(&here).unwrap().to_str().unwrap()).unwrap();
    let (model, loras) = (relative(&models::tiny("turbo")), relative(&far_folder()));
    let pixels = vec![128u8; (SIDE * SIDE * 4) as usize];
    // SAFETY: structs, strings and pixels live as long as the calls.
    unsafe {
        let (mut engine, mut layer) = (std::ptr::null_mut(), std::ptr::null_mut());
        let mut options = std::mem::zeroed::<ScumbleEngineOptions>();
        assert_eq!(scumble_engine_options_init(&mut options, size_of_val(&options)), SCUMBLE_OK);
        (options.model_dir, options.process) = (model.as_ptr(), SCUMBLE_PROCESS_HOST);
        assert_eq!(scumble_engine_create(&options, &mut engine), SCUMBLE_OK);
        assert_eq!(scumble_session_create(engine, &mut layer), SCUMBLE_OK);
        let mut params = std::mem::zeroed::<ScumbleParams>();
        assert_eq!(scumble_params_init(&mut params, size_of_val(&params)), SCUMBLE_OK);
        (params.prompt, params.lora_folder) = (c"a hill <lora:named>".as_ptr(), loras.as_ptr());
        assert_eq!(scumble_session_set_params(layer, &params, std::ptr::null_mut()), SCUMBLE_OK);
        std::env::set_current_dir("/").unwrap();
        let mut image = std::mem::zeroed::<ScumbleImage>();
        assert_eq!(scumble_image_init(&mut image, size_of_val(&image)), SCUMBLE_OK);
        (image.format, image.stride) = (SCUMBLE_FORMAT_RGBA8, SIDE as isize * 4);
        (image.canvas_width, image.canvas_height) = (SIDE, SIDE);
        image.rect = ScumbleRect { x: 0, y: 0, width: SIDE, height: SIDE };
        (image.pixels, image.byte_length) = (pixels.as_ptr().cast(), pixels.len());
        let (nothing, none) = (std::ptr::null(), std::ptr::null_mut());
        assert_eq!(scumble_session_push(layer, &image, 1, nothing, 0, none), SCUMBLE_OK);
        assert_eq!(scumble_session_wait(layer, 120_000), SCUMBLE_OK);
        let mut frame = std::ptr::null_mut();
        let status = scumble_session_poll(layer, 0, &mut frame);
        println!("told {status}: {}", CStr::from_ptr(scumble_last_error()).to_str().unwrap());
        scumble_session_release(layer);
        scumble_engine_release(engine);
    }
}

#[test]
fn files_that_a_program_has_named_are_found_wherever_it_goes() {
    // No LoRA, but a file that is found: what is told of it names it.
    let file = far_folder().join("named.safetensors");
    std::fs::create_dir_all(far_folder()).unwrap();
    std::fs::write(&file, []).unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "a_program_that_goes_elsewhere", "--nocapture"]);
    let output = program.env("SCUMBLE_TEST_ELSEWHERE", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = text.lines().find_map(|line| Some(line.split_once("told ")?.1)).unwrap_or_default();
    assert!(told.starts_with('-') && told.contains(file.to_str().unwrap()), "{text}");
}
