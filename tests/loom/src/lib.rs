//! Run with RUSTFLAGS="--cfg loom" (`make loom`).
#![cfg(loom)]

#[path = "../../../src/slot.rs"]
mod slot;
