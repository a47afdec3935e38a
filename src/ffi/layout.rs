//! How large the structs of [`super::abi`] are, where their fields lie, and what a field has that a caller does not know of.

use super::abi::*;
use super::constants as c;

/// A struct that begins with its size as the caller knows it.
///
/// # Safety
/// The type is `repr(C)`, begins with a `u32` size, and every bit pattern is a value of it.
pub(super) unsafe trait Sized32: Copy {
    /// The smallest size that is taken: what the struct had when ABI 1 was made. All that was appended since lies
    /// beyond it.
    const FIRST_SIZE: usize;
    /// What a field has that the caller's shorter struct lacks.
    fn initial() -> Self;
    fn name() -> &'static str;
    fn layout() -> Layout;
}

/// A struct's name, its size, and name, offset and size of each field, as Rust has them.
pub type Layout = (&'static str, usize, Vec<(&'static str, usize, usize)>);

macro_rules! layout {
    ($type:ident, $value:expr, $($field:ident)*) => {{
        let value: $type = $value;
        let fields = vec![$((stringify!($field), std::mem::offset_of!($type, $field), size_of_val(&value.$field))),*];
        (stringify!($type), size_of::<$type>(), fields)
    }};
}

/// Every struct of the ABI; tests/abi_layout.rs compares them with C and ctypes.
#[doc(hidden)]
pub fn layouts() -> Vec<Layout> {
    vec![
        ScumbleEngineOptions::layout(),
        ScumbleEngineInfo::layout(),
        ScumbleParams::layout(),
        layout!(ScumbleRect, NO_RECT, x y width height),
        ScumbleImage::layout(),
        ScumbleMask::layout(),
        ScumbleCondition::layout(),
        ScumbleFrameInfo::layout(),
        ScumbleOverview::layout(),
        ScumbleStats::layout(),
        ScumbleEntry::layout(),
        ScumbleDownloadOptions::layout(),
        ScumbleDownloadInfo::layout(),
    ]
}

macro_rules! sized32 {
    ($type:ident, $fields:tt) => {
        sized32!($type, first size_of::<$type>(), $fields);
    };
    ($type:ident, first $first:expr, { $($field:ident: $value:expr),* $(,)? }) => {
        // SAFETY: repr(C) above, `struct_size: u32` first, integers, floats and raw pointers only.
        unsafe impl Sized32 for $type {
            const FIRST_SIZE: usize = $first;
            fn initial() -> Self {
                $type { struct_size: size_of::<$type>() as u32, $($field: $value),* }
            }
            fn name() -> &'static str {
                stringify!($type)
            }
            fn layout() -> Layout {
                layout!($type, Self::initial(), struct_size $($field)*)
            }
        }
    };
}

const NO_RECT: ScumbleRect = ScumbleRect { x: 0, y: 0, width: 0, height: 0 };

sized32!(ScumbleEngineOptions, first std::mem::offset_of!(ScumbleEngineOptions, process), {
    intra_threads: 0, model_dir: std::ptr::null(), device: std::ptr::null(), runtime: std::ptr::null(),
    scheduler: std::ptr::null(), process: c::SCUMBLE_PROCESS_AUTO, idle_ms: 0, hang_ms: 0, loras: 0,
    worker: std::ptr::null(),
});
sized32!(ScumbleEngineInfo, first std::mem::offset_of!(ScumbleEngineInfo, runtime), {
    state: 0, progress: 0.0, error: 0, message: c"".as_ptr(), model_name: c"".as_ptr(),
    model_description: c"".as_ptr(), device: c"".as_ptr(), native_side: 0, default_steps: 0,
    default_strength: 0.0, default_guidance: 0.0, runtime: c"".as_ptr(), device_note: c"".as_ptr(),
    default_paint_guidance: 0.0, reserved: 0,
});
sized32!(ScumbleParams, first std::mem::offset_of!(ScumbleParams, lora_folder), {
    steps: 0, prompt: std::ptr::null(), negative: std::ptr::null(), strength: -1.0, guidance: -1.0, seed: 0,
    preview: c::SCUMBLE_PREVIEW_EACH_STEP, alpha: c::SCUMBLE_ALPHA_OPAQUE, paper: [255, 255, 255, 0],
    mask_softness: 8, resolution: 0, reserved: 0, sampler: std::ptr::null(), finest: 0, settle_delay_ms: 300,
    refine_strength: 0.0, settled_steps: 0, lora_folder: std::ptr::null(), paint_guidance: 0.0,
    overview: 0,
});
sized32!(ScumbleImage, first std::mem::offset_of!(ScumbleImage, space), {
    format: 0, canvas_width: 0, canvas_height: 0, rect: NO_RECT, stride: 0, byte_length: 0,
    pixels: std::ptr::null(), space: c::SCUMBLE_SPACE_SRGB, reserved: 0, profile_length: 0,
    profile: std::ptr::null(),
});
sized32!(ScumbleMask, {
    outside: c::SCUMBLE_OUTSIDE_PAINT, canvas_width: 0, canvas_height: 0, rect: NO_RECT, stride: 0, byte_length: 0,
    coverage: std::ptr::null(),
});
sized32!(ScumbleCondition, first std::mem::offset_of!(ScumbleCondition, text_scale), {
    kind: c::SCUMBLE_CONDITION_CONTROL, file: std::ptr::null(), scale: 1.0, start: 0.0, end: 1.0,
    prepare: c::SCUMBLE_PREPARE_AS_IS, text_scale: 1.0, rank: 0, prompt: std::ptr::null(), negative: std::ptr::null(),
    aspect: c::SCUMBLE_ASPECT_ALL, reserved: 0,
});
sized32!(ScumbleFrameInfo, {
    flags: 0, seq: 0, revision: 0, rect: NO_RECT, covers: NO_RECT, canvas_width: 0, canvas_height: 0, format: 0,
    tier: 0, rect_count: 0, step: 0, steps: 0, reserved: 0, since_push_us: 0, since_start_us: 0, text_us: 0, encode_us: 0,
    denoise_us: 0, decode_us: 0, pixels_us: 0, runtime_us: 0,
});
sized32!(ScumbleOverview, {
    width: 0, height: 0, reserved: 0, left: 0.0, top: 0.0, covers_width: 0.0, covers_height: 0.0,
});
sized32!(ScumbleStats, { busy: 0, jobs_started: 0, jobs_replaced: 0, frames: 0 });

sized32!(ScumbleEntry, first std::mem::offset_of!(ScumbleEntry, memory), {
    usable: 0, name: c"".as_ptr(), title: c"".as_ptr(), note: c"".as_ptr(), least: 0.0, most: 0.0, initial: 0.0,
    memory: 0, bytes: 0, arrived: 0, offer: 0, reserved: 0, good_at: c"".as_ptr(), licence: c"".as_ptr(),
    licence_url: c"".as_ptr(), folder: c"".as_ptr(),
});
sized32!(ScumbleDownloadOptions, {
    kind: c::SCUMBLE_WANT_MODEL, name: std::ptr::null(), precision: std::ptr::null(), revision: std::ptr::null(),
    anyway: 0, agreed: 0,
});
sized32!(ScumbleDownloadInfo, {
    state: 0, error: 0, files_done: 0, files: 0, reserved: 0, bytes_done: 0, bytes: 0, message: c"".as_ptr(),
    title: c"".as_ptr(), file: c"".as_ptr(), licence: c"".as_ptr(), licence_url: c"".as_ptr(), remarks: c"".as_ptr(),
    folder: c"".as_ptr(),
});

// The first sizes of ABI 1 on 64-bit machines, which are taken for good; and that of what has grown since.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(ScumbleEngineOptions::FIRST_SIZE == 40);
    assert!(ScumbleEngineInfo::FIRST_SIZE == 64);
    assert!(ScumbleParams::FIRST_SIZE == 88);
    assert!(ScumbleImage::FIRST_SIZE == 56);
    assert!(ScumbleMask::FIRST_SIZE == 56);
    assert!(ScumbleCondition::FIRST_SIZE == 32);
    assert!(ScumbleFrameInfo::FIRST_SIZE == 152);
    assert!(ScumbleOverview::FIRST_SIZE == 48);
    assert!(ScumbleStats::FIRST_SIZE == 32);
    assert!(ScumbleEntry::FIRST_SIZE == 56);
    assert!(size_of::<ScumbleEngineInfo>() == 88);
    assert!(ScumbleDownloadOptions::FIRST_SIZE == 40);
    assert!(ScumbleDownloadInfo::FIRST_SIZE == 96);
    assert!(size_of::<ScumbleEntry>() == 120);
    assert!(size_of::<ScumbleCondition>() == 64);
    assert!(size_of::<ScumbleEngineOptions>() == 64);
    assert!(size_of::<ScumbleImage>() == 80);
    assert!(size_of::<ScumbleParams>() == 104);
};

// [any-thread] calls share these between threads by reference.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ScumbleEngine>();
    shared::<ScumbleSession>();
    shared::<ScumbleFrame>();
    shared::<ScumbleList>();
    shared::<ScumbleDownload>();
};
