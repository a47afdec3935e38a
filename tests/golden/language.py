"""Tiny language models and their tokenizers: Qwen 3 (FLUX.2 klein, Z-Image) and Gemma 2 (SANA)."""

import collections
import re
from string import ascii_uppercase, digits

import spiece
import torch
import vocab as bpe
from tokenizers.processors import TemplateProcessing
from transformers import (
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
)

MERGES = 86
PAD, BEGIN, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
THINK = ("<think>", "</think>")
# What Qwen 3's own template makes of one message of a user.
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}"
    "{%- endif %}"
    "{%- endif %}"
)
COMMON = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 2048,
    "attn_implementation": "eager",
}


def qwen_tokenizer():
    """Byte-level BPE whose words begin with their space, and its chat's special tokens."""
    symbols = bpe.byte_symbols()
    plain = dict.fromkeys(" \n")
    plain = {c: symbols[188 + ord(c)] for c in plain}  # bytes that are no letters follow those that are
    text = collections.Counter(re.findall(r" ?[^\s]+|\n", bpe.CORPUS.strip()))
    merges = bpe.learn({tuple(plain.get(c, c) for c in w): n for w, n in text.items()}, MERGES)
    tokens = symbols + ["".join(m) for m in merges]
    made = Qwen2Tokenizer(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=merges,
        pad_token=PAD,
        eos_token=END,
        model_max_length=131072,
    )
    made.add_special_tokens({"additional_special_tokens": [BEGIN]})
    made.add_tokens(list(THINK))
    made.chat_template = TEMPLATE
    return made


def gemma_tokenizer():
    """BPE over letters, bytes for those that it does not know, one word with the space before it."""
    letters = sorted({c for c in bpe.CORPUS if c not in " \n"} | set(ascii_uppercase + digits))
    letters += [*",.;:!?'-()[]\"", "\u2581", "\n"]
    text = collections.Counter(re.findall("\u2581?[^\u2581]+", "\u2581".join(bpe.CORPUS.split())))
    merges = bpe.learn({tuple(w): n for w, n in text.items()}, MERGES)
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokens = special + [f"<0x{b:02X}>" for b in range(256)] + letters + ["".join(m) for m in merges]
    made = GemmaTokenizer(
        vocab={token: i for i, token in enumerate(dict.fromkeys(tokens))},
        merges=merges,
        model_max_length=1024,
    )
    made._tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", tokens.index("<bos>"))]
    )
    return made


def enliven(model):
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.mul_(12.0 / p.shape[-1] / p.std())
    return model


def qwen(tokenizer, layers=3):
    ids = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    config = Qwen3Config(**{**COMMON, "num_hidden_layers": layers}, **ids)
    return enliven(Qwen3Model(config).eval())


def gemma(tokenizer):
    config = Gemma2Config(
        **COMMON,
        vocab_size=len(tokenizer),
        pad_token_id=0,
        query_pre_attn_scalar=8,
        sliding_window=1024,
    )
    return enliven(Gemma2Model(config).eval())


def write(made, folder):
    spiece.write(made, folder)

