//! `scumble runtime`: ONNX Runtime for this machine.

use scumble::places;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::machine::Machine;
use scumble_hub::offers::{self, State};
use scumble_hub::runtime::{self, Runtimes};
use scumble_hub::settings::Settings;
use scumble_hub::space::size;
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;

use super::args::{RuntimeArgs, RuntimeWhat};
use crate::failure::{Done, Failure, say};

pub fn run(args: &RuntimeArgs) -> Done {
    let folder = places::user_runtime().ok_or_else(|| {
        Failure::failed(format!("No folder for ONNX Runtime is known, as {}.", places::NO_USER_FOLDER))
    })?;
    let runtimes = Runtimes::new(folder);
    match &args.what {
        RuntimeWhat::List => list(&runtimes),
        RuntimeWhat::Install { name } => install(&runtimes, name),
        RuntimeWhat::Remove => {
            let bytes = runtimes.remove()?;
            let folder = runtimes.folder().display();
            say(&format!("ONNX Runtime in {folder} is removed; {} are free again.", size(bytes)))
        }
    }
}

fn list(runtimes: &Runtimes) -> Done {
    for offer in offers::runtimes(&Catalogue::own()?, runtimes, &Machine::here())? {
        let state = if offer.state == State::Absent { "" } else { super::show::state(offer.state) };
        let licence = offer.licences.first().map_or("", |terms| terms.title.as_str());
        say(&format!("{:<8} {:>7}  {state:<5} {}", offer.id, size(offer.bytes), offer.title))?;
        say(&format!("{:<8} {} {} Under the licence {licence}.", "", offer.good_at, offer.advice))?;
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
