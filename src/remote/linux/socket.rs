//! A pair of sockets.

use std::io::{IoSlice, IoSliceMut, Result};
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketFlags, SocketType, recvmsg, sendmsg, shutdown,
    socketpair,
};

use super::{Borrowed, Owned};
use crate::remote::socket::{LONGEST, Received};

pub struct Socket(Owned);

impl Socket {
    /// This side's, and the other's to hand to its process.
    pub fn pair() -> Result<(Socket, Owned)> {
        let flags = SocketFlags::CLOEXEC;
        let (own, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Socket(own), other))
    }

    #[cfg(test)]
    pub fn both() -> Result<(Socket, Socket)> {
        let (own, other) = Socket::pair()?;
        Ok((own, Socket(other)))
    }

    /// One that was handed over.
    pub fn new(own: Owned) -> Socket {
        Socket(own)
    }

    /// Ends the conversation, on both sides.
    pub fn close(&self) {
        let _ = shutdown(&self.0, Shutdown::Both);
    }

    /// Ends the conversation where this side has finished with it, whoever else has this end.
    pub fn hang_up(&self) {
        self.close();
    }

    /// Waits while the other side has no room.
    pub fn send(&self, message: &[u8], file: Option<Borrowed<'_>>) -> Result<()> {
        self.send_with(message, file, SendFlags::NOSIGNAL)
    }

    /// Never waits: an error while the other side has no room.
    pub fn send_now(&self, message: &[u8], file: Option<Borrowed<'_>>) -> Result<()> {
        self.send_with(message, file, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    fn send_with(&self, message: &[u8], file: Option<Borrowed<'_>>, flags: SendFlags) -> Result<()> {
        if message.len() > LONGEST {
            return Err(Errno::MSGSIZE.into());
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let files = file.map(|file| [file]);
        if let Some(files) = &files {
            control.push(SendAncillaryMessage::ScmRights(files));
        }
        let parts = [IoSlice::new(message)];
        retry_on_intr(|| sendmsg(&self.0, &parts, &mut control, flags))?;
        Ok(())
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
                Err(error) => return Err(error.into()),
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
            return Err(Errno::MSGSIZE.into());
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
