//! The numbers of a model's autoencoder, whose two sides may be of different ones: a tiny encoder beside the model's own decoder.

use std::path::Path;

use crate::error::{Error, Result, Status};
use crate::models::config::Config;
use crate::models::kind::Kind;
use crate::models::layout::Layout;
use crate::models::numbers::{self, Autoencoder};

/// What brings each side's latents to the noise's. Both have the same channels.
#[derive(Debug)]
pub struct Autoencoders {
    pub encoder: Autoencoder,
    pub decoder: Autoencoder,
    /// The one that the model itself came with, as far as the folder says.
    pub own: Autoencoder,
}

const SIDES: [&str; 2] = ["vae_encoder", "vae_decoder"];

/// Those of the model in `path`, whose networks are `files`, and their pixels per latent cell. A side is described by its own
/// `config.json`, or by the other's where both are from one model.
///
/// # Errors
/// [`Status::ModelBroken`] for a configuration that cannot be right, [`Status::ModelUnsupported`] for sides that do not go
/// together.
pub(super) fn find(
    layout: &Layout<'_>,
    path: &Path,
    files: [&Path; 2],
    kind: Option<Kind>,
    scheduler: &Config,
) -> Result<(Autoencoders, u32)> {
    let origins = SIDES.map(|side| layout.origin(side));
    let [encoder, decoder] = [0, 1].map(|at| layout.config(SIDES[at], files[at]));
    let own = [encoder?, decoder?];
    let are_one = origins[0] == origins[1];
    let config = |at: usize| match &own[at] {
        None if are_one && own[1 - at].is_some() => Ok(own[1 - at].clone()),
        None => Config::read(&origins[at].join("vae/config.json")),
        found => Ok(found.clone()),
    };
    let configs = [config(0)?, config(1)?];
    let numbers = |config: &Option<Config>| numbers::autoencoder(config.as_ref(), kind, scheduler);
    let [(mut encoder, encoder_cell), (mut decoder, decoder_cell)] =
        [numbers(&configs[0])?, numbers(&configs[1])?];
    // One of which nothing is said has the other's sizes.
    let cell = match &configs {
        [None, Some(_)] => {
            encoder.channels = decoder.channels;
            decoder_cell
        }
        [Some(_), None] => {
            decoder.channels = encoder.channels;
            encoder_cell
        }
        _ if (encoder.channels, encoder_cell) == (decoder.channels, decoder_cell) => decoder_cell,
        _ => {
            return Err(Error::new(
                Status::ModelUnsupported,
                format!(
                    "The vae_encoder and the vae_decoder of the model in {} do not go together: one makes latents of {} \
                     channels with {encoder_cell} pixels to a cell, the other reads {} channels with {decoder_cell}; name \
                     parts of one family in its scumble.json.",
                    path.display(),
                    encoder.channels,
                    decoder.channels
                ),
            ));
        }
    };
    let own = match SIDES.map(|side| layout.is_own(side)) {
        [_, true] => decoder.clone(),
        [true, false] => encoder.clone(),
        [false, false] => numbers(&None)?.0,
    };
    Ok((Autoencoders { encoder, decoder, own }, cell))
}
