"""Byte-level BPE vocabularies in the CLIP style: a tiny one of our own, and the folders' files."""

import collections
import itertools
import json

START, END = "<|startoftext|>", "<|endoftext|>"
TINY_MERGES = 86

# What the tiny vocabulary learns its merges from. Any text would do; it must only never change.
CORPUS = """
a painting of a house by the lake at sunset oil on canvas warm light thick brush strokes
a watercolour of the sea with ships and clouds soft light pale colours paper texture
a portrait of a woman in a red dress studio light dark background detailed face
a forest in the mist with tall trees moss and ferns green light morning
a mountain lake under a stormy sky snow on the peaks reflections in the water
a still life with apples pears and a bottle of wine on a wooden table
blurry low quality deformed ugly bad hands watermark text
concept art of an old castle on a hill the moon behind it night blue shadows
"""


def byte_symbols():
    """GPT-2's table: each byte as one printable character, in CLIP's order."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(rest))]


def learn_merges(text, count):
    words = collections.Counter(text.split())
    return learn({(*w[:-1], w[-1] + "</w>"): n for w, n in words.items()}, count)


def learn(words, count):
    """The merges that byte-pair encoding learns from words in pieces, and how often each comes."""
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += n
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        words = {apply_merge(word, best): n for word, n in words.items()}
    return merges


def apply_merge(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def clip_vocab(merges):
    """Ids as CLIP numbers them: bytes, bytes that end a word, merges, the two special tokens."""
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges] + [START, END]
    vocab = {token: i for i, token in enumerate(tokens)}
    if len(vocab) != len(tokens):
        raise ValueError("a token comes twice")
    return vocab


def tiny():
    merges = learn_merges(CORPUS, TINY_MERGES)
    return clip_vocab(merges), merges


def write(folder, vocab, merges):
    """vocab.json and merges.txt, as every CLIP tokenizer folder has them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(m) for m in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
