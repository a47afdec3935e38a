//! What the two processes say to each other. Both come from one build: [`greeting`] tells, and nothing here has to be
//! understood by another version.

use ndarray::Array3;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Status};
use crate::model::{Capabilities, ModelInfo};
use crate::render::{Ended, Phases};

/// Changes with what is said here.
const PROTOCOL: u32 = 14;

/// The worker's first message, in every version.
pub fn greeting() -> String {
    format!("scumble-worker {}, protocol {PROTOCOL}", env!("CARGO_PKG_VERSION"))
}

/// From the host. `head` is how many bytes in the shared memory say more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Down {
    /// Load a model; the head is the `LoadOptions`. `log` is how talkative its log is.
    Load {
        head: usize,
        log: usize,
    },
    /// Render; the head is an [`Ask`](super::ask::Ask), and its arrays follow. `log` as it is by now.
    Render {
        job: u64,
        head: usize,
        log: usize,
    },
    /// As [`crate::policy::Policy`] has it.
    GiveWay {
        job: u64,
        finish: u32,
    },
    Abandon {
        job: u64,
    },
    Cancel {
        job: u64,
    },
    /// The patch was read.
    Taken,
}

/// From the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Up {
    Progress {
        part: f32,
        what: String,
    },
    Loaded(Box<About>),
    Refused(Error),
    /// It knows of the job.
    Begun,
    /// A step is done; a sign of life.
    Step,
    /// What the picture does not show of what was asked for.
    Note(String),
    /// What it has to wait for; a sign of life, too.
    Doing(String),
    /// A patch lies in the shared memory: its picture, then its latent.
    Patch {
        step: u32,
        steps: u32,
        phases: Phases,
        picture: [usize; 3],
        latent: Option<[usize; 3]>,
    },
    /// The model runs on another device now.
    Moved(Box<ModelInfo>),
    Ended {
        job: u64,
        how: Result<Ended>,
    },
    Log {
        level: usize,
        text: String,
    },
}

/// What the worker has loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub info: ModelInfo,
    pub capabilities: Capabilities,
}

/// An array out of what was packed; its memory is that of `spare`, as far as it goes.
pub fn array3(numbers: &[f32], sides: [usize; 3], mut spare: Vec<f32>) -> Result<Array3<f32>> {
    spare.clear();
    spare.try_reserve_exact(numbers.len()).map_err(|_| no_memory())?;
    spare.extend_from_slice(numbers);
    Array3::from_shape_vec(sides, spare).map_err(|e| Error::new(Status::Internal, e.to_string()))
}

pub fn no_memory() -> Error {
    Error::new(Status::Memory, "There is not enough memory for the picture; close other programs or images.")
}

pub fn encode(message: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_allocvec(message).map_err(|e| {
        Error::new(Status::Text, format!("A path or text cannot be told to the engine's process: {e}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::ask::Ask;

    #[test]
    fn bytes_of_any_kind_are_a_message_or_an_error() {
        for seed in 0..2000u64 {
            let bytes: Vec<u8> =
                seed.to_le_bytes().iter().cycle().take(40).map(|b| b.wrapping_mul(37)).collect();
            let _ = (postcard::from_bytes::<Up>(&bytes), postcard::from_bytes::<Down>(&bytes));
            let _ = postcard::from_bytes::<Ask>(&bytes);
        }
    }
}
