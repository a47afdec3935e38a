#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the folder and zip to drop into GIMP's plug-ins folder, with all that it needs.

    python3 scripts/gimp_zip.py --library target/release/libscumble.so [--check]

The library, ONNX Runtime and the default model are inside. --check unpacks it into a fresh profile, whose
GIMP then renders a picture with what came out of the zip; --console says how that GIMP is started.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gimp_install import GIMPS, ROOT, complete, fill, parser

CHECK = """(let* ((image (car (gimp-image-new 64 48 RGB))) (layer (car (gimp-layer-new image {arguments}))))
  (gimp-image-insert-layer image layer 0 0)
  (gimp-drawable-fill layer FILL-WHITE)
  (let ((made (car {call})))
    (gimp-message (if (= 64 (car ({width} made))) "scumble rendered" "another size"))))"""
ARGUMENTS = {
    "2": (
        '64 48 RGB-IMAGE "paint" 100 0',
        'RUN-NONINTERACTIVE image layer "a lake" "" -1 0 -1 1 "" "" 0',
        "gimp-drawable-width",
    ),
    "3": (
        '"paint" 64 48 RGB-IMAGE 100 0',
        '#:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) #:prompt "a lake"',
        "gimp-drawable-get-width",
    ),
}


def make(out: Path, plugin: Path, library: Path, model: Path | None, runtime: Path | None) -> int:
    """Writes the zip, and the folder beside it; returns the zip's size. Programs stay executable."""
    folder = out.with_suffix("") / "scumble"
    fill(folder, plugin, library, model, runtime)
    out.unlink(missing_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return out.stat().st_size


def check(out: Path, gimp: str, console: list[str]) -> str:
    """What is wrong with the zip, "" if nothing."""
    if not console:
        versions = ("2.10",) if gimp == "2" else ("3.2", "3.0")
        console = [name for name in (f"gimp-console-{v}" for v in versions) if shutil.which(name)][:1]
    if not console:
        return "GIMP is not installed (apt-get install gimp)"
    with tempfile.TemporaryDirectory(prefix="scumble-gimp-zip-", dir="/tmp") as place:
        profile = Path(place) / "profile"
        (profile / "plug-ins").mkdir(parents=True)
        subprocess.run(["unzip", "-q", str(out), "-d", str(profile / "plug-ins")], check=True)
        env = dict(os.environ, HOME=place, **{GIMPS[gimp][0]: str(profile)})
        for name in ("ORT_DYLIB_PATH", "SCUMBLE_LIBRARY", "SCUMBLE_DEFAULT_MODEL", "DISPLAY"):
            env.pop(name, None)
        arguments, call, width = ARGUMENTS[gimp]
        script = CHECK.format(arguments=arguments, call=f"(plug-in-scumble {call})", width=width)
        command = [*console, "-i", "-d", "-f", "--batch-interpreter", "plug-in-script-fu-eval", "-b", script]
        # By itself, because a script is left at its first error.
        command += ["-b", "(gimp-quit 1)"] if gimp == "2" else ["--quit"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        said = done.stdout + done.stderr
        return "" if "scumble rendered" in said else f"GIMP did not render with it: {said[-600:]}"


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--out", type=Path, default=None, help="default: out/scumble-gimp-2.zip (or -3)")
    options.add_argument("--check", action="store_true")
    options.add_argument("--console", type=shlex.split, default=[], help="default: gimp-console-…")
    chosen = options.parse_args()
    missing = complete(chosen)
    if missing:
        print(missing)
        return 2
    out = chosen.out or ROOT / f"out/scumble-gimp-{chosen.gimp}.zip"
    size = make(out, chosen.plugin, chosen.library, chosen.model, chosen.runtime)
    for what, there in (("ONNX Runtime", chosen.runtime), ("the default model", chosen.model)):
        if there is None:
            print(f"Note: {what} was not found and is not inside.")
    print(f"{out}: {size / 1e6:.1f} MB. Unpack it into the plug-ins folder of GIMP's profile.")
    if chosen.check:
        wrong = check(out, chosen.gimp, chosen.console)
        print(f"FAIL {wrong}" if wrong else "ok   a GIMP with a fresh profile renders with what is inside")
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
