//! The worker's process: found, started, ended, and what it died of.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::system::{Owned, Process};
use crate::error::{Error, Result, Status};
use crate::places::Around;

/// What the program is called.
const PROGRAM: &str = "scumble-worker";

pub fn error(message: String) -> Error {
    Error::new(Status::Worker, message)
}

/// The worker's program: what is named, else what is beside this library.
pub fn find(named: Option<&Path>, beside: Option<&Path>) -> Result<PathBuf> {
    let name = PROGRAM.to_owned() + std::env::consts::EXE_SUFFIX;
    let places = Around::here("SCUMBLE_WORKER", beside).worker(named, &name);
    places.iter().find(|place| place.is_file()).cloned().ok_or_else(|| {
        let looked: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        error(format!(
            "The program that renders for Scumble, {PROGRAM}, was not found (looked at {}); install Scumble again, or let \
             it render inside this program.",
            looked.join(", ")
        ))
    })
}

/// A process that is ended when this is dropped.
pub struct Child(Process);

impl Child {
    /// Starts it with its end of `socket`.
    pub fn start(program: &Path, socket: &mut Socket, theirs: Owned) -> Result<Child> {
        Process::start(program, socket, theirs).map(Child).map_err(|e| {
            error(format!(
                "The program that renders for Scumble does not start ({}: {e}); install Scumble again.",
                program.display()
            ))
        })
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.ended(), Ok(None))
    }

    /// Why it is no more, as a part of a sentence. One that still runs is ended.
    pub fn cause(&mut self) -> String {
        // Its socket closes a moment before it is gone.
        const MOMENT: Duration = Duration::from_secs(2);
        let deadline = Instant::now() + MOMENT;
        loop {
            match self.0.ended() {
                Ok(Some(cause)) => return cause,
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                Ok(None) => {
                    self.0.end();
                    return "it had closed its connection".into();
                }
                Err(_) => return "the cause is not known".into(),
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.0.end();
    }
}
