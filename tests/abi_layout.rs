//! One layout in three languages: what Rust says of each struct, what a C compiler makes of the header, and what
//! ctypes makes of it. Names come from the header and numbers from the compilers; none is written here.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use support::c;
use support::header::{Header, root};

/// Size, and name, offset and size of each field, by struct; values by constant.
#[derive(Debug, PartialEq)]
struct Told {
    structs: BTreeMap<String, Value>,
    constants: BTreeMap<String, i64>,
}

impl Told {
    fn parse(json: &[u8]) -> Told {
        let told: Value = serde_json::from_slice(json).expect("JSON");
        let entries = |key: &str| told[key].as_object().expect("an object").clone().into_iter();
        Told {
            structs: entries("structs").collect(),
            constants: entries("constants").map(|(name, n)| (name, n.as_i64().expect("a number"))).collect(),
        }
    }
}

fn rust() -> Told {
    let layouts = scumble::ffi::layout::layouts().into_iter();
    let structs = layouts.map(|(name, size, fields)| (name.to_owned(), json!([size, fields]))).collect();
    let source = std::fs::read_to_string(root().join("src/ffi/constants.rs")).expect("the constants");
    let version = ["MAJOR", "MINOR", "PATCH"]
        .into_iter()
        .zip(env!("CARGO_PKG_VERSION").split('.'))
        .map(|(part, n)| (format!("SCUMBLE_VERSION_{part}"), n.parse().expect("a number")));
    let constants = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": "))
        .filter_map(|(name, rest)| {
            let value = rest.split_once(" = ")?.1.trim_end_matches(';').parse().ok()?;
            Some((name.to_owned(), value))
        });
    Told { structs, constants: constants.chain(version).collect() }
}

/// Compiled once for all tests of this program, which run side by side.
fn c() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(compiled)
}

fn compiled() -> Told {
    let header = Header::read();
    let mut lines = String::new();
    for (name, fields) in &header.structs {
        let fields: Vec<String> = fields.iter().map(|f| format!("F({name}, {f})")).collect();
        lines += &format!("    S({name}) {} E\n", fields.join(" C "));
    }
    let constants: Vec<String> =
        header.constants.iter().map(|(name, _)| format!("    N({name})\n")).collect();
    let program = format!(
        r##"#include <scumble.h>
#include <stddef.h>
#include <stdio.h>
#define S(s) printf("%s\"" #s "\": [%zu, [", comma, sizeof(s)); comma = ", ";
#define F(s, f) printf("[\"" #f "\", %zu, %zu]", offsetof(s, f), sizeof(((s *)0)->f));
#define C printf(", ");
#define E printf("]]");
#define N(n) printf("%s\"" #n "\": %lld", comma, (long long)(n)); comma = ", ";
int main(void) {{
    const char *comma = "";
    printf("{{\"structs\": {{");
{lines}    comma = "";
    printf("}}, \"constants\": {{");
{constants}    printf("}}}}\n");
    return 0;
}}
"##,
        constants = constants.concat()
    );
    let folder = c::scratch("layout");
    let (source, out) = (folder.join("layout.c"), folder.join("layout"));
    std::fs::write(&source, program).unwrap();
    c::compile("cc", &["-std=c11", "-Wall", "-Wextra", "-Werror"], &[&source], &out);
    let output = Command::new(out).output().expect("it runs");
    assert!(output.status.success());
    Told::parse(&output.stdout)
}

fn python(mirror: Option<&Path>) -> Told {
    let output = Command::new("python3")
        .arg(root().join("tests/ctypes/abi_layout.py"))
        .arg(root().join("include/scumble.h"))
        .args(mirror)
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", c::said(&output));
    Told::parse(&output.stdout)
}

#[test]
fn rust_c_and_ctypes_agree_on_every_struct_and_constant() {
    let (rust, c, python) = (rust(), c(), python(None));
    assert!(c.structs.len() == 13 && c.constants.len() > 30, "{c:?}");
    assert_eq!(&rust, c);
    assert_eq!(&python, c);
}

/// A host's own mirror in Python must have every struct; constants that it has must have the header's values.
fn check_mirror(path: &Path) {
    let (c, mirror) = (c(), python(Some(path)));
    assert_eq!(mirror.structs, c.structs, "{}", path.display());
    for (name, value) in &c.constants {
        if let Some(other) = mirror.constants.get(name) {
            assert_eq!(other, value, "{name} in {}", path.display());
        }
    }
    for version in ["SCUMBLE_ABI_MAJOR", "SCUMBLE_ABI_MINOR"] {
        assert!(mirror.constants.contains_key(version), "{} must compare {version}", path.display());
    }
}

/// Mirrors of hosts in this repository. A host that is not there yet has nothing to check.
#[test]
fn the_hosts_mirrors_agree_with_the_header() {
    for mirror in ["plugin-krita/scumble/abi.py"].map(|path| root().join(path)) {
        if mirror.is_file() {
            check_mirror(&mirror);
        }
    }
}

#[test]
fn a_slip_in_a_mirror_is_found() {
    let folder = c::scratch("mirror");
    let rect_with = |fields: &[&str]| {
        let fields: Vec<String> = fields.iter().map(|f| format!("(\"{f}\", ctypes.c_int32)")).collect();
        let path = folder.join("abi.py");
        let class = format!("class Rect(ctypes.Structure):\n    _fields_ = [{}]\n", fields.join(", "));
        std::fs::write(&path, format!("import ctypes\nABI_MAJOR = 1\n{class}")).unwrap();
        python(Some(&path)).structs["ScumbleRect"].clone()
    };
    let right = &c().structs["ScumbleRect"];
    assert_eq!(rect_with(&["x", "y", "width", "height"]), *right);
    assert_ne!(rect_with(&["x", "y", "height", "width"]), *right);
    assert_ne!(rect_with(&["x", "y", "width"]), *right);
}
