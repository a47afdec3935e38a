//! A scope of the worker's own: a control group (cgroup v2) in which it has a smaller share of the processor than programs
//! have, so that it goes after all of them and not only, by its niceness, after its host. Where memory is short systemd
//! then ends the worker's group and not the one with the painting.
//!
//! The user's systemd is asked for it, who alone writes there, and who clears it away when the worker ends, however
//! that comes. Where there is none, or it will not, everything stays as it is.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program's share is 100.
const WEIGHT: &str = "20";
/// Programs of a desktop have each a group in this one.
const PROGRAMS: &str = "app.slice";
/// A process that sees all of the system's is in this space of numbers; in others its number means another process.
const ALL_PROCESSES: &str = "pid:[4026531836]";
/// What a group may be held to, and how none is written. It would not hold a process that has left it.
const LIMITS: [(&str, &str); 7] = [
    ("cpu.max", "max "),
    ("cpuset.cpus", ""),
    ("memory.high", "max"),
    ("memory.max", "max"),
    ("memory.swap.max", "max"),
    ("memory.swap.high", "max"),
    ("io.max", ""),
];

/// Asks for it in the background: nobody waits for the answer.
pub fn ask() {
    let places = Places::here();
    if !places.may_leave() {
        return;
    }
    let asking = move || match places.request().status() {
        Ok(status) if status.success() => log::debug!("the renderer's process has a scope of its own"),
        Ok(status) => {
            log::debug!("the renderer's process has no scope of its own: busctl ended with {status}")
        }
        Err(error) => log::debug!("the renderer's process has no scope of its own: busctl: {error}"),
    };
    if let Err(error) = crate::thread::spawn("scumble-scope", asking) {
        log::debug!("the renderer's process has no scope of its own: {error}");
    }
}

/// Where the system tells of groups, and where the user's systemd is spoken to.
struct Places {
    groups: PathBuf,
    /// This process's group, as the system writes it.
    own: String,
    processes: PathBuf,
    runtime: Option<PathBuf>,
}

impl Places {
    fn here() -> Places {
        let read = |file: PathBuf| std::fs::read_to_string(file).unwrap_or_default();
        let link = |file: PathBuf| std::fs::read_link(file).unwrap_or_default();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        match made_up() {
            Some(folder) => Places {
                own: read(folder.join("own")),
                processes: link(folder.join("pid")),
                groups: folder,
                runtime,
            },
            None => Places {
                own: read("/proc/self/cgroup".into()),
                processes: link("/proc/self/ns/pid".into()),
                groups: "/sys/fs/cgroup".into(),
                runtime,
            },
        }
    }

    /// Whether this is a desktop's program that nothing but its number of threads is held to.
    fn may_leave(&self) -> bool {
        // A system with the first version's groups has more lines.
        let Some(own) = self.own.trim_end().strip_prefix("0::/") else { return false };
        let own = Path::new(own);
        let among_programs = own.parent().is_some_and(|parent| parent.ends_with(PROGRAMS));
        let group = self.groups.join(own);
        let free = LIMITS.iter().all(|(file, none)| {
            // Where the file is not there nothing is limited.
            let limit = std::fs::read_to_string(group.join(file)).unwrap_or_else(|_| (*none).into());
            if none.is_empty() { limit.trim().is_empty() } else { limit.starts_with(none) }
        });
        let systemd = self.runtime.as_ref().is_some_and(|folder| folder.join("systemd/private").exists());
        among_programs && free && systemd && self.processes == Path::new(ALL_PROCESSES)
    }

    /// What asks: systemd's own tool, which has a few seconds and ends with this process.
    fn request(&self) -> Command {
        let pid = std::process::id().to_string();
        let mut command = Command::new("busctl");
        command
            .args(["--user", "--quiet", "--timeout=5", "call", "org.freedesktop.systemd1"])
            .args(["/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit"])
            .args(["ssa(sv)a(sa(sv))", &format!("app-scumble-worker-{pid}.scope"), "fail"])
            .args(["5", "Description", "s", "Scumble renders", "Slice", "s", PROGRAMS])
            .args(["CPUWeight", "t", WEIGHT, "CollectMode", "s", "inactive-or-failed"])
            .args(["PIDs", "au", "1", &pid, "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: it calls nothing but the kernel. The thread that starts it lives until it ends.
        unsafe {
            command.pre_exec(|| {
                let ends = rustix::process::Signal::KILL;
                Ok(rustix::process::set_parent_process_death_signal(Some(ends))?)
            })
        };
        command
    }
}

/// Groups that a test has made up, in the folder that SCUMBLE_TEST_GROUPS names; what the system would say of this process
/// is in its file `own` and its link `pid`. Not in release builds.
fn made_up() -> Option<PathBuf> {
    cfg!(debug_assertions).then(|| std::env::var_os("SCUMBLE_TEST_GROUPS"))?.map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KRITA: &str = "user.slice/user-1000.slice/user@1000.service/app.slice/app-org.kde.krita-7.scope";

    /// A desktop's program, as the system tells of it.
    fn desktop(name: &str) -> Places {
        let folder = std::env::temp_dir().join(format!("scumble-groups-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let group = folder.join(KRITA);
        std::fs::create_dir_all(&group).unwrap();
        for (file, limit) in [("cpu.max", "max 100000\n"), ("memory.max", "max\n"), ("cpuset.cpus", "\n")] {
            std::fs::write(group.join(file), limit).unwrap();
        }
        std::fs::create_dir_all(folder.join("run/systemd")).unwrap();
        std::fs::write(folder.join("run/systemd/private"), "").unwrap();
        Places {
            own: format!("0::/{KRITA}\n"),
            processes: ALL_PROCESSES.into(),
            runtime: Some(folder.join("run")),
            groups: folder,
        }
    }

    #[test]
    fn only_a_desktop_s_program_that_is_held_to_nothing_leaves_its_group() {
        let limited = |file: &str, limit: &str| {
            let places = desktop(file);
            std::fs::write(places.groups.join(KRITA).join(file), limit).unwrap();
            places
        };
        let of = |name: &str, own: &str| Places { own: own.into(), ..desktop(name) };
        for (what, places, may) in [
            ("a desktop's program", desktop("free"), true),
            ("a quota", limited("cpu.max", "50000 100000\n"), false),
            ("some cores", limited("cpuset.cpus", "0-1\n"), false),
            ("little memory", limited("memory.max", "1073741824\n"), false),
            ("less memory", limited("memory.high", "1073741824\n"), false),
            ("a slow disk", limited("io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=max\n"), false),
            ("a number of threads, as all have", limited("pids.max", "38075\n"), true),
            ("a login", of("login", "0::/user.slice/user-1000.slice/session-2.scope\n"), false),
            ("a service of the system", of("service", "0::/system.slice/krita.service\n"), false),
            ("a group within a program's", of("within", &format!("0::/{KRITA}/inner\n")), false),
            ("the first version", of("first", "4:memory:/\n0::/\n"), false),
            ("nothing", of("nothing", ""), false),
            ("other numbers", Places { processes: "pid:[4026532000]".into(), ..desktop("space") }, false),
            ("no systemd", Places { runtime: None, ..desktop("none") }, false),
        ] {
            assert_eq!(places.may_leave(), may, "{what}");
            std::fs::remove_dir_all(&places.groups).unwrap();
        }
    }
}
