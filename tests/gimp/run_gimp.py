#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests the plug-in in the real GIMP: batch runs against the command line, then the windows under Xvfb.

    python3 tests/gimp/run_gimp.py --plugin out/gimp-2/scumble [--gimp 3 --chroot DIR] [--only live|…]

One line a check, then "N passed, M failed"; the exit code says it too. Needs GIMP, Xvfb, openbox, xdotool,
xclip, cc and ImageMagick (for looking at the screen).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "scripts"), str(ROOT / "tests/stub")]

import batch  # noqa: E402
import batch_scripts  # noqa: E402
import batch_steered  # noqa: E402
import closing  # noqa: E402
import devices  # noqa: E402
import dialog  # noqa: E402
import dropping  # noqa: E402
import faults  # noqa: E402
import faults_layers  # noqa: E402
import faults_models  # noqa: E402
import faults_steered  # noqa: E402
import faults_window  # noqa: E402
import getting  # noqa: E402
import halves  # noqa: E402
import history  # noqa: E402
import linking  # noqa: E402
import live  # noqa: E402
import pace  # noqa: E402
import preparing  # noqa: E402
import references  # noqa: E402
import regions  # noqa: E402
import screen  # noqa: E402
import sharing  # noqa: E402
import steering  # noqa: E402
import step_parts  # noqa: E402
import styles  # noqa: E402
from build_stub import build_stub  # noqa: E402
from desk import Desk  # noqa: E402
from gimp_install import fill  # noqa: E402
from gimp_session import Gimp, GimpSession  # noqa: E402
from installing import blanks, installing, started  # noqa: E402
from krita_install import find_runtime  # noqa: E402
from report import Report  # noqa: E402

GROUPS = [group for half in halves.HALVES for group in half]


def pick(scenarios: list, group: str, parts: list[str]) -> list:
    """Those that were asked for: all of a group, or some by name."""
    return [scenario for scenario in scenarios if {group, scenario.__name__} & set(parts)]


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
        "--only", action="append", help=f"{', '.join(GROUPS)} (default: all); or scenarios by name"
    )
    options.add_argument(
        "--retries", type=int, default=0, help="run a scenario that fails so often anew (default: not at all)"
    )
    options.add_argument("--halves", action="store_true", help="both halves of the groups at once")
    chosen = options.parse_args()
    missing = [name for name in ("Xvfb", "openbox", "xdotool", "xclip", "cc") if not shutil.which(name)]
    if missing:
        print("FAIL not installed:", *missing)
        return 2
    # A test that is stopped takes its GIMPs and X servers down too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if chosen.halves:
        return halves.both([word for word in sys.argv[1:] if word != "--halves"])
    gimp = Gimp(chosen.gimp, chosen.chroot)
    began, report, parts = time.monotonic(), Report(chosen.retries), chosen.only or GROUPS
    print(f"GIMP {gimp.version()}", flush=True)
    runtime = find_runtime()
    # Under /tmp, which a chroot sees too.
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-", dir="/tmp") as folder:
        whole, bare = Path(folder) / "whole/scumble", Path(folder) / "bare/scumble"
        fill(whole, chosen.plugin, chosen.library, None, runtime)
        fill(bare, chosen.plugin, chosen.library, None, None)
        shutil.rmtree(bare / "lib")
        if "installing" in parts:
            (Path(folder) / "installing").mkdir()
            report.run(installing, report, Path(folder) / "installing", chosen.plugin, chosen.library)
            report.run(started, report, Path(folder) / "installing", chosen.plugin, chosen.library)
            report.run(blanks, report, Path(folder) / "installing")
        model = Path(folder) / "model"
        shutil.copytree(chosen.model, model)

        def console(plug_in: Path, scenarios: list, inside: dict | None = None, **env: str):
            def each(scenarios: list) -> list:
                with GimpSession(gimp, plug_in, windows=False, **(inside or {})) as session:
                    place = batch.Batch(session, report, chosen.cli, model, dict(os.environ, **env))
                    return [scenario for scenario in scenarios if not report.run(scenario, place)]

            if scenarios:
                report.all(scenarios, each)

        def windows(plug_in: Path, scenarios: list, size="1480x900", settings="", **env: str):
            def each(scenarios: list) -> list:
                bad = []
                with GimpSession(gimp, plug_in, size=size, settings=settings, **env) as session:
                    for scenario in scenarios:
                        desk = Desk(session)
                        if not report.run(scenario, desk, report):
                            bad.append(scenario)
                        if session.alive():
                            desk.close()  # what a scenario that failed has left open
                return bad

            if scenarios:
                report.all(scenarios, each)

        scripted = batch.SCENARIOS + batch_scripts.SCENARIOS + batch_steered.SCENARIOS
        console(whole, pick(scripted, "batch", parts), ORT_DYLIB_PATH=str(runtime))
        # Without a library of its own the plug-in takes the one that the environment names.
        stub = {"SCUMBLE_LIBRARY": str(build_stub(Path(folder))), "SCUMBLE_STUB_MS": "40"}
        windows(bare, pick(dialog.SCENARIOS, "dialog", parts), **stub)
        windows(bare, pick(live.SCENARIOS + closing.SCENARIOS + screen.SCENARIOS, "live", parts), **stub)
        steered = steering.SCENARIOS + preparing.SCENARIOS + references.SCENARIOS + regions.SCENARIOS
        steered += styles.SCENARIOS + dropping.SCENARIOS + linking.SCENARIOS
        windows(bare, pick(steered, "steering", parts), **stub)
        unsteered = steering.UNSTEERED + references.UNSTEERED
        windows(bare, pick(unsteered, "steering", parts), **stub, SCUMBLE_STUB_UNSTEERED="1")
        windows(bare, pick(steering.OWN, "steering", parts), **stub, SCUMBLE_STUB_OWN_CONTROL="1")
        real = steering.REAL + references.REAL + step_parts.REAL
        windows(whole, pick(real, "steering", parts), SCUMBLE_DEFAULT_MODEL=str(model))
        windows(bare, pick(history.SCENARIOS, "history", parts), **stub)
        windows(whole, pick(history.REAL, "history", parts), SCUMBLE_DEFAULT_MODEL=str(model))
        windows(bare, pick(history.SMALL, "history", parts), size="1366x768", **stub)
        real = dialog.REAL + sharing.REAL + devices.REAL
        windows(whole, pick(real, "dialog", parts), SCUMBLE_DEFAULT_MODEL=str(model))
        with getting.hub() as hub:
            own = {"HF_ENDPOINT": hub.address, "XDG_DATA_HOME": str(Path(folder) / "data")}
            windows(whole, pick(getting.REAL, "dialog", parts), SCUMBLE_DEFAULT_MODEL=str(model), **own)
        each = faults.SCENARIOS + faults_window.SCENARIOS + faults_layers.SCENARIOS + faults_models.SCENARIOS
        each += faults_steered.SCENARIOS
        windows(bare, pick(each, "faults", parts), **stub)
        told = {"SCUMBLE_STUB_TOLD": str(Path(folder) / "told")}
        windows(bare, pick(faults_layers.BROKEN, "faults", parts), **stub, **told, SCUMBLE_STUB_FAIL="load")
        windows(bare, pick(devices.SCENARIOS, "dialog", parts), **stub, **told, SCUMBLE_STUB_HERE="openvino")
        windows(bare, pick(faults.BLIND, "faults", parts), settings="(layer-previews no)\n", **stub)
        times = {"SCUMBLE_GIMP_TIMES": str(Path(folder) / "times")}
        windows(bare, pick(pace.LAYERS + screen.TIMED, "faults", parts), **stub, **times)
        windows(bare, pick(steering.COSTS + references.COSTS, "steering", parts), **stub, **times)
        windows(
            bare,
            pick(faults.SLOW + faults_layers.SLOW, "faults", parts),
            **{**stub, "SCUMBLE_STUB_MS": "3000"},
        )
        windows(bare, pick(faults_window.SMALL, "faults", parts), size="1366x768", **stub)
        every = '(plug-in-path "${gimp_dir}/plug-ins:${gimp_plug_in_dir}/plug-ins")\n'
        windows(bare, pick(faults_window.EVERYTHING, "faults", parts), settings=every, **stub)
        deep = Path(folder) / "/".join(f"afolderwithalongname{n}" for n in range(4)) / "scumble"
        shutil.copytree(bare, deep)
        windows(deep, pick(faults_window.LONG, "faults", parts))
        console(bare, pick([batch_scripts.unseen], "batch", parts), inside={**stub, **told}, **told)
        console(bare, pick([batch_scripts.engineless], "engineless", parts))
        windows(bare, pick([dialog.engineless], "engineless", parts))
    print(f"{time.monotonic() - began:.0f} s")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
