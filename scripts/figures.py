#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The README's figures have one source, docs/figures.json; this takes them anew and writes the table.

    figures.py take CRITERION ENGINE REPORT   from target/criterion, what `cargo bench --bench engine` said,
                                              and out/demo/report.json
    figures.py write                          the README's table from docs/figures.json
    figures.py check                          is the table that of docs/figures.json?

`make figures` does the first two; `make lint` the last.
"""

import datetime
import json
import re
import sys
from pathlib import Path

import bench_table

ROOT = Path(__file__).resolve().parent.parent
FIGURES, README = ROOT / "docs/figures.json", ROOT / "README.md"
BEGIN, END = "<!-- figures: made by `make figures` -->\n", "<!-- /figures -->\n"
SIDES = (1024, 2048)


def table(figures: dict) -> str:
    def both(values, digits=2):
        return " / ".join(f"{value:.{digits}f}" for value in values)

    unchanged, ratios = figures["push_unchanged_ms"], figures["push_unchanged_over_floor"]
    rows = [
        (
            "unchanged push at 1024² / 2048² (RGBA8), against comparing the same bytes",
            f"{both(unchanged)} ms; ×{' / ×'.join(f'{ratio:.1f}' for ratio in ratios)}",
        ),
        ("push with a 256² change at 1024² / 2048²", f"{both(figures['push_256_changed_ms'])} ms"),
        (
            "4096² canvas, 256² changed: push of it; until the first frame, without the model",
            f"{figures['large_push_ms']:.1f} ms; {figures['large_frame_ms']:.0f} ms",
        ),
        ("poll, with or without a frame", f"under {figures['poll_us_below']} µs"),
        (
            f"default model, {figures['side']}²: push → FINAL, p50 / p95",
            f"{both(figures['frame_ms'], 0)} ms",
        ),
        (
            f"whole frame against the bare ONNX Runtime runs in it, default model at {figures['side']}²",
            f"×{figures['frame_over_runtime']:.2f}",
        ),
        (
            "a stroke that changes a tenth of the canvas, denoising against the whole picture's",
            f"×{figures['tenth_over_whole']:.2f}",
        ),
        (
            "`make demo`, 512² canvas: stroke → first frame, p50 / p95 / max",
            f"{both(figures['stroke_first_ms'], 0)} ms",
        ),
    ]
    lines = [f"| {figures['machine']} | measured {figures['date']} |", "|---|---|"]
    return "\n".join(lines + [f"| {what} | {value} |" for what, value in rows]) + "\n"


def written(figures: dict) -> str:
    """The README with the table in its place."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + table(figures) + END + rest.split(END, 1)[1]


def take(criterion: Path, engine: Path, report: Path) -> dict:
    def cost(name):
        return [bench_table.median(criterion, name, side) for side in SIDES]

    floors = [bench_table.median(criterion, "floor_compare", side) for side in SIDES]
    unchanged = cost("push_unchanged")
    printed = engine.read_text(encoding="utf-8")
    patterns = (r"^(\d+)x", r"p50 ([\d.]+)", r"p95 ([\d.]+)", r"runs = ([\d.]+)", r"denoising = ([\d.]+)")
    side, p50, p95, ratio, tenth = (float(re.search(wanted, printed, re.MULTILINE)[1]) for wanted in patterns)
    rows = json.loads(report.read_text(encoding="utf-8"))["latency"]
    first = next(row for row in rows if row["key"] == "stroke_first")
    known = json.loads(FIGURES.read_text(encoding="utf-8"))
    return {
        "date": datetime.date.today().isoformat(),
        "machine": known["machine"],
        "push_unchanged_ms": [value / 1000 for value in unchanged],
        "push_unchanged_over_floor": [a / b for a, b in zip(unchanged, floors, strict=True)],
        "push_256_changed_ms": [value / 1000 for value in cost("push_256_changed")],
        "large_push_ms": bench_table.median(criterion, "push_256", 4096, "large") / 1000,
        "large_frame_ms": bench_table.median(criterion, "frame_256", 4096, "large") / 1000,
        "poll_us_below": max(1, round(max(cost("poll_frame") + cost("poll_no_frame")) + 0.5)),
        "side": int(side),
        "frame_ms": [p50, p95],
        "frame_over_runtime": ratio,
        "tenth_over_whole": tenth,
        "stroke_first_ms": [first["p50"], first["p95"], first["max"]],
    }


def main() -> int:
    match sys.argv[1:]:
        case ["take", criterion, engine, report]:
            figures = take(Path(criterion), Path(engine), Path(report))
            FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        case ["write"]:
            README.write_text(written(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")
        case ["check"]:
            if written(json.loads(FIGURES.read_text(encoding="utf-8"))) != README.read_text(encoding="utf-8"):
                print("README.md's figures are not those of docs/figures.json; run scripts/figures.py write")
                return 1
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
