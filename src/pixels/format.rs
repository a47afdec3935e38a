//! How the bytes of a pixel are to be read.

use crate::error::{Error, Result, Status};

/// Declares [`Format`], with all that needs each of them by name.
macro_rules! formats {
    ($($name:ident = $number:literal,)*) => {
        /// Pixels with red, green, blue and, mostly, alpha. The numbers are the C ABI's; a format is a channel [`Order`], a
        /// [`Depth`], an [`Encoding`] and an [`AlphaKind`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub enum Format {
            $($name = $number,)*
        }

        impl Format {
            pub const ALL: [Format; [$($number),*].len()] = [$(Self::$name),*];
        }

        /// Runs a pixel loop with its format as a constant, so that the compiler makes one loop for each.
        macro_rules! with_constant {
            ($format:expr, $constant:ident => $loop:expr) => {
                match $format {
                    $(Format::$name => {
                        const $constant: Format = Format::$name;
                        $loop
                    })*
                }
            };
        }
        pub(crate) use with_constant;
    };
}

formats! {
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
    Rgba8Premultiplied = 13,
    Bgra8Premultiplied = 14,
    Rgba16Premultiplied = 15,
    RgbaF16LinearPremultiplied = 16,
    RgbaF32LinearPremultiplied = 17,
    Rgb8 = 18,
    Bgr8 = 19,
    Rgbx8 = 20,
    Bgrx8 = 21,
    Rgb16 = 22,
    RgbF32Linear = 23,
}

/// In which order a pixel's channels lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Rgba,
    Bgra,
}

/// What a pixel says of its alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlphaKind {
    /// Colours are what they are, however thin.
    Straight,
    /// Colours are multiplied by alpha, in the format's own encoding.
    Premultiplied,
    /// Opaque, with a fourth channel that says nothing.
    Padding,
    /// Opaque, with three channels.
    None,
}

/// What one channel is, in the machine's byte order; the largest whole number is 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    U8,
    U16,
    F16,
    F32,
}

/// How the numbers of red, green and blue stand for light (of which colours, a [`Space`] says). Paint is blended in its own
/// encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As the colour space has it: sRGB's curve, or its own.
    Srgb,
    /// In proportion to light.
    Linear,
}

impl Format {
    pub fn from_number(number: i32) -> Result<Format> {
        Self::ALL.into_iter().find(|f| *f as i32 == number).ok_or_else(|| {
            Error::new(
                Status::Format,
                format!("There is no pixel format {number}; use one of SCUMBLE_FORMAT_*."),
            )
        })
    }

    #[inline]
    pub const fn order(self) -> Order {
        match self {
            Self::Bgra8 | Self::Bgra16 | Self::Bgra8Linear | Self::Bgra16Linear => Order::Bgra,
            Self::Bgra8Premultiplied | Self::Bgr8 | Self::Bgrx8 => Order::Bgra,
            _ => Order::Rgba,
        }
    }

    #[inline]
    pub const fn depth(self) -> Depth {
        match self {
            Self::Rgba8 | Self::Bgra8 | Self::Rgba8Linear | Self::Bgra8Linear => Depth::U8,
            Self::Rgba8Premultiplied | Self::Bgra8Premultiplied => Depth::U8,
            Self::Rgb8 | Self::Bgr8 | Self::Rgbx8 | Self::Bgrx8 => Depth::U8,
            Self::Rgba16 | Self::Bgra16 | Self::Rgba16Linear | Self::Bgra16Linear => Depth::U16,
            Self::Rgba16Premultiplied | Self::Rgb16 => Depth::U16,
            Self::RgbaF16 | Self::RgbaF16Linear | Self::RgbaF16LinearPremultiplied => Depth::F16,
            Self::RgbaF32 | Self::RgbaF32Linear => Depth::F32,
            Self::RgbaF32LinearPremultiplied | Self::RgbF32Linear => Depth::F32,
        }
    }

    #[inline]
    pub const fn encoding(self) -> Encoding {
        match self {
            Self::RgbaF32Linear | Self::Rgba8Linear | Self::Bgra8Linear | Self::Rgba16Linear => {
                Encoding::Linear
            }
            Self::Bgra16Linear | Self::RgbaF16Linear | Self::RgbF32Linear => Encoding::Linear,
            Self::RgbaF16LinearPremultiplied | Self::RgbaF32LinearPremultiplied => Encoding::Linear,
            _ => Encoding::Srgb,
        }
    }

    #[inline]
    pub const fn alpha(self) -> AlphaKind {
        match self {
            Self::Rgba8Premultiplied | Self::Bgra8Premultiplied => AlphaKind::Premultiplied,
            Self::Rgba16Premultiplied => AlphaKind::Premultiplied,
            Self::RgbaF16LinearPremultiplied | Self::RgbaF32LinearPremultiplied => AlphaKind::Premultiplied,
            Self::Rgbx8 | Self::Bgrx8 => AlphaKind::Padding,
            Self::Rgb8 | Self::Bgr8 | Self::Rgb16 | Self::RgbF32Linear => AlphaKind::None,
            _ => AlphaKind::Straight,
        }
    }

    /// Whether its pixels can be transparent.
    #[inline]
    pub const fn has_alpha(self) -> bool {
        matches!(self.alpha(), AlphaKind::Straight | AlphaKind::Premultiplied)
    }

    /// The first and the last byte that differ, of runs of pixels of one length; padding does not count.
    pub fn differing(self, own: &[u8], given: &[u8]) -> Option<(usize, usize)> {
        if own == given {
            return None;
        }
        let padded = matches!(self.alpha(), AlphaKind::Padding);
        if padded {
            // A host may leave anything there, and something else each time: all at once, as comparing memory does.
            let colours = u32::from_ne_bytes([0xFF, 0xFF, 0xFF, 0]);
            let pixel = |bytes: &[u8]| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let pairs = own.chunks_exact(4).zip(given.chunks_exact(4));
            if pairs.fold(0, |apart, (own, given)| apart | (pixel(own) ^ pixel(given))) & colours == 0 {
                return None;
            }
        }
        let differs = |(at, (own, given)): (usize, (&u8, &u8))| own != given && !(padded && at % 4 == 3);
        let mut bytes = own.iter().zip(given).enumerate();
        let first = bytes.clone().position(differs)?;
        Some((first, bytes.rposition(differs)?))
    }

    #[inline]
    pub const fn bytes_per_pixel(self) -> usize {
        let channels = if matches!(self.alpha(), AlphaKind::None) { 3 } else { 4 };
        channels
            * match self.depth() {
                Depth::U8 => 1,
                Depth::U16 | Depth::F16 => 2,
                Depth::F32 => 4,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_differ_from_the_first_byte_to_the_last_and_padding_says_nothing() {
        let own: Vec<u8> = (0..64).collect();
        for format in [Format::Rgba8, Format::Bgrx8] {
            let padded = format == Format::Bgrx8;
            let mut given = own.clone();
            assert_eq!(format.differing(&own, &given), None);
            given[3] = 200;
            given[63] = 201;
            assert_eq!(format.differing(&own, &given), (!padded).then_some((3, 63)));
            given[21] = 202;
            given[40] = 203;
            assert_eq!(format.differing(&own, &given), Some(if padded { (21, 40) } else { (3, 63) }));
        }
    }
}
