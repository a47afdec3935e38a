//! A pair of sockets, memory without a name, and a process that ends with its parent.

mod memory;
mod process;
mod scope;
mod shared;
mod socket;
mod worker;

/// What memory is handed over as.
pub type Owned = std::os::fd::OwnedFd;
pub type Borrowed<'a> = std::os::fd::BorrowedFd<'a>;

pub use memory::{Readable, Writable};
pub use process::Process;
pub use shared::{Listener, folder, join};
pub use socket::Socket;
pub use worker::{Hosts, connect, leave, settle_in};
