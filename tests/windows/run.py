#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs what was built for Windows under Wine, beside what was built for Linux from the same source.

    python3 tests/windows/run.py [--only NAME]

Needs both builds (`make test-windows` makes them), Wine, the C compiler of MinGW, and ONNX Runtime for both.
Checks: exports (of the library), install (what lies beside is found), pictures (nearly the same as on Linux),
event (a C program that waits for the session's event, with the model in its process and apart), closing (a
library that was freed stays where it is needed), processes (a killed host takes its worker along), units (the
library's own tests, and those of its process).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/gimp"), str(ROOT / "scripts")]
import pictures  # noqa: E402
from krita_install import fill_lib, find_runtime, system_of  # noqa: E402

TARGET = "x86_64-pc-windows-gnu"
OUT = ROOT / "out/windows"
MODEL = ROOT / "models/default"
SIDE = 256
# Of 255. Both run the same ONNX Runtime, but from two compilers, whose rounding differs in the last bits.
MOST_DIFFERENCE = 3
# Libraries that every Windows has.
SYSTEM = {
    f"{name}.dll" for name in ("advapi32", "bcrypt", "bcryptprimitives", "crypt32", "kernel32", "msvcrt")
}
SYSTEM |= {f"{name}.dll" for name in ("ntdll", "ole32", "secur32", "shell32", "user32", "userenv", "ws2_32")}
COMPILER = ["x86_64-w64-mingw32-gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"]
PROMPT = "a house by the lake"


def wine() -> str:
    for name in ("wine64", "wine64-stable", "/usr/lib/wine/wine64", "wine"):
        if shutil.which(name):
            return name
    raise SystemExit("Wine is missing; apt-get install wine64")


def environment() -> dict:
    env = dict(os.environ, WINEPREFIX=str(OUT / "prefix"), WINEDEBUG="-all", WINEARCH="win64")
    # No questions about what Wine could install besides, and no desktop.
    env["WINEDLLOVERRIDES"] = "mscoree,mshtml,winemenubuilder.exe="
    ours = ("ORT_DYLIB_PATH", "SCUMBLE_WORKER", "SCUMBLE_DEFAULT_MODEL", "SCUMBLE_TEST_MODEL")
    return {name: value for name, value in env.items() if name not in ("DISPLAY", *ours)}


def run(command: list, env: dict, seconds: int = 600) -> str:
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env, timeout=seconds)
    if done.returncode != 0:
        raise AssertionError(f"{command[:4]}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def dos(path: Path) -> str:
    """A path as programs for Windows see it under Wine."""
    return "Z:" + str(path).replace("/", "\\")


def painting(path: Path) -> Path:
    """Sky, meadow, a house: flat colours with hard edges."""
    values = []
    for y in range(SIDE):
        for x in range(SIDE):
            if 96 < x < 176 and 90 < y < 170:
                values += [180, 70, 50]
            elif y < 140:
                values += [90, 140, 220]
            else:
                values += [60, 120 + x // 8, 40]
    return pictures.write(path, pictures.Picture(SIDE, SIDE, 3, 8, values))


class Windows:
    def __init__(self):
        self.built = ROOT / "target" / TARGET / "debug"
        self.here = ROOT / "target/debug"
        self.folder = OUT / "scumble"
        self.env = environment()
        self.wine = wine()

    def install(self) -> None:
        """As somebody who unpacks an archive has it: all in one folder, which is all that is found."""
        library = self.built / "scumble.dll"
        runtime = find_runtime(system_of(library))
        if runtime is None:
            raise SystemExit("ONNX Runtime for Windows is missing; scripts/setup.sh windows")
        OUT.mkdir(parents=True, exist_ok=True)
        self.complete()
        fill_lib(self.folder, library, MODEL, runtime, self.built / "scumble-worker.exe")
        shutil.copy(self.built / "scumble.exe", self.folder)
        told = run([self.wine, self.folder / "scumble.exe", "info"], self.env)
        for wanted in ("onnxruntime.dll", "models\\default"):
            if wanted not in told:
                raise AssertionError(f"scumble info does not name {wanted}:\n{told}")
        print(told.strip())

    def complete(self) -> None:
        """Gives an older Wine the one library that it lacks."""
        run([self.wine, "cmd", "/c", "exit"], self.env)  # makes the folder, the first time
        system = OUT / "prefix/drive_c/windows/system32"
        missing = system / "bcryptprimitives.dll"
        if not missing.exists():
            source = ROOT / "tests/windows/bcryptprimitives.c"
            run([*COMPILER, "-shared", source, "-ladvapi32", "-o", missing], dict(os.environ))
            print("This Wine lacks bcryptprimitives.dll; a substitute was made.")

    def exports(self) -> None:
        """The library offers the header's functions and nothing else, and needs nothing but the system."""
        told = run(["x86_64-w64-mingw32-objdump", "-p", self.built / "scumble.dll"], dict(os.environ))
        table = told.partition("[Ordinal/Name Pointer] Table")[2]
        offered = set(
            re.findall(r"^\s+\[\s*\d+\](?: \+base\[\s*\d+\])?\s+(?:[0-9a-f]+ )?(\w+)$", table, re.M)
        )
        header = (ROOT / "include/scumble.h").read_text().partition("static inline")[0]
        declared = set(re.findall(r"^\S[^;{}/*]*\*?\b(scumble_\w+)\(", header, re.M)) - {"scumble_abi_fits"}
        if offered != declared:
            raise AssertionError(f"more or less than the header's functions: {sorted(offered ^ declared)}")
        needed = {name.lower() for name in re.findall(r"DLL Name: (\S+)", told)}
        foreign = {name for name in needed if not name.startswith("api-ms-win-")} - SYSTEM
        if foreign:
            raise AssertionError(f"it needs libraries that no Windows has: {sorted(foreign)}")
        print(f"{len(offered)} functions; needs {', '.join(sorted(needed))}")

    def render(self, command: list, name: str, env: dict, path) -> pictures.Picture:
        out = OUT / f"{name}.png"
        out.unlink(missing_ok=True)
        paint = painting(OUT / "paint.png")
        files = ["--input", path(paint), "--output", path(out)]
        run([*command, "render", *files, "--prompt", PROMPT, "--seed", "7", "--device", "cpu"], env)
        return pictures.read(out)

    def pictures(self) -> None:
        env = dict(os.environ, ORT_DYLIB_PATH=str(find_runtime()), SCUMBLE_DEFAULT_MODEL=str(MODEL))
        linux = self.render([self.here / "scumble"], "linux", env, str)
        windows = self.render([self.wine, self.folder / "scumble.exe"], "windows", self.env, dos)
        apart = [abs(a - b) for a, b in zip(linux.values, windows.values, strict=True)]
        print(f"largest difference {max(apart)} of 255, mean {sum(apart) / len(apart):.4f}")
        if max(apart) > MOST_DIFFERENCE:
            raise AssertionError(f"the pictures in {OUT} differ by {max(apart)}")
        plain = max(windows.values) - min(windows.values)
        if plain < 64:
            raise AssertionError("the picture is nearly of one colour")

    def consumer(self) -> Path:
        program = OUT / "scumble/consumer.exe"
        source = ROOT / "tests/windows/consumer.c"
        library = self.built / "libscumble.dll.a"
        run([*COMPILER, "-I", ROOT / "include", source, library, "-o", program], dict(os.environ))
        return program

    def event(self) -> None:
        program = self.consumer()
        made = {}
        for process, name in (("1", "apart"), ("2", "inside")):
            out = OUT / f"{name}.rgba"
            print(run([self.wine, program, dos(MODEL), process, dos(out)], self.env).strip())
            made[name] = out.read_bytes()
        if made["apart"] != made["inside"]:
            raise AssertionError("the process of its own makes another picture than the host's")
        print("the same picture, byte for byte, from a process of its own and from the host's")

    def closing(self) -> None:
        """A program that lists the devices and frees the library."""
        program, source = OUT / "closing.exe", ROOT / "tests/windows/closing.c"
        run([*COMPILER, "-I", ROOT / "include", source, "-o", program], dict(os.environ))
        print(run([self.wine, program, dos(self.folder / "scumble.dll")], self.env).strip())

    def orphans(self) -> list[int]:
        """Processes of the worker in this prefix."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                prefix = (entry / "environ").read_bytes() if b"scumble-worker" in line else b""
            except OSError:
                continue
            if str(OUT).encode() in prefix:
                found.append(int(entry.name))
        return found

    def processes(self) -> None:
        """A host that is killed takes its worker along."""
        recording = dos(ROOT / "tests/recordings/landscape.json")
        command = [self.wine, str(self.folder / "scumble.exe"), "live", "--worker", "--script", recording]
        command += ["--out", dos(OUT / "live"), "--keep", "0"]
        silent = subprocess.DEVNULL
        for seconds in (0, 0.5, 5):  # it has just been started, or is at work
            with subprocess.Popen(command, env=self.env, stdout=silent, stderr=silent) as host:
                try:
                    # Not before it runs: a system whose call to start it was cut in two is not ours to mend.
                    wait("a worker", lambda: any(threads(worker) > 1 for worker in self.orphans()))
                    time.sleep(seconds)
                finally:
                    host.send_signal(signal.SIGKILL)
            wait("the worker ends with its host", lambda: not self.orphans())
        print("hosts that were killed left no process behind")

    def units(self) -> None:
        runtime = dos(find_runtime(system_of(self.built / "scumble.dll")))
        env = dict(self.env, ORT_DYLIB_PATH=runtime)
        env["CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER"] = self.wine
        command = ["cargo", "test", "--target", TARGET, "--lib", "--no-fail-fast"]
        for name in ("abi_wake", "worker_on_windows"):
            command += ["--test", name]
        pipe, both = subprocess.PIPE, subprocess.STDOUT
        with subprocess.Popen(command, env=env, cwd=ROOT, stdout=pipe, stderr=both, text=True) as tests:
            said = []
            for line in tests.stdout:
                said.append(line.rstrip())
                if (
                    "Running" in line
                    or "test result" in line
                    or line.startswith("test ")
                    and "FAILED" in line
                ):
                    print(line.rstrip(), flush=True)
        if tests.returncode != 0:
            raise AssertionError("\n".join(said[-200:]))


def threads(process: int) -> int:
    try:
        return len(list(Path(f"/proc/{process}/task").iterdir()))
    except OSError:
        return 0


def wait(what: str, look, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--only", action="append", help="one of the checks; may be given several times")
    chosen = options.parse_args()
    windows = Windows()
    checks = ("exports", "install", "pictures", "event", "closing", "processes", "units")
    failed = []
    for name in checks:
        if chosen.only and name not in chosen.only:
            continue
        print(f"== {name}", flush=True)
        try:
            getattr(windows, name)()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f"FAIL {name}: {error}")
            failed.append(name)
    print("FAIL " + ", ".join(failed) if failed else "All checks under Wine hold.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
