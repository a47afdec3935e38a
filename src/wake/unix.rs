//! A descriptor that is readable as soon as there is something to poll.

use std::ffi::c_void;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use crate::error::{Error, Result, Status};

pub struct Wake {
    ours: UnixStream,
    hosts: UnixStream,
}

impl Wake {
    /// Rung already: the host looks once at what was there before.
    ///
    /// # Errors
    /// [`Status::Memory`] where the system has no descriptors left.
    pub fn new() -> Result<Wake> {
        let made = || {
            let (ours, hosts) = UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            hosts.set_nonblocking(true)?;
            std::io::Result::Ok(Wake { ours, hosts })
        };
        let wake = made().map_err(|e| {
            let told = format!(
                "The system gives no descriptor to wait at ({e}); close something, or poll from a timer."
            );
            Error::new(Status::Memory, told)
        })?;
        wake.ring();
        Ok(wake)
    }

    /// Never waits: where it is full, it is rung.
    pub fn ring(&self) {
        let _ = (&self.ours).write(&[1]);
    }

    /// Until it is rung again. Before one looks, so that what comes meanwhile is not missed.
    pub fn hush(&self) {
        let mut rung = [0; 64];
        while (&self.hosts).read(&mut rung).is_ok_and(|read| read == rung.len()) {}
    }

    /// For poll, epoll, kqueue and the like.
    ///
    /// # Errors
    /// None here.
    pub fn descriptor(&self) -> Result<i32> {
        Ok(self.hosts.as_raw_fd())
    }

    /// # Errors
    /// [`Status::Setting`]: events are of Windows.
    pub fn event(&self) -> Result<*mut c_void> {
        Err(Error::setting(
            "There is no event to wait for on this system; wait at the descriptor that scumble_session_wake_fd tells.",
        ))
    }
}
