//! The C ABI. `abi` holds the types, `guard` what stands between C and the engine, `calls` every function.
//! All `unsafe` of the library is in this folder.

pub mod abi;
pub mod calls;
pub mod constants;
mod guard;
mod library;
mod session_calls;

pub use calls::*;
pub use session_calls::*;
