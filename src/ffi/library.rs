//! Where this library lies on disk: ONNX Runtime and the default model are looked for around it.

use std::path::{Path, PathBuf};

/// The folder of the shared library (or program) that this code was loaded from.
pub(super) fn folder() -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        let own: fn() -> Option<PathBuf> = folder;
        // SAFETY: any address may be asked for; on success dladdr fills `info`.
        let found = unsafe { libc::dladdr(own as *const libc::c_void, info.as_mut_ptr()) };
        // SAFETY: zeroed is a value of Dl_info (pointers and integers).
        let info = unsafe { info.assume_init() };
        if found != 0 && !info.dli_fname.is_null() {
            // SAFETY: dladdr's names are NUL-terminated and live as long as the library is loaded.
            let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) }.to_bytes();
            let path = Path::new(std::ffi::OsStr::from_bytes(name));
            if let Ok(path) = path.canonicalize() {
                return path.parent().map(Path::to_path_buf);
            }
        }
    }
    std::env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

/// The folder of the default model; else where it was looked for.
pub(super) fn default_model() -> Result<PathBuf, Vec<PathBuf>> {
    let places = default_model_places();
    places.iter().find(|place| place.is_dir()).cloned().ok_or(places)
}

/// Where the default model may lie, nearest first: where SCUMBLE_DEFAULT_MODEL says, beside the library, in an
/// installation's share folder, in a source tree that the library was built in.
fn default_model_places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        std::env::var_os("SCUMBLE_DEFAULT_MODEL").map(PathBuf::from).into_iter().collect();
    if let Some(folder) = folder() {
        places.extend([folder.join("models/default"), folder.join("../share/scumble/models/default")]);
        places.extend(folder.ancestors().skip(1).take(3).map(|up| up.join("models/default")));
    }
    places
}
