#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints criterion's host figures as one table, each beside its floor.  bench_table.py target/criterion"""

import json
import sys
from pathlib import Path

# What a call is measured against: the same bytes compared, or compared and the changed ones copied.
FLOORS = {
    "push_unchanged": "floor_compare",
    "push_256_changed": "floor_compare",
    "poll_frame": None,
    "poll_no_frame": None,
}


def median(folder: Path, name: str, side: int, group: str = "host") -> float:
    """Median in microseconds."""
    file = folder / group / name / str(side) / "new" / "estimates.json"
    return json.loads(file.read_text())["median"]["point_estimate"] / 1000


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    print(f"{'call on the host thread (RGBA8)':34}{'side':>6}{'median':>13}{'floor':>13}{'ratio':>8}")
    for side in (1024, 2048):
        for name, floor in FLOORS.items():
            cost = median(folder, name, side)
            line = f"{name:34}{side:>6}{cost:>10.1f} us"
            if floor:
                base = median(folder, floor, side)
                line += f"{base:>10.1f} us{cost / base:>8.2f}"
            print(line)
    for name in ("push_256", "frame_256"):
        print(f"{'large canvas, ' + name:34}{4096:>6}{median(folder, name, 4096, 'large'):>10.1f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
