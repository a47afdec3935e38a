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
    if is_srgb(&profile, gray) {
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

/// Does every colour stay where it is? Profiles of sRGB, and of gray with its curve, differ in their bytes and names.
fn is_srgb(profile: &ColorProfile, gray: bool) -> bool {
    let level = |i: usize| (i * 255 / (TRIED - 1)) as u8;
    let colours: Vec<[u8; 3]> = if gray {
        (0..=255).map(|level| [level; 3]).collect()
    } else {
        (0..TRIED.pow(3))
            .map(|i| [level(i % TRIED), level(i / TRIED % TRIED), level(i / TRIED / TRIED)])
            .collect()
    };
    let read: Vec<u8> = if gray {
        colours.iter().map(|c| c[0]).collect()
    } else {
        colours.iter().flatten().copied().collect()
    };
    let mut same = vec![0; 3 * colours.len()];
    let layout = if gray { Layout::Gray } else { Layout::Rgb };
    profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default())
        .and_then(|transform| transform.transform(&read, &mut same))
        .is_ok_and(|()| colours.iter().flatten().zip(&same).all(|(a, b)| a.abs_diff(*b) <= 1))
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageBuffer, LumaA};
    use moxcms::ColorProfile;

    use super::to_srgb;

    fn gray() -> DynamicImage {
        let levels = ImageBuffer::from_fn(256, 1, |x, _| LumaA([(x * 257) as u16, 60_000]));
        DynamicImage::ImageLumaA16(levels)
    }

    #[test]
    fn a_gray_profile_with_the_curve_of_srgb_changes_no_pixel() {
        let mut profile = ColorProfile::new_gray_with_gamma(2.2);
        profile.gray_trc = ColorProfile::new_srgb().red_trc;
        assert_eq!(to_srgb(gray(), &profile.encode().unwrap()).unwrap(), gray());
    }

    #[test]
    fn a_gray_profile_with_another_curve_is_converted() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let converted = to_srgb(gray(), &linear).unwrap().to_rgba16();
        let middle = converted.get_pixel(128, 0).0;
        assert!(middle[0] > 45_000 && middle[0] == middle[1] && middle[3] == 60_000, "{middle:?}");
    }
}
