#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the live layer costs while somebody paints: reading, pushing, writing, showing, and the bytes' floor.

    python3 tests/gimp/measure.py --plugin out/gimp-2/scumble --library target/release/libscumble.so

Strokes are painted for some seconds on a canvas of each size; the plug-in writes its times to a file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "scripts")]

from desk import Desk, line  # noqa: E402
from gimp_install import fill  # noqa: E402
from gimp_session import Gimp, GimpSession  # noqa: E402
from krita_install import find_runtime  # noqa: E402

SECONDS = 12


def floor(size: int) -> float:
    """Milliseconds to copy that many bytes once."""
    source = bytearray(os.urandom(min(size, 1 << 20)) * max(1, size >> 20))
    times = []
    for _ in range(9):
        began = time.perf_counter()
        bytes(source)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--gimp", choices=("2", "3"), default="2")
    options.add_argument("--chroot")
    options.add_argument("--plugin", type=Path, required=True)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--sides", default="512,1024,2048")
    chosen = options.parse_args()
    print(
        "| canvas | look | read, part | read, whole | push | write a picture | show it | pictures/s "
        "| copying the bytes once |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-", dir="/tmp") as folder:
        whole, log = Path(folder) / "scumble", Path(folder) / "times"
        fill(whole, chosen.plugin, chosen.library, chosen.model, find_runtime())
        gimp = Gimp(chosen.gimp, chosen.chroot)
        for side in map(int, chosen.sides.split(",")):
            log.unlink(missing_ok=True)
            with GimpSession(gimp, whole, size="1480x900", SCUMBLE_GIMP_TIMES=str(log)) as session:
                desk = Desk(session)
                desk.open(side, side)
                desk.dialog(live=True)
                live = desk.live_layer()
                session.until(lambda d=desk, layer=live: d.mean(layer) > 20, 60)
                time.sleep(2)
                began, index = time.monotonic(), 0
                log.write_text("")
                desk.focus()
                while time.monotonic() - began < SECONDS:
                    desk.stroke(line(index % 10))
                    index += 1
                took = time.monotonic() - began
                times: dict[str, list[float]] = {}
                for row in log.read_text().splitlines():
                    what, milliseconds = row.split()
                    times.setdefault(what, []).append(float(milliseconds))

                def cell(what, times=times):
                    found = sorted(times.get(what, []))
                    if not found:
                        return "–"
                    late = found[min(len(found) - 1, len(found) * 95 // 100)]
                    return f"{statistics.median(found):.1f} / {late:.1f}"

                shown = len(times.get("show", [])) / took
                names = ("look", "part", "whole", "push", "write", "show")
                cells = [cell(name) for name in names] + [f"{shown:.1f}", f"{floor(side * side * 4):.2f}"]
                print(f"| {side}² |", " | ".join(cells), "|", flush=True)
    print("Milliseconds, median / 95th percentile, while strokes are painted; 8-bit RGBA.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
