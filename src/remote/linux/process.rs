//! A child process.

use std::io::{ErrorKind, Result};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{Owned, Socket};

pub struct Process(Child);

impl Process {
    /// Starts it with its end of the socket as its standard input: so it inherits that and nothing else.
    pub fn start(program: &Path, _: &mut Socket, theirs: Owned) -> Result<Process> {
        let mut command = Command::new(program);
        command
            .arg(std::process::id().to_string())
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is typed in the host's terminal is not for it.
            .process_group(0);
        let started = command.spawn().or_else(|error| match error.kind() {
            ErrorKind::PermissionDenied if allow(program) => command.spawn(),
            _ => Err(error),
        });
        started.map(Process)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// What it died of, as a part of a sentence; `None` while it lives.
    pub fn ended(&mut self) -> Result<Option<String>> {
        Ok(self.0.try_wait()?.map(cause))
    }

    pub fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes a file executable: importers of plug-ins unpack a zip without its modes.
fn allow(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let Ok(known) = std::fs::metadata(program) else { return false };
    let mut permissions = known.permissions();
    permissions.set_mode(permissions.mode() | 0o100);
    std::fs::set_permissions(program, permissions).is_ok()
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
