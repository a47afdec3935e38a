//! The shared library exports the header's functions and nothing else.

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use support::c;
use support::header::Header;

#[test]
fn the_library_exports_exactly_the_headers_functions() {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(c::library()).output().expect("nm");
    assert!(output.status.success(), "{}", c::said(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let exported: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|s| s.split('@').next().unwrap_or(s))
        .collect();
    let header = Header::read();
    let declared: BTreeSet<&str> = header.functions.iter().map(String::as_str).collect();
    assert_eq!(declared.len(), header.functions.len(), "each function is declared once");
    assert_eq!(exported, declared);
}

#[test]
fn its_soname_is_that_of_the_abi() {
    let output = Command::new("readelf").arg("-d").arg(c::library()).output().expect("readelf");
    assert!(output.status.success(), "{}", c::said(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("(SONAME)")).expect("a soname");
    assert!(line.ends_with(&format!("[{}]", c::soname())), "{line}");
}

#[test]
fn a_host_may_close_the_library_and_it_stays() {
    let output = Command::new("readelf").arg("-d").arg(c::library()).output().expect("readelf");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.lines().any(|line| line.contains("FLAGS_1") && line.contains("NODELETE")), "{text}");
}

/// Two copies of the library may be in one process (two plug-ins, each with its own): neither calls the other.
#[cfg(target_os = "linux")]
#[test]
fn its_own_functions_are_not_looked_for_in_other_libraries() {
    let output = Command::new("readelf").args(["-r", "-W"]).arg(c::library()).output().expect("readelf");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Relocation section"), "{}", c::said(&output));
    let own: Vec<&str> = text.lines().filter(|line| line.contains(" scumble_")).collect();
    assert!(own.is_empty(), "{}", own.join("\n"));
}

#[test]
fn every_function_says_its_threads_and_its_statuses() {
    let header = Header::read();
    for name in &header.functions {
        // The last mention: the example comes first.
        let declared = header.text.rfind(&format!("{name}(")).expect("declared");
        let before = &header.text[..declared];
        let comment = &before[before.rfind("/**").expect("a comment")..];
        assert!(
            comment.contains("[any-thread]") != comment.contains("[host-thread]"),
            "{name} does not say from which threads it may be called"
        );
        let declaration = &before[before.rfind("*/").map_or(0, |at| at + 2)..];
        assert!(declaration.trim_start().starts_with("SCUMBLE_API"), "{name} is not SCUMBLE_API");
        if declaration.contains("int32_t") && !declaration.contains("uint32_t") {
            assert!(comment.contains("Returns SCUMBLE_OK"), "{name} does not say what it returns");
        }
    }
}
