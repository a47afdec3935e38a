//! Names the shared library for the loader. A program that was linked to it asks for `libscumble.so.1`, where 1 is
//! SCUMBLE_ABI_MAJOR: a library with another ABI is another file, and both can be installed. Hosts that load the
//! library by its path are not concerned.

fn main() {
    const CONSTANTS: &str = "src/ffi/constants.rs";
    println!("cargo::rerun-if-changed={CONSTANTS}");
    println!("cargo::rerun-if-changed=build.rs");
    let has_sonames = ["linux", "android", "freebsd", "netbsd", "openbsd", "dragonfly"];
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if !has_sonames.contains(&target.as_str()) {
        return;
    }
    let source = std::fs::read_to_string(CONSTANTS).expect("the constants of the ABI");
    let version = source
        .lines()
        .find_map(|line| line.strip_prefix("pub const SCUMBLE_ABI_MAJOR: u32 = ")?.strip_suffix(';'))
        .expect("the version of the ABI");
    // ONNX Runtime's threads run code of this library: a host may close it, but it stays in memory.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // Two copies in one process (of two plug-ins) do not call each other.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libscumble.so.{version}");
}
