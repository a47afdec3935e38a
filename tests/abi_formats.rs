//! One painting in the formats and row orders of many programs: the same picture, through the C ABI and a tiny model.

#[path = "pipeline/support.rs"]
#[allow(dead_code)]
mod models;

use std::ffi::CString;

use models::tiny;
use scumble::ffi::abi::*;
use scumble::ffi::constants::*;
use scumble::ffi::*;
use scumble::pixels::Format;
use scumble::pixels::colour::{Rgba, load, store};

const WIDTH: i32 = 61;
const HEIGHT: i32 = 47;

struct Host {
    engine: *mut ScumbleEngine,
    layer: *mut ScumbleSession,
}

impl Host {
    fn new(alpha: u32) -> Host {
        let model = CString::new(tiny("turbo").to_str().unwrap()).unwrap();
        let (mut engine, mut layer) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: structs and strings live as long as the calls.
        unsafe {
            let mut options = std::mem::zeroed::<ScumbleEngineOptions>();
            assert_eq!(scumble_engine_options_init(&mut options, size_of_val(&options)), SCUMBLE_OK);
            (options.model_dir, options.process) = (model.as_ptr(), SCUMBLE_PROCESS_HOST);
            assert_eq!(scumble_engine_create(&options, &mut engine), SCUMBLE_OK);
            assert_eq!(scumble_session_create(engine, &mut layer), SCUMBLE_OK);
            let mut params = std::mem::zeroed::<ScumbleParams>();
            assert_eq!(scumble_params_init(&mut params, size_of_val(&params)), SCUMBLE_OK);
            (params.strength, params.alpha, params.settle_delay_ms) = (0.5, alpha, 0);
            assert_eq!(scumble_session_set_params(layer, &params, std::ptr::null_mut()), SCUMBLE_OK);
        }
        Host { engine, layer }
    }

    /// Pushes packed rows, of which `pixels` holds the top one first or last, and returns the finished picture's in the
    /// same order; `byte_length` less `short`.
    fn shown(&self, format: i32, pixels: &[u8], bottom_up: bool, short: usize) -> Result<Vec<u8>, i32> {
        let row = pixels.len() / HEIGHT as usize;
        let (stride, top) = match bottom_up {
            true => (-(row as isize), row * (HEIGHT as usize - 1)),
            false => (row as isize, 0),
        };
        // SAFETY: as above; the buffers hold all rows.
        unsafe {
            let mut image = std::mem::zeroed::<ScumbleImage>();
            assert_eq!(scumble_image_init(&mut image, size_of_val(&image)), SCUMBLE_OK);
            let rect = ScumbleRect { x: 0, y: 0, width: WIDTH, height: HEIGHT };
            (image.format, image.canvas_width, image.canvas_height, image.rect) =
                (format, WIDTH, HEIGHT, rect);
            (image.stride, image.byte_length) = (stride, pixels.len() - short);
            image.pixels = pixels.as_ptr().add(top).cast();
            let status =
                scumble_session_push(self.layer, &image, 1, std::ptr::null(), 0, std::ptr::null_mut());
            if status < 0 {
                return Err(status);
            }
            assert_eq!(scumble_session_wait(self.layer, 120_000), SCUMBLE_OK);
            let mut frame = std::ptr::null_mut();
            assert_eq!(scumble_session_poll(self.layer, 0, &mut frame), SCUMBLE_OK);
            let mut made = vec![0xAA; pixels.len()];
            let target = made.as_mut_ptr().add(top).cast();
            let status = scumble_frame_copy(frame, &rect, target, stride, made.len() - short);
            scumble_frame_release(frame);
            if status < 0 { Err(status) } else { Ok(made) }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: made above, released once.
        unsafe {
            scumble_session_release(self.layer);
            scumble_engine_release(self.engine);
        }
    }
}

/// A painting of 8-bit numbers, so that every format of as many bits or more holds it exactly.
fn paint(x: i32, y: i32, opaque: bool) -> Rgba {
    let alpha = if opaque || x > 40 { 255 } else { (x * 6).min(255) };
    [x * 4, y * 5, (x * y) % 256, alpha].map(|v| (v.clamp(0, 255) as f32) / 255.0)
}

fn painted(format: Format, opaque: bool) -> Vec<u8> {
    let mut bytes = vec![0; (WIDTH * HEIGHT) as usize * format.bytes_per_pixel()];
    for (at, pixel) in bytes.chunks_exact_mut(format.bytes_per_pixel()).enumerate() {
        let [r, g, b, a] = paint(at as i32 % WIDTH, at as i32 / WIDTH, opaque);
        store(format, [r, g, b, a], pixel);
    }
    bytes
}

fn flipped(pixels: &[u8]) -> Vec<u8> {
    pixels.chunks_exact(pixels.len() / HEIGHT as usize).rev().flatten().copied().collect()
}

fn loaded(format: Format, pixels: &[u8]) -> Vec<Rgba> {
    pixels.chunks_exact(format.bytes_per_pixel()).map(|pixel| load(format, pixel)).collect()
}

#[test]
fn rows_from_the_bottom_up_are_the_same_picture() {
    let host = Host::new(SCUMBLE_ALPHA_OPAQUE);
    for format in [Format::Rgba8, Format::Bgr8, Format::RgbaF32Linear] {
        let pixels = painted(format, true);
        let down = host.shown(format as i32, &pixels, false, 0).unwrap();
        assert_ne!(down, pixels, "{format:?}: the model has changed something");
        let up = host.shown(format as i32, &flipped(&pixels), true, 0).unwrap();
        assert!(flipped(&up) == down, "{format:?}");
        for bottom_up in [false, true] {
            let pixels = painted(format, false);
            let short = host.shown(format as i32, &pixels, bottom_up, 1);
            assert_eq!(short, Err(SCUMBLE_ERROR_BUFFER), "{format:?}: a byte less than the rows need");
        }
    }
}

#[test]
fn opaque_paint_is_the_same_picture_with_and_without_alpha_and_multiplied_by_it() {
    let host = Host::new(SCUMBLE_ALPHA_OPAQUE);
    let usual = loaded(Format::Rgba8, &host.shown(1, &painted(Format::Rgba8, true), false, 0).unwrap());
    let same = [
        Format::Rgb8,
        Format::Bgr8,
        Format::Rgbx8,
        Format::Bgrx8,
        Format::Rgba8Premultiplied,
        Format::Bgra8Premultiplied,
    ];
    for format in same {
        let made = host.shown(format as i32, &painted(format, true), false, 0).unwrap();
        assert!(loaded(format, &made) == usual, "{format:?}");
    }
    let padding = host.shown(Format::Bgrx8 as i32, &painted(Format::Bgrx8, true), false, 0).unwrap();
    assert!(padding.chunks_exact(4).all(|pixel| pixel[3] == 255));
}

#[test]
fn half_transparent_paint_that_is_multiplied_by_alpha_comes_back_so() {
    let host = Host::new(SCUMBLE_ALPHA_FOLLOW_PAINT);
    let straight =
        loaded(Format::RgbaF32, &host.shown(5, &painted(Format::RgbaF32, false), false, 0).unwrap());
    for format in [Format::Rgba8Premultiplied, Format::Bgra8Premultiplied, Format::Rgba16Premultiplied] {
        let made = host.shown(format as i32, &painted(format, false), false, 0).unwrap();
        for (at, (made, wanted)) in loaded(format, &made).into_iter().zip(&straight).enumerate() {
            assert!((made[3] - wanted[3]).abs() < 1e-5, "{format:?} {at}: alpha");
            for c in 0..3 {
                let (made, wanted) = (made[c] * made[3], wanted[c] * wanted[3]);
                assert!((made - wanted).abs() < 2.5 / 255.0, "{format:?} {at}: {made} for {wanted}");
            }
        }
        let brighter =
            made.chunks_exact(4).any(|p| format.bytes_per_pixel() == 4 && p[..3].iter().any(|v| *v > p[3]));
        assert!(!brighter, "{format:?}: no colour is brighter than its cover");
    }
}

#[test]
fn paint_without_alpha_stays_where_the_mask_is_0() {
    let host = Host::new(SCUMBLE_ALPHA_OPAQUE);
    let coverage: Vec<u8> =
        (0..WIDTH * HEIGHT).map(|at| if (15..45).contains(&(at % WIDTH)) { 0 } else { 255 }).collect();
    for bottom_up in [false, true] {
        let (given, stride, top) = match bottom_up {
            true => (flipped(&coverage), -(WIDTH as isize), (WIDTH * (HEIGHT - 1)) as usize),
            false => (coverage.clone(), WIDTH as isize, 0),
        };
        // SAFETY: as above.
        unsafe {
            let mut mask = std::mem::zeroed::<ScumbleMask>();
            assert_eq!(scumble_mask_init(&mut mask, size_of_val(&mask)), SCUMBLE_OK);
            mask.outside = SCUMBLE_OUTSIDE_TRANSPARENT;
            (mask.canvas_width, mask.canvas_height) = (WIDTH, HEIGHT);
            mask.rect = ScumbleRect { x: 0, y: 0, width: WIDTH, height: HEIGHT };
            (mask.stride, mask.byte_length) = (stride, given.len());
            mask.coverage = given.as_ptr().add(top);
            let status = scumble_session_set_mask(host.layer, &mask, std::ptr::null_mut());
            assert_eq!(status, if bottom_up { SCUMBLE_UNCHANGED } else { SCUMBLE_OK }, "the same mask");
        }
        for format in [Format::Rgb8, Format::Rgba8] {
            let pixels = painted(format, true);
            let made = host.shown(format as i32, &pixels, false, 0).unwrap();
            let pixel = |of: &[u8], x: i32| {
                let each = format.bytes_per_pixel();
                of[(20 * WIDTH + x) as usize * each..][..each].to_vec()
            };
            assert_ne!(pixel(&made, 2), pixel(&pixels, 2), "{format:?}: inside");
            let outside = if format.has_alpha() { vec![0; 4] } else { pixel(&pixels, 30) };
            assert_eq!(pixel(&made, 30), outside, "{format:?}");
        }
    }
}
