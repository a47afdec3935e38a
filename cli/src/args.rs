//! What can be asked for on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use scumble::prepare::Prepare;

use crate::host::Preview;
use crate::models::args::{ModelsArgs, RuntimeArgs};
use crate::steering::{self, Control, Lora, Reference, Region};

const EXAMPLES: &str = "\
Examples:
  scumble info
      which ONNX Runtime, which devices, which model
  scumble devices
      what models can run on here, and what is missing for the rest
  scumble render -i sketch.png -p \"snowy mountains above a lake\" -o picture.png
      render a painted sketch with the default model
  scumble render -i sketch.png -p \"...\" -o picture.png --strength 0.4 --seed 7 --mask lake.png
      stay closer to the paint; change only where lake.png is white
  scumble render -m MODEL -i sketch.png -p \"...\" -o picture.png --lora ink.safetensors:0.8
      with what a LoRA has learnt
  scumble render -m MODEL -i sketch.png -p \"...\" -o picture.png --control nets/scribble=drawn:lines.png:0.8
      led by drawn lines that a ControlNet reads; `scumble prepare` shows what it sees
  scumble models list
      models that can be got, and those that are here; `scumble models pull sdxs` gets one
  scumble live --script tests/recordings/landscape.json --out out/demo
      replay a recorded painting in real time; frames, film strip, GIF and a table of times go to out/demo

Exit codes: 0 done, 1 failed (one sentence on standard error says why), 2 wrong usage.";

/// A layer that a diffusion model keeps re-rendering, live, from the painted layers below it.
#[derive(Parser)]
#[command(name = "scumble", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Tell what the engine does on standard error; -vv tells everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Subcommand)]
pub enum Command {
    Render(RenderArgs),
    Prepare(PrepareArgs),
    Live(LiveArgs),
    Info(InfoArgs),
    Devices(DevicesArgs),
    Models(ModelsArgs),
    Runtime(RuntimeArgs),
}

/// Render one picture from paint and words
#[derive(Args)]
#[command(after_help = "\
8-bit pictures come back with 8 bits, 16-bit ones with 16, upright and in sRGB: a colour profile in the input is
heeded. The output appears when it is complete; a failure
leaves an older file of that name as it was. Same paint, settings, seed and model: same picture.")]
pub struct RenderArgs {
    /// The paint: a PNG, JPEG, WebP or TIFF, of 8 or 16 bits
    #[arg(short, long, value_name = "PICTURE")]
    pub input: PathBuf,
    /// What the picture shows
    #[arg(short, long, value_name = "TEXT")]
    pub prompt: String,
    /// Where the picture goes (PNG)
    #[arg(short, long, value_name = "PNG")]
    pub output: PathBuf,
    /// Gray picture of the input's size: white is rendered, black keeps the paint's exact pixels; or strokes on
    /// transparency
    #[arg(long, value_name = "PICTURE")]
    pub mask: Option<PathBuf>,
    /// Over how many pixels the mask's edge fades inwards, 0 to 1024 [default: 8]
    #[arg(long, value_name = "PIXELS", requires = "mask")]
    #[arg(value_parser = |s: &str| parse_setting::<u32>("mask_softness", s))]
    pub mask_softness: Option<u32>,
    /// Steer by a picture of the input's size that a ControlNet reads: its folder (or .onnx file; none where the model reads a
    /// control picture itself), the picture, how much it says (0 to 10) and the part of the steps in which it does (0 to 1). HOW is what is made of the picture first, as
    /// `scumble prepare` tells: drawn, lines, canny, blur, depth,
    /// soft-edges, pose or as-is. MODEL=inpaint[:SCALE...] is one for inpainting, which is shown the paint around --mask.
    /// May be given several times
    #[arg(long, value_name = "[MODEL]=[HOW:]PICTURE[:SCALE[:START[:END]]]", value_parser = steering::parse_control)]
    pub control: Vec<Control>,
    #[command(flatten)]
    pub loras: LoraArgs,
    /// Let other words hold in a part of the picture: a picture of the input's size, white there and grey where it is to be
    /// soft, the words, below 1, how much of what lies beneath they leave (0 to 10), and the part of the steps in which they hold
    /// (0 to 1). May be given several times: a later one lies over those before it, as paint does
    #[arg(long, value_name = "MASK=TEXT[:WEIGHT[:START[:END]]]", value_parser = steering::parse_region)]
    pub region: Vec<Region>,
    /// Take over style, layout and subject of a picture of any size, how much of it (0 to 10) and in which part of the steps (0
    /// to 1), if the model looks at such pictures; of style:PICTURE or layout:PICTURE that alone, if the model tells them apart.
    /// May be given several times
    #[arg(long, value_name = "[WHAT:]PICTURE[:SCALE[:START[:END]]]", value_parser = steering::parse_reference)]
    pub reference: Vec<Reference>,
    /// Noise instead of the seed's: float32 [draws, channels, height, width] of the latent, in the order in which
    /// diffusers draws; for comparing with other implementations: steps are whole then, and brackets in prompts letters
    #[arg(long, value_name = "NPY", conflicts_with = "seed")]
    pub noise: Option<PathBuf>,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Write what a ControlNet is shown of a picture
#[derive(Args)]
#[command(after_help = "\
  as-is  the picture; what is transparent is black
  drawn  drawn lines, of any colour, on paper or on transparency: white on black
  lines  the lines that somebody would draw of a painting or photograph: white on black
  canny  the edges that Canny's detector finds: white on black
  blur   the picture, blurred, for nets that make detail (tile)
  depth  how far away things are, white is near, as a network sees it (`scumble models list` has some)
  soft-edges  edges, strong and weak, white on black, as a network sees them (so, too)
  pose  how people stand, drawn in OpenPose's colours on black, as a network sees them (so, too)
Lines and edges are those of the size at which the model sees the picture: --side says which.")]
pub struct PrepareArgs {
    /// What is made of the picture: as-is, drawn, lines, canny, blur, depth, soft-edges or pose
    #[arg(long = "as", value_name = "HOW", value_parser = steering::parse_shown)]
    pub how: Prepare,
    /// The picture: a PNG, JPEG, WebP or TIFF, of 8 or 16 bits
    #[arg(short, long, value_name = "PICTURE")]
    pub input: PathBuf,
    /// For depth, soft edges and poses: the network's folder or .onnx file, or the name of one that was got [default: that which was
    /// got, or lies in annotators/depth (soft-edges, pose) of Scumble's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub annotator: Option<PathBuf>,
    /// Where the prepared picture goes (PNG)
    #[arg(short, long, value_name = "PNG")]
    pub output: PathBuf,
    /// The longer side of what the model sees, 16 to 16384 [default: the picture's]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=16384))]
    pub side: Option<u32>,
}

/// Replay a recorded painting in real time and watch the live layer follow
#[derive(Args)]
#[command(after_help = "\
Into DIR go: frames/NNNN.png (each frame that was shown), strip.png (painting above, live layer below, at the
recording's marks), live.gif (painting | live layer), paint.png and live.png (how it ended), report.json.
What the replay before has left there is taken away, which scumble-live.txt tells; a DIR that has files of these names from
elsewhere is refused.
Settings given here replace those that the recording begins with; what it changes on the way it still changes.")]
pub struct LiveArgs {
    /// The recording: scumble-recording JSON, see tests/recordings
    #[arg(short, long, value_name = "JSON")]
    pub script: PathBuf,
    /// Folder for what comes out; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// 2 = the hand paints twice as fast as it was recorded
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = parse_speed)]
    pub speed: f64,
    /// When estimates are shown: off, when a job gives way to newer paint, or after each step [default: the
    /// library's]
    #[arg(long, value_name = "WHEN")]
    pub preview: Option<Preview>,
    /// Write at most N of the shown frames, evenly spread; 0 = none [default: all]
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// How long the first picture, and the last one after the hand has ended, may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(..=604_800))]
    pub patience: u64,
    /// Print the report as JSON instead of the table
    #[arg(long)]
    pub json: bool,
    /// Steer by a picture of the recording's size that a ControlNet reads, as with `scumble render`
    #[arg(long, value_name = "[MODEL]=[HOW:]PICTURE[:SCALE[:START[:END]]]", value_parser = steering::parse_control)]
    pub control: Vec<Control>,
    #[command(flatten)]
    pub loras: LoraArgs,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Tell the version, the ONNX Runtime and devices found, and about the model
#[derive(Args)]
#[command(after_help = "Exit code 1 if anything that rendering needs is missing.")]
pub struct InfoArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// List what models can run on: processor, graphics cards, and what is missing for those that cannot be used
#[derive(Args)]
#[command(after_help = "\
Each device is tried out, which takes a moment. docs/devices.md says how to set one up.")]
pub struct DevicesArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// ONNX Runtime's library, or a folder with it [default: searched; see `scumble info`]
    #[arg(long, value_name = "PATH")]
    pub runtime: Option<PathBuf>,
}

/// What is added to the model.
#[derive(Args, Debug, Clone, Default)]
pub struct LoraArgs {
    /// Add what a LoRA's .safetensors file has learnt to the model, and how much of it (-10 to 10, 0 is none): to the U-Net,
    /// and to the text encoders, if that is not to be the same; and the part of the steps in which the U-Net has it (0 to 1). May be
    /// given several times
    #[arg(long, value_name = "FILE[:SCALE[:TEXT_SCALE[:START[:END]]]]", value_parser = steering::parse_lora)]
    pub lora: Vec<Lora>,
    /// Where the LoRAs lie that the prompt names: <lora:NAME:0.8>, or <lora:NAME:1:0.8> with the text encoders' number first
    /// [default: loras beside the folder of models that were got]
    #[arg(long, value_name = "DIR")]
    pub lora_folder: Option<PathBuf>,
}

impl LoraArgs {
    /// Is the model to have some?
    pub fn are_expected(&self) -> bool {
        !self.lora.is_empty() || self.lora_folder.is_some()
    }
}

/// What the model is told; left out, the model's own value is used.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// What the picture must not show; works while guidance is above 1, and not on models
    /// with guidance built in (LCM)
    #[arg(long, value_name = "TEXT")]
    pub negative: Option<String>,
    /// 0 = the paint itself, 1 = the paint says nothing; every strength has its own picture [default: the model's]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    #[arg(value_parser = |s: &str| parse_setting::<f32>("strength", s))]
    pub strength: Option<f32>,
    /// Denoising steps, 1 to 200 [default: the model's]
    #[arg(long, value_name = "N", value_parser = |s: &str| parse_setting::<u32>("steps", s))]
    pub steps: Option<u32>,
    /// How strictly the words are followed, 0 to 100; up to 1 is off [default: the model's]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    #[arg(value_parser = |s: &str| parse_setting::<f32>("guidance", s))]
    pub guidance: Option<f32>,
    /// Of models that change the paint as they are told (InstructPix2Pix): how closely they keep to it, 1 to 20 [default: the
    /// model's]
    #[arg(long, value_name = "F", value_parser = |s: &str| parse_setting::<f32>("paint_guidance", s))]
    pub paint_guidance: Option<f32>,
    /// Another number, another picture [default: 0, or the recording's]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Side of the square whose area is rendered, 64 to 4096 [default: the model's native size]
    #[arg(long, value_name = "PIXELS", value_parser = |s: &str| parse_setting::<u32>("resolution", s))]
    pub resolution: Option<u32>,
    /// What shows through transparent paint [default: #ffffff, or the recording's]
    #[arg(long, value_name = "#RRGGBB", value_parser = parse_colour)]
    pub paper: Option<[u8; 3]>,
    /// Alpha of the result: opaque, or that of the paint [default: opaque]
    #[arg(long)]
    pub alpha: Option<Alpha>,
}

/// What runs the model.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Folder of a model in diffusers' ONNX layout, or the name of one that `scumble models` has got [default: the model
    /// that comes with Scumble]
    #[arg(short, long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// auto, cpu, webgpu, cuda, tensorrt-rtx, openvino, directml, coreml or migraphx; a second card as cuda:1; see
    /// `scumble devices` [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Threads for one operator of the model [default: physical cores less one]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    #[arg(long, value_name = "NAME")]
    #[arg(help = format!("Sampler instead of the model's: {}", scumble::pipeline::scheduler::names()))]
    pub scheduler: Option<String>,
    /// ONNX Runtime's library, or a folder with it [default: searched; see `scumble info`]
    #[arg(long, value_name = "PATH")]
    pub runtime: Option<PathBuf>,
    /// Run the model in a process of its own, scumble-worker, which is found beside the library
    #[arg(long)]
    pub worker: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpha {
    Opaque,
    Follow,
}

/// Least and most of one of the library's settings.
pub fn range_of(setting: &str) -> (f64, f64) {
    let found = scumble::job::RANGES.iter().find(|range| range.name == setting);
    found.map_or((f64::NEG_INFINITY, f64::INFINITY), |range| (range.least, range.most))
}

/// A value of one of the library's settings.
fn parse_setting<T: FromStr + Copy + Into<f64>>(setting: &str, text: &str) -> Result<T, String> {
    let (least, most) = range_of(setting);
    match text.parse::<T>() {
        Ok(number) if (least..=most).contains(&number.into()) => Ok(number),
        _ => Err(format!("give a number from {least} to {most}")),
    }
}

fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.05..=100.0).contains(&number) => Ok(number),
        _ => Err("give a number from 0.05 to 100".into()),
    }
}

/// `#rrggbb`, as in the recordings.
pub fn parse_colour(text: &str) -> Result<[u8; 3], String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let number =
        u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6 && !digits.starts_with('+'));
    match number {
        Some(number) => Ok([(number >> 16) as u8, (number >> 8) as u8, number as u8]),
        None => Err(format!("\"{text}\" is not a colour; write it like #c08040")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_tells_the_librarys_ranges() {
        use clap::CommandFactory;
        let command = Cli::command();
        let render = command.find_subcommand("render").unwrap();
        for setting in ["steps", "guidance", "paint_guidance", "resolution", "mask_softness"] {
            let help =
                render.get_arguments().find(|arg| arg.get_id() == setting).unwrap().get_help().unwrap();
            let (least, most) = range_of(setting);
            assert!(help.to_string().contains(&format!("{least} to {most}")), "{setting}: {help}");
            let (below, within) = (format!("{}", least - 1.0), format!("{most}"));
            assert!(parse_setting::<f32>(setting, &below).is_err());
            assert!(parse_setting::<f32>(setting, &within).is_ok());
        }
        assert_eq!(range_of("strength"), (0.0, 1.0));
    }

    #[test]
    fn the_help_names_all_that_can_be_chosen() {
        use clap::CommandFactory;
        let command = Cli::command();
        let named = |command: &clap::Command, id: &str, names: &[&str]| {
            let arg = command.get_arguments().find(|arg| arg.get_id() == id).unwrap();
            let help = arg.get_help().unwrap().to_string();
            let words: Vec<&str> = help.split(|c: char| c.is_whitespace() || ",;:.".contains(c)).collect();
            for name in names {
                assert!(words.contains(name), "{id} has {name}: {help}");
            }
        };
        let [render, prepare] = ["render", "prepare"].map(|name| command.find_subcommand(name).unwrap());
        let samplers = scumble::pipeline::scheduler::list();
        let plain: Vec<&str> =
            samplers.iter().map(String::as_str).filter(|name| !name.ends_with("_karras")).collect();
        assert!(plain.contains(&"dpm++_single_sde"));
        named(render, "scheduler", &plain);
        named(render, "device", &scumble::models::device::Kind::ALL.map(|kind| kind.name()));
        let made: Vec<&str> =
            Prepare::ALL.into_iter().filter(|how| *how != Prepare::Inpaint).map(Prepare::name).collect();
        named(render, "control", &made);
        named(prepare, "how", &made);
        let table = prepare.get_after_help().unwrap().to_string();
        assert!(made.iter().all(|how| table.lines().any(|line| line.trim_start().starts_with(how))));
    }

    #[test]
    fn colours_are_read_and_slips_refused() {
        assert_eq!(parse_colour("#c08040"), Ok([0xc0, 0x80, 0x40]));
        assert_eq!(parse_colour("FFffff"), Ok([255; 3]));
        for wrong in ["", "#", "#fff", "#1234567", "red", "#+12345"] {
            assert!(parse_colour(wrong).is_err(), "{wrong}");
        }
    }
}
