//! A socket between two processes that keeps messages apart and can carry a file.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// Longest message, in bytes; what is longer goes through shared memory.
pub const LONGEST: usize = 32 << 10;

pub struct Socket(OwnedFd);

pub enum Received {
    /// So many bytes of the buffer, and a file.
    Message(usize, Option<OwnedFd>),
    /// Nothing has come in time.
    Nothing,
    /// The other side is no more.
    Gone,
}

impl Socket {
    /// This side's, and the other's to hand to its process.
    pub fn pair() -> Result<(Socket, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC;
        let (own, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Socket(own), other))
    }

    /// One that was handed over.
    pub fn new(own: OwnedFd) -> Socket {
        Socket(own)
    }

    /// Waits while the other side has no room.
    pub fn send(&self, message: &[u8], file: Option<BorrowedFd<'_>>) -> Result<()> {
        self.send_with(message, file, SendFlags::NOSIGNAL)
    }

    /// Never waits: fails with [`Errno::AGAIN`] while the other side has no room.
    pub fn send_now(&self, message: &[u8], file: Option<BorrowedFd<'_>>) -> Result<()> {
        self.send_with(message, file, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    fn send_with(&self, message: &[u8], file: Option<BorrowedFd<'_>>, flags: SendFlags) -> Result<()> {
        if message.len() > LONGEST {
            return Err(Errno::MSGSIZE);
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let files = file.map(|file| [file]);
        if let Some(files) = &files {
            control.push(SendAncillaryMessage::ScmRights(files));
        }
        let parts = [IoSlice::new(message)];
        retry_on_intr(|| sendmsg(&self.0, &parts, &mut control, flags)).map(drop)
    }

    /// The next message; `patience` `None` waits for good. `buffer` has [`LONGEST`] bytes.
    pub fn receive(&self, buffer: &mut [u8], patience: Option<Duration>) -> Result<Received> {
        if let Some(patience) = patience {
            let time =
                Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
            let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut ready, Some(&time)) {
                Ok(0) | Err(Errno::INTR) => return Ok(Received::Nothing),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(buffer)];
        let got = retry_on_intr(|| recvmsg(&self.0, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC));
        let got = match got {
            Err(Errno::CONNRESET | Errno::PIPE) => return Ok(Received::Gone),
            got => got?,
        };
        if got.flags.contains(ReturnFlags::TRUNC) {
            return Err(Errno::MSGSIZE);
        }
        let mut file = None;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(mut files) = message {
                file = files.next();
            }
        }
        Ok(if got.bytes == 0 { Received::Gone } else { Received::Message(got.bytes, file) })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_apart_and_carry_files() {
        let (near, far) = Socket::pair().unwrap();
        let far = Socket::new(far);
        let mut buffer = vec![0; LONGEST];
        let now = Some(Duration::ZERO);
        assert!(matches!(near.receive(&mut buffer, now).unwrap(), Received::Nothing));
        far.send(b"one", None).unwrap();
        far.send_now(b"three", Some(far.as_fd())).unwrap();
        assert!(matches!(near.receive(&mut buffer, now).unwrap(), Received::Message(3, None)));
        assert!(matches!(near.receive(&mut buffer, now).unwrap(), Received::Message(5, Some(_))));
        assert_eq!(far.send(&vec![0; LONGEST + 1], None), Err(Errno::MSGSIZE));
        drop(far);
        assert!(matches!(near.receive(&mut buffer, None).unwrap(), Received::Gone));
        assert!(near.send_now(b"x", None).is_err());
    }

    #[test]
    fn who_does_not_read_holds_nobody_up() {
        let (near, _far) = Socket::pair().unwrap();
        let sent = (0..1_000_000).find(|_| near.send_now(&[0; 64], None).is_err());
        assert!(sent.is_some_and(|sent| sent > 100), "{sent:?}");
    }
}
