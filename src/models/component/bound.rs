//! A session on a device with memory of its own: what it is fed is sent there once and stays until something else is fed, and
//! what another network reads next stays there too.

use std::collections::HashMap;

use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, RunOptions, Session};
use ort::value::DynValue;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::Feed;
use crate::models::device::{Device, memory};

/// Bytes from which on it is worth looking whether they are those of the last run. Less is sent sooner.
const WORTH_A_LOOK: usize = 1 << 12;

pub(super) struct Bound {
    binding: IoBinding,
    /// The device's memory, and this process's.
    there: MemoryInfo<'static>,
    here: MemoryInfo<'static>,
    /// What lies there for an input: the hash of what it was fed, or nothing that says so.
    fed: HashMap<String, Option<u128>>,
    /// Has a run gone well?
    pub proven: bool,
}

impl Bound {
    /// `None` for a device that has no memory of its own, or none that is known here.
    pub fn new(session: &Session, device: Device) -> Option<Bound> {
        let there = memory(device)?;
        let here = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::CPUOutput);
        match (here, session.create_binding()) {
            (Ok(here), Ok(binding)) => {
                Some(Bound { binding, there, here, fed: HashMap::new(), proven: false })
            }
            (Err(error), _) | (_, Err(error)) => {
                log::info!("on {device} everything comes and goes in each run: {}", error.message());
                None
            }
        }
    }

    /// Whether an input has it already.
    pub fn has(&self, input: &str, feed: &Feed<'_>) -> bool {
        let key = key(feed);
        key.is_some() && self.fed.get(input) == Some(&key)
    }

    /// Whether an input was fed anything.
    pub fn is_fed(&self, input: &str) -> bool {
        self.fed.contains_key(input)
    }

    /// From now on an input is to be fed anew.
    pub fn forget(&mut self, input: &str) {
        self.fed.remove(input);
    }

    /// Sends it, if it is not there.
    pub fn feed(&mut self, input: &str, value: &DynValue, feed: Option<&Feed<'_>>) -> ort::Result<()> {
        self.fed.remove(input);
        self.binding.bind_input(input, value)?;
        self.fed.insert(input.to_owned(), feed.and_then(key));
        Ok(())
    }

    /// Runs the session on what it was fed. What it makes stays there, or comes here.
    pub fn run(
        &mut self,
        session: &mut Session,
        wanted: &[&str],
        stays: bool,
        options: &RunOptions,
    ) -> ort::Result<Vec<Option<DynValue>>> {
        // Each time, so that none is written over that somebody has still to read.
        self.binding.clear_outputs();
        for name in wanted {
            self.binding.bind_output_to_device(*name, if stays { &self.there } else { &self.here })?;
        }
        self.binding.synchronize_inputs()?;
        let mut outputs = session.run_binding_with_options(&self.binding, options)?;
        let made = wanted.iter().map(|name| outputs.remove(name)).collect();
        drop(outputs);
        self.binding.clear_outputs();
        self.proven = true;
        Ok(made)
    }
}

/// By what numbers of some length are known; `None` for what is always sent.
fn key(feed: &Feed<'_>) -> Option<u128> {
    let (shape, bytes): (_, &[u8]) = match feed {
        Feed::Floats(shape, numbers) => (shape, bytemuck::cast_slice(numbers)),
        Feed::Ids(shape, numbers) => (shape, bytemuck::cast_slice(numbers)),
        Feed::Number(_) | Feed::Made(_) => return None,
    };
    let of_shape = shape.iter().fold(0u64, |sum, &side| sum.wrapping_mul(1 << 20).wrapping_add(side as u64));
    (bytes.len() >= WORTH_A_LOOK).then(|| xxh3_128_with_seed(bytes, of_shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_known_by_its_numbers_and_its_shape() {
        let long = [1.0; 1024];
        let mut other = long;
        other[1023] = 2.0;
        let of = |shape: &[usize], numbers: &[f32]| key(&Feed::Floats(shape, numbers));
        assert!(of(&[1, 1024], &long).is_some());
        assert_eq!(of(&[1, 1024], &long), of(&[1, 1024], &[1.0; 1024]));
        assert_ne!(of(&[1, 1024], &long), of(&[1, 1024], &other));
        assert_ne!(of(&[1, 1024], &long), of(&[2, 512], &long));
        assert_ne!(of(&[32, 32], &long), of(&[32, 8, 4], &long));
        assert_eq!(of(&[1, 1023], &long[1..]), None, "it is sent sooner than looked at");
        assert_eq!(key(&Feed::Number(1.0)), None);
    }
}
