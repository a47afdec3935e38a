//! `scumble prepare`: what a ControlNet is shown of a picture, from a file to a file.

use scumble::cancel::Cancel;
use scumble::canvas::Canvas;
use scumble::pipeline::{LoadOptions, annotate};
use scumble::pixels::{Format, ImageView};
use scumble::places;
use scumble::prepare::{self, Ink, Prepare, Tally};
use scumble::region::Rect;

use crate::args::PrepareArgs;
use crate::failure::{Done, Failure, say};
use crate::host::{Canvas as Pixels, Depth};
use crate::{devices, models, render, stills};

pub fn run(args: &PrepareArgs) -> Done {
    render::check_output(&args.output)?;
    let still = stills::read(&args.input)?;
    let (width, height) = (still.width, still.height);
    let longer = width.max(height);
    let scale = args.side.map_or(1.0, |side| f64::from(side) / f64::from(longer));
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let (wide, high) = (side(width), side(height));

    let made = made(&still, args, scale, (wide, high)).map_err(|why| Failure::failed(why.message))?;
    let grey = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let pixels: Vec<u8> = (0..(wide * high) as usize)
        .flat_map(|at| [0, 1, 2].map(|c| grey(made.picture[c][at])).into_iter().chain([255]))
        .collect();
    let canvas = Pixels { width: wide, height: high, depth: Depth::Eight, pixels: &pixels };
    stills::write_png(&args.output, canvas, false)?;
    if made.is_empty {
        eprintln!("scumble: {}", prepare::EMPTY);
    }
    say(&format!("{}: {wide}\u{d7}{high}, {}", args.output.display(), args.how.name()))
}

struct Made {
    /// Red, green and blue, 0..1.
    picture: [Vec<f32>; 3],
    is_empty: bool,
}

fn made(
    still: &stills::Still,
    args: &PrepareArgs,
    scale: f64,
    (wide, high): (u32, u32),
) -> scumble::error::Result<Made> {
    let format = match still.depth {
        Depth::Eight => Format::Rgba8,
        Depth::Sixteen => Format::Rgba16,
    };
    let rect = Rect::new(0, 0, still.width as i32, still.height as i32);
    let mut canvas = Canvas::new(rect, format, 1)?;
    let stride = still.width as usize * format.bytes_per_pixel();
    canvas.update(&ImageView::new(format, rect, stride, &still.pixels)?, rect, 1)?;
    let how = args.how;
    let (pixels, cancel) = (canvas.snapshot(), Cancel::new());
    let ink = match how {
        Prepare::Drawn => Ink::of(&Tally::of(&pixels, None, &cancel)?),
        _ => Ink::None,
    };
    let window = [0..i64::from(wide), 0..i64::from(high)];
    let mut picture = prepare::window(&pixels, how, ink, scale, window, &cancel)?;
    if how.is_annotated() {
        let annotator =
            args.annotator.as_deref().map(|annotator| models::named(places::user_annotators(), annotator));
        let size = Some((wide as usize, high as usize));
        let options = LoadOptions { beside: devices::beside(), ..LoadOptions::default() };
        picture = annotate(&picture, how, annotator.as_deref(), size, &options, &cancel)?;
    }
    let planes = [0, 1, 2].map(|c| picture.index_axis(ndarray::Axis(0), c).iter().copied().collect());
    Ok(Made { picture: planes, is_empty: how == Prepare::Drawn && ink == Ink::None })
}
