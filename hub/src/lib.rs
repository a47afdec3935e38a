//! Getting a model is one call: a catalogue of what is known to load, and downloads done well.
//!
//! ```text
//! catalogue.json → catalogue.rs   what there is, with licences in plain words
//!                → plan.rs        which files, from where: an entry of the catalogue, or any repository (hub.rs asks what it
//!                                 has, choose.rs picks what a layout needs)
//!                → store.rs       the user's folders: pull, check, remove, one download of a model at a time
//! runtimes.json  → runtime.rs     ONNX Runtime out of its official wheels
//!                → fetch.rs       one file: resumed, checked, renamed when it is whole
//!                → web.rs         requests, redirects, access tokens, patience
//! ```
//!
//! Nothing here knows the engine. A host starts [`store::Store::pull`] on a thread of its own and looks at its
//! [`watch::Watch`]: progress is plain data, and cancelling works at any time. Each [`fault::Fault`] is one sentence for
//! somebody who paints.

#![forbid(unsafe_code)]

pub mod catalogue;
pub mod choose;
pub mod fault;
pub mod fetch;
mod folders;
pub mod hub;
pub mod names;
pub mod plan;
pub mod runtime;
pub mod settings;
pub mod space;
pub mod store;
pub mod watch;
pub mod web;

pub use fault::{Fault, Kind, Result};
