//! The command line `scumble`: render a picture, replay a painting, tell what is installed, get models.
//!
//! It is a host like Krita and GIMP: everything it asks of the engine goes through the C ABI (`host.rs` and what
//! lies in `host/`, which alone have `unsafe`). `info`, `devices` and `prepare` alone look further, for what
//! the ABI does not tell: which ONNX Runtime was found, which one is to be asked, and what a ControlNet is shown of a picture.

#![deny(unsafe_code)]

mod args;
mod failure;
#[allow(unsafe_code)]
mod host;

// scumble render
mod progress;
mod render;
mod steering;
mod stills;
mod colour;

// scumble prepare
mod prepare;

// scumble live: the recorded hand paints, the loop pushes and polls, the meter watches
mod hand;
mod live;
mod meter;
mod painter;
mod checks;
mod recording;
mod replay;
mod spool;

// what live leaves behind, and where
mod folder;
mod panel;
mod film;
mod strip;
mod table;

mod devices;
mod info;

// scumble models, scumble runtime: what can be got, getting it
mod models;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use failure::{Done, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return tell_usage(&told),
    };
    if cli.verbose > 0 {
        listen(cli.verbose);
    }
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("scumble: {}", failure.message);
            ExitCode::from(if failure.usage { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Done {
    host::check_abi().map_err(Failure::failed)?;
    match command {
        Command::Render(args) => render::run(&args),
        Command::Prepare(args) => prepare::run(&args),
        Command::Live(args) => live::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Runtime(args) => models::runtime::run(&args),
    }
}

/// Help and version go to standard output and are no failure; anything else is wrong usage.
fn tell_usage(told: &clap::Error) -> ExitCode {
    match told.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe (`scumble --help | head -1`) is nobody's failure.
            let _ = told.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = told.print();
            ExitCode::from(2)
        }
        _ => {
            let text = told.to_string();
            eprint!("scumble: {}", text.strip_prefix("error: ").unwrap_or(&text));
            ExitCode::from(2)
        }
    }
}

/// Sends the engine's log to standard error: `-v` warnings and information, `-vv` everything.
fn listen(verbose: u8) {
    struct Stderr;
    impl log::Log for Stderr {
        fn enabled(&self, _: &log::Metadata) -> bool {
            true
        }
        fn log(&self, record: &log::Record) {
            eprintln!("{} {}: {}", record.level(), record.target(), record.args());
        }
        fn flush(&self) {}
    }
    static LOGGER: Stderr = Stderr;
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(if verbose > 1 { log::LevelFilter::Trace } else { log::LevelFilter::Info });
    }
}
