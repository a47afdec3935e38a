//! The command line as somebody runs it: the built program, the tiny models, files.

mod common;

use std::path::Path;
use std::process::Command;

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};
use serde_json::Value;

use common::*;

#[test]
fn help_teaches() {
    let help = succeed(&["--help"]);
    for word in ["render", "live", "info", "Examples:", "Exit codes:"] {
        assert!(help.contains(word), "{word}");
    }
    for command in ["render", "live", "info"] {
        let help = succeed(&[command, "--help"]);
        assert!(help.contains("--model") && help.contains("Usage: scumble"), "{help}");
    }
    assert_eq!(succeed(&["--version"]).trim(), concat!("scumble ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_process_of_its_own_renders_the_same_picture() {
    let scratch = Scratch::new("worker");
    let input = scratch.rgb("in.png", 96, 80);
    let (here, apart) = (scratch.file("here.png"), scratch.file("apart.png"));
    let worker = Path::new(env!("CARGO_BIN_EXE_scumble")).with_file_name("scumble-worker");
    assert!(worker.is_file(), "{} is not there; cargo build makes it", worker.display());
    rendered(&input, &here, &["--steps", "3"]);
    rendered(&input, &apart, &["--steps", "3", "--worker"]);
    assert_eq!(std::fs::read(here).unwrap(), std::fs::read(apart).unwrap());
}

#[test]
fn wrong_usage_is_told_with_code_2() {
    let scratch = Scratch::new("usage");
    let input = scratch.rgb("in.png", 64, 64);
    let output = scratch.file("out.png");
    for (args, told) in [
        (vec!["paint"], "unrecognized subcommand 'paint'"),
        (vec!["render"], "--input"),
        (vec!["live", "--script", "x.json"], "--out"),
        (vec!["info", "--frobnicate"], "--frobnicate"),
    ] {
        assert!(fail(2, &args).contains(told), "{args:?}");
    }
    for (more, told) in [
        (["--strength", "1.5"], "from 0 to 1"),
        (["--strength", "nan"], "from 0 to 1"),
        (["--steps", "0"], "1 to 200"),
        (["--guidance", "-1"], "from 0 to 100"),
        (["--seed", "x"], "--seed"),
        (["--paper", "red"], "is not a colour"),
        (["--alpha", "maybe"], "follow"),
        (["--resolution", "8"], "64 to 4096"),
        (["--device", "toaster"], "toaster"),
        (["--scheduler", "magic"], "magic"),
    ] {
        let mut args = render(&input, &output, &[]);
        // A device was given already: the later one would be a second.
        args.retain(|a| a != "--device" && a != "cpu");
        args.extend(more.map(str::to_owned));
        assert!(fail(2, &refs(&args)).contains(told), "{more:?}");
    }
    let jpeg = scratch.file("out.jpg");
    assert!(fail(2, &refs(&render(&input, &jpeg, &[]))).contains("end in .png"));
    assert!(scumble(&[]).status.code() == Some(2));
}

#[test]
fn what_fails_says_so_in_one_sentence_and_leaves_older_files_alone() {
    let scratch = Scratch::new("failures");
    let input = scratch.rgb("in.png", 64, 64);
    let output = scratch.write("out.png", "an older picture");
    let small = scratch.rgb("small.png", 32, 64);
    let words = scratch.write("words.png", "not a picture");
    let noise = scratch.file("noise.npy");
    write_npy(&noise, "<f8", "(2, 2)", &[0; 32]);
    let missing = scratch.file("missing");
    let away = scratch.file("missing/out.png");
    let cases: [(&str, &str, &[&str], &str); 8] = [
        (&missing, &output, &[], "Cannot read"),
        (&words, &output, &[], "Cannot read"),
        (&input, &away, &[], "there is no folder"),
        (&input, &output, &["--mask", &small], "make them equal"),
        (&input, &output, &["--mask", &missing], "Cannot read"),
        (&input, &output, &["--noise", &noise], "float32"),
        (&input, &output, &["--noise", &words], "Cannot read"),
        (&input, &output, &["--runtime", &missing], "make runtime"),
    ];
    for (input, output, more, told) in cases {
        let said = fail(1, &refs(&render(input, output, more)));
        assert!(said.contains(told), "{more:?}: {said}");
    }
    let mut args = render(&input, &output, &[]);
    *args.last_mut().unwrap() = missing.clone();
    assert!(fail(1, &refs(&args)).contains("missing"));
    let said = fail(2, &refs(&render(&input, &output, &["--scheduler", "lcm", "--steps", "150"])));
    assert!(said.contains("1 to 50 steps"), "{said}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "an older picture");
    let left: Vec<_> = std::fs::read_dir(&scratch.0).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 5, "no half-written file is left: {left:?}");
}

#[test]
fn a_picture_has_the_size_and_depth_of_the_paint() {
    let scratch = Scratch::new("sizes");
    let out = scratch.file("out.png");
    let picture = rendered(&scratch.rgb("rgb.png", 70, 45), &out, &[]);
    assert_eq!((picture.width(), picture.height(), picture.color()), (70, 45, image::ColorType::Rgb8));
    let deep = scratch.rgba16("deep.png", 64, 64);
    let picture = rendered(&deep, &out, &[]);
    assert_eq!((picture.width(), picture.height(), picture.color()), (64, 64, image::ColorType::Rgba16));
    assert!(picture.to_rgba16().pixels().all(|p| p.0[3] == 65535), "opaque unless asked");
    let picture = rendered(&deep, &out, &["--alpha", "follow", "--paper", "#204060"]).to_rgba16();
    let paint = image::open(&deep).unwrap().to_rgba16();
    assert!(picture.pixels().zip(paint.pixels()).all(|(a, b)| a.0[3] == b.0[3]));
}

#[test]
fn strength_0_is_the_paint_itself() {
    let scratch = Scratch::new("strength");
    let out = scratch.file("out.png");
    let input = scratch.rgb("rgb.png", 70, 45);
    assert_eq!(rendered(&input, &out, &["--strength", "0"]), image::open(&input).unwrap());
    let deep = scratch.rgba16("deep.png", 33, 65);
    assert_eq!(rendered(&deep, &out, &["--strength", "0"]), image::open(&deep).unwrap());
}

#[test]
fn outside_the_mask_every_byte_stays() {
    let scratch = Scratch::new("mask");
    let input = scratch.rgb("rgb.png", 96, 64);
    let mask = scratch.file("mask.png");
    let white = |x: u32, y: u32| (40..88).contains(&x) && (8..56).contains(&y);
    ImageBuffer::from_fn(96, 64, |x, y| Luma([if white(x, y) { 255u8 } else { 0 }])).save(&mask).unwrap();
    let picture = rendered(&input, &scratch.file("out.png"), &["--mask", &mask]).to_rgb8();
    let paint = image::open(&input).unwrap().to_rgb8();
    let mut changed = 0;
    for (x, y, pixel) in paint.enumerate_pixels() {
        let same = picture.get_pixel(x, y) == pixel;
        assert!(same || white(x, y), "{x} {y}");
        changed += u32::from(!same);
    }
    assert!(changed > 500, "inside there is a picture");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_another_picture() {
    let scratch = Scratch::new("seed");
    let input = scratch.rgb("rgb.png", 64, 64);
    let [one, two, three] = ["1.png", "2.png", "3.png"].map(|name| scratch.file(name));
    for (out, seed) in [(&one, "5"), (&two, "5"), (&three, "6")] {
        succeed(&refs(&render(&input, out, &["--seed", seed])));
    }
    let [one, two, three] = [one, two, three].map(|file| std::fs::read(file).unwrap());
    assert!(one == two);
    assert!(one != three);
}

fn write_npy(path: &str, kind: &str, shape: &str, bytes: &[u8]) {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    std::fs::write(path, [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()).unwrap();
}

#[test]
fn given_noise_is_used_and_the_wrong_shape_refused() {
    let scratch = Scratch::new("noise");
    let input = scratch.rgb("rgb.png", 64, 64);
    let noise = scratch.file("noise.npy");
    let out = scratch.file("out.png");
    let seeded = rendered(&input, &out, &[]);
    // The tiny model's latent: which cells it has is found out from its refusal of another shape.
    let whole = |cells: usize| {
        let values = (0..8 * 4 * cells * cells).map(|n| (n * 7 % 11) as f32 / 5.5 - 1.0);
        values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()
    };
    let mut taken = 0;
    for cells in [8, 16, 32, 64] {
        write_npy(&noise, "<f4", &format!("(8, 4, {cells}, {cells})"), &whole(cells));
        let output = scumble(&refs(&render(&input, &out, &["--noise", &noise])));
        if output.status.success() {
            taken += 1;
            assert_ne!(image::open(&out).unwrap(), seeded);
        } else {
            assert!(text(&output.stderr).to_lowercase().contains("noise"), "{}", text(&output.stderr));
        }
    }
    assert_eq!(taken, 1);
    assert!(fail(2, &refs(&render(&input, &out, &["--noise", &noise, "--seed", "1"]))).contains("--seed"));
}

#[test]
fn what_was_done_is_told_as_json_too() {
    let scratch = Scratch::new("json");
    let input = scratch.rgba16("deep.png", 64, 48);
    let told = succeed(&refs(&render(&input, &scratch.file("out.png"), &["--json", "--seed", "3"])));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["width"], &told["height"], &told["bits"], &told["seed"]),
        (&64.into(), &48.into(), &16.into(), &3.into())
    );
    assert!(told["steps_run"].as_u64() >= Some(1));
    assert!(told["microseconds"]["onnx_runtime"].as_u64() >= Some(1));
    assert_eq!(told["device"], "cpu");
}

/// What `scumble render --strength 0` makes of a picture: the paint as it was read.
fn read_back(scratch: &Scratch, input: &str) -> DynamicImage {
    let out = scratch.file("back.png");
    succeed(&refs(&render(input, &out, &["--strength", "0"])));
    image::open(out).unwrap()
}

#[test]
fn pictures_are_read_as_they_are_seen() {
    use image::{ImageEncoder, codecs::png::PngEncoder};
    let scratch = Scratch::new("seen");
    // A photo of a camera that was held upright: 6 means a quarter turn to the right.
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let turned = scratch.file("turned.png");
    let wide = ImageBuffer::from_fn(96, 64, |x, _| Rgb(if x < 48 { [250, 0, 0] } else { [0, 0, 250] }));
    let mut encoder = PngEncoder::new(std::fs::File::create(&turned).unwrap());
    encoder.set_exif_metadata(exif[6..].to_vec()).unwrap();
    encoder.write_image(wide.as_raw(), 96, 64, image::ExtendedColorType::Rgb8).unwrap();
    let upright = read_back(&scratch, &turned).into_rgb8();
    assert_eq!(upright.dimensions(), (64, 96));
    assert_eq!((upright.get_pixel(32, 10).0, upright.get_pixel(32, 90).0), ([250, 0, 0], [0, 0, 250]));

    // Profiles: the colour that is seen, and the very bytes where that is sRGB.
    let flat = ImageBuffer::from_pixel(64, 64, Rgb([200u8, 40, 30]));
    for (profile, seen, slack) in [
        (moxcms::ColorProfile::new_adobe_rgb(), [233, 35, 23], 3),
        (moxcms::ColorProfile::new_display_p3(), [218, 0, 4], 3),
        (moxcms::ColorProfile::new_srgb(), [200, 40, 30], 0),
    ] {
        let tagged = scratch.file("tagged.png");
        let mut encoder = PngEncoder::new(std::fs::File::create(&tagged).unwrap());
        encoder.set_icc_profile(profile.encode().unwrap()).unwrap();
        encoder.write_image(flat.as_raw(), 64, 64, image::ExtendedColorType::Rgb8).unwrap();
        let got = read_back(&scratch, &tagged).into_rgb8().get_pixel(5, 5).0;
        assert!(
            got.iter().zip(seen).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= slack),
            "{got:?}, not {seen:?}"
        );
    }
    let broken = scratch.file("broken.png");
    let mut encoder = PngEncoder::new(std::fs::File::create(&broken).unwrap());
    encoder.set_icc_profile(vec![7; 200]).unwrap();
    encoder.write_image(flat.as_raw(), 64, 64, image::ExtendedColorType::Rgb8).unwrap();
    assert!(fail(1, &refs(&render(&broken, &scratch.file("out.png"), &[]))).contains("colour profile"));

    // What artists have: each comes back as it was, 16 bits with 16.
    let picture = image::open(scratch.rgb("plain.png", 64, 48)).unwrap();
    let deep = image::open(scratch.rgba16("deep.png", 64, 48)).unwrap();
    for (name, picture) in
        [("a.webp", &picture), ("a.tiff", &picture), ("b.tif", &deep), ("b.png", &deep), ("a.png", &picture)]
    {
        picture.save(scratch.file(name)).unwrap();
        assert_eq!(&read_back(&scratch, &scratch.file(name)), picture, "{name}");
    }
}

#[test]
fn a_mask_may_be_drawn_on_transparency() {
    let scratch = Scratch::new("transparency");
    let input = scratch.rgb("in.png", 64, 64);
    let rendered = |mask: &str| {
        let out = scratch.file("out.png");
        succeed(&refs(&render(&input, &out, &["--mask", mask, "--seed", "5"])));
        image::open(out).unwrap().into_rgb8()
    };
    let gray = scratch.file("gray.png");
    ImageBuffer::from_fn(64, 64, |x, _| Luma([if x < 32 { 255u8 } else { 0 }])).save(&gray).unwrap();
    let expected = rendered(&gray);
    assert_ne!(expected, image::open(&input).unwrap().into_rgb8());
    for (name, colour) in [("white", [255u8; 3]), ("black", [0; 3])] {
        let mask = scratch.file(&format!("{name}.png"));
        let pixel = |x: u32, _: u32| {
            let alpha = if x < 32 { 255 } else { 0 };
            Rgba([colour[0], colour[1], colour[2], alpha])
        };
        ImageBuffer::from_fn(64, 64, pixel).save(&mask).unwrap();
        assert_eq!(rendered(&mask), expected, "{name} strokes");
    }
}

#[test]
fn nothing_is_taken_from_the_current_folder() {
    use std::os::unix::process::CommandExt;
    let scratch = Scratch::new("current");
    for entry in ["scumble", "models/default", "share/scumble/models/default"] {
        std::fs::create_dir_all(scratch.0.join(entry)).unwrap();
    }
    std::fs::write(scratch.0.join("libonnxruntime.so"), "not a library").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_scumble"));
    // As a shell starts what it finds on PATH: the program is told its bare name.
    let output = Command::new(program)
        .arg0("scumble")
        .args(["info", "--json"])
        .current_dir(&scratch.0)
        .env_remove("SCUMBLE_DEFAULT_MODEL")
        .env("XDG_DATA_HOME", "share")
        .env("XDG_DATA_DIRS", "share:.")
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runtime = told["runtime"]["path"].as_str().unwrap_or_default();
    assert!(Path::new(runtime).is_absolute() && !Path::new(runtime).starts_with(&scratch.0), "{told}");
    assert!(told["model"]["native"].is_number(), "the default model of the tree was not found: {told}");
}

#[test]
fn info_tells_what_is_here_and_what_is_missing() {
    let told = succeed(&["info", "--json", "--model", &model()]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let abi = scumble::ffi::scumble_abi_version();
    let abi = format!("{}.{}", abi >> 16, abi & 0xffff);
    assert_eq!((&told["scumble"], &told["abi"]), (&env!("CARGO_PKG_VERSION").into(), &abi.into()));
    assert!(Path::new(told["runtime"]["path"].as_str().unwrap()).is_file());
    assert_eq!(told["devices"][0]["name"], "cpu");
    assert_eq!(told["devices"][0]["usable"], true);
    assert_eq!(told["model"]["native"], 64);
    let words = succeed(&["info", "--model", &model()]);
    assert!(words.contains("ONNX Runtime") && words.contains("turbo"), "{words}");

    let output = scumble(&["info", "--json", "--model", &model(), "--runtime", "/nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["runtime"]["error"].as_str().unwrap().contains("make runtime"));
    assert!(fail(1, &["info", "--model", "/nowhere"]).contains("/nowhere"));
}
