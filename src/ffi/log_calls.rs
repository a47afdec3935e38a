//! Exported functions of the library's log.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::ffi::c_char;

use super::constants::*;
use super::errors::write_text;
use super::guard::*;
use crate::error::Error;
use crate::journal;

/// Chooses what the library's log keeps from now on: SCUMBLE_LOG_* and what is worse; 0 = nothing. It begins with
/// the first call of this function, of `scumble_engine_create` or of `scumble_download_start`, with warnings and errors (ONNX
/// Runtime's among them). The log is the process's: all hosts in it share it.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_SETTING.
/// [any-thread]
#[unsafe(no_mangle)]
pub extern "C" fn scumble_log_level(level: u32) -> i32 {
    guard(|| {
        let filter = match level {
            0 => log::LevelFilter::Off,
            SCUMBLE_LOG_ERROR => log::LevelFilter::Error,
            SCUMBLE_LOG_WARNING => log::LevelFilter::Warn,
            SCUMBLE_LOG_INFO => log::LevelFilter::Info,
            SCUMBLE_LOG_DEBUG => log::LevelFilter::Debug,
            other => {
                return Err(Error::setting(format!(
                    "There is no log level {other}; use one of SCUMBLE_LOG_*."
                )));
            }
        };
        journal::begin();
        log::set_max_level(filter);
        Ok(SCUMBLE_OK)
    })
}

/// Copies the next line of the log behind line `*number` (0 at first), and sets `*number` to its number and `*level`
/// (may be NULL) to one of SCUMBLE_LOG_*. The newest 256 lines are kept, also for other readers: a gap in the numbers
/// tells that some were lost. At most `length` bytes are written, a NUL among them; 1001 hold any line.
/// Returns SCUMBLE_OK, SCUMBLE_END (no newer line), SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_BUFFER (`length` is 0).
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_log_read(
    number: *mut u64,
    level: *mut u32,
    buffer: *mut c_char,
    length: usize,
) -> i32 {
    guard(|| {
        check_out(number, "number")?;
        check_out(buffer, "buffer")?;
        // SAFETY: not NULL, as the caller promised, here and below.
        let Some(line) = journal::after(unsafe { number.read_unaligned() }) else { return Ok(SCUMBLE_END) };
        unsafe { write_text(&line.text, buffer, length) }?;
        unsafe { write_out(number, line.number) };
        if !level.is_null() {
            let told = match line.level {
                log::Level::Error => SCUMBLE_LOG_ERROR,
                log::Level::Warn => SCUMBLE_LOG_WARNING,
                log::Level::Info => SCUMBLE_LOG_INFO,
                log::Level::Debug | log::Level::Trace => SCUMBLE_LOG_DEBUG,
            };
            unsafe { write_out(level, told) };
        }
        Ok(SCUMBLE_OK)
    })
}
