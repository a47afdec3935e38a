//! A disk that is really full.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What room is given in.
pub const PAGE: u64 = 4096;
/// Files that there may be.
const FILES: u64 = 100;
const FILLERS: &str = "fillers";

/// A small file system in memory; gone with this.
pub struct Disk(pub PathBuf);

impl Disk {
    /// Of two mebibytes. `None`, aloud, where no file system can be mounted: only root may.
    pub fn new(name: &str) -> Option<Disk> {
        let folder = std::env::temp_dir().join(format!("scumble-disk-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let options = format!("size=2m,nr_inodes={FILES}");
        let mut mount = Command::new("mount");
        let ended = mount.args(["-t", "tmpfs", "-o", &options, "scumble"]).arg(&folder).output();
        let why = match ended {
            Ok(ended) if ended.status.success() => return Some(Disk(folder)),
            Ok(ended) => String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
            Err(why) => why.to_string(),
        };
        let _ = fs::remove_dir(&folder);
        println!("LEFT OUT: no small disk can be mounted here ({why}).");
        None
    }

    /// Fills it but for so many pages.
    pub fn fill(&self, pages: u64) {
        self.make_room();
        fs::create_dir(self.fillers()).unwrap();
        let mut filler = File::create(self.fillers().join("bytes")).unwrap();
        while filler.write_all(&[1; PAGE as usize]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        assert!(length >= pages * PAGE, "so much room there is not");
        filler.set_len(length - pages * PAGE).unwrap();
    }

    /// Takes all files that it may have, but for so many.
    pub fn crowd(&self, files: u64) {
        self.make_room();
        fs::create_dir(self.fillers()).unwrap();
        let filler = |number: u64| self.fillers().join(number.to_string());
        let made = (0..FILES).take_while(|number| File::create(filler(*number)).is_ok()).count() as u64;
        (made.saturating_sub(files)..made).for_each(|number| fs::remove_file(filler(number)).unwrap());
    }

    pub fn make_room(&self) {
        let _ = fs::remove_dir_all(self.fillers());
    }

    fn fillers(&self) -> PathBuf {
        self.0.join(FILLERS)
    }

    /// The files that are on it, in order.
    pub fn files(&self) -> Vec<String> {
        let mut found = below(&self.0, &self.0);
        found.retain(|path| !path.starts_with(FILLERS));
        found.sort();
        found
    }
}

fn below(root: &Path, folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let own = |path: PathBuf| match path.is_dir() {
        true => below(root, &path),
        false => vec![path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()],
    };
    entries.flat_map(own).collect()
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}
