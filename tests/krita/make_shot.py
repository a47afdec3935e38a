#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/images/krita.png: a sketch, and Krita's window with what the default model makes of it.

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

HEIGHT = 600


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--out", type=Path, default=ROOT / "docs/images/krita.png")
    chosen = options.parse_args()
    with KritaSession(None, size="1120x860") as session:
        lib = session.home / "lib"
        fill_lib(lib, chosen.library, chosen.model, find_runtime())
        session.env["SCUMBLE_LIBRARY"] = str(lib / "libscumble.so")
        code = session.run(HERE / "e2e/shot.py", 240, SCUMBLE_SHOT=str(session.home))
        if code:
            print(session.log()[-2000:], file=sys.stderr)
            return code
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        sketch, window = (str(session.home / name) for name in ("sketch.png", "live.png"))
        # The canvas alone with the sketch, in the height of the window; then the window.
        command = ["convert", sketch, window, "-resize", f"x{HEIGHT}", "-background", "white", "+append"]
        subprocess.run([*command, "-strip", f"PNG24:{chosen.out}"], check=True)
    print(f"{chosen.out}: {chosen.out.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
