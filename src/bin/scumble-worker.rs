//! The renderer's process; see `scumble::remote`.

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    return scumble::remote::main();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("scumble-worker runs on Linux alone, so far.");
        std::process::ExitCode::from(2)
    }
}
