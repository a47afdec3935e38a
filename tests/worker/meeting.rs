//! Where programs that share a process meet, and who is not let in.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use scumble::engine::Engine;
use scumble::error::Status;
use scumble::job::Preview;

use crate::models::Scratch;
use crate::seen::*;
use crate::shared::{engine, is_over, meeting, met, shared};

#[test]
fn where_it_cannot_be_shared_it_is_not_and_that_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new("shared-open", "");
    let folder = meeting(&program.path);
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let engine = engine(&program);
    let told = note(&engine);
    assert!(
        told.contains("not shared") && told.contains("only you can open") && told.ends_with('.'),
        "{told}"
    );
    assert!(show(&session(&engine, Preview::Off), &paint(1)).faults.is_empty());
    assert!(met(&program, "socket").is_empty());
}

#[test]
fn what_is_told_of_a_process_is_told_anew_when_another_takes_its_place() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new("shared-note", "");
    let engine = engine(&program);
    let layer = session(&engine, Preview::Off);
    assert_eq!(note(&engine), "");
    // The first is shared, the next is not, the last is.
    for (turn, mode, alone) in [(0, 0o755, true), (1, 0o700, false)] {
        std::fs::set_permissions(meeting(&program.path), std::fs::Permissions::from_mode(mode)).unwrap();
        let pid = program.started()[turn];
        kill(pid);
        until("it is gone", || is_gone(pid).then_some(()));
        let seen = show(&layer, &paint(turn as u64 + 1));
        assert!(seen.faults.is_empty() && !seen.finals.is_empty(), "{:?}", seen.faults);
        assert_eq!(note(&engine).contains("not shared"), alone, "{turn}: {}", note(&engine));
    }
    assert_eq!(note(&engine), "");
}

/// The program of the next test; by itself it does nothing.
#[test]
fn a_program_that_shares_by_the_library() {
    use scumble::ffi::{abi::*, *};
    if std::env::var_os("SCUMBLE_TEST_SHARED_BY_LIBRARY").is_none() {
        return;
    }
    let text = |text: &str| std::ffi::CString::new(text).unwrap();
    let (model, worker) = (text(load_options().model_dir.to_str().unwrap()), text(WORKER));
    // SAFETY: structs and strings live as long as the calls.
    unsafe {
        let mut options = std::mem::zeroed::<ScumbleEngineOptions>();
        assert_eq!(scumble_engine_options_init(&mut options, size_of_val(&options)), 0);
        (options.model_dir, options.worker) = (model.as_ptr(), worker.as_ptr());
        let mut engine = std::ptr::null_mut();
        assert_eq!(scumble_engine_create(&options, &mut engine), 0);
        let mut info = std::mem::zeroed::<ScumbleEngineInfo>();
        assert_eq!(scumble_engine_info_init(&mut info, size_of_val(&info)), 0);
        until("it is loaded", || {
            assert_eq!(scumble_engine_info(engine, &mut info), 0);
            (info.state != constants::SCUMBLE_ENGINE_LOADING).then_some(())
        });
        assert_eq!(info.state, constants::SCUMBLE_ENGINE_READY);
        let note = std::ffi::CStr::from_ptr(info.device_note).to_str().unwrap();
        let folder = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
        let sockets = std::fs::read_dir(format!("{folder}/scumble")).into_iter().flatten().count();
        println!("told {sockets}: {note}");
        scumble_engine_release(engine);
    }
}

#[test]
fn the_user_s_folder_is_where_programs_meet_and_the_variable_asks_for_it() {
    let folder = Scratch::new("worker-shared-runtime");
    let told = |share: &str, runtime: Option<&Path>| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "meeting::a_program_that_shares_by_the_library", "--nocapture"])
            .env("SCUMBLE_TEST_SHARED_BY_LIBRARY", "1")
            .env("SCUMBLE_SHARE_WORKER", share)
            .env_remove("XDG_RUNTIME_DIR");
        command.envs(runtime.map(|folder| ("XDG_RUNTIME_DIR", folder)));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = text.lines().find_map(|line| Some(line.split_once("told ")?.1.to_owned()));
        told.unwrap_or_else(|| panic!("{text}"))
    };
    assert!(told("1", Some(&folder.0)).starts_with("2: "), "a socket and a lock");
    assert!(told("0", Some(&folder.0)).starts_with("1: "), "the lock alone is left");
    let none = told("1", None);
    assert!(none.starts_with("0: ") && none.contains("XDG_RUNTIME_DIR names no folder"), "{none}");
}

#[test]
fn one_of_another_version_or_another_user_is_refused() {
    use rustix::net::*;
    let program = Program::new("shared-version", "");
    drop(engine(&program));
    is_over(&program, program.started()[0]);
    let place = met(&program, "lock")[0].with_extension("socket");
    // Somebody else listens there.
    let listener =
        socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    bind(&listener, &SocketAddrUnix::new(&place).unwrap()).unwrap();
    listen(&listener, 4).unwrap();
    std::fs::write(place.with_extension("lock"), std::process::id().to_string()).unwrap();
    let speaks = std::thread::spawn(move || {
        let host = accept(&listener).unwrap();
        send(&host, b"scumble-worker 9.9.9, protocol 11", SendFlags::empty()).unwrap();
        host
    });
    let why = ready(&Engine::load_apart(shared(&program.path)).unwrap()).unwrap_err();
    assert!(why.status == Status::Worker && why.message.contains("another version"), "{why}");
    drop(speaks.join().unwrap());
    // A socket at which nobody listens any more is replaced.
    assert!(place.exists());
    let _engine = engine(&program);
    assert_eq!(program.started().len(), 2);
    // SAFETY: no memory is involved.
    if unsafe { libc::geteuid() } != 0 {
        println!("another user is left out: only root can be one");
        return;
    }
    open_to_all(&program.folder.0);
    open_to_all(&meeting(&program.path));
    open_to_all(&place);
    const STRANGER: &str = "import socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n\
        s.connect(sys.argv[1])\ntry: print('heard', len(s.recv(99)))\nexcept ConnectionResetError: print('heard 0')";
    for (user, heard) in [(65534, "heard 0\n".to_owned()), (0, format!("heard {}\n", greeting().len()))] {
        let mut stranger = Command::new("python3");
        let output = stranger.args(["-c", STRANGER]).arg(&place).uid(user).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said, heard, "{user}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn greeting() -> String {
    format!("scumble-worker {}, protocol 11", env!("CARGO_PKG_VERSION"))
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
}
