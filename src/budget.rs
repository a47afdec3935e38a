//! How many threads this process may keep busy, all of its engines together: the host's brush needs a core.

use std::ops::Range;
use std::sync::LazyLock;

use crate::error::{Error, Result, Status};

/// Pixels below which a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 19;

/// The physical cores that this process may use (affinity and container limits count), less one for the brush; at
/// least one.
pub fn threads() -> usize {
    static THREADS: LazyLock<usize> = LazyLock::new(|| {
        // Logical cores as the scheduler and cgroup quotas allow; num_cpus reads the physical ones of the machine.
        let allowed = std::thread::available_parallelism().map_or(1, usize::from);
        allowed.min(num_cpus::get_physical()).saturating_sub(1).max(1)
    });
    *THREADS
}

/// `rows` cut into as many parts as threads are worth it for `work` pixels: one more than networks may keep busy, as this takes
/// milliseconds, at the worker's low priority, and the hand waits for it.
pub fn bands(rows: usize, work: usize) -> Vec<Range<usize>> {
    let parts = (work / WORTH_A_THREAD).clamp(1, threads() + 1).min(rows.max(1));
    let each = rows.div_ceil(parts).max(1);
    (0..rows).step_by(each).map(|from| from..(from + each).min(rows)).collect()
}

/// Runs `work` on each part, the first on this thread and the others on threads of their own, which have this one's
/// priority. Where the system gives no thread, this one does the work.
pub fn run<T: Send>(parts: Vec<T>, work: impl Fn(T) -> Result<()> + Sync) -> Result<()> {
    let mut parts = parts.into_iter();
    let Some(own) = parts.next() else { return Ok(()) };
    std::thread::scope(|scope| {
        let work = &work;
        let mut others = Vec::new();
        let mut result = Ok(());
        for part in parts {
            // What `spawn` does not take is lost with it, so the part waits where both can reach it.
            let place = std::sync::Arc::new(parking_lot::Mutex::new(Some(part)));
            let theirs = place.clone();
            let job = move || theirs.lock().take().map_or(Ok(()), work);
            match std::thread::Builder::new().name("scumble-pixels".into()).spawn_scoped(scope, job) {
                Ok(thread) => others.push(thread),
                Err(_) => result = result.and(place.lock().take().map_or(Ok(()), work)),
            }
        }
        let mut all = result.and(work(own));
        for thread in others {
            let ended = thread.join().unwrap_or_else(|_| {
                Err(Error::new(
                    Status::Internal,
                    "The engine failed inside while it worked on pixels; try again.",
                ))
            });
            all = all.and(ended);
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_all_rows_once() {
        for (rows, work) in [(1, 0), (10, 1 << 30), (1000, 1 << 22), (3, 1 << 22)] {
            let bands = bands(rows, work);
            assert_eq!(
                bands.iter().flat_map(|b| b.clone()).collect::<Vec<_>>(),
                (0..rows).collect::<Vec<_>>()
            );
            assert!(bands.len() <= threads() + 1);
        }
    }

    #[test]
    fn an_error_of_any_part_is_told() {
        for bad in 0..3 {
            let fails = |part| if part == bad { Err(Error::setting("no")) } else { Ok(()) };
            assert!(run(vec![0, 1, 2], fails).is_err());
        }
        assert!(run(vec![0, 1, 2], |_| Ok(())).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_is_held_to_one_core_gets_one_thread() {
        const HERE: &str = "budget::tests::a_process_that_is_held_to_one_core_gets_one_thread";
        if std::env::var_os("SCUMBLE_TEST_ONE_CORE").is_some() {
            assert_eq!(threads(), 1);
            return;
        }
        let allowed = std::fs::read_to_string("/proc/self/status").unwrap();
        let list = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
        let first = list.split([',', '-']).next().unwrap();
        let said = std::process::Command::new("taskset")
            .args(["-c", first])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", HERE])
            .env("SCUMBLE_TEST_ONE_CORE", "1")
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}
