//! A painting during which the process is killed again and again, at any moment.

use std::time::Duration;

use scumble::error::Status;
use scumble::job::Preview;

use crate::painting::Dice;
use crate::seen::*;

/// How many kills: SCUMBLE_TEST_KILLS, else so many.
const KILLS: u64 = 24;

#[test]
fn killed_at_any_moment_no_frame_is_torn_and_the_last_is_right() {
    let kills = std::env::var("SCUMBLE_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    const PAINTINGS: u64 = 8;
    let here = session(&here(), Preview::Off);
    let right: Vec<Vec<u8>> =
        (0..PAINTINGS).map(|number| show(&here, &paint(number)).at_rest().to_vec()).collect();
    let program = Program::new("kills", "");
    let engine = apart(&program);
    let layers = [session(&engine, Preview::Off), session(&engine, Preview::EachStep)];
    let mut after = [0; 2];
    let mut dice = Dice(11);
    let (mut deaths_told, mut frames) = (0, 0);
    for round in 0..kills {
        let which = (round % 2) as usize;
        let layer = &layers[which];
        let number = dice.roll() % PAINTINGS;
        paint(number).push(layer, None).unwrap();
        std::thread::sleep(Duration::from_micros(dice.roll() % 60_000));
        if let Some(pid) = program.started().last() {
            kill(*pid);
        }
        let seen = watch(layer, &mut after[which]);
        for fault in &seen.faults {
            assert_eq!(fault.status, Status::WorkerDied, "{fault}");
        }
        deaths_told += seen.faults.len();
        frames += seen.finals.len() + seen.previews;
        for shown in &seen.finals {
            assert!(right.contains(shown), "round {round}: a frame that is no painting's");
        }
        let shown = watch(layer, &mut 0);
        assert!(shown.at_rest() == right[number as usize], "round {round}");
    }
    println!("{kills} kills: {} processes, {deaths_told} told, {frames} frames", program.started().len());
    assert!(program.started().len() as u64 > kills / 2, "it was hardly ever killed");
    until("the killed are gone", || {
        let all = program.started();
        all[..all.len() - 1].iter().all(|pid| is_gone(*pid)).then_some(())
    });
}
