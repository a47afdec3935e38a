//! The folder that `scumble live` fills. What a replay left there is taken away before the next one, and nobody else's files are.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Done, Failure};
use crate::stills;

pub const PAINT: &str = "paint.png";
pub const LIVE: &str = "live.png";
pub const STRIP: &str = "strip.png";
pub const FILM: &str = "live.gif";
pub const REPORT: &str = "report.json";
pub const FRAMES: &str = "frames";
/// What a replay leaves, beside its frames.
const OWN: [&str; 5] = [PAINT, LIVE, STRIP, FILM, REPORT];

/// Lies in the folder of a replay.
const MARKER: &str = "scumble-live.txt";
const MARKED: &str = "\
This folder is of `scumble live`. Each replay first takes away what the one before has left here: paint.png, live.png,
strip.png, live.gif, report.json and frames/NNNN.png. Keep pictures of yours elsewhere.
";

/// What would go wrong later, before the model is loaded: a file in the folder's place, and files that no replay has left there.
/// Nothing is made yet.
pub fn check(out: &Path) -> Done {
    if let Some(file) = out.ancestors().find(|place| place.exists()).filter(|place| !place.is_dir()) {
        return Err(Failure::file("make the folder", out, format!("{} is a file", file.display())));
    }
    match left(out)?.first() {
        Some(file) if !is_of_replay(out) => Err(Failure::file(
            "replay into",
            out,
            format!(
                "{} lies there, and no replay has left it; name another folder with --out",
                file.strip_prefix(out).unwrap_or(file).display()
            ),
        )),
        _ => Ok(()),
    }
}

/// Makes the folders, and takes away what an earlier replay has left: this one may not write all of it.
pub fn prepare(out: &Path) -> Done {
    // Once more: loading may take minutes.
    check(out)?;
    let frames = out.join(FRAMES);
    std::fs::create_dir_all(&frames).map_err(|e| Failure::disk("make the folder", &frames, &e))?;
    // Before anything goes or comes: the next replay is to know one that was cut short.
    stills::write_atomically(&out.join(MARKER), |file| {
        file.write_all(MARKED.as_bytes()).map_err(|e| e.to_string())
    })?;
    for path in left(out)? {
        match std::fs::remove_file(&path) {
            Err(why) if why.kind() != ErrorKind::NotFound => {
                return Err(Failure::file("replace", &path, why));
            }
            _ => {}
        }
    }
    Ok(())
}

/// All that has the names of what a replay leaves.
fn left(out: &Path) -> Done<Vec<PathBuf>> {
    let own = OWN.iter().map(|name| out.join(name)).filter(|path| path.symlink_metadata().is_ok());
    let frames = out.join(FRAMES);
    let listed = match std::fs::read_dir(&frames) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(own.collect()),
        listed => listed.map_err(|e| Failure::file("read", &frames, e))?,
    };
    let is_frame = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let numbered = stem.len() >= 4 && stem.bytes().all(|b| b.is_ascii_digit());
        numbered && path.extension().is_some_and(|e| e == "png")
    };
    Ok(own.chain(listed.flatten().map(|entry| entry.path()).filter(is_frame)).collect())
}

/// By its marker. Earlier versions left none, but a report at the end.
fn is_of_replay(out: &Path) -> bool {
    let report = || serde_json::from_str::<Value>(&std::fs::read_to_string(out.join(REPORT)).ok()?).ok();
    let is_ours =
        |report: Value| ["scumble", "recording", "came_to_rest"].iter().all(|key| report.get(key).is_some());
    out.join(MARKER).is_file() || report().is_some_and(is_ours)
}
