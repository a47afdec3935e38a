//! The files of a model, looked into before any of them is read: which there are, and whether the device can run them.

use std::path::Path;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::Device;
use crate::models::folder::Folder;
use crate::models::kind::Kind;
use crate::models::onnx_file::{self, Scan};
use crate::models::preview::PREVIEW;

/// One file of the model, looked into.
pub struct File<'a> {
    /// `unet`, `vae_decoder`, …
    pub name: &'static str,
    /// For the artist.
    pub title: &'static str,
    pub path: &'a Path,
    pub scan: Scan,
}

impl File<'_> {
    /// Of the file and its weights beside it.
    pub fn bytes(&self) -> u64 {
        self.scan.bytes + self.scan.external.values().sum::<u64>()
    }
}

/// All files, in the order in which they are read. A missing one is told at once, not after a minute of reading the others.
///
/// # Errors
/// As [`onnx_file::check`]; [`Status::Cancelled`].
pub fn files<'a>(folder: &'a Folder, cancel: &Cancel) -> Result<Vec<File<'a>>> {
    let texts = folder.texts.iter().map(|words| (words.name, "text encoder", &words.network));
    let others = [
        (folder.denoiser, title(folder), &folder.network),
        ("vae_encoder", "VAE encoder", &folder.vae_encoder),
        ("vae_decoder", "VAE decoder", &folder.vae_decoder),
    ];
    let preview = folder.preview.iter().map(|preview| (PREVIEW, "preview decoder", &preview.network));
    let reference_encoder = folder.image_encoder.iter().map(|path| ("image_encoder", "image encoder", path));
    let embedder = folder.image_embedder.iter().map(|path| ("image_embedder", "image embedder", path));
    texts
        .chain(others)
        .chain(preview)
        .chain(reference_encoder)
        .chain(embedder)
        .map(|(name, title, path)| {
            cancel.check()?;
            Ok(File { name, title, path, scan: onnx_file::check(path)? })
        })
        .collect()
}

/// # Errors
/// [`Status::ModelUnsupported`] for a network with operators that the CPU has not.
pub fn check_device(path: &Path, name: &str, device: Device, scan: &Scan) -> Result<()> {
    if device != Device::CPU || scan.not_on_cpu.is_empty() {
        return Ok(());
    }
    let operators: Vec<&str> = scan.not_on_cpu.iter().map(String::as_str).collect();
    Err(Error::new(
        Status::ModelUnsupported,
        format!(
            "The model in {} was exported for CUDA or DirectML (its {name} has {}, which the CPU cannot run); \
             choose another export, or the device cuda.",
            path.display(),
            operators.join(", ")
        ),
    ))
}

/// The denoising network, in messages.
fn title(folder: &Folder) -> &'static str {
    match folder.kind.is_some_and(Kind::has_transformer) {
        true => "transformer",
        false => "U-Net",
    }
}
