//! The real guard, ABI structs and errors; what they name of the rest of the engine is empty here (`make miri`).
#![allow(dead_code)]

#[path = "../../../src/error.rs"]
pub mod error;

pub mod engine {
    pub struct Engine;
}
pub mod session {
    pub struct Session;
}
pub mod frame {
    pub struct Frame;
}
pub mod job {
    pub const MAX_TEXT: usize = 1 << 20;
    pub enum Preview {
        Off = 0,
        GiveWay = 1,
        EachStep = 2,
    }
}
pub mod pixels {
    pub enum Format {
        Rgba8 = 1,
        Bgra8 = 2,
        Rgba16 = 3,
        Bgra16 = 4,
        RgbaF32 = 5,
        RgbaF32Linear = 6,
        Rgba8Linear = 7,
        Bgra8Linear = 8,
        Rgba16Linear = 9,
        Bgra16Linear = 10,
        RgbaF16 = 11,
        RgbaF16Linear = 12,
    }
    pub mod mask {
        pub enum Outside {
            Paint = 0,
            Transparent = 1,
        }
    }
    pub mod paste {
        pub enum Alpha {
            Opaque = 0,
            FollowPaint = 1,
        }
    }
}
#[path = "../../../src/ffi"]
pub mod ffi {
    pub mod abi;
    pub mod constants;
    mod guard;
    mod calls {
        pub struct Words;
    }
    mod errors {
        pub struct Sentence;
    }
    mod list {
        pub struct Entry;
    }
}
