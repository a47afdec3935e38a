# SPDX-License-Identifier: MIT OR Apache-2.0
"""What scripts/gimp_install.py makes of a profile, and how make calls it; no GIMP is started."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from gimp_install import fill, remove
from report import Report

ROOT = Path(__file__).resolve().parents[2]


def installing(report: Report, folder: Path, plugin: Path, library: Path) -> None:
    theirs, target = folder / "theirs", folder / "plug-ins/scumble"
    theirs.mkdir()
    (theirs / "kept").touch()
    target.parent.mkdir()
    target.symlink_to(theirs)
    runtime = folder / "runtime/libonnxruntime.so.1"
    runtime.parent.mkdir()
    for name in (runtime.name, "libonnxruntime_providers_cuda.so", "other.so"):
        (runtime.parent / name).touch()
    fill(target, plugin, library, None, runtime)
    good = not target.is_symlink() and (target / "scumble").is_file() and (theirs / "kept").exists()
    report.check("installed over a link, the plug-in takes its place and leaves what it led to", good)
    names = {path.name for path in (target / "lib").glob("*.so*")}
    wanted = {"libscumble.so", "libonnxruntime.so.1", "libonnxruntime_providers_cuda.so"}
    report.check("ONNX Runtime comes with its providers", names == wanted, sorted(names))
    remove(target)
    report.check("and is taken away again", not target.exists())


def started(report: Report, folder: Path, plugin: Path, library: Path) -> None:
    """A GIMP that make starts is told no ONNX Runtime: the plug-in's lies beside its library, and what is got
    in GIMP goes before that."""
    place = folder / "started"
    tools, target, profile, said = (place / name for name in ("bin", "target/release", "profile", "said"))
    for made in (tools, target, place / "out/gimp-2"):
        made.mkdir(parents=True)
    (tools / "gimp-2.10").write_text(f'#!/bin/sh\nenv > "{said}"\n')
    (tools / "gimp-2.10").chmod(0o755)
    shutil.copy(plugin, place / "out/gimp-2/scumble")
    shutil.copy(library, target / "libscumble.so")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    env["PATH"] = f"{tools}:{env['PATH']}"
    command = ["make", "-o", "setup-gimp", "-o", "build", "-o", "gimp-plugin", "gimp", "GIMP=2"]
    command += [f"OUT={place}/out", f"TARGET={target.parent}", f"PROFILE={profile}"]
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    told = said.read_text() if said.is_file() else ""
    good = made.returncode == 0 and f"GIMP2_DIRECTORY={profile}" in told and "ORT_DYLIB_PATH" not in told
    detail = "" if good else made.stderr + told
    report.check("make gimp starts one that is told no ONNX Runtime", good, detail)
    report.check("but has it", any((profile / "plug-ins/scumble/lib").glob("libonnxruntime.so*")))


def blanks(report: Report, folder: Path) -> None:
    """What make would do in a checkout and with a profile whose paths have blanks."""
    checkout, profile = folder / "a checkout", folder / "my profile"
    checkout.mkdir()
    for name in ("Makefile", "Cargo.toml"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "plugin-gimp", checkout / "plugin-gimp")
    for host in ("gimp", "krita"):
        command = ["make", "-n", host, f"PROFILE={profile}"]
        made = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        lines = [shlex.split(line) for line in made.stdout.replace("\\\n", " ").splitlines() if ".so" in line]
        starts = [line for line in lines if f"PROFILE={profile}" in line]
        links = [line for line in lines if line[0] == "ln" and line[2].startswith(f"{checkout}/")]
        good = made.returncode == 0 and len(starts) == len(links) == 1
        report.check(f"make {host} where paths have blanks", good, "" if good else f"{made.stderr} {lines}")
