//! Whole pictures against those that diffusers makes of the same model and noise.

use std::path::PathBuf;
use std::time::Duration;

use ndarray::{Array2, Array3, Array4, Axis};
use ndarray_npy::read_npy;
use scumble::cancel::Cancel;
use scumble::prepare::around_hole;
use scumble::render::{Aspect, Control, Ended, Lora, Picture, Policy, Previews, Reference, Region};
use scumble::steps::StepRange;
use serde_json::Value;

use crate::support::*;

#[test]
fn pictures_agree_with_diffusers() {
    let folder = root().join("tests/golden/pipelines");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    cases.sort();
    assert!(cases.len() >= 120, "the golden pipelines are missing");
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let about: Value = serde_json::from_slice(&std::fs::read(case.join("case.json")).unwrap()).unwrap();
        let model = about["model"].as_str().unwrap();
        let changed = Scratch::copy_of(model, &name);
        if !about["scheduler"].is_null() {
            changed.write("scheduler/scheduler_config.json", about["scheduler"].to_string());
        }
        for (key, value) in about["index"].as_object().into_iter().flatten() {
            changed.set("model_index.json", key, value.clone());
        }
        for name in about["embeddings"].as_array().into_iter().flatten() {
            let file = format!("embeddings/{}.safetensors", name.as_str().unwrap());
            changed.write(&file, std::fs::read(tiny(&file)).unwrap());
        }
        let mut pipeline = load(&changed.0).unwrap();
        let picture = read_picture(&case.join("input.png"));
        let noise: Array4<f32> = read_npy(case.join("noise.npy")).unwrap();
        let expected: Array3<f32> = read_npy(case.join("expected.npy")).unwrap();
        let expected = expected.permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
        let hole = case.join("hole.png");
        let hole = hole.is_file().then(|| read_picture(&hole).index_axis_move(Axis(0), 0));
        // ControlNets for inpainting: the picture is held outside of the hole, in diffusers' pipeline by the first pixel of a cell.
        let holed = about["holed"].as_u64();
        let mask = holed.and(hole.as_ref()).map(|hole| {
            let (height, width) = hole.dim();
            Array2::from_shape_fn((height / 8, width / 8), |(y, x)| f32::from(hole[(8 * y, 8 * x)] >= 0.5))
        });
        let controls = about["controls"].as_array().into_iter().flatten().enumerate();
        let nets: Vec<(String, Picture, [f32; 3])> = controls
            .map(|(number, row)| {
                let net = match row[0].as_str().unwrap() {
                    // The model's own network.
                    "" => changed.0.clone(),
                    name => tiny("controls").join(name),
                };
                let picture = match (&hole, holed) {
                    (Some(hole), Some(count)) if (number as u64) < count => {
                        around_hole(&picture, hole).unwrap()
                    }
                    _ => read_picture(&case.join(format!("control_{number}.png"))),
                };
                let numbers = [1, 2, 3].map(|i| row[i].as_f64().unwrap() as f32);
                (net.to_str().unwrap().to_owned(), picture, numbers)
            })
            .collect();
        let controls: Vec<Control<'_>> = nets
            .iter()
            .map(|(model, picture, [scale, start, end])| Control {
                model,
                picture,
                scale: *scale,
                steps: StepRange { start: *start, end: *end },
            })
            .collect();
        let files = about["loras"].as_array().into_iter().flatten();
        let files: Vec<(String, [f32; 2], StepRange)> = files
            .map(|row| {
                let scales = [1, 2].map(|i| row[i].as_f64().unwrap() as f32);
                (lora_file(row[0].as_str().unwrap()), scales, part(&row[3], &row[4]))
            })
            .collect();
        let loras: Vec<Lora<'_>> = files
            .iter()
            .map(|(file, [scale, text], steps)| Lora { file, scale: *scale, text: *text, steps: *steps })
            .collect();
        let rows = about["regions"].as_array().into_iter().flatten().enumerate();
        let rows: Vec<(Picture, &Value)> = rows
            .map(|(number, row)| (read_picture(&case.join(format!("region_{number}.png"))), row))
            .collect();
        let regions: Vec<Region<'_>> = rows
            .iter()
            .map(|(mask, row)| Region {
                mask,
                prompt: row[0].as_str().unwrap(),
                negative: row[1].as_str().unwrap(),
                weight: row[2].as_f64().unwrap() as f32,
                rank: row[3].as_u64().unwrap_or(0) as u32,
                steps: StepRange::ALL,
            })
            .collect();
        let rows = about["references"].as_array().into_iter().flatten().enumerate();
        // Its scale, and where it is not in all of them the part of the steps.
        let rows: Vec<(Picture, &Value)> = rows
            .map(|(number, row)| (read_picture(&case.join(format!("reference_{number}.png"))), row))
            .collect();
        let named = |aspect: &Aspect| Some(aspect.name()) == about["kind"].as_str();
        let aspect = Aspect::ALL.into_iter().find(named).unwrap_or_default();
        let references: Vec<Reference<'_>> = rows
            .iter()
            .map(|(picture, row)| {
                let scale = row.as_f64().or(row[0].as_f64()).unwrap() as f32;
                Reference { aspect, steps: part(&row[1], &row[2]), ..Reference::new(picture, scale) }
            })
            .collect();
        let request = Request {
            references: &references,
            regions: &regions,
            controls: &controls,
            loras: &loras,
            hole: hole.as_ref(),
            mask: mask.as_ref(),
            prompt: about["prompt"].as_str().unwrap(),
            negative: about["negative"].as_str().unwrap_or(""),
            strength: about["strength"].as_f64().unwrap() as f32,
            steps: about["steps"].as_u64().unwrap() as u32,
            guidance: about["guidance"].as_f64().unwrap() as f32,
            noise: Some(&noise),
            previews: Previews::EachStep,
            ..request(&picture)
        };
        let made = request.run(&mut pipeline, &Policy::default(), &Cancel::new()).unwrap();
        assert_eq!(made.ended, Ended::Finished, "{name}");
        let steps = about["timesteps"].as_array().unwrap().len() as u32;
        assert_eq!(made.steps(), (1..=steps).map(|step| (step, steps)).collect::<Vec<_>>(), "{name}");
        let last = made.patches.last().unwrap();
        let (picture, phases) = (&last.picture, last.phases);
        assert!(phases.runtime > Duration::ZERO);
        let got = psnr(picture, &expected);
        println!("{name}: {got:.1} dB");
        if got < about["psnr_min"].as_f64().unwrap() {
            wrong.push(format!("{name}: {got:.1} dB"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// All of the steps where nothing is said.
fn part(start: &Value, end: &Value) -> StepRange {
    StepRange { start: start.as_f64().unwrap_or(0.0) as f32, end: end.as_f64().unwrap_or(1.0) as f32 }
}
