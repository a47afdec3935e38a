//! How a command ends when it does not end well: one sentence, and whether the command line was to blame.

use std::io::Write;

use crate::host::Fault;

#[derive(Debug)]
pub struct Failure {
    pub message: String,
    /// Exit code 2 instead of 1.
    pub usage: bool,
}

pub type Done<T = ()> = Result<T, Failure>;

impl Failure {
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { message: message.into(), usage: false }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), usage: true }
    }

    /// `Cannot write /x/y.png: Permission denied.`
    pub fn file(doing: &str, path: &std::path::Path, why: impl std::fmt::Display) -> Self {
        let why = why.to_string();
        Failure::failed(format!("Cannot {doing} {}: {}.", path.display(), why.trim_end_matches('.')))
    }
}

/// A setting that the engine refuses was asked for on the command line.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure { usage: fault.is_setting(), message: fault.message }
    }
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
pub fn say(text: &str) -> Done {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("Cannot write to standard output: {why}.")))
        }
        _ => Ok(()),
    }
}
