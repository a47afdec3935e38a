//! Shown frames on their way to PNGs: kept raw in one file, because packing them while the hand still paints would
//! take the cores that are being watched.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Done, Failure};

pub struct Spool {
    path: PathBuf,
    file: File,
    frame_bytes: usize,
    /// When each frame was shown, in milliseconds of the recording.
    shown_at: Vec<f64>,
}

impl Spool {
    pub fn create(folder: &Path, frame_bytes: usize) -> Done<Spool> {
        let path = folder.join(".frames.raw");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.map_err(|e| Failure::disk("write", &path, &e))?;
        // An open file needs no name, and one without a name is gone however the program ends.
        #[cfg(unix)]
        std::fs::remove_file(&path).map_err(|e| Failure::disk("write", &path, &e))?;
        Ok(Spool { path, file, frame_bytes, shown_at: Vec::new() })
    }

    pub fn add(&mut self, t: f64, pixels: &[u8]) -> Done {
        self.file.write_all(pixels).map_err(|e| Failure::disk("write", &self.path, &e))?;
        self.shown_at.push(t);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.shown_at.len()
    }

    /// The frame that was on the canvas at `t`.
    pub fn at(&self, t: f64) -> Option<usize> {
        self.shown_at.partition_point(|shown| *shown <= t).checked_sub(1)
    }

    pub fn get(&mut self, number: usize) -> Done<Vec<u8>> {
        let mut pixels = vec![0; self.frame_bytes];
        let start = SeekFrom::Start((number * self.frame_bytes) as u64);
        let read = self.file.seek(start).and_then(|_| self.file.read_exact(&mut pixels));
        read.map_err(|e| Failure::file("read", &self.path, e))?;
        Ok(pixels)
    }
}

#[cfg(not(unix))]
impl Drop for Spool {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_nothing_lies_in_the_folder_even_meanwhile() {
        let folder = std::env::temp_dir().join(format!("scumble-spool-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut spool = Spool::create(&folder, 4).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        spool.add(1.0, &[1; 4]).unwrap();
        spool.add(5.0, &[2; 4]).unwrap();
        assert_eq!((spool.len(), spool.at(0.5), spool.at(4.0), spool.at(9.0)), (2, None, Some(0), Some(1)));
        assert_eq!((spool.get(1).unwrap(), spool.get(0).unwrap()), (vec![2; 4], vec![1; 4]));
        std::fs::remove_dir(&folder).unwrap();
    }
}
