//! Files that a host names from where it is: the renderer, which may be a process started elsewhere, is told whole paths.

mod support;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use scumble::cancel::Cancel;
use scumble::conditions::{Control, Lora};
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::pixels::{Format, ImageView};
use scumble::prepare::Prepare;
use scumble::render::{Capabilities, Condition, Ended, ModelInfo, Policy, Quality, Renderer, Scene, Sink};
use scumble::steps::StepRange;
use support::painting::*;
use support::tiled;

const SIDE: i32 = 64;

/// Notes the files that it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

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
        *self.0.lock() = files.collect();
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
    let files = told.0.lock().clone();
    assert_eq!(files.iter().map(Path::new).collect::<Vec<_>>(), wanted);
}
