"""Text: MiniLM as an int8 ONNX graph (ids -> pooled sentence vector), and its use in training."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from codec import CHANNELS
from onnxruntime.quantization import QuantType, quantize_dynamic
from recall import BACK, PICTURES, SIDE, THING, WIDTH
from tokenizers import Tokenizer
from torch import nn

LENGTH = 64
WIDTH_OF_WORDS = 384


class Sentence(nn.Module):
    """input_ids -> [batch, 384] of unit spread; the mask is derived from the padding id 0."""

    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def forward(self, input_ids):
        b = self.bert
        mask = (input_ids != 0).float()
        bias = ((1 - mask) * -1e4)[:, None, None, :]
        place = torch.cumsum(torch.ones_like(input_ids), 1) - 1
        h = b.embeddings.word_embeddings(input_ids)
        h = h + b.embeddings.position_embeddings(place)
        h = b.embeddings.LayerNorm(h + b.embeddings.token_type_embeddings.weight[0])
        for layer in b.encoder.layer:
            att = layer.attention.self
            heads, size = att.num_attention_heads, att.attention_head_size

            def cut(x, heads=heads, size=size):
                return x.reshape(x.shape[0], -1, heads, size).transpose(1, 2)

            q, k, v = cut(att.query(h)), cut(att.key(h)), cut(att.value(h))
            weight = torch.softmax(q @ k.transpose(2, 3) / size**0.5 + bias, -1)
            mixed = (weight @ v).transpose(1, 2).reshape(h.shape[0], -1, heads * size)
            h = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed) + h)
            inner = torch.nn.functional.gelu(layer.intermediate.dense(h))
            h = layer.output.LayerNorm(layer.output.dense(inner) + h)
        pooled = (h * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        norm = pooled.pow(2).sum(1, keepdim=True).sqrt().clamp(min=1e-6)
        return pooled / norm * WIDTH_OF_WORDS**0.5


def build(minilm, work):
    """Write work/sentence.onnx (int8) from the MiniLM folder of the wheel."""
    from transformers import BertModel

    work = Path(work)
    bert = BertModel.from_pretrained(str(minilm), attn_implementation="eager").eval()
    module = Sentence(bert).eval()
    ids = torch.randint(5, 2000, (2, 9))
    ids[0, 5:] = 0
    with torch.no_grad():
        mask = (ids != 0).long()
        states = bert(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        same = torch.nn.functional.cosine_similarity(pooled, module(ids)).min()
        assert same > 0.9999, same
        table = bert.embeddings.word_embeddings
        table.weight = nn.Parameter(table.weight[vocabulary(minilm)[1]])
    full = work / "sentence_fp32.onnx"
    names = ["input_ids"], ["sentence"]
    axes = {"input_ids": {0: "batch", 1: "sequence"}, "sentence": {0: "batch"}}
    torch.onnx.export(module, (ids,), str(full), input_names=names[0], output_names=names[1],
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    quantize_dynamic(str(full), str(work / "sentence.onnx"), weight_type=QuantType.QInt8,
                     per_channel=True, reduce_range=False)
    full.unlink()


def vocabulary(minilm):
    """MiniLM's tokenizer without the pieces in other scripts than ASCII, and their old numbers."""
    source = json.loads((Path(minilm) / "tokenizer.json").read_text())
    words = source["model"]["vocab"]
    kept = [x for x in sorted(words, key=words.get) if x.isascii() and not x.startswith("[unused")]
    number = {x: i for i, x in enumerate(kept)}
    source["model"]["vocab"] = number
    for token in source["added_tokens"]:
        token["id"] = number[token["content"]]
    for name, token in source["post_processor"]["special_tokens"].items():
        token["ids"] = [number[name]]
    tokenizer = Tokenizer.from_str(json.dumps(source))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.no_padding()
    return tokenizer, [words[x] for x in kept]


def ids(tokenizer, prompt):
    """Token numbers of a prompt, padded: int64 [1, LENGTH]."""
    found = tokenizer.encode(prompt).ids
    return np.array([found + [0] * (LENGTH - len(found))], np.int64)


def tokenizer_files(minilm, folder):
    """tokenizer/ of the model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary(minilm)[0].save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "BertTokenizerFast", "model_max_length": LENGTH,
        "do_lower_case": True, "pad_token": "[PAD]", "cls_token": "[CLS]",
        "sep_token": "[SEP]", "unk_token": "[UNK]", "mask_token": "[MASK]",
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


class Embedder:
    """Prompts -> sentence vectors, through the very graph that ships."""

    def __init__(self, minilm, work):
        path = Path(work) / "sentence.onnx"
        if not path.exists():
            build(minilm, work)
        self.tokenizer = vocabulary(minilm)[0]
        self.session = onnxruntime.InferenceSession(str(path))

    def __call__(self, prompt):
        tokens = np.array([self.tokenizer.encode(prompt).ids], np.int64)
        return self.session.run(None, {"input_ids": tokens})[0][0]


SHARPNESS = 18.0
REACH = (6.4, 3.5)  # the largest values of the bank's packed latents: mean colours, detail


def recall(vectors, keys, values, own=None):
    """What pictures with such words look like: a softmax over the captions of the pack.

    own[i] is the picture whose keys are left out for vector i (or -1).
    """
    keys, owner = keys
    score = vectors @ keys.T * (SHARPNESS / WIDTH_OF_WORDS)
    if own is not None:
        score = np.where(owner[None, :] == np.asarray(own)[:, None], -1e4, score)
    score = np.exp(score - score.max(1, keepdims=True))
    return (score / score.sum(1, keepdims=True)) @ values[owner]


def add_recall(sentence_path, memory, bank, out_path):
    """Append to the graph what the words recall: last_hidden_state [1, 2 + PICTURES, WIDTH].

    First the sentence vector, the look of pictures with such words (softmax over all captions) and the
    gates; then the latents of the nearest landscapes, two crops of each; last those of the nearest object.
    """
    model = onnx.load(str(sentence_path))
    graph = model.graph

    def constant(name, array):
        graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(kind, inputs, output, **attributes):
        outputs = output if isinstance(output, list) else [output]
        graph.node.append(onnx.helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def half(name, array):
        return node("Cast", [constant(name + "_half", array.astype(np.float16))], name, to=1)

    def number(name, value):
        return constant(name, np.array(value, np.float32))

    def whole(name, *values):
        return constant(name, np.array(values, np.int64))

    def ramp(value, start, width, name):
        """0 below start, 1 above start + width."""
        low = node("Sub", [value, number(name + "_start", start)], name + "_above")
        high = node("Div", [low, number(name + "_width", width)], name + "_part")
        return node("Clip", [high, "zero", "one"], name)

    def unpacked(name, packed, picked, side, cover):
        """Nine bytes a cell -> [n, 12 or 13, side, side], channels as in the code."""
        bytes_ = node("Gather", [constant(name + "_bytes", packed), picked], name + "_picked", axis=0)
        floats = node("Cast", [bytes_], name + "_floats", to=1)
        whole(name + "_cut", 3, 2, 4)
        cut = [name + "_base", name + "_slope", name + "_pairs"]
        node("Split", [floats, name + "_cut"], cut, axis=1)

        def signed(value, zero, unit):
            value = node("Sub", [value, number(value + "_zero", zero)], value + "_signed")
            return node("Mul", [value, number(value + "_unit", unit)], value + "_scaled")

        over = node("Mul", [name + "_pairs", number(name + "_16th", 1 / 16)], name + "_over")
        high = node("Floor", [over], name + "_high")
        times = node("Mul", [high, number(name + "_16", 16)], name + "_times")
        low = node("Sub", [name + "_pairs", times], name + "_low")
        both = node("Concat", [high, low], name + "_nibbles", axis=1)
        whole(name + "_seven", 7, 1)
        node("Split", [both, name + "_seven"], [name + "_detail", name + "_last"], axis=1)
        parts = [signed(cut[0], 128, REACH[0] / 127), signed(cut[1], 128, REACH[1] / 127),
                 signed(name + "_detail", 8, REACH[1] / 7)]
        if cover:
            parts.append(node("Mul", [name + "_last", number(name + "_15th", 1 / 15)], name + "_cover"))
        mixed = node("Concat", parts, name + "_mixed", axis=1)
        back = [*BACK, CHANNELS] if cover else BACK
        ordered = node("Gather", [mixed, whole(name + "_back", *back)], name + "_latents", axis=1)
        cells = (CHANNELS + cover) * side * side
        flat = node("Reshape", [ordered, whole(name + "_flat", 1, -1, cells)], name + "_rows")
        fill = whole(name + "_fill", 0, 0, 0, 0, 0, WIDTH - cells)
        return node("Pad", [flat, fill], name + "_tokens")

    number("zero", 0), number("one", 1)
    # The look of pictures with such words.
    keys, owner, values = memory
    unit = np.abs(keys).max(1) / 127
    lines = constant("keys_byte", np.round(keys / unit[:, None]).T.astype(np.int8))
    score = node("MatMul", ["sentence", node("Cast", [lines], "keys", to=1)], "raw_score")
    unit = unit[None] * (SHARPNESS / WIDTH_OF_WORDS)
    score = node("Mul", [score, constant("keys_unit", unit.astype(np.float32))], "score")
    share = node("Softmax", [score], "share", axis=-1)
    look = node("MatMul", [share, half("looks", values[owner])], "look")
    # The nearest pictures, by the better of two lines of words each; similarity is a cosine.
    score = node("Mul", [score, number("to_cosine", 1 / SHARPNESS)], "cosine")
    score = node("Reshape", [score, whole("pairs", 1, -1, 2)], "cosines")
    score = node("ReduceMax", [score], "best_line", axes=[2], keepdims=0)
    best = {name: node("Gather", [score, whole(name + "_owners", *bank[name + "_owners"])], name + "_best",
                       axis=1) for name in ("land", "thing")}
    whole("three", PICTURES // 2), whole("single", 1)
    node("TopK", [best["land"], "three"], ["land_top", "land_index"], axis=1)
    node("TopK", [best["thing"], "single"], ["thing_top", "thing_index"], axis=1)
    whole("first", 0)
    top = node("Gather", ["land_top", "first"], "land_first", axis=1)
    fit = node("Sub", ["land_top", top], "land_behind")
    fit = node("Mul", [fit, number("sharpness", SHARPNESS)], "land_fit")
    fit = node("Gather", [fit, whole("twice", *(i // 2 for i in range(PICTURES)))], "fit", axis=1)
    # An object where one is named, and named better than any landscape.
    ahead = node("Sub", ["thing_top", top], "thing_ahead")
    gate = node("Mul", [ramp(ahead, 0.12, 0.06, "is_ahead"), ramp("thing_top", 0.6, 0.02, "is_thing")],
                "thing_gate")
    # Words that name nothing known get half of the texture; those of an object on plain ground none.
    other = node("Mul", [node("Sub", ["one", gate], "no_thing"), number("some", 0.5)], "some_scene")
    scene = node("Max", [ramp(top, 0.3, 0.15, "is_land"), other], "scene_gate")
    told = node("Concat", ["sentence", look, fit, gate, scene], "told", axis=1)
    used = WIDTH_OF_WORDS + values.shape[1] + PICTURES + 2
    told = node("Pad", [told, whole("told_fill", 0, 0, 0, WIDTH - used)], "told_wide")
    told = node("Unsqueeze", [told, whole("one_axis", 1)], "told_token")
    crop = node("Mul", ["land_index", whole("two", 2)], "crop_a")
    crop = node("Unsqueeze", [crop, whole("last_axis", 2)], "crop_b")
    crop = node("Add", [crop, whole("crops", 0, 1)], "crop_c")
    crop = node("Reshape", [crop, whole("flat", -1)], "crop_index")
    thing = node("Reshape", ["thing_index", "flat"], "thing_place")
    node("Concat", [told, unpacked("land", bank["land"], crop, SIDE, False),
                    unpacked("thing", bank["things"], thing, THING, True)], "last_hidden_state", axis=1)
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(
        "last_hidden_state", onnx.TensorProto.FLOAT, [1, 2 + PICTURES, WIDTH]))
    onnx.checker.check_model(model)
    onnx.save(model, str(out_path))
