//! No room: files that may not grow, as on a full disk, and a limit of memory that the kernel keeps by killing.

use std::path::{Path, PathBuf};
use std::process::Command;

use scumble::engine::Engine;
use scumble::error::Status;
use scumble::job::{Params, Preview};
use scumble::session::Session;

use crate::models::Scratch;
use crate::seen::*;

/// What a file of this process, or of another, may have at the most: the soft limit, which can be raised again.
fn limit_files(pid: i32, bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limit is read, and no old one is asked for.
    let failed = unsafe { libc::prlimit(pid, libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
    assert_eq!(failed, 0, "{}", std::io::Error::last_os_error());
}

/// One sentence about memory, no picture, and nothing died.
fn is_told(seen: &Seen) {
    let faults: Vec<_> = seen.faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::Memory], "{:?}", seen.faults);
    crate::faults::is_a_sentence(&seen.faults[0]);
    assert!(seen.faults[0].message.contains("no room") && seen.finals.is_empty(), "{:?}", seen.faults);
}

#[test]
fn a_process_whose_files_may_not_grow_says_so_and_paints_on_when_they_may() {
    let folder = Scratch::new("worker-files");
    let own = folder.0.display().to_string();
    // Neither is a graph kept, which would be the first file to be too large, nor does it die of that.
    let script = format!(
        "#!/bin/sh\necho $$ >> {own}/pids\nexport SCUMBLE_GRAPH_CACHE={own}/cache SCUMBLE_TEST_LEAST_GRAPH=0\n\
         ulimit -S -f 32\nexec {WORKER} \"$@\"\n"
    );
    let program = Program::of_script(folder, &script);
    let engine = apart(&program);
    let layer = session(&engine, Preview::Off);
    is_told(&show(&layer, &paint(1)));
    is_told(&show(&layer, &paint(2)));
    limit_files(program.started()[0], libc::RLIM_INFINITY);
    let seen = show(&layer, &paint(1));
    assert!(seen.faults.is_empty(), "{:?}", seen.faults);
    assert!(seen.at_rest() == show(&session(&here(), Preview::Off), &paint(1)).at_rest());
    assert_eq!(program.started().len(), 1);
}

/// The host of the next test; by itself it does nothing.
#[test]
fn a_host_whose_files_may_not_grow() {
    if std::env::var_os("SCUMBLE_TEST_FILES").is_none() {
        return;
    }
    let own = std::process::id() as i32;
    let program = Program::new("host-files", "");
    limit_files(own, 1000);
    let why = ready(&Engine::load_apart(options(&program.path)).unwrap()).unwrap_err();
    limit_files(own, libc::RLIM_INFINITY);
    assert_eq!(why.status, Status::Memory, "{why}");
    crate::faults::is_a_sentence(&why);
    let engine = apart(&program);
    let layer = engine.session();
    // More than there was room for when the model was loaded.
    layer.set_params(Params { resolution: 384, ..params(Preview::Off) }).unwrap();
    limit_files(own, 1000);
    is_told(&show(&layer, &paint(1)));
    limit_files(own, libc::RLIM_INFINITY);
    let seen = show(&layer, &paint(2));
    assert!(seen.faults.is_empty() && seen.finals.len() == 1, "{:?}", seen.faults);
    println!("it lives");
}

#[test]
fn a_host_whose_files_may_not_grow_says_so_and_lives_on() {
    let host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "room::a_host_whose_files_may_not_grow", "--nocapture"])
        .env("SCUMBLE_TEST_FILES", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(host.status.success() && said.contains("it lives"), "{}: {said}", host.status);
}

/// What a version of control groups calls things.
struct Names {
    used: &'static str,
    limit: &'static str,
    none: &'static str,
    /// Where it counts what it has killed.
    killed: &'static str,
    /// What keeps its processes from being swapped out: a file and its text.
    swap: (&'static str, &'static str),
}

const FIRST: Names = Names {
    used: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    none: "-1",
    killed: "memory.oom_control",
    swap: ("memory.swappiness", "0"),
};
const SECOND: Names = Names {
    used: "memory.current",
    limit: "memory.max",
    none: "max",
    killed: "memory.events",
    swap: ("memory.swap.max", "0"),
};

/// A control group of this test's; removed with this, once nobody is in it.
struct Group(PathBuf, Names);

impl Group {
    /// # Errors
    /// Why none can be made.
    fn new(name: &str) -> Result<Group, String> {
        let name = format!("scumble-test-{name}-{}", std::process::id());
        let groups = std::fs::read_to_string("/proc/self/cgroup").map_err(|e| e.to_string())?;
        let first = |why| Group::first(&name, &groups).map_err(|other| format!("{why}; {other}"));
        Group::second(&name, &groups).or_else(first)
    }

    /// In the first version memory has a hierarchy of its own.
    fn first(name: &str, groups: &str) -> Result<Group, String> {
        let own = groups.lines().find_map(|line| line.split_once(":memory:/"));
        let own = own.ok_or("no cgroup of version 1 for memory")?.1;
        let group = Path::new("/sys/fs/cgroup/memory").join(own).join(name);
        std::fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        Ok(Group(group, FIRST))
    }

    fn second(name: &str, groups: &str) -> Result<Group, String> {
        let own =
            groups.lines().find_map(|line| line.strip_prefix("0::/")).ok_or("no cgroup of version 2")?;
        let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
        let root = root.into_iter().map(Path::new).find(|root| root.join("cgroup.controllers").is_file());
        let own = root.ok_or("no cgroup of version 2 is mounted")?.join(own);
        let mut why = "no group above this process's hands memory on".to_owned();
        for above in own.ancestors().take_while(|folder| folder.join("cgroup.controllers").is_file()) {
            let handed_on = std::fs::read_to_string(above.join("cgroup.subtree_control")).unwrap_or_default();
            if !handed_on.split_whitespace().any(|controller| controller == "memory") {
                continue;
            }
            let group = above.join(name);
            match std::fs::create_dir(&group) {
                Ok(()) => return Ok(Group(group, SECOND)),
                Err(error) => why = format!("{}: {error}", group.display()),
            }
        }
        Err(why)
    }

    fn set(&self, file: &str, value: impl ToString) -> Result<(), String> {
        let path = self.0.join(file);
        std::fs::write(&path, value.to_string()).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The number behind `name`, or the only one.
    fn number(&self, file: &str, name: &str) -> u64 {
        let text = std::fs::read_to_string(self.0.join(file)).unwrap();
        let mut words = text.split_whitespace();
        let found =
            if name.is_empty() { words.next() } else { words.skip_while(|word| *word != name).nth(1) };
        found.unwrap().parse().unwrap()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        until("nobody is in the group", || std::fs::remove_dir(&self.0).ok());
    }
}

/// Says what its process dies of, and rests; the picture comes when there is memory again.
fn paints_on_when_there_is_memory(layer: &Session, group: &Group) {
    // Enough to load the model once more, and far too little for a picture of this size (200 MiB).
    let now = group.number(group.1.used, "");
    group.set(group.1.limit, now + (48 << 20)).unwrap();
    layer.set_params(Params { resolution: 384, ..params(Preview::Off) }).unwrap();
    let seen = watch(layer, &mut 0);
    let faults: Vec<_> = seen.faults.iter().map(|fault| fault.status).collect();
    assert_eq!(faults, [Status::WorkerDied, Status::Worker], "{:?}", seen.faults);
    seen.faults.iter().for_each(crate::faults::is_a_sentence);
    assert!(seen.faults[0].message.contains("the memory was full"), "{:?}", seen.faults);
    assert!(group.number(group.1.killed, "oom_kill") >= 3);
    group.set(group.1.limit, group.1.none).unwrap();
    let seen = show(layer, &paint(3));
    assert!(seen.faults.is_empty(), "{:?}", seen.faults);
    let here = here().session();
    here.set_params(Params { resolution: 384, ..params(Preview::Off) }).unwrap();
    assert!(seen.at_rest() == show(&here, &paint(3)).at_rest(), "{} finals", seen.finals.len());
}

#[test]
fn a_process_that_the_kernel_kills_for_its_groups_memory_is_told_and_the_session_lives_on() {
    let group = match Group::new("memory") {
        Ok(group) => group,
        Err(why) => {
            return println!("LEFT OUT: a control group that limits memory cannot be made here ({why}).");
        }
    };
    let folder = Scratch::new("worker-group");
    let script = format!(
        "#!/bin/sh\necho $$ >> {}/pids\necho $$ > {}/cgroup.procs || exit 9\nexec {WORKER} \"$@\"\n",
        folder.0.display(),
        group.0.display()
    );
    let program = Program::of_script(folder, &script);
    // Where there is none to swap to it says so by not having the file.
    let (file, none) = group.1.swap;
    let _ = group.set(file, none);
    let engine = Engine::load_apart(options(&program.path)).unwrap();
    if let Err(why) = ready(&engine) {
        // A process may be moved only where who does it may write in both groups and what is above them.
        assert!(why.message.contains("exit code 9"), "{why}");
        return println!("LEFT OUT: no process can be moved into {}.", group.0.display());
    }
    let layer = session(&engine, Preview::Off);
    assert!(show(&layer, &paint(1)).faults.is_empty());
    paints_on_when_there_is_memory(&layer, &group);
    drop((layer, engine));
    until("it is gone", || program.started().iter().all(|pid| is_gone(*pid)).then_some(()));
}
