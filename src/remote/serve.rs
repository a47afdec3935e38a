//! The worker's side: loads a model, renders what it is asked for, and ends with its host.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use parking_lot::{Condvar, Mutex};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::model::ModelInfo;
use crate::models::device::Device;
use crate::pipeline::{Fallback, LoadOptions};
use crate::policy::Policy;
use crate::remote::area::{Inbox, Outbox, pack};
use crate::remote::halt;
use crate::remote::message::{About, Ask, Down, Up, array3, encode, greeting, slice};
use crate::remote::socket::{LONGEST, Received, Socket};
use crate::remote::system::{connect, leave, settle_in};
use crate::render::{Around, Change, Ended, Patch, Picture, Renderer, Scene, Sink};

/// The program `scumble-worker`, which the library starts.
pub fn main() -> ExitCode {
    let Some(socket) = connect() else { return alone() };
    settle_in();
    let socket = Arc::new(socket);
    if socket.send(greeting().as_bytes(), None).is_err() {
        return alone();
    }
    let _ = log::set_boxed_logger(Box::new(Logger(socket.clone())));
    std::panic::set_hook(Box::new(|panic| {
        log::error!("the renderer failed inside: {panic}");
        std::process::abort();
    }));
    let (orders, jobs) = channel();
    let desk = Arc::new(Desk::default());
    let reader = {
        let (socket, desk) = (socket.clone(), desk.clone());
        move || read(&socket, &desk, &orders)
    };
    if std::thread::Builder::new().name("scumble-orders".into()).spawn(reader).is_err() {
        return ExitCode::FAILURE;
    }
    let mut server = Server {
        socket,
        desk,
        outbox: None,
        inbox: None,
        references: Vec::new(),
        spare: Vec::new(),
        pipeline: None,
    };
    server.serve(&jobs);
    leave()
}

fn alone() -> ExitCode {
    eprintln!("scumble-worker renders for Scumble's library, which starts it; by itself it does nothing.");
    ExitCode::from(2)
}

/// What the reading thread and the rendering one share.
#[derive(Default)]
struct Desk {
    current: Mutex<Option<Current>>,
    /// Whether the host has read the patch that was sent last.
    taken: Mutex<bool>,
    was_taken: Condvar,
}

/// The job that runs, or comes next.
struct Current {
    job: u64,
    cancel: Arc<Cancel>,
    policy: Arc<Policy>,
}

enum Order {
    Load { head: usize },
    Render { job: u64, head: usize, cancel: Arc<Cancel>, policy: Arc<Policy> },
}

/// Reads what the host says, at any time.
fn read(socket: &Socket, desk: &Desk, orders: &Sender<(Order, Option<Inbox>)>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let Ok(Received::Message(length, memory)) = socket.receive(&mut buffer, None) else { leave() };
        let Ok(down) = postcard::from_bytes::<Down>(&buffer[..length]) else { leave() };
        let inbox = match memory.map(Inbox::open).transpose() {
            Ok(inbox) => inbox,
            Err(_) => leave(),
        };
        let on_job = |job: u64, tell: &dyn Fn(&Cancel, &Policy)| {
            if let Some(current) = desk.current.lock().as_ref().filter(|current| current.job == job) {
                tell(&current.cancel, &current.policy);
            }
        };
        let order = match down {
            Down::Load { head, log } => {
                log::set_max_level(LevelFilter::iter().nth(log).unwrap_or(LevelFilter::Warn));
                Order::Load { head }
            }
            Down::Render { job, head } => {
                let (cancel, policy) = (Arc::new(Cancel::new()), Arc::new(Policy::default()));
                // Before the next message, which may be about it.
                *desk.current.lock() = Some(Current { job, cancel: cancel.clone(), policy: policy.clone() });
                send(socket, &Up::Begun);
                Order::Render { job, head, cancel, policy }
            }
            Down::GiveWay { job, finish } => {
                on_job(job, &|_, policy| policy.give_way(finish));
                continue;
            }
            Down::Abandon { job } => {
                on_job(job, &|_, policy| policy.abandon());
                continue;
            }
            Down::Cancel { job } => {
                on_job(job, &|cancel, _| cancel.cancel());
                continue;
            }
            Down::Taken => {
                *desk.taken.lock() = true;
                desk.was_taken.notify_all();
                continue;
            }
        };
        if orders.send((order, inbox)).is_err() {
            leave();
        }
    }
}

struct Server {
    socket: Arc<Socket>,
    desk: Arc<Desk>,
    outbox: Option<Outbox>,
    inbox: Option<Inbox>,
    /// The reference pictures of the last job, and those that were annotated, by their keys.
    references: Vec<(u128, Arc<Picture>)>,
    /// The memory of the last paint.
    spare: Vec<f32>,
    pipeline: Option<Fallback>,
}

impl Server {
    fn serve(&mut self, jobs: &Receiver<(Order, Option<Inbox>)>) {
        loop {
            halt::at("idle");
            let Ok((order, inbox)) = jobs.recv() else { return };
            self.inbox = inbox.or(self.inbox.take());
            let answer = match order {
                Order::Load { head } => match self.load(head) {
                    Ok(about) => Up::Loaded(Box::new(about)),
                    Err(error) => Up::Refused(error),
                },
                Order::Render { job, head, cancel, policy } => {
                    let device = self.info().map(|info| info.device);
                    let how = self.render(head, &cancel, &policy);
                    if let Some(info) = self.info().filter(|info| device.is_some_and(|d| d != info.device)) {
                        send(&self.socket, &Up::Moved(Box::new(info)));
                    }
                    *self.desk.current.lock() = None;
                    Up::Ended { job, how: how.map_err(shortened) }
                }
            };
            send(&self.socket, &answer);
        }
    }

    fn info(&self) -> Option<ModelInfo> {
        self.pipeline.as_ref().map(Renderer::info)
    }

    fn load(&mut self, head: usize) -> Result<About> {
        let mut options: LoadOptions = {
            let inbox = self.inbox.as_ref().ok_or_else(nothing)?;
            postcard::from_bytes(inbox.unpack().head(head)?).map_err(|_| nothing())?
        };
        if options.beside.is_none() {
            let own = std::env::current_exe().ok();
            options.beside = own.and_then(|own| own.parent().map(|folder| folder.to_path_buf()));
        }
        if options.device != Device::CPU.to_string() {
            halt::at("card");
        }
        let progress = |part: f32, what: &str| {
            halt::at("loading");
            send(&self.socket, &Up::Progress { part, what: what.into() });
        };
        let pipeline = Fallback::load(options, &Cancel::new(), &progress).map_err(shortened)?;
        let about = About { info: pipeline.info(), capabilities: pipeline.capabilities() };
        self.pipeline = Some(pipeline);
        Ok(about)
    }

    fn render(&mut self, head: usize, cancel: &Cancel, policy: &Policy) -> Result<Ended> {
        let (Some(inbox), Some(pipeline)) = (&self.inbox, &mut self.pipeline) else { return Err(nothing()) };
        let mut unpacker = inbox.unpack();
        let head = unpacker.head(head)?.to_vec();
        let ask: Ask<'_> = postcard::from_bytes(&head).map_err(|_| nothing())?;
        let paint = array3(unpacker.block(&ask.paint)?, ask.paint, std::mem::take(&mut self.spare))?;
        let flat = |unpacker: &mut crate::remote::area::Unpacker<'_>, sides: [usize; 2]| {
            let numbers = unpacker.block(&sides)?.to_vec();
            ndarray::Array2::from_shape_vec(sides, numbers).map_err(|_| nothing())
        };
        let mask = ask.mask.map(|sides| flat(&mut unpacker, sides)).transpose()?;
        let change = match ask.change {
            Some((dirty, last)) => {
                let dirty = flat(&mut unpacker, dirty)?;
                Some((dirty, array3(unpacker.block(&last)?, last, Vec::new())?))
            }
            None => None,
        };
        let around = match ask.around {
            Some((window, last)) => Some((window, array3(unpacker.block(&last)?, last, Vec::new())?)),
            None => None,
        };
        let around = around.as_ref().map(|(window, last)| Around { window: *window, last });
        let hole = ask.hole.map(|sides| flat(&mut unpacker, sides)).transpose()?;
        let noise = match ask.noise {
            Some(sides) => {
                let numbers = unpacker.block(&sides)?.to_vec();
                Some(ndarray::Array4::from_shape_vec(sides, numbers).map_err(|_| nothing())?)
            }
            None => None,
        };
        let (mut pictures, mut references) = (Vec::new(), Vec::new());
        for said in &ask.conditions {
            let picture = match (said.picture(), said.key()) {
                (Some(sides), _) => Arc::new(array3(unpacker.block(&sides)?, sides, Vec::new())?),
                (None, Some(key)) => {
                    let known = self.references.iter().find(|(own, _)| *own == key);
                    known.map(|(_, picture)| picture.clone()).ok_or_else(nothing)?
                }
                _ => continue,
            };
            if let Some(key) = said.key() {
                references.push((key, picture.clone()));
            }
            pictures.push(picture);
        }
        self.references = references;
        let mut given = pictures.iter().map(|picture| &**picture);
        let conditions: Option<Vec<_>> =
            ask.conditions.iter().map(|said| said.condition(&mut given)).collect();
        let conditions = conditions.ok_or_else(nothing)?;
        let scene = Scene {
            window: ask.window,
            canvas: ask.canvas,
            paint: &paint,
            mask: mask.as_ref(),
            change: change.as_ref().map(|(dirty, last)| Change { dirty, last, around }),
            hole: hole.as_ref(),
            conditions: &conditions,
            noise: noise.as_ref(),
        };
        *self.desk.taken.lock() = true;
        let mut up = Patches { socket: &self.socket, desk: &self.desk, outbox: &mut self.outbox, cancel };
        let ended = pipeline.render(&scene, &ask.quality, policy, cancel, &mut up);
        self.spare = paint.into_raw_vec_and_offset().0;
        ended
    }
}

/// Patches on their way to the host.
struct Patches<'a> {
    socket: &'a Socket,
    desk: &'a Desk,
    outbox: &'a mut Option<Outbox>,
    cancel: &'a Cancel,
}

impl Sink for Patches<'_> {
    fn patch(&mut self, patch: Patch) -> Result<()> {
        // The last one lies there until it was read.
        const MOMENT: Duration = Duration::from_millis(50);
        let mut taken = self.desk.taken.lock();
        while !std::mem::take(&mut *taken) {
            self.cancel.check()?;
            self.desk.was_taken.wait_for(&mut taken, MOMENT);
        }
        drop(taken);
        let Patch { picture, latent, step, steps, phases } = patch;
        let picture = picture.as_standard_layout();
        let latent = latent.as_ref().map(|latent| latent.as_standard_layout());
        let mut blocks = vec![slice(&picture)];
        blocks.extend(latent.as_ref().map(slice));
        let fresh = halt::within_a_patch(self.outbox, slice(&picture)) | pack(self.outbox, &[], &blocks)?;
        let memory = self.outbox.as_ref().filter(|_| fresh).map(Outbox::handle);
        let (picture, latent) = (picture.dim().into(), latent.map(|latent| latent.dim().into()));
        let message = encode(&Up::Patch { step, steps, phases, picture, latent })?;
        if self.socket.send(&message, memory).is_err() {
            leave();
        }
        Ok(())
    }

    fn step(&mut self) {
        halt::at("step");
        self.alive();
    }

    fn alive(&mut self) {
        send(self.socket, &Up::Step);
    }
}

fn nothing() -> Error {
    Error::new(Status::Internal, "What the engine has sent to its process does not fit together; paint on.")
}

/// An error that fits into a message.
fn shortened(mut error: Error) -> Error {
    const MOST: usize = 8000;
    if error.message.len() > MOST {
        let end = (0..=MOST).rev().find(|at| error.message.is_char_boundary(*at)).unwrap_or(0);
        error.message.truncate(end);
        error.message.push('…');
    }
    error
}

/// A host that cannot be told anything any more is gone.
fn send(socket: &Socket, message: &Up) {
    let sent = encode(message).is_ok_and(|bytes| socket.send(&bytes, None).is_ok());
    if !sent {
        leave();
    }
}

/// The worker's log is the host's.
struct Logger(Arc<Socket>);

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text: String = record.args().to_string().chars().take(1000).collect();
        let message = Up::Log { level: record.level() as usize - 1, text };
        // What the host has no room for is lost: it may be that nobody listens for an hour.
        if let Ok(bytes) = encode(&message) {
            let _ = self.0.send_now(&bytes, None);
        }
    }

    fn flush(&self) {}
}
