#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Puts ONNX Runtime where the engine finds it: out of the official PyPI wheel, pinned and hash-checked.

    fetch_runtime.py [FOLDER]

FOLDER defaults to the user's runtime folder ($XDG_DATA_HOME/scumble/runtime). Needs pip; nothing is installed
into Python. Does nothing if the right file is already there.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.32.0"
WHEELS = {
    "x86_64": "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
    "aarch64": "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
}
LIBRARY = f"libonnxruntime.so.{VERSION}"
PARTS = {
    f"onnxruntime/capi/{LIBRARY}": LIBRARY,
    "onnxruntime/LICENSE": "LICENSE.onnxruntime",
    "onnxruntime/ThirdPartyNotices.txt": "ThirdPartyNotices.onnxruntime.txt",
}


def user_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "scumble" / "runtime"


def download(machine: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.11"]
    command += ["--implementation", "cp", "--abi", "cp311"]
    command += ["--platform", f"manylinux_2_28_{machine}", "--dest", str(folder)]
    subprocess.run([*command, f"onnxruntime=={VERSION}"], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> int:
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__)
        return 2
    target = Path(sys.argv[1]) if len(sys.argv) == 2 else user_folder()
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in WHEELS:
        print(
            f"fetch_runtime: no pinned ONNX Runtime for {platform.system()} on {machine}; "
            f"put version {VERSION} into {target} by hand",
            file=sys.stderr,
        )
        return 1
    stamp = target / "VERSION"
    if stamp.is_file() and stamp.read_text() == f"{VERSION} {machine}\n" and (target / LIBRARY).is_file():
        return 0
    print(f"Fetching ONNX Runtime {VERSION} into {target}")
    with tempfile.TemporaryDirectory() as folder:
        wheel = download(machine, Path(folder))
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != WHEELS[machine]:
            print(
                f"fetch_runtime: {wheel.name} has sha256 {found}, expected {WHEELS[machine]}; not used",
                file=sys.stderr,
            )
            return 1
        target.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            for member, name in PARTS.items():
                part = target / (name + ".part")
                part.write_bytes(archive.read(member))
                part.replace(target / name)
    stamp.write_text(f"{VERSION} {machine}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
