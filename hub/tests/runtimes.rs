//! ONNX Runtime out of a wheel: installed whole, replaced, removed, and nothing of somebody else's touched.

mod server;
mod wheels;

use std::path::Path;

use scumble_hub::runtime::{Runtimes, Wheel};
use scumble_hub::settings::Settings;
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use server::{Hub, Play, bytes, scratch, settings};
use wheels::{LIBRARY, wheel};

const FILE: &str = "onnxruntime-9.0.0.whl";

fn install(hub: &Hub, folder: &Path, wheel: &Wheel) -> Result<bool, Fault> {
    let own = Settings { token: Some("hf_secret".into()), ..settings(hub) };
    Runtimes::new(folder).install(&Web::new(own, &Watch::new()), wheel)
}

#[test]
fn a_runtime_is_installed_replaced_and_removed() {
    let (hub, root) = (Hub::new(), scratch("runtime"));
    let folder = root.join("runtime");
    let first = wheel(&hub, "9.0.0", &bytes("first", 300_000));
    hub.play(FILE, [Play::Cut(100_000)]);
    assert!(install(&hub, &folder, &first).unwrap());
    assert_eq!(std::fs::read(folder.join(LIBRARY)).unwrap(), bytes("first", 300_000));
    assert_eq!(hub.loads(FILE)[1].range.as_deref(), Some("bytes=100000-"), "goes on where it was cut");
    assert!(
        hub.requests().iter().all(|request| request.token.is_none()),
        "the hub's token is not for others"
    );
    assert_eq!(Runtimes::new(&folder).installed(), Some(first.clone()));
    assert!(!install(&hub, &folder, &first).unwrap(), "it was there already");
    // What the build itself has put there is replaced too.
    std::fs::write(folder.join("VERSION"), "1.32.0").unwrap();
    let second = wheel(&hub, "9.1.0", &bytes("second", 200_000));
    assert!(install(&hub, &folder, &second).unwrap());
    assert_eq!(std::fs::read(folder.join(LIBRARY)).unwrap(), bytes("second", 200_000));
    assert!(!folder.join("VERSION").exists() && !root.join("evil").exists() && !folder.join("evil").exists());
    let left: Vec<_> =
        std::fs::read_dir(root.join(".runtime")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"], "nothing of the downloads stays");
    assert!(Runtimes::new(&folder).remove().unwrap() > 200_000);
    assert!(!folder.exists() && Runtimes::new(&folder).installed().is_none());
    let fault = Runtimes::new(&folder).remove().unwrap_err();
    assert!(fault.message.contains("nothing was removed"), "{fault}");
}

#[test]
fn a_package_that_is_not_the_pinned_one_is_not_unpacked() {
    let (hub, root) = (Hub::new(), scratch("runtime-wrong"));
    let folder = root.join("runtime");
    let good = wheel(&hub, "9.0.0", &bytes("library", 100_000));
    hub.play(FILE, [Play::Other(bytes("evil", good.size as usize))]);
    let fault = install(&hub, &folder, &good).unwrap_err();
    assert_eq!(fault.kind, Kind::Damaged);
    assert!(fault.message.contains("its sha256 is another one"), "{fault}");
    // Nor one without the library, or with a larger or smaller one than is known.
    let changes: [fn(&mut Wheel); 3] = [
        |wheel| wheel.take[0].member = "capi/other.so".into(),
        |wheel| wheel.take[0].size -= 1,
        |wheel| wheel.take[0].size += 1,
    ];
    for change in changes {
        let mut odd = good.clone();
        change(&mut odd);
        let fault = install(&hub, &folder, &odd).unwrap_err();
        assert_eq!(fault.kind, Kind::Damaged);
        assert!(fault.message.contains("as it should; update Scumble"), "{fault}");
    }
    let mut odd = good.clone();
    odd.take[0].to = "../evil.so".into();
    assert_eq!(install(&hub, &folder, &odd).unwrap_err().kind, Kind::Unsafe);
    assert!(!folder.exists() && !root.join("evil.so").exists());
}

#[test]
fn somebodys_own_files_are_left_alone() {
    let (hub, root) = (Hub::new(), scratch("runtime-own"));
    let folder = root.join("runtime");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("diary.txt"), "mine").unwrap();
    let wheel = wheel(&hub, "9.0.0", b"library");
    for fault in [install(&hub, &folder, &wheel).unwrap_err(), Runtimes::new(&folder).remove().unwrap_err()] {
        assert_eq!(fault.kind, Kind::Disk);
        assert!(fault.message.contains("has diary.txt in it, which is not Scumble's"), "{fault}");
    }
    assert_eq!(std::fs::read_to_string(folder.join("diary.txt")).unwrap(), "mine");
}
