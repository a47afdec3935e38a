//! The recording of a painting: what the hand did, and when. The format is this file's serde structs, as JSON:
//!
//! ```json
//! { "scumble-recording": 1,
//!   "title": "A lake", "canvas": { "width": 512, "height": 512 }, "background": "#f4efe6",
//!   "settings": { "prompt": "a lake at dawn", "seed": 7 },
//!   "events": [
//!     { "t": 0, "do": "stroke", "colour": "#7fb2d8", "size": 90, "hardness": 0.3, "opacity": 0.9,
//!       "points": [[0, 20, 60, 0.4], [16, 31.5, 60.2, 0.6]] },
//!     { "t": 900, "do": "mark", "label": "sky" },
//!     { "t": 950, "do": "prompt", "text": "a lake at night" },
//!     { "t": 1000, "do": "set", "strength": 0.5 },
//!     { "t": 1100, "do": "undo" }, { "t": 1300, "do": "redo" },
//!     { "t": 1500, "do": "pause", "ms": 1000 } ] }
//! ```
//!
//! Times are milliseconds: an event's `t` from the beginning, a point's from its stroke's `t`.

use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::args::parse_colour;
use crate::failure::{Done, Failure};
use crate::host::{Canvas, Depth};

/// The version that this program reads; another number is another format.
pub const VERSION: u64 = 1;

/// Canvases of recordings are for looking at and timing: up to 4096 × 4096.
const MOST_SIDE: u32 = 4096;

#[derive(Debug)]
pub struct Recording {
    pub title: String,
    pub canvas: Size,
    /// What the canvas is filled with at the beginning; transparent if not given.
    pub background: Option<Colour>,
    /// What shows through transparent paint.
    pub paper: Colour,
    pub settings: Settings,
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    /// 8-bit RGBA pixels of this size, as the ABI takes them.
    pub fn canvas(self, pixels: &[u8]) -> Canvas<'_> {
        Canvas { width: self.width, height: self.height, depth: Depth::Eight, pixels }
    }
}

/// The settings at the beginning. What is not given is the model's own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    pub prompt: String,
    #[serde(default)]
    pub negative: String,
    pub strength: Option<f32>,
    pub steps: Option<u32>,
    pub guidance: Option<f32>,
    #[serde(default)]
    pub seed: u64,
}

/// Something that the artist does at `t` milliseconds.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Event {
    Stroke(Stroke),
    /// The words are changed.
    Prompt {
        t: f64,
        text: String,
    },
    /// A slider is moved.
    Set(Change),
    /// The last stroke is taken back.
    Undo {
        t: f64,
    },
    /// The last stroke that was taken back is painted again.
    Redo {
        t: f64,
    },
    /// The hand rests and looks.
    Pause {
        t: f64,
        ms: f64,
    },
    /// A moment for the film strip.
    Mark {
        t: f64,
        label: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stroke {
    pub t: f64,
    #[serde(default)]
    pub tool: Tool,
    /// Not for the eraser.
    #[serde(default)]
    pub colour: Colour,
    /// Diameter at full pressure, in canvas pixels.
    pub size: f32,
    /// 1 = a sharp edge, 0 = soft from the centre on.
    #[serde(default = "one")]
    pub hardness: f32,
    /// At full pressure.
    #[serde(default = "one")]
    pub opacity: f32,
    /// Milliseconds since the stroke's `t`, x, y, pressure from 0 to 1.
    pub points: Vec<[f32; 4]>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    #[default]
    Brush,
    Eraser,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub t: f64,
    pub strength: Option<f32>,
    pub steps: Option<u32>,
    pub guidance: Option<f32>,
    pub seed: Option<u64>,
}

/// Written `#rrggbb`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        parse_colour(&text).map(Colour).map_err(serde::de::Error::custom)
    }
}

fn one() -> f32 {
    1.0
}

fn white() -> Colour {
    Colour([255; 3])
}

/// The file as it is, before its events are looked at one by one: so a mistake is told with its event's number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "scumble-recording")]
    _version: u64,
    #[serde(default)]
    title: String,
    canvas: Size,
    background: Option<Colour>,
    #[serde(default = "white")]
    paper: Colour,
    #[serde(default)]
    settings: Settings,
    events: Vec<Value>,
}

impl Event {
    pub fn t(&self) -> f64 {
        match self {
            Event::Stroke(stroke) => stroke.t,
            Event::Set(change) => change.t,
            Event::Prompt { t, .. }
            | Event::Undo { t }
            | Event::Redo { t }
            | Event::Pause { t, .. }
            | Event::Mark { t, .. } => *t,
        }
    }

    /// When the hand is free again.
    pub fn end(&self) -> f64 {
        match self {
            Event::Stroke(stroke) => stroke.t + stroke.points.last().map_or(0.0, |p| f64::from(p[0])),
            Event::Pause { t, ms } => t + ms,
            other => other.t(),
        }
    }
}

impl Recording {
    pub fn read(path: &Path) -> Done<Recording> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, e))?;
        Recording::parse(&text).map_err(|why| Failure::file("replay", path, why))
    }

    pub fn parse(text: &str) -> Result<Recording, String> {
        let file: Value = serde_json::from_str(text).map_err(|e| format!("it is not JSON ({e})"))?;
        match file.get("scumble-recording").map(Value::as_u64) {
            Some(Some(VERSION)) => {}
            Some(other) => {
                let other = other.map_or("unknown".into(), |v| v.to_string());
                return Err(format!(
                    "it is a recording of version {other}; this program reads version {VERSION}"
                ));
            }
            None => return Err(format!("it is no recording (it lacks \"scumble-recording\": {VERSION})")),
        }
        let raw: Raw = serde_json::from_value(file).map_err(|e| e.to_string())?;
        let events =
            raw.events.into_iter().enumerate().map(|(number, event)| {
                serde_json::from_value(event).map_err(|e| format!("event {number}: {e}"))
            });
        let recording = Recording {
            title: raw.title,
            canvas: raw.canvas,
            background: raw.background,
            paper: raw.paper,
            settings: raw.settings,
            events: events.collect::<Result<_, _>>()?,
        };
        crate::checks::check(&recording)?;
        Ok(recording)
    }

    /// Milliseconds from the beginning until the hand is done.
    pub fn length(&self) -> f64 {
        self.events.iter().map(Event::end).fold(0.0, f64::max)
    }

    pub fn strokes(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Stroke(_))).count()
    }

    /// The prompts that the hand changes to.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|event| match event {
            Event::Prompt { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}

/// The largest canvas that a recording may have.
pub fn side_is_sound(side: u32) -> bool {
    (1..=MOST_SIDE).contains(&side)
}
