//! What stands between C and the engine: panics, NULL, struct sizes, strings, the last error.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::constants::SCUMBLE_OK;
use super::layout::Sized32;
use crate::error::{Error, Result, Status};
use crate::job::MAX_TEXT;
use crate::leaving;

/// A struct may grow, but not beyond reason: a larger `struct_size` is a caller's mistake.
const MAX_STRUCT: usize = 4096;

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::new(CString::default());
}

/// Runs the body of one exported function: a panic or an error becomes a status and a sentence.
pub(super) fn guard(body: impl FnOnce() -> Result<i32>) -> i32 {
    guard_or(|_| (), body)
}

/// The same; `on_panic` closes what must not be used again.
pub(super) fn guard_or(on_panic: impl FnOnce(Error), body: impl FnOnce() -> Result<i32>) -> i32 {
    leaving::come_first_from_here();
    let error = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => return status,
        Ok(Err(error)) => error,
        Err(panic) => {
            let error = Error::new(
                Status::Internal,
                format!(
                    "The engine failed inside ({}); make a new live layer to go on.",
                    panic_text(&*panic)
                ),
            );
            // Closing the session may meet the same trouble; it must not leave this function either.
            let _ = catch_unwind(AssertUnwindSafe(|| on_panic(error.clone())));
            error
        }
    };
    set_last_error(&error.message);
    error.status as i32
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

fn set_last_error(message: &str) {
    let text = c_string(message);
    // A thread that is ending has no last error any more.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = text);
}

/// Text for C: cut at a NUL, which no message has.
pub(super) fn c_string(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().take_while(|b| *b != 0).collect();
    CString::new(bytes).unwrap_or_default()
}

pub(super) fn last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

fn null(what: &str) -> Error {
    Error::new(Status::NullPointer, format!("The host passed NULL for `{what}`, which must be given."))
}

/// # Safety
/// `pointer` is NULL or points to a live `T` that nothing changes during `'a`.
pub(super) unsafe fn reference<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: as promised by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// Writes an output; called on success alone.
///
/// # Safety
/// `pointer` is writable for a `T` (checked for NULL by [`check_out`]).
pub(super) unsafe fn write_out<T>(pointer: *mut T, value: T) {
    // SAFETY: as promised by the caller; unaligned pointers are allowed for.
    unsafe { pointer.write_unaligned(value) };
}

pub(super) fn check_out<T>(pointer: *mut T, what: &str) -> Result<()> {
    if pointer.is_null() { Err(null(what)) } else { Ok(()) }
}

/// A string of the host as UTF-8; NULL is `None`.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string.
pub(super) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised by the caller.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    if bytes.len() > MAX_TEXT {
        return Err(Error::new(
            Status::Text,
            format!("The {what} has {} bytes, and at most {MAX_TEXT} are taken; shorten it.", bytes.len()),
        ));
    }
    std::str::from_utf8(bytes).map(Some).map_err(|e| {
        Error::new(
            Status::Text,
            format!("The {what} is not valid UTF-8 at byte {}; the host must convert it.", e.valid_up_to()),
        )
    })
}

/// The same as a file or folder, which stays the one that it is now wherever the program is when it is opened.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn path(pointer: *const c_char, what: &str) -> Result<Option<PathBuf>> {
    // SAFETY: as promised by the caller.
    let said = unsafe { text(pointer, what) }?;
    Ok(said.map(|said| std::path::absolute(said).unwrap_or_else(|_| said.into())))
}

/// Reads a caller's struct: fields that an older caller lacks have their initial values; the tail that a newer
/// caller's struct has beyond ours must be zero.
///
/// # Safety
/// `pointer` is NULL or readable for as many bytes as its first `u32` says (at least four).
pub(super) unsafe fn read_struct<T: Sized32>(pointer: *const T, what: &str) -> Result<T> {
    // SAFETY: as promised by the caller.
    let size = unsafe { struct_size(pointer, what) }?;
    let mut value = T::initial();
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are readable and fit; any bit pattern is a `T` (Sized32).
    unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut value).cast::<u8>(), known) };
    for offset in known..size {
        // SAFETY: below `size`, which the caller says is readable.
        if unsafe { pointer.cast::<u8>().add(offset).read() } != 0 {
            return Err(Error::new(
                Status::StructSize,
                format!(
                    "The host uses fields of {} that this version of Scumble does not know; update Scumble.",
                    T::name()
                ),
            ));
        }
    }
    Ok(value)
}

/// Fills a caller's struct as far as the caller knows it; its `struct_size` stays.
///
/// # Safety
/// `pointer` is NULL or writable for as many bytes as its first `u32` says (at least four).
pub(super) unsafe fn write_struct<T: Sized32>(pointer: *mut T, value: T, what: &str) -> Result<()> {
    // SAFETY: as promised by the caller.
    let size = unsafe { struct_size(pointer, what) }?;
    let known = size.min(size_of::<T>()) - size_of::<u32>();
    // SAFETY: `known` bytes beyond the size are writable and lie inside `value`.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (&raw const value).cast::<u8>().add(size_of::<u32>()),
            pointer.cast::<u8>().add(size_of::<u32>()),
            known,
        );
    }
    Ok(())
}

/// Reads and checks `struct_size`.
unsafe fn struct_size<T: Sized32>(pointer: *const T, what: &str) -> Result<usize> {
    if pointer.is_null() {
        return Err(null(what));
    }
    // SAFETY: the caller says that at least four bytes are readable.
    let size = unsafe { pointer.cast::<u32>().read_unaligned() } as usize;
    check_size::<T>(size)
}

fn check_size<T: Sized32>(size: usize) -> Result<usize> {
    if !(T::FIRST_SIZE..=MAX_STRUCT).contains(&size) {
        return Err(Error::new(
            Status::StructSize,
            format!(
                "The host says that its {} has {size} bytes, but it has {} or more; the host must call its _init \
                 function first.",
                T::name(),
                T::FIRST_SIZE
            ),
        ));
    }
    Ok(size)
}

/// What every `_init` function does. The caller says how long its struct is: an older caller's may be shorter
/// than ours and must not be overrun, a newer one's longer, and its tail must be zero.
///
/// # Safety
/// `pointer` is NULL or writable for `size` bytes.
pub(super) unsafe fn init<T: Sized32>(pointer: *mut T, size: usize, what: &str) -> i32 {
    guard(|| {
        check_out(pointer, what)?;
        let size = check_size::<T>(size)?;
        let initial = T::initial();
        let known = size.min(size_of::<T>());
        // SAFETY: not NULL, writable for `size` bytes as promised by the caller; `known` lie inside `initial`.
        unsafe {
            pointer.cast::<u8>().write_bytes(0, size);
            std::ptr::copy_nonoverlapping((&raw const initial).cast(), pointer.cast::<u8>(), known);
            pointer.cast::<u32>().write_unaligned(size as u32);
        }
        Ok(SCUMBLE_OK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::abi::{ScumbleEngineInfo, ScumbleParams, ScumbleStats};

    fn message() -> String {
        // SAFETY: the pointer is of this thread and nothing failed since.
        unsafe { CStr::from_ptr(last_error()) }.to_string_lossy().into_owned()
    }

    #[test]
    fn a_panic_becomes_a_status_and_closes_the_session() {
        let mut closed = None;
        let status = guard_or(|why| closed = Some(why), || panic!("out of paint"));
        assert_eq!(status, Status::Internal as i32);
        assert!(message().contains("out of paint"));
        assert_eq!(closed.map(|e| e.status), Some(Status::Internal));
        assert_eq!(guard_or(|_| panic!("twice"), || panic!("once")), Status::Internal as i32);
    }

    #[test]
    fn structs_may_be_longer_with_a_zero_tail_and_never_shorter() {
        let (size, first) = (size_of::<ScumbleParams>(), ScumbleParams::FIRST_SIZE);
        let mut bytes = vec![0u8; size + 16];
        let read = |bytes: &[u8]| {
            // SAFETY: the buffer is longer than any size written below.
            unsafe { read_struct(bytes.as_ptr().cast::<ScumbleParams>(), "params") }.map_err(|e| e.status)
        };
        for (said, ok) in
            [(size, true), (size + 16, true), (first, true), (first - 1, false), (0, false), (5000, false)]
        {
            bytes[..4].copy_from_slice(&(said as u32).to_ne_bytes());
            assert_eq!(read(&bytes).is_ok(), ok, "{said}");
        }
        bytes[..4].copy_from_slice(&((size + 16) as u32).to_ne_bytes());
        bytes[size + 7] = 1;
        assert_eq!(read(&bytes).err(), Some(Status::StructSize));
    }

    #[test]
    fn init_writes_what_the_caller_has_and_zeroes_the_tail_of_a_newer_one() {
        let size = size_of::<ScumbleParams>();
        let mut bytes = vec![0xAAu8; size + 24];
        // SAFETY: the buffer is as long as is said, and longer.
        let status = unsafe { init(bytes.as_mut_ptr().cast::<ScumbleParams>(), size + 16, "params") };
        assert_eq!(
            (status, u32::from_ne_bytes(bytes[..4].try_into().unwrap())),
            (SCUMBLE_OK, size as u32 + 16)
        );
        assert!(
            bytes[size..size + 16].iter().all(|b| *b == 0) && bytes[size + 16..].iter().all(|b| *b == 0xAA)
        );
        for wrong in [0, ScumbleParams::FIRST_SIZE - 1, MAX_STRUCT + 1] {
            // SAFETY: refused before anything is written.
            let status = unsafe { init(bytes.as_mut_ptr().cast::<ScumbleParams>(), wrong, "params") };
            assert_eq!(status, Status::StructSize as i32);
        }
    }

    #[test]
    fn outputs_are_written_at_any_alignment_and_keep_the_callers_size() {
        let mut bytes = vec![0xAAu8; 64];
        let at = 3;
        bytes[at..at + 4].copy_from_slice(&(size_of::<ScumbleStats>() as u32).to_ne_bytes());
        let stats = ScumbleStats { frames: 7, ..ScumbleStats::initial() };
        // SAFETY: 61 bytes are writable from there.
        unsafe { write_struct(bytes.as_mut_ptr().add(at).cast(), stats, "stats") }.unwrap();
        assert_eq!(bytes[at + 24..at + 32], 7u64.to_ne_bytes());
        assert_eq!((bytes[at - 1], bytes[at + 32]), (0xAA, 0xAA));
    }

    #[test]
    fn a_struct_of_the_first_abi_is_filled_as_far_as_it_goes() {
        const FIRST: usize = ScumbleEngineInfo::FIRST_SIZE;
        const NOW: usize = size_of::<ScumbleEngineInfo>();
        const { assert!(FIRST < NOW) };
        for size in [FIRST, FIRST + 4, NOW] {
            let mut bytes = [0xAAu8; NOW + 8];
            let info = bytes.as_mut_ptr().cast::<ScumbleEngineInfo>();
            let told = ScumbleEngineInfo { default_steps: 77, ..ScumbleEngineInfo::initial() };
            // SAFETY: the buffer is longer than the sizes that are said.
            unsafe {
                assert_eq!(init(info, size, "info"), SCUMBLE_OK);
                write_struct(info, told, "info").unwrap();
                assert_eq!(read_struct(info, "info").unwrap().default_steps, 77);
                // A pointer put together of two halves points nowhere, even where both are right.
                if size != FIRST + 4 {
                    assert_eq!(CStr::from_ptr(read_struct(info, "info").unwrap().runtime), c"");
                }
            }
            assert!(bytes[size..].iter().all(|b| *b == 0xAA), "{size}");
            assert_eq!(bytes[..4], (size as u32).to_ne_bytes());
        }
        let mut bytes = [0xAAu8; NOW];
        // SAFETY: refused before anything is written.
        let status = unsafe { init(bytes.as_mut_ptr().cast::<ScumbleEngineInfo>(), FIRST - 1, "info") };
        assert_eq!((status, bytes), (Status::StructSize as i32, [0xAA; NOW]));
    }

    #[test]
    fn strings_are_checked() {
        // SAFETY: C string literals.
        unsafe {
            assert_eq!(text(std::ptr::null(), "p").unwrap(), None);
            assert_eq!(text(c"h\xc3\xb6he".as_ptr(), "p").unwrap(), Some("höhe"));
            assert_eq!(text(c"\xff".as_ptr(), "p").unwrap_err().status, Status::Text);
        }
        let long = CString::new(vec![b'a'; MAX_TEXT + 1]).unwrap();
        // SAFETY: NUL-terminated.
        assert_eq!(unsafe { text(long.as_ptr(), "p") }.unwrap_err().status, Status::Text);
    }
}
