//! LoRAs that cannot be used, in every way that we could think of: each is told in one sentence, and the model is as it was.

use std::path::Path;

use scumble::error::{Error, Status};
use scumble::models::lora;
use scumble::models::wire::edited;
use scumble::render::{Lora, Renderer};
use scumble::steps::StepRange;

use crate::support::*;

/// A tensor as a file describes it, true or not.
#[derive(Clone)]
pub struct Tensor {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    /// Where it says that it lies, if not where it does.
    says: Option<(u64, u64)>,
    bytes: Vec<u8>,
}

impl Tensor {
    pub fn new(name: &str, dtype: &'static str, shape: &[usize]) -> Tensor {
        let shape = shape.iter().map(|side| *side as u64).collect();
        Tensor { name: name.into(), dtype, shape, says: None, bytes: Vec::new() }
    }

    pub fn with(mut self, bytes: Vec<u8>) -> Tensor {
        self.bytes = bytes;
        self
    }

    fn says(mut self, from: u64, until: u64) -> Tensor {
        self.says = Some((from, until));
        self
    }
}

pub fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A safetensors file.
pub fn file_of(tensors: &[Tensor]) -> Vec<u8> {
    let (entries, data) = entries_of(tensors);
    with_header(&serde_json::Value::Object(entries).to_string(), &data)
}

fn entries_of(tensors: &[Tensor]) -> (serde_json::Map<String, serde_json::Value>, Vec<u8>) {
    let (mut entries, mut data) = (serde_json::Map::new(), Vec::new());
    for tensor in tensors {
        let from = data.len() as u64;
        data.extend_from_slice(&tensor.bytes);
        let (from, until) = tensor.says.unwrap_or((from, data.len() as u64));
        let entry = serde_json::json!({
            "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [from, until],
        });
        entries.insert(tensor.name.clone(), entry);
    }
    (entries, data)
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// The two halves of a module `name`, of rank `rank`.
fn halves(name: &str, rank: usize, inputs: usize, outputs: usize) -> Vec<Tensor> {
    let numbers = |count: usize| floats(&vec![0.01; count]);
    vec![
        Tensor::new(&format!("{name}.lora_down.weight"), "F32", &[rank, inputs]).with(numbers(rank * inputs)),
        Tensor::new(&format!("{name}.lora_up.weight"), "F32", &[outputs, rank]).with(numbers(outputs * rank)),
    ]
}

const TO_Q: &str = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";

#[test]
fn a_file_that_cannot_be_used_is_told_in_one_sentence_and_the_model_is_as_it_was() {
    let scratch = Scratch::new("lora-files");
    let at = |name: &str| scratch.0.join(name).to_str().unwrap().to_owned();
    let whole = std::fs::read(lora_file("sd15-kohya")).unwrap();
    let one = || halves(TO_Q, 2, 8, 8);
    let changed = |change: &dyn Fn(&mut Vec<Tensor>)| {
        let mut tensors = one();
        change(&mut tensors);
        file_of(&tensors)
    };
    let named = |names: &[&str]| {
        let zeros = |name: &&str| Tensor::new(name, "F32", &[2, 2]).with(floats(&[0.0; 4]));
        file_of(&names.iter().map(zeros).collect::<Vec<_>>())
    };
    let tall = u64::MAX / 8 - 100;
    use Status::{ModelBroken as Broken, ModelMissing as Missing, ModelUnsupported as Unsupported};
    let files: Vec<(&str, Vec<u8>, Status, &str)> = vec![
        ("empty", vec![], Broken, "less than 8 bytes"),
        ("five-bytes", vec![1; 5], Broken, "less than 8 bytes"),
        ("words", b"This is no LoRA at all, but some words.".to_vec(), Broken, "no safetensors file"),
        ("huge-header", [&[0xff; 8], &whole[8..]].concat(), Broken, "no safetensors file"),
        ("cut-in-the-header", whole[..500].to_vec(), Broken, "half"),
        ("cut", whole[..whole.len() - 1].to_vec(), Broken, "lies outside of the file"),
        ("more", [&whole[..], &[0]].concat(), Broken, "longer than its tensors"),
        ("no-json", with_header("{\"a\": ", &[]), Broken, "no list of tensors"),
        ("a-list", with_header("[1, 2]", &[]), Broken, "no list of tensors"),
        ("deep", with_header(&"[".repeat(100_000), &[]), Broken, "no list of tensors"),
        ("no-tensor", with_header("{\"lora_unet_a.alpha\": 3}", &[]), Broken, "not described as a tensor"),
        ("no-tensors", with_header("{}", &[]), Unsupported, "holds nothing"),
        (
            "negative",
            with_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}", &[0; 4]),
            Broken,
            "not described as a tensor",
        ),
        ("overlap", changed(&|t| t[1].says = Some((8, 72))), Broken, "overlaps"),
        ("outside", changed(&|t| t[1].says = Some((64, 1 << 40))), Broken, "outside"),
        ("backwards", changed(&|t| t[1].says = Some((64, 3))), Broken, "outside"),
        ("gap", changed(&|t| t[1].says = Some((80, 128))), Broken, "outside"),
        ("size", changed(&|t| t[0].shape = vec![2, 7]), Broken, "not as large as it says"),
        ("overflow", changed(&|t| t[0].shape = vec![1 << 40, 1 << 40]), Broken, "not as large"),
        (
            // Lengths whose sum comes round to the file's.
            "round",
            file_of(
                &(0..9)
                    .map(|i| {
                        let from = tall.wrapping_mul(i);
                        Tensor {
                            shape: vec![tall],
                            ..Tensor::new(&format!("lora_unet_{i}.alpha"), "U8", &[])
                        }
                        .says(from, from.wrapping_add(tall))
                    })
                    .collect::<Vec<_>>(),
            ),
            Broken,
            "outside",
        ),
        (
            "nan",
            changed(&|t| t[0].bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes())),
            Broken,
            "attn1_to_q.lora_down.weight\" holds values that are not numbers",
        ),
        (
            "infinite-alpha",
            changed(&|t| {
                let alpha = Tensor::new(&format!("{TO_Q}.alpha"), "F16", &[]).with(vec![0, 0x7c]);
                t.push(alpha);
            }),
            Broken,
            "not numbers",
        ),
        ("integers", changed(&|t| (t[0].dtype, t[0].shape) = ("I8", vec![8, 8])), Unsupported, "I8"),
        ("eight-bit", changed(&|t| t[0].dtype = "F8_E4M3"), Unsupported, "F8_E4M3"),
        ("half-of-it", changed(&|t| drop(t.pop())), Broken, "only one of its two halves"),
        (
            "ranks",
            file_of(&[&halves(TO_Q, 2, 8, 8)[..1], &halves(TO_Q, 3, 8, 8)[1..]].concat()),
            Broken,
            "different ranks",
        ),
        ("flat", changed(&|t| t[0].shape = vec![16]), Broken, "sides"),
        (
            "locon-middle",
            changed(&|t| {
                let middle = Tensor::new(&format!("{TO_Q}.lora_mid.weight"), "F32", &[3, 2, 1, 1]);
                t.push(middle.with(floats(&[0.0; 6])));
            }),
            Broken,
            "middle",
        ),
        ("loha", named(&["lora_unet_a.hada_w1_a", "lora_unet_a.hada_w1_b"]), Unsupported, "LoHa"),
        ("lokr", named(&["lora_unet_a.lokr_w1"]), Unsupported, "LoKr"),
        ("dora", named(&["lora_unet_a.dora_scale", "lora_unet_a.lora_down.weight"]), Unsupported, "DoRA"),
        (
            "flux",
            named(&["transformer.a.lora_A.weight", "transformer.b"]),
            Unsupported,
            "2 of its 2 names are not those",
        ),
        ("strange", [&named(&["b\n\u{1}ad\""])[..]].concat(), Unsupported, "not those of a LoRA"),
        ("checkpoint", named(&["model.diffusion_model.a"]), Unsupported, "a checkpoint of Stable Diffusion"),
        (
            "nowhere-in-the-model",
            file_of(&[one(), halves("lora_unet_down_blocks_7_to_q", 2, 8, 8)].concat()),
            Unsupported,
            "of the 2 weights that it changes 1 fit, and 1 have no place in it or another size \
             (\"lora_unet_down_blocks_7_to_q\")",
        ),
        ("wide", file_of(&halves(TO_Q, 2, 9, 8)), Unsupported, "another size"),
        (
            "no-such-part",
            file_of(&halves("lora_te2_text_model_encoder_layers_0_mlp_fc1", 2, 24, 48)),
            Unsupported,
            "none fit",
        ),
        ("of-sdxl", std::fs::read(lora_file("xl-kohya")).unwrap(), Unsupported, "Stable Diffusion models"),
    ];
    let mut pipeline = load(&tiny("sd15")).unwrap();
    let picture = grey(64, 64);
    let right = lora_file("sd15-kohya");
    let right = Lora { file: &right, scale: 1.0, text: 1.0, steps: StepRange::ALL };
    let before = finished(&mut pipeline, &Request { loras: &[right], ..request(&picture) }).0;
    let mut told = |name: &str, file: &str, status: Status, says: &str| {
        let loras = [right, Lora { file, ..right }];
        let error = Request { loras: &loras, ..request(&picture) }.error(&mut pipeline);
        println!("{name}: {error}");
        check(name, file, &error, status, says);
    };
    for (name, bytes, status, says) in &files {
        let file = format!("{name}.safetensors");
        scratch.write(&file, bytes);
        told(name, &at(&file), *status, says);
    }
    told("not there", &at("nowhere.safetensors"), Missing, "no such file");
    told("a folder", &at(""), Unsupported, "folder");
    for bad in [f32::NAN, f32::INFINITY] {
        for lora in [Lora { scale: bad, ..right }, Lora { text: bad, ..right }] {
            let error = Request { loras: &[lora], ..request(&picture) }.error(&mut pipeline);
            assert_eq!(error.status, Status::Setting);
        }
    }
    assert_eq!(before, finished(&mut pipeline, &Request { loras: &[right], ..request(&picture) }).0);
}

fn check(name: &str, file: &str, error: &Error, status: Status, says: &str) {
    assert_eq!(error.status, status, "{name}: {error}");
    assert!(error.message.contains(says) && error.message.contains(file), "{name}: {error}");
    assert!(error.message.ends_with('.') && !error.message.contains(['\n', '\u{1}']), "{name}: {error}");
    assert!(!error.message.contains("os error") && error.message.len() < 900, "{name}: {error}");
}

/// peft divides by the rank's root then: of rank 4, alpha 4 counts as much as 8 over the rank.
#[test]
fn a_rank_stabilized_one_counts_over_the_root_of_its_rank() {
    let scratch = Scratch::new("lora-rank");
    let (mut pipeline, picture) = (load(&tiny("sd15")).unwrap(), grey(64, 64));
    let mut made = |told: &str| {
        let name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
        let half = |half: &str, shape: [usize; 2]| {
            Tensor::new(&format!("{name}.{half}.weight"), "F32", &shape).with(floats(&[0.1; 4 * 8]))
        };
        let mut entries = entries_of(&[half("lora_A", [4, 8]), half("lora_B", [8, 4])]);
        entries.0.insert("__metadata__".into(), serde_json::json!({"lora_adapter_metadata": told}));
        let file = format!("{}.safetensors", told.len());
        scratch.write(&file, with_header(&serde_json::Value::Object(entries.0).to_string(), &entries.1));
        let file = scratch.0.join(file).to_str().unwrap().to_owned();
        let loras = [Lora { file: &file, scale: 1.0, text: 1.0, steps: StepRange::ALL }];
        finished(&mut pipeline, &Request { loras: &loras, ..request(&picture) }).0
    };
    let over_root = made(r#"{"unet.r": 4, "unet.lora_alpha": 4, "unet.use_rslora": true}"#);
    assert_eq!(made(r#"{"unet.r": 4, "unet.lora_alpha": 8}"#), over_root);
    assert_ne!(made(r#"{"unet.r": 4, "unet.lora_alpha": 4}"#), over_root);
    let by_pattern = r#"{"unet.r": 4, "unet.lora_alpha": 1, "unet.alpha_pattern": {"to_q": 8, "o_q": 2}}"#;
    assert_eq!(made(by_pattern), over_root, "a pattern is the end of a path, between dots");
}

#[test]
fn models_that_take_none_say_why() {
    let (kohya, picture) = (lora_file("sd15-kohya"), grey(64, 64));
    for (model, says) in [("sd3", "Stable Diffusion 3 models"), ("flux-schnell", "FLUX.1 models")] {
        let mut pipeline = load(&tiny(model)).unwrap();
        let why = pipeline.capabilities().no_lora.expect(model);
        assert!(why.contains(says) && why.ends_with('.'), "{why}");
        let loras = [Lora { file: &kohya, scale: 1.0, text: 1.0, steps: StepRange::ALL }];
        let error = Request { loras: &loras, ..request(&picture) }.error(&mut pipeline);
        assert_eq!((error.status, error.message), (Status::Setting, why), "{model}");
        finished(&mut pipeline, &request(&picture));
    }
}

#[test]
fn changed_bytes_never_do_harm() {
    let scratch = Scratch::new("lora-bytes");
    let whole = std::fs::read(lora_file("sd15-peft")).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let (mut state, mut read) = (1u64, 0);
    for round in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + round % 4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = (state >> 33) as usize % header;
            bytes[place] = (state >> 16) as u8;
        }
        scratch.write("a.safetensors", bytes);
        match lora::read(Path::new(&scratch.0.join("a.safetensors")), 2) {
            Ok(_) => read += 1,
            Err(error) => check("changed", "a.safetensors", &error, error.status, ""),
        }
    }
    assert!(read < 400);
}

/// As PyTorch's newer exporter leaves them: without the modules that nodes are of.
#[test]
fn an_export_that_lacks_the_names_of_its_layers_is_told_and_not_the_lora() {
    let model = Scratch::copy_of("sd15", "nameless");
    let plain =
        |name: &[u8]| Ok(Some(name.iter().map(|byte| if *byte == b'/' { b'_' } else { *byte }).collect()));
    let file = lora_file("sd15-kohya");
    let picture = grey(64, 64);
    for (part, scale, text) in [("unet", 1.0, 0.0), ("text_encoder", 0.0, 1.0)] {
        let network = format!("{part}/model.onnx");
        let whole = std::fs::read(model.0.join(&network)).unwrap();
        let renamed = edited(&whole, 7, &|graph| edited(graph, 1, &|node| edited(node, 3, &plain)));
        model.write(&network, renamed.ok().flatten().unwrap());
        let loras = [Lora { file: &file, scale, text, steps: StepRange::ALL }];
        let error = Request { loras: &loras, ..request(&picture) }.error(&mut load(&model.0).unwrap());
        assert_eq!(error.status, Status::ModelUnsupported, "{error}");
        for told in [&format!("nothing in its {part} says"), "this export", "export.py", "."] {
            assert!(error.message.contains(told), "{error}");
        }
        model.write(&network, whole);
    }
}
