//! The worker's side: loads a model, renders what it is asked for, and ends with its host.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::models::device::Device;
use crate::pipeline::{Fallback, LoadOptions, is_guarded};
use crate::policy::Policy;
use crate::remote::area::{Inbox, Outbox, pack};
use crate::remote::ask::{Ask, slice};
use crate::remote::halt;
use crate::remote::house::{House, Logger, Model, Turn, hears, keep_open, talks};
use crate::remote::message::{About, Down, Up, array3, encode, greeting};
use crate::remote::socket::{LONGEST, Received, Socket};
use crate::remote::system::{Hosts, connect, leave, settle_in};
use crate::render::{Around, Change, Ended, Patch, Picture, Renderer, Scene, Sink};

/// The program `scumble-worker`, which the library starts.
pub fn main() -> ExitCode {
    let Some(hosts) = connect() else { return alone() };
    settle_in();
    let _ = log::set_boxed_logger(Box::new(Logger));
    std::panic::set_hook(Box::new(|panic| {
        if is_guarded() {
            // Whoever guards it tells it.
            log::warn!("caught: {panic}");
            return;
        }
        log::error!("the renderer failed inside: {panic}");
        std::process::abort();
    }));
    match hosts {
        Hosts::Many(listener) => keep_open(listener),
        Hosts::One(socket) => match converse(socket, &Arc::default(), || leave()) {
            true => leave(),
            false => alone(),
        },
    }
}

/// Works for a host until that is gone, which is told by its own thread first; whether there was one at all.
pub fn converse(socket: Socket, house: &Arc<House>, gone: impl FnOnce() + Send + 'static) -> bool {
    let socket = Arc::new(socket);
    if socket.send(greeting().as_bytes(), None).is_err() {
        return false;
    }
    let (orders, jobs) = channel();
    let desk = Arc::new(Desk::default());
    let reader = {
        let (socket, desk) = (socket.clone(), desk.clone());
        move || {
            read(&socket, &desk, &orders);
            gone();
            // Nobody waits for what is under way.
            desk.gone.cancel();
            if let Some(current) = &*desk.current.lock() {
                current.cancel.cancel();
            }
        }
    };
    if std::thread::Builder::new().name("scumble-orders".into()).spawn(reader).is_err() {
        return false;
    }
    let mut server = Server {
        socket,
        desk,
        house: house.clone(),
        outbox: None,
        inbox: None,
        references: Vec::new(),
        spare: Vec::new(),
        model: None,
        device: String::new(),
    };
    server.serve(&jobs);
    true
}

fn alone() -> ExitCode {
    eprintln!("scumble-worker renders for Scumble's library, which starts it; by itself it does nothing.");
    ExitCode::from(2)
}

/// What the reading thread and the rendering one share.
#[derive(Default)]
struct Desk {
    current: Mutex<Option<Current>>,
    /// The host is.
    gone: Cancel,
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

/// Reads what the host says, at any time, until it is gone or cannot be understood.
fn read(socket: &Arc<Socket>, desk: &Desk, orders: &Sender<(Order, Option<Inbox>)>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let Ok(Received::Message(length, memory)) = socket.receive(&mut buffer, None) else { return };
        let Ok(down) = postcard::from_bytes::<Down>(&buffer[..length]) else { return };
        let Ok(inbox) = memory.map(Inbox::open).transpose() else { return };
        let on_job = |job: u64, tell: &dyn Fn(&Cancel, &Policy)| {
            if let Some(current) = desk.current.lock().as_ref().filter(|current| current.job == job) {
                tell(&current.cancel, &current.policy);
            }
        };
        let order = match down {
            Down::Load { head, log } => {
                hears(socket);
                talks(log);
                Order::Load { head }
            }
            Down::Render { job, head, log } => {
                talks(log);
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
            return;
        }
    }
}

struct Server {
    socket: Arc<Socket>,
    desk: Arc<Desk>,
    house: Arc<House>,
    outbox: Option<Outbox>,
    inbox: Option<Inbox>,
    /// The reference pictures of the last job, and those that were annotated, by their keys.
    references: Vec<(u128, Arc<Picture>)>,
    /// The memory of the last paint.
    spare: Vec<f32>,
    model: Option<Arc<Model>>,
    /// The device that the host knows of.
    device: String,
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
                    let how = self.render(head, &cancel, &policy);
                    *self.desk.current.lock() = None;
                    Up::Ended { job, how: how.map_err(shortened) }
                }
            };
            send(&self.socket, &answer);
        }
    }

    fn load(&mut self, head: usize) -> Result<About> {
        let mut options: LoadOptions = {
            let inbox = self.inbox.as_ref().ok_or_else(nothing)?;
            postcard::from_bytes(inbox.unpack().head(head)?).map_err(|_| nothing())?
        };
        // Those who share a model lie where they may.
        if options.beside.is_none() || self.house.is_shared {
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
        let model = self.house.model(&options);
        let mut place = model.lock();
        if place.is_none() {
            halt::at("model");
            *place = Some(Fallback::load(options, &self.desk.gone, &progress).map_err(shortened)?);
        }
        let pipeline = place.as_ref().ok_or_else(nothing)?;
        let about = About { info: pipeline.info(), capabilities: pipeline.capabilities() };
        drop(place);
        self.device.clone_from(&about.info.device);
        self.model = Some(model);
        Ok(about)
    }

    fn render(&mut self, head: usize, cancel: &Cancel, policy: &Policy) -> Result<Ended> {
        let (Some(inbox), Some(model)) = (&self.inbox, &self.model) else { return Err(nothing()) };
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
        let turn = self.house.turn.take(cancel)?;
        let (socket, desk, outbox) = (&*self.socket, &*self.desk, &mut self.outbox);
        let mut up = Patches { socket, desk, outbox, cancel, turn: &self.house.turn };
        let mut place = model.lock();
        let pipeline = place.as_mut().ok_or_else(nothing)?;
        let ended = pipeline.render(&scene, &ask.quality, policy, cancel, &mut up);
        let info = pipeline.info();
        drop((place, turn));
        // It may have moved in somebody else's turn.
        if info.device != self.device {
            self.device.clone_from(&info.device);
            send(&self.socket, &Up::Moved(Box::new(info)));
        }
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
    turn: &'a Turn,
}

impl Sink for Patches<'_> {
    fn patch(&mut self, patch: Patch) -> Result<()> {
        // The last one lies there until it was read.
        const MOMENT: Duration = Duration::from_millis(50);
        // Nor does a host that has stopped hold others up.
        const PATIENCE: Duration = Duration::from_secs(5);
        let since = Instant::now();
        let mut taken = self.desk.taken.lock();
        while !std::mem::take(&mut *taken) {
            if since.elapsed() > PATIENCE && self.turn.is_waited_for() {
                self.socket.close();
            }
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
            self.socket.close();
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

    fn note(&mut self, sentence: &str) {
        send(self.socket, &Up::Note(sentence.to_owned()));
    }

    fn doing(&mut self, sentence: &str) {
        send(self.socket, &Up::Doing(sentence.to_owned()));
        halt::at("reading");
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

/// A host that cannot be told anything any more is gone: the reading thread learns of it.
fn send(socket: &Socket, message: &Up) {
    let sent = encode(message).is_ok_and(|bytes| socket.send(&bytes, None).is_ok());
    if !sent {
        socket.close();
    }
}
