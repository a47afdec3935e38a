//! A child process.

use std::ffi::{OsStr, OsString};
use std::io::Result;
use std::mem::size_of_val;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    FILETIME, HANDLE, HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_COMMITMENT_LIMIT,
    STATUS_NO_MEMORY, STATUS_STACK_BUFFER_OVERRUN, SetHandleInformation, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    BELOW_NORMAL_PRIORITY_CLASS, CREATE_NO_WINDOW, CreateProcessW, DeleteProcThreadAttributeList,
    EXTENDED_STARTUPINFO_PRESENT, GetExitCodeProcess, GetProcessTimes, InitializeProcThreadAttributeList,
    LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROCESS_INFORMATION,
    STARTF_USESTDHANDLES, STARTUPINFOEXW, TerminateProcess, UpdateProcThreadAttribute, WaitForSingleObject,
};

use super::{Owned, Socket, check};

/// How long is waited, in milliseconds, for a process that was ended: one that is inside a driver may take a moment.
const PATIENCE: u32 = 5000;
/// The exit code of a process that this one, or the task manager, has ended.
const ENDED: u32 = 1;

pub struct Process {
    process: Owned,
    id: u32,
    /// Ends the process when this one is no more, whatever it has died of.
    _job: Option<Owned>,
}

impl Process {
    /// Starts it with its end of the socket as its standard input: so it inherits that and nothing else. The socket learns
    /// whose it is.
    pub fn start(program: &Path, socket: &mut Socket, theirs: Owned) -> Result<Process> {
        // SAFETY: the handle lives. It is inherited by what is named in the list of a process alone, or asks for all.
        check(unsafe {
            SetHandleInformation(theirs.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
        })?;
        let handles = [theirs.as_raw_handle()];
        let mut inherited = Inherited::new(&handles)?;
        let mut startup = STARTUPINFOEXW::default();
        startup.StartupInfo.cb = size_of_val(&startup) as u32;
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        startup.StartupInfo.hStdInput = handles[0];
        startup.lpAttributeList = inherited.list();
        let (name, mut line) = (wide(program.as_os_str()), command_line(program));
        // Not suspended: if this process died before it had resumed it, that would be an orphan for good. Until it is in the
        // job it ends with the pipe.
        let flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW | BELOW_NORMAL_PRIORITY_CLASS;
        let mut made = PROCESS_INFORMATION::default();
        // SAFETY: both texts end with 0; the structure is one with a list, as the flags say, and the list lives.
        check(unsafe {
            CreateProcessW(
                name.as_ptr(),
                line.as_mut_ptr(),
                null(),
                null(),
                1,
                flags,
                null(),
                null(),
                (&raw const startup).cast(),
                &mut made,
            )
        })?;
        // SAFETY: both handles were made just now, for this function.
        let (process, _thread) =
            unsafe { (Owned::from_raw_handle(made.hProcess), Owned::from_raw_handle(made.hThread)) };
        let job = job(&process).inspect_err(|e| log::warn!("the renderer's process is in no job: {e}")).ok();
        socket.belongs_to(process.try_clone()?);
        Ok(Process { process, id: made.dwProcessId, _job: job })
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn is_shared(&self) -> bool {
        false
    }

    /// What it died of, as a part of a sentence; `None` while it lives.
    pub fn ended(&mut self) -> Result<Option<String>> {
        // SAFETY: the handle lives.
        if unsafe { WaitForSingleObject(self.handle(), 0) } != WAIT_OBJECT_0 {
            return Ok(None);
        }
        let mut code = 0;
        // SAFETY: the handle lives.
        check(unsafe { GetExitCodeProcess(self.handle(), &mut code) })?;
        Ok(Some(cause(code)))
    }

    /// The processor's time that all its threads have had.
    pub fn worked(&self) -> Option<Duration> {
        let [mut created, mut ended, mut system, mut user] = [FILETIME::default(); 4];
        // SAFETY: the handle lives, and so do the four.
        check(unsafe { GetProcessTimes(self.handle(), &mut created, &mut ended, &mut system, &mut user) })
            .ok()?;
        let time = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
        // In tenths of a microsecond.
        Some(Duration::from_micros((time(system) + time(user)) / 10))
    }

    /// Ends it, if nobody else has it.
    pub fn leave(&mut self) {
        self.end();
    }

    /// Ends it.
    pub fn end(&mut self) {
        // SAFETY: the handle lives; one that has ended already is none the worse.
        unsafe {
            TerminateProcess(self.handle(), ENDED);
            WaitForSingleObject(self.handle(), PATIENCE);
        }
    }

    fn handle(&self) -> HANDLE {
        self.process.as_raw_handle()
    }
}

/// A job that ends the process with its last handle, which is this process's, and shows nobody a window if it crashes.
fn job(process: &Owned) -> Result<Owned> {
    // SAFETY: no attributes, no name.
    let made = unsafe { CreateJobObjectW(null(), null()) };
    if made.is_null() {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the handle was made just now, for this function.
    let job = unsafe { Owned::from_raw_handle(made) };
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    let size = size_of_val(&limits) as u32;
    // SAFETY: the structure is the one of this class.
    check(unsafe {
        SetInformationJobObject(made, JobObjectExtendedLimitInformation, (&raw const limits).cast(), size)
    })?;
    // SAFETY: both handles live.
    check(unsafe { AssignProcessToJobObject(made, process.as_raw_handle()) })?;
    Ok(job)
}

/// The handles that a process inherits, and no other.
struct Inherited<'a> {
    /// As long as the system wants it, aligned for pointers.
    space: Vec<usize>,
    _handles: &'a [HANDLE],
}

impl<'a> Inherited<'a> {
    fn new(handles: &'a [HANDLE]) -> Result<Inherited<'a>> {
        let mut bytes = 0;
        // Fails, and tells how long a list of one is.
        // SAFETY: NULL asks for that.
        unsafe { InitializeProcThreadAttributeList(null_mut(), 1, 0, &mut bytes) };
        let mut space = vec![0usize; bytes.div_ceil(size_of::<usize>()).max(1)];
        // SAFETY: the space is as long as was asked for.
        check(unsafe { InitializeProcThreadAttributeList(space.as_mut_ptr().cast(), 1, 0, &mut bytes) })?;
        // From here on it is deleted when dropped.
        let mut inherited = Inherited { space, _handles: handles };
        let (which, size) = (PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize, size_of_val(handles));
        // SAFETY: the list is made, and the handles live as long as it does.
        check(unsafe {
            UpdateProcThreadAttribute(
                inherited.list(),
                0,
                which,
                handles.as_ptr().cast(),
                size,
                null_mut(),
                null(),
            )
        })?;
        Ok(inherited)
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.space.as_mut_ptr().cast()
    }
}

impl Drop for Inherited<'_> {
    fn drop(&mut self) {
        // SAFETY: the list was made.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

/// The program, in quotes, which no path has in it, and the host's process, so that a list of processes tells whose it is.
fn command_line(program: &Path) -> Vec<u16> {
    let mut line = OsString::from("\"");
    line.push(program);
    line.push(format!("\" {}", std::process::id()));
    wide(&line)
}

fn cause(code: u32) -> String {
    /// What abort() of the older C runtime ends with.
    const ABORT: u32 = 3;
    match (code, code as NTSTATUS) {
        (ENDED, _) => "exit code 1: somebody ended it".into(),
        (ABORT, _) | (_, STATUS_STACK_BUFFER_OVERRUN) => {
            format!("exit code {code:#x}: it gave up, as drivers and runtimes do")
        }
        (_, STATUS_ACCESS_VIOLATION) => format!("exit code {code:#x}: a fault in a driver or runtime"),
        (_, STATUS_NO_MEMORY | STATUS_COMMITMENT_LIMIT) => {
            format!("exit code {code:#x}: the memory was full")
        }
        _ => format!("exit code {code:#x}"),
    }
}
