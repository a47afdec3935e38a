use super::*;

impl Tokenizer {
    /// Without names that stand for vectors.
    fn read(&self, text: &str) -> Result<(Vec<i64>, usize)> {
        self.encode(text, &Vectors::default()).map(|(ids, used, _)| (ids, used))
    }

    fn read_parts(&self, parts: &[Part]) -> Result<Vec<Chunk>> {
        self.chunks(parts, &Vectors::default(), 8).map(|(chunks, _)| chunks)
    }
}

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tokenizer_cases.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tiny(name: &str) -> Tokenizer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
    Tokenizer::load(&root.join(name).join("tokenizer"), Some(77)).unwrap()
}

#[test]
fn difficult_prompts_become_what_transformers_makes_of_them() {
    let golden = golden();
    let prompts = golden["prompts"].as_array().unwrap();
    assert!(prompts.len() >= 40);
    let mut compared = 0;
    for (pad, models) in [(END, ["sd15", "lcm"]), ("!", ["sd2", "turbo"])] {
        let sets = golden["sets"].as_array().unwrap();
        let set = sets.iter().find(|set| set["vocab"] == "tiny" && set["pad"] == pad).unwrap();
        for model in models {
            let tokenizer = tiny(model);
            for (prompt, ids) in prompts.iter().zip(set["ids"].as_array().unwrap()) {
                let prompt = prompt.as_str().unwrap();
                let ids: Vec<i64> = serde_json::from_value(ids.clone()).unwrap();
                assert_eq!(tokenizer.read(prompt).unwrap().0, ids, "{model}: {prompt:?}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 80);
}

#[test]
fn t5_reads_difficult_prompts_as_transformers_does() {
    let golden = golden();
    let set = golden["sets"].as_array().unwrap().iter().find(|set| set["vocab"] == "t5").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
    for folder in ["sd3/tokenizer_3", "flux-dev/tokenizer_2"] {
        let mut tokenizer = Tokenizer::load(&root.join(folder), None).unwrap();
        tokenizer.set_length(77);
        let prompts = golden["prompts"].as_array().unwrap();
        assert!(prompts.len() >= 40);
        for (prompt, ids) in prompts.iter().zip(set["ids"].as_array().unwrap()) {
            let prompt = prompt.as_str().unwrap();
            let ids: Vec<i64> = serde_json::from_value(ids.clone()).unwrap();
            assert_eq!(tokenizer.read(prompt).unwrap().0, ids, "{folder}: {prompt:?}");
        }
        // Longer and shorter prompts end in the same way.
        tokenizer.set_length(256);
        let (ids, used) = tokenizer.read(&"house ".repeat(500)).unwrap();
        assert_eq!((ids.len(), used, ids[255]), (256, 256, 1));
        let (ids, used) = tokenizer.read("").unwrap();
        assert_eq!((ids[..2].to_vec(), used), (vec![1, 0], 1));
        tokenizer.set_length(0);
        assert_eq!(tokenizer.read("house").unwrap().0, [1]);
    }
}

#[test]
fn language_models_read_difficult_prompts_as_transformers_does() {
    let golden = golden();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
    for (vocabulary, folders) in [
        (
            "qwen",
            &["z-image/tokenizer", "z-image-web/tokenizer", "klein/tokenizer", "klein-base/tokenizer"][..],
        ),
        ("gemma", &["sana/tokenizer"]),
    ] {
        let sets = golden["sets"].as_array().unwrap();
        let set = sets.iter().find(|set| set["vocab"] == vocabulary).unwrap();
        let prompts = golden["prompts"].as_array().unwrap();
        assert!(prompts.len() >= 40);
        for folder in folders {
            let mut tokenizer = Tokenizer::load(&root.join(folder), Some(2048)).unwrap();
            tokenizer.set_length(77);
            for (prompt, ids) in prompts.iter().zip(set["ids"].as_array().unwrap()) {
                let prompt = prompt.as_str().unwrap();
                let ids: Vec<i64> = serde_json::from_value(ids.clone()).unwrap();
                assert_eq!(tokenizer.read(prompt).unwrap().0, ids, "{folder}: {prompt:?}");
                let used = tokenizer.count(prompt).unwrap();
                assert_eq!(used.min(77), tokenizer.read(prompt).unwrap().1, "{folder}: {prompt:?}");
            }
        }
    }
}

#[test]
fn a_megabyte_of_text_is_no_trouble() {
    let tokenizer = tiny("sd15");
    let start = std::time::Instant::now();
    for unit in ["ж", "word ", "!", "🎨"] {
        let text = unit.repeat((1 << 20) / unit.len());
        assert_eq!(tokenizer.read(&text).unwrap().0.len(), 77);
        assert!(shorten(&text).len() <= LONGEST_BYTES);
    }
    // Generous: a busy machine must not fail this, quadratic behaviour must.
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn long_prompts_are_read_in_pieces() {
    let tokenizer = tiny("sd15");
    let parts = |text: &str| crate::pipeline::prompt::parts(text);
    for text in ["", "a house", "a house by the lake, in the style of a woodcut"] {
        let chunks = tokenizer.read_parts(&parts(text)).unwrap();
        assert_eq!((chunks[0].ids.clone(), chunks[0].used), tokenizer.read(text).unwrap());
        assert_eq!(chunks.len(), 1);
    }
    let long = "house ".repeat(60);
    let chunks = tokenizer.read_parts(&parts(&long)).unwrap();
    assert!(chunks.len() > 1 && chunks.iter().all(|chunk| chunk.ids.len() == 77));
    assert_eq!(chunks[0].ids, tokenizer.read(&long).unwrap().0);
    // No word is lost.
    let words: usize = chunks.iter().map(|chunk| chunk.used - 2).sum();
    assert_eq!(words, tokenizer.words(&long, &Vectors::default()).unwrap().len());
    assert_eq!(tokenizer.read_parts(&parts(&"house ".repeat(2000))).unwrap().len(), 8);
    let weighted = &tokenizer.read_parts(&parts("a (red:1.5) house")).unwrap()[0];
    assert!(weighted.weights.contains(&1.5) && weighted.weights[0] == 1.0);
    assert_eq!(weighted.ids, tokenizer.read("a red house").unwrap().0);
}

#[test]
fn where_a_text_is_cut_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
    let text = "a house by the lake, ".repeat(8) + "Ünder 水 the (red:1.5) moon";
    for folder in ["sd15/tokenizer", "sd3/tokenizer_3", "z-image/tokenizer", "sana/tokenizer"] {
        let mut tokenizer = Tokenizer::load(&root.join(folder), Some(2048)).unwrap();
        let all = tokenizer.count(&text).unwrap();
        for length in all / 2..all {
            tokenizer.set_length(length);
            let (ids, used, end) = tokenizer.encode(&text, &Vectors::default()).unwrap();
            let end = end.unwrap();
            assert_eq!(used, length, "{folder}");
            // What is before that is read as it is.
            let before = &text[..text.floor_char_boundary(end)];
            tokenizer.set_length(all);
            let (alone, used, none) = tokenizer.encode(before, &Vectors::default()).unwrap();
            assert_eq!(none, None);
            let frame = tokenizer.frame.1.len();
            let same = ids.iter().zip(&alone).take_while(|(one, other)| one == other).count();
            assert!(same + 2 + frame >= used.min(length), "{folder}: {length}, {before}");
            // By parts it is the same.
            tokenizer.set_length(length);
            let part = |text: &str| Part { text: text.to_owned(), weight: 1.0 };
            let parts = [part(&text[..104]), part(&text[104..])];
            let by_parts = tokenizer.chunks(&parts, &Vectors::default(), 1).unwrap().1.unwrap();
            assert!(by_parts.abs_diff(end) <= 8, "{folder}: {length}, {by_parts} and {end}");
        }
        tokenizer.set_length(all);
        assert_eq!(tokenizer.encode(&text, &Vectors::default()).unwrap().2, None, "{folder}");
    }
}

#[test]
fn added_tokens_are_words_of_their_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny/sd15/tokenizer");
    let folder = std::env::temp_dir().join(format!("scumble-added-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(&root).unwrap().flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let next = tiny("sd15").largest() + 1;
    std::fs::write(
        folder.join("added_tokens.json"),
        format!(r#"{{"<meadow>": {next}, "sks": {}}}"#, next + 1),
    )
    .unwrap();
    let tokenizer = Tokenizer::load(&folder, Some(77)).unwrap();
    let (ids, _) = tokenizer.read("a <meadow> by sks").unwrap();
    assert!(ids.contains(&next) && ids.contains(&(next + 1)));
    assert_eq!(tokenizer.largest(), next + 1);
    std::fs::write(folder.join("added_tokens.json"), r#"{"<meadow>": 70000}"#).unwrap();
    let error = Tokenizer::load(&folder, Some(77)).err().unwrap();
    assert!(error.message.contains("<meadow>"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// As transformers 5.23 reads these folders.
#[test]
fn of_two_files_that_disagree_about_special_tokens_the_one_counts_that_transformers_takes() {
    let folder = std::env::temp_dir().join(format!("scumble-special-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny/sd15/tokenizer");
    for file in ["vocab.json", "merges.txt"] {
        std::fs::copy(root.join(file), folder.join(file)).unwrap();
    }
    let (end, mark) = (r#""<|endoftext|>""#, r#""!""#);
    let decoder = r#", "added_tokens_decoder": {"599": {"content": "<|endoftext|>", "special": true}}"#;
    let padding = |config: Option<String>, map: Option<&str>| {
        let map = map.map(|pad| format!(r#"{{"pad_token": {pad}}}"#));
        for (file, text) in [("tokenizer_config.json", config), ("special_tokens_map.json", map)] {
            let _ = std::fs::remove_file(folder.join(file));
            text.into_iter().for_each(|text| std::fs::write(folder.join(file), text).unwrap());
        }
        let (ids, _) = Tokenizer::load(&folder, Some(77)).unwrap().read("a house").unwrap();
        ids[76]
    };
    let config = |pad: &str, more: &str| Some(format!(r#"{{"pad_token": {pad}{more}}}"#));
    let of_mark = padding(config(mark, ""), None);
    assert_ne!(of_mark, 599);
    for (told, map, expected) in [
        (config(end, ""), Some(mark), of_mark),
        (config(mark, ""), Some(end), 599),
        (config(end, decoder), Some(mark), 599),
        (config(mark, decoder), Some(end), of_mark),
        // It has a padding of its own.
        (Some("{\"added_tokens_decoder\": {}}".to_owned()), Some(mark), 599),
        (None, Some(mark), of_mark),
        (None, None, 599),
    ] {
        assert_eq!(padding(told.clone(), map), expected, "{told:?} {map:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_too_large_for_a_tokenizer_is_not_read() {
    let folder = std::env::temp_dir().join(format!("scumble-huge-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["tokenizer.json", "vocab.json", "merges.txt"] {
        // A hole: it takes no place on the disk.
        std::fs::File::create(folder.join(name)).unwrap().set_len(64 << 30).unwrap();
        let error = Tokenizer::load(&folder, None).err().unwrap();
        assert!(error.status == Status::ModelBroken && error.message.contains(name), "{error}");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn padding_is_counted() {
    let (ids, used) = tiny("sd15").read("a house").unwrap();
    assert!(used > 3 && ids[used - 1..].iter().all(|id| *id == 599) && ids[used - 2] != 599);
}

#[test]
fn changed_bytes_never_do_harm() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny/sd2/tokenizer/tokenizer.json");
    let whole = std::fs::read(root).unwrap();
    let folder = std::env::temp_dir().join(format!("scumble-changed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (mut state, mut loaded) = (1u64, 0);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = (state >> 33) as usize % bytes.len();
        bytes[place] = b"0123456789\"{}[],:azn"[(state >> 16) as usize % 20];
        std::fs::write(folder.join("tokenizer.json"), bytes).unwrap();
        // It is read or refused; and what was read can be used.
        if let Ok(tokenizer) = Tokenizer::load(&folder, Some(77)) {
            loaded += 1;
            let _ = tokenizer.read("a house by the lake!");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(loaded > 0);
}

#[test]
fn files_that_are_not_a_tokenizer_are_named() {
    let folder = std::env::temp_dir().join(format!("scumble-tokenizer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (vocab, merges) in [("{", "#version: 0.2"), ("{\"a\": 0}", "#version: 0.2"), ("{\"a\": 0}", "x y\n")]
    {
        std::fs::write(folder.join("vocab.json"), vocab).unwrap();
        std::fs::write(folder.join("merges.txt"), merges).unwrap();
        let error = Tokenizer::load(&folder, None).err().unwrap();
        assert_eq!(error.status, Status::ModelBroken);
        assert!(error.message.contains("scumble-tokenizer"), "{error}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
