//! A renderer without a model: it copies the paint through, and stops at a gate before each step until the test
//! lets it on. The prompt tells it what to do: "fail", "panic", "invert", "hold" (stops once more before it
//! hands its outcome back).

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use scumble::cancel::Cancel;
use scumble::engine::Engine;
use scumble::error::{Error, Result, Status};
use scumble::render::{
    Capabilities, Condition, Defaults, Ended as Outcome, Geometry, Latent, ModelInfo, Next, Patch, Phases,
    Picture, Policy, Quality, Renderer, Scene, Sink,
};

/// Canvases of 86² to 144² pixels are rendered at their own size, so that bytes can be compared.
pub const GEOMETRY: Geometry = Geometry { native: 128, multiple: 16, cell: 8, fixed: None };
pub const STEPS: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Finished,
    GaveWay,
    Cancelled,
    Failed,
}

/// What one call of `render` was and came to.
#[derive(Debug, Clone)]
pub struct Ran {
    pub prompt: String,
    pub seed: u64,
    /// Of the window.
    pub cells: usize,
    pub steps_done: u32,
    pub previews: u32,
    pub ended: Option<Ended>,
}

#[derive(Default)]
struct State {
    /// How many steps may still pass; `None` = any number.
    permits: Option<u64>,
    /// A deaf renderer does not look at the cancel flag while it stands at the gate.
    deaf: bool,
    standing: bool,
    ran: Vec<Ran>,
}

/// Where the test holds the renderer.
#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

impl Gate {
    pub fn open() -> Arc<Gate> {
        Arc::default()
    }

    pub fn closed() -> Arc<Gate> {
        let gate = Gate::open();
        gate.lock().permits = Some(0);
        gate
    }

    pub fn close(&self) {
        self.lock().permits = Some(0);
    }

    pub fn deaf(self: Arc<Self>) -> Arc<Gate> {
        self.lock().deaf = true;
        self
    }

    pub fn let_pass(&self, steps: u64) {
        let mut state = self.lock();
        state.permits = state.permits.map(|p| p + steps);
        self.moved.notify_all();
    }

    pub fn let_all_pass(&self) {
        self.lock().permits = None;
        self.moved.notify_all();
    }

    /// Waits until the renderer stands before the closed gate.
    pub fn await_standing(&self) {
        let mut state = self.lock();
        while !state.standing || state.permits != Some(0) {
            state = self.moved.wait(state).unwrap();
        }
    }

    pub fn ran(&self) -> Vec<Ran> {
        self.lock().ran.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn pass(&self, cancel: &Cancel) -> Result<()> {
        let mut state = self.lock();
        state.standing = true;
        self.moved.notify_all();
        while state.permits == Some(0) && (state.deaf || !cancel.is_cancelled()) {
            state = self.moved.wait(state).unwrap();
        }
        state.standing = false;
        if !state.deaf {
            cancel.check()?;
        }
        state.permits = state.permits.map(|p| p.saturating_sub(1));
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Ran)) {
        if let Some(ran) = self.lock().ran.last_mut() {
            change(ran);
        }
    }
}

pub struct Stub(pub Arc<Gate>);

impl Stub {
    pub fn engine(gate: &Arc<Gate>) -> Engine {
        let gate = gate.clone();
        Engine::with(Box::new(move |_, _| Ok(Box::new(Stub(gate))))).expect("a worker thread")
    }

    fn run(
        &self,
        prompt: &str,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        (policy, cancel): (&Policy, &Cancel),
        sink: &mut dyn Sink,
    ) -> Result<Outcome> {
        let gate = &self.0;
        let hold = prompt == "hold";
        let mut shown = false;
        let patch = |picture: Picture, step: u32| {
            let cells = (1, scene.window.height, scene.window.width);
            let latent = (step == quality.steps).then(|| Latent::zeros(cells));
            Patch { picture, latent, step, steps: quality.steps, phases: Phases::default() }
        };
        for step in 1..=quality.steps {
            gate.pass(cancel)?;
            match prompt {
                "fail" => return Err(Error::new(Status::Inference, "the stub was told to fail")),
                "panic" => panic!("the stub was told to panic"),
                _ => {}
            }
            gate.note(|ran| ran.steps_done = step);
            if step == quality.steps {
                break;
            }
            let next = policy.after(step, quality.steps, shown, quality.previews);
            if matches!(next, Next::Show | Next::ShowAndEnd) {
                gate.note(|ran| ran.previews += 1);
                sink.patch(patch(scene.paint.mapv(|v| 1.0 - v), step))?;
                shown = true;
            }
            if matches!(next, Next::End | Next::ShowAndEnd) {
                if hold {
                    gate.pass(cancel)?;
                }
                return Ok(Outcome::GaveWay);
            }
        }
        if hold {
            gate.pass(cancel)?;
        }
        let picture = match prompt {
            "invert" => scene.paint.mapv(|v| 1.0 - v),
            _ => scene.paint.clone(),
        };
        sink.patch(patch(picture, quality.steps))?;
        Ok(Outcome::Finished)
    }
}

impl Renderer for Stub {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            name: "stub".into(),
            description: "Copies the paint through.".into(),
            device: "cpu".into(),
            device_note: String::new(),
            runtime: String::new(),
            geometry: GEOMETRY,
            defaults: Defaults { steps: STEPS, strength: 0.5, guidance: 1.0, refine: Some(0.35), context: 0 },
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
    ) -> Result<Outcome> {
        let prompt = scene.conditions.iter().find_map(|condition| match condition {
            Condition::Prompt(text) => Some(*text),
            _ => None,
        });
        let prompt = prompt.unwrap_or_default();
        let gate = self.0.clone();
        gate.lock().ran.push(Ran {
            prompt: prompt.to_owned(),
            seed: quality.seed,
            cells: scene.window.cells(),
            steps_done: 0,
            previews: 0,
            ended: None,
        });
        // As ONNX Runtime does: a cancel interrupts the call that is running.
        let hooked = cancel.hook(move || {
            let _state = gate.lock();
            gate.moved.notify_all();
        });
        let outcome = self.run(prompt, scene, quality, (policy, cancel), sink);
        drop(hooked);
        let ended = match &outcome {
            Ok(Outcome::Finished) => Ended::Finished,
            Ok(Outcome::GaveWay) => Ended::GaveWay,
            Err(error) if error.is_cancelled() => Ended::Cancelled,
            Err(_) => Ended::Failed,
        };
        self.0.note(|ran| ran.ended = Some(ended));
        outcome
    }
}
