//! Optimised graphs kept in the user's cache folder.
//!
//! What ONNX Runtime's last level of optimisation costs a large U-Net is to bring the weights of its convolutions into the
//! order of the processor's vector unit: three quarters of the time that its load takes, and two copies of them in memory.
//! No other network gains (docs/devices.md has the figures). So a U-Net's graph is kept as it came out, once for each state of
//! its files, ONNX Runtime, processor and settings, and read from there, as long as that works: whatever is wrong with what
//! is kept, it is thrown away and the load goes on without.

use std::fs;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ort::session::builder::SessionBuilder;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::models::device::{Kind, Options, Precision};
use crate::models::layout::LISTENING;
use crate::models::onnx_file;
use crate::models::runtime::Runtime;
use crate::places::user_cache;

/// Where graphs are kept instead of the user's cache folder, or "off".
const VARIABLE: &str = "SCUMBLE_GRAPH_CACHE";
/// Bytes that a network has at least, with its weights: smaller ones load in half a second.
const LEAST: u64 = 256 << 20;
/// Bytes that all that is kept has at the most; what was not used for the longest time goes.
const MOST: u64 = 12 << 30;
/// So many times what is to be kept is free on the disk, or it is not kept.
const ROOM: u64 = 4;
/// What was begun and never ended is swept away after that.
const ABANDONED: Duration = Duration::from_secs(3600);

const GRAPH: &str = "model.onnx";
const WEIGHTS: &str = "weights.bin";
/// What the two were when they were kept; its time is that of the last use.
const SEAL: &str = "seal";
const BEGUN: &str = "begun-";

/// Where the optimised graph of one network is, or will be.
pub(super) struct Kept {
    root: PathBuf,
    entry: PathBuf,
    bytes: u64,
}

/// One that is being written; gone with this unless [`Draft::keep`] is called.
pub(super) struct Draft<'a> {
    kept: &'a Kept,
    folder: PathBuf,
}

impl Kept {
    /// `None` where it would not pay, and where the user wants none.
    pub fn of(name: &str, path: &Path, runtime: &Runtime, options: Options) -> Option<Kept> {
        if !["unet", LISTENING].contains(&name)
            || options.device.kind != Kind::Cpu
            || options.precision != Precision::Full
        {
            return None;
        }
        let root = root()?;
        let files = files(path)?;
        let bytes = files.iter().map(|file| file.1).sum();
        let told = format!(
            "1 {files:?} {} {:?} {} {:?}",
            env!("CARGO_PKG_VERSION"),
            stamp(&runtime.path)?,
            runtime.version(),
            processor()
        );
        let entry = root.join(format!("{:032x}", xxh3_128(told.as_bytes())));
        (bytes >= least()).then_some(Kept { root, entry, bytes })
    }

    /// The graph, if there is one that is whole.
    pub fn ready(&self) -> Option<PathBuf> {
        let told = fs::read_to_string(self.entry.join(SEAL)).ok()?;
        if seal(&self.entry).as_ref() != Some(&told) {
            self.discard("it is damaged");
            return None;
        }
        // The last use; a folder that can only be read keeps what it has.
        let used = fs::File::options().append(true).open(self.entry.join(SEAL));
        let _ = used.and_then(|seal| seal.set_modified(SystemTime::now()));
        Some(self.entry.join(GRAPH))
    }

    /// Throws away what is kept.
    pub fn discard(&self, why: &str) {
        log::warn!("the optimised graph in {} is not used: {why}", self.entry.display());
        let _ = fs::remove_dir_all(&self.entry);
    }

    /// Room for a new one. `None`, and a line in the log, where there is none.
    pub fn draft(&self) -> Option<Draft<'_>> {
        let folder = self.root.join(format!("{BEGUN}{}-{:x}", std::process::id(), nanoseconds()));
        let made = fs::create_dir_all(&folder).map_err(|error| error.to_string());
        let draft = Draft { kept: self, folder };
        let made = made.and_then(|()| match scumble_hub::space::free(&draft.folder) {
            Ok(free) if free < self.bytes.saturating_mul(room()) => {
                Err("there is too little room on the disk".to_owned())
            }
            _ => Ok(()),
        });
        if let Err(why) = made {
            log::info!("no optimised graph is kept in {}: {why}", self.root.display());
            return None;
        }
        Some(draft)
    }

    /// Sweeps what nobody ended, and the oldest while there is more than `most` bytes besides the new one.
    fn tidy(&self, most: u64) {
        let Ok(found) = fs::read_dir(&self.root) else { return };
        let now = SystemTime::now();
        let mut entries = Vec::new();
        for folder in found.flatten().map(|entry| entry.path()).filter(|folder| *folder != self.entry) {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let used = |file: &Path| fs::metadata(file).and_then(|found| found.modified()).ok();
            if name.starts_with(BEGUN) {
                let begun = used(&folder).and_then(|begun| now.duration_since(begun).ok());
                if begun.is_some_and(|age| age > ABANDONED) {
                    let _ = fs::remove_dir_all(&folder);
                }
            } else if name.len() == 32 && u128::from_str_radix(&name, 16).is_ok() {
                entries.push((used(&folder.join(SEAL)), folder));
            }
        }
        entries.sort();
        let mut all = size(&self.entry) + entries.iter().map(|(_, folder)| size(folder)).sum::<u64>();
        for (_, folder) in entries {
            if all <= most {
                break;
            }
            all -= size(&folder);
            log::info!("the optimised graph in {} makes room for newer ones", folder.display());
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

impl Draft<'_> {
    /// Lets the session write what it makes of the graph; weights of less than a kilobyte stay in it.
    pub fn written_by(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        Ok(builder
            .with_optimized_model_path(self.folder.join(GRAPH))?
            .with_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)?
            .with_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", "1024")?)
    }

    /// Puts it in its place, whole, unless another process was first.
    pub fn keep(self) {
        let Some(seal) = seal(&self.folder) else {
            log::info!("ONNX Runtime wrote no whole graph into {}", self.folder.display());
            return;
        };
        let written = fs::write(self.folder.join(SEAL), seal);
        if let Err(why) = written.and_then(|()| fs::rename(&self.folder, &self.kept.entry)) {
            log::info!("no optimised graph is kept in {}: {why}", self.kept.entry.display());
            return;
        }
        log::info!("the optimised graph is kept in {}", self.kept.entry.display());
        self.kept.tidy(MOST);
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Of one that is kept there is nothing left here.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A kept folder's graph by its hash, its weights by size and samples, if it is whole. To read all weights twice would cost what
/// is won; what a power cut leaves of a file that was not on the disk yet is zeros over many of the samples.
fn seal(folder: &Path) -> Option<String> {
    let graph = fs::read(folder.join(GRAPH)).ok()?;
    onnx_file::check(&folder.join(GRAPH)).ok()?;
    let weights = match fs::File::open(folder.join(WEIGHTS)) {
        Ok(file) => samples(file).ok()?,
        Err(error) if error.kind() == ErrorKind::NotFound => String::from("0"),
        Err(_) => return None,
    };
    Some(format!("{:032x} {weights}\n", xxh3_128(&graph)))
}

/// A file's size and the hash of a part of each mebibyte.
fn samples(mut file: fs::File) -> std::io::Result<String> {
    const EACH: u64 = 1 << 20;
    let size = file.metadata()?.len();
    let (mut part, mut all) = (Vec::with_capacity(1 << 12), Xxh3::new());
    for at in (0..size).step_by(EACH as usize) {
        file.seek(SeekFrom::Start(at))?;
        part.clear();
        (&mut file).take(1 << 12).read_to_end(&mut part)?;
        all.update(&part);
    }
    Ok(format!("{size} {:032x}", all.digest128()))
}

/// Path, size and time of all files of a network.
fn files(path: &Path) -> Option<Vec<(PathBuf, u64, Duration)>> {
    let scan = onnx_file::check(path).ok()?;
    let folder = path.parent()?;
    let others = scan.external.keys().map(|name| folder.join(name));
    std::iter::once(path.to_path_buf()).chain(others).map(|file| stamp(&file)).collect()
}

fn stamp(file: &Path) -> Option<(PathBuf, u64, Duration)> {
    let file = file.canonicalize().ok()?;
    let found = fs::metadata(&file).ok()?;
    let changed = found.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((file, found.len(), changed))
}

/// What ONNX Runtime chooses its kernels, and the order of weights, by.
fn processor() -> Vec<&'static str> {
    macro_rules! those_of {
        ($test:ident: $($name:tt)*) => {
            [$(($name, std::arch::$test!($name))),*].into_iter().filter(|found| found.1).map(|found| found.0)
        };
    }
    #[cfg(target_arch = "x86_64")]
    let found = those_of!(is_x86_feature_detected: "sse4.1" "avx" "f16c" "fma" "avx2" "avxvnni" "avx512f" "avx512bw"
        "avx512dq" "avx512vl" "avx512vnni" "avx512bf16" "avx512fp16");
    #[cfg(target_arch = "aarch64")]
    let found = those_of!(is_aarch64_feature_detected: "neon" "dotprod" "fp16" "bf16" "i8mm" "sve" "sve2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found = std::iter::empty();
    std::iter::once(std::env::consts::ARCH).chain(found).collect()
}

fn root() -> Option<PathBuf> {
    match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        None => user_cache().map(|cache| cache.join("graphs")),
        // "off", as every relative path.
        Some(folder) => Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute()),
    }
}

/// Tests keep tiny ones.
fn least() -> u64 {
    of_a_test("SCUMBLE_TEST_LEAST_GRAPH").unwrap_or(LEAST)
}

/// For tests the disk may become full meanwhile.
fn room() -> u64 {
    of_a_test("SCUMBLE_TEST_GRAPH_ROOM").unwrap_or(ROOM)
}

/// Not in release builds.
fn of_a_test(variable: &str) -> Option<u64> {
    cfg!(debug_assertions).then(|| std::env::var(variable).ok())??.parse().ok()
}

fn size(folder: &Path) -> u64 {
    let Ok(found) = fs::read_dir(folder) else { return 0 };
    found.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

fn nanoseconds() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let root = std::env::temp_dir().join(format!("scumble-kept-{}", std::process::id()));
        let entry = |at: u8| root.join(format!("{at:032x}"));
        for at in 0..4 {
            fs::create_dir_all(entry(at)).unwrap();
            fs::write(entry(at).join(WEIGHTS), [at; 1000]).unwrap();
            let seal = fs::File::create(entry(at).join(SEAL)).unwrap();
            seal.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(100 - u64::from(at))).unwrap();
        }
        let (others, begun) = (root.join("somebody's"), root.join(format!("{BEGUN}1-2")));
        for folder in [&others, &begun] {
            fs::create_dir(folder).unwrap();
        }
        Kept { root: root.clone(), entry: entry(3), bytes: 0 }.tidy(2500);
        // The new one stays, whatever its time; of the others the one that was used last.
        assert_eq!([0, 1, 2, 3].map(|at| entry(at).exists()), [true, false, false, true]);
        assert!(others.exists() && begun.exists(), "what is not ours to sweep, or may still be written");
        fs::remove_dir_all(root).unwrap();
    }
}
