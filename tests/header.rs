//! include/scumble.h is what cbindgen makes of src/ffi. `make header` writes it (SCUMBLE_BLESS=1).

use std::path::Path;

#[test]
fn the_committed_header_is_the_generated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let mut bytes = Vec::new();
    let sources = [
        "abi.rs",
        "engine_calls.rs",
        "condition_calls.rs",
        "constants.rs",
        "download_calls.rs",
        "errors.rs",
        "frame_abi.rs",
        "frame_calls.rs",
        "list.rs",
        "log_calls.rs",
        "paint_calls.rs",
        "session_calls.rs",
    ];
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in sources {
        builder = builder.with_src(root.join("src/ffi").join(source));
    }
    builder.generate().expect("cbindgen").write(&mut bytes);
    let generated = parenthesised(&String::from_utf8(bytes).expect("UTF-8"));
    let path = root.join("include/scumble.h");
    if std::env::var_os("SCUMBLE_BLESS").is_some() {
        std::fs::write(&path, &generated).expect("writing the header");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/scumble.h is not what src/ffi says; run `make header`");
}

#[test]
fn the_headers_version_is_the_packages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = std::fs::read_to_string(root.join("include/scumble.h")).expect("header");
    for (name, value) in [
        ("MAJOR", env!("CARGO_PKG_VERSION_MAJOR")),
        ("MINOR", env!("CARGO_PKG_VERSION_MINOR")),
        ("PATCH", env!("CARGO_PKG_VERSION_PATCH")),
    ] {
        assert!(header.contains(&format!("#define SCUMBLE_VERSION_{name} {value}\n")), "{name}");
    }
}

/// cbindgen writes negative constants bare; `x -SCUMBLE_…` must not become `x --8` in a host.
fn parenthesised(header: &str) -> String {
    let mut out = String::with_capacity(header.len());
    for line in header.split_inclusive('\n') {
        match line.trim_end().split_once(" -").filter(|_| line.starts_with("#define SCUMBLE_ERROR_")) {
            Some((define, number)) => out.push_str(&format!("{define} (-{number})\n")),
            None => out.push_str(line),
        }
    }
    out
}
