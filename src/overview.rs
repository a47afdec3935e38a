//! The picture of all that is shown in the model's own pixels, for hosts that scale it themselves.

use crate::error::Result;
use crate::pixels::{Picture, filled};

/// As the model made it: before it is scaled to the canvas, cut to a mask and laid over the paint. Immutable.
#[derive(Debug)]
pub struct Overview {
    /// sRGB, opaque, 8 bits a channel: rows of `width` pixels, from the top.
    pub pixels: Vec<u8>,
    /// Its own pixels.
    pub width: usize,
    pub height: usize,
    /// Own pixels for one of the canvas.
    pub scale: f64,
    /// Where its top-left corner lies, from the canvas's, in own pixels.
    pub origin: [i64; 2],
}

pub const CHANNELS: usize = 4;

impl Overview {
    /// # Errors
    /// [`crate::error::Status::Memory`].
    pub fn new(picture: &Picture, scale: f64, origin: [i64; 2]) -> Result<Overview> {
        let (channels, height, width) = picture.dim();
        let mut pixels = filled(height * width * CHANNELS, 255u8)?;
        for channel in 0..channels.min(CHANNELS - 1) {
            for y in 0..height {
                let row = &mut pixels[y * width * CHANNELS..][..width * CHANNELS];
                for (x, pixel) in row.chunks_exact_mut(CHANNELS).enumerate() {
                    pixel[channel] = (picture[[channel, y, x]].clamp(0.0, 1.0) * 255.0).round() as u8;
                }
            }
        }
        Ok(Overview { pixels, width, height, scale, origin })
    }

    /// The rectangle that it covers, in pixels of the canvas: left, top, width, height. It may reach beyond the canvas.
    pub fn covers(&self) -> [f64; 4] {
        let [x, y] = self.origin;
        [x as f64, y as f64, self.width as f64, self.height as f64].map(|v| v / self.scale)
    }
}
