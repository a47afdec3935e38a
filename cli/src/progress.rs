//! Bars on standard error; nothing at all where that is not a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use scumble::places;

use crate::args::EngineArgs;
use crate::failure::Done;
use crate::host::{Engine, Model, Options, State};

/// A bar from 0 to `length` that shows its message.
pub fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} [{bar:32}] {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    ProgressBar::new(length).with_style(style).with_prefix(what).with_finish(ProgressFinish::AndClear)
}

/// For work that cannot tell how far it is.
pub fn spinner(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {spinner} {elapsed} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner =
        ProgressBar::new_spinner().with_style(style).with_prefix(what).with_finish(ProgressFinish::AndClear);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// `loras`: it is to have some.
pub fn engine(args: &EngineArgs, loras: bool) -> Done<Engine> {
    let model = args.model.as_deref().map(|model| crate::models::named(places::user_models(), model));
    Ok(Engine::create(&Options {
        model: model.as_deref(),
        device: args.device.as_deref(),
        threads: args.threads.unwrap_or(0),
        runtime: args.runtime.as_deref(),
        scheduler: args.scheduler.as_deref(),
        own_process: args.worker,
        loras,
    })?)
}

/// Waits until the model is there, or tells why it will not be.
pub fn load(engine: &Engine) -> Done<Model> {
    let bar = bar(1000, "loading");
    let model = loop {
        match engine.state()? {
            State::Ready(model) => break model,
            State::Failed(why) => {
                bar.finish_and_clear();
                return Err(why.into());
            }
            State::Loading { progress, what } => {
                bar.set_position((progress.clamp(0.0, 1.0) * 1000.0) as u64);
                bar.set_message(what);
                std::thread::sleep(Duration::from_millis(15));
            }
        }
    };
    bar.finish_and_clear();
    Ok(model)
}
