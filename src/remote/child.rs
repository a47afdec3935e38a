//! The worker's process: found, started, ended, and what it died of.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use scumble_hub::space::is_full;

use super::socket::Socket;
use super::system::{self, Process};
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

/// A process. When this is dropped it is ended, unless others have it too.
pub struct Child(Process);

impl Child {
    /// Starts it for this program alone; the other is this side of the conversation.
    pub fn start(program: &Path) -> Result<(Child, Socket)> {
        let (mut socket, theirs) = Socket::pair().map_err(|e| {
            error(format!("The system gives no connection to the program that renders ({e}); try again."))
        })?;
        let child = Process::start(program, &mut socket, theirs).map(Child).map_err(|e| {
            error(format!(
                "The program that renders for Scumble does not start ({}: {e}); install Scumble again.",
                program.display()
            ))
        })?;
        Ok((child, socket))
    }

    /// Joins the one that is met at `name` in `folder`, or in the user's own; starts it where there is none.
    ///
    /// # Errors
    /// Why not, as a part of a sentence.
    pub fn join(program: &Path, folder: Option<&Path>, name: &str) -> std::io::Result<(Child, Socket)> {
        let folder = folder.map_or_else(system::folder, |folder| Ok(folder.to_path_buf()))?;
        let (socket, process) = system::join(program, &folder, name).map_err(|why| match is_full(&why) {
            true => std::io::Error::new(
                why.kind(),
                format!("the disk of {} is full; make room there", folder.display()),
            ),
            false => why,
        })?;
        Ok((Child(process), socket))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether other programs may have it too.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.ended(), Ok(None))
    }

    /// The processor's time that it has had, where the system tells that.
    pub fn worked(&self) -> Option<Duration> {
        self.0.worked()
    }

    /// Why it is no more, as a part of a sentence. One that still runs is ended, unless others have it too.
    pub fn cause(&mut self) -> String {
        // Its socket closes a moment before it is gone.
        const MOMENT: Duration = Duration::from_secs(2);
        let deadline = Instant::now() + MOMENT;
        loop {
            match self.0.ended() {
                Ok(Some(cause)) => return cause,
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                Ok(None) => {
                    self.0.leave();
                    return "it had closed its connection".into();
                }
                Err(_) => return "the cause is not known".into(),
            }
        }
    }

    /// Ends it for all who have it: it hangs.
    pub fn end(&mut self) {
        self.0.end();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.0.leave();
    }
}
