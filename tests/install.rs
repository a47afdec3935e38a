//! `make install`: into folders with blanks in their names, and over what an older version has left there.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All files in a folder, by their paths in it.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path.strip_prefix(folder).unwrap().to_path_buf())),
            }
        }
    }
    found
}

#[test]
fn it_goes_into_folders_with_blanks_and_leaves_nothing_of_an_older_model() {
    const PREFIX: &str = "/opt/my programs";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("install here");
    let _ = std::fs::remove_dir_all(&scratch);
    // What was built, as far as it is copied.
    let built = scratch.join("built here");
    std::fs::create_dir_all(built.join("release")).unwrap();
    for name in ["libscumble.so", "scumble-worker", "scumble"] {
        std::fs::write(built.join("release").join(name), name).unwrap();
    }
    let installed = scratch.join("a stage/opt/my programs");
    let models = installed.join("share/scumble/models");
    std::fs::create_dir_all(models.join("default/unet")).unwrap();
    std::fs::write(models.join("default/unet/of_an_older_version.onnx"), "").unwrap();
    // The second time over what the first has left.
    for _ in 0..2 {
        let output = Command::new("make")
            .current_dir(root)
            .args(["--no-print-directory", "install", &format!("PREFIX={PREFIX}")])
            .arg(format!("DESTDIR={}", scratch.join("a stage").display()))
            // Built by somebody who installs it by sudo, so that nothing is built here.
            .env("SUDO_USER", "somebody")
            .env("CARGO_TARGET_DIR", &built)
            .env_remove("MAKEFLAGS")
            .output()
            .expect("make");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(files(&models.join("default")), files(&root.join("models/default")));
        assert_eq!(std::fs::read_dir(&models).unwrap().count(), 1, "nothing beside it");
    }
    for name in ["lib/libscumble.so", "lib/scumble-worker", "bin/scumble", "include/scumble.h"] {
        assert!(installed.join(name).is_file(), "{name}");
    }
    assert_eq!(std::fs::read_dir(scratch.join("a stage")).unwrap().count(), 1);
    let mut pkg_config = Command::new("pkg-config");
    pkg_config.args(["--cflags", "--libs", "scumble"]);
    match pkg_config.env("PKG_CONFIG_PATH", installed.join("lib/pkgconfig")).output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let flags = [r"-I/opt/my\ programs/include", r"-L/opt/my\ programs/lib", "-lscumble"];
            assert!(flags.iter().all(|flag| told.contains(flag)), "{told}");
        }
        Err(why) => println!("left out: pkg-config: {why}"),
    }
}
