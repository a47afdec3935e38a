//! What scripts and the Makefile say and do on a system that has little, and what people are told to type.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scripts-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn program(place: &Path, text: &str) {
    fs::write(place, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder of programs in the place of the whole PATH: Rust of that version, what any system has, and nothing more.
fn bare(name: &str, rust: &str) -> PathBuf {
    let bin = scratch(name);
    for tool in ["bash", "sh", "dirname", "sed", "sort", "head", "grep", "touch"] {
        let place = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
        symlink(place.iter().find(|place| place.exists()).expect(tool), bin.join(tool)).unwrap();
    }
    program(&bin.join("rustc"), &format!("echo 'rustc {rust} (0123456789 2022-08-01)'"));
    program(&bin.join("cargo"), &format!("echo 'cargo {rust}'; touch {}/used", bin.display()));
    program(&bin.join("id"), "echo 1000");
    bin
}

/// One sentence on standard error, and nothing done.
fn refused(bin: &Path, what: &str) -> String {
    let script = root().join("scripts/setup.sh");
    let output = Command::new(bin.join("bash")).arg(script).arg(what).env("PATH", bin).output().unwrap();
    let told = said(&output);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!bin.join("used").exists(), "{told}");
    told
}

#[test]
fn setup_says_that_rust_is_too_old_before_it_installs_anything() {
    let bin = bare("old", "1.63.0");
    program(&bin.join("apt-get"), &format!("touch {}/used", bin.display()));
    let told = refused(&bin, "build");
    for words in ["Rust is 1.63.0 here", env!("CARGO_PKG_RUST_VERSION"), "https://rustup.rs"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // As rustup's own does before a toolchain is chosen.
    program(&bin.join("rustc"), "echo 'rustup could not choose a version of rustc to run' >&2; exit 1");
    assert!(refused(&bin, "build").contains("Rust is missing"));
}

#[test]
fn setup_says_what_is_missing_where_it_cannot_install_it() {
    let bin = bare("alone", "1.100.0-nightly");
    for (what, packages) in [("build", "gcc g++ make python3"), ("gimp", "pkg-config"), ("test", "valgrind")]
    {
        let told = refused(&bin, what);
        assert!(told.contains(packages) && told.contains("there is no apt-get here"), "{told}");
    }
    program(&bin.join("apt-get"), &format!("touch {}/used", bin.display()));
    for what in ["build", "gimp"] {
        let told = refused(&bin, what);
        assert!(told.contains("only root installs packages, and there is no sudo here"), "{told}");
    }
}

#[test]
fn a_gimp_that_is_only_painted_with_needs_no_tools_of_tests() {
    let bin = bare("gimp", "1.100.0");
    let tools = ["xvfb", "openbox", "xdotool", "xclip", "imagemagick"];
    let (plain, tests) = (refused(&bin, "gimp"), refused(&bin, "gimp-test"));
    assert!(plain.contains("libgimp") && tests.contains("libgimp"), "{plain}{tests}");
    for tool in tools {
        assert!(!plain.contains(tool) && tests.contains(tool), "{tool}: {plain}{tests}");
    }
}

#[test]
fn make_sets_up_one_thing_after_the_other() {
    let folder = scratch("make");
    fs::create_dir(folder.join("scripts")).unwrap();
    fs::copy(root().join("Makefile"), folder.join("Makefile")).unwrap();
    let one = "mkdir busy && sleep 0.2 && rmdir busy && echo $1 >> done";
    program(&folder.join("scripts/setup.sh"), one);
    let mut make = Command::new("make");
    make.args(["-j4", "setup", "setup-test", "setup-krita", "setup-gimp-test"]).current_dir(&folder);
    // Of the make that runs this test.
    for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"] {
        make.env_remove(name);
    }
    let output = make.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.join("done")).unwrap(), "build\ntest\nkrita\ngimp-test\n");
}

#[test]
fn commands_that_debian_does_not_run_are_found_where_people_read_them() {
    let folder = scratch("commands");
    let found = |text: &str| {
        let file = folder.join("README.md");
        fs::write(&file, text).unwrap();
        let check = root().join("scripts/check_commands.sh");
        !Command::new(check).arg(file).output().unwrap().status.success()
    };
    // Put together here, as this file is looked at, too.
    let (python, pip) = (concat!("pyth", "on"), concat!("p", "ip"));
    for wrong in [
        format!("    {pip} install -r x.txt"),
        format!("say `{pip}3 download x`"),
        format!("python3 -m {pip} install x"),
        format!("`{python} models/x.py FOLDER`"),
        format!("{python} -m venv x"),
    ] {
        assert!(found(&wrong), "{wrong}");
    }
    for right in [
        format!("    .setup/venv/bin/{pip} install -r x.txt"),
        format!("    $venv/bin/{python} x.py"),
        format!("`{python}3 models/x.py`, in {python} or by {pip}"),
    ] {
        assert!(!found(&right), "{right}");
    }
}
