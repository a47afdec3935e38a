"""Text: MiniLM as an int8 ONNX graph (ids -> pooled sentence vector), and its use in training."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import nn

LENGTH = 64
WIDTH = 384


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
        return pooled / norm * WIDTH**0.5


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
    full = work / "sentence_fp32.onnx"
    names = ["input_ids"], ["sentence"]
    axes = {"input_ids": {0: "batch", 1: "sequence"}, "sentence": {0: "batch"}}
    torch.onnx.export(module, (ids,), str(full), input_names=names[0], output_names=names[1],
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    quantize_dynamic(str(full), str(work / "sentence.onnx"), weight_type=QuantType.QInt8,
                     per_channel=True, reduce_range=False)
    full.unlink()


def tokenizer_files(minilm, folder):
    """tokenizer/ of the model folder: the fast tokenizer, without its own padding."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(Path(minilm) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LENGTH)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
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
        self.tokenizer = Tokenizer.from_file(str(Path(minilm) / "tokenizer.json"))
        self.tokenizer.enable_truncation(LENGTH)
        self.tokenizer.no_padding()
        self.session = onnxruntime.InferenceSession(str(path))

    def __call__(self, prompt):
        ids = self.tokenizer.encode(prompt).ids
        return self.session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0]


SHARPNESS = 18.0
EMPHASIS = 1.7  # how far a prompt is moved away from the empty one when it is rendered


def recall(vectors, keys, values, own=None):
    """What pictures with such words look like: a softmax over the captions of the pack.

    own[i] is the picture whose keys are left out for vector i (or -1).
    """
    keys, owner = keys
    score = vectors @ keys.T * (SHARPNESS / WIDTH)
    if own is not None:
        score = np.where(owner[None, :] == np.asarray(own)[:, None], -1e4, score)
    score = np.exp(score - score.max(1, keepdims=True))
    return (score / score.sum(1, keepdims=True)) @ values[owner]


def add_memory(sentence_path, keys, values, empty, out_path):
    """Append the same recall to the graph: output last_hidden_state [b, 1, 384 + memory].

    empty is the sentence vector of the empty prompt. Guidance costs nothing here: the whole vector
    is stretched away from the empty prompt's before the denoiser sees it.
    """
    rest = np.concatenate([empty, recall(empty[None], keys, values)[0]]) * (1 - EMPHASIS)
    model = onnx.load(str(sentence_path))
    graph = model.graph
    keys, owner = keys

    def constant(name, array):
        graph.initializer.append(onnx.numpy_helper.from_array(array, name))

    def half(name, array):
        constant(name + "_half", array.astype(np.float16))
        graph.node.append(onnx.helper.make_node("Cast", [name + "_half"], [name], to=1))

    half("keys", (keys.T * (SHARPNESS / WIDTH)))
    half("values", values[owner])
    constant("emphasis", np.array(EMPHASIS, np.float32))
    constant("rest", rest.astype(np.float32))
    constant("one_axis", np.array([1], np.int64))
    node = onnx.helper.make_node
    graph.node.extend([
        node("MatMul", ["sentence", "keys"], ["score"]),
        node("Softmax", ["score"], ["share"], axis=-1),
        node("MatMul", ["share", "values"], ["look"]),
        node("Concat", ["sentence", "look"], ["both"], axis=1),
        node("Mul", ["both", "emphasis"], ["stretched"]),
        node("Add", ["stretched", "rest"], ["stressed"]),
        node("Unsqueeze", ["stressed", "one_axis"], ["last_hidden_state"]),
    ])
    width = WIDTH + values.shape[1]
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(
        "last_hidden_state", onnx.TensorProto.FLOAT, ["batch", 1, width]))
    onnx.checker.check_model(model)
    onnx.save(model, str(out_path))
