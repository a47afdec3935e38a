#!/usr/bin/env python3
"""Writes the real CLIP vocabulary (vocab.json, merges.txt: 49408 entries) into a folder.

    python clip_vocab.py FOLDER [--wheel open_clip_torch-3.3.0-py3-none-any.whl]

It is taken from a pinned, hash-checked wheel on PyPI (open_clip, MIT; the vocabulary is OpenAI's
CLIP, MIT), so that 1.5 MB need not be committed. Needs nothing but Python and pip.
"""

import argparse
import gzip
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import vocab as bpe

PIN = "open_clip_torch==3.3.0"
WHEEL = "c549ad5ed6bfc119cc11105033c0a2b9d7a2a4afeb40a58a09aab3da1a0043ce"
MEMBER = "open_clip/bpe_simple_vocab_16e6.txt.gz"
MERGES = 49152 - 256 - 2
RESULT = {
    "vocab.json": "3f0c4f7d2086b61b38487075278ea9ed04edb53a03cbb045b86c27190fa8fb69",
    "merges.txt": "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def expect(what, data, digest):
    if sha256(data) != digest:
        raise SystemExit(f"{what}: sha256 is {sha256(data)}, expected {digest}")


def download(folder):
    pin = folder / "pin.txt"
    pin.write_text(f"{PIN} --hash=sha256:{WHEEL}\n")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    command += ["--require-hashes", "-d", str(folder), "-r", str(pin)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def merges(wheel):
    data = wheel.read_bytes()
    expect(wheel.name, data, WHEEL)
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MEMBER)).decode("utf-8")
    return [tuple(line.split()) for line in text.split("\n")[1 : MERGES + 1]]


def make(folder, wheel=None):
    """vocab.json and merges.txt in `folder`; kept as they are when they are right already."""
    folder = pathlib.Path(folder)
    ready = [folder / name for name in RESULT]
    if all(p.is_file() and sha256(p.read_bytes()) == RESULT[p.name] for p in ready):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        pairs = merges(pathlib.Path(wheel) if wheel else download(pathlib.Path(scratch)))
    bpe.write(folder, bpe.clip_vocab(pairs), pairs)
    for path in ready:
        expect(path.name, path.read_bytes(), RESULT[path.name])
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--wheel")
    args = parser.parse_args()
    made = make(args.folder, args.wheel)
    print(f"CLIP vocabulary {'written to' if made else 'is ready in'} {args.folder}")
