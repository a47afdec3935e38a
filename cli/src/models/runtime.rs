//! `scumble runtime`: ONNX Runtime for this machine.

use scumble::places;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::runtime::{self, Runtimes};
use scumble_hub::settings::Settings;
use scumble_hub::space::size;
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;

use super::args::{RuntimeArgs, RuntimeWhat};
use crate::failure::{Done, Failure, say};

pub fn run(args: &RuntimeArgs) -> Done {
    let folder = places::user_runtime().ok_or_else(|| {
        Failure::failed(
            "No folder for ONNX Runtime is known, as neither HOME nor XDG_DATA_HOME is set; set one of them.",
        )
    })?;
    let runtimes = Runtimes::new(folder);
    match &args.what {
        RuntimeWhat::List => list(&runtimes),
        RuntimeWhat::Install { name } => install(&runtimes, name),
        RuntimeWhat::Remove => {
            let bytes = runtimes.remove()?;
            say(&format!("{} is removed; {} are free again.", runtimes.folder().display(), size(bytes)))
        }
    }
}

fn list(runtimes: &Runtimes) -> Done {
    let catalogue = Catalogue::own()?;
    let here = runtimes.installed();
    for wheel in runtime::here()? {
        let state = if here.as_ref() == Some(&wheel) { "here" } else { "" };
        let licence = catalogue.licence(&wheel.licence).map_or("", |licence| licence.title.as_str());
        say(&format!(
            "{:<8} {:<7} {:>7}  {state:<5} {}",
            wheel.name,
            wheel.version,
            size(wheel.size),
            wheel.title
        ))?;
        say(&format!("{:<8} {} {} on the disk; licence {licence}.", "", wheel.good_at, size(wheel.bytes())))?;
    }
    say("Get one with `scumble runtime install NAME`; `scumble info` says which one is used.")
}

fn install(runtimes: &Runtimes, name: &str) -> Done {
    let wheel = runtime::find(name)?;
    let watch = Watch::new();
    let web = Web::new(Settings::from_environment()?, &watch);
    let new = super::shown(&watch, || runtimes.install(&web, &wheel))?;
    let state = if new { "is here" } else { "was here already" };
    say(&format!("{} {} {state}: {}", wheel.title, wheel.version, runtimes.folder().display()))
}
