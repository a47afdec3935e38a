#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Installs the plug-in into the user's GIMP or a profile of its own, and can start GIMP with a picture.

    python3 scripts/gimp_install.py --library target/release/libscumble.so [--start]

PROFILE=DIR in the environment is the same as --profile; --remove takes the plug-in away again. The plug-in,
its library, ONNX Runtime and the default model are copied. --gimp 2 is GIMP 2.10.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from krita_install import ROOT, fill_lib, find_runtime, find_worker

# By GIMP's number: the variable that names its profile, the profile's name, the program.
GIMPS = {
    "2": ("GIMP2_DIRECTORY", "2.10", ("gimp-2.10", "gimp")),
    "3": ("GIMP3_DIRECTORY", None, ("gimp-3.2", "gimp-3.0", "gimp-3", "gimp")),
}
PICTURE = ROOT / "docs/images/gimp-paint.png"


def installed_gimp() -> str:
    """Which GIMP's headers are here: the plug-in is built against them."""
    for number, package in (("3", "gimpui-3.0"), ("2", "gimpui-2.0")):
        if subprocess.run(["pkg-config", "--exists", package], check=False).returncode == 0:
            return number
    return "2"


def user_profile(gimp: str) -> Path:
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "GIMP"
    name = GIMPS[gimp][1]
    if name is None:
        command = ["pkg-config", "--modversion", "gimpui-3.0"]
        version = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(".")
        name = ".".join(version[:2]) if len(version) > 1 else "3.0"
    return base / name


def remove(target: Path) -> None:
    """A link to a folder is taken away, not what it leads to."""
    if target.is_symlink():
        target.unlink()
    shutil.rmtree(target, ignore_errors=True)


def fill(target: Path, plugin: Path, library: Path, model: Path | None, runtime: Path | None) -> None:
    """Makes the folder that GIMP finds in plug-ins: the program has the folder's name."""
    remove(target)
    target.mkdir(parents=True)
    shutil.copy(plugin, target / "scumble")
    (target / "scumble").chmod(0o755)
    for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
        shutil.copy(ROOT / licence, target / licence)
    fill_lib(target / "lib", library, model, runtime, find_worker(library))


def parser(description: str) -> argparse.ArgumentParser:
    """The options that name the pieces of the plug-in; gimp_zip.py has them, too."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--gimp", choices=GIMPS, default=None, help="default: the one whose headers are here"
    )
    options.add_argument("--plugin", type=Path, default=None)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    return options


def complete(chosen: argparse.Namespace) -> str:
    """Fills in the pieces that were not named; returns what is missing, "" if nothing."""
    chosen.gimp = chosen.gimp or installed_gimp()
    chosen.plugin = chosen.plugin or ROOT / f"out/gimp-{chosen.gimp}/scumble"
    chosen.model = chosen.model if chosen.model.is_dir() else None
    chosen.runtime = find_runtime()
    for what, path in (("plug-in", chosen.plugin), ("library", chosen.library)):
        if not path.is_file():
            return f"There is no {what} at {path}; run make gimp, or name one with --{what.replace('-', '')}."
    return ""


def start(gimp: str, profile: Path) -> int:
    program = next(filter(None, map(shutil.which, GIMPS[gimp][2])), None)
    if program is None:
        print("GIMP itself is not installed.")
        return 2
    picture = [str(PICTURE)] if PICTURE.is_file() else []
    return subprocess.call([program, *picture], env=dict(os.environ, **{GIMPS[gimp][0]: str(profile)}))


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--profile", type=Path, default=os.environ.get("PROFILE") or None)
    options.add_argument("--start", action="store_true", help="start GIMP with a painted picture")
    options.add_argument("--remove", action="store_true")
    chosen = options.parse_args()
    missing = complete(chosen)
    profile = Path(chosen.profile).resolve() if chosen.profile else user_profile(chosen.gimp)
    target = profile / "plug-ins/scumble"
    if chosen.remove:
        remove(target)
        print(f"Removed from {profile}.")
        return 0
    if missing:
        print(missing)
        return 2
    fill(target, chosen.plugin, chosen.library, chosen.model, chosen.runtime)
    print(f"Installed in {target}.")
    if chosen.runtime is None:
        print("ONNX Runtime was not found; `make runtime` puts it where the library looks.")
    if chosen.model is None:
        print("The default model was not found; choose a model's folder in the dialog.")
    if chosen.start:
        return start(chosen.gimp, profile)
    print("Start GIMP; it is under Filters > Render > Scumble.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
