//! What a change of LoRA costs on a model of any size: SCUMBLE_BENCH_MODEL names its folder, SCUMBLE_BENCH_LORA a LoRA that fits
//! it, SCUMBLE_BENCH_CELLS the picture's side in cells of 8 pixels (8). Prints a table and asserts nothing.

use std::path::PathBuf;
use std::time::Instant;

use scumble::cancel::Cancel;
use scumble::grid::{Level, Window};
use scumble::pipeline::{LoadOptions, Pipeline};
use scumble::region::Rect;
use scumble::render::{Condition, Lora, Patch, Picture, Policy, Previews, Quality, Renderer, Scene, Tier};
use scumble::steps::StepRange;

fn main() {
    let [model, lora] = ["SCUMBLE_BENCH_MODEL", "SCUMBLE_BENCH_LORA"].map(std::env::var_os);
    let (Some(model_dir), Some(file)) =
        (model.map(PathBuf::from), lora.and_then(|file| file.into_string().ok()))
    else {
        println!("SCUMBLE_BENCH_MODEL=folder SCUMBLE_BENCH_LORA=file.safetensors cargo bench --bench lora");
        return;
    };
    for loras in [false, true] {
        let start = Instant::now();
        let options = LoadOptions {
            model_dir: model_dir.clone(),
            device: "cpu".into(),
            loras,
            ..LoadOptions::default()
        };
        let pipeline = Pipeline::load(&options, &Cancel::new(), &|_, _| {}).expect("a model");
        let room = if loras { "with room for LoRAs" } else { "without room for LoRAs" };
        println!("model loaded {room} in {:.2} s", start.elapsed().as_secs_f32());
        changes(pipeline, &file);
    }
}

fn changes(mut pipeline: Pipeline, file: &str) {
    let cell = pipeline.info().geometry.cell;
    let cells: usize =
        std::env::var("SCUMBLE_BENCH_CELLS").ok().and_then(|cells| cells.parse().ok()).unwrap_or(8);
    let side = cells * cell as usize;
    let picture = Picture::from_elem((3, side, side), 0.5);
    for (what, scale) in [
        ("without", None),
        ("without", None),
        ("without", None),
        ("the first", Some(0.5)),
        ("the same", Some(0.5)),
        ("another scale", Some(0.8)),
        ("another scale", Some(0.3)),
        ("off", None),
        ("on again", Some(0.3)),
    ] {
        let lora =
            scale.map(|scale| Condition::Lora(Lora { file, scale, text: scale, steps: StepRange::ALL }));
        let conditions: Vec<_> = [Condition::Prompt("a lake")].into_iter().chain(lora).collect();
        let scene = Scene {
            window: Window { level: Level(0), x: 0, y: 0, width: cells, height: cells },
            canvas: Rect::new(0, 0, side as i32, side as i32),
            paint: &picture,
            mask: None,
            change: None,
            hole: None,
            conditions: &conditions,
            noise: None,
        };
        let quality = Quality {
            tier: Tier::Live,
            sampler: None,
            steps: 1,
            strength: 1.0,
            refines: false,
            guidance: 1.0,
            paint_guidance: None,
            seed: 0,
            previews: Previews::Off,
        };
        let start = Instant::now();
        let (mut runs, mut step) = (0.0, 0.0);
        let mut sink = |patch: Patch| {
            (runs, step) = (patch.phases.runtime.as_secs_f32(), patch.phases.denoise.as_secs_f32());
            Ok(())
        };
        pipeline.render(&scene, &quality, &Policy::default(), &Cancel::new(), &mut sink).expect("a picture");
        let whole = start.elapsed().as_secs_f32();
        let change = whole - runs;
        println!(
            "{what:14} {whole:6.2} s, of which running {runs:6.2} s (the step {step:5.2}), the change {change:6.2} s"
        );
    }
}
