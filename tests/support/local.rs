//! A renderer that is not the identity and needs no model: what it makes of a cell depends on the cell's noise, on its
//! neighbours, on the mask and on what is held.

use std::sync::{Arc, Mutex};

use ndarray::{Array2, Array3, s};
use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::Result;
use scumble::noise;
use scumble::render::{
    Capabilities, Defaults, Ended, Geometry, ModelInfo, Next, Patch, Phases, Policy, Quality, Renderer,
    Scene, Sink, Tier,
};

pub const CELL: usize = 8;

/// What was asked for: level, cells across and down, tier, whether something was held, cells of what was seen farther
/// around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    pub level: i32,
    pub width: usize,
    pub height: usize,
    pub tier: Tier,
    pub held: bool,
    pub around: usize,
}

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Asked>>>);

impl Log {
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The mean of each cell is inverted, mixed with its neighbours' and moved by its noise; detail stays. The number is how
/// far around a change it wants to see.
pub struct Local(Log, u32);

fn means(picture: &Array3<f32>) -> Array3<f32> {
    let (_, height, width) = picture.dim();
    Array3::from_shape_fn((3, height / CELL, width / CELL), |(c, y, x)| {
        picture.slice(s![c, y * CELL..(y + 1) * CELL, x * CELL..(x + 1) * CELL]).mean().unwrap()
    })
}

impl Renderer for Local {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            name: "local".into(),
            description: String::new(),
            device: "cpu".into(),
            device_note: String::new(),
            runtime: String::new(),
            geometry: Geometry { native: 128, multiple: 16, cell: CELL as u32, fixed: None },
            defaults: Defaults {
                steps: 2,
                strength: 0.5,
                guidance: 1.0,
                refine: Some(0.35),
                context: self.1,
            },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        let window = scene.window;
        let (width, height) = (window.width, window.height);
        assert_eq!(scene.paint.dim(), (3, height * CELL, width * CELL));
        let held = scene.change.is_some();
        let around = scene.change.and_then(|change| change.around);
        if let (Some(around), Some(change)) = (around, scene.change) {
            assert!(around.window.contains(&window) && around.window != window);
            assert_eq!(around.last.dim(), (3, around.window.height, around.window.width));
            let (x, y) = ((window.x - around.window.x) as usize, (window.y - around.window.y) as usize);
            assert_eq!(around.last.slice(s![.., y..y + height, x..x + width]), change.last);
        }
        self.0.0.lock().unwrap().push(Asked {
            level: window.level.0,
            width,
            height,
            tier: quality.tier,
            held,
            around: around.map_or(0, |around| around.last.len() / 3),
        });
        let coded = means(scene.paint);
        let noise = noise::normal(quality.seed, 0, window.level.0, (window.x, window.y), 3, height, width);
        let mut target = coded.clone();
        let mut free = scene.mask.cloned().unwrap_or_else(|| Array2::ones((height, width)));
        if let Some(change) = scene.change {
            free = &free * change.dirty;
            target = change.last + &((&coded - change.last) * change.dirty);
        }
        let made = Array3::from_shape_fn(coded.dim(), |(c, y, x)| {
            let near = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)].map(|(dy, dx): (isize, isize)| {
                let y = y.saturating_add_signed(dy).min(height - 1);
                target[(c, y, x.saturating_add_signed(dx).min(width - 1))]
            });
            let mean = near.iter().sum::<f32>() / 5.0;
            let moved = 1.0 - mean + 0.1 * noise[(c, y, x)];
            target[(c, y, x)]
                + (moved * quality.strength + mean * (1.0 - quality.strength) - target[(c, y, x)])
                    * free[(y, x)]
        });
        for step in 1..=quality.steps {
            policy.check(cancel)?;
            let share = step as f32 / quality.steps as f32;
            let latent = &target + &((&made - &target) * share);
            let picture = Array3::from_shape_fn(scene.paint.dim(), |at| {
                let (c, y, x) = at;
                let cell = (c, y / CELL, x / CELL);
                scene.paint[at] - coded[cell] + latent[cell]
            });
            let next = policy.after(step, quality.steps, false, quality.previews);
            let is_last = step == quality.steps;
            if is_last || next == Next::Show || next == Next::ShowAndEnd {
                let latent = is_last.then_some(latent);
                sink.patch(Patch { picture, latent, step, steps: quality.steps, phases: Phases::default() })?;
            }
            if !is_last && matches!(next, Next::End | Next::ShowAndEnd) {
                return Ok(Ended::GaveWay);
            }
        }
        Ok(Ended::Finished)
    }
}

/// Of what was asked for the log tells.
pub fn engine() -> (Engine, Log) {
    seeing(0)
}

/// One whose model wants to see so far around a change.
pub fn seeing(context: u32) -> (Engine, Log) {
    let log = Log::default();
    let given = log.clone();
    (Engine::with(Box::new(move |_, _| Ok(Box::new(Local(given, context))))).unwrap(), log)
}
