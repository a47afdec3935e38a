//! An event that is set as soon as there is something to poll.

use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

use crate::error::{Error, Result, Status};

/// A manual-reset event: it stays set until the host polls, as a descriptor stays readable, however many wait for it.
pub struct Wake(OwnedHandle);

impl Wake {
    /// Rung already: the host looks once at what was there before.
    ///
    /// # Errors
    /// [`Status::Memory`] where the system has no events left.
    pub fn new() -> Result<Wake> {
        const MANUAL_RESET: i32 = 1;
        const SET: i32 = 1;
        // SAFETY: no attributes, no name: an event of this process alone, which no child inherits.
        let event = unsafe { CreateEventW(std::ptr::null(), MANUAL_RESET, SET, std::ptr::null()) };
        if event.is_null() {
            let told = format!(
                "The system gives no event to wait for ({}); close something, or poll from a timer.",
                std::io::Error::last_os_error()
            );
            return Err(Error::new(Status::Memory, told));
        }
        // SAFETY: the event is this function's alone.
        Ok(Wake(unsafe { OwnedHandle::from_raw_handle(event) }))
    }

    /// Never waits: where it is set, it stays so.
    pub fn ring(&self) {
        // SAFETY: the event lives as long as `self`.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    /// Until it is rung again. Before one looks, so that what comes meanwhile is not missed.
    pub fn hush(&self) {
        // SAFETY: the event lives as long as `self`.
        unsafe { ResetEvent(self.0.as_raw_handle()) };
    }

    /// # Errors
    /// [`Status::Setting`]: descriptors are of Unix.
    pub fn descriptor(&self) -> Result<i32> {
        Err(Error::setting(
            "There is no descriptor to wait at on Windows; wait for the event that scumble_session_wake_event tells.",
        ))
    }

    /// For WaitForSingleObject and the like.
    ///
    /// # Errors
    /// None here.
    pub fn event(&self) -> Result<*mut c_void> {
        Ok(self.0.as_raw_handle())
    }
}
