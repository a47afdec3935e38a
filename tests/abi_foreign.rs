//! The header as generators of bindings read it: cffi in Python, bindgen in Rust, cgo in Go; and what it does to a host's
//! compiler. A generator that is not installed is passed over, but not by `make test`, which installs them
//! (SCUMBLE_TEST_TOOLS).

mod support;

use std::path::Path;
use std::process::{Command, Output};

use support::c;
use support::header::{Header, root};

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Whether to try a generator.
fn is_there(what: &str, found: bool) -> bool {
    let wanted = std::env::var_os("SCUMBLE_TEST_TOOLS").is_some();
    assert!(found || !wanted, "{what} is not installed; `scripts/setup.sh test` does it");
    if !found {
        println!("{what} is not installed; nothing was tried.");
    }
    found
}

fn must(command: &mut Command) -> Output {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}\n{}", c::said(&output));
    output
}

/// The header's declarations as they are, without those of the system.
fn plain(folder: &Path) -> String {
    for name in ["stddef.h", "stdint.h"] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let mut command = Command::new("cc");
    command.args(["-E", "-P", "-nostdinc", "-DSCUMBLE_PLAIN", "-I"]).arg(folder);
    let output = must(command.arg(root().join("include/scumble.h")));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn python_builds_its_bindings_from_the_header() {
    let own = root().join(".setup/venv/bin/python");
    let pythons = [own.as_path(), Path::new("python3")];
    let python = pythons.into_iter().find(|p| works(Command::new(p).args(["-c", "import cffi"])));
    is_there("cffi", python.is_some());
    let Some(python) = python else { return };
    let folder = c::scratch("foreign-cffi");
    let declarations = plain(&folder);
    assert!(!declarations.contains("__attribute__") && !declarations.contains("static"), "{declarations}");
    let file = folder.join("declarations.h");
    std::fs::write(&file, declarations).unwrap();
    let model = root().join("models/tiny/turbo");
    let mut host = Command::new(python);
    host.arg(root().join("tests/foreign/cffi_host.py")).arg(file).arg(root().join("include/scumble.h"));
    let output = must(host.arg(c::library()).arg(model));
    println!("{}", c::said(&output));
}

#[test]
fn rust_builds_its_bindings_from_the_header() {
    if !is_there("bindgen", works(Command::new("bindgen").arg("--version"))) {
        return;
    }
    let folder = c::scratch("foreign-bindgen");
    let bindings = folder.join("scumble.rs");
    // libclang may have come without headers of its own.
    let headers = c::said(&must(Command::new("cc").arg("-print-file-name=include")));
    let mut generator = Command::new("bindgen");
    generator.arg(root().join("include/scumble.h")).arg("-o").arg(&bindings).args(["--", "-isystem"]);
    must(generator.arg(headers.trim()));
    let source = folder.join("main.rs");
    let program = "#[allow(warnings)] mod scumble;\n\
        fn main() { unsafe {\n\
            let version = scumble::scumble_abi_version();\n\
            assert_eq!(version >> 16, scumble::SCUMBLE_ABI_MAJOR);\n\
            let mut params = std::mem::zeroed();\n\
            let size = std::mem::size_of::<scumble::ScumbleParams>();\n\
            assert_eq!(scumble::scumble_params_init(&mut params, size as _), scumble::SCUMBLE_OK as i32);\n\
            assert_eq!(params.struct_size as usize, size);\n\
        } }\n";
    std::fs::write(&source, program).unwrap();
    let out = folder.join("main");
    let library = c::library();
    let folder = library.parent().expect("a folder");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2021", "-lscumble", "-L"]).arg(folder).arg("-o").arg(&out).arg(&source);
    must(&mut rustc);
    must(Command::new(out).env("LD_LIBRARY_PATH", folder));
}

#[test]
fn go_builds_its_bindings_from_the_header() {
    if !is_there("go", works(Command::new("go").arg("version"))) {
        return;
    }
    let folder = c::scratch("foreign-go");
    let (library, program) = (c::library(), folder.join("host"));
    let beside = library.parent().expect("a folder");
    let mut go = Command::new("go");
    go.current_dir(root().join("tests/foreign/go")).args(["build", "-o"]).arg(&program).arg(".");
    go.env("CGO_ENABLED", "1").env("GOFLAGS", "-mod=mod").env("GOCACHE", folder.join("cache"));
    go.env("CGO_CFLAGS", format!("-I{}", root().join("include").display()));
    go.env("CGO_LDFLAGS", format!("-L{}", beside.display()));
    must(&mut go);
    let mut host = Command::new(program);
    let output = must(host.env("LD_LIBRARY_PATH", beside).arg(root().join("models/tiny/turbo")));
    println!("{}", c::said(&output));
}

/// What a compiler says of a source, with warnings on.
fn warnings(compiler: &str, language: &str, source: &str) -> String {
    let folder = c::scratch(&format!("foreign-warnings-{language}"));
    let file = folder.join("host.txt");
    std::fs::write(&file, source).unwrap();
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-c", "-o", "/dev/null", "-I"]).arg(root().join("include")).arg("-x");
    c::said(&must(command.arg(language).arg(file)))
}

#[test]
fn a_status_that_is_dropped_and_a_function_that_goes_are_warned_of() {
    // As cbindgen writes a function that is marked so in Rust.
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml");
    let source = c::scratch("foreign-old").join("old.rs");
    let old = "#[deprecated(note = \"call scumble_newer\")]\n#[unsafe(no_mangle)]\npub extern \"C\" fn scumble_older() {}\n";
    std::fs::write(&source, old).unwrap();
    let mut bytes = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(source)
        .generate()
        .expect("cbindgen")
        .write(&mut bytes);
    let text = String::from_utf8(bytes).expect("UTF-8");
    let declared = text.lines().filter(|line| line.contains("scumble_older") || line.starts_with("SCUMBLE_"));
    let declared: Vec<&str> = declared.collect();
    assert!(declared.concat().contains("SCUMBLE_DEPRECATED"), "{text}");
    for (compiler, language) in [("cc", "c"), ("c++", "c++")] {
        let host = |body: &str| {
            format!(
                "#include <scumble.h>\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n{}\n#ifdef __cplusplus\n}}\n#endif\n\
                 void host(ScumbleSession *layer);\nvoid host(ScumbleSession *layer) {{ (void)layer; {body} }}\n",
                declared.join("\n")
            )
        };
        let quiet = "if (scumble_session_wait(layer, 1) < 0) return; (void)scumble_abi_fits(0);";
        assert_eq!(warnings(compiler, language, &host(quiet)), "");
        let said = warnings(compiler, language, &host("scumble_session_wait(layer, 1);"));
        assert!(said.contains("scumble_session_wait") && said.contains("unused"), "{said}");
        let said = warnings(compiler, language, &host("scumble_older();"));
        assert!(said.contains("deprecated") && said.contains("call scumble_newer"), "{said}");
    }
}

#[test]
fn every_function_is_there_without_the_attributes_too() {
    let declarations = plain(&c::scratch("foreign-plain"));
    for function in Header::read().functions {
        assert!(declarations.contains(&format!("{function}(")), "{function}");
    }
}
