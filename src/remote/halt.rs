//! Where tests hold the worker, or make it fail: SCUMBLE_WORKER_TEST is "halt PHASE FILE" (stops for good, once: where
//! FILE is not there yet, which then has the process's number), "abort PHASE", "note PHASE FILE" (a line in FILE each time) or
//! "spin PHASE MILLISECONDS" (is at work for so long). Not in release builds.

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
        ["spin", wanted, time] if wanted == phase => {
            let (start, time) = (std::time::Instant::now(), time.parse().unwrap_or(0));
            while start.elapsed().as_millis() < time {}
        }
        ["note", wanted, file] if wanted == phase => {
            use std::io::Write;
            let made = std::fs::OpenOptions::new().append(true).create(true).open(file);
            let _ = made.and_then(|mut file| writeln!(file, "{phase}"));
        }
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
