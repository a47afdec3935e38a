//! Getting a model is one call: a catalogue of what is known to load, and downloads done well.
//!
//! ```text
//! catalogue.json → catalogue.rs   what there is, with licences in plain words
//!                → plan.rs        which files, from where: an entry of the catalogue, or any repository (hub.rs asks what it
//!                                 has, choose.rs picks what a layout needs)
//!                → store.rs       the user's folders: pull, remove, one download of a model at a time
//!                → check.rs       what lies in a model's folder against what arrived there
//!                → named.rs       which of them somebody means
//!                → journal.rs     what an interrupted download of a model has behind it
//!                → carry.rs       what the user has put into a model's folder, when that is replaced
//! runtimes.json  → runtime.rs     ONNX Runtime out of its official wheels
//!                → fetch.rs       one file: resumed, checked, renamed when it is whole
//!                → web.rs         requests, redirects, access tokens, patience
//!
//! offers.rs      what can be got, for a list: sizes, licences, whether it runs well here (machine.rs), whether it is here
//! job.rs         one thing that is got in the background, from the question for its licence to its end
//! ```
//!
//! Nothing here knows the engine. A host starts [`job::Job::run`] on a thread of its own and looks at [`job::Job::now`]:
//! progress is plain data, and cancelling works at any time. Each [`fault::Fault`] is one sentence for
//! somebody who paints.

#![forbid(unsafe_code)]

mod carry;
pub mod catalogue;
mod check;
pub mod choose;
pub mod fault;
pub mod fetch;
mod folders;
pub mod hub;
pub mod job;
mod journal;
pub mod machine;
mod named;
pub mod names;
pub mod offers;
pub mod plan;
pub mod runtime;
pub mod settings;
pub mod space;
pub mod store;
pub mod watch;
pub mod web;

pub use fault::{Fault, Kind, Result};
