//! One thing that is got in the background: a host starts [`Job::run`] on a thread of its own, and looks at [`Job::now`] from
//! any other.
//!
//! ```text
//! Asking → Terms → (Waiting →) Loading → Done
//!            └ the licence is shown; it goes on when somebody agrees, at once where they have already
//! ```
//! Each state may end in `Failed` or `Cancelled`; what has arrived stays for the next try.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::catalogue::Catalogue;
use crate::fault::{Fault, Kind, Result};
use crate::plan::Terms;
use crate::runtime::{self, Runtimes};
use crate::settings::Settings;
use crate::store::Store;
use crate::watch::{Progress, Stage, Watch, locked};
use crate::web::Web;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    Model,
    Runtime,
    /// Of the catalogue's.
    Annotator,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    pub want: Want,
    /// Of the catalogue, a repository, or a build of ONNX Runtime.
    pub name: String,
    pub revision: Option<String>,
    pub precision: Option<String>,
    /// Also where parts are missing that painting needs.
    pub anyway: bool,
    /// The licence was shown and agreed to before.
    pub agreed: bool,
}

/// Where things are put.
#[derive(Debug, Clone)]
pub struct Places {
    pub models: PathBuf,
    pub runtime: PathBuf,
    pub annotators: PathBuf,
}

/// Whether the engine can use what lies in a folder; of an annotator also what it is to make.
pub type Sound = dyn Fn(&Path, Option<&str>) -> Result<()>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Asking,
    Terms,
    Waiting,
    Loading,
    Done,
    Failed,
    Cancelled,
}

impl State {
    pub fn is_end(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// What is about to be got, for somebody who is asked whether they want that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    pub title: String,
    /// None where one of the files' sizes is not known.
    pub bytes: Option<u64>,
    pub licences: Vec<Terms>,
    /// What was chosen among several forms, and the like: sentences.
    pub said: Vec<String>,
}

/// Plain data, as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Now {
    pub state: State,
    pub progress: Progress,
    /// From `Terms` on.
    pub offered: Option<Offered>,
    pub fault: Option<Fault>,
    /// What became of the user's own files in it ([`crate::store::Installed::kept`]); of what is `Done`, and of what has
    /// arrived and cannot be used.
    pub kept: Vec<String>,
    /// Of what is `Done`.
    pub folder: Option<PathBuf>,
}

#[derive(Default)]
struct Told {
    agreed: bool,
    at_terms: bool,
    offered: Option<Offered>,
    kept: Vec<String>,
    ended: Option<Result<PathBuf>>,
}

pub struct Job {
    order: Order,
    watch: Watch,
    told: Mutex<Told>,
    moved: Condvar,
}

impl Job {
    pub fn new(order: Order) -> Self {
        let told = Told { agreed: order.agreed, ..Told::default() };
        Job { order, watch: Watch::new(), told: Mutex::new(told), moved: Condvar::new() }
    }

    pub fn now(&self) -> Now {
        let progress = self.watch.progress();
        let told = locked(&self.told);
        let state = match (&told.ended, told.at_terms, progress.stage) {
            (Some(Ok(_)), ..) => State::Done,
            (Some(Err(fault)), ..) if fault.kind == Kind::Cancelled => State::Cancelled,
            (Some(Err(_)), ..) => State::Failed,
            (None, true, _) => State::Terms,
            (None, _, Stage::Asking) => State::Asking,
            (None, _, Stage::Waiting) => State::Waiting,
            (None, _, Stage::Loading | Stage::Checking | Stage::Done) => State::Loading,
        };
        // Whoever shows it has it from the moment on that it has ended.
        let kept = if state.is_end() { told.kept.clone() } else { Vec::new() };
        Now {
            state,
            progress,
            kept,
            offered: told.offered.clone(),
            fault: told.ended.as_ref().and_then(|end| end.as_ref().err()).cloned(),
            folder: told.ended.as_ref().and_then(|end| end.as_ref().ok()).cloned(),
        }
    }

    /// Somebody has seen the licence and agrees; also before it is asked for.
    pub fn agree(&self) {
        locked(&self.told).agreed = true;
        self.moved.notify_all();
    }

    /// Ends it soon; returns at once.
    pub fn cancel(&self) {
        self.watch.cancel();
        // Whoever waits for an agreement looks again.
        drop(locked(&self.told));
        self.moved.notify_all();
    }

    /// Does all of it, once; returns when it has ended, one way or another. `sound` looks at what has arrived: whether it is
    /// what the engine can use.
    pub fn run(&self, settings: Result<Settings>, places: &Places, sound: &Sound) {
        // Also where something panics, somebody is looking at it.
        struct End<'a>(&'a Job);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.end(Err(Fault::new(
                    Kind::Internal,
                    "Something went wrong inside; what has arrived is kept, so try again.",
                )));
            }
        }
        let guard = End(self);
        let ended = settings.and_then(|settings| match self.order.want {
            Want::Model => self.model(settings, &places.models, sound),
            Want::Annotator => self.model(settings, &places.annotators, sound),
            Want::Runtime => self.runtime(settings, &places.runtime),
        });
        self.end(ended);
        drop(guard);
    }

    fn end(&self, ended: Result<PathBuf>) {
        let mut told = locked(&self.told);
        told.at_terms = false;
        told.ended.get_or_insert(ended);
    }

    fn model(&self, settings: Settings, models: &Path, sound: &Sound) -> Result<PathBuf> {
        let Order { name, revision, precision, .. } = &self.order;
        let catalogue = Catalogue::own()?;
        let web = Web::new(settings, &self.watch);
        let store = Store::new(models);
        let plan = store.plan(&web, &catalogue, name, revision.as_deref(), precision.as_deref())?;
        match (&plan.makes, self.order.want) {
            (Some(made), Want::Model) => {
                return Err(Fault::new(
                    Kind::Unsupported,
                    format!(
                        "{} is an annotator: it makes control pictures ({made}) and is no model to render with; choose \
                         it among the annotators, or get it with `scumble models pull {}`.",
                        plan.title, plan.id
                    ),
                ));
            }
            (None, Want::Annotator) => {
                return Err(Fault::new(
                    Kind::Unsupported,
                    format!("{} is no annotator that is known here; choose one of the list.", plan.title),
                ));
            }
            _ => {}
        }
        if let Some(lacking) = plan.lacking().filter(|_| !self.order.anyway) {
            return Err(Fault::new(Kind::Unsupported, format!("{lacking}.")));
        }
        self.ask(Offered {
            title: plan.title.clone(),
            bytes: plan.bytes(),
            licences: plan.licences.clone(),
            said: plan.said.clone(),
        })?;
        let done = store.pull(&web, &plan, false)?;
        done.kept.iter().for_each(|sentence| log::warn!("{sentence}"));
        locked(&self.told).kept.clone_from(&done.kept);
        sound(&done.folder, plan.makes.as_deref())?;
        Ok(done.folder)
    }

    fn runtime(&self, settings: Settings, folder: &Path) -> Result<PathBuf> {
        let wheel = runtime::find(&self.order.name)?;
        let catalogue = Catalogue::own()?;
        self.ask(Offered {
            title: format!("{} {}", wheel.title, wheel.version),
            bytes: Some(wheel.size),
            licences: catalogue.licence(&wheel.licence).map(Terms::from).into_iter().collect(),
            said: Vec::new(),
        })?;
        let runtimes = Runtimes::new(folder);
        runtimes.install(&Web::new(settings, &self.watch), &wheel)?;
        Ok(folder.to_path_buf())
    }

    /// Shows what is about to be got, and waits until somebody agrees.
    fn ask(&self, offered: Offered) -> Result<()> {
        let mut told = locked(&self.told);
        told.offered = Some(offered);
        while !told.agreed {
            told.at_terms = true;
            self.watch.check()?;
            told = self.moved.wait(told).unwrap_or_else(PoisonError::into_inner);
        }
        told.at_terms = false;
        self.watch.check()
    }
}
