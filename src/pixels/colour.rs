//! One pixel between a host's bytes and floats; sRGB transfer functions (IEC 61966-2-1).

use std::sync::LazyLock;

use half::f16;

use super::{AlphaKind, Depth, Encoding, Format, Order};

/// A pixel as red, green, blue and alpha, nominally 0..1.
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
#[inline]
pub fn unit(v: f32) -> f32 {
    if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) }
}

/// From and to sRGB-encoded values, which the model sees, in the time that a pixel loop has.
#[derive(Clone, Copy)]
pub struct Transfer(Option<&'static [Curve; 2]>);

impl Transfer {
    /// Where the encoding is a constant, what it does not need is compiled away.
    #[inline(always)]
    pub fn of(encoding: Encoding) -> Transfer {
        // Below it both functions are straight lines already.
        const LEAST: f32 = 1.0 / 512.0;
        static CURVES: LazyLock<[Curve; 2]> = LazyLock::new(|| {
            let exact = |of: fn(f32) -> f32| Curve { exact: Some(of), ..Curve::new(LEAST, of) };
            [exact(encode), exact(decode)]
        });
        Transfer(match encoding {
            Encoding::Srgb => None,
            Encoding::Linear => Some(&CURVES),
        })
    }

    /// From the encoding to sRGB-encoded.
    #[inline]
    pub fn to_srgb(self, v: f32) -> f32 {
        self.0.map_or(v, |[encode, _]| encode.at(v))
    }

    /// From sRGB-encoded to the encoding.
    #[inline]
    pub fn of_srgb(self, v: f32) -> f32 {
        self.0.map_or(v, |[_, decode]| decode.at(v))
    }
}

/// A transfer function by straight lines, [`Curve::LINES`] of them from each power of two to the next, so that an
/// index is the top bits of a float; within 2·10⁻⁶ of a smooth function that it was made of.
pub struct Curve {
    /// A power of two: where the first line begins.
    least: f32,
    points: Vec<f32>,
    /// At 0.
    zero: f32,
    /// Beyond the lines; `None`: one more from 0 to the first, and what lies beyond 0..1 is as at its ends.
    exact: Option<fn(f32) -> f32>,
}

impl Curve {
    const LINES: u32 = 256;
    /// Bits of a float's mantissa below those of the index.
    const PART: u32 = f32::MANTISSA_DIGITS - 1 - Self::LINES.ilog2();

    /// `least` is a power of two below 1.
    pub fn new(least: f32, of: impl Fn(f32) -> f32) -> Curve {
        let points = (least.to_bits() >> Self::PART..)
            .map(|top| f32::from_bits(top << Self::PART))
            // One more than 1.0: where the line that begins there ends.
            .take_while(|v| *v < 1.0 + 2.0 / Self::LINES as f32);
        Curve { least, points: points.map(&of).collect(), zero: of(0.0), exact: None }
    }

    #[inline]
    pub fn at(&self, v: f32) -> f32 {
        if !(self.least..=1.0).contains(&v) {
            return self.beyond(v);
        }
        let above = v.to_bits() - self.least.to_bits();
        let line = (above >> Self::PART) as usize;
        let part = (above & ((1 << Self::PART) - 1)) as f32 / (1 << Self::PART) as f32;
        let (from, to) = (self.points[line], self.points[line + 1]);
        from + (to - from) * part
    }

    fn beyond(&self, v: f32) -> f32 {
        match self.exact {
            Some(exact) => exact(v),
            None if v > 1.0 => self.at(1.0),
            None => self.zero + (self.points[0] - self.zero) * (v.max(0.0) / self.least),
        }
    }
}

/// Reads the pixel in the first bytes of `bytes`, which must hold one, in the format's own encoding, with straight alpha.
#[inline]
pub fn load(format: Format, bytes: &[u8]) -> Rgba {
    let pair = |i: usize| [bytes[2 * i], bytes[2 * i + 1]];
    let four = |i: usize| [bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]];
    let channel = |i: usize| match format.depth() {
        Depth::U8 => f32::from(bytes[i]) / 255.0,
        Depth::U16 => f32::from(u16::from_ne_bytes(pair(i))) / 65535.0,
        Depth::F16 => f16::from_ne_bytes(pair(i)).to_f32(),
        Depth::F32 => f32::from_ne_bytes(four(i)),
    };
    let (r, b) = match format.order() {
        Order::Rgba => (channel(0), channel(2)),
        Order::Bgra => (channel(2), channel(0)),
    };
    let (g, a) = (channel(1), if format.has_alpha() { channel(3) } else { 1.0 });
    match format.alpha() {
        // Light without cover is no paint.
        AlphaKind::Premultiplied if a <= 0.0 => [0.0; 4],
        AlphaKind::Premultiplied => [r / a, g / a, b / a, a],
        _ => [r, g, b, a],
    }
}

/// Writes a pixel of straight alpha in the format's own encoding to the first bytes of `bytes`, rounding to the nearest
/// value of the format.
#[inline]
pub fn store(format: Format, pixel: Rgba, bytes: &mut [u8]) {
    let [r, g, b, a] = match (format.alpha(), pixel) {
        (AlphaKind::Straight, pixel) => pixel,
        // No colour is brighter than its cover.
        (AlphaKind::Premultiplied, [r, g, b, a]) => {
            let (cover, whole) = (unit(a), matches!(format.depth(), Depth::U8 | Depth::U16));
            let under = |v: f32| if whole { unit(v) * cover } else { v * cover };
            [under(r), under(g), under(b), cover]
        }
        (AlphaKind::Padding | AlphaKind::None, [r, g, b, _]) => [r, g, b, 1.0],
    };
    let ordered = match format.order() {
        Order::Rgba => [r, g, b, a],
        Order::Bgra => [b, g, r, a],
    };
    match format.depth() {
        Depth::U8 => {
            for (out, v) in bytes.iter_mut().zip(ordered) {
                *out = (unit(v) * 255.0 + 0.5) as u8;
            }
        }
        Depth::U16 => {
            for (out, v) in bytes.chunks_exact_mut(2).zip(ordered) {
                out.copy_from_slice(&((unit(v) * 65535.0 + 0.5) as u16).to_ne_bytes());
            }
        }
        Depth::F16 => {
            for (out, v) in bytes.chunks_exact_mut(2).zip(ordered) {
                out.copy_from_slice(&f16::from_f32(v).to_ne_bytes());
            }
        }
        Depth::F32 => {
            for (out, v) in bytes.chunks_exact_mut(4).zip(ordered) {
                out.copy_from_slice(&v.to_ne_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_keeps_a_pixel_through_load_and_store() {
        for format in Format::ALL {
            let pixel = [0.2, 0.4, 0.6, 0.8];
            let mut bytes = [0u8; 16];
            store(format, pixel, &mut bytes[..format.bytes_per_pixel()]);
            let most = match format.depth() {
                Depth::U8 => 0.5 / 255.0,
                Depth::U16 => 0.5 / 65535.0,
                Depth::F16 => 0.8 / 2048.0,
                Depth::F32 => 0.0,
            };
            let most = if format.alpha() == AlphaKind::Premultiplied { 2.0 * most } else { most };
            let [.., alpha] = load(format, &bytes);
            assert!(format.has_alpha() || alpha == 1.0, "{format:?}");
            for (a, b) in pixel.iter().zip(load(format, &bytes)).take(if format.has_alpha() { 4 } else { 3 })
            {
                assert!((a - b).abs() <= most + 1e-7, "{format:?}: {a} became {b}");
            }
            assert_eq!(Format::from_number(format as i32).ok(), Some(format));
        }
    }

    #[test]
    fn numbers_are_exact_and_channel_order_is_memory_order() {
        let exact = |f: &Format| {
            f.depth() != Depth::F32 && !matches!(f.alpha(), AlphaKind::Premultiplied | AlphaKind::Padding)
        };
        for format in Format::ALL.into_iter().filter(exact) {
            let bytes = format.bytes_per_pixel();
            for v in 0..=65535u16 {
                let mut pixel = [0u8; 8];
                pixel[..2].copy_from_slice(&v.to_ne_bytes());
                let mut out = [0u8; 8];
                store(format, load(format, &pixel), &mut out[..bytes]);
                let not_a_number = format.depth() == Depth::F16 && f16::from_bits(v).is_nan();
                assert!(out == pixel || not_a_number, "{format:?} {v}");
            }
        }
        for format in Format::ALL {
            let mut bytes = [0u8; 16];
            store(format, [1.0, 0.0, 0.0, 1.0], &mut bytes[..format.bytes_per_pixel()]);
            let channels = if format.alpha() == AlphaKind::None { 3 } else { 4 };
            let channel = format.bytes_per_pixel() / channels;
            let red = if format.order() == Order::Bgra { 2 } else { 0 };
            for (i, one) in bytes[..channels * channel].chunks_exact(channel).enumerate() {
                assert_eq!(one.iter().any(|b| *b != 0), i == red || i == 3, "{format:?} channel {i}");
            }
        }
    }

    #[test]
    fn premultiplied_numbers_are_exact_and_never_brighter_than_their_cover() {
        let format = Format::Bgra8Premultiplied;
        for alpha in 0..=255u8 {
            for colour in 0..=255u8 {
                let pixel = [colour, alpha.min(colour), 0, alpha];
                let mut out = [7; 4];
                store(format, load(format, &pixel), &mut out);
                let kept = [colour.min(alpha), alpha.min(colour), 0, alpha];
                assert_eq!(out, kept, "{pixel:?}");
            }
        }
        let straight = load(format, &[32, 64, 128, 128]);
        for (v, wanted) in straight.into_iter().zip([1.0, 0.5, 0.25, 128.0 / 255.0]) {
            assert!((v - wanted).abs() < 1e-6, "{straight:?}");
        }
        for format in Format::ALL.into_iter().filter(|f| f.alpha() == AlphaKind::Premultiplied) {
            let mut out = [9; 16];
            let bytes = &mut out[..format.bytes_per_pixel()];
            store(format, [0.5, f32::NAN, 0.2, 0.0], bytes);
            assert_eq!(load(format, bytes), [0.0; 4], "{format:?}");
        }
    }

    #[test]
    fn the_transfer_functions_are_srgb() {
        assert!((encode(0.214_041) - 0.5).abs() < 1e-4);
        assert!((decode(0.5) - 0.214_041).abs() < 1e-4);
        assert!((decode(encode(-0.3)) + 0.3).abs() < 1e-5);
        assert_eq!(unit(f32::NAN), 0.0);
    }

    #[test]
    fn the_quick_curves_are_the_functions() {
        let transfer = Transfer::of(Encoding::Linear);
        for i in 0..=1_000_000u32 {
            let v = i as f32 / 1e6;
            assert!((transfer.to_srgb(v) - encode(v)).abs() < 2e-6, "{v}");
            assert!((transfer.of_srgb(v) - decode(v)).abs() < 2e-6, "{v}");
        }
        for v in [-0.3, 1.5, 80.0, 1e-9, f32::INFINITY] {
            assert_eq!((transfer.to_srgb(v), transfer.of_srgb(v)), (encode(v), decode(v)));
        }
        for v in [0.0, 1.0] {
            assert_eq!((transfer.to_srgb(v), transfer.of_srgb(v)), (encode(v), decode(v)));
        }
        // Each 8-bit and 16-bit code comes back through both curves.
        for count in [255u32, 65535] {
            for code in 0..=count {
                let v = code as f32 / count as f32;
                let back = transfer.of_srgb(transfer.to_srgb(v));
                assert_eq!((back * count as f32 + 0.5) as u32, code);
            }
        }
        assert_eq!(Transfer::of(Encoding::Srgb).to_srgb(0.3), 0.3);
    }
}
