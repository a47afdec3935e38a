#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
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
import threading
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
TRIES = 20  # strokes from rest
REST = 0.8  # seconds without a picture


def floor(size: int) -> float:
    """Milliseconds to copy that many bytes once."""
    source = bytearray(os.urandom(min(size, 1 << 20)) * max(1, size >> 20))
    times = []
    for _ in range(9):
        began = time.perf_counter()
        bytes(source)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


class Answers:
    """How long GIMP takes to answer a call, which waits for all that the brush waits for."""

    def __init__(self, desk: Desk):
        self.server, self.call = desk.s.another(), f"(gimp-image-is-dirty {desk.image})"
        self.times: list[float] = []
        self.stop = False
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()

    def ask(self):
        while not self.stop:
            began = time.perf_counter()
            self.server.do(self.call)
            self.times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.013)

    def end(self) -> list[float]:
        self.stop = True
        self.thread.join(10)
        self.server.close()
        return self.times


def paint(desk: Desk) -> tuple[float, list[float]]:
    """Paints for SECONDS or a little more; (the seconds, how long GIMP took to answer)."""
    desk.focus()
    answers, began, index = Answers(desk), time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        if index % 10 == 0:
            desk.key("x")  # the other colour, so that the next ten strokes show
        desk.stroke(line(index % 10))
        index += 1
    return time.monotonic() - began, answers.end()


def reached(desk: Desk, log: Path) -> list[float]:
    """Milliseconds from the pointer's press to the first picture shown of it, each stroke from rest."""
    desk.focus()
    found, shown = [], lambda: log.read_text().count("show ")
    for index in range(TRIES):
        before, since, end = shown(), time.monotonic(), time.monotonic() + 20
        while time.monotonic() - since < REST and time.monotonic() < end:
            time.sleep(0.02)
            if shown() != before:
                before, since = shown(), time.monotonic()
        desk.key("x")
        began = time.perf_counter()
        desk.press(line(index % 10)[:2])
        while shown() == before and time.perf_counter() - began < 10:
            time.sleep(0.001)
        found.append((time.perf_counter() - began) * 1000)
        desk.release()
    return found


def cell(times: list[float]) -> str:
    """Median and 95th percentile."""
    if not times:
        return "–"
    found = sorted(times)
    return f"{statistics.median(found):.1f} / {found[min(len(found) - 1, len(found) * 95 // 100)]:.1f}"


def measure(session: GimpSession, side: int, log: Path) -> list[str]:
    """A row of the table: cells as NAMES has them."""
    desk = Desk(session)
    desk.open(side, side)
    _, without = paint(desk)
    desk.dialog(live=True)
    live = desk.live_layer()
    session.until(lambda: desk.mean(live) > 20, 60)
    time.sleep(2)
    log.write_text("")
    took, answers = paint(desk)
    rows = log.read_text()
    pointer = reached(desk, log)
    times: dict[str, list[float]] = {}
    for row in rows.splitlines():
        what, milliseconds = row.split()
        times.setdefault(what, []).append(float(milliseconds))
    shown = len(times.get("show", [])) / took
    parts = [cell(times.get(name, [])) for name in ("look", "part", "whole", "push", "write", "show")]
    copied = f"{floor(side * side * 4):.2f}"
    return [f"{side}²", *parts, f"{shown:.1f}", cell(pointer), copied, cell(without), cell(answers)]


NAMES = [
    "canvas", "look", "read, part", "read, whole", "push", "write a picture", "show it", "pictures/s",
    "pointer → picture",
    "copying the bytes once", "GIMP answers, no live layer", "GIMP answers, live",
]  # fmt: skip


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
    print("|", " | ".join(NAMES), "|")
    print("|---" * len(NAMES) + "|")
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-", dir="/tmp") as folder:
        whole, log = Path(folder) / "scumble", Path(folder) / "times"
        fill(whole, chosen.plugin, chosen.library, chosen.model, find_runtime())
        gimp = Gimp(chosen.gimp, chosen.chroot)
        for side in map(int, chosen.sides.split(",")):
            log.unlink(missing_ok=True)
            with GimpSession(gimp, whole, size="1480x900", SCUMBLE_GIMP_TIMES=str(log)) as session:
                print("|", " | ".join(measure(session, side, log)), "|", flush=True)
    print("Milliseconds, median / 95th percentile, while strokes are painted; 8-bit RGBA.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
