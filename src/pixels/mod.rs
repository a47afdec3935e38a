//! Pixel formats and views of host memory. `read` turns paint into the model's picture, `paste` turns the
//! model's picture into pixels for the host, `mask` says where.

pub mod colour;
pub mod mask;
pub mod paste;
pub mod read;

use crate::error::{Error, Result, Status};
use crate::region::Rect;

/// Channel order in memory, straight (not premultiplied) alpha. The numbers are the C ABI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Format {
    /// 8 bits a channel, sRGB-encoded.
    Rgba8 = 1,
    Bgra8 = 2,
    /// 16 bits a channel, native endian, 65535 = 1.0, sRGB-encoded.
    Rgba16 = 3,
    Bgra16 = 4,
    /// 32-bit float, sRGB-encoded.
    RgbaF32 = 5,
    /// 32-bit float, linear light with sRGB primaries.
    RgbaF32Linear = 6,
}

impl Format {
    pub fn from_number(number: i32) -> Result<Format> {
        [Self::Rgba8, Self::Bgra8, Self::Rgba16, Self::Bgra16, Self::RgbaF32, Self::RgbaF32Linear]
            .into_iter()
            .find(|f| *f as i32 == number)
            .ok_or_else(|| {
                Error::new(
                    Status::Format,
                    format!("There is no pixel format {number}; use one of SCUMBLE_FORMAT_*."),
                )
            })
    }

    pub fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Rgba8 | Self::Bgra8 => 4,
            Self::Rgba16 | Self::Bgra16 => 8,
            Self::RgbaF32 | Self::RgbaF32Linear => 16,
        }
    }
}

/// Borrowed pixels at a place on the canvas, top row first; checked when made.
#[derive(Clone, Copy)]
pub struct ImageView<'a> {
    format: Format,
    rect: Rect,
    stride: usize,
    data: &'a [u8],
}

impl<'a> ImageView<'a> {
    /// `stride` is bytes from one row to the next; `data` must hold every row, the last without padding.
    pub fn new(format: Format, rect: Rect, stride: usize, data: &'a [u8]) -> Result<Self> {
        check_buffer(rect, format.bytes_per_pixel(), stride, data.len(), "image")?;
        Ok(ImageView { format, rect, stride, data })
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
        let start = (y - self.rect.y) as usize * self.stride + (x - self.rect.x) as usize * bpp;
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

/// An error where the system has no room for `length` bytes of pixels: canvases come from outside and can be huge.
///
/// Asked for and given back, because `vec!` ends the process where there is no room, and anything else would fill
/// the bytes by hand: with `vec!` it is the system that zeroes them, page by page as they are used, and a host that
/// pushes a corner of a huge canvas does not wait for all of it.
pub fn check_room(length: usize) -> Result<()> {
    let mut room = Vec::<u8>::new();
    room.try_reserve_exact(length).map_err(|_| {
        Error::new(
            Status::Memory,
            format!(
                "There is no memory for {} MiB of pixels; use a smaller canvas or close something.",
                length >> 20
            ),
        )
    })?;
    // Used, so that the compiler does not take the allocation away.
    drop(std::hint::black_box(room));
    Ok(())
}

/// Zeroed bytes, or an error where the system has no room.
pub fn zeroed(length: usize) -> Result<Vec<u8>> {
    check_room(length)?;
    Ok(vec![0; length])
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
