//! The worker's process: found, started, ended, and what it died of.

use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, Result, Status};
use crate::places::Around;

/// What the program is called.
const PROGRAM: &str = "scumble-worker";

pub fn error(message: String) -> Error {
    Error::new(Status::Worker, message)
}

/// The worker's program: what is named, else what is beside this library.
pub fn find(named: Option<&Path>, beside: Option<&Path>) -> Result<PathBuf> {
    let places = Around::here("SCUMBLE_WORKER", beside).worker(named, PROGRAM);
    places.iter().find(|place| place.is_file()).cloned().ok_or_else(|| {
        let looked: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        error(format!(
            "The program that renders for Scumble, {PROGRAM}, was not found (looked at {}); install Scumble again, or let \
             it render inside this program.",
            looked.join(", ")
        ))
    })
}

/// Makes a file executable: importers of plug-ins unpack a zip without its modes.
fn allow(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let Ok(known) = std::fs::metadata(program) else { return false };
    let mut permissions = known.permissions();
    permissions.set_mode(permissions.mode() | 0o100);
    std::fs::set_permissions(program, permissions).is_ok()
}

/// A process that is ended when this is dropped.
pub struct Child(std::process::Child);

impl Child {
    /// Starts it with the socket as its standard input: so it inherits that and nothing else.
    pub fn start(program: &Path, socket: OwnedFd) -> Result<Child> {
        let mut command = Command::new(program);
        command
            .arg(std::process::id().to_string())
            .stdin(Stdio::from(socket))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is typed in the host's terminal is not for it.
            .process_group(0);
        let started = command.spawn().or_else(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied if allow(program) => command.spawn(),
            _ => Err(error),
        });
        started.map(Child).map_err(|e| {
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
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Why it is no more, as a part of a sentence. One that still runs is ended.
    pub fn cause(&mut self) -> String {
        // Its socket closes a moment before it is gone.
        const MOMENT: Duration = Duration::from_secs(2);
        let deadline = Instant::now() + MOMENT;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return cause(status),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                Ok(None) => {
                    self.end();
                    return "it had closed its connection".into();
                }
                Err(_) => return "the cause is not known".into(),
            }
        }
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

fn cause(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => "signal 9: somebody ended it, or the memory was full".into(),
        (Some(libc::SIGABRT), _) => "signal 6: it gave up, as drivers and runtimes do".into(),
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "the cause is not known".into(),
    }
}
