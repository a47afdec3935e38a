//! What another process has in memory, as Linux tells it.

/// The most that was resident since the process began or its peak was set back, in bytes; what it shares with others is
/// among it.
pub fn most(pid: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}
