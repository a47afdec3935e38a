//! A host's side of a live layer in Rust: its own copy of the paint, strokes, polling.

use std::sync::Arc;
use std::time::Duration;

use scumble::error::{Error, Result};
use scumble::frame::Frame;
use scumble::job::Params;
use scumble::pixels::{AlphaKind, Format, ImageView};
use scumble::region::Rect;
use scumble::session::{Polled, Pushed, Session};

/// SplitMix64 (Steele, Lea & Flood, 2014): a seed gives the same schedule on every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to below `high`.
    pub fn within(&mut self, low: i32, high: i32) -> i32 {
        low + (self.roll() % (high - low) as u64) as i32
    }

    pub fn rect_in(&mut self, bounds: Rect) -> Rect {
        let (x, y) = (self.within(0, bounds.width), self.within(0, bounds.height));
        Rect::new(x, y, self.within(1, bounds.width - x + 1), self.within(1, bounds.height - y + 1))
    }
}

/// The paint as the host has it: packed rows.
#[derive(Clone, PartialEq, Eq)]
pub struct Painting {
    pub bounds: Rect,
    pub format: Format,
    pub bytes: Vec<u8>,
}

impl Painting {
    pub fn new(width: i32, height: i32) -> Painting {
        Painting::with_format(width, height, Format::Rgba8)
    }

    /// Opaque black in RGBA8; zero bytes otherwise.
    pub fn with_format(width: i32, height: i32, format: Format) -> Painting {
        let bytes = vec![0; width as usize * height as usize * format.bytes_per_pixel()];
        let mut painting = Painting { bounds: Rect::new(0, 0, width, height), format, bytes };
        if format == Format::Rgba8 {
            painting.fill(painting.bounds, [0, 0, 0]);
        }
        painting
    }

    pub fn stride(&self) -> usize {
        self.bounds.width as usize * self.format.bytes_per_pixel()
    }

    /// An opaque RGBA8 stroke.
    pub fn fill(&mut self, rect: Rect, [r, g, b]: [u8; 3]) {
        self.fill_with(rect, [r, g, b, 255]);
    }

    /// An RGBA8 stroke with its alpha, in the place of what was there.
    pub fn fill_with(&mut self, rect: Rect, rgba: [u8; 4]) {
        let stride = self.stride();
        for y in rect.y..rect.y + rect.height {
            let row = &mut self.bytes[y as usize * stride..][..stride];
            for pixel in row[rect.x as usize * 4..][..rect.width as usize * 4].chunks_exact_mut(4) {
                pixel.copy_from_slice(&rgba);
            }
        }
    }

    /// A stroke of a random size, place and colour; returns what it touched.
    pub fn stroke(&mut self, dice: &mut Dice) -> Rect {
        let rect = dice.rect_in(self.bounds);
        let [r, g, b, ..] = dice.roll().to_ne_bytes();
        self.fill(rect, [r, g, b]);
        rect
    }

    /// The bytes under `rect`, packed.
    pub fn part(&self, rect: Rect) -> Vec<u8> {
        let bpp = self.format.bytes_per_pixel();
        (rect.y..rect.y + rect.height)
            .flat_map(|y| {
                &self.bytes[y as usize * self.stride() + rect.x as usize * bpp..][..rect.width as usize * bpp]
            })
            .copied()
            .collect()
    }

    /// The bytes as a frame has them that shows nothing but the paint: what says nothing is 255.
    pub fn in_frames(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if self.format.alpha() == AlphaKind::Padding {
            bytes.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        }
        bytes
    }

    /// Pushes the whole canvas; `touched` as in the ABI.
    pub fn push(&self, layer: &Session, touched: Option<Rect>) -> Result<Pushed> {
        let image = ImageView::new(self.format, self.bounds, self.stride(), &self.bytes)?;
        let touched = touched.map(|rect| [rect]);
        layer.push(self.bounds.width, self.bounds.height, &[image], touched.as_ref().map(|rects| &rects[..]))
    }

    /// Pushes the pixels of `rect` alone.
    pub fn push_part(&self, layer: &Session, rect: Rect) -> Result<Pushed> {
        let bytes = self.part(rect);
        let stride = rect.width as usize * self.format.bytes_per_pixel();
        let image = ImageView::new(self.format, rect, stride, &bytes)?;
        layer.push(self.bounds.width, self.bounds.height, &[image], None)
    }
}

pub fn revision(pushed: Result<Pushed>) -> u64 {
    match pushed.expect("a push") {
        Pushed::Revision(number) => number,
        Pushed::Unchanged => panic!("the push was called unchanged"),
    }
}

pub fn set(layer: &Session, change: impl FnOnce(&mut Params)) -> Result<Pushed> {
    let mut params = Params::default();
    change(&mut params);
    layer.set_params(params)
}

pub fn settle(layer: &Session) {
    assert!(layer.wait(Duration::from_secs(60)).expect("open"), "the session does not come to rest");
}

/// A frame with all that its picture covers.
pub struct Shown {
    pub frame: Arc<Frame>,
    pub rect: Rect,
    /// The packed rows of `rect`.
    pub pixels: Vec<u8>,
}

impl std::ops::Deref for Shown {
    type Target = Frame;
    fn deref(&self) -> &Frame {
        &self.frame
    }
}

pub fn frame(layer: &Session, after: u64) -> Option<Shown> {
    match layer.poll(after).expect("no error") {
        Polled::Frame(frame) => {
            let pixels = frame.tiles.read(frame.covers).expect("memory");
            Some(Shown { rect: frame.covers, pixels, frame })
        }
        Polled::Nothing | Polled::Loading => None,
    }
}

/// The error that poll tells; the next poll must not tell it again.
pub fn fault(layer: &Session) -> Error {
    let Err(error) = layer.poll(0) else { panic!("no error was told") };
    assert!(layer.poll(u64::MAX).is_ok(), "an error is told once");
    error
}
