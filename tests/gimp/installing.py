# SPDX-License-Identifier: MIT OR Apache-2.0
"""What scripts/gimp_install.py makes of a profile, and how make calls it; no GIMP is started."""

from __future__ import annotations

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
