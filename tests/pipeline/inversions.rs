//! Textual inversions: names in prompts that stand for vectors.

use scumble::error::Status;
use scumble::pipeline::Pipeline;
use scumble::render::{Lora, Picture};
use scumble::steps::StepRange;

use crate::lora_files::{Tensor, file_of, floats};
use crate::support::*;

/// A copy of a tiny model with some of `models/tiny/embeddings`.
fn with(model: &str, copy: &str, files: &[&str]) -> Scratch {
    let scratch = Scratch::copy_of(model, copy);
    for file in files {
        let file = format!("embeddings/{file}.safetensors");
        scratch.write(&file, std::fs::read(tiny(&file)).unwrap());
    }
    scratch
}

fn made(pipeline: &mut Pipeline, picture: &Picture, prompt: &str, negative: &str) -> Picture {
    finished(pipeline, &Request { prompt, negative, guidance: 4.0, ..request(picture) }).0
}

#[test]
fn vectors_that_are_those_of_words_make_the_picture_of_these_words_to_the_last_bit() {
    let model = with("sd15", "inversion-words", &["sd15-words"]);
    let (mut plain, mut pipeline, picture) =
        (load(&tiny("sd15")).unwrap(), load(&model.0).unwrap(), grey(64, 64));
    let long = "a house by the road, and a tree ".repeat(12);
    let before = made(&mut pipeline, &picture, "a house", "a tree");
    for (prompt, negative) in [
        ("a % by the road", ""),
        ("a (%:1.3) by the road, (% [%])", ""),
        ("%", "%"),
        ("a house", "(%:0.5), a tree"),
        (&format!("{long} %, {long}"), "a tree"),
    ] {
        let named = |text: &str, name: &str| text.replace('%', name);
        let words = [prompt, negative].map(|text| named(text, "lake house"));
        let expected = made(&mut plain, &picture, &words[0], &words[1]);
        for name in ["sd15-words", "SD15-Words", "embedding:sd15-words"] {
            let names = [prompt, negative].map(|text| named(text, name));
            assert_eq!(made(&mut pipeline, &picture, &names[0], &names[1]), expected, "{names:?}");
        }
    }
    // The model is as it was, also with a LoRA, whichever came first.
    assert_eq!(made(&mut pipeline, &picture, "a house", "a tree"), before);
    let (kohya, words) = (lora_file("sd15-kohya"), "a lake house");
    let loras = [Lora { file: &kohya, scale: 1.0, text: 1.0, steps: StepRange::ALL }];
    let changed = finished(&mut plain, &Request { prompt: words, loras: &loras, ..request(&picture) }).0;
    let asked = Request { prompt: "a sd15-words", loras: &loras, ..request(&picture) };
    assert_eq!(finished(&mut pipeline, &asked).0, changed);
    assert_eq!(finished(&mut load(&model.0).unwrap(), &asked).0, changed);
    assert_eq!(made(&mut pipeline, &picture, "a house", "a tree"), before);
}

#[test]
fn what_it_names_is_what_the_folder_has_now() {
    let model = with("sd15", "inversion-now", &["sd15-words"]);
    let (mut pipeline, picture) = (load(&model.0).unwrap(), grey(64, 64));
    let mut of = |prompt: &str| made(&mut pipeline, &picture, prompt, "");
    // Within longer words it is letters.
    let other =
        load(&tiny("sd15")).map(|mut plain| made(&mut plain, &picture, "a sd15-wordsmith", "")).unwrap();
    assert_eq!(of("a sd15-wordsmith"), other);
    let words = of("a meadow");
    let ink = std::fs::read(tiny("embeddings/sd15-ink.safetensors")).unwrap();
    model.write("embeddings/styles/Meadow.safetensors", &ink);
    let named = of("a meadow");
    assert_ne!(named, words);
    model.write(
        "embeddings/styles/Meadow.safetensors",
        std::fs::read(tiny("embeddings/sd15-anna.safetensors")).unwrap(),
    );
    let other = of("a meadow");
    assert_ne!(other, named);
    // Its own word, and its file's name.
    assert_eq!(of("a <anna>"), other);
    model.remove("embeddings/styles");
    assert_eq!(of("a meadow"), words);
    // Brackets of a name are written with backslashes; without, they make words count more.
    model.write("embeddings/Meadow (1).safetensors", &ink);
    assert_eq!(of("a meadow \\(1\\)"), named);
    assert_ne!(of("a meadow (1)"), named);
    model.remove("embeddings/Meadow (1).safetensors");
    // Of a hundred those that are named are read.
    for number in 0..100 {
        model.write(&format!("embeddings/n{number}.safetensors"), "nothing of the kind");
    }
    assert_eq!(of("a meadow"), words);
}

#[test]
fn a_file_that_cannot_be_used_is_told_where_it_is_named_and_the_model_is_as_it_was() {
    let model = with("sd15", "inversion-files", &["xl-oil", "sd15-ink"]);
    let width = {
        let bytes = std::fs::read(tiny("embeddings/sd15-anna.safetensors")).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        (bytes.len() - 8 - length) / 4
    };
    let one = |name: &str, shape: &[usize]| {
        let count = shape.iter().product();
        file_of(&[Tensor::new(name, "F32", shape).with(floats(&vec![0.1; count]))])
    };
    let mut nan = one("emb_params", &[1, width]);
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let whole = one("emb_params", &[2, width]);
    use Status::{ModelBroken as Broken, ModelUnsupported as Unsupported};
    let files: Vec<(&str, Vec<u8>, Status, &str)> = vec![
        ("empty.safetensors", vec![], Broken, "less than 8 bytes"),
        ("cut.safetensors", whole[..whole.len() - 3].to_vec(), Broken, "outside of the file"),
        ("nan.safetensors", nan, Broken, "not numbers"),
        ("wide.safetensors", one("emb_params", &[2, 1024]), Unsupported, "(as Stable Diffusion 2's)"),
        ("first.safetensors", one("emb_params", &[768]), Unsupported, "(as Stable Diffusion 1's)"),
        ("many.safetensors", one("emb_params", &[76, width]), Unsupported, "1 to 75 vectors"),
        ("none.safetensors", one("emb_params", &[0, width]), Unsupported, "1 to 75 vectors"),
        ("deep.safetensors", one("emb_params", &[1, 1, width]), Unsupported, "1 to 75 vectors"),
        (
            "lora.safetensors",
            std::fs::read(lora_file("sd15-kohya")).unwrap(),
            Unsupported,
            "a textual inversion has emb_params",
        ),
        ("pickle.pt", vec![0x80, 2], Unsupported, "choose it as a .safetensors file"),
    ];
    for (name, bytes, ..) in &files {
        model.write(&format!("embeddings/{name}"), bytes);
    }
    let (mut pipeline, picture) = (load(&model.0).unwrap(), grey(64, 64));
    let before = made(&mut pipeline, &picture, "a house", "");
    let known = made(&mut pipeline, &picture, "sd15-ink", "");
    let xl = ("xl-oil.safetensors", Vec::new(), Unsupported, "made for Stable Diffusion XL");
    for (file, _, status, says) in files.iter().chain([&xl]) {
        let (name, _) = file.rsplit_once('.').unwrap();
        for (prompt, negative) in [(format!("a house, {name}"), ""), ("a house".to_owned(), name)] {
            let asked = Request { prompt: &prompt, negative, guidance: 4.0, ..request(&picture) };
            let error = asked.error(&mut pipeline);
            println!("{error}");
            assert!(error.status == *status && error.message.contains(says), "{name}: {error}");
            assert!(error.message.contains(file) && error.message.ends_with("out of the prompt."), "{error}");
            assert!(!error.message.contains('\n'), "{error}");
        }
        assert_eq!(made(&mut pipeline, &picture, "a house", ""), before, "after {name}");
        assert_eq!(made(&mut pipeline, &picture, "sd15-ink", ""), known, "after {name}");
    }
    let model = with("xl", "inversion-xl-files", &["sd15-ink"]);
    let asked = Request { prompt: "sd15-ink", ..request(&picture) };
    let error = asked.error(&mut load(&model.0).unwrap());
    assert!(error.message.contains("one text encoder"), "{error}");
}
