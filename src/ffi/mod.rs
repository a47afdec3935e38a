//! The C ABI. `abi` and `frame_abi` hold the types, `layout` their sizes and first values, `guard` what stands between C and the engine,
//! `handed` what is handed out; `engine_calls`, `session_calls`, `frame_calls`, `paint_calls`, `condition_calls`, `download_calls`, `errors`, `list` and
//! `log_calls` are the functions, `loading` what an engine's options say of its model. All `unsafe` of the library is in this folder.

pub mod abi;
mod condition_calls;
pub mod constants;
mod download_calls;
mod engine_calls;
mod errors;
mod frame_abi;
mod frame_calls;
mod guard;
mod handed;
pub mod layout;
mod library;
mod list;
mod loading;
mod log_calls;
mod paint_calls;
mod session_calls;

pub use condition_calls::*;
pub use download_calls::*;
pub use engine_calls::*;
pub use errors::*;
pub use frame_calls::*;
pub use list::*;
pub use log_calls::*;
pub use paint_calls::*;
pub use session_calls::*;
