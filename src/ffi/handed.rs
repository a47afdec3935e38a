//! What the exported functions hand out: strings that stay, handles, rectangles.

use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::Arc;

use parking_lot::Mutex;

use super::abi::*;
use super::constants::SCUMBLE_OK;
use super::guard::*;
use crate::frame::Frame;
use crate::region::Rect;

/// Strings that were handed out, each once, kept as long as this is.
#[derive(Default)]
pub(super) struct Words(Mutex<HashMap<String, CString>>);

impl Words {
    pub(super) fn keep(&self, text: &str) -> *const c_char {
        let mut words = self.0.lock();
        words.entry(text.to_owned()).or_insert_with(|| c_string(text)).as_ptr()
    }
}

pub(super) fn to_rect(rect: ScumbleRect) -> Rect {
    Rect::new(rect.x, rect.y, rect.width, rect.height)
}

pub(super) fn from_rect(rect: Rect) -> ScumbleRect {
    ScumbleRect { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}

/// Drops what an out parameter handed out.
pub(super) unsafe fn release<T>(pointer: *mut T) {
    guard(|| {
        if !pointer.is_null() {
            // SAFETY: made by Box::into_raw, released once, as the caller promised.
            drop(unsafe { Box::from_raw(pointer) });
        }
        Ok(SCUMBLE_OK)
    });
}

pub(super) fn hand_out(frame: Arc<Frame>) -> *mut ScumbleFrame {
    Box::into_raw(Box::new(ScumbleFrame { frame }))
}
