"""Prepares what training reads: words, features, the pack in small, the vocabulary.

    python assets.py --minilm FOLDER --resnet FOLDER --pack FOLDER --captions FILE --out FOLDER [--quality 80]

--captions: any number of scenes' captions, a line each; words that one caption in 400 has are read from
pictures.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import text
import torch
from features import folded
from PIL import Image

STOP = set(
    "a an the and with of in on by to under above at behind over from its into near as is it are between "
    "along".split()
)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("minilm", "resnet", "pack", "captions", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--decoder", help="weights of a decoder to begin with")
    p.add_argument("--quality", type=int, default=84)
    a = p.parse_args()
    out, pack = Path(a.out), Path(a.pack)
    (out / "pack").mkdir(parents=True, exist_ok=True)
    if not (out / "words.pt").exists():
        text.pack(a.minilm, out / "words.pt")
    if not (out / "features.pt").exists():
        torch.save({k: v.half() for k, v in folded(a.resnet, 3).items()}, out / "features.pt")
    if a.decoder:
        state = torch.load(a.decoder, map_location="cpu", weights_only=False)["ema"]
        torch.save({k: v.float() for k, v in state.items()}, out / "decoder.pt")
    for kind in ("landscapes", "objects"):
        entries = json.loads((pack / f"{kind}.json").read_text())
        (out / "pack" / f"{kind}.json").write_text(json.dumps(entries))
        for entry in entries:
            target = out / "pack" / entry["file"]
            target.parent.mkdir(exist_ok=True)
            if kind == "objects":
                target.write_bytes((pack / entry["file"]).read_bytes())
            else:
                Image.open(pack / entry["file"]).convert("RGB").save(
                    target, "WEBP", quality=a.quality, method=6
                )
    captions = Path(a.captions).read_text().splitlines()
    count = Counter(w for c in captions for w in text.words(c))
    chosen = sorted(w for w, n in count.items() if n >= len(captions) / 400 and w not in STOP)
    (out / "vocabulary.json").write_text(json.dumps(chosen))
    print(len(chosen), "words;", sum(f.stat().st_size for f in out.rglob("*") if f.is_file()) // 2**20, "MiB")


if __name__ == "__main__":
    main()
