//! A disk that is really full, under what the engine and its process write.

use std::path::Path;

use scumble::engine::Engine;
use scumble::job::Preview;
use scumble::remote::{Options, Sharing};

use crate::full::{Disk, PAGE};
use crate::models::Scratch;
use crate::seen::*;

/// A process that keeps its graphs there, whatever room there is when it begins. `more` is for its environment.
fn keeping_on(disk: &Disk, more: &str) -> Program {
    let folder = Scratch::new("worker-disk");
    let (own, there) = (folder.0.display(), disk.0.display());
    let script = format!(
        "#!/bin/sh\necho $$ >> {own}/pids\nexport SCUMBLE_GRAPH_CACHE={there} {more}\n\
         export SCUMBLE_TEST_LEAST_GRAPH=0 SCUMBLE_TEST_GRAPH_ROOM=0\nexec {WORKER} \"$@\"\n"
    );
    Program::of_script(folder, &script)
}

/// The pages that each file has.
fn pages(disk: &Disk) -> Vec<u64> {
    let length = |file: &String| std::fs::metadata(disk.0.join(file)).unwrap().len();
    disk.files().iter().map(|file| length(file).div_ceil(PAGE)).collect()
}

#[test]
fn of_a_graph_that_the_disk_has_no_room_for_nothing_is_left() {
    let Some(disk) = Disk::new("graph") else { return };
    let program = keeping_on(&disk, "");
    let right = show(&session(&here(), Preview::Off), &paint(1)).at_rest().to_vec();
    let paints_by = |program: &Program| {
        let engine = apart(program);
        let seen = show(&session(&engine, Preview::Off), &paint(1));
        assert!(seen.faults.is_empty() && seen.at_rest() == right, "{:?}", seen.faults);
    };
    let paints = || paints_by(&program);
    paints();
    let whole = pages(&disk);
    let [graph, seal, weights] = whole[..] else { panic!("{:?}", disk.files()) };
    let all = graph + seal + weights;
    // None at all, some of either file, all but the last of them.
    for left in [0, 1, graph - 1, graph, weights - 1, weights, graph + weights - 1, all - 1] {
        let entry = disk.0.join(disk.files().first().map_or("none", |file| file.split('/').next().unwrap()));
        let _ = std::fs::remove_dir_all(entry);
        disk.fill(left);
        paints();
        let folders = std::fs::read_dir(&disk.0).unwrap().count();
        assert_eq!((disk.files(), folders), (vec![], 1), "{left} pages of {all}");
    }
    disk.fill(all);
    paints();
    assert_eq!(pages(&disk), whole);
    // What is kept is read, for which there need be no room.
    let graph = disk.0.join(&disk.files()[0]);
    let kept = std::fs::metadata(&graph).unwrap().modified().unwrap();
    disk.fill(0);
    paints();
    // Nor any for what ONNX Runtime or the system would write beside.
    let there = disk.0.display();
    paints_by(&keeping_on(&disk, &format!("TMPDIR={there} XDG_RUNTIME_DIR={there}")));
    assert_eq!(std::fs::metadata(&graph).unwrap().modified().unwrap(), kept);
}

fn sockets(disk: &Disk) -> usize {
    disk.files().iter().filter(|file| file.ends_with(".socket")).count()
}

#[test]
fn where_programs_meet_on_a_full_disk_each_has_a_process_alone_until_there_is_room() {
    let Some(disk) = Disk::new("meeting") else { return };
    // What there is no room for.
    for (name, files) in [("number", None), ("socket", Some(2)), ("lock", Some(1)), ("folder", Some(0))] {
        let program = Program::new("disk-shared", "");
        let folder = disk.0.join(name);
        let sharing = |folder: &Path| Sharing::In(folder.to_path_buf());
        let engine = || {
            let engine =
                Engine::load_apart(Options { sharing: sharing(&folder), ..options(&program.path) }).unwrap();
            ready(&engine).unwrap();
            engine
        };
        match files {
            None => disk.fill(0),
            Some(files) => disk.crowd(files),
        }
        let alone = engine();
        let told = note(&alone);
        let wanted = format!("not shared with other programs: the disk of {} is full", folder.display());
        assert!(told.contains(&wanted) && told.ends_with("make room there."), "{name}: {told}");
        assert!(show(&session(&alone, Preview::Off), &paint(1)).faults.is_empty(), "{name}");
        let (own, others) =
            program.started().split_last().map(|(own, others)| (*own, others.to_vec())).unwrap();
        assert!(others.iter().all(|pid| is_gone(*pid)) && !is_gone(own), "{name}: {others:?}");
        assert_eq!(sockets(&disk), 0, "{name}: {:?}", disk.files());
        drop(alone);
        disk.make_room();
        let (first, second) = (engine(), engine());
        assert_eq!(
            (note(&first), note(&second), sockets(&disk)),
            (String::new(), String::new(), 1),
            "{name}"
        );
        assert!(show(&session(&second, Preview::Off), &paint(1)).faults.is_empty(), "{name}");
        drop((first, second));
        until("the shared one ends", || program.started().iter().all(|pid| is_gone(*pid)).then_some(()));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
