//! A worker that several programs of one user have together. It listens at a socket in a folder that nobody else can open;
//! beside that lies a file with the number of its process, which is locked by whoever joins, starts or ends it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError, remove_file, symlink_metadata};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect, listen, socket_with,
    sockopt::socket_peercred,
};
use rustix::process::geteuid;

use super::process::{Process, command, spawn};
use super::{Owned, Socket};

/// What the program's first argument says where it is shared; the second is its place.
const SHARED: &str = "shared";
/// Programs that wait to be let in.
const WAITING: i32 = 64;
/// How long another program may take to join or start it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where one worker is met.
pub struct Place(PathBuf);

impl Place {
    /// `folder` is made where it is not there; `name` is all that makes a worker another one.
    ///
    /// # Errors
    /// Where others could open the folder.
    fn new(folder: &Path, name: &str) -> Result<Place> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = symlink_metadata(folder)?;
        if !found.is_dir() || found.uid() != geteuid().as_raw() || found.mode() & 0o077 != 0 {
            let why = format!("{} is not a folder that only you can open", folder.display());
            return Err(Error::new(ErrorKind::PermissionDenied, why));
        }
        Ok(Place(folder.join(name)))
    }

    fn socket(&self) -> PathBuf {
        self.0.with_extension("socket")
    }

    /// The file with the worker's number, locked until it is dropped.
    fn lock(&self) -> Result<File> {
        let path = self.0.with_extension("lock");
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::TimedOut.into()),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// The user's folder for what lives as long as a login.
///
/// # Errors
/// Where there is none.
pub fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let missing = || Error::new(ErrorKind::NotFound, "XDG_RUNTIME_DIR names no folder");
    Ok(folder.ok_or_else(missing)?.join("scumble"))
}

/// Joins the worker that is met at `name` in `folder`, or starts it.
///
/// # Errors
/// What the system says; where it is another user's.
pub fn join(program: &Path, folder: &Path, name: &str) -> Result<(Socket, Process)> {
    let place = Place::new(folder, name)?;
    let address = SocketAddrUnix::new(place.socket())?;
    let mut lock = place.lock()?;
    let own = socket()?;
    let process = match connect(&own, &address) {
        Ok(()) => {
            let mut number = String::new();
            lock.read_to_string(&mut number)?;
            Process::others(number.trim().parse().map_err(|_| ErrorKind::InvalidData)?)?
        }
        // Nobody listens any more.
        Err(Errno::CONNREFUSED | Errno::NOENT) => {
            let _ = remove_file(place.socket());
            let listener = socket()?;
            bind(&listener, &address)?;
            listen(&listener, WAITING)?;
            // Before it starts: if this program dies meanwhile the worker finds that out, and ends.
            connect(&own, &address)?;
            let mut command = command(program, listener);
            command.arg(SHARED).arg(&place.0).current_dir("/");
            let mut child =
                spawn(&mut command, program).inspect_err(|_| drop(remove_file(place.socket())))?;
            let number = child.id();
            if let Err(why) = lock.set_len(0).and_then(|()| write!(lock, "{number}")) {
                // Nobody could join it.
                let _ = (remove_file(place.socket()), child.kill(), child.wait());
                return Err(why);
            }
            // It outlives this program, or ends before it: then somebody has to hear of it.
            crate::thread::spawn("scumble-ended", move || drop(child.wait()))?;
            Process::others(number)?
        }
        Err(error) => return Err(error.into()),
    };
    is_own(&own)?;
    Ok((Socket::new(own), process))
}

fn socket() -> Result<Owned> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Whether the same user is at the other end.
fn is_own(socket: &Owned) -> Result<()> {
    match socket_peercred(socket)?.uid == geteuid() {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::PermissionDenied, "it is another user's")),
    }
}

/// The worker's side.
pub struct Listener {
    socket: Owned,
    place: Place,
}

impl Listener {
    /// What was handed over as the standard input, where the program's arguments say so.
    pub(super) fn handed(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> Option<Listener> {
        let place = arguments.next().filter(|first| first == SHARED).and_then(|_| arguments.next())?;
        let socket = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
        Some(Listener { socket, place: Place(place.into()) })
    }

    /// Waits until somebody wants to be let in.
    pub fn wait(&self) {
        let _ = poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], None);
    }

    /// Whether somebody does.
    fn is_waited_for(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&now)) != Ok(0)
    }

    /// The next one.
    ///
    /// # Errors
    /// Where it is another user's.
    pub fn accept(&self) -> Result<Socket> {
        let host = retry_on_intr(|| accept_with(&self.socket, SocketFlags::CLOEXEC))?;
        is_own(&host)?;
        Ok(Socket::new(host))
    }

    /// Ends this process, if `is_alone` and nobody has come meanwhile.
    pub fn leave_if(&self, is_alone: impl Fn() -> bool) {
        loop {
            // Nobody can come while it is locked.
            let lock = self.place.lock();
            if !is_alone() || self.is_waited_for() {
                return;
            }
            if !lock.is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
                let _ = remove_file(self.place.socket());
                super::leave();
            }
        }
    }
}
