//! Both ends of a named pipe that keeps messages apart. It has room for one at each end, both are opened here, and so
//! nobody else ever can, whoever should find out its name.
//!
//! Handles cannot travel through a pipe: each message ends with the number of one, which the host, who may, makes in the
//! other process or takes from there.

use std::io::{Error, ErrorKind, Result};
use std::os::windows::io::{AsRawHandle, FromRawHandle, RawHandle};
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    DuplicateHandle, ERROR_BROKEN_PIPE, ERROR_IO_INCOMPLETE, ERROR_IO_PENDING, ERROR_NO_DATA,
    ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, GENERIC_READ, GENERIC_WRITE, HANDLE,
    INVALID_HANDLE_VALUE, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, PIPE_ACCESS_DUPLEX,
    ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT, WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResultEx, OVERLAPPED};
use windows_sys::Win32::System::Memory::FILE_MAP_READ;
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, GetNamedPipeInfo, PIPE_READMODE_MESSAGE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_MESSAGE,
    SetNamedPipeHandleState,
};
use windows_sys::Win32::System::Threading::{CreateEventW, GetCurrentProcess, INFINITE, WaitForSingleObject};

use super::{Borrowed, Owned, check};
use crate::remote::socket::{LONGEST, Received};

/// The number of a handle, at the end of each message; 0 is none.
const HANDLE_BYTES: usize = size_of::<u64>();
/// Bytes that may lie in the pipe in each direction.
const ROOM: u32 = 256 << 10;

pub struct Socket {
    pipe: Owned,
    /// The worker's process, at the host's end.
    worker: Option<Owned>,
}

impl Socket {
    /// This side's, and the other's to hand to its process.
    pub fn pair() -> Result<(Socket, Owned)> {
        let name = fresh_name();
        let mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS;
        let access = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE;
        // SAFETY: the name ends with 0.
        let pipe = unsafe { CreateNamedPipeW(name.as_ptr(), access, mode, 1, ROOM, ROOM, 0, null()) };
        let pipe = owned(pipe)?;
        let (access, flags) = (
            GENERIC_READ | GENERIC_WRITE,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
        );
        // SAFETY: the name ends with 0.
        let theirs =
            unsafe { CreateFileW(name.as_ptr(), access, 0, null(), OPEN_EXISTING, flags, null_mut()) };
        let theirs = owned(theirs)?;
        // SAFETY: the handle lives.
        check(unsafe {
            SetNamedPipeHandleState(theirs.as_raw_handle(), &PIPE_READMODE_MESSAGE, null(), null())
        })?;
        Ok((Socket { pipe, worker: None }, theirs))
    }

    #[cfg(test)]
    pub fn both() -> Result<(Socket, Socket)> {
        let (mut own, other) = Socket::pair()?;
        // SAFETY: a constant that means this process; made a handle of its own with the clone.
        let here = unsafe { std::os::windows::io::BorrowedHandle::borrow_raw(GetCurrentProcess()) };
        own.belongs_to(here.try_clone_to_owned()?);
        Ok((own, Socket::new(other)?))
    }

    /// One that was handed over.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn new(own: Owned) -> Result<Socket> {
        let mut flags = 0;
        // SAFETY: the handle lives; what is not to be told is NULL.
        check(unsafe {
            GetNamedPipeInfo(own.as_raw_handle(), &mut flags, null_mut(), null_mut(), null_mut())
        })?;
        if flags & PIPE_TYPE_MESSAGE == 0 {
            return Err(ErrorKind::InvalidInput.into());
        }
        Ok(Socket { pipe: own, worker: None })
    }

    /// The process that has the other end.
    pub fn belongs_to(&mut self, worker: Owned) {
        self.worker = Some(worker);
    }

    /// Ends the conversation: at this, the worker's end, with the process, whose only one it is.
    pub fn close(&self) {
        super::leave();
    }

    /// Nothing, at the host's end: no other process has it, and it closes when it is dropped.
    pub fn hang_up(&self) {}

    /// Waits while the other side has no room.
    pub fn send(&self, message: &[u8], memory: Option<Borrowed<'_>>) -> Result<()> {
        self.send_within(message, memory, INFINITE)
    }

    /// Never waits: an error while the other side has no room.
    pub fn send_now(&self, message: &[u8], memory: Option<Borrowed<'_>>) -> Result<()> {
        self.send_within(message, memory, 0)
    }

    fn send_within(&self, message: &[u8], memory: Option<Borrowed<'_>>, patience: u32) -> Result<()> {
        if message.len() + HANDLE_BYTES > LONGEST {
            return Err(ErrorKind::InvalidInput.into());
        }
        let number = memory.map_or(Ok(0), |memory| self.for_the_other(memory))?;
        let bytes = [message, &number.to_le_bytes()].concat();
        let mut operation = Operation::new()?;
        // SAFETY: the bytes live until the operation has ended, which `within` waits for.
        let begun = unsafe {
            WriteFile(self.handle(), bytes.as_ptr(), bytes.len() as u32, null_mut(), &mut operation.state)
        };
        match operation.within(self.handle(), begun, patience)? {
            Some(_) => Ok(()),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// The next message; `patience` `None` waits for good. `buffer` has [`LONGEST`] bytes.
    pub fn receive(&self, buffer: &mut [u8], patience: Option<Duration>) -> Result<Received> {
        let milliseconds = |time: Duration| time.as_millis().min(u128::from(INFINITE - 1)) as u32;
        let patience = patience.map_or(INFINITE, milliseconds);
        let mut operation = Operation::new()?;
        // SAFETY: the buffer lives until the operation has ended, which `within` waits for.
        let begun = unsafe {
            ReadFile(
                self.handle(),
                buffer.as_mut_ptr(),
                buffer.len() as u32,
                null_mut(),
                &mut operation.state,
            )
        };
        match operation.within(self.handle(), begun, patience) {
            Ok(Some(length)) => {
                let end = length.checked_sub(HANDLE_BYTES).ok_or(ErrorKind::InvalidData)?;
                let number = buffer[end..length].try_into().map_err(|_| ErrorKind::InvalidData)?;
                Ok(Received::Message(end, self.from_the_other(u64::from_le_bytes(number))?))
            }
            Ok(None) if self.is_alone() => Ok(Received::Gone),
            Ok(None) => Ok(Received::Nothing),
            Err(error) if is_gone(&error) => Ok(Received::Gone),
            Err(error) => Err(error),
        }
    }

    fn handle(&self) -> HANDLE {
        self.pipe.as_raw_handle()
    }

    /// Whether the worker has ended, though some other process may have its end of the pipe: one that the host has started
    /// in the same moment, and that inherits all.
    fn is_alone(&self) -> bool {
        // SAFETY: the handle lives.
        let ended =
            |worker: &Owned| unsafe { WaitForSingleObject(worker.as_raw_handle(), 0) } == WAIT_OBJECT_0;
        self.worker.as_ref().is_some_and(ended)
    }

    /// The number under which the other side knows `memory`.
    fn for_the_other(&self, memory: Borrowed<'_>) -> Result<u64> {
        let own = memory.as_raw_handle();
        let theirs = match &self.worker {
            // SAFETY: handles that live, and a constant that means this process.
            Some(worker) => unsafe { duplicate(GetCurrentProcess(), own, worker.as_raw_handle())? },
            // The host takes it.
            None => own,
        };
        Ok(theirs as usize as u64)
    }

    /// The memory that the other side has named.
    fn from_the_other(&self, number: u64) -> Result<Option<Owned>> {
        let theirs = match usize::try_from(number) {
            Ok(0) => return Ok(None),
            Ok(number) => number as RawHandle,
            Err(_) => return Err(ErrorKind::InvalidData.into()),
        };
        let own = match &self.worker {
            // SAFETY: a process that lives, and a constant that means this one; a number that is no handle there is an error.
            Some(worker) => unsafe { duplicate(worker.as_raw_handle(), theirs, GetCurrentProcess())? },
            // The host has made it for this process.
            None => theirs,
        };
        // SAFETY: nobody else has it.
        Ok(Some(unsafe { Owned::from_raw_handle(own) }))
    }
}

/// A mapping's handle in one process, made in another, to read alone.
///
/// # Safety
/// Both processes are handles that live, or the constant for this one.
unsafe fn duplicate(from: HANDLE, mapping: HANDLE, to: HANDLE) -> Result<HANDLE> {
    let mut made = null_mut();
    // SAFETY: as the caller promised.
    check(unsafe { DuplicateHandle(from, mapping, to, &mut made, FILE_MAP_READ, 0, 0) })?;
    Ok(made)
}

/// One reading or writing.
struct Operation {
    state: OVERLAPPED,
    /// Set when it has ended; several may be under way at one pipe.
    _ended: Owned,
}

impl Operation {
    fn new() -> Result<Operation> {
        // SAFETY: no attributes, no name.
        let ended = owned(unsafe { CreateEventW(null(), 1, 0, null()) })?;
        Ok(Operation {
            state: OVERLAPPED { hEvent: ended.as_raw_handle(), ..Default::default() },
            _ended: ended,
        })
    }

    /// How many bytes it has moved; `None` where it had not ended in time, and was taken back. When this returns, it has
    /// ended either way.
    fn within(&self, pipe: HANDLE, begun: i32, patience: u32) -> Result<Option<usize>> {
        if begun == 0 {
            let error = Error::last_os_error();
            if !is(&error, &[ERROR_IO_PENDING]) {
                return Err(error);
            }
        }
        let error = match self.result(pipe, patience) {
            Ok(moved) => return Ok(Some(moved)),
            Err(error) => error,
        };
        if !is(&error, &[ERROR_IO_INCOMPLETE, WAIT_TIMEOUT]) {
            return Err(error);
        }
        // SAFETY: the handle lives, and so does the operation.
        unsafe { CancelIoEx(pipe, &self.state) };
        // It may have ended in the last moment.
        match self.result(pipe, INFINITE) {
            Ok(moved) => Ok(Some(moved)),
            Err(error) if is(&error, &[ERROR_OPERATION_ABORTED]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn result(&self, pipe: HANDLE, patience: u32) -> Result<usize> {
        let mut moved = 0;
        // SAFETY: the handle lives, and so does the operation.
        check(unsafe { GetOverlappedResultEx(pipe, &self.state, &mut moved, patience, 0) })?;
        Ok(moved as usize)
    }
}

fn is(error: &Error, codes: &[u32]) -> bool {
    error.raw_os_error().is_some_and(|own| codes.contains(&(own as u32)))
}

fn is_gone(error: &Error) -> bool {
    is(error, &[ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED, ERROR_NO_DATA])
}

/// What a call has made that answers with a handle, or why not.
fn owned(made: HANDLE) -> Result<Owned> {
    if made.is_null() || made == INVALID_HANDLE_VALUE {
        return Err(Error::last_os_error());
    }
    // SAFETY: the handle was made just now, for the caller.
    Ok(unsafe { Owned::from_raw_handle(made) })
}

/// A name that no other pipe has, as the system wants it. It need not be a secret.
fn fresh_name() -> Vec<u16> {
    use std::hash::{BuildHasher, RandomState};
    let (process, random) = (std::process::id(), RandomState::new().hash_one(std::time::Instant::now()));
    let name = format!(r"\\.\pipe\scumble-{process}-{random:016x}");
    name.encode_utf16().chain([0]).collect()
}
