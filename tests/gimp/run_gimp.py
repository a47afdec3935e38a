#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests the plug-in in the real GIMP: batch runs against the command line, then the windows under Xvfb.

    python3 tests/gimp/run_gimp.py --plugin out/gimp-2/scumble [--gimp 3 --chroot DIR] [--only batch|live|…]

One line a check, then "N passed, M failed"; the exit code says it too. Needs GIMP, Xvfb, openbox, xdotool,
cc and ImageMagick (for looking at the screen).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "scripts")]

import batch  # noqa: E402
import live  # noqa: E402
from desk import Desk  # noqa: E402
from gimp_install import fill  # noqa: E402
from gimp_session import Gimp, GimpSession  # noqa: E402
from krita_install import find_runtime  # noqa: E402
from report import Report  # noqa: E402


def build_stub(folder: Path) -> Path:
    """The engine without a model that Krita's tests have: it inverts the paint."""
    out = folder / "libscumble_stub.so"
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-pthread", f"-I{ROOT / 'include'}"]
    subprocess.run([*command, str(ROOT / "tests/krita/stub.c"), "-o", str(out)], check=True)
    return out


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--gimp", choices=("2", "3"), default="2")
    options.add_argument("--chroot", help="the folder of a Debian that has this GIMP")
    options.add_argument(
        "--plugin", type=Path, required=True, help="the program that plugin-gimp/Makefile builds"
    )
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--cli", type=Path, default=ROOT / "target/release/scumble")
    options.add_argument("--model", type=Path, default=ROOT / "models/tiny/turbo")
    options.add_argument(
        "--only", action="append", help="batch or live (default: both); or scenarios by name"
    )
    chosen = options.parse_args()
    missing = [name for name in ("Xvfb", "openbox", "xdotool", "cc") if not shutil.which(name)]
    if missing:
        print("FAIL not installed:", *missing)
        return 2
    # A test that is stopped takes its GIMPs and X servers down too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    gimp = Gimp(chosen.gimp, chosen.chroot)
    began, report, parts = time.monotonic(), Report(), chosen.only or ["batch", "live"]
    print(f"GIMP {gimp.version()}", flush=True)
    runtime = find_runtime()
    # Under /tmp, which a chroot sees too.
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-", dir="/tmp") as folder:
        whole = Path(folder) / "whole/scumble"
        fill(whole, chosen.plugin, chosen.library, None, runtime)
        alone = [
            getattr(batch, part)
            for part in parts
            if part not in ("batch", "engineless") and hasattr(batch, part)
        ]
        if "batch" in parts or alone:
            model = Path(folder) / "model"
            shutil.copytree(chosen.model, model)
            env = dict(os.environ, ORT_DYLIB_PATH=str(runtime))
            with GimpSession(gimp, whole, windows=False) as session:
                for scenario in alone or [batch.run]:
                    scenario(batch.Batch(session, report, chosen.cli, model, env))
        scenarios = [
            getattr(live, part)
            for part in parts
            if part not in ("live", "engineless") and hasattr(live, part)
        ]
        if "live" in parts or scenarios:
            # Without a library of its own the plug-in takes the one that the environment names.
            bare = Path(folder) / "bare/scumble"
            fill(bare, chosen.plugin, chosen.library, None, None)
            shutil.rmtree(bare / "lib")
            stub = str(build_stub(Path(folder)))
            with GimpSession(
                gimp, bare, size="1480x900", SCUMBLE_LIBRARY=stub, SCUMBLE_STUB_MS="40"
            ) as session:
                for scenario in scenarios or [live.run]:
                    scenario(Desk(session), report)
        if "engineless" in parts or not chosen.only:
            bare = Path(folder) / "engineless/scumble"
            fill(bare, chosen.plugin, chosen.library, None, None)
            shutil.rmtree(bare / "lib")
            # Without windows: GIMP 3 opens one for a call of a script that fails.
            with GimpSession(gimp, bare, windows=False) as session:
                report.run(batch.engineless, batch.Batch(session, report, chosen.cli, chosen.model, {}))
            with GimpSession(gimp, bare, size="1480x900") as session:
                report.run(live.engineless, Desk(session), report)
    print(f"{time.monotonic() - began:.0f} s")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
