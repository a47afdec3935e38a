//! `scumble render`: one picture, from a file to a file.

use std::path::Path;

use serde_json::json;

use crate::args::{Alpha, RenderArgs, Settings};
use crate::failure::{Done, Failure, say};
use crate::host::{Depth, FrameInfo, Layer, Model, Params, Polled, Preview, State};
use crate::steering::Steering;
use crate::{progress, stills};

/// How long one wait lasts before the next look at the clock.
const WAIT_MS: u32 = 250;

pub fn run(args: &RenderArgs) -> Done {
    // All that can be found wrong before the model is loaded is found then.
    check_output(&args.output)?;
    let paint = stills::read(&args.input)?;
    let mask = args.mask.as_deref().map(|path| stills::read_mask(path, &paint));
    let mask = mask.transpose()?;
    let steering = Steering::read(args, &paint)?;
    let noise = args.noise.as_deref().map(stills::read_noise).transpose()?;

    let engine = progress::engine(&args.engine, args.loras.are_expected())?;
    let model = progress::load(&engine)?;
    let mut layer = engine.layer()?;
    layer.set_params(&Params {
        lora_folder: args.loras.lora_folder.clone(),
        ..params(&args.settings, &args.prompt, args.mask_softness)
    })?;
    if let Some((values, shape)) = &noise {
        layer.set_noise(values, *shape)?;
    }
    if let Some(coverage) = &mask {
        layer.set_mask(paint.width, paint.height, coverage)?;
    }
    steering.steer(&mut layer)?;
    layer.push(paint.canvas(), None)?;
    let mut picture = stills::Still { pixels: paint.pixels.clone(), ..paint };
    let (info, note) = wait(&mut layer, &mut picture)?;
    for why in layer.silent()?.iter().chain(Some(&note).filter(|note| !note.is_empty())) {
        eprintln!("scumble: {why}");
    }
    stills::write_png(&args.output, picture.canvas(), picture.has_alpha)?;
    // It may have moved to another device meanwhile.
    let model = match engine.state()? {
        State::Ready(model) => model,
        _ => model,
    };
    tell(args, &model, &picture, (&info, &note))
}

pub fn check_output(path: &Path) -> Done {
    if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
        return Err(Failure::usage(format!(
            "The output is written as PNG; let {} end in .png.",
            path.display()
        )));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::file("write", path, format!("there is no folder {}", folder.display())))
        }
        _ => Ok(()),
    }
}

pub fn params(settings: &Settings, prompt: &str, mask_softness: Option<u32>) -> Params {
    Params {
        prompt: prompt.to_owned(),
        negative: settings.negative.clone().unwrap_or_default(),
        strength: settings.strength,
        steps: settings.steps,
        guidance: settings.guidance,
        paint_guidance: settings.paint_guidance,
        seed: settings.seed.unwrap_or(0),
        preview: Some(Preview::Off),
        alpha_follows: settings.alpha == Some(Alpha::Follow),
        paper: settings.paper.unwrap_or([255; 3]),
        resolution: settings.resolution.unwrap_or(0),
        mask_softness,
        lora_folder: None,
    }
}

/// Waits for the picture and lays it over `picture`, which holds the paint; with what is to be said of it.
fn wait(layer: &mut Layer, picture: &mut stills::Still) -> Done<(FrameInfo, String)> {
    let spinner = progress::spinner("rendering");
    while !layer.wait(WAIT_MS)? {}
    spinner.finish_and_clear();
    let polled = match layer.poll(0) {
        Err(fault) if fault.passes() => layer.poll(0),
        polled => polled,
    };
    let Polled::Frame(frame) = polled? else {
        return Err(Failure::failed("The engine came to rest without a picture."));
    };
    frame.lay_down(picture.width, picture.depth, &mut picture.pixels)?;
    Ok((frame.info()?, frame.note()?))
}

fn tell(args: &RenderArgs, model: &Model, picture: &stills::Still, (info, note): (&FrameInfo, &str)) -> Done {
    if !args.json {
        return say(&format!(
            "{}: {}\u{d7}{}, {} steps in {:.2} s by {} on {}",
            args.output.display(),
            picture.width,
            picture.height,
            info.step,
            info.since_start as f64 / 1e6,
            model.name,
            model.device
        ));
    }
    let told = json!({
        "output": args.output,
        "width": picture.width,
        "height": picture.height,
        "bits": match picture.depth { Depth::Eight => 8, Depth::Sixteen => 16 },
        "model": model.name,
        "device": model.device,
        "device_note": model.device_note,
        "note": note,
        "seed": args.settings.seed.unwrap_or(0),
        // Strength × steps of them.
        "steps_run": info.step,
        "microseconds": {
            "total": info.since_start,
            "text": info.text,
            "encode": info.encode,
            "denoise": info.denoise,
            "decode": info.decode,
            "pixels": info.pixels,
            "onnx_runtime": info.runtime,
        },
    });
    say(&format!("{told:#}"))
}
