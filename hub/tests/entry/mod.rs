//! A catalogue with one entry.

#![allow(dead_code)]

use scumble_hub::catalogue::Catalogue;
use serde_json::{Value, json};

use crate::server::{COMMIT, NAME};

pub fn catalogue(files: Value) -> Catalogue {
    catalogue_that(false, files)
}

pub fn catalogue_that(choose: bool, files: Value) -> Catalogue {
    let entry = json!({
        "id": "tiny", "title": "Tiny", "family": "Stable Diffusion 1", "good_at": "Tests.", "memory_mb": 300,
        "device": "Anything.", "licences": ["mit"], "repository": NAME, "revision": COMMIT, "about_mb": 1,
        "choose": choose, "files": files,
        "writes": [{ "to": "scumble.json", "json": { "name": "Tiny" } }, { "to": "model_index.json", "json": {} }],
    });
    let licence = json!({ "title": "MIT", "plain": "Free for every use.", "url": "https://opensource.org/license/mit" });
    Catalogue::parse(&json!({ "licences": { "mit": licence }, "models": [entry] }).to_string()).unwrap()
}
