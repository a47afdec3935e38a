//! `scumble devices`: what models can run on, and what is missing for the rest.

use std::path::{Path, PathBuf};

use scumble::error::Result;
use scumble::models::device::{Listed, auto, list};
use scumble::models::runtime::{self, Runtime};
use serde::Serialize;

use crate::args::DevicesArgs;
use crate::failure::{Done, Failure, say};

#[derive(Serialize)]
pub struct Device {
    pub name: String,
    title: String,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

impl Device {
    /// `webgpu: Radeon RX 7600, 8.0 GB.`
    pub fn line(&self) -> String {
        let memory = self.memory.map(|bytes| format!(", {}", auto::size(bytes))).unwrap_or_default();
        let more = self.why_not.as_ref().or(Some(&self.note).filter(|note| !note.is_empty()));
        let more = more.map(|note| format!(" {note}")).unwrap_or_default();
        format!("{}: {}{memory}.{more}", self.name, self.title)
    }
}

pub fn run(args: &DevicesArgs) -> Done {
    let found = runtime(args.runtime.as_deref()).map_err(|error| Failure::failed(error.message))?;
    let told = told(found);
    if args.json {
        let json = serde_json::to_string_pretty(&told).map_err(|e| Failure::failed(e.to_string()))?;
        return say(&json);
    }
    let lines: Vec<_> = told.iter().map(Device::line).collect();
    say(&lines.join("\n"))
}

/// The ONNX Runtime that is found, as the engine finds it.
pub fn runtime(explicit: Option<&Path>) -> Result<&'static Runtime> {
    runtime::load(explicit, beside().as_deref())
}

/// The folder of this program, where the runtime may lie.
pub fn beside() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

pub fn told(runtime: &Runtime) -> Vec<Device> {
    let told = list(runtime).into_iter().map(|Listed { name, title, memory, why_not, note }| Device {
        name,
        title,
        usable: why_not.is_none(),
        memory,
        why_not,
        note,
    });
    told.collect()
}
