//! Names from outside: identifiers of repositories, paths of files, hashes. What could leave the target folder, or mean
//! something else on another system, is no name.

use std::path::{Path, PathBuf};

use crate::fault::{Fault, Kind, Result};

/// Longer ones are nobody's.
const LONGEST_PATH: usize = 400;
const LONGEST_PART: usize = 200;
/// Device names of Windows, also with an ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// `path` of a repository below `folder`.
///
/// # Errors
/// [`Kind::Unsafe`] for whatever is not a plain relative path on every system.
pub fn inside(folder: &Path, path: &str) -> Result<PathBuf> {
    stays_inside(path)?;
    if !is_path(path) {
        return Err(refused(path, "is no name for a file on every system"));
    }
    Ok(path.split('/').fold(folder.to_path_buf(), |at, part| at.join(part)))
}

/// Whether `path` of a repository means no place outside of its folder, however odd it is.
///
/// # Errors
/// [`Kind::Unsafe`].
pub(crate) fn stays_inside(path: &str) -> Result<()> {
    let leaves = path.is_empty()
        || path.starts_with(['/', '\\'])
        || path.contains('\0')
        || path.split(['/', '\\']).any(|part| part == "..")
        || matches!(path.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic());
    match leaves {
        true => Err(refused(path, "would not stay in the model's folder")),
        false => Ok(()),
    }
}

fn refused(path: &str, why: &str) -> Fault {
    let name = path.chars().take(80).collect::<String>();
    Fault::new(
        Kind::Unsafe,
        format!(
            "The repository names a file \"{}\", which {why}; nothing of it was taken. Tell its owner, and get the model \
             from elsewhere.",
            name.escape_debug()
        ),
    )
}

/// Is this a relative path that means one place in a folder, whatever the system?
pub fn is_path(path: &str) -> bool {
    (1..=LONGEST_PATH).contains(&path.len()) && path.split('/').all(is_part)
}

/// A file's or folder's name.
pub fn is_part(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = DEVICES.iter().any(|device| {
        stem.strip_prefix(device).is_some_and(|rest| {
            rest.is_empty() || (rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
        })
    });
    (1..=LONGEST_PART).contains(&part.len())
        && part.chars().all(|c| !c.is_control() && !"\\/:*?\"<>|".contains(c))
        && !part.ends_with(['.', ' '])
        && !part.starts_with(' ')
        && !device
}

/// `owner/name` of a repository; what somebody copied from the address bar is understood too.
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub fn repository(text: &str) -> Result<String> {
    let text = text.trim();
    let text =
        text.split_once("://").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let mut parts = text.trim_matches('/').split('/');
    let fine = |part: &&str| {
        is_part(part)
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match (parts.next().filter(fine), parts.next().filter(fine)) {
        // …/tree/main and the like.
        (Some(owner), Some(name))
            if parts.next().is_none_or(|rest| ["tree", "blob", "resolve"].contains(&rest)) =>
        {
            Ok(format!("{owner}/{name}"))
        }
        _ => Err(Fault::new(
            Kind::Usage,
            format!(
                "\"{}\" is neither in the catalogue nor a repository; write OWNER/NAME, or an identifier that \
                 `scumble models list` shows.",
                text.chars().take(80).collect::<String>().escape_debug()
            ),
        )),
    }
}

/// A branch, a tag or a hash.
///
/// # Errors
/// [`Kind::Usage`].
pub fn revision(text: &str) -> Result<&str> {
    let fine = is_path(text) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if fine && !text.split('/').any(|part| part.starts_with('.')) {
        return Ok(text);
    }
    Err(Fault::new(
        Kind::Usage,
        format!("\"{}\" is no revision; give a branch, a tag or a commit's hash.", text.escape_debug()),
    ))
}

/// A commit's full hash.
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// A path as a part of an address: `/` stays, everything but letters, digits and `-_.~` is encoded.
pub(crate) fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_from_outside_leaves_the_folder() {
        let root = Path::new("/m");
        for fine in ["unet/model.onnx", "a.b/c d.onnx_data", "onnx__MatMul_5333", "tokenizer/vocab.json"] {
            assert_eq!(inside(root, fine).unwrap(), root.join(fine), "{fine}");
        }
        for wrong in [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a//b",
            "a/./b",
            "./a",
            "a/",
            "C:/x",
            "C:x",
            "\\\\host\\x",
            "a\\..\\b",
            "a\0b",
            "a\nb",
            "nul",
            "unet/COM1.onnx",
            "a.",
            "a ",
            " a",
            "a/b:stream",
            "~/x\u{7f}",
        ] {
            let fault = inside(root, wrong).unwrap_err();
            assert_eq!(fault.kind, Kind::Unsafe, "{wrong:?}");
            let leaves = fault.message.contains("would not stay in the model's folder");
            assert_eq!(leaves, stays_inside(wrong).is_err(), "{fault}");
            assert!(leaves || fault.message.contains("no name for a file"), "{fault}");
        }
        for odd in ["samples/what is this?.png", "a//b", "nul", "a.", "a\nb", "a/b:stream", "..."] {
            assert_eq!(stays_inside(odd), Ok(()), "{odd:?}");
        }
        for wrong in ["", "/x", "..", "a/..", "a/../b", "a\\..\\b", "\\x", "C:x", "c:/x", "a\0b"] {
            assert!(stays_inside(wrong).is_err(), "{wrong:?}");
        }
        assert!(!is_path(&"a/".repeat(300)) && !is_part(&"a".repeat(300)));
    }

    #[test]
    fn repositories_are_named_as_people_name_them() {
        for text in ["owner/na.me-1", " owner/na.me-1 ", "https://hub.example/owner/na.me-1/tree/main"] {
            assert_eq!(repository(text).unwrap(), "owner/na.me-1");
        }
        for wrong in ["", "name", "a/b/c", "../b", "a/..", "a/b?c", "a/b c", "https://hub.example/", "a/.git"]
        {
            assert_eq!(repository(wrong).unwrap_err().kind, Kind::Usage, "{wrong}");
        }
    }

    #[test]
    fn revisions_and_hashes_are_told_apart() {
        assert!(is_commit(&"0a".repeat(20)) && !is_commit("main") && !is_commit(&"0A".repeat(20)));
        assert!(is_sha256(&"0a".repeat(32)) && !is_sha256(&"0g".repeat(32)));
        assert_eq!(revision("refs/pr/1").unwrap(), "refs/pr/1");
        for wrong in ["", "../main", "a b", "a?b", ".git"] {
            assert!(revision(wrong).is_err(), "{wrong}");
        }
        assert_eq!(encoded("a b/ü.onnx"), "a%20b/%C3%BC.onnx");
    }
}
