//! What a canvas that is much larger than the model takes in the process of its own, and what a change of LoRA does.

use std::time::Duration;

use scumble::conditions::Lora;
use scumble::engine::Engine;
use scumble::job::{Params, Preview};
use scumble::pipeline::LoadOptions;
use scumble::pixels::{Format, ImageView};
use scumble::region::Rect;
use scumble::remote::Options;
use scumble::session::Session;
use scumble::steps::StepRange;

use crate::models::{Scratch, lora_file};
use crate::onnx::{FLOAT, Port, bytes, more_of_a_graph, with_more};
use crate::resident::{forget, most, now};
use crate::seen::*;

/// Paints a canvas all over and waits until it has settled.
fn settle(session: &Session, side: i32, seed: u32) {
    let bytes = side as usize * side as usize * 4;
    let pixels: Vec<u8> =
        (0..bytes as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed as u8).collect();
    let view =
        ImageView::new(Format::Rgba8, Rect::new(0, 0, side, side), side as usize * 4, &pixels).unwrap();
    session.push(side, side, &[view], None).unwrap();
    assert!(session.wait(Duration::from_secs(300)).unwrap(), "it does not come to rest");
}

/// The host's process keeps the canvas and what was made of it (tests/memory.rs counts that); the other one sees a window at
/// a time.
#[test]
fn it_holds_windows_and_never_the_canvas() {
    const SIDE: i32 = 2048;
    let program = Program::new("memory", "");
    let engine = apart(&program);
    let pid = program.started()[0];
    let session = || {
        let session = engine.session();
        session.set_params(Params { settle_delay: 0, ..Params::default() }).unwrap();
        session
    };
    // The model's own share: every kind of window once, and its arena filled.
    let small = session();
    for seed in 0..3 {
        settle(&small, 256, seed);
    }
    let model = most(pid);
    settle(&session(), SIDE, 3);
    let more = most(pid) - model;
    println!("{} KiB more than for a canvas of 256x256", more >> 10);
    assert_eq!(program.started(), [pid]);
    let canvas = SIDE as usize * SIDE as usize * 4;
    assert!(more < canvas / 2, "{more} bytes more, of a canvas of {canvas}");
}

const ROW: u64 = 4480;
/// Bytes of weights that the U-Net has more than the tiny one, by which a copy of it is seen.
const BULK: usize = 4 * (ROW * ROW) as usize;

/// A model whose U-Net multiplies something by so many weights.
fn large_model() -> Scratch {
    let model = Scratch::copy_of("sd15", "worker-large");
    let plain = std::fs::read(model.0.join("unet/model.onnx")).unwrap();
    // A row of what is not known before the run.
    let mean = [bytes(1, "encoder_hidden_states"), bytes(2, "mean"), bytes(4, "ReduceMean")].concat();
    let widened = more_of_a_graph(
        ("MatMul", &["mean", "ones"], "row"),
        ("ones", &[1, ROW], &1f32.to_le_bytes().repeat(ROW as usize)),
        &Port("row", FLOAT, &[0, 0, ROW]),
    );
    let multiplied = more_of_a_graph(
        ("MatMul", &["row", "bulk"], "product"),
        ("bulk", &[ROW, ROW], &1f32.to_le_bytes().repeat(BULK / 4)),
        &Port("product", FLOAT, &[0, 0, ROW]),
    );
    model.write("unet/model.onnx", with_more(&plain, &[bytes(1, mean), widened, multiplied].concat()));
    model
}

/// Where a weight has no branch yet the network is read again: for that moment there is a second one, and what ONNX Runtime reads of
/// its file.
#[test]
fn a_change_of_lora_or_its_weight_takes_no_second_copy_of_the_model() {
    let model = large_model();
    let lora =
        |name: &str, scale: f32| Lora { file: lora_file(name), scale, text: scale, steps: StepRange::ALL };
    for room in [false, true] {
        let folder = Scratch::new("worker-loras");
        // No graph of it is to be kept in the user's folder.
        let script = format!(
            "#!/bin/sh\necho $$ >> {}/pids\nexport SCUMBLE_GRAPH_CACHE=off\nexec {WORKER} \"$@\"\n",
            folder.0.display()
        );
        let program = Program::of_script(folder, &script);
        let load = LoadOptions { model_dir: model.0.clone(), loras: room, ..load_options() };
        let engine =
            Engine::load_apart(Options { worker: Some(program.path.clone()), ..Options::new(load) }).unwrap();
        ready(&engine).unwrap();
        let pid = program.started()[0];
        let layer = session(&engine, Preview::Off);
        assert!(show(&layer, &paint(1)).faults.is_empty());
        let own = now(pid);
        assert!(own > BULK, "its weights are in memory");
        for (what, peft, kohya, reads) in [
            ("the first", 1.0, 0.0, !room),
            ("another weight", 0.5, 0.0, false),
            ("none", 0.0, 0.0, false),
            ("the first again", 1.0, 0.0, false),
            ("a second one, which changes more", 1.0, 1.0, true),
            ("another weight of it", 1.0, 0.5, false),
            ("it alone", 0.0, 0.5, false),
        ] {
            forget(pid);
            layer.set_lora(0, lora("sd15-kohya", kohya)).unwrap();
            layer.set_lora(1, lora("sd15-peft", peft)).unwrap();
            let seen = watch(&layer, &mut 0);
            assert!(seen.faults.is_empty() && !seen.finals.is_empty(), "{what}: {:?}", seen.faults);
            let more = |bytes: usize| (bytes as f64 - own as f64) / BULK as f64;
            let (peak, rest) = (more(most(pid)), more(now(pid)));
            println!("room {room}, {what}: {peak:.2} copies more at its highest, {rest:.2} afterwards");
            assert!(rest < 0.5, "room {room}, {what}: {rest:.2} copies of the network more");
            let allowed = if reads { 2.5 } else { 0.5 };
            assert!(peak < allowed, "room {room}, {what}: {peak:.2} copies more meanwhile");
        }
        assert_eq!(program.started(), [pid]);
    }
}
