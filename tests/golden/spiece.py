"""A tiny T5 tokenizer: SentencePiece's Unigram model and normalizer, learned from the corpus of vocab.py."""

import io
import tempfile
from pathlib import Path

import sentencepiece
import transformers
import vocab as bpe
from sentencepiece import sentencepiece_model_pb2
from transformers import T5Tokenizer

PIECES = 104
# What T5's own normalizer (NFKC and more) makes of a few characters; the whole table has 300 kB.
RULES = {
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\u00a0": " ",
    "\u3000": " ",
    "\u00bd": "1\u20442",
    "\ufb01": "fi",
    "\uff21": "A",
    "\u2026": "...",
    "e\u0301": "\u00e9",
    "\u200b": " ",
}


def model():
    """(pieces with their scores, the normalizer's table)"""
    with tempfile.TemporaryDirectory() as scratch:
        rules = Path(scratch) / "rules.tsv"
        points = [
            (" ".join(f"{ord(c):X}" for c in text) for text in pair) for pair in RULES.items()
        ]
        rules.write_text("".join("\t".join(pair) + "\n" for pair in points))
        made = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(bpe.CORPUS.strip().split("\n")),
            model_writer=made,
            vocab_size=PIECES,
            model_type="unigram",
            normalization_rule_tsv=str(rules),
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=1,
            minloglevel=2,
        )
    proto = sentencepiece_model_pb2.ModelProto.FromString(made.getvalue())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    return pieces, proto.normalizer_spec.precompiled_charsmap


def tokenizer():
    pieces, table = model()
    extra = [(f"<extra_id_{i}>", 0.0) for i in reversed(range(4))]
    return T5Tokenizer(
        vocab=pieces + extra, _spm_precompiled_charsmap=table, extra_ids=4, model_max_length=512
    )


def write(made, folder):
    """tokenizer.json with its settings, as transformers saves them."""
    folder.mkdir(parents=True, exist_ok=True)
    made.save_pretrained(folder)
    if not (folder / "tokenizer.json").exists():
        raise ValueError(f"transformers {transformers.__version__} saves no tokenizer.json")
