//! `scumble models`: what there is, models and annotators, getting it, checking it, removing it.

pub mod args;
mod check;
pub mod runtime;
mod show;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use scumble::models::folder::Folder;
use scumble::pipeline::has_network;
use scumble::places;
use scumble::prepare::Prepare;
use scumble_hub::catalogue::Catalogue;
use scumble_hub::settings::Settings;
use scumble_hub::space::size;
use scumble_hub::store::{Store, Stores};
use scumble_hub::watch::{Stage, Watch};
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};

use crate::failure::{Done, Failure, say};
use crate::progress;
use args::{ModelsArgs, PullArgs, RemoveArgs, What};

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure { usage: fault.kind == Kind::Usage, message: fault.message }
    }
}

pub fn run(args: &ModelsArgs) -> Done {
    match &args.what {
        What::List(args) => show::list(args.json),
        What::Pull(args) => pull(args),
        What::Check(args) => check::run(args),
        What::Remove(args) => remove(args),
    }
}

/// What was got into `folder`, models or annotators, may be called by its name; whatever is there as a path is that path.
pub fn named(folder: Option<PathBuf>, text: &Path) -> PathBuf {
    let own = folder.map(|folder| folder.join(text));
    let is_name = text.components().count() == 1 && !text.exists();
    own.filter(|own| is_name && own.is_dir()).unwrap_or_else(|| text.to_path_buf())
}

fn stores() -> Done<Stores> {
    let folders = places::user_models().zip(places::user_annotators());
    let (models, annotators) = folders.ok_or_else(|| {
        Failure::failed(format!("No folder for models is known, as {}.", places::NO_USER_FOLDER))
    })?;
    Ok(Stores { models: Store::new(models), annotators: Store::new(annotators) })
}

fn pull(args: &PullArgs) -> Done {
    let catalogue = Catalogue::own()?;
    let stores = stores()?;
    let watch = Watch::new();
    let web = Web::new(Settings::from_environment()?, &watch);
    let asking = progress::spinner("asking");
    let (revision, precision) = (args.revision.as_deref(), args.precision.as_deref());
    let plan = stores.models.plan(&web, &catalogue, &args.model, revision, precision);
    asking.finish_and_clear();
    let plan = plan?;
    if let Some(lacking) = plan.lacking().filter(|_| !args.anyway) {
        return Err(Failure::failed(format!(
            "{lacking}, or get it with --anyway and name a folder that has the rest in its scumble.json."
        )));
    }
    let memory = catalogue.find(&plan.id).map(|entry| entry.memory_mb);
    eprintln!("{}", show::plan(&plan, memory));
    if !args.yes {
        let question = format!("Do you agree to the licence, and get {}?", plan.title);
        if !ask(&question, "agree to the licence with --yes")? {
            return Err(Failure::failed("Nothing was downloaded."));
        }
    }
    let store = stores.of(plan.makes.as_deref());
    let done = shown(&watch, || store.pull(&web, &plan, args.again))?;
    let state = if done.already { "was here already" } else { "is here" };
    let (title, id) = (&plan.title, &done.id);
    say(&format!("{title} {state}: {} in {}", size(done.bytes()), done.folder.display()))?;
    done.kept.iter().for_each(|sentence| eprintln!("scumble: {sentence}"));
    let made = plan.makes.as_deref().and_then(Prepare::named);
    let sound = match made {
        Some(how) => has_network(&done.folder, how),
        None => Folder::open(&done.folder).map(drop),
    };
    match (sound, made) {
        (Ok(()), Some(how)) => say(&format!(
            "Use it: scumble render --control NET={}:PICTURE …, or choose {} for a ControlNet in Krita or GIMP.",
            how.name(),
            how.name().replace('-', " ")
        )),
        (Ok(()), None) => say(&format!(
            "Use it: scumble render --model {id} …, or \"Get a model…\" in Krita, \"Get…\" in GIMP, and \"Use It\" there."
        )),
        (Err(why), _) => {
            Err(Failure::failed(format!("{title} has arrived whole, but cannot be loaded: {}", why.message)))
        }
    }
}

fn remove(args: &RemoveArgs) -> Done {
    let stores = stores()?;
    let catalogue = Catalogue::own()?;
    let mut named = stores.named(&catalogue, &args.model);
    if named.len() > 1 {
        let ids: Vec<String> = named.into_iter().map(|(_, id)| id).collect();
        let (text, ids) = (&args.model, ids.join(" and "));
        return Err(Failure::usage(format!("{text} is where {ids} are from; name the one to remove.")));
    }
    // Of what is not here the store says so.
    let text = || catalogue.find(&args.model).map_or(&args.model, |entry| &entry.id).clone();
    let (store, id) = named.pop().unwrap_or_else(|| (&stores.models, text()));
    let id = id.as_str();
    let here = store.find(id);
    if here.is_some() || store.begun(id) > 0 {
        let known = args.yes && args.own_files;
        let watch = Watch::new();
        let own = if known { Vec::new() } else { shown(&watch, || store.own_files(id, &watch))? };
        if let Some(model) = here.as_ref().filter(|_| args.yes && !own.is_empty()) {
            return Err(Failure::failed(format!(
                "{} has what was put there or changed since {id} arrived ({}); move away what you want to keep, and remove \
                 the rest with --own-files.",
                model.folder.display(),
                listed(&own)
            )));
        }
        let what = here.map_or_else(
            || format!("what has arrived of {id} ({})", size(store.begun(id))),
            |model| {
                format!("{} ({} in {})", model.receipt.title, size(model.bytes()), model.folder.display())
            },
        );
        let with = match own.as_slice() {
            [] => String::new(),
            own => format!(", with what was put there or changed since it arrived ({})", listed(own)),
        };
        if !args.yes && !ask(&format!("Remove {what}{with}?"), "say --yes")? {
            return Err(Failure::failed("Nothing was removed."));
        }
    }
    let bytes = store.remove(id)?;
    say(&format!("{id} is removed; {} are free again.", size(bytes)))
}

/// The first of these files, and how many more there are.
fn listed(files: &[PathBuf]) -> String {
    const MOST: usize = 8;
    let (told, more) = files.split_at(files.len().min(MOST));
    let names: Vec<_> = told.iter().map(|file| file.display().to_string()).collect();
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    format!("{}{more}", names.join(", "))
}

/// Asks on the terminal; where there is none, `instead` is what a script does.
fn ask(question: &str, instead: &str) -> Done<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!("Nobody can be asked here, as this is no terminal; {instead}.")));
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|why| Failure::failed(format!("Your answer cannot be read: {why}.")))?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

/// Runs `work` on a thread and shows what `watch` says of it.
fn shown<T: Send>(watch: &Watch, work: impl FnOnce() -> Result<T, Fault> + Send) -> Done<T> {
    const PAUSE: Duration = Duration::from_millis(100);
    let bar = progress::bar(0, "getting");
    let result = std::thread::scope(|threads| {
        let worker = threads.spawn(work);
        while !worker.is_finished() {
            show_on(&bar, watch);
            std::thread::park_timeout(PAUSE);
        }
        worker.join()
    });
    bar.finish_and_clear();
    match result {
        Ok(result) => Ok(result?),
        Err(_) => {
            Err(Failure::failed("Something went wrong inside; what has arrived is kept, so try again."))
        }
    }
}

fn show_on(bar: &ProgressBar, watch: &Watch) {
    let now = watch.progress();
    bar.set_prefix(match now.stage {
        Stage::Asking | Stage::Loading => "getting",
        Stage::Waiting => "waiting",
        Stage::Checking => "checking",
        Stage::Done => "done",
    });
    let total = now.bytes.max(now.bytes_done);
    if now.stage == Stage::Loading && bar.length() != Some(total) {
        // What was here before is no speed.
        bar.set_length(total);
        bar.set_position(now.bytes_done);
        bar.reset_eta();
    }
    bar.set_length(total);
    bar.set_position(now.bytes_done);
    bar.set_message(if !now.note.is_empty() {
        now.note
    } else if now.stage == Stage::Waiting {
        "another program is getting it; this one goes on when that is done".to_owned()
    } else {
        let speed = size(bar.per_sec().clamp(0.0, 1e15) as u64);
        format!("{} of {}, {speed}/s, {}", size(now.bytes_done), size(total), now.file)
    });
}
