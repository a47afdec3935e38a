//! How a command ends when it does not end well: one sentence, and whether the command line was to blame.

use std::io::{self, Write};
use std::path::Path;

use scumble_hub::space::is_full;

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
    pub fn file(doing: &str, path: &Path, why: impl std::fmt::Display) -> Self {
        let why = why.to_string();
        Failure::failed(format!("Cannot {doing} {}: {}.", path.display(), why.trim_end_matches('.')))
    }

    /// The same of what the system says.
    pub fn disk(doing: &str, path: &Path, why: &io::Error) -> Self {
        Failure::file(doing, path, plain(why))
    }
}

/// A setting that the engine refuses was asked for on the command line.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure { usage: fault.is_setting(), message: fault.message }
    }
}

/// What the system says; of a disk that is full what to do, too.
fn plain(why: &io::Error) -> String {
    if is_full(why) { "the disk is full; make room there and try again".to_owned() } else { why.to_string() }
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
pub fn say(text: &str) -> Done {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("Cannot write to standard output: {}.", plain(&why))))
        }
        _ => Ok(()),
    }
}
