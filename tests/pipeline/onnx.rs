//! Writes small ONNX files, whole and broken ones, without an ONNX library: the few fields of onnx.proto3 that
//! the tests need.

/// Element types of TensorProto.
pub const FLOAT: u64 = 1;
pub const INT64: u64 = 7;
pub const STRING: u64 = 8;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A ValueInfoProto: name, element type, shape, where 0 is a side of any length.
pub struct Port<'a>(pub &'a str, pub u64, pub &'a [u64]);

impl Port<'_> {
    fn encode(&self) -> Vec<u8> {
        let side = |size| if size == 0 { Vec::new() } else { number(1, size) };
        let dims: Vec<u8> = self.2.iter().flat_map(|&size| bytes(1, side(size))).collect();
        let tensor = [number(1, self.1), bytes(2, dims)].concat();
        [bytes(1, self.0), bytes(2, bytes(1, tensor))].concat()
    }
}

/// A ModelProto with one node of the type `operator`, from the first input to the output.
pub fn model(
    inputs: &[Port<'_>],
    output: &Port<'_>,
    (domain, operator): (&str, &str),
    more: &[u8],
) -> Vec<u8> {
    let node = [bytes(1, inputs[0].0), bytes(2, output.0), bytes(4, operator), bytes(7, domain)].concat();
    let mut graph = [bytes(1, node), bytes(2, "g"), more.to_vec()].concat();
    for input in inputs {
        graph.extend(bytes(11, input.encode()));
    }
    graph.extend(bytes(12, output.encode()));
    let opsets =
        [bytes(8, number(2, 13)), bytes(8, [bytes(1, "com.microsoft"), number(2, 1)].concat())].concat();
    [number(1, 8), bytes(7, graph), opsets].concat()
}

/// A ModelProto of nodes (operator, inputs, output), with weights of 32 bits by name and shape.
pub fn graph(
    nodes: &[(&str, &[&str], &str)],
    weights: &[(&str, &[u64], &[f32])],
    inputs: &[Port<'_>],
    outputs: &[Port<'_>],
) -> Vec<u8> {
    let mut graph = bytes(2, "g");
    for (operator, from, to) in nodes {
        let from: Vec<u8> = from.iter().flat_map(|name| bytes(1, name)).collect();
        graph.extend(bytes(1, [from, bytes(2, to), bytes(4, operator)].concat()));
    }
    for (name, shape, numbers) in weights {
        let sides = shape.iter().flat_map(|&side| number(1, side)).collect();
        let raw = numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        graph.extend(bytes(5, [sides, number(2, FLOAT), bytes(8, name), bytes(9, raw)].concat()));
    }
    inputs.iter().for_each(|port| graph.extend(bytes(11, port.encode())));
    outputs.iter().for_each(|port| graph.extend(bytes(12, port.encode())));
    [number(1, 8), bytes(7, graph), bytes(8, number(2, 13))].concat()
}

/// Fields of a graph: one node more, (operator, inputs, output), its weight of 32 bits, and an output.
#[allow(dead_code)]
pub fn more_of_a_graph(
    (operator, from, to): (&str, &[&str], &str),
    (name, shape, raw): (&str, &[u64], &[u8]),
    output: &Port<'_>,
) -> Vec<u8> {
    let from: Vec<u8> = from.iter().flat_map(|name| bytes(1, name)).collect();
    let sides: Vec<u8> = shape.iter().flat_map(|&side| number(1, side)).collect();
    [
        bytes(1, [from, bytes(2, to), bytes(4, operator)].concat()),
        bytes(5, [sides, number(2, FLOAT), bytes(8, name), bytes(9, raw)].concat()),
        bytes(12, output.encode()),
    ]
    .concat()
}

/// A ModelProto, with more fields in its graph.
#[allow(dead_code)]
pub fn with_more(model: &[u8], more: &[u8]) -> Vec<u8> {
    let read = |at: &mut usize| {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = model[*at];
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    };
    let (mut made, mut at) = (Vec::new(), 0);
    while at < model.len() {
        let from = at;
        let key = read(&mut at);
        match (key >> 3, key & 7) {
            (field, 2) => {
                let length = read(&mut at) as usize;
                let value = &model[at..at + length];
                at += length;
                made.extend(bytes(field, if field == 7 { [value, more].concat() } else { value.to_vec() }));
            }
            (_, 0) => {
                read(&mut at);
                made.extend(&model[from..at]);
            }
            other => panic!("a field that a model has not: {other:?}"),
        }
    }
    made
}

/// An initializer (a field of the graph) whose `length` bytes lie in the file `location`.
pub fn external(location: &str, length: u64) -> Vec<u8> {
    let entry = |key: &str, value: &str| bytes(13, [bytes(1, key), bytes(2, value)].concat());
    let tensor = [
        number(1, length / 4),
        number(2, FLOAT),
        bytes(8, "weight"),
        entry("location", location),
        entry("offset", "0"),
        entry("length", &length.to_string()),
        number(14, 1),
    ];
    bytes(5, tensor.concat())
}

/// `model` with nodes more, of (operator, inputs, output), weights of whole numbers by name, and other outputs.
pub fn extended(
    model: &[u8],
    nodes: &[(&str, &[&str], &str)],
    weights: &[(&str, i64)],
    outputs: &[Port<'_>],
) -> Vec<u8> {
    let mut changed = Vec::new();
    for (field, value) in fields(model) {
        if field != 7 {
            changed.extend(value);
            continue;
        }
        let inside = &value[value.len() - read(&value[1..]).0 as usize..];
        let kept = fields(inside).into_iter().filter(|(field, _)| *field != 12);
        let mut graph: Vec<u8> = kept.flat_map(|(_, value)| value.to_vec()).collect();
        for (operator, from, to) in nodes {
            let from: Vec<u8> = from.iter().flat_map(|name| bytes(1, name)).collect();
            graph.extend(bytes(1, [from, bytes(2, to), bytes(4, operator)].concat()));
        }
        for (name, whole) in weights {
            let tensor = [number(1, 1), number(2, INT64), bytes(8, name), bytes(9, whole.to_le_bytes())];
            graph.extend(bytes(5, tensor.concat()));
        }
        outputs.iter().for_each(|port| graph.extend(bytes(12, port.encode())));
        changed.extend(bytes(7, graph));
    }
    changed
}

/// A number as varint() writes it, and how many bytes it has.
fn read(from: &[u8]) -> (u64, usize) {
    let count = from.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    (from[..count].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)), count)
}

/// The fields of a message below 16: their numbers, and each with its head.
fn fields(mut message: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [head, rest @ ..] = message {
        let (value, count) = read(rest);
        let length = match head & 7 {
            0 => 1 + count,
            2 => 1 + count + value as usize,
            kind => panic!("a field of kind {kind}"),
        };
        found.push((head >> 3, &message[..length]));
        message = &message[length..];
    }
    found
}

/// `model` with its free batch size fixed to `batch`; the bytes keep their places.
pub fn fix_batch(model: &[u8], batch: u8) -> Vec<u8> {
    // A dimension's name (field 2, ten bytes) becomes its size (field 1) and a remark (field 3, eight bytes).
    let free = b"\x12\x0abatch_size";
    let fixed = [&[0x08, batch], &b"\x1a\x08a remark"[..]].concat();
    replaced(model, free, &fixed)
}

/// `model` with sizes that it declares as `size`, of 128 to 16383, declared free; the bytes keep their places.
pub fn free(model: &[u8], size: u64) -> Vec<u8> {
    replaced(model, &bytes(1, number(1, size)), &bytes(1, bytes(2, "n")))
}

fn replaced(model: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut changed = model.to_vec();
    let places: Vec<usize> =
        (0..model.len() - from.len()).filter(|&i| model[i..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for place in places {
        changed[place..place + to.len()].copy_from_slice(to);
    }
    changed
}
