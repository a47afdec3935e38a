"""Everything from scratch: decoder, bank, pairs, guide, export, sheets, curves. Call again to go on."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def call(script, *options):
    command = [sys.executable, str(HERE / script), *map(str, options)]
    print("+", " ".join(command), flush=True)
    subprocess.run(command, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the picture pack")
    parser.add_argument("--minilm", required=True, help="folder with MiniLM's model.safetensors")
    parser.add_argument("--work", default="work", help="checkpoints and logs")
    parser.add_argument("--out", default=HERE.parent / "default", help="the model folder")
    parser.add_argument("--decoder-minutes", type=float, default=40)
    parser.add_argument("--guide-minutes", type=float, default=60)
    parser.add_argument("--slice", type=float, default=1e9,
                        help="minutes of each training call; run again until done")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=8000)
    args = parser.parse_args()
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    common = ("--work", work, "--slice", args.slice, "--threads", args.threads)
    call("train_decoder.py", "--data", args.data, "--minutes", args.decoder_minutes, *common)
    packed = ("--data", args.data, "--work", work, "--minilm", args.minilm)
    if not (work / "bank.npz").exists():
        call("bank.py", *packed)
    if not (work / "pairs.pt").exists():
        call("pairs.py", *packed, "--count", args.pairs, "--processes", args.threads)
    call("train_guide.py", "--minutes", args.guide_minutes, *common)
    call("export.py", "--work", work, "--minilm", args.minilm, "--out", args.out)
    call("sheet.py", "--data", args.data, "--model", args.out, "--out", args.out)
    call("curves.py", "--work", work, "--out", Path(args.out) / "curves.png")


if __name__ == "__main__":
    main()
