# SPDX-License-Identifier: MIT OR Apache-2.0
"""Both halves of the checks at once: GIMP waits for hands and windows most of the time."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

# The groups of run_gimp.py; each half took some fourteen minutes on a machine that tested Krita meanwhile.
HALVES = (("installing", "batch", "dialog", "live", "history", "engineless"), ("steering", "faults"))


def both(arguments: list[str]) -> int:
    """Runs run_gimp.py on each half with these arguments; prints what they print, and the sums at the end."""
    halves = [
        subprocess.Popen(
            [sys.executable, sys.argv[0], *arguments, *(word for g in half for word in ("--only", g))],
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for half in HALVES
    ]
    sums = [[0, 0] for _ in halves]

    def tell(number: int, half: subprocess.Popen):
        for line in half.stdout:
            if said := re.fullmatch(r"(\d+) passed, (\d+) failed\n", line):
                sums[number] = [int(count) for count in said.groups()]
            print(f"{number + 1} {line}", end="", flush=True)

    readers = [threading.Thread(target=tell, args=each) for each in enumerate(halves)]
    try:
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        codes = [half.wait() for half in halves]
    finally:
        for half in halves:
            if half.poll() is None:
                half.terminate()
    passed, failed = (sum(each) for each in zip(*sums, strict=True))
    print(f"{passed} passed, {failed} failed", flush=True)
    return max(abs(code) for code in codes)
