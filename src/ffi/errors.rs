//! Exported functions that say what went wrong.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CStr, c_char};

use parking_lot::Mutex;

use super::abi::ScumbleSession;
use super::constants::*;
use super::guard::*;
use crate::error::{Error, Status};

/// Why the last failed call on a session failed.
#[derive(Default)]
pub struct Sentence(Mutex<String>);

impl Sentence {
    pub(super) fn keep(&self, why: &Error) {
        self.0.lock().clone_from(&why.message);
    }
}

/// Why the last failed call of this thread failed: a sentence for the user, in English, UTF-8. Never NULL; "" if
/// none has failed. Valid until the next failing call of this thread; calls that succeed leave it as it is. Where one
/// thread calls and another one asks (a thread pool, goroutines), `scumble_session_last_error` tells.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_last_error() -> *const c_char {
    last_error()
}

/// Copies why the last failed call on this session failed, whatever thread made it: the sentence of
/// `scumble_last_error`, "" if none has failed. At most `length` bytes are written, a NUL among them; a longer
/// sentence is cut.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_BUFFER (`length` is 0).
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_session_last_error(
    session: *const ScumbleSession,
    buffer: *mut c_char,
    length: usize,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let session = unsafe { reference(session, "session") }?;
        check_out(buffer, "buffer")?;
        unsafe { write_text(&session.last_error.0.lock(), buffer, length) }?;
        Ok(SCUMBLE_OK)
    })
}

/// What a status means, in a few words of English for a log, e.g. "out of memory"; also for a number that this
/// library does not know. Never NULL, valid for good. For the user, `scumble_last_error` says more.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_status_text(status: i32) -> *const c_char {
    status_text(status).as_ptr()
}

fn status_text(status: i32) -> &'static CStr {
    match status {
        SCUMBLE_OK => c"done",
        SCUMBLE_UNCHANGED => c"nothing has changed",
        SCUMBLE_NO_FRAME => c"no newer frame",
        SCUMBLE_LOADING => c"the model is being loaded",
        SCUMBLE_TIMEOUT => c"the time was up",
        SCUMBLE_END => c"nothing further",
        SCUMBLE_ERROR_NULL => c"a required pointer is NULL",
        SCUMBLE_ERROR_STRUCT_SIZE => c"a struct has a wrong size",
        SCUMBLE_ERROR_TEXT => c"a text is not UTF-8, or too long",
        SCUMBLE_ERROR_RECT => c"a rectangle or canvas has a wrong size or place",
        SCUMBLE_ERROR_BUFFER => c"a buffer is too short",
        SCUMBLE_ERROR_FORMAT => c"unknown pixel format",
        SCUMBLE_ERROR_SETTING => c"a setting is out of range",
        SCUMBLE_ERROR_INTERNAL => c"the library failed inside",
        SCUMBLE_ERROR_RUNTIME => c"ONNX Runtime is missing or too old",
        SCUMBLE_ERROR_DEVICE => c"the device is not there",
        SCUMBLE_ERROR_MODEL_MISSING => c"the model is missing",
        SCUMBLE_ERROR_MODEL_BROKEN => c"the model is broken",
        SCUMBLE_ERROR_MODEL_UNSUPPORTED => c"the model is of an unknown kind",
        SCUMBLE_ERROR_INFERENCE => c"the model failed while it ran",
        SCUMBLE_ERROR_WORKER => c"the engine's own process does not start",
        SCUMBLE_ERROR_WORKER_DIED => c"the engine's own process ended",
        SCUMBLE_ERROR_NETWORK => c"the network does not answer as it should",
        SCUMBLE_ERROR_ACCESS => c"terms or an access token are missing",
        SCUMBLE_ERROR_DISK => c"the disk is full or refuses a file",
        SCUMBLE_ERROR_DOWNLOAD => c"it cannot be got",
        SCUMBLE_ERROR_MEMORY => c"out of memory",
        other if other < 0 => c"unknown error",
        _ => c"nothing wrong, but nothing done",
    }
}

/// Writes a text with its NUL, cut between two characters where there is too little room.
///
/// # Safety
/// `buffer` is not NULL and writable for `length` bytes.
pub(super) unsafe fn write_text(text: &str, buffer: *mut c_char, length: usize) -> Result<(), Error> {
    let Some(room) = length.checked_sub(1) else {
        return Err(Error::new(
            Status::Buffer,
            "The host gave a buffer of 0 bytes for a text; one byte is needed for its end alone.",
        ));
    };
    let text = c_string(text);
    let bytes = text.to_bytes();
    let mut count = bytes.len().min(room);
    // Bytes 10xxxxxx go on with a character that began before them.
    while count > 0 && bytes.get(count).is_some_and(|byte| byte & 0xC0 == 0x80) {
        count -= 1;
    }
    // SAFETY: `count` is below `length`, and the text has as many bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), count);
        buffer.add(count).write(0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_text_of_its_own() {
        let numbers = (-15..=5).chain(-22..=-17);
        let mut all: Vec<_> = numbers.map(status_text).collect();
        assert_eq!(all.iter().filter(|text| text.to_bytes().starts_with(b"unknown error")).count(), 0);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 27);
        assert_eq!(
            (status_text(-99), status_text(99)),
            (c"unknown error", c"nothing wrong, but nothing done")
        );
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        for (length, cut) in [(1, ""), (2, "a"), (3, "a"), (4, "aö"), (5, "aöb"), (9, "aöb")] {
            let mut buffer = [0x7F as c_char; 12];
            // SAFETY: the buffer is longer than is said.
            unsafe { write_text("aöb", buffer.as_mut_ptr(), length) }.unwrap();
            // SAFETY: it was ended just now.
            assert_eq!(unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str(), Ok(cut), "{length}");
            assert!(buffer[cut.len() + 1..].iter().all(|byte| *byte == 0x7F));
        }
        // SAFETY: nothing is written.
        let none = unsafe { write_text("a", [0; 1].as_mut_ptr(), 0) };
        assert_eq!(none.map_err(|e| e.status), Err(Status::Buffer));
    }
}
