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

/// It is no repository, and has no page.
#[test]
fn a_package_that_is_refused_is_told_with_its_host() {
    let (hub, root) = (Hub::new(), scratch("runtime-refused"));
    let wheel = wheel(&hub, "9.0.0", b"library");
    for (status, kind) in [
        (401, Kind::Access),
        (403, Kind::Access),
        (404, Kind::NotFound),
        (407, Kind::Access),
        (410, Kind::NotFound),
        (418, Kind::Network),
        (451, Kind::Access),
    ] {
        hub.play(FILE, [Play::Say(status, "")]);
        let fault = install(&hub, &root.join("runtime"), &wheel).unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        let says =
            format!("localhost refuses {FILE} ({status}); look whether a proxy or a firewall stands between");
        assert!(fault.message.starts_with(&says) && fault.message.contains("SCUMBLE_WHEELS"), "{fault}");
    }
    // What passes is waited for, as ever.
    hub.play(FILE, [Play::Say(503, "")]);
    assert!(install(&hub, &root.join("runtime"), &wheel).unwrap());
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

/// As docs/devices.md tells to set up a provider that is a plug-in.
fn with_plug_in(folder: &Path) -> std::path::PathBuf {
    let plug_in = folder.join("openvino");
    std::fs::create_dir_all(&plug_in).unwrap();
    std::fs::write(plug_in.join("libonnxruntime_providers_openvino_plugin.so"), "plug-in").unwrap();
    plug_in.join("libonnxruntime_providers_openvino_plugin.so")
}

#[test]
fn plug_ins_in_a_folder_of_their_own_outlive_another_runtime_and_its_removal() {
    let (hub, root) = (Hub::new(), scratch("runtime-plug-ins"));
    let folder = root.join("runtime");
    let plug_in = with_plug_in(&folder);
    let is_there = || std::fs::read(&plug_in).is_ok_and(|bytes| bytes == b"plug-in");
    for version in ["9.0.0", "9.1.0"] {
        assert!(install(&hub, &folder, &wheel(&hub, version, version.as_bytes())).unwrap());
        assert!(is_there(), "{version}");
    }
    assert_eq!(std::fs::read(folder.join(LIBRARY)).unwrap(), b"9.1.0");
    let size = std::fs::metadata(folder.join("scumble-runtime.json")).unwrap().len();
    assert_eq!(Runtimes::new(&folder).remove().unwrap(), size + 9, "the plug-in's bytes are not free again");
    assert!(is_there() && !folder.join(LIBRARY).exists());
    assert_eq!(Runtimes::new(&folder).remove().unwrap_err().kind, Kind::NotFound);
    assert!(is_there());
}

#[test]
fn plug_ins_are_put_back_where_a_replacement_fails_or_was_cut() {
    let (hub, root) = (Hub::new(), scratch("runtime-plug-ins-cut"));
    let (folder, downloads) = (root.join("runtime"), root.join(".runtime"));
    let plug_in = with_plug_in(&folder);
    assert!(install(&hub, &folder, &wheel(&hub, "9.0.0", b"first")).unwrap());
    // What cannot be removed stands in the way of the old folder.
    std::fs::write(downloads.join("old"), "").unwrap();
    assert_eq!(install(&hub, &folder, &wheel(&hub, "9.1.0", b"second")).unwrap_err().kind, Kind::Disk);
    assert!(plug_in.is_file());
    std::fs::remove_file(downloads.join("old")).unwrap();
    // Cut between the two renames: the old runtime lies in one place, the plug-in in the other.
    std::fs::rename(&folder, downloads.join("old")).unwrap();
    std::fs::create_dir_all(downloads.join("new")).unwrap();
    std::fs::rename(downloads.join("old/openvino"), downloads.join("new/openvino")).unwrap();
    assert!(install(&hub, &folder, &wheel(&hub, "9.1.0", b"second")).unwrap());
    assert!(plug_in.is_file() && std::fs::read(folder.join(LIBRARY)).unwrap() == b"second");
}

#[test]
fn a_runtime_that_the_script_of_the_source_tree_has_put_there_is_replaced() {
    let (hub, root) = (Hub::new(), scratch("runtime-script"));
    let folder = root.join("runtime");
    std::fs::create_dir_all(&folder).unwrap();
    let left = ["LICENSE.onnxruntime-webgpu", "ThirdPartyNotices.onnxruntime-webgpu.txt", "VERSION"];
    for file in left.iter().chain(&["libonnxruntime.so.1.27.0"]) {
        std::fs::write(folder.join(file), "").unwrap();
    }
    assert!(install(&hub, &folder, &wheel(&hub, "9.0.0", b"library")).unwrap());
    assert!(left.iter().all(|file| !folder.join(file).exists()));
}
