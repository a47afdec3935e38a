//! Exported functions that get a model or ONNX Runtime, in the background; what there is to be got, `list` tells.

// What every pointer must be is said once, in the header (POINTERS).
#![allow(clippy::missing_safety_doc)]

use std::path::Path;
use std::sync::Arc;

use scumble_hub::job::{Job, Now, Order, Places, State, Want};
use scumble_hub::plan::Terms;
use scumble_hub::settings::Settings;
use scumble_hub::{Fault, Kind};

use super::abi::*;
use super::constants::*;
use super::guard::*;
use super::handed::{Words, release};
use super::layout::Sized32;
use crate::error::{Error, Result, Status};
use crate::models::folder::Folder;
use crate::pipeline::has_network;
use crate::prepare::Prepare;
use crate::{places as folders, thread};

/// Sets the struct's size, `size` being its sizeof, and initial values: a model, whose licence nobody has agreed to.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_options_init(
    options: *mut ScumbleDownloadOptions,
    size: usize,
) -> i32 {
    // SAFETY: passed on.
    unsafe { init(options, size, "options") }
}

/// Makes the struct ready to be filled by the library; `size` is its sizeof.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_info_init(info: *mut ScumbleDownloadInfo, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { init(info, size, "info") }
}

/// Begins to get a model, an annotator or ONNX Runtime, on a thread of low priority; returns at once. This alone, of all functions, makes
/// the library use the network. What goes wrong (no such name, offline, terms, a full disk) is told by
/// `scumble_download_poll`. Files are compared with what was published; a model appears where SCUMBLE_LIST_MODELS looks when
/// all of it is there, and one that is there already is done at once. A download that ended early, whatever the reason, goes on
/// where it was when the same is started again. Any number may run; two of the same wait for each other, also in two programs.
/// The hub is asked where HF_ENDPOINT says, with HF_TOKEN; proxies and the hub's own cache are honoured (docs/models.md).
/// ONNX Runtime is used by engines that are created after it was got, by a process of their own, or by the host if it has
/// loaded none.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL (options, their name, download), SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_TEXT,
/// SCUMBLE_ERROR_SETTING (kind), SCUMBLE_ERROR_DISK (the user has no folder for it), SCUMBLE_ERROR_MEMORY,
/// SCUMBLE_ERROR_INTERNAL.
/// On success `*download` is owned by the caller: release it.
/// [any-thread]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_start(
    options: *const ScumbleDownloadOptions,
    download: *mut *mut ScumbleDownload,
) -> i32 {
    guard(|| {
        check_out(download, "download")?;
        crate::journal::begin();
        // SAFETY: as the caller promised, here and below.
        let order = order(&unsafe { read_struct(options, "options") }?)?;
        let places = places()?;
        let job = Arc::new(Job::new(order));
        let work = Arc::clone(&job);
        let started = thread::spawn("scumble-get", move || {
            work.run(Settings::from_environment(), &places, &can_be_used);
        });
        started.map_err(|why| {
            Error::new(
                Status::Memory,
                format!("No thread for the download can be started ({why}); close other programs."),
            )
        })?;
        let made = Box::new(ScumbleDownload { job, words: Words::default() });
        unsafe { write_out(download, Box::into_raw(made)) };
        Ok(SCUMBLE_OK)
    })
}

/// What the host asks for.
fn order(options: &ScumbleDownloadOptions) -> Result<Order> {
    // SAFETY: as the caller promised.
    let said = |pointer, what| Ok(unsafe { text(pointer, what) }?.map(str::to_owned));
    let want = match options.kind {
        SCUMBLE_WANT_MODEL => Want::Model,
        SCUMBLE_WANT_RUNTIME => Want::Runtime,
        SCUMBLE_WANT_ANNOTATOR => Want::Annotator,
        other => {
            return Err(Error::setting(format!(
                "There is no kind {other} of download; use one of SCUMBLE_WANT_*."
            )));
        }
    };
    let name = said(options.name, "options->name")?.ok_or_else(|| {
        Error::new(Status::NullPointer, "The host passed NULL for `options->name`, which must be given.")
    })?;
    Ok(Order {
        want,
        name,
        revision: said(options.revision, "options->revision")?,
        precision: said(options.precision, "options->precision")?,
        anyway: options.anyway != 0,
        agreed: options.agreed != 0,
    })
}

/// Tells how far a download is.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL, SCUMBLE_ERROR_STRUCT_SIZE, SCUMBLE_ERROR_INTERNAL.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_poll(
    download: *const ScumbleDownload,
    info: *mut ScumbleDownloadInfo,
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised, here and below.
        let download = unsafe { reference(download, "download") }?;
        check_out(info, "info")?;
        let told = tell(&download.job.now(), &download.words);
        unsafe { write_struct(info, told, "info") }?;
        Ok(SCUMBLE_OK)
    })
}

fn tell(now: &Now, words: &Words) -> ScumbleDownloadInfo {
    let progress = &now.progress;
    let fault = now.fault.as_ref();
    let offered = now.offered.clone().unwrap_or_default();
    let [licence, licence_url] = licences(&offered.licences);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    ScumbleDownloadInfo {
        state: match now.state {
            State::Asking => SCUMBLE_DOWNLOAD_ASKING,
            State::Terms => SCUMBLE_DOWNLOAD_TERMS,
            State::Waiting => SCUMBLE_DOWNLOAD_WAITING,
            State::Loading => SCUMBLE_DOWNLOAD_LOADING,
            State::Done => SCUMBLE_DOWNLOAD_DONE,
            State::Failed => SCUMBLE_DOWNLOAD_FAILED,
            State::Cancelled => SCUMBLE_DOWNLOAD_CANCELLED,
        },
        error: match (now.state, fault) {
            (State::Failed, Some(fault)) => status(fault.kind) as i32,
            _ => 0,
        },
        files_done: count(progress.files_done),
        files: count(progress.files),
        bytes_done: progress.bytes_done,
        bytes: if progress.bytes > 0 { progress.bytes } else { offered.bytes.unwrap_or(0) },
        message: words.keep(&message(now)),
        title: words.keep(&offered.title),
        file: words.keep(&progress.file),
        licence: words.keep(&licence),
        licence_url: words.keep(&licence_url),
        remarks: words.keep(&offered.said.join("\n")),
        folder: words.keep(now.folder.as_deref().and_then(Path::to_str).unwrap_or_default()),
        ..ScumbleDownloadInfo::initial()
    }
}

/// Why it failed, or what holds it up; of what has arrived, also what became of the user's own files in it.
fn message(now: &Now) -> String {
    let first = now.fault.as_ref().map_or(&now.progress.note, |fault| &fault.message);
    let said = std::iter::once(first).chain(&now.kept).map(String::as_str);
    said.filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Says that the user has read the licence and agrees: a download that waits for that goes on; one that does not yet will not.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_agree(download: *const ScumbleDownload) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised.
        unsafe { reference(download, "download") }?.job.agree();
        Ok(SCUMBLE_OK)
    })
}

/// Ends a download; returns at once, and it has ended when `scumble_download_poll` says so (soon: also a read that waits is
/// interrupted). What has arrived is kept. One that has ended already stays as it is.
/// Returns SCUMBLE_OK, SCUMBLE_ERROR_NULL.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_cancel(download: *const ScumbleDownload) -> i32 {
    guard(|| {
        // SAFETY: as the caller promised.
        unsafe { reference(download, "download") }?.job.cancel();
        Ok(SCUMBLE_OK)
    })
}

/// Gives a download back, with its strings; returns at once. One that still runs is cancelled. NULL does nothing.
/// [any-thread]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scumble_download_release(download: *mut ScumbleDownload) {
    // SAFETY: as the caller promised, here and below.
    unsafe {
        if !download.is_null() {
            scumble_download_cancel(download);
        }
        release(download);
    }
}

/// Where the engine looks.
pub(super) fn places() -> Result<Places> {
    match (folders::user_models(), folders::user_runtime(), folders::user_annotators()) {
        (Some(models), Some(runtime), Some(annotators)) => Ok(Places { models, runtime, annotators }),
        _ => Err(Error::new(
            Status::Disk,
            format!("No folder for models is known, as {}.", folders::NO_USER_FOLDER),
        )),
    }
}

/// Whether the engine can load what has arrived, a model or what makes a preparation, as far as its files tell.
fn can_be_used(folder: &Path, makes: Option<&str>) -> scumble_hub::Result<()> {
    let told = |error: Error| {
        Fault::new(
            Kind::Unsupported,
            format!("It has arrived whole, but cannot be painted with: {}", error.message),
        )
    };
    match makes.map(|name| (name, Prepare::named(name))) {
        None => Folder::open(folder).map(drop).map_err(told),
        Some((_, Some(how))) => has_network(folder, how).map_err(told),
        Some((name, None)) => Err(told(Error::setting(format!(
            "this version makes no control pictures \"{name}\" of anything."
        )))),
    }
}

/// Licences in plain words, and the addresses of their texts; a line each.
pub(super) fn licences(licences: &[Terms]) -> [String; 2] {
    let lines = |line: fn(&Terms) -> String| licences.iter().map(line).collect::<Vec<_>>().join("\n");
    [lines(|terms| format!("{}: {}", terms.title, terms.plain)), lines(|terms| terms.url.clone())]
}

pub(super) fn error(fault: Fault) -> Error {
    Error::new(status(fault.kind), fault.message)
}

fn status(kind: Kind) -> Status {
    match kind {
        Kind::Cancelled => Status::Cancelled,
        Kind::Network => Status::Network,
        Kind::Access => Status::Access,
        Kind::Space | Kind::Disk => Status::Disk,
        Kind::NotFound | Kind::Damaged | Kind::Busy | Kind::Unsafe => Status::Download,
        Kind::Unsupported => Status::ModelUnsupported,
        Kind::Usage => Status::Setting,
        Kind::Internal => Status::Internal,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn what_became_of_the_users_own_files_is_told_when_it_has_ended() {
        let told = |now: &Now| {
            let words = Words::default();
            // SAFETY: `words` keeps it.
            unsafe { CStr::from_ptr(tell(now, &words).message) }.to_str().unwrap().to_owned()
        };
        let kept = ["One was kept.", "Another was kept."].map(str::to_owned).to_vec();
        let mut now = Now { state: State::Done, ..Now::default() };
        assert_eq!(told(&now), "");
        now.kept = kept;
        assert_eq!(told(&now), "One was kept. Another was kept.");
        now.state = State::Failed;
        now.fault = Some(Fault::new(Kind::Unsupported, "It cannot be used."));
        assert_eq!(told(&now), "It cannot be used. One was kept. Another was kept.");
    }
}
