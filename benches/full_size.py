#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a large model takes on the processor: seconds to load, memory, seconds a phase; and whether its
pictures are the same every time.

    python benches/full_size.py SCUMBLE MODEL [--side 512] [--steps N] [--strength F] [--times 2]
                                [--resolution PIXELS] [--out FOLDER] [--cache FOLDER]

Needs Linux, numpy and Pillow. SCUMBLE is the program, with scumble-worker beside it; MODEL any folder that it
loads, as tests/golden/fullsize.py makes them. `scumble live` replays one short stroke `--times` times, then
`scumble render` tells the phases of one picture of the same paint, which must be the one that had settled.
What program and worker hold in memory themselves (own) is told apart from files that they have mapped, which
the system takes back when it wants; while the model loads, and to the end. Beside the clock's time stands
the processor's, which says more where others use the machine, too. `--cache` is where optimised graphs are
kept (SCUMBLE_GRAPH_CACHE); the first load writes them. Figures, no limits.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

# Seconds between two looks at a process, and at what it has started.
OFTEN, SELDOM = 0.03, 0.5
GIB = 2**30
KINDS = {"RssAnon": "own", "RssFile": "mapped"}


class Watch:
    """The most memory that a program and those that it starts had, bytes by kind, and the processor's time
    that they took: seconds, of all cores together."""

    def __init__(self, process):
        self.process, self.most = process, dict.fromkeys((*KINDS.values(), "all"), 0)
        self.family, self.looked, self.times = [], -SELDOM, {}

    def look(self):
        now = time.monotonic()
        if now - self.looked > SELDOM:
            self.family, self.looked = family(self.process.pid), now
        found = dict.fromkeys(KINDS.values(), 0)
        for pid in self.family:
            self.times[pid] = processor_time(pid) or self.times.get(pid, 0.0)
            for line in read(f"/proc/{pid}/status").splitlines():
                name, _, value = line.partition(":")
                if name in KINDS:
                    found[KINDS[name]] += int(value.split()[0]) * 1024
        found["all"] = sum(found.values())
        self.most = {kind: max(bytes, found[kind]) for kind, bytes in self.most.items()}

    def processor(self):
        return sum(self.times.values())


def processor_time(pid):
    """Of one process, without those that it started; 0 of one that has ended."""
    told = read(f"/proc/{pid}/stat").rpartition(")")[2].split()[11:13]
    return sum(int(ticks) for ticks in told) / os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and those that it started."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    # Behind the program's name in brackets: its state, and who started it.
    parents = {one: read(f"/proc/{one}/stat").rpartition(")")[2].split()[1:2] for one in pids}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == [str(one)]]
    return found


def read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""  # it has ended


def run(command, environment, begun=None):
    """What it printed, how long it loaded (until the folder `begun` appears), its memory till then and to its
    end, how long all took, and the processor's time till it was loaded and to its end."""
    began, loaded, most, busy = time.perf_counter(), None, None, None
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen([str(part) for part in command], stdout=told, env=environment)
        watch = Watch(process)
        while process.poll() is None:
            watch.look()
            if loaded is None and begun is not None and begun.exists():
                loaded, most, busy = time.perf_counter() - began, watch.most, watch.processor()
            time.sleep(OFTEN)
        if process.returncode:
            raise SystemExit(f"{command[1]} ended with {process.returncode}")
        told.seek(0)
        took = time.perf_counter() - began
        return json.loads(told.read()), loaded, most, watch.most, took, (busy, watch.processor())


def recording(side, prompt):
    points = [[20 * i, side * (0.3 + 0.02 * i), side * (0.6 - 0.001 * i * i), 0.8] for i in range(20)]
    stroke = {"t": 0, "do": "stroke", "colour": "#35506e", "size": side / 8, "points": points}
    return {
        "scumble-recording": 1,
        "canvas": {"width": side, "height": side},
        "background": "#d8c7a0",
        "settings": {"prompt": prompt, "seed": 7},
        "events": [stroke],
    }


def size(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def gib(memory):
    return ", ".join(f"{kind} {bytes / GIB:.2f}" for kind, bytes in memory.items()) + " GiB"


def look_at(picture):
    """The hash of its pixels, and how their numbers lie."""
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    name = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    ends = 100 * ((pixels == 0) | (pixels == 255)).mean()
    lie = f"mean {pixels.mean():.0f}, deviation {pixels.std():.0f}, {ends:.2f} % black or white"
    print(f"  {lie}; pixels' sha256 {name}", flush=True)
    return name


def lives(args, settings, environment, place):
    """`scumble live`, time after time; the hashes of its last pictures."""
    script = place / "stroke.json"
    script.write_text(json.dumps(recording(args.side, args.prompt)))
    hashes = []
    for number in range(args.times):
        out = place / f"live-{number}"
        command = [args.scumble, "live", "--json", "--worker", "--keep", 0, "--model", args.model]
        command += ["--patience", 7200]
        command += ["--script", script, "--out", out, *settings]
        report, loaded, loading, most, _, (busy, in_all) = run(command, environment, out / "frames")
        first = report["opening"] / 1e3
        print(f"live {number + 1}: loaded in {loaded:.1f} s; first picture after {first:.1f} s more")
        print(f"  processor's time: {busy:.0f} s for loading, {in_all - busy:.0f} s after it")
        print(f"  memory while loading: {gib(loading)}; to the end: {gib(most)}")
        print(f"  final frames' phases (ms): {report['phases']}; at rest: {report['came_to_rest']}")
        hashes.append(look_at(out / "live.png"))
    return hashes


def painted(args, place):
    """What `scumble live` has painted, or a slope."""
    paint = place / "live-0" / "paint.png"
    if not paint.exists():
        paint = place / "paint.png"
        slope = np.linspace(40, 220, args.side).astype(np.uint8)
        rows = np.broadcast_to(slope[:, None, None], (args.side, args.side, 3))
        Image.fromarray(np.ascontiguousarray(rows)).save(paint)
    return paint


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("scumble", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--side", type=int, default=512, help="of the canvas")
    parser.add_argument("--resolution", type=int, help="of what the model sees, if not its own")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--strength", type=float)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", default="a wide evening sky over dark mountains")
    parser.add_argument("--cache", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    settings = ["--threads", args.threads, "--device", "cpu"]
    for name in ("resolution", "steps", "strength"):
        value = getattr(args, name)
        settings += [f"--{name}", value] if value is not None else []
    environment = dict(os.environ)
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
        environment["SCUMBLE_GRAPH_CACHE"] = str(args.cache.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        place = args.out or pathlib.Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        print(f"{args.model}: {size(args.model) / GIB:.2f} GiB on disk; side {args.side}", flush=True)
        hashes = lives(args, settings, environment, place)
        command = [args.scumble, "render", "--json", "--worker", "--model", args.model]
        command += ["--input", painted(args, place), "--prompt", args.prompt, "--seed", 7]
        command += ["--output", place / "rendered.png", *settings]
        told, _, _, most, took, (_, in_all) = run(command, environment)
        phases = {name: round(each / 1e6, 2) for name, each in told["microseconds"].items()}
        print(f"render: loaded in about {took - phases['total']:.1f} s; memory to the end: {gib(most)}")
        print(f"  processor's time in all: {in_all:.0f} s")
        print(f"  {told['steps_run']} steps, seconds: {phases}")
        hashes.append(look_at(place / "rendered.png"))
        if args.cache:
            print(f"kept graphs: {size(args.cache) / GIB:.2f} GiB")
        print("every picture is the same" if len(set(hashes)) == 1 else "the pictures differ")


if __name__ == "__main__":
    main()
