//! Where tests hold the worker, or make it fail: SCUMBLE_WORKER_TEST is "halt PHASE FILE" (stops for good, once: where
//! FILE is not there yet, which then has the process's number) or "abort PHASE". Not in release builds.

use super::area::Outbox;
#[cfg(debug_assertions)]
use super::area::pack;

#[cfg(not(debug_assertions))]
pub fn at(_: &str) {}

#[cfg(not(debug_assertions))]
pub fn within_a_patch(_: &mut Option<Outbox>, _: &[f32]) -> bool {
    false
}

#[cfg(debug_assertions)]
pub fn at(phase: &str) {
    let Ok(order) = std::env::var("SCUMBLE_WORKER_TEST") else { return };
    let words: Vec<&str> = order.split(' ').collect();
    match words[..] {
        ["abort", wanted] if wanted == phase => std::process::abort(),
        ["halt", wanted, file] if wanted == phase => {
            let made = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
            if let Ok(mut file) = made {
                use std::io::Write;
                let _ = write!(file, "{}", std::process::id());
                loop {
                    std::thread::park();
                }
            }
        }
        _ => {}
    }
}

/// Half of a patch is written when it stops.
#[cfg(debug_assertions)]
pub fn within_a_patch(outbox: &mut Option<Outbox>, numbers: &[f32]) -> bool {
    if !std::env::var("SCUMBLE_WORKER_TEST").is_ok_and(|order| order.contains(" patch")) {
        return false;
    }
    let fresh = pack(outbox, &[], &[&numbers[..numbers.len() / 2]]);
    at("patch");
    fresh.unwrap_or(false)
}
