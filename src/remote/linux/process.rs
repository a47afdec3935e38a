//! The worker's process: a child of this one alone, or one that others have as well.

use std::io::{ErrorKind, Result};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{Owned, Socket};

pub enum Process {
    Own(Child),
    /// Its number, and what means this process even when the number is another's.
    Others(u32, Owned),
}

impl Process {
    /// Starts one with its end of the socket as its standard input: so it inherits that and nothing else.
    pub fn start(program: &Path, _: &mut Socket, theirs: Owned) -> Result<Process> {
        let mut command = command(program, theirs);
        spawn(command.arg(std::process::id().to_string()), program).map(Process::Own)
    }

    /// One that somebody has started.
    pub fn others(id: u32) -> Result<Process> {
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or(ErrorKind::InvalidData)?;
        Ok(Process::Others(id, pidfd_open(pid, PidfdFlags::empty())?))
    }

    pub fn id(&self) -> u32 {
        match self {
            Process::Own(child) => child.id(),
            Process::Others(id, _) => *id,
        }
    }

    pub fn is_shared(&self) -> bool {
        matches!(self, Process::Others(..))
    }

    /// What it died of, as a part of a sentence; `None` while it lives.
    pub fn ended(&mut self) -> Result<Option<String>> {
        match self {
            Process::Own(child) => Ok(child.try_wait()?.map(cause)),
            Process::Others(_, handle) => {
                let now = Timespec { tv_sec: 0, tv_nsec: 0 };
                match poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&now)) {
                    Ok(0) | Err(Errno::INTR) => Ok(None),
                    Ok(_) => Ok(Some("other programs have it too, and what ended it is not known".into())),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// The processor's time that all its threads have had.
    pub fn worked(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        // Behind the program's name, which may be anything.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
        let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        // SAFETY: no memory is involved.
        let ticks =
            u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).ok().filter(|ticks| *ticks > 0)?;
        Some(Duration::from_millis((user + system) * 1000 / ticks))
    }

    /// Ends it, whoever has it.
    pub fn end(&mut self) {
        match self {
            Process::Own(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Process::Others(_, handle) => {
                let _ = pidfd_send_signal(handle, Signal::KILL);
            }
        }
    }

    /// Ends it, if nobody else has it.
    pub fn leave(&mut self) {
        if let Process::Own(_) = self {
            self.end();
        }
    }
}

/// What starts the program, with `input` as its standard input.
pub fn command(program: &Path, input: Owned) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // What is typed in the host's terminal is not for it.
        .process_group(0);
    command
}

pub fn spawn(command: &mut Command, program: &Path) -> Result<Child> {
    command.spawn().or_else(|error| match error.kind() {
        ErrorKind::PermissionDenied if allow(program) => command.spawn(),
        _ => Err(error),
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

fn cause(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => "signal 9: somebody ended it, or the memory was full".into(),
        (Some(libc::SIGABRT), _) => "signal 6: it gave up, as drivers and runtimes do".into(),
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "the cause is not known".into(),
    }
}
