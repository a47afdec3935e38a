//! The schedules against diffusers' own numbers (`tests/golden/schedulers.json`).

use serde_json::Value;

use super::*;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/schedulers.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn most(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, v| most.max(v.abs()))
}

/// Within `tolerance` of the largest number of the row (of 1 at least).
fn assert_close(name: &str, what: &str, got: &[f32], expected: &Value, tolerance: f32) {
    let expected = floats(expected);
    assert_eq!(got.len(), expected.len(), "{name}: {what}");
    let allowed = tolerance * most(&expected).max(1.0);
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        assert!((got - expected).abs() <= allowed, "{name}: {what}[{i}] is {got}, not {expected}");
    }
}

#[test]
fn alphas_agree_with_diffusers() {
    for row in golden()["alphas"].as_array().unwrap() {
        let config = Config::from_value(row["config"].clone(), "golden");
        let alphas = betas::alphas_cumprod(&config, ("linear", 0.0001, 0.02)).unwrap();
        let at: Vec<f32> = row["timesteps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| alphas[t.as_u64().unwrap() as usize])
            .collect();
        assert_close(&row["config"].to_string(), "alphas_cumprod", &at, &row["alphas_cumprod"], 1e-5);
    }
}

#[test]
fn every_schedule_agrees_with_diffusers() {
    let golden = golden();
    let (latent, noise) = (floats(&golden["latent"]), floats(&golden["noise"]));
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 100);
    for case in cases {
        let name = format!("{} {}", case["name"], case["config"]);
        let scheduler = Scheduler::new(&Config::from_value(case["config"].clone(), "golden"), None).unwrap();
        let kind = if case["route"] == "lcm" { Kind::LatentConsistency } else { Kind::StableDiffusion };
        // 1e-5, but for a step from the zero-SNR noise level, which subtracts numbers near 6000.
        let tolerance = case["tolerance"].as_f64().unwrap() as f32;
        assert!(tolerance <= 1e-5 || name.contains("\"rescale_betas_zero_snr\":true"));
        let steps = case["steps"].as_u64().unwrap() as u32;
        let strength = case["strength"].as_f64().unwrap() as f32;
        let mut plan = scheduler.plan(kind, steps, strength).unwrap();
        assert_close(&name, "timesteps", plan.timesteps(), &case["timesteps"], 1e-5);

        let mut sample = plan.add_noise(&latent, &noise);
        assert_close(&name, "noisy", &sample, &case["noisy"], tolerance);
        let mut draws = 0;
        for (i, expected) in case["trace"].as_array().unwrap().iter().enumerate() {
            assert_close(
                &name,
                "scaled",
                &plan.scale_model_input(i, &sample),
                &expected["scaled"],
                tolerance,
            );
            let drawn = if plan.needs_noise(i) { floats(&golden["draws"][draws]) } else { Vec::new() };
            draws += usize::from(plan.needs_noise(i));
            let step = plan.step(i, &floats(&golden["model_outputs"][i]), &sample, &drawn);
            assert_close(&name, "prev", &step.sample, &expected["prev"], tolerance);
            assert_close(&name, "x0", &step.estimate, &expected["x0"], tolerance);
            sample = floats(&expected["prev"]);
        }
    }
}

fn scheduler(text: &str, wanted: Option<&str>) -> Result<Scheduler> {
    Scheduler::new(&Config::from_value(serde_json::from_str(text).unwrap(), "scheduler_config.json"), wanted)
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (text, name) in [
        (r#"{"_class_name": "UniPCMultistepScheduler"}"#, "UniPCMultistepScheduler"),
        (r#"{"_class_name": "PNDMScheduler"}"#, "skip_prk_steps"),
        (
            r#"{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "prediction_type": "sample"}"#,
            "sample",
        ),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}"#, "dpmsolver"),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "use_lu_lambdas": true}"#, "use_lu_lambdas"),
        (
            r#"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -5.1}"#,
            "lambda_min_clipped",
        ),
        (
            r#"{"_class_name": "DPMSolverMultistepScheduler", "variance_type": "learned_range"}"#,
            "learned_range",
        ),
        (r#"{}"#, "is not known"),
        (r#"{"_class_name": "DDIMScheduler", "thresholding": true}"#, "thresholding"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true}"#, "use_beta_sigmas"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "timestep_type": "continuous"}"#, "continuous"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "interpolation_type": "log_linear"}"#, "log_linear"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "prediction_type": "flow"}"#, "flow"),
        (r#"{"_class_name": "LCMScheduler", "beta_schedule": "sigmoid"}"#, "sigmoid"),
    ] {
        let error = scheduler(text, None).unwrap_err();
        assert_eq!(error.status, Status::ModelUnsupported, "{text}");
        assert!(error.message.contains(name), "{error}");
    }
    for text in [
        r#"{"_class_name": "DDIMScheduler", "num_train_timesteps": 0}"#,
        r#"{"_class_name": "DDIMScheduler", "num_train_timesteps": 1e12}"#,
        r#"{"_class_name": "DDIMScheduler", "beta_start": "x"}"#,
        r#"{"_class_name": "DDIMScheduler", "trained_betas": [0.1]}"#,
        r#"{"_class_name": "LCMScheduler", "original_inference_steps": 0}"#,
        r#"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 4}"#,
    ] {
        assert_eq!(scheduler(text, None).unwrap_err().status, Status::ModelBroken, "{text}");
    }
}

#[test]
fn another_scheduler_can_be_wanted() {
    let unipc = r#"{"_class_name": "UniPCMultistepScheduler", "beta_schedule": "scaled_linear", "solver_type": "bh2"}"#;
    for name in ["ddim", "pndm", "dpm++", "dpm++_karras", "euler_karras", "EulerDiscreteScheduler"] {
        let scheduler = scheduler(unipc, Some(name)).unwrap();
        assert_eq!(scheduler.karras, name.contains("karras"), "{name}");
    }
    assert!(scheduler(unipc, Some("lcm")).unwrap().is_lcm());
    for name in ["dpm", "ddim_karras", "_karras", "EulerDiscreteScheduler_karras"] {
        let error = scheduler(unipc, Some(name)).unwrap_err();
        assert_eq!(error.status, Status::Setting);
        assert!(error.message.contains("euler_a") && error.message.contains("dpm++_karras"), "{error}");
    }
}

#[test]
fn too_little_strength_says_what_to_raise() {
    for name in ["euler", "euler_a", "ddim", "pndm", "dpm++"] {
        let scheduler = scheduler("{}", Some(name)).unwrap();
        let plan = |steps, strength| scheduler.plan(Kind::StableDiffusion, steps, strength);
        let error = plan(2, 0.49).err().unwrap();
        assert_eq!(error.status, Status::Setting);
        assert_eq!(error.message, "With 2 steps, strength must be at least 0.5; raise strength or steps.");
        assert!(plan(3, 0.3).err().unwrap().message.contains("0.334"));
        // PNDM takes one step more than it was asked for.
        assert_eq!(plan(10, 0.7).ok().unwrap().timesteps().len(), 7 + usize::from(name == "pndm"));
        for (steps, strength) in [(0, 0.5), (1001, 0.5), (u32::MAX, 1.0), (4, 0.0), (4, 1.5), (4, f32::NAN)] {
            assert_eq!(plan(steps, strength).err().unwrap().status, Status::Setting, "{steps} {strength}");
        }
    }
    let lcm = scheduler("{}", Some("lcm")).unwrap();
    let error = lcm.plan(Kind::LatentConsistency, 4, 0.05).err().unwrap();
    assert_eq!(error.message, "With 4 steps, strength must be at least 0.08; raise strength or lower steps.");
    assert!(lcm.plan(Kind::LatentConsistency, 51, 1.0).is_err());
    // The least that the message names is enough.
    assert_eq!(lcm.plan(Kind::LatentConsistency, 4, 0.08).ok().unwrap().timesteps().len(), 4);
}

#[test]
fn every_count_of_steps_is_planned_or_refused() {
    for name in ["euler", "euler_a", "ddim", "lcm", "pndm", "dpm++", "dpm++_karras"] {
        for spacing in ["linspace", "leading", "trailing"] {
            let text = format!(r#"{{"timestep_spacing": "{spacing}", "steps_offset": 1}}"#);
            let scheduler = scheduler(&text, Some(name)).unwrap();
            for steps in 1..=1000 {
                if let Ok(mut plan) = scheduler.plan(Kind::StableDiffusion, steps, 1.0) {
                    let again = usize::from(name == "pndm" && steps > 1);
                    assert_eq!(plan.timesteps().len(), steps as usize + again);
                    // Karras' levels may lie closer than timesteps do.
                    let still = plan.timesteps().windows(2).filter(|pair| pair[0] == pair[1]).count();
                    assert!(still == again || name == "dpm++_karras", "{name} {spacing} {steps}");
                    assert!(plan.timesteps().windows(2).all(|pair| pair[0] >= pair[1]));
                    let step = plan.step(0, &[0.1], &plan.add_noise(&[0.5], &[0.1]), &[0.1]);
                    assert!(step.sample[0].is_finite(), "{name} {spacing} {steps}");
                }
            }
        }
    }
}
