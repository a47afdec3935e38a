//! What a process of its own costs a frame: the same pictures in the host's process and apart, in turns, at 512 × 512.
//! SCUMBLE_BENCH_MODEL names another model folder than the default. Prints a table and asserts nothing.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    apart::main();
}

#[cfg(target_os = "linux")]
mod apart {
    use std::path::PathBuf;
    use std::time::Duration;

    use scumble::engine::{Engine, LoadState};
    use scumble::job::{Params, Preview};
    use scumble::pipeline::LoadOptions;
    use scumble::pixels::{Format, ImageView};
    use scumble::region::Rect;
    use scumble::remote::Options;
    use scumble::session::{Polled, Session};

    const SIDE: i32 = 512;
    const ROUNDS: usize = 40;

    pub fn main() {
        let given = std::env::var_os("SCUMBLE_BENCH_MODEL").map(PathBuf::from);
        let model_dir =
            given.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/default")));
        let load = LoadOptions { model_dir, device: "cpu".into(), ..LoadOptions::default() };
        let worker = Some(PathBuf::from(env!("CARGO_BIN_EXE_scumble-worker")));
        let here = Engine::load(load.clone()).expect("engine");
        let apart = Engine::load_apart(Options { worker, ..Options::new(load) }).expect("engine");
        let sessions = [session(&here), session(&apart)];
        // Push to FINAL, and what of the job was not ONNX Runtime.
        let mut times: [Vec<[Duration; 2]>; 2] = Default::default();
        for round in 0..ROUNDS + 2 {
            for (session, times) in sessions.iter().zip(&mut times) {
                let frame = one_frame(session, round as u8);
                // The first frames warm the caches and the memory up.
                if round >= 2 {
                    times.push(frame);
                }
            }
        }
        println!("{SIDE}x{SIDE}, {ROUNDS} frames each, in turns; medians in ms");
        println!("{:24} {:>10} {:>10} {:>10}", "", "in host", "apart", "apart more");
        for (row, name) in ["push -> FINAL", "beside ONNX Runtime"].into_iter().enumerate() {
            let middle = |times: &[[Duration; 2]]| {
                let mut times: Vec<f64> = times.iter().map(|t| t[row].as_secs_f64() * 1e3).collect();
                times.sort_by(f64::total_cmp);
                times[times.len() / 2]
            };
            let (here, apart) = (middle(&times[0]), middle(&times[1]));
            println!("{name:24} {here:>10.2} {apart:>10.2} {:>+10.2}", apart - here);
        }
    }

    fn session(engine: &Engine) -> Session {
        loop {
            match engine.state() {
                LoadState::Loading { .. } => std::thread::sleep(Duration::from_millis(5)),
                LoadState::Ready(_) => break,
                LoadState::Failed(why) => {
                    eprintln!("engine: {why}");
                    std::process::exit(1);
                }
            }
        }
        let session = engine.session();
        let params = Params {
            prompt: "snowy mountains above a lake".into(),
            preview: Preview::Off,
            ..Params::default()
        };
        session.set_params(Params { resolution: SIDE as u32, ..params }).expect("params");
        session
    }

    fn one_frame(session: &Session, round: u8) -> [Duration; 2] {
        let paint: Vec<u8> = (0..SIDE * SIDE)
            .flat_map(|i| [(i % SIDE) as u8, (i / SIDE) as u8, round.wrapping_mul(5), 255])
            .collect();
        let rect = Rect::new(0, 0, SIDE, SIDE);
        let view = ImageView::new(Format::Rgba8, rect, SIDE as usize * 4, &paint).expect("view");
        session.push(SIDE, SIDE, &[view], None).expect("push");
        session.wait(Duration::from_secs(600)).expect("open");
        match session.poll(0).expect("frame") {
            Polled::Frame(frame) => {
                [frame.since_push, frame.since_start.saturating_sub(frame.phases.runtime)]
            }
            _ => panic!("no frame"),
        }
    }
}
