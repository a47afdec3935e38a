//! Where tests take the device away: SCUMBLE_TEST_LOST_DEVICE is "NETWORK N", the run that fails, from 1. Not in release
//! builds.

use crate::models::device::Device;

#[cfg(not(debug_assertions))]
pub fn now(_: &str, _: Device) -> bool {
    false
}

#[cfg(debug_assertions)]
pub fn now(name: &str, device: Device) -> bool {
    use std::sync::atomic::{AtomicU32, Ordering};
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let Ok(order) = std::env::var("SCUMBLE_TEST_LOST_DEVICE") else { return false };
    let Some((wanted, run)) = order.split_once(' ') else { return false };
    if device.kind == crate::models::device::Kind::Cpu || wanted != name {
        return false;
    }
    RUNS.fetch_add(1, Ordering::Relaxed) + 1 >= run.parse().unwrap_or(u32::MAX)
}
