//! What another process has in memory, as Linux tells it.

/// What is resident now, in bytes; what it shares with others is among it.
#[allow(dead_code)]
pub fn now(pid: i32) -> usize {
    told(pid, "VmRSS:")
}

/// The most that was since the process began or its peak was set back.
pub fn most(pid: i32) -> usize {
    told(pid, "VmHWM:")
}

/// Sets its peak back.
pub fn forget(pid: i32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("its peak can be set back");
}

fn told(pid: i32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}
