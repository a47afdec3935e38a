//! The host's side: a renderer that has its work done by a process, starts that when there is work, starts it anew when
//! it has died, and ends it when there is none.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_128;

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::{Choice, Device, auto};
use crate::pipeline::LoadOptions;
use crate::policy::Policy;
use crate::remote::child::{self, Child, find};
use crate::remote::link::{Link, Trouble};
use crate::remote::message::{About, greeting};
use crate::remote::socket::Socket;
use crate::remote::{Options, Sharing};
use crate::render::{Capabilities, Ended, Lora, ModelInfo, Quality, Renderer, Scene, Sink};

/// So many times in a row the same thing is tried.
pub const TRIES: u32 = 3;
/// How long after a process that died without having finished anything the next is started: doubled each time.
const BACK_OFF: Duration = Duration::from_millis(250);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(16);

type Progress<'a> = &'a dyn Fn(f32, &str);

pub struct Remote {
    options: Options,
    program: PathBuf,
    link: Option<Link>,
    about: Option<About>,
    /// Deaths since something was finished.
    deaths: u32,
    died: Instant,
    jobs: u64,
    /// Why it runs on the CPU since it has died of another device; else empty.
    gave_up: String,
    /// Why the process is not shared though it was to be; else empty.
    alone: String,
}

impl Remote {
    /// Starts a process, which is there when this returns.
    ///
    /// # Errors
    /// [`Status::Worker`] where it is not found, cannot be started or is of another version, [`Status::WorkerDied`] where it
    /// has ended at once.
    pub fn start(options: Options, cancel: &Cancel) -> Result<Remote> {
        let mut remote = Remote::new(options)?;
        remote.started(cancel)?;
        Ok(remote)
    }

    /// Starts a process and waits until it has loaded the model.
    ///
    /// # Errors
    /// As [`Remote::start`], but that it is tried [`TRIES`] times, and [`Remote::loaded`].
    pub fn load(options: Options, cancel: &Cancel, progress: Progress<'_>) -> Result<Remote> {
        Remote::new(options)?.loaded(cancel, progress)
    }

    fn new(mut options: Options) -> Result<Remote> {
        let program = find(options.worker.as_deref(), options.load.beside.as_deref())?;
        // The process is started anew from wherever the host is by then.
        if let Ok(folder) = std::path::absolute(&options.load.model_dir) {
            options.load.model_dir = folder;
        }
        let runtime = options.load.runtime.take();
        options.load.runtime = runtime.map(|file| std::path::absolute(&file).unwrap_or(file));
        Ok(Remote {
            options,
            program,
            link: None,
            about: None,
            deaths: 0,
            died: Instant::now(),
            jobs: 0,
            gave_up: String::new(),
            alone: String::new(),
        })
    }

    /// Waits until the model is loaded. A process that dies meanwhile is started anew, [`TRIES`] times in all.
    ///
    /// # Errors
    /// [`Status::Worker`] where it died each time; and what [`crate::pipeline::Pipeline::load`] meets.
    pub fn loaded(mut self, cancel: &Cancel, progress: Progress<'_>) -> Result<Remote> {
        loop {
            match self.linked(cancel, progress) {
                Ok(()) => return Ok(self),
                Err(error) if error.status == Status::WorkerDied && self.deaths < TRIES => {}
                Err(error) if error.status == Status::WorkerDied => {
                    return Err(child::error(format!(
                        "{} It was tried {TRIES} times; choose another model or device.",
                        error.message
                    )));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sees to it that there is a process that has the model.
    fn linked(&mut self, cancel: &Cancel, progress: Progress<'_>) -> Result<()> {
        if self.link.as_mut().is_some_and(|link| link.ready && link.child.has_ended()) {
            log::warn!("the renderer's process has ended while it had nothing to do; it is started anew");
            self.link = None;
        }
        self.started(cancel)?;
        let Some(mut link) = self.link.take() else {
            return Err(child::error("There is no process.".into()));
        };
        if !link.ready {
            match link.loaded(cancel, progress, self.options.silence) {
                Ok(about) => self.about = Some(About { info: self.noted(about.info), ..about }),
                // It goes on with that; the next job waits for it again.
                Err(Trouble::Told(error)) if error.is_cancelled() => {
                    self.link = Some(link);
                    return Err(error);
                }
                Err(trouble) => return Err(self.bury(link, trouble, "loaded the model")),
            }
        }
        self.link = Some(link);
        Ok(())
    }

    /// What a process says of its model, with what is known of the process.
    fn noted(&self, mut info: ModelInfo) -> ModelInfo {
        if !self.gave_up.is_empty() {
            info.device_note.clone_from(&self.gave_up);
        }
        if !self.alone.is_empty() {
            let note = [&*info.device_note, &self.alone].join(" ");
            info.device_note = note.trim_start().to_owned();
        }
        info
    }

    /// Sees to it that there is a process.
    fn started(&mut self, cancel: &Cancel) -> Result<()> {
        if self.link.is_some() {
            return Ok(());
        }
        self.back_off(cancel)?;
        let mut link = self.begun()?;
        let mut greeted = link.greet(&self.program, cancel, self.options.silence);
        if link.child.is_shared() && matches!(greeted, Err(Trouble::Gone)) {
            // It was ended just then.
            log::info!("the shared process has ended ({}); there will be another", link.child.cause());
            link = self.begun()?;
            greeted = link.greet(&self.program, cancel, self.options.silence);
        }
        if let Err(trouble) = greeted {
            return Err(self.bury(link, trouble, "started"));
        }
        self.link = Some(link);
        Ok(())
    }

    /// Begins a conversation with a process.
    fn begun(&mut self) -> Result<Link> {
        let (child, socket) = match self.shared() {
            Some(joined) => joined,
            None => Child::start(&self.program)?,
        };
        let link = Link::new(child, socket, &self.options.load)?;
        log::info!("the renderer's process is {}", link.child.id());
        Ok(link)
    }

    /// A process that other programs have too, if that is wished and possible. After two deaths in a row it is not: what it
    /// dies of may be another's, or this program's, which the others are then spared.
    fn shared(&mut self) -> Option<(Child, Socket)> {
        let folder = match &self.options.sharing {
            Sharing::Alone => return None,
            _ if self.deaths + 1 >= TRIES => return None,
            Sharing::Shared => None,
            Sharing::In(folder) => Some(&**folder),
        };
        let joined = Child::join(&self.program, folder, &meeting_place(&self.options.load));
        self.alone = match &joined {
            Ok(_) => String::new(),
            Err(why) => format!("The engine's process is not shared with other programs: {why}."),
        };
        if !self.alone.is_empty() {
            log::warn!("{}", self.alone);
        }
        joined.ok()
    }

    /// Waits after a death.
    fn back_off(&self, cancel: &Cancel) -> Result<()> {
        let Some(doubled) = self.deaths.checked_sub(2) else { return Ok(()) };
        let wait = (BACK_OFF * 2u32.pow(doubled.min(10))).min(LONGEST_BACK_OFF);
        while self.died.elapsed() < wait {
            cancel.check()?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends what is left of a process, and says what happened.
    fn bury(&mut self, mut link: Link, trouble: Trouble, doing: &str) -> Error {
        let why = match trouble {
            Trouble::Told(error) => return error,
            Trouble::Gone | Trouble::NeverBegun => link.child.cause(),
            Trouble::Silent => {
                // One job runs at a time: it hangs for all who have it.
                link.child.end();
                trouble.to_string()
            }
            other => other.to_string(),
        };
        drop(link);
        self.deaths += 1;
        self.died = Instant::now();
        let message = format!(
            "The program that renders for Scumble has ended while it {doing} ({why}); it is started anew."
        );
        log::warn!("{message}");
        let error = Error::new(Status::WorkerDied, message);
        self.give_up_device(&error);
        error
    }

    /// A driver that brings its process down again and again is left out of the last try, where the device was not asked for.
    fn give_up_device(&mut self, error: &Error) {
        let is_on_cpu = self.about.as_ref().is_some_and(|about| about.info.device == Device::CPU.to_string());
        let is_free = Choice::parse(&self.options.load.device).is_ok_and(|choice| choice == Choice::Auto);
        if self.deaths + 1 == TRIES && is_free && !is_on_cpu {
            let device = self.about.as_ref().map_or("the device", |about| &about.info.device);
            self.gave_up = auto::gave_up(device, error);
            self.options.load.device = Device::CPU.to_string();
            log::warn!("{}", self.gave_up);
        }
    }
}

/// The name under which those meet who can have one process together: nothing that can be had just once in it differs.
fn meeting_place(load: &LoadOptions) -> String {
    let told = format!("{} {} {} {:?}", greeting(), load.device, load.intra_threads, load.runtime);
    format!("worker-{:032x}", xxh3_128(told.as_bytes()))
}

impl Renderer for Remote {
    fn info(&self) -> ModelInfo {
        self.about.as_ref().map(|about| about.info.clone()).unwrap_or_default()
    }

    fn capabilities(&self) -> Capabilities {
        self.about.as_ref().map(|about| about.capabilities.clone()).unwrap_or_default()
    }

    /// # Errors
    /// [`Status::WorkerDied`] where the process has died, and the same may go well in the next; [`Status::Worker`] where
    /// none can be started; and what the renderer there meets.
    fn render(
        &mut self,
        scene: &Scene<'_>,
        quality: &Quality<'_>,
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<Ended> {
        cancel.check()?;
        // The next process has room for them at once, and reads no network twice.
        self.options.load.loras |= scene.loras().any(Lora::is_on);
        let mut asked = |remote: &mut Remote| {
            let told = RefCell::new(&mut *sink);
            remote.linked(cancel, &|_, what| {
                told.borrow_mut().doing(&format!("The model is loaded again: {what}."));
            })?;
            remote.jobs += 1;
            let (job, silence) = (remote.jobs, remote.options.silence);
            let mut link = remote.link.take().ok_or_else(|| child::error("There is no process.".into()))?;
            let ended = link.render(job, (scene, quality), policy, cancel, &mut *sink, silence);
            Ok::<_, Error>((link, ended))
        };
        let (mut link, mut ended) = asked(self)?;
        if matches!(ended, Err(Trouble::NeverBegun)) {
            // It has died while it had nothing to do, or just now: nothing was lost.
            log::warn!("the renderer's process has ended ({}); it is started anew", link.child.cause());
            drop(link);
            (link, ended) = asked(self)?;
        }
        if let (Some(info), Some(about)) = (link.moved.take().map(|info| self.noted(info)), &mut self.about) {
            about.info = info;
        }
        match ended {
            Ok(ended) => {
                self.link = Some(link);
                self.deaths = 0;
                Ok(ended)
            }
            Err(Trouble::Told(error)) => {
                self.link = Some(link);
                Err(error)
            }
            Err(trouble) => {
                let died = self.bury(link, trouble, "rendered");
                // Nobody waits for that picture.
                cancel.check()?;
                Err(died)
            }
        }
    }

    fn rests_after(&self) -> Option<Duration> {
        self.link.as_ref().map(|_| self.options.idle)
    }

    fn rest(&mut self) {
        if self.link.take().is_some() {
            log::info!("the renderer's process had nothing to do and was ended");
        }
    }
}
