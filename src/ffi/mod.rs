//! The C ABI. `abi` holds the types, `guard` what stands between C and the engine, `calls`, `session_calls`,
//! `paint_calls`, `errors` and `list` the functions, `loading` what an engine's options say of its model.
//! All `unsafe` of the library is in this folder.

pub mod abi;
pub mod calls;
pub mod constants;
mod errors;
mod guard;
mod library;
mod list;
mod loading;
mod paint_calls;
mod session_calls;

pub use calls::*;
pub use errors::*;
pub use list::*;
pub use paint_calls::*;
pub use session_calls::*;
