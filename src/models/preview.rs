//! A small decoder that pictures before the last step are made with, where a model has one: quicker than its own, and less
//! exact. TAESD and its kin (diffusers' AutoencoderTiny) are such.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Status};
use crate::models::config::Config;
use crate::models::kind::Kind;
use crate::models::layout::Layout;
use crate::models::numbers::{self, Autoencoder};

/// Its folder in the model's, and its name in `parts` of `scumble.json`.
pub const PREVIEW: &str = "preview_decoder";

/// What the folder says of it.
#[derive(Debug)]
pub struct Preview {
    /// The `.onnx` file.
    pub network: PathBuf,
    pub autoencoder: Autoencoder,
}

/// The preview decoder of the model in `path`, whose own autoencoder makes latents of `channels` with so many pixels to a
/// `cell`. Without a configuration of its own it is taken for a tiny one, whose latents are noise's as they are.
///
/// # Errors
/// [`Status::ModelMissing`] where `scumble.json` names one that is not there, [`Status::ModelBroken`] for a configuration
/// that cannot be right, [`Status::ModelUnsupported`] for another model's.
pub(super) fn find(
    layout: &Layout<'_>,
    path: &Path,
    kind: Option<Kind>,
    scheduler: &Config,
    (channels, cell): (usize, u32),
) -> Result<Option<Preview>> {
    let Some(network) = layout.network(PREVIEW)? else { return Ok(None) };
    let tiny = || Config::from_value(serde_json::json!({ "_class_name": "AutoencoderTiny" }), "");
    let config = layout.config(PREVIEW, &network)?.unwrap_or_else(tiny);
    let (autoencoder, own_cell) = numbers::autoencoder(Some(&config), kind, scheduler)?;
    if (autoencoder.channels, own_cell) == (channels, cell) {
        return Ok(Some(Preview { network, autoencoder }));
    }
    Err(Error::new(
        Status::ModelUnsupported,
        format!(
            "The {PREVIEW} of the model in {} is another family's: it reads latents of {} channels with {own_cell} pixels \
             to a cell, and the model makes {channels} with {cell}; put the tiny decoder of its own family there, or \
             remove it.",
            path.display(),
            autoencoder.channels
        ),
    ))
}
