//! A thin safe face of the C ABI, as a C++ host would write one: handles that release themselves, statuses that
//! become results. Nothing here knows the engine's Rust types.

mod steering;
mod values;

use std::ffi::{CStr, CString, c_char};
use std::path::Path;

use scumble::ffi::abi::*;
use scumble::ffi::constants::*;
use scumble::ffi::*;

pub use values::*;

pub type Answer<T> = Result<T, Fault>;

/// Negative statuses become faults; call it right after the call, on the same thread.
fn check(status: i32) -> Answer<i32> {
    if status >= 0 { Ok(status) } else { Err(Fault { status, message: string(scumble_last_error()) }) }
}

/// A copy of the ABI's text.
fn string(text: *const c_char) -> String {
    // SAFETY: every string of the ABI is NUL-terminated and never NULL; it is copied before the next call.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

pub fn check_abi() -> Result<(), String> {
    let (major, minor) = (scumble_abi_version() >> 16, scumble_abi_version() & 0xFFFF);
    if major == SCUMBLE_ABI_MAJOR && (SCUMBLE_ABI_MINOR..).contains(&minor) {
        return Ok(());
    }
    Err(format!(
        "The library speaks ABI {}, this program ABI {SCUMBLE_ABI_MAJOR}.{SCUMBLE_ABI_MINOR}; install both anew.",
        abi()
    ))
}

pub fn version() -> String {
    string(scumble_version())
}

/// Major and minor number, e.g. "1.0".
pub fn abi() -> String {
    let version = scumble_abi_version();
    format!("{}.{}", version >> 16, version & 0xFFFF)
}

/// Text for the ABI, or NULL.
struct Text(Option<CString>);

impl Text {
    fn new(text: Option<&str>, what: &str) -> Answer<Text> {
        let with_nul =
            |_| Fault::own(SCUMBLE_ERROR_TEXT, format!("A NUL character is in {what}; take it out."));
        text.map(CString::new).transpose().map(Text).map_err(with_nul)
    }

    fn path(path: Option<&Path>, what: &str) -> Answer<Text> {
        let Some(path) = path else { return Ok(Text(None)) };
        let text = path.to_str().ok_or_else(|| {
            Fault::own(
                SCUMBLE_ERROR_TEXT,
                format!("The {what} {} is not valid UTF-8; rename it.", path.display()),
            )
        })?;
        Text::new(Some(text), &format!("the {what}"))
    }

    fn pointer(&self) -> *const c_char {
        self.0.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    }
}

/// Runs an `_init` function of the ABI on a fresh struct.
fn init<T>(init: unsafe extern "C" fn(*mut T, usize) -> i32) -> Answer<T> {
    let mut fresh = std::mem::MaybeUninit::uninit();
    // SAFETY: `fresh` is writable; on success the ABI has set every field.
    check(unsafe { init(fresh.as_mut_ptr(), size_of::<T>()) })?;
    // SAFETY: just initialized.
    Ok(unsafe { fresh.assume_init() })
}

pub struct Engine(*mut ScumbleEngine);

impl Engine {
    pub fn create(options: &Options<'_>) -> Answer<Engine> {
        let model = Text::path(options.model, "model folder")?;
        let runtime = Text::path(options.runtime, "path of ONNX Runtime")?;
        let device = Text::new(options.device, "the device")?;
        let scheduler = Text::new(options.scheduler, "the scheduler")?;
        let mut given = init(scumble_engine_options_init)?;
        given.intra_threads = options.threads;
        given.model_dir = model.pointer();
        given.runtime = runtime.pointer();
        given.device = device.pointer();
        given.scheduler = scheduler.pointer();
        given.process = if options.own_process { SCUMBLE_PROCESS_OWN } else { SCUMBLE_PROCESS_HOST };
        given.loras = u32::from(options.loras);
        let mut engine = std::ptr::null_mut();
        // SAFETY: the options and their strings live until after the call.
        check(unsafe { scumble_engine_create(&given, &mut engine) })?;
        Ok(Engine(engine))
    }

    pub fn state(&self) -> Answer<State> {
        let mut info = init(scumble_engine_info_init)?;
        // SAFETY: a live engine; the strings are copied while it is.
        check(unsafe { scumble_engine_info(self.0, &mut info) })?;
        Ok(match info.state {
            SCUMBLE_ENGINE_LOADING => State::Loading { progress: info.progress, what: string(info.message) },
            SCUMBLE_ENGINE_READY => State::Ready(Model {
                name: string(info.model_name),
                description: string(info.model_description),
                device: string(info.device),
                device_note: string(info.device_note),
                native_side: info.native_side,
                steps: info.default_steps,
                strength: info.default_strength,
                guidance: info.default_guidance,
            }),
            _ => State::Failed(Fault { status: info.error, message: string(info.message) }),
        })
    }

    pub fn layer(&self) -> Answer<Layer> {
        let mut session = std::ptr::null_mut();
        // SAFETY: a live engine.
        check(unsafe { scumble_session_create(self.0, &mut session) })?;
        Ok(Layer(session))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: made by create, released once.
        unsafe { scumble_engine_release(self.0) };
    }
}

pub enum Polled {
    Frame(Frame),
    Nothing,
    Loading,
}

/// One live layer. It keeps its engine alive.
pub struct Layer(*mut ScumbleSession);

impl Layer {
    /// The revision from which frames show the settings; `None` if nothing changed.
    pub fn set_params(&mut self, params: &Params) -> Answer<Option<u64>> {
        let prompt = Text::new(Some(&params.prompt), "the prompt")?;
        let negative = Text::new(Some(&params.negative), "the negative prompt")?;
        let lora_folder = Text::path(params.lora_folder.as_deref(), "folder of LoRAs")?;
        let mut given = init(scumble_params_init)?;
        given.prompt = prompt.pointer();
        given.negative = negative.pointer();
        given.lora_folder = lora_folder.pointer();
        given.strength = params.strength.unwrap_or(-1.0);
        given.steps = params.steps.unwrap_or(0);
        given.guidance = params.guidance.unwrap_or(-1.0);
        given.paint_guidance = params.paint_guidance.unwrap_or(0.0);
        given.seed = params.seed;
        given.preview = match params.preview {
            Some(Preview::Off) => SCUMBLE_PREVIEW_OFF,
            Some(Preview::GiveWay) => SCUMBLE_PREVIEW_GIVE_WAY,
            Some(Preview::EachStep) => SCUMBLE_PREVIEW_EACH_STEP,
            None => given.preview,
        };
        given.alpha = if params.alpha_follows { SCUMBLE_ALPHA_FOLLOW_PAINT } else { SCUMBLE_ALPHA_OPAQUE };
        given.paper[..3].copy_from_slice(&params.paper);
        given.resolution = params.resolution;
        given.mask_softness = params.mask_softness.unwrap_or(given.mask_softness);
        // SAFETY: the params and their strings live until after the call.
        revision(|out| unsafe { scumble_session_set_params(self.0, &given, out) })
    }

    /// The whole canvas; nothing outside `touched` has changed since the last push.
    pub fn push(&mut self, canvas: Canvas<'_>, touched: Option<Rect>) -> Answer<Option<u64>> {
        let image = image(canvas)?;
        let touched = touched.map(Rect::raw);
        let (touched, count) =
            touched.as_ref().map_or((std::ptr::null(), 0), |rect| (std::ptr::from_ref(rect), 1));
        // SAFETY: image, pixels and rectangle live until after the call.
        revision(|out| unsafe { scumble_session_push(self.0, &image, 1, touched, count, out) })
    }

    /// Coverage for the whole canvas, one byte a pixel.
    pub fn set_mask(&mut self, width: u32, height: u32, coverage: &[u8]) -> Answer<Option<u64>> {
        let mut mask = init(scumble_mask_init)?;
        mask.canvas_width = width as i32;
        mask.canvas_height = height as i32;
        mask.rect = ScumbleRect { x: 0, y: 0, width: width as i32, height: height as i32 };
        mask.stride = width as isize;
        mask.byte_length = coverage.len();
        mask.coverage = coverage.as_ptr();
        // SAFETY: mask and coverage live until after the call.
        revision(|out| unsafe { scumble_session_set_mask(self.0, &mask, out) })
    }

    /// `shape` is draws, channels, height, width.
    pub fn set_noise(&mut self, values: &[f32], shape: [usize; 4]) -> Answer<Option<u64>> {
        let too_large = |_| Fault::own(SCUMBLE_ERROR_RECT, format!("Noise of size {shape:?} is too large."));
        let [draws, channels, height, width] = shape.map(u32::try_from);
        let [draws, channels] = [draws.map_err(too_large)?, channels.map_err(too_large)?];
        let [height, width] = [height.map_err(too_large)?, width.map_err(too_large)?];
        if shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)) != Some(values.len()) {
            return Err(Fault::own(SCUMBLE_ERROR_RECT, format!("Noise of size {shape:?} has gaps.")));
        }
        // SAFETY: `values` has as many numbers as the shape says and lives until after the call.
        revision(|out| unsafe {
            scumble_session_set_noise(self.0, values.as_ptr(), draws, channels, height, width, out)
        })
    }

    /// The newest frame above `after`.
    pub fn poll(&mut self, after: u64) -> Answer<Polled> {
        let mut frame = std::ptr::null_mut();
        // SAFETY: a live session.
        match check(unsafe { scumble_session_poll(self.0, after, &mut frame) })? {
            SCUMBLE_OK => Ok(Polled::Frame(Frame(frame))),
            SCUMBLE_LOADING => Ok(Polled::Loading),
            _ => Ok(Polled::Nothing),
        }
    }

    /// Whether the layer came to rest within the time.
    pub fn wait(&mut self, milliseconds: u32) -> Answer<bool> {
        // SAFETY: a live session.
        Ok(check(unsafe { scumble_session_wait(self.0, milliseconds) })? == SCUMBLE_OK)
    }

    pub fn stats(&self) -> Answer<Stats> {
        let mut stats = init(scumble_stats_init)?;
        // SAFETY: a live session.
        check(unsafe { scumble_session_stats(self.0, &mut stats) })?;
        Ok(Stats { jobs_started: stats.jobs_started, jobs_replaced: stats.jobs_replaced })
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        // SAFETY: made by Engine::layer, released once.
        unsafe { scumble_session_release(self.0) };
    }
}

/// A whole canvas for the ABI, which borrows its pixels.
fn image(canvas: Canvas<'_>) -> Answer<ScumbleImage> {
    let mut image = init(scumble_image_init)?;
    image.format = match canvas.depth {
        Depth::Eight => SCUMBLE_FORMAT_RGBA8,
        Depth::Sixteen => SCUMBLE_FORMAT_RGBA16,
    };
    image.canvas_width = canvas.width as i32;
    image.canvas_height = canvas.height as i32;
    image.rect = canvas.rect();
    image.stride = canvas.stride() as isize;
    image.byte_length = canvas.pixels.len();
    image.pixels = canvas.pixels.as_ptr().cast();
    Ok(image)
}

/// Calls something that answers OK with a revision, UNCHANGED without one, or an error.
fn revision(call: impl FnOnce(*mut u64) -> i32) -> Answer<Option<u64>> {
    let mut revision = 0;
    Ok((check(call(&mut revision))? == SCUMBLE_OK).then_some(revision))
}

pub struct Frame(*mut ScumbleFrame);

impl Frame {
    pub fn info(&self) -> Answer<FrameInfo> {
        let mut info = init(scumble_frame_info_init)?;
        // SAFETY: a live frame.
        check(unsafe { scumble_frame_info(self.0, &mut info) })?;
        Ok(FrameInfo {
            seq: info.seq,
            revision: info.revision,
            preview: info.flags & SCUMBLE_FRAME_PREVIEW != 0,
            finished: info.flags & SCUMBLE_FRAME_FINAL != 0,
            stale: info.flags & SCUMBLE_FRAME_STALE != 0,
            step: info.step,
            since_start: info.since_start_us,
            text: info.text_us,
            encode: info.encode_us,
            denoise: info.denoise_us,
            decode: info.decode_us,
            pixels: info.pixels_us,
            runtime: info.runtime_us,
        })
    }

    /// What the picture does not show of what was asked for; empty where there is nothing to say.
    pub fn note(&self) -> Answer<String> {
        let mut text = [0; 4096];
        // SAFETY: a live frame; the buffer is as long as it says.
        check(unsafe { scumble_frame_note(self.0, text.as_mut_ptr(), text.len()) })?;
        Ok(string(text.as_ptr()))
    }

    /// Lays what is new of the frame down on a canvas of packed rows.
    pub fn lay_down(&self, width: u32, depth: Depth, pixels: &mut [u8]) -> Answer<()> {
        let mut info = init(scumble_frame_info_init)?;
        // SAFETY: a live frame.
        check(unsafe { scumble_frame_info(self.0, &mut info) })?;
        let mut rects = vec![ScumbleRect::default(); info.rect_count as usize];
        // SAFETY: a live frame; there is room for `rect_count`.
        check(unsafe { scumble_frame_rects(self.0, rects.as_mut_ptr(), info.rect_count) })?;
        let bpp = depth.bytes_per_pixel();
        let stride = width as usize * bpp;
        for rect in rects {
            let start = rect.y as usize * stride + rect.x as usize * bpp;
            let Some(target) = pixels.get_mut(start..) else {
                return Err(Fault::own(SCUMBLE_ERROR_INTERNAL, "The frame is of another canvas."));
            };
            // SAFETY: a live frame; `target` is writable for its length.
            check(unsafe {
                scumble_frame_copy(self.0, &rect, target.as_mut_ptr().cast(), stride as isize, target.len())
            })?;
        }
        Ok(())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: handed out by poll, released once.
        unsafe { scumble_frame_release(self.0) };
    }
}
