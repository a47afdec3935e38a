//! A pipe without a name that anybody knows, memory of the paging file, and a process in a job that ends with its last
//! handle.

mod memory;
mod process;
mod shared;
mod socket;
mod worker;

/// What memory is handed over as.
pub type Owned = std::os::windows::io::OwnedHandle;
pub type Borrowed<'a> = std::os::windows::io::BorrowedHandle<'a>;

pub use memory::{Readable, Writable};
pub use process::Process;
pub use shared::{Listener, folder, join};
pub use socket::Socket;
pub use worker::{Hosts, connect, leave, settle_in};

/// What a call that answers with a BOOL has met.
fn check(answer: windows_sys::core::BOOL) -> std::io::Result<()> {
    if answer == 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
