//! A file in memory, which both sides map.

use std::fs::File;
use std::io::Result;
use std::ops::{Deref, DerefMut};
use std::os::fd::AsFd;

use memmap2::{Mmap, MmapMut};
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals, memfd_create,
};
use rustix::io::Errno;

use super::{Borrowed, Owned};

/// Memory of this side.
pub struct Writable {
    file: File,
    map: MmapMut,
}

/// Memory of the other side.
pub struct Readable(Mmap);

impl Writable {
    pub fn new(bytes: usize) -> Result<Writable> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(memfd_create("scumble", flags)?);
        // All of it now: a limit that is met is an error here, and a signal later.
        fallocate(&file, FallocateFlags::empty(), 0, bytes as u64)?;
        // Whoever maps it can rely on its size.
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        // SAFETY: the file cannot shrink; nobody but this side writes, and through this map alone.
        let map = unsafe { MmapMut::map_mut(&file) }?;
        Ok(Writable { file, map })
    }

    /// What the other side opens.
    pub fn handle(&self) -> Borrowed<'_> {
        self.file.as_fd()
    }
}

impl Readable {
    /// # Errors
    /// Also where it could shrink: reading beyond its end would be a signal.
    pub fn open(file: Owned) -> Result<Readable> {
        let sealed = fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SealFlags::SHRINK));
        if !sealed {
            return Err(Errno::PERM.into());
        }
        // SAFETY: the file cannot shrink, and the other side writes only after it was told that what is there was taken.
        Ok(Readable(unsafe { Mmap::map(&File::from(file)) }?))
    }
}

impl Deref for Writable {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

impl DerefMut for Writable {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }
}

impl Deref for Readable {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_could_shrink_is_refused() {
        let file = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        assert!(Readable::open(file).is_err());
    }
}
