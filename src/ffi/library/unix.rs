//! The loader's word.

use std::path::{Path, PathBuf};

/// The file that this code was loaded from.
pub fn file() -> Option<PathBuf> {
    let file = mapped().or_else(told_by_loader).or_else(|| std::env::current_exe().ok())?;
    file.canonicalize().ok()
}

/// The file that this code is mapped from, as the kernel has it: the loader tells the name by which it was asked,
/// which for a program is what somebody typed.
fn mapped() -> Option<PathBuf> {
    let own = mapped as *const () as usize;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| {
        let (from, to) = line.split_whitespace().next()?.split_once('-')?;
        let inside =
            usize::from_str_radix(from, 16).ok()? <= own && own < usize::from_str_radix(to, 16).ok()?;
        let file = Path::new(line.get(line.find('/')?..)?);
        (inside && file.is_file()).then(|| file.to_path_buf())
    })
}

fn told_by_loader() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let own = told_by_loader as *const libc::c_void;
    // SAFETY: any address may be asked for; on success dladdr fills `info`.
    let found = unsafe { libc::dladdr(own, info.as_mut_ptr()) };
    // SAFETY: zeroed is a value of Dl_info (pointers and integers).
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr's names are NUL-terminated and live as long as the library is loaded.
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) }.to_bytes();
    // A relative one is relative to a folder that may have been left since.
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name))).filter(|path| path.is_absolute())
}
