//! A disk that becomes full while something is got: that is said, what has arrived is kept, and nothing half is taken for whole.

#[path = "../../tests/support/disk.rs"]
mod full;
mod server;
mod wheels;

use std::path::Path;

use full::Disk;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::plan::{self, Plan};
use scumble_hub::runtime::{Runtimes, Wheel};
use scumble_hub::settings::Settings;
use scumble_hub::space::free;
use scumble_hub::store::{Installed, Store};
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use server::{Hub, NAME, UNET, bytes, scratch, settings, sha256};
use wheels::wheel;

/// The room is taken by somebody else after it was asked for.
fn web(hub: &Hub) -> Web {
    Web::new(Settings { free: |_| Ok(u64::MAX), ..settings(hub) }, &Watch::new())
}

fn pull(hub: &Hub, models: &Path) -> Result<Installed, Fault> {
    let web = web(hub);
    let plan = plan::plan(&web, &Catalogue::own()?, NAME, None, None)?;
    Store::new(models).pull(&web, &plan, false)
}

fn install(hub: &Hub, runtime: &Path, wheel: &Wheel) -> Result<bool, Fault> {
    Runtimes::new(runtime).install(&web(hub), wheel)
}

fn is_told(fault: &Fault, disk: &Disk) {
    let begins = format!("The disk is full: {}/", disk.0.display());
    let ends = "could not be written; make room and try again, what has arrived is kept.";
    let good = fault.message.starts_with(&begins) && fault.message.ends_with(ends);
    assert!(fault.kind == Kind::Space && good, "{fault}");
}

/// What lies on the disk whole, by its name there.
fn whole(disk: &Disk) -> Vec<String> {
    let files = disk.files();
    assert!(!files.iter().any(|file| file.ends_with(".new")), "{files:?}");
    let is_whole = |file: &String| [".onnx", "_data", ".whl"].iter().any(|end| file.ends_with(end));
    files.into_iter().filter(is_whole).collect()
}

fn name(path: &str) -> &str {
    path.split_once("/tiny-model/").or_else(|| path.split_once("/.runtime/")).map_or(path, |found| found.1)
}

#[test]
fn a_model_arrives_in_as_many_tries_as_there_is_room_made_for() {
    let Some(disk) = Disk::new("models") else { return };
    let (hub, models) = (Hub::new(), disk.0.join("models"));
    let mut tries = 0;
    loop {
        disk.fill(25 * tries.min(4));
        let before = whole(&disk);
        match pull(&hub, &models) {
            Ok(_) => break,
            Err(fault) => is_told(&fault, &disk),
        }
        assert!(!models.join("tiny-model").exists() && tries < 12);
        assert!(before.iter().all(|file| whole(&disk).contains(file)), "{before:?}");
        tries += 1;
    }
    assert!(tries > 3, "it was filled while something came");
    let unet = "unet/model.onnx_data";
    assert!(std::fs::read(models.join("tiny-model").join(unet)).unwrap() == hub.file(NAME, unet));
    // It can be removed, which makes room.
    disk.crowd(0);
    assert!(Store::new(&models).remove("tiny-model").unwrap() > 1_000_000);
    assert!(whole(&disk).is_empty());
}

#[test]
fn wherever_the_disk_becomes_full_what_is_whole_is_not_loaded_again() {
    let Some(disk) = Disk::new("anywhere") else { return };
    let mut kept = 0;
    for left in 0..60 {
        let (hub, models) = (Hub::new(), disk.0.join("models"));
        disk.fill(left);
        is_told(&pull(&hub, &models).unwrap_err(), &disk);
        let before = whole(&disk);
        let loads = || before.iter().map(|path| hub.loads(name(path)).len()).collect::<Vec<_>>();
        let asked = loads();
        disk.make_room();
        pull(&hub, &models).unwrap();
        assert_eq!(asked, loads(), "{left} pages: {before:?}");
        std::fs::remove_dir_all(&models).unwrap();
        kept += before.len();
    }
    assert!(kept > 0);
}

#[test]
fn a_runtime_is_there_as_it_was_until_the_new_one_is_whole() {
    let Some(disk) = Disk::new("runtimes") else { return };
    let (hub, runtime) = (Hub::new(), disk.0.join("runtime"));
    let old = wheel(&hub, "9.0.0", &bytes("old", 100_000));
    let new = wheel(&hub, "9.1.0", &bytes("new", 300_000));
    let mut kept = 0;
    // The package has 74 pages, and what is unpacked 76, with a page for each of the small files.
    for left in [0, 1, 2, 10, 73, 74, 75, 76, 100, 147, 148, 149] {
        install(&hub, &runtime, &old).unwrap();
        disk.fill(left);
        is_told(&install(&hub, &runtime, &new).unwrap_err(), &disk);
        assert_eq!(Runtimes::new(&runtime).installed(), Some(old.clone()), "{left} pages");
        assert!(!disk.files().iter().any(|file| file.contains("/new/")), "{left} pages: {:?}", disk.files());
        let has_package = !whole(&disk).is_empty();
        let loads = || hub.loads("onnxruntime-9.1.0.whl").len();
        let asked = loads();
        disk.make_room();
        assert!(install(&hub, &runtime, &new).unwrap());
        assert_eq!(loads() - asked, usize::from(!has_package), "{left} pages");
        kept += usize::from(has_package);
    }
    assert!(kept > 0);
    disk.crowd(0);
    assert!(Runtimes::new(&runtime).remove().unwrap() > 300_000);
}

#[test]
fn what_must_be_copied_from_another_disk_needs_room_on_this_one() {
    let Some(disk) = Disk::new("cache") else { return };
    let (hub, models) = (Hub::new(), scratch("other-disk"));
    let blobs = disk.0.join("models--painter--tiny-model/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    let unet = hub.file(NAME, UNET);
    std::fs::write(blobs.join(sha256(&unet)), &unet).unwrap();
    let web = |free| {
        let settings = Settings { free, cache: Some(disk.0.clone()), ..settings(&hub) };
        Web::new(settings, &Watch::new())
    };
    let mut plan = plan::plan(&web(free), &Catalogue::own().unwrap(), NAME, None, None).unwrap();
    let told = |plan: &Plan, free| {
        let fault = Store::new(&models).pull(&web(free), plan, false).unwrap_err();
        assert_eq!(fault.kind, Kind::Space);
        fault.message
    };
    let message = told(&plan, |_| Ok((64 << 20) + 900_000));
    assert!(message.starts_with("tiny-model needs 2 MB"), "{message}");
    Store::new(&models).pull(&web(|_| Ok((64 << 20) + 1_100_000)), &plan, false).unwrap();
    // Also where its size is known only by then.
    Store::new(&models).remove("tiny-model").unwrap();
    plan.items.retain(|item| item.path == UNET);
    plan.items[0].size = None;
    let message = told(&plan, |_| Ok((64 << 20) + 200_000));
    assert!(message.starts_with("unet/model.onnx needs 300 kB"), "{message}");
    assert!(hub.loads(UNET).is_empty());
}
