//! C programs against the shared library that cargo has built for this test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use super::header::root;

pub const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Under which name a program that is linked to the library asks for it.
pub fn soname() -> String {
    format!("libscumble.so.{}", scumble::ffi::constants::SCUMBLE_ABI_MAJOR)
}

/// Puts the library into a folder as `make install` does: under its soname, and under the name to link with.
pub fn install(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(library(), folder.join(soname())).unwrap();
    std::os::unix::fs::symlink(soname(), folder.join("libscumble.so")).unwrap();
}

/// The cdylib, beside the test programs of the same build, where the loader finds it by its soname, too.
pub fn library() -> PathBuf {
    let deps = std::env::current_exe().expect("a path").parent().expect("a folder").to_path_buf();
    let library = deps.join("libscumble.so");
    assert!(library.is_file(), "{} is not there; cargo builds it with the tests", library.display());
    // Another test may do the same at the same time.
    let _ = std::os::unix::fs::symlink("libscumble.so", deps.join(soname()));
    library
}

/// A fresh folder for one test's files.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

/// The C and C++ compilers to try: the system's, and clang where it is installed.
pub fn compilers(plus_plus: bool) -> Vec<String> {
    let (own, clang) = if plus_plus { ("c++", "clang++") } else { ("cc", "clang") };
    let mut found = vec![own.to_owned()];
    if Command::new(clang).arg("--version").output().is_ok_and(|o| o.status.success()) {
        found.push(clang.to_owned());
    }
    found
}

/// Runs a compiler with the header's folder on its path; a warning is a failure of the test.
pub fn compile(compiler: &str, flags: &[&str], files: &[&Path], out: &Path) {
    let output = Command::new(compiler)
        .args(flags)
        .arg("-I")
        .arg(root().join("include"))
        .arg("-o")
        .arg(out)
        .args(files)
        .output()
        .unwrap_or_else(|e| panic!("{compiler}: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{compiler} {flags:?} {files:?}:\n{said}");
}

/// Builds tests/c/NAME.c, linked with the library where it lies; once for all tests, which run side by side.
pub fn program(name: &str, flags: &[&str]) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("no compiler failed");
    built.entry(format!("{name}{flags:?}")).or_insert_with(|| build(name, flags)).clone()
}

fn build(name: &str, flags: &[&str]) -> PathBuf {
    let sources = root().join("tests/c");
    let out =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}{}", flags.concat().replace('/', "_")));
    let library = library();
    let folder = library.parent().expect("a folder").display();
    // Found where it lies, unless LD_LIBRARY_PATH names another one.
    let search = [format!("-L{folder}"), format!("-Wl,--enable-new-dtags,-rpath,{folder}")];
    let all: Vec<&str> = ["-std=c11", "-g", "-O1", "-D_GNU_SOURCE", "-pthread"]
        .into_iter()
        .chain(STRICT.iter().copied())
        .chain(["-Wshadow", "-Wstrict-prototypes"])
        .chain(flags.iter().copied())
        .chain(search.iter().map(String::as_str))
        .collect();
    let source = sources.join(format!("{name}.c"));
    // One that opens the library by itself must not have it already.
    let opens = flags.contains(&"-ldl");
    let files = [source.as_path(), Path::new("-lscumble")];
    compile("cc", &all, if opens { &files[..1] } else { &files }, &out);
    out
}

/// What of the environment makes ONNX Runtime slow at one place (tests/c/slow_runtime.c says at which), so many milliseconds.
pub fn slow_runtime(place: &str, ms: u32, mark: &Path) -> Vec<(&'static str, String)> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let library = BUILT.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow_runtime.so");
        let source = root().join("tests/c/slow_runtime.c");
        let flags = ["-std=c11", "-g", "-D_GNU_SOURCE", "-shared", "-fPIC", "-Wstrict-prototypes"];
        compile("cc", &[STRICT, &flags].concat(), &[&source], &out);
        out
    });
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    vec![
        ("SLOW_RUNTIME_REAL", std::env::var("ORT_DYLIB_PATH").expect("as the Makefile sets it")),
        ("ORT_DYLIB_PATH", text(library)),
        ("SLOW_RUNTIME_PLACE", place.into()),
        ("SLOW_RUNTIME_MS", ms.to_string()),
        ("SLOW_RUNTIME_MARK", text(mark)),
    ]
}

/// Standard output and error together, for a failure's message.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
