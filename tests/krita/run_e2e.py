#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the real Krita under Xvfb in a throwaway profile, paints with pointer events, checks what comes.

    python3 tests/krita/run_e2e.py [--library libscumble.so --model FOLDER] [--pace]

Without --library only the stub is used (an engine that inverts the paint; needs a C compiler). One line a
check, the last line counts them; the exit code is 0 if all hold. Each script leaves Krita by its menu, and
Krita's exit code must be 0 as well. Nothing is tried twice, unless --retries says so: rare faults are to be
seen. Needs: krita, PyQt of Krita's Python, Xvfb, openbox.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "e2e"), str(ROOT / "scripts"), str(ROOT / "tests/stub")]

from build_stub import build_stub  # noqa: E402
from hub_server import Hub  # noqa: E402
from krita_install import find_runtime, find_worker, switch  # noqa: E402
from krita_session import KritaSession  # noqa: E402
from krita_zip import bring_in  # noqa: E402

# The files of checks: those on the stub, those on the real library.
STUB_CHECKS = (
    "checks.py", "artist.py", "windows.py", "features.py", "documents.py", "steering.py", "regions.py",
    "coming_back.py",
)
GPU_CHECKS = ("graphics.py",)  # with OpenGL, and with Instant Preview on and off
REAL_CHECKS = (
    "first.py", "real.py", "process.py", "sharing.py", "steering.py", "own_control.py", "parts.py",
    "getting.py", "given_back.py",
)
TIME_IS_UP = 124  # of a session's run
SECONDS = 900  # after which a file of checks hangs; the longest takes 90 on a machine of its own
STUB_SPEEDS = (30, 100)  # milliseconds a picture; --pace measures the last alone
# What Krita prints on every start.
CHATTER = ("krita.lib.resources:", "QPainter::", "QObject::startTimer: Timers cannot have negative")


class Report:
    """`retries`: how often a script with a failed check is run anew before the check counts as failed. Never
    where Krita itself has broken."""

    def __init__(self, retries: int = 0):
        self.failed, self.passed, self.times, self.flaky, self.retries = [], 0, [], [], retries
        self.memory = []  # what given_back.py has found, each try

    def line(self, text: str):
        if text.startswith("time "):
            self.times.append(json.loads(text[5:]))
            return
        if text.startswith("memory "):
            self.memory.append(text[7:])
            return
        self.passed += text.startswith("ok ")
        if text.startswith("FAIL"):
            self.failed.append(text)
        print(text, flush=True)

    def run(self, session: KritaSession, script: str, **env):
        failed = len(self.failed)
        code = self.once(session, script, **env)
        for _ in range(self.retries):
            if len(self.failed) == failed or code not in (0, 1, TIME_IS_UP):
                break
            print(f"-- {script} once more; both runs are printed", flush=True)
            self.flaky.append(script)
            del self.failed[failed:]
            code = self.once(session, script, **env)

    def once(self, session: KritaSession, script: str, **env) -> int:
        print(f"-- {script}", flush=True)
        before, failed = self.said(), len(self.failed)
        code = session.run(HERE / "e2e" / script, SECONDS, self.line, **env)
        if code == TIME_IS_UP:
            self.line(f"FAIL {script} took longer than {SECONDS} s")
        elif code or self.said() == before:
            self.line(f"FAIL Krita ended with {code} in {script}")
        if len(self.failed) > failed:
            said = [line for line in session.log().splitlines() if not line.startswith(CHATTER)]
            print("\n".join(said[-30:]), file=sys.stderr)
        return code

    def said(self) -> int:
        return self.passed + len(self.failed) + len(self.times) + len(self.memory)

    def table(self) -> str:
        head = "| Krita | engine | canvas | gap p95 / max without live | with live | on a layer that steers "
        head += "| moves/s taken | with live | pictures/s "
        head += "| pointer → picture, median / p95 | of it the engine |"
        return "\n".join([head, "|---" * 11 + "|", *(row(found) for found in self.times)])


def row(found: dict) -> str:
    """A line of the table of docs/krita.md."""
    gaps = [f"{p95} / {most} ms" for p95, most, _ in (found[live] for live in ("off", "on", "steered"))]
    moves = [round(found[live][2]) for live in ("off", "on")]
    return (
        f"| {found['krita']} | {found['model']} | {found['side']}²{found['canvas']} | {' | '.join(gaps)} "
        f"| {moves[0]} | {moves[1]} | {found['pictures']} | {found['latency']} / {found['latency_p95']} ms "
        f"| {found['engine']} ms |"
    )


def imported(report: Report, archive: Path):
    """The zip in a profile that has nothing else of ours: library, runtime and model are those inside."""
    with KritaSession(None, plugin=False) as session:
        data = session.home / ".local/share/krita"
        wrong = bring_in(archive, data)
        report.line(f"FAIL {wrong}" if wrong else "ok   Krita's importer takes the zip")
        switch(session.home / ".config/kritarc", on=True)
        session.env.pop("ORT_DYLIB_PATH", None)
        report.run(session, "real.py", SCUMBLE_TEST_MODEL="")


def getting(report: Report, session: KritaSession, model: Path):
    """A model from a hub of our own, into the session's own home."""
    hub = Hub()
    for file in model.rglob("*"):
        if file.is_file():
            hub.put("painter/turbo", str(file.relative_to(model)), file.read_bytes())
    try:
        report.run(session, "getting.py", HF_ENDPOINT=hub.address)
    finally:
        hub.close()


def given_back(report: Report, library: Path, krita: tuple, **env):
    """The same strokes in three profiles, first in one without the plug-in."""
    held = []
    for own in (None, library, library):
        with KritaSession(own, plugin=own is not None, krita=krita) as session:
            report.run(session, "given_back.py", SCUMBLE_HELD=",".join(held), **env)
        held += report.memory[-1:]  # of the last try


def arguments():
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--library", type=Path, help="the real libscumble.so, to be tested with --model")
    options.add_argument("--model", type=Path, help="a model folder for it (models/tiny/turbo)")
    options.add_argument("--zip", type=Path, help="import this zip with Krita's importer and render with it")
    options.add_argument("--krita", default="krita", help="the command that starts Krita, e.g. in a chroot")
    options.add_argument("--pace", action="store_true", help="also measure, and print a table")
    options.add_argument("--pace-only", action="store_true")
    options.add_argument("--pace-sides", default="1024,2048,4096", help="of --pace-only, in pixels")
    options.add_argument("--pace-engine", choices=("stub", "real", "opengl"), action="append")
    options.add_argument("--only", choices=(*STUB_CHECKS, *GPU_CHECKS, *REAL_CHECKS), action="append")
    options.add_argument("--strokes", type=int, default=200)
    options.add_argument("--retries", type=int, default=0, help="run a script that fails so often anew")
    return options.parse_args()


def main() -> int:
    chosen = arguments()
    krita = tuple(shlex.split(chosen.krita))
    missing = [name for name in (krita[0], "Xvfb", "openbox") if not shutil.which(name)]
    if missing:
        print("FAIL not installed:", *missing)
        return 2
    runtime = find_runtime()
    if runtime is not None:
        os.environ["ORT_DYLIB_PATH"] = str(runtime)
    began, report = time.monotonic(), Report(chosen.retries)
    engines = chosen.pace_engine or ("stub", "real", "opengl")
    if chosen.pace_only:
        os.environ.update(SCUMBLE_PACE_SIDES=chosen.pace_sides, SCUMBLE_PACE_TRIES="20")
    wanted = () if chosen.pace_only else chosen.only or (*STUB_CHECKS, *GPU_CHECKS, *REAL_CHECKS)
    pace = chosen.pace or chosen.pace_only
    # In /tmp, which can be seen from inside a chroot too.
    with tempfile.TemporaryDirectory(prefix="scumble-stub-", dir="/tmp") as folder:
        stub = build_stub(Path(folder))
        with KritaSession(stub, krita=krita) as session:
            for script in filter(wanted.__contains__, STUB_CHECKS):
                report.run(session, script, SCUMBLE_STROKES=str(chosen.strokes))
            speeds = STUB_SPEEDS if chosen.pace_only else STUB_SPEEDS[-1:] if pace else ()
            for milliseconds in speeds if "stub" in engines else ():
                report.run(session, "pace.py", SCUMBLE_STUB_MS=str(milliseconds))
        for preview in (False, True):
            for script in filter(wanted.__contains__, GPU_CHECKS):
                with KritaSession(stub, krita=krita, opengl=True, instant_preview=preview) as session:
                    env = {"SCUMBLE_PREVIEW": str(int(preview)), "SCUMBLE_STUB_MS": "30"}
                    report.run(session, script, **env)
        if chosen.library and chosen.model:
            alone = Path(shutil.copy(chosen.library, folder))
            worker = find_worker(chosen.library)
            if worker is not None:
                shutil.copy(worker, folder)
            with KritaSession(alone, krita=krita) as session:
                env = {"SCUMBLE_TEST_MODEL": str(chosen.model.resolve())}
                if "first.py" in wanted:
                    report.run(session, "first.py", ORT_DYLIB_PATH="/nowhere/libonnxruntime.so", **env)
                for script in filter(wanted.__contains__, REAL_CHECKS[1:-2]):
                    report.run(session, script, **env)
                if "getting.py" in wanted:
                    getting(report, session, chosen.model)
                if chosen.pace_only and "real" in engines:
                    report.run(session, "pace.py", **env)
            if "given_back.py" in wanted:
                given_back(report, alone, krita, **env)
            if chosen.pace_only and "opengl" in engines:
                with KritaSession(alone, krita=krita, opengl=True) as session:
                    report.run(session, "pace.py", SCUMBLE_PACE_CANVAS=", OpenGL in software", **env)
        if chosen.zip and "real.py" in wanted:
            imported(report, chosen.zip.resolve())
    if pace:
        print(report.table())
    print(f"-- {time.monotonic() - began:.0f} s")
    if report.flaky:
        print("-- run more than once:", *report.flaky)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
