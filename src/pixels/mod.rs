//! Pixel formats and views of host memory. `read` turns paint into the model's picture, `paste` turns the
//! model's picture into pixels for the host, `mask` says where.

mod bands;
pub mod colour;
pub mod enlarge;
mod format;
pub mod mask;
pub mod over;
pub mod paste;
pub mod pillow;
pub mod read;
pub mod resample;
pub mod snapshot;
pub mod space;
pub mod spread;
pub mod weights;

pub(crate) use format::with_constant;
pub use format::{AlphaKind, Depth, Encoding, Format, Order};
use ndarray::Array3;
use space::{SRGB, Space};

use crate::error::{Error, Result, Status};
use crate::region::Rect;

/// Rows of a canvas's pixels.
pub trait Rows: Sync {
    fn bounds(&self) -> Rect;

    fn format(&self) -> Format;

    fn space(&self) -> &Space;

    /// Copies the pixels `x..` of row `y` into `out`, whose length says how many; they lie on the canvas.
    fn read_row(&self, y: i32, x: i32, out: &mut [u8]);
}

/// How pixels are coded: in which format, and in which colour space.
#[derive(Clone, PartialEq)]
pub struct Coding {
    pub format: Format,
    pub space: Space,
}

impl From<Format> for Coding {
    /// Of sRGB.
    fn from(format: Format) -> Coding {
        Coding { format, space: Space::default() }
    }
}

/// Borrowed pixels at a place on the canvas; checked when made.
#[derive(Clone, Copy)]
pub struct ImageView<'a> {
    format: Format,
    space: &'a Space,
    rect: Rect,
    stride: usize,
    /// The bottom row comes first in memory.
    bottom_up: bool,
    data: &'a [u8],
}

impl<'a> ImageView<'a> {
    /// `stride` is bytes from one row to the next, the top one first; `data` must hold every row, the last without
    /// padding.
    pub fn new(format: Format, rect: Rect, stride: usize, data: &'a [u8]) -> Result<Self> {
        check_buffer(rect, format.bytes_per_pixel(), stride, data.len(), "image")?;
        Ok(ImageView { format, space: &SRGB, rect, stride, bottom_up: false, data })
    }

    /// The same with the bottom row first.
    pub fn bottom_up(self, bottom_up: bool) -> Self {
        ImageView { bottom_up, ..self }
    }

    /// The same in another colour space than sRGB.
    ///
    /// # Errors
    /// [`Status::Format`] where the format cannot be in it.
    pub fn in_space(self, space: &'a Space) -> Result<Self> {
        space.check(self.format)?;
        Ok(ImageView { space, ..self })
    }

    pub fn space(&self) -> &'a Space {
        self.space
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// Bytes of the pixels `x..x + width` of canvas row `y`; the range must lie inside [`ImageView::rect`].
    pub fn row(&self, y: i32, x: i32, width: i32) -> &'a [u8] {
        let bpp = self.format.bytes_per_pixel();
        let above = if self.bottom_up { self.rect.y + self.rect.height - 1 - y } else { y - self.rect.y };
        let start = above as usize * self.stride + (x - self.rect.x) as usize * bpp;
        &self.data[start..start + width as usize * bpp]
    }
}

/// Checks stride and length of a buffer of `rect.width × rect.height` pixels before a byte is touched.
pub fn check_buffer(
    rect: Rect,
    bytes_per_pixel: usize,
    stride: usize,
    length: usize,
    what: &str,
) -> Result<()> {
    let row = (rect.width.max(0) as usize) * bytes_per_pixel;
    if stride < row {
        return Err(Error::new(
            Status::Buffer,
            format!("The {what}'s stride is {stride} bytes, but a row of {} pixels takes {row}.", rect.width),
        ));
    }
    let needed = stride.checked_mul(rect.height.max(1) as usize - 1).and_then(|n| n.checked_add(row));
    match needed {
        Some(needed) if needed <= length => Ok(()),
        _ => Err(Error::new(
            Status::Buffer,
            format!(
                "The {what}'s buffer has {length} bytes, too few for {} rows of {stride} bytes.",
                rect.height
            ),
        )),
    }
}

/// An RGB picture, `[3, height, width]`, sRGB-encoded, 0..1.
pub type Picture = Array3<f32>;

/// The first three planes of so many values.
pub(crate) fn three(planes: &mut [f32], each: usize) -> [&mut [f32]; 3] {
    let (red, rest) = planes.split_at_mut(each);
    let (green, rest) = rest.split_at_mut(each);
    [red, green, &mut rest[..each]]
}

/// What is told where there is no room for `length` bytes.
pub(crate) fn no_room(length: usize) -> Error {
    Error::new(
        Status::Memory,
        format!(
            "There is no memory for {} MiB of pixels; use a smaller canvas or close something.",
            length >> 20
        ),
    )
}

/// Zeroed bytes, or an error where the system has no room.
pub fn zeroed(length: usize) -> Result<Vec<u8>> {
    filled(length, 0)
}

/// `length` times `value`, or an error where the system has no room: sizes come from outside and can be huge.
pub fn filled<T: Copy>(length: usize, value: T) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| no_room(length.saturating_mul(size_of::<T>())))?;
    values.resize(length, value);
    Ok(values)
}

/// A black picture, or an error where the system has no room.
pub fn blank_picture(height: usize, width: usize) -> Result<Picture> {
    blank(3, height, width)
}

/// Planes of zeros, or an error where the system has no room.
pub fn blank(planes: usize, height: usize, width: usize) -> Result<Array3<f32>> {
    let values = filled(planes * height * width, 0.0)?;
    Array3::from_shape_vec((planes, height, width), values)
        .map_err(|e| Error::new(Status::Internal, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_checked_before_they_are_read() {
        let rect = Rect::new(3, 4, 10, 2);
        assert!(ImageView::new(Format::Rgba8, rect, 40, &[0; 80]).is_ok());
        assert!(ImageView::new(Format::Rgba8, rect, 64, &[0; 104]).is_ok(), "no padding after the last row");
        for (stride, length) in [(39, 200), (40, 79), (64, 103), (usize::MAX, 200)] {
            let bytes = vec![0; length];
            assert_eq!(
                ImageView::new(Format::Rgba8, rect, stride, &bytes).err().map(|e| e.status),
                Some(Status::Buffer)
            );
        }
    }
}
