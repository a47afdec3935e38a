//! The canvas that the recorded hand paints on: one layer of straight-alpha RGBA8, round brushes, undo by stroke.
//!
//! A stroke collects its coverage first and is laid over the canvas as it was when the pen came down. So it never
//! builds up on itself, and what it looks like does not depend on how its points fell into ticks.

use crate::host::Rect;
use crate::recording::{Stroke, Tool};

/// Dabs are this part of the diameter apart.
const SPACING: f32 = 0.08;

/// What is left of the diameter and of the opacity when the pen barely touches.
const LEAST_SIZE: f32 = 0.25;
const LEAST_OPACITY: f32 = 0.7;

pub struct Painter {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    done: Vec<Edit>,
    undone: Vec<Edit>,
    stroke: Option<Running>,
    touched: Option<Area>,
}

/// Pixels of a part of the canvas, to be swapped with those that are there.
struct Edit {
    area: Area,
    pixels: Vec<u8>,
}

/// The stroke while the pen is down.
struct Running {
    tool: Tool,
    colour: [u8; 3],
    size: f32,
    hardness: f32,
    opacity: f32,
    before: Vec<u8>,
    coverage: Vec<f32>,
    last: Option<[f32; 3]>,
    /// Way left to the next dab.
    ahead: f32,
    area: Option<Area>,
}

/// Half-open: `left..right`, `top..bottom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Area {
    fn with(self, other: Option<Area>) -> Area {
        other.map_or(self, |other| Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        })
    }
}

impl Painter {
    /// A canvas filled with `background`, or transparent.
    pub fn new(width: u32, height: u32, background: Option<[u8; 3]>) -> Self {
        let (width, height) = (width as usize, height as usize);
        let pixel = background.map_or([0; 4], |[r, g, b]| [r, g, b, 255]);
        Painter {
            width,
            height,
            pixels: pixel.repeat(width * height),
            done: Vec::new(),
            undone: Vec::new(),
            stroke: None,
            touched: None,
        }
    }

    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Where the canvas has changed since the last call.
    pub fn take_touched(&mut self) -> Option<Rect> {
        self.touched.take().map(|area| Rect {
            x: area.left as i32,
            y: area.top as i32,
            width: (area.right - area.left) as i32,
            height: (area.bottom - area.top) as i32,
        })
    }

    pub fn pen_down(&mut self, stroke: &Stroke) {
        self.pen_up();
        self.stroke = Some(Running {
            tool: stroke.tool,
            colour: stroke.colour.0,
            size: stroke.size,
            hardness: stroke.hardness,
            opacity: stroke.opacity,
            before: self.pixels.clone(),
            coverage: vec![0.0; self.width * self.height],
            last: None,
            ahead: 0.0,
            area: None,
        });
    }

    /// The pen moves to x, y with a pressure.
    pub fn move_to(&mut self, to: [f32; 3]) {
        let Some(mut stroke) = self.stroke.take() else { return };
        let from = stroke.last.replace(to).unwrap_or(to);
        let way = (to[0] - from[0]).hypot(to[1] - from[1]);
        while stroke.ahead <= way {
            let part = if way > 0.0 { stroke.ahead / way } else { 1.0 };
            let [x, y, pressure] = [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * part);
            let radius = stroke.size / 2.0 * (LEAST_SIZE + (1.0 - LEAST_SIZE) * pressure);
            if let Some(area) = self.dab(&mut stroke, x, y, radius, pressure) {
                stroke.area = Some(area.with(stroke.area));
                self.touched = Some(area.with(self.touched));
            }
            stroke.ahead += (2.0 * radius * SPACING).max(0.5);
        }
        stroke.ahead -= way;
        self.stroke = Some(stroke);
    }

    pub fn pen_up(&mut self) {
        let Some(stroke) = self.stroke.take() else { return };
        let Some(area) = stroke.area else { return };
        let pixels = cut(&stroke.before, self.width, area);
        self.done.push(Edit { area, pixels });
        self.undone.clear();
    }

    /// Takes the last stroke back; nothing to take back changes nothing.
    pub fn undo(&mut self) {
        self.pen_up();
        if let Some(edit) = self.done.pop() {
            let edit = self.swap(edit);
            self.undone.push(edit);
        }
    }

    pub fn redo(&mut self) {
        self.pen_up();
        if let Some(edit) = self.undone.pop() {
            let edit = self.swap(edit);
            self.done.push(edit);
        }
    }

    fn swap(&mut self, edit: Edit) -> Edit {
        let Edit { area, pixels } = edit;
        let now = cut(&self.pixels, self.width, area);
        let row = (area.right - area.left) * 4;
        for (y, source) in (area.top..area.bottom).zip(pixels.chunks_exact(row)) {
            self.pixels[(y * self.width + area.left) * 4..][..row].copy_from_slice(source);
        }
        self.touched = Some(area.with(self.touched));
        Edit { area, pixels: now }
    }

    /// Raises the stroke's coverage under one round dab and lays the stroke anew where it rose.
    fn dab(&mut self, stroke: &mut Running, x: f32, y: f32, radius: f32, pressure: f32) -> Option<Area> {
        let reach = radius + 1.0;
        let clip = |v: f32, most: usize| v.clamp(0.0, most as f32) as usize;
        let area = Area {
            left: clip((x - reach).floor(), self.width),
            top: clip((y - reach).floor(), self.height),
            right: clip((x + reach).ceil(), self.width),
            bottom: clip((y + reach).ceil(), self.height),
        };
        if area.left >= area.right || area.top >= area.bottom {
            return None;
        }
        let strength = stroke.opacity * (LEAST_OPACITY + (1.0 - LEAST_OPACITY) * pressure);
        // The edge is at least a pixel wide, so that sharp brushes do not stair.
        let soft = (radius * (1.0 - stroke.hardness)).max(1.0);
        for row in area.top..area.bottom {
            for column in area.left..area.right {
                let far = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                let edge = ((radius + 0.5 - far) / soft).clamp(0.0, 1.0);
                let coverage = strength * edge * edge * (3.0 - 2.0 * edge);
                let place = row * self.width + column;
                if coverage > stroke.coverage[place] {
                    stroke.coverage[place] = coverage;
                    let below = &stroke.before[place * 4..place * 4 + 4];
                    let pixel = lay(stroke.tool, stroke.colour, coverage, below);
                    self.pixels[place * 4..place * 4 + 4].copy_from_slice(&pixel);
                }
            }
        }
        Some(area)
    }
}

/// Paint of a coverage over a straight-alpha pixel, or the pixel less what the eraser takes.
fn lay(tool: Tool, colour: [u8; 3], coverage: f32, below: &[u8]) -> [u8; 4] {
    let alpha = f32::from(below[3]) / 255.0;
    let byte = |v: f32| (v + 0.5) as u8;
    if tool == Tool::Eraser {
        return [below[0], below[1], below[2], byte(alpha * (1.0 - coverage) * 255.0)];
    }
    let out = coverage + alpha * (1.0 - coverage);
    if out <= 0.0 {
        return [0; 4];
    }
    let share = coverage / out;
    let mix = |c: usize| byte(f32::from(colour[c]) * share + f32::from(below[c]) * (1.0 - share));
    [mix(0), mix(1), mix(2), byte(out * 255.0)]
}

/// The pixels of an area, rows packed.
fn cut(pixels: &[u8], width: usize, area: Area) -> Vec<u8> {
    let row = (area.right - area.left) * 4;
    let rows = (area.top..area.bottom).flat_map(|y| &pixels[(y * width + area.left) * 4..][..row]);
    rows.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Colour;

    fn brush(tool: Tool, opacity: f32) -> Stroke {
        let colour = Colour([200, 100, 50]);
        Stroke { t: 0.0, tool, colour, size: 10.0, hardness: 1.0, opacity, points: Vec::new() }
    }

    fn line(painter: &mut Painter, stroke: &Stroke, points: &[[f32; 3]]) {
        painter.pen_down(stroke);
        points.iter().for_each(|point| painter.move_to(*point));
        painter.pen_up();
    }

    fn at(painter: &Painter, x: usize, y: usize) -> [u8; 4] {
        let place = (y * painter.width + x) * 4;
        [0, 1, 2, 3].map(|c| painter.pixels[place + c])
    }

    #[test]
    fn a_stroke_covers_its_way_once_and_tells_where() {
        let mut painter = Painter::new(64, 48, Some([255; 3]));
        line(
            &mut painter,
            &brush(Tool::Brush, 0.5),
            &[[10.0, 20.0, 1.0], [50.0, 20.0, 1.0], [10.0, 20.0, 1.0]],
        );
        assert_eq!(at(&painter, 30, 20), [228, 178, 153, 255], "half opaque, even where it went twice");
        assert_eq!(at(&painter, 30, 30), [255; 4]);
        assert_eq!(painter.take_touched(), Some(Rect { x: 4, y: 14, width: 52, height: 12 }));
        assert_eq!(painter.take_touched(), None);
    }

    #[test]
    fn the_same_way_in_other_portions_is_the_same_stroke() {
        let mut coarse = Painter::new(64, 48, None);
        let mut fine = Painter::new(64, 48, None);
        let stroke = brush(Tool::Brush, 1.0);
        line(&mut coarse, &stroke, &[[4.0, 4.0, 0.5], [36.0, 36.0, 0.5]]);
        line(&mut fine, &stroke, &[[4.0, 4.0, 0.5], [20.0, 20.0, 0.5], [20.0, 20.0, 0.5], [36.0, 36.0, 0.5]]);
        let far = coarse.pixels.iter().zip(&fine.pixels).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(far <= Some(24), "{far:?}");
    }

    #[test]
    fn undo_and_redo_bring_back_every_byte() {
        let mut painter = Painter::new(40, 40, None);
        let blank = painter.pixels.clone();
        painter.undo();
        painter.redo();
        assert_eq!(painter.take_touched(), None, "nothing to undo");
        line(&mut painter, &brush(Tool::Brush, 0.7), &[[5.0, 5.0, 1.0], [30.0, 30.0, 0.2]]);
        let one = painter.pixels.clone();
        line(&mut painter, &brush(Tool::Eraser, 1.0), &[[20.0, 0.0, 1.0], [20.0, 39.0, 1.0]]);
        let two = painter.pixels.clone();
        assert_ne!(one, two);
        painter.undo();
        assert_eq!(painter.pixels, one);
        painter.undo();
        assert_eq!(painter.pixels, blank);
        painter.redo();
        painter.redo();
        assert_eq!(painter.pixels, two);
        painter.undo();
        line(&mut painter, &brush(Tool::Brush, 1.0), &[[0.0, 39.0, 1.0]]);
        let three = painter.pixels.clone();
        painter.redo();
        assert_eq!(painter.pixels, three, "a new stroke ends what could be redone");
    }

    #[test]
    fn the_eraser_takes_alpha_and_paint_over_nothing_has_its_own_colour() {
        let mut painter = Painter::new(32, 32, None);
        line(&mut painter, &brush(Tool::Brush, 0.5), &[[16.0, 16.0, 1.0]]);
        assert_eq!(at(&painter, 16, 16), [200, 100, 50, 128]);
        line(&mut painter, &brush(Tool::Eraser, 1.0), &[[16.0, 16.0, 1.0]]);
        assert_eq!(at(&painter, 16, 16)[3], 0);
    }

    #[test]
    fn strokes_beside_the_canvas_change_nothing() {
        let mut painter = Painter::new(32, 32, None);
        line(&mut painter, &brush(Tool::Brush, 1.0), &[[-30.0, 10.0, 1.0], [-20.0, 90.0, 1.0]]);
        assert_eq!(painter.take_touched(), None);
        painter.undo();
        assert!(painter.done.is_empty());
    }
}
