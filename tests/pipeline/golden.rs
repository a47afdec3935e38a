//! Whole pictures against those that diffusers makes of the same model and noise.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ndarray::{Array3, Array4, ArrayD, Dimension};
use scumble::cancel::Cancel;
use scumble::render::{Outcome, Renderer, Request};
use serde_json::Value;

use crate::support::*;

/// A float32 array in C order, as NumPy's `save` writes it.
fn read_npy<D: Dimension>(path: &Path) -> ndarray::Array<f32, D> {
    let file = std::fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let header = std::str::from_utf8(&file[10..start]).unwrap();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let sides = header.split_once('(').unwrap().1.split_once(')').unwrap().0.split(',');
    let shape: Vec<usize> = sides.filter_map(|side| side.trim().parse().ok()).collect();
    let values = file[start..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    ArrayD::from_shape_vec(shape, values).unwrap().into_dimensionality().unwrap()
}

#[test]
fn pictures_agree_with_diffusers() {
    let folder = root().join("tests/golden/pipelines");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    cases.sort();
    assert!(cases.len() >= 12, "the golden pipelines are missing");
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let about: Value = serde_json::from_slice(&std::fs::read(case.join("case.json")).unwrap()).unwrap();
        let model = about["model"].as_str().unwrap();
        let changed = Scratch::copy_of(model, &name);
        if !about["scheduler"].is_null() {
            changed.write("scheduler/scheduler_config.json", about["scheduler"].to_string());
        }
        let mut pipeline = load(&changed.0).unwrap();
        let picture = read_picture(&case.join("input.png"));
        let noise: Array4<f32> = read_npy(&case.join("noise.npy"));
        let expected: Array3<f32> = read_npy(&case.join("expected.npy"));
        let expected = expected.permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
        let request = Request {
            picture_key: 5,
            prompt: about["prompt"].as_str().unwrap(),
            negative: about["negative"].as_str().unwrap_or(""),
            strength: about["strength"].as_f64().unwrap() as f32,
            steps: about["steps"].as_u64().unwrap() as u32,
            guidance: about["guidance"].as_f64().unwrap() as f32,
            noise: Some(&noise),
            ..request(&picture)
        };
        let mut watch = Record::default();
        let outcome = pipeline.render(&request, &Cancel::new(), &mut watch).unwrap();
        let Outcome::Finished { picture, steps, phases } = outcome else { panic!("{name} gave way") };
        assert_eq!(steps as usize, about["timesteps"].as_array().unwrap().len(), "{name}");
        assert_eq!(watch.steps, (1..steps).map(|step| (step, steps)).collect::<Vec<_>>(), "{name}");
        assert!(phases.runtime > Duration::ZERO);
        let got = psnr(&picture, &expected);
        println!("{name}: {got:.1} dB");
        assert!(got >= 60.0, "{name}: {got:.1} dB");
    }
}
