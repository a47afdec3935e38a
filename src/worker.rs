//! The one thread that renders: take → run → publish.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::desk::{End, Shared, Turn};
use crate::engine::{Current, Wiring};
use crate::error::{Error, Result, Status};
use crate::heap;
use crate::live;
use crate::render::Renderer;
use crate::slot::Taken;

/// Serves jobs until the engine closes, and gives the renderer back. Without one every job fails, and each poll tells why.
pub(crate) fn serve(wiring: &Wiring, mut renderer: Result<Box<dyn Renderer>>) -> Result<Box<dyn Renderer>> {
    loop {
        let idle = renderer.as_ref().ok().and_then(|renderer| renderer.rests_after());
        let session = match wiring.queue.take_until(idle.and_then(|idle| Instant::now().checked_add(idle))) {
            Taken::Item(session) => session,
            Taken::Nothing => {
                if let Ok(renderer) = &mut renderer {
                    renderer.rest();
                    heap::trim();
                }
                continue;
            }
            Taken::Closed => return renderer,
        };
        let turn = catch_unwind(AssertUnwindSafe(|| take_turn(wiring, &session, &mut renderer)));
        if turn.is_err() {
            wiring.running(None);
            session.kill(Error::new(
                Status::Internal,
                "The engine failed inside while it rendered; make a new live layer to go on.",
            ));
        }
    }
}

fn take_turn(wiring: &Wiring, session: &Arc<Shared>, renderer: &mut Result<Box<dyn Renderer>>) {
    let geometry = renderer.as_ref().ok().map(|renderer| renderer.info().geometry);
    let Some(mut job) = session.begin(geometry) else { return };
    wiring.running(Some(Current::new(session.id(), &job)));
    let end = match renderer {
        Ok(renderer) => {
            let end = job.take_out_loras().and_then(|()| live::run(session, &job, renderer.as_mut()));
            let end = end.unwrap_or_else(End::Failed);
            wiring.tell(renderer.info());
            end
        }
        Err(_) => End::NotLoaded,
    };
    wiring.running(None);
    match session.end(&job, end) {
        Some(Turn::Now) => drop(wiring.queue.put(session.id(), session.clone())),
        Some(Turn::Behind) => {
            drop(wiring.queue.put_behind(session.id(), session.clone()));
            // A push that came before it was there found nothing to press.
            if session.is_newer_than(job.revision) {
                wiring.queue.press(session.id());
            }
        }
        Some(Turn::Settling { due, painted }) => {
            drop(wiring.queue.put_settling(session.id(), session.clone(), due, painted));
        }
        None => {}
    }
}
