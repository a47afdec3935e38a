//! Pictures and noise on disk.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageReader, Limits};
use ndarray::Array4;
use ndarray_npy::{ReadNpyError, ReadNpyExt};

use crate::colour;
use crate::failure::{Done, Failure};
use crate::host::{Canvas, Depth};

/// Decoders may take this much memory: a canvas of 16384 × 16384 with 16 bits a channel is 2 GiB.
const MOST_MEMORY: u64 = 5 << 30;
/// Pixels on a side, as the engine takes them.
const SIDE: u32 = 16384;

/// A picture as RGBA with packed rows; 16-bit channels in native byte order.
pub struct Still {
    pub width: u32,
    pub height: u32,
    pub depth: Depth,
    /// Whether the file has an alpha channel.
    pub has_alpha: bool,
    pub pixels: Vec<u8>,
}

impl Still {
    pub fn canvas(&self) -> Canvas<'_> {
        Canvas { width: self.width, height: self.height, depth: self.depth, pixels: &self.pixels }
    }
}

/// The picture as it is meant to be seen: upright, whatever way the camera was held; and its colour profile.
fn decode(path: &Path) -> Done<(DynamicImage, Option<Vec<u8>>)> {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let mut reader = reader.map_err(|e| Failure::file("read", path, e))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    if reader.format().is_none() {
        return Err(Failure::file(
            "read",
            path,
            "it is not a picture that is known here; give a PNG, JPEG, WebP or TIFF",
        ));
    }
    let unreadable = |e| Failure::file("read", path, e);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    let wide = |side| side > SIDE;
    if wide(width) || wide(height) {
        return Err(Failure::file(
            "use",
            path,
            format!("it has {width}×{height} pixels; at most {SIDE} a side are"),
        ));
    }
    // Without them the picture is still one.
    let profile = decoder.icc_profile().unwrap_or_default();
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok((picture, profile))
}

pub fn read(path: &Path) -> Done<Still> {
    let (picture, profile) = decode(path)?;
    let has_alpha = picture.color().has_alpha();
    let picture = match profile {
        Some(icc) => colour::to_srgb(picture, &icc).map_err(|why| Failure::file("use", path, why))?,
        None => picture,
    };
    let (width, height) = (picture.width(), picture.height());
    let (depth, pixels) = match picture.color() {
        // Floats, too: the output has 16 bits at most.
        ColorType::L16
        | ColorType::La16
        | ColorType::Rgb16
        | ColorType::Rgba16
        | ColorType::Rgb32F
        | ColorType::Rgba32F => {
            let channels = picture.into_rgba16().into_raw();
            (Depth::Sixteen, channels.iter().flat_map(|v| v.to_ne_bytes()).collect())
        }
        _ => (Depth::Eight, picture.into_rgba8().into_raw()),
    };
    Ok(Still { width, height, depth, has_alpha, pixels })
}

/// Is what lies on the paint as large as that, the `input`?
pub fn check_size(what: &str, path: &Path, size: (u32, u32), wanted: (u32, u32), input: &str) -> Done {
    if size == wanted {
        return Ok(());
    }
    let ((width, height), (wide, high)) = (size, wanted);
    Err(Failure::failed(format!(
        "The {what} {} has {width}×{height} pixels, the {input} {wide}×{high}; make them equal.",
        path.display()
    )))
}

/// Coverage, one byte a pixel, for the canvas of `paint`: white is 255. Where the mask is transparent nothing is
/// covered; one that is drawn in black alone on transparency counts where it is drawn.
pub fn read_mask(path: &Path, paint: &Still) -> Done<Vec<u8>> {
    // Gray is gray in every profile that people have.
    let (mask, _) = decode(path)?;
    check_size("mask", path, (mask.width(), mask.height()), (paint.width, paint.height), "input")?;
    if !mask.color().has_alpha() {
        return Ok(mask.into_luma8().into_raw());
    }
    let drawn = mask.into_luma_alpha8();
    let see_through = drawn.pixels().any(|pixel| pixel.0[1] < 255);
    let black = drawn.pixels().all(|pixel| pixel.0[0] == 0 || pixel.0[1] == 0);
    let coverage = drawn.pixels().map(|pixel| {
        let [luma, alpha] = pixel.0.map(u16::from);
        let shown = if black && see_through { 255 } else { luma };
        ((shown * alpha + 127) / 255) as u8
    });
    Ok(coverage.collect())
}

/// `[draws, channels, height, width]`
pub fn read_noise(path: &Path) -> Done<(Vec<f32>, [usize; 4])> {
    let file = File::open(path).map_err(|e| Failure::file("read", path, e))?;
    let noise = Array4::<f32>::read_npy(std::io::BufReader::new(file)).map_err(|e| match e {
        ReadNpyError::WrongNdim(..) | ReadNpyError::WrongDescriptor(_) => {
            Failure::file("use", path, "noise is a float32 array of [draws, channels, height, width]")
        }
        e => Failure::file("read", path, e),
    })?;
    let (draws, channels, height, width) = noise.dim();
    Ok((noise.iter().copied().collect(), [draws, channels, height, width]))
}

/// Writes a PNG in the canvas' depth; without alpha if it is not wanted.
pub fn write_png(path: &Path, canvas: Canvas<'_>, with_alpha: bool) -> Done {
    let channel = canvas.depth.bytes_per_pixel() / 4;
    let opaque: Vec<u8>;
    let pixels = if with_alpha {
        canvas.pixels
    } else {
        let kept = canvas.pixels.chunks_exact(4 * channel).flat_map(|pixel| &pixel[..3 * channel]);
        opaque = kept.copied().collect();
        &opaque
    };
    let colour = match (canvas.depth, with_alpha) {
        (Depth::Eight, true) => ExtendedColorType::Rgba8,
        (Depth::Eight, false) => ExtendedColorType::Rgb8,
        (Depth::Sixteen, true) => ExtendedColorType::Rgba16,
        (Depth::Sixteen, false) => ExtendedColorType::Rgb16,
    };
    write_atomically(path, |file| {
        let encoder = PngEncoder::new(file);
        encoder.write_image(pixels, canvas.width, canvas.height, colour).map_err(|e| e.to_string())
    })
}

/// A file on its way. It keeps what the system has said: encoders pass on words alone, or nothing.
pub struct Begun {
    file: File,
    failed: Option<io::Error>,
}

impl Write for Begun {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|why| {
            let kind = why.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failed = Some(why);
            }
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes beside `path` and renames at the end: the file is whole or as it was before.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<Begun>) -> Result<(), String>,
) -> Done {
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or_else(|| Failure::file("write", path, "it has no file name"))?);
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let disk = |why: io::Error| Failure::disk("write", path, &why);
    let written = File::create(&part).map_err(disk).and_then(|file| {
        let mut file = BufWriter::new(Begun { file, failed: None });
        let written = write(&mut file).and_then(|()| file.flush().map_err(|e| e.to_string()));
        match (written, file.into_parts().0.failed) {
            (_, Some(why)) => Err(disk(why)),
            (Err(why), None) => Err(Failure::file("write", path, why)),
            (Ok(()), None) => std::fs::rename(&part, path).map_err(disk),
        }
    });
    written.inspect_err(|_| drop(std::fs::remove_file(&part)))
}
