//! The C ABI. `abi` and `frame_abi` hold the types, `layout` their sizes and first values, `guard` what stands between C and the engine, `calls`, `session_calls`,
//! `frame_calls`, `paint_calls`, `condition_calls`, `download_calls`, `errors` and `list` the functions, `loading` what an engine's options say of its model.
//! All `unsafe` of the library is in this folder.

pub mod abi;
pub mod calls;
mod condition_calls;
pub mod constants;
mod download_calls;
mod errors;
mod frame_abi;
mod frame_calls;
mod guard;
pub mod layout;
mod library;
mod list;
mod loading;
mod paint_calls;
mod session_calls;

pub use calls::*;
pub use condition_calls::*;
pub use download_calls::*;
pub use errors::*;
pub use frame_calls::*;
pub use list::*;
pub use paint_calls::*;
pub use session_calls::*;
