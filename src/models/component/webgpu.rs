//! What ONNX Runtime's WebGPU (1.27) computes wrongly or not at all, and the same graph as it computes it rightly.

use std::borrow::Cow;
use std::path::Path;

use super::channels;
use crate::models::layout::LISTENING;
use crate::models::wire::{Walk, edited, text};

/// Networks with inputs of several sizes.
const MANY_SIZES: [&str; 2] = ["ControlNet", LISTENING];

/// The model of a file, changed; `None` where it may stay as it is. `whole` reads all of it.
pub(super) fn mended<'a>(name: &str, path: &Path, whole: impl FnOnce() -> Cow<'a, [u8]>) -> Option<Vec<u8>> {
    let lacking = channels::lacking(path);
    let has_many_sizes = MANY_SIZES.contains(&name);
    if lacking.is_empty() && !has_many_sizes {
        return None;
    }
    let whole = whole();
    let wide = channels::in_fours(&whole, &lacking);
    let apart = match has_many_sizes {
        true => told_apart(wide.as_deref().unwrap_or(&whole)).ok().flatten(),
        false => None,
    };
    apart.or(wide)
}

/// A ControlNet is shown a picture beside the latent, and its U-Net arrays of all sizes. Where an export calls the sizes of several
/// alike, memory of the one is taken for the other ("Shape mismatch attempting to re-use buffer"): here each input has its own names.
/// GraphProto: 11 = input; ValueInfoProto: 1 = name, 2 = type; in that 1 = tensor_type; in that 2 = shape; in that 1 = dim; in
/// that 2 = dim_param.
fn told_apart(model: &[u8]) -> Walk<Option<Vec<u8>>> {
    edited(model, 7, &|graph| {
        edited(graph, 11, &|port| {
            let Some(input) = text(port, 1)? else { return Ok(None) };
            let own = |name: &[u8]| Ok(Some([input.as_bytes(), b" ", name].concat()));
            let shape = |shape: &[u8]| edited(shape, 1, &|dim| edited(dim, 2, &own));
            edited(port, 2, &|kind| edited(kind, 1, &|tensor| edited(tensor, 2, &shape)))
        })
    })
}
