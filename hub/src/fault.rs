//! What can go wrong, each with a sentence: what failed, where, what to do.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::space;

pub type Result<T> = std::result::Result<T, Fault>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody said stop. What has arrived stays for the next time.
    Cancelled,
    /// Offline, too slow, a server that is down: the same may work later.
    Network,
    /// No such repository, revision or file.
    NotFound,
    /// Terms must be agreed to, an access token is missing or refused, or something between lets nobody through.
    Access,
    /// Not enough room on the disk.
    Space,
    /// A file or folder here cannot be read or written.
    Disk,
    /// What arrived, or lies here, is not what was published.
    Damaged,
    /// Another process has it in hand.
    Busy,
    /// A name from outside that would leave the target folder.
    Unsafe,
    /// Nothing that this version can load.
    Unsupported,
    /// What was asked for makes no sense: an identifier, an environment variable.
    Usage,
    /// A fault of this program.
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// One sentence, or two.
    pub message: String,
}

impl Fault {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Fault { kind, message: message.into() }
    }

    pub(crate) fn cancelled() -> Self {
        Fault::new(
            Kind::Cancelled,
            "Cancelled; what has arrived is kept, and the next try goes on from there.",
        )
    }

    /// A file here that could not be read or written.
    pub(crate) fn disk(doing: &str, path: &Path, why: &io::Error) -> Self {
        if space::is_full(why) {
            return Fault::new(
                Kind::Space,
                format!(
                    "The disk is full: {} could not be written; make room and try again, what has arrived is kept.",
                    path.display()
                ),
            );
        }
        let advice = if is_in_use(why) {
            "a program has it open; close that (Krita, GIMP), and try again"
        } else if cfg!(windows) && why.kind() == ErrorKind::PermissionDenied {
            // Windows says so of a folder with an open file in it, too.
            "close Krita, GIMP or what else may have it open, or look at its permissions"
        } else {
            "look at its permissions"
        };
        Fault::new(Kind::Disk, format!("Cannot {doing} {} ({}); {advice}.", path.display(), plain(why)))
    }
}

/// Does a program have that file open, so that it cannot be written or removed?
fn is_in_use(why: &io::Error) -> bool {
    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE
    let by_windows = cfg!(windows) && matches!(why.raw_os_error(), Some(32 | 33 | 1224));
    by_windows || matches!(why.kind(), ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy)
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// The system's words without the number of the error.
pub(crate) fn plain(why: &io::Error) -> String {
    let text = why.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_use_is_no_matter_of_permissions() {
        let told = |why: io::Error| Fault::disk("remove", Path::new("/m/unet"), &why).message;
        let in_use =
            if cfg!(windows) { io::Error::from_raw_os_error(32) } else { ErrorKind::ResourceBusy.into() };
        let message = told(in_use);
        assert!(
            message.starts_with("Cannot remove /m/unet (") && message.contains("has it open"),
            "{message}"
        );
        assert!(!message.contains("permissions"), "{message}");
        let message = told(ErrorKind::PermissionDenied.into());
        assert_eq!(message.contains("open"), cfg!(windows), "{message}");
        assert!(message.ends_with("look at its permissions."), "{message}");
    }
}
