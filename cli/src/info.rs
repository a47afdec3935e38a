//! `scumble info`: what is here, and what is missing.

use scumble::models::folder;
use scumble::places;
use serde::Serialize;

use crate::args::InfoArgs;
use crate::devices::{self, Device};
use crate::failure::{Done, Failure, say};
use crate::host::Model;
use crate::{host, progress};

#[derive(Serialize)]
struct Told {
    scumble: String,
    abi: String,
    runtime: Part<Runtime>,
    devices: Vec<Device>,
    model: Part<ModelTold>,
    /// Those that `--model` may name, or a host's list has.
    models: Vec<Folder>,
}

#[derive(Serialize)]
struct Folder {
    name: String,
    folder: String,
}

/// Something that is there, or the sentence that says why it is not.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<T> {
    Found(T),
    Missing { error: String },
}

#[derive(Serialize)]
struct Runtime {
    version: String,
    path: String,
}

#[derive(Serialize)]
struct ModelTold {
    name: String,
    description: String,
    device: String,
    /// Why there, where the engine chose.
    device_note: String,
    /// Side of the square that it was trained on.
    native: u32,
    steps: u32,
    /// To two digits: 0.6, not the nearest 32-bit number.
    strength: f64,
    guidance: f64,
}

pub fn run(args: &InfoArgs) -> Done {
    let told = ask(args);
    if args.json {
        let json = serde_json::to_string_pretty(&told).map_err(|e| Failure::failed(e.to_string()))?;
        say(&json)?;
    } else {
        say(&text(&told))?;
    }
    match (told.runtime, told.model) {
        (Part::Missing { error }, _) | (_, Part::Missing { error }) => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

fn ask(args: &InfoArgs) -> Told {
    let mut devices = Vec::new();
    let runtime = match devices::runtime(args.engine.runtime.as_deref()) {
        Ok(found) => {
            devices = devices::told(found);
            Part::Found(Runtime { version: found.version(), path: found.path.display().to_string() })
        }
        Err(why) => Part::Missing { error: why.message },
    };
    let model = match progress::engine(&args.engine, false).and_then(|engine| progress::load(&engine)) {
        Ok(model) => Part::Found(model_told(model)),
        Err(why) => Part::Missing { error: why.message },
    };
    Told { scumble: host::version(), abi: host::abi(), runtime, devices, model, models: models() }
}

/// Model folders where models are looked for.
fn models() -> Vec<Folder> {
    let beside = devices::beside();
    let folders = places::Around::here("SCUMBLE_DEFAULT_MODEL", beside.as_deref()).models();
    let open = folders.into_iter().filter_map(|folder| folder::Folder::open(&folder).ok());
    open.map(|model| Folder { name: model.name, folder: model.path.display().to_string() }).collect()
}

fn model_told(model: Model) -> ModelTold {
    let digits = |v: f32| (f64::from(v) * 100.0).round() / 100.0;
    ModelTold {
        name: model.name,
        description: model.description,
        device: model.device,
        device_note: model.device_note,
        native: model.native_side,
        steps: model.steps,
        strength: digits(model.strength),
        guidance: digits(model.guidance),
    }
}

fn text(told: &Told) -> String {
    let mut lines = vec![format!("scumble {} (ABI {})", told.scumble, told.abi)];
    let mut row = |name: &str, what: String| lines.push(format!("{name:<14}{what}"));
    match &told.runtime {
        Part::Found(runtime) => row("ONNX Runtime", format!("{}, {}", runtime.version, runtime.path)),
        Part::Missing { .. } => row("ONNX Runtime", "not found".into()),
    }
    for device in &told.devices {
        row("device", device.line());
    }
    match &told.model {
        Part::Found(model) => {
            row("model", format!("{}, on {}", model.name, model.device));
            row("", model.description.clone());
            if !model.device_note.is_empty() {
                row("", model.device_note.clone());
            }
            let ModelTold { native, steps, strength, guidance, .. } = model;
            row(
                "",
                format!(
                    "native {native}\u{d7}{native}; {steps} steps, strength {strength}, guidance {guidance}"
                ),
            );
        }
        Part::Missing { .. } => row("model", "not ready".into()),
    }
    for (at, model) in told.models.iter().enumerate() {
        row(if at == 0 { "models" } else { "" }, format!("{}, {}", model.name, model.folder));
    }
    lines.join("\n")
}
