//! Making pictures smaller and larger as Pillow does, which models were trained with: its filters, whose taps are cut at the
//! picture's edge, and its 8 bits. For pictures that a network is shown whole; the canvas is scaled by [`super::resample`].

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::s;

use super::Picture;
use crate::error::{Error, Result, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Bilinear,
    Bicubic,
    Lanczos,
}

/// The picture with sides of so many pixels, at least one each.
///
/// # Errors
/// [`Status::Internal`] for a picture of another shape than `[3, height, width]`.
pub fn resized(picture: &Picture, (width, height): (usize, usize), filter: Filter) -> Result<Picture> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(Status::Internal, format!("A picture cannot be scaled ({e}); choose another."))
    };
    let (_, rows, columns) = picture.dim();
    let turned = picture.view().permuted_axes([1, 2, 0]);
    let bytes = turned.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
    let from =
        Image::from_vec_u8(columns as u32, rows as u32, bytes, PixelType::U8x3).map_err(|e| failed(&e))?;
    // The library begins with the other direction, and what is cut off between the two is not the same then.
    let mut across = Image::new(width as u32, rows as u32, PixelType::U8x3);
    let mut to = Image::new(width as u32, height as u32, PixelType::U8x3);
    let filter = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Bicubic => FilterType::CatmullRom,
        Filter::Lanczos => FilterType::Lanczos3,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    let mut resizer = Resizer::new();
    resizer.resize(&from, &mut across, &options).map_err(|e| failed(&e))?;
    resizer.resize(&across, &mut to, &options).map_err(|e| failed(&e))?;
    let bytes = to.into_vec();
    Ok(Picture::from_shape_fn((3, height, width), |(c, y, x)| {
        f32::from(bytes[(y * width + x) * 3 + c]) / 255.0
    }))
}

/// Its middle, `width` × `height` pixels, or what it has of them.
pub fn middle(picture: &Picture, (width, height): (usize, usize)) -> Picture {
    let (_, rows, columns) = picture.dim();
    let (top, left) = (rows.saturating_sub(height) / 2, columns.saturating_sub(width) / 2);
    picture.slice(s![.., top..(top + height).min(rows), left..(left + width).min(columns)]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of bytes in each channel.
    fn row(bytes: &[u8]) -> Picture {
        Picture::from_shape_fn((3, 1, bytes.len()), |(.., x)| f32::from(bytes[x]) / 255.0)
    }

    fn bytes(picture: &Picture) -> Vec<u8> {
        picture.slice(s![0, .., ..]).iter().map(|value| (value * 255.0).round() as u8).collect()
    }

    #[test]
    fn rows_and_columns_are_those_of_pillow() {
        let given = [3, 250, 17, 90, 91, 200, 0, 255, 255, 40, 128];
        // Image.resize of Pillow 13.
        for (size, filter, expected) in [
            (4, Filter::Bicubic, vec![103, 95, 160, 139]),
            (4, Filter::Lanczos, vec![102, 90, 164, 142]),
            (7, Filter::Lanczos, vec![110, 105, 81, 122, 151, 212, 74]),
            (16, Filter::Bicubic, vec![0, 143, 225, 29, 51, 92, 89, 181, 136, 1, 189, 255, 242, 71, 70, 134]),
        ] {
            let across = resized(&row(&given), (size, 1), filter).unwrap();
            assert_eq!(bytes(&across), expected, "{filter:?}");
            let turned = row(&given).permuted_axes([0, 2, 1]).as_standard_layout().into_owned();
            assert_eq!(
                bytes(&resized(&turned, (1, size), filter).unwrap()),
                expected,
                "{filter:?}, downwards"
            );
        }
        assert_eq!(bytes(&resized(&row(&given), (11, 1), Filter::Lanczos).unwrap()), given);
    }

    /// What goes beyond black and white is cut off between the two directions.
    #[test]
    fn rows_go_before_columns() {
        let picture = Picture::from_shape_fn((3, 5, 5), |(_, y, x)| f32::from((x + 2 * y) % 3 == 0));
        let made = resized(&picture, (3, 4), Filter::Lanczos).unwrap();
        assert_eq!(bytes(&made), [144, 42, 139, 62, 99, 70, 70, 99, 62, 139, 42, 144]);
    }

    #[test]
    fn the_middle_is_nearer_to_the_beginning() {
        let picture = row(&[0, 1, 2, 3, 4]);
        assert_eq!(bytes(&middle(&picture, (2, 1))), [1, 2]);
        assert_eq!(bytes(&middle(&picture, (5, 1))), [0, 1, 2, 3, 4]);
        assert_eq!(bytes(&middle(&picture, (9, 1))), [0, 1, 2, 3, 4]);
    }
}
