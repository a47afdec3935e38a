#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes docs/images/gimp*.png: GIMP with Scumble's dialog, and with a live layer while a stroke is painted.

python3 tests/gimp/make_shot.py --plugin out/gimp-2/scumble --library target/release/libscumble.so
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "scripts")]

from desk import Desk  # noqa: E402
from gimp_install import PICTURE, fill  # noqa: E402
from gimp_session import Gimp, GimpSession  # noqa: E402
from krita_install import find_runtime  # noqa: E402

PROMPT = "snowy mountains above a lake at sunset"


def shoot(session: GimpSession, out: Path):
    command = ["import", "-window", "root", "-strip", "-resize", "75%", "-colors", "250", f"PNG8:{out}"]
    subprocess.run(command, env=session.env, check=True)
    print(f"{out}: {out.stat().st_size // 1024} KB")


def settle(desk: Desk, layer: int):
    """Waits until the live layer no longer changes."""
    last, since = desk.mean(layer), time.monotonic()
    while time.monotonic() - since < 4:
        time.sleep(0.3)
        now = desk.mean(layer)
        if now != last:
            last, since = now, time.monotonic()


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--gimp", choices=("2", "3"), default="2")
    options.add_argument("--chroot")
    options.add_argument("--plugin", type=Path, required=True)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--out", type=Path, default=ROOT / "docs/images")
    chosen = options.parse_args()
    suffix = "" if chosen.gimp == "2" else "3"
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-", dir="/tmp") as folder:
        whole = Path(folder) / "scumble"
        fill(whole, chosen.plugin, chosen.library, chosen.model, find_runtime())
        gimp = Gimp(chosen.gimp, chosen.chroot)
        with GimpSession(gimp, whole, size="1250x790") as session:
            desk = Desk(session)
            desk.take(PICTURE, 770, 780)
            window = desk.dialog()
            session.x("windowmove", window, 775, 0)
            session.x("type", "--delay", "20", PROMPT)
            time.sleep(1)
            session.until(lambda: not desk.plug_ins(), 12)  # the picture comes meanwhile
            shoot(session, chosen.out / f"gimp{suffix}-dialog.png")
            session.x("windowactivate", "--sync", window)
            desk.key("alt+l")
            live = desk.live_layer()
            session.until(lambda: desk.mean(live) > 20, 60)
            settle(desk, live)
            desk.focus()
            desk.press([(-150 + 8 * k, -120 + (k * k) // 12) for k in range(30)])
            settle(desk, live)
            shoot(session, chosen.out / f"gimp{suffix}-live.png")
            desk.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
