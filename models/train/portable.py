"""Pack the guide's training into one folder that needs PyTorch and NumPy alone, and no internet.

    python portable.py --work work --out portable          # on any machine, after bank.py and pairs.py
    python train_guide.py --work . --slice 10 --parts --batch 64    # there, in slices; call again to go on
    cp portable/guide.pt* work/ && python export.py …      # back here: parts are joined on loading
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
from train_guide import GAIN, computed

HERE = Path(__file__).parent
SCRIPTS = ("codec.py", "common.py", "train_guide.py", "unet.py")
CHUNK = 600  # pairs a file, 15 MB


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=2000, help="pairs; 2000 keep the folder under 60 MB")
    args = parser.parse_args()
    data, out = computed(args.work), Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    # Evenly through the set, which goes round the pictures in turn.
    rows = np.linspace(0, len(data["z"]) - 1, min(args.count, len(data["z"]))).astype(int)
    lines = np.unique(np.append(data["prompt"][rows].numpy().ravel(), data["empty"]))
    number = {line: i for i, line in enumerate(lines)}
    np.savez(out / "words.npz", empty=number[data["empty"]],
             **{k: data[k][lines].half().numpy() for k in ("vectors", "own", "others")})
    for part, start in enumerate(range(0, len(rows), CHUNK)):
        some = rows[start:start + CHUNK]
        latents = {k: (data[k][some].float() * GAIN).round().clamp(-127, 127).char().numpy()
                   for k in ("z", "paint")}
        prompt = np.vectorize(number.get)(data["prompt"][some].numpy())
        np.savez(out / f"packed-{part:02}.npz", prompt=prompt, **latents)
    for name in SCRIPTS:
        shutil.copy(HERE / name, out / name)
    size = sum(f.stat().st_size for f in out.iterdir()) / 1e6
    print(f"{len(rows)} pairs, {len(lines)} lines of words, {size:.0f} MB in {out}")


if __name__ == "__main__":
    main()
