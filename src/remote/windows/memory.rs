//! A mapping of the paging file: memory without a file, which both sides map.

use std::io::{Error, Result};
use std::ops::{Deref, DerefMut};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle};
use std::ptr::{NonNull, null};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_BASIC_INFORMATION,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READWRITE, UnmapViewOfFile, VirtualQuery,
};

use super::{Borrowed, Owned};

/// Memory of this side.
pub struct Writable {
    mapping: Owned,
    view: View,
}

/// Memory of the other side.
pub struct Readable(View);

/// All of a mapping. Its size is the system's word, and can never change.
struct View {
    at: NonNull<u8>,
    bytes: usize,
}

// SAFETY: memory like any other; who may write is a matter of references to its owners.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    fn new(mapping: &Owned, access: FILE_MAP) -> Result<View> {
        // SAFETY: a handle that lives; the address is the system's to choose, the size is the mapping's.
        let address = unsafe { MapViewOfFile(mapping.as_raw_handle(), access, 0, 0, 0) }.Value;
        let at = NonNull::new(address.cast::<u8>()).ok_or_else(Error::last_os_error)?;
        let mut view = View { at, bytes: 0 };
        let mut region = MEMORY_BASIC_INFORMATION::default();
        // SAFETY: the view begins at the address; the structure has so many bytes.
        let known = unsafe { VirtualQuery(address, &mut region, size_of_val(&region)) };
        if known == 0 {
            return Err(Error::last_os_error());
        }
        view.bytes = region.RegionSize;
        Ok(view)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped until this is dropped.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.bytes) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let address = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.at.as_ptr().cast() };
        // SAFETY: a view of this process, to which nobody has a reference any more.
        unsafe { UnmapViewOfFile(address) };
    }
}

impl Writable {
    /// # Errors
    /// Where the memory that all programs may have together is used up: it is taken from that at once.
    pub fn new(bytes: usize) -> Result<Writable> {
        let (high, low) = ((bytes as u64 >> 32) as u32, bytes as u32);
        // SAFETY: no attributes (nobody inherits it), no name (nobody finds it).
        let made =
            unsafe { CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, high, low, null()) };
        if made.is_null() {
            return Err(Error::last_os_error());
        }
        // SAFETY: the handle is this function's alone.
        let mapping = unsafe { Owned::from_raw_handle(made) };
        let view = View::new(&mapping, FILE_MAP_READ | FILE_MAP_WRITE)?;
        Ok(Writable { mapping, view })
    }

    /// What the other side opens.
    pub fn handle(&self) -> Borrowed<'_> {
        self.mapping.as_handle()
    }
}

impl Readable {
    /// # Errors
    /// Where it is no mapping.
    pub fn open(mapping: Owned) -> Result<Readable> {
        // The other side writes only after it was told that what is there was taken.
        View::new(&mapping, FILE_MAP_READ).map(Readable)
    }
}

impl Deref for Writable {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.view.bytes()
    }
}

impl DerefMut for Writable {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes are mapped for writing until this is dropped, and it is borrowed for good.
        unsafe { std::slice::from_raw_parts_mut(self.view.at.as_ptr(), self.view.bytes) }
    }
}

impl Deref for Readable {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.bytes()
    }
}
