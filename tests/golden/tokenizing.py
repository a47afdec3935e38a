"""tokenizer_cases.json: what transformers' tokenizers make of difficult prompts."""

import json
import tempfile
from pathlib import Path

import clip_vocab
import language
import spiece
import transformers
import vocab as bpe
from transformers import CLIPTokenizer

PROMPTS = [
    "",
    " ",
    "a",
    "a painting of a house by the lake",
    "A PAINTING OF A House By THE Lake",
    "  many   spaces \t tabs\tand \r\n new\nlines  ",
    "it's the painter's, we're done; they'll see I'd say, don't they've?",
    "hello world! wow!! really?! (nested [brackets]) {x:1.3} a::b, c--d … «q» “w” ‘e’",
    "!",
    "a !b! c",
    "photo, 35mm f/1.8, 4k, 1990s, 12345678901234567890, ½ ² Ⅻ ٣",
    "naïve café déjà vu, Übermaß, ÅNGSTRÖM, smørrebrød, œuvre",
    "nai\u0308ve cafe\u0301 (decomposed)  ﬁ ligature, İstanbul, ΣΊΣΥΦΟΣ, ẞ ß",
    "神奈川沖浪裏 葛飾北斎 ウキヨエ 그림 живопись маслом ภาพวาด चित्र لوحة זית",
    "🎨 sunset 🌅🌊 family 👨‍👩‍👧‍👦 flag 🇯🇵 skin 👍🏽 ❤️ ☀",
    "zero\u200bwidth nbsp\u00a0here em\u2003space ideographic\u3000space bom\ufeff \u0001control\u007f",
    "<|startoftext|>inside<|endoftext|>after the end",
    "< | endoftext | > <|ENDOFTEXT|> <|x|>",
    "supercalifragilisticexpialidocious antidisestablishmentarianism xqzkjwv",
    "under_scores and-hyphens and/slashes \\back\\ @user #tag $5 100% ^~`|",
    "𝔊𝔬𝔱𝔥𝔦𝔠 𝒢 math letters, Ｆｕｌｌｗｉｄｔｈ",
    " ".join(["brush strokes on wet paper, number", "seven"] * 34),
    "word " * 75,
    "word " * 74 + "x",
    "e" * 300,
    "<|im_start|>user\nwho speaks?<|im_end|>\n<|im_start|>assistant\n",
    "<think>\nhm\n</think>\n\n<|endoftext|>",
    "<bos>a<eos> <pad> <unk> <mask> <start_of_turn>",
    "line one\nline two\n\n\nline five\r\n\r\nend",
    "tab\tbetween\t\ttabs",
    "trailing spaces    ",
    "ends in a new line\n",
    "1234567890 3.14159 1,000,000 0x1F 10e-3",
    "I'LL DON'T WE'VE you'Re it'S",
    "   ",
    "a\u0301\u0323 \u1e69 o\u0308 \uac00\u1100\u1161 e\u0301e\u0301",
    "\u202eright to left\u202c \u2028separator\u2029 \u00ad soft",
    "\U0001f468\u200d\U0001f3a8 \U0001f1fa\U0001f1e6\U0001f1ef\U0001f1f5 \u2615\ufe0e \u0000 nul",
    "https://example.org/a?b=c&d=%20#e user@example.org",
    "User Prompt: a cat sleeping -> Enhanced: A small, fluffy white cat",
]


def ids(vocab, merges, pad):
    tokenizer = CLIPTokenizer(
        vocab=vocab, merges=[tuple(m) for m in merges], pad_token=pad, model_max_length=77
    )
    settings = {"padding": "max_length", "max_length": 77, "truncation": True}
    rows = [tokenizer(prompt, **settings).input_ids for prompt in PROMPTS]
    if any(len(row) != 77 for row in rows):
        raise ValueError("a row is not 77 long")
    return rows


def make(folder):
    with tempfile.TemporaryDirectory() as scratch:
        clip_vocab.make(scratch)
        pairs = (Path(scratch) / "merges.txt").read_text(encoding="utf-8").split("\n")[1:-1]
        clip = json.loads((Path(scratch) / "vocab.json").read_text(encoding="utf-8"))
    vocabularies = {"tiny": bpe.tiny(), "clip": (clip, [p.split(" ") for p in pairs])}
    sets = []
    for name, (vocab, merges) in vocabularies.items():
        for pad in (bpe.END, "!"):
            sets.append({"vocab": name, "pad": pad, "ids": ids(vocab, merges, pad)})
    t5 = spiece.tokenizer()
    settings = {"padding": "max_length", "max_length": 77, "truncation": True}
    rows = [t5(prompt, **settings).input_ids for prompt in PROMPTS]
    sets.append({"vocab": "t5", "pad": "<pad>", "ids": rows})
    for name, made in (("qwen", language.qwen_tokenizer()), ("gemma", language.gemma_tokenizer())):
        made.padding_side = "right"
        rows = [made(prompt, **settings).input_ids for prompt in PROMPTS]
        sets.append({"vocab": name, "pad": made.pad_token, "ids": rows})
    lines = [f'{{\n"made_with": {{"transformers": "{transformers.__version__}"}},']
    lines.append(f'"max_length": 77,\n"prompts": {json.dumps(PROMPTS, indent=0)},\n"sets": [')
    rows = []
    for one in sets:
        body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in one["ids"])
        rows.append(f'{{"vocab": "{one["vocab"]}", "pad": "{one["pad"]}", "ids": [\n{body}\n]}}')
    text = "\n".join(lines) + "\n" + ",\n".join(rows) + "\n]\n}\n"
    if json.loads(text)["sets"] != sets or json.loads(text)["prompts"] != PROMPTS:
        raise ValueError("tokenizer_cases.json does not read back")
    (folder / "tokenizer_cases.json").write_text(text, encoding="utf-8")
    return len(PROMPTS) * len(sets)
