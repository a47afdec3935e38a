//! One pixel between a host's bytes and floats; sRGB transfer functions (IEC 61966-2-1).

use super::Format;

/// A pixel as sRGB-encoded red, green, blue and alpha, nominally 0..1.
pub type Rgba = [f32; 4];

/// Linear light to sRGB-encoded; values outside 0..1 go through the curve's odd extension.
pub fn encode(linear: f32) -> f32 {
    let v = linear.abs();
    let encoded = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    encoded.copysign(linear)
}

/// sRGB-encoded to linear light.
pub fn decode(encoded: f32) -> f32 {
    let v = encoded.abs();
    let linear = if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    linear.copysign(encoded)
}

/// NaN becomes 0; the rest is clamped to 0..1.
pub fn unit(v: f32) -> f32 {
    if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) }
}

/// Reads the pixel in the first bytes of `bytes`, which must hold one.
#[inline]
pub fn load(format: Format, bytes: &[u8]) -> Rgba {
    let byte = |i: usize| f32::from(bytes[i]) / 255.0;
    let word = |i: usize| f32::from(u16::from_ne_bytes([bytes[2 * i], bytes[2 * i + 1]])) / 65535.0;
    let float =
        |i: usize| f32::from_ne_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]]);
    match format {
        Format::Rgba8 => [byte(0), byte(1), byte(2), byte(3)],
        Format::Bgra8 => [byte(2), byte(1), byte(0), byte(3)],
        Format::Rgba16 => [word(0), word(1), word(2), word(3)],
        Format::Bgra16 => [word(2), word(1), word(0), word(3)],
        Format::RgbaF32 => [float(0), float(1), float(2), float(3)],
        Format::RgbaF32Linear => [encode(float(0)), encode(float(1)), encode(float(2)), float(3)],
    }
}

/// Writes a pixel to the first bytes of `bytes`, rounding to the nearest value of the format.
#[inline]
pub fn store(format: Format, pixel: Rgba, bytes: &mut [u8]) {
    let [r, g, b, a] = pixel;
    match format {
        Format::Rgba8 | Format::Bgra8 => {
            let ordered = if format == Format::Rgba8 { [r, g, b, a] } else { [b, g, r, a] };
            for (out, v) in bytes.iter_mut().zip(ordered) {
                *out = (unit(v) * 255.0 + 0.5) as u8;
            }
        }
        Format::Rgba16 | Format::Bgra16 => {
            let ordered = if format == Format::Rgba16 { [r, g, b, a] } else { [b, g, r, a] };
            for (out, v) in bytes.chunks_exact_mut(2).zip(ordered) {
                out.copy_from_slice(&((unit(v) * 65535.0 + 0.5) as u16).to_ne_bytes());
            }
        }
        Format::RgbaF32 | Format::RgbaF32Linear => {
            let linear = format == Format::RgbaF32Linear;
            let ordered = if linear { [decode(r), decode(g), decode(b), a] } else { [r, g, b, a] };
            for (out, v) in bytes.chunks_exact_mut(4).zip(ordered) {
                out.copy_from_slice(&v.to_ne_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Format; 6] = [
        Format::Rgba8,
        Format::Bgra8,
        Format::Rgba16,
        Format::Bgra16,
        Format::RgbaF32,
        Format::RgbaF32Linear,
    ];

    #[test]
    fn every_format_keeps_a_pixel_through_load_and_store() {
        for format in ALL {
            let pixel = [0.2, 0.4, 0.6, 0.8];
            let mut bytes = [0u8; 16];
            store(format, pixel, &mut bytes[..format.bytes_per_pixel()]);
            let back = load(format, &bytes);
            for (a, b) in pixel.iter().zip(back) {
                assert!(
                    (a - b).abs() < 1e-6 || format.bytes_per_pixel() < 16 && (a - b).abs() < 0.002,
                    "{format:?}"
                );
            }
        }
    }

    #[test]
    fn integer_formats_are_exact_and_channel_order_is_memory_order() {
        for v in 0..=255u8 {
            let mut out = [0u8; 4];
            store(Format::Bgra8, load(Format::Bgra8, &[v, 1, 2, 3]), &mut out);
            assert_eq!(out, [v, 1, 2, 3]);
        }
        assert_eq!(load(Format::Bgra8, &[0, 0, 255, 255]), [1.0, 0.0, 0.0, 1.0]);
        for v in (0..=65535u16).step_by(7) {
            let mut bytes = [0u8; 8];
            bytes[..2].copy_from_slice(&v.to_ne_bytes());
            let mut out = [0u8; 8];
            store(Format::Rgba16, load(Format::Rgba16, &bytes), &mut out);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn the_transfer_functions_are_srgb() {
        assert!((encode(0.214_041) - 0.5).abs() < 1e-4);
        assert!((decode(0.5) - 0.214_041).abs() < 1e-4);
        assert!((decode(encode(-0.3)) + 0.3).abs() < 1e-5);
        assert_eq!(unit(f32::NAN), 0.0);
    }
}
