//! What a canvas of 4096 x 4096 takes in the host's process and in the worker's, with the default model: in canvases, at
//! its highest, what the model takes by itself told apart. SCUMBLE_BENCH_MODEL names another model folder,
//! SCUMBLE_MEMORY_SIDE another side. Prints a table and asserts nothing.

#[cfg(target_os = "linux")]
#[path = "../tests/support/counting.rs"]
mod counting;
#[cfg(target_os = "linux")]
#[path = "../tests/support/resident.rs"]
mod resident;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    both::main();
}

#[cfg(target_os = "linux")]
mod both {
    use std::path::PathBuf;
    use std::time::Duration;

    use scumble::engine::{Engine, LoadState};
    use scumble::job::Params;
    use scumble::pipeline::LoadOptions;
    use scumble::pixels::{Format, ImageView};
    use scumble::region::Rect;
    use scumble::remote::Options;
    use scumble::session::Session;

    use crate::{counting, resident};

    const MIB: f64 = (1 << 20) as f64;

    /// The worker, by its number.
    struct Worker(i32);

    impl Worker {
        /// The only child of this process.
        fn find() -> Worker {
            let tasks = std::fs::read_dir("/proc/self/task").expect("tasks");
            let children = tasks.flatten().map(|task| task.path().join("children"));
            let text: String = children.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
            Worker(text.split_whitespace().next().and_then(|pid| pid.parse().ok()).expect("a worker"))
        }

        fn most(&self) -> usize {
            resident::most(self.0)
        }
    }

    /// Pushes a canvas whose pixels are all new, and waits until it has settled.
    fn paint(session: &Session, side: i32, pixels: &mut [u8], mut state: u32) {
        for byte in pixels.iter_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        let view = ImageView::new(Format::Rgba8, Rect::new(0, 0, side, side), side as usize * 4, pixels);
        session.push(side, side, &[view.expect("a view")], None).expect("push");
        assert!(session.wait(Duration::from_secs(3600)).expect("open"), "it does not come to rest");
    }

    pub fn main() {
        let side: i32 =
            std::env::var("SCUMBLE_MEMORY_SIDE").map_or(4096, |side| side.parse().expect("pixels"));
        let given = std::env::var_os("SCUMBLE_BENCH_MODEL").map(PathBuf::from);
        let model_dir =
            given.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/default")));
        let load = LoadOptions { model_dir, device: "cpu".into(), ..LoadOptions::default() };
        let worker = Some(PathBuf::from(env!("CARGO_BIN_EXE_scumble-worker")));
        let idle = Duration::from_secs(3600);
        let engine = Engine::load_apart(Options { worker, idle, ..Options::new(load) }).expect("engine");
        let native = loop {
            match engine.state() {
                LoadState::Loading { .. } => std::thread::sleep(Duration::from_millis(5)),
                LoadState::Ready(model) => break model.geometry.native as i32,
                LoadState::Failed(why) => {
                    eprintln!("engine: {why}");
                    std::process::exit(1);
                }
            }
        };
        let worker = Worker::find();
        let loaded = worker.most();
        let mut pixels = vec![0u8; side as usize * side as usize * 4];
        let session = || {
            let session = engine.session();
            session.set_params(Params { settle_delay: 0, ..Params::default() }).expect("params");
            session
        };
        // What the model takes for pictures of its own size; two, since the first makes its arena.
        let small = session();
        for seed in 0..2 {
            let part = &mut pixels[..native as usize * native as usize * 4];
            paint(&small, native, part, seed);
        }
        drop(small);
        let model = worker.most();
        println!(
            "the worker, model loaded: {:.0} MiB; at {native}x{native}: {:.0} MiB",
            loaded as f64 / MIB,
            model as f64 / MIB
        );
        let canvas = pixels.len() as f64;
        let large = session();
        let base = counting::held();
        for (what, seed) in [("the first picture", 2), ("all is painted over", 3)] {
            resident::forget(worker.0);
            counting::forget();
            paint(&large, side, &mut pixels, seed);
            let host = counting::most().saturating_sub(base) as f64 / canvas;
            let more = (worker.most() as f64 - model as f64) / canvas;
            println!(
                "{side}x{side}, {what}: host {host:.2} + worker {more:.2} = {:.2} canvases of {:.0} MiB",
                host + more,
                canvas / MIB
            );
        }
    }
}
