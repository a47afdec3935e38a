use std::path::{Path, PathBuf};

use super::*;
use crate::models::weights::{FLOAT, Weights};
use crate::models::wire::{put_bytes, put_number};

const INT8: u64 = 3;
const BFLOAT16: u64 = 16;

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

fn node(name: &str, operator: &str, inputs: &[&str], output: &str, transposes: bool) -> Vec<u8> {
    message(|node| {
        inputs.iter().for_each(|input| put_bytes(node, 1, input.as_bytes()));
        put_bytes(node, 2, output.as_bytes());
        put_bytes(node, 3, name.as_bytes());
        put_bytes(node, 4, operator.as_bytes());
        if transposes {
            let attribute = message(|attribute| {
                put_bytes(attribute, 1, b"transB");
                put_number(attribute, 3, 1);
            });
            put_bytes(node, 5, &attribute);
        }
    })
}

fn tensor(name: &str, element: u64) -> Vec<u8> {
    tensor_of(name, element, &[2, 3])
}

fn tensor_of(name: &str, element: u64, shape: &[u64]) -> Vec<u8> {
    message(|tensor| {
        shape.iter().for_each(|side| put_number(tensor, 1, *side));
        put_number(tensor, 2, element);
        put_bytes(tensor, 8, name.as_bytes());
        put_bytes(tensor, 9, &[0; 24]);
    })
}

fn model_of(name: &str, graph: &[u8]) -> (PathBuf, Vec<u8>) {
    let path = std::env::temp_dir().join(format!("scumble-{}-{name}.onnx", std::process::id()));
    let model = message(|model| put_bytes(model, 7, graph));
    std::fs::write(&path, &model).unwrap();
    (path, model)
}

fn usage<'a>(weights: &'a Weights, module: &str) -> Result<(&'a str, Use), Option<&'static str>> {
    match weights.get(module) {
        Some((_, Found::Weight(weight))) => Ok((weight.name.as_str(), weight.usage)),
        Some((_, Found::Fixed(why))) => Err(Some(*why)),
        None => Err(None),
    }
}

#[test]
fn what_can_be_changed_is_told_from_what_cannot() {
    let nodes = [
        node("/plain/MatMul", "MatMul", &["x", "w1"], "a", false),
        node("/gemm.0/Gemm", "Gemm", &["x", "w2"], "b", true),
        node("/straight/Gemm", "Gemm", &["x", "w3"], "c", false),
        node("/handed/Identity", "Identity", &["w4"], "w4b", false),
        node("/handed/Cast", "Cast", &["w4b"], "w4c", false),
        node("/handed/MatMul", "MatMul", &["x", "w4c"], "d", false),
        node("", "Conv", &["x", "up.0.conv.weight"], "e", false),
        node("/whole/MatMul_quant", "MatMulInteger", &["x", "w5"], "f", false),
        node("/dequantized/DequantizeLinear", "DequantizeLinear", &["w6"], "w6b", false),
        node("/dequantized/MatMul", "MatMul", &["x", "w6b"], "g", false),
        node("/brain/MatMul", "MatMul", &["x", "w7"], "h", false),
        node("/fused/Conv", "FusedConv", &["x", "w8"], "i", false),
        node("/one/MatMul", "MatMul", &["x", "w9"], "j", false),
        node("/other/MatMul", "MatMul", &["x", "w9"], "k", false),
        node("/ring/Identity", "Identity", &["r2"], "r1", false),
        node("/ring/Identity_1", "Identity", &["r1"], "r2", false),
        node("/ring/MatMul", "MatMul", &["x", "r1"], "l", false),
        node("/made/MatMul", "MatMul", &["x", "a"], "m", false),
        node("/short/MatMul", "MatMul", &["x"], "n", false),
        node("node_t", "Transpose", &["turned.weight"], "w10t", false),
        node("node_linear", "MatMul", &["x", "w10t"], "o", false),
        node("/keys/Transpose", "Transpose", &["a"], "at", false),
        node("/keys/MatMul", "MatMul", &["x", "at"], "p", false),
    ];
    let floats = ["w1", "w2", "w3", "w4", "w8", "w9", "turned.weight"];
    let graph = message(|graph| {
        nodes.iter().for_each(|node| put_bytes(graph, 1, node));
        floats.iter().for_each(|name| put_bytes(graph, 5, &tensor(name, FLOAT)));
        put_bytes(graph, 5, &tensor_of("up.0.conv.weight", FLOAT, &[2, 3, 1, 1]));
        for (name, element) in [("w5", INT8), ("w6", INT8), ("w7", BFLOAT16)] {
            put_bytes(graph, 5, &tensor(name, element));
        }
    });
    let (path, model) = model_of("found", &graph);
    let weights = Weights::of(&path).unwrap();
    let usage = |module: &str| usage(&weights, module);
    assert_eq!(usage("plain"), Ok(("w1", Use::Transposed)));
    assert_eq!(usage("gemm_0"), Ok(("w2", Use::AsIs)));
    assert_eq!(usage("straight"), Ok(("w3", Use::Transposed)));
    assert_eq!(usage("handed"), Ok(("w4", Use::Transposed)));
    assert_eq!(usage("up_0_conv"), Ok(("up.0.conv.weight", Use::Kernel)));
    for rounded in ["whole", "dequantized", "brain"] {
        assert_eq!(usage(rounded), Err(Some(ROUNDED)), "{rounded}");
    }
    assert_eq!(usage("fused"), Err(Some(FUSED)));
    assert_eq!(usage("turned"), Err(Some(ODD)));
    assert_eq!((usage("one"), usage("other")), (Err(Some(SHARED)), Err(Some(SHARED))));
    for none in ["ring", "made", "short", "keys"] {
        assert_eq!(usage(none), Err(None), "{none}");
    }
    // Cut anywhere, it is no model.
    for length in 0..model.len() {
        std::fs::write(&path, &model[..length]).unwrap();
        assert!(Weights::of(&path).is_err(), "{length}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn weights_without_the_names_of_their_layers_are_counted() {
    // As PyTorch's newer exporter has them; a convolution keeps its own name.
    let nameless = ["node_linear_1", "node_linear_2", ""];
    for (name, lacks) in [("/down.0/MatMul", false), ("node_linear", true)] {
        let graph = message(|graph| {
            for (at, node_name) in nameless.iter().enumerate() {
                let node_name = if name.starts_with('/') {
                    name.replace('0', &at.to_string())
                } else {
                    (*node_name).into()
                };
                let weight = format!("val_{at}");
                put_bytes(graph, 1, &node(&node_name, "MatMul", &["x", &weight], &format!("y{at}"), false));
                put_bytes(graph, 5, &tensor(&weight, FLOAT));
            }
            put_bytes(graph, 1, &node("node_conv", "Conv", &["x", "up.0.conv.weight"], "z", false));
            put_bytes(graph, 5, &tensor_of("up.0.conv.weight", FLOAT, &[2, 3, 1, 1]));
        });
        let (path, _) = model_of(&format!("names-{lacks}"), &graph);
        let weights = Weights::of(&path).unwrap();
        assert_eq!(weights.lacks_names(), lacks);
        assert!(weights.get("up_0_conv").is_some());
        std::fs::remove_file(path).unwrap();
    }
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny");
    for network in ["sd15/unet", "sd15/text_encoder", "turbo/unet", "xl/unet", "xl/text_encoder_2"] {
        assert!(!Weights::of(&tiny.join(network).join("model.onnx")).unwrap().lacks_names(), "{network}");
    }
}

/// As a damaged file has them: what is fed to a branch would be as large.
#[test]
fn sides_that_no_weight_has_are_not_believed() {
    let long = 1 << 40;
    let shapes: [(&str, &[u64], bool); 11] = [
        ("MatMul", &[8, 4], true),
        ("MatMul", &[8], false),
        ("MatMul", &[], false),
        ("MatMul", &[2, 8, 4], false),
        ("MatMul", &[long, 1], false),
        ("MatMul", &[long, long], false),
        ("MatMul", &[0, 4], false),
        ("Conv", &[8, 4, 3], true),
        ("Conv", &[8, 4, 3, 3], true),
        ("Conv", &[8, 4], false),
        ("Conv", &[8, 4, long, 3], false),
    ];
    let graph = message(|graph| {
        for (at, (operator, shape, _)) in shapes.iter().enumerate() {
            let (name, weight) = (format!("/m{at}/{operator}"), format!("w{at}"));
            put_bytes(graph, 1, &node(&name, operator, &["x", &weight], &format!("y{at}"), false));
            put_bytes(graph, 5, &tensor_of(&weight, FLOAT, shape));
        }
        put_bytes(graph, 1, &node("/words/Gather", "Gather", &["table", "x"], "z", false));
        put_bytes(graph, 5, &tensor_of("table", FLOAT, &[2, long]));
    });
    let (path, _) = model_of("sides", &graph);
    let weights = Weights::of(&path).unwrap();
    for (at, (operator, shape, is_known)) in shapes.iter().enumerate() {
        let found = usage(&weights, &format!("m{at}"));
        assert_eq!(found.is_ok(), *is_known, "{operator} {shape:?}");
        assert!(*is_known || found == Err(Some(SIDES)), "{operator} {shape:?}: {found:?}");
    }
    assert_eq!(weights.table(), None);
    std::fs::remove_file(path).unwrap();
}
