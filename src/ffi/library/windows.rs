//! The loader's word.

use std::ffi::{OsString, c_void};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW,
    GetModuleHandleExW,
};

/// Characters that a path has at the most.
const LONGEST: usize = 1 << 15;

/// The file that this code was loaded from. As it is: made canonical it would begin with `\\?\`, which not every library
/// that is handed such a path can read.
pub fn file() -> Option<PathBuf> {
    let own = file as *const c_void;
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let mut module = std::ptr::null_mut();
    // SAFETY: with this flag the name is any address in the module.
    if unsafe { GetModuleHandleExW(flags, own.cast(), &mut module) } == 0 {
        return std::env::current_exe().ok();
    }
    let mut name = vec![0u16; LONGEST];
    // SAFETY: the name has so many characters of room.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), LONGEST as u32) } as usize;
    let name = name.get(..length).filter(|name| !name.is_empty() && name.len() < LONGEST)?;
    Some(PathBuf::from(OsString::from_wide(name))).filter(|path| path.is_absolute())
}
