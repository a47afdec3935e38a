#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/images/krita.png (a painting, and Krita's window with what the default model makes of it) and
docs/images/krita-live.webp (the same while it is painted). Needs ImageMagick and img2webp (Debian: webp).

    python3 tests/krita/make_shot.py --library target/release/libscumble.so [--model models/default]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "e2e"), str(ROOT / "scripts")]

from krita_install import fill_lib, find_runtime  # noqa: E402
from krita_session import KritaSession  # noqa: E402

HEIGHT, FILM_HEIGHT = 600, 440
PER_SECOND = 8  # as in e2e/shot.py
QUALITY = 60  # of the film, of 100


def beside(paint: Path, window: Path, height: int) -> list[str]:
    """ImageMagick's words for the two side by side."""
    left = ["(", str(paint), "-resize", f"x{height * 3 // 4}", ")"]
    right = ["(", str(window), "-resize", f"x{height}", ")"]
    return ["(", *left, *right, "-background", "white", "-gravity", "center", "+append", ")"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--out", type=Path, default=ROOT / "docs/images")
    chosen = options.parse_args()
    with KritaSession(None, size="1120x860") as session:
        lib = session.home / "lib"
        fill_lib(lib, chosen.library, chosen.model, find_runtime())
        session.env["SCUMBLE_LIBRARY"] = str(lib / "libscumble.so")
        code = session.run(HERE / "e2e/shot.py", 240, SCUMBLE_SHOT=str(session.home))
        if code:
            print(session.log()[-2000:], file=sys.stderr)
            return code
        chosen.out.mkdir(parents=True, exist_ok=True)
        still, film = chosen.out / "krita.png", chosen.out / "krita-live.webp"
        picture = beside(session.home / "paint.png", session.home / "window.png", HEIGHT)
        subprocess.run(["convert", *picture, "-strip", f"PNG24:{still}"], check=True)
        frames = []
        for paint in sorted((session.home / "film").glob("*-paint.png")):
            window = paint.with_name(paint.name.replace("paint", "window"))
            frames.append(paint.with_name(paint.name.replace("paint", "both")))
            subprocess.run(["convert", *beside(paint, window, FILM_HEIGHT), str(frames[-1])], check=True)
        how = ["-loop", "0", "-lossy", "-q", str(QUALITY), "-m", "6", "-d", str(1000 // PER_SECOND)]
        subprocess.run(["img2webp", *how, *map(str, frames), "-o", str(film)], check=True)
    for made in (still, film):
        print(f"{made}: {made.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
