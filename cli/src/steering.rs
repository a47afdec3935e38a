//! What `scumble render` and `scumble live` steer a picture by, besides paint and words.

use std::path::{Path, PathBuf};

use scumble::conditions::MOST;
use scumble::lora_words;

use crate::args::{LiveArgs, LoraArgs, RenderArgs};
use crate::failure::{Done, Failure};
use crate::host::{self, Layer};
use crate::recording::Recording;
use crate::stills::{self, Still};
use scumble::prepare::Prepare;
use scumble::render::Aspect;
use scumble::steps::StepRange;

/// All that was asked for, with its pictures.
pub struct Steering<'a> {
    controls: Vec<(&'a Control, Option<Still>)>,
    loras: &'a [Lora],
    regions: Vec<(&'a Region, Still)>,
    references: Vec<(&'a Reference, Still)>,
}

impl<'a> Steering<'a> {
    /// Of one picture.
    ///
    /// # Errors
    /// For too many, and for a picture that cannot be read, or that is to be as large as the paint and is not.
    pub fn read(args: &'a RenderArgs, paint: &Still) -> Done<Self> {
        let RenderArgs { control, loras, region, reference, .. } = args;
        check_count(control.len() + loras.lora.len() + region.len() + reference.len())?;
        let size = (paint.width, paint.height);
        let mask = |path| of_canvas("region's mask", path, size, "input");
        let regions = args.region.iter().map(|own| Ok((own, mask(&own.mask)?)));
        let references = args.reference.iter().map(|own| Ok((own, stills::read(&own.picture)?)));
        args.loras.check_those_in(&args.prompt)?;
        Ok(Steering {
            controls: with_pictures(control, size, "input")?,
            loras: &args.loras.lora,
            regions: regions.collect::<Done<_>>()?,
            references: references.collect::<Done<_>>()?,
        })
    }

    /// Of a replay, by what `scumble live` has.
    ///
    /// # Errors
    /// As [`Steering::read`].
    pub fn of_replay(args: &'a LiveArgs, recording: &Recording) -> Done<Self> {
        let (loras, size) = (&args.loras, recording.canvas);
        check_count(args.control.len() + loras.lora.len())?;
        for prompt in recording.prompts().chain([recording.settings.prompt.as_str()]) {
            loras.check_those_in(prompt)?;
        }
        Ok(Steering {
            controls: with_pictures(&args.control, (size.width, size.height), "recording")?,
            loras: &loras.lora,
            regions: Vec::new(),
            references: Vec::new(),
        })
    }

    /// Sets all of it.
    ///
    /// # Errors
    /// What the library tells.
    pub fn steer(&self, layer: &mut Layer) -> Done {
        let mut numbers = 0..;
        let mut number = || numbers.next().unwrap_or_default();
        for (control, picture) in &self.controls {
            layer.set_control(number(), &control.of_host(), picture.as_ref().map(Still::canvas))?;
        }
        for lora in self.loras {
            layer.set_lora(number(), &lora.of_host())?;
        }
        for ((Region { prompt, weight, steps, .. }, mask), rank) in self.regions.iter().zip(1..) {
            let region = host::Region { prompt, weight: *weight, rank, steps: *steps };
            layer.set_region(number(), &region, mask.canvas())?;
        }
        for (Reference { scale, aspect, steps, .. }, picture) in &self.references {
            let reference = host::Reference { scale: *scale, aspect: *aspect, steps: *steps };
            layer.set_reference(number(), &reference, picture.canvas())?;
        }
        Ok(())
    }
}

/// Whether a layer takes so many pictures and LoRAs, before the model is loaded.
///
/// # Errors
/// Wrong usage.
fn check_count(count: usize) -> Done {
    if count <= MOST {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "A picture is steered by {MOST} pictures and LoRAs at most; these are {count}."
    )))
}

/// The controls with their pictures, where they have one of their own: as large as the `input`, or what it is called.
fn with_pictures<'a>(
    controls: &'a [Control],
    size: (u32, u32),
    input: &str,
) -> Done<Vec<(&'a Control, Option<Still>)>> {
    let read = |picture: &PathBuf| of_canvas("control picture", picture, size, input);
    controls.iter().map(|own| Ok((own, own.picture.as_ref().map(read).transpose()?))).collect()
}

fn of_canvas(what: &str, path: &Path, size: (u32, u32), input: &str) -> Done<Still> {
    let picture = stills::read(path)?;
    stills::check_size(what, path, (picture.width, picture.height), size, input)?;
    Ok(picture)
}

/// A `--control`.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    pub model: PathBuf,
    /// None with [`Prepare::Inpaint`].
    pub picture: Option<PathBuf>,
    pub scale: f32,
    pub steps: StepRange,
    pub prepare: Prepare,
}

impl Control {
    fn of_host(&self) -> host::Control<'_> {
        let Control { model, scale, steps, prepare, .. } = self;
        host::Control { model, scale: *scale, steps: *steps, prepare: *prepare }
    }
}

/// `[MODEL]=[HOW:]PICTURE[:SCALE[:START[:END]]]`; colons that no number follows and no preparation precedes belong to the
/// picture's path. Without MODEL it is the control that the model's own network reads; `inpaint` stands in the place of a picture.
pub fn parse_control(text: &str) -> Result<Control, String> {
    const FORM: &str = "write it as MODEL=PICTURE, MODEL=drawn:PICTURE, MODEL=drawn:PICTURE:0.8:0:0.5 or MODEL=inpaint:0.8:0:0.5";
    let (model, rest) = text.split_once('=').ok_or(FORM)?;
    let named = rest.split_once(':').and_then(|(how, rest)| Some((Prepare::named(how)?, rest)));
    let (prepare, (picture, numbers)) = match named {
        _ if with_numbers(rest, 3).0 == Prepare::Inpaint.name() => (Prepare::Inpaint, with_numbers(rest, 3)),
        Some((Prepare::Inpaint, _)) => return Err(FORM.into()),
        Some((how, picture)) => (how, with_numbers(picture, 3)),
        None => (Prepare::AsIs, with_numbers(rest, 3)),
    };
    if picture.is_empty() {
        return Err(FORM.into());
    }
    let picture = (prepare != Prepare::Inpaint).then(|| picture.into());
    let (scale, steps) = (number(&numbers, 0, "the scale", (1.0, 10.0))?, part_of_steps(&numbers, 1)?);
    Ok(Control { model: model.into(), picture, scale, steps, prepare })
}

/// One of the numbers behind a path, from 0 to the most; where it is not given, the first of the two.
fn number(numbers: &[f32], at: usize, name: &str, (initial, most): (f32, f32)) -> Result<f32, String> {
    match numbers.get(at) {
        None => Ok(initial),
        Some(value) if (0.0..=most).contains(value) => Ok(*value),
        Some(_) => Err(format!("give {name} as a number from 0 to {most}")),
    }
}

/// The part of the steps in which something acts: two of the numbers behind a path.
fn part_of_steps(numbers: &[f32], at: usize) -> Result<StepRange, String> {
    let start = number(numbers, at, "the start", (0.0, 1.0))?;
    Ok(StepRange { start, end: number(numbers, at + 1, "the end", (1.0, 1.0))? })
}

/// What is made of a picture, by its name: one of [`Prepare`] but [`Prepare::Inpaint`].
pub fn parse_shown(text: &str) -> Result<Prepare, String> {
    let of_pictures = || Prepare::ALL.into_iter().filter(|how| *how != Prepare::Inpaint);
    let named = of_pictures().find(|how| how.name() == text);
    named.ok_or_else(|| {
        format!("give one of {}", of_pictures().map(Prepare::name).collect::<Vec<_>>().join(", "))
    })
}

/// A `--region`.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub mask: PathBuf,
    pub prompt: String,
    pub weight: f32,
    pub steps: StepRange,
}

/// `MASK=TEXT[:WEIGHT[:START[:END]]]`; colons that no number follows belong to the text.
pub fn parse_region(text: &str) -> Result<Region, String> {
    let form = || "write it as MASK=TEXT or MASK=TEXT:0.8".to_owned();
    let (mask, rest) = text.split_once('=').filter(|(mask, _)| !mask.is_empty()).ok_or_else(form)?;
    let (prompt, numbers) = with_numbers(rest, 3);
    let (weight, steps) = (number(&numbers, 0, "the weight", (1.0, 10.0))?, part_of_steps(&numbers, 1)?);
    Ok(Region { mask: mask.into(), prompt: prompt.to_owned(), weight, steps })
}

/// A `--lora`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lora {
    pub file: PathBuf,
    pub scale: f32,
    pub text: f32,
    pub steps: StepRange,
}

impl Lora {
    fn of_host(&self) -> host::Lora<'_> {
        host::Lora { file: &self.file, scale: self.scale, text: self.text, steps: self.steps }
    }
}

impl LoraArgs {
    /// Whether there are the LoRAs that a prompt names, before anything is loaded.
    ///
    /// # Errors
    /// As [`lora_words::taken_out`].
    fn check_those_in(&self, prompt: &str) -> Done {
        match lora_words::taken_out(prompt, self.lora_folder.as_deref()) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::failed(error.message)),
        }
    }
}

/// `FILE[:SCALE[:TEXT_SCALE[:START[:END]]]]`; colons that no number follows belong to the path.
pub fn parse_lora(text: &str) -> Result<Lora, String> {
    let (file, numbers) = with_numbers(text, 4);
    if file.is_empty() {
        return Err("write it as FILE or FILE:0.8".into());
    }
    if numbers.iter().take(2).any(|number| !(-10.0..=10.0).contains(number)) {
        return Err("give its scale as a number from -10 to 10".into());
    }
    let scale = numbers.first().copied().unwrap_or(1.0);
    let (text, steps) = (numbers.get(1).copied().unwrap_or(scale), part_of_steps(&numbers, 2)?);
    Ok(Lora { file: file.into(), scale, text, steps })
}

/// A `--reference`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub picture: PathBuf,
    pub scale: f32,
    pub aspect: Aspect,
    pub steps: StepRange,
}

/// `[WHAT:]PICTURE[:SCALE[:START[:END]]]`; colons that no number follows and no aspect precedes belong to the path.
pub fn parse_reference(text: &str) -> Result<Reference, String> {
    let aspect = |name: &str| Aspect::ALL.into_iter().find(|aspect| aspect.name() == name);
    let named = text.split_once(':').and_then(|(name, rest)| Some((aspect(name)?, rest)));
    let (aspect, text) = named.unwrap_or((Aspect::All, text));
    let (picture, numbers) = with_numbers(text, 3);
    if picture.is_empty() {
        return Err("write it as PICTURE, PICTURE:0.6, style:PICTURE or layout:PICTURE".into());
    }
    let (scale, steps) = (number(&numbers, 0, "the scale", (1.0, 10.0))?, part_of_steps(&numbers, 1)?);
    Ok(Reference { picture: picture.into(), scale, aspect, steps })
}

/// A path and up to so many numbers behind it, each after a colon.
fn with_numbers(text: &str, most: usize) -> (&str, Vec<f32>) {
    let (mut path, mut numbers) = (text, Vec::new());
    while numbers.len() < most
        && let Some((before, number)) = path.rsplit_once(':')
        && let Ok(number) = number.parse()
    {
        path = before;
        numbers.insert(0, number);
    }
    (path, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_has_up_to_three_numbers_and_paths_may_have_colons() {
        let read =
            |text| parse_control(text).map(|c| (c.model, c.picture, c.scale, c.steps.start, c.steps.end));
        let said = |model: &str, picture: &str, scale, start, end| {
            Ok((PathBuf::from(model), Some(PathBuf::from(picture)), scale, start, end))
        };
        assert_eq!(read("nets/lines=a.png"), said("nets/lines", "a.png", 1.0, 0.0, 1.0));
        assert_eq!(read("n=a.png:0.5"), said("n", "a.png", 0.5, 0.0, 1.0));
        assert_eq!(read("n=a:b.png:0.5:0.25:0.75"), said("n", "a:b.png", 0.5, 0.25, 0.75));
        assert_eq!(read("n=1:2:0.5:0.25:0.75"), said("n", "1:2", 0.5, 0.25, 0.75));
        assert_eq!(read("=a.png:0.5"), said("", "a.png", 0.5, 0.0, 1.0));
        for wrong in ["", "a.png", "=", "=:0.5", "n=", "n=:0.5", "n=a:11", "n=a:nan", "n=a:1:2", "n=a:1:0:-1"]
        {
            assert!(parse_control(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_preparation_stands_before_the_picture() {
        let read = |text| parse_control(text).map(|c| (c.prepare, c.picture.unwrap_or_default(), c.scale));
        assert_eq!(read("n=drawn:a.png:0.5"), Ok((Prepare::Drawn, "a.png".into(), 0.5)));
        assert_eq!(read("n=as-is:canny:a.png"), Ok((Prepare::AsIs, "canny:a.png".into(), 1.0)));
        assert_eq!(read("n=lines"), Ok((Prepare::AsIs, "lines".into(), 1.0)), "a picture of that name");
        assert_eq!(read("n=c:/a.png"), Ok((Prepare::AsIs, "c:/a.png".into(), 1.0)));
        for how in Prepare::ALL {
            assert_eq!(Prepare::named(how.name()), Some(how));
            assert_eq!(parse_shown(how.name()).ok(), (how != Prepare::Inpaint).then_some(how));
        }
        for (text, scale) in [("n=inpaint", 1.0), ("n=inpaint:0.5", 0.5), ("n=inpaint:0.5:0:0.75", 0.5)] {
            let control = parse_control(text).unwrap();
            assert_eq!((control.prepare, control.picture, control.scale), (Prepare::Inpaint, None, scale));
        }
        assert_eq!(read("n=as-is:inpaint"), Ok((Prepare::AsIs, "inpaint".into(), 1.0)));
        assert!(parse_control("n=inpaint:a.png").is_err(), "it has no picture");
        assert!(parse_shown("Drawn").is_err() && parse_control("n=drawn:").is_err());
    }

    #[test]
    fn a_regions_words_may_have_colons_and_equals_signs() {
        let read = |text| parse_region(text).map(|region| (region.mask, region.prompt, region.weight));
        let part = |text| parse_region(text).map(|region| (region.prompt, region.steps));
        let second = StepRange { start: 0.5, end: 1.0 };
        assert_eq!(part("a.png=ships:1:0.5"), Ok(("ships".into(), second)));
        assert_eq!(
            part("a.png=at 10:30:1:0.5:1"),
            Ok(("at 10:30".into(), second)),
            "what stands before three numbers"
        );
        assert_eq!(read("a.png=ships"), Ok(("a.png".into(), "ships".into(), 1.0)));
        assert_eq!(read("a.png=night: x=1:0.5"), Ok(("a.png".into(), "night: x=1".into(), 0.5)));
        assert_eq!(read("a.png="), Ok(("a.png".into(), String::new(), 1.0)));
        for wrong in ["", "ships", "=ships", "a=ships:11", "a=ships:-1", "a=ships:1:2", "a=ships:1:0:nan"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_loras_scale_is_that_of_its_text_too_unless_it_is_given() {
        let read = |text| parse_lora(text).map(|lora| (lora.file, lora.scale, lora.text));
        assert_eq!(read("a.safetensors"), Ok(("a.safetensors".into(), 1.0, 1.0)));
        assert_eq!(read("a:b:-0.5"), Ok(("a:b".into(), -0.5, -0.5)));
        assert_eq!(read("a:0.7:0"), Ok(("a".into(), 0.7, 0.0)));
        let part = parse_lora("a:-0.7:0:0:0.5").map(|lora| (lora.scale, lora.text, lora.steps));
        assert_eq!(part, Ok((-0.7, 0.0, StepRange { start: 0.0, end: 0.5 })));
        for wrong in ["", ":1", "a:11", "a:1:nan", "a:inf", "a:1:1:-1", "a:1:1:0:2"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reference_has_a_scale_or_1() {
        let read = |text| parse_reference(text).map(|reference| (reference.picture, reference.scale));
        let aspect = |text| {
            parse_reference(text).map(|reference| (reference.aspect, reference.picture, reference.scale))
        };
        assert_eq!(aspect("style:c:/a.png:0.6"), Ok((Aspect::Style, "c:/a.png".into(), 0.6)));
        assert_eq!(aspect("layout:a.png"), Ok((Aspect::Layout, "a.png".into(), 1.0)));
        assert_eq!(aspect("all:style:a.png"), Ok((Aspect::All, "style:a.png".into(), 1.0)));
        assert_eq!(aspect("style"), Ok((Aspect::All, "style".into(), 1.0)), "a picture of that name");
        assert_eq!(read("mood.png"), Ok(("mood.png".into(), 1.0)));
        assert_eq!(read("c:/mood.png:0.6"), Ok(("c:/mood.png".into(), 0.6)));
        let part = |text| parse_reference(text).map(|reference| reference.steps);
        assert_eq!(part("mood.png:0.6"), Ok(StepRange::ALL));
        assert_eq!(part("mood.png:0.6:0.25:0.75"), Ok(StepRange { start: 0.25, end: 0.75 }));
        for wrong in ["", ":1", "a:11", "a:-1", "a:nan", "a:1:2", "a:1:0:-1", "style:"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
