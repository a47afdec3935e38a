//! A picture file's colour profile: the engine speaks sRGB, artists' files often do not.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Sides of the cube of colours that is tried out.
const TRIED: usize = 9;

/// Turns the colours of `picture` from the profile `icc` into sRGB's. None of its pixels changes where the profile is
/// that of sRGB already.
///
/// # Errors
/// Why the profile cannot be used, as the end of a sentence.
pub fn to_srgb(picture: DynamicImage, icc: &[u8]) -> Result<DynamicImage, String> {
    let unusable = |why: &dyn std::fmt::Display| {
        format!("its colour profile cannot be used ({why}); convert it to sRGB")
    };
    let profile = ColorProfile::new_from_slice(icc).map_err(|e| unusable(&e))?;
    let gray = match profile.color_space {
        DataColorSpace::Rgb => false,
        DataColorSpace::Gray => true,
        other => return Err(unusable(&format!("{other:?} colours"))),
    };
    if !gray && is_srgb(&profile) {
        return Ok(picture);
    }
    let srgb = ColorProfile::new_srgb();
    let source = if gray { Layout::GrayAlpha } else { Layout::Rgba };
    let options = TransformOptions::default();
    // Half floats, 32-bit floats and 16-bit integers are read with 16 bits.
    if picture.color().bytes_per_pixel() > picture.color().channel_count() {
        let transform =
            profile.create_transform_16bit(source, &srgb, Layout::Rgba, options).map_err(|e| unusable(&e))?;
        let mut pixels = picture.to_rgba16();
        let read = if gray { picture.into_luma_alpha16().into_raw() } else { pixels.clone().into_raw() };
        transform.transform(&read, &mut pixels).map_err(|e| unusable(&e))?;
        Ok(pixels.into())
    } else {
        let transform =
            profile.create_transform_8bit(source, &srgb, Layout::Rgba, options).map_err(|e| unusable(&e))?;
        let mut pixels = picture.to_rgba8();
        let read = if gray { picture.into_luma_alpha8().into_raw() } else { pixels.clone().into_raw() };
        transform.transform(&read, &mut pixels).map_err(|e| unusable(&e))?;
        Ok(pixels.into())
    }
}

/// Does every colour stay where it is? Profiles of sRGB differ in their bytes and names.
fn is_srgb(profile: &ColorProfile) -> bool {
    let level = |i: usize| (i * 255 / (TRIED - 1)) as u8;
    let colours: Vec<u8> = (0..TRIED.pow(3))
        .flat_map(|i| [level(i % TRIED), level(i / TRIED % TRIED), level(i / TRIED / TRIED)])
        .collect();
    let mut same = vec![0; colours.len()];
    let srgb = ColorProfile::new_srgb();
    profile
        .create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default())
        .and_then(|transform| transform.transform(&colours, &mut same))
        .is_ok_and(|()| colours.iter().zip(&same).all(|(a, b)| a.abs_diff(*b) <= 1))
}
