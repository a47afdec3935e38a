//! Colour spaces other than sRGB: the model sees sRGB, the host its own.
//!
//! Profiles are read by moxcms. Of those that are primaries and curves (all that painting programs work in) the curves
//! are tabulated, so that 16 bits and floats keep their precision; tables of colours are left to moxcms.

mod last;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, Matrix3d, ParsingOptions, RenderingIntent, ToneReprCurve,
    TransformF32Executor, TransformOptions,
};
use once_cell::sync::OnceCell;

use super::colour::{Curve, Transfer, unit};
use super::{Encoding, Format};
use crate::error::{Error, Result, Status};

pub use last::LastProfiles;

/// Most bytes of a profile that are read.
pub const MAX_PROFILE: usize = 4 << 20;

/// A colour space that has a name. The numbers are the C ABI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Named {
    Srgb = 0,
    DisplayP3 = 1,
    AdobeRgb = 2,
    Rec2020 = 3,
    ProPhoto = 4,
}

impl Named {
    pub const ALL: [Named; 5] =
        [Named::Srgb, Named::DisplayP3, Named::AdobeRgb, Named::Rec2020, Named::ProPhoto];

    fn profile(self) -> ColorProfile {
        match self {
            Named::Srgb => ColorProfile::new_srgb(),
            Named::DisplayP3 => ColorProfile::new_display_p3(),
            Named::AdobeRgb => ColorProfile::new_adobe_rgb(),
            Named::Rec2020 => ColorProfile::new_bt2020(),
            Named::ProPhoto => ColorProfile::new_pro_photo_rgb(),
        }
    }
}

/// What the numbers of red, green and blue mean. Cheap to copy; equal where it was made of the same.
#[derive(Clone, Default)]
pub struct Space(Option<Arc<Other>>);

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_ref().map(|other| &other.of) {
            None => f.write_str("Srgb"),
            Some(Of::Named(named)) => named.fmt(f),
            Some(Of::Profile(bytes)) => write!(f, "a profile of {} bytes", bytes.len()),
        }
    }
}

/// Not sRGB.
struct Other {
    of: Of,
    way: Way,
}

#[derive(PartialEq)]
enum Of {
    Named(Named),
    Profile(Box<[u8]>),
}

enum Way {
    Shaper(Box<Shaper>),
    Tables { to_srgb: Arc<TransformF32Executor>, of_srgb: Arc<TransformF32Executor> },
}

/// Curves to light, and light from primaries to primaries.
struct Shaper {
    to_light: [Curve; 3],
    of_light: [Curve; 3],
    to_srgb: [[f32; 3]; 3],
    of_srgb: [[f32; 3]; 3],
}

impl PartialEq for Space {
    fn eq(&self, other: &Space) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.of == b.of,
            _ => false,
        }
    }
}

pub static SRGB: Space = Space(None);

impl Space {
    /// One of the ABI's numbers.
    ///
    /// # Errors
    /// [`Status::Format`].
    pub fn from_number(number: u32) -> Result<Space> {
        let named = Named::ALL.into_iter().find(|named| *named as u32 == number).ok_or_else(|| {
            Error::new(
                Status::Format,
                format!("There is no colour space {number}; use one of SCUMBLE_SPACE_*."),
            )
        })?;
        Space::named(named)
    }

    pub fn named(named: Named) -> Result<Space> {
        match named {
            Named::Srgb => Ok(Space(None)),
            other => {
                // Worked out once: a host names it with each image of each push.
                static MADE: [OnceCell<Space>; Named::ALL.len()] =
                    [const { OnceCell::new() }; Named::ALL.len()];
                let made = || Space::new(Of::Named(other), &other.profile());
                MADE[other as usize].get_or_try_init(made).cloned()
            }
        }
    }

    /// The space of an ICC profile, which must be one of RGB colours. A profile of sRGB, whatever it is called, is sRGB.
    ///
    /// # Errors
    /// [`Status::Format`]: a sentence that says what to do.
    pub fn from_profile(bytes: &[u8]) -> Result<Space> {
        if bytes.len() > MAX_PROFILE {
            return Err(unusable("it has more than 4 MiB"));
        }
        // The bytes may be anybody's, and a reader's slip must not close the artist's layer.
        let read = catch_unwind(AssertUnwindSafe(|| {
            let options = ParsingOptions { max_profile_size: MAX_PROFILE + 1, ..ParsingOptions::default() };
            let profile = ColorProfile::new_from_slice_with_options(bytes, options)
                .map_err(|why| unusable(&why.to_string()))?;
            if profile.color_space != DataColorSpace::Rgb {
                return Err(unusable(&format!("its colours are {:?}", profile.color_space)));
            }
            Space::new(Of::Profile(bytes.into()), &profile)
        }));
        read.unwrap_or_else(|_| Err(unusable("it is damaged")))
    }

    fn new(of: Of, profile: &ColorProfile) -> Result<Space> {
        let way = match profile.is_matrix_shaper() {
            true => Way::Shaper(Box::new(Shaper::new(profile)?)),
            false => tables(profile)?,
        };
        let space = Space(Some(Arc::new(Other { of, way })));
        Ok(if space.is_nearly_srgb() { Space(None) } else { space })
    }

    pub fn is_srgb(&self) -> bool {
        self.0.is_none()
    }

    /// Whether pixels of `format` can be in this space.
    ///
    /// # Errors
    /// [`Status::Format`].
    pub fn check(&self, format: Format) -> Result<()> {
        match &self.0 {
            Some(other)
                if format.encoding() == Encoding::Linear && matches!(other.way, Way::Tables { .. }) =>
            {
                Err(unusable("it has no primaries, which linear light needs"))
            }
            _ => Ok(()),
        }
    }

    /// From the space, coded as `encoding` says, to sRGB-encoded values of 0..1, in place.
    pub fn to_srgb(&self, encoding: Encoding, planes: [&mut [f32]; 3]) {
        let Some(other) = &self.0 else { return };
        let srgb = Transfer::of(Encoding::Linear);
        match &other.way {
            Way::Shaper(shaper) => each(planes, |pixel| {
                let light = match encoding {
                    Encoding::Srgb => shaper.curves(&shaper.to_light, pixel),
                    Encoding::Linear => pixel,
                };
                product(&shaper.to_srgb, light).map(|v| srgb.to_srgb(unit(v)))
            }),
            Way::Tables { to_srgb, .. } => by_tables(&**to_srgb, planes),
        }
    }

    /// From sRGB-encoded values to the space's, in place; what it has no room for is cut to 0..1.
    pub fn of_srgb(&self, encoding: Encoding, planes: [&mut [f32]; 3]) {
        let Some(other) = &self.0 else { return };
        let srgb = Transfer::of(Encoding::Linear);
        match &other.way {
            Way::Shaper(shaper) => each(planes, |pixel| {
                let light = product(&shaper.of_srgb, pixel.map(|v| srgb.of_srgb(unit(v)))).map(unit);
                match encoding {
                    Encoding::Srgb => shaper.curves(&shaper.of_light, light),
                    Encoding::Linear => light,
                }
            }),
            Way::Tables { of_srgb, .. } => by_tables(&**of_srgb, planes),
        }
    }

    /// One colour of sRGB in this space.
    pub fn colour_of_srgb(&self, encoding: Encoding, srgb: [f32; 3]) -> [f32; 3] {
        let [mut r, mut g, mut b] = srgb;
        let one = std::slice::from_mut;
        match &self.0 {
            None => srgb.map(|v| Transfer::of(encoding).of_srgb(v)),
            Some(_) => {
                self.of_srgb(encoding, [one(&mut r), one(&mut g), one(&mut b)]);
                [r, g, b]
            }
        }
    }

    /// Does every colour stay where it is, to half a step of 8 bits? Profiles of sRGB differ in their bytes and names.
    fn is_nearly_srgb(&self) -> bool {
        const TRIED: usize = 9;
        let level = |i: usize| (i % TRIED) as f32 / (TRIED - 1) as f32;
        let tried =
            [1, TRIED, TRIED * TRIED].map(|step| (0..TRIED.pow(3)).map(|i| level(i / step)).collect());
        let [mut red, mut green, mut blue]: [Vec<f32>; 3] = tried.clone();
        self.to_srgb(Encoding::Srgb, [&mut red, &mut green, &mut blue]);
        let made = [red, green, blue];
        made.iter().flatten().zip(tried.iter().flatten()).all(|(a, b)| (a - b).abs() < 0.5 / 255.0)
    }
}

fn unusable(why: &str) -> Error {
    Error::new(
        Status::Format,
        format!(
            "The image's colour profile cannot be used ({why}); convert the image to another profile, such as sRGB."
        ),
    )
}

impl Shaper {
    fn new(profile: &ColorProfile) -> Result<Shaper> {
        let srgb = ColorProfile::new_srgb();
        let (there, back) = (profile.transform_matrix(&srgb), srgb.transform_matrix(profile));
        let both = there.mat_mul(back).v;
        let at = |(i, row): (usize, &[f64; 3])| {
            row.iter().enumerate().all(|(j, v)| (v - if i == j { 1.0 } else { 0.0 }).abs() < 1e-3)
        };
        if !both.iter().enumerate().all(at) {
            return Err(unusable("its primaries make no colour space"));
        }
        let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
        let mut light = Vec::new();
        for curve in curves.into_iter().flatten() {
            light.push(both_ways(curve)?);
        }
        let Ok([red, green, blue]) = <[[Curve; 2]; 3]>::try_from(light) else {
            return Err(unusable("it lacks a curve"));
        };
        let ([r, r_back], [g, g_back], [b, b_back]) = (red, green, blue);
        Ok(Shaper {
            to_light: [r, g, b],
            of_light: [r_back, g_back, b_back],
            to_srgb: plain(&there)?,
            of_srgb: plain(&back)?,
        })
    }

    #[inline]
    fn curves(&self, curves: &[Curve; 3], pixel: [f32; 3]) -> [f32; 3] {
        [curves[0].at(pixel[0]), curves[1].at(pixel[1]), curves[2].at(pixel[2])]
    }
}

/// A matrix that makes numbers of numbers.
fn plain(matrix: &Matrix3d) -> Result<[[f32; 3]; 3]> {
    let values = matrix.v.map(|row| row.map(|v| v as f32));
    match values.iter().flatten().all(|v| v.abs() < 1e3) {
        true => Ok(values),
        false => Err(unusable("its primaries make no colour space")),
    }
}

/// A profile's curve to light, and back.
fn both_ways(curve: &ToneReprCurve) -> Result<[Curve; 2]> {
    // What lies below is less than a thousandth of light in the darkest of 16 bits, also through a power of 2.6.
    const LEAST: f32 = 1.0 / (1u32 << 24) as f32;
    let unread = |why: moxcms::CmsError| unusable(&why.to_string());
    let read = curve.make_linear_evaluator().map_err(unread)?;
    let to_light = |v: f32| unit(read.evaluate_value(unit(v)));
    let curves = match curve {
        ToneReprCurve::Lut(table) if table.len() > 1 => {
            [Curve::new(LEAST, to_light), Curve::new(LEAST, |light| place_of(light, table))]
        }
        _ => {
            let back = curve.make_gamma_evaluator().map_err(unread)?;
            let of_light = |light: f32| unit(back.evaluate_value(unit(light)));
            [Curve::new(LEAST, to_light), Curve::new(LEAST, of_light)]
        }
    };
    let [there, back] = &curves;
    let lights = (0..=256).map(|i| there.at(i as f32 / 256.0));
    match lights.clone().is_sorted()
        && lights.clone().all(|light| (there.at(back.at(light)) - light).abs() < 1e-3)
    {
        true => Ok(curves),
        false => Err(unusable("one of its curves cannot be turned round")),
    }
}

/// Where in a rising table a value lies, 0..1.
fn place_of(value: f32, table: &[u16]) -> f32 {
    let value = value * 65535.0;
    let next = table.partition_point(|v| f32::from(*v) < value);
    let Some((from, to)) = next.checked_sub(1).and_then(|i| table.get(i).zip(table.get(next))) else {
        return if next == 0 { 0.0 } else { 1.0 };
    };
    let part = (value - f32::from(*from)) / (f32::from(*to) - f32::from(*from)).max(1.0);
    (next as f32 - 1.0 + part) / (table.len() - 1) as f32
}

fn tables(profile: &ColorProfile) -> Result<Way> {
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    let srgb = ColorProfile::new_srgb();
    let way = |from: &ColorProfile, to: &ColorProfile| {
        from.create_transform_f32(Layout::Rgb, to, Layout::Rgb, options)
            .map_err(|why| unusable(&why.to_string()))
    };
    Ok(Way::Tables { to_srgb: way(profile, &srgb)?, of_srgb: way(&srgb, profile)? })
}

#[inline]
fn product(matrix: &[[f32; 3]; 3], [r, g, b]: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * r + row[1] * g + row[2] * b)
}

#[inline]
fn each([red, green, blue]: [&mut [f32]; 3], of: impl Fn([f32; 3]) -> [f32; 3]) {
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        [*r, *g, *b] = of([*r, *g, *b]);
    }
}

/// In small pieces, side by side as moxcms wants them.
fn by_tables(table: &TransformF32Executor, [red, green, blue]: [&mut [f32]; 3]) {
    const PIECE: usize = 256;
    let (mut from, mut to) = ([0.0; 3 * PIECE], [0.0; 3 * PIECE]);
    let pieces = red.chunks_mut(PIECE).zip(green.chunks_mut(PIECE)).zip(blue.chunks_mut(PIECE));
    for ((red, green), blue) in pieces {
        let length = 3 * red.len();
        for (x, pixel) in from[..length].chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[unit(red[x]), unit(green[x]), unit(blue[x])]);
        }
        // It can only complain of lengths.
        if table.transform(&from[..length], &mut to[..length]).is_ok() {
            for (x, pixel) in to[..length].chunks_exact(3).enumerate() {
                (red[x], green[x], blue[x]) = (unit(pixel[0]), unit(pixel[1]), unit(pixel[2]));
            }
        }
    }
}
