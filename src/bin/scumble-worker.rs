//! The renderer's process; see `scumble::remote`.

#[cfg(any(target_os = "linux", windows))]
use scumble::remote::main as work;

fn main() -> std::process::ExitCode {
    work()
}

#[cfg(not(any(target_os = "linux", windows)))]
fn work() -> std::process::ExitCode {
    eprintln!("scumble-worker runs on Linux and Windows alone, so far.");
    std::process::ExitCode::from(2)
}
