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
        let mut plan = scheduler.plan(kind, steps, strength, Rule::Whole).unwrap();
        assert_close(&name, "timesteps", plan.timesteps(), &case["timesteps"], 1e-5);

        let mut sample = plan.add_noise(0, &latent, &noise);
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

#[test]
fn flow_matching_agrees_with_diffusers() {
    let golden = golden();
    let (latent, noise) = (floats(&golden["latent"]), floats(&golden["noise"]));
    let rows = golden["flow"].as_array().unwrap();
    assert!(rows.len() >= 15);
    for row in rows {
        let name = row["config"].to_string();
        let flow = flow::FlowMatch::new(&Config::from_value(row["config"].clone(), "golden"), None).unwrap();
        let levels = if row["own_levels"] == true { flow::Levels::Own } else { flow::Levels::Even };
        let (steps, strength) = (row["steps"].as_u64().unwrap() as u32, row["strength"].as_f64().unwrap());
        let mut plan = flow.plan(steps, strength as f32, Rule::Whole, levels, row["mu"].as_f64()).unwrap();
        assert_close(&name, "timesteps", plan.timesteps(), &row["timesteps"], 1e-5);
        let mut sample = plan.add_noise(0, &latent, &noise);
        assert_close(&name, "noisy", &sample, &row["noisy"], 1e-5);
        for (i, expected) in row["trace"].as_array().unwrap().iter().enumerate() {
            sample = plan.step(i, &floats(&golden["model_outputs"][i]), &sample, &[]).sample;
            assert_close(&name, "prev", &sample, expected, 1e-5);
            sample = floats(expected);
        }
    }
    // The shift of FLUX.1 dev at 512², 1024² and 128²: beyond the ends it goes on.
    let dev = r#"{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}"#;
    let dev = flow_match(dev, None).unwrap();
    assert!(dev.notes().is_empty());
    for (tokens, shift) in [(1024, 0.63), (4096, 1.15), (64, 0.4675)] {
        assert!((dev.shift_for(tokens).unwrap() - shift).abs() < 1e-6);
    }
}

fn flow_match(text: &str, wanted: Option<&str>) -> Result<flow::FlowMatch> {
    flow::FlowMatch::new(&Config::from_value(serde_json::from_str(text).unwrap(), "flow"), wanted)
}

#[test]
fn flow_matching_has_one_sampler_and_says_so() {
    const OWN: &str = r#"{"_class_name": "FlowMatchEulerDiscreteScheduler"}"#;
    for (text, note) in [
        (r#"{}"#, "names no sampler; flow_euler is used"),
        (r#"{"_class_name": "FlowMatchHeunDiscreteScheduler"}"#, "FlowMatchHeunDiscrete; flow_euler is used"),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "flow_shift": 3.0}"#, "DPMSolverMultistep"),
        (
            r#"{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_beta_sigmas": true}"#,
            "use_beta_sigmas = true, which is left out",
        ),
    ] {
        let flow = flow_match(text, None).unwrap();
        assert_eq!(flow.notes().len(), 1, "{text}");
        assert!(flow.notes()[0].contains(note), "{:?}", flow.notes());
    }
    let shifted =
        flow_match(r#"{"_class_name": "UniPCMultistepScheduler", "flow_shift": 3.0}"#, None).unwrap();
    let timesteps = shifted.plan(4, 1.0, Rule::Whole, flow::Levels::Even, None).unwrap().timesteps().to_vec();
    assert_eq!(timesteps, [1000.0, 900.0, 750.0, 500.0]);
    for name in ["", "flow_euler", "FlowMatchEulerDiscreteScheduler"] {
        assert!(flow_match(OWN, Some(name)).is_ok());
    }
    let error = flow_match(OWN, Some("dpm++")).unwrap_err();
    assert!(error.status == Status::Setting && error.message.contains("flow_euler, not dpm++"), "{error}");
    for (text, status, name) in [
        (r#"{"invert_sigmas": true}"#, Status::ModelUnsupported, "invert_sigmas"),
        (r#"{"time_shift_type": "cosine"}"#, Status::ModelUnsupported, "cosine"),
        (r#"{"shift": 0}"#, Status::ModelBroken, "shift"),
        (r#"{"base_image_seq_len": 4096}"#, Status::ModelBroken, "max_image_seq_len"),
        (r#"{"num_train_timesteps": 1e12}"#, Status::ModelBroken, "num_train_timesteps"),
    ] {
        let error = flow_match(text, None).unwrap_err();
        assert!(error.status == status && error.message.contains(name), "{error}");
    }
}

/// A model that sees nothing but grey: what comes back is the paint and what strength did to it.
fn paint_over(plan: &mut dyn Schedule, latent: &[f32], noise: &[f32], draws: &[Vec<f32>]) -> Vec<f32> {
    let mut sample = plan.add_noise(0, latent, noise);
    for i in 0..plan.timesteps().len() {
        let shown = plan.scale_model_input(i, &sample).into_owned();
        let output: Vec<f32> = shown.iter().map(|x| (x * 0.9).clamp(-1.0, 1.0)).collect();
        let drawn = &draws[(plan.first() + i) % draws.len()];
        sample = plan.step(i, &output, &sample, drawn).sample;
    }
    sample
}

#[test]
fn every_strength_is_a_picture_of_its_own() {
    let golden = golden();
    let (latent, noise) = (floats(&golden["latent"]), floats(&golden["noise"]));
    let draws: Vec<Vec<f32>> = golden["draws"].as_array().unwrap().iter().map(floats).collect();
    for name in NAMES {
        let text = r#"{"timestep_spacing": "trailing", "beta_schedule": "scaled_linear", "beta_start": 0.00085,
            "beta_end": 0.012}"#;
        let scheduler = scheduler(text, Some(name)).unwrap();
        for kind in [Kind::StableDiffusion, Kind::LatentConsistency] {
            let mut before: Vec<Vec<f32>> = Vec::new();
            for strength in 1..=50u16 {
                let strength = f32::from(strength) / 50.0;
                let mut plan = scheduler.plan(kind, 4, strength, Rule::Continuous).unwrap();
                let got = paint_over(plan.as_mut(), &latent, &noise, &draws);
                assert!(got.iter().all(|x| x.is_finite()), "{name} {strength}");
                assert!(!before.contains(&got), "{name}: {strength} is the picture of another strength");
                before.push(got);
            }
        }
    }
}

#[test]
fn a_little_more_strength_is_a_little_more_noise() {
    for name in NAMES {
        for spacing in ["linspace", "leading", "trailing"] {
            let text = format!(r#"{{"timestep_spacing": "{spacing}"}}"#);
            let scheduler = scheduler(&text, Some(name)).unwrap();
            let noisy = |strength: u16| {
                let strength = f32::from(strength) / 1000.0;
                let plan = scheduler.plan(Kind::StableDiffusion, 4, strength, Rule::Continuous).unwrap();
                // How the start is shared between paint and noise.
                plan.add_noise(0, &[0.0], &[1.0])[0] / plan.add_noise(0, &[1.0], &[0.0])[0]
            };
            let levels: Vec<f32> = (1..=1000).map(noisy).collect();
            assert!(levels.windows(2).all(|pair| pair[0] <= pair[1]), "{name} {spacing}");
            assert!(levels[999] > 3.0 * levels[499], "{name} {spacing}");
        }
    }
}

#[test]
fn whole_steps_are_diffusers_own() {
    let draws: Vec<Vec<f32>> = (0..40).map(|i| vec![(i as f32).sin()]).collect();
    for name in NAMES {
        let scheduler = scheduler(r#"{"timestep_spacing": "trailing"}"#, Some(name)).unwrap();
        for (steps, strength) in [(1, 1.0), (2, 0.5), (4, 0.25), (4, 0.75), (10, 0.7), (20, 0.55)] {
            // PNDM and LMS look back beyond the start, where diffusers has them do so.
            if matches!(name, "pndm" | "lms") && strength < 1.0 {
                continue;
            }
            let [mut own, mut whole] = [Rule::Continuous, Rule::Whole]
                .map(|rule| scheduler.plan(Kind::StableDiffusion, steps, strength, rule).unwrap());
            assert_eq!(own.timesteps(), whole.timesteps(), "{name} {steps} {strength}");
            let [a, b] = [&mut own, &mut whole].map(|plan| paint_over(plan.as_mut(), &[0.3], &[1.1], &draws));
            assert_eq!(a, b, "{name} {steps} {strength}");
        }
    }
}

const NAMES: [&str; 18] = [
    "euler",
    "euler_a",
    "lcm",
    "tcd",
    "ddim",
    "pndm",
    "dpm++",
    "dpm++_single",
    "heun",
    "lms",
    "unipc",
    "deis",
    "kdpm2",
    "kdpm2_a",
    "euler_karras",
    "dpm++_karras",
    "dpm++_sde",
    "dpm++_single_sde_karras",
];

fn scheduler(text: &str, wanted: Option<&str>) -> Result<Scheduler> {
    Scheduler::new(&Config::from_value(serde_json::from_str(text).unwrap(), "scheduler_config.json"), wanted)
}

#[test]
fn what_cannot_be_left_out_is_refused_by_name() {
    for (text, name) in [
        (r#"{"_class_name": "PNDMScheduler", "prediction_type": "sample"}"#, "sample"),
        (r#"{"_class_name": "FlowMatchEulerDiscreteScheduler"}"#, "FlowMatchEulerDiscreteScheduler"),
        (r#"{"_class_name": "EDMEulerScheduler"}"#, "EDMEulerScheduler"),
        (
            r#"{"_class_name": "DPMSolverMultistepScheduler", "variance_type": "learned_range"}"#,
            "learned_range",
        ),
        (r#"{"_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": true}"#, "use_flow_sigmas"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "timestep_type": "continuous"}"#, "continuous"),
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
fn the_nearest_sampler_is_taken_and_said() {
    for (text, note) in [
        (r#"{}"#, "names no sampler; euler is used"),
        (r#"{"_class_name": "DDPMScheduler"}"#, "names the sampler DDPM; euler_a is used"),
        (r#"{"_class_name": "DPMSolverSDEScheduler"}"#, "DPMSolverSDE; dpm++_sde is used"),
        (r#"{"_class_name": "SomethingNewScheduler"}"#, "SomethingNew; dpm++ is used"),
        (
            r#"{"_class_name": "DDIMScheduler", "thresholding": true}"#,
            "thresholding = true, which is left out",
        ),
        (r#"{"_class_name": "PNDMScheduler", "skip_prk_steps": false}"#, "skip_prk_steps"),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}"#, "dpmsolver"),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "use_lu_lambdas": true}"#, "use_lu_lambdas"),
        (r#"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -5.1}"#, "-5.1"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true}"#, "use_beta_sigmas"),
        (r#"{"_class_name": "EulerDiscreteScheduler", "interpolation_type": "log_linear"}"#, "log_linear"),
        (r#"{"_class_name": "UniPCMultistepScheduler", "predict_x0": false}"#, "predict_x0"),
    ] {
        let scheduler = scheduler(text, None).unwrap();
        assert_eq!(scheduler.notes().len(), 1, "{text}");
        assert!(scheduler.notes()[0].contains(note), "{:?}", scheduler.notes());
    }
    assert!(scheduler(r#"{"_class_name": "HeunDiscreteScheduler"}"#, None).unwrap().notes().is_empty());
}

#[test]
fn another_scheduler_can_be_wanted() {
    let unipc = r#"{"_class_name": "UniPCMultistepScheduler", "beta_schedule": "scaled_linear", "solver_type": "bh2"}"#;
    for name in NAMES.into_iter().chain(["EulerDiscreteScheduler"]) {
        let scheduler = scheduler(unipc, Some(name)).unwrap();
        assert_eq!(scheduler.ladder == Ladder::Karras, name.contains("karras"), "{name}");
        assert_eq!(scheduler.solver.stochastic, name.contains("sde"), "{name}");
    }
    assert!(scheduler(unipc, Some("lcm")).unwrap().is_lcm());
    for name in ["dpm", "ddim_karras", "_karras", "euler_sde", "EulerDiscreteScheduler_karras"] {
        let error = scheduler(unipc, Some(name)).unwrap_err();
        assert_eq!(error.status, Status::Setting);
        assert!(error.message.contains("euler_a") && error.message.contains("dpm++_sde"), "{error}");
    }
}

#[test]
fn the_list_has_every_name_that_can_be_wanted() {
    let all = list();
    let (karras, plain): (Vec<&str>, Vec<&str>) =
        all.iter().map(String::as_str).partition(|name| name.ends_with("_karras"));
    for name in &plain {
        let with = format!("{name}_karras");
        let found = scheduler("{}", Some(&with));
        assert_eq!(karras.contains(&with.as_str()), found.is_ok(), "{with}");
        let has = found.is_ok_and(|found| found.class.has_karras() && found.ladder == Ladder::Karras);
        assert_eq!(has, scheduler("{}", Some(name)).unwrap().class.has_karras(), "{name}");
    }
    assert_eq!(karras.len(), 11);
    assert!(NAMES.iter().all(|name| all.iter().any(|listed| listed == name)));
}

#[test]
fn too_little_strength_for_diffusers_says_what_to_raise() {
    for name in ["euler", "euler_a", "ddim", "pndm", "dpm++"] {
        let scheduler = scheduler("{}", Some(name)).unwrap();
        let plan = |steps, strength| scheduler.plan(Kind::StableDiffusion, steps, strength, Rule::Whole);
        let error = plan(2, 0.49).err().unwrap();
        assert_eq!(error.status, Status::Setting);
        assert_eq!(error.message, "With 2 steps, strength must be at least 0.5; raise strength or steps.");
        assert!(plan(3, 0.3).err().unwrap().message.contains("0.334"));
        // PNDM takes one step more than it was asked for.
        assert_eq!(plan(10, 0.7).ok().unwrap().timesteps().len(), 7 + usize::from(name == "pndm"));
        for (steps, strength) in [(0, 0.5), (1001, 0.5), (u32::MAX, 1.0), (4, 0.0), (4, 1.5), (4, f32::NAN)] {
            for rule in [Rule::Whole, Rule::Continuous] {
                let plan = scheduler.plan(Kind::StableDiffusion, steps, strength, rule);
                assert_eq!(plan.err().unwrap().status, Status::Setting, "{steps} {strength}");
            }
        }
    }
    let lcm = scheduler("{}", Some("lcm")).unwrap();
    let plan = |steps, strength, rule| lcm.plan(Kind::LatentConsistency, steps, strength, rule);
    let error = plan(4, 0.05, Rule::Whole).err().unwrap();
    assert_eq!(error.message, "With 4 steps, strength must be at least 0.08; raise strength or lower steps.");
    assert!(plan(51, 1.0, Rule::Whole).is_err());
    // The least that the message names is enough.
    assert_eq!(plan(4, 0.08, Rule::Whole).ok().unwrap().timesteps().len(), 4);
    assert_eq!(plan(4, 0.05, Rule::Continuous).ok().unwrap().timesteps().len(), 4);
}

#[test]
fn every_count_of_steps_is_planned_or_refused() {
    for name in NAMES {
        let twice = matches!(name, "heun" | "kdpm2" | "kdpm2_a");
        // Of models that keep nothing of the picture at the top (Stable Diffusion 2's kin).
        let zero_snr = r#", "prediction_type": "v_prediction", "rescale_betas_zero_snr": true,
            "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012"#;
        let kinds =
            ["linspace", "leading", "trailing"].map(|spacing| ["", zero_snr].map(|more| (spacing, more)));
        for (spacing, more) in kinds.into_iter().flatten() {
            let text = format!(r#"{{"timestep_spacing": "{spacing}", "steps_offset": 1{more}}}"#);
            let scheduler = scheduler(&text, Some(name)).unwrap();
            for steps in (1..=60).chain([99, 200, 333, 999, 1000]) {
                if let Ok(mut plan) = scheduler.plan(Kind::StableDiffusion, steps, 1.0, Rule::Whole) {
                    let again = usize::from(name == "pndm" && steps > 1);
                    let count = if twice { 2 * steps as usize - 1 } else { steps as usize + again };
                    assert_eq!(plan.timesteps().len(), count, "{name} {steps}");
                    // Karras' levels may lie closer than timesteps do.
                    let still = plan.timesteps().windows(2).filter(|pair| pair[0] == pair[1]).count();
                    assert!(twice || still == again || name.contains("karras"), "{name} {spacing} {steps}");
                    let falls = plan.timesteps().windows(2).all(|pair| pair[0] >= pair[1]);
                    assert!(twice || falls, "{name} {text} {steps}: {:?}", plan.timesteps());
                    let mut sample = plan.add_noise(0, &[0.5], &[0.1]);
                    for i in 0..count {
                        sample = plan.step(i, &[0.1], &sample, &[0.1]).sample;
                        assert!(sample[0].is_finite(), "{name} {text} {steps}");
                    }
                }
            }
        }
    }
}
