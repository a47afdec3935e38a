//! What `scumble render` steers by, as somebody gives it: pictures, nets, LoRAs, regions.

mod common;

use std::path::Path;
use std::process::Command;

use image::{ImageBuffer, Rgb, Rgba};

use common::*;

/// A model, net or file of `models/tiny`.
fn at(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny").join(name).to_str().unwrap().to_owned()
}

/// `scumble render` of a lake in two steps, and what it steers by.
fn a_lake<'a>(model: &'a str, input: &'a str, output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["render", "-i", input, "-p", "a lake", "-o", output, "-m", model, "--steps", "2"];
    [&fixed, more].concat()
}

#[test]
fn control_pictures_steer_and_what_is_wrong_with_them_is_told() {
    let scratch = Scratch::new("control");
    let input = scratch.rgb("in.png", 64, 64);
    let (lines, small) = (scratch.file("lines.png"), scratch.rgb("small.png", 32, 32));
    let drawn = |x: u32, y: u32| Rgb([if (x + 2 * y) % 23 < 3 { 255u8 } else { 0 }; 3]);
    ImageBuffer::from_fn(64, 64, drawn).save(&lines).unwrap();
    let (model, net, out) = (at("sd15"), at("controls/sd15-lines"), scratch.file("out.png"));
    let rendered = |controls: &[&str]| {
        let controls: Vec<&str> = controls.iter().flat_map(|control| ["--control", control]).collect();
        succeed(&a_lake(&model, &input, &out, &controls));
        image::open(&out).unwrap().into_rgb8()
    };
    let full = format!("{net}={lines}");
    let (plain, led) = (rendered(&[]), rendered(&[&full]));
    assert_ne!(plain, led);
    assert_ne!(led, rendered(&[&full, &format!("{}={input}:0.5:0:0.5", at("controls/sd15-depth"))]));
    assert_eq!(led, rendered(&[&format!("{full}:1:0:1")]));
    assert_eq!(plain, rendered(&[&format!("{full}:0")]));
    succeed(&a_lake(&model, &input, &out, &["--worker", "--control", &full]));
    assert_eq!(led, image::open(&out).unwrap().into_rgb8(), "in a process of its own");
    for (code, model, control, told) in [
        (2, at("turbo"), full.clone(), "listens to ControlNets"),
        (1, at("sd15"), format!("{}={lines}", at("controls/xl-lines")), "another family"),
        (1, at("sd15"), format!("{net}={small}"), "make them equal"),
        (1, at("sd15"), format!("{net}={net}"), "Cannot read"),
        (1, at("sd15"), format!("{lines}={lines}"), "not an ONNX file"),
        (2, at("sd15"), format!("{net}={lines}:-1"), "from 0 to 10"),
        (2, at("sd15"), net.clone(), "MODEL=PICTURE"),
        (2, at("sd15"), format!("={lines}"), "no control of its own"),
    ] {
        let args = ["render", "-i", &input, "-p", "x", "-o", &out, "-m", &model, "--control", &control];
        let said = fail(code, &args);
        assert!(said.contains(told), "{control}: {said}");
    }
    let dark = scratch.file("dark.png");
    let ink = |x: u32, y: u32| Rgba([0, 0, 0, if (x + 2 * y) % 23 < 3 { 255u8 } else { 0 }]);
    ImageBuffer::from_fn(64, 64, ink).save(&dark).unwrap();
    assert_eq!(led, rendered(&[&format!("{net}=drawn:{dark}:1:0:1")]), "black strokes, turned over");
    let blank = scratch.file("blank.png");
    ImageBuffer::from_pixel(64, 64, Rgb([255u8; 3])).save(&blank).unwrap();
    let empty = format!("{net}=drawn:{blank}");
    let output = scumble(&a_lake(&model, &input, &out, &["--control", &empty]));
    assert!(output.status.success() && text(&output.stderr).contains("Nothing is drawn"));
    assert_eq!(plain, image::open(&out).unwrap().into_rgb8());
}

#[test]
fn what_a_controlnet_is_shown_can_be_looked_at() {
    let scratch = Scratch::new("prepare");
    let (input, out) = (scratch.file("in.png"), scratch.file("out.png"));
    let strokes = |x: u32, y: u32| Rgba([40u8, (y * 2) as u8, 200, if (x + y) % 16 < 5 { 255 } else { 0 }]);
    ImageBuffer::from_fn(120, 80, strokes).save(&input).unwrap();
    let shown = |how: &str, more: &[&str]| {
        let args = ["prepare", "--as", how, "-i", &input, "-o", &out];
        succeed(&[&args[..], more].concat());
        image::open(&out).unwrap().into_rgb8()
    };
    let mut seen = Vec::new();
    for how in ["as-is", "drawn", "lines", "canny", "blur"] {
        let picture = shown(how, &[]);
        assert_eq!(picture.dimensions(), (120, 80));
        assert!(picture.pixels().any(|pixel| pixel.0 != [0; 3]), "{how}");
        assert!(!seen.contains(&picture), "{how}");
        seen.push(picture);
    }
    assert_eq!(seen[1].get_pixel(14, 2).0, [255; 3], "what is painted on nothing is ink");
    assert_eq!(shown("canny", &["--side", "60"]).dimensions(), (60, 40));
    assert!(
        fail(2, &["prepare", "--as", "magic", "-i", &input, "-o", &out]).contains("give one of as-is, drawn")
    );
    assert!(fail(1, &["prepare", "--as", "drawn", "-i", "nowhere.png", "-o", &out]).contains("Cannot read"));
    let odd = scratch.rgb("odd.png", 1, 300);
    succeed(&["prepare", "--as", "lines", "-i", &odd, "-o", &out, "--side", "16"]);
    assert_eq!(image::open(&out).unwrap().into_rgb8().dimensions(), (1, 16));
}

/// With those of `models/tiny/annotators` as the user's, in a process of its own for the renderer.
#[test]
fn depth_and_soft_edges_are_made_by_the_users_annotators() {
    let scratch = Scratch::new("annotators");
    let input = scratch.rgb("in.png", 64, 64);
    let (photo, out) = (scratch.rgb("photo.png", 64, 64), scratch.file("out.png"));
    let home = scratch.0.join("data");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scumble"));
        command.args(args).env("XDG_DATA_HOME", &home).env("HOME", &home).env("LOCALAPPDATA", &home);
        command.output().unwrap()
    };
    let (model, net) = (at("sd15"), at("controls/sd15-depth"));
    let render = |control: &str| {
        let control = format!("{net}={control}{photo}");
        run(&a_lake(&model, &input, &out, &["--control", &control]))
    };
    let missing = render("depth:");
    let said = text(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1), "{said}");
    assert!(said.contains("annotators") && said.contains("depth is not there"), "{said}");
    for (how, id) in [("depth", "depth-anything-v2-small"), ("soft-edges", "hed"), ("pose", "trt-pose")] {
        let missing = run(&["prepare", "--as", how, "-i", &photo, "-o", &out]);
        let said = text(&missing.stderr);
        assert!(said.contains(&format!("get one with `scumble models pull {id}`")), "{how}: {said}");
    }
    let data =
        if cfg!(target_os = "macos") { home.join("Library/Application Support") } else { home.clone() };
    let folder = data.join("scumble/annotators");
    for file in [
        "depth/onnx/model.onnx",
        "depth/preprocessor_config.json",
        "soft-edges/model.onnx",
        "soft-edges/preprocessor_config.json",
    ] {
        let to = folder.join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(at(&format!("annotators/{file}")), to).unwrap();
    }
    let mut seen = Vec::new();
    for how in ["", "depth:", "soft-edges:"] {
        let output = render(how);
        assert!(output.status.success(), "{how}: {}", text(&output.stderr));
        let picture = image::open(&out).unwrap().into_rgb8();
        assert!(!seen.contains(&picture), "{how}");
        seen.push(picture);
    }
    let named = at("annotators/depth");
    for more in [&[][..], &["--annotator", &named]] {
        let output =
            run(&[&["prepare", "--as", "depth", "-i", &photo, "-o", &out, "--side", "40"], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let made = image::open(&out).unwrap().into_rgb8();
        assert_eq!(made.dimensions(), (40, 40));
        assert!(made.pixels().any(|p| p.0[0] > 200) && made.pixels().all(|p| p.0[0] == p.0[1]), "grey");
    }
}

/// As somebody has it who has unpacked an archive.
#[test]
#[cfg(target_os = "linux")]
fn the_runtime_beside_the_program_makes_annotated_pictures_too() {
    let scratch = Scratch::new("beside");
    let (photo, out) = (scratch.rgb("photo.png", 64, 64), scratch.file("out.png"));
    let program = scratch.0.join("scumble");
    std::fs::copy(env!("CARGO_BIN_EXE_scumble"), &program).unwrap();
    let runtime =
        std::path::PathBuf::from(std::env::var_os("ORT_DYLIB_PATH").expect("as the Makefile sets it"));
    std::os::unix::fs::symlink(&runtime, scratch.0.join(runtime.file_name().unwrap())).unwrap();
    let home = scratch.0.join("home");
    let mut command = Command::new(program);
    command.args([
        "prepare",
        "--as",
        "depth",
        "-i",
        &photo,
        "-o",
        &out,
        "--annotator",
        &at("annotators/depth"),
    ]);
    command.env_clear().envs([("HOME", &home), ("XDG_DATA_HOME", &home)]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(image::open(&out).unwrap().into_rgb8().pixels().any(|pixel| pixel.0[0] > 200));
}

#[test]
fn loras_change_the_picture_and_what_is_wrong_with_them_is_told() {
    let scratch = Scratch::new("lora");
    let input = scratch.rgb("in.png", 64, 64);
    let (model, out) = (at("sd15"), scratch.file("out.png"));
    let (kohya, peft) = (at("loras/sd15-kohya.safetensors"), at("loras/sd15-peft.safetensors"));
    let rendered = |more: &[&str]| {
        succeed(&a_lake(&model, &input, &out, more));
        image::open(&out).unwrap().into_rgb8()
    };
    let some = format!("{kohya}:0.7");
    let (plain, changed) = (rendered(&[]), rendered(&["--lora", &some]));
    assert_ne!(plain, changed);
    assert_eq!(changed, rendered(&["--lora", &format!("{kohya}:0.7:0.7")]));
    assert_eq!(changed, rendered(&["--lora", &format!("{kohya}:0.7:0.7:0:1")]));
    let half = rendered(&["--lora", &format!("{kohya}:0.7:0.7:0.5:1")]);
    assert!(half != changed && half != plain);
    assert_eq!(plain, rendered(&["--lora", &format!("{kohya}:0.7:0.7:0.75")]), "no step lies in it");
    assert_eq!(plain, rendered(&["--lora", &format!("{kohya}:0"), "--lora", "nowhere.safetensors:0"]));
    let both = ["--lora", &some, "--lora", &peft];
    let two = rendered(&both);
    assert_ne!(two, changed);
    assert_eq!(two, rendered(&[&both[..], &["--worker"]].concat()), "in a process of its own");
    let folder = at("loras");
    let named = |words: &str, code| {
        let args = ["render", "-i", &input, "-p", words, "-o", &out, "-m", &model, "--steps", "2"];
        let args = [&args[..], &["--lora-folder", &folder]].concat();
        match code {
            0 => succeed(&args),
            code => fail(code, &args),
        }
    };
    named("a lake <lora:sd15-kohya:0.7>", 0);
    assert_eq!(image::open(&out).unwrap().into_rgb8(), changed, "named in the prompt");
    let said = named("a lake <lora:nothing:0.7>", 1);
    assert!(said.contains("no nothing.safetensors in") && said.contains("sd15-peft"), "{said}");
    let text = scratch.file("text.safetensors");
    std::fs::write(&text, "no tensors at all, but some words").unwrap();
    let many: Vec<String> = (0..100).map(|_| kohya.clone()).collect();
    let many: Vec<&str> = many.iter().flat_map(|file| ["--lora", file]).collect();
    for (code, model, loras, told) in [
        (2, at("sd3"), vec!["--lora", &kohya], "take no LoRAs"),
        (1, at("xl"), vec!["--lora", &kohya], "does not fit this model"),
        (1, at("sd15"), vec!["--lora", "nowhere.safetensors"], "no such file"),
        (1, at("sd15"), vec!["--lora", &text], "text.safetensors cannot be used"),
        (2, at("sd15"), many, "32 pictures and LoRAs at most"),
        (2, at("sd15"), vec!["--lora", "a:12"], "from -10 to 10"),
        (2, at("sd15"), vec!["--lora", "a:1:1:2"], "the start as a number from 0 to 1"),
    ] {
        let args = ["render", "-i", &input, "-p", "x", "-o", &out, "-m", &model];
        let said = fail(code, &[&args[..], &loras].concat());
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn a_regions_words_change_its_part_of_the_picture_and_nothing_else() {
    let scratch = Scratch::new("region");
    let input = scratch.rgb("in.png", 64, 64);
    let (mask, small) = (scratch.file("mask.png"), scratch.rgb("small.png", 32, 32));
    // Soft over 8 pixels.
    let soft = |x: u32, _: u32| Rgb([(40u32.saturating_sub(x) * 32).min(255) as u8; 3]);
    ImageBuffer::from_fn(64, 64, soft).save(&mask).unwrap();
    let (model, out) = (at("sd15"), scratch.file("out.png"));
    let rendered = |more: &[&str]| {
        succeed(&a_lake(&model, &input, &out, more));
        image::open(&out).unwrap().into_rgb8()
    };
    let (ships, castle) = (format!("{mask}=ships in the mist"), format!("{mask}=an old castle: night"));
    let pictures = [rendered(&[]), rendered(&["--region", &ships]), rendered(&["--region", &castle])];
    for (place, one) in pictures.iter().enumerate() {
        for other in &pictures[place + 1..] {
            let differs = one.enumerate_pixels().filter(|(x, y, pixel)| other.get_pixel(*x, *y) != *pixel);
            let (mut inside, mut beyond) = (0, 0);
            differs.for_each(|(x, ..)| *(if x < 40 { &mut inside } else { &mut beyond }) += 1);
            assert!(inside > 500 && beyond == 0, "{inside} pixels inside, {beyond} beyond");
        }
    }
    assert_eq!(pictures[0], rendered(&["--region", &format!("{ships}:0")]));
    assert_eq!(pictures[1], rendered(&["--region", &ships, "--worker"]), "in a process of its own");
    let part = ["--region", &format!("{ships}:1:0:0.5")];
    let half = rendered(&part);
    assert!(half != pictures[0] && half != pictures[1]);
    assert_eq!(half, rendered(&[&part[..], &["--worker"]].concat()), "in a process of its own");
    // The same mask, hard: a later one covers those before it.
    let hard = scratch.file("hard.png");
    ImageBuffer::from_fn(64, 64, |x, _| Rgb([if x < 40 { 255u8 } else { 0 }; 3])).save(&hard).unwrap();
    let [ships, castle] = ["ships", "an old castle"].map(|words| format!("{hard}={words}"));
    let alone = rendered(&["--region", &castle]);
    assert_eq!(alone, rendered(&["--region", &ships, "--region", &castle]));
    assert_ne!(alone, rendered(&["--region", &castle, "--region", &ships]));
    for (code, region, told) in [
        (1, format!("{small}=ships"), "make them equal"),
        (1, "nowhere.png=ships".to_owned(), "nowhere.png"),
        (2, mask.clone(), "MASK=TEXT"),
        (2, format!("{ships}:11"), "from 0 to 10"),
        (2, format!("{ships}:1:0:2"), "the end as a number from 0 to 1"),
    ] {
        let args = ["render", "-i", &input, "-p", "x", "-o", &out, "-m", &model, "--region", &region];
        let said = fail(code, &args);
        assert!(said.contains(told), "{region}: {said}");
    }
}

#[test]
fn references_of_any_size_change_the_picture_and_what_is_wrong_with_them_is_told() {
    let scratch = Scratch::new("reference");
    let input = scratch.rgb("in.png", 64, 64);
    let (one, narrow) = (scratch.rgb("one.png", 90, 41), scratch.rgb("narrow.png", 8, 90));
    let (model, out) = (at("klein"), scratch.file("out.png"));
    let rendered = |more: &[&str]| {
        succeed(&a_lake(&model, &input, &out, more));
        image::open(&out).unwrap().into_rgb8()
    };
    let (plain, seen) = (rendered(&[]), rendered(&["--reference", &one]));
    assert_ne!(plain, seen);
    assert_eq!(plain, rendered(&["--reference", &format!("{one}:0")]));
    // What the first step alone hears of so small a model's reference is less than a 255th in the end.
    assert_ne!(plain, rendered(&["--reference", &format!("{one}:1:0.5:1")]));
    assert_eq!(plain, rendered(&["--reference", &format!("{one}:1:0.3:0.7")]), "no step lies in it");
    let two = ["--reference", &one, "--reference", &input];
    assert_ne!(rendered(&two), seen);
    assert_eq!(rendered(&two), rendered(&[&two[..], &["--worker"]].concat()), "in a process of its own");
    for (code, model, reference, told) in [
        (2, at("klein"), narrow.as_str(), "too small or too narrow"),
        (2, at("flux-dev"), &one, "takes no reference pictures"),
        (1, at("klein"), "nowhere.png", "nowhere.png"),
        (2, at("klein"), "a.png:11", "from 0 to 10"),
    ] {
        let args = ["render", "-i", &input, "-p", "x", "-o", &out, "-m", &model, "--reference", reference];
        let said = fail(code, &args);
        assert!(said.contains(told), "{told}: {said}");
    }
}
