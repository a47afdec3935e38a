//! Random schedules of a painting host (seeded: each runs the same calls every time, though threads interleave as
//! they like), with the promises of the header checked after each call and at rest.

mod support;

use std::collections::HashMap;

use std::sync::atomic::{AtomicBool, Ordering};

use scumble::engine::Engine;
use scumble::frame::Kind;
use scumble::job::{Params, Preview};
use scumble::pixels::mask::Coverage;
use scumble::region::Rect;
use scumble::session::{Pushed, Session};
use support::painting::*;
use support::stub::*;

/// One live layer, the host's own paint, and all that frames have shown so far.
struct Host {
    layer: Session,
    dice: Dice,
    paint: Painting,
    params: Params,
    mask: Option<Rect>,
    /// The paint of each revision that a call has told, as long as no mask leaves some untold.
    history: HashMap<u64, Painting>,
    revision: u64,
    newest: Option<Shown>,
    /// The canvas, and the frames' rectangles laid one on the other.
    laid: (Rect, Vec<u8>),
    previews_seen: u32,
}

impl Host {
    fn new(engine: &Engine, seed: u64) -> Host {
        let mut host = Host {
            layer: engine.session(),
            dice: Dice(seed),
            paint: Painting::new(90, 100),
            params: Params::default(),
            mask: None,
            history: HashMap::new(),
            revision: 0,
            newest: None,
            laid: (Rect::default(), Vec::new()),
            previews_seen: 0,
        };
        let pushed = host.paint.push(&host.layer, None).unwrap();
        host.told(pushed);
        host
    }

    fn told(&mut self, pushed: Pushed) {
        if let Pushed::Revision(number) = pushed {
            assert!(number >= self.revision, "revisions do not fall");
            self.revision = number;
            self.history.insert(number, self.paint.clone());
        }
    }

    fn change_something(&mut self) {
        match self.dice.within(0, 12) {
            0..=4 => {
                let touched = self.paint.stroke(&mut self.dice);
                let pushed = match self.dice.within(0, 3) {
                    0 => self.paint.push(&self.layer, None),
                    1 => self.paint.push(&self.layer, Some(touched)),
                    _ => self.paint.push_part(&self.layer, touched),
                };
                self.told(pushed.unwrap());
            }
            5 => {
                let pushed = self.paint.push(&self.layer, None).unwrap();
                self.told(pushed);
            }
            6 | 7 => {
                self.params.seed = self.dice.roll() % 3;
                self.params.steps = Some(self.dice.within(1, 6) as u32);
                self.params.preview =
                    [Preview::Off, Preview::GiveWay, Preview::EachStep][self.dice.within(0, 3) as usize];
                self.params.strength = [Some(0.0), None, Some(1.0)][self.dice.within(0, 3) as usize];
                let pushed = self.layer.set_params(self.params.clone()).unwrap();
                self.told(pushed);
            }
            8 => {
                let mask = Some(self.dice.rect_in(self.paint.bounds)).filter(|r| r.x % 3 != 0);
                self.mask = mask;
                let cover = vec![255; 140 * 140];
                let given = mask.map(|r| Coverage::new(r, r.width as usize, &cover));
                let (w, h) = (self.paint.bounds.width, self.paint.bounds.height);
                let pushed = self.layer.set_mask(w, h, given).unwrap();
                self.told(pushed);
            }
            9 => {
                self.paint = Painting::new(self.dice.within(86, 140), self.dice.within(86, 140));
                let pushed = self.paint.push(&self.layer, None).unwrap();
                self.mask = None;
                self.told(pushed);
            }
            _ => self.layer.cancel(),
        }
    }

    /// Lays the frame's rectangles down and nothing else; what is there then is the whole picture.
    fn lay(&mut self, shown: &Shown) {
        let canvas = shown.canvas();
        let stride = canvas.width as usize * shown.format().bytes_per_pixel();
        if self.laid.0 != canvas {
            self.laid = (canvas, vec![0; stride * canvas.height as usize]);
        }
        for rect in &shown.rects {
            let rows = shown.tiles.read(*rect).unwrap();
            let run = rect.width as usize * shown.format().bytes_per_pixel();
            for (y, row) in (rect.y as usize..).zip(rows.chunks_exact(run)) {
                let at = y * stride + rect.x as usize * shown.format().bytes_per_pixel();
                self.laid.1[at..at + run].copy_from_slice(row);
            }
        }
        assert!(
            self.laid.1 == shown.tiles.read(canvas).unwrap(),
            "patches laid one on the other are the whole"
        );
    }

    /// Polls as a host does, and checks what a frame says of itself.
    fn look(&mut self) {
        let after = self.newest.as_ref().map_or(0, |f| f.seq);
        let Some(shown) = frame(&self.layer, after) else { return };
        assert!(shown.seq > after, "frame numbers rise");
        assert!(self.newest.as_ref().is_none_or(|f| f.revision <= shown.revision), "revisions never fall");
        assert!(shown.rects.iter().all(|rect| self.paint.bounds.contains(*rect) && !rect.is_empty()));
        self.lay(&shown);
        match shown.kind {
            Kind::Final => assert_eq!(shown.step, shown.steps),
            Kind::Preview => {
                self.previews_seen += 1;
                // A window that was finished shows all of its steps, and does not settle.
                assert!(0 < shown.step && shown.step <= shown.steps);
            }
        }
        if let Some(then) = self.history.get(&shown.revision).filter(|_| shown.kind == Kind::Final) {
            assert!(then.bounds.contains(shown.rect));
            assert!(shown.pixels == then.part(shown.rect), "a frame shows the paint of its revision");
        }
        self.newest = Some(shown);
    }

    /// After a last push and a pause the layer shows exactly that push, and a further one is unchanged.
    fn come_to_rest(&mut self) {
        let pushed = self.paint.push(&self.layer, None).unwrap();
        self.told(pushed);
        settle(&self.layer);
        self.look();
        let shown = self.newest.as_ref().expect("something was shown");
        assert!(shown.kind == Kind::Final && !shown.stale, "at rest a frame is final");
        assert!(shown.pixels == self.paint.part(shown.rect));
        match self.mask {
            Some(mask) => assert!(shown.rect.contains(mask)),
            None => assert_eq!(shown.rect, self.paint.bounds),
        }
        let before = self.layer.stats();
        assert_eq!(self.paint.push(&self.layer, None).unwrap(), Pushed::Unchanged);
        settle(&self.layer);
        assert_eq!(self.layer.stats(), before, "an unchanged push makes no job");
    }
}

/// What the renderer saw must fit what the session counted.
fn check_books(gate: &Gate, hosts: &[Host]) {
    let ran = gate.ran();
    assert!(ran.iter().all(|r| r.ended.is_some() && r.ended != Some(Ended::Failed)));
    for job in ran.iter().filter(|r| r.ended == Some(Ended::GaveWay)) {
        assert!(job.previews > 0, "a job shows a frame before it gives way");
        assert!(job.steps_done > 0);
    }
    let stats: Vec<_> = hosts.iter().map(|h| h.layer.stats()).collect();
    let started: u64 = stats.iter().map(|s| s.jobs_started).sum();
    assert!(started >= ran.len() as u64, "each rendering is a job");
    for (host, stats) in hosts.iter().zip(stats) {
        assert!(host.newest.as_ref().is_some_and(|f| f.seq == stats.frames), "each frame has one number");
    }
}

#[test]
fn one_layer_through_many_schedules() {
    for seed in 0..100 {
        let gate = Gate::open();
        let engine = Stub::engine(&gate);
        let mut host = Host::new(&engine, seed);
        for _ in 0..3 {
            for _ in 0..40 {
                host.change_something();
                if host.dice.within(0, 2) == 0 {
                    host.look();
                }
                if host.dice.within(0, 8) == 0 {
                    std::thread::yield_now();
                }
            }
            host.come_to_rest();
        }
        check_books(&gate, &[host]);
    }
}

#[test]
fn eight_layers_on_one_engine_from_eight_threads() {
    for seed in 0..20 {
        let gate = Gate::open();
        let engine = Stub::engine(&gate);
        let hosts: Vec<Host> = std::thread::scope(|scope| {
            let hosts: Vec<_> = (0..8)
                .map(|number| {
                    let mut host = Host::new(&engine, seed * 8 + number);
                    scope.spawn(move || {
                        for _ in 0..30 {
                            host.change_something();
                            host.look();
                        }
                        host.come_to_rest();
                        host
                    })
                })
                .collect();
            hosts.into_iter().map(|host| host.join().expect("a host's promises")).collect()
        });
        check_books(&gate, &hosts);
    }
}

#[test]
fn cancels_from_another_thread_lose_no_push() {
    for seed in 0..20 {
        let gate = Gate::open();
        let engine = Stub::engine(&gate);
        let mut host = Host::new(&engine, 1000 + seed);
        let painting = AtomicBool::new(true);
        std::thread::scope(|scope| {
            let shared: &Session = &host.layer;
            // cancel and stats are [any-thread].
            let canceller = scope.spawn(|| {
                while painting.load(Ordering::Relaxed) {
                    shared.cancel();
                    let _ = shared.stats();
                    std::thread::yield_now();
                }
            });
            let mut dice = Dice(seed);
            let mut paint = Painting::new(80, 80);
            for _ in 0..200 {
                paint.stroke(&mut dice);
                paint.push(shared, None).unwrap();
                shared.poll(0).unwrap();
            }
            painting.store(false, Ordering::Relaxed);
            canceller.join().unwrap();
        });
        host.paint.stroke(&mut Dice(9));
        host.come_to_rest();
    }
}

#[test]
fn after_a_cancel_no_job_begins_and_no_frame_appears() {
    let gate = Gate::open();
    let engine = Stub::engine(&gate);
    let layer = engine.session();
    let mut dice = Dice(77);
    let mut paint = Painting::new(80, 80);
    for round in 0..3000 {
        set(&layer, |p| (p.strength, p.seed) = (Some((round % 2) as f32), round)).unwrap();
        paint.stroke(&mut dice);
        paint.push(&layer, None).unwrap();
        (0..dice.within(0, 400)).for_each(|_| std::hint::spin_loop());
        layer.cancel();
        let frames = layer.stats().frames;
        settle(&layer);
        let at_rest = layer.stats();
        assert_eq!(at_rest.frames, frames, "round {round}: a frame after the cancel");
        (0..dice.within(0, 4)).for_each(|_| std::thread::yield_now());
        assert_eq!(layer.stats(), at_rest, "round {round}: a cancelled job began after all");
    }
}
