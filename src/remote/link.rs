//! One worker's process and the conversation with it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::model::ModelInfo;
use crate::pipeline::LoadOptions;
use crate::policy::{Order, Policy};
use crate::remote::area::{Inbox, Outbox, pack};
use crate::remote::ask::{Ask, Blocks};
use crate::remote::child::{self, Child};
use crate::remote::message::{About, Down, Up, array3, encode, greeting};
use crate::remote::socket::{LONGEST, Received, Socket};
use crate::remote::watch::Watch;
use crate::render::{Ended, Patch, Quality, Scene, Sink};

/// How often a waiting host looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// So many times as long one may say nothing that is at work all the while: a run of a large network may, and what spins
/// for good ends some time.
const AT_WORK: u32 = 12;
/// How long a cancelled worker may take to notice before it is taken for hung, unless it is at work: a node of a large graph
/// takes a second, and a whole network may be one.
const GRACE: Duration = Duration::from_secs(20);

/// What ends a conversation.
pub enum Trouble {
    /// The process is no more.
    Gone,
    /// It has said nothing for too long.
    Silent,
    /// It has said what cannot be.
    Garbled,
    /// The process is no more, and had not even heard of the job.
    NeverBegun,
    /// Nothing is wrong with it: a job or a load has failed or was cancelled.
    Told(Error),
}

type Talk<T> = std::result::Result<T, Trouble>;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Told(error)
    }
}

pub struct Link {
    pub child: Child,
    socket: Arc<Socket>,
    outbox: Option<Outbox>,
    inbox: Option<Inbox>,
    buffer: Vec<u8>,
    pub ready: bool,
    /// Keys of the reference pictures that the worker has: those of the last job that ended well.
    known: Vec<u128>,
    /// What is to be said of the model since it has changed its device.
    pub moved: Option<ModelInfo>,
}

impl Link {
    /// Asks a process to load.
    pub fn new(child: Child, socket: Socket, load: &LoadOptions) -> Result<Link> {
        let mut link = Link {
            child,
            socket: Arc::new(socket),
            outbox: None,
            inbox: None,
            buffer: vec![0; LONGEST],
            ready: false,
            known: Vec::new(),
            moved: None,
        };
        let head = encode(load)?;
        let log = log::max_level() as usize;
        // It may have ended already: the first reading tells.
        let _ = link.send_packed(&Down::Load { head: head.len(), log }, &head, &[])?;
        Ok(link)
    }

    /// The first message tells what program it is.
    pub fn greet(&mut self, program: &Path, cancel: &Cancel, silence: Duration) -> Talk<()> {
        // Nothing is loaded yet.
        let patience = silence.min(Duration::from_secs(60));
        let deadline = Instant::now() + patience;
        let told = loop {
            match self.socket.receive(&mut self.buffer, Some(TICK)) {
                Ok(Received::Message(length, _)) => break &self.buffer[..length],
                Ok(Received::Nothing) if Instant::now() < deadline => cancel.check()?,
                Ok(Received::Nothing) => return Err(Trouble::Silent),
                Ok(Received::Gone) => return Err(Trouble::Gone),
                Err(_) => return Err(Trouble::Garbled),
            }
        };
        if told == greeting().as_bytes() {
            return Ok(());
        }
        let told: String =
            String::from_utf8_lossy(told).chars().filter(|c| !c.is_control()).take(80).collect();
        Err(Trouble::Told(child::error(format!(
            "The program that renders for Scumble, {}, is of another version (it says \"{told}\", and this library needs \
             \"{}\"); install both together.",
            program.display(),
            greeting()
        ))))
    }

    /// Waits until the model is loaded. What is cancelled meanwhile goes on loading: the next job needs it.
    pub fn loaded(
        &mut self,
        cancel: &Cancel,
        progress: &dyn Fn(f32, &str),
        silence: Duration,
    ) -> Talk<About> {
        let mut watch = Watch::now();
        loop {
            match self.next(&mut watch, silence)? {
                Some(Up::Progress { part, what }) => progress(part, &what),
                Some(Up::Loaded(about)) => {
                    self.ready = true;
                    return Ok(*about);
                }
                Some(Up::Refused(error)) => return Err(Trouble::Told(error)),
                Some(_) => return Err(Trouble::Garbled),
                None => {}
            }
            cancel.check()?;
        }
    }

    /// One job, as [`crate::render::Renderer::render`].
    pub fn render(
        &mut self,
        job: u64,
        (scene, quality): (&Scene<'_>, &Quality<'_>),
        policy: &Policy,
        cancel: &Cancel,
        sink: &mut dyn Sink,
        silence: Duration,
    ) -> Talk<Ended> {
        // What a job that failed has left there, nobody knows.
        let known = std::mem::take(&mut self.known);
        let head = encode(&Ask::new(scene, quality, &known))?;
        let blocks = Blocks::new(scene, &known);
        let log = log::max_level() as usize;
        let down = Down::Render { job, head: head.len(), log };
        let asked = self.send_packed(&down, &head, &blocks.slices())?;
        if !asked {
            return Err(Trouble::NeverBegun);
        }
        // Both call at once what was ordered already, and the worker knows the job by now.
        let (socket, orders) = (self.socket.clone(), self.socket.clone());
        let _cancelled = cancel.hook(move || say(&socket, &Down::Cancel { job }));
        let _ordered = policy.hook(move |order| {
            let order = match order {
                Order::GiveWay(finish) => Down::GiveWay { job, finish },
                Order::Abandon => Down::Abandon { job },
            };
            say(&orders, &order);
        });
        let mut failed = None;
        let mut watch = Watch::now();
        let (mut cancelled, mut begun) = (None, false);
        loop {
            let next = match self.next(&mut watch, silence) {
                Err(Trouble::Gone) if !begun => return Err(Trouble::NeverBegun),
                next => next?,
            };
            match next {
                Some(Up::Begun) => begun = true,
                Some(Up::Step) => sink.step(),
                Some(Up::Note(sentence)) => sink.note(&sentence),
                Some(Up::Doing(sentence)) => sink.doing(&sentence),
                Some(Up::Moved(info)) => self.moved = Some(*info),
                Some(Up::Patch { step, steps, phases, picture, latent }) => {
                    let (_, height, width) = scene.paint.dim();
                    let (cells, window) = (latent.map(|[_, h, w]| (h, w)), scene.window);
                    let fits = cells.is_none_or(|cells| cells == (window.height, window.width));
                    if picture != [3, height, width] || !fits {
                        return Err(Trouble::Garbled);
                    }
                    let inbox = self.inbox.as_ref().ok_or(Trouble::Garbled)?;
                    let mut unpacker = inbox.unpack();
                    let mut array = |sides: [usize; 3]| {
                        let numbers = unpacker.block(&sides).map_err(|_| Trouble::Garbled)?;
                        array3(numbers, sides, Vec::new()).map_err(Trouble::Told)
                    };
                    let read =
                        array(picture).and_then(|picture| Ok((picture, latent.map(array).transpose()?)));
                    say(&self.socket, &Down::Taken);
                    let handed = read.and_then(|(picture, latent)| {
                        sink.patch(Patch { picture, latent, step, steps, phases }).map_err(Trouble::Told)
                    });
                    match handed {
                        Ok(()) => {}
                        // The worker is told to end, and heard to the end.
                        Err(Trouble::Told(error)) if failed.is_none() => {
                            failed = Some(error);
                            say(&self.socket, &Down::Cancel { job });
                        }
                        Err(Trouble::Told(_)) => {}
                        Err(trouble) => return Err(trouble),
                    }
                }
                Some(Up::Ended { job: ended, how }) if ended == job => {
                    return match failed {
                        Some(error) => Err(error.into()),
                        None => {
                            if how.is_ok() {
                                self.known = scene.keys().collect();
                            }
                            how.map_err(Trouble::Told)
                        }
                    };
                }
                Some(_) => return Err(Trouble::Garbled),
                None => {}
            }
            if cancel.is_cancelled() {
                let watch = cancelled.get_or_insert_with(Watch::now);
                if watch.is_hung(GRACE, silence.max(GRACE), || self.child.worked()) {
                    return Err(Trouble::Silent);
                }
            }
        }
    }

    /// The next message, or `None` after a moment without one. `watch`: since something was heard last.
    fn next(&mut self, watch: &mut Watch, silence: Duration) -> Talk<Option<Up>> {
        let child = &self.child;
        match self.socket.receive(&mut self.buffer, Some(TICK)) {
            Ok(Received::Nothing)
                if watch.is_hung(silence, silence.saturating_mul(AT_WORK), || child.worked()) =>
            {
                Err(Trouble::Silent)
            }
            Ok(Received::Nothing) => Ok(None),
            Ok(Received::Gone) => Err(Trouble::Gone),
            Ok(Received::Message(length, memory)) => {
                if let Some(memory) = memory {
                    self.inbox = Some(Inbox::open(memory).map_err(|_| Trouble::Garbled)?);
                }
                let up = postcard::from_bytes(&self.buffer[..length]).map_err(|_| Trouble::Garbled)?;
                *watch = Watch::now();
                if let Up::Log { level, text } = up {
                    let level = log::Level::iter().nth(level).unwrap_or(log::Level::Warn);
                    log::log!(level, "{text}");
                    return Ok(None);
                }
                Ok(Some(up))
            }
            Err(_) => Err(Trouble::Garbled),
        }
    }

    /// Whether it was sent. Never waits: a worker that lets messages lie is one that hangs.
    fn send_packed(&mut self, message: &Down, head: &[u8], blocks: &[&[f32]]) -> Result<bool> {
        let fresh = pack(&mut self.outbox, head, blocks)?;
        let memory = self.outbox.as_ref().filter(|_| fresh).map(Outbox::handle);
        Ok(self.socket.send_now(&encode(message)?, memory).is_ok())
    }
}

impl Drop for Link {
    /// Closing this end would not do where the host has forked: its child has the socket, too.
    fn drop(&mut self) {
        self.socket.hang_up();
    }
}

/// A short message from any thread. One that cannot be sent is for a process that does not read any more, which the
/// reading side finds out.
fn say(socket: &Socket, message: &Down) {
    if let Ok(bytes) = encode(message)
        && let Err(error) = socket.send_now(&bytes, None)
    {
        log::debug!("the renderer's process was not told {message:?}: {error}");
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Gone | Trouble::NeverBegun => f.write_str("it ended"),
            Trouble::Silent => f.write_str("it did not answer any more"),
            Trouble::Garbled => f.write_str("it said what cannot be"),
            Trouble::Told(error) => error.fmt(f),
        }
    }
}
